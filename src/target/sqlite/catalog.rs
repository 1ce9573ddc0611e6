//! What SQLite's own catalog says, and the comments in `gloss_comments`.

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::{
    super::{COMMENTS_TABLE, quote::ansi},
    SCHEMA,
};
use crate::domain::{
    asset::AssetKind,
    catalog::{Column, Reference, Table, TableDetail},
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Rows counted at the most where SQLite has no statistics of its own.
const COUNTED_ROWS: i64 = 100_000;
/// Tables counted in one statement: SQLite takes 500 terms at the most.
const COUNTED_TABLES: usize = 250;

/// The version of SQLite, and a proof that the file is a database.
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<String> {
    let _tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await
}

/// The texts of `gloss_comments`.
#[derive(Default)]
pub(super) struct Comments(HashMap<(String, String, String), String>);

impl Comments {
    pub(super) fn of_database(&self) -> Option<String> {
        self.get(AssetKind::Database, "", "")
    }

    pub(super) fn of_schema(&self) -> Option<String> {
        self.get(AssetKind::Schema, "", "")
    }

    fn of_table(&self, kind: AssetKind, table: &str) -> Option<String> {
        self.get(kind, table, "")
    }

    fn of_column(&self, table: &str, column: &str) -> Option<String> {
        self.get(AssetKind::Column, table, column)
    }

    fn get(&self, kind: AssetKind, table: &str, column: &str) -> Option<String> {
        self.0.get(&(kind.as_str().to_owned(), table.to_owned(), column.to_owned())).cloned()
    }
}

/// Whether there is a table of comments.
async fn has_comments(connection: &mut SqliteConnection) -> Result<bool> {
    let columns: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pragma_table_info(?) WHERE name IN ('kind', 'table_name', 'column_name', 'comment')",
    )
    .bind(COMMENTS_TABLE)
    .fetch_one(connection)
    .await?;
    Ok(columns == 4)
}

/// One comment, by the table's key: not all rows are looked at.
pub(super) async fn comment(
    connection: &mut SqliteConnection,
    kind: &str,
    table: &str,
    column: &str,
) -> Result<Option<String>> {
    if !has_comments(connection).await? {
        return Ok(None);
    }
    // The kind may be written small by others; what is empty may be null.
    let equals = |name: &str, value: &str| match value {
        "" => format!("coalesce({name}, '') = ?"),
        _ => format!("{name} = ?"),
    };
    let statement = format!(
        "SELECT CAST(comment AS TEXT) FROM main.gloss_comments \
         WHERE kind IN (?, ?) AND {} AND {} AND coalesce(comment, '') <> '' LIMIT 1",
        equals("table_name", table),
        equals("column_name", column)
    );
    let query = sqlx::query_scalar(AssertSqlSafe(statement)).bind(kind).bind(kind.to_lowercase());
    query.bind(table).bind(column).fetch_optional(connection).await
}

/// Reads the comments, if there are any.
pub(super) async fn comments(connection: &mut SqliteConnection) -> Result<Comments> {
    if !has_comments(connection).await? {
        return Ok(Comments::default());
    }
    let rows = sqlx::query(
        "SELECT upper(CAST(kind AS TEXT)) AS kind, coalesce(CAST(table_name AS TEXT), '') AS table_name, \
           coalesce(CAST(column_name AS TEXT), '') AS column_name, CAST(comment AS TEXT) AS comment \
         FROM main.gloss_comments WHERE kind IS NOT NULL AND coalesce(comment, '') <> ''",
    )
    .fetch_all(connection)
    .await?;
    let mut comments = HashMap::with_capacity(rows.len());
    for row in &rows {
        let key = (row.try_get("kind")?, row.try_get("table_name")?, row.try_get("column_name")?);
        comments.insert(key, row.try_get("comment")?);
    }
    Ok(Comments(comments))
}

/// A row of the list of tables.
struct Listed {
    name: String,
    kind: AssetKind,
    /// An ordinary table with a `rowid`, one without, or none of the two.
    rowid: Option<bool>,
}

