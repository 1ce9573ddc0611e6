//! Comments are written, read back and removed; texts of any kind; and the errors when a write fails.

use gloss::{
    domain::{
        asset::{AssetKind, AssetPath},
        review::check_text,
    },
    port::target::{Target, TargetError},
    target::quote::{ansi, mysql_text, postgres_text},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::{open, sqlite_url};
use crate::services;

/// Returns the path of a schema in the URL's database, or of an asset in it.
pub fn asset(kind: AssetKind, schema: &str, table: Option<&str>, column: Option<&str>) -> AssetPath {
    AssetPath {
        kind,
        database: None,
        schema: (kind != AssetKind::Database).then(|| schema.to_owned()),
        table: table.map(str::to_owned),
        column: column.map(str::to_owned),
    }
}

/// Returns the error after checking that its text contains all these words.
pub fn says<T: std::fmt::Debug>(result: Result<T, TargetError>, words: &[&str]) -> TargetError {
    let error = result.expect_err("this must fail");
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}: {words:?}");
    error
}

/// Checks that reading, writing and the statement are refused with all these words.
pub async fn refuses(target: &dyn Target, asset: &AssetPath, words: &[&str]) {
    for text in [Some("x"), None] {
        assert!(matches!(says(target.write_comment(asset, text).await, words), TargetError::Refused(_)));
        says(target.comment_statement(asset, text).await, words);
    }
    says(target.comment(asset).await, words);
}

/// Writes and removes a comment and checks that the catalog shows both.
pub async fn goes_on_and_off(target: &dyn Target, asset: &AssetPath) {
    let text = "it's \"new\" \\ `here`\r\nنعم\u{200f}\t;--";
    assert_eq!(target.comment(asset).await.unwrap(), None, "{asset:?}");
    let statement = target.comment_statement(asset, Some(text)).await.unwrap();
    assert!(statement.contains("\"new\""), "{statement}");
    assert_eq!(target.comment(asset).await.unwrap(), None, "a statement is not run");
    for text in ["first", text] {
        target.write_comment(asset, Some(text)).await.unwrap();
        assert_eq!(target.comment(asset).await.unwrap().as_deref(), Some(text), "{asset:?}");
        assert_eq!(in_catalog(target, asset).await.as_deref(), Some(text), "{asset:?}");
    }
    for _ in 0..2 {
        target.write_comment(asset, None).await.unwrap();
        assert_eq!(target.comment(asset).await.unwrap(), None);
        assert_eq!(in_catalog(target, asset).await, None);
    }
}

/// Returns the comment that the catalog shows for the asset.
async fn in_catalog(target: &dyn Target, asset: &AssetPath) -> Option<String> {
    let database = asset.database.as_deref();
    let schema = asset.schema.as_deref().unwrap_or_default();
    match (asset.kind, &asset.table) {
        (AssetKind::Database, _) => {
            let databases = target.databases().await.unwrap();
            databases.into_iter().find(|found| database.is_none_or(|name| found.name == name)).unwrap().comment
        }
        (AssetKind::Schema, _) => {
            let schemas = target.schemas(database).await.unwrap();
            schemas.into_iter().find(|found| found.name == schema).unwrap().comment
        }
        (_, None) => panic!("{asset:?} has no table"),
        (_, Some(table)) => {
            let detail = target.details(database, schema, std::slice::from_ref(table)).await.unwrap().remove(0);
            match &asset.column {
                None => detail.table.comment,
                Some(column) => detail.columns.into_iter().find(|found| found.name == *column).unwrap().comment,
            }
        }
    }
}

/// Texts that try to break out of their literal.
const INJECTIONS: &[&str] = &[
    "'; DROP TABLE canary; --",
    "\\'; DROP TABLE canary; --",
    "\\\\'; DROP TABLE canary; -- ",
    "''; DROP TABLE canary; --",
    "x\\",
    "x\\'",
    "'",
    "''",
    "\\",
    "`; DROP TABLE canary; --",
    "\"; DROP TABLE canary; --",
    "$$; DROP TABLE canary; $$",
    "x' || (SELECT 1) || '",
    "*/ DROP TABLE canary; /*",
    "\u{2019}; DROP TABLE canary; --",
    "{braces} %s ? $1 :name @x",
    "\u{1a}\u{1}\u{7f}\u{8}",
    "line\r\nbreak\rs\n",
    " spaces around ",
    "\u{feff}\u{202e}abc\u{200f}",
];

