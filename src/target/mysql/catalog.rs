//! Reads the information schema of MySQL and MariaDB.
//!
//! Texts are cast, since servers differ in how they type them. Names are compared again in Rust, since the collation
//! of the information schema treats `A` and `a` as equal.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::{AssertSqlSafe, MySqlConnection, Row, mysql::MySqlRow};

use super::{
    super::{
        COMMENTS_TABLE,
        check::{self, Dialect},
        text::shown,
    },
    Flavour,
};
use crate::domain::{
    asset::AssetKind,
    catalog::{Column, ForeignKey, Problems, Rules, Schema, Table, TableDetail},
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The server's own schemas, which are hidden.
const SYSTEM: &[&str] = &["mysql", "information_schema", "performance_schema", "sys"];
/// Number of names above which the whole schema is read and filtered in Rust.
const NAMED_TABLES: usize = 500;

/// Returns the server's product and version: `MariaDB 10.11.6`.
pub(super) async fn version(connection: &mut MySqlConnection) -> Result<String> {
    let version: String = sqlx::query_scalar("SELECT CAST(VERSION() AS CHAR)").fetch_one(connection).await?;
    let noun = if version.to_ascii_lowercase().contains("mariadb") { "MariaDB" } else { "MySQL" };
    // MariaDB prefixes its version with 5.5.5 for old replication clients.
    let number = version.strip_prefix("5.5.5-").unwrap_or(&version).split('-').next().unwrap_or_default();
    Ok(format!("{noun} {number}"))
}

/// Returns a text that identifies the server: MySQL's UUID, or for MariaDB, which has none, `@@server_uid` (derived
/// from machine and port) and the data directory. Returns `None` for a MariaDB too old to have it.
pub(super) async fn server_mark(connection: &mut MySqlConnection, flavour: Flavour) -> Result<Option<String>> {
    match flavour {
        Flavour::MySql => {
            let uuid: String = sqlx::query_scalar("SELECT CAST(@@server_uuid AS CHAR)").fetch_one(connection).await?;
            Ok(Some(format!("server {uuid}")))
        }
        Flavour::MariaDb => {
            let rows = sqlx::raw_sql("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uid', 'datadir')");
            let mut found: HashMap<String, String> = HashMap::new();
            for row in rows.fetch_all(connection).await? {
                found.insert(row.try_get(0)?, row.try_get(1)?);
            }
            let folder = found.remove("datadir").unwrap_or_default();
            Ok(found.remove("server_uid").map(|uid| format!("server {uid}, data in {folder}")))
        }
    }
}

/// Returns all schemas except the server's own.
pub(super) async fn schemas(connection: &mut MySqlConnection) -> Result<Vec<Schema>> {
    // MariaDB has comments on schemas since 10.5; MySQL lacks the column.
    let with_comments = "SELECT CAST(SCHEMA_NAME AS CHAR) AS name, CAST(SCHEMA_COMMENT AS CHAR) AS remark \
                         FROM information_schema.SCHEMATA";
    let without = "SELECT CAST(SCHEMA_NAME AS CHAR) AS name, NULL AS remark FROM information_schema.SCHEMATA";
    let commented: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' \
         AND TABLE_NAME = 'SCHEMATA' AND COLUMN_NAME = 'SCHEMA_COMMENT'",
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query(if commented > 0 { with_comments } else { without }).fetch_all(connection).await?;
    let mut schemas = Vec::with_capacity(rows.len());
    for row in &rows {
        let name: String = row.try_get("name")?;
        if !is_system(&name) {
            schemas.push(Schema { name, comment: remark(row)? });
        }
    }
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schemas)
}

fn is_system(schema: &str) -> bool {
    SYSTEM.iter().any(|system| system.eq_ignore_ascii_case(schema))
}

