//! Reads PostgreSQL's system catalog. `types` resolves the types of columns.
//!
//! The rule: a database with the encoding `SQL_ASCII` can hold any bytes, so texts are read as bytes. Constraints
//! that a partition inherits from its parent, and those that a reference to a partitioned table adds, are skipped. A
//! partition's own constraint also counts for the parent.

use std::collections::{BTreeMap, HashMap};

use sqlx::{
    AssertSqlSafe, PgConnection, Row, ValueRef,
    error::DatabaseError,
    postgres::{PgRow, types::Oid},
};

use super::{
    super::{
        COMMENTS_TABLE,
        check::{self, Dialect, EXPRESSION_LENGTH},
        error_text::Place,
        text::{Text, shown, with_noun, without},
    },
    types::{self, OwnType},
};
use crate::domain::{
    asset::AssetKind,
    catalog::{Bound, Column, Database, ForeignKey, Problems, Rules, Schema, Table, TableDetail, TableName},
    identity::Identity,
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Length to which the server cuts a check's expression, in characters: one more than the parser accepts.
#[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "a small constant")]
pub(super) const CUT: i32 = EXPRESSION_LENGTH as i32 + 1;

/// Returns the server's version: `PostgreSQL 15.4`.
pub(super) async fn version(connection: &mut PgConnection) -> Result<String> {
    let version: String = sqlx::query_scalar("SELECT current_setting('server_version')").fetch_one(connection).await?;
    Ok(format!("PostgreSQL {}", version.split_whitespace().next().unwrap_or_default()))
}

/// Returns the database's identity: the cluster's system identifier and the database's OID. A new server, a restored
/// dump and another major version have a different system identifier; a standby and a copy of the files share it.
/// Every login may read both by default. If that right was revoked, the server's address stands in for its
/// identifier.
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

/// Returns whether the login owns any table here, directly or through a role, or could own one.
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

/// Returns a text of a row, or `None` for null.
pub(super) fn text(row: &PgRow, column: &str) -> Result<Option<Text>> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(None);
    }
    value.as_bytes().map(|bytes| Some(Text::of(bytes))).map_err(sqlx::Error::Decode)
}

/// Returns a name of a row, or `None` for null and invalid UTF-8.
fn name(row: &PgRow, column: &str) -> Result<Option<String>> {
    Ok(text(row, column)?.and_then(Text::valid))
}

/// Returns a comment of a row. A comment that is not valid UTF-8 is recorded as a problem.
fn comment(row: &PgRow, problems: &mut Problems, of: &str) -> Result<Option<String>> {
    let comment =
        text(row, "comment")?.and_then(|text| text.or_problem(&mut problems.others, |_| without("comment", of)));
    Ok(comment.filter(|comment| !comment.is_empty()))
}

/// Returns the databases that the login may connect to. Their names and comments can be in any encoding.
pub(super) async fn databases(connection: &mut PgConnection) -> Result<Vec<Database>> {
    let rows = sqlx::query(
        "SELECT datname::text AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment \
         FROM pg_catalog.pg_database \
         WHERE NOT datistemplate AND datallowconn AND pg_catalog.has_database_privilege(oid, 'CONNECT')",
    )
    .fetch_all(connection)
    .await?;
    let mut databases = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(name) = name(row, "name")? else { continue };
        databases.push(Database { comment: comment(row, &mut Problems::default(), &name)?, name });
    }
    databases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(databases)
}

/// Returns all schemas except the server's own.
pub(super) async fn schemas(connection: &mut PgConnection) -> Result<Vec<Schema>> {
    let rows = sqlx::query(
        "SELECT nspname::text AS name, pg_catalog.obj_description(oid, 'pg_namespace') AS comment \
         FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
    )
    .fetch_all(connection)
    .await?;
    let mut schemas = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(name) = name(row, "name")? else { continue };
        schemas.push(Schema { comment: comment(row, &mut Problems::default(), &name)?, name });
    }
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemas)
}

