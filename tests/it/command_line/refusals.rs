//! Wrong input and missing services: one line that says what to do, the documented exit code, nothing half-written.

use axum::{Json, Router, routing::post};
use gloss::cli::Exit;
use serde_json::{Value, json};

use super::{ends, ends_with};
use crate::{
    cli::says,
    harness::{ScriptedModel, Server, SqliteTarget, server_with, store},
};

#[tokio::test]
async fn wrong_names_and_numbers_are_refused_before_anything_starts() {
    let server = Server::start().await;
    let data = server.data.path();
    let cases: [(&[&str], Exit, &[&str]); 19] = [
        (&["run", "nothing"], Exit::UserError, &["no DB profile \"nothing\"", "choose demo"]),
        (&["run", "main.orders"], Exit::UserError, &["names no profile", "shop:public.orders"]),
        (&["run", "demo:main.nothing"], Exit::UserError, &["nothing"]),
        (&["run", "demo:main.orders.nothing", "--detach"], Exit::UserError, &["nothing"]),
        (&["run", "demo:nothing", "--estimate"], Exit::UserError, &["nothing"]),
        (&["run", "demo/nothing"], Exit::UserError, &["nothing"]),
        (&["generate", "demo:main.nothing"], Exit::UserError, &["no table or view nothing"]),
        (&["generate", "demo:main.orders.nothing"], Exit::UserError, &["nothing"]),
        (&["generate", "demo:nothing", "--detach"], Exit::UserError, &["no schema nothing"]),
        (&["generate", "demo/nothing"], Exit::UserError, &["nothing"]),
        (&["generate", "demo:main.nothing", "--json"], Exit::UserError, &["no table or view nothing"]),
        (&["run", "demo", "--model", "gpt"], Exit::UserError, &["no LLM profile \"gpt\"", "choose builtin"]),
        (&["run", "demo", "--exclude", ""], Exit::UserError, &["pattern"]),
        (&["run", "--follow", "7"], Exit::UserError, &["no run #7", "gloss history list"]),
        (&["history", "show", "7"], Exit::UserError, &["no run #7"]),
        (&["history", "results", "7"], Exit::UserError, &["no run #7"]),
        (&["history", "events", "7"], Exit::UserError, &["no run #7"]),
        (&["history", "cancel", "7"], Exit::UserError, &["no run #7"]),
        (&["history", "list", "--profile", "x"], Exit::UserError, &["no DB profile \"x\""]),
    ];
    for (arguments, exit, words) in cases {
        let ended = ends(data, arguments, exit).await;
        says(&ended.stderr, words);
        let said: Vec<&str> = ended.stderr.lines().filter(|line| !line.starts_with("Using the server")).collect();
        assert!(said.len() == 1 && said[0].starts_with("gloss: ") && ended.stdout.is_empty(), "{said:?}");
    }
    // clap refuses these.
    for arguments in [
        &["run"][..],
        &["run", "demo", "--budget-usd", "-1"],
        &["history", "show", "x"],
        &["history", "list", "-n", "0"],
    ] {
        ends(data, arguments, Exit::UserError).await;
    }
    assert_eq!(server.data("{ runs { totalCount } }", json!({})).await["runs"]["totalCount"], 0);
}

/// Every value that cannot be read is refused with how to write it, and not in the words of a library.
#[tokio::test]
async fn values_are_refused_with_how_to_write_them() {
    let data = tempfile::tempdir().unwrap();
    let llm = ["profile", "llm", "add", "x", "--provider", "ollama", "--model", "m"];
    for (arguments, words) in [
        (&["history", "review", "1", "--accept", "--asset", "a", "--alternative", "-1"][..], "whole number, 1 or more"),
        (&["history", "events", "1", "--after", "x"], "whole number, 0 or more"),
        (&["coverage", "demo", "--min", "101"], "whole number from 0 to 100"),
        (&["run", "demo", "--alternatives", "6"], "whole number from 1 to 5"),
        (&["run", "demo", "--temperature", "3"], "number from 0 to 2"),
        (&["run", "demo", "--max-output-tokens", "1"], "whole number from 64 to 32768"),
        (&[&llm[..], &["--concurrency", "0"]].concat(), "whole number from 1 to 64"),
        (&[&llm[..], &["--rate-limit", "-1"]].concat(), "whole number, 1 or more"),
    ] {
        says(&ends(data.path(), arguments, Exit::UserError).await.stderr, &["error: invalid value", "write a ", words]);
    }
    let whole = gloss::command::command();
    let mut built = whole.clone();
    built.build();
    refuse_everywhere(&whole, &built, &["gloss".to_owned()]);
}

