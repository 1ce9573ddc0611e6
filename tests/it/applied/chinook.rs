//! Chinook: described, reviewed, applied, read back and rolled back on each kind of database.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{APPLY, Database, ROLLBACK, audit, count, order, outcomes, pages, review, suggestions, with_status, write};
use crate::{harness::Server, services};

/// Number of tables and columns in Chinook.
const ASSETS: usize = 11 + 64;

fn script(file: &str) -> Option<String> {
    services::shared(file).map(|path| std::fs::read_to_string(path).unwrap())
}

/// Runs the whole round trip. `by_hand` returns the SQL that sets the comment of `table` to the given literal.
async fn there_and_back(database: &Database, table: &str, beyond_the_plane: &str, by_hand: fn(&str) -> String) {
    let server = Server::start().await;
    let (dump_before, comments_before) = (database.dump().await, database.comments().await);
    let run = database.start_run(&server, json!({})).await;
    server.events(&run, 0).await;

    let all = json!({ "runId": run, "filter": { "states": ["UNREVIEWED"] }, "decision": "ACCEPT",
        "replaceComments": true });
    assert_eq!(review(&server, all).await, i64::try_from(ASSETS).unwrap());
    let suggested = suggestions(&server, &run).await;
    let of = |wanted: &str| suggested.iter().position(|one| one.place == wanted).unwrap();
    let changed = of(table);
    // All assets except the one whose comment is changed by hand later.
    let mut others = (0..ASSETS).filter(|at| *at != changed);
    let edits = [
        "It's \"quoted\" \\ back\\slash\\' $$ $tag$ `tick` %s ; DROP TABLE album; -- */".to_owned(),
        "line one\nline two\r\n\tindented".to_owned(),
        format!("Größe, 価格, \u{200f}שלום\u{200e}, e\u{301}{beyond_the_plane}"),
    ];
    for text in &edits {
        let id = &suggested[others.next().unwrap()].id;
        assert_eq!(review(&server, json!({ "ids": [id], "decision": "ACCEPT", "text": text })).await, 1);
    }
    let skipped: Vec<_> = others.by_ref().take(2).map(|at| &suggested[at]).collect();
    let ids: Vec<_> = skipped.iter().map(|one| &one.id).collect();
    assert_eq!(review(&server, json!({ "ids": ids, "decision": "SKIP" })).await, 2);

    let suggested = suggestions(&server, &run).await;
    assert_eq!(
        suggested.iter().filter(|one| one.state == "EDITED").map(|one| &one.text).collect::<Vec<_>>(),
        edits.iter().collect::<Vec<_>>()
    );
    let began = std::time::Instant::now();
    let planned = plan(&server, &run).await;
    eprintln!("{} comments planned in {} ms", planned.len(), began.elapsed().as_millis());
    assert_eq!(planned.len(), ASSETS - 2);
    assert!(planned.iter().all(|item| item["status"] == "PLANNED" || item["status"] == "UNCHANGED"), "{planned:#?}");
    assert!(planned.iter().all(|item| item["statement"].is_string()));
    assert_eq!(database.dump().await, dump_before, "a plan writes nothing");

    let events = write(&server, APPLY, &run).await;
    assert_eq!((count(&events, "APPLIED"), count(&events, "APPLY_FAILED")), (ASSETS - 2, 0), "{events:#?}");
    assert_eq!(events.last().unwrap()["status"], "SUCCESS");
    let mut wanted = comments_before.clone();
    for one in suggested.iter().filter(|one| one.state != "SKIPPED") {
        wanted.insert(one.place.clone(), one.text.clone());
    }
    same(&database.comments().await, &wanted);
    // The apply did exactly what the plan announced.
    let done = outcomes(&server, &run).await;
    for item in &planned {
        let outcome = &done[&super::place(&item["suggestion"]["asset"])];
        assert_eq!(
            (&outcome["statement"], &outcome["before"], &outcome["after"]),
            (&item["statement"], &item["before"], &item["after"])
        );
    }
    let written = with_status(&done, "APPLIED");
    assert_eq!(audit(&server, &run).await.len(), written);

    database.execute(&by_hand("by hand")).await;
    let events = write(&server, ROLLBACK, &run).await;
    assert_eq!(count(&events, "APPLY_FAILED"), 1);
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    let done = outcomes(&server, &run).await;
    assert_eq!(done[table]["status"], "CONFLICT");
    assert_eq!(done[table]["before"], "by hand");
    assert_eq!(done[table]["error"]["code"], "CONFLICT");
    let mut wanted = comments_before.clone();
    wanted.insert(table.into(), "by hand".into());
    same(&database.comments().await, &wanted);

    // Once Gloss's text is restored, the rest is rolled back too, and the dump is byte for byte the original.
    assert_ne!(database.dump().await + &format!("{wanted:?}"), dump_before);
    let text = &suggested[changed].text;
    assert!(!text.contains(['\'', '\\']), "{text}");
    database.execute(&by_hand(text)).await;
    let events = write(&server, ROLLBACK, &run).await;
    assert_eq!((count(&events, "APPLIED"), count(&events, "APPLY_FAILED")), (1, 0));
    assert_eq!(database.dump().await, dump_before);
    assert_eq!(database.comments().await, comments_before);
    assert_eq!(order(&server, ROLLBACK, json!({ "runId": run })).await.0, 0, "all is undone");
    // The audit holds each write and its roll-back.
    let writes = audit(&server, &run).await;
    let undone = writes.iter().filter(|write| write["rolledBackAt"].is_string()).count();
    assert_eq!((undone, writes.len()), (written, written * 2));
}