/// Returns the schemas, or the tables of one schema, whose names are not valid UTF-8. Only `SQL_ASCII` allows them.
pub(super) async fn unreadable(connection: &mut PgConnection, schema: Option<&str>) -> Result<Problems> {
    let rows = sqlx::query(
        "SELECT n.nspname::text AS name, NULL AS kind FROM pg_catalog.pg_namespace n \
         WHERE pg_catalog.current_setting('server_encoding') = 'SQL_ASCII' AND $1::text IS NULL \
         UNION ALL SELECT c.relname::text, c.relkind::text \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE pg_catalog.current_setting('server_encoding') = 'SQL_ASCII' AND n.nspname::text = $1 \
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1",
    )
    .bind(schema)
    .fetch_all(connection)
    .await?;
    let mut problems = Problems::default();
    for row in &rows {
        let noun = row.try_get::<Option<&str>, _>("kind")?.map_or(AssetKind::Schema, kind_of).noun();
        if let Some(found) = text(row, "name")? {
            found.or_problem(&mut problems.unnamed, |escaped| with_noun(noun, schema, escaped));
        }
    }
    Ok(problems)
}

fn kind_of(relation: &str) -> AssetKind {
    match relation {
        "v" => AssetKind::View,
        "m" => AssetKind::MaterializedView,
        _ => AssetKind::Table,
    }
}

/// The table itself and its partitions at any depth.
const FAMILY: &str = "WITH RECURSIVE family (oid, head, is_head) AS ( \
       SELECT c.oid, c.relname::text, true FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = \
       c.relnamespace WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2) AND c.relkind IN ('r', 'p', 'f') \
       UNION ALL SELECT p.oid, f.head, false FROM family f \
       JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid \
       JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid AND p.relispartition)";

/// Returns the tables of a schema: all, or those with these names.
pub(super) async fn tables(
    connection: &mut PgConnection,
    schema: &str,
    names: Option<&[String]>,
) -> Result<Vec<Table>> {
    let tables = described(connection, schema, names).await?;
    Ok(tables.into_iter().map(|(table, _)| table).collect())
}

/// Returns the tables of a schema, each with the problems found while reading it.
async fn described(
    connection: &mut PgConnection,
    schema: &str,
    names: Option<&[String]>,
) -> Result<Vec<(Table, Problems)>> {
    // Before PostgreSQL 14, a table that was never analyzed reports 0 rows and 0 pages. A partitioned table itself
    // holds no rows.
    let rows = sqlx::query(
        "SELECT c.relname::text AS name, c.relkind::text AS kind, \
           pg_catalog.obj_description(c.oid, 'pg_class') AS comment, \
               CASE WHEN c.relkind = 'p' THEN coalesce(( WITH RECURSIVE part (oid) AS (SELECT c.oid UNION ALL \
                 SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid) \
               SELECT sum(CASE WHEN l.reltuples > 0 OR (l.reltuples = 0 AND l.relpages > 0) THEN l.reltuples::bigint \
                   ELSE nullif(pg_catalog.pg_stat_get_live_tuples(l.oid), 0) END)::bigint \
               FROM part JOIN pg_catalog.pg_class l ON l.oid = part.oid AND l.relkind IN ('r', 'f')), \
               CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint END) \
             WHEN c.relkind NOT IN ('r', 'm', 'f') THEN NULL \
             WHEN c.reltuples > 0 OR (c.reltuples = 0 AND (c.relpages > 0 \
               OR pg_catalog.current_setting('server_version_num')::int >= 140000)) THEN c.reltuples::bigint \
             WHEN c.relkind IN ('r', 'm') THEN nullif(pg_catalog.pg_stat_get_live_tuples(c.oid), 0) \
           END AS row_estimate, parent.relname::text AS parent, nullif(parents.nspname::text, $1) AS parent_schema \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_inherits i ON c.relispartition AND i.inhrelid = c.oid \
         LEFT JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent \
         LEFT JOIN pg_catalog.pg_namespace parents ON parents.oid = parent.relnamespace \
         WHERE n.nspname::text = $1 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname::text <> $3 \
           AND ($2::text[] IS NULL OR c.relname::text = ANY ($2))",
    )
    .bind(schema)
    .bind(names)
    .bind(COMMENTS_TABLE)
    .fetch_all(connection)
    .await?;
    let mut tables = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(own) = name(row, "name")? else { continue };
        let mut problems = Problems::default();
        let parent_schema = name(row, "parent_schema")?;
        let table = Table {
            kind: kind_of(row.try_get("kind")?),
            comment: comment(row, &mut problems, &own)?,
            row_estimate: row.try_get("row_estimate")?,
            partition_of: name(row, "parent")?.map(|table| TableName { schema: parent_schema, table }),
            name: own,
        };
        tables.push((table, problems));
    }
    tables.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    Ok(tables)
}

