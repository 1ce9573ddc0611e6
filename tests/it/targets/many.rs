//! Databases with many tables and columns.

use std::fmt::Write as _;

use gloss::port::target::{SampleLimits, Target};

use super::{open, sqlite_url};
use crate::services;

const TABLES: usize = 300;
const COLUMNS: usize = 150;

/// Returns a chain of tables that refer to each other, and one table with many columns.
fn script() -> String {
    let mut script =
        String::from("CREATE TABLE t0 (id INTEGER NOT NULL PRIMARY KEY, up INTEGER, label VARCHAR(20));\n");
    for n in 1..TABLES {
        writeln!(
            script,
            "CREATE TABLE t{n} (id INTEGER NOT NULL PRIMARY KEY, up INTEGER, label VARCHAR(20), FOREIGN KEY (up) \
                REFERENCES t{} (id));",
            n - 1
        )
        .unwrap();
    }
    let columns: Vec<String> = (0..COLUMNS).map(|n| format!("c{n} INTEGER")).collect();
    let values: Vec<String> = (0..COLUMNS).map(|n| n.to_string()).collect();
    writeln!(script, "CREATE TABLE wide ({}); INSERT INTO wide VALUES ({});", columns.join(", "), values.join(", "))
        .unwrap();
    script
}

async fn all_are_seen(target: &dyn Target, schema: &str) {
    let names: Vec<String> = target.tables(None, schema).await.unwrap().into_iter().map(|table| table.name).collect();
    assert_eq!(names.len(), TABLES + 1);
    // More names than one statement takes.
    let mut asked = names.clone();
    asked.extend((0..400).map(|n| format!("absent {n}")));
    for asked in [&names, &asked] {
        let details = target.details(None, schema, asked).await.unwrap();
        assert_eq!(details.len(), TABLES + 1);
        let linked = |detail: &&gloss::domain::catalog::TableDetail| !detail.foreign_keys.is_empty();
        assert_eq!(details.iter().filter(linked).count(), TABLES - 1);
        assert_eq!(details.iter().filter(|detail| !detail.referenced_by.is_empty()).count(), TABLES - 1);
    }
    let wide = target.details(None, schema, &["wide".to_owned()]).await.unwrap();
    let found = target.statistics(&wide[0], SampleLimits::default()).await.unwrap();
    assert_eq!((found.columns.len(), found.sampled_rows, found.complete), (COLUMNS, 1, true));
    let in_order = found.columns.iter().enumerate().all(|(n, column)| column.samples == [n.to_string()]);
    assert!(in_order);
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many.db");
    services::load_sqlite(&file, &format!("BEGIN; {} COMMIT;", script())).await;
    all_are_seen(&*open(&sqlite_url(&file), None).unwrap(), "main").await;
}

#[tokio::test]
async fn postgres() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    service.run(Some(&database), &script()).await;
    all_are_seen(&*open(&url, None).unwrap(), "public").await;
}

#[tokio::test]
async fn mariadb() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    service.run(Some(&database), &script()).await;
    all_are_seen(&*open(&url, None).unwrap(), &database).await;
}
