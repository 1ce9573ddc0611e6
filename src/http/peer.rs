//! One connection: what its requests may know of it.

use std::net::SocketAddr;

use axum::{extract::ConnectInfo, http::Extensions};

/// A connection, for those who answer its requests.
#[derive(Debug, Clone, Default)]
pub struct Peer(Option<SocketAddr>);

impl Peer {
    /// The connection that a request with these extensions came over.
    pub fn of(extensions: &Extensions) -> Self {
        Self(extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| *address))
    }

    /// Where it comes from.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0
    }
}
