//! `gloss profile …`: passwords and keys never stand on the command line, and nothing is saved that does not work.

use gloss::cli::Exit;
use serde_json::json;

use super::{ends, ends_with};
use crate::{
    cli::says,
    harness::{ScriptedModel, SqliteTarget},
};

#[tokio::test]
async fn databases_are_added_tested_and_removed() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let target = SqliteTarget::with_tables(2, 2);
    let url = target.url();
    let add = ["profile", "db", "add", "my shop", &url, "--exclude", "t02", "--json"];
    let made = ends(data, &add, Exit::Success).await.json();
    assert_eq!((&made["name"], &made["exclude"]), (&json!("my shop"), &json!(["t02"])));
    ends(data, &["profile", "db", "test", "my shop"], Exit::Success).await;
    let estimate = ends(data, &["run", "\"my shop\"", "--estimate", "--json"], Exit::Success).await.json();
    assert_eq!((&estimate["assets"], &estimate["tables"]), (&json!(3), &json!(1)));
    says(&ends(data, &add, Exit::Conflict).await.stderr, &["my shop"]);

    // A database that does not answer is not saved, unless that is wanted.
    let away = "postgres://ann@127.0.0.1:1/shop";
    let secret = [("GLOSS_DB_PASSWORD", "hunter2")];
    let refused = ends_with(data, &["profile", "db", "add", "away", away], &secret, Exit::Unreachable).await;
    assert!(refused.stderr.contains("127.0.0.1:1") && !refused.stderr.contains("hunter2"), "{}", refused.stderr);
    let typed = ["profile", "db", "add", "away", "postgres://ann:hunter2@127.0.0.1:1/shop"];
    says(&ends(data, &typed, Exit::UserError).await.stderr, &["GLOSS_DB_PASSWORD", "--password-file"]);
    let names = || async {
        let list = ends(data, &["profile", "db", "list", "--json"], Exit::Success).await.json();
        list.as_array().unwrap().iter().map(|profile| profile["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["demo", "my shop"]);
    ends_with(data, &["profile", "db", "add", "away", away, "--no-test"], &secret, Exit::Success).await;
    let list = ends(data, &["profile", "db", "list"], Exit::Success).await.stdout;
    assert!(list.contains("postgres://ann@127.0.0.1:1/shop") && !list.contains("hunter2"), "{list}");
    says(&ends(data, &["profile", "db", "test", "away"], Exit::Unreachable).await.stderr, &["127.0.0.1:1"]);
    // Without a terminal, nobody can be asked.
    let unasked = ends(data, &["profile", "db", "remove", "away"], Exit::UserError).await;
    says(&unasked.stderr, &["its settings and password are lost", "--yes"]);
    assert_eq!(names().await, ["away", "demo", "my shop"]);
    let removed = ends(data, &["profile", "db", "remove", "away", "--yes"], Exit::Success).await;
    says(&removed.stderr, &["gloss profile db add away 'postgres://ann@127.0.0.1:1/shop'"]);
    assert_eq!(names().await, ["demo", "my shop"]);
    says(
        &ends(data, &["profile", "db", "remove", "away", "--yes"], Exit::UserError).await.stderr,
        &["\"away\"", "choose demo, my shop", "gloss profile db add"],
    );
}

#[tokio::test]
async fn models_are_added_tested_and_removed() {
    let data = tempfile::tempdir().unwrap();
    let model = ScriptedModel::builder().key("sk-secret").start().await;
    let (base, name) = (model.base_url(), model.profile().model);
    let key = data.path().join("key");
    std::fs::write(&key, "sk-secret\n").unwrap();
    let add =
        ["profile", "llm", "add", "own", "--provider", "openai-compatible", "--base-url", &base, "--model", &name];
    let refused = ends(data.path(), &add, Exit::UserError).await;
    assert!(refused.stdout.is_empty(), "{}", refused.stdout);
    let with_key = [&add[..], &["--key-file", key.to_str().unwrap(), "--default", "--json"]].concat();
    let made = ends(data.path(), &with_key, Exit::Success).await.json();
    assert_eq!((&made["hasApiKey"], &made["isDefault"]), (&json!(true), &json!(true)));
    // The server's own limit is none of the profile's.
    assert_eq!(made["requestsPerMinute"], json!(null));
    ends(data.path(), &["profile", "llm", "test", "own"], Exit::Success).await;
    let list = ends(data.path(), &["profile", "llm", "list"], Exit::Success).await.stdout;
    says(&list, &["openai compatible", "builtin"]);
    assert!(!list.contains("sk-secret"));
    ends(data.path(), &["run", "demo:main.orders"], Exit::Success).await;
    says(&ends(data.path(), &["profile", "llm", "remove", "own"], Exit::UserError).await.stderr, &["--yes"]);
    ends(data.path(), &["profile", "llm", "remove", "own", "--yes"], Exit::Success).await;
    let usage = ends(data.path(), &["usage", "--json"], Exit::Success).await.json();
    assert!(usage["total"]["totalTokens"].as_u64().unwrap() > 0, "{usage:#}");
}

/// What the profile itself gets wrong is a user error, not a database or a model that does not answer.
#[tokio::test]
async fn a_path_or_a_variable_that_does_not_exist_is_a_user_error() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let (db, llm) =
        (["profile", "db", "add", "x"], ["profile", "llm", "add", "x", "--provider", "openai", "--model", "m"]);
    let nowhere = format!("sqlite://{}", data.join("nowhere.db").display());
    let from_variable = "postgres://ann:env:ABSENT_DB_PASSWORD@127.0.0.1:1/shop";
    for (arguments, words) in [
        ([&db[..], &[nowhere.as_str()]].concat(), &["nowhere.db does not exist"][..]),
        ([&db[..], &[from_variable]].concat(), &["`ABSENT_DB_PASSWORD`", "not set"]),
        ([&llm[..], &["--key-env", "ABSENT_API_KEY"]].concat(), &["`ABSENT_API_KEY`", "not set"]),
        ([&llm[..], &["--key-env", "PATH"]].concat(), &["`PATH`", "profiles may not read"]),
    ] {
        says(&ends(data, &arguments, Exit::UserError).await.stderr, words);
    }
    ends(data, &[&db[..], &[nowhere.as_str(), "--no-test"]].concat(), Exit::Success).await;
    ends(data, &["profile", "db", "test", "x"], Exit::UserError).await;
    let tested = ends(data, &["profile", "db", "test", "x", "--json"], Exit::UserError).await.json();
    assert_eq!((&tested["ok"], &tested["code"]), (&json!(false), &json!("BAD_USER_INPUT")));
}

#[tokio::test]
async fn a_db_profile_is_changed_in_parts() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let (first, second) = (SqliteTarget::with_tables(2, 2), SqliteTarget::with_tables(1, 1));
    let add = ["profile", "db", "add", "shop", &first.url(), "--about", "Orders.", "--exclude", "t02"];
    let before = ends(data, &[&add[..], &["--json"]].concat(), Exit::Success).await.json();
    let set = async |name: &str, arguments: &[&str]| {
        let all = [&["profile", "db", "set", name], arguments, &["--json"]].concat();
        ends(data, &all, Exit::Success).await.json()
    };
    let changed = set("shop", &["--name", "store", "--sample-views", "yes"]).await;
    assert_eq!((&changed["name"], &changed["sampleViews"]), (&json!("store"), &json!(true)));
    for field in ["id", "displayUrl", "about", "exclude", "pinnedDatabase"] {
        assert_eq!(changed[field], before[field], "{field}");
    }
    let changed = set("store", &["--exclude", "a*", "--exclude", "b*", "--about", ""]).await;
    assert_eq!((&changed["exclude"], &changed["about"]), (&json!(["a*", "b*"]), &json!(null)));
    let changed = set("store", &[&second.url(), "--exclude", ""]).await;
    assert_eq!((&changed["exclude"], &changed["displayUrl"]), (&json!([]), &json!(second.url())));
    let said = ends(data, &["profile", "db", "set", "store", "--about", "Orders."], Exit::Success).await.stdout;
    assert_eq!(said, "The DB profile store has been changed.\n");

    let nowhere = format!("sqlite://{}", data.join("nowhere.db").display());
    for (arguments, words) in [
        (&["store"][..], "nothing to change is given"),
        (&["nobody", "--about", "x"], "no DB profile \"nobody\""),
        (&["store", &nowhere], "does not exist"),
        (&["store", "--same-database", "--about", "x"], "URL"),
        (&["store", "--name", ""], "the name has 0 characters"),
        (&["store", "--sample-views", "maybe"], "yes or no"),
    ] {
        let refused = ends(data, &[&["profile", "db", "set"], arguments].concat(), Exit::UserError).await;
        says(&refused.stderr, &[words]);
    }
    says(&ends(data, &["profile", "db", "set", "store", "--name", "demo"], Exit::Conflict).await.stderr, &["demo"]);
    let list = ends(data, &["profile", "db", "list", "--json"], Exit::Success).await.json();
    assert_eq!((&list[1]["name"], &list[1]["displayUrl"]), (&json!("store"), &json!(second.url())));
}

