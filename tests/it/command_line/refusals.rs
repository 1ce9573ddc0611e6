//! Wrong input and missing services: one line that says what to do, the documented exit code, nothing half-written.

use axum::{Json, Router, routing::post};
use gloss::cli::Exit;
use serde_json::{Value, json};

use super::{ends, ends_with};
use crate::{
    cli::says,
    harness::{Server, store},
};

#[tokio::test]
async fn wrong_names_and_numbers_are_refused_before_anything_starts() {
    let server = Server::start().await;
    let data = server.data.path();
    let cases: [(&[&str], Exit, &[&str]); 14] = [
        (&["run", "nothing"], Exit::UserError, &["no DB profile \"nothing\"", "choose demo"]),
        (&["run", "main.orders"], Exit::UserError, &["names no profile", "shop:public.orders"]),
        (&["run", "demo:main.nothing"], Exit::UserError, &["nothing"]),
        (&["run", "demo:main.orders.nothing", "--detach"], Exit::UserError, &["nothing"]),
        (&["run", "demo:nothing", "--estimate"], Exit::UserError, &["nothing"]),
        (&["run", "demo/nothing"], Exit::UserError, &["nothing"]),
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
        &["127.0.0.1:1", "check that it runs"],
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
