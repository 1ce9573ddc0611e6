//! Limits of a SQLite connection that sqlx has no call for.
//!
//! The rule: what SQLite's authors advise for files from strangers, and nothing else, stands here; it is the only crate
//! that calls C. To add a limit: a line in `LIMITS` or `SWITCHES`.

use std::ffi::c_int;

use libsqlite3_sys::{
    SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
    SQLITE_DBCONFIG_WRITABLE_SCHEMA, SQLITE_LIMIT_ATTACHED, SQLITE_LIMIT_COMPOUND_SELECT, SQLITE_LIMIT_LENGTH,
    SQLITE_LIMIT_LIKE_PATTERN_LENGTH, SQLITE_LIMIT_TRIGGER_DEPTH, SQLITE_LIMIT_VDBE_OP, sqlite3_db_config,
    sqlite3_limit,
};
use sqlx::sqlite::LockedSqliteHandle;

/// Bytes of a value, a row and a statement.
pub const LENGTH: c_int = 1_000_000;

/// What a connection to a file from a stranger may use.
const LIMITS: [(c_int, c_int); 6] = [
    (SQLITE_LIMIT_LENGTH, LENGTH),
    (SQLITE_LIMIT_ATTACHED, 0),
    (SQLITE_LIMIT_COMPOUND_SELECT, 500),
    (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (SQLITE_LIMIT_VDBE_OP, 250_000),
];

/// What is on and off in it: no statement may damage the file's format, no trigger runs, and no function of the schema
/// has effects.
const SWITCHES: [(c_int, c_int); 3] =
    [(SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)];

/// Prepares a connection for a file that a stranger wrote. Calling it again changes nothing.
///
/// Returns whether SQLite took every switch; its limits it always takes.
#[must_use]
pub fn guard(handle: &mut LockedSqliteHandle<'_>) -> bool {
    let connection = handle.as_raw_handle().as_ptr();
    for (limit, value) in LIMITS {
        // SAFETY: the lock holds the connection open and keeps its own thread from it; the call takes any numbers.
        unsafe { sqlite3_limit(connection, limit, value) };
    }
    SWITCHES.into_iter().all(|(switch, value)| turn(handle, switch, value))
}

/// Lets a connection read a file whose schema SQLite cannot parse whole: it skips the entries at fault, instead of
/// refusing every statement. A connection that [`guard`] has prepared still cannot write to the schema. Connections
/// that write to the file's tables must go without, because SQLite would not keep an index that it skips.
///
/// Returns whether SQLite took the switch.
#[must_use]
pub fn skip_unreadable(handle: &mut LockedSqliteHandle<'_>) -> bool {
    turn(handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1)
}

/// Turns a switch; returns whether SQLite took it.
fn turn(handle: &mut LockedSqliteHandle<'_>, switch: c_int, value: c_int) -> bool {
    let connection = handle.as_raw_handle().as_ptr();
    let mut now: c_int = -1;
    // SAFETY: the lock holds the connection open and keeps its own thread from it; each of the switches above takes an
    // int and a pointer to an int that outlives the call.
    let taken = unsafe { sqlite3_db_config(connection, switch, value, std::ptr::from_mut(&mut now)) };
    taken == 0 && now == value
}