/// Gives every option of a command a value that hardly any takes.
fn refuse_everywhere(whole: &clap::Command, command: &clap::Command, path: &[String]) {
    for option in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
        let Some(long) = option.get_long() else { continue };
        let line = [path, &[format!("--{long}=-1.x")]].concat();
        if let Err(error) = whole.clone().try_get_matches_from(&line) {
            let said = error.to_string();
            for library in ["digit", "..=", "float", "boolean", "is not in"] {
                assert!(!said.contains(library), "{line:?}: {said}");
            }
        }
    }
    for below in command.get_subcommands() {
        refuse_everywhere(whole, below, &[path, &[below.get_name().to_owned()]].concat());
    }
}

/// What the API says in its own terms is said in flags and words.
#[tokio::test]
async fn messages_name_flags_and_words() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(1, 1);
    let (server, mut input) = server_with(&model, &target, &[]).await;
    let data = server.data.path();
    let run = server.start_run(input.clone()).await;
    model.waiting(1).await;
    let running = ends(data, &["history", "resume", "1"], Exit::Conflict).await;
    says(&running.stderr, &["run #1 is running; wait for its end"]);
    model.open_gate();
    server.events(&run, 0).await;
    input["budget"] = json!({ "maxTokens": 1 });
    let run = server.start_run(input).await;
    server.events(&run, 0).await;
    let spent = ends(data, &["history", "resume", "2"], Exit::Conflict).await;
    says(&spent.stderr, &["budget is spent", "with a larger `--budget-usd`", "with `--no-budget`"]);
    let shown = ends(data, &["history", "show", "2"], Exit::Success).await.stdout;
    says(&shown, &["paused", "or with `--no-budget`"]);
    assert!(!shown.contains("removeBudget"), "{shown}");
}

/// With --quiet, only results and errors are printed.
#[tokio::test]
async fn quiet_commands_print_results_and_errors_only() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let run = ends(data, &["run", "demo:main.orders", "--quiet"], Exit::Success).await;
    assert_eq!((run.stdout.lines().count(), run.stderr.as_str()), (1, ""), "{}", run.stdout);
    assert!(run.stdout.starts_with("Run #1: ready for review, 14 of 14 assets described"), "{}", run.stdout);
    let review = ends(data, &["history", "review", "1", "--accept", "--quiet"], Exit::Success).await;
    says(&review.stdout, &["14 suggestions of run #1 accepted."]);
    let draft = ends(data, &["generate", "demo:main.orders.status", "--quiet"], Exit::Success).await;
    says(&draft.stdout, &["main.orders.status: ", "Run #2: ready for review"]);
    let answer = ends(data, &["ask", "Which tables are there?", "--quiet"], Exit::Success).await;
    assert!(!draft.stdout.contains("Next:") && !answer.stdout.is_empty(), "{}", draft.stdout);
    assert_eq!([review.stderr, draft.stderr, answer.stderr], ["", "", ""]);
    let refused = ends(data, &["run", "demo:main.nothing", "--quiet"], Exit::UserError).await;
    assert!(refused.stderr.starts_with("gloss: ") && refused.stderr.lines().count() == 1, "{}", refused.stderr);
    let late = ends(data, &["history", "cancel", "1", "--quiet"], Exit::Conflict).await;
    says(&late.stderr, &["already ended"]);
    let short = ends(data, &["coverage", "demo", "--min", "99", "--quiet"], Exit::Failure).await;
    says(&short.stderr, &["is documented, less than 99 %"]);
}

