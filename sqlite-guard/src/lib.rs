//! Limits of a SQLite connection that sqlx offers no call for.
//!
//! The rule: this crate sets exactly what SQLite's authors advise for untrusted files. Besides `allocator`, it is the
//! only crate that calls C.
//!
//! To add a limit: add a line to `LIMITS` or `SWITCHES`.

use std::ffi::c_int;

use libsqlite3_sys::{
    SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
    SQLITE_DBCONFIG_WRITABLE_SCHEMA, SQLITE_LIMIT_ATTACHED, SQLITE_LIMIT_COMPOUND_SELECT, SQLITE_LIMIT_LENGTH,
    SQLITE_LIMIT_LIKE_PATTERN_LENGTH, SQLITE_LIMIT_TRIGGER_DEPTH, SQLITE_LIMIT_VDBE_OP, sqlite3_db_config,
    sqlite3_limit,
};
use sqlx::sqlite::LockedSqliteHandle;

/// Maximum length of a value, a row and a statement, in bytes.
pub const LENGTH: c_int = 1_000_000;

/// The limits of a connection to an untrusted file.
const LIMITS: [(c_int, c_int); 6] = [
    (SQLITE_LIMIT_LENGTH, LENGTH),
    (SQLITE_LIMIT_ATTACHED, 0),
    (SQLITE_LIMIT_COMPOUND_SELECT, 500),
    (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (SQLITE_LIMIT_VDBE_OP, 250_000),
];

/// The switches of a connection to an untrusted file: no statement can damage the file's format, no trigger runs, and
/// no function in the schema has side effects.
const SWITCHES: [(c_int, c_int); 3] =
    [(SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)];

/// Prepares a connection for an untrusted file. Calling it again has no effect.
///
/// Returns whether SQLite accepted every switch; it always accepts the limits.
#[must_use]
pub fn guard(handle: &mut LockedSqliteHandle<'_>) -> bool {
    let connection = handle.as_raw_handle().as_ptr();
    for (limit, value) in LIMITS {
        // SAFETY: the lock keeps the connection open and its worker thread away; the call accepts any numbers.
        unsafe { sqlite3_limit(connection, limit, value) };
    }
    SWITCHES.into_iter().all(|(switch, value)| turn(handle, switch, value))
}

/// Lets a connection read a file whose schema SQLite cannot parse completely: SQLite skips the faulty entries instead
/// of refusing every statement. A connection prepared by [`guard`] still cannot write to the schema. Do not use it
/// for connections that write to the file's tables: SQLite would not maintain an index that it skips.
///
/// Returns whether SQLite accepted the switch.
#[must_use]
pub fn skip_unreadable(handle: &mut LockedSqliteHandle<'_>) -> bool {
    turn(handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1)
}

/// Sets a switch and returns whether SQLite accepted it.
fn turn(handle: &mut LockedSqliteHandle<'_>, switch: c_int, value: c_int) -> bool {
    let connection = handle.as_raw_handle().as_ptr();
    let mut now: c_int = -1;
    // SAFETY: the lock keeps the connection open and its worker thread away; each of the switches above takes an int
    // and a pointer to an int that outlives the call.
    let status = unsafe { sqlite3_db_config(connection, switch, value, std::ptr::from_mut(&mut now)) };
    status == 0 && now == value
}
