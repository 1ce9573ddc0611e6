//! How long and how much a client may take.
//!
//! The rule: whatever a client can make the server keep (a connection, a half-sent request, a socket, a
//! subscription, an answer that it does not read) has a number here, and what is counted is counted by
//! [`Quota`] and given back when its [`Permit`] is dropped.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::client::Client;

/// The numbers. The default is what a server uses unless its settings say otherwise.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once, of all kinds; who comes beyond waits for one that ends.
    pub connections: usize,
    /// Connections at once of one client; `None` for a fourth of all, and all for those of this machine, where a proxy
    /// may stand for many.
    pub connections_per_client: Option<usize>,
    /// How long the head of a request may take, which is also how long a connection may stay idle.
    pub head_within: Duration,
    /// How long a body may take.
    pub body_within: Duration,
    /// How long a query or a mutation may take until its client is told that it took too long.
    pub request_within: Duration,
    /// How long a client may read nothing of what is sent to it: then a WebSocket is closed, and a little later
    /// any connection is dropped.
    pub read_within: Duration,
    /// Operations in one body; 0 for one that stands alone.
    pub batch: usize,
    /// WebSockets of one client.
    pub sockets_per_client: usize,
    /// Operations at once on one WebSocket or one reserved stream of events.
    pub operations_per_socket: usize,
    /// Subscriptions at once of one client, over all its sockets and streams.
    pub subscriptions_per_client: usize,
    /// How long a client may take to say `connection_init`.
    pub init_within: Duration,
    /// How often the server pings a WebSocket, and comments in a silent stream of events.
    pub ping_every: Duration,
    /// A socket from which nothing came for so long, not even a pong, is gone.
    pub silent_for: Duration,
    /// How long a reserved stream of events waits for its client.
    pub reserved_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_client: None,
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(30),
            request_within: Duration::from_mins(1),
            read_within: Duration::from_mins(1),
            batch: 0,
            sockets_per_client: 5_000,
            operations_per_socket: 100,
            subscriptions_per_client: 5_000,
            init_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(20),
            silent_for: Duration::from_secs(65),
            reserved_for: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Connections at once of a client at an address.
    pub fn connections_of(&self, address: IpAddr) -> usize {
        let usual = if address.to_canonical().is_loopback() { self.connections } else { (self.connections / 4).max(1) };
        self.connections_per_client.unwrap_or(usual)
    }
}

/// Counts what clients hold.
#[derive(Debug, Clone, Default)]
pub struct Quota(Arc<Mutex<HashMap<Client, usize>>>);

impl Quota {
    /// One more for a client, unless it has as many as the limit.
    pub fn take(&self, client: &Client, limit: usize) -> Option<Permit> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(client.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Permit { quota: self.clone(), client: client.clone() })
    }
}

/// One of what is counted, until it is dropped.
#[derive(Debug)]
pub struct Permit {
    quota: Quota,
    client: Client,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.quota.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_own_share_and_gets_it_back() {
        let quota = Quota::default();
        let (one, two) = (Client::new("one"), Client::new("two"));
        let held: Vec<_> = (0..3).map(|_| quota.take(&one, 3).unwrap()).collect();
        assert!(quota.take(&one, 3).is_none());
        assert!(quota.take(&two, 3).is_some());
        drop(held);
        assert!(quota.0.lock().unwrap().is_empty());
        assert!(quota.take(&one, 1).is_some());
    }
}