/// Returns texts of any kind that a review accepts, the hostile ones first.
fn texts() -> Vec<String> {
    let special = prop::sample::select(vec![
        "'", "\"", "`", "\\", "\r\n", "\n", "\0", "--", ";", "😀", "נ", "\u{202e}", "${", "''",
    ]);
    let letter =
        prop_oneof![special.prop_map(str::to_owned), any::<char>().prop_map(String::from), "[a-zA-Z0-9 ]{0,8}"];
    let short = prop::collection::vec(letter.clone(), 1..30);
    let long = prop::collection::vec(letter, 800..2_500);
    let text = prop_oneof![4 => short, 1 => long].prop_map(|parts| parts.concat());
    let mut runner = TestRunner::new(Config::default());
    let random = (0..50).map(|_| text.new_tree(&mut runner).unwrap().current());
    // Each text is added again without the characters that some databases cannot store, so that most are stored.
    let plain = random.collect::<Vec<_>>().into_iter().flat_map(|text| {
        let plane: String = text.chars().filter(|c| u32::from(*c) <= 0xFFFF && *c != '\0').take(1_024).collect();
        [text, plane]
    });
    let texts = INJECTIONS.iter().map(|text| (*text).to_owned()).chain(plain);
    texts.filter(|text| check_text(text, "text").is_ok()).collect()
}

/// Checks that every text is either refused in advance or read back unchanged.
async fn keeps_any_text(target: &dyn Target, schema: &str, refusals: &[&str]) {
    let assets =
        [asset(AssetKind::Column, schema, Some("t"), Some("a")), asset(AssetKind::Table, schema, Some("t"), None)];
    let mut kept = 0;
    for (at, text) in texts().into_iter().enumerate() {
        let asset = &assets[at % 2];
        let before = target.comment(asset).await.unwrap();
        match target.write_comment(asset, Some(&text)).await {
            Ok(()) => {
                kept += 1;
                assert_eq!(target.comment(asset).await.unwrap().as_deref(), Some(text.as_str()));
                assert_eq!(in_catalog(target, asset).await.as_deref(), Some(text.as_str()));
            }
            Err(TargetError::Refused(why)) => {
                assert!(refusals.iter().any(|known| why.contains(known)), "{why}: {text:?}");
                assert_eq!(target.comment(asset).await.unwrap(), before);
                assert!(target.comment_statement(asset, Some(&text)).await.is_err());
            }
            Err(error) => panic!("{error:?}: {text:?}"),
        }
    }
    assert!(kept >= 60, "{kept}");
    let tables = target.tables(None, schema).await.unwrap();
    assert!(tables.iter().any(|table| table.name == "canary"), "a text escaped its literal");
    for asset in &assets {
        target.write_comment(asset, None).await.unwrap();
    }
}

const TABLES: &str = "CREATE TABLE t (a int); CREATE TABLE canary (a int);";

#[tokio::test]
async fn any_text_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.db");
    services::load_sqlite(&file, TABLES).await;
    keeps_any_text(&*open(&sqlite_url(&file), None).unwrap(), "main", &[]).await;
}

#[tokio::test]
async fn any_text_on_postgres() {
    let Some(service) = services::postgres().await else { return };
    for setting in ["on", "off"] {
        let (url, database) = service.fresh_database().await;
        service
            .run(Some(&database), &format!("ALTER DATABASE {database} SET standard_conforming_strings = {setting}"))
            .await;
        service.run(Some(&database), TABLES).await;
        keeps_any_text(&*open(&url, None).unwrap(), "public", &[]).await;
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        for text in INJECTIONS {
            let statement = format!("SELECT {}", postgres_text(text));
            let said: String = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut connection).await.unwrap();
            assert_eq!(said, *text);
        }
    }
}

