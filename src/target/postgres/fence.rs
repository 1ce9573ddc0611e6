//! Prevents the owners of a database from running code with Gloss's login.
//!
//! The rule: nothing runs outside a transaction, and the statement that begins a transaction fixes every setting that
//! changes what later statements mean. `pg_catalog` comes first in the search path, so that names, operators and
//! types are the server's own. Rows are read only if no owner's code can run: neither for the value itself (a custom
//! cast, a view, a foreign table or a row-level security policy) nor during planning (PostgreSQL evaluates functions
//! with constant arguments in the expressions of indexes, statistics and partition keys). Trusted owners are
//! superusers and the login itself.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{
    super::{quote::ansi, text::Text},
    catalog::text,
};
use crate::domain::{asset::AssetKind, catalog::TableDetail};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Settings of each transaction.
///
/// A database with the encoding `SQL_ASCII` returns its bytes unconverted; the server would fail a statement whose
/// result is invalid in another encoding. `row_security = off` makes a statement fail where a policy would apply.
/// Planning and running on one core leaves the others to the database's own work. Notices are off because they may
/// hold values.
const SETTINGS: &str = "SET LOCAL search_path = pg_catalog, pg_temp; SELECT set_config('client_encoding', \
      CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, true); \
    SET LOCAL standard_conforming_strings = on; SET LOCAL transform_null_equals = off; \
    SET LOCAL quote_all_identifiers = off; SET LOCAL row_security = off; SET LOCAL constraint_exclusion = partition; \
    SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off; SET LOCAL client_min_messages = error; \
    SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = postgres; SET LOCAL timezone = 'UTC'; \
    SET LOCAL idle_in_transaction_session_timeout = 60000";

/// Settings that exist only in some versions or that only superusers may change. `restrict_nonsystem_relation_kind`
/// is PostgreSQL's own fence: views and foreign tables fail, even if a name has been redefined since it was checked.
const SETTINGS_OF_SOME: &str = "SELECT pg_catalog.set_config(name, value, true) FROM (VALUES \
    ('restrict_nonsystem_relation_kind', 'view, foreign-table'), ('transaction_timeout', '0')) AS setting (name, \
    value) WHERE pg_catalog.current_setting(name, true) IS NOT NULL; \
    SELECT pg_catalog.set_config('session_replication_role', 'origin', true) \
    WHERE pg_catalog.current_setting('is_superuser') = 'on'";

/// Returns the statements that begin a transaction; `access` is `READ ONLY` or `READ WRITE`.
pub(super) fn opening(access: &str, time: Duration, lock_time: Duration) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED, {access}, NOT DEFERRABLE; {SETTINGS}; \
         SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; {SETTINGS_OF_SOME}",
        time.as_millis().clamp(1, 86_400_000),
        lock_time.as_millis().max(1),
    )
}

/// Returns the SQL condition that the role with the OID `owner` is trusted. It compares with `session_user`, which
/// remains the login even if a setting of the database changes the current role.
fn trusted(owner: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM pg_catalog.pg_roles AS role WHERE role.oid = {owner} \
           AND (role.rolsuper OR role.rolname = session_user))"
    )
}

/// How the values of a column can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Not at all: the login lacks the right, or the column does not exist.
    None,
    /// With the server's own cast to text.
    Cast,
    /// With the type's output function, which only a superuser can create. The type may have a custom cast.
    Output,
}

/// How a table can be read.
pub(super) struct Access {
    /// One entry per requested column.
    pub(super) columns: Vec<Reading>,
    /// Estimated number of rows, if pages can be sampled.
    pub(super) pages_of: Option<f32>,
    /// Whether the table has partitions or inheriting tables.
    pub(super) has_children: bool,
    /// Whether a read reaches a view or a foreign table.
    reaches_beyond: bool,
    /// Whether a read runs no code of an untrusted owner.
    is_safe: bool,
}