/// Returns the tables of a schema: all, or those with these names.
pub(super) async fn tables(
    connection: &mut MySqlConnection,
    schema: &str,
    names: Option<&[String]>,
) -> Result<Vec<Table>> {
    if is_system(schema) {
        return Ok(Vec::new());
    }
    let rows = select(
        connection,
        "SELECT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(TABLE_TYPE AS CHAR) AS kind, CAST(TABLE_COMMENT AS CHAR) AS remark, \
           CAST(TABLE_ROWS AS SIGNED) AS row_estimate \
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?",
        "TABLE_NAME",
        schema,
        names,
    )
    .await?;
    let mut tables = Vec::with_capacity(rows.len());
    for row in &rows {
        let name: String = row.try_get("own_table")?;
        let kind = match row.try_get::<String, _>("kind")?.as_str() {
            "BASE TABLE" | "SYSTEM VERSIONED" => AssetKind::Table,
            "VIEW" => AssetKind::View,
            _ => continue,
        };
        if name == COMMENTS_TABLE {
            continue;
        }
        let is_view = kind == AssetKind::View;
        tables.push(Table {
            name,
            kind,
            // The comment of a view is the word VIEW, or the reason why the view is broken.
            comment: if is_view { None } else { remark(row)? },
            row_estimate: if is_view { None } else { row.try_get("row_estimate")? },
            // In MySQL and MariaDB, partitions are not tables.
            partition_of: None,
        });
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tables)
}

/// Returns the structure of these tables. Runs at most ten statements regardless of their number.
pub(super) async fn details(
    connection: &mut MySqlConnection,
    schema: &str,
    names: &[String],
) -> Result<Vec<TableDetail>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found = tables(connection, schema, Some(names)).await?;
    let mut unique_keys = unique_keys(connection, schema, Some(names)).await?;
    let features = Features::of(connection).await?;
    let mut rules = triggers(connection, schema, names).await?;
    partitions(connection, schema, names, &mut rules).await?;
    let mut checks = checks(connection, schema, names, &features, &mut rules).await?;
    let mut columns = columns(connection, schema, names, &unique_keys, &mut checks, &features).await?;
    let mut foreign_keys = foreign_keys(connection, schema, Some(names)).await?;
    let mut referrers = referrers(connection, schema, Some(names)).await?;
    let has_views = found.iter().any(|table| table.kind == AssetKind::View);
    let mut definitions = if has_views { definitions(connection, schema, names).await? } else { HashMap::new() };
    let mut tables: HashMap<String, Table> = found.into_iter().map(|table| (table.name.clone(), table)).collect();
    let details = names.iter().filter_map(|name| {
        let table = tables.remove(name)?;
        let columns = columns.remove(name).unwrap_or_default();
        let mut problems = Problems::default();
        if table.kind == AssetKind::View && columns.is_empty() {
            problems.others.push(format!(
                "The columns of the view {} cannot be read: a table that it selects from no longer exists, or its \
                 definer may not read it.",
                shown(name)
            ));
        }
        Some(TableDetail {
            database: None,
            schema: schema.to_owned(),
            columns,
            foreign_keys: foreign_keys.remove(name).unwrap_or_default(),
            unique_keys: unique_keys.remove(name).unwrap_or_default(),
            referenced_by: referrers.remove(name).unwrap_or_default(),
            definition: definitions.remove(name),
            rules: rules.remove(name).unwrap_or_default(),
            problems,
            table,
        })
    });
    Ok(details.collect())
}

/// Returns the definitions of views; an empty one is not shown to this user.
async fn definitions(
    connection: &mut MySqlConnection,
    schema: &str,
    names: &[String],
) -> Result<HashMap<String, String>> {
    let rows = select(
        connection,
        "SELECT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(VIEW_DEFINITION AS CHAR) AS definition FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?",
        "TABLE_NAME",
        schema,
        Some(names),
    )
    .await?;
    let mut definitions = HashMap::new();
    for row in &rows {
        if let Some(definition) = row.try_get::<Option<String>, _>("definition")?.filter(|text| !text.is_empty()) {
            definitions.insert(row.try_get("own_table")?, definition);
        }
    }
    Ok(definitions)
}

