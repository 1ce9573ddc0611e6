//! `gloss store copy`: a whole store from SQLite to PostgreSQL and back.

use std::{fs, path::Path, sync::Arc};

use gloss::cli::Exit;
use serde_json::{Value, json};

use crate::{
    cli::says,
    command_line::{Ended, ends_with},
    harness::{Server, SqliteTarget, sqlite},
    services,
};

/// A data folder whose store is in SQLite, also where the tests' stores are in PostgreSQL.
struct Home {
    data: Arc<tempfile::TempDir>,
    url: String,
}

impl Home {
    fn new() -> Self {
        let data = Arc::new(tempfile::TempDir::with_prefix("gloss-").unwrap());
        let url = format!("sqlite://{}", data.path().join("store.db").display());
        Self { data, url }
    }

    async fn does(&self, line: &str, exit: Exit) -> Ended {
        self.does_in(&self.url, line, exit).await
    }

    async fn does_in(&self, url: &str, line: &str, exit: Exit) -> Ended {
        let arguments: Vec<&str> = line.split(' ').collect();
        ends_with(self.data.path(), &arguments, &[("GLOSS_STORE_URL", url)], exit).await
    }

    fn file(&self, name: &str) -> String {
        format!("sqlite://{}", self.data.path().join(name).display())
    }
}

/// A store with records of every family.
async fn full() -> (Home, SqliteTarget) {
    let home = Home::new();
    let target =
        SqliteTarget::new("CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT, \"odd \u{1F600}\" REAL);");
    for line in [
        &format!("profile db add shop {}", target.url()),
        "run shop",
        "history review 1 --accept",
        "history apply 1",
        "run demo",
        "rerun 2 --band low",
        "history compare 1 2",
        "ask orders",
        "schedule add nightly demo --cron @daily",
        "token create me --role ADMIN",
        "generate demo:main.orders.status",
    ] {
        home.does(line, Exit::Success).await;
    }
    (home, target)
}

fn tables(copied: &Value) -> Vec<(String, u64, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tables = copied["tables"].as_array().unwrap().iter();
    tables.map(|it| (text(&it["name"]), it["rows"].as_u64().unwrap(), text(&it["sha256"]))).collect()
}

#[tokio::test]
async fn a_store_moves_to_postgres_and_back() {
    let Some(service) = services::stores().await else { return };
    let (_, name) = service.fresh_database().await;
    let postgres = service.url_for("postgres", &name);
    let (home, _target) = full().await;
    let before = home.does("history list -n 100 --include-asks --json", Exit::Success).await.json();

    let there =
        home.does(&format!("store copy --from {} --to {postgres} --json", home.url), Exit::Success).await.json();
    assert!(there["rows"].as_u64().unwrap() > 100, "{there:#}");
    let back = home.file("back.db");
    let returned = home.does(&format!("store copy --from {postgres} --to {back} --json"), Exit::Success).await.json();
    assert_eq!(tables(&there), tables(&returned));
    let filled = tables(&there).into_iter().filter(|(_, rows, _)| *rows > 0).count();
    assert!(filled > 18, "only {filled} tables have rows: {:#?}", tables(&there));

    for url in [&postgres, &back] {
        let after = home.does_in(url, "history list -n 100 --include-asks --json", Exit::Success).await.json();
        assert_eq!(after, before, "{url}");
        // Secrets open, the search works, and numbers continue.
        home.does_in(url, "profile db test shop", Exit::Success).await;
        says(&home.does_in(url, "history list --search demo", Exit::Success).await.stdout, &["demo"]);
        home.does_in(url, "run shop", Exit::Success).await;
        let newest = home.does_in(url, "history list -n 1 --json", Exit::Success).await.json();
        assert_eq!(newest[0]["number"], 6, "{url}");
        home.does_in(url, "history rollback 1", Exit::Success).await;
        home.does_in(url, "history apply 1", Exit::Success).await;
    }

    // A server holds the store.
    let server = Server::start_at(Arc::clone(&home.data), &[("GLOSS_STORE_URL", &postgres)]).await;
    let held = home.does(&format!("store copy --from {postgres} --to {}", home.file("x.db")), Exit::Conflict).await;
    says(&held.stderr, &["in use by another Gloss"]);
    drop(server.kill().await);
}

