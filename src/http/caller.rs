//! The caller: the seam between the transports and what tells people apart.
//!
//! The rule: the gate (`auth`) leaves an [`Caller`] in a request's extensions before a route sees it, and a WebSocket's
//! first message passes it too. The transports take what they find and decide nothing: resolvers get the viewer, limits
//! count by client, executions are shared among those of equal rights, and what is live ends when the caller is no
//! longer welcome.

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
    /// Trips when they are no longer welcome.
    pub dismissed: CancellationToken,
    /// Whether they ask from this machine, for all that the connection tells.
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

    /// Those with equal rights see the same, whatever their names; of whom nobody knows, nothing is shared.
    pub fn rights(&self) -> Option<String> {
        self.viewer.is_known().then(|| format!("{:?}", self.viewer.role))
    }

    /// Refuses whom nobody knows: a handshake lets them open a socket, and nothing else.
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
