//! The caller: what authentication tells the transports about the client of a request.
//!
//! The rule: the gate (`auth`) leaves a [`Caller`] in a request's extensions before a route sees it, and a WebSocket's
//! first message passes it too. The transports use it and decide nothing: resolvers get the viewer, limits
//! count by client, callers of equal rights share executions, and subscriptions end when the credentials do.

use async_graphql::Data;
use axum::http::Extensions;
use tokio_util::sync::CancellationToken;

use super::{answer::Refusal, client::Client, peer::Peer};
use crate::graphql::Viewer;

/// The caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// For the resolvers.
    pub viewer: Viewer,
    /// For the limits.
    pub client: Client,
    /// Trips when the credentials expire or are revoked.
    pub dismissed: CancellationToken,
    /// Whether the connection comes from this machine, as far as it tells.
    pub is_local: bool,
}

impl Caller {
    /// The sender of a request with these extensions: the caller that the check has found, or nobody.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_else(|| Self {
            viewer: Viewer::nobody(),
            client: Client::at(Peer::of(extensions).address()),
            dismissed: CancellationToken::new(),
            is_local: false,
        })
    }

    /// Callers with equal rights share executions, whatever their names. `None` for an unauthenticated caller, with
    /// whom nothing is shared.
    pub fn rights(&self) -> Option<String> {
        self.viewer.is_known().then(|| format!("{:?}", self.viewer.role))
    }

    /// Refuses an unauthenticated caller, who may open a WebSocket and nothing else.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`.
    pub fn check_known(&self) -> Result<(), Refusal> {
        if self.viewer.is_known() { Ok(()) } else { Err(Refusal::unknown()) }
    }

    /// Puts into a request's data what resolvers look for.
    pub fn introduce(&self, data: &mut Data) {
        data.insert(self.viewer.clone());
    }
}
