//! What one database needs otherwise than the rest, and nothing else: text search, keys ahead of an
//! insert, hints, locks. SQLite and PostgreSQL; another database is another arm of each `match`.

use sea_orm::{
    Condition, ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, SqlxError, Statement,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement},
    sqlx::{
        postgres::{PgConnection, PgDatabaseError},
        query_scalar, raw_sql,
    },
};

use entity::run;

use super::catalog;
use crate::domain::{
    Error, Result,
    id::DbProfileId,
    identity::Identity,
    search::{Need, SearchQuery, Wanted},
};

/// Leaves nothing of secrets that were deleted or overwritten in the store's files. It may take long: SQLite writes the
/// store anew.
pub(super) async fn scrub(writer: &DatabaseConnection) -> Result<(), DbErr> {
    let statements: &[&str] = match writer.get_database_backend() {
        // The copy may be larger than the memory.
        DbBackend::Sqlite => {
            &["PRAGMA temp_store = file", "VACUUM", "PRAGMA temp_store = memory", "PRAGMA wal_checkpoint(TRUNCATE)"]
        }
        _ => &["VACUUM (FULL) db_profile, llm_profile, seal"],
    };
    for statement in statements {
        writer.execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Takes a store in PostgreSQL for this connection, as long as that lives. A process that has just ended is given a
/// moment to be gone.
pub(super) async fn take_store(connection: &mut PgConnection) -> Result<(), SqlxError> {
    // The key is Gloss's own: "gloss" in ASCII.
    let take = "SET lock_timeout = '3s'; SELECT pg_advisory_lock(x'676c6f7373'::bigint); RESET lock_timeout";
    raw_sql(take).execute(connection).await.map(drop)
}

/// Whether a database in PostgreSQL can hold any text.
pub(super) async fn holds_any_text(connection: &mut PgConnection) -> Result<bool, SqlxError> {
    query_scalar("SELECT current_setting('server_encoding') = 'UTF8'").fetch_one(connection).await
}

/// What the driver says of a failure, where it is the driver's.
pub(super) fn driver_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// What keeps a store from doing its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Its server cannot be reached, or has just gone, as when it starts anew.
    Away,
    /// Another program holds its lock.
    Locked,
    /// Its disk has no room.
    Full,
    /// Its disk cannot be read or written, or the system has no memory.
    Failing,
    /// It may not be written to.
    ReadOnly,
    /// What stands in it is not what was written.
    Damaged,
}

impl Trouble {
    /// What a person reads.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Away => "the store is not reachable; try again in a moment",
            Self::Locked => {
                "another program has locked the store, so nothing was recorded; try again in a moment, or stop that \
                 program"
            }
            Self::Full => {
                "the disk of the store is full, so nothing was recorded; free some space. Runs wait and then continue \
                 by themselves"
            }
            Self::Failing => {
                "the store cannot be read or written, so nothing was recorded; check its disk, the free space and \
                 quota, and the log. Runs wait and then continue by themselves"
            }
            Self::ReadOnly => {
                "the store is read-only, so nothing was recorded; give the user that runs Gloss write access to it"
            }
            Self::Damaged => {
                "the store is damaged, so nothing more is recorded; stop Gloss, keep the store's files, restore the \
                 store from a backup and start Gloss again. For a store in SQLite, `sqlite3 store.db .recover` saves \
                 what can be read"
            }
        }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        Self::unavailable(trouble.text())
    }
}

/// What keeps a store from doing its work, where the database says that something does.
pub(super) fn trouble(error: &DbErr) -> Option<Trouble> {
    match driver_error(error) {
        None => matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)).then_some(Trouble::Away),
        Some(SqlxError::Io(_)) => Some(Trouble::Away),
        Some(SqlxError::WorkerCrashed) => Some(Trouble::Failing),
        Some(SqlxError::Database(said)) => match said.try_downcast_ref::<PgDatabaseError>() {
            Some(said) => said_by_postgres(said.code()),
            None => said_by_sqlite(said.code()?.parse().ok()?),
        },
        _ => None,
    }
}