/// Returns the structure of these tables. Runs eleven statements regardless of their number.
pub(super) async fn details(
    connection: &mut PgConnection,
    database: Option<&str>,
    schema: &str,
    names: &[String],
) -> Result<Vec<TableDetail>> {
    let mut tables: HashMap<String, (Table, Problems)> = described(connection, schema, Some(names))
        .await?
        .into_iter()
        .map(|(table, problems)| (table.name.clone(), (table, problems)))
        .collect();
    let mut keys = unique_keys(connection, schema, names).await?;
    let mut rules = triggers(connection, schema, names).await?;
    let mut columns = columns(connection, schema, names, &keys, &mut tables, &mut rules).await?;
    let mut foreign_keys = foreign_keys(connection, schema, names).await?;
    let mut referrers = referrers(connection, schema, names).await?;
    let mut views = HashMap::new();
    // This runs last: the server may wait for a table's lock, and an error ends the transaction.
    match expressions(connection, schema, names, &mut columns, &mut rules).await {
        Ok(read) => views = read,
        Err(error) if is_stopped(&error) => {
            let problem = format!("The checks of {} cannot be read: another session holds a table.", shown(schema));
            tables.values_mut().for_each(|(_, problems)| problems.others.push(problem.clone()));
        }
        Err(error) => return Err(error),
    }
    let details = names.iter().filter_map(|name| {
        let (table, problems) = tables.remove(name)?;
        Some(TableDetail {
            database: database.map(str::to_owned),
            schema: schema.to_owned(),
            columns: columns.remove(name).unwrap_or_default(),
            foreign_keys: foreign_keys.remove(name).unwrap_or_default(),
            unique_keys: keys.remove(name).unwrap_or_default().into_iter().map(|key| key.columns).collect(),
            referenced_by: referrers.remove(name).unwrap_or_default(),
            definition: views.remove(name),
            rules: rules.remove(name).unwrap_or_default(),
            problems,
            table,
        })
    });
    Ok(details.collect())
}

/// Adds what the server prints as expressions: checks, defaults, computed columns and partitions. Returns the
/// definitions of views.
async fn expressions(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
    columns: &mut HashMap<String, Vec<Column>>,
    rules: &mut HashMap<String, Rules>,
) -> Result<HashMap<String, String>> {
    narrow(columns, checks(connection, schema, names, rules).await?);
    defaults(connection, schema, names, columns).await?;
    let views = definitions(connection, schema, names, rules).await;
    // All else was read.
    if views.as_ref().is_err_and(is_stopped) { Ok(HashMap::new()) } else { views }
}

/// Returns the triggers of each table, without those that the server adds for constraints.
async fn triggers(connection: &mut PgConnection, schema: &str, names: &[String]) -> Result<HashMap<String, Rules>> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table_name, t.tgname::text AS name FROM pg_catalog.pg_trigger t \
         JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2) AND NOT t.tgisinternal ORDER BY t.tgname",
    )
    .bind(schema)
    .bind(names)
    .fetch_all(connection)
    .await?;
    let mut rules: HashMap<String, Rules> = HashMap::new();
    for row in &rows {
        if let (Some(table), Some(trigger)) = (name(row, "table_name")?, name(row, "name")?) {
            rules.entry(table).or_default().triggers.push(trigger);
        }
    }
    Ok(rules)
}