/// The columns of the information schema that only some servers have, in capitals, as `TABLE.COLUMN`.
struct Features(HashSet<String>);

impl Features {
    async fn of(connection: &mut MySqlConnection) -> Result<Self> {
        let found: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(CONCAT(UPPER(TABLE_NAME), '.', UPPER(COLUMN_NAME)) AS CHAR) FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = 'information_schema' AND (TABLE_NAME = 'CHECK_CONSTRAINTS' \
               OR (TABLE_NAME = 'COLUMNS' AND COLUMN_NAME = 'GENERATION_EXPRESSION'))",
        )
        .fetch_all(connection)
        .await?;
        Ok(Self(found.into_iter().collect()))
    }

    fn has(&self, column: &str) -> bool {
        self.0.contains(column)
    }

    /// Only MariaDB's checks name their tables.
    fn is_mariadb(&self) -> bool {
        self.has("CHECK_CONSTRAINTS.TABLE_NAME")
    }
}

/// Returns the names of the triggers of each table, as far as this user may see them.
async fn triggers(connection: &mut MySqlConnection, schema: &str, names: &[String]) -> Result<HashMap<String, Rules>> {
    let rows = select(
        connection,
        "SELECT CAST(EVENT_OBJECT_SCHEMA AS CHAR) AS own_schema, CAST(EVENT_OBJECT_TABLE AS CHAR) AS own_table, \
           CAST(TRIGGER_NAME AS CHAR) AS name FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ?",
        "EVENT_OBJECT_TABLE",
        schema,
        Some(names),
    )
    .await?;
    let mut rules: HashMap<String, Rules> = HashMap::new();
    for row in &rows {
        rules.entry(row.try_get("own_table")?).or_default().triggers.push(row.try_get("name")?);
    }
    rules.values_mut().for_each(|rules| rules.triggers.sort());
    Ok(rules)
}

/// Adds how tables are partitioned to their rules.
async fn partitions(
    connection: &mut MySqlConnection,
    schema: &str,
    names: &[String],
    rules: &mut HashMap<String, Rules>,
) -> Result<()> {
    let rows = select(
        connection,
        "SELECT DISTINCT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(PARTITION_METHOD AS CHAR) AS method, CAST(PARTITION_EXPRESSION AS CHAR) AS expression \
         FROM information_schema.PARTITIONS WHERE PARTITION_METHOD IS NOT NULL AND TABLE_SCHEMA = ?",
        "TABLE_NAME",
        schema,
        Some(names),
    )
    .await?;
    for row in &rows {
        let (method, expression): (String, Option<String>) = (row.try_get("method")?, row.try_get("expression")?);
        let by = format!("{method} ({})", expression.unwrap_or_default());
        rules.entry(row.try_get("own_table")?).or_default().partitioned_by = Some(by);
    }
    Ok(())
}

