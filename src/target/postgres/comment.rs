//! Reads comments from PostgreSQL's catalog and writes them with `COMMENT ON`.
//!
//! The rule: the current catalog decides the statement (a partitioned table is a `TABLE`, a foreign table is not). If
//! an asset no longer exists or has become another kind of object, the write is refused with its name.

use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};

use super::{
    super::{
        comment::{gone, keeps, named, not_kept, readable},
        connections::{CATALOG_TIME, bounded},
        quote::{ansi, postgres_text},
        text::Text,
    },
    GRACE, PostgresTarget, Reach, begin, catalog, fence, write_transaction,
};
use crate::{
    domain::asset::{AssetKind, AssetPath},
    port::target::TargetError,
};

/// An asset as the catalog currently has it.
struct Found {
    /// The object's kind and quoted name, as `COMMENT ON` expects them.
    on: String,
    comment: Option<Text>,
    owner: String,
    /// Whether the login has the owner's rights.
    owned: bool,
}

impl Found {
    fn statement(&self, text: Option<&str>) -> String {
        format!("COMMENT ON {} IS {}", self.on, text.map_or_else(|| "NULL".to_owned(), postgres_text))
    }
}

/// Returns the current comment of `asset`.
pub(super) async fn comment(target: &PostgresTarget, asset: &AssetPath) -> Result<Option<String>, TargetError> {
    readable(find_now(target, asset).await?.comment, asset)
}

/// Returns the statement that would write the comment.
pub(super) async fn statement(
    target: &PostgresTarget,
    asset: &AssetPath,
    text: Option<&str>,
) -> Result<String, TargetError> {
    let text = keeps(text)?;
    Ok(find_now(target, asset).await?.statement(text))
}

/// Writes the comment in a transaction with its own time limits.
pub(super) async fn write(target: &PostgresTarget, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
    let text = keeps(text)?;
    let connections = database(target, asset).await?;
    let place = &connections.place;
    let mut transaction = write_transaction(&connections).await?;
    let found = find(&connections, &mut transaction, asset).await?;
    let not_owner = || {
        TargetError::Refused(format!(
            "must be owner of {}; ask its owner {}, or connect as {} instead of {}",
            named(asset),
            found.owner,
            found.owner,
            place.user
        ))
    };
    if !found.owned {
        return Err(not_owner());
    }
    let work = fence::event_trigger(&mut transaction);
    if let Some(trigger) = bounded(place, CATALOG_TIME + GRACE, work).await? {
        return Err(TargetError::Refused(format!(
            "the event trigger {trigger} would run a function with the rights of {} that neither a superuser nor {} \
             owns; have a superuser own the function, or disable the trigger",
            place.user, place.user
        )));
    }
    // Prepared, so that the server accepts a single statement only.
    let write = sqlx::query(AssertSqlSafe(found.statement(text))).persistent(false).execute(&mut *transaction);
    let written = match tokio::time::timeout(CATALOG_TIME + GRACE, write).await {
        Ok(Ok(_)) => {
            // The database's encoding may lack a character, so the stored text is compared.
            let kept = find(&connections, &mut transaction, asset).await?.comment;
            if kept.and_then(Text::valid).as_deref() != text {
                return Err(not_kept(asset));
            }
            tokio::time::timeout(CATALOG_TIME + GRACE, transaction.commit()).await
        }
        Ok(Err(error)) => Ok(Err(error)),
        Err(late) => Err(late),
    };
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
            Some("42501") => not_owner(),
            Some("42P01" | "42703" | "3F000" | "3D000" | "42809") => gone(asset),
            Some("55P03") => TargetError::Locked(format!(
                "{} is locked by another session of PostgreSQL at {}; try again when that session has finished",
                named(asset),
                place.address
            )),
            Some("22P05" | "22021") => TargetError::Refused(format!(
                "the text contains a character that the encoding of this database lacks; remove it from the text of {}",
                named(asset)
            )),
            Some("25006") => TargetError::Refused(format!(
                "PostgreSQL at {} does not accept writes: it is a standby or read-only; connect to its primary",
                place.address
            )),
            _ => place.explain(&error),
        }),
        Err(_) => Err(place.too_slow(CATALOG_TIME + GRACE)),
    }
}

/// Returns the connections to the asset's database.
async fn database(target: &PostgresTarget, asset: &AssetPath) -> Result<Reach, TargetError> {
    target.database(asset.database.as_deref()).await
}

