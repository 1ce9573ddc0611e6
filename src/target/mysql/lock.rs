//! A short exclusive lock on a table.
//!
//! The rule: a session returns to the pool unlocked or not at all. The lock is released on every path. If the release
//! fails, or the work is dropped halfway, the connection is closed, which releases the lock.

use std::time::Duration;

use sqlx::{AssertSqlSafe, MySql, MySqlConnection, pool::PoolConnection};

use super::{
    super::{comment::named, connections::CATALOG_TIME},
    GRACE, MySqlTarget,
    comment::{Spot, explain, number_of},
};
use crate::port::target::TargetError;

/// Maximum time to release the lock.
const RELEASE_TIME: Duration = GRACE;

/// A session that has locked a table.
pub(super) struct Lock(Option<PoolConnection<MySql>>);

impl Lock {
    /// Locks the table, waiting at most the session's `lock_wait_timeout`.
    ///
    /// # Errors
    /// Returns [`TargetError::Refused`] if the login may not lock the table.
    pub(super) async fn take(
        target: &MySqlTarget,
        session: PoolConnection<MySql>,
        spot: &Spot<'_>,
    ) -> Result<Self, TargetError> {
        let place = target.server.place();
        // Owned before the lock is taken: if the future is dropped while waiting, the server may still grant the
        // lock.
        let mut lock = Self(Some(session));
        let statement = format!("LOCK TABLES {} WRITE", spot.table());
        let work = sqlx::raw_sql(AssertSqlSafe(statement)).execute(lock.session()?);
        let Ok(locked) = tokio::time::timeout(CATALOG_TIME, work).await else {
            return Err(place.too_slow(CATALOG_TIME));
        };
        match locked {
            Ok(_) => Ok(lock),
            Err(error) => {
                lock.release().await;
                Err(match number_of(&error) {
                    Some(1044 | 1142 | 1143 | 1227) => TargetError::Refused(format!(
                        "the user {} may not write the comment of {}: Gloss must repeat the column's definition while \
                         the table is locked, so that no concurrent change is lost; grant it SELECT, LOCK TABLES and \
                         ALTER, or connect as a user with these privileges",
                        place.user,
                        named(spot.asset)
                    )),
                    _ => explain(target, spot, &error),
                })
            }
        }
    }

    /// Returns the session that holds the lock.
    ///
    /// # Errors
    /// Returns [`TargetError::Unreachable`] after the session was taken out, which only the release and the drop do.
    pub(super) fn session(&mut self) -> Result<&mut MySqlConnection, TargetError> {
        self.0.as_deref_mut().ok_or_else(|| TargetError::Unreachable("the connection was closed; try again".to_owned()))
    }

    /// Releases the lock and returns the session to the pool.
    pub(super) async fn release(mut self) {
        let Ok(session) = self.session() else { return };
        let work = sqlx::raw_sql("UNLOCK TABLES").execute(session);
        if matches!(tokio::time::timeout(RELEASE_TIME, work).await, Ok(Ok(_))) {
            drop(self.0.take());
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Detaching closes the connection instead of returning it to the pool.
        drop(self.0.take().map(PoolConnection::detach));
    }
}