/// The tables and views of the file; not SQLite's own, not those that a virtual table keeps for itself.
async fn list(connection: &mut SqliteConnection) -> Result<Vec<Listed>> {
    let rows = sqlx::query(AssertSqlSafe(format!("SELECT name, type, wr FROM pragma_table_list WHERE {SHOWN}")))
        .bind(SCHEMA)
        .bind(COMMENTS_TABLE)
        .fetch_all(connection)
        .await?;
    let mut tables = rows
        .iter()
        .map(|row| {
            let kind = kind_named(row.try_get("type")?);
            let rowid = (row.try_get::<&str, _>("type")? == "table").then_some(row.try_get::<i64, _>("wr")? == 0);
            Ok(Listed { name: row.try_get("name")?, kind, rowid })
        })
        .collect::<Result<Vec<_>>>()?;
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tables)
}

/// Which rows of the list of tables are shown.
const SHOWN: &str = "schema = ? AND type IN ('table', 'view', 'virtual') \
                     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ?";

fn kind_named(listed: &str) -> AssetKind {
    if listed == "view" { AssetKind::View } else { AssetKind::Table }
}

/// What the table of this name is.
pub(super) async fn kind_of(connection: &mut SqliteConnection, table: &str) -> Result<Option<AssetKind>> {
    // The list knows no case.
    let statement = format!("SELECT type FROM pragma_table_list(?) WHERE {SHOWN} AND name = ?");
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(statement)).bind(table);
    let listed = query.bind(SCHEMA).bind(COMMENTS_TABLE).bind(table).fetch_optional(connection).await?;
    Ok(listed.as_deref().map(kind_named))
}

/// Whether a table or view that is there has this column.
pub(super) async fn has_column(connection: &mut SqliteConnection, table: &str, column: &str) -> Result<bool> {
    let columns = raw_columns(connection, &[table]).await?;
    Ok(columns.values().flatten().any(|known| known.name == column))
}

/// The tables, all or those of these names.
pub(super) async fn tables(connection: &mut SqliteConnection, names: Option<&[String]>) -> Result<Vec<Table>> {
    let comments = comments(connection).await?;
    let mut listed = list(connection).await?;
    if let Some(names) = names {
        let names: HashSet<&String> = names.iter().collect();
        listed.retain(|table| names.contains(&table.name));
    }
    let estimates = row_estimates(connection, &listed).await?;
    let tables = listed.into_iter().map(|Listed { name, kind, .. }| Table {
        comment: comments.of_table(kind, &name),
        row_estimate: estimates.get(&name).copied(),
        name,
        kind,
    });
    Ok(tables.collect())
}

/// About how many rows: from `ANALYZE`, else counted up to a bound, else the largest rowid.
async fn row_estimates(connection: &mut SqliteConnection, tables: &[Listed]) -> Result<HashMap<String, i64>> {
    let mut estimates = HashMap::new();
    let analyzed: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'")
        .fetch_one(&mut *connection)
        .await?;
    if analyzed > 0 {
        let rows = sqlx::query("SELECT tbl, max(CAST(stat AS INTEGER)) AS row_count FROM sqlite_stat1 GROUP BY tbl")
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            if let (Some(table), Some(count)) = (row.try_get("tbl")?, row.try_get("row_count")?) {
                estimates.insert(table, count);
            }
        }
    }
    let uncounted: Vec<&Listed> =
        tables.iter().filter(|table| table.rowid.is_some() && !estimates.contains_key(&table.name)).collect();
    for tables in uncounted.chunks(COUNTED_TABLES) {
        let counts: Vec<String> = tables.iter().enumerate().map(|(at, table)| count_of(at, table)).collect();
        let rows = sqlx::query(AssertSqlSafe(counts.join(" UNION ALL ")))
            .persistent(false)
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            let at: i64 = row.try_get(0)?;
            let table = usize::try_from(at).ok().and_then(|at| tables.get(at));
            if let (Some(table), Some(count)) = (table, row.try_get(1)?) {
                estimates.insert(table.name.clone(), count);
            }
        }
    }
    Ok(estimates)
}

fn count_of(at: usize, table: &Listed) -> String {
    let name = ansi(&table.name);
    // Rowids are given once and never taken back: with many rows the largest is a good guess.
    let beyond = if table.rowid == Some(true) {
        format!("max(n, coalesce((SELECT CAST(max(rowid) AS INTEGER) FROM main.{name}), 0))")
    } else {
        "n".to_owned()
    };
    format!(
        "SELECT {at}, CASE WHEN n < {COUNTED_ROWS} THEN n ELSE {beyond} END \
         FROM (SELECT count(*) AS n FROM (SELECT 1 FROM main.{name} LIMIT {COUNTED_ROWS}))"
    )
}

