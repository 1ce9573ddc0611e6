//! The types of the server, its workers and the caller.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use crate::{
    domain::clock::Moment,
    graphql::{
        context::{self, Role, loaders},
        run::object::Run,
    },
    port::store::WorkerRecord,
    service::workers::ServerFacts,
};

/// The server that answers this request.
#[derive(SimpleObject, Debug, Clone)]
pub struct ServerInfo {
    /// Gloss's version.
    version: String,
    /// When it started.
    started_at: Moment,
    /// The database of the store: `SQLite 3.50`.
    store: String,
    /// What carries nudges (hints that something changed): `local` within one process, `postgres` or `nats`
    /// between the processes that share a store in PostgreSQL.
    bus: String,
}

impl From<ServerFacts> for ServerInfo {
    fn from(facts: ServerFacts) -> Self {
        Self { version: facts.version.to_owned(), started_at: facts.started_at, store: facts.store, bus: facts.bus }
    }
}

/// A process that shares the store, and works on runs if it has capacity.
#[derive(Clone)]
pub struct Worker(pub WorkerRecord);

/// A process that shares the store, and works on runs if it has capacity.
#[Object]
impl Worker {
    /// Its id, random for each start.
    async fn id(&self) -> ID {
        ID(self.0.id.clone())
    }

    /// The host that it runs on.
    async fn host(&self) -> &str {
        &self.0.host
    }

    /// When it started.
    async fn started_at(&self) -> Moment {
        self.0.started_at
    }

    /// When it last reported.
    async fn last_seen_at(&self) -> Moment {
        self.0.last_seen_at
    }

    /// The maximum number of runs that it works on at the same time; 0 if it only answers requests.
    async fn capacity(&self) -> i32 {
        self.0.capacity
    }

    /// The runs that it is working on.
    #[graphql(complexity = "1 + 4 * child_complexity")]
    async fn runs(&self, context: &Context<'_>) -> Result<Vec<Run>> {
        let runs = loaders(context).runs_of_workers.load_one(self.0.id.clone()).await?;
        Ok(runs.unwrap_or_default().into_iter().map(Run).collect())
    }
}

/// The caller of a request, and its role.
#[derive(SimpleObject, Debug, Clone)]
pub struct Viewer {
    /// The name that its actions are recorded under; `local` for the person at this machine.
    name: String,
    /// Its role.
    role: Role,
}

impl From<&context::Viewer> for Viewer {
    fn from(viewer: &context::Viewer) -> Self {
        Self { name: viewer.name.clone(), role: viewer.role }
    }
}
