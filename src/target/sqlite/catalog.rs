//! Reads SQLite's catalog, and the comments in `gloss_comments`.
//!
//! The rule: SQLite does not check that a text is UTF-8, nor that the objects in a definition exist. Texts are
//! therefore read as bytes, and a statement that fails because of one table is repeated for each table separately.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    super::{
        COMMENTS_TABLE,
        check::{self, Check, Dialect},
        quote::ansi,
        text::{Text, shown, with_noun, without},
    },
    SCHEMA, is_of_object, lacks,
};
use crate::domain::{
    asset::AssetKind,
    catalog::{Column, ForeignKey, Problems, Rules, Table, TableDetail},
    text::some_of,
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Maximum number of rows that are counted if SQLite has no statistics.
const COUNTED_ROWS: i64 = 100_000;
/// Tables counted per statement; SQLite allows 500 terms in a compound `SELECT`.
const COUNTED_TABLES: usize = 250;

/// Returns the version of SQLite. Fails if the file is not a database.
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<String> {
    let _tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await
}

/// Returns a text of a row, or `None` for null.
fn text(row: &SqliteRow, column: &str) -> Result<Option<Text>> {
    Ok(row.try_get_unchecked::<Option<&[u8]>, _>(column)?.map(Text::of))
}

/// Returns a name of a row, or `None` for null and invalid UTF-8.
fn name(row: &SqliteRow, column: &str) -> Result<Option<String>> {
    Ok(text(row, column)?.and_then(Text::valid))
}

/// The problems found while reading tables, by table name.
#[derive(Default)]
struct OfTables(HashMap<String, Problems>);

impl OfTables {
    fn of(&mut self, table: &str) -> &mut Problems {
        self.0.entry(table.to_owned()).or_default()
    }

    fn add(&mut self, table: &str, problem: String) {
        let problems = &mut self.of(table).others;
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// Runs a statement over tables, given as a JSON list. If it fails, it is repeated for each table separately; a table
/// that fails then has no rows and a problem.
async fn over(
    connection: &mut SqliteConnection,
    statement: &'static str,
    tables: &[&str],
    problems: &mut OfTables,
) -> Result<Vec<SqliteRow>> {
    match sqlx::query(statement).bind(json(tables)).fetch_all(&mut *connection).await {
        Err(error) if is_of_object(&error) => {}
        whole => return whole,
    }
    let mut rows = Vec::new();
    for table in tables {
        match sqlx::query(statement).bind(json(&[table])).fetch_all(&mut *connection).await {
            Ok(found) => rows.extend(found),
            Err(error) if is_of_object(&error) => problems
                .add(table, format!("The structure of {} cannot be read completely: {}.", shown(table), lacks(&error))),
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

/// The comments in `gloss_comments`.
#[derive(Default)]
pub(super) struct Comments(HashMap<(String, String, String), Text>);

impl Comments {
    pub(super) fn of_database(&self) -> Option<String> {
        self.get(AssetKind::Database, "", "").and_then(Text::valid)
    }

    pub(super) fn of_schema(&self) -> Option<String> {
        self.get(AssetKind::Schema, "", "").and_then(Text::valid)
    }

    fn of_table(&self, kind: AssetKind, table: &str) -> Option<Text> {
        self.get(kind, table, "")
    }

    fn of_column(&self, table: &str, column: &str) -> Option<Text> {
        self.get(AssetKind::Column, table, column)
    }

    fn get(&self, kind: AssetKind, table: &str, column: &str) -> Option<Text> {
        self.0.get(&(kind.as_str().to_owned(), table.to_owned(), column.to_owned())).cloned()
    }
}

/// Returns whether the file has a table of comments.
async fn has_comments(connection: &mut SqliteConnection) -> Result<bool> {
    let columns: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pragma_table_info(?) WHERE name IN ('kind', 'table_name', 'column_name', 'comment')",
    )
    .bind(COMMENTS_TABLE)
    .fetch_one(connection)
    .await?;
    Ok(columns == 4)
}

/// Returns one comment, using the table's key to avoid a scan.
pub(super) async fn comment(
    connection: &mut SqliteConnection,
    kind: &str,
    table: &str,
    column: &str,
) -> Result<Option<Text>> {
    if !has_comments(connection).await? {
        return Ok(None);
    }
    // Other programs may have written the kind in lowercase, or null for an empty text.
    let equals = |name: &str, value: &str| match value {
        "" => format!("coalesce({name}, '') = ?"),
        _ => format!("{name} = ?"),
    };
    let statement = format!(
        "SELECT CAST(comment AS TEXT) AS comment FROM main.gloss_comments \
         WHERE kind IN (?, ?) AND {} AND {} AND coalesce(comment, '') <> '' LIMIT 1",
        equals("table_name", table),
        equals("column_name", column)
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(kind).bind(kind.to_lowercase());
    let row = query.bind(table).bind(column).fetch_optional(connection).await?;
    row.map_or(Ok(None), |row| text(&row, "comment"))
}

/// Returns all comments, or none if there is no table of comments.
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
        // A key that is not valid UTF-8 matches no described object.
        if let (Some(kind), Some(table), Some(column), Some(comment)) =
            (name(row, "kind")?, name(row, "table_name")?, name(row, "column_name")?, text(row, "comment")?)
        {
            comments.insert((kind, table, column), comment);
        }
    }
    Ok(Comments(comments))
}

/// What the definitions of a file's tables say of all tables. Each part of a catalog needs it, so it is kept until the
/// schema changes.
#[derive(Default)]
pub(super) struct Definitions(Mutex<Option<(i64, Arc<Defined>)>>);

struct Defined {
    listed: Vec<Listed>,
    /// The foreign keys between these tables, each part of one, in the order of the definitions.
    references: Vec<Reference>,
}

/// One pair of columns of a foreign key, as SQLite lists it.
struct Reference {
    from: String,
    /// Place of the key in its table's definition.
    key: i64,
    to: String,
    own: String,
    /// The column at the far end; `None` for its primary key.
    other: Option<String>,
}

impl Definitions {
    /// Returns what the present schema says.
    async fn read(&self, connection: &mut SqliteConnection) -> Result<Arc<Defined>> {
        // SQLite counts the changes of the schema. What is read after this number is not older than it.
        let version: i64 =
            sqlx::query_scalar("SELECT schema_version FROM pragma_schema_version").fetch_one(&mut *connection).await?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, defined)) = kept.filter(|(kept, _)| *kept == version) {
            return Ok(defined);
        }
        let (listed, _) = list(connection).await?;
        let references = references(connection, &listed).await?;
        let defined = Arc::new(Defined { listed, references });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, Arc::clone(&defined)));
        Ok(defined)
    }
}