#[tokio::test]
async fn any_text_on_mariadb() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    service.run(Some(&database), TABLES).await;
    let refusals = ["may have 1024: shorten it by", "may have 2048: shorten it by", "beyond U+FFFF"];
    keeps_any_text(&*open(&url, None).unwrap(), &database, &refusals).await;
    let mut connection = sqlx::MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap();
    for mode in ["", "NO_BACKSLASH_ESCAPES"] {
        let set = format!("SET sql_mode = '{mode}'");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut connection).await.unwrap();
        for text in INJECTIONS {
            let statement = format!("SELECT {} AS said", mysql_text(text));
            // A prepared statement would be parsed in the session's first SQL mode.
            let row = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_one(&mut connection).await.unwrap();
            let said: String = row.get(0);
            let doubled = if mode.is_empty() { (*text).to_owned() } else { text.replace('\\', "\\\\") };
            assert_eq!(said, doubled);
        }
    }
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my shop's.db");
    let weird = "we\"ird. ta`ble ä名'";
    let script =
        format!("CREATE TABLE {0} (\"c'\"\"d\" int, b int); CREATE VIEW v AS SELECT b AS x FROM {0};", ansi(weird));
    services::load_sqlite(&file, &script).await;
    let target = open(&sqlite_url(&file), None).unwrap();
    let dump = dump(&file).await;
    for asset in [
        AssetPath { database: Some("my shop's".to_owned()), ..asset(AssetKind::Database, "", None, None) },
        asset(AssetKind::Schema, "main", None, None),
        asset(AssetKind::Table, "main", Some(weird), None),
        asset(AssetKind::View, "main", Some("v"), None),
        asset(AssetKind::Column, "main", Some(weird), Some("c'\"d")),
        asset(AssetKind::Column, "main", Some("v"), Some("x")),
    ] {
        goes_on_and_off(&*target, &asset).await;
        assert_eq!(self::dump(&file).await, dump, "the table of comments was removed");
    }
    let column = asset(AssetKind::Column, "main", Some(weird), Some("b"));
    let statements = target.comment_statement(&column, Some("it's")).await.unwrap();
    services::load_sqlite(&file, &statements).await;
    assert_eq!(target.comment(&column).await.unwrap().as_deref(), Some("it's"), "they are complete");
    assert_eq!(target.comment_statement(&column, Some("it's")).await.unwrap(), statements);
    target.write_comment(&column, None).await.unwrap();
    assert_eq!(self::dump(&file).await, dump);
    let (first, second) = statements.split_once(";\n").unwrap();
    assert!(first.starts_with("CREATE TABLE IF NOT EXISTS main.gloss_comments ("), "{first}");
    assert_eq!(
        second,
        "INSERT INTO main.gloss_comments (kind, table_name, column_name, comment) \
         VALUES ('COLUMN', 'we\"ird. ta`ble ä名''', 'b', 'it''s') \
         ON CONFLICT (kind, table_name, column_name) DO UPDATE SET comment = excluded.comment"
    );
    for gone in [
        asset(AssetKind::Table, "main", Some("t"), None),
        asset(AssetKind::View, "main", Some(weird), None),
        asset(AssetKind::Table, "main", Some("gloss_comments"), None),
        asset(AssetKind::Column, "main", Some(weird), Some("z")),
        asset(AssetKind::Schema, "other", None, None),
    ] {
        refuses(&*target, &gone, &[&gone.display(), "no longer exists"]).await;
    }

    // Another program writes.
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let error = says(target.write_comment(&column, Some("x")).await, &["is locked by another program"]);
    assert!(matches!(error, TargetError::Locked(_)));
    sqlx::raw_sql("ROLLBACK; CREATE TABLE gloss_comments (a int)").execute(&mut other).await.unwrap();
    let error = says(target.write_comment(&column, Some("x")).await, &["gloss_comments", "rename it"]);
    assert!(matches!(error, TargetError::Refused(_)));
    sqlx::raw_sql("DROP TABLE gloss_comments").execute(&mut other).await.unwrap();
    other.close().await.unwrap();

    // A write version that SQLite does not know makes a file read-only for every user.
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[18] = 9;
    let read_only = folder.path().join("read-only.db");
    std::fs::write(&read_only, bytes).unwrap();
    let target = open(&sqlite_url(&read_only), None).unwrap();
    let error = says(target.write_comment(&column, Some("x")).await, &["cannot write to the file", "write access"]);
    assert!(matches!(error, TargetError::Refused(_)));
}

/// Returns the schema and all rows of a file in their physical order.
async fn dump(file: &std::path::Path) -> Vec<(String, Option<String>)> {
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query_as("SELECT name, sql FROM sqlite_schema ORDER BY rowid").fetch_all(&mut connection).await.unwrap()
}

