//! Exports of what is documented, by field and by file, through the API of a real server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

/// The table exactly as Gloss creates it, so that a database can have comments before a run.
const COMMENTS: &str = "CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
    column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));";
const EXPORT: &str = "query ($id: ID!, $format: DescriptionsFormat!, $what: DescriptionTexts, $schemas: [String!]) {
    dbProfile(id: $id) { exportDescriptions(format: $format, what: $what, schemas: $schemas) } }";
const REVIEW: &str = "mutation ($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";

/// A server with a database of three assets: `people` has a comment, `people.name` one that begins like a formula.
pub async fn server() -> (Server, SqliteTarget, String) {
    let target = SqliteTarget::new(&format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); {COMMENTS}
         INSERT INTO gloss_comments VALUES ('TABLE', 'people', '', 'Our people, \"all\"
of them'), ('COLUMN', 'people', 'name', '=the name');"
    ));
    let server = Server::start().await;
    let db = server.create_db_profile("people db", &target.url()).await;
    (server, target, db)
}

async fn field(server: &Server, variables: Value) -> String {
    let data = server.data(EXPORT, variables).await;
    data["dbProfile"]["exportDescriptions"].as_str().unwrap().to_owned()
}

/// Returns the descriptions of a JSON export with their origins, by asset.
async fn descriptions(server: &Server, db: &str, what: &str) -> BTreeMap<String, (String, String)> {
    let export = field(server, json!({ "id": db, "format": "JSON", "what": what })).await;
    let export: Value = serde_json::from_str(&export).unwrap();
    assert_eq!((&export["dbProfile"], &export["what"]), (&json!("people db"), &json!(what)));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let assets = export["assets"].as_array().unwrap().iter();
    assets
        .map(|it| {
            (format!("{}.{}", text(&it["table"]), text(&it["column"])), (text(&it["description"]), text(&it["origin"])))
        })
        .collect()
}

#[tokio::test]
async fn the_formats_hold_the_same_by_field_and_by_file() {
    let (server, _target, db) = server().await;
    // The catalog was never read: the export reads it first.
    let whole: Value = serde_json::from_str(&field(&server, json!({ "id": db, "format": "JSON" })).await).unwrap();
    let assets = json!([
        { "kind": "TABLE", "database": "target", "schema": "main", "table": "people", "column": null, "type": null,
          "description": "Our people, \"all\"\nof them", "origin": "COMMENT" },
        { "kind": "COLUMN", "database": "target", "schema": "main", "table": "people", "column": "name", "type": "TEXT",
          "description": "=the name", "origin": "COMMENT" },
    ]);
    assert_eq!((&whole["assets"], &whole["what"], &whole["backend"]), (&assets, &json!("BOTH"), &json!("SQLITE")));

    let csv = field(&server, json!({ "id": db, "format": "CSV" })).await;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let records: Vec<Value> = reader
        .records()
        .map(|record| {
            let value = |(name, cell): (&str, &str)| {
                let cell = if cell.starts_with("'=") { &cell[1..] } else { cell };
                (name.to_owned(), if cell.is_empty() { Value::Null } else { json!(cell) })
            };
            Value::Object(header.iter().zip(&record.unwrap()).map(value).collect())
        })
        .collect();
    assert_eq!(json!(records), assets);
    assert!(csv.contains("'=the name"), "{csv}");

    for (format, media) in [("csv", "text/csv"), ("json", "application/json")] {
        let response = server.get(&format!("/export/descriptions?profile={db}&format={format}&schema=main")).await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(media));
        let name = format!("attachment; filename=\"descriptions-people-db.{format}\"");
        assert_eq!(header("content-disposition"), name);
        let file = response.text().await.unwrap();
        if format == "csv" {
            assert_eq!(file, csv);
        } else {
            assert_eq!(serde_json::from_str::<Value>(&file).unwrap()["assets"], assets);
        }
    }
}

#[tokio::test]
async fn an_accepted_text_takes_the_place_of_the_comment_until_somebody_changes_that() {
    let (server, target, db) = server().await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    server.events(&run, 0).await;
    let before = descriptions(&server, &db, "BOTH").await;
    assert_eq!(before, descriptions(&server, &db, "COMMENTS").await);
    assert!(descriptions(&server, &db, "ACCEPTED").await.is_empty());

    let input = json!({ "runId": run, "decision": "ACCEPT", "replaceComments": true });
    server.data(REVIEW, json!({ "input": input })).await;
    let accepted = descriptions(&server, &db, "ACCEPTED").await;
    assert_eq!(accepted.keys().collect::<Vec<_>>(), ["people.", "people.id", "people.name"]);
    assert!(accepted.values().all(|(_, origin)| origin == "ACCEPTED"));
    assert_eq!(descriptions(&server, &db, "BOTH").await, accepted);
    assert_eq!(descriptions(&server, &db, "COMMENTS").await, before);

    let apply = "mutation ($run: ID!) { applyRun(input: { runId: $run }) { run { lastSequence } } }";
    let sequence = server.data(apply, json!({ "run": run })).await["applyRun"]["run"]["lastSequence"].as_i64().unwrap();
    server.events(&run, sequence).await;
    let applied = descriptions(&server, &db, "BOTH").await;
    assert!(applied.values().all(|(_, origin)| origin == "COMMENT"), "{applied:?}");
    assert_eq!(applied["people.id"].0, accepted["people.id"].0);

    // A comment that somebody wrote after the apply is newer than the accepted text.
    target.execute("UPDATE gloss_comments SET comment = 'by hand' WHERE column_name = 'id'");
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    server.events(&run, 0).await;
    let both = descriptions(&server, &db, "BOTH").await;
    assert_eq!(both["people.id"], ("by hand".to_owned(), "COMMENT".to_owned()));
    assert_eq!(descriptions(&server, &db, "ACCEPTED").await, accepted);
}

