//! Copies a whole store into an empty one, between SQLite and PostgreSQL in either direction.
//!
//! The rules:
//! - The source is only read. Both stores are held for the whole copy, so neither changes meanwhile.
//! - A table is copied in the order of its key, a batch in each transaction. What the target has of a table is
//!   therefore always a beginning of it, and a copy that was interrupted continues after the last row.
//! - Until the copy is verified, the target has a table that marks it as unfinished, and no server opens it.
//! - Values are copied as they are stored: secrets stay sealed under the same key.
//!
//! Search indexes and `run_tally` follow from the rows by triggers. Workers, their duties and their pace belong to
//! processes, and are not copied.
//! To add a table, add its line to [`tables`]; a test compares the list with a new store.

use std::{fmt::Write as _, sync::Arc};

use entity::{
    alternative, api_token, applied_comment, apply_item, ask_session, ask_tool_call, ask_turn, catalog_asset,
    catalog_reading, compared_asset, compared_run, comparison, confirmation, db_profile, displaced_review, evidence,
    idempotency_key, llm_profile, run, run_event, run_import, run_label, run_row, schedule, schedule_asset,
    schedule_firing, seal, suggestion, usage_tally, verdict,
};
use migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, IdenStatic, Iterable,
    PrimaryKeyToColumn, QueryResult, TransactionTrait, Value,
    sea_query::{Alias, ColumnDef, ColumnType, Expr, ExprTrait, Order, Query, Table as NewTable},
};
use sha2::{Digest, Sha256};

use super::{
    OpenError,
    address::{Address, Held},
    condition::Condition as StoreCondition,
    connection::Fitted,
    dialect,
    open::{UNFINISHED, address, alone, inspect, release, told},
};

/// Maximum number of values in one statement, and of rows in one transaction.
const MAX_VALUES: usize = 30_000;
const MAX_ROWS: usize = 1_000;

/// Why a store was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Both URLs lead to the same store.
    #[error("--from and --to name the same store; name an empty one with --to")]
    Same,
    /// There is nothing to copy.
    #[error("there is no store at {0}; name the store to copy with --from")]
    NoStore(String),
    /// The source must be migrated.
    #[error("the store {0} is of an older version; run `gloss migrate` on it, then copy it")]
    Older(String),
    /// The target holds another store.
    #[error("the store {0} is not empty; name a new file or an empty database with --to")]
    NotEmpty(String),
    /// The target is an unfinished copy of another store.
    #[error(
        "{target} is an unfinished copy of {source_place}, not of {asked}; name that store with --from, or another \
             target with --to"
    )]
    OfAnother {
        /// The target.
        target: String,
        /// What it is a copy of.
        source_place: String,
        /// What is to be copied now.
        asked: String,
    },
    /// The copy differs from the source.
    #[error(
        "the copy differs from its source in the table {table} ({source_rows} rows and {target_rows}); did the \
             store change meanwhile? Delete the target, and copy again"
    )]
    Differs {
        /// The table.
        table: &'static str,
        /// Number of rows of the source.
        source_rows: u64,
        /// Number of rows of the target.
        target_rows: u64,
    },
    /// One of the stores cannot be opened, read or written.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<DbErr> for CopyError {
    fn from(error: DbErr) -> Self {
        Self::Open(error.into())
    }
}

/// A table that was copied.
#[derive(Debug, Clone)]
pub struct CopiedTable {
    /// Its name.
    pub name: &'static str,
    /// The number of its rows.
    pub rows: u64,
    /// The SHA-256 of its rows in the order of its key, in hexadecimal.
    pub sha256: String,
}

/// A table: its columns, and which of them are the key.
struct Table {
    name: &'static str,
    columns: Vec<(&'static str, ColumnType)>,
    key: Vec<usize>,
}

impl Table {
    fn of<E: EntityTrait>() -> Self {
        let name = E::default().table_name();
        let all: Vec<E::Column> = E::Column::iter().collect();
        let columns = all.iter().map(|column| (column.as_str(), column.def().get_column_type().clone())).collect();
        let place = |key: E::PrimaryKey| all.iter().position(|column| column.as_str() == key.into_column().as_str());
        Self { name, columns, key: E::PrimaryKey::iter().filter_map(place).collect() }
    }

