//! The wire of a NATS server. It works with version 2.9 and newer, and needs nothing but publish and subscribe.
//!
//! The rule: after any break, the client is thrown away and a new one connects, so that the relay learns of it.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event, Subscriber, connection::State};
use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::Notify;
use url::Url;

use super::relay::{Listener, Speaker, Wire};
use crate::domain::{Error, Result};

/// The subject, or its first part.
const SUBJECT: &str = "gloss";
/// Maximum time to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// The wire over a NATS server.
pub struct NatsWire {
    server: String,
    subject: String,
}

impl NatsWire {
    /// Creates the wire of a URL, whose path sets the subject apart from those of other stores. Returns `None` if it is
    /// no URL of a NATS server.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let mut url: Url = url.parse().ok()?;
        let is_nats = matches!(url.scheme(), "nats" | "tls") && url.has_host();
        let path = url.path().trim_matches('/').to_owned();
        let is_name = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        let subject = if path.is_empty() { SUBJECT.to_owned() } else { format!("{SUBJECT}.{path}") };
        url.set_path("");
        (is_nats && is_name).then(|| Self { server: url.into(), subject })
    }

    async fn connect(&self) -> Result<Connection> {
        let broken = Arc::new(Notify::new());
        let tell = Arc::clone(&broken);
        let heard = move |event: Event| {
            let (tell, is_fine) = (Arc::clone(&tell), matches!(event, Event::Connected));
            async move {
                if !is_fine {
                    tell.notify_one();
                }
            }
        };
        let options = ConnectOptions::new().name(SUBJECT).connection_timeout(CONNECT).max_reconnects(1);
        let client = options.event_callback(heard).connect(self.server.as_str()).await.map_err(away)?;
        Ok(Connection { client, broken, subject: self.subject.clone() })
    }
}

/// Converts an error of the client. Its text contains no password.
fn away(error: impl std::fmt::Display) -> Error {
    Error::unavailable(format!("the NATS server does not carry nudges: {error}"))
}

/// A client, and whether its connection has broken.
struct Connection {
    client: Client,
    broken: Arc<Notify>,
    subject: String,
}

/// A subscription, with the connection that it belongs to.
struct Subscription {
    connection: Connection,
    texts: Subscriber,
}

#[async_trait]
impl Wire for NatsWire {
    // Half of what a server accepts by default.
    const LIMIT: usize = 500_000;
    const IS_CONFIRMED: bool = false;

    async fn speaker(&self) -> Result<Box<dyn Speaker>> {
        Ok(Box::new(self.connect().await?))
    }

    async fn listener(&self) -> Result<Box<dyn Listener>> {
        let connection = self.connect().await?;
        let texts = connection.client.subscribe(self.subject.clone()).await.map_err(away)?;
        connection.client.flush().await.map_err(away)?;
        Ok(Box::new(Subscription { connection, texts }))
    }
}

#[async_trait]
impl Speaker for Connection {
    async fn say(&mut self, texts: &[String]) -> Result<()> {
        for text in texts {
            self.client.publish(self.subject.clone(), text.clone().into()).await.map_err(away)?;
        }
        self.client.flush().await.map_err(away)?;
        match self.client.connection_state() {
            // The client connects again by itself, but what it had written before is lost.
            State::Connected if self.broken.notified().now_or_never().is_some() => Err(away("the connection broke")),
            State::Connected => Ok(()),
            state => Err(away(state)),
        }
    }
}

#[async_trait]
impl Listener for Subscription {
    async fn next(&mut self) -> Result<String> {
        tokio::select! {
            () = self.connection.broken.notified() => Err(away("the connection broke, or texts came too fast")),
            text = self.texts.next() => match text {
                Some(text) => String::from_utf8(text.payload.into()).map_err(away),
                None => Err(away("the server ended the subscription")),
            },
        }
    }
}
