//! Accepts connections within their limits, and shuts the server down gracefully: when the signal comes, the server
//! accepts no more connections, ends open subscriptions as their protocol requires, and answers the running requests.
//!
//! The rule: whatever may outlive its request (a WebSocket, an event stream, a mutation) is tracked by a [`Stop`] and
//! ends with it. [`serve`] returns when all of it has ended, or after [`GRACE`].

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::extract::Request;
use hyper::{body::Incoming, server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Door,
    client::Client,
    limits::{Limits, Quota},
    peer::Watched,
    router,
};

/// How long after the signal open connections are dropped.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait before the next attempt if the operating system cannot accept a connection.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(200);
/// The maximum size of a request's head, which contains the document of a GET.
const HEAD_LIMIT_BYTES: usize = 128 * 1024;

/// The signal to stop, and the tasks that outlive their requests.
#[derive(Debug, Clone)]
pub struct Stop {
    pub(super) token: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Stop {
    /// Creates a signal that cancelling `token` gives.
    pub fn new(token: CancellationToken) -> Self {
        Self { token, tasks: TaskTracker::new() }
    }
}

/// Serves until the signal to stop, then ends open connections.
pub async fn serve(listener: TcpListener, door: Door) -> io::Result<()> {
    let (stop, limits) = (door.stop.clone(), door.limits.clone());
    let service = TowerToHyperService::new(router(door));
    let places = Arc::new(Semaphore::new(limits.connections));
    let by_client = Quota::default();
    loop {
        let next = async {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return None };
            Some((accept(&listener).await, place))
        };
        let ((stream, address), place) = tokio::select! {
            next = next => match next {
                Some(next) => next,
                None => break,
            },
            () = stop.token.cancelled() => break,
        };
        let most = limits.connections_of(address.ip());
        // A client with the maximum number of connections gets no response: one would need another connection.
        let Some(permit) = by_client.take(&Client::at(Some(address)), most) else { continue };
        let stream = Watched::new(stream, address, 2 * limits.read_within, (place, permit));
        let (service, limits, token) = (service.clone(), Arc::clone(&limits), stop.token.clone());
        stop.tasks.spawn(async move { answer(stream, service, &limits, token).await });
    }
    drop(listener);
    stop.tasks.close();
    if tokio::time::timeout(GRACE, stop.tasks.wait()).await.is_err() {
        tracing::warn!(grace_s = GRACE.as_secs(), "connections were still open when the grace period ended");
    }
    Ok(())
}

/// Returns the next connection. An error of one connection is ignored. If the operating system has no resources for
/// another one, the call waits and tries again.
async fn accept(listener: &TcpListener) -> (TcpStream, std::net::SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

/// Serves one connection until it ends.
async fn answer(stream: Watched, service: TowerToHyperService<axum::Router>, limits: &Limits, stop: CancellationToken) {
    let peer = stream.peer();
    let with_peer = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_buf_size(HEAD_LIMIT_BYTES)
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(stream), with_peer)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended with an error");
    }
}
