//! The server's life: connections are taken within their limits, and ended gracefully. On the signal no new
//! connection is taken, open subscriptions are ended in their protocol's words, requests under way are answered.
//!
//! The rule: whatever may live longer than its request (a WebSocket, a stream of events, a mutation) holds a [`Stop`]
//! and ends by it; [`serve`] returns when they have ended or when [`GRACE`] is over.

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

/// What is still open so long after the signal is dropped.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait when the system gives no more connections.
const SYSTEM_IS_FULL: Duration = Duration::from_millis(200);
/// The longest head of a request; a GET has its document in it.
const HEAD_LIMIT_BYTES: usize = 128 * 1024;

/// The signal to stop, and what outlives its request.
#[derive(Debug, Clone)]
pub struct Stop {
    pub(super) token: CancellationToken,
    pub(super) sockets: TaskTracker,
}

impl Stop {
    /// Stops when the token is cancelled.
    pub fn new(token: CancellationToken) -> Self {
        Self { token, sockets: TaskTracker::new() }
    }
}

/// Serves until the signal, then ends what is open.
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
        // Who has as many as one client may have is not even told so: that would be one more.
        let Some(permit) = by_client.take(&Client::at(Some(address)), most) else { continue };
        let stream = Watched::new(stream, address, 2 * limits.read_within, (place, permit));
        let (service, limits, token) = (service.clone(), Arc::clone(&limits), stop.token.clone());
        stop.sockets.spawn(async move { answer(stream, service, &limits, token).await });
    }
    drop(listener);
    stop.sockets.close();
    if tokio::time::timeout(GRACE, stop.sockets.wait()).await.is_err() {
        tracing::warn!(grace_s = GRACE.as_secs(), "connections were still open when the grace period ended");
    }
    Ok(())
}

/// The next connection. What goes wrong with one is no reason to stop; a system without room for more is asked
/// again soon.
async fn accept(listener: &TcpListener) -> (TcpStream, std::net::SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(SYSTEM_IS_FULL).await;
            }
        }
    }
}

/// Answers the requests of one connection.
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
