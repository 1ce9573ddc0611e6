//! What SQLite needs otherwise.

use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use crate::{
    domain::Result,
    store::{number, trouble::Trouble},
};

/// The statements that leave nothing of deleted secrets. The copy of the store may be larger than the memory.
pub(super) const SCRUB: &[&str] =
    &["PRAGMA temp_store = file", "VACUUM", "PRAGMA temp_store = memory", "PRAGMA wal_checkpoint(TRUNCATE)"];
/// Asks for the version.
pub(super) const VERSION: &str = "SELECT sqlite_version()";

/// Characters of a searched text from which the search index answers.
const INDEXED_SEARCH_FROM: usize = 3;

/// What keeps a store from doing its work, by the extended code of an error.
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

/// A column that no index is to be chosen for.
pub(super) fn plain(column: Expr) -> Expr {
    Expr::cust_with_expr("+?", column)
}

/// The place of one text in another, from 1; 0 for nowhere.
pub(super) fn place_of(text: Expr, needle: &str) -> Expr {
    Expr::cust_with_exprs("instr(?, ?)", [text, Expr::val(needle)])
}

/// The same, in the first line.
pub(super) fn place_in_first_line(text: Expr, needle: &str) -> Expr {
    let arguments = [text.clone(), text, Expr::val(needle)];
    Expr::cust_with_exprs("instr(substr(?, 1, instr(?, char(10)) - 1), ?)", arguments)
}

/// The rows of a search index that hold a text; `None` where the index cannot answer.
pub(super) fn indexed(index: &'static str, matches: &'static str, needle: &str) -> Option<SelectStatement> {
    if needle.chars().count() < INDEXED_SEARCH_FROM || needle.contains('\0') {
        return None;
    }
    // A phrase: everything in it is plain but the double quote, which stands twice.
    let phrase = format!("\"{}\"", needle.replace('"', "\"\""));
    let mut query = Query::select();
    query.expr(Expr::col("rowid")).from(index).and_where(Expr::cust_with_expr(matches, phrase));
    Some(query)
}

/// Whether two values are the same, two absent ones too.
pub(super) fn same(one: Expr, other: Expr) -> Expr {
    Expr::cust_with_exprs("? IS ?", [one, other])
}

/// The keys of the next runs.
pub(super) async fn next_run_ids(connection: &impl ConnectionTrait, count: usize) -> Result<Vec<i64>> {
    let mut query = Query::select();
    query.column("seq").from("sqlite_sequence").and_where(Expr::col("name").eq("run"));
    let last = number(connection, &query).await?;
    Ok((last + 1..).take(count).collect())
}
