//! Queries about the server, its workers and the caller.

use async_graphql::{Context, Object, Result};

use super::object::{ServerInfo, Viewer, Worker};
use crate::graphql::context::{self, services};

/// Queries about the server.
#[derive(Default)]
pub struct ServerQuery;

#[Object]
impl ServerQuery {
    /// The living processes that share the store, and the runs that each is working on. A process that was killed
    /// is listed for 30 s.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn workers(&self, context: &Context<'_>) -> Result<Vec<Worker>> {
        Ok(services(context).workers.list().await?.into_iter().map(Worker).collect())
    }

    /// The server that answers this request.
    async fn server(&self, context: &Context<'_>) -> ServerInfo {
        services(context).workers.server().into()
    }

    /// The caller of this request.
    async fn viewer(&self, context: &Context<'_>) -> Viewer {
        context::viewer(context).into()
    }
}
