//! What keeps a store from doing its work, told from what its database says.
//!
//! The rule: a failure with a cause that a person can mend has a variant of [`Trouble`], and its text says how.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError, sqlx::postgres::PgDatabaseError};

use super::dialect::{postgres, sqlite};
use crate::domain::Error;

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
            Some(said) => postgres::trouble(said.code()),
            None => sqlite::trouble(said.code()?.parse().ok()?),
        },
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