#[tokio::test]
async fn an_export_continues_over_many_tables() {
    let target = SqliteTarget::with_tables(45, 2);
    let server = Server::start().await;
    let db = server.create_db_profile("many", &target.url()).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    server.events(&run, 0).await;
    server.data(REVIEW, json!({ "input": { "runId": run, "decision": "ACCEPT" } })).await;
    let csv = field(&server, json!({ "id": db, "format": "CSV" })).await;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let tables: Vec<(String, String)> =
        reader.records().map(|it| it.unwrap()).map(|it| (it[3].to_owned(), it[4].to_owned())).collect();
    assert_eq!(tables.len(), 45 * 3, "{tables:?}");
    let mut sorted = tables.clone();
    sorted.sort();
    assert_eq!(sorted, tables, "tables and columns are in order");
}

#[tokio::test]
async fn wrong_exports_are_refused_with_what_to_do() {
    let (server, _target, db) = server().await;
    let error = server.error(EXPORT, json!({ "id": db, "format": "CSV", "schemas": ["main", "nothing"] })).await;
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["argument"]),
        (&json!("BAD_USER_INPUT"), &json!("schemas"))
    );
    assert!(error["message"].as_str().unwrap().contains("choose main"), "{error}");
    let unknown = gloss::domain::id::encode(gloss::domain::id::NodeType::DbProfile, 999);
    for (query, status, argument) in [
        (format!("profile={db}"), 400, "format"),
        (format!("profile={db}&format=pdf"), 400, "format"),
        (format!("profile={db}&format=csv&what=all"), 400, "what"),
        (format!("profile={db}&format=csv&schema=nothing"), 400, "schemas"),
        (format!("profile={db}&format=csv&color=red"), 400, "query"),
        ("format=csv".to_owned(), 400, "profile"),
        ("format=csv&profile=x".to_owned(), 400, "profile"),
        (format!("format=csv&profile={unknown}"), 404, "profile"),
    ] {
        let response = server.get(&format!("/export/descriptions?{query}")).await;
        assert_eq!(response.status(), status, "{query}");
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["argument"], argument, "{query}: {body}");
    }
    // A database that cannot be read for the first export.
    let gone = server.create_db_profile("gone", "postgres://nobody@127.0.0.1:1/nothing").await;
    let error = server.error(EXPORT, json!({ "id": gone, "format": "CSV" })).await;
    assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error}");
}

#[tokio::test]
async fn a_data_dictionary_links_and_escapes_what_is_in_it() {
    let target = SqliteTarget::new(&format!(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
         CREATE TABLE \"odd | name\" (a INTEGER, b INTEGER, boss INTEGER NOT NULL REFERENCES people (id),
            FOREIGN KEY (a, b) REFERENCES pairs (x, y));
         CREATE TABLE pairs (x INTEGER, y INTEGER, PRIMARY KEY (x, y));
         CREATE TABLE people_bak (id INTEGER); CREATE TABLE kept_bak (id INTEGER);
         CREATE VIEW names AS SELECT name FROM people; {COMMENTS}
         INSERT INTO gloss_comments VALUES ('TABLE', 'people', '', '# No <b>heading</b>
second | line'), ('COLUMN', 'people', 'name', 'a | b
c'), ('TABLE', 'kept_bak', '', '1. No list');"
    ));
    let server = Server::start().await;
    let db = server.create_db_profile("people db", &target.url()).await;
    let exclude =
        "mutation ($id: ID!) { updateDbProfile(input: { id: $id, exclude: [\"*_bak\"] }) { dbProfile { id } } }";
    server.data(exclude, json!({ "id": db })).await;
    let text = field(&server, json!({ "id": db, "format": "MARKDOWN" })).await;
    let time = text.lines().find(|line| line.starts_with("Exported by Gloss at ")).unwrap().to_owned();
    let time = time.split(": ").next().unwrap();
    insta::assert_snapshot!(text.replace(time, "Exported by Gloss at TIME"));
    // Each link leads to exactly one heading.
    let links: Vec<&str> = text.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert_eq!(links.len(), 9, "{links:?}");
    for link in links {
        assert_eq!(text.matches(&format!("<a id=\"{link}\"></a>")).count(), 1, "{link}");
    }
    let file = server.get(&format!("/export/descriptions?profile={db}&format=md")).await;
    assert!(file.headers()["content-type"].to_str().unwrap().starts_with("text/markdown"));
    let below_time = |text: &str| text.lines().skip(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(below_time(&file.text().await.unwrap()), below_time(&text));
}
