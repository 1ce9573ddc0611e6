//! `gloss backup` and `gloss restore`: a copy of the store at one moment, and its way back.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use gloss::cli::Exit;
use serde_json::{Value, json};

use crate::{
    cli::says,
    command_line::ends,
    harness::{Server, SqliteTarget, sqlite, store},
};

/// The numbers and statuses of all runs.
async fn runs(data: &Path) -> Value {
    ends(data, &["history", "list", "-n", "100", "--json"], Exit::Success).await.json()
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[tokio::test]
async fn a_backup_of_a_working_server_is_restored_elsewhere() {
    if store::needs_sqlite("gloss backup") {
        return;
    }
    let target = SqliteTarget::with_tables(40, 10);
    let server = Server::start().await;
    let profile = server.create_db_profile("wide", &target.url()).await;
    let done = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    server.events(&done, 0).await;
    // A second run is under way.
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    let mut live = server.watch(&run, 0).await;
    live.next().await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gloss.backup");
    let said = ends(server.data.path(), &["backup", path(&file)], Exit::Success).await;
    says(&said.stdout, &["Backed up the store", "with 2 runs", path(&file)]);
    says(&said.stderr, &["secret.key", "is not in it"]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    let again = ends(server.data.path(), &["backup", path(&file)], Exit::Conflict).await;
    says(&again.stderr, &["exists", "choose another name"]);
    // The server goes on, and ends its run.
    while live.next().await.is_some() {}

    // A server holds the store.
    let held = ends(server.data.path(), &["restore", path(&file)], Exit::Conflict).await;
    says(&held.stderr, &["in use by another Gloss at http://", "stop that one"]);

    // On a new machine, the key is needed first.
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path();
    let no_key = ends(elsewhere, &["restore", path(&file)], Exit::Failure).await;
    says(&no_key.stderr, &["key file", "is missing", "restore it"]);
    assert!(!elsewhere.join("store.db").exists());
    fs::copy(server.data.path().join("secret.key"), elsewhere.join("secret.key")).unwrap();
    let restored = ends(elsewhere, &["restore", path(&file), "--json"], Exit::Success).await.json();
    assert_eq!(restored["previous"], Value::Null);
    // The run that was under way continues, and no row is described twice.
    let data = std::sync::Arc::new(tempfile::TempDir::with_prefix("gloss-").unwrap());
    for name in ["store.db", "secret.key"] {
        fs::copy(elsewhere.join(name), data.path().join(name)).unwrap();
    }
    let second = Server::start_at(data, &[]).await;
    let events = second.events(&run, 0).await;
    assert_eq!(events.last().unwrap()["progress"]["done"], 440);
    assert_eq!(second.run(&done).await["progress"]["done"], 440);
}

#[tokio::test]
async fn the_previous_store_is_kept() {
    if store::needs_sqlite("gloss restore") {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    let before = runs(data).await;
    let file = data.join("first.backup");
    let made = ends(data, &["backup", path(&file), "--json"], Exit::Success).await.json();
    assert_eq!(made["runs"], 1);
    ends(data, &["run", "demo:main.customers"], Exit::Success).await;
    let after = runs(data).await;
    let restored = ends(data, &["restore", path(&file)], Exit::Success).await;
    says(&restored.stdout, &["Restored the store"]);
    says(&restored.stderr, &["The previous store is kept as"]);
    assert_eq!(runs(data).await, before);
    let kept = fs::read_dir(data).unwrap().map(|it| it.unwrap().path());
    let kept =
        kept.into_iter().find(|it| path(it).contains("store.db.before-") && !path(it).ends_with("-wal")).unwrap();
    ends(data, &["restore", path(&kept)], Exit::Success).await;
    assert_eq!(runs(data).await, after);
}

#[tokio::test]
async fn what_is_no_sound_backup_of_this_version_is_refused() {
    if store::needs_sqlite("gloss restore") {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    let before = runs(data).await;
    let file = data.join("good");
    fs::write(data.join("password"), "hunter2MARKER").unwrap();
    let (url, password) = ("postgres://ann@127.0.0.1:1/db", data.join("password"));
    let add = ["profile", "db", "add", "secret", url, "--password-file", path(&password), "--no-test"];
    ends(data, &add, Exit::Success).await;
    ends(data, &["backup", path(&file)], Exit::Success).await;
    assert!(!fs::read(&file).unwrap().windows(13).any(|bytes| bytes == b"hunter2MARKER"));
    let bad = data.join("bad");
    let refused = async |words: &[&str], exit| {
        let said = ends(data, &["restore", path(&bad)], exit).await;
        says(&said.stderr, words);
        assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    };
    refused(&["cannot use", "bad", "No such file"], Exit::UserError).await;
    fs::write(&bad, "-- a dump\n").unwrap();
    refused(&["is no backup of a Gloss store"], Exit::UserError).await;
    fs::remove_file(&bad).unwrap();
    sqlite::execute(&bad, "CREATE TABLE t (x)");
    refused(&["is no backup of a Gloss store"], Exit::UserError).await;
    fs::copy(&file, &bad).unwrap();
    sqlite::execute(&bad, "INSERT INTO seaql_migrations VALUES ('m99990101_000000_later', 1)");
    refused(&["newer version of Gloss", "use that version"], Exit::Failure).await;
    fs::copy(&file, &bad).unwrap();
    sqlite::execute(&bad, "PRAGMA foreign_keys = off; DELETE FROM run");
    refused(&["is damaged", "missing", "restore another one"], Exit::Failure).await;
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0xff);
    fs::write(&bad, bytes).unwrap();
    refused(&["is damaged"], Exit::Failure).await;
    fs::copy(&file, &bad).unwrap();
    fs::rename(data.join("secret.key"), data.join("other.key")).unwrap();
    fs::write(data.join("secret.key"), "x".repeat(40)).unwrap();
    refused(&["sealed with a different key"], Exit::Failure).await;
    fs::rename(data.join("other.key"), data.join("secret.key")).unwrap();
    assert_eq!(runs(data).await, before, "the store is as before");

    let empty = tempfile::tempdir().unwrap();
    let none = ends(empty.path(), &["backup", path(&data.join("none"))], Exit::UserError).await;
    says(&none.stderr, &["there is no store at", "--data-dir"]);
    let postgres = ["backup", "x", "--store-url", "postgres://ann:hunter2@h/db"];
    let told = ends(data, &postgres, Exit::UserError).await;
    says(&told.stderr, &["pg_dump --format=custom", "postgres://h:5432/db"]);
    assert!(!told.stderr.contains("hunter2"));
    let told = ends(data, &["restore", "x", "--store-url", "postgres://ann:hunter2@h/db"], Exit::UserError).await;
    says(&told.stderr, &["pg_restore", "postgres://h:5432/db"]);
}

/// A store whose content is unsound is not backed up, and `gloss doctor` says so.
#[tokio::test]
async fn an_unsound_store_is_told() {
    if store::needs_sqlite("the check of references") {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    sqlite::execute(&data.join("store.db"), "UPDATE db_profile SET url = 'sealed:1:AAAA'");
    let doctor = ends(data, &["doctor"], Exit::Failure).await;
    says(&doctor.stdout, &["problem  key: does not open the secrets of \"demo\"", "gloss secrets forget"]);
    sqlite::execute(&data.join("store.db"), "PRAGMA foreign_keys = off; DELETE FROM run");
    let doctor = ends(data, &["doctor"], Exit::Failure).await;
    says(&doctor.stdout, &["problem  store:", "refers to a row of run that is missing", "gloss restore"]);
    let refused = ends(data, &["backup", path(&data.join("b"))], Exit::Failure).await;
    says(&refused.stderr, &["is damaged", "nothing was backed up"]);
    assert!(!data.join("b").exists() && !data.join("b.part").exists());
}
