//! A socket and its output: first the protocol's own messages, then the results of the operations, taken in turn, as
//! fast as the client reads.
//!
//! The rule: nothing is buffered beyond the limits below, so a client that reads slowly holds back its own operations.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    vec,
};

use axum::extract::ws::{Message, WebSocket};
use futures_util::{
    Sink, SinkExt, Stream, StreamExt,
    future::poll_fn,
    stream::{AbortHandle, Abortable, SelectAll},
};
use serde_json::Value;

use super::message::{FromServer, next, next_begins};
use crate::http::live::{Piece, Results};

/// The maximum number and bytes of the protocol's own messages that wait to be written. Beyond them, the socket is not
/// read.
const WAITING: usize = 64;
const WAITING_BYTES: usize = 16 * 1024;
/// The maximum number of messages between two flushes.
const GATHERED: usize = 64;
/// The maximum number and bytes of results that an operation takes from a shared execution at once; a single longer
/// result is taken too.
const BATCH: usize = 16;
const BATCH_BYTES: usize = 4 * 1024;

/// The outcome of [`Output::exchange`].
pub enum Exchange {
    /// A batch of messages was written.
    Written,
    /// The client's next message; `None` at the end of the stream.
    Read(Option<Result<Message, axum::Error>>),
}

/// A socket and what is to be written to it.
pub struct Output {
    socket: WebSocket,
    /// Whether the next exchange reads first or writes first; they alternate.
    reads_first: bool,
    waiting: VecDeque<Message>,
    waiting_bytes: usize,
    operations: SelectAll<Abortable<Operation>>,
    /// The unwritten results that the last operation gave.
    batch: Option<Batch>,
    /// The running operations, by the client's id.
    running: HashMap<Arc<str>, Running>,
    /// The number of messages since the last flush.
    gathered: usize,
}

impl Output {
    /// Creates an output with nothing to write.
    pub fn new(socket: WebSocket) -> Self {
        let (waiting, operations, running) = (VecDeque::new(), SelectAll::new(), HashMap::new());
        Self { socket, reads_first: false, waiting, waiting_bytes: 0, operations, batch: None, running, gathered: 0 }
    }

    /// Whether the server may accept more messages from the client: few messages wait, and few stopped operations are
    /// still to be dropped.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < WAITING
            && self.waiting_bytes < WAITING_BYTES
            && self.operations.len() < self.running.len() + WAITING
    }

    /// Queues a message before all results.
    pub fn say(&mut self, message: Message) {
        self.waiting_bytes += length(&message);
        self.waiting.push_back(message);
    }

    /// Starts to write the results of an operation.
    pub fn start(&mut self, id: String, results: Results) {
        let (handle, registration) = AbortHandle::new_pair();
        let id: Arc<str> = id.into();
        let begins = next_begins(&id);
        let results = Arc::new(Mutex::new(Some(results)));
        let operation = Operation { id: Arc::clone(&id), begins, results: Arc::clone(&results), last: None };
        self.running.insert(id, Running { handle, results });
        self.operations.push(Abortable::new(operation, registration));
    }

    /// Whether an operation with this id is running.
    pub fn runs(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// The number of running operations.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Ends an operation without sending a message. Its execution is dropped at once, even if the client does not read.
    pub fn stop(&mut self, id: &str) {
        if let Some(Running { handle, results }) = self.running.remove(id) {
            drop(locked(&results).take());
            handle.abort();
            self.batch.take_if(|batch| *batch.id == *id);
        }
    }

    /// Drops the unwritten results of a shared execution.
    pub fn drop_shared(&mut self) {
        self.batch.take_if(|batch| batch.shared);
    }

    /// Ends all operations.
    pub fn end_operations(&mut self) {
        self.operations.clear();
        self.running.clear();
        self.batch = None;
    }

    /// Writes messages, and reads one if there is room for the responses to it; waits until either is done. It returns
    /// after a batch of messages so that other tasks can run. It is cancel-safe.
    pub async fn exchange(&mut self) -> Result<Exchange, axum::Error> {
        self.reads_first = !self.reads_first;
        let first = self.reads_first;
        poll_fn(|context| {
            let listened = first && self.has_room();
            if listened && let Poll::Ready(message) = self.socket.poll_next_unpin(context) {
                return Poll::Ready(Ok(Exchange::Read(message)));
            }
            if let Poll::Ready(written) = self.poll_write(context) {
                return Poll::Ready(written.map(|()| Exchange::Written));
            }
            // Writing may have made room.
            if !listened
                && self.has_room()
                && let Poll::Ready(message) = self.socket.poll_next_unpin(context)
            {
                return Poll::Ready(Ok(Exchange::Read(message)));
            }
            Poll::Pending
        })
        .await
    }

    /// Returns the client's next message.
    pub async fn read(&mut self) -> Option<Result<Message, axum::Error>> {
        self.socket.next().await
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        loop {
            if self.gathered >= GATHERED {
                ready!(self.socket.poll_flush_unpin(context))?;
                self.gathered = 0;
                return Poll::Ready(Ok(()));
            }
            ready!(self.socket.poll_ready_unpin(context))?;
            let message = match self.waiting.pop_front() {
                Some(message) => {
                    self.waiting_bytes -= length(&message);
                    Some(message)
                }
                None => self.next_result(context),
            };
            if let Some(message) = message {
                Pin::new(&mut self.socket).start_send(message)?;
                self.gathered += 1;
            } else {
                if self.gathered > 0 {
                    ready!(self.socket.poll_flush_unpin(context))?;
                    self.gathered = 0;
                }
                return Poll::Pending;
            }
        }
    }

    /// Writes until no message waits and no operation is running, or until the client is gone.
    pub async fn finish(&mut self) {
        poll_fn(|context| {
            loop {
                match self.poll_write(context) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_gone)) => return Poll::Ready(()),
                    Poll::Pending if self.waiting.is_empty() && self.running.is_empty() => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
    }

    /// Returns the next message of an operation, if one is ready.
    fn next_result(&mut self, context: &mut Context<'_>) -> Option<Message> {
        loop {
            if let Some(message) = self.batch.as_mut().and_then(|batch| batch.messages.next()) {
                return Some(message);
            }
            self.batch = None;
            let Poll::Ready(Some(said)) = self.operations.poll_next_unpin(context) else { return None };
            let (id, last) = match said {
                Said::Next(batch) => {
                    self.batch = Some(batch);
                    continue;
                }
                Said::Failed(id, payload) => {
                    let last = FromServer::Error { id: &id, payload }.frame();
                    (id, last)
                }
                Said::Complete(id) => {
                    let last = FromServer::Complete { id: &id }.frame();
                    (id, last)
                }
            };
            self.running.remove(&id);
            return Some(last);
        }
    }

    /// Writes the waiting messages, then `frame`.
    pub async fn close(&mut self, frame: Message) {
        let mut last = std::mem::take(&mut self.waiting);
        last.push_back(frame);
        for message in last {
            if self.socket.send(message).await.is_err() {
                return;
            }
        }
    }
}

/// The payload of a message, in bytes.
fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}

