//! A relay between the driver and a database server, so that what a server sends is counted by Gloss.
//!
//! The rule: a server is not trusted, before its login and after. The driver reads for as long as a server sends and
//! gives its thread to nobody meanwhile, so no time limit around it ends that. Each connection therefore goes through
//! a private Unix socket to a task here, which passes on no more than an answer may hold and then closes both ends.
//! TLS goes through as it is; before it, and without it, `framing` reads the lengths that the server announces.

mod framing;

pub(super) use framing::Protocol;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use framing::Framing;
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixListener, UnixStream},
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// Bytes that a server may send as one answer: the largest sample of a wide table is below.
const ANSWER: usize = 128 << 20;
/// Bytes that it may send as one answer while the login goes on, and after an answer's time is over.
const LOGIN: usize = 1 << 20;
/// How many answers count as the login's: to the request for TLS and to the name of the user.
const LOGIN_ANSWERS: u32 = 2;
/// How long an answer may arrive, from its first byte. What asks has shorter limits of its own.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Memory that this process may gain while an answer arrives: a few bytes on the wire can be many in the driver.
const MEMORY: u64 = 512 << 20;
/// After how many bytes of an answer its memory is looked at again.
const LOOK_EVERY: usize = 1 << 20;
/// Bytes that are passed on at once.
const CHUNK: usize = 64 << 10;

/// Where a server listens.
#[derive(Debug, Clone)]
pub(super) enum Upstream {
    /// A host and a port.
    Tcp(String, u16),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why a connection ended that the driver only saw closing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server could not be reached.
    Unreachable(io::Error),
    /// It sent, or announced, more than an answer may hold.
    TooMuch,
    /// It sent what its protocol does not know.
    Malformed,
}

/// The folder of all relays' sockets, which this user alone may enter. It is made when first needed.
#[derive(Default)]
pub(super) struct Sockets {
    folder: Mutex<Option<TempDir>>,
    next: AtomicU64,
}

impl Sockets {
    /// A new folder for one socket.
    fn folder(&self) -> io::Result<PathBuf> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        // A program that clears temporary files may have removed it.
        if folder.as_ref().is_none_or(|folder| !folder.path().exists()) {
            *folder = Some(tempfile::Builder::new().prefix("gloss-").tempdir()?);
        }
        let parent = folder.as_ref().map_or(Path::new("/"), TempDir::path);
        let path = parent.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::create_dir(&path)?;
        Ok(path)
    }
}

/// The way to one server.
pub(super) struct Relay {
    socket: PathBuf,
    failure: Failures,
    /// Ends with this.
    accepting: AbortOnDropHandle<()>,
    /// Keeps the folder above the socket's own.
    _sockets: Arc<Sockets>,
}

/// The last failure that nobody has taken.
type Failures = Arc<Mutex<Option<Failure>>>;

impl Relay {
    /// Listens on a socket of this file name. Must be called within the targets' runtime.
    pub(super) fn new(
        sockets: &Arc<Sockets>,
        protocol: Protocol,
        upstream: Upstream,
        file_name: &str,
    ) -> io::Result<Self> {
        let socket = sockets.folder()?.join(file_name);
        let listener = UnixListener::bind(&socket)?;
        let failure = Failures::default();
        let accepting = tokio::spawn(accept(listener, protocol, upstream, Arc::clone(&failure)));
        let accepting = AbortOnDropHandle::new(accepting);
        Ok(Self { socket, failure, accepting, _sockets: Arc::clone(sockets) })
    }

    /// The socket that the driver connects to.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The folder of that socket.
    pub(super) fn folder(&self) -> &Path {
        self.socket.parent().unwrap_or(&self.socket)
    }

    /// Why the relay ended a connection, if it did; each failure is told once.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        // A folder that stays behind is empty and goes with the folder above it.
        drop(std::fs::remove_file(&self.socket));
        drop(std::fs::remove_dir(self.folder()));
    }
}

async fn accept(listener: UnixListener, protocol: Protocol, upstream: Upstream, failure: Failures) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((driver, _)) = accepted else { continue };
                connections.spawn(serve(driver, protocol, upstream.clone(), Arc::clone(&failure)));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// Serves one connection of the driver. The failure is recorded before the driver sees its connection close.
async fn serve(mut driver: UnixStream, protocol: Protocol, upstream: Upstream, failure: Failures) {
    let ended = match upstream {
        Upstream::Tcp(host, port) => match TcpStream::connect((host.as_str(), port)).await {
            Ok(server) => {
                // A server that cannot be told so is only slower.
                drop(server.set_nodelay(true));
                pass_on(&mut driver, server, protocol).await
            }
            Err(error) => Err(Failure::Unreachable(error)),
        },
        Upstream::Unix(path) => match UnixStream::connect(path).await {
            Ok(server) => pass_on(&mut driver, server, protocol).await,
            Err(error) => Err(Failure::Unreachable(error)),
        },
    };
    if let Err(why) = ended {
        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
    drop(driver);
}

/// Passes bytes on in both directions until one end closes or the server has sent too much.
async fn pass_on(
    driver: &mut UnixStream,
    server: impl AsyncRead + AsyncWrite + Send,
    protocol: Protocol,
) -> Result<(), Failure> {
    let (mut from_driver, mut to_driver) = driver.split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let tally =
        Mutex::new(Tally { framing: Framing::new(protocol), answers: 0, bytes: 0, began: Instant::now(), memory: 0 });
    let tally = || tally.lock().unwrap_or_else(PoisonError::into_inner);
    let questions = async {
        let mut bytes = vec![0; CHUNK / 4];
        loop {
            let read = from_driver.read(&mut bytes).await.unwrap_or(0);
            if read == 0 {
                return Ok(());
            }
            tally().ask(&bytes[..read]);
            if to_server.write_all(&bytes[..read]).await.is_err() {
                return Ok(());
            }
        }
    };
    let answers = async {
        let mut bytes = vec![0; CHUNK];
        loop {
            let read = from_server.read(&mut bytes).await.unwrap_or(0);
            if read == 0 {
                return Ok(());
            }
            tally().receive(&bytes[..read])?;
            if to_driver.write_all(&bytes[..read]).await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::select! { ended = questions => ended, ended = answers => ended }
}

/// What came since the driver last asked.
struct Tally {
    framing: Framing,
    answers: u32,
    bytes: usize,
    began: Instant,
    /// The process's memory when the answer began.
    memory: u64,
}

impl Tally {
    fn ask(&mut self, bytes: &[u8]) {
        self.framing.ask(bytes);
        self.bytes = 0;
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.framing.receive(bytes)?;
        if self.bytes == 0 {
            self.answers = self.answers.saturating_add(1);
            self.began = Instant::now();
            self.memory = memory();
        }
        let before = self.bytes;
        self.bytes = self.bytes.saturating_add(bytes.len());
        let short = self.answers <= LOGIN_ANSWERS || self.began.elapsed() > ANSWER_TIME;
        if self.bytes > if short { LOGIN } else { ANSWER } {
            return Err(Failure::TooMuch);
        }
        let looks = before / LOOK_EVERY != self.bytes / LOOK_EVERY;
        if looks && memory() > self.memory.saturating_add(MEMORY) { Err(Failure::TooMuch) } else { Ok(()) }
    }
}

/// The memory of this process in bytes; 0 where the system does not tell.
fn memory() -> u64 {
    /// Linux counts in pages, of this size on all machines but a few with larger ones.
    const PAGE: u64 = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    resident.unwrap_or_default() * PAGE
}
