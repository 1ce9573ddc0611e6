//! The exported script of comments, replayed with the database's own client, writes what an apply writes.

use serde_json::json;

use super::{APPLY, Database, review, text, write};
use crate::harness::Server;

const EXPORT: &str = "query ($id: ID!, $what: DescriptionTexts!, $schema: String!) { dbProfile(id: $id) {
    exportDescriptions(format: SQL, what: $what, schemas: [$schema]) } }";

async fn script(server: &Server, database: &Database, what: &str) -> String {
    let profile = server.db_profile("target").await;
    let variables = json!({ "id": profile, "what": what, "schema": database.schema() });
    text(&server.data(EXPORT, variables).await["dbProfile"]["exportDescriptions"])
}

/// Returns the lines of a script that do not depend on the time. PostgreSQL gives the schema `public` a comment.
fn statements(script: &str) -> Vec<&str> {
    script.lines().skip(2).filter(|line| !line.starts_with("COMMENT ON SCHEMA ")).collect()
}

/// Runs over the tables, edits a text, and accepts the others. `again` removes all comments.
async fn replayed(database: Database, again: &str) -> String {
    let server = Server::start().await;
    let run = database.start_run(&server, json!({})).await;
    server.events(&run, 0).await;
    let first = server
        .data("query ($id: ID!) { run(id: $id) { suggestions(first: 1) { nodes { id } } } }", json!({ "id": run }))
        .await["run"]["suggestions"]["nodes"][0]["id"]
        .take();
    let hostile = "It's \"quoted\" `here`,\nwith C:\\new\\'; -- a path; 50 % Ünïcode";
    review(&server, json!({ "ids": [first], "decision": "ACCEPT", "text": hostile })).await;
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    assert!(database.comments().await.is_empty());

    let exported = script(&server, &database, "BOTH").await;
    assert!(statements(&script(&server, &database, "COMMENTS").await).len() < statements(&exported).len());
    write(&server, APPLY, &run).await;
    let (comments, dump) = (database.comments().await, database.dump().await);
    assert!(comments.values().any(|comment| comment == hostile), "{comments:#?}");

    database.execute(again).await;
    assert!(database.comments().await.is_empty());
    database.execute(&exported).await;
    assert_eq!(database.comments().await, comments, "{exported}");
    assert_eq!(database.dump().await, dump);
    // Once they are applied, the comments themselves are exported.
    let (one, other) = (script(&server, &database, "COMMENTS").await, script(&server, &database, "ACCEPTED").await);
    assert_eq!(statements(&one), statements(&other));
    exported
}

#[tokio::test]
async fn a_script_replayed_on_postgres_is_an_apply() {
    let tables = "CREATE TABLE users (id INTEGER PRIMARY KEY, \"E \"\"mail\" VARCHAR(80));
        CREATE VIEW names AS SELECT id FROM users;";
    let Some(database) = Database::postgres(tables).await else { return };
    let again = "COMMENT ON TABLE users IS NULL; COMMENT ON COLUMN users.id IS NULL; COMMENT ON VIEW names IS NULL;
        COMMENT ON COLUMN users.\"E \"\"mail\" IS NULL; COMMENT ON COLUMN names.id IS NULL;";
    let script = replayed(database, again).await;
    assert!(script.contains("COMMENT ON VIEW \"public\".\"names\" IS "), "{script}");
}

#[tokio::test]
async fn a_script_replayed_on_mariadb_is_an_apply() {
    let tables = "CREATE TABLE users (id INTEGER PRIMARY KEY AUTO_INCREMENT, `E ``mail` VARCHAR(80) DEFAULT 'x');
        CREATE TABLE orders (id INTEGER PRIMARY KEY);";
    let Some(database) = Database::mariadb(tables).await else { return };
    let again = "ALTER TABLE users COMMENT '', MODIFY id INTEGER AUTO_INCREMENT,
        MODIFY `E ``mail` VARCHAR(80) DEFAULT 'x'; ALTER TABLE orders COMMENT '', MODIFY id INTEGER;";
    replayed(database, again).await;
}

#[tokio::test]
async fn a_script_replayed_on_sqlite_is_an_apply() {
    let tables = "CREATE TABLE users (id INTEGER PRIMARY KEY, \"E \"\"mail\" VARCHAR(80));";
    replayed(Database::sqlite(tables).await, "DROP TABLE gloss_comments;").await;
}

#[tokio::test]
async fn a_comment_that_the_database_cannot_carry_is_a_line_that_says_so() {
    let tables = "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE VIEW names AS SELECT id FROM users;";
    let Some(database) = Database::mariadb(tables).await else { return };
    let server = Server::start().await;
    let run = database.start_run(&server, json!({})).await;
    server.events(&run, 0).await;
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    let exported = script(&server, &database, "ACCEPTED").await;
    let left_out: Vec<&str> = exported.lines().filter(|line| line.starts_with("-- left out ")).collect();
    assert!(!left_out.is_empty(), "{exported}");
    assert!(left_out.iter().all(|line| line.contains(".names")), "{exported}");
    database.execute(&exported).await;
    // A view shows the comment of the column that it selects.
    assert_eq!(database.comments().await.keys().collect::<Vec<_>>(), ["names.id", "users", "users.id"]);
}
