//! The stores that tests open: in SQLite, or in PostgreSQL if `GLOSS_TEST_STORE=postgres` is set, with one database
//! per data folder.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Mutex, PoisonError},
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::sqlite;
use crate::services;

/// Returns whether the tests' stores are in PostgreSQL.
pub fn in_postgres() -> bool {
    std::env::var("GLOSS_TEST_STORE").is_ok_and(|store| store == "postgres")
}

/// Returns whether a test that needs a store in SQLite must be skipped, and reports the skipped test.
pub fn needs_sqlite(what: &str) -> bool {
    if in_postgres() {
        services::skipped(&format!("{what} is SQLite's alone"));
    }
    in_postgres()
}

/// Returns the URL of a data folder's store.
pub fn url(folder: &Path) -> String {
    static MADE: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    if !in_postgres() {
        return format!("sqlite://{}", folder.join("store.db").display());
    }
    let name: String = folder.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let is_new = made.get_or_insert_default().insert(name.clone());
    wait_for(async move {
        let server = services::stores().await.expect("GLOSS_TEST_STORE=postgres needs PostgreSQL");
        if is_new {
            server.run(None, &format!("CREATE DATABASE \"{name}\";")).await;
        }
        server.url_for("postgres", &name)
    })
}

/// Runs SQL on a data folder's store through a separate connection.
pub fn execute(folder: &Path, sql: &str) {
    if !in_postgres() {
        return sqlite::execute(&folder.join("store.db"), sql);
    }
    let (url, sql) = (url(folder), sql.to_owned());
    wait_for(async move {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// Waits for a future on a separate thread and runtime, so that any test can call this.
pub fn wait_for<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime().block_on(work)).join().unwrap()
}
