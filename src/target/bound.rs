//! Targets bound to one database.
//!
//! The rule: a bound target checks the identity of the database on the very connection that it is about to use, and
//! refuses any other database. An earlier check of the URL proves nothing: by the next connection, an address can
//! lead to another server and a path to another file.

use crate::{domain::identity::Identity, port::target::TargetError};

/// Refuses a server or database other than the bound one. If both identities name a database and the names differ,
/// only the server is compared: the caller asked for that database by name.
pub(super) fn check(bound: Option<&Identity>, found: &Identity) -> Result<(), TargetError> {
    let Some(bound) = bound else { return Ok(()) };
    let is_other = bound.database.is_some() && found.database.is_some() && bound.database != found.database;
    let fits = if is_other { bound.server == found.server } else { bound.is(found) };
    if fits {
        return Ok(());
    }
    Err(TargetError::Moved(format!(
        "the connection now leads to another database: {} instead of {}",
        found.told(),
        bound.told()
    )))
}
