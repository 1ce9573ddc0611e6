//! One TCP connection: what its requests may know about it, and the supervision of its writes.
//!
//! The rule: if a client reads nothing for [`super::limits::Limits::read_within`], it gets no more data. A WebSocket
//! notices by [`Peer::blocked_for`] and sends a close frame; if that cannot be written either, the connection is
//! dropped. Long-lived connections use a small send buffer ([`Peer::keep_little`]), so that thousands of slow clients
//! need little memory.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use axum::http::Extensions;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Sleep, sleep},
};

use super::limits::Permit;

/// The size of the operating system's send buffer for a long-lived connection.
const SEND_BUFFER_BYTES: usize = 4 * 1024;

/// A connection, as the handlers of its requests see it. Clones share the state.
#[derive(Debug, Clone, Default)]
pub struct Peer(Arc<State>);

#[derive(Debug)]
struct State {
    address: Option<SocketAddr>,
    keeps_little: AtomicBool,
    /// When the client stopped reading, in milliseconds of [`now_ms`]; 0 while it reads.
    blocked_since_ms: AtomicU64,
    /// How many more bytes are read before the connection fails; `usize::MAX` means no limit.
    may_read: AtomicUsize,
}

impl Default for State {
    fn default() -> Self {
        let may_read = AtomicUsize::new(usize::MAX);
        Self { address: None, keeps_little: AtomicBool::default(), blocked_since_ms: AtomicU64::default(), may_read }
    }
}

impl Peer {
    /// Returns the connection of a request with these extensions.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// The client's address; `None` if it is unknown.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.address
    }

    /// Reduces the send buffer, from the next write on.
    pub fn keep_little(&self) {
        self.0.keeps_little.store(true, Ordering::Relaxed);
    }

    /// Makes the connection fail once it has read this many more bytes.
    pub fn read_at_most(&self, bytes: usize) {
        self.0.may_read.store(bytes, Ordering::Relaxed);
    }

    /// Removes the limit of [`Peer::read_at_most`].
    pub fn read_any_number(&self) {
        self.read_at_most(usize::MAX);
    }

    /// How long data has waited for the client to read; zero while the client reads.
    pub fn blocked_for(&self) -> Duration {
        match self.0.blocked_since_ms.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_millis(now_ms().saturating_sub(since)),
        }
    }
}

/// Milliseconds since the first call, starting at 1.
fn now_ms() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// The stream of a connection, with its writes supervised.
pub struct Watched {
    stream: TcpStream,
    peer: Peer,
    write_within: Duration,
    /// The timer of a blocked write.
    patience: Option<Pin<Box<Sleep>>>,
    small: bool,
    /// Its places among all connections and among those of its client, kept after an upgrade too.
    _place: (OwnedSemaphorePermit, Permit),
}

impl Watched {
    /// Wraps `stream`. A write that makes no progress for `write_within` fails with `TimedOut`.
    pub fn new(
        stream: TcpStream,
        address: SocketAddr,
        write_within: Duration,
        place: (OwnedSemaphorePermit, Permit),
    ) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set for a connection");
        }
        let peer = Peer(Arc::new(State { address: Some(address), ..State::default() }));
        Self { stream, peer, write_within, patience: None, small: false, _place: place }
    }

    /// Returns the [`Peer`] that the requests' extensions carry.
    pub fn peer(&self) -> Peer {
        self.peer.clone()
    }

    fn write<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if !self.small && self.peer.0.keeps_little.load(Ordering::Relaxed) {
            self.small = true;
            if let Err(error) = socket2::SockRef::from(&self.stream).set_send_buffer_size(SEND_BUFFER_BYTES) {
                tracing::debug!(%error, "the send buffer of a connection could not be reduced");
            }
        }
        let written = write(Pin::new(&mut self.stream), context);
        if written.is_ready() {
            if self.patience.take().is_some() {
                self.peer.0.blocked_since_ms.store(0, Ordering::Relaxed);
            }
            return written;
        }
        let patience = self.patience.get_or_insert_with(|| {
            self.peer.0.blocked_since_ms.store(now_ms(), Ordering::Relaxed);
            Box::pin(sleep(self.write_within))
        });
        ready!(patience.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let left = self.peer.0.may_read.load(Ordering::Relaxed);
        if left != usize::MAX {
            let read = buffer.filled().len() - before;
            let Some(left) = left.checked_sub(read) else {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the client sends too fast")));
            };
            self.peer.read_at_most(left);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write_vectored(context, parts))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