/// Sets the defaults of columns and the expressions of computed ones.
async fn defaults(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
    columns: &mut HashMap<String, Vec<Column>>,
) -> Result<()> {
    // Servers before PostgreSQL 12 lack `attgenerated`.
    let rows = sqlx::query(
        "SELECT c.relname::text AS table_name, a.attname::text AS column_name, \
           pg_catalog.left(pg_catalog.pg_get_expr(d.adbin, d.adrelid), $3) AS expression, \
           coalesce(pg_catalog.to_jsonb(a) ->> 'attgenerated', '') <> '' AS generated \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum AND NOT a.attisdropped \
         WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2)",
    )
    .bind(schema)
    .bind(names)
    .bind(CUT)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let (Some(table), Some(column)) = (name(row, "table_name")?, name(row, "column_name")?) else { continue };
        let of_table = columns.get_mut(&table).into_iter().flatten();
        if let Some(column) = of_table.into_iter().find(|known| known.name == column) {
            let expression = name(row, "expression")?;
            if row.try_get("generated")? {
                column.generated = expression;
            } else {
                column.default = expression.filter(|value| !value.to_ascii_uppercase().starts_with("NULL"));
            }
        }
    }
    Ok(())
}

/// Returns the definitions of views and materialized views, and adds how tables are partitioned to their rules.
async fn definitions(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
    rules: &mut HashMap<String, Rules>,
) -> Result<HashMap<String, String>> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS name, \
           CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition, \
           CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partitioned_by, \
           pg_catalog.left(pg_catalog.pg_get_expr(c.relpartbound, c.oid), $3) AS partition_bound \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2) \
           AND (c.relkind IN ('v', 'm', 'p') OR c.relispartition)",
    )
    .bind(schema)
    .bind(names)
    .bind(CUT)
    .fetch_all(connection)
    .await?;
    let mut definitions = HashMap::new();
    for row in &rows {
        let Some(table) = name(row, "name")? else { continue };
        if let Some(definition) = name(row, "definition")? {
            definitions.insert(table.clone(), definition);
        }
        let (by, bound) = (name(row, "partitioned_by")?, name(row, "partition_bound")?);
        if by.is_some() || bound.is_some() {
            let rules = rules.entry(table).or_default();
            (rules.partitioned_by, rules.partition_bound) = (by, bound);
        }
    }
    Ok(definitions)
}

/// A primary key, or a unique index without a predicate.
struct UniqueKey {
    primary: bool,
    columns: Vec<String>,
}

/// Returns the unique keys of each table, the primary key first.
async fn unique_keys(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
) -> Result<HashMap<String, Vec<UniqueKey>>> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table_name, x.indexrelid AS key, x.indisprimary AS primary_key, \
         a.attname::text AS name FROM pg_catalog.pg_index x \
         JOIN pg_catalog.pg_class c ON c.oid = x.indrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) WITH ORDINALITY AS part (number, place) \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.number AND part.number > 0 \
         WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2) AND x.indisunique AND x.indpred IS NULL \
         AND (x.indisvalid OR x.indisprimary) ORDER BY x.indisprimary DESC, x.indexrelid, part.place",
    )
    .bind(schema)
    .bind(names)
    .fetch_all(connection)
    .await?;
    let mut found: Vec<(Oid, String, bool, Option<Vec<String>>)> = Vec::new();
    for row in &rows {
        let key: Oid = row.try_get("key")?;
        if found.last().is_none_or(|(last, ..)| *last != key) {
            let table = name(row, "table_name")?.unwrap_or_default();
            found.push((key, table, row.try_get("primary_key")?, Some(Vec::new())));
        }
        let Some((.., columns)) = found.last_mut() else { continue };
        // An expression has no name, so its index is not a key.
        match (columns.as_mut(), name(row, "name")?) {
            (Some(columns), Some(column)) => columns.push(column),
            _ => *columns = None,
        }
    }
    let mut keys: HashMap<String, Vec<UniqueKey>> = HashMap::new();
    for (_, table, primary, columns) in found {
        keys.entry(table).or_default().extend(columns.map(|columns| UniqueKey { primary, columns }));
    }
    Ok(keys)
}

