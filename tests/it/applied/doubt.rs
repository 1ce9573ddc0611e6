//! Writes whose answer is lost: Gloss reads their outcome from the database later and records it in the audit.

use serde_json::{Value, json};

use super::{APPLY, Database, ROLLBACK, audit, order, outcomes, review, with_status, write};
use crate::harness::{Proxy, Server};

const TABLES: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80));
    COMMENT ON TABLE users IS 'People wrote this';";
const ASSETS: usize = 3;

/// Creates a run whose apply lost the answer to one write, with the closed proxy to its database.
async fn lost(database: &Database, cancel: bool) -> (Server, String, Proxy, String) {
    let Database::Postgres { service, .. } = database else { unreachable!("it is one of PostgreSQL") };
    let mut door = Proxy::before(service.port).await;
    let server = Server::start_with(&[("GLOSS_TARGET_PATIENCE_SECONDS", if cancel { "60" } else { "1" })]).await;
    let url = database.url().replace(&service.port.to_string(), &door.port.to_string());
    let profile = server.create_db_profile("target", &url).await;
    let run =
        server.start_run(json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": "public" }] }] })).await;
    server.events(&run, 0).await;
    let ids = super::suggestions(&server, &run).await.into_iter().map(|one| one.id).collect::<Vec<_>>();
    review(&server, json!({ "ids": ids, "decision": "ACCEPT" })).await;
    let swallowed = door.swallow_answer_to(&["COMMENT ON", "COMMIT"]);
    let (total, after) = order(&server, APPLY, json!({ "runId": run })).await;
    assert_eq!(total, ASSETS);
    swallowed.notified().await;
    door.close().await;
    if cancel {
        let cancel = "mutation ($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
        server.data(cancel, json!({ "id": run })).await;
    }
    let last = server.events(&run, after).await.pop().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    let done = outcomes(&server, &run).await;
    let unsure: Vec<&Value> =
        done.values().filter(|one| one["error"]["message"].to_string().contains("may or may not")).collect();
    assert_eq!(unsure.len(), 1, "{done:#?}");
    assert_eq!((&unsure[0]["status"], &unsure[0]["error"]["code"]), (&json!("FAILED"), &json!("UNAVAILABLE")));
    assert_eq!((database.comments().await.len(), audit(&server, &run).await.len()), (1, 0));
    (server, run, door, url)
}

async fn put_back(server: &Server, run: &str, database: &Database) {
    write(server, ROLLBACK, run).await;
    let comments = database.comments().await;
    assert_eq!(comments.into_iter().collect::<Vec<_>>(), [("users".to_owned(), "People wrote this".to_owned())]);
}

#[tokio::test]
async fn the_next_apply_records_a_write_whose_answer_was_lost() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    let (server, run, mut door, _) = lost(&database, false).await;
    let refused = server.error(APPLY, json!({ "input": { "runId": run } })).await;
    assert_eq!(refused["extensions"]["code"], "UNAVAILABLE", "{refused}");
    door.open().await;
    let (rest, after) = order(&server, APPLY, json!({ "runId": run })).await;
    assert_eq!(rest, ASSETS - 1);
    server.events(&run, after).await;
    let writes = audit(&server, &run).await;
    assert_eq!(writes.len(), ASSETS);
    let of_table = writes.iter().find(|write| write["asset"]["column"].is_null()).unwrap();
    assert_eq!(of_table["before"], "People wrote this");
    put_back(&server, &run, &database).await;
}

#[tokio::test]
async fn the_next_roll_back_records_a_write_whose_answer_was_lost() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    let (server, run, mut door, _) = lost(&database, false).await;
    door.open().await;
    put_back(&server, &run, &database).await;
    assert_eq!(audit(&server, &run).await.len(), 2);
}

#[tokio::test]
async fn a_cancel_at_that_moment_loses_no_record() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    let (server, run, mut door, _) = lost(&database, true).await;
    door.open().await;
    put_back(&server, &run, &database).await;
}

#[tokio::test]
async fn the_next_start_records_a_write_whose_answer_was_lost() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    let (server, run, mut door, _) = lost(&database, false).await;
    let sequence = server.run(&run).await["lastSequence"].as_i64().unwrap();
    let data = server.kill().await;
    door.open().await;
    let server = Server::start_at(data, &[]).await;
    let mut live = server.subscribe("subscription { runsChanged { run { id } } }", json!({})).await;
    while server.run(&run).await["lastSequence"].as_i64().unwrap() == sequence {
        live.next().await;
    }
    assert_eq!(audit(&server, &run).await.len(), 1);
    let done = outcomes(&server, &run).await;
    assert_eq!(with_status(&done, "APPLIED"), 1);
    put_back(&server, &run, &database).await;
}
