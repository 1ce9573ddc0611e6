//! Interruptions in the middle of a run: kill -9, one signal, two signals. No recorded work is lost or repeated.

use std::{collections::HashSet, sync::Arc, time::Duration};

use serde_json::json;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use crate::harness::{ScriptedModel, Server, SqliteTarget, server_with, store::needs_sqlite};

/// Number of concurrent requests of the scripted profile.
const WIDTH: usize = 4;

/// Returns the assets that a run has described, each of which must have one suggestion.
pub async fn described(server: &Server, run: &str) -> HashSet<String> {
    let mut assets = HashSet::new();
    let mut after = serde_json::Value::Null;
    loop {
        let query = "query($id: ID!, $after: String) { run(id: $id) { suggestions(first: 200, after: $after) {
            nodes { asset { display } } pageInfo { hasNextPage endCursor } } } }";
        let data = server.data(query, json!({ "id": run, "after": after })).await;
        let page = &data["run"]["suggestions"];
        for node in page["nodes"].as_array().unwrap() {
            let asset = node["asset"]["display"].as_str().unwrap().to_owned();
            assert!(assets.insert(asset.clone()), "{asset} has two suggestions");
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return assets;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// A backup or a shell may hold the store's lock for longer than a statement waits.
#[tokio::test]
async fn a_store_that_another_process_locks_only_delays_a_run() {
    if needs_sqlite("a lock on the file") {
        return;
    }
    let target = SqliteTarget::with_tables(6, 7);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    model.waiting(4).await;

    let store = SqliteConnectOptions::new().filename(server.data.path().join("store.db"));
    let mut other = store.busy_timeout(Duration::from_mins(1)).connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    model.open_gate();
    server.logged("a record is waiting").await;
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();

    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    let last = events.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last:#}");
    assert_eq!(last["progress"], json!({ "total": 48, "done": 48, "failed": 0, "skipped": 0 }));
}

#[tokio::test]
async fn after_six_kills_each_row_was_requested_once() {
    // Each table is one request.
    const TABLES: usize = 40;
    const ROWS: usize = TABLES * 6;
    let target = SqliteTarget::with_tables(TABLES, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (mut server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;

    let mut under_way = 0;
    for _ in 0..6 {
        model.waiting(WIDTH).await;
        model.release(3);
        // The next request of a job is sent after its last answer was recorded.
        model.waiting(WIDTH).await;
        under_way += WIDTH;
        let data = server.kill().await;
        let requests_before = model.requests();
        server = Server::start_at(data, &[]).await;
        let finished = described(&server, &run).await;
        model.waiting(WIDTH).await;
        for request in &model.recorded()[requests_before..] {
            let again: Vec<&String> = finished.iter().filter(|asset| request.asks_for(asset)).collect();
            assert!(again.is_empty(), "finished rows were requested again: {again:?}");
        }
    }
    model.open_gate();
    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    let last = events.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW");
    assert_eq!(last["progress"], json!({ "total": ROWS, "done": ROWS, "failed": 0, "skipped": 0 }));
    assert_eq!(events.iter().filter(|event| event["type"] == "ASSET_FINISHED").count(), ROWS);
    assert_eq!(events.iter().filter(|event| event["type"] == "RESUMED").count(), 6);
    assert_eq!(described(&server, &run).await.len(), ROWS);
    let needed = TABLES;
    let sent = model.requests();
    eprintln!("{sent} requests for {needed} needed, {under_way} in progress at six kills");
    assert!(sent <= needed + under_way, "{sent} requests, {needed} needed, {under_way} in progress at the kills");
}

#[tokio::test]
async fn after_a_kill_at_any_moment_each_row_is_recorded_once() {
    const TABLES: usize = 60;
    let target = SqliteTarget::with_tables(TABLES, 5);
    let model = ScriptedModel::builder().latency(Duration::from_millis(3)).start().await;
    let (mut server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    let mut after = 0;
    for kill in 0..6 {
        // Kills at changing points: while answers are pending or being recorded.
        let mut live = server.watch(&run, after).await;
        for _ in 0..(37 + 11 * kill) {
            let event = live.next().await.expect("the run is still at work");
            assert_eq!(event["sequence"], after + 1, "an event that a subscriber received is missing");
            after += 1;
        }
        let data = server.kill().await;
        server = Server::start_at(data, &[]).await;
    }
    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    assert_eq!(events.last().unwrap()["progress"]["done"], TABLES * 6);
    assert_eq!(described(&server, &run).await.len(), TABLES * 6);
    let sent = model.requests();
    eprintln!("{sent} requests for {TABLES} needed, killed six times with at most {WIDTH} in progress");
    assert!(sent <= TABLES + 6 * WIDTH, "{sent} requests for {TABLES} needed");
}

#[tokio::test]
async fn a_signal_records_work_in_progress_and_the_run_continues_at_the_next_start() {
    let target = SqliteTarget::with_tables(12, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    model.waiting(WIDTH).await;
    let mut live = server.watch(&run, 0).await;
    server.signal("TERM");
    // The subscription ends when the server stops; answers in progress are still recorded.
    while live.next().await.is_some() {}
    model.open_gate();
    let (status, data) = server.left().await;
    assert!(status.success(), "{status}");
    assert_eq!(model.requests(), WIDTH, "nothing new was sent after the signal");

    let server = Server::start_at(Arc::clone(&data), &[]).await;
    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    assert_eq!(events.last().unwrap()["progress"]["done"], 72);
    assert_eq!(model.requests(), 12, "requests in progress at the signal were recorded, not repeated");
}

#[tokio::test]
async fn a_second_signal_exits_immediately() {
    let target = SqliteTarget::with_tables(12, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    model.waiting(WIDTH).await;
    let mut live = server.watch(&run, 0).await;
    server.signal("INT");
    while live.next().await.is_some() {}
    server.signal("INT");
    let (status, data) = server.left().await;
    assert_eq!(status.code(), Some(130));
    model.open_gate();
    let server = Server::start_at(data, &[]).await;
    assert_eq!(server.events(&run, 0).await.last().unwrap()["progress"]["done"], 72);
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_server() {
    let server = Server::start().await;
    let second = Server::command(server.data.path()).output().await.unwrap();
    assert!(!second.status.success());
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(text.contains("in use by another Gloss at http://127.0.0.1:"), "{text}");
}

#[tokio::test]
async fn no_waiting_request_is_sent_after_a_signal() {
    let target = SqliteTarget::with_tables(12, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    server.start_run(input.clone()).await;
    model.waiting(WIDTH).await;
    // The second run shares the profile's request slots, which are all taken.
    let second = server.start_run(input).await;
    let mut live = server.watch(&second, 0).await;
    while live.next().await.unwrap()["type"] != "SCOPE_RESOLVED" {}
    server.signal("TERM");
    while live.next().await.is_some() {}
    model.open_gate();
    let (status, _data) = server.left().await;
    assert!(status.success(), "{status}");
    assert_eq!(model.requests(), WIDTH);
}

#[tokio::test]
async fn a_server_without_workers_takes_runs_from_the_dead_and_cancels_them() {
    let target = SqliteTarget::with_tables(12, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    model.waiting(WIDTH).await;
    let data = server.kill().await;
    let server = Server::start_at(data, &[("GLOSS_WORKERS", "0")]).await;
    let mut live = server.watch(&run, 0).await;
    while live.next().await.unwrap()["status"] != "QUEUED" {}
    while live.next().await.unwrap()["type"] != "STATUS_CHANGED" {}
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    assert_eq!(server.data(cancel, json!({ "id": run })).await["cancelRun"]["outcome"], "CANCELLED");
    assert_eq!(server.data("{ workers { capacity } }", json!({})).await["workers"], json!([{ "capacity": 0 }]));
}

#[tokio::test]
async fn a_store_belongs_to_one_server_wherever_it_lies() {
    let elsewhere = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", elsewhere.path().display());
    let _server = Server::start_with(&[("GLOSS_STORE_URL", &url)]).await;
    let other = tempfile::tempdir().unwrap();
    let second = Server::command(other.path()).env("GLOSS_STORE_URL", &url).output().await.unwrap();
    assert!(!second.status.success());
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(text.contains("store.db is in use by another Gloss"), "{text}");
}

#[tokio::test]
async fn a_data_folder_may_have_any_name_and_keeps_its_files_private() {
    use std::os::unix::fs::PermissionsExt;
    if needs_sqlite("the store's file") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a #1?b=%20 folder");
    let migrated = Server::command(&data).arg("migrate").output().await.unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let server = Server::start_with(&[("GLOSS_DATA_DIR", data.to_str().unwrap())]).await;
    // The default profiles are created even if `migrate` ran first.
    let demo = server.db_profile("demo").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    assert_eq!(server.events(&run, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
    let mut files = 0;
    for file in std::fs::read_dir(&data).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?} has the mode {mode:o}", file.path());
        files += 1;
    }
    assert!(files >= 4, "only {files} files");
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}