/// One operation of one socket.
struct Operation {
    id: Arc<str>,
    /// The constant beginning of its messages.
    begins: String,
    results: Slot,
    /// Its last message, which follows the results that were taken with it.
    last: Option<Said>,
}

/// The handle by which a running operation is stopped.
struct Running {
    handle: AbortHandle,
    results: Slot,
}

/// The results, until they end or are stopped. Only one task uses them, so the lock is never contended.
type Slot = Arc<Mutex<Option<Results>>>;

fn locked(slot: &Slot) -> MutexGuard<'_, Option<Results>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An item of an operation's stream.
enum Said {
    Next(Batch),
    Failed(Arc<str>, Value),
    Complete(Arc<str>),
}

/// Results of one operation, as messages.
struct Batch {
    id: Arc<str>,
    messages: vec::IntoIter<Message>,
    /// Whether some of them come from a shared execution, so the operation is a subscription.
    shared: bool,
}

impl Stream for Operation {
    type Item = Said;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Said>> {
        let Self { id, begins, results, last } = self.get_mut();
        if last.is_some() {
            return Poll::Ready(last.take());
        }
        let mut slot = locked(results);
        let (mut messages, mut bytes, mut shared, mut goes_on) = (Vec::new(), 0, false, true);
        while goes_on && messages.len() < BATCH && bytes < BATCH_BYTES {
            let Some(results) = slot.as_mut() else { break };
            match results.poll_next_unpin(context) {
                Poll::Ready(Some(Piece::Failed(errors))) => *last = Some(Said::Failed(Arc::clone(id), errors)),
                Poll::Ready(None) => *last = Some(Said::Complete(Arc::clone(id))),
                Poll::Ready(Some(piece)) => {
                    goes_on = matches!(piece, Piece::Shared(_));
                    shared |= goes_on;
                    let message = next(begins, &piece.json());
                    bytes += length(&message);
                    messages.push(message);
                }
                Poll::Pending if messages.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
            if last.is_some() {
                *slot = None;
            }
        }
        drop(slot);
        if messages.is_empty() {
            return Poll::Ready(last.take());
        }
        Poll::Ready(Some(Said::Next(Batch { id: Arc::clone(id), messages: messages.into_iter(), shared })))
    }
}
