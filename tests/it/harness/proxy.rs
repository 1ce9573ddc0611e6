//! A server behind a door that a test closes and opens: to its clients it stops and comes back.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Takes connections and hands them on. While it is closed they are refused, and those it had are broken.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    server: SocketAddr,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Before the server at this port of the loopback address.
    pub async fn before(port: u16) -> Self {
        let server = SocketAddr::from(([127, 0, 0, 1], port));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, server, task: tokio::spawn(hand_on(listener, server)) }
    }

    /// Breaks all connections and refuses new ones.
    pub async fn close(&mut self) {
        self.task.abort();
        let _aborted = (&mut self.task).await;
    }

    /// Takes connections again.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.task = tokio::spawn(hand_on(listener, self.server));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hand_on(listener: TcpListener, server: SocketAddr) {
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        connections.spawn(async move {
            let mut server = TcpStream::connect(server).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}
