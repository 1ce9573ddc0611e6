//! The demo database: complete, consistent, deterministic, and well described by the builtin describer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use gloss::{demo, domain::run::RunOptions};
use sqlx::{Connection, SqliteConnection};

use crate::builtin::{catalog, options, written};

async fn open(path: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
}

#[tokio::test]
async fn the_demo_is_complete_and_sound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db");
    demo::create(&path).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the database is left");
    let mut database = open(&path).await;
    let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut database).await.unwrap();
    assert!(broken.is_empty(), "{} rows have a dangling reference", broken.len());
    let counts: Vec<String> = catalog(&mut database)
        .await
        .iter()
        .map(|(detail, statistics)| format!("{} {}", detail.table.name, statistics.sampled_rows))
        .collect();
    insta::assert_snapshot!(counts.join("\n"));
}

#[tokio::test]
async fn the_demo_is_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.db"), folder.path().join("two.db"));
    demo::create(&one).await.unwrap();
    demo::create(&two).await.unwrap();
    demo::create(&two).await.unwrap();
    assert!(std::fs::read(one).unwrap() == std::fs::read(two).unwrap(), "two demo databases differ");
}

#[tokio::test]
async fn an_unwritable_demo_path_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = demo::create(&folder.path().join("no/such/folder/demo.db")).await.unwrap_err();
    assert!(error.to_string().contains("demo.db"), "{error}");
}

#[tokio::test]
async fn the_demo_reads_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db");
    demo::create(&path).await.unwrap();
    let catalog = catalog(&mut open(&path).await).await;
    insta::assert_snapshot!(written(&catalog, &RunOptions { alternatives: 1, ..options() }));
}