/// The structure of these tables; the number of statements does not depend on how many they are.
pub(super) async fn details(
    connection: &mut SqliteConnection,
    database: &str,
    names: &[String],
) -> Result<Vec<TableDetail>> {
    let listed = list(connection).await?;
    let known: HashMap<&str, &Listed> = listed.iter().map(|table| (table.name.as_str(), table)).collect();
    let wanted: Vec<&str> = names.iter().map(String::as_str).filter(|name| known.contains_key(name)).collect();
    let comments = comments(connection).await?;
    let mut tables: HashMap<String, Table> =
        tables(connection, Some(names)).await?.into_iter().map(|table| (table.name.clone(), table)).collect();
    let mut columns: HashMap<String, Vec<Column>> = HashMap::new();
    for (table, raw) in raw_columns(connection, &wanted).await? {
        let with_rowid = known.get(table.as_str()).is_some_and(|listed| listed.rowid == Some(true));
        let described =
            raw.iter().map(|column| column.describe(&raw, with_rowid, comments.of_column(&table, &column.name)));
        columns.insert(table.clone(), described.collect());
    }
    for (table, column) in unique_alone(connection, &wanted).await? {
        if let Some(column) = find(&mut columns, &table, &column) {
            column.unique = true;
        }
    }
    let links = links(connection, &listed, &wanted).await?;
    let mut referrers: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for link in &links {
        referrers.entry(&link.to.0).or_default().insert(&link.from.0);
        if let (Some(column), Some(to_column)) = (find(&mut columns, &link.from.0, &link.from.1), &link.to.1)
            && column.references.is_none()
        {
            column.references = Some(Reference { schema: None, table: link.to.0.clone(), column: to_column.clone() });
        }
    }
    let details = names.iter().filter_map(|name| {
        let table = tables.remove(name)?;
        let referred = referrers.get(name.as_str()).into_iter().flatten();
        Some(TableDetail {
            database: Some(database.to_owned()),
            schema: SCHEMA.to_owned(),
            columns: columns.remove(name).unwrap_or_default(),
            referenced_by: referred.map(|name| (*name).to_owned()).collect(),
            table,
        })
    });
    Ok(details.collect())
}

fn find<'a>(columns: &'a mut HashMap<String, Vec<Column>>, table: &str, name: &str) -> Option<&'a mut Column> {
    columns.get_mut(table)?.iter_mut().find(|column| column.name == name)
}

/// A column as SQLite lists it.
struct RawColumn {
    name: String,
    declared: String,
    required: bool,
    /// Its place in the primary key, from 1; 0 where it is not in it.
    key_place: i64,
}

impl RawColumn {
    fn describe(&self, all: &[Self], with_rowid: bool, comment: Option<String>) -> Column {
        let data_type = self.declared.trim_end_matches("GENERATED ALWAYS").trim_end().to_owned();
        let primary_key = self.key_place > 0;
        let alone = primary_key && all.iter().filter(|column| column.key_place > 0).count() == 1;
        // The one key of a table with rowids that SQLite never lets be null: another name of the rowid.
        let is_rowid = alone && with_rowid && data_type.eq_ignore_ascii_case("INTEGER");
        Column {
            name: self.name.clone(),
            data_type,
            nullable: !self.required && !is_rowid,
            comment,
            primary_key,
            unique: alone,
            references: None,
        }
    }
}

const COLUMNS: &str = "SELECT asked.value AS table_name, c.name AS name, c.type AS declared, \
       c.\"notnull\" AS required, c.pk AS key_place \
     FROM json_each(?) asked JOIN pragma_table_xinfo(asked.value, 'main') c \
     WHERE c.hidden <> 1 ORDER BY asked.key, c.cid";

