//! Chinook: the same eleven tables on each kind of database.

use gloss::port::target::{SampleLimits, Target};

use super::{open, sqlite_url};
use crate::services;

/// Checks the tables, columns and references that every Chinook has.
async fn is_chinook(target: &dyn Target, schema: &str, track: &str) {
    let tables = target.tables(None, schema).await.unwrap();
    assert_eq!(tables.len(), 11);
    let names: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
    let details = target.details(None, schema, &names).await.unwrap();
    assert_eq!(details.iter().map(|detail| detail.columns.len()).sum::<usize>(), 64);
    let columns = || details.iter().flat_map(|detail| &detail.columns);
    assert_eq!(details.iter().map(|detail| detail.foreign_keys.len()).sum::<usize>(), 11);
    assert_eq!(columns().filter(|column| column.primary_key).count(), 12);
    assert_eq!(details.iter().map(|detail| detail.referenced_by.len()).sum::<usize>(), 11);
    let track = details.iter().find(|detail| detail.table.name == track).unwrap();
    let limits = SampleLimits::default();
    let found = target.statistics(track, limits).await.unwrap();
    assert_eq!((found.sampled_rows, found.complete, found.columns.len()), (2_000, false, 9));
    assert!(found.columns[0].distinct == Some(2_000) && found.columns[1].samples.len() == 10);
    // InnoDB's estimate can be far off, and a freshly loaded PostgreSQL may have none yet.
    assert!(
        track.table.row_estimate.is_none_or(|rows| (2_000..6_000).contains(&rows)),
        "{:?}",
        track.table.row_estimate
    );
}

#[tokio::test]
async fn sqlite() {
    let Some(script) = services::shared("chinook/sqlite.sql") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chinook.db");
    services::load_sqlite(&file, &std::fs::read_to_string(script).unwrap()).await;
    let target = open(&sqlite_url(&file), None).unwrap();
    assert!(target.test().await.unwrap().ends_with(", chinook.db"));
    is_chinook(&*target, "main", "Track").await;
}

#[tokio::test]
async fn postgres() {
    let Some(script) = services::shared("chinook/postgres.sql") else { return };
    let Some(service) = services::postgres().await else { return };
    // The script creates the database itself.
    service.run(None, &std::fs::read_to_string(script).unwrap()).await;
    is_chinook(&*open(&service.url_for("postgres", "chinook"), None).unwrap(), "public", "track").await;
}

#[tokio::test]
async fn mariadb() {
    let Some(script) = services::shared("chinook/mysql.sql") else { return };
    let Some(service) = services::mariadb().await else { return };
    service.run(None, &std::fs::read_to_string(script).unwrap()).await;
    is_chinook(&*open(&service.url, None).unwrap(), "Chinook", "Track").await;
}
