//! Runs end to end: start, watch, read; scopes, options, idempotency, cancel, delete.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget, store};

/// Returns the number of tables and columns in the demo's catalog.
async fn demo_assets(server: &Server) -> usize {
    let query = "{ dbProfiles { databases { schemas { tables(first: 200) { nodes { columns { name } } } } } } }";
    let data = server.data(query, json!({})).await;
    let tables = &data["dbProfiles"][0]["databases"][0]["schemas"][0]["tables"]["nodes"];
    tables.as_array().unwrap().iter().map(|table| 1 + table["columns"].as_array().unwrap().len()).sum()
}

#[tokio::test]
async fn a_run_on_the_demo_describes_every_asset() {
    let server = Server::start().await;
    let assets = demo_assets(&server).await;
    assert!(assets > 60, "the demo has only {assets} assets");
    let demo = server.db_profile("demo").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    let events = server.events(&run, 0).await;

    let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
    assert_eq!(events[0]["type"], "CREATED");
    assert_eq!(events[1]["type"], "STARTED");
    assert_eq!(events[2]["type"], "SCOPE_RESOLVED");
    let last = events.last().unwrap();
    assert_eq!(last["type"], "FINISHED");
    assert_eq!(last["status"], "READY_FOR_REVIEW");
    assert_eq!(last["progress"], json!({ "total": assets, "done": assets, "failed": 0, "skipped": 0 }));
    let described = events.iter().filter(|event| event["type"] == "ASSET_FINISHED");
    assert_eq!(described.clone().count(), assets);
    for event in described {
        assert!(!event["suggestion"]["description"].as_str().unwrap().is_empty(), "{event}");
    }

    // A client that refetches on the last event sees the final state.
    let record = server.run(&run).await;
    assert_eq!(record["status"], "READY_FOR_REVIEW");
    assert_eq!(record["lastSequence"], last["sequence"]);
    assert_eq!(record["usage"]["totalTokens"], 0);
    assert_eq!(record["usage"]["costUsd"], 0.0);
    assert!(record["durationSeconds"].as_f64().unwrap() > 0.0);

    let query = "query($id: ID!) { run(id: $id) {
        suggestions(first: 200) { totalCount nodes { description confidence band finalText version
            asset { kind display } alternatives { index text confidence } evidence { source detail }
            review { state } run { number } } }
        confidenceDistribution { high medium low } reviewCounts { unreviewed accepted } } }";
    let data = server.data(query, json!({ "id": run })).await;
    let suggestions = &data["run"]["suggestions"];
    assert_eq!(suggestions["totalCount"], assets);
    for suggestion in suggestions["nodes"].as_array().unwrap() {
        assert_eq!(suggestion["alternatives"][0]["text"], suggestion["description"]);
        assert_eq!(suggestion["finalText"], suggestion["description"]);
        assert!(suggestion["alternatives"].as_array().unwrap().len() <= 3);
        assert!(!suggestion["evidence"].as_array().unwrap().is_empty(), "{suggestion}");
    }
    let bands = &data["run"]["confidenceDistribution"];
    let sum: i64 = ["high", "medium", "low"].iter().map(|band| bands[band].as_i64().unwrap()).sum();
    assert_eq!(sum, i64::try_from(assets).unwrap());
    assert_eq!(data["run"]["reviewCounts"]["unreviewed"], assets);
}

#[tokio::test]
async fn scopes_narrow_to_tables_and_to_a_column() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let query = "{ dbProfiles { databases { name schemas { name tables { nodes { name columns { name } } } } } } }";
    let data = server.data(query, json!({})).await;
    let schema = &data["dbProfiles"][0]["databases"][0]["schemas"][0];
    let (first, second) = (&schema["tables"]["nodes"][0], &schema["tables"]["nodes"][1]);

    let tables = json!([{ "name": first["name"] }, { "name": second["name"] }]);
    let target = json!({ "dbProfileId": demo, "schemas": [{ "name": schema["name"], "tables": tables }] });
    let run = server.start_run(json!({ "targets": [target] })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    let columns = |table: &Value| table["columns"].as_array().unwrap().len();
    assert_eq!(last["progress"]["total"], 2 + columns(first) + columns(second));

    let column = &first["columns"][1]["name"];
    let tables = json!([{ "name": first["name"], "columns": [column] }]);
    let database = &data["dbProfiles"][0]["databases"][0]["name"];
    let target =
        json!({ "dbProfileId": demo, "database": database, "schemas": [{ "name": schema["name"], "tables": tables }] });
    let run = server.start_run(json!({ "targets": [target] })).await;
    let events = server.events(&run, 0).await;
    assert_eq!(events.last().unwrap()["progress"]["total"], 1);
    let described = events.iter().find(|event| event["type"] == "ASSET_FINISHED").unwrap();
    let expected = ["name", ""].map(|key| if key.is_empty() { column.as_str() } else { first[key].as_str() });
    assert_eq!(described["asset"]["display"], format!("main.{}.{}", expected[0].unwrap(), expected[1].unwrap()));
    assert!(described["message"].as_str().unwrap().ends_with("(1 of 1)"));
}

