//! The key by which limits are counted.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// One client, for rate limits and quotas: an address, or the name of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client(Arc<str>);

impl Client {
    /// Creates a client from a name that no other client has.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Creates a client from its address, without the port. An IPv6 address counts as its /64 network, because one
    /// customer usually has all 2^64 addresses of it.
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
