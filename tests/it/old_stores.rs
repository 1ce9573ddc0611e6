//! Stores of earlier versions are migrated, and nothing in them is lost.

use std::{fs, path::Path, sync::Arc};

use gloss::cli::Exit;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::{
    cli::says,
    command_line::ends,
    harness::{Server, store},
};

/// The records of `LEVEL_10`, and the number of migrations that made their tables.
const LEVEL_10: (u32, &str) = (10, include_str!("old_stores/level_10.sql"));
/// The secret in the records.
const SECRET: &str = "hunter2OLDhunter2";

/// Fills a data folder's store with the records of an earlier version, and migrates it up to a level.
async fn old_store(data: &Path, level: u32) {
    let (url, (first, records)) = (store::url(data), LEVEL_10);
    let url = if store::in_postgres() { url } else { format!("{url}?mode=rwc") };
    let connection = Database::connect(url).await.unwrap();
    Migrator::up(&connection, Some(first)).await.unwrap();
    connection.execute_unprepared(records).await.unwrap();
    if store::in_postgres() {
        for table in ["db_profile", "llm_profile", "run", "suggestion", "applied_comment"] {
            let next = format!("SELECT setval('{table}_id_seq', max(id)) FROM {table}");
            connection.execute_unprepared(&next).await.unwrap();
        }
    }
    Migrator::up(&connection, Some(level - first)).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_store_of_the_first_level_is_taken_over() {
    let data = Arc::new(tempfile::TempDir::with_prefix("gloss-").unwrap());
    old_store(data.path(), LEVEL_10.0).await;
    // The doctor changes nothing; there is no key yet.
    let doctor = ends(data.path(), &["doctor"], Exit::Success).await;
    says(&doctor.stdout, &["warning  store:", "older version", "gloss migrate"]);

    let server = Server::start_at(Arc::clone(&data), &[]).await;
    let run = server.data("{ runByNumber(number: 1) { id } }", json!({})).await["runByNumber"]["id"].take();
    let run = run.as_str().unwrap();
    let query = "query($id: ID!) { run(id: $id) { status scopeSummary startedBy labels progress { total done }
        suggestions(first: 9) { nodes { asset { display } description review { state text } alternatives { text }
            evidence { source } } } } }";
    let found = server.data(query, json!({ "id": run })).await["run"].take();
    assert_eq!(found["status"], "READY_FOR_REVIEW");
    assert_eq!((&found["startedBy"], &found["labels"]), (&json!("local"), &json!([])));
    assert_eq!(found["progress"], json!({ "total": 3, "done": 3 }));
    let suggestions = found["suggestions"]["nodes"].as_array().unwrap();
    let texts: Vec<&Value> = suggestions.iter().map(|it| &it["description"]).collect();
    let written = ["One row per order, with its status.", "Unique identifier of each order.", "Status of the order."];
    assert_eq!(texts, written.map(|text| json!(text)).iter().collect::<Vec<_>>());
    assert_eq!(suggestions[2]["review"]["state"], "ACCEPTED");
    assert!(suggestions.iter().all(|it| it["alternatives"].as_array().unwrap().len() == 3));
    let events = server.events(run, 0).await;
    assert!(events.iter().enumerate().all(|(at, event)| event["sequence"] == at + 1), "{events:#?}");
    let audit = server.data("{ appliedComments { nodes { after actor asset { display } } } }", json!({})).await;
    assert_eq!(audit["appliedComments"]["nodes"][0]["after"], "Status of the order.");
    // Counts, searches and numbers follow.
    let list = "{ runs(filter: { search: \"everything\" }) { totalCount statusCounts { status count } } }";
    assert_eq!(server.data(list, json!({})).await["runs"]["totalCount"], 1);
    let next = server.start_run(json!({ "targets": [{ "dbProfileId": server.db_profile("warehouse").await }] })).await;
    assert_eq!(server.run(&next).await["number"], 2);
    server.signal("TERM");
    let (_, data) = server.left().await;

    // The password was stored in plain text. It is sealed, and its old place is overwritten.
    if !store::in_postgres() {
        let bytes = fs::read(data.path().join("store.db")).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    }
    let doctor = ends(data.path(), &["doctor"], Exit::Failure).await;
    says(&doctor.stdout, &["ok       store:", "ok       key: opens the secrets"]);
}

#[tokio::test]
async fn a_store_of_every_level_comes_to_the_same() {
    let last = u32::try_from(Migrator::migrations().len()).unwrap();
    let mut first: Option<Value> = None;
    for level in LEVEL_10.0..=last {
        let data = tempfile::TempDir::with_prefix("gloss-").unwrap();
        old_store(data.path(), level).await;
        ends(data.path(), &["migrate"], Exit::Success).await;
        let mut shown = Vec::new();
        for command in [&["show", "1"][..], &["results", "1"], &["events", "1"]] {
            let arguments: Vec<&str> = ["history"].iter().chain(command).chain(&["--json"]).copied().collect();
            shown.push(ends(data.path(), &arguments, Exit::Success).await.stdout);
        }
        let shown = json!(shown);
        assert_eq!(&shown, first.get_or_insert_with(|| shown.clone()), "from level {level}");
    }
}
