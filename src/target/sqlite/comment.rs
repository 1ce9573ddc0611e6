//! Writes comments on SQLite, which has none, as rows of the target's table `gloss_comments`.
//!
//! The rule: the first comment creates the table and the removal of the last one drops it, so that a file whose
//! comments are all rolled back has its original schema. A write is one short transaction, and the asset must exist.
//! Its cost does not depend on the number of comments.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::{
    super::{
        COMMENTS_TABLE,
        comment::{gone, keeps, named, not_kept, readable},
        connections::{CATALOG_TIME, bounded},
        quote::sqlite_text,
        text::Text,
    },
    GRACE, SCHEMA, SqliteTarget, catalog, code_of,
};
use crate::{
    domain::asset::{AssetKind, AssetPath},
    port::target::TargetError,
};

/// Maximum time to wait for another program that writes.
pub(super) const BUSY_TIME: Duration = Duration::from_secs(3);

/// The statement documented in the parent module.
pub(super) const MAKE: &str = "CREATE TABLE IF NOT EXISTS main.gloss_comments (\
     kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '', column_name TEXT NOT NULL DEFAULT '', \
     comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name))";
/// Drops the table after the last comment is removed.
const DROP: &str = "DROP TABLE main.gloss_comments";

/// The object that the file has under the name of the table of comments.
#[derive(PartialEq, Eq)]
enum Store {
    /// Nothing.
    Absent,
    /// The table.
    Ready,
    /// An object that Gloss did not create.
    Foreign,
}

/// Returns the current comment of `asset`.
pub(super) async fn comment(target: &SqliteTarget, asset: &AssetPath) -> Result<Option<String>, TargetError> {
    target.database(asset.database.as_deref())?;
    let mut connection = target.start().await?;
    let work = async {
        if !is_there(&mut connection, asset).await? {
            return Ok(None);
        }
        let [kind, table, column] = key(asset);
        Ok(Some(catalog::comment(&mut connection, kind, table, column).await?))
    };
    let found = bounded(target.file.place(), CATALOG_TIME + GRACE, work).await?.ok_or_else(|| gone(asset))?;
    readable(found, asset)
}

/// Returns the statements that would write the comment. They are complete on their own: the first one creates the
/// table of comments where it does not exist.
pub(super) async fn statement(
    target: &SqliteTarget,
    asset: &AssetPath,
    text: Option<&str>,
) -> Result<String, TargetError> {
    let text = keeps(text)?;
    target.database(asset.database.as_deref())?;
    let mut connection = target.start().await?;
    let there = bounded(target.file.place(), CATALOG_TIME + GRACE, is_there(&mut connection, asset)).await?;
    match text {
        _ if !there => Err(gone(asset)),
        Some(_) => Ok(format!("{MAKE};\n{}", write_one(asset, text))),
        None => Ok(write_one(asset, text)),
    }
}

/// Writes the comment.
pub(super) async fn write(target: &SqliteTarget, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
    let text = keeps(text)?;
    target.database(asset.database.as_deref())?;
    let file = &target.file;
    if file.read_only {
        return Err(TargetError::Refused(format!(
            "the DB profile's URL opens {} read-only; to write comments, remove mode=ro or immutable=1 from it",
            file.path.display()
        )));
    }
    let explain = |error: &sqlx::Error| match code_of(error).map(|code| code & 0xff) {
        Some(5 | 6) => TargetError::Locked(format!(
            "the file {} is locked by another program; try again when that program has finished",
            file.path.display()
        )),
        // The file is read-only, or no journal can be created beside it.
        Some(8 | 14 | 3 | 23) => TargetError::Refused(format!(
            "Gloss cannot write to the file {0}; give the user that runs Gloss write access to the file and its folder",
            file.path.display()
        )),
        Some(13) => TargetError::Refused(format!(
            "the disk of {} is full; free some space, then try again",
            file.path.display()
        )),
        _ => file.place().explain(error),
    };
    let mut connection = file.writer(CATALOG_TIME, target.bound.as_ref()).await?;
    let work = async { in_transaction(&mut connection, asset, text).await.map_err(|error| explain(&error)) };
    let written = tokio::time::timeout(CATALOG_TIME + GRACE, work).await;
    match written.map_err(|_| file.place().too_slow(CATALOG_TIME + GRACE))?? {
        Outcome::Written => Ok(()),
        Outcome::Gone => Err(gone(asset)),
        Outcome::NotKept => Err(not_kept(asset)),
        Outcome::Foreign => Err(TargetError::Refused(format!(
            "the file {} has a table or view {COMMENTS_TABLE} that Gloss did not create, or that has foreign triggers \
             or indexes; rename it, because Gloss stores the comment on {} there",
            file.path.display(),
            named(asset)
        ))),
    }
}

/// The result of a write.
enum Outcome {
    Written,
    Gone,
    Foreign,
    NotKept,
}