#[tokio::test]
async fn an_llm_profile_is_changed_in_parts_and_tested_first() {
    let data = tempfile::tempdir().unwrap();
    let model = ScriptedModel::builder().key("sk-secret").start().await;
    let other = ScriptedModel::builder().key("sk-other").start().await;
    let (base, name) = (model.base_url(), model.profile().model);
    let key = |text: &str| {
        let file = data.path().join(text);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (secret, wrong) = (key("sk-secret"), key("sk-wrong"));
    let data = data.path();
    let add =
        ["profile", "llm", "add", "own", "--provider", "openai-compatible", "--base-url", &base, "--model", &name];
    let before = ends(data, &[&add[..], &["--key-file", &secret, "--json"]].concat(), Exit::Success).await.json();
    let set = async |arguments: &[&str], environment: &[(&str, &str)], exit: Exit| {
        ends_with(data, &[&["profile", "llm", "set", "own"], arguments].concat(), environment, exit).await
    };
    let own = async || {
        let list = ends(data, &["profile", "llm", "list", "--json"], Exit::Success).await.json();
        list.as_array().unwrap().iter().find(|profile| profile["id"] == before["id"]).unwrap().clone()
    };
    let changed = ["--default", "--concurrency", "2", "--rate-limit", "60", "--input-price", "0.5"];
    let said = set(&[&changed[..], &["--output-price", "0"]].concat(), &[], Exit::Success).await.stdout;
    assert_eq!(said, "The LLM profile own has been changed.\n");
    let now = own().await;
    assert_eq!(
        (&now["isDefault"], &now["concurrency"], &now["requestsPerMinute"]),
        (&json!(true), &json!(2), &json!(60))
    );
    assert_eq!((&now["inputCostPerMillionTokens"], &now["outputCostPerMillionTokens"]), (&json!(0.5), &json!(0.0)));
    for field in ["name", "model", "baseUrl", "hasApiKey"] {
        assert_eq!(now[field], before[field], "{field}");
    }
    set(&["--default=no", "--rate-limit", "", "--input-price", ""], &[], Exit::Success).await;
    let now = own().await;
    assert_eq!((&now["isDefault"], &now["requestsPerMinute"]), (&json!(false), &json!(null)));
    assert_eq!(now["inputCostPerMillionTokens"], json!(null));

    // A key that does not work changes nothing.
    set(&["--key-file", &wrong, "--concurrency", "7"], &[], Exit::UserError).await;
    set(&["--new-key"], &[("GLOSS_PROVIDER_KEY", "sk-wrong")], Exit::UserError).await;
    says(&set(&["--new-key"], &[], Exit::UserError).await.stderr, &["there is no key", "GLOSS_PROVIDER_KEY"]);
    says(&set(&["--key-env", "ABSENT_API_KEY"], &[], Exit::UserError).await.stderr, &["`ABSENT_API_KEY`"]);
    assert_eq!(own().await, now);
    ends(data, &["profile", "llm", "test", "own"], Exit::Success).await;
    set(&["--key-env", "OWN_API_KEY"], &[("OWN_API_KEY", "sk-secret")], Exit::Success).await;
    let with_key = [("OWN_API_KEY", "sk-secret")];
    ends_with(data, &["profile", "llm", "test", "own"], &with_key, Exit::Success).await;

    // A new model is tested with the present key, and a model that does not work is taken back.
    set(&["--model", "another", "--no-test"], &[], Exit::Success).await;
    assert_eq!(own().await["model"], "another");
    set(&["--model", &name], &with_key, Exit::Success).await;
    ends(data, &["profile", "llm", "set", "builtin", "--default"], Exit::Success).await;
    let third = ["--model", "third", "--default", "--concurrency", "9"];
    says(&set(&third, &with_key, Exit::UserError).await.stderr, &["third"]);
    let list = ends(data, &["profile", "llm", "list", "--json"], Exit::Success).await.json();
    assert_eq!((&list[0]["name"], &list[0]["isDefault"]), (&json!("builtin"), &json!(true)));
    assert_eq!(own().await["concurrency"], 2);
    says(&set(&["--model", "third"], &[], Exit::UserError).await.stderr, &["`OWN_API_KEY`"]);
    let now = own().await;
    assert_eq!((&now["model"], &now["hasApiKey"]), (&json!(name), &json!(true)));

    // The key does not go to another address.
    let elsewhere = other.base_url();
    says(&set(&["--base-url", &elsewhere], &[], Exit::UserError).await.stderr, &["belongs to another address"]);
    set(&["--base-url", &elsewhere], &[("GLOSS_PROVIDER_KEY", "sk-other")], Exit::Success).await;
    assert_eq!(own().await["baseUrl"], json!(elsewhere));
    set(&["--no-key", "--no-test", "--name", "bare"], &[], Exit::Success).await;
    let now = own().await;
    assert_eq!((&now["hasApiKey"], &now["name"]), (&json!(false), &json!("bare")));
    let both = ["profile", "llm", "set", "bare", "--no-key", "--new-key"];
    says(&ends(data, &both, Exit::UserError).await.stderr, &["cannot be used with"]);
    says(
        &ends(data, &["profile", "llm", "set", "bare"], Exit::UserError).await.stderr,
        &["nothing to change is given"],
    );
}
