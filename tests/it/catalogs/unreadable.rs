//! Unreadable parts of catalogs: only they are left out, and a run warns of each of them once.

use serde_json::{Value, json};

use super::{describe_again, latin1, left_out};
use crate::{
    harness::{ScriptedModel, Server, SqliteTarget, scripted_model::Failure, server_with},
    schedules, services,
};

/// Creates a file with good tables and entries that SQLite cannot parse.
fn broken() -> SqliteTarget {
    let target = SqliteTarget::new(
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO plain VALUES (1, 'a');
         CREATE TABLE odd (id INTEGER); CREATE INDEX odd_id ON odd (id);
         CREATE VIEW fine AS SELECT name FROM plain; CREATE VIEW mad AS SELECT 1;",
    );
    target.execute(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE TABLE odd (id INTEGER, shape ~~ GEOMETRY)' WHERE name = 'odd';
         UPDATE sqlite_schema SET sql = 'CREATE VIEW mad AS SELEKT 1' WHERE name = 'mad';
         INSERT INTO sqlite_schema VALUES ('table', 'spatial', 'spatial', 0, 'CREATE VIRTUAL TABLE spatial USING \
         nowhere');
         INSERT INTO sqlite_schema VALUES ('table', 'empty', 'empty', 0, '');
         PRAGMA writable_schema = OFF;",
    );
    target
}

const SKIPPED: &str = "3 objects are left out because SQLite cannot read their definitions: table `main.empty`, \
                       view `main.mad`, table `main.odd`. Repair the file with the program that wrote it.";

#[tokio::test]
async fn a_definition_that_sqlite_cannot_parse_affects_only_itself() {
    let server = Server::start().await;
    let target = broken();
    let db = server.create_db_profile("target", &target.url()).await;
    let found = describe_again(&server, &db, json!({})).await;
    assert_eq!(found.status, "READY_FOR_REVIEW");
    assert_eq!(found.tables(), ["main.fine", "main.plain", "main.spatial"]);
    assert!(found.texts.contains_key("main.plain.name") && found.texts.contains_key("main.fine.name"));
    assert!(found.warnings.iter().any(|warning| warning.contains("module `nowhere`")), "{:?}", found.warnings);
    let skipped: Vec<&String> = found.warnings.iter().filter(|warning| warning.contains("definitions")).collect();
    assert_eq!(skipped, [SKIPPED]);

    let estimate = "query ($input: StartRunInput!) { estimateRun(input: $input) { tables assets } }";
    let estimate = server.data(estimate, json!({ "input": { "targets": [{ "dbProfileId": db }] } })).await;
    assert_eq!(estimate["estimateRun"]["tables"], 3, "{estimate}");
    let catalog = "query ($id: ID!) { dbProfile(id: $id) { databases { schemas { tables { nodes { name } } } } } }";
    let catalog = server.data(catalog, json!({ "id": db })).await.to_string();
    assert!(catalog.contains("plain") && !catalog.contains("odd"), "{catalog}");
    // No run has read this second profile, so the search reads its catalog.
    let unread = server.create_db_profile("unread", &target.url()).await;
    let search =
        "query ($id: ID!) { searchAssets(text: \"plain name\", dbProfileIds: [$id]) { nodes { asset { display } } } }";
    let search = server.data(search, json!({ "id": unread })).await.to_string();
    assert!(search.contains("main.plain.name"), "{search}");
}

async fn warnings(server: &Server, run: &str) -> Vec<String> {
    let events = server.events(run, 0).await;
    let warnings = events.iter().filter(|event| event["type"] == "WARNING");
    warnings.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_resumed_run_repeats_no_warning() {
    let target = latin1("CREATE TABLE parts (id INTEGER PRIMARY KEY, gr~sse TEXT, size W~hrung)", "parts");
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    model.fail_next(1, Failure::status(401));
    let run = server.start_run(input).await;
    let before = warnings(&server, &run).await;
    assert_eq!(server.run(&run).await["status"], "FAILED");
    assert_eq!(before.iter().filter(|warning| warning.contains("UTF-8")).count(), 2, "{before:?}");
    let resume = "mutation ($id: ID!) { resumeRun(input: { id: $id }) { run { lastSequence } } }";
    let resumed = server.data(resume, json!({ "id": run })).await;
    server.events(&run, resumed["resumeRun"]["run"]["lastSequence"].as_i64().unwrap()).await;
    assert_eq!(server.run(&run).await["status"], "READY_FOR_REVIEW");
    assert_eq!(warnings(&server, &run).await, before);
}

#[tokio::test]
async fn the_warning_of_rights_names_ten_of_them() {
    let Some(service) = services::postgres().await else { return };
    let (_, database) = service.fresh_database().await;
    let roles: Vec<String> = (10..23).map(|n| format!("CREATE ROLE {database}_r{n} CREATEROLE; ")).collect();
    let grants: Vec<String> = (10..23).map(|n| format!("GRANT {database}_r{n} TO {database}_login; ")).collect();
    let login = format!("CREATE ROLE {database}_login LOGIN PASSWORD 'secret'; ");
    let script = [roles.concat(), login, grants.concat(), "CREATE TABLE t (id int);".to_owned()].concat();
    service.run(Some(&database), &script).await;
    let server = Server::start().await;
    let db = server.create_db_profile("target", &service.url_for(&format!("{database}_login:secret"), &database)).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    let mut warnings = warnings(&server, &run).await;
    warnings.retain(|warning| warning.starts_with("the database user of"));
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(warning.matches("_r").count(), 10, "{warning}");
    assert!(warning.contains(" and 3 more; create a separate user for Gloss"), "{warning}");
}

#[tokio::test]
async fn a_schedule_that_watches_for_changes_warns_of_names() {
    let server = Server::start().await;
    let target = latin1("CREATE TABLE parts (id INTEGER PRIMARY KEY, gr~sse TEXT)", "parts");
    let db = server.create_db_profile("target", &target.url()).await;
    let input = json!({ "name": "changes", "cron": "0 3 * * *", "onChange": true, "target": { "dbProfileId": db } });
    let id = schedules::create(&server, input).await;
    let run = schedules::run_now(&server, &id).await.unwrap();
    let warned = warnings(&server, run["id"].as_str().unwrap()).await;
    assert_eq!(warned, [left_out("1 object is", "its name is", r"column `main.parts.gr\xF6sse`", "it")]);
    assert_eq!(run["status"], Value::from("READY_FOR_REVIEW"));
}
