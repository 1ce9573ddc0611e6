//! Error texts of targets, none of which contains a password.

use std::{
    future::Future,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use gloss::{
    port::target::{SampleLimits, Target, TargetError, Targets},
    target::SqlTargets,
};
use sqlx::Connection as _;

use super::{open, open_with_views, profile, sqlite_url};
use crate::services;

/// A marker in every password.
const MARKER: &str = "hunter2-marker";

/// Returns the error after checking that it lacks the marker.
fn error_of<T>(result: Result<T, TargetError>) -> TargetError {
    let Err(error) = result else { panic!("this must fail") };
    assert!(!format!("{error} {error:?}").contains(MARKER), "{error:?}");
    error
}

/// Returns the error's text after checking that it contains all these words.
fn says<T>(result: Result<T, TargetError>, words: &[&str]) -> TargetError {
    let error = error_of(result);
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}: {words:?}");
    error
}

/// Returns a port that nobody listens on, and the socket that reserves it.
fn silent_port() -> (tokio::net::TcpSocket, u16) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// Fails a test that would otherwise wait for a default of minutes.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("an answer within 20 seconds")
}

#[tokio::test]
async fn a_closed_port_is_reported() {
    let (_kept, port) = silent_port();
    for (scheme, noun) in [("postgres", "PostgreSQL"), ("mysql", "MySQL"), ("mariadb", "MariaDB")] {
        let target = open(&format!("{scheme}://ann:{MARKER}@127.0.0.1:{port}/shop"), None).unwrap();
        let start = Instant::now();
        let error = says(soon(target.test()).await, &[noun, &format!("127.0.0.1:{port}"), "connection refused"]);
        assert!(matches!(error, TargetError::Unreachable(_)));
        assert!(start.elapsed() < Duration::from_secs(5), "told at once");
        error_of(soon(target.tables(None, "x")).await);
    }
    let target = open(&format!("postgres://ann:{MARKER}@no-such-host.invalid/shop"), None).unwrap();
    says(soon(target.test()).await, &["no-such-host.invalid"]);
}

#[tokio::test]
async fn every_concurrent_caller_gets_the_error() {
    let (_kept, port) = silent_port();
    let url = format!("postgres://ann:{MARKER}@127.0.0.1:{port}/shop");
    let target = open(&url, None).unwrap();
    let answers = soon(futures_util::future::join_all((0..50).map(|_| target.test()))).await;
    for answer in answers {
        says(answer, &["connection refused"]);
    }
}

#[tokio::test]
async fn a_server_of_another_kind_is_reported() {
    // Accepts connections and closes them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().take(20).for_each(drop));
    for scheme in ["postgres", "mysql"] {
        let target = open(&format!("{scheme}://ann:{MARKER}@127.0.0.1:{port}/shop"), None).unwrap();
        assert!(matches!(error_of(soon(target.test()).await), TargetError::Unreachable(_)));
    }
}

