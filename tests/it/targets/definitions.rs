//! MariaDB: writing a column's comment repeats the column's whole definition, and nothing else in it may change.

use gloss::{domain::asset::AssetKind, port::target::TargetError, target::quote::backtick};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};

use super::{
    comments::{asset, goes_on_and_off, refuses, says},
    open,
};
use crate::services;

/// Columns of every kind, by name.
const COLUMNS: &[(&str, &str)] = &[
    ("id", "int(11) NOT NULL AUTO_INCREMENT"),
    ("big", "bigint(20) unsigned zerofill DEFAULT 7"),
    ("money", "decimal(10,2) DEFAULT 1.50"),
    ("latin", "varchar(20) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'it''s COMMENT ''x'', ä?'"),
    ("mood", "enum('a,b','c''d','COMMENT ''z''','`q\\\\','(') DEFAULT 'a,b' COMMENT 'as it was'"),
    ("flags", "set('ä','b)') NOT NULL DEFAULT 'ä'"),
    ("made", "timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()"),
    ("at3", "timestamp(3) NULL DEFAULT NULL"),
    ("day", "date DEFAULT '2020-01-01'"),
    ("moment", "datetime(6) DEFAULT current_timestamp(6) COMMENT 'when'"),
    ("virt", "varchar(50) GENERATED ALWAYS AS (concat(`latin`,', COMMENT ''u'' CHECK (')) VIRTUAL"),
    ("hidden", "int(11) INVISIBLE DEFAULT 3"),
    ("checked", "int(11) DEFAULT NULL COMMENT 'with, (a) check' CHECK (`checked` > 0 and `latin` <> 'COMMENT ''x''')"),
    ("data", "json DEFAULT '{}'"),
    ("expr", "varchar(90) DEFAULT (concat('a\\\\b''',upper('COMMENT'),'😀'))"),
    ("twice", "int(11) DEFAULT (1 + 2)"),
    ("bits", "bit(3) DEFAULT b'101'"),
    ("bytes", "varbinary(9) DEFAULT 'a?'"),
    ("fixed", "binary(4) DEFAULT 'a'"),
    ("raw", "blob DEFAULT 'x'"),
    ("key", "uuid DEFAULT NULL"),
    ("place", "point NOT NULL"),
    ("packed", "text COMPRESSED DEFAULT NULL"),
    ("we`ird, \\ 'na\"me' COMMENT", "year(4) DEFAULT NULL COMMENT 'a\\nb\\\\c''d\"e'"),
    ("ünï", "float DEFAULT 1.5"),
];

async fn shown(connection: &mut MySqlConnection, table: &str) -> String {
    let row = sqlx::raw_sql(AssertSqlSafe(format!("SHOW CREATE TABLE {table}"))).fetch_one(connection).await.unwrap();
    String::from_utf8_lossy(&row.get_unchecked::<Vec<u8>, _>(1)).into_owned()
}

#[tokio::test]
async fn nothing_but_the_comment_changes() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let mut connection = MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap();
    let name = "we`ird, ta\"b'le";
    let table = backtick(name);
    let columns: Vec<String> = COLUMNS.iter().map(|(name, rest)| format!("{} {rest}", backtick(name))).collect();
    let script = format!(
        "SET sql_mode = ''; CREATE TABLE {table} ({}, PRIMARY KEY (`id`), KEY `COMMENT` (`money`), CHECK (`big` <> 3))
           COMMENT = 'COMMENT=''x'' AUTO_INCREMENT=7';
         INSERT INTO {table} (place, latin) VALUES (point(1, 2), 'x');",
        columns.join(", ")
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
    let before = shown(&mut connection, &table).await;
    let target = open(&url, None).unwrap();
    for (column, _) in COLUMNS {
        let column = asset(AssetKind::Column, &database, Some(name), Some(column));
        let was = target.comment(&column).await.unwrap();
        target.write_comment(&column, None).await.unwrap_or_else(|error| panic!("{column:?}: {error}"));
        let bare = shown(&mut connection, &table).await;
        goes_on_and_off(&*target, &column).await;
        assert_eq!(shown(&mut connection, &table).await, bare);
        target.write_comment(&column, Some("new")).await.unwrap();
        let commented = shown(&mut connection, &table).await;
        assert_eq!(commented.replace(" COMMENT 'new'", ""), bare);
        target.write_comment(&column, was.as_deref()).await.unwrap();
        assert_eq!(shown(&mut connection, &table).await, before);
    }
    let whole = asset(AssetKind::Table, &database, Some(name), None);
    let was = target.comment(&whole).await.unwrap();
    assert_eq!(was.as_deref(), Some("COMMENT='x' AUTO_INCREMENT=7"));
    target.write_comment(&whole, None).await.unwrap();
    goes_on_and_off(&*target, &whole).await;
    target.write_comment(&whole, was.as_deref()).await.unwrap();
    assert_eq!(shown(&mut connection, &table).await, before);
}

