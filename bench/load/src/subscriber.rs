//! Subscribers that use few resources: each has one socket, parses frames by hand, and searches the text for the
//! event's number.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Notify, Semaphore},
    task::JoinSet,
};

use crate::Result;

/// A subscriber that receives nothing for this long stops.
const SILENCE: Duration = Duration::from_secs(60);

/// The server and the subscription.
pub struct Target {
    host: String,
    path: String,
    init: Value,
    payload: Value,
    /// The text before an event's number, for example `"sequence":`.
    needle: Arc<[u8]>,
}

impl Target {
    pub fn new(url: &str, init: Value, payload: Value, sequence: &str) -> Result<Self> {
        let rest = url.strip_prefix("ws://").ok_or("write the address as ws://host:port/path")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let needle = format!("\"{sequence}\":").into_bytes().into();
        Ok(Self { host: host.to_owned(), path: format!("/{path}"), init, payload, needle })
    }
}

/// What one subscriber received: the number and the time, in microseconds, of each event.
#[derive(Default)]
pub struct Received {
    pub events: Vec<(u64, u64)>,
    pub complete: bool,
    /// The texts of the messages; kept for the first subscriber only.
    pub texts: Vec<Vec<u8>>,
}

/// All subscribers.
pub struct Crowd {
    tasks: JoinSet<Result<Received>>,
    newest: Arc<AtomicU64>,
    leave: Arc<Notify>,
}

impl Crowd {
    /// Connects `count` subscribers, and returns when each has received an event or an acknowledgement.
    pub async fn gather(target: &Target, count: usize, keeps_texts: impl Fn(usize) -> bool) -> Result<Self> {
        let (newest, leave) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        let (ready, opening) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(64)));
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for n in 0..count {
            let place = Arc::clone(&opening).acquire_owned().await?;
            let socket = open(target).await?;
            drop(place);
            ready.fetch_add(1, Ordering::Relaxed);
            let listener = Listener {
                socket,
                needle: Arc::clone(&target.needle),
                began,
                newest: Arc::clone(&newest),
                leave: Arc::clone(&leave),
                keeps_texts: n == 0 && keeps_texts(n),
            };
            tasks.spawn(listener.listen());
        }
        Ok(Self { tasks, newest, leave })
    }

    /// Returns the number of the newest event that any subscriber has received.
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Waits until all subscriptions have completed.
    pub async fn until_the_end(self) -> Result<Vec<Received>> {
        self.tasks.join_all().await.into_iter().collect()
    }

    /// Stops and returns what was received so far.
    pub async fn until_now(self) -> Result<Vec<Received>> {
        self.leave.notify_waiters();
        self.until_the_end().await
    }
}

/// Connects and subscribes.
async fn open(target: &Target) -> Result<TcpStream> {
    let mut socket = TcpStream::connect(&target.host).await?;
    socket.set_nodelay(true)?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(8 * 1024)?;
    let Target { host, path, .. } = target;
    let handshake = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    );
    socket.write_all(handshake.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(socket.read_u8().await?);
    }
    if !answer.starts_with(b"HTTP/1.1 101") {
        return Err(format!("the handshake was refused: {}", String::from_utf8_lossy(&answer)).into());
    }
    say(&mut socket, &json!({ "type": "connection_init", "payload": target.init })).await?;
    let mut head = [0; 2];
    socket.read_exact(&mut head).await?;
    let mut acknowledged = vec![0; (head[1] & 0x7f).into()];
    socket.read_exact(&mut acknowledged).await?;
    if !String::from_utf8_lossy(&acknowledged).contains("connection_ack") {
        return Err(format!("not acknowledged: {}", String::from_utf8_lossy(&acknowledged)).into());
    }
    say(&mut socket, &json!({ "id": "1", "type": "subscribe", "payload": target.payload })).await?;
    Ok(socket)
}

/// Sends a text frame. Its mask is all zeros, which leaves the text unchanged.
async fn say(socket: &mut TcpStream, message: &Value) -> Result<()> {
    let text = message.to_string();
    let length = u16::try_from(text.len())?;
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.into_bytes());
    Ok(socket.write_all(&frame).await?)
}

/// One subscriber.
struct Listener {
    socket: TcpStream,
    needle: Arc<[u8]>,
    began: Instant,
    newest: Arc<AtomicU64>,
    leave: Arc<Notify>,
    keeps_texts: bool,
}

impl Listener {
    async fn listen(mut self) -> Result<Received> {
        let mut received = Received::default();
        let mut buffer = vec![0; 16 * 1024];
        let (mut start, mut end) = (0, 0);
        let leave = Arc::clone(&self.leave);
        let mut leave = std::pin::pin!(leave.notified());
        loop {
            let read = tokio::select! {
                read = self.socket.read(&mut buffer[end..]) => read?,
                () = &mut leave => return Ok(received),
                () = tokio::time::sleep(SILENCE) => return Ok(received),
            };
            if read == 0 {
                return Ok(received);
            }
            end += read;
            let now = u64::try_from(self.began.elapsed().as_micros())?;
            while let Some((opcode, body, length)) = frame(&buffer[start..end]) {
                match opcode {
                    1 => {
                        let text = &buffer[start..start + length][body..];
                        if text == PING {
                            say(&mut self.socket, &json!({ "type": "pong" })).await?;
                        } else if self.message(&mut received, text, now) {
                            received.complete = true;
                            return Ok(received);
                        }
                    }
                    8 => {
                        return Err(format!(
                            "closed: {}",
                            String::from_utf8_lossy(&buffer[start + body..start + length])
                        )
                        .into());
                    }
                    // An empty pong, with a mask of zeros.
                    9 => self.socket.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await?,
                    _ => {}
                }
                start += length;
            }
            buffer.copy_within(start..end, 0);
            (start, end) = (0, end - start);
            if end == buffer.len() {
                buffer.resize(2 * end, 0);
            }
        }
    }

    /// Records a message; returns whether it was the last.
    fn message(&self, received: &mut Received, text: &[u8], now: u64) -> bool {
        let number = number_after(text, &self.needle);
        let Some(number) = number else {
            // A small message that is not an event: the end, a ping of the protocol, or an error.
            let text = String::from_utf8_lossy(text);
            return text.contains("\"complete\"") || text.contains("\"error\"");
        };
        received.events.push((number, now));
        self.newest.fetch_max(number, Ordering::Relaxed);
        if self.keeps_texts {
            received.texts.push(text.to_vec());
        }
        false
    }
}

/// The protocol's own ping.
const PING: &[u8] = br#"{"type":"ping"}"#;

/// Returns the opcode, the start of the body and the body's length of the first frame, if it is complete.
fn frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (body, length) = match bytes.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        length => (2, length.into()),
    };
    (bytes.len() >= body + length).then_some((bytes[0] & 0x0f, body, body + length))
}

fn number_after(text: &[u8], needle: &[u8]) -> Option<u64> {
    let at = text.windows(needle.len()).position(|window| window == needle)?;
    let digits = text[at + needle.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| 10 * number + u64::from(digit - b'0')))
}
