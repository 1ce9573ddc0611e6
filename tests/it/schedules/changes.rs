//! Schedules with `onChange`, on a real database whose structure changes between firings.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{create, in_ms, run_now, schedule, until, update};
use crate::harness::{ScriptedModel, Server, SqliteTarget, server_with};

/// Returns the assets that a run described.
async fn described(server: &Server, run: &str) -> BTreeSet<String> {
    let query = "query ($id: ID!) { run(id: $id) { suggestions(first: 200) { nodes { asset { display } } } } }";
    let data = server.data(query, json!({ "id": run })).await;
    let nodes = data["run"]["suggestions"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|node| node["asset"]["display"].as_str().unwrap().to_owned()).collect()
}

fn assets(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("main.{name}")).collect()
}

async fn found(server: &Server, id: &str) -> BTreeSet<String> {
    match run_now(server, id).await {
        Some(run) => {
            assert_eq!(run["status"], "READY_FOR_REVIEW", "{run:#}");
            described(server, run["id"].as_str().unwrap()).await
        }
        None => BTreeSet::new(),
    }
}

#[tokio::test]
async fn only_new_and_retyped_columns_are_described() {
    let target = SqliteTarget::new("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, old TEXT);");
    let server = Server::start().await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let input =
        json!({ "name": "changes", "cron": "0 3 * * *", "onChange": true, "target": { "dbProfileId": db_profile } });
    let id = create(&server, input).await;
    assert_eq!(
        found(&server, &id).await,
        assets(&["users", "users.id", "users.email", "users.old"]),
        "the first covers all"
    );
    assert_eq!(found(&server, &id).await, assets(&[]), "nothing changed");

    target.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);
         ALTER TABLE users DROP COLUMN old;
         ALTER TABLE users DROP COLUMN email;
         ALTER TABLE users ADD COLUMN email VARCHAR(200);",
    );
    // This time by its own firing.
    update(&server, &id, json!({ "fireAt": in_ms(1_500), "cron": null })).await;
    let fired = until(&server, &id, |now| {
        now["runs"]["nodes"][0]["status"] == "READY_FOR_REVIEW"
            && now["status"] == "COMPLETED"
            && now["runs"]["totalCount"] == 2
    })
    .await;
    let newest = fired["runs"]["nodes"][0]["id"].as_str().unwrap();
    assert_eq!(described(&server, newest).await, assets(&["orders", "orders.id", "orders.total", "users.email"]));
    // A firing without changes starts no run and is no error.
    let quiet = update(&server, &id, json!({ "fireAt": in_ms(1_500) })).await;
    let quiet =
        until(&server, &id, |now| now["status"] == "COMPLETED" && now["lastFireAt"] != quiet["lastFireAt"]).await;
    assert_eq!((&quiet["runs"]["totalCount"], &quiet["lastError"]), (&json!(2), &Value::Null));

    // A dropped column is forgotten: if it returns, it is new.
    target.execute("ALTER TABLE users ADD COLUMN old TEXT;");
    assert_eq!(found(&server, &id).await, assets(&["users.old"]));
    // A table that becomes a view is a different asset; its columns are unchanged.
    target.execute("DROP TABLE orders; CREATE VIEW orders AS SELECT id, 1.5 AS total FROM users;");
    let view = found(&server, &id).await;
    assert!(view.contains("main.orders"), "{view:?}");

    // Ordinary runs of the schedule count as well, and a different database starts from scratch.
    update(&server, &id, json!({ "onChange": false })).await;
    target.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY);");
    assert!(found(&server, &id).await.len() > 8);
    update(&server, &id, json!({ "onChange": true })).await;
    assert_eq!(found(&server, &id).await, assets(&[]));
    let other = SqliteTarget::new("CREATE TABLE users (id INTEGER PRIMARY KEY);");
    let other = server.create_db_profile("other", &other.url()).await;
    update(&server, &id, json!({ "target": { "dbProfileId": other } })).await;
    assert_eq!(found(&server, &id).await, assets(&["users", "users.id"]));
}

#[tokio::test]
async fn a_change_counts_as_covered_only_after_a_run_has_described_it() {
    let target = SqliteTarget::with_tables(6, 1);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let input = json!({ "name": "changes", "cron": "0 3 * * *", "onChange": true,
        "target": input["targets"][0], "llmProfileId": input["llmProfileId"] });
    let id = create(&server, input).await;
    let start = async |server: &Server| {
        let data = server.data(super::RUN_NOW, json!({ "id": id })).await;
        data["it"]["runs"][0]["id"].as_str().map(str::to_owned)
    };
    let first = start(&server).await.unwrap();
    model.waiting(4).await;
    // Assets of a running run start no second run.
    assert_eq!(start(&server).await, None);
    // Two tables are described before the run is cancelled.
    let mut live = server.watch(&first, 0).await;
    model.release(2);
    while live.next().await.unwrap()["progress"]["done"] != 4 {}
    server.data("mutation ($id: ID!) { cancelRun(input: { id: $id }) { outcome } }", json!({ "id": first })).await;
    while live.next().await.is_some() {}
    let taken = described(&server, &first).await;
    assert_eq!(taken.len(), 4);
    model.open_gate();
    let rest = found(&server, &id).await;
    assert_eq!(rest.len(), 8);
    assert!(rest.is_disjoint(&taken));
    assert_eq!(start(&server).await, None);

    // The server is killed in the middle of a run: the run continues after the restart and includes the change.
    target.execute("CREATE TABLE late (id INTEGER);");
    let last = start(&server).await.unwrap();
    let server = Server::start_at(server.kill().await, &[]).await;
    let events = server.events(&last, 0).await;
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    assert_eq!(described(&server, &last).await, assets(&["late", "late.id"]));
    assert_eq!(start(&server).await, None);
    // Deleting runs does not delete the described assets.
    let runs: Vec<Value> =
        schedule(&server, &id).await["runs"]["nodes"].as_array().unwrap().iter().map(|run| run["id"].clone()).collect();
    server
        .data("mutation ($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }", json!({ "ids": runs }))
        .await;
    assert_eq!(start(&server).await, None);
}