#[tokio::test]
async fn postgres() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    let (_, other) = service.fresh_database().await;
    let schema = "We.ird \"Schema\" 🙂";
    let table = "ta\"b'le.\\x";
    let named = format!("{}.{}", ansi(schema), ansi(table));
    let script = format!(
        "CREATE SCHEMA {0}; CREATE TABLE {named} (\"c'\\\"\"d\" int, b int); CREATE VIEW {0}.v AS SELECT b AS x FROM \
            {named};
         CREATE MATERIALIZED VIEW {0}.m AS SELECT b AS x FROM {named};
         CREATE TABLE {0}.parts (id int) PARTITION BY RANGE (id);
         CREATE TABLE {0}.part PARTITION OF {0}.parts FOR VALUES FROM (0) TO (9);
         CREATE ROLE owner_{database}; CREATE ROLE guest_{database} LOGIN PASSWORD 'secret-marker';
         CREATE VIEW {0}.owned AS SELECT 1 AS a; ALTER VIEW {0}.owned OWNER TO owner_{database};
         GRANT USAGE ON SCHEMA {0} TO guest_{database}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO guest_{database};",
        ansi(schema)
    );
    let mut admin = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut admin).await.unwrap();
    let target = open(&url, None).unwrap();
    let whole = open(&service.url_for("postgres", ""), None).unwrap();
    for asset in [
        AssetPath { database: Some(database.clone()), ..asset(AssetKind::Database, "", None, None) },
        AssetPath { database: Some(other.clone()), ..asset(AssetKind::Database, "", None, None) },
        AssetPath { database: Some(other.clone()), ..asset(AssetKind::Schema, "public", None, None) },
        asset(AssetKind::Schema, schema, None, None),
        asset(AssetKind::Table, schema, Some(table), None),
        asset(AssetKind::Table, schema, Some("parts"), None),
        asset(AssetKind::Table, schema, Some("part"), None),
        asset(AssetKind::View, schema, Some("v"), None),
        asset(AssetKind::MaterializedView, schema, Some("m"), None),
        asset(AssetKind::Column, schema, Some(table), Some("c'\\\"d")),
        asset(AssetKind::Column, schema, Some("v"), Some("x")),
        asset(AssetKind::Column, schema, Some("m"), Some("x")),
    ] {
        let target = if asset.database.as_ref() == Some(&other) { &whole } else { &target };
        if asset.kind == AssetKind::Schema && asset.schema.as_deref() == Some("public") {
            // The table is created with the first comment.
            target.write_comment(&asset, None).await.unwrap();
        }
        goes_on_and_off(&**target, &asset).await;
    }
    let view = asset(AssetKind::View, schema, Some("owned"), None);
    let statement = target.comment_statement(&view, Some("a\\b'c")).await.unwrap();
    assert_eq!(statement, format!("COMMENT ON VIEW {}.\"owned\" IS E'a\\\\b''c'", ansi(schema)));
    let statement = target.comment_statement(&view, None).await.unwrap();
    assert_eq!(statement, format!("COMMENT ON VIEW {}.\"owned\" IS NULL", ansi(schema)));

    for gone in [
        asset(AssetKind::Table, schema, Some("v"), None),
        asset(AssetKind::Table, schema, Some("dropped"), None),
        asset(AssetKind::Column, schema, Some(table), Some("dropped")),
        asset(AssetKind::Schema, "nowhere", None, None),
        asset(AssetKind::Schema, "pg_catalog", None, None),
    ] {
        refuses(&*target, &gone, &[&gone.display(), "no longer exists"]).await;
    }

    let guest = open(&service.url_for(&format!("guest_{database}:secret-marker"), &database), None).unwrap();
    let error = says(
        guest.write_comment(&view, Some("x")).await,
        &["must be owner of view", &view.display(), &format!("owner_{database}, or connect as")],
    );
    assert!(matches!(&error, TargetError::Refused(text) if !text.contains("secret-marker")));
    for asset in [
        asset(AssetKind::Database, "", None, None),
        asset(AssetKind::Schema, schema, None, None),
        asset(AssetKind::Column, schema, Some(table), Some("b")),
    ] {
        says(guest.write_comment(&asset, Some("x")).await, &["must be owner of", asset.kind.noun()]);
    }
    assert_eq!(guest.comment(&view).await.unwrap(), None);

    sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; LOCK TABLE {named} IN ACCESS EXCLUSIVE MODE")))
        .execute(&mut admin)
        .await
        .unwrap();
    let locked = asset(AssetKind::Column, schema, Some(table), Some("b"));
    let error = says(target.write_comment(&locked, Some("x")).await, &["is locked by another session", "try again"]);
    assert!(matches!(error, TargetError::Locked(_)));
    sqlx::raw_sql("ROLLBACK").execute(&mut admin).await.unwrap();
    target.write_comment(&locked, Some("x")).await.unwrap();
}
