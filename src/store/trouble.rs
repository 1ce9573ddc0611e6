//! Classifies the errors of a store's database.
//!
//! The rule: an error that an operator can mend has a variant of [`Trouble`], and its text says how.

use sea_orm::{DbErr, RuntimeErr, SqlxError, sqlx::postgres::PgDatabaseError};

use super::dialect::{postgres, sqlite};
use crate::domain::{Error, Result};

/// Returns the driver's own error, if the error comes from the driver.
pub(super) fn driver_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// The reason why a store cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Its server cannot be reached, or closed the connection, as during a restart.
    Away,
    /// Another program holds its lock.
    Locked,
    /// Its disk has no room.
    Full,
    /// Its disk cannot be read or written, or the system has no memory.
    Failing,
    /// It may not be written to.
    ReadOnly,
    /// Its content is damaged.
    Damaged,
}

impl Trouble {
    /// Returns the text for users.
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

/// Converts errors of the store's database to errors of the domain.
pub(super) trait DbResult<T> {
    /// Returns the same result with an error of the domain.
    fn db(self) -> Result<T>;
}

impl<T> DbResult<T> for Result<T, DbErr> {
    fn db(self) -> Result<T> {
        self.map_err(|error| trouble(&error).map_or_else(|| Error::internal(error), Error::from))
    }
}

/// Classifies an error; `None` if its cause is not one of [`Trouble`].
pub(super) fn trouble(error: &DbErr) -> Option<Trouble> {
    match driver_error(error) {
        None => matches!(error, DbErr::ConnectionAcquire(_)).then_some(Trouble::Away),
        // A server that stops may cut a message in half.
        Some(SqlxError::Io(_) | SqlxError::Protocol(_) | SqlxError::Tls(_)) => Some(Trouble::Away),
        Some(SqlxError::WorkerCrashed) => Some(Trouble::Failing),
        Some(SqlxError::Database(said)) => match said.try_downcast_ref::<PgDatabaseError>() {
            Some(said) => postgres::trouble(said.code()),
            None => sqlite::trouble(said.code()?.parse().ok()?),
        },
        _ => None,
    }
}

/// Whether the server cannot be reached or closed the connection. The interrupted transaction either committed or
/// rolled back.
pub(super) fn is_away(error: &DbErr) -> bool {
    trouble(error) == Some(Trouble::Away)
}

/// Returns the next step for a store that cannot be opened.
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