/// The columns of each table. A view that does not work any more has none.
async fn raw_columns(connection: &mut SqliteConnection, names: &[&str]) -> Result<HashMap<String, Vec<RawColumn>>> {
    let all = sqlx::query(COLUMNS).bind(json(names)).fetch_all(&mut *connection).await;
    let rows = match all {
        Ok(rows) => rows,
        // One broken view spoils the statement for all: each for itself, then.
        Err(error) if super::code_of(&error) == Some(1) => {
            let mut rows = Vec::new();
            for name in names {
                match sqlx::query(COLUMNS).bind(json(&[name])).fetch_all(&mut *connection).await {
                    Ok(found) => rows.extend(found),
                    Err(error) if super::code_of(&error) == Some(1) => {}
                    Err(error) => return Err(error),
                }
            }
            rows
        }
        Err(error) => return Err(error),
    };
    let mut columns: HashMap<String, Vec<RawColumn>> = HashMap::new();
    for row in &rows {
        columns.entry(row.try_get("table_name")?).or_default().push(RawColumn {
            name: row.try_get("name")?,
            declared: row.try_get("declared")?,
            required: row.try_get::<i64, _>("required")? != 0,
            key_place: row.try_get("key_place")?,
        });
    }
    Ok(columns)
}

/// The columns on which a unique index stands alone.
async fn unique_alone(connection: &mut SqliteConnection, names: &[&str]) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query(
        "SELECT asked.value AS table_name, max(k.name) AS name FROM json_each(?) asked \
         JOIN pragma_index_list(asked.value, 'main') i JOIN pragma_index_info(i.name, 'main') k \
         WHERE i.\"unique\" = 1 AND i.partial = 0 GROUP BY asked.value, i.name HAVING count(*) = 1 AND max(k.cid) >= 0",
    )
    .bind(json(names))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("table_name")?, row.try_get("name")?))).collect()
}

/// A part of a foreign key: table and column at both ends. The far column is `None` where it does not exist.
struct Link {
    from: (String, String),
    to: (String, Option<String>),
}

/// The foreign keys from and to these tables, those of few columns first. The far ends are spelled as they are,
/// not as the key spells them; a key that names no column there means the primary key.
async fn links(connection: &mut SqliteConnection, listed: &[Listed], wanted: &[&str]) -> Result<Vec<Link>> {
    let rows = sqlx::query(
        "SELECT l.name AS from_table, f.id AS id, f.seq AS place, f.\"from\" AS from_column, \
           f.\"table\" AS to_table, f.\"to\" AS to_column \
         FROM sqlite_schema l JOIN pragma_foreign_key_list(l.name, 'main') f WHERE l.type = 'table'",
    )
    .fetch_all(&mut *connection)
    .await?;
    let spelled: HashMap<String, &str> =
        listed.iter().map(|table| (table.name.to_ascii_lowercase(), table.name.as_str())).collect();
    let wanted: HashSet<&str> = wanted.iter().copied().collect();
    let mut widths: HashMap<(String, i64), usize> = HashMap::new();
    let mut parts = Vec::new();
    for row in &rows {
        let (from, id): (String, i64) = (row.try_get("from_table")?, row.try_get("id")?);
        let Some(to) = spelled.get(&row.try_get::<String, _>("to_table")?.to_ascii_lowercase()) else { continue };
        if spelled.contains_key(&from.to_ascii_lowercase()) && (wanted.contains(from.as_str()) || wanted.contains(to)) {
            *widths.entry((from.clone(), id)).or_default() += 1;
            parts.push((from, id, row, *to));
        }
    }
    // SQLite numbers a table's keys from the last to the first.
    parts.sort_by_cached_key(|(from, id, ..)| (from.clone(), widths.get(&(from.clone(), *id)).copied(), -id));
    let far_tables: BTreeSet<&str> = parts.iter().map(|(.., to)| *to).collect();
    let far = raw_columns(connection, &far_tables.into_iter().collect::<Vec<_>>()).await?;
    let links = parts.into_iter().map(|(from, _, row, to)| {
        let (place, named): (i64, Option<String>) = (row.try_get("place")?, row.try_get("to_column")?);
        let column = far.get(to).into_iter().flatten().find(|column| match &named {
            Some(named) => column.name.eq_ignore_ascii_case(named),
            None => column.key_place == place + 1,
        });
        let to = (to.to_owned(), column.map(|column| column.name.clone()));
        Ok(Link { from: (from, row.try_get("from_column")?), to })
    });
    links.collect()
}

fn json(names: &[&str]) -> String {
    serde_json::Value::from(names.to_vec()).to_string()
}