async fn in_transaction(
    connection: &mut SqliteConnection,
    asset: &AssetPath,
    text: Option<&str>,
) -> Result<Outcome, sqlx::Error> {
    // Not deferred: a transaction that reads before it writes fails at once if another program writes meanwhile.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if !is_there(&mut transaction, asset).await? {
        return Ok(Outcome::Gone);
    }
    match (store(&mut transaction).await?, text) {
        (Store::Foreign, _) => return Ok(Outcome::Foreign),
        (Store::Absent, None) => return Ok(Outcome::Written),
        (Store::Absent, Some(_)) => {
            sqlx::raw_sql(MAKE).execute(&mut *transaction).await?;
        }
        (Store::Ready, _) => {}
    }
    sqlx::query(AssertSqlSafe(write_one(asset, text))).persistent(false).execute(&mut *transaction).await?;
    let [kind, table, column] = key(asset);
    let kept = catalog::comment(&mut transaction, kind, table, column).await?;
    if kept.and_then(Text::valid).as_deref() != text {
        return Ok(Outcome::NotKept);
    }
    if text.is_none() {
        let left: i64 = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM main.gloss_comments)")
            .persistent(false)
            .fetch_one(&mut *transaction)
            .await?;
        if left == 0 {
            sqlx::raw_sql(DROP).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(Outcome::Written)
}

/// Returns the row's key.
fn key(asset: &AssetPath) -> [&str; 3] {
    let (table, column) = match asset.kind {
        AssetKind::Database | AssetKind::Schema => (None, None),
        AssetKind::Column => (asset.table.as_deref(), asset.column.as_deref()),
        AssetKind::Table | AssetKind::View | AssetKind::MaterializedView => (asset.table.as_deref(), None),
    };
    [asset.kind.as_str(), table.unwrap_or_default(), column.unwrap_or_default()]
}

fn write_one(asset: &AssetPath, text: Option<&str>) -> String {
    let [kind, table, column] = key(asset).map(sqlite_text);
    match text {
        Some(text) => format!(
            "INSERT INTO main.gloss_comments (kind, table_name, column_name, comment) \
             VALUES ({kind}, {table}, {column}, {}) \
             ON CONFLICT (kind, table_name, column_name) DO UPDATE SET comment = excluded.comment",
            sqlite_text(text)
        ),
        None => format!(
            "DELETE FROM main.gloss_comments \
             WHERE kind = {kind} AND table_name = {table} AND column_name = {column}"
        ),
    }
}

/// Checks that the table of comments is exactly as Gloss creates it: a foreign column, constraint, trigger or index
/// could make a write do more than intended.
async fn store(connection: &mut SqliteConnection) -> Result<Store, sqlx::Error> {
    let kind: Option<String> = sqlx::query_scalar("SELECT type FROM pragma_table_list(?) WHERE schema = 'main'")
        .bind(COMMENTS_TABLE)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(kind) = kind else { return Ok(Store::Absent) };
    let known: Option<i64> = sqlx::query_scalar(
        "SELECT sum(CASE WHEN hidden = 0 AND upper(type) = 'TEXT' AND (name, pk) IN \
           (('kind', 1), ('table_name', 2), ('column_name', 3), ('comment', 0)) THEN 1 ELSE -1 END) \
         FROM pragma_table_xinfo(?)",
    )
    .bind(COMMENTS_TABLE)
    .fetch_one(&mut *connection)
    .await?;
    let more: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM main.sqlite_schema WHERE lower(tbl_name) = ? AND (type = 'trigger' \
           OR type = 'index' AND sql IS NOT NULL OR type = 'table' AND (upper(sql) LIKE '%CHECK%' \
           OR upper(sql) LIKE '%COLLATE%' OR upper(sql) LIKE '%REFERENCES%' OR upper(sql) LIKE '%CONFLICT%'))",
    )
    .bind(COMMENTS_TABLE)
    .fetch_one(connection)
    .await?;
    Ok(if kind == "table" && known == Some(4) && more == 0 { Store::Ready } else { Store::Foreign })
}

/// Returns whether the file has the asset, with the kind that the path states.
async fn is_there(connection: &mut SqliteConnection, asset: &AssetPath) -> Result<bool, sqlx::Error> {
    if asset.kind == AssetKind::Database {
        return Ok(true);
    }
    if asset.schema.as_deref() != Some(SCHEMA) {
        return Ok(false);
    }
    if asset.kind == AssetKind::Schema {
        return Ok(true);
    }
    let table = asset.table.as_deref().unwrap_or_default();
    let Some(kind) = catalog::kind_of(connection, table).await? else { return Ok(false) };
    match &asset.column {
        Some(column) if asset.kind == AssetKind::Column => catalog::has_column(connection, table, column).await,
        _ => Ok(kind == asset.kind),
    }
}
