//! The same store in PostgreSQL: Gloss makes the tables, and the rows of profiles and runs are copied from the store in
//! SQLite. What is measured there is the page, beside a server that sends the same statement with sqlx.

use std::{fmt::Write, fs, path::PathBuf};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, Row as _};

use crate::{Result, server::Server, store::Store};

/// The tables that lists of runs read, in the order of their references.
const TABLES: [&str; 5] = ["db_profile", "llm_profile", "run", "run_label", "run_tally"];
/// Bytes of a piece of a copy.
const PIECE: usize = 1 << 20;

/// A store in a database of a PostgreSQL server, and its data folder.
pub struct PostgresStore {
    pub url: String,
    pub folder: PathBuf,
}

impl PostgresStore {
    /// Makes the store in a new database of the server with this URL.
    pub async fn make(binary: &std::path::Path, server: &str, store: &Store) -> Result<Self> {
        let name = format!("gloss_bench_{}", std::process::id());
        let (base, _) = server.rsplit_once('/').ok_or("write --postgres postgres://user@host:port/database")?;
        let made = Self { url: format!("{base}/{name}"), folder: store.folder.join("postgres") };
        let mut admin = PgConnection::connect(server).await?;
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        if made.folder.exists() {
            fs::remove_dir_all(&made.folder)?;
        }
        fs::create_dir_all(&made.folder)?;
        Server::gloss_over(binary, &made.folder, &made.url).await?.end().await?;
        eprintln!("copying the runs to PostgreSQL");
        let mut target = PgConnection::connect(&made.url).await?;
        // Neither triggers nor references are needed for rows that are whole already.
        target.execute("SET session_replication_role = replica").await?;
        let source = Connection::open_with_flags(store.file(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        for table in TABLES {
            copy(&source, &mut target, table).await?;
        }
        target.execute("VACUUM ANALYZE").await?;
        Ok(made)
    }
}

/// Copies the rows of a table, after removing what Gloss has put there.
async fn copy(source: &Connection, target: &mut PgConnection, table: &str) -> Result<()> {
    let columns = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND \
                   table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position";
    let found = sqlx::query(columns).bind(table).fetch_all(&mut *target).await?;
    let known: Vec<String> = source
        .prepare("SELECT name FROM pragma_table_info(?)")?
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let columns: Vec<(String, String)> = found
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<Vec<(String, String)>, sqlx::Error>>()?
        .into_iter()
        .filter(|(name, _)| known.contains(name))
        .collect();
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let names = names.join(", ");
    target.execute(AssertSqlSafe(format!("TRUNCATE {table} CASCADE"))).await?;
    let mut sink = target.copy_in_raw(&format!("COPY {table} ({names}) FROM STDIN")).await?;
    let mut statement = source.prepare(&format!("SELECT {names} FROM {table}"))?;
    let mut rows = statement.query([])?;
    let mut piece = String::new();
    while let Some(row) = rows.next()? {
        for (at, (_, kind)) in columns.iter().enumerate() {
            piece.push_str(if at == 0 { "" } else { "\t" });
            write_value(&mut piece, row.get_ref(at)?, kind == "boolean")?;
        }
        piece.push('\n');
        if piece.len() > PIECE {
            sink.send(std::mem::take(&mut piece).into_bytes()).await?;
        }
    }
    sink.send(piece.into_bytes()).await?;
    sink.finish().await?;
    Ok(())
}

/// Writes a value in the text format of COPY.
fn write_value(out: &mut String, value: ValueRef<'_>, is_boolean: bool) -> Result<()> {
    match value {
        ValueRef::Null => out.push_str("\\N"),
        ValueRef::Integer(number) if is_boolean => out.push(if number == 0 { 'f' } else { 't' }),
        ValueRef::Integer(number) => write!(out, "{number}")?,
        ValueRef::Real(number) => write!(out, "{number}")?,
        ValueRef::Text(text) => {
            for letter in std::str::from_utf8(text)?.chars() {
                match letter {
                    '\\' => out.push_str("\\\\"),
                    '\t' => out.push_str("\\t"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    other => out.push(other),
                }
            }
        }
        ValueRef::Blob(bytes) => {
            out.push_str("\\\\x");
            for byte in bytes {
                write!(out, "{byte:02x}")?;
            }
        }
    }
    Ok(())
}
