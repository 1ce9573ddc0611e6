//! Writes comments on MySQL and MariaDB with `ALTER TABLE`, which for a column requires its whole definition.
//!
//! The rule: only the comment changes, and no table is rebuilt. The definition comes from the server's own `SHOW
//! CREATE TABLE` in the same session, is written back with an algorithm that touches no row, and is compared
//! afterwards. If the server shows only part of the definition, nothing is written. The tests run on MariaDB; what
//! differs on MySQL follows its manual and is untested.

use sqlx::{AssertSqlSafe, MySql, MySqlConnection, Row, mysql::MySqlDatabaseError, pool::PoolConnection};

use super::{
    super::{
        comment::{gone, named, not_kept},
        connections::{CATALOG_TIME, bounded},
        error_text::Place,
        quote::{backtick, mysql_text},
    },
    Flavour, GRACE, MySqlTarget, SETTINGS, catalog,
    definition::Definition,
    lock::Lock,
};
use crate::{
    domain::asset::{AssetKind, AssetPath},
    port::target::TargetError,
};

/// Maximum time to wait for a table that others use, in seconds.
const LOCK_SECONDS: u32 = 5;
/// Maximum length of a column's comment, in characters.
const COLUMN_LENGTH: usize = 1_024;
/// Maximum length of a table's comment, in characters.
const TABLE_LENGTH: usize = 2_048;

/// A table or a column that can carry a comment.
pub(super) struct Spot<'a> {
    pub(super) asset: &'a AssetPath,
    schema: &'a str,
    table: &'a str,
    column: Option<&'a str>,
}

impl Spot<'_> {
    /// Returns the table's quoted name.
    pub(super) fn table(&self) -> String {
        format!("{}.{}", backtick(self.schema), backtick(self.table))
    }
}

/// A change of a column's comment, as statements.
struct Change {
    /// `ALTER TABLE … MODIFY COLUMN …`, without the algorithm.
    alter: String,
    /// The statement that restores the current definition.
    back: String,
    /// The table's definition without the parts that may change.
    rest: String,
}

/// Returns the current comment of `asset`.
pub(super) async fn comment(target: &MySqlTarget, asset: &AssetPath) -> Result<Option<String>, TargetError> {
    let spot = spot(target, asset)?;
    let mut transaction = target.begin().await?;
    live(target, &mut transaction, &spot).await
}

/// Returns the statement that would write the comment.
pub(super) async fn statement(
    target: &MySqlTarget,
    asset: &AssetPath,
    text: Option<&str>,
) -> Result<String, TargetError> {
    let text = keeps(asset, text)?;
    let spot = spot(target, asset)?;
    let mut session = session(target).await?;
    let now = live(target, &mut session, &spot).await?;
    let alter = match spot.column {
        None => of_table(&spot, text),
        Some(column) => change(target, &mut session, &spot, column, now.as_deref(), text).await?.alter,
    };
    Ok(with_algorithm(&alter, ALGORITHMS[0]))
}

/// Writes the comment and verifies that nothing else changed.
pub(super) async fn write(target: &MySqlTarget, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
    let text = keeps(asset, text)?;
    let spot = spot(target, asset)?;
    let mut session = session(target).await?;
    // The kind is checked first: locking a view would lock the tables below it.
    let now = live(target, &mut session, &spot).await?;
    let Some(column) = spot.column else {
        // The statement does not repeat the definition, so none of it can be lost.
        alter(target, &mut session, &spot, &of_table(&spot, text)).await?;
        if live(target, &mut session, &spot).await?.as_deref() == text {
            return Ok(());
        }
        alter(target, &mut session, &spot, &of_table(&spot, now.as_deref())).await?;
        return Err(not_kept(asset));
    };
    let mut lock = Lock::take(target, session, &spot).await?;
    let written = write_column(target, lock.session()?, &spot, column, text).await;
    lock.release().await;
    written
}