    fn column(&self, at: usize) -> Expr {
        Expr::col((Alias::new(self.name), Alias::new(self.columns[at].0)))
    }

    /// Whether the database numbers the rows.
    fn is_numbered(&self) -> bool {
        let of = |at: &usize| &self.columns[*at];
        matches!(self.key.as_slice(), [only] if matches!(of(only), ("id", ColumnType::BigInteger)))
    }

    /// Reads the next rows in the order of the key.
    async fn read(&self, from: &impl ConnectionTrait, after: Option<&[Value]>) -> Result<Vec<Vec<Value>>, DbErr> {
        let mut query = Query::select();
        query.from(Alias::new(self.name)).limit(self.batch() as u64);
        for at in 0..self.columns.len() {
            query.expr(self.column(at));
        }
        for at in &self.key {
            query.order_by_expr(self.column(*at), Order::Asc);
        }
        if let Some(after) = after {
            query.cond_where(self.beyond(after));
        }
        let rows = from.query_all(&query).await?;
        rows.iter().map(|row| self.values(row)).collect()
    }

    /// Matches rows whose key comes after that of a row.
    fn beyond(&self, row: &[Value]) -> Condition {
        let mut any = Condition::any();
        for (depth, at) in self.key.iter().enumerate() {
            let mut all = Condition::all().add(self.column(*at).gt(row[*at].clone()));
            for equal in &self.key[..depth] {
                all = all.add(self.column(*equal).eq(row[*equal].clone()));
            }
            any = any.add(all);
        }
        any
    }

    fn batch(&self) -> usize {
        (MAX_VALUES / self.columns.len()).min(MAX_ROWS)
    }

    fn values(&self, row: &QueryResult) -> Result<Vec<Value>, DbErr> {
        let value = |(at, (_, of)): (usize, &(&str, ColumnType))| -> Result<Value, DbErr> {
            Ok(match of {
                ColumnType::Integer => Value::Int(row.try_get_by_index(at)?),
                ColumnType::BigInteger => Value::BigInt(row.try_get_by_index(at)?),
                ColumnType::Double => Value::Double(row.try_get_by_index(at)?),
                ColumnType::Boolean => Value::Bool(row.try_get_by_index(at)?),
                ColumnType::Binary(_) | ColumnType::VarBinary(_) | ColumnType::Blob => {
                    Value::Bytes(row.try_get_by_index(at)?)
                }
                _ => {
                    let text: Option<String> = row.try_get_by_index(at)?;
                    // As `connection.rs` writes it to PostgreSQL.
                    Value::String(text.map(|text| text.replace('\0', "\u{FFFD}")))
                }
            })
        };
        self.columns.iter().enumerate().map(value).collect()
    }

    /// Writes rows in one transaction.
    async fn write(&self, to: &Fitted<DatabaseConnection>, rows: Vec<Vec<Value>>) -> Result<(), DbErr> {
        let mut insert = Query::insert();
        insert.into_table(Alias::new(self.name)).columns(self.columns.iter().map(|(name, _)| Alias::new(*name)));
        for row in rows {
            insert.values_panic(row.into_iter().map(Expr::val));
        }
        let transaction = to.bare.begin().await?;
        transaction.execute(&insert).await?;
        transaction.commit().await
    }

    /// The last row in the order of the key.
    async fn last(&self, of: &impl ConnectionTrait) -> Result<Option<Vec<Value>>, DbErr> {
        let mut query = Query::select();
        query.from(Alias::new(self.name)).limit(1);
        for at in 0..self.columns.len() {
            query.expr(self.column(at));
        }
        for at in &self.key {
            query.order_by_expr(self.column(*at), Order::Desc);
        }
        of.query_one(&query).await?.map(|row| self.values(&row)).transpose()
    }

