//! A relay between the driver and a database server that limits what a server can send.
//!
//! The rule: a server is not trusted, neither before its login nor after. The driver reads for as long as a server
//! sends and does not yield its thread meanwhile, so a timeout around it never fires. Each connection therefore goes
//! through a private Unix socket to a task in this module, which forwards no more than an answer may hold and then
//! closes both ends. TLS passes through unchanged; before it starts, and on connections without it, `framing` checks
//! the lengths that the server announces.

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

/// Maximum size of an answer, in bytes. The largest sample of a wide table stays below it.
const ANSWER: usize = 128 << 20;
/// Maximum size of an answer during the login, and after [`ANSWER_TIME`] has passed, in bytes.
const LOGIN: usize = 1 << 20;
/// Number of answers that belong to the login: to the TLS request and to the user name.
const LOGIN_ANSWERS: u32 = 2;
/// Maximum time for an answer to arrive, measured from its first byte. The callers' own limits are shorter.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Maximum growth of this process's memory while an answer arrives, in bytes: a few bytes on the wire can become many
/// in the driver.
const MEMORY: u64 = 512 << 20;
/// Bytes of an answer between two checks of the process's memory.
const CHECK_EVERY_BYTES: usize = 1 << 20;
/// Size of the copy buffer, in bytes.
const CHUNK: usize = 64 << 10;

/// The address of a server.
#[derive(Debug, Clone)]
pub(super) enum Upstream {
    /// A host and a port.
    Tcp(String, u16),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Why the relay closed a connection. The driver itself sees only that it closed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server could not be reached.
    Unreachable(io::Error),
    /// The server sent, or announced, more than an answer may hold.
    TooMuch,
    /// The server violated its protocol.
    Malformed,
}

/// The folder of all relay sockets, accessible only to this user and created on first use.
#[derive(Default)]
pub(super) struct Sockets {
    folder: Mutex<Option<TempDir>>,
    next: AtomicU64,
}

impl Sockets {
    /// Creates a folder for one socket.
    fn folder(&self) -> io::Result<PathBuf> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        // A cleaner of temporary files may have removed the folder.
        if folder.as_ref().is_none_or(|folder| !folder.path().exists()) {
            *folder = Some(tempfile::Builder::new().prefix("gloss-").tempdir()?);
        }
        let parent = folder.as_ref().map_or(Path::new("/"), TempDir::path);
        let path = parent.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::create_dir(&path)?;
        Ok(path)
    }
}

/// A relay to one server.
pub(super) struct Relay {
    socket: PathBuf,
    failure: Failures,
    /// Stops accepting connections when dropped.
    accepting: AbortOnDropHandle<()>,
    /// Keeps the parent of the socket's folder alive.
    _sockets: Arc<Sockets>,
}

/// The last failure that has not been taken yet.
type Failures = Arc<Mutex<Option<Failure>>>;

impl Relay {
    /// Creates a relay that listens on a socket with this file name. Must be called within the targets' runtime.
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

    /// Returns the path of the socket that the driver connects to.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns the folder that contains the socket.
    pub(super) fn folder(&self) -> &Path {
        self.socket.parent().unwrap_or(&self.socket)
    }

    /// Takes the reason why the relay last closed a connection. Each failure is returned once.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        // A folder that cannot be removed is empty and is deleted with its parent.
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

/// Relays one connection of the driver. A failure is recorded before the driver's connection closes.
async fn serve(mut driver: UnixStream, protocol: Protocol, upstream: Upstream, failure: Failures) {
    let ended = match upstream {
        Upstream::Tcp(host, port) => match TcpStream::connect((host.as_str(), port)).await {
            Ok(server) => {
                // If this fails, the connection is only slower.
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

/// Forwards bytes in both directions until one end closes or the server has sent too much.
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

/// What the server has sent since the driver's last request.
struct Tally {
    framing: Framing,
    answers: u32,
    bytes: usize,
    began: Instant,
    /// The process's memory when the answer began, in bytes.
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
        let is_due = before / CHECK_EVERY_BYTES != self.bytes / CHECK_EVERY_BYTES;
        if is_due && memory() > self.memory.saturating_add(MEMORY) { Err(Failure::TooMuch) } else { Ok(()) }
    }
}

/// Returns the memory of this process in bytes, or 0 if the system does not report it.
fn memory() -> u64 {
    /// The page size on Linux, except on a few machines with larger pages.
    const PAGE: u64 = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    resident.unwrap_or_default() * PAGE
}