/// Returns the columns of each table.
async fn columns(
    connection: &mut MySqlConnection,
    schema: &str,
    names: &[String],
    unique_keys: &HashMap<String, Vec<Vec<String>>>,
    checks: &mut Checks,
    features: &Features,
) -> Result<HashMap<String, Vec<Column>>> {
    let with = "SELECT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(COLUMN_NAME AS CHAR) AS name, CAST(COLUMN_TYPE AS CHAR) AS data_type, \
           CAST(IS_NULLABLE AS CHAR) AS nullable, CAST(COLUMN_KEY AS CHAR) AS part_of, \
           CAST(COLUMN_COMMENT AS CHAR) AS remark, CAST(ORDINAL_POSITION AS SIGNED) AS place, \
           CAST(COLUMN_DEFAULT AS CHAR) AS default_value, CAST(EXTRA AS CHAR) AS extra, \
           CAST(GENERATION_EXPRESSION AS CHAR) AS expression FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ?";
    let without = "SELECT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(COLUMN_NAME AS CHAR) AS name, CAST(COLUMN_TYPE AS CHAR) AS data_type, \
           CAST(IS_NULLABLE AS CHAR) AS nullable, CAST(COLUMN_KEY AS CHAR) AS part_of, \
           CAST(COLUMN_COMMENT AS CHAR) AS remark, CAST(ORDINAL_POSITION AS SIGNED) AS place, \
           CAST(COLUMN_DEFAULT AS CHAR) AS default_value, CAST(EXTRA AS CHAR) AS extra, NULL AS expression \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ?";
    let statement = if features.has("COLUMNS.GENERATION_EXPRESSION") { with } else { without };
    let rows = select(connection, statement, "TABLE_NAME", schema, Some(names)).await?;
    let mut columns: HashMap<String, Vec<(i64, Column)>> = HashMap::new();
    for row in &rows {
        let table: String = row.try_get("own_table")?;
        let name: String = row.try_get("name")?;
        let data_type: String = row.try_get("data_type")?;
        let alone = |key: &Vec<String>| matches!(key.as_slice(), [only] if *only == name);
        let column = Column {
            values: listed_values(&data_type),
            checked_values: check::allowed(
                checks.remove(&(table.clone(), name.to_ascii_lowercase())).unwrap_or_default(),
            ),
            default: default_of(row, features.is_mariadb(), &data_type)?,
            generated: row
                .try_get::<Option<String>, _>("expression")?
                .filter(|text| !text.is_empty())
                .map(|text| if features.is_mariadb() { text } else { unescaped(&text) }),
            data_type,
            underlying: None,
            nullable: row.try_get::<String, _>("nullable")? == "YES",
            comment: remark(row)?,
            primary_key: row.try_get::<String, _>("part_of")? == "PRI",
            unique: unique_keys.get(&table).is_some_and(|keys| keys.iter().any(alone)),
            name,
        };
        columns.entry(table).or_default().push((row.try_get("place")?, column));
    }
    let in_order = columns.into_iter().map(|(table, mut columns)| {
        columns.sort_by_key(|(place, _)| *place);
        (table, columns.into_iter().map(|(_, column)| column).collect())
    });
    Ok(in_order.collect())
}

/// Returns the default of a column as SQL. MySQL gives a literal as it is, MariaDB gives SQL.
fn default_of(row: &MySqlRow, is_mariadb: bool, data_type: &str) -> Result<Option<String>> {
    let Some(value) = row.try_get::<Option<String>, _>("default_value")? else { return Ok(None) };
    let extra: String = row.try_get::<Option<String>, _>("extra")?.unwrap_or_default().to_ascii_uppercase();
    let is_number = !data_type.contains('(') && value.parse::<f64>().is_ok();
    let is_expression = is_mariadb || is_number || extra.contains("DEFAULT_GENERATED") || is_now(&value);
    let sql = if is_expression { value } else { format!("'{}'", value.replace('\'', "''")) };
    let sql = if extra.contains("ON UPDATE") { format!("{sql} ON UPDATE CURRENT_TIMESTAMP") } else { sql };
    Ok((!sql.eq_ignore_ascii_case("null")).then_some(sql))
}

/// Returns whether a default is the current time, which old servers do not mark as an expression.
fn is_now(value: &str) -> bool {
    value.get(..17).is_some_and(|start| start.eq_ignore_ascii_case("CURRENT_TIMESTAMP"))
}

/// The value lists that checks allow, by table and lowercase column name: column names are case-insensitive.
type Checks = HashMap<(String, String), Vec<Vec<String>>>;