/// Writes a column's comment. The caller holds the lock on the table.
async fn write_column(
    target: &MySqlTarget,
    session: &mut MySqlConnection,
    spot: &Spot<'_>,
    column: &str,
    text: Option<&str>,
) -> Result<(), TargetError> {
    let now = live(target, session, spot).await?;
    let change = change(target, session, spot, column, now.as_deref(), text).await?;
    alter(target, session, spot, &change.alter).await?;
    let shown = show(target, session, spot).await?;
    let after = Definition::parse(&shown).and_then(|definition| definition.apart_from(Some(column)));
    let same = after.as_deref() == Some(change.rest.as_str());
    let kept = live(target, session, spot).await?.as_deref() == text;
    if same && kept {
        return Ok(());
    }
    alter(target, session, spot, &change.back).await?;
    if same {
        return Err(not_kept(spot.asset));
    }
    Err(TargetError::Refused(format!(
        "writing the comment changed more of the definition of {} than its comment, so the definition was restored; \
         check it, and write this comment by hand",
        named(spot.asset)
    )))
}

/// Returns the place of the comment, if an asset of this kind can carry one.
fn spot<'a>(target: &MySqlTarget, asset: &'a AssetPath) -> Result<Spot<'a>, TargetError> {
    target.database(asset.database.as_deref())?;
    if !matches!(asset.kind, AssetKind::Table | AssetKind::Column) {
        return Err(cannot_carry(asset, asset.kind.noun()));
    }
    let (Some(schema), Some(table)) = (asset.schema.as_deref(), asset.table.as_deref()) else {
        return Err(gone(asset));
    };
    if !target.reaches(schema) {
        return Err(super::beyond_pin(schema, target.pinned.as_deref().unwrap_or_default()));
    }
    let column = match asset.kind {
        AssetKind::Column => Some(asset.column.as_deref().ok_or_else(|| gone(asset))?),
        _ => None,
    };
    Ok(Spot { asset, schema, table, column })
}

fn cannot_carry(asset: &AssetPath, what: &str) -> TargetError {
    TargetError::Refused(format!(
        "MySQL and MariaDB have comments only on tables and their columns; {} is a {what}, so skip it",
        asset.display()
    ))
}

/// Returns the text to write after checking its length; an empty text becomes `None`.
fn keeps<'a>(asset: &AssetPath, text: Option<&'a str>) -> Result<Option<&'a str>, TargetError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let most = if asset.kind == AssetKind::Column { COLUMN_LENGTH } else { TABLE_LENGTH };
    let length = text.chars().count();
    if length > most {
        return Err(TargetError::Refused(format!(
            "the text has {length} characters; the comment of a {} on MySQL and MariaDB has at most {most}: shorten it \
             by {}",
            asset.kind.noun(),
            length - most
        )));
    }
    if let Some(beyond) = text.chars().find(|c| u32::from(*c) > 0xFFFF) {
        return Err(TargetError::Refused(format!(
            "the text contains {beyond} (U+{:X}); comments on MySQL and MariaDB cannot store characters beyond U+FFFF, \
             for example emoji; remove it",
            u32::from(beyond)
        )));
    }
    Ok(Some(text))
}

/// Acquires a connection with settings under which definitions can be read and written back unchanged.
async fn session(target: &MySqlTarget) -> Result<PoolConnection<MySql>, TargetError> {
    let server = &target.server;
    let mut connection = server.writers.acquire().await?;
    target.check_bound(&mut connection).await?;
    let flavour = server.flavour(&mut connection).await?;
    // Without this setting, MariaDB refuses to alter columns of a system-versioned table.
    let history = if flavour == Flavour::MariaDb { ", SESSION system_versioning_alter_history = KEEP" } else { "" };
    let settings = format!(
        "SET SESSION lock_wait_timeout = {LOCK_SECONDS}, SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}{history}, \
         {SETTINGS}"
    );
    bounded(server.place(), CATALOG_TIME, sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *connection)).await?;
    Ok(connection)
}