/// Returns the columns of each table, and adds what the checks of their domains demand to the rules.
async fn columns(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
    keys: &HashMap<String, Vec<UniqueKey>>,
    tables: &mut HashMap<String, (Table, Problems)>,
    rules: &mut HashMap<String, Rules>,
) -> Result<HashMap<String, Vec<Column>>> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table_name, a.attname::text AS name, a.atttypid AS type, \
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS data_type, a.attnotnull AS required, \
           pg_catalog.col_description(a.attrelid, a.attnum) AS comment \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
         ORDER BY c.oid, a.attnum",
    )
    .bind(schema)
    .bind(names)
    .fetch_all(&mut *connection)
    .await?;
    let of_rows: Vec<Oid> = rows.iter().map(|row| row.try_get("type")).collect::<Result<_>>()?;
    let own_types = types::own_types(connection, &of_rows).await?;
    let built_in = OwnType::default();
    let mut columns: HashMap<String, Vec<Column>> = HashMap::new();
    for (row, of_row) in rows.iter().zip(&of_rows) {
        let Some(table) = name(row, "table_name")? else { continue };
        let Some((_, problems)) = tables.get_mut(&table) else { continue };
        let Some(found) = text(row, "name")? else { continue };
        let unnamed = |escaped: &str| with_noun("column", Some(&format!("{schema}.{table}")), escaped);
        let Some(name) = found.or_problem(&mut problems.unnamed, unnamed) else { continue };
        let of = format!("{table}.{name}");
        let data_type =
            text(row, "data_type")?.and_then(|text| text.or_problem(&mut problems.others, |_| without("type", &of)));
        let own = own_types.get(of_row).unwrap_or(&built_in);
        if own.unreadable {
            problems.others.push(without("list of values", &of));
        }
        for bound in &own.bounds {
            let bound = Bound { column: name.clone(), ..bound.clone() };
            rules.entry(table.clone()).or_default().bounds.push(bound);
        }
        let keys = keys.get(&table).map_or(&[][..], Vec::as_slice);
        let alone = |key: &UniqueKey| matches!(key.columns.as_slice(), [only] if *only == name);
        let column = Column {
            // The search path lacks `public`, so the server qualifies its types; users do not write the prefix.
            data_type: data_type
                .map(|name| name.strip_prefix("public.").unwrap_or(&name).to_owned())
                .unwrap_or_default(),
            underlying: own.underlying.clone(),
            values: own.values.clone(),
            checked_values: check::allowed(own.checks.iter().cloned()),
            default: None,
            generated: None,
            nullable: !row.try_get::<bool, _>("required")? && !own.required,
            comment: comment(row, problems, &of)?,
            primary_key: keys.iter().any(|key| key.primary && key.columns.contains(&name)),
            unique: keys.iter().any(alone),
            name,
        };
        columns.entry(table).or_default().push(column);
    }
    Ok(columns)
}

/// Returns whether a statement timeout or a lock timeout ended the statement.
fn is_stopped(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| matches!(code.as_ref(), "57014" | "55P03"))
}

/// The value lists that the checks of tables allow, by table and column.
type Checks = BTreeMap<(String, String), Vec<Vec<String>>>;

/// Returns the value lists in checks, and adds all checks to the rules of their tables.
async fn checks(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
    rules: &mut HashMap<String, Rules>,
) -> Result<Checks> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table_name, a.attname::text AS column_name, \
           pg_catalog.left(pg_catalog.pg_get_expr(k.conbin, k.conrelid), $3) AS expression \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated \
         LEFT JOIN pg_catalog.pg_attribute a ON cardinality(k.conkey) = 1 AND a.attrelid = c.oid \
           AND a.attnum = k.conkey[1] \
         WHERE n.nspname::text = $1 AND c.relname::text = ANY ($2) ORDER BY c.oid, k.conname",
    )
    .bind(schema)
    .bind(names)
    .bind(CUT)
    .fetch_all(connection)
    .await?;
    let mut checks = Checks::new();
    for row in &rows {
        let Some(table) = name(row, "table_name")? else { continue };
        let expression = name(row, "expression")?.unwrap_or_default();
        check::add_to(rules.entry(table.clone()).or_default(), &expression, Dialect::Postgres);
        let Some(column) = name(row, "column_name")? else { continue };
        if let Some(check) = check::parse(&expression, Dialect::Postgres).filter(|check| check.column == column) {
            checks.entry((table, column)).or_default().push(check.values);
        }
    }
    Ok(checks)
}

/// Combines the values that checks of tables allow with those that checks of domains allow.
fn narrow(columns: &mut HashMap<String, Vec<Column>>, mut checks: Checks) {
    for (table, columns) in columns {
        for column in columns {
            let of_table = checks.remove(&(table.clone(), column.name.clone())).unwrap_or_default();
            let of_domains = std::mem::take(&mut column.checked_values);
            let of_domains = Some(of_domains).filter(|values| !values.is_empty());
            column.checked_values = check::allowed(of_domains.into_iter().chain(of_table));
        }
    }
}

