//! Database servers for the tests, each started once per run of the test binary and stopped with it.
//!
//! `scripts/services hold` stops its server when its standard input closes, and the kernel closes that when this
//! process ends, however it ends. On a machine without a server, the tests that need it are skipped with a notice;
//! with `GLOSS_REQUIRE_SERVICES=1` they fail instead.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use tokio::sync::OnceCell;

/// A running server.
pub struct Service {
    /// The administrator's URL: `postgres://postgres@127.0.0.1:port/postgres`, `mariadb://root@127.0.0.1:port`,
    /// `nats://127.0.0.1:port`.
    pub url: String,
    /// The port of the server.
    pub port: u16,
    kind: Kind,
    /// The keeper process, whose standard input closes with this process.
    keeper: Child,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgres,
    MariaDb,
    Nats,
}

/// Returns the PostgreSQL server for targets, started on first use.
pub async fn postgres() -> Option<&'static Service> {
    static SERVICE: OnceCell<Option<Service>> = OnceCell::const_new();
    SERVICE.get_or_init(|| start("postgres", Kind::Postgres)).await.as_ref()
}

/// Returns the PostgreSQL server for stores, started on first use. It is separate, because a login that sees all
/// databases of the targets' server would also see the stores.
pub async fn stores() -> Option<&'static Service> {
    static SERVICE: OnceCell<Option<Service>> = OnceCell::const_new();
    SERVICE.get_or_init(|| start("postgres", Kind::Postgres)).await.as_ref()
}

/// Starts a separate PostgreSQL server that the caller may stop.
pub async fn another_postgres() -> Option<Service> {
    start("postgres", Kind::Postgres).await
}

/// Returns the MariaDB server, started on first use.
pub async fn mariadb() -> Option<&'static Service> {
    static SERVICE: OnceCell<Option<Service>> = OnceCell::const_new();
    SERVICE.get_or_init(|| start("mariadb", Kind::MariaDb)).await.as_ref()
}

/// Starts a separate MariaDB server.
pub async fn another_mariadb() -> Option<Service> {
    start("mariadb", Kind::MariaDb).await
}

/// Returns the NATS server, started on first use.
pub async fn nats() -> Option<&'static Service> {
    static SERVICE: OnceCell<Option<Service>> = OnceCell::const_new();
    SERVICE.get_or_init(|| start("nats", Kind::Nats)).await.as_ref()
}

async fn start(name: &'static str, kind: Kind) -> Option<Service> {
    tokio::task::spawn_blocking(move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/services");
        let found = Command::new(&script).args(["find", name]).status().is_ok_and(|status| status.success());
        if !found {
            absent(&format!("{name} is not installed; run scripts/install-services"));
            return None;
        }
        let mut keeper = Command::new(&script)
            .args(["hold", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/services runs");
        // Reads the URL and the process id, and then to the end, since a closed pipe would stop the keeper.
        let said: Vec<String> =
            BufReader::new(keeper.stdout.take().expect("piped")).lines().map_while(Result::ok).collect();
        let url = said.into_iter().next().unwrap_or_default();
        let port = url::Url::parse(&url).ok().and_then(|url| url.port());
        let port = port.unwrap_or_else(|| panic!("{name} did not start; see above"));
        Some(Service { url, port, kind, keeper })
    })
    .await
    .expect("starting does not panic")
}

/// Reports that a test is skipped because something is not installed, or fails it if nothing may be skipped.
pub fn absent(what: &str) {
    assert!(std::env::var_os("GLOSS_REQUIRE_SERVICES").is_none_or(|value| value != "1"), "{what}");
    skipped(what);
}

/// Reports that a test is skipped because this machine cannot run it.
pub fn skipped(what: &str) {
    eprintln!("SKIPPED: {what}");
}

/// Returns the path of a data file outside the repository, like `chinook/sqlite.sql`, if it exists.
pub fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    if file.exists() {
        return Some(file);
    }
    skipped(&format!("{} does not exist", file.display()));
    None
}

/// Loads an SQL script into a new SQLite file.
pub async fn load_sqlite(file: &Path, script: &str) {
    use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a new file");
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut connection).await.expect("the script runs");
    connection.close().await.expect("closed");
}

impl Service {
    /// Stops the server immediately and deletes its data.
    pub async fn stop(mut self) {
        drop(self.keeper.stdin.take());
        tokio::task::spawn_blocking(move || self.keeper.wait().expect("the keeper ends")).await.expect("no panic");
    }

    /// Returns a URL of this server with another login and database, both inserted verbatim.
    pub fn url_for(&self, login: &str, database: &str) -> String {
        let scheme = if self.kind == Kind::Postgres { "postgres" } else { "mariadb" };
        format!("{scheme}://{login}@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates a database that no other test uses and returns the administrator's URL for it and its name.
    pub async fn fresh_database(&self) -> (String, String) {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.run(None, &format!("CREATE DATABASE {name};")).await;
        let login = if self.kind == Kind::Postgres { "postgres" } else { "root" };
        (self.url_for(login, &name), name)
    }

    /// Runs a script with the server's own client, as the administrator. `None` is the administrator's database.
    ///
    /// # Panics
    /// Panics if a statement fails.
    pub async fn run(&self, database: Option<&str>, script: &str) {
        use tokio::io::AsyncWriteExt as _;
        let port = self.port.to_string();
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = tokio::process::Command::new("psql");
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-p", &port]);
                command.args(["-d", database.unwrap_or("postgres")]);
                command
            }
            Kind::MariaDb => {
                let mut command = tokio::process::Command::new("mariadb");
                command.args(["--no-defaults", "--default-character-set=utf8mb4", "--protocol=tcp", "-h", "127.0.0.1"]);
                command.args(["-u", "root", "-P", &port]).args(database);
                command
            }
            Kind::Nats => panic!("NATS takes no scripts"),
        };
        let mut client =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true).spawn().expect("the client runs");
        let mut input = client.stdin.take().expect("piped");
        // A client that stops at an error closes its input, which its exit status reports.
        drop(input.write_all(script.as_bytes()).await);
        drop(input);
        assert!(client.wait().await.expect("the client ends").success(), "the script failed; see above");
    }
}