/// Returns the value lists of each table's checks, and adds the checks to the rules. Empty if the server does not
/// support checks.
async fn checks(
    connection: &mut MySqlConnection,
    schema: &str,
    names: &[String],
    features: &Features,
    rules: &mut HashMap<String, Rules>,
) -> Result<Checks> {
    // The names of checks are unique within the table in MariaDB, and within the schema in MySQL.
    let is_mariadb = features.is_mariadb();
    let rows = if is_mariadb {
        let statement = "SELECT CAST(CONSTRAINT_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
                           CAST(CONSTRAINT_NAME AS CHAR) AS name, CAST(CHECK_CLAUSE AS CHAR) AS expression \
                         FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ?";
        select(connection, statement, "TABLE_NAME", schema, Some(names)).await?
    } else if features.has("CHECK_CONSTRAINTS.CHECK_CLAUSE") {
        let statement = "SELECT CAST(t.TABLE_SCHEMA AS CHAR) AS own_schema, CAST(t.TABLE_NAME AS CHAR) AS own_table, \
                           CAST(t.CONSTRAINT_NAME AS CHAR) AS name, CAST(c.CHECK_CLAUSE AS CHAR) AS expression \
                         FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c \
                           ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME \
                         WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.ENFORCED = 'YES' AND t.TABLE_SCHEMA = ?";
        select(connection, statement, "t.TABLE_NAME", schema, Some(names)).await?
    } else {
        Vec::new()
    };
    let mut named: BTreeMap<(String, String), String> = BTreeMap::new();
    for row in &rows {
        let expression: String = row.try_get("expression")?;
        let expression = if is_mariadb { expression } else { unescaped(&expression) };
        named.insert((row.try_get("own_table")?, row.try_get("name")?), expression);
    }
    let mut checks = Checks::new();
    for ((table, _), expression) in named {
        check::add_to(rules.entry(table.clone()).or_default(), &expression, Dialect::MySql);
        if let Some(check) = check::parse(&expression, Dialect::MySql) {
            checks.entry((table, check.column.to_ascii_lowercase())).or_default().push(check.values);
        }
    }
    Ok(checks)
}

/// Removes the backslash that the information schema of MySQL puts before each quote and backslash.
fn unescaped(expression: &str) -> String {
    let mut chars = expression.chars();
    let mut text = String::with_capacity(expression.len());
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    text
}

/// Returns the comment on a column, or `None` if the column does not exist.
pub(super) async fn column_comment(
    connection: &mut MySqlConnection,
    schema: &str,
    table: &str,
    column: &str,
) -> Result<Option<Option<String>>> {
    let rows = select(
        connection,
        "SELECT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(COLUMN_NAME AS CHAR) AS name, CAST(COLUMN_COMMENT AS CHAR) AS remark \
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ?",
        "TABLE_NAME",
        schema,
        Some(&[table.to_owned()]),
    )
    .await?;
    for row in &rows {
        if row.try_get::<String, _>("name")? == column {
            return remark(row).map(Some);
        }
    }
    Ok(None)
}

/// Returns the values of `enum('a','b')` or `set('a','b')`; empty for other types. The server doubles quotes and
/// escapes unprintable characters with a backslash.
fn listed_values(data_type: &str) -> Vec<String> {
    let list = ["enum(", "set("].iter().find_map(|start| {
        data_type
            .get(..start.len())
            .filter(|found| found.eq_ignore_ascii_case(start))
            .map(|_| &data_type[start.len()..])
    });
    let Some(list) = list else { return Vec::new() };
    let mut values = Vec::new();
    let mut open: Option<String> = None;
    let mut rest = list.chars().peekable();
    while let Some(c) = rest.next() {
        match (&mut open, c) {
            (None, '\'') => open = Some(String::new()),
            (None, _) => {}
            (Some(value), '\'') if rest.next_if_eq(&'\'').is_some() => value.push('\''),
            (Some(_), '\'') => values.extend(open.take()),
            (Some(value), '\\') => value.push(match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('0') => '\0',
                Some('Z') => '\u{1a}',
                Some(c) => c,
                None => '\\',
            }),
            (Some(value), c) => value.push(c),
        }
    }
    values
}

