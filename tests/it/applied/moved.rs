//! A profile that is changed to lead to another database: runs of the first database write nothing there until a user
//! confirms that both are the same.

use serde_json::{Value, json};

use super::{APPLY, Database, ROLLBACK, audit, order, outcomes, review, text, with_status, write};
use crate::{
    harness::{Proxy, Server},
    schedules::{create, in_ms, until, update},
    services,
};

const TABLES: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);";
const ASSETS: usize = 6;
const UPDATE: &str = "mutation ($input: UpdateDbProfileInput!) { updateDbProfile(input: $input) { dbProfile { id } } }";
const PLAN: &str = "query ($id: ID!, $rollback: Boolean) { applyPlan(runId: $id, rollback: $rollback) {
    totalCount nodes { status } } }";
const RESUME: &str = "mutation ($id: ID!) { resumeRun(input: { id: $id }) { run { id } } }";
const RERUN: &str = "mutation ($id: ID!) { rerun(input: { runId: $id }) { runs { id } } }";

/// Changes the URL of a profile; `same` confirms that the database is the same.
async fn lead(server: &Server, profile: &str, url: &str, same: bool) {
    let input = json!({ "id": profile, "url": url, "sameDatabase": same });
    server.data(UPDATE, json!({ "input": input })).await;
}

async fn conflict(server: &Server, query: &str, variables: Value, says: &[&str]) {
    let error = server.error(query, variables).await;
    let message = error["message"].as_str().unwrap();
    assert_eq!(error["extensions"]["code"], "CONFLICT", "{query}: {error}");
    assert!(says.iter().all(|part| message.contains(part)), "{message} does not say {says:?}");
    assert!(message.contains("sameDatabase"), "{message}");
}