fn said_by_postgres(code: &str) -> Option<Trouble> {
    match code {
        "53100" => Some(Trouble::Full),
        "53200" | "58030" => Some(Trouble::Failing),
        "25006" => Some(Trouble::ReadOnly),
        "XX001" | "XX002" => Some(Trouble::Damaged),
        // Too many connections, operator intervention, connection exceptions, a database that is gone.
        "53300" | "3D000" => Some(Trouble::Away),
        _ if code.starts_with("57P") || code.starts_with("08") => Some(Trouble::Away),
        _ => None,
    }
}

fn said_by_sqlite(extended: i32) -> Option<Trouble> {
    // The lowest byte is the primary code.
    match extended & 0xff {
        // BUSY, LOCKED.
        5 | 6 => Some(Trouble::Locked),
        // NOMEM, IOERR, CANTOPEN.
        7 | 10 | 14 => Some(Trouble::Failing),
        // READONLY.
        8 => Some(Trouble::ReadOnly),
        // CORRUPT, NOTADB.
        11 | 26 => Some(Trouble::Damaged),
        // FULL.
        13 => Some(Trouble::Full),
        _ => None,
    }
}

/// Whether a server cannot be reached, or has just gone. Whether what was under way is recorded, nobody knows.
pub(super) fn is_away(error: &DbErr) -> bool {
    trouble(error) == Some(Trouble::Away)
}

/// What to do about a store that cannot be opened.
pub(super) fn advice(error: &DbErr) -> &'static str {
    if let Some(trouble @ (Trouble::Full | Trouble::Damaged | Trouble::Locked)) = trouble(error) {
        return trouble.text();
    }
    let error = driver_error(error);
    let said = error.and_then(SqlxError::as_database_error).and_then(|said| said.try_downcast_ref::<PgDatabaseError>());
    match said.map(PgDatabaseError::code) {
        Some("28P01" | "28000") => "check the user and the password in --store-url",
        Some("3D000") => "create it first, owned by the user in --store-url: CREATE DATABASE name OWNER user",
        Some("42501") => "make the user in --store-url the owner of the database",
        _ if matches!(error, Some(SqlxError::Io(_))) => "check that PostgreSQL is running there and is reachable",
        _ => {
            "check that --store-url points to a Gloss store, or to a place where one can be created, with write access"
        }
    }
}

/// Whether another process has the store.
pub(super) fn is_taken(error: &SqlxError) -> bool {
    error.as_database_error().is_some_and(|said| said.code().is_some_and(|code| code == "55P03"))
}

/// Characters of a searched text from which the search index answers.
const INDEXED_SEARCH_FROM: usize = 3;

/// A column that no index is to be chosen for: the statement is planned by us, not by guesses of a
/// database whose statistics are missing, or older than the transaction.
pub(super) fn plain(backend: DbBackend, column: Expr) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_expr("+?", column),
        _ => Func::coalesce([column.clone(), column]).into(),
    }
}

/// Runs whose text holds this one, looked at one by one.
pub(super) fn holds(backend: DbBackend, needle: &str) -> Expr {
    let text = Expr::col((run::Entity, run::Column::SearchText));
    contains(backend, text, needle)
}

/// Whether a text holds another, both in lower case already.
pub(super) fn contains(backend: DbBackend, text: Expr, needle: &str) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_exprs("instr(?, ?)", [text, Expr::val(needle)]).gt(0),
        _ => Expr::cust_with_exprs("strpos($1, $2)", [text, Expr::val(needle)]).gt(0),
    }
}

/// Whether the first line of a text holds another, both in lower case already.
pub(super) fn first_line_contains(backend: DbBackend, text: Expr, needle: &str) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_exprs(
            "instr(substr(?, 1, instr(?, char(10)) - 1), ?)",
            [text.clone(), text, Expr::val(needle)],
        ),
        _ => Expr::cust_with_exprs("strpos(split_part($1, chr(10), 1), $2)", [text, Expr::val(needle)]),
    }
    .gt(0)
}

/// The keys of the runs whose text holds this one, by the search index; `None` where that cannot answer.
pub(super) fn search(backend: DbBackend, needle: &str) -> Option<SelectStatement> {
    indexed(backend, "run_search", "run_search MATCH ?", needle)
}