#[tokio::test]
async fn the_same_idempotency_key_gives_the_same_runs() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let input = json!({ "targets": [{ "dbProfileId": demo }], "idempotencyKey": "nightly-7" });
    let first = server.start_run(input.clone()).await;
    assert_eq!(server.start_run(input).await, first);
    let other = json!({ "input": { "targets": [{ "dbProfileId": demo }], "idempotencyKey": "nightly-7",
        "options": { "alternatives": 1 } } });
    let error =
        server.error("mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }", other).await;
    assert_eq!(error["extensions"]["code"], "CONFLICT");
    assert_eq!(server.data("{ runs { totalCount } }", json!({})).await["runs"]["totalCount"], 1);
}

#[tokio::test]
async fn two_runs_at_once_do_not_mix() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let assets = demo_assets(&server).await;
    let (a, b) = tokio::join!(
        server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })),
        server.start_run(json!({ "targets": [{ "dbProfileId": demo }], "options": { "verbosity": "BRIEF" } }))
    );
    let (a, b) = tokio::join!(server.events(&a, 0), server.events(&b, 0));
    for events in [a, b] {
        assert_eq!(events.last().unwrap()["progress"]["done"], assets);
        let finished: Vec<&Value> = events.iter().filter(|event| event["type"] == "ASSET_FINISHED").collect();
        assert_eq!(finished.len(), assets);
    }
}

#[tokio::test]
async fn a_run_that_has_ended_can_be_deleted_and_is_gone() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    server.events(&run, 0).await;
    let query = "mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    let data = server.data(query, json!({ "ids": [run] })).await;
    assert_eq!(data["deleteRuns"]["deletedIds"], json!([run]));
    assert_eq!(server.run(&run).await, Value::Null);
    let data = server.data("{ runs { totalCount kindCounts { kind count } } }", json!({})).await;
    assert_eq!(data["runs"]["totalCount"], 0);
    let error = server.error(query, json!({ "ids": [run] })).await;
    assert_eq!(error["extensions"]["code"], "NOT_FOUND");
    // Run numbers are never reused.
    let next = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    assert_eq!(server.run(&next).await["number"], 2);
}

#[tokio::test]
async fn the_list_stays_current_by_subscription() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let query =
        "subscription { runsChanged(filter: { statuses: [READY_FOR_REVIEW] }) { kind runId matches run { status } } }";
    let mut live = server.subscribe(query, json!({})).await.field("runsChanged");
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    let change = live.next().await.unwrap();
    assert_eq!(change["runId"].as_str().unwrap(), run);
    assert_eq!((&change["kind"], &change["matches"]), (&json!("UPDATED"), &json!(true)));
    assert_eq!(change["run"]["status"], "READY_FOR_REVIEW");
    server
        .data("mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }", json!({ "ids": [run] }))
        .await;
    let change = live.next().await.unwrap();
    assert_eq!((&change["kind"], &change["run"]), (&json!("DELETED"), &Value::Null));
}

#[tokio::test]
async fn missing_only_skips_what_has_a_comment_and_may_end_in_success() {
    let commented = SqliteTarget::new("CREATE TABLE t(a INTEGER, b TEXT);");
    let empty = SqliteTarget::new("VACUUM;");
    let server = Server::start().await;
    let profile = server.create_db_profile("commented", &commented.url()).await;
    let nothing = server.create_db_profile("empty", &empty.url()).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": nothing }] })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!((&last["status"], &last["progress"]["total"]), (&json!("SUCCESS"), &json!(0)));
    let run =
        server.start_run(json!({ "targets": [{ "dbProfileId": profile }], "options": { "missingOnly": true } })).await;
    assert_eq!(server.events(&run, 0).await.pop().unwrap()["progress"]["done"], 3);
}

#[tokio::test]
async fn health_metrics_and_server_fields_report_the_state() {
    let server = Server::start().await;
    assert_eq!(server.get("/healthz").await.status(), 200);
    assert_eq!(server.get("/readyz").await.status(), 200);
    let metrics = server.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("gloss_store_statement_seconds_count"), "{metrics}");
    let data =
        server.data("{ server { version store bus } viewer { name role } workers { capacity } }", json!({})).await;
    assert_eq!(data["viewer"], json!({ "name": "local", "role": "ADMIN" }));
    assert_eq!(data["workers"], json!([{ "capacity": 4 }]));
    let database = if store::in_postgres() { "PostgreSQL " } else { "SQLite " };
    assert!(data["server"]["store"].as_str().unwrap().starts_with(database));
}

#[tokio::test]
async fn a_table_is_requested_once_however_many_rows_a_run_has() {
    // More rows than one read of the store returns, and no multiple of a table's rows.
    let target = SqliteTarget::with_tables(70, 30);
    let server = Server::start().await;
    let profile = server.create_db_profile("wide", &target.url()).await;
    let input = json!({ "targets": [{ "dbProfileId": profile }] });
    let query = "query($input: StartRunInput!) { estimateRun(input: $input) { assets requests } }";
    let estimate = server.data(query, json!({ "input": input })).await["estimateRun"].take();
    let run = server.start_run(input).await;
    let events = server.events(&run, 0).await;
    let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
    let last = events.last().unwrap();
    assert_eq!(last["progress"], json!({ "total": 2_170, "done": 2_170, "failed": 0, "skipped": 0 }));
    assert_eq!(estimate, json!({ "assets": 2_170, "requests": 70 }));
    assert_eq!(last["usage"]["requests"], 70);
}