#[tokio::test]
async fn urls_that_cannot_be_used() {
    for url in [
        format!("postgres://ann:{MARKER}/x@db/shop"),
        format!("postgres://ann:{MARKER}@db:port/shop"),
        format!("mysql://ann:#{MARKER}@db"),
        format!("postgres://ann:{MARKER}@db/shop?sslmode={MARKER}"),
        "sqlite://".to_owned(),
    ] {
        assert!(matches!(error_of(open(&url, None)), TargetError::Misconfigured(_)), "{url}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    let target = open(&sqlite_url(&missing), None).unwrap();
    says(target.test().await, &["does not exist", "missing.db", "check the path"]);
    says(target.can_write_comments().await, &["does not exist"]);
    assert!(!missing.exists(), "never made");

    let text = folder.path().join("text.db");
    std::fs::write(&text, "not a database, but long enough to be taken for one ".repeat(40)).unwrap();
    says(open(&sqlite_url(&text), None).unwrap().test().await, &["is not a SQLite database"]);
    says(open(&sqlite_url(folder.path()), None).unwrap().test().await, &["is not a file"]);

    let file = folder.path().join("shop.db");
    services::load_sqlite(&file, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)").await;
    let target = open(&sqlite_url(&file), None).unwrap();
    says(target.schemas(Some("other")).await, &["no database other", "shop"]);
    says(open(&sqlite_url(&file), Some("shop")).unwrap().schemas(Some("other")).await, &["pinned to shop"]);
    let mut details = target.details(Some("shop"), "main", &["t".to_owned()]).await.unwrap();
    // The table is dropped after its structure was read and before its rows are.
    details[0].table.name = "dropped".to_owned();
    says(target.statistics(&details[0], SampleLimits::default()).await, &["dropped", "no longer exists"]);
}

#[tokio::test]
async fn sqlite_stops_at_its_time_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("slow.db");
    services::load_sqlite(
        &file,
        "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM \
            n;
         CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
           SELECT i FROM n WHERE i < 4 OR i < 0",
    )
    .await;
    let target = open_with_views(&sqlite_url(&file));
    time_limit_holds(&*target, "main").await;
    // Rows that were read before the limit are kept.
    let endless = target.details(None, "main", &["endless".to_owned()]).await.unwrap();
    let limits = SampleLimits { time: Duration::from_millis(300), ..SampleLimits::default() };
    let found = target.statistics(&endless[0], limits).await.unwrap();
    assert_eq!((found.sampled_rows, found.complete, found.columns[0].distinct), (3, false, Some(3)));
    // The connection is still usable.
    assert!(target.test().await.is_ok());
}

#[tokio::test]
async fn a_replaced_file_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (file, next) = (folder.path().join("shop.db"), folder.path().join("next.db"));
    services::load_sqlite(&file, "CREATE TABLE old (a INTEGER)").await;
    services::load_sqlite(&next, "CREATE TABLE new (a INTEGER)").await;
    let target = open(&sqlite_url(&file), None).unwrap();
    assert_eq!(target.tables(None, "main").await.unwrap()[0].name, "old");
    std::fs::rename(&next, &file).unwrap();
    assert_eq!(target.tables(None, "main").await.unwrap()[0].name, "new");
}

#[tokio::test]
async fn abandoned_work_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("slow.db");
    let script = "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                  SELECT count(*) AS c FROM n";
    services::load_sqlite(&file, script).await;
    let target = open_with_views(&sqlite_url(&file));
    let slow = target.details(None, "main", &["slow".to_owned()]).await.unwrap();
    let limits = SampleLimits { time: Duration::from_mins(10), ..SampleLimits::default() };
    // More than the number of connections: if one kept working, the file could not be read any more.
    for _ in 0..6 {
        let work = target.statistics(&slow[0], limits);
        assert!(tokio::time::timeout(Duration::from_millis(100), work).await.is_err());
    }
    soon(target.test()).await.unwrap();
}

/// Checks that sampling the view `slow` ends at the limit and yields nothing.
async fn time_limit_holds(target: &dyn Target, schema: &str) {
    let slow = target.details(None, schema, &["slow".to_owned()]).await.unwrap();
    let start = Instant::now();
    let limits = SampleLimits { time: Duration::from_millis(500), ..SampleLimits::default() };
    let found = target.statistics(&slow[0], limits).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!((found.sampled_rows, found.complete, found.columns.len()), (0, false, 0));
}

#[tokio::test]
async fn many_concurrent_callers_share_few_connections() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    let targets = SqlTargets::default();
    let asked = (0..30).map(|_| {
        let target = targets.open(&profile(&url, None)).unwrap();
        async move { target.tables(None, "public").await }
    });
    for answer in futures_util::future::join_all(asked).await {
        assert!(answer.unwrap().is_empty());
    }
    let mut connection = sqlx::PgConnection::connect(&service.url).await.unwrap();
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gloss' AND datname = $1")
            .bind(database)
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert!((1..=4).contains(&open), "{open}");
}