/// A row of the list of tables.
#[derive(Clone)]
struct Listed {
    name: String,
    kind: AssetKind,
    /// `Some(true)` for an ordinary table with a `rowid`, `Some(false)` for one without, `None` for anything else.
    rowid: Option<bool>,
}

/// Returns the tables and views of the file, without SQLite's own and the shadow tables of virtual tables, and a
/// problem for each unreadable name.
async fn list(connection: &mut SqliteConnection) -> Result<(Vec<Listed>, Problems)> {
    let rows = sqlx::query(AssertSqlSafe(format!("SELECT name, type, wr FROM pragma_table_list WHERE {SHOWN}")))
        .bind(SCHEMA)
        .bind(COMMENTS_TABLE)
        .fetch_all(connection)
        .await?;
    let (mut tables, mut problems) = (Vec::with_capacity(rows.len()), Problems::default());
    for row in &rows {
        let listed: &str = row.try_get("type")?;
        let kind = kind_named(listed);
        let rowid = (listed == "table").then_some(row.try_get::<i64, _>("wr")? == 0);
        let Some(found) = text(row, "name")? else { continue };
        if let Some(name) =
            found.or_problem(&mut problems.unnamed, |escaped| with_noun(kind.noun(), Some(SCHEMA), escaped))
        {
            tables.push(Listed { name, kind, rowid });
        }
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((tables, problems))
}

/// Returns the problems of the file's list of tables: unreadable names, and entries that SQLite cannot parse and
/// skips.
pub(super) async fn unreadable(connection: &mut SqliteConnection) -> Result<Problems> {
    let (_, mut problems) = list(connection).await?;
    let rows = sqlx::query(
        "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') \
           AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema \
           = 'main') ORDER BY name",
    )
    .fetch_all(connection)
    .await?;
    let mut skipped = Vec::with_capacity(rows.len());
    for row in &rows {
        if let (Some(name), Some(kind)) = (text(row, "name")?, name(row, "type")?) {
            skipped.push(with_noun(kind_named(&kind).noun(), Some(SCHEMA), &name.or_escaped()));
        }
    }
    match skipped.as_slice() {
        [] => {}
        [one] => problems.others.push(format!(
            "1 object is left out because SQLite cannot read its definition: {one}. Repair the file with the program \
             that wrote it."
        )),
        several => problems.others.push(format!(
            "{} objects are left out because SQLite cannot read their definitions: {}. Repair the file with the \
             program that wrote it.",
            several.len(),
            some_of(several, ", ")
        )),
    }
    Ok(problems)
}

/// The condition for rows of the list of tables that are shown.
const SHOWN: &str = "schema = ? AND type IN ('table', 'view', 'virtual') \
                     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ?";

fn kind_named(listed: &str) -> AssetKind {
    if listed == "view" { AssetKind::View } else { AssetKind::Table }
}

/// Returns the kind of the table with this name.
pub(super) async fn kind_of(connection: &mut SqliteConnection, table: &str) -> Result<Option<AssetKind>> {
    // `pragma_table_list` ignores case, so the name is compared again.
    let statement = format!("SELECT type FROM pragma_table_list(?) WHERE {SHOWN} AND name = ?");
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(statement)).bind(table);
    let listed = query.bind(SCHEMA).bind(COMMENTS_TABLE).bind(table).fetch_optional(connection).await?;
    Ok(listed.as_deref().map(kind_named))
}

