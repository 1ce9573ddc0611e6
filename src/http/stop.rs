//! A graceful end: on the signal no new connection is taken, open subscriptions are ended in their
//! protocol's words, requests under way are answered.
//!
//! The rule: whatever may live longer than its request (a WebSocket, a stream of events, a mutation) holds a [`Stop`] and
//! ends by it; [`serve`] returns when they have ended or when [`GRACE`] is over.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, serve::ListenerExt};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What is still open so long after the signal is dropped.
const GRACE: Duration = Duration::from_secs(5);

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
pub async fn serve(listener: TcpListener, router: Router, stop: Stop) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays without nodelay");
        }
    });
    let drained = {
        let stop = stop.clone();
        async move {
            stop.token.cancelled().await;
            stop.sockets.close();
            tokio::time::sleep(GRACE).await;
        }
    };
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop.token.clone().cancelled_owned());
    let all = async {
        server.await?;
        stop.sockets.wait().await;
        Ok(())
    };
    tokio::select! {
        ended = all => ended,
        () = drained => {
            tracing::warn!(grace_s = GRACE.as_secs(), "connections were still open when the grace was over");
            Ok(())
        }
    }
}
