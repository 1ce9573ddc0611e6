//! The documentation coverage of a database and the number of assets that a search finds, through the API of a real
//! server.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

const REFRESH: &str = "query ($id: ID!) { dbProfile(id: $id) { coverage(refresh: true) { documented accepted } } }";
const MISSING: &str = "query ($id: ID!, $after: String) { dbProfile(id: $id) { missing(first: 2, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { display } } } }";
const COVERAGE: &str = "query ($id: ID!) { dbProfile(id: $id) { coverage { assets documented accepted readAt
    byKind { kind assets documented accepted } schemas { database schema assets documented accepted } } } }";

async fn coverage(server: &Server, db: &str) -> Value {
    server.data(COVERAGE, json!({ "id": db })).await["dbProfile"]["coverage"].take()
}

/// Returns what is missing, read in pages of two.
async fn missing(server: &Server, db: &str) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = server.data(MISSING, json!({ "id": db, "after": after })).await["dbProfile"]["missing"].take();
        let nodes = page["nodes"].as_array().unwrap();
        names.extend(nodes.iter().map(|node| node["display"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            return names;
        }
        assert_eq!(nodes.len(), 2);
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn coverage_counts_what_is_documented_and_what_is_accepted() {
    let target = SqliteTarget::new(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL); CREATE TABLE orders_bak (id INTEGER);
         CREATE VIEW sums AS SELECT total FROM orders;
         CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
            column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));
         INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'total', 'In euros'), ('COLUMN', 'orders', 'id', ' ');",
    );
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    assert_eq!(coverage(&server, &db).await, Value::Null, "the catalog was never read");
    let exclude =
        "mutation ($id: ID!) { updateDbProfile(input: { id: $id, exclude: [\"*_bak\"] }) { dbProfile { id } } }";
    server.data(exclude, json!({ "id": db })).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    server.events(&run, 0).await;
    let read = coverage(&server, &db).await;
    assert_eq!((&read["assets"], &read["documented"], &read["accepted"]), (&json!(5), &json!(1), &json!(0)), "{read}");
    assert!(read["readAt"].is_string());
    let kinds = json!([
        { "kind": "TABLE", "assets": 1, "documented": 0, "accepted": 0 },
        { "kind": "VIEW", "assets": 1, "documented": 0, "accepted": 0 },
        { "kind": "COLUMN", "assets": 3, "documented": 1, "accepted": 0 },
    ]);
    assert_eq!(read["byKind"], kinds);
    assert_eq!((&read["schemas"][0]["schema"], &read["schemas"][0]["assets"]), (&json!("main"), &json!(5)));

    assert_eq!(missing(&server, &db).await, ["main.orders", "main.orders.id", "main.sums", "main.sums.total"]);

    let review =
        "mutation ($run: ID!) { reviewSuggestions(input: { runId: $run, decision: ACCEPT }) { changed leftOut } }";
    server.data(review, json!({ "run": run })).await;
    assert_eq!(coverage(&server, &db).await["accepted"], 4);
    assert_eq!(missing(&server, &db).await, [""; 0]);
    let apply = "mutation ($run: ID!) { applyRun(input: { runId: $run }) { run { lastSequence } } }";
    let sequence = server.data(apply, json!({ "run": run })).await["applyRun"]["run"]["lastSequence"].as_i64().unwrap();
    server.events(&run, sequence).await;
    let read = coverage(&server, &db).await;
    assert_eq!((&read["assets"], &read["documented"], &read["accepted"]), (&json!(5), &json!(5), &json!(0)), "{read}");
    // An asset with a comment and another accepted text counts once.
    target.execute("UPDATE gloss_comments SET comment = 'Something else' WHERE column_name = 'id'");
    let read = server.data(REFRESH, json!({ "id": db })).await["dbProfile"]["coverage"].take();
    assert_eq!(read, json!({ "documented": 5, "accepted": 0 }));
    // Without the pattern the table counts again: its catalog was indexed although it was excluded.
    let include = "mutation ($id: ID!) { updateDbProfile(input: { id: $id, exclude: [] }) { dbProfile { id } } }";
    server.data(include, json!({ "id": db })).await;
    assert_eq!(coverage(&server, &db).await["assets"], 7);
    assert_eq!(missing(&server, &db).await, ["main.orders_bak", "main.orders_bak.id"]);
}

#[tokio::test]
async fn a_search_counts_what_it_finds_up_to_a_thousand() {
    let columns: Vec<String> = (1..=50).map(|n| format!("amount_{n:03} INTEGER")).collect();
    let tables = (1..=21).map(|n| format!("CREATE TABLE ledger_{n:02} ({});", columns.join(", ")));
    let target = SqliteTarget::new(&tables.collect::<String>());
    target.execute("CREATE TABLE lonely_invoice (invoice_number TEXT)");
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let query = "query ($text: String!, $ids: [ID!], $first: Int) { searchAssets(text: $text, dbProfileIds: $ids, \
        first: $first) {
        totalCount nodes { asset { display } } } }";
    let count = async |text: &str, first: usize| {
        let data = server.data(query, json!({ "text": text, "ids": [db], "first": first })).await;
        let nodes = data["searchAssets"]["nodes"].as_array().unwrap().len();
        (data["searchAssets"]["totalCount"].as_i64().unwrap(), nodes)
    };
    assert_eq!(count("invoice", 1).await, (2, 1));
    assert_eq!(count("invoice number", 50).await.0, 1);
    assert_eq!(count("nothing", 50).await, (0, 0));
    assert_eq!(count("!!", 50).await, (0, 0));
    assert_eq!(count("amount", 10).await, (1_000, 10), "the count stops at a thousand");
    assert_eq!(count("ledger amount", 0).await, (1_000, 0));
}
