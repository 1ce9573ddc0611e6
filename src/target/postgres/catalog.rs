//! What PostgreSQL's own catalog says.

use std::collections::HashMap;

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::super::{COMMENTS_TABLE, place::Place};
use crate::domain::{
    asset::AssetKind,
    catalog::{Column, Database, Reference, Schema, Table, TableDetail},
    identity::Identity,
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// `PostgreSQL 15.4`.
pub(super) async fn version(connection: &mut PgConnection) -> Result<String> {
    let version: String = sqlx::query_scalar("SELECT current_setting('server_version')").fetch_one(connection).await?;
    Ok(format!("PostgreSQL {}", version.split_whitespace().next().unwrap_or_default()))
}

/// Which database this is: the cluster's system identifier, which a new server, a restored dump or another major version
/// does not share (a standby and a copy of the files do), and the database's OID. Every login may read both, unless the
/// owner of the server took that away: then the server is told by its address.
pub(super) async fn identity(connection: &mut PgConnection, place: &Place) -> Result<Identity> {
    let row = sqlx::query(
        "SELECT datname::text AS name, oid::text AS oid, COALESCE(pg_catalog.has_function_privilege( \
           pg_catalog.to_regprocedure('pg_catalog.pg_control_system()')::oid, 'EXECUTE'), false) AS tells \
         FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
    )
    .fetch_one(&mut *connection)
    .await?;
    let (name, oid, tells): (String, String, bool) = (row.try_get("name")?, row.try_get("oid")?, row.try_get("tells")?);
    let system = if tells {
        let ask = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()";
        sqlx::query_scalar(ask).fetch_one(connection).await?
    } else {
        format!("at {}", place.address)
    };
    Ok(Identity::of_postgres(&system, &oid, name, &place.address))
}

/// Whether the login owns, by itself or by a role, any table here, or could own one.
pub(super) async fn can_write_comments(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) OR EXISTS ( \
           SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' \
             AND n.nspname <> 'information_schema' AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))",
    )
    .fetch_one(connection)
    .await
}

/// The databases that the login may connect to.
pub(super) async fn databases(connection: &mut PgConnection) -> Result<Vec<Database>> {
    let rows = sqlx::query(
        "SELECT datname::text AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment \
         FROM pg_catalog.pg_database \
         WHERE NOT datistemplate AND datallowconn AND pg_catalog.has_database_privilege(oid, 'CONNECT')",
    )
    .fetch_all(connection)
    .await?;
    let mut databases = rows
        .iter()
        .map(|row| Ok(Database { name: row.try_get("name")?, comment: comment(row)? }))
        .collect::<Result<Vec<_>>>()?;
    databases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(databases)
}

/// All schemas but the server's own.
pub(super) async fn schemas(connection: &mut PgConnection) -> Result<Vec<Schema>> {
    let rows = sqlx::query(
        "SELECT nspname::text AS name, pg_catalog.obj_description(oid, 'pg_namespace') AS comment \
         FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
    )
    .fetch_all(connection)
    .await?;
    let mut schemas = rows
        .iter()
        .map(|row| Ok(Schema { name: row.try_get("name")?, comment: comment(row)? }))
        .collect::<Result<Vec<_>>>()?;
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemas)
}

