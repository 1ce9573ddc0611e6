//! Limits on the time and the resources of a client.
//!
//! The rule: everything that a client can make the server hold (a connection, a half-sent request, a socket, a
//! subscription, an unread response) has a limit here. [`Quota`] counts what a client holds; dropping the [`Permit`]
//! frees its place.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::client::Client;

/// The limits. `Default` gives the values that the server uses unless its settings change them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The maximum number of connections; further ones wait.
    pub connections: usize,
    /// The maximum number of connections of one client. `None` means a fourth of all; for clients on this machine it
    /// means all, because a proxy there may stand for many clients.
    pub connections_per_client: Option<usize>,
    /// How long the head of a request may take to arrive, and how long a connection may be idle.
    pub head_within: Duration,
    /// How long a body may take to arrive.
    pub body_within: Duration,
    /// How long a client waits for a query or a mutation before it gets an error.
    pub request_within: Duration,
    /// How long a client may read nothing. After that a WebSocket is closed, and after twice that time any connection
    /// is dropped.
    pub read_within: Duration,
    /// The maximum number of operations in a batch; 0 disables batches.
    pub batch: usize,
    /// The maximum number of WebSockets and reserved event streams of one client.
    pub sockets_per_client: usize,
    /// The maximum number of running operations on one WebSocket or reserved event stream.
    pub operations_per_socket: usize,
    /// The maximum number of subscriptions of one client, over all its sockets and streams.
    pub subscriptions_per_client: usize,
    /// How long a client may take to send `connection_init`.
    pub init_within: Duration,
    /// How often the server pings a WebSocket, and sends a comment on a silent event stream.
    pub ping_every: Duration,
    /// A WebSocket from which nothing arrived for this long, not even a pong, counts as gone.
    pub silent_for: Duration,
    /// How long a reserved event stream may stay unopened.
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
    /// The maximum number of connections of the client at `address`.
    pub fn connections_of(&self, address: IpAddr) -> usize {
        let usual = if address.to_canonical().is_loopback() { self.connections } else { (self.connections / 4).max(1) };
        self.connections_per_client.unwrap_or(usual)
    }
}

/// Counts what each client holds. Clones share the counters.
#[derive(Debug, Clone, Default)]
pub struct Quota(Arc<Mutex<HashMap<Client, usize>>>);

impl Quota {
    /// Counts one more for a client; `None` if the client has reached the limit.
    pub fn take(&self, client: &Client, limit: usize) -> Option<Permit> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(client.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Permit { quota: self.clone(), client: client.clone() })
    }

    /// Returns how much all clients hold.
    pub fn held(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

/// A client's place in a [`Quota`]; dropping it frees the place.
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