/// Everything that is logged at any level.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_hold_no_password_and_no_value() {
    let Some(service) = services::postgres().await else { return };
    let (_, database) = service.fresh_database().await;
    let script = format!(
        "CREATE FUNCTION tell() RETURNS text LANGUAGE plpgsql AS
           $$ BEGIN RAISE NOTICE '{MARKER}'; RAISE WARNING '{MARKER}'; RETURN '{MARKER}'; END $$;
         CREATE VIEW told AS SELECT tell() AS a; CREATE VIEW fails AS SELECT '{MARKER}'::text::int AS a;
         CREATE ROLE logged_{database} LOGIN PASSWORD '{MARKER}';"
    );
    service.run(Some(&database), &script).await;
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let guard = crate::harness::listen(subscriber);
    tracing::info!("listening");
    for password in [MARKER.to_owned(), format!("not-{MARKER}")] {
        let login = format!("logged_{database}:{password}");
        let url = service.url_for(&login, &database);
        let refused = open(&format!("{url}?unknown={MARKER}"), None).err().map(|error| error.to_string());
        assert!(refused.is_some_and(|text| text.contains("unknown") && !text.contains(MARKER)));
        let target = open_with_views(&format!("{url}?application_name={MARKER}"));
        let Ok(details) = target.details(None, "public", &["told", "fails"].map(str::to_owned)).await else { continue };
        for detail in details {
            drop(target.statistics(&detail, SampleLimits::default()).await.unwrap());
        }
    }
    drop(guard);
    let logged = String::from_utf8_lossy(&logged.0.lock().unwrap()).into_owned();
    assert!(logged.contains("listening"));
    assert!(!logged.contains(MARKER), "{logged}");
}

#[tokio::test]
async fn postgres() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    let reader = format!("reader_{database}");
    let script = format!(
        "CREATE TABLE t (a int, secret text); INSERT INTO t VALUES (1, 'x'); CREATE TABLE closed (a int);
         CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s;
         CREATE TABLE big AS SELECT n, CASE WHEN n > 90000 THEN 'new' END AS late FROM generate_series(1, 100000) n;
         ANALYZE big; CREATE ROLE {reader} LOGIN PASSWORD '{MARKER}@/'; GRANT SELECT (a) ON t TO {reader};"
    );
    service.run(Some(&database), &script).await;
    let owner = open(&url, None).unwrap();
    time_limit_holds(&*open_with_views(&url), "public").await;

    says(
        open(&service.url_for(&format!("{reader}:{MARKER}"), &database), None).unwrap().test().await,
        &["password for user", &reader, "rejected"],
    );
    says(open(&service.url_for("postgres", "nowhere"), None).unwrap().test().await, &["no database nowhere"]);
    // A URL reaches the database that it names; one without a database reaches all, and a profile's pin takes
    // precedence.
    let whole = open(&service.url_for("postgres", ""), None).unwrap();
    says(whole.schemas(Some("nowhere")).await, &["no database nowhere"]);
    assert!(whole.databases().await.unwrap().len() > 1);
    assert!(whole.schemas(Some(&database)).await.unwrap().len() == 1);
    let pinned = open(&service.url_for("postgres", "postgres"), Some(&database)).unwrap();
    for narrow in [&owner, &pinned] {
        says(narrow.schemas(Some("postgres")).await, &["pinned to", &database]);
        assert_eq!(narrow.databases().await.unwrap().len(), 1);
    }

    // Special characters in the password, and a column and a table without the right to read.
    let login = format!("{reader}:{MARKER}%40%2F");
    let target = open(&service.url_for(&login, &database), None).unwrap();
    assert!(!target.can_write_comments().await.unwrap());
    let details = target.details(None, "public", &["t", "closed"].map(str::to_owned)).await.unwrap();
    let found = target.statistics(&details[0], SampleLimits::default()).await.unwrap();
    assert_eq!((found.columns[0].samples.len(), found.columns[1].null_share), (1, None));
    let closed = target.statistics(&details[1], SampleLimits::default()).await.unwrap();
    assert!(closed.columns.is_empty() && !closed.complete);

    // A large table is sampled across its pages.
    let big = owner.details(None, "public", &["big".to_owned()]).await.unwrap();
    let found = owner.statistics(&big[0], SampleLimits::default()).await.unwrap();
    assert_eq!((found.sampled_rows, found.complete), (2_000, false));
    let largest: i64 = found.columns[0].maximum.as_deref().unwrap().parse().unwrap();
    assert!(largest > 50_000, "{largest}");
    assert_eq!(found, owner.statistics(&big[0], SampleLimits::default()).await.unwrap());

    service.run(Some(&database), "DROP TABLE big").await;
    says(owner.statistics(&big[0], SampleLimits::default()).await, &["public.big", "no longer exists"]);
    assert!(owner.details(None, "public", &["big".to_owned()]).await.unwrap().is_empty());
}

