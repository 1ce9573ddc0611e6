//! A store without disk space: refused writes are absent, acknowledged writes are present, and runs wait.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::harness::{
    ScriptedModel, Server, SqliteTarget,
    disk::{self, SmallDisk},
    llm_input, server_with,
    store::needs_sqlite,
};

const CREATE: &str = "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }";

/// Creates profiles until one is refused. Returns the names of the acknowledged ones and the error.
async fn create_until_refused(server: &Server, prefix: &str) -> (Vec<String>, Value) {
    let mut made = Vec::new();
    loop {
        let name = format!("{prefix}{}", made.len());
        let url = format!("sqlite:///tmp/{}.db", "x".repeat(1_500));
        let answer = server.answer(CREATE, json!({ "input": { "name": name, "url": url } })).await;
        if answer["errors"].is_null() {
            made.push(name);
            assert!(made.len() < 5_000, "the store's disk never became full");
        } else {
            return (made, answer["errors"][0].clone());
        }
    }
}

async fn names(server: &Server, token: Option<&str>) -> Vec<String> {
    let (_, _, answer) = server.ask(token, "{ dbProfiles { name } }", json!({})).await;
    let profiles = answer["data"]["dbProfiles"].as_array().unwrap_or_else(|| panic!("{answer:#}")).clone();
    profiles.iter().map(|profile| profile["name"].as_str().unwrap().to_owned()).collect()
}

/// Checks the integrity of the file with a separate connection.
async fn is_whole(data: &Path) {
    let mut file = SqliteConnectOptions::new().filename(data.join("store.db")).connect().await.unwrap();
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut file).await.unwrap();
    file.close().await.unwrap();
    // The text indexes store no copy of their texts, which SQLite reports as a fault even for a new store.
    let faults: Vec<&String> = found.iter().filter(|line| *line != "ok" && !line.contains("FTS5")).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

