//! Applies that are interrupted by a kill or a cancel: the audit matches the database.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{APPLY, Database, audit, order, outcomes, place, review, suggestions, tables, text, with_status};
use crate::harness::{Live, Server};

const TABLES: usize = 10;
const COLUMNS: usize = 100;
/// Number of tables and columns.
const ASSETS: usize = TABLES * (COLUMNS + 1);

/// Reads events until this many comments are written.
async fn some_applied(live: &mut Live, count: usize) {
    let mut seen = 0;
    while seen < count {
        let event = live.next().await.expect("the apply continues");
        assert_ne!(event["type"], "FINISHED", "the apply ended before it was interrupted");
        seen += usize::from(event["type"] == "APPLIED");
    }
}

/// Checks that the audit records exactly the comments in the database, each once, and returns their number.
async fn audit_is_true(server: &Server, run: &str, database: &Database) -> usize {
    let (writes, comments) = (audit(server, run).await, database.comments().await);
    let recorded: HashMap<String, &Value> = writes.iter().map(|write| (place(&write["asset"]), write)).collect();
    assert_eq!(recorded.len(), writes.len(), "a comment is recorded twice");
    for (place, write) in &recorded {
        assert_eq!(Some(&text(&write["after"])), comments.get(place), "{place}");
        assert!(write["before"].is_null(), "{write}");
    }
    assert_eq!(comments.len(), recorded.len(), "a written comment is not recorded");
    writes.len()
}

async fn accepted(server: &Server, database: &Database) -> String {
    let run = database.start_run(server, json!({})).await;
    server.events(&run, 0).await;
    review(server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    run
}

async fn killed_in_the_middle(database: &Database) {
    let mut server = Server::start().await;
    let run = accepted(&server, database).await;
    let (total, mut after) = order(&server, APPLY, json!({ "runId": run })).await;
    assert_eq!(total, ASSETS);
    for applied in [20, 300] {
        let mut live = server.watch(&run, after).await;
        some_applied(&mut live, applied).await;
        let data = server.kill().await;
        server = Server::start_at(data, &[]).await;
        after = server.run(&run).await["lastSequence"].as_i64().unwrap();
    }
    let events = server.events(&run, after).await;
    assert_eq!(events.last().unwrap()["status"], "SUCCESS", "{}", events.last().unwrap());
    let all = server.events(&run, 0).await;
    for (at, event) in all.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    assert_eq!(all.iter().filter(|event| event["type"] == "APPLIED").count(), ASSETS);
    assert_eq!(audit_is_true(&server, &run, database).await, ASSETS);
    let done = outcomes(&server, &run).await;
    assert_eq!(with_status(&done, "APPLIED"), ASSETS);
    for one in suggestions(&server, &run).await {
        assert_eq!(done[&one.place]["after"], one.text);
    }
}

#[tokio::test]
async fn after_kills_the_audit_equals_sqlite() {
    killed_in_the_middle(&Database::sqlite(&tables(TABLES, COLUMNS)).await).await;
}

#[tokio::test]
async fn after_kills_the_audit_equals_postgres() {
    let Some(database) = Database::postgres(&tables(TABLES, COLUMNS)).await else { return };
    killed_in_the_middle(&database).await;
}

#[tokio::test]
async fn another_worker_finishes_a_cancelled_apply() {
    let database = Database::sqlite(&tables(3, COLUMNS)).await;
    let server = Server::start().await;
    let run = accepted(&server, &database).await;
    let (total, after) = order(&server, APPLY, json!({ "runId": run })).await;
    let mut live = server.watch(&run, after).await;
    some_applied(&mut live, 10).await;
    let refused = server.error(APPLY, json!({ "input": { "runId": run } })).await;
    assert_eq!(refused["extensions"]["code"], "CONFLICT", "{refused}");
    let cancel = "mutation ($id: ID!) { cancelRun(input: { id: $id }) { outcome run { status } } }";
    let cancelled = server.data(cancel, json!({ "id": run })).await;
    assert_eq!(cancelled["cancelRun"]["outcome"], "CANCELLING");
    let mut last = Value::Null;
    while let Some(event) = live.next().await {
        last = event;
    }
    assert_eq!((&last["type"], &last["status"]), (&json!("FINISHED"), &json!("READY_FOR_REVIEW")));
    let written = audit_is_true(&server, &run, &database).await;
    assert!((10..total).contains(&written), "{written}");
    let done = outcomes(&server, &run).await;
    assert_eq!((with_status(&done, "APPLIED"), with_status(&done, "PLANNED")), (written, total - written));

    let (rest, after) = order(&server, APPLY, json!({ "runId": run })).await;
    assert_eq!(rest, total - written);
    assert_eq!(server.events(&run, after).await.last().unwrap()["status"], "SUCCESS");
    assert_eq!(audit_is_true(&server, &run, &database).await, total);
}
