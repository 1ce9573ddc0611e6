//! Opens a history of AMX to read it, and checks that it is one.
//!
//! The rules: the file stays as it is, and nothing is written beside it. The tables and the columns that an import
//! cannot do without are checked before anything is read; other columns may be missing.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};
use tempfile::TempDir;

use crate::{cli::CliError, domain::Code};

/// How long to wait for a program that writes to the file.
const BUSY: Duration = Duration::from_secs(3);
/// What a SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The tables that are read: their names, the columns that are needed, and those that may be missing.
const TABLES: [Table; 3] = [
    Table {
        name: "analysis_runs",
        needed: &["id", "started_at", "status", "command"],
        optional: &[
            "ended_at",
            "duration_sec",
            "db_backend",
            "db_profile",
            "llm_provider",
            "llm_model",
            "llm_profile",
            "scope_json",
            "tokens_json",
            "error_text",
        ],
        is_needed: true,
    },
    Table {
        name: "run_results",
        needed: &["id", "run_id", "schema_name", "table_name", "column_name", "alternatives_json"],
        optional: &[
            "saved_at",
            "asset_kind",
            "source",
            "confidence",
            "logprob_score",
            "raw_logprob",
            "reasoning",
            "chosen_description",
            "evaluation",
            "evaluated_at",
            "applied_at",
            "parent_result_id",
        ],
        is_needed: true,
    },
    Table {
        name: "apply_events",
        needed: &["applied_at", "result_id", "new_comment"],
        optional: &["old_comment", "applied_by"],
        is_needed: false,
    },
];

struct Table {
    name: &'static str,
    needed: &'static [&'static str],
    optional: &'static [&'static str],
    is_needed: bool,
}

/// An open history.
pub struct HistoryFile {
    /// The connection.
    pub connection: Connection,
    /// Whether it has a table of writes.
    pub has_writes: bool,
    path: PathBuf,
    /// The copy that is read, if the file itself cannot be read without a trace.
    _copy: Option<TempDir>,
}

impl HistoryFile {
    /// Opens a file.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if it is absent, no SQLite file or no history of AMX, and [`CliError::Refused`] with
    /// `CONFLICT` if another program has locked it.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let shown = path.display().to_string();
        let kind = Kind::of(path)?;
        // SQLite keeps its files beside the file itself, not beside a link to it.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let beside = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        let log = beside("-wal");
        let has_log = fs::metadata(&log).is_ok_and(|log| log.len() > 0);
        let (uri, copy) = match kind {
            // SQLite would create the files of the log. Without them, nobody has the file open.
            Kind::Logged if !has_log => (uri(path, "immutable=1"), None),
            Kind::Logged if !beside("-shm").exists() => {
                let folder = tempfile::tempdir()?;
                let copy = folder.path().join("history.db");
                let copied = fs::copy(path, &copy).and_then(|_| fs::copy(&log, folder.path().join("history.db-wal")));
                copied.map_err(|source| CliError::File { path: shown, source })?;
                (uri(&copy, "mode=ro"), Some(folder))
            }
            _ => (uri(path, "mode=ro"), None),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(uri, flags).map_err(|error| failure(path, &error))?;
        let mut file = Self { connection, has_writes: false, path: path.to_owned(), _copy: copy };
        file.check()?;
        Ok(file)
    }