    /// Counts the rows, and hashes them in the order of the key.
    async fn checksum(&self, of: &impl ConnectionTrait) -> Result<(u64, String), DbErr> {
        let (mut rows, mut hash) = (0, Sha256::new());
        let mut last: Option<Vec<Value>> = None;
        loop {
            let read = self.read(of, last.as_deref()).await?;
            let is_last = read.len() < self.batch();
            for row in &read {
                row.iter().for_each(|value| digest(&mut hash, value));
            }
            rows += read.len() as u64;
            last = read.into_iter().next_back();
            if is_last {
                break;
            }
        }
        let mut sha256 = String::new();
        for byte in hash.finalize() {
            let _infallible = write!(sha256, "{byte:02x}");
        }
        Ok((rows, sha256))
    }
}

/// Adds a value to a hash. Each begins with its length, so that no two rows are written alike.
fn digest(hash: &mut Sha256, value: &Value) {
    let mut add = |bytes: Option<&[u8]>| {
        hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(bytes.unwrap_or_default());
    };
    match value {
        Value::Int(value) => add(value.map(|value| i64::from(value).to_le_bytes()).as_ref().map(|it| &it[..])),
        Value::BigInt(value) => add(value.map(i64::to_le_bytes).as_ref().map(|it| &it[..])),
        Value::Double(value) => add(value.map(f64::to_le_bytes).as_ref().map(|it| &it[..])),
        Value::Bool(value) => add(value.map(|value| [u8::from(value)]).as_ref().map(|it| &it[..])),
        Value::String(value) => add(value.as_ref().map(String::as_bytes)),
        Value::Bytes(value) => add(value.as_deref()),
        _ => add(None),
    }
}

/// All tables, each after those that it refers to.
fn tables() -> Vec<Table> {
    vec![
        Table::of::<db_profile::Entity>(),
        Table::of::<llm_profile::Entity>(),
        Table::of::<confirmation::Entity>(),
        Table::of::<schedule::Entity>(),
        Table::of::<schedule_firing::Entity>(),
        Table::of::<schedule_asset::Entity>(),
        Table::of::<run::Entity>(),
        Table::of::<run_label::Entity>(),
        Table::of::<run_row::Entity>(),
        Table::of::<run_event::Entity>(),
        Table::of::<run_import::Entity>(),
        Table::of::<suggestion::Entity>(),
        Table::of::<alternative::Entity>(),
        Table::of::<evidence::Entity>(),
        Table::of::<displaced_review::Entity>(),
        Table::of::<verdict::Entity>(),
        Table::of::<apply_item::Entity>(),
        Table::of::<applied_comment::Entity>(),
        Table::of::<ask_session::Entity>(),
        Table::of::<ask_turn::Entity>(),
        Table::of::<ask_tool_call::Entity>(),
        Table::of::<comparison::Entity>(),
        Table::of::<compared_run::Entity>(),
        Table::of::<compared_asset::Entity>(),
        Table::of::<catalog_asset::Entity>(),
        Table::of::<catalog_reading::Entity>(),
        Table::of::<idempotency_key::Entity>(),
        Table::of::<usage_tally::Entity>(),
        Table::of::<verdict::Entity>(),
        Table::of::<api_token::Entity>(),
        Table::of::<seal::Entity>(),
    ]
}

/// Copies a store into an empty one, or continues a copy. `progress` hears of each batch: the table, and the number of
/// rows that were copied by now. The caller holds the locks of stores in SQLite.
///
/// # Errors
/// Returns a [`CopyError`].
pub async fn copy(from: &str, to: &str, mut progress: impl FnMut(&str, u64)) -> Result<Vec<CopiedTable>, CopyError> {
    let (source, target) = (address(from)?, address(to)?);
    let found = inspect(from).await?;
    if found.is_empty() {
        return Err(CopyError::NoStore(source.place()));
    }
    if found.pending() > 0 {
        return Err(CopyError::Older(source.place()));
    }
    let is_new = inspect(to).await?.is_empty();
    let (reader, held_source) = open(&source).await?;
    if SchemaManager::new(&reader.bare).has_table(UNFINISHED).await? {
        return Err(OpenError::Unfinished(source.place()).into());
    }
    alone(&source, &reader.bare).await?;
    let (writer, held_target) = open(&target).await?;
    let copied = copy_into(&reader, &writer, &source, &target, is_new, &mut progress).await;
    let closed = (reader.bare.close_by_ref().await, writer.bare.close_by_ref().await);
    release(held_source).await;
    release(held_target).await;
    let copied = copied.map_err(|error| match error {
        CopyError::Open(error) => CopyError::Open(told(&target, error)),
        error => error,
    })?;
    closed.0?;
    closed.1?;
    Ok(copied)
}

/// Opens a store for writing and holds it.
async fn open(address: &Address) -> Result<(Fitted<DatabaseConnection>, Option<Held>), OpenError> {
    let condition: Arc<StoreCondition> = address.condition()?;
    let held = address.hold().await?;
    Ok((Fitted::new(address.writer(&condition).await?, condition), held))
}

async fn copy_into(
    from: &Fitted<DatabaseConnection>,
    to: &Fitted<DatabaseConnection>,
    source: &Address,
    target: &Address,
    is_new: bool,
    progress: &mut impl FnMut(&str, u64),
) -> Result<Vec<CopiedTable>, CopyError> {
    begin(to, source, target, is_new).await?;
    let tables = tables();
    for table in &tables {
        let mut last = table.last(to).await?;
        let mut copied = 0;
        loop {
            let rows = table.read(from, last.as_deref()).await?;
            let (number, next) = (rows.len(), rows.last().cloned());
            if number > 0 {
                table.write(to, rows).await?;
                copied += number as u64;
                progress(table.name, copied);
            }
            last = next.or(last);
            if number < table.batch() {
                break;
            }
        }
    }
    let mut copied = Vec::with_capacity(tables.len());
    for table in &tables {
        let ((source_rows, theirs), (target_rows, ours)) = (table.checksum(from).await?, table.checksum(to).await?);
        if (source_rows, &theirs) != (target_rows, &ours) {
            return Err(CopyError::Differs { table: table.name, source_rows, target_rows });
        }
        if table.is_numbered() {
            // A number is never used again, also if its row was deleted.
            if let Some(last) = dialect::last_number(&from.bare, table.name).await? {
                dialect::set_last_number(&to.bare, table.name, last).await?;
            }
        }
        copied.push(CopiedTable { name: table.name, rows: target_rows, sha256: ours });
    }
    to.execute(NewTable::drop().table(Alias::new(UNFINISHED))).await?;
    Ok(copied)
}

/// Marks the target as unfinished, and creates its tables.
async fn begin(
    to: &Fitted<DatabaseConnection>,
    source: &Address,
    target: &Address,
    is_new: bool,
) -> Result<(), CopyError> {
    let (mark, of) = (Alias::new(UNFINISHED), Alias::new("source"));
    if SchemaManager::new(&to.bare).has_table(UNFINISHED).await? {
        let mut query = Query::select();
        let row = to.query_one(query.column(of.clone()).from(mark.clone())).await?;
        let known: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        if let Some(known) = known.filter(|known| *known != source.place()) {
            let (target, asked) = (target.place(), source.place());
            return Err(CopyError::OfAnother { target, source_place: known, asked });
        }
    } else if is_new {
        let source_of = ColumnDef::new(of.clone()).text().not_null().take();
        to.execute(NewTable::create().table(mark.clone()).col(source_of)).await?;
        let mut insert = Query::insert();
        insert.into_table(mark).columns([of]).values_panic([source.place().into()]);
        to.execute(&insert).await?;
    } else {
        return Err(CopyError::NotEmpty(target.place()));
    }
    Ok(Migrator::up(&to.bare, None).await?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Tables that hold no records of their own, or none that outlive a process.
    const NOT_COPIED: [&str; 5] = ["duty", "model_pace", "run_tally", "seaql_migrations", "worker"];

    #[tokio::test]
    async fn every_table_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        super::super::migrate(&url).await.unwrap();
        let (store, _) = open(&address(&url).unwrap()).await.unwrap();
        let mut query = Query::select();
        query.column("name").from("sqlite_master").and_where(Expr::col("type").eq("table"));
        let rows = store.query_all(&query).await.unwrap();
        let names = rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap());
        let is_record = |name: &String| {
            !name.starts_with("sqlite_") && !name.contains("_search") && !NOT_COPIED.contains(&name.as_str())
        };
        let all: BTreeSet<String> = names.filter(is_record).collect();
        assert_eq!(all, tables().into_iter().map(|table| table.name.to_owned()).collect());
        assert!(tables().iter().all(|table| !table.key.is_empty()));
    }
}