/// Describes a database, accepts all suggestions and returns the run and its profile.
async fn accepted(server: &Server, database: &Database) -> (String, String) {
    let profile = server.create_db_profile("target", &database.url()).await;
    let target = json!({ "dbProfileId": profile, "schemas": [{ "name": database.schema() }] });
    let run = server.start_run(json!({ "targets": [target] })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    review(server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    (profile, run)
}

/// Checks that nothing of a run is written to the second database before a confirmation, and everything after it.
async fn led_elsewhere(first: &Database, second: &Database, says: &[&str]) {
    let server = Server::start().await;
    let (profile, run) = accepted(&server, first).await;
    lead(&server, &profile, &second.url(), false).await;
    let by_id = json!({ "id": run });
    let name = run_name(&server, &run).await;
    let all: Vec<&str> = says.iter().copied().chain([name.as_str()]).collect();
    conflict(&server, PLAN, by_id.clone(), &all).await;
    conflict(&server, APPLY, json!({ "input": { "runId": run } }), &all).await;
    conflict(&server, APPLY, json!({ "input": { "runId": run, "overwrite": true } }), &all).await;
    conflict(&server, RERUN, by_id.clone(), &all).await;
    assert!(first.comments().await.is_empty() && second.comments().await.is_empty());

    // When the URL leads back, the run is applied there and cannot be rolled back elsewhere.
    lead(&server, &profile, &first.url(), false).await;
    write(&server, APPLY, &run).await;
    assert_eq!((first.comments().await.len(), second.comments().await.len()), (ASSETS, 0));
    lead(&server, &profile, &second.url(), false).await;
    conflict(&server, PLAN, json!({ "id": run, "rollback": true }), says).await;
    conflict(&server, ROLLBACK, json!({ "input": { "runId": run } }), says).await;
    conflict(&server, ROLLBACK, json!({ "input": { "runId": run, "overwrite": true } }), says).await;
    lead(&server, &profile, &first.url(), false).await;
    write(&server, ROLLBACK, &run).await;
    assert!(first.comments().await.is_empty());

    // The run records the confirmation.
    lead(&server, &profile, &second.url(), true).await;
    let events = write(&server, APPLY, &run).await;
    let warned = events.iter().any(|event| text(&event["message"]).contains("local confirmed"));
    assert!(warned, "{events:#?}");
    assert_eq!((first.comments().await.len(), second.comments().await.len()), (0, ASSETS));
    let query = "{ appliedComments(first: 1) { nodes { database } } }";
    let written = server.data(query, json!({})).await;
    let place = text(&written["appliedComments"]["nodes"][0]["database"]);
    assert!(says.iter().any(|part| place.contains(part)), "{place}");
    write(&server, ROLLBACK, &run).await;
    assert!(second.comments().await.is_empty());
}

async fn run_name(server: &Server, run: &str) -> String {
    format!("run #{}", server.run(run).await["number"])
}

#[tokio::test]
async fn another_sqlite_file_is_not_written_to() {
    let (first, second) = (Database::sqlite(TABLES).await, Database::sqlite(TABLES).await);
    let says = [first.url().replace("sqlite://", ""), second.url().replace("sqlite://", "")];
    led_elsewhere(&first, &second, &says.each_ref().map(String::as_str)).await;
}

#[tokio::test]
async fn another_postgres_database_is_not_written_to() {
    let (Some(first), Some(second)) = (Database::postgres(TABLES).await, Database::postgres(TABLES).await) else {
        return;
    };
    let (Database::Postgres { name: one, .. }, Database::Postgres { name: other, .. }) = (&first, &second) else {
        unreachable!("they were just made")
    };
    let server = Server::start().await;
    let (profile, run) = accepted(&server, &first).await;
    lead(&server, &profile, &second.url(), false).await;
    let says = [&**one, &**other];
    conflict(&server, PLAN, json!({ "id": run }), &says).await;
    conflict(&server, APPLY, json!({ "input": { "runId": run } }), &says).await;
    assert!(first.comments().await.is_empty() && second.comments().await.is_empty());
    // Another host name, login and parameter for the same database.
    let Database::Postgres { service, .. } = &first else { unreachable!("it was just made") };
    let again = format!("postgres://postgres@localhost:{}/{one}?application_name=x", service.port);
    lead(&server, &profile, &again, false).await;
    write(&server, APPLY, &run).await;
    assert_eq!(first.comments().await.len(), ASSETS);
}

#[tokio::test]
async fn another_postgres_server_is_not_written_to() {
    let Some(first) = Database::postgres(TABLES).await else { return };
    let Some(other) = services::another_postgres().await else { return };
    let Database::Postgres { name, .. } = &first else { unreachable!("it was just made") };
    other.run(None, &format!("CREATE DATABASE {name};")).await;
    let other: &'static services::Service = Box::leak(Box::new(other));
    let second = Database::Postgres { service: other, name: name.clone(), url: other.url_for("postgres", name) };
    second.execute(TABLES).await;
    let says =
        [first.url(), second.url()].map(|url| url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned());
    led_elsewhere(&first, &second, &says.each_ref().map(String::as_str)).await;
}

#[tokio::test]
async fn another_mariadb_server_is_not_written_to() {
    let Some(first) = Database::mariadb(TABLES).await else { return };
    let Some(other) = services::another_mariadb().await else { return };
    let Database::MariaDb { name, .. } = &first else { unreachable!("it was just made") };
    other.run(None, &format!("CREATE DATABASE {name};")).await;
    let other: &'static services::Service = Box::leak(Box::new(other));
    let second = Database::MariaDb { service: other, name: name.clone(), url: other.url_for("root", name) };
    second.execute(TABLES).await;
    let says =
        [first.url(), second.url()].map(|url| url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned());
    led_elsewhere(&first, &second, &says.each_ref().map(String::as_str)).await;
}

#[tokio::test]
async fn a_replaced_sqlite_file_counts_as_another_database() {
    let database = Database::sqlite(TABLES).await;
    let Database::Sqlite { file, .. } = &database else { unreachable!("it was just made") };
    let server = Server::start().await;
    let (profile, run) = accepted(&server, &database).await;
    // A vacuumed file is still the same database.
    database.execute("VACUUM").await;
    server.data(PLAN, json!({ "id": run })).await;
    let copy = file.with_extension("copy");
    std::fs::copy(file, &copy).unwrap();
    std::fs::rename(&copy, file).unwrap();
    conflict(&server, APPLY, json!({ "input": { "runId": run } }), &["inode"]).await;
    server.data(UPDATE, json!({ "input": { "id": profile, "sameDatabase": true } })).await;
    write(&server, APPLY, &run).await;
    assert_eq!(database.comments().await.len(), ASSETS);
}

#[tokio::test]
async fn automatic_applies_and_schedules_stay_in_their_database() {
    let server = Server::start().await;
    let now = || in_ms(200);
    for on_change in [false, true] {
        // New databases each time, because a confirmation for two databases is permanent.
        let (first, second) = (Database::sqlite(TABLES).await, Database::sqlite(TABLES).await);
        let path = second.url().replace("sqlite://", "");
        let profile = server.create_db_profile(&format!("target {on_change}"), &first.url()).await;
        let input = json!({ "name": format!("nightly {on_change}"), "fireAt": now(), "timeZone": "UTC",
            "onChange": on_change, "reviewStrategy": "AUTO", "target": { "dbProfileId": profile } });
        let id = create(&server, input).await;
        let first_run = until(&server, &id, |it| {
            let status = &it["runs"]["nodes"][0]["status"];
            status == "SUCCESS" || status == "READY_FOR_REVIEW"
        })
        .await;
        assert_eq!(first_run["lastError"], Value::Null, "{first_run}");
        lead(&server, &profile, &second.url(), false).await;
        update(&server, &id, json!({ "fireAt": now() })).await;
        let fired = until(&server, &id, |it| it["lastError"].is_object()).await;
        assert_eq!(fired["lastError"]["code"], "CONFLICT", "{fired}");
        assert!(text(&fired["lastError"]["message"]).contains(&path), "{fired}");
        assert!(second.comments().await.is_empty());
        // A confirmation lets the schedule continue.
        lead(&server, &profile, &second.url(), true).await;
        update(&server, &id, json!({ "fireAt": now() })).await;
        until(&server, &id, |it| it["lastError"].is_null()).await;
    }
}

#[tokio::test]
async fn a_server_replaced_behind_its_address_gets_no_partial_writes() {
    let columns: Vec<String> = (1..=60).map(|n| format!("c{n} int")).collect();
    let script = format!("CREATE TABLE a ({0}); CREATE TABLE b ({0});", columns.join(", "));
    let Some(first) = Database::postgres(&script).await else { return };
    let Some(other) = services::another_postgres().await else { return };
    let Database::Postgres { service, name, .. } = &first else { unreachable!("it was just made") };
    other.run(None, &format!("CREATE DATABASE {name};")).await;
    let other: &'static services::Service = Box::leak(Box::new(other));
    let second = Database::Postgres { service: other, name: name.clone(), url: other.url_for("postgres", name) };
    second.execute(&script).await;
    let mut door = Proxy::before(service.port).await;
    let server = Server::start_with(&[("GLOSS_TARGET_PATIENCE_SECONDS", "1")]).await;
    let url = first.url().replace(&service.port.to_string(), &door.port.to_string());
    let profile = server.create_db_profile("target", &url).await;
    let run =
        server.start_run(json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": "public" }] }] })).await;
    server.events(&run, 0).await;
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    let (_, after) = order(&server, APPLY, json!({ "runId": run })).await;
    let mut live = server.watch(&run, after).await;
    let mut applied = 0;
    while let Some(event) = live.next().await {
        applied += usize::from(event["type"] == "APPLIED");
        if applied == 5 && event["type"] == "APPLIED" {
            door.lead_to(other.port).await;
        }
    }
    assert!(second.comments().await.is_empty());
    let done = outcomes(&server, &run).await;
    assert!(with_status(&done, "CONFLICT") > 100, "{done:#?}");
    conflict(&server, APPLY, json!({ "input": { "runId": run } }), &["system"]).await;
    // Earlier writes are recorded, and the rest is written there when the address leads back.
    door.lead_to(service.port).await;
    write(&server, APPLY, &run).await;
    assert_eq!((first.comments().await.len(), audit(&server, &run).await.len()), (122, 122));
}

#[tokio::test]
async fn a_resumed_run_stays_in_its_database() {
    let (first, second) = (Database::sqlite(TABLES).await, Database::sqlite(TABLES).await);
    let server = Server::start().await;
    let profile = server.create_db_profile("target", &first.url()).await;
    let target = json!({ "dbProfileId": profile, "schemas": [{ "name": "main", "tables": [{ "name": "none" }] }] });
    let run = server.start_run(json!({ "targets": [target] })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!(last["status"], "FAILED", "{last}");
    lead(&server, &profile, &second.url(), false).await;
    conflict(&server, RESUME, json!({ "id": run }), &[&second.url().replace("sqlite://", "")]).await;
}