    /// Checks that the file is sound and has the tables of a history.
    fn check(&mut self) -> Result<(), CliError> {
        self.connection.busy_timeout(BUSY).map_err(|error| self.failure(&error))?;
        for (switch, on) in [
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        ] {
            self.connection.set_db_config(switch, on).map_err(|error| self.failure(&error))?;
        }
        let sound: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| self.failure(&error))?;
        if sound != "ok" {
            return Err(self.no_history(&format!("is damaged ({sound}); restore it from a backup")));
        }
        for table in &TABLES {
            let columns = self.columns(table.name)?;
            if columns.is_empty() {
                if table.is_needed {
                    return Err(self.no_history(&format!(
                        "has no table {}; name the history.db of AMX, which is usually ~/.amx/history.db",
                        table.name
                    )));
                }
                continue;
            }
            if let Some(missing) = table.needed.iter().find(|column| !columns.iter().any(|it| it == *column)) {
                return Err(self.no_history(&format!(
                    "is of a version of AMX that Gloss does not know: its table {} has no column {missing}",
                    table.name
                )));
            }
            self.has_writes |= !table.is_needed;
        }
        Ok(())
    }

    /// Returns the columns of a table; none if it is absent or no table.
    fn columns(&self, table: &str) -> Result<Vec<String>, CliError> {
        let query = "SELECT info.name FROM sqlite_schema AS made JOIN pragma_table_info(made.name) AS info
            WHERE made.type = 'table' AND made.name = ?1";
        let mut statement = self.connection.prepare(query).map_err(|error| self.failure(&error))?;
        let names = statement.query_map([table], |row| row.get(0)).map_err(|error| self.failure(&error))?;
        names.collect::<Result<_, _>>().map_err(|error| self.failure(&error))
    }

    /// Returns the list of the known columns of a table for a SELECT, with null for missing ones, each as its own name.
    ///
    /// # Errors
    /// Returns the errors of reading the file.
    pub fn selected(&self, table: &str) -> Result<String, CliError> {
        let columns = self.columns(table)?;
        let known = TABLES.iter().filter(|it| it.name == table).flat_map(|it| it.needed.iter().chain(it.optional));
        let select = |name: &&str| {
            if columns.iter().any(|it| it == *name) { format!("{table}.{name}") } else { format!("NULL AS {name}") }
        };
        Ok(known.map(select).collect::<Vec<_>>().join(", "))
    }

    /// Returns whether a table has a column.
    ///
    /// # Errors
    /// Returns the errors of reading the file.
    pub fn has(&self, table: &str, column: &str) -> Result<bool, CliError> {
        Ok(self.columns(table)?.iter().any(|it| it == column))
    }

    /// The error of a failed statement.
    pub fn failure(&self, error: &rusqlite::Error) -> CliError {
        failure(&self.path, error)
    }

    fn no_history(&self, what: &str) -> CliError {
        CliError::Usage(format!("{} {what}; nothing was imported", self.path.display()))
    }
}

/// How a SQLite file is written.
enum Kind {
    /// With a log beside it.
    Logged,
    /// With a journal.
    Plain,
}

impl Kind {
    /// Reads the head of a file.
    fn of(path: &Path) -> Result<Self, CliError> {
        let shown = path.display();
        let cannot = |source| CliError::File { path: shown.to_string(), source };
        if path.is_dir() {
            return Err(CliError::Usage(format!("{shown} is a folder; name the file history.db in it")));
        }
        let mut head = Vec::with_capacity(20);
        File::open(path).map_err(cannot)?.take(20).read_to_end(&mut head).map_err(cannot)?;
        match (head.starts_with(MAGIC), head.get(18)) {
            (true, Some(2)) => Ok(Self::Logged),
            (true, Some(_)) => Ok(Self::Plain),
            _ => {
                let message = format!("{shown} is not a SQLite file; name the history.db of AMX; nothing was imported");
                Err(CliError::Usage(message))
            }
        }
    }
}

/// The URI of a file with a parameter.
fn uri(path: &Path, parameter: &str) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{escaped}?{parameter}")
}

fn failure(path: &Path, error: &rusqlite::Error) -> CliError {
    let shown = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => CliError::Refused {
            code: Code::Conflict,
            message: format!("{shown} is locked by another program; close AMX, then try again"),
        },
        Some(ErrorCode::NotADatabase) => {
            CliError::Usage(format!("{shown} is not a SQLite file, or is encrypted; name the history.db of AMX"))
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            CliError::Usage(format!("{shown} is damaged; restore it from a backup, then try again"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => CliError::Usage(format!(
            "{shown} cannot be read as it is, because another program stopped while it wrote; open it once with AMX, \
             or copy it together with the files beside it into a folder where you may write"
        )),
        _ => CliError::Usage(format!("{shown} cannot be read: {error}")),
    }
}