async fn plan(server: &Server, run: &str) -> Vec<Value> {
    let query = "query ($id: ID!, $after: String) { applyPlan(runId: $id, first: 30, after: $after) { totalCount
        pageInfo { hasNextPage endCursor } nodes { status statement before after error { message }
        suggestion { asset { schema table column } } } } }";
    pages(server, query, run, "/applyPlan").await
}

fn same(found: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) {
    for (place, text) in wanted {
        assert_eq!(found.get(place), Some(text), "{place}");
    }
    assert_eq!(found.len(), wanted.len(), "more comments than wanted");
}

#[tokio::test]
async fn on_sqlite() {
    let Some(script) = script("chinook/sqlite.sql") else { return };
    let database = Database::sqlite(&script).await;
    there_and_back(&database, "Album", " 🙂", |text| {
        format!("UPDATE gloss_comments SET comment = '{text}' WHERE table_name = 'Album' AND column_name = '';")
    })
    .await;
}

#[tokio::test]
async fn on_postgres() {
    let Some(script) = script("chinook/postgres.sql") else { return };
    let (_, tables) = script.split_once("\\c chinook;").unwrap();
    let Some(database) = Database::postgres(tables).await else { return };
    database
        .execute("COMMENT ON TABLE track IS 'the songs'; COMMENT ON COLUMN track.composer IS E'who\\nwrote it';")
        .await;
    there_and_back(&database, "album", " 🙂", |text| format!("COMMENT ON TABLE album IS '{text}';")).await;
}

#[tokio::test]
async fn on_mariadb() {
    let Some(script) = script("chinook/mysql.sql") else { return };
    let (_, tables) = script.split_once("USE `Chinook`;").unwrap();
    let Some(database) = Database::mariadb(tables).await else { return };
    let comments = "ALTER TABLE Track COMMENT = 'the songs', MODIFY Composer VARCHAR(220) COMMENT 'who\\nwrote it';";
    database.execute(comments).await;
    there_and_back(&database, "Album", "", |text| format!("ALTER TABLE Album COMMENT = '{text}';")).await;
}

#[tokio::test]
async fn mariadb_views_are_refused_and_tables_are_written() {
    let script = "CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(50)); CREATE VIEW buyers AS SELECT id FROM \
        customers;";
    let Some(database) = Database::mariadb(script).await else { return };
    let server = Server::start().await;
    let run = database.start_run(&server, json!({})).await;
    server.events(&run, 0).await;
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    let events = write(&server, APPLY, &run).await;
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    let done = outcomes(&server, &run).await;
    assert_eq!(with_status(&done, "APPLIED"), 3, "{done:#?}");
    for place in ["buyers", "buyers.id"] {
        assert_eq!(
            (&done[place]["status"], &done[place]["error"]["code"]),
            (&json!("FAILED"), &json!("BAD_USER_INPUT"))
        );
    }
    // The fourth is the view's column, which MariaDB shows with the comment of the table's column.
    let comments = database.comments().await;
    assert_eq!(comments.len(), 4);
    assert_eq!(comments["buyers.id"], comments["customers.id"]);
}