/// Returns the foreign keys of each table, those with fewer columns first.
async fn foreign_keys(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
) -> Result<HashMap<String, Vec<ForeignKey>>> {
    let statement = format!(
        "{FAMILY} SELECT f.head AS table_name, f.is_head, k.oid AS key, a.attname::text AS column_name, \
           nullif(rn.nspname::text, $1) AS schema, r.relname::text AS to_table, ra.attname::text AS to_column \
         FROM family f JOIN pg_catalog.pg_constraint k ON k.conrelid = f.oid AND k.contype = 'f' \
         JOIN pg_catalog.pg_class r ON r.oid = k.confrelid \
         JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace \
         LEFT JOIN pg_catalog.pg_constraint up ON up.oid = k.conparentid \
         CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS pair (own, other, place) \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.own \
         JOIN pg_catalog.pg_attribute ra ON ra.attrelid = r.oid AND ra.attnum = pair.other \
         WHERE up.oid IS NULL OR (f.is_head AND up.conrelid <> k.conrelid) \
         ORDER BY NOT f.is_head, cardinality(k.conkey), k.conname, k.oid, f.head, pair.place"
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(schema).bind(names).fetch_all(connection).await?;
    let mut found: BTreeMap<(String, usize), ForeignKey> = BTreeMap::new();
    let mut places: HashMap<(String, Oid), usize> = HashMap::new();
    for row in &rows {
        // An object with an unreadable name is not described, so the key is skipped.
        let (Some(table), Some(own), Some(to), Some(other)) =
            (name(row, "table_name")?, name(row, "column_name")?, name(row, "to_table")?, name(row, "to_column")?)
        else {
            continue;
        };
        let next = places.len();
        let place = *places.entry((table.clone(), row.try_get("key")?)).or_insert(next);
        let schema = name(row, "schema")?;
        let key = found.entry((table, place)).or_insert_with(|| ForeignKey { schema, table: to, columns: Vec::new() });
        key.columns.push((own, other));
    }
    let mut keys: HashMap<String, Vec<ForeignKey>> = HashMap::new();
    for ((table, _), key) in found {
        let keys = keys.entry(table).or_default();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for keys in keys.values_mut() {
        keys.sort_by_key(|key| key.columns.len());
    }
    Ok(keys)
}

/// Returns the tables that refer to each table or to one of its partitions. A referring partition is represented by
/// its topmost parent.
async fn referrers(
    connection: &mut PgConnection,
    schema: &str,
    names: &[String],
) -> Result<HashMap<String, Vec<String>>> {
    let statement = format!(
        "{FAMILY} SELECT DISTINCT f.head AS table_name, nullif(n.nspname::text, $1) AS schema, \
         c.relname::text AS referrer FROM family f JOIN pg_catalog.pg_constraint k ON k.confrelid = f.oid AND \
         k.contype = 'f' AND k.conparentid = 0 CROSS JOIN LATERAL ( \
           WITH RECURSIVE up (oid) AS (SELECT k.conrelid UNION ALL \
             SELECT i.inhparent FROM up JOIN pg_catalog.pg_class p ON p.oid = up.oid AND p.relispartition \
             JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid) \
           SELECT p.oid FROM up JOIN pg_catalog.pg_class p ON p.oid = up.oid AND NOT p.relispartition LIMIT 1) top \
         JOIN pg_catalog.pg_class c ON c.oid = top.oid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(schema).bind(names).fetch_all(connection).await?;
    let mut referrers: HashMap<String, Vec<String>> = HashMap::new();
    for row in &rows {
        let (Some(table), Some(referrer)) = (name(row, "table_name")?, name(row, "referrer")?) else { continue };
        let schema = name(row, "schema")?;
        let referrer = schema.map_or_else(|| referrer.clone(), |schema| format!("{schema}.{referrer}"));
        referrers.entry(table).or_default().push(referrer);
    }
    for all in referrers.values_mut() {
        all.sort();
    }
    Ok(referrers)
}
