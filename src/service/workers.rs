//! The processes that work on runs, and the server that answers.

use crate::{
    domain::{Result, clock::Moment},
    port::{Ports, store::WorkerRecord},
};

/// The server that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Gloss's own version.
    pub version: &'static str,
    /// When it started.
    pub started_at: Moment,
    /// The store, for a person.
    pub store: String,
    /// The bus, for a person.
    pub bus: String,
}

/// The use cases.
#[derive(Clone)]
pub struct Workers {
    ports: Ports,
    bus: String,
    started_at: Moment,
}

impl Workers {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports, bus: String, started_at: Moment) -> Self {
        Self { ports, bus, started_at }
    }

    /// All processes at work, by start.
    ///
    /// # Errors
    /// What the store says.
    pub async fn list(&self) -> Result<Vec<WorkerRecord>> {
        self.ports.store.workers().await
    }

    /// What this server is.
    #[must_use]
    pub fn server(&self) -> ServerFacts {
        ServerFacts {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at,
            store: self.ports.store.name(),
            bus: self.bus.clone(),
        }
    }
}