/// Returns the current comment, if the asset exists and can carry one.
async fn live(
    target: &MySqlTarget,
    connection: &mut MySqlConnection,
    spot: &Spot<'_>,
) -> Result<Option<String>, TargetError> {
    let place = target.server.place();
    let names = [spot.table.to_owned()];
    let tables = bounded(place, CATALOG_TIME, catalog::tables(connection, spot.schema, Some(&names))).await?;
    let table = tables.into_iter().next().ok_or_else(|| gone(spot.asset))?;
    match (table.kind, spot.column) {
        (AssetKind::View, Some(_)) => Err(cannot_carry(spot.asset, "view's column")),
        (AssetKind::View, None) => Err(gone(spot.asset)),
        (_, None) => Ok(table.comment),
        (_, Some(column)) => {
            let work = catalog::column_comment(connection, spot.schema, spot.table, column);
            bounded(place, CATALOG_TIME, work).await?.ok_or_else(|| gone(spot.asset))
        }
    }
}

/// Returns the output of `SHOW CREATE TABLE`.
async fn show(target: &MySqlTarget, connection: &mut MySqlConnection, spot: &Spot<'_>) -> Result<String, TargetError> {
    let statement = format!("SHOW CREATE TABLE {}", spot.table());
    let work = async {
        let row = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_one(connection).await?;
        row.try_get_unchecked::<Vec<u8>, _>(1)
    };
    let shown = match tokio::time::timeout(CATALOG_TIME, work).await {
        Ok(shown) => shown.map_err(|error| explain(target, spot, &error))?,
        Err(_) => return Err(target.server.place().too_slow(CATALOG_TIME)),
    };
    // The defaults of other columns need not be valid UTF-8.
    Ok(String::from_utf8_lossy(&shown).into_owned())
}

/// Returns the error for a definition that the server does not report exactly.
fn not_shown(spot: &Spot<'_>) -> TargetError {
    TargetError::Refused(format!(
        "the server does not report the exact definition of {}, so writing a comment could change it; write this \
         comment by hand",
        named(spot.asset)
    ))
}

/// Returns the statement that sets a table's comment.
fn of_table(spot: &Spot<'_>, text: Option<&str>) -> String {
    format!("ALTER TABLE {} COMMENT = {}", spot.table(), mysql_text(text.unwrap_or_default()))
}

/// Builds the statements that change a column's comment, from its current comment and definition.
async fn change(
    target: &MySqlTarget,
    connection: &mut MySqlConnection,
    spot: &Spot<'_>,
    name: &str,
    now: Option<&str>,
    text: Option<&str>,
) -> Result<Change, TargetError> {
    let shown = show(target, connection, spot).await?;
    let definition = Definition::parse(&shown).ok_or_else(|| not_shown(spot))?;
    let rest = definition.apart_from(Some(name)).ok_or_else(|| gone(spot.asset))?;
    let table = spot.table();
    let column = definition.column(name).ok_or_else(|| gone(spot.asset))?;
    if column.with_comment(None).contains(char::REPLACEMENT_CHARACTER) {
        return Err(not_shown(spot));
    }
    // In a default, the server shows characters beyond U+FFFF as question marks.
    if let Some(default) = column.default.as_ref().filter(|default| default.contains('?')) {
        let binary = column.is_binary();
        if default_of(target, connection, spot, name, binary).await?.as_deref() != Some(default.as_bytes()) {
            return Err(not_shown(spot));
        }
    }
    let alter = |text: Option<&str>| format!("ALTER TABLE {table} MODIFY COLUMN {}", column.with_comment(text));
    Ok(Change { alter: alter(text), back: alter(now), rest })
}

