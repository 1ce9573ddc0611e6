//! The describer that comes with Gloss: what it writes about Chinook and about the demo, read as a person would, and
//! what holds for any input.

use std::{fmt::Write as _, path::Path, sync::Arc};

use gloss::{
    domain::{
        asset::AssetKind,
        catalog::{Column, ColumnStatistics, Reference, Table, TableDetail, TableStatistics},
        profile::LlmProvider,
        run::{RunOptions, Verbosity},
        suggestion::Draft,
    },
    model::builtin::BuiltinDescriber,
    port::model::{DescribeRequest, Describer, Subject},
};
use proptest::prelude::*;
use sqlx::{Connection, Executor, Row, SqliteConnection};

pub fn options() -> RunOptions {
    RunOptions::defaults(LlmProvider::Builtin)
}

fn describe(table: &TableDetail, statistics: Option<&TableStatistics>, options: &RunOptions) -> Vec<Option<Draft>> {
    let subjects = std::iter::once(Subject::Table).chain((0..table.columns.len()).map(Subject::Column)).collect();
    let request = DescribeRequest {
        table: Arc::new(table.clone()),
        statistics: statistics.cloned().map(Arc::new),
        subjects,
        options: options.clone(),
        asked_before: false,
    };
    futures_util::FutureExt::now_or_never(BuiltinDescriber.describe(&request))
        .expect("it never waits")
        .expect("it never fails")
        .drafts
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Reads tables and their statistics from SQLite, as a target would.
pub async fn catalog(database: &mut SqliteConnection) -> Vec<(TableDetail, TableStatistics)> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY type, name",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    let mut all = Vec::new();
    for (name, kind) in tables {
        let mut columns = Vec::new();
        for row in sqlx::query("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)")
            .bind(&name)
            .fetch_all(&mut *database)
            .await
            .unwrap()
        {
            columns.push(Column {
                name: row.get(0),
                data_type: row.get(1),
                nullable: row.get::<i64, _>(2) == 0,
                comment: None,
                primary_key: row.get::<i64, _>(3) > 0,
                unique: false,
                references: None,
            });
        }
        for row in sqlx::query("SELECT \"from\", \"table\", coalesce(\"to\", '') FROM pragma_foreign_key_list(?)")
            .bind(&name)
            .fetch_all(&mut *database)
            .await
            .unwrap()
        {
            let from: String = row.get(0);
            if let Some(column) = columns.iter_mut().find(|column| column.name == from) {
                column.references = Some(Reference { schema: None, table: row.get(1), column: row.get(2) });
            }
        }
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {}", quoted(&name))))
            .fetch_one(&mut *database)
            .await
            .unwrap();
        let mut statistics = TableStatistics { sampled_rows: rows, complete: true, columns: Vec::new() };
        for column in &columns {
            let (c, t) = (quoted(&column.name), quoted(&name));
            let row = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT avg({c} IS NULL), count(DISTINCT {c}), CAST(min({c}) AS TEXT), CAST(max({c}) AS TEXT) FROM {t}"
            )))
            .fetch_one(&mut *database)
            .await
            .unwrap();
            let samples: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                "SELECT DISTINCT substr(CAST({c} AS TEXT), 1, 80) FROM {t} WHERE {c} IS NOT NULL LIMIT 10"
            )))
            .fetch_all(&mut *database)
            .await
            .unwrap();
            statistics.columns.push(ColumnStatistics {
                name: column.name.clone(),
                null_share: row.get(0),
                distinct: row.get(1),
                minimum: row.get(2),
                maximum: row.get(3),
                samples,
            });
        }
        let kind = if kind == "view" { AssetKind::View } else { AssetKind::Table };
        let table = Table { name, kind, comment: None, row_estimate: Some(rows) };
        all.push((
            TableDetail { database: None, schema: "main".to_owned(), table, columns, referenced_by: Vec::new() },
            statistics,
        ));
    }
    let keys: Vec<(String, String)> = all
        .iter()
        .flat_map(|(detail, _)| {
            detail
                .columns
                .iter()
                .filter_map(|c| Some((detail.table.name.clone(), c.references.as_ref()?.table.clone())))
        })
        .collect();
    for (detail, _) in &mut all {
        detail.referenced_by = keys
            .iter()
            .filter(|(from, to)| *to == detail.table.name && from != to)
            .map(|(from, _)| from.clone())
            .collect();
        detail.referenced_by.sort();
        detail.referenced_by.dedup();
    }
    all
}

/// Every text, one a line, with its confidence.
pub fn written(catalog: &[(TableDetail, TableStatistics)], options: &RunOptions) -> String {
    let mut out = String::new();
    for (detail, statistics) in catalog {
        let names = std::iter::once("").chain(detail.columns.iter().map(|column| column.name.as_str()));
        for (name, draft) in names.zip(describe(detail, options.profile_data.then_some(statistics), options)) {
            let draft = draft.unwrap();
            let dot = if name.is_empty() { "" } else { "." };
            for (index, one) in draft.alternatives.iter().enumerate() {
                let place = if index == 0 { format!("{}{dot}{name}", detail.table.name) } else { "    or".to_owned() };
                writeln!(out, "{place} [{:.2}] {}", one.confidence, one.text).unwrap();
            }
        }
    }
    out
}

async fn chinook() -> Option<Vec<(TableDetail, TableStatistics)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/chinook/sqlite.sql");
    let Ok(script) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not here", path.display());
        return None;
    };
    let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    database.execute(sqlx::AssertSqlSafe(script)).await.unwrap();
    Some(catalog(&mut database).await)
}

#[tokio::test]
async fn chinook_reads_well() {
    let Some(catalog) = chinook().await else { return };
    insta::assert_snapshot!("chinook", written(&catalog, &RunOptions { alternatives: 1, ..options() }));
    if let Ok(path) = std::env::var("GLOSS_BUILTIN_OUT") {
        std::fs::write(
            path,
            written(&catalog, &RunOptions { alternatives: 5, verbosity: Verbosity::Comprehensive, ..options() }),
        )
        .unwrap();
    }
}