/// Creates a profile and tokens and revokes one after writes were refused and space was freed. Kills the process and
/// checks that everything is present at the next start.
async fn later_writes_outlast_a_kill(server: Server, mut known: Vec<String>) -> Arc<TempDir> {
    // A transaction that is rolled back: after it, a driver that miscounted its transactions would keep one open.
    let taken = json!({ "input": { "name": "demo", "url": "sqlite:///tmp/a.db" } });
    assert_eq!(server.error(CREATE, taken).await["extensions"]["code"], "CONFLICT");
    server.create_db_profile("afterwards", "sqlite:///tmp/a.db").await;
    known.push("afterwards".to_owned());
    let (admin, _) = server.create_token(None, "admin", "ADMIN").await;
    let (gone, id) = server.create_token(Some(&admin), "gone", "VIEWER").await;
    let revoke = "mutation($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) { deletedId } }";
    server.data_for(&admin, revoke, json!({ "input": { "id": id } })).await;
    assert_eq!(server.get("/readyz").await.status(), 200);

    let data = server.kill().await;
    let server = Server::start_at(data, &[]).await;
    let found = names(&server, Some(&admin)).await;
    let missing: Vec<&String> = known.iter().filter(|name| !found.contains(name)).collect();
    assert!(missing.is_empty(), "acknowledged but missing: {missing:?}");
    assert_eq!(found.len(), known.len() + 1, "refused but recorded: {found:?}");
    for token in [None, Some(gone.as_str())] {
        let (_, _, answer) = server.ask(token, "{ dbProfiles { name } }", json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer:#}");
    }
    let data = server.kill().await;
    is_whole(data.path()).await;
    data
}

#[tokio::test]
async fn acknowledged_writes_after_a_full_disk_survive_a_kill() {
    if needs_sqlite("a disk of its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount(6) else { return };
    let server = Server::start_at(disk.folder(), &[]).await;
    assert_eq!(server.get("/readyz").await.status(), 200);
    let mut known = Vec::new();
    for round in ["a", "b", "c"] {
        disk.fill();
        let (made, error) = create_until_refused(&server, round).await;
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error:#}");
        assert!(error["message"].as_str().unwrap().contains("space"), "{error:#}");
        assert_eq!(server.get("/healthz").await.status(), 200);
        known.extend(made);
        disk.free();
        let name = format!("{round} with room");
        server.create_db_profile(&name, "sqlite:///tmp/a.db").await;
        known.push(name);
    }
    drop(later_writes_outlast_a_kill(server, known).await);
}

/// A limit on the size of files needs no extra disk and makes SQLite report an I/O error.
#[tokio::test]
async fn acknowledged_writes_after_an_io_error_survive_a_kill() {
    if needs_sqlite("a file that may not grow") {
        return;
    }
    let server = Server::start().await;
    let mut known = Vec::new();
    for round in ["a", "b", "c"] {
        if !disk::limit_files(&server, Some(disk::size(&server.data.path().join("store.db-wal")))) {
            return;
        }
        let (made, error) = create_until_refused(&server, round).await;
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error:#}");
        assert!(error["message"].as_str().unwrap().contains("space"), "{error:#}");
        known.extend(made);
        disk::limit_files(&server, None);
        let name = format!("{round} with room");
        server.create_db_profile(&name, "sqlite:///tmp/a.db").await;
        known.push(name);
    }
    drop(later_writes_outlast_a_kill(server, known).await);
}

/// A run that meets a full disk waits, continues without help, repeats no request, and records afterwards that it
/// waited.
#[tokio::test]
async fn a_run_waits_for_disk_space_and_repeats_no_request() {
    const TABLES: usize = 24;
    if needs_sqlite("a disk of its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount(6) else { return };
    let target = SqliteTarget::with_tables(TABLES, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let server = Server::start_at(disk.folder(), &[]).await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let llm_profile = server.create_llm_profile(llm_input(&model.profile())).await;
    let input = json!({ "targets": [{ "dbProfileId": db_profile }], "llmProfileId": llm_profile });
    let run = server.start_run(input).await;
    model.waiting(4).await;
    disk.fill();
    // Uses up the remaining space.
    create_until_refused(&server, "filler").await;
    assert_eq!(server.get("/readyz").await.status(), 503);
    model.open_gate();
    server.logged("a record is waiting").await;
    disk.free();

    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    let last = events.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last:#}");
    let rows = TABLES * 6;
    assert_eq!(last["progress"], json!({ "total": rows, "done": rows, "failed": 0, "skipped": 0 }));
    assert_eq!(model.requests(), TABLES, "each table is one request");
    let waited = |event: &&Value| event["type"] == "WARNING" && event["error"]["code"] == "UNAVAILABLE";
    let warning = events.iter().find(waited).unwrap_or_else(|| panic!("no warning in {events:#?}"));
    assert!(warning["message"].as_str().unwrap().contains("space"), "{warning:#}");
    assert_eq!(server.get("/readyz").await.status(), 200);

    let data = server.kill().await;
    is_whole(data.path()).await;
    let server = Server::start_at(data, &[]).await;
    assert_eq!(server.run(&run).await["progress"]["done"], rows);
    assert_eq!(server.events(&run, 0).await, events);
    server.kill().await;
}

/// A server that cannot write still exits on a signal; unrecorded work stays unrecorded.
#[tokio::test]
async fn a_server_with_a_full_disk_stops_at_the_first_signal() {
    if needs_sqlite("a file that may not grow") {
        return;
    }
    let target = SqliteTarget::with_tables(6, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    model.waiting(4).await;
    if !disk::limit_files(&server, Some(disk::size(&server.data.path().join("store.db-wal")))) {
        return;
    }
    create_until_refused(&server, "filler").await;
    model.open_gate();
    server.logged("a record is waiting").await;
    server.signal("TERM");
    let (_, data) = tokio::time::timeout(Duration::from_secs(40), server.left()).await.expect("the server exits");
    let server = Server::start_at(data, &[]).await;
    let events = server.events(&run, 0).await;
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    server.kill().await;
}
