//! What a database enforces and computes is read from its catalog: checks, defaults, generated columns, triggers and
//! partitions.

use gloss::domain::catalog::{Bound, Comparison, Operand, Rules, TableDetail};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

use super::{open, sqlite_url};
use crate::services;

const LINES: &str = "CREATE TABLE lines (
        id INTEGER PRIMARY KEY,
        quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity > 0),
        price DECIMAL(10, 2) CHECK (price >= 0 AND price <= 1000),
        state VARCHAR(10) DEFAULT 'it''s new',
        starts DATE, ends DATE,
        made TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        total DECIMAL(12, 2) GENERATED ALWAYS AS (quantity * price) STORED,
        CHECK (ends IS NULL OR ends >= starts))";

fn bound(column: &str, is: Comparison, than: Operand) -> Bound {
    Bound { column: column.to_owned(), is, than }
}

/// Asserts what all databases say of `lines`.
fn has_rules(lines: &TableDetail) {
    let of = |name: &str| lines.columns.iter().find(|column| column.name == name).unwrap();
    assert!(of("total").generated.as_ref().unwrap().contains("price"), "{:?}", of("total"));
    assert!(lines.columns.iter().all(|column| column.name == "total" || column.generated.is_none()));
    assert_eq!(of("quantity").default.as_deref(), Some("1"));
    assert!(of("state").default.as_ref().unwrap().starts_with("'it''s new'"), "{:?}", of("state"));
    let made = of("made").default.as_ref().unwrap().to_ascii_uppercase();
    assert!(made.starts_with("CURRENT_TIMESTAMP"), "{made}");
    assert_eq!((&of("price").default, &of("ends").default), (&None, &None));
    let mut bounds = lines.rules.bounds.clone();
    bounds.sort_by(|a, b| a.column.cmp(&b.column));
    let value = |text: &str| Operand::Value(text.to_owned());
    assert_eq!(
        bounds,
        [
            bound("ends", Comparison::AtLeast, Operand::Column("starts".to_owned())),
            bound("price", Comparison::AtLeast, value("0")),
            bound("price", Comparison::AtMost, value("1000")),
            bound("quantity", Comparison::Above, value("0")),
        ]
    );
    assert_eq!(lines.rules.checks.len(), 3, "{:?}", lines.rules.checks);
    assert_eq!(lines.rules.triggers, ["count_lines"]);
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.db");
    let trigger = "CREATE TRIGGER count_lines AFTER INSERT ON lines BEGIN SELECT 1; END";
    crate::harness::sqlite::execute(
        &file,
        &format!("{LINES}; {trigger}; CREATE TABLE plain (a INTEGER DEFAULT NULL);"),
    );
    let target = open(&sqlite_url(&file), None).unwrap();
    let names = ["lines".to_owned(), "plain".to_owned()];
    let [lines, plain] = target.details(None, "main", &names).await.unwrap().try_into().unwrap();
    has_rules(&lines);
    assert_eq!((plain.rules, &plain.columns[0].default), (Rules::default(), &None));
}

#[tokio::test]
async fn postgres() {
    let Some(service) = services::postgres().await else { return };
    let (url, _) = service.fresh_database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let script = format!(
        "CREATE DOMAIN share AS numeric CHECK (VALUE BETWEEN 0 AND 1);
         {LINES}; CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER count_lines AFTER INSERT ON lines FOR EACH ROW EXECUTE FUNCTION nothing();
         CREATE TABLE readings (at DATE NOT NULL, humidity share DEFAULT NULL) PARTITION BY RANGE (at);
         CREATE TABLE readings_2026 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
    let target = open(&url, None).unwrap();
    let names = ["lines", "readings", "readings_2026"].map(str::to_owned);
    let [lines, readings, part] = target.details(None, "public", &names).await.unwrap().try_into().unwrap();
    has_rules(&lines);
    assert_eq!(readings.rules.partitioned_by.as_deref(), Some("RANGE (at)"));
    assert_eq!(readings.columns[1].default, None);
    let share = [Comparison::AtLeast, Comparison::AtMost].into_iter().zip(["0", "1"]);
    let share: Vec<Bound> = share.map(|(is, than)| bound("humidity", is, Operand::Value(than.to_owned()))).collect();
    assert_eq!(readings.rules.bounds, share);
    assert_eq!(part.rules.partition_bound.as_deref(), Some("FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"));
    assert_eq!(part.table.partition_of.map(|whole| whole.table).as_deref(), Some("readings"));
}

#[tokio::test]
async fn mariadb() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let mut connection = MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap();
    let script = format!(
        "{LINES}; CREATE TRIGGER count_lines AFTER INSERT ON `lines` FOR EACH ROW SET @n = 1;
         CREATE TABLE stamps (id INTEGER, changed TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)
           PARTITION BY HASH (id) PARTITIONS 2;"
    )
    .replace("TABLE lines", "TABLE `lines`");
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
    let target = open(&url, None).unwrap();
    let names = ["lines".to_owned(), "stamps".to_owned()];
    let [lines, stamps] = target.details(None, &database, &names).await.unwrap().try_into().unwrap();
    has_rules(&lines);
    let changed = stamps.columns[1].default.as_ref().unwrap().to_ascii_uppercase();
    assert!(changed.contains("ON UPDATE CURRENT_TIMESTAMP"), "{changed}");
    assert_eq!(stamps.rules.partitioned_by.map(|by| by.replace('`', "")).as_deref(), Some("HASH (id)"));
}
