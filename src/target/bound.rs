//! Targets that are bound to one database.
//!
//! The rule: a bound target asks, on the very connection that it is about to use, which database answers there, and
//! uses it for nothing if it is another one. A URL that was checked a moment ago says nothing about the next
//! connection: an address can lead to another server, a path to another file.

use crate::{domain::identity::Identity, port::target::TargetError};

/// Refuses a database other than the one that a target is bound to. A connection to another database of the same server
/// passes: who asks for that one names it.
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