/// Returns a column's stored default, in UTF-8 if it is a text, or `None` if it cannot be read.
async fn default_of(
    target: &MySqlTarget,
    connection: &mut MySqlConnection,
    spot: &Spot<'_>,
    column: &str,
    binary: bool,
) -> Result<Option<Vec<u8>>, TargetError> {
    let value = format!("DEFAULT({})", backtick(column));
    let value = if binary { value } else { format!("CONVERT({value} USING utf8mb4)") };
    let table = spot.table();
    // For a nullable column, a missing row of an outer join yields the default; otherwise any row does. The table
    // appears once per statement and without an alias, because the lock covers it only by its name.
    let statements = [
        format!("SELECT CAST({value} AS BINARY) FROM (SELECT 1 AS one) AS one LEFT JOIN {table} ON 1 = 0"),
        format!("SELECT CAST({value} AS BINARY) FROM {table} LIMIT 1"),
    ];
    for statement in statements {
        let work = async {
            let row = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_optional(&mut *connection).await?;
            row.map_or(Ok(None), |row| row.try_get_unchecked::<Option<Vec<u8>>, _>(0))
        };
        if let Some(value) = bounded(target.server.place(), CATALOG_TIME, work).await? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// Algorithms that touch no row, in order of preference.
const ALGORITHMS: [&str; 2] = ["ALGORITHM=INSTANT", "ALGORITHM=NOCOPY, LOCK=NONE"];
/// MySQL's counterpart of the second algorithm. It rebuilds nothing if only the comment changes.
const IN_PLACE: &str = "ALGORITHM=INPLACE, LOCK=NONE";

fn with_algorithm(alter: &str, algorithm: &str) -> String {
    format!("{alter}, {algorithm}")
}

/// Runs the statement with the first algorithm that the table supports.
async fn alter(
    target: &MySqlTarget,
    connection: &mut MySqlConnection,
    spot: &Spot<'_>,
    alter: &str,
) -> Result<(), TargetError> {
    let place = target.server.place();
    let flavour = target.server.flavour(connection).await?;
    let second = if flavour == Flavour::MariaDb { ALGORITHMS[1] } else { IN_PLACE };
    for algorithm in [ALGORITHMS[0], second] {
        let statement = with_algorithm(alter, algorithm);
        // Prepared, so that the server accepts a single statement only.
        let work = sqlx::query(AssertSqlSafe(statement)).persistent(false).execute(&mut *connection);
        let Ok(done) = tokio::time::timeout(CATALOG_TIME + GRACE, work).await else {
            return Err(place.too_slow(CATALOG_TIME + GRACE));
        };
        match done {
            Ok(_) => return Ok(()),
            // The table does not support this algorithm, or the server does not know it.
            Err(error) if matches!(number_of(&error), Some(1800 | 1845 | 1846)) => {}
            Err(error) => return Err(explain(target, spot, &error)),
        }
    }
    Err(TargetError::Refused(format!(
        "the server would have to rebuild the whole table to write the comment of {}, which Gloss never does; write it \
         by hand when the table is little used",
        named(spot.asset)
    )))
}

/// Returns the number of a server's error.
pub(super) fn number_of(error: &sqlx::Error) -> Option<u16> {
    Some(error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?.number())
}

/// Returns the error for a failed write of a comment.
pub(super) fn explain(target: &MySqlTarget, spot: &Spot<'_>, error: &sqlx::Error) -> TargetError {
    let place = target.server.place();
    let (asset, at, user) = (named(spot.asset), &place.address, &place.user);
    match number_of(error) {
        Some(1205) => TargetError::Locked(format!(
            "{asset} is locked by another session of MySQL or MariaDB at {at}; try again when that session has finished"
        )),
        Some(1044 | 1142 | 1143 | 1227) => TargetError::Refused(format!(
            "the user {user} may not write the comment of {asset}; grant it ALTER on the table, or connect as a user \
             with that privilege"
        )),
        Some(1100) => TargetError::Refused(format!(
            "the table of {asset} uses values of a sequence or another table, which Gloss does not lock; write this \
             comment by hand"
        )),
        Some(1146 | 1049 | 1051 | 1054) => gone(spot.asset),
        Some(1290 | 1792 | 1836) => TargetError::Refused(format!(
            "MySQL or MariaDB at {at} does not accept writes: it is a replica or read-only; connect to its primary"
        )),
        Some(code @ (1000..2000 | 3000..5000)) if !Place::may_pass(code) => TargetError::Refused(format!(
            "the server rejected the definition of {asset} that it had reported itself (error code {code}); write this \
             comment by hand"
        )),
        _ => place.explain(error),
    }
}
