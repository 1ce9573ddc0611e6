//! The processes that use the store, and facts about this server.

use crate::{
    domain::{Result, clock::Moment},
    port::{
        Ports,
        store::{LEASE, WorkerRecord},
    },
};

/// Facts about this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Gloss's version.
    pub version: &'static str,
    /// When it started.
    pub started_at: Moment,
    /// The display name of the store.
    pub store: String,
    /// The display name of the bus.
    pub bus: String,
}

/// The use cases of workers. Cheap to clone.
#[derive(Clone)]
pub struct Workers {
    ports: Ports,
    bus: String,
    started_at: Moment,
}

impl Workers {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports, bus: String, started_at: Moment) -> Self {
        Self { ports, bus, started_at }
    }

    /// Returns the processes that have reported within the time of a lease, by start.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn list(&self) -> Result<Vec<WorkerRecord>> {
        let dead = self.ports.clock.now() - LEASE;
        let mut workers = self.ports.store.workers().await?;
        workers.retain(|worker| worker.last_seen_at > dead);
        Ok(workers)
    }

    /// Returns facts about this server.
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