#[tokio::test]
async fn tables_of_other_kinds() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let mut connection = MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap();
    let script = "CREATE TABLE isam (a int, b text) ENGINE = MyISAM; CREATE TABLE aria (a int) ENGINE = Aria;
         CREATE TABLE versioned (a int, b int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING;
         CREATE TABLE parts (a int PRIMARY KEY) PARTITION BY RANGE (a)
           (PARTITION p0 VALUES LESS THAN (10) COMMENT 'of the part', PARTITION p1 VALUES LESS THAN (20));";
    sqlx::raw_sql(script).execute(&mut connection).await.unwrap();
    let target = open(&url, None).unwrap();
    for table in ["isam", "aria", "versioned", "parts"] {
        let before = shown(&mut connection, table).await;
        for column in [Some("a"), None] {
            let kind = if column.is_some() { AssetKind::Column } else { AssetKind::Table };
            goes_on_and_off(&*target, &asset(kind, &database, Some(table), column)).await;
            assert_eq!(shown(&mut connection, table).await, before);
        }
    }
}

#[tokio::test]
async fn impossible_writes_are_refused() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let mut connection = MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap();
    let script = format!(
        "SET sql_mode = ''; CREATE TABLE t (a int, e varchar(9) DEFAULT '😀', x varbinary(4) DEFAULT x'FF3F',
           s int GENERATED ALWAYS AS (a + 1) STORED); CREATE VIEW v AS SELECT a FROM t;
         CREATE USER 'guest_{database}'@'127.0.0.1' IDENTIFIED BY 'secret-marker';
         GRANT SELECT ON {database}.* TO 'guest_{database}'@'127.0.0.1';
         CREATE USER 'editor_{database}'@'127.0.0.1' IDENTIFIED BY 'secret-marker';
         GRANT SELECT, ALTER ON {database}.* TO 'editor_{database}'@'127.0.0.1';"
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
    let before = shown(&mut connection, "t").await;
    let target = open(&url, None).unwrap();
    let of = |kind, table, column| asset(kind, &database, table, column);
    for (unable, word) in [
        (of(AssetKind::View, Some("v"), None), "is a view"),
        (of(AssetKind::Column, Some("v"), Some("a")), "is a view's column"),
        (of(AssetKind::Schema, None, None), "is a schema"),
    ] {
        refuses(&*target, &unable, &["comments only on tables and their columns", word]).await;
    }
    for gone in [
        of(AssetKind::Table, Some("dropped"), None),
        of(AssetKind::Column, Some("dropped"), Some("a")),
        of(AssetKind::Column, Some("t"), Some("dropped")),
    ] {
        refuses(&*target, &gone, &[&gone.display(), "no longer exists"]).await;
    }
    let a = of(AssetKind::Column, Some("t"), Some("a"));
    let table = of(AssetKind::Table, Some("t"), None);
    for (asset, length, words) in [
        (&a, 1_030, ["1030 characters", "the comment of a column", "at most 1024: shorten it by 6"]),
        (&table, 2_049, ["2049 characters", "the comment of a table", "at most 2048: shorten it by 1"]),
    ] {
        let error = says(target.write_comment(asset, Some(&"ä".repeat(length))).await, &words);
        assert!(matches!(error, TargetError::Refused(_)));
    }
    for (asset, length) in [(&a, 1_024), (&table, 2_048)] {
        let text = "名".repeat(length);
        target.write_comment(asset, Some(&text)).await.unwrap();
        assert_eq!(target.comment(asset).await.unwrap(), Some(text));
        target.write_comment(asset, None).await.unwrap();
    }
    says(target.write_comment(&a, Some("a smile 😀")).await, &["😀 (U+1F600)", "remove it"]);
    // Definitions that the server does not show exactly would change if they were written back.
    for column in ["e", "x"] {
        let error = says(
            target.write_comment(&of(AssetKind::Column, Some("t"), Some(column)), Some("x")).await,
            &["does not report the exact definition", column],
        );
        assert!(matches!(error, TargetError::Refused(_)));
    }
    let stored = of(AssetKind::Column, Some("t"), Some("s"));
    says(target.write_comment(&stored, Some("x")).await, &["rebuild the whole table", "t.s"]);

    // No other session can alter the table between the read of its definition and the write.
    let editor = open(&service.url_for(&format!("editor_{database}:secret-marker"), ""), None).unwrap();
    let error = says(editor.write_comment(&a, Some("x")).await, &["grant it SELECT, LOCK TABLES and ALTER", "t.a"]);
    assert!(matches!(error, TargetError::Refused(_)));
    goes_on_and_off(&*editor, &table).await;

    let guest = open(&service.url_for(&format!("guest_{database}:secret-marker"), ""), None).unwrap();
    for (asset, rights) in [(&a, "grant it SELECT, LOCK TABLES and ALTER"), (&table, "grant it ALTER")] {
        let error = says(guest.write_comment(asset, Some("x")).await, &[rights, &asset.display()]);
        assert!(matches!(&error, TargetError::Refused(text) if !text.contains("secret-marker")));
    }
    assert_eq!(shown(&mut connection, "t").await, before);

    // Another session reads the table in a transaction.
    sqlx::raw_sql("START TRANSACTION; SELECT * FROM t").execute(&mut connection).await.unwrap();
    let error = says(target.write_comment(&a, Some("x")).await, &["is locked by another session", "try again"]);
    assert!(matches!(error, TargetError::Locked(_)));
    sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
    assert_eq!(shown(&mut connection, "t").await, before);
    target.write_comment(&a, Some("x")).await.unwrap();
}