/// A command that only reads creates no store.
#[tokio::test]
async fn a_store_that_does_not_exist_is_not_created_by_reading() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    if store::needs_sqlite("a store that does not exist") {
        return;
    }
    for arguments in [&["history", "list"][..], &["coverage", "demo"], &["usage"], &["token", "list"]] {
        says(&ends(data, arguments, Exit::UserError).await.stderr, &["no store in", "gloss run demo", "--data-dir"]);
        assert!(!data.join("store.db").exists(), "{arguments:?}");
    }
    says(
        &ends(data, &["run", "demo", "--estimate", "--apply"], Exit::UserError).await.stderr,
        &["cannot be used with"],
    );
    let nothing = ends(data, &["run", "demo", "--exclude", "*"], Exit::Success).await;
    says(&nothing.stderr, &["Warning: this run describes nothing: --exclude leaves out every table"]);
    let run = ends(data, &["history", "show", "last", "--json"], Exit::Success).await.json();
    assert_eq!(run["number"], 1);
}

#[tokio::test]
async fn a_state_that_does_not_permit_a_command_is_a_conflict() {
    let server = Server::start().await;
    let data = server.data.path();
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    says(&ends(data, &["history", "cancel", "1"], Exit::Conflict).await.stderr, &["already ended", "ready for review"]);
    says(&ends(data, &["history", "resume", "1"], Exit::Conflict).await.stderr, &["gloss: "]);
    // Another process without an address holds the folder.
    let gone = server.kill().await;
    let lock = std::fs::OpenOptions::new().read(true).write(true).open(gone.path().join("lock")).unwrap();
    lock.set_len(0).unwrap();
    lock.lock().unwrap();
    says(&ends(gone.path(), &["history", "list"], Exit::Conflict).await.stderr, &["in use"]);
}

#[tokio::test]
async fn servers_that_are_away_or_something_else_are_told_apart() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let list = |server: &'static str| ["history", "list", "--server", server];
    says(
        &ends(data, &list("http://127.0.0.1:1"), Exit::Unreachable).await.stderr,
        &["127.0.0.1:1", "start it, or name another one with --server"],
    );
    says(&ends(data, &list("localhost:8787"), Exit::UserError).await.stderr, &["begin it with http://"]);
    for (answer, words) in [
        (json!({ "hello": "world" }), &["is not a Gloss server"][..]),
        (
            json!({ "errors": [{ "message": "no field", "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" } }] }),
            &["Gloss 99.0.0", env!("CARGO_PKG_VERSION"), "use the same version"],
        ),
    ] {
        let reply = move |Json(body): Json<Value>| {
            let is_version = body["query"].as_str().is_some_and(|query| query.contains("server { version }"));
            let version = json!({ "data": { "server": { "version": "99.0.0" } } });
            std::future::ready(Json(if is_version { version } else { answer.clone() }))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/graphql", post(reply))).await });
        says(&ends(data, &["history", "list", "--server", &server], Exit::UserError).await.stderr, words);
    }
    assert!(!data.join("store.db").exists());
}

#[tokio::test]
async fn tokens_come_from_the_environment_or_a_file() {
    let server = Server::start().await;
    let data = server.data.path();
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (reader, _) = server.create_token(Some(&root), "reader", "VIEWER").await;
    let list = ["history", "list", "--server", &server.base];
    says(&ends(data, &list, Exit::UserError).await.stderr, &["GLOSS_TOKEN", "--token-file"]);
    ends_with(data, &list, &[("GLOSS_TOKEN", &reader)], Exit::Success).await;
    let file = data.join("token");
    std::fs::write(&file, format!("{reader}\n")).unwrap();
    let path = file.to_str().unwrap();
    ends(data, &[&list[..], &["--token-file", path]].concat(), Exit::Success).await;
    ends_with(data, &list, &[("GLOSS_TOKEN_FILE", path)], Exit::Success).await;
    let run = ["run", "demo", "--token-file", path];
    says(&ends(data, &run, Exit::UserError).await.stderr, &["requires the role OPERATOR"]);
    says(&ends(data, &["history", "list", "--token-file", "/nowhere"], Exit::UserError).await.stderr, &["/nowhere"]);
    store::execute(data, "UPDATE api_token SET expires_at = 1 WHERE name = 'reader'");
    let server = Server::start_at(server.kill().await, &[]).await;
    let expired = ["history", "list", "--server", &server.base, "--token-file", path];
    says(&ends(server.data.path(), &expired, Exit::UserError).await.stderr, &["expired", "GLOSS_TOKEN"]);
}