/// Returns whether an existing table or view has this column.
pub(super) async fn has_column(connection: &mut SqliteConnection, table: &str, column: &str) -> Result<bool> {
    let columns = raw_columns(connection, &[table], &mut OfTables::default()).await?;
    Ok(columns.values().flatten().any(|known| known.name == column))
}

/// Returns the tables and views.
pub(super) async fn tables(connection: &mut SqliteConnection) -> Result<Vec<Table>> {
    let (listed, _) = list(connection).await?;
    described(connection, listed, &mut OfTables::default()).await
}

/// Adds comments and row estimates to listed tables.
async fn described(
    connection: &mut SqliteConnection,
    listed: Vec<Listed>,
    problems: &mut OfTables,
) -> Result<Vec<Table>> {
    let comments = comments(connection).await?;
    let estimates = row_estimates(connection, &listed, problems).await?;
    let tables = listed.into_iter().map(|Listed { name, kind, .. }| Table {
        comment: comments
            .of_table(kind, &name)
            .and_then(|text| text.or_problem(&mut problems.of(&name).others, |_| without("comment", &name))),
        row_estimate: estimates.get(&name).copied(),
        name,
        kind,
        partition_of: None,
    });
    Ok(tables.collect())
}

/// Estimates the number of rows: from `ANALYZE`, else by counting up to a limit, else from the largest rowid. A table
/// that cannot be counted has no estimate.
async fn row_estimates(
    connection: &mut SqliteConnection,
    tables: &[Listed],
    problems: &mut OfTables,
) -> Result<HashMap<String, i64>> {
    let mut estimates = HashMap::new();
    let analyzed: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'")
        .fetch_one(&mut *connection)
        .await?;
    if analyzed > 0 {
        let read = sqlx::query("SELECT tbl, max(CAST(stat AS INTEGER)) AS row_count FROM sqlite_stat1 GROUP BY tbl")
            .fetch_all(&mut *connection)
            .await;
        let rows = match read {
            Err(error) if is_of_object(&error) => Vec::new(),
            read => read?,
        };
        for row in &rows {
            if let (Some(table), Some(count)) = (name(row, "tbl")?, row.try_get("row_count")?) {
                estimates.insert(table, count);
            }
        }
    }
    let uncounted: Vec<&Listed> =
        tables.iter().filter(|table| table.rowid.is_some() && !estimates.contains_key(&table.name)).collect();
    for tables in uncounted.chunks(COUNTED_TABLES) {
        match counts(connection, tables).await {
            Ok(counted) => estimates.extend(counted),
            Err(error) if is_of_object(&error) => {
                for table in tables {
                    match counts(connection, &[table]).await {
                        Ok(counted) => estimates.extend(counted),
                        Err(error) if is_of_object(&error) => problems.add(
                            &table.name,
                            format!("The rows of {} cannot be read: {}.", shown(&table.name), lacks(&error)),
                        ),
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(estimates)
}

/// Counts the rows of tables in one statement.
async fn counts(connection: &mut SqliteConnection, tables: &[&Listed]) -> Result<Vec<(String, i64)>> {
    let terms: Vec<String> = tables.iter().enumerate().map(|(at, table)| count_of(at, table)).collect();
    let rows =
        sqlx::query(AssertSqlSafe(terms.join(" UNION ALL "))).persistent(false).fetch_all(&mut *connection).await?;
    let mut counted = Vec::with_capacity(rows.len());
    for row in &rows {
        let at: i64 = row.try_get(0)?;
        let table = usize::try_from(at).ok().and_then(|at| tables.get(at));
        if let (Some(table), Some(count)) = (table, row.try_get(1)?) {
            counted.push((table.name.clone(), count));
        }
    }
    Ok(counted)
}

fn count_of(at: usize, table: &Listed) -> String {
    let name = ansi(&table.name);
    // Rowids mostly grow by one, so for a large table the largest is a good estimate.
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

/// Returns the structure of these tables. The number of statements does not depend on the number of tables. `schema` is
/// what is kept of the file's schema.
pub(super) async fn details(
    connection: &mut SqliteConnection,
    database: &str,
    names: &[String],
    schema: &Definitions,
) -> Result<Vec<TableDetail>> {
    let mut problems = OfTables::default();
    let defined = schema.read(connection).await?;
    let asked: HashSet<&String> = names.iter().collect();
    let wanted: Vec<Listed> = defined.listed.iter().filter(|table| asked.contains(&table.name)).cloned().collect();
    let with_rowid: HashSet<String> =
        wanted.iter().filter(|table| table.rowid == Some(true)).map(|table| table.name.clone()).collect();
    let comments = comments(connection).await?;
    let found = described(connection, wanted, &mut problems).await?;
    let wanted: Vec<&str> = found.iter().map(|table| table.name.as_str()).collect();
    let raw = raw_columns(connection, &wanted, &mut problems).await?;
    let mut unique = unique_keys(connection, &wanted, &mut problems).await?;
    let (mut of_columns, mut rules) = expressions(connection, &wanted).await?;
    triggers(connection, &wanted, &mut rules).await?;
    let mut definitions = definitions(connection, &wanted).await?;
    let mut links = links(connection, &defined.references, &wanted, &mut problems).await?;
    let mut tables: HashMap<String, Table> = found.into_iter().map(|table| (table.name.clone(), table)).collect();
    let details = names.iter().filter_map(|name| {
        let table = tables.remove(name)?;
        let raw = raw.get(name).map_or(&[][..], Vec::as_slice);
        let unique_keys = keys_of(raw, unique.remove(name).unwrap_or_default());
        let columns: Vec<Column> = raw
            .iter()
            .map(|column| {
                let comment = comments.of_column(name, &column.name).and_then(|text| {
                    let of = format!("{name}.{}", column.name);
                    text.or_problem(&mut problems.of(name).others, |_| without("comment", &of))
                });
                let key = (name.clone(), column.name.to_ascii_lowercase());
                let OfColumn { lists, generated } = of_columns.remove(&key).unwrap_or_default();
                Column {
                    comment,
                    generated,
                    checked_values: check::allowed(lists),
                    ..column.describe(&unique_keys, with_rowid.contains(name))
                }
            })
            .collect();
        let problems = problems.0.remove(name).unwrap_or_default();
        Some(TableDetail {
            database: Some(database.to_owned()),
            schema: SCHEMA.to_owned(),
            columns,
            foreign_keys: links.keys.remove(name).unwrap_or_default(),
            unique_keys,
            referenced_by: links.referrers.remove(name).into_iter().flatten().collect(),
            definition: definitions.remove(name),
            rules: rules.remove(name).unwrap_or_default(),
            problems,
            table,
        })
    });
    Ok(details.collect())
}

/// What a definition says of one column.
#[derive(Default)]
struct OfColumn {
    /// The value lists that checks allow.
    lists: Vec<Vec<String>>,
    /// The expression that computes it.
    generated: Option<String>,
}

/// Returns what the definitions of tables say of their columns, by table and lowercase column name, as SQLite's names
/// are case-insensitive, and of whole tables. SQLite stores expressions only in the text of the definition.
async fn expressions(
    connection: &mut SqliteConnection,
    tables: &[&str],
) -> Result<(HashMap<(String, String), OfColumn>, HashMap<String, Rules>)> {
    let rows = sqlx::query(
        "SELECT name, sql FROM sqlite_schema \
         WHERE type = 'table' AND rootpage > 0 AND name IN (SELECT value FROM json_each(?))",
    )
    .bind(json(tables))
    .fetch_all(connection)
    .await?;
    let (mut of_columns, mut of_tables) = (HashMap::<_, OfColumn>::new(), HashMap::<_, Rules>::new());
    for row in &rows {
        // If a definition is not valid UTF-8, its unreadable names are already reported.
        let (Some(table), Some(sql)) = (name(row, "name")?, name(row, "sql")?) else { continue };
        let expressions = check::of_definition(&sql);
        for expression in expressions.checks {
            if let Some(Check { column, values }) = check::parse(expression, Dialect::Sqlite) {
                of_columns.entry((table.clone(), column.to_ascii_lowercase())).or_default().lists.push(values);
            }
            check::add_to(of_tables.entry(table.clone()).or_default(), expression, Dialect::Sqlite);
        }
        for (column, expression) in expressions.generated {
            let one = of_columns.entry((table.clone(), column.to_ascii_lowercase())).or_default();
            one.generated = Some(expression.trim().to_owned());
        }
    }
    Ok((of_columns, of_tables))
}

/// Adds the names of the tables' triggers to their rules.
async fn triggers(
    connection: &mut SqliteConnection,
    tables: &[&str],
    rules: &mut HashMap<String, Rules>,
) -> Result<()> {
    let triggers = "SELECT name, tbl_name FROM sqlite_schema \
                    WHERE type = 'trigger' AND tbl_name IN (SELECT value FROM json_each(?)) ORDER BY name";
    for row in &sqlx::query(triggers).bind(json(tables)).fetch_all(connection).await? {
        if let (Some(trigger), Some(table)) = (name(row, "name")?, name(row, "tbl_name")?) {
            rules.entry(table).or_default().triggers.push(trigger);
        }
    }
    Ok(())
}

/// Returns the definitions of views.
async fn definitions(connection: &mut SqliteConnection, tables: &[&str]) -> Result<HashMap<String, String>> {
    let views = "SELECT name, sql FROM sqlite_schema WHERE type = 'view' AND name IN (SELECT value FROM json_each(?))";
    let rows = sqlx::query(views).bind(json(tables)).fetch_all(connection).await?;
    let mut definitions = HashMap::new();
    for row in &rows {
        if let (Some(view), Some(sql)) = (name(row, "name")?, name(row, "sql")?) {
            definitions.insert(view, sql);
        }
    }
    Ok(definitions)
}

/// Returns the primary key followed by the other unique keys.
fn keys_of(columns: &[RawColumn], unique: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let mut primary: Vec<&RawColumn> = columns.iter().filter(|column| column.key_place > 0).collect();
    primary.sort_by_key(|column| column.key_place);
    let primary: Vec<String> = primary.into_iter().map(|column| column.name.clone()).collect();
    let others = unique.into_iter().filter(|key| *key != primary).collect::<Vec<_>>();
    std::iter::once(primary.clone()).filter(|key| !key.is_empty()).chain(others).collect()
}

/// A column as SQLite lists it.
struct RawColumn {
    name: String,
    declared: String,
    required: bool,
    /// Position in the primary key, from 1; 0 if the column is not part of it.
    key_place: i64,
    default: Option<String>,
}

impl RawColumn {
    fn describe(&self, unique_keys: &[Vec<String>], with_rowid: bool) -> Column {
        let data_type = self.declared.trim_end_matches("GENERATED ALWAYS").trim_end().to_owned();
        let primary_key = self.key_place > 0;
        let unique = unique_keys.iter().any(|key| matches!(key.as_slice(), [only] if *only == self.name));
        // An alias of the rowid is the only primary key of a rowid table that SQLite never allows to be null.
        let is_rowid = primary_key && unique && with_rowid && data_type.eq_ignore_ascii_case("INTEGER");
        Column {
            name: self.name.clone(),
            data_type,
            nullable: !self.required && !is_rowid,
            primary_key,
            unique,
            default: self.default.clone(),
            ..Column::default()
        }
    }
}

const COLUMNS: &str = "SELECT asked.value AS table_name, c.name AS name, c.type AS declared, \
       c.\"notnull\" AS required, c.pk AS key_place, c.dflt_value AS default_value \
     FROM json_each(?) asked JOIN pragma_table_xinfo(asked.value, 'main') c \
     WHERE c.hidden <> 1 ORDER BY asked.key, c.cid";

/// Returns the columns of each table. A broken view has none.
async fn raw_columns(
    connection: &mut SqliteConnection,
    names: &[&str],
    problems: &mut OfTables,
) -> Result<HashMap<String, Vec<RawColumn>>> {
    let mut columns: HashMap<String, Vec<RawColumn>> = HashMap::new();
    for row in &over(connection, COLUMNS, names, problems).await? {
        let (Some(table), Some(found)) = (name(row, "table_name")?, text(row, "name")?) else { continue };
        let key_place = row.try_get("key_place")?;
        let unnamed = |escaped: &str| with_noun("column", Some(&format!("{SCHEMA}.{table}")), escaped);
        let Some(name) = found.or_problem(&mut problems.of(&table).unnamed, unnamed) else { continue };
        let declared = text(row, "declared")?.and_then(|declared| {
            declared.or_problem(&mut problems.of(&table).others, |_| without("type", &format!("{table}.{name}")))
        });
        columns.entry(table).or_default().push(RawColumn {
            name,
            declared: declared.unwrap_or_default(),
            required: row.try_get::<i64, _>("required")? != 0,
            key_place,
            default: self::name(row, "default_value")?.filter(|value| !value.eq_ignore_ascii_case("null")),
        });
    }
    Ok(columns)
}

const UNIQUE_KEYS: &str = "SELECT asked.value AS table_name, i.seq AS place_of_index, k.name AS name, k.cid AS cid \
     FROM json_each(?) asked \
     JOIN pragma_index_list(asked.value, 'main') i JOIN pragma_index_info(i.name, 'main') k \
     WHERE i.\"unique\" = 1 AND i.partial = 0 ORDER BY asked.key, i.seq, k.seqno";

/// Returns the columns of each unique index that covers all rows of its table.
async fn unique_keys(
    connection: &mut SqliteConnection,
    names: &[&str],
    problems: &mut OfTables,
) -> Result<HashMap<String, Vec<Vec<String>>>> {
    let mut keys: BTreeMap<(String, i64), Option<Vec<String>>> = BTreeMap::new();
    for row in &over(connection, UNIQUE_KEYS, names, problems).await? {
        let Some(table) = name(row, "table_name")? else { continue };
        let key = keys.entry((table, row.try_get("place_of_index")?)).or_insert_with(|| Some(Vec::new()));
        // An expression has no name, and a column with an unreadable name is not described; neither index is a key.
        let column = name(row, "name")?.filter(|_| row.try_get::<i64, _>("cid").is_ok_and(|cid| cid >= 0));
        match (key.as_mut(), column) {
            (Some(columns), Some(column)) => columns.push(column),
            _ => *key = None,
        }
    }
    let mut of_tables: HashMap<String, Vec<Vec<String>>> = HashMap::new();
    for ((table, _), columns) in keys {
        of_tables.entry(table).or_default().extend(columns);
    }
    Ok(of_tables)
}

/// The relations between tables through foreign keys.
#[derive(Default)]
struct Links {
    /// The foreign keys by table, those with fewer columns first.
    keys: HashMap<String, Vec<ForeignKey>>,
    /// The referring tables by table.
    referrers: HashMap<String, BTreeSet<String>>,
}

const FOREIGN_KEYS: &str = "SELECT asked.value AS from_table, f.id AS id, f.seq AS place, f.\"from\" AS from_column, \
       f.\"table\" AS to_table, f.\"to\" AS to_column \
     FROM json_each(?) asked JOIN pragma_foreign_key_list(asked.value, 'main') f ORDER BY asked.key, f.id DESC, f.seq";

/// Returns the pairs of columns of all foreign keys between listed tables.
async fn references(connection: &mut SqliteConnection, listed: &[Listed]) -> Result<Vec<Reference>> {
    let spelled: HashMap<String, &str> =
        listed.iter().map(|table| (table.name.to_ascii_lowercase(), table.name.as_str())).collect();
    let all: Vec<&str> = listed.iter().map(|table| table.name.as_str()).collect();
    // Problems of tables are reported with their columns.
    let rows = over(connection, FOREIGN_KEYS, &all, &mut OfTables::default()).await?;
    let mut references = Vec::with_capacity(rows.len());
    for row in &rows {
        let (Some(from), Some(to), Some(own)) =
            (name(row, "from_table")?, name(row, "to_table")?, name(row, "from_column")?)
        else {
            continue;
        };
        let Some(to) = spelled.get(&to.to_ascii_lowercase()) else { continue };
        // SQLite numbers a table's foreign keys from the last to the first.
        let key = -row.try_get::<i64, _>("id")?;
        references.push(Reference { from, key, to: (*to).to_owned(), own, other: name(row, "to_column")? });
    }
    Ok(references)
}

/// Returns the foreign keys from and to the wanted tables. Names are spelled as the tables declare them, not as the
/// key does. A key without columns at the far end refers to the primary key there; a key whose columns do not exist
/// is left out.
async fn links(
    connection: &mut SqliteConnection,
    references: &[Reference],
    wanted: &[&str],
    problems: &mut OfTables,
) -> Result<Links> {
    let wanted: HashSet<&str> = wanted.iter().copied().collect();
    // By table and key in the order of the definition: the far table, and the columns of both ends.
    let mut found: BTreeMap<(String, i64), (String, Vec<(String, Option<String>)>)> = BTreeMap::new();
    for Reference { from, key, to, own, other } in references {
        if wanted.contains(from.as_str()) || wanted.contains(to.as_str()) {
            let pair = (own.clone(), other.clone());
            found.entry((from.clone(), *key)).or_insert_with(|| (to.clone(), Vec::new())).1.push(pair);
        }
    }
    let both: BTreeSet<&str> = found.iter().flat_map(|((from, _), (to, _))| [from.as_str(), to.as_str()]).collect();
    let columns = raw_columns(connection, &both.into_iter().collect::<Vec<_>>(), problems).await?;
    let mut links = Links::default();
    for ((from, _), (to, pairs)) in found {
        links.referrers.entry(to.clone()).or_default().insert(from.clone());
        let of = |table: &str| columns.get(table).map_or(&[][..], Vec::as_slice);
        let ends = (1..).zip(pairs).map(|(place, (own, named))| {
            let own = of(&from).iter().find(|column| column.name.eq_ignore_ascii_case(&own))?;
            let far = of(&to).iter().find(|column| match &named {
                Some(named) => column.name.eq_ignore_ascii_case(named),
                None => column.key_place == place,
            })?;
            Some((own.name.clone(), far.name.clone()))
        });
        if let Some(columns) = ends.collect::<Option<Vec<_>>>() {
            links.keys.entry(from).or_default().push(ForeignKey { schema: None, table: to, columns });
        }
    }
    for keys in links.keys.values_mut() {
        keys.sort_by_key(|key| key.columns.len());
    }
    Ok(links)
}

fn json(names: &[&str]) -> String {
    serde_json::Value::from(names.to_vec()).to_string()
}