/// Waits until `sessions` sessions wait for a lock on a table of this database.
async fn waiting(connection: &mut MySqlConnection, database: &str, sessions: i64) {
    let count = "SELECT COUNT(*) FROM information_schema.PROCESSLIST
         WHERE STATE = 'Waiting for table metadata lock' AND INFO LIKE CONCAT('%', ?, '%')";
    let work = async {
        while sqlx::query_scalar::<_, i64>(count).bind(database).fetch_one(&mut *connection).await.unwrap() < sessions {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), work).await.expect("sessions that wait");
}

/// One session reads the table, a second waits to alter it, and the write of the comment is third.
#[tokio::test]
async fn concurrent_changes_of_others_are_kept() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let connect = || async { MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap() };
    let (mut reader, mut other, mut watch) = (connect().await, connect().await, connect().await);
    sqlx::raw_sql("CREATE TABLE t (a int, c int DEFAULT 1)").execute(&mut reader).await.unwrap();
    let target = open(&url, None).unwrap();
    let column = asset(AssetKind::Column, &database, Some("t"), Some("c"));
    sqlx::raw_sql("START TRANSACTION; SELECT * FROM t").execute(&mut reader).await.unwrap();
    let alter = format!("ALTER TABLE {}.t ALTER c SET DEFAULT 7", backtick(&database));
    let altered = tokio::spawn(async move { sqlx::raw_sql(AssertSqlSafe(alter)).execute(&mut other).await.map(drop) });
    waiting(&mut watch, &database, 1).await;
    let written = tokio::spawn(async move { target.write_comment(&column, Some("new")).await });
    waiting(&mut watch, &database, 2).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut reader).await.unwrap();
    altered.await.unwrap().unwrap();
    written.await.unwrap().unwrap();
    let table = shown(&mut watch, "t").await;
    assert!(table.contains("`c` int(11) DEFAULT 7 COMMENT 'new'"), "{table}");
}
