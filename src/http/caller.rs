//! The caller: what authentication tells the transports about the client of a request.
//!
//! The rule: the gate (`auth`) leaves a [`Caller`] in a request's extensions before a route sees it, and
//! authenticates the first message of a WebSocket too. The transports use the caller and decide nothing: resolvers get
//! the viewer, limits count by client, callers with equal rights share executions, and subscriptions end with the
//! credentials.

use async_graphql::Data;
use axum::http::Extensions;
use tokio_util::sync::CancellationToken;

use super::{client::Client, peer::Peer, refusal::Refusal};
use crate::graphql::Viewer;

/// The caller of a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The viewer, for the resolvers.
    pub viewer: Viewer,
    /// The client, for the limits.
    pub client: Client,
    /// Cancelled when the credentials expire or are revoked.
    pub dismissed: CancellationToken,
    /// Whether the request comes from this machine, without a proxy.
    pub is_local: bool,
}

impl Caller {
    /// Returns the caller in these extensions, or an unauthenticated one.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_else(|| Self {
            viewer: Viewer::nobody(),
            client: Client::at(Peer::of(extensions).address()),
            dismissed: CancellationToken::new(),
            is_local: false,
        })
    }

    /// The rights of the caller as text; callers with equal rights can share an execution. `None` for an
    /// unauthenticated caller, who shares none.
    pub fn rights(&self) -> Option<String> {
        self.viewer.is_known().then(|| format!("{:?}", self.viewer.role))
    }

    /// Refuses an unauthenticated caller, who may open a WebSocket and nothing else.
    ///
    /// # Errors
    /// Returns `UNAUTHENTICATED`.
    pub fn check_known(&self) -> Result<(), Refusal> {
        if self.viewer.is_known() { Ok(()) } else { Err(Refusal::unauthenticated()) }
    }

    /// Adds the viewer to a request's data, where resolvers look for it.
    pub fn introduce(&self, data: &mut Data) {
        data.insert(self.viewer.clone());
    }
}
