//! What goes out on one socket: the protocol's own messages first, then what its operations say, each in its
//! turn, as far as the client takes it.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use async_graphql::Executor;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{
    Sink, SinkExt, Stream, StreamExt,
    future::poll_fn,
    stream::{AbortHandle, Abortable, SelectAll, SplitSink},
};
use serde_json::Value;

use super::message::{FromServer, next, next_begins};
use crate::http::results::{Piece, Results};

/// The protocol's own messages that may wait for the client to read, and their bytes; with more it is not listened to.
const WAITING: usize = 64;
const WAITING_BYTES: usize = 16 * 1024;
/// Messages that are gathered before they are flushed, at most.
const GATHERED: usize = 64;

/// The writing half of a socket.
pub struct Output<E> {
    sink: SplitSink<WebSocket, Message>,
    waiting: VecDeque<Message>,
    waiting_bytes: usize,
    operations: SelectAll<Abortable<Operation<E>>>,
    /// The operations under way, by the client's id.
    running: HashMap<Arc<str>, Running<E>>,
    /// Messages since the last flush.
    gathered: usize,
}

impl<E: Executor> Output<E> {
    /// Nothing to say yet.
    pub fn new(sink: SplitSink<WebSocket, Message>) -> Self {
        let (waiting, operations, running) = (VecDeque::new(), SelectAll::new(), HashMap::new());
        Self { sink, waiting, waiting_bytes: 0, operations, running, gathered: 0 }
    }

    /// Whether the client may make the server say more: little waits, and of what was stopped little is left.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < WAITING
            && self.waiting_bytes < WAITING_BYTES
            && self.operations.len() < self.running.len() + WAITING
    }

    /// Says something before all results.
    pub fn say(&mut self, message: Message) {
        self.waiting_bytes += length(&message);
        self.waiting.push_back(message);
    }

    /// Begins to write the results of an operation.
    pub fn start(&mut self, id: String, results: Results<E>) {
        let (handle, registration) = AbortHandle::new_pair();
        let id: Arc<str> = id.into();
        let begins = next_begins(&id);
        let results = Arc::new(Mutex::new(Some(results)));
        let operation = Operation { id: Arc::clone(&id), begins, results: Arc::clone(&results) };
        self.running.insert(id, Running { handle, results });
        self.operations.push(Abortable::new(operation, registration));
    }

    /// Whether an operation has this id.
    pub fn runs(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// Operations under way.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Ends an operation without a word, at once even when the client does not read: what is left of it goes when it
    /// does.
    pub fn stop(&mut self, id: &str) {
        if let Some(Running { handle, results }) = self.running.remove(id) {
            drop(locked(&results).take());
            handle.abort();
        }
    }

    /// Ends all operations.
    pub fn end_operations(&mut self) {
        self.operations.clear();
        self.running.clear();
    }

    /// Writes what there is to write, and waits for more. It may be dropped at any moment and called again; it
    /// returns when much was written, so that others get their turn.
    pub async fn write(&mut self) -> Result<(), axum::Error> {
        poll_fn(|context| self.poll_write(context)).await
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        loop {
            if self.gathered >= GATHERED {
                ready!(self.sink.poll_flush_unpin(context))?;
                self.gathered = 0;
                return Poll::Ready(Ok(()));
            }
            ready!(self.sink.poll_ready_unpin(context))?;
            let message = match self.waiting.pop_front() {
                Some(message) => {
                    self.waiting_bytes -= length(&message);
                    Some(message)
                }
                None => match self.operations.poll_next_unpin(context) {
                    Poll::Ready(Some(said)) => Some(self.message(said)),
                    Poll::Ready(None) | Poll::Pending => None,
                },
            };
            if let Some(message) = message {
                Pin::new(&mut self.sink).start_send(message)?;
                self.gathered += 1;
            } else {
                if self.gathered > 0 {
                    ready!(self.sink.poll_flush_unpin(context))?;
                    self.gathered = 0;
                }
                return Poll::Pending;
            }
        }
    }

    /// Writes until nothing waits and no operation is under way.
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

    fn message(&mut self, (id, said): (Arc<str>, Said)) -> Message {
        let last = match said {
            Said::Next(message) => return message,
            Said::Failed(payload) => FromServer::Error { id: &id, payload }.frame(),
            Said::Complete => FromServer::Complete { id: &id }.frame(),
        };
        self.running.remove(&id);
        last
    }

    /// Writes what waits, then the last frame.
    pub async fn close(&mut self, frame: Message) {
        let mut last = std::mem::take(&mut self.waiting);
        last.push_back(frame);
        for message in last {
            if self.sink.send(message).await.is_err() {
                return;
            }
        }
    }
}

/// The bytes that a message has to carry.
fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}

/// One operation of one socket.
struct Operation<E> {
    id: Arc<str>,
    /// How its messages begin.
    begins: String,
    results: Slot<E>,
}

/// An operation, for those who stop it.
struct Running<E> {
    handle: AbortHandle,
    results: Slot<E>,
}

/// Results until they end or are stopped. One task alone has them: the lock never waits.
type Slot<E> = Arc<Mutex<Option<Results<E>>>>;

fn locked<E>(slot: &Slot<E>) -> MutexGuard<'_, Option<Results<E>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an operation says.
enum Said {
    Next(Message),
    Failed(Value),
    Complete,
}

impl<E: Executor> Stream for Operation<E> {
    type Item = (Arc<str>, Said);

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut slot = locked(&self.results);
        let Some(results) = slot.as_mut() else { return Poll::Ready(None) };
        let said = match ready!(results.poll_next_unpin(context)) {
            Some(Piece::Failed(errors)) => Said::Failed(errors),
            Some(piece) => Said::Next(next(&self.begins, &piece.json())),
            None => Said::Complete,
        };
        if !matches!(said, Said::Next(_)) {
            *slot = None;
        }
        drop(slot);
        Poll::Ready(Some((Arc::clone(&self.id), said)))
    }
}
