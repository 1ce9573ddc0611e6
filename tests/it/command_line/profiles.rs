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
    ends(data, &["profile", "db", "remove", "away"], Exit::Success).await;
    assert_eq!(names().await, ["demo", "my shop"]);
    says(
        &ends(data, &["profile", "db", "remove", "away"], Exit::UserError).await.stderr,
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
    let refused = ends(data.path(), &add, Exit::Unreachable).await;
    assert!(refused.stdout.is_empty(), "{}", refused.stdout);
    let with_key = [&add[..], &["--key-file", key.to_str().unwrap(), "--default", "--json"]].concat();
    let made = ends(data.path(), &with_key, Exit::Success).await.json();
    assert_eq!((&made["hasApiKey"], &made["isDefault"]), (&json!(true), &json!(true)));
    ends(data.path(), &["profile", "llm", "test", "own"], Exit::Success).await;
    let list = ends(data.path(), &["profile", "llm", "list"], Exit::Success).await.stdout;
    says(&list, &["openai compatible", "builtin"]);
    assert!(!list.contains("sk-secret"));
    ends(data.path(), &["run", "demo:main.orders"], Exit::Success).await;
    ends(data.path(), &["profile", "llm", "remove", "own"], Exit::Success).await;
    let usage = ends(data.path(), &["usage", "--json"], Exit::Success).await.json();
    assert!(usage["total"]["totalTokens"].as_u64().unwrap() > 0, "{usage:#}");
}
