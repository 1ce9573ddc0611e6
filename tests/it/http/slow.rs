//! Clients that send or read as slowly as possible, and many idle clients.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use super::toy::{Toy, ask};
use crate::{harness::Server, services::skipped};

const HANDSHAKE: &str = "GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    sec-websocket-protocol: graphql-transport-ws\r\n\r\n";

/// Returns everything received until the server closes the connection.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset also ends the connection.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_head_that_drips_in_is_cut_off() {
    let toy = Toy::limited(|limits| limits.head_within = Duration::from_millis(300)).await;
    for beginning in ["", "GET /graphql?query={hello} HTTP/1.1\r\nhost: localhost\r\n"] {
        let stream = TcpStream::connect(toy.address).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        write.write_all(beginning.as_bytes()).await.unwrap();
        let drip = tokio::spawn(async move {
            for n in 0.. {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if !beginning.is_empty() && write.write_all(format!("x-{n}: y\r\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let began = Instant::now();
        let mut answer = Vec::new();
        let _ = read.read_to_end(&mut answer).await;
        assert!(began.elapsed() < Duration::from_secs(5));
        drip.abort();
    }
    assert_eq!(ask(toy.query("{ hello }")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_drips_in_is_cut_off() {
    let toy = Toy::limited(|limits| limits.body_within = Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(toy.address).await.unwrap();
    let head =
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let drip = tokio::spawn(async move {
        while write.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = read.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("BAD_USER_INPUT"), "{answer}");
    drip.abort();
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_the_connection() {
    let toy = Toy::limited(|limits| limits.read_within = Duration::from_millis(200)).await;
    let mut floods = toy.seen.floods.subscribe();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(toy.address).await.unwrap();
    let head =
        "GET /graphql?query=subscription{flood} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    floods.wait_for(|&n| n == 1).await.unwrap();
    floods.wait_for(|&n| n == 0).await.unwrap();
    assert!(to_the_end(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    const QUERY: &str = "GET /graphql?query={hello} HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let toy = Toy::limited(|limits| limits.connections = 2).await;
    let mut answer = [0; 12];
    let mut first = TcpStream::connect(toy.address).await.unwrap();
    first.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    first.read_exact(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"101"));
    // The client keeps the second connection open between its requests.
    assert_eq!(ask(toy.query("{ hello }")).await.0, StatusCode::OK);
    let mut third = TcpStream::connect(toy.address).await.unwrap();
    third.write_all(QUERY.as_bytes()).await.unwrap();
    for _ in 0..50 {
        assert_eq!(ask(toy.query("{ hello }")).await.0, StatusCode::OK);
    }
    assert!(third.try_read(&mut answer).is_err(), "the connection did not wait");
    drop(first);
    third.read_exact(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"200"), "{}", String::from_utf8_lossy(&answer));
}

/// Sockets that never send `connection_init`: those beyond a client's limit are refused at once, and the others are
/// closed after ten seconds. Meanwhile other clients are served, and little memory is used.
#[tokio::test]
async fn ten_thousand_silent_sockets_are_served() {
    const SOCKETS: usize = 10_000;
    let open_files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_default();
    if open_files < 2 * SOCKETS as u64 {
        return skipped(&format!("ten thousand sockets, because this process may open {open_files} files"));
    }
    let server = Server::start().await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let before = memory_kib(server.pid());
    let mut opening = JoinSet::new();
    for _ in 0..16 {
        let address = address.clone();
        opening.spawn(async move {
            let mut streams = Vec::new();
            for _ in 0..SOCKETS / 16 {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                stream.write_all(HANDSHAKE.as_bytes()).await.unwrap();
                let mut answer = [0; 12];
                stream.read_exact(&mut answer).await.unwrap();
                let accepted = answer.ends_with(b"101");
                assert!(accepted || answer.ends_with(b"429"), "{}", String::from_utf8_lossy(&answer));
                streams.push((accepted, stream));
            }
            streams
        });
    }
    let streams: Vec<(bool, TcpStream)> = opening.join_all().await.into_iter().flatten().collect();
    let accepted = streams.iter().filter(|(accepted, _)| *accepted).count();
    let gained = memory_kib(server.pid()) - before;
    eprintln!("{accepted} sockets were let in, for {gained} KiB in all");
    assert!(accepted >= 5_000);
    assert!(gained < 5_000 * 24, "{gained} KiB");
    let data = server.data("{ server { version } }", json!({})).await;
    assert!(data["server"]["version"].is_string());
    let mut closing = JoinSet::new();
    for (accepted, mut stream) in streams {
        closing.spawn(async move { (accepted, to_the_end(&mut stream).await) });
    }
    for (accepted, said) in closing.join_all().await {
        assert!(!accepted || said.contains("Connection initialisation timeout"), "{said}");
    }
    server.data("{ server { version } }", json!({})).await;
}

/// Returns the resident memory of a process, in KiB.
fn memory_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