/// Returns the columns of each table's primary key and unique indexes.
async fn unique_keys(
    connection: &mut MySqlConnection,
    schema: &str,
    names: Option<&[String]>,
) -> Result<HashMap<String, Vec<Vec<String>>>> {
    let rows = select(
        connection,
        "SELECT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(INDEX_NAME AS CHAR) AS index_name, CAST(COLUMN_NAME AS CHAR) AS name, SUB_PART IS NULL AS entire, \
           CAST(SEQ_IN_INDEX AS SIGNED) AS place \
         FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA = ?",
        "TABLE_NAME",
        schema,
        names,
    )
    .await?;
    // The parts of each index, by table and index name. A part is `None` if it is an expression or a column prefix.
    let mut indexes: BTreeMap<(String, String), Vec<(i64, Option<String>)>> = BTreeMap::new();
    for row in &rows {
        let part: Option<String> = row.try_get("name")?;
        let entire = row.try_get::<i64, _>("entire")? == 1;
        let parts = indexes.entry((row.try_get("own_table")?, row.try_get("index_name")?)).or_default();
        parts.push((row.try_get("place")?, part.filter(|_| entire)));
    }
    let mut keys: HashMap<String, Vec<Vec<String>>> = HashMap::new();
    for ((table, _), mut parts) in indexes {
        parts.sort_by_key(|(place, _)| *place);
        let columns: Option<Vec<String>> = parts.into_iter().map(|(_, part)| part).collect();
        keys.entry(table).or_default().extend(columns);
    }
    Ok(keys)
}

/// Returns the foreign keys of each table, those with fewer columns first.
async fn foreign_keys(
    connection: &mut MySqlConnection,
    schema: &str,
    names: Option<&[String]>,
) -> Result<HashMap<String, Vec<ForeignKey>>> {
    let rows = select(
        connection,
        "SELECT CAST(TABLE_SCHEMA AS CHAR) AS own_schema, CAST(TABLE_NAME AS CHAR) AS own_table, \
           CAST(COLUMN_NAME AS CHAR) AS name, CAST(CONSTRAINT_NAME AS CHAR) AS key_name, \
           CAST(ORDINAL_POSITION AS SIGNED) AS place, \
           CAST(REFERENCED_TABLE_SCHEMA AS CHAR) AS to_schema, CAST(REFERENCED_TABLE_NAME AS CHAR) AS to_table, \
           CAST(REFERENCED_COLUMN_NAME AS CHAR) AS to_column \
         FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND TABLE_SCHEMA = ?",
        "TABLE_NAME",
        schema,
        names,
    )
    .await?;
    let mut found: BTreeMap<(String, String), (ForeignKey, Vec<i64>)> = BTreeMap::new();
    for row in &rows {
        let to_schema: String = row.try_get("to_schema")?;
        let (key, places) = match found.entry((row.try_get("own_table")?, row.try_get("key_name")?)) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let schema = (to_schema != schema).then_some(to_schema);
                let key = ForeignKey { schema, table: row.try_get("to_table")?, columns: Vec::new() };
                entry.insert((key, Vec::new()))
            }
        };
        let place: i64 = row.try_get("place")?;
        let at = places.partition_point(|before| *before < place);
        places.insert(at, place);
        key.columns.insert(at, (row.try_get("name")?, row.try_get("to_column")?));
    }
    let mut keys: HashMap<String, Vec<ForeignKey>> = HashMap::new();
    for ((table, _), (key, _)) in found {
        keys.entry(table).or_default().push(key);
    }
    for keys in keys.values_mut() {
        keys.sort_by_key(|key| key.columns.len());
    }
    Ok(keys)
}

