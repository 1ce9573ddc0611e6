//! The parts of statements and errors that are particular to SQLite.

use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use crate::{
    domain::Result,
    store::{number, trouble::Trouble},
};

/// Statements that remove deleted secrets from the store's file. `VACUUM` copies the store, and the copy may exceed the
/// memory, so it goes to a file.
pub(super) const SCRUB: &[&str] =
    &["PRAGMA temp_store = file", "VACUUM", "PRAGMA temp_store = memory", "PRAGMA wal_checkpoint(TRUNCATE)"];
/// Checks the whole content; returns `ok` or the first fault.
pub(super) const CHECK: &str = "PRAGMA integrity_check(1)";
/// Lists rows that refer to missing ones.
pub(super) const CHECK_REFERENCES: &str = "PRAGMA foreign_key_check";
/// Selects the last number of a table's rows.
pub(super) const LAST_NUMBER: &str = "SELECT seq FROM sqlite_sequence WHERE name = ?";
/// Sets the last number of a table's rows.
pub(super) const SET_LAST_NUMBER: &[&str] = &[
    "INSERT INTO sqlite_sequence (name, seq)
        SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
    "UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1",
];
/// Selects the version.
pub(super) const VERSION: &str = "SELECT sqlite_version()";

/// Minimum length of a search text, in characters, for the search index.
const INDEXED_SEARCH_FROM: usize = 3;

/// Classifies an error by its extended result code.
pub(in crate::store) fn trouble(extended: i32) -> Option<Trouble> {
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

/// Returns the column in a form for which the planner uses no index.
pub(super) fn plain(column: Expr) -> Expr {
    Expr::cust_with_expr("+?", column)
}

/// The position of one text in another, counted from 1; 0 if it is absent.
pub(super) fn place_of(text: Expr, needle: &str) -> Expr {
    Expr::cust_with_exprs("instr(?, ?)", [text, Expr::val(needle)])
}

/// The same as [`place_of`], in the first line.
pub(super) fn place_in_first_line(text: Expr, needle: &str) -> Expr {
    let arguments = [text.clone(), text, Expr::val(needle)];
    Expr::cust_with_exprs("instr(substr(?, 1, instr(?, char(10)) - 1), ?)", arguments)
}

/// Selects the rows of a search index that contain a text. Returns `None` if the index cannot answer.
pub(super) fn indexed(index: &'static str, matches: &'static str, needle: &str) -> Option<SelectStatement> {
    if needle.chars().count() < INDEXED_SEARCH_FROM || needle.contains('\0') {
        return None;
    }
    // In a quoted phrase only the double quote has a meaning; it is doubled.
    let phrase = format!("\"{}\"", needle.replace('"', "\"\""));
    let mut query = Query::select();
    query.expr(Expr::col("rowid")).from(index).and_where(Expr::cust_with_expr(matches, phrase));
    Some(query)
}

/// Matches if two values are equal or both null.
pub(super) fn same(one: Expr, other: Expr) -> Expr {
    Expr::cust_with_exprs("? IS ?", [one, other])
}

/// Returns the keys of the next runs.
pub(super) async fn next_run_ids(connection: &impl ConnectionTrait, count: usize) -> Result<Vec<i64>> {
    let mut query = Query::select();
    query.column("seq").from("sqlite_sequence").and_where(Expr::col("name").eq("run"));
    let last = number(connection, &query).await?;
    Ok((last + 1..).take(count).collect())
}