/// The same for the audit.
pub(super) fn search_audit(backend: DbBackend, needle: &str) -> Option<SelectStatement> {
    indexed(backend, "applied_comment_search", "applied_comment_search MATCH ?", needle)
}

fn indexed(backend: DbBackend, index: &'static str, matches: &'static str, needle: &str) -> Option<SelectStatement> {
    let answers = needle.chars().count() >= INDEXED_SEARCH_FROM && !needle.contains('\0');
    if backend != DbBackend::Sqlite || !answers {
        return None;
    }
    // A phrase: everything in it is plain but the double quote, which stands twice.
    let phrase = format!("\"{}\"", needle.replace('"', "\"\""));
    let mut query = Query::select();
    query.expr(Expr::col("rowid")).from(index).and_where(Expr::cust_with_expr(matches, phrase));
    Some(query)
}

/// Whether two values are the same, two absent ones too.
pub(super) fn same(backend: DbBackend, one: Expr, other: Expr) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_exprs("? IS ?", [one, other]),
        // `IS NOT DISTINCT FROM` would keep the index out.
        _ => one.clone().eq(other.clone()).or(one.is_null().and(other.is_null())),
    }
}

/// What a word found in the name is worth, in the names around it, in the description and in the comment. A high weight
/// would say that often is no better than once, and so drown the rest.
const WEIGHTS: [&str; 4] = ["4.0", "0.5", "1.0", "1.0"];

/// Where in an asset words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// In all that is indexed.
    Everything,
    /// In its own name.
    Names,
}

/// More than any rank comes to.
const EXACT: f64 = 1_000.0;

/// So many assets at most are ranked for a search.
pub(super) const RANKED: u64 = 1_000;

/// What the full-text index is asked. Every word is of letters and digits alone, and quoted all the same.
fn full_text(backend: DbBackend, query: &SearchQuery, need: Need, breadth: Breadth) -> String {
    let sqlite = backend == DbBackend::Sqlite;
    // PostgreSQL marks the words of names with the weight A.
    let label = if breadth == Breadth::Names { ":A" } else { "" };
    let one = |wanted: &Wanted| {
        let phrase = |words: &Vec<String>| {
            if sqlite {
                format!("\"{}\"", words.join(" "))
            } else {
                words.iter().map(|word| format!("'{word}'{label}")).collect::<Vec<_>>().join(" <-> ")
            }
        };
        // A beginning finds the words that begin so, too; each phrase less is a walk through the index less.
        let own = wanted.spellings.iter().filter(|words| !wanted.covers(words));
        let mut spellings: Vec<String> = own.map(phrase).collect();
        if let Some(begins) = wanted.begins() {
            let label = label.trim_start_matches(':');
            spellings.push(if sqlite { format!("\"{begins}\" *") } else { format!("'{begins}':*{label}") });
        }
        format!("({})", spellings.join(if sqlite { " OR " } else { " | " }))
    };
    let words: Vec<String> = query.wanted.iter().map(one).collect();
    let asked = words.join(match (sqlite, need) {
        (true, Need::All) => " AND ",
        (true, Need::Any) => " OR ",
        (false, Need::All) => " & ",
        (false, Need::Any) => " | ",
    });
    if sqlite && breadth == Breadth::Names { format!("{{names}} : ({asked})") } else { asked }
}