async fn find_now(target: &PostgresTarget, asset: &AssetPath) -> Result<Found, TargetError> {
    let connections = database(target, asset).await?;
    let mut transaction = begin(&connections, CATALOG_TIME).await?;
    find(&connections, &mut transaction, asset).await
}

async fn find(connections: &Reach, connection: &mut PgConnection, asset: &AssetPath) -> Result<Found, TargetError> {
    let (schema, table) = (asset.schema.as_deref().unwrap_or_default(), asset.table.as_deref().unwrap_or_default());
    let work = async {
        match asset.kind {
            AssetKind::Database => database_row(connection).await,
            AssetKind::Schema => schema_row(connection, schema).await,
            AssetKind::Column => {
                table_row(connection, schema, table, Some(asset.column.as_deref().unwrap_or_default())).await
            }
            AssetKind::Table | AssetKind::View | AssetKind::MaterializedView => {
                table_row(connection, schema, table, None).await
            }
        }
    };
    let row = bounded(&connections.place, CATALOG_TIME + GRACE, work).await?.ok_or_else(|| gone(asset))?;
    read(&row, asset).map_err(|error| connections.place.explain(&error))?.ok_or_else(|| gone(asset))
}

type Rows = Result<Option<PgRow>, sqlx::Error>;

async fn database_row(connection: &mut PgConnection) -> Rows {
    sqlx::query(
        "SELECT 'd' AS kind, datname::text AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment, \
           pg_catalog.pg_get_userbyid(datdba)::text AS owner, pg_catalog.pg_has_role(datdba, 'USAGE') AS owned \
         FROM pg_catalog.pg_database WHERE datname = current_database()",
    )
    .fetch_optional(connection)
    .await
}

async fn schema_row(connection: &mut PgConnection, schema: &str) -> Rows {
    sqlx::query(
        "SELECT 'n' AS kind, nspname::text AS name, pg_catalog.obj_description(oid, 'pg_namespace') AS comment, \
           pg_catalog.pg_get_userbyid(nspowner)::text AS owner, pg_catalog.pg_has_role(nspowner, 'USAGE') AS owned \
         FROM pg_catalog.pg_namespace \
         WHERE nspname::text = $1 AND nspname !~ '^pg_' AND nspname <> 'information_schema'",
    )
    .bind(schema)
    .fetch_optional(connection)
    .await
}

/// Selects a table of any kind, or one of its columns.
async fn table_row(connection: &mut PgConnection, schema: &str, table: &str, column: Option<&str>) -> Rows {
    sqlx::query(
        "SELECT c.relkind::text AS kind, c.relname::text AS name, \
           CASE WHEN a.attnum IS NULL THEN pg_catalog.obj_description(c.oid, 'pg_class') \
             ELSE pg_catalog.col_description(c.oid, a.attnum) END AS comment, \
           pg_catalog.pg_get_userbyid(c.relowner)::text AS owner, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname::text = $3 AND a.attnum > 0 AND NOT \
         a.attisdropped WHERE n.nspname::text = $1 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
           AND c.relname::text = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
           AND ($3::text IS NULL OR a.attnum IS NOT NULL)",
    )
    .bind(schema)
    .bind(table)
    .bind(column)
    .fetch_optional(connection)
    .await
}

/// Converts the row to an asset. Returns `None` if its kind differs from the path's.
fn read(row: &PgRow, asset: &AssetPath) -> Result<Option<Found>, sqlx::Error> {
    let kind: &str = row.try_get("kind")?;
    let name: &str = row.try_get("name")?;
    let table = || format!("{}.{}", ansi(asset.schema.as_deref().unwrap_or_default()), ansi(name));
    let on = match (asset.kind, kind) {
        (AssetKind::Database, "d") => format!("DATABASE {}", ansi(name)),
        (AssetKind::Schema, "n") => format!("SCHEMA {}", ansi(name)),
        (AssetKind::Table, "r" | "p") => format!("TABLE {}", table()),
        (AssetKind::Table, "f") => format!("FOREIGN TABLE {}", table()),
        (AssetKind::View, "v") => format!("VIEW {}", table()),
        (AssetKind::MaterializedView, "m") => format!("MATERIALIZED VIEW {}", table()),
        (AssetKind::Column, _) => {
            format!("COLUMN {}.{}", table(), ansi(asset.column.as_deref().unwrap_or_default()))
        }
        _ => return Ok(None),
    };
    Ok(Some(Found {
        on,
        comment: catalog::text(row, "comment")?,
        owner: catalog::text(row, "owner")?.map_or_else(String::new, Text::or_escaped),
        owned: row.try_get("owned")?,
    }))
}
