//! The caller: the seam between the transports and what tells people apart.
//!
//! The rule: the gate (`auth`) leaves an [`Asker`] in a request's extensions before a route sees it, and a WebSocket's
//! first message passes it too. The transports take what they find and decide nothing: resolvers get the viewer, limits
//! count by client, executions are shared among those of equal rights, and what is live ends when the asker is no longer
//! welcome.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_graphql::Data;
use axum::http::Extensions;
use tokio_util::sync::CancellationToken;

use super::{answer::Refusal, peer::Peer};
use crate::graphql::Viewer;

/// One client, for what is counted: an address, or the name of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client(Arc<str>);

impl Client {
    /// By a name that no other client has.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// By the address it comes from, whatever its port; with IPv6 by its network, since one customer has 2^64
    /// addresses.
    pub fn at(address: Option<SocketAddr>) -> Self {
        match address.map(|address| address.ip().to_canonical()) {
            Some(IpAddr::V6(ip)) if !ip.is_loopback() => {
                let network = ip.to_bits() & (u128::MAX << 64);
                Self::new(&IpAddr::V6(network.into()).to_string())
            }
            Some(ip) => Self::new(&ip.to_string()),
            None => Self::new("unknown"),
        }
    }
}

/// The caller.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_address_or_a_customer_s_network() {
        let at = |address: &str| Client::at(Some(address.parse().unwrap()));
        assert_eq!(at("192.0.2.7:1"), at("[::ffff:192.0.2.7]:2"));
        assert_ne!(at("192.0.2.7:1"), at("192.0.2.8:1"));
        assert_eq!(at("[2001:db8::1]:1"), at("[2001:db8::ffff:1]:1"));
        assert_ne!(at("[2001:db8::1]:1"), at("[2001:db8:0:1::1]:1"));
        assert_ne!(at("[::1]:1"), at("[::2]:1"));
    }
}
