//! A store whose files are removed, replaced, truncated or overwritten: a running server records nothing more, and no
//! server starts with an empty store in its place.

use std::{fs, os::unix::fs::FileExt, path::Path, sync::Arc};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    cli::{gloss, refusal, says},
    harness::{Server, store::needs_sqlite},
};

const CREATE: &str = "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }";

/// Checks the error of a write and that readiness reports the same.
async fn refuses(server: &Server, words: &[&str]) {
    let input = json!({ "input": { "name": "in vain", "url": "sqlite:///tmp/a.db" } });
    let error = server.error(CREATE, input).await;
    assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error:#}");
    says(error["message"].as_str().unwrap(), words);
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status(), 503);
    let ready: Value = serde_json::from_str(&ready.text().await.unwrap()).unwrap();
    says(ready["reason"].as_str().unwrap(), words);
    assert_eq!(server.get("/healthz").await.status(), 200);
}

async fn serves(server: &Server, name: &str) {
    server.create_db_profile(name, "sqlite:///tmp/a.db").await;
    assert_eq!(server.get("/readyz").await.status(), 200);
}

/// Stops a server gracefully and returns its folder.
async fn stop(server: Server) -> Arc<TempDir> {
    server.signal("TERM");
    server.left().await.1
}

fn remove_store(data: &Path) {
    for file in fs::read_dir(data).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().starts_with("store.db") {
            fs::remove_file(file.path()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_store_that_is_removed_replaced_or_spoiled_takes_no_writes() {
    if needs_sqlite("a store's file") {
        return;
    }
    let server = Server::start().await;
    let (file, aside) = (server.data.path().join("store.db"), server.data.path().join("aside.db"));
    serves(&server, "a").await;
    fs::rename(&file, &aside).unwrap();
    refuses(&server, &["store.db", "was removed", "restore"]).await;
    assert!(!file.exists(), "an empty store replaced the missing one");
    fs::copy(&aside, &file).unwrap();
    refuses(&server, &["store.db", "replaced by another file", "restore"]).await;
    // The original file is accepted again once it is back.
    fs::rename(&aside, &file).unwrap();
    serves(&server, "b").await;

    // A graceful stop writes everything into the file, so that the truncation below damages it.
    let server = Server::start_at(stop(server).await, &[]).await;
    serves(&server, "c").await;
    let spoil = fs::File::options().read(true).write(true).open(&file).unwrap();
    let mut header = [0; 16];
    spoil.read_exact_at(&mut header, 0).unwrap();
    spoil.write_all_at(b"no database here", 0).unwrap();
    refuses(&server, &["store", "backup"]).await;
    spoil.write_all_at(&header, 0).unwrap();
    // SQLite may have cached the old content; once it found damage, it refuses writes until the next start.
    let server = Server::start_at(server.kill().await, &[]).await;
    serves(&server, "d").await;
    spoil.set_len(spoil.metadata().unwrap().len() / 2).unwrap();
    refuses(&server, &["store", "backup"]).await;
    let data = server.kill().await;
    fs::remove_file(data.path().join("store.db-wal")).unwrap();
    says(&refusal(data.path(), &[], &[]).await, &["store.db", "damaged", "malformed", "backup", ".recover"]);
    fs::write(&file, "no database at all\n".repeat(500)).unwrap();
    says(&refusal(data.path(), &[], &[]).await, &["store.db", "damaged", "not a database", "backup"]);
}

/// If the log beside the store's file is removed, acknowledged writes exist only in a deleted file. A graceful stop
/// saves them.
#[tokio::test]
async fn a_soft_stop_saves_the_content_of_a_removed_log() {
    if needs_sqlite("a store's file") {
        return;
    }
    let server = Server::start().await;
    serves(&server, "a").await;
    fs::remove_file(server.data.path().join("store.db-wal")).unwrap();
    refuses(&server, &["store.db-wal", "was removed", "SIGTERM"]).await;
    let server = Server::start_at(stop(server).await, &[]).await;
    server.db_profile("a").await;
    serves(&server, "b").await;
}

#[tokio::test]
async fn no_server_starts_empty_with_the_key_of_a_lost_store() {
    if needs_sqlite("a store's file") {
        return;
    }
    let server = Server::start().await;
    server.create_db_profile("a", "sqlite:///tmp/a.db").await;
    let data = stop(server).await;
    let key = fs::read(data.path().join("secret.key")).unwrap();
    remove_store(data.path());
    for command in [&["serve"][..], &["migrate"], &["token", "create", "x", "--role", "ADMIN"], &["secrets", "rotate"]]
    {
        let text = refusal(data.path(), command, &[]).await;
        says(&text, &["store.db", "secret.key", "backup", "--new-store"]);
        assert!(!data.path().join("store.db").exists(), "{command:?}");
    }
    fs::write(data.path().join("store.db"), "").unwrap();
    says(&refusal(data.path(), &[], &[]).await, &["store.db", "--new-store"]);
    fs::write(data.path().join("store.db-wal"), "half a log").unwrap();
    says(&refusal(data.path(), &[], &[]).await, &["store.db-wal", "put the store's file back"]);
    fs::remove_file(data.path().join("store.db-wal")).unwrap();

    // Only the key, in another folder.
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("secret.key"), &key).unwrap();
    says(&refusal(other.path(), &[], &[]).await, &["store.db", "--new-store"]);
    // With the setting, the server starts with a new store; the next start no longer needs the setting.
    let server = Server::start_at(data, &[("GLOSS_NEW_STORE", "true")]).await;
    let server = Server::start_at(stop(server).await, &[]).await;
    server.db_profile("demo").await;
    // A key that a user created and that has encrypted no store.
    let fresh = Arc::new(tempfile::tempdir().unwrap());
    fs::write(fresh.path().join("secret.key"), "a key that a person has made, 1234").unwrap();
    let server = Server::start_at(fresh, &[]).await;
    server.create_db_profile("a", "sqlite:///tmp/a.db").await;
    let data = stop(server).await;
    Server::start_at(data, &[]).await.db_profile("a").await;
}

/// Tokens are not encrypted: an administrator without the key can still create and revoke them.
#[tokio::test]
async fn tokens_are_created_and_revoked_without_the_secret_key() {
    let key = ("GLOSS_SECRET_KEY", "a key that the environment holds, 1");
    let data = Server::start_with(&[key]).await.kill().await;
    let made = gloss(data.path(), &["token", "create", "ann", "--role", "ADMIN"], &[]).await;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(!data.path().join("secret.key").exists(), "a useless key was created");
    says(&String::from_utf8_lossy(&gloss(data.path(), &["token", "list"], &[]).await.stdout), &["ann"]);
    let server = Server::start_at(data, &[key]).await;
    server.data_for(&secret, "{ dbProfiles { name } }", json!({})).await;
    let data = server.kill().await;
    assert!(gloss(data.path(), &["token", "revoke", "ann"], &[]).await.status.success());

    // Also before the first start: the server creates the key, not the command.
    let fresh = Arc::new(TempDir::with_prefix("gloss-").unwrap());
    assert!(gloss(fresh.path(), &["token", "create", "bob", "--role", "ADMIN"], &[]).await.status.success());
    assert!(!fresh.path().join("secret.key").exists());
    Server::start_at(fresh, &[]).await.kill().await;
}
