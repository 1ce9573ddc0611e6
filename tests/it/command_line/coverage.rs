//! `gloss coverage`, and the CI job of the book.

use std::{path::Path, process::Stdio};

use gloss::cli::Exit;
use serde_json::{Value, json};
use tokio::process::Command;

use super::ends;
use crate::{
    cli::says,
    harness::{Server, SqliteTarget},
    services::{self, absent},
};

/// A table for comments, as Gloss creates it in SQLite.
const COMMENTS: &str = "CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '', \
    column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));";

/// The assets that a command names as missing.
fn missing(document: &Value) -> Vec<&str> {
    document["missing"].as_array().unwrap().iter().map(|asset| asset["display"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn coverage_is_a_check() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["profile", "db", "list"], Exit::Success).await;
    let low = ends(data, &["coverage", "demo", "--min", "100"], Exit::Failure).await;
    says(&low.stdout, &["missing: main.orders.status"]);
    says(&low.stderr, &["less than 100 %", "gloss run demo --missing-only"]);
    ends(data, &["run", "demo", "--apply"], Exit::Success).await;
    let full = ends(data, &["coverage", "demo", "--min", "100", "--json"], Exit::Success).await.json();
    assert_eq!((&full["ok"], &full["coverage"]["documented"]), (&json!(true), &full["coverage"]["assets"]));
    let all = ends(data, &["coverage", "demo", "--missing", "--json"], Exit::Success).await.json();
    assert_eq!(all["missing"], json!([]));
}

/// A database whose tables were never made is no success, and a name with a space is printed as a shell takes it.
#[tokio::test]
async fn coverage_of_nothing_fails_a_check() {
    let target = SqliteTarget::new("");
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let added = ends(data, &["profile", "db", "add", "my shop", &target.url()], Exit::Success).await;
    says(&added.stderr, &["`gloss run '\"my shop\"'`"]);
    ends(data, &["coverage", "my shop"], Exit::Success).await;
    let empty = ends(data, &["coverage", "my shop", "--min", "1"], Exit::Failure).await;
    says(&empty.stderr, &["nothing to document", "--schema"]);
}

/// An accepted text counts before it is written, and the catalog is read each time.
#[tokio::test]
async fn accepted_texts_count_and_new_columns_are_seen() {
    let target = SqliteTarget::new(&format!("{COMMENTS} CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);"));
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["profile", "db", "add", "shop", &target.url()], Exit::Success).await;
    let none = ends(data, &["coverage", "shop", "--missing", "--json"], Exit::Success).await.json();
    assert_eq!(missing(&none), ["main.orders", "main.orders.id", "main.orders.total"]);
    ends(data, &["run", "shop"], Exit::Success).await;
    ends(data, &["history", "review", "1", "--accept", "--name", "orders"], Exit::Success).await;
    let all = ends(data, &["coverage", "shop", "--min", "100"], Exit::Success).await;
    says(&all.stdout, &["total        3       0        3         0        100 %"]);
    target.execute("ALTER TABLE orders ADD COLUMN paid_at TEXT");
    let one = ends(data, &["coverage", "shop", "--min", "100"], Exit::Failure).await;
    says(&one.stdout, &["total        4       0        3         1        75 %", "missing: main.orders.paid_at"]);
    says(&one.stderr, &["75 % is documented, less than 100 %"]);
}

/// Partitions and excluded tables do not count, and `--schema` leaves out the other schemas.
#[tokio::test]
async fn coverage_counts_some_schemas() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    let sql = "CREATE TABLE measure (at date NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE measure_2024 PARTITION OF measure FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE SCHEMA \"the store\"; CREATE TABLE \"the store\".shop (id int);
        CREATE TABLE \"the store\".shop_bak (id int); COMMENT ON TABLE \"the store\".shop IS 'Shops';";
    service.run(Some(&database), sql).await;
    let server = Server::start().await;
    let db = server.create_db_profile("pg", &url).await;
    let exclude =
        "mutation ($id: ID!) { updateDbProfile(input: { id: $id, exclude: [\"*_bak\"] }) { dbProfile { id } } }";
    server.data(exclude, json!({ "id": db })).await;
    let data = server.data.path();
    let all = ends(data, &["coverage", "pg", "--missing", "--json"], Exit::Success).await.json();
    assert_eq!(missing(&all), ["public.measure", "public.measure.at", "\"the store\".shop.id"]);
    assert_eq!((&all["coverage"]["assets"], &all["coverage"]["documented"]), (&json!(4), &json!(1)));
    let store = ["coverage", "pg", "--schema", "the store", "--min", "51", "--json"];
    let store = ends(data, &store, Exit::Failure).await;
    assert_eq!(missing(&store.json()), ["\"the store\".shop.id"]);
    assert_eq!(store.json()["coverage"]["assets"], 2);
    says(&store.stderr, &["50 % is documented, less than 51 %", "gloss run 'pg:\"the store\"' --missing-only"]);
    let two = ["coverage", "pg", "--schema", "public", "--schema", "the store", "--json"];
    assert_eq!(ends(data, &two, Exit::Success).await.json()["coverage"]["assets"], 4);
    let unknown = ends(data, &["coverage", "pg", "--schema", "nope"], Exit::UserError).await;
    says(&unknown.stderr, &["pg has no schema \"nope\"", "choose public, the store"]);
}

/// The script in the book's page about CI.
fn script() -> String {
    let page = std::fs::read_to_string("docs/ci.md").unwrap();
    let (_, rest) = page.split_once("```bash\n").expect("a script");
    rest.split("\n```").next().unwrap().to_owned()
}

/// Runs the CI job. Returns its exit code and what it printed.
async fn job(folder: &Path, url: &str) -> (Option<i32>, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_gloss"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.args(["-c", &script()]).current_dir(folder).envs([("PATH", path.as_str()), ("DATABASE_URL", url)]);
    let output = shell.env_remove("GLOSS_DATA_DIR").stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    (output.status.code(), said)
}

#[tokio::test]
async fn a_ci_job_fails_when_a_new_column_has_no_description() {
    for tool in ["bash", "jq"] {
        if Command::new(tool).arg("--version").stdout(Stdio::null()).status().await.is_err() {
            return absent(&format!("the CI job of the book, because {tool} is not installed"));
        }
    }
    let target = SqliteTarget::new(&format!(
        "{COMMENTS} CREATE TABLE orders (id INTEGER PRIMARY KEY);
         INSERT INTO gloss_comments VALUES ('TABLE', 'orders', '', 'Orders'), ('COLUMN', 'orders', 'id', 'Its key');"
    ));
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = job(folder.path(), &target.url()).await;
    assert_eq!(code, Some(0), "{said}");
    target.execute("ALTER TABLE orders ADD COLUMN paid_at TEXT");
    for _ in 0..2 {
        let (code, said) = job(folder.path(), &target.url()).await;
        assert_eq!(code, Some(1), "{said}");
        // The job names the column and suggests a text for it.
        says(&said, &["missing: main.orders.paid_at", "When the order was paid"]);
    }
    target.execute("INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'paid_at', 'When it was paid')");
    let (code, said) = job(folder.path(), &target.url()).await;
    assert_eq!(code, Some(0), "{said}");
}