/// What is found in catalogs: `id` and, where it is `ranked`, `rank`, smaller the better.
pub(super) fn search_catalog(
    backend: DbBackend,
    query: &SearchQuery,
    need: Need,
    profiles: Option<&[DbProfileId]>,
    breadth: Breadth,
    ranked: bool,
) -> SelectStatement {
    let asked = full_text(backend, query, need, breadth);
    let mut found = Query::select();
    if backend == DbBackend::Sqlite {
        let rank = Expr::cust(format!("bm25(catalog_search, {})", WEIGHTS.join(", ")));
        found.expr_as(Expr::col(("catalog_search", "rowid")), "id").from("catalog_search");
        found.and_where(Expr::cust_with_expr("catalog_search MATCH ?", asked));
        if ranked {
            found.expr_as(rank.sub(exactness(query)), "rank");
        }
        if ranked {
            // The index leads; what an asset is called is looked up for what it found.
            found.cross_join("catalog_asset");
            found.and_where(Expr::col(("catalog_asset", "id")).equals(("catalog_search", "rowid")));
        }
    } else {
        found.expr_as(Expr::col(("catalog_asset", "id")), "id").from("catalog_asset");
        found.and_where(Expr::cust_with_expr("search @@ to_tsquery('catalog_words', $1)", asked.clone()));
        if ranked {
            // The last number: what says much beside what is looked for is less about it.
            let weights = "'{0.1, 0.3, 0.3, 1.0}'";
            let rank = format!("-ts_rank({weights}, search, to_tsquery('catalog_words', $1), 1)::float8");
            found.expr_as(Expr::cust_with_expr(rank, asked).sub(exactness(query)), "rank");
        }
    }
    if let Some(profiles) = profiles {
        // SQLite's index skips what is of other profiles by the key alone; PostgreSQL's is not to be left for the key.
        let key = || {
            if backend == DbBackend::Sqlite {
                Expr::col(("catalog_search", "rowid"))
            } else {
                plain(backend, Expr::col(("catalog_asset", "id")))
            }
        };
        let of = |any: Condition, profile: &DbProfileId| {
            let keys = catalog::keys_of(*profile);
            any.add(key().between(*keys.start(), *keys.end()))
        };
        found.cond_where(profiles.iter().fold(Condition::any(), of));
    }
    found
}

/// What goes before all ranks: that something is called just what is looked for.
fn exactness(query: &SearchQuery) -> Expr {
    let part = |column| Expr::col(("catalog_asset", column));
    let name = part("column_name").if_null(part("table_name")).if_null(part("schema_name"));
    let exact = Expr::expr(Func::lower(name)).is_in(query.exact_names());
    CaseStatement::new().case(exact, EXACT).finally(0.0).into()
}

/// The keys of the next runs, inside the transaction that will record them.
pub(super) async fn next_run_ids(connection: &impl ConnectionTrait, count: usize) -> Result<Vec<i64>> {
    let mut query = Query::select();
    if connection.get_database_backend() == DbBackend::Sqlite {
        query.column("seq").from("sqlite_sequence").and_where(Expr::col("name").eq("run"));
        let last = super::number(connection, &query).await?;
        return Ok((last + 1..).take(count).collect());
    }
    let count = i64::try_from(count).map_err(Error::internal)?;
    query.expr(Expr::cust("nextval(pg_get_serial_sequence('run', 'id'))"));
    query.from_function(Func::cust("generate_series").args([1, count].map(Expr::val)), "n");
    let rows = connection.query_all(&query).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Which database a store in PostgreSQL is; `None` for one in a file, and where the server does not tell.
pub(super) async fn identity(connection: &DatabaseConnection) -> Result<Option<Identity>, DbErr> {
    let backend = connection.get_database_backend();
    if backend != DbBackend::Postgres {
        return Ok(None);
    }
    let question = "SELECT system_identifier::text, oid::text, datname::text \
                    FROM pg_catalog.pg_control_system(), pg_catalog.pg_database WHERE datname = current_database()";
    let Some(row) = connection.query_one_raw(Statement::from_string(backend, question)).await? else {
        return Ok(None);
    };
    let (system, oid): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok(Some(Identity::of_postgres(&system, &oid, row.try_get_by_index(2)?, "the store's server")))
}

/// What the database is, for a person.
pub(super) async fn name(connection: &DatabaseConnection) -> Result<String, DbErr> {
    let backend = connection.get_database_backend();
    let (name, question) = match backend {
        DbBackend::Sqlite => ("SQLite", "SELECT sqlite_version()"),
        _ => ("PostgreSQL", "SELECT split_part(current_setting('server_version'), ' ', 1)"),
    };
    let row = connection.query_one_raw(Statement::from_string(backend, question)).await?;
    let version: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(format!("{name} {version}"))
}