/// Determines how a table can be read; the result holds until the transaction ends. Returns `None` if the table does
/// not exist. If nothing may be read, no column is readable.
pub(super) async fn admit(
    connection: &mut PgConnection,
    table: &TableDetail,
    columns: &[&str],
    sample_views: bool,
) -> Result<Option<Access>> {
    let name = format!("{}.{}", ansi(&table.schema), ansi(&table.table.name));
    // Views are not locked; their owners alone decide whether they are safe.
    let lock = !sample_views && table.table.kind != AssetKind::View;
    if lock {
        // PREPARE analyzes the statement without planning it. That locks the table, so that its owner cannot change
        // it meanwhile, and runs no code.
        let statement = format!("PREPARE gloss_check AS SELECT FROM ONLY {name}; DEALLOCATE gloss_check");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    let mut access = read_access(connection, table, columns).await?;
    if lock && access.as_ref().is_some_and(|access| access.has_children && access.is_safe) {
        let statement = format!("LOCK TABLE {name} IN ACCESS SHARE MODE");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
        access = read_access(connection, table, columns).await?;
    }
    if let Some(access) = &mut access {
        if !sample_views && !access.is_safe {
            access.columns.fill(Reading::None);
        } else if sample_views || access.reaches_beyond {
            open(connection, sample_views).await?;
        }
    }
    Ok(access)
}

/// Lifts the restrictions on views, foreign tables and, if `with_policies`, row security until the transaction ends.
async fn open(connection: &mut PgConnection, with_policies: bool) -> Result<()> {
    sqlx::query(
        "SELECT pg_catalog.set_config(name, value, true) FROM (VALUES \
           ('restrict_nonsystem_relation_kind', ''), ('row_security', $1)) AS setting (name, value) \
         WHERE pg_catalog.current_setting(name, true) IS NOT NULL",
    )
    .bind(if with_policies { "on" } else { "off" })
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// The first OID that does not belong to the server's own objects.
const FIRST_NORMAL: i64 = 16_384;

/// Selects the objects that a read of a relation reaches, as rows of class, object and the kind of the first
/// relation.
///
/// For a table these are the objects that planning evaluates: indexes, statistics and partition keys, including those
/// of its children. The types of its columns are left to [`Reading`]. For a view or a foreign table these are all
/// dependencies.
const REACHED: &str = "WITH RECURSIVE reached (class, object, kind) AS ( \
       SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, c.relkind \
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
       WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
       UNION SELECT step.class, step.object, reached.kind FROM reached CROSS JOIN LATERAL ( \
         SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d \
         WHERE d.classid = reached.class AND d.objid = reached.object \
           AND d.refclassid <> ALL (ARRAY['pg_catalog.pg_namespace', \
           'pg_catalog.pg_extension']::pg_catalog.regclass[]) \
       UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid FROM pg_catalog.pg_index i \
         WHERE reached.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indrelid = reached.object \
       UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid FROM pg_catalog.pg_statistic_ext s \
         WHERE reached.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.stxrelid = reached.object \
       UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, h.inhrelid FROM pg_catalog.pg_inherits h \
         WHERE reached.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND h.inhparent = reached.object \
       UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid FROM pg_catalog.pg_rewrite w \
         JOIN pg_catalog.pg_class v ON v.oid = w.ev_class AND v.relkind = 'v' \
         WHERE reached.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND w.ev_class = reached.object \
       UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint k \
         WHERE reached.class = 'pg_catalog.pg_type'::pg_catalog.regclass AND k.contypid = reached.object \
       ) AS step (class, object) \
       WHERE reached.kind IN ('v', 'f') OR step.class <> 'pg_catalog.pg_type'::pg_catalog.regclass)";

async fn read_access(connection: &mut PgConnection, table: &TableDetail, columns: &[&str]) -> Result<Option<Access>> {
    let statement = format!(
        "{REACHED}, found AS ( \
           SELECT reached.class, reached.kind, c.relkind, p.oid AS function, s.oid AS server, \
             coalesce(c.relowner, p.proowner, t.typowner, s.srvowner) AS owner \
           FROM reached LEFT JOIN pg_catalog.pg_class c \
             ON reached.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = reached.object \
             LEFT JOIN pg_catalog.pg_proc p ON reached.class = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = \
           reached.object LEFT JOIN pg_catalog.pg_type t \
             ON reached.class = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = reached.object \
             LEFT JOIN pg_catalog.pg_foreign_server s ON reached.class = \
             'pg_catalog.pg_foreign_server'::pg_catalog.regclass AND s.oid = reached.object) \
         SELECT CASE WHEN c.relkind IN ('r', 'm') AND c.reltuples > 0 THEN c.reltuples \
               WHEN c.relkind = 'p' THEN ( WITH RECURSIVE part (oid) AS (SELECT c.oid UNION ALL \
                 SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid) \
               SELECT CASE WHEN bool_and(l.relkind = 'r') THEN nullif(sum(greatest(l.reltuples, 0)), 0)::real END \
               FROM part JOIN pg_catalog.pg_class l ON l.oid = part.oid AND l.relkind <> 'p') END AS pages_of, \
           EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid) AS has_children, \
           EXISTS (SELECT 1 FROM found WHERE found.relkind IN ('v', 'f')) AS reaches_beyond, \
           NOT EXISTS (SELECT 1 FROM found WHERE found.owner IS NOT NULL AND NOT {of_object} \
               AND (found.kind IN ('v', 'f') OR found.function IS NOT NULL OR found.server IS NOT NULL \
             OR found.relkind IN ('v', 'f'))) AND (c.relkind NOT IN ('v', 'f') OR {of_schema}) AS is_safe, \
           ARRAY(SELECT CASE WHEN a.attnum IS NULL OR NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
                 OR NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') THEN 0 \
               WHEN a.atttypid::pg_catalog.int8 < {FIRST_NORMAL} THEN 1 ELSE 2 END \
             FROM pg_catalog.unnest($3::pg_catalog.text[]) WITH ORDINALITY AS asked (name, place) \
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
               AND a.attname::pg_catalog.text = asked.name AND a.attnum > 0 AND NOT a.attisdropped \
         ORDER BY asked.place) AS columns FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = \
         c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        of_object = trusted("found.owner"),
        of_schema = trusted(
            "CASE pg_catalog.pg_get_userbyid(n.nspowner) WHEN 'pg_database_owner' THEN \
               (SELECT datdba FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             ELSE n.nspowner END"
        ),
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(&table.schema)
        .bind(&table.table.name)
        .bind(columns)
        .fetch_optional(connection)
        .await?;
    let access = row.map(|row| {
        let columns: Vec<i32> = row.try_get("columns")?;
        let reading = |column| match column {
            1 => Reading::Cast,
            2 => Reading::Output,
            _ => Reading::None,
        };
        Ok(Access {
            columns: columns.into_iter().map(reading).collect(),
            pages_of: row.try_get("pages_of")?,
            has_children: row.try_get("has_children")?,
            reaches_beyond: row.try_get("reaches_beyond")?,
            is_safe: row.try_get("is_safe")?,
        })
    });
    access.transpose()
}

/// Returns the name of an event trigger that would run an untrusted owner's function when a comment is written.
pub(super) async fn event_trigger(connection: &mut PgConnection) -> Result<Option<String>> {
    let statement = format!(
        "SELECT e.evtname::pg_catalog.text AS name FROM pg_catalog.pg_event_trigger e \
         JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid \
         WHERE e.evtenabled <> 'D' AND e.evtevent IN ('ddl_command_start', 'ddl_command_end') \
           AND (e.evttags IS NULL OR 'COMMENT' = ANY (e.evttags)) AND NOT {} ORDER BY e.evtname LIMIT 1",
        trusted("p.proowner")
    );
    let row = sqlx::query(AssertSqlSafe(statement)).fetch_optional(connection).await?;
    Ok(row.map_or(Ok(None), |row| text(&row, "name"))?.map(Text::or_escaped))
}

/// Returns the login's rights that Gloss does not need.
pub(super) async fn excess_rights(connection: &mut PgConnection) -> Result<Vec<String>> {
    // A superuser implicitly has all other rights.
    let rows = sqlx::query(
        "SELECT found.name FROM pg_catalog.pg_roles r CROSS JOIN LATERAL ( \
           SELECT CASE WHEN r.rolsuper THEN 'SUPERUSER' END AS name \
           UNION ALL SELECT CASE WHEN NOT r.rolsuper AND flag.is_set THEN flag.name END FROM (VALUES \
             ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb), ('BYPASSRLS', r.rolbypassrls), \
             ('REPLICATION', r.rolreplication)) AS flag (name, is_set) \
           UNION ALL SELECT m.rolname::pg_catalog.text FROM pg_catalog.pg_roles m \
             WHERE NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, m.oid, 'MEMBER') AND (m.oid <> r.oid) \
               AND (m.rolsuper OR m.rolcreaterole OR m.rolname = ANY (ARRAY['pg_execute_server_program', \
                 'pg_read_server_files', 'pg_write_server_files', 'pg_write_all_data', 'pg_signal_backend', \
                 'pg_create_subscription']::pg_catalog.name[]))) AS found \
         WHERE r.rolname = session_user AND found.name IS NOT NULL",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().filter_map(|row| text(row, "name").transpose()).map(|name| Ok(name?.or_escaped())).collect()
}
