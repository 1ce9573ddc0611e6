//! Gloss's own files and its store are refused as targets, whatever path or name a profile uses.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use crate::{
    harness::{Proxy, Server, SqliteTarget, store::needs_sqlite},
    services,
};

const CREATE: &str = "mutation ($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }";
const UPDATE: &str = "mutation ($input: UpdateDbProfileInput!) { updateDbProfile(input: $input) { dbProfile { id } } }";
const TEST: &str = "mutation ($url: String!) { testDbProfile(input: { url: $url }) { ok message } }";

fn is_refusal(answer: &Value, url: &str) {
    let error = &answer["errors"][0];
    assert!(error.is_object(), "{url} is accepted: {answer}");
    assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": "input.url" }), "{url}");
    assert!(error["message"].as_str().unwrap().contains("Gloss's own store"), "{url}: {error}");
}

/// Checks that creating, changing and testing a profile with this URL are refused and store nothing.
async fn is_refused(server: &Server, known: &str, url: &str, pinned: Option<&str>) {
    let input = json!({ "name": "own", "url": url, "pinnedDatabase": pinned });
    is_refusal(&server.answer(CREATE, json!({ "input": input })).await, url);
    let input = json!({ "id": known, "url": url, "pinnedDatabase": pinned });
    is_refusal(&server.answer(UPDATE, json!({ "input": input })).await, url);
    if pinned.is_none() {
        let tested = server.data(TEST, json!({ "url": url })).await["testDbProfile"].take();
        assert_eq!(tested["ok"], false, "{url}: {tested}");
        assert!(tested["message"].as_str().unwrap().contains("Gloss's own store"), "{url}: {tested}");
    }
    let profiles = server.data("{ dbProfiles { name } }", json!({})).await;
    assert_eq!(profiles["dbProfiles"], json!([{ "name": "demo" }, { "name": "known" }]), "{url}");
}

/// Starts a run over a profile and returns its last event.
async fn end_of_run(server: &Server, target: Value) -> Value {
    let run = server.start_run(json!({ "targets": [target] })).await;
    server.events(&run, 0).await.pop().unwrap()
}

#[tokio::test]
async fn files_are_refused_by_every_name() {
    if needs_sqlite("a store's file") {
        return;
    }
    let target = SqliteTarget::new("CREATE TABLE t (id INTEGER PRIMARY KEY);");
    let server = Server::start().await;
    let known = server.create_db_profile("known", &target.url()).await;
    let (data, elsewhere) = (server.data.path(), tempfile::tempdir().unwrap());
    let elsewhere = elsewhere.path();
    symlink(data.join("store.db"), elsewhere.join("soft.db")).unwrap();
    symlink(data, elsewhere.join("folder")).unwrap();
    fs::hard_link(data.join("store.db"), elsewhere.join("hard.db")).unwrap();
    let folder = std::path::Path::new(elsewhere.file_name().unwrap());
    let (data, elsewhere) = (data.display(), elsewhere.display());
    for path in [
        format!("{data}/store.db"),
        format!("{data}/./store.db"),
        format!("{data}/%73tore.db"),
        format!("{data}//store.db?mode=ro"),
        format!("{data}/store.db-wal"),
        format!("{data}/secret.key"),
        format!("{elsewhere}/soft.db"),
        format!("{elsewhere}/hard.db"),
        format!("{elsewhere}/folder/store.db"),
        format!("{elsewhere}/../{}/hard.db", folder.display()),
    ] {
        is_refused(&server, &known, &format!("sqlite://{path}"), None).await;
    }
    // A target file is replaced by the store after its profile was created.
    fs::rename(&target.file, target.file.with_extension("aside")).unwrap();
    fs::hard_link(server.data.path().join("store.db"), &target.file).unwrap();
    let last = end_of_run(&server, json!({ "dbProfileId": known })).await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("FAILED"), &json!("BAD_USER_INPUT")), "{last}");
    assert!(last["error"]["message"].as_str().unwrap().contains("Gloss's own store"), "{last}");
}

#[tokio::test]
async fn a_database_is_refused_by_every_address() {
    let Some(service) = services::stores().await else { return };
    let (url, name) = service.fresh_database().await;
    let (beside, other) = service.fresh_database().await;
    service.run(Some(&other), "CREATE TABLE t (id int PRIMARY KEY);").await;
    let guest =
        format!("CREATE ROLE {name}_guest LOGIN PASSWORD 'guest'; GRANT CONNECT ON DATABASE {name} TO {name}_guest;");
    service.run(None, &guest).await;
    let door = Proxy::before(service.port).await;
    let (port, encoded) = (service.port, name.replacen('t', "%74", 1));
    let server = Server::start_with(&[("GLOSS_STORE_URL", &url)]).await;
    let known = server.create_db_profile("known", &beside).await;
    for url in [
        url.clone(),
        url.replacen("postgres://", "postgresql://", 1),
        format!("postgres://postgres@localhost:{port}/{name}"),
        format!("postgres://postgres@127.1:{port}/{name}"),
        format!("postgres://postgres@127.0.0.1:{}/{name}", door.port),
        format!("postgres://postgres@127.0.0.1:{port}/{encoded}?application_name=other&sslmode=disable"),
        format!("postgres://postgres@db.invalid:1/{name}?host=127.0.0.1&port={port}"),
        format!("postgres://{name}_guest:guest@127.0.0.1:{port}/{name}"),
    ] {
        is_refused(&server, &known, &url, None).await;
    }
    let whole = service.url_for("postgres", "");
    is_refused(&server, &known, &whole, Some(&name)).await;

    // Another database of the server is a valid target; the store is refused even if a profile reaches all databases.
    let last = end_of_run(&server, json!({ "dbProfileId": known })).await;
    assert_eq!(last["error"], Value::Null, "{last}");
    let all = server.create_db_profile("all", &whole).await;
    let last = end_of_run(&server, json!({ "dbProfileId": all, "database": name })).await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("FAILED"), &json!("BAD_USER_INPUT")), "{last}");
    assert!(last["error"]["message"].as_str().unwrap().contains("Gloss's own store"), "{last}");
}
