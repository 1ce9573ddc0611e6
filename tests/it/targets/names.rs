//! Names of any kind survive quoting on real databases.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use gloss::{
    port::target::{SampleLimits, Target},
    target::quote::{ansi, backtick},
};

use super::{open, sqlite_url};
use crate::services;

/// Number of tables per run; each is created, listed and read.
const TABLES: usize = 40;

/// Returns names of up to 20 characters, preferring characters with a meaning in SQL.
fn names(outside_the_plane: bool) -> Vec<String> {
    let special = prop::sample::select(vec![
        "\"", "`", "'", ".", " ", "\\", "\n", "--", ";", "%", "_", "?", "$1", "{", "[", "ß", "名",
    ]);
    let letter = prop_oneof![special.prop_map(str::to_owned), any::<char>().prop_map(String::from), "[a-zA-Z0-9]"];
    let name = prop::collection::vec(letter, 1..12).prop_map(|parts| parts.concat());
    let mut runner = TestRunner::new(Config::default());
    let mut names: Vec<String> = Vec::new();
    while names.len() < TABLES {
        let name: String = name.new_tree(&mut runner).unwrap().current().chars().filter(|c| *c != '\0').collect();
        // Excludes names that the databases refuse: over 63 bytes, with a trailing space, or with characters beyond
        // U+FFFF.
        let fits = !name.trim().is_empty() && name.len() <= 60 && !name.ends_with(char::is_whitespace);
        let plane = outside_the_plane || name.chars().all(|c| u32::from(c) < 0x1_0000);
        // SQLite and MariaDB compare names case-insensitively.
        let is_new = names.iter().all(|known| known.to_lowercase() != name.to_lowercase());
        if fits && plane && is_new && !name.to_lowercase().starts_with("sqlite_") {
            names.push(name);
        }
    }
    names.sort();
    names
}

fn script(schema: &str, names: &[String], quote: fn(&str) -> String) -> String {
    let tables = names.iter().map(|name| {
        let (table, column) = (format!("{}.{}", quote(schema), quote(name)), quote(name));
        format!("CREATE TABLE {table} ({column} VARCHAR(20)); INSERT INTO {table} VALUES ('here');\n")
    });
    tables.collect()
}

async fn are_read(target: &dyn Target, schema: &str, names: &[String]) {
    let tables = target.tables(None, schema).await.unwrap();
    assert_eq!(tables.iter().map(|table| table.name.clone()).collect::<Vec<_>>(), names);
    let details = target.details(None, schema, names).await.unwrap();
    assert_eq!(details.len(), names.len());
    for detail in details {
        assert_eq!(detail.columns[0].name, detail.table.name);
        let found = target.statistics(&detail, SampleLimits::default()).await.unwrap();
        assert_eq!(found.columns[0].samples, ["here"], "{:?}", detail.table.name);
    }
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("n.db");
    let names = names(true);
    services::load_sqlite(&file, &script("main", &names, ansi)).await;
    are_read(&*open(&sqlite_url(&file), None).unwrap(), "main", &names).await;
}

#[tokio::test]
async fn postgres() {
    use sqlx::Connection as _;
    let Some(service) = services::postgres().await else { return };
    let (url, _) = service.fresh_database().await;
    let names = names(true);
    // Not with psql, which interprets backslashes.
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(script("public", &names, ansi))).execute(&mut connection).await.unwrap();
    are_read(&*open(&url, None).unwrap(), "public", &names).await;
}

#[tokio::test]
async fn mariadb() {
    use sqlx::Connection as _;
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let names = names(false);
    let mut connection = sqlx::MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(script(&database, &names, backtick))).execute(&mut connection).await.unwrap();
    are_read(&*open(&url, None).unwrap(), &database, &names).await;
}