/// The tables of a schema, all or those of these names.
pub(super) async fn tables(
    connection: &mut PgConnection,
    schema: &str,
    names: Option<&[String]>,
) -> Result<Vec<Table>> {
    // Before PostgreSQL 14 a table that was never analyzed has 0 rows and 0 pages.
    let rows = sqlx::query(
        "SELECT c.relname::text AS name, c.relkind::text AS kind, \
           pg_catalog.obj_description(c.oid, 'pg_class') AS comment, \
           CASE WHEN c.relkind NOT IN ('r', 'p', 'm', 'f') THEN NULL \
             WHEN c.reltuples > 0 OR (c.reltuples = 0 AND (c.relpages > 0 \
               OR current_setting('server_version_num')::int >= 140000)) THEN c.reltuples::bigint \
             WHEN c.relkind IN ('r', 'm') THEN nullif(pg_catalog.pg_stat_get_live_tuples(c.oid), 0) \
           END AS row_estimate \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> $3 \
           AND ($2::text[] IS NULL OR c.relname::text = ANY ($2))",
    )
    .bind(schema)
    .bind(names)
    .bind(COMMENTS_TABLE)
    .fetch_all(connection)
    .await?;
    let mut tables = rows
        .iter()
        .map(|row| {
            let kind = match row.try_get::<&str, _>("kind")? {
                "v" => AssetKind::View,
                "m" => AssetKind::MaterializedView,
                _ => AssetKind::Table,
            };
            Ok(Table {
                name: row.try_get("name")?,
                kind,
                comment: comment(row)?,
                row_estimate: row.try_get("row_estimate")?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tables)
}

/// The structure of these tables, in four statements however many they are.
pub(super) async fn details(
    connection: &mut PgConnection,
    database: Option<&str>,
    schema: &str,
    names: &[String],
) -> Result<Vec<TableDetail>> {
    let found = tables(connection, schema, Some(names)).await?;
    let mut columns = columns(connection, schema, names).await?;
    for (table, column, reference) in references(connection, schema, names).await? {
        let column = columns.get_mut(&table).and_then(|all| all.iter_mut().find(|known| known.name == column));
        if let Some(column) = column
            && column.references.is_none()
        {
            column.references = Some(reference);
        }
    }
    let mut referrers = referrers(connection, schema, names).await?;
    let mut tables: HashMap<String, Table> = found.into_iter().map(|table| (table.name.clone(), table)).collect();
    let details = names.iter().filter_map(|name| {
        let table = tables.remove(name)?;
        Some(TableDetail {
            database: database.map(str::to_owned),
            schema: schema.to_owned(),
            columns: columns.remove(name).unwrap_or_default(),
            referenced_by: referrers.remove(name).unwrap_or_default(),
            table,
        })
    });
    Ok(details.collect())
}

/// The columns of each table.
async fn columns(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
) -> Result<HashMap<String, Vec<Column>>> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table_name, a.attname::text AS name, \
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS data_type, NOT a.attnotnull AS nullable, \
           pg_catalog.col_description(a.attrelid, a.attnum) AS comment, \
           coalesce(i.primary_key, false) AS primary_key, coalesce(i.single, false) AS single \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         LEFT JOIN LATERAL ( \
           SELECT bool_or(x.indisprimary) AS primary_key, \
             bool_or(x.indnkeyatts = 1 AND x.indpred IS NULL AND x.indisvalid) AS single \
           FROM pg_catalog.pg_index x \
           WHERE x.indrelid = c.oid AND x.indisunique \
             AND a.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1])) i ON true \
         WHERE n.nspname = $1 AND c.relname::text = ANY ($2) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
         ORDER BY c.oid, a.attnum",
    )
    .bind(schema)
    .bind(names)
    .fetch_all(connection)
    .await?;
    let mut columns: HashMap<String, Vec<Column>> = HashMap::new();
    for row in &rows {
        // The search path leaves out `public`, which people do.
        let data_type: &str = row.try_get("data_type")?;
        columns.entry(row.try_get("table_name")?).or_default().push(Column {
            name: row.try_get("name")?,
            data_type: data_type.strip_prefix("public.").unwrap_or(data_type).to_owned(),
            nullable: row.try_get("nullable")?,
            comment: comment(row)?,
            primary_key: row.try_get("primary_key")?,
            unique: row.try_get("single")?,
            references: None,
        });
    }
    Ok(columns)
}

/// What columns refer to: table, column, the other end. Keys of few columns come first.
async fn references(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
) -> Result<Vec<(String, String, Reference)>> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table_name, a.attname::text AS column_name, nullif(rn.nspname::text, $1) AS schema, \
           r.relname::text AS to_table, ra.attname::text AS to_column \
         FROM pg_catalog.pg_constraint k \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_class r ON r.oid = k.confrelid \
         JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace \
         CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (own, other) \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = pair.own \
         JOIN pg_catalog.pg_attribute ra ON ra.attrelid = r.oid AND ra.attnum = pair.other \
         WHERE k.contype = 'f' AND n.nspname = $1 AND c.relname::text = ANY ($2) \
         ORDER BY cardinality(k.conkey), k.conparentid, k.conname",
    )
    .bind(schema)
    .bind(names)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let reference = Reference {
                schema: row.try_get("schema")?,
                table: row.try_get("to_table")?,
                column: row.try_get("to_column")?,
            };
            Ok((row.try_get("table_name")?, row.try_get("column_name")?, reference))
        })
        .collect()
}

/// Who refers to each table.
async fn referrers(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
) -> Result<HashMap<String, Vec<String>>> {
    let rows = sqlx::query(
        "SELECT DISTINCT r.relname::text AS table_name, nullif(n.nspname::text, $1) AS schema, c.relname::text AS referrer \
         FROM pg_catalog.pg_constraint k \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_class r ON r.oid = k.confrelid \
         JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace \
         WHERE k.contype = 'f' AND rn.nspname = $1 AND r.relname::text = ANY ($2)",
    )
    .bind(schema)
    .bind(names)
    .fetch_all(connection)
    .await?;
    let mut referrers: HashMap<String, Vec<String>> = HashMap::new();
    for row in &rows {
        let referrer: String = row.try_get("referrer")?;
        let schema: Option<String> = row.try_get("schema")?;
        let referrer = schema.map_or_else(|| referrer.clone(), |schema| format!("{schema}.{referrer}"));
        referrers.entry(row.try_get("table_name")?).or_default().push(referrer);
    }
    for all in referrers.values_mut() {
        all.sort();
    }
    Ok(referrers)
}

fn comment(row: &PgRow) -> Result<Option<String>> {
    Ok(row.try_get::<Option<String>, _>("comment")?.filter(|comment| !comment.is_empty()))
}
