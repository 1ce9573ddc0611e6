//! The wire of a store in PostgreSQL: LISTEN and NOTIFY.
//!
//! The rule: it uses connections of its own, because a transaction of the store must not wait for a nudge.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};

use super::relay::{Listener, Speaker, Wire};
use crate::domain::{Error, Result};

/// The channel. The stores of a server are different databases, and a channel belongs to one database.
const CHANNEL: &str = "gloss";
/// Maximum time to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// The wire between the processes that share a store.
#[derive(Debug)]
pub struct PostgresWire(PgConnectOptions);

impl PostgresWire {
    /// Creates the wire of a store by its URL. Returns `None` if that is no URL of PostgreSQL.
    #[must_use]
    pub fn of_store(url: &str) -> Option<Self> {
        let options: PgConnectOptions = url.parse().ok()?;
        Some(Self(options.application_name("gloss").disable_statement_logging()))
    }
}

/// Converts an error of the driver. Its text contains no password.
fn away(error: &sqlx::Error) -> Error {
    Error::unavailable(format!("the store's server does not carry nudges: {error}"))
}

#[async_trait]
impl Wire for PostgresWire {
    // The server takes less than 8,000.
    const LIMIT: usize = 7_900;
    const IS_CONFIRMED: bool = true;

    async fn speaker(&self) -> Result<Box<dyn Speaker>> {
        let connecting = tokio::time::timeout(CONNECT, PgConnection::connect_with(&self.0)).await;
        let connected = connecting.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut));
        Ok(Box::new(connected.map_err(|error| away(&error))?))
    }

    async fn listener(&self) -> Result<Box<dyn Listener>> {
        // The listener wants a pool, from which it takes one connection.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let listen = async {
            let pool = pool.acquire_timeout(CONNECT).connect_with(self.0.clone()).await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        Ok(Box::new(listen.await.map_err(|error| away(&error))?))
    }
}

#[async_trait]
impl Speaker for PgConnection {
    async fn say(&mut self, texts: &[String]) -> Result<()> {
        let notify = sqlx::query("SELECT pg_notify($1, text) FROM unnest($2::text[]) AS text");
        let done = notify.bind(CHANNEL).bind(texts).execute(self).await;
        done.map(drop).map_err(|error| away(&error))
    }
}

#[async_trait]
impl Listener for PgListener {
    async fn next(&mut self) -> Result<String> {
        match self.try_recv().await {
            Ok(Some(notification)) => Ok(notification.payload().to_owned()),
            Ok(None) => Err(Error::unavailable("the store's server closed the connection that hears nudges")),
            Err(error) => Err(away(&error)),
        }
    }
}
