//! Loads a server over several connections and measures what that costs.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::{
    Result,
    http::{self, Connection},
    server::Server,
};

/// A request with the length that its answer must have.
pub struct Request {
    bytes: Vec<u8>,
    length: usize,
}

impl Request {
    /// Asks once. Returns the request and the body of its answer.
    pub async fn new(server: &Server, query: &str, variables: &serde_json::Value) -> Result<(Self, Vec<u8>)> {
        let bytes = http::request(&server.address, query, variables);
        let body = http::once(&server.address, query, variables).await?;
        Ok((Self { bytes, length: body.len() }, body))
    }
}

/// The figures of one measurement.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Figures {
    pub requests: usize,
    pub requests_per_second: f64,
    /// Processor time of the server per request; `None` if its process is not known.
    pub cpu_us: Option<f64>,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub memory_mb: Option<f64>,
}

/// Sends a request again and again for a duration, at once over each of the connections; at least once over each.
pub async fn measure(server: &Server, request: &Request, connections: usize, duration: Duration) -> Result<Figures> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(&server.address).await?);
    }
    let cpu_before = server.cpu_ms();
    let began = Instant::now();
    let end = began + duration;
    let mut senders: JoinSet<Result<Vec<Duration>>> = JoinSet::new();
    for mut connection in open {
        let (bytes, length) = (request.bytes.clone(), request.length);
        senders.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let sent = Instant::now();
                if sent >= end && !taken.is_empty() {
                    return Ok(taken);
                }
                let answer = connection.exchange(&bytes).await?;
                if answer.status != 200 || answer.body.len() != length {
                    let (status, got) = (answer.status, answer.body.len());
                    let body = String::from_utf8_lossy(&answer.body[..got.min(300)]);
                    return Err(format!("status {status}, {got} bytes instead of {length}: {body}").into());
                }
                taken.push(sent.elapsed());
            }
        });
    }
    let mut taken = Vec::new();
    while let Some(sender) = senders.join_next().await {
        taken.append(&mut sender??);
    }
    let seconds = began.elapsed().as_secs_f64();
    let cpu_ms = server.cpu_ms().zip(cpu_before).map(|(after, before)| after - before);
    taken.sort_unstable();
    let rank = |share: f64| {
        let at = ((taken.len() as f64 * share) as usize).min(taken.len().saturating_sub(1));
        taken.get(at).map_or(0.0, |taken| taken.as_secs_f64() * 1_000.0)
    };
    Ok(Figures {
        requests: taken.len(),
        requests_per_second: taken.len() as f64 / seconds,
        cpu_us: cpu_ms.map(|ms| ms * 1_000.0 / taken.len().max(1) as f64),
        p50_ms: rank(0.5),
        p99_ms: rank(0.99),
        memory_mb: server.memory_mb(),
    })
}