#[tokio::test]
async fn an_interrupted_copy_continues() {
    let (home, _target) = full().await;
    let copy = |to: &str| format!("store copy --from {} --to {} --json", home.url, home.file(to));
    let whole = home.does(&copy("whole.db"), Exit::Success).await.json();
    home.does(&copy("part.db"), Exit::Success).await;
    // What a kill in the middle of the suggestions leaves.
    let later = ["alternative", "evidence", "displaced_review", "apply_item", "applied_comment", "ask_session"];
    let later = later.map(|table| format!("DELETE FROM {table};")).concat();
    let place = home.url.trim_start_matches("sqlite://");
    let part = home.data.path().join("part.db");
    sqlite::execute(
        &part,
        &format!(
            "PRAGMA foreign_keys = on; CREATE TABLE unfinished_copy (source text); \
             INSERT INTO unfinished_copy VALUES ('{place}'); {later} \
             DELETE FROM catalog_asset; DELETE FROM seal; DELETE FROM usage_tally; DELETE FROM api_token; \
             DELETE FROM suggestion WHERE id > 2;"
        ),
    );
    let refused = home.does_in(&home.file("part.db"), "history list", Exit::Conflict).await;
    says(&refused.stderr, &["part.db is an unfinished copy", "gloss store copy"]);
    let other = format!("store copy --from {} --to {}", home.file("whole.db"), home.file("part.db"));
    says(&home.does(&other, Exit::Conflict).await.stderr, &["is an unfinished copy of", "not of", "whole.db"]);

    let continued = home.does(&copy("part.db"), Exit::Success).await.json();
    assert_eq!(tables(&continued), tables(&whole));
    home.does_in(&home.file("part.db"), "history results 1", Exit::Success).await;

    // A row that was changed after it was copied.
    home.does(&copy("changed.db"), Exit::Success).await;
    let changed = format!(
        "CREATE TABLE unfinished_copy (source text); INSERT INTO unfinished_copy VALUES ('{place}'); \
         UPDATE suggestion SET description = 'other' WHERE id = 1;"
    );
    sqlite::execute(&home.data.path().join("changed.db"), &changed);
    let differs = home.does(&copy("changed.db"), Exit::Failure).await;
    says(&differs.stderr, &["differs", "suggestion", "Delete the target"]);
}

#[tokio::test]
async fn wrong_stores_are_refused() {
    let home = Home::new();
    home.does("run demo:main.orders", Exit::Success).await;
    let copy = |from: &str, to: &str| format!("store copy --from {from} --to {to}");
    let refused = async |line: String, exit: Exit, words: &[&str]| {
        let said = home.does(&line, exit).await.stderr;
        says(&said, words);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    };
    refused(copy(&home.url, &home.url), Exit::UserError, &["same store", "--to"]).await;
    refused(copy(&home.file("none.db"), &home.file("x.db")), Exit::UserError, &["no store at", "--from"]).await;
    refused(copy(&home.url, "mysql://ann:hunter2@h/db"), Exit::UserError, &["mysql, which is not supported"]).await;
    let away = "postgres://ann:hunter2@127.0.0.1:1/db";
    refused(copy(&home.url, away), Exit::Unreachable, &["cannot open the store postgres://127.0.0.1:1/db"]).await;
    home.does(&copy(&home.url, &home.file("full.db")), Exit::Success).await;
    refused(copy(&home.url, &home.file("full.db")), Exit::Conflict, &["full.db is not empty", "--to"]).await;
    sqlite::execute(
        &home.data.path().join("full.db"),
        "DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)",
    );
    let older = copy(&home.file("full.db"), &home.file("y.db"));
    refused(older, Exit::UserError, &["older version", "gloss migrate"]).await;
    // The password is not on the command line.
    let from_environment = [("GLOSS_COPY_FROM", home.url.as_str()), ("GLOSS_COPY_TO", away)];
    let said = ends_with(home.data.path(), &["store", "copy"], &from_environment, Exit::Unreachable).await;
    assert!(!said.stderr.contains("hunter2"));

    let server = Server::start_at(Arc::clone(&home.data), &[("GLOSS_STORE_URL", &home.url)]).await;
    refused(copy(&home.url, &home.file("z.db")), Exit::Conflict, &["in use by another Gloss at http://"]).await;
    assert!(server.data("{ runs { totalCount } }", json!({})).await["runs"]["totalCount"] == 1);
    assert!(fs::metadata(Path::new(home.data.path()).join("store.db")).is_ok());
}
