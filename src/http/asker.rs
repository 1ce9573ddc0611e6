//! Who is asking: the seam between the transports and what tells people apart.
//!
//! The rule: whoever checks a request leaves an [`Asker`] in its extensions before a route sees it, and a
//! WebSocket's first message passes [`Admission`]. The transports take what they find and decide nothing:
//! resolvers get the viewer, limits count by client, executions are shared among those of equal rights, and
//! what is live ends when the asker is no longer welcome.

use std::{net::SocketAddr, sync::Arc};

use async_graphql::Data;
use axum::http::Extensions;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::peer::Peer;
use crate::graphql::Viewer;

/// One client, for what is counted: an address, or the name of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client(Arc<str>);

impl Client {
    /// By a name that no other client has.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// By the address it comes from, whatever its port.
    pub fn at(address: Option<SocketAddr>) -> Self {
        address.map_or_else(|| Self::new("unknown"), |address| Self::new(&address.ip().to_canonical().to_string()))
    }
}

/// Who is asking.
#[derive(Debug, Clone)]
pub struct Asker {
    /// For the resolvers.
    pub viewer: Viewer,
    /// For the limits.
    pub client: Client,
    /// Trips when they are no longer welcome.
    pub dismissed: CancellationToken,
    /// Whether they ask from this machine, for all that the connection tells.
    pub is_local: bool,
}

impl Asker {
    /// Who sent a request with these extensions: whom the check has found, or nobody.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_else(|| Self {
            viewer: Viewer::nobody(),
            client: Client::at(Peer::of(extensions).address()),
            dismissed: CancellationToken::new(),
            is_local: false,
        })
    }

    /// Those with equal rights see the same, whatever their names.
    pub fn rights(&self) -> String {
        format!("{:?}", self.viewer.role)
    }

    /// Puts into a request's data what resolvers look for.
    pub fn introduce(&self, data: &mut Data) {
        data.insert(self.viewer.clone());
    }
}

/// Decides on the first message of a WebSocket: who its sender is, or a few words why they may not come in.
#[derive(Clone)]
pub struct Admission(Arc<Decide>);

type Decide = dyn Fn(Asker, Option<Value>) -> BoxFuture<'static, Result<Asker, String>> + Send + Sync;

impl Admission {
    /// By an asynchronous decision over the handshake's asker and the payload of `connection_init`.
    pub fn new<F, Verdict>(decide: F) -> Self
    where
        F: Fn(Asker, Option<Value>) -> Verdict + Send + Sync + 'static,
        Verdict: Future<Output = Result<Asker, String>> + Send + 'static,
    {
        Self(Arc::new(move |asker, payload| Box::pin(decide(asker, payload))))
    }

    /// Whoever got through the handshake.
    pub fn everybody() -> Self {
        Self::new(|asker, _payload| std::future::ready(Ok(asker)))
    }

    /// The verdict.
    pub async fn decide(&self, asker: Asker, payload: Option<Value>) -> Result<Asker, String> {
        (self.0)(asker, payload).await
    }
}