#[tokio::test]
async fn mariadb() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let reader = format!("reader_{database}");
    let script = format!(
        "USE {database}; CREATE TABLE t (a int, secret text); INSERT INTO t VALUES (1, 'x'); CREATE TABLE closed (a \
            int);
         CREATE VIEW slow AS SELECT SLEEP(60) AS s; CREATE TABLE gone (a int);
         CREATE USER {reader}@'127.0.0.1' IDENTIFIED BY '{MARKER}@/';
         GRANT SELECT (a) ON t TO {reader}@'127.0.0.1'; GRANT INSERT ON closed TO {reader}@'127.0.0.1';"
    );
    service.run(None, &script).await;
    let owner = open(&url, None).unwrap();
    time_limit_holds(&*open_with_views(&url), &database).await;

    says(
        open(&service.url_for(&format!("{reader}:{MARKER}"), &database), None).unwrap().test().await,
        &["password for user", &reader, "rejected"],
    );
    says(open(&service.url_for("root", "nowhere"), None).unwrap().test().await, &["no database nowhere"]);
    says(owner.schemas(Some("nowhere")).await, &["specify nowhere as a schema"]);
    says(open(&url, Some("nowhere")).unwrap().schemas(None).await, &["no database nowhere"]);

    let login = format!("{reader}:{MARKER}%40%2F");
    let target = open(&service.url_for(&login, &database), None).unwrap();
    assert!(!target.can_write_comments().await.unwrap());
    let details = target.details(None, &database, &["t", "closed"].map(str::to_owned)).await.unwrap();
    let found = target.statistics(&details[0], SampleLimits::default()).await.unwrap();
    assert_eq!(found.columns[0].samples, ["1"]);
    let closed = target.statistics(&details[1], SampleLimits::default()).await.unwrap();
    assert!(closed.columns.is_empty() && !closed.complete);

    let gone = owner.details(None, &database, &["gone".to_owned()]).await.unwrap();
    service.run(Some(&database), "DROP TABLE gone").await;
    error_of(owner.statistics(&gone[0], SampleLimits::default()).await);
    assert!(owner.details(None, &database, &["gone".to_owned()]).await.unwrap().is_empty());
}

/// A browser that leaves a page abandons its requests, perhaps while a transaction begins.
#[tokio::test]
async fn abandoned_requests_leave_the_connections_usable() {
    for service in [services::postgres().await, services::mariadb().await].into_iter().flatten() {
        let (url, _) = service.fresh_database().await;
        let target = open(&url, None).unwrap();
        soon(target.test()).await.unwrap();
        let schemas = || async {
            let databases = target.databases().await?;
            target.schemas(databases.first().map(|it| it.name.as_str())).await
        };
        let begun = Instant::now();
        soon(schemas()).await.unwrap();
        let usual = begun.elapsed();
        for part in 0..200_u32 {
            // Cancels the request at evenly spread points of its usual duration.
            let _ = tokio::time::timeout(usual * part / 150, schemas()).await;
            if part % 10 == 9 {
                soon(schemas()).await.unwrap();
            }
        }
        for _ in 0..8 {
            soon(schemas()).await.unwrap();
        }
    }
}