/// Returns the tables that refer to each table.
async fn referrers(
    connection: &mut MySqlConnection,
    schema: &str,
    names: Option<&[String]>,
) -> Result<HashMap<String, Vec<String>>> {
    let rows = select(
        connection,
        "SELECT DISTINCT CAST(UNIQUE_CONSTRAINT_SCHEMA AS CHAR) AS own_schema, \
           CAST(REFERENCED_TABLE_NAME AS CHAR) AS own_table, CAST(CONSTRAINT_SCHEMA AS CHAR) AS from_schema, \
           CAST(TABLE_NAME AS CHAR) AS from_table \
         FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = ?",
        "REFERENCED_TABLE_NAME",
        schema,
        names,
    )
    .await?;
    let mut referrers: HashMap<String, Vec<String>> = HashMap::new();
    for row in &rows {
        let from_schema: String = row.try_get("from_schema")?;
        let from_table: String = row.try_get("from_table")?;
        let referrer = if from_schema == schema { from_table } else { format!("{from_schema}.{from_table}") };
        referrers.entry(row.try_get("own_table")?).or_default().push(referrer);
    }
    for all in referrers.values_mut() {
        all.sort();
        all.dedup();
    }
    Ok(referrers)
}

/// Selects rows of the information schema for a schema and, if names are given, for these tables. The statement must
/// end with the schema's placeholder; its rows name their owners in `own_schema` and `own_table`.
async fn select(
    connection: &mut MySqlConnection,
    statement: &'static str,
    table_column: &'static str,
    schema: &str,
    names: Option<&[String]>,
) -> Result<Vec<MySqlRow>> {
    let few = names.filter(|names| !names.is_empty() && names.len() <= NAMED_TABLES);
    let rows = if let Some(names) = few {
        // Rounding up to a power of two keeps the number of distinct statements low, so that they stay cached.
        // Closing a statement has no answer, so the next request would wait some 40 ms for a delayed acknowledgement.
        let count = names.len().next_power_of_two();
        let places = vec!["?"; count].join(", ");
        let mut query =
            sqlx::query(AssertSqlSafe(format!("{statement} AND {table_column} IN ({places})"))).bind(schema);
        for name in names.iter().cycle().take(count) {
            query = query.bind(name);
        }
        query.fetch_all(connection).await?
    } else {
        sqlx::query(statement).bind(schema).fetch_all(connection).await?
    };
    let names: Option<HashSet<&str>> = names.map(|names| names.iter().map(String::as_str).collect());
    let mut belonging = Vec::with_capacity(rows.len());
    for row in rows {
        let same_schema = row.try_get::<String, _>("own_schema")? == schema;
        let table: String = row.try_get("own_table")?;
        if same_schema && names.as_ref().is_none_or(|names| names.contains(table.as_str())) {
            belonging.push(row);
        }
    }
    Ok(belonging)
}

fn remark(row: &MySqlRow) -> Result<Option<String>> {
    Ok(row.try_get::<Option<String>, _>("remark")?.filter(|remark| !remark.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::check::{self, Dialect},
        listed_values, unescaped,
    };

    #[test]
    fn checks_of_mysql_are_read() {
        let shown = r"(`status` in (_utf8mb4\'new\',_utf8mb4\'it\\\'s\'))";
        let check = check::parse(&unescaped(shown), Dialect::MySql).unwrap();
        assert_eq!(
            (check.column.as_str(), check.values.as_slice()),
            ("status", &["new".to_owned(), "it's".to_owned()][..])
        );
    }

    #[test]
    fn values_of_an_enumeration_are_exact() {
        assert_eq!(listed_values("enum('5''','6''')"), ["5'", "6'"]);
        assert_eq!(listed_values(r"ENUM('a,b','c'',''d','\\','x\ny')"), ["a,b", "c','d", "\\", "x\ny"]);
        assert_eq!(listed_values("set('', 'ä und ö')"), ["", "ä und ö"]);
        assert!(listed_values("varchar(20)").is_empty());
    }
}
