//! Untrusted SQLite files: reading and commenting them runs none of their code and stays within limits.

use std::path::Path;

use gloss::{
    domain::asset::{AssetKind, AssetPath},
    port::target::{SampleLimits, TargetError},
};
use sqlx::{AssertSqlSafe, ConnectOptions, sqlite::SqliteConnectOptions};

use super::{comments::says, open, open_with_views, sqlite_url};

async fn file(folder: &Path, script: &str) -> String {
    let path = folder.join("stranger.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    sqlite_url(&path)
}

fn column(table: &str, column: &str) -> AssetPath {
    AssetPath {
        kind: AssetKind::Column,
        database: None,
        schema: Some("main".to_owned()),
        table: Some(table.to_owned()),
        column: Some(column.to_owned()),
    }
}

async fn in_file(url: &str, query: &str) -> i64 {
    let path = url.strip_prefix("sqlite://").unwrap();
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut connection).await.unwrap()
}

const COMMENTS: &str = "CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
    column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name))";

#[tokio::test]
async fn a_foreign_comments_table_is_refused() {
    for (what, extra) in [
        (
            "a trigger without an end",
            "CREATE TRIGGER loops AFTER INSERT ON gloss_comments BEGIN
            INSERT INTO fired WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n; END",
        ),
        (
            "a trigger of a name in capitals",
            "CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END;
            CREATE TRIGGER u AFTER DELETE ON GLOSS_COMMENTS BEGIN DELETE FROM fired; END",
        ),
        ("an index on an expression", "CREATE INDEX i ON gloss_comments (length(replace(comment, 'a', 'aa')))"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let script =
            format!("CREATE TABLE fired (i); CREATE TABLE t (a); CREATE VIEW v AS SELECT 1 AS x; {COMMENTS}; {extra};");
        let url = file(folder.path(), &script).await;
        let target = open(&url, None).unwrap();
        let refused = target.write_comment(&column("t", "a"), Some("mine")).await;
        assert!(matches!(says(refused, &["gloss_comments", "rename it"]), TargetError::Refused(_)), "{what}");
        assert_eq!(in_file(&url, "SELECT count(*) FROM fired").await, 0, "{what}");
        assert_eq!(in_file(&url, "SELECT count(*) FROM gloss_comments").await, 0, "{what}");
    }
    for (what, table) in [
        ("a check", COMMENTS.replace("comment TEXT NOT NULL,", "comment TEXT NOT NULL CHECK (length(comment) < 3),")),
        (
            "a generated column",
            COMMENTS.replace("comment TEXT NOT NULL,", "comment TEXT NOT NULL, x AS (upper(comment)),"),
        ),
        ("another column", COMMENTS.replace("comment TEXT NOT NULL,", "comment TEXT NOT NULL, x TEXT DEFAULT 'y',")),
        ("a reference", COMMENTS.replace("comment TEXT NOT NULL,", "comment TEXT NOT NULL REFERENCES t (a),")),
        ("a collation", COMMENTS.replace("comment TEXT NOT NULL,", "comment TEXT NOT NULL COLLATE nocase,")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let url = file(folder.path(), &format!("CREATE TABLE t (a PRIMARY KEY); {table};")).await;
        let target = open(&url, None).unwrap();
        let refused = target.write_comment(&column("t", "a"), Some("mine")).await;
        assert!(matches!(says(refused, &["gloss_comments"]), TargetError::Refused(_)), "{what}");
    }
}

/// With foreign keys enabled, a write would delete the rows of another table that refer to the comment.
#[tokio::test]
async fn a_comment_changes_no_foreign_row() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "CREATE TABLE t (a); {COMMENTS}; INSERT INTO gloss_comments VALUES ('COLUMN', 't', 'a', 'old');
         CREATE TABLE follows (k TEXT, t TEXT, c TEXT, FOREIGN KEY (k, t, c)
           REFERENCES gloss_comments (kind, table_name, column_name) ON DELETE CASCADE);
         INSERT INTO follows VALUES ('COLUMN', 't', 'a');"
    );
    let url = file(folder.path(), &script).await;
    open(&url, None).unwrap().write_comment(&column("t", "a"), None).await.unwrap();
    assert_eq!(in_file(&url, "SELECT count(*) FROM follows").await, 1);
}

/// Returns the peak memory of this process, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn the_memory_for_a_view_is_limited() {
    let folder = tempfile::tempdir().unwrap();
    let script = "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3);
        CREATE VIEW large AS SELECT hex(zeroblob(400000000)) AS a, printf('%.*c', 900000000, 'x') AS b FROM t;
        CREATE VIEW sorted AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
          SELECT DISTINCT hex(zeroblob(400000 + i)) AS a FROM n ORDER BY 1";
    let url = file(folder.path(), script).await;
    let target = open_with_views(&url);
    let details = target.details(None, "main", &["large", "sorted"].map(str::to_owned)).await.unwrap();
    for detail in &details {
        let limits = SampleLimits { time: std::time::Duration::from_secs(3), ..SampleLimits::default() };
        // It does not matter here whether the view can be read.
        drop(target.statistics(detail, limits).await);
    }
    assert!(peak() < 2_500, "{} MB", peak());
}

#[tokio::test]
async fn special_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink("/proc/self/mem", &link).unwrap();
    for path in [Path::new("/proc/self/environ"), Path::new("/sys/kernel/notes"), Path::new("/dev/zero"), &link] {
        let target = open(&sqlite_url(path), None).unwrap();
        assert!(matches!(says(target.test().await, &["which Gloss does not read"]), TargetError::Misconfigured(_)));
        says(target.tables(None, "main").await, &["which Gloss does not read"]);
        says(target.can_write_comments().await, &["which Gloss does not read"]);
    }
}
