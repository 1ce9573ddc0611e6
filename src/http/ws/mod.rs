//! GraphQL over WebSocket: the driver of one `graphql-transport-ws` connection.
//!
//! ```text
//! client ──► read loop ──► one task per operation ──► queue ──► writer ──► client
//! ```
//!
//! The rules: the read loop never waits for an operation, so that `complete` always gets through; the queue
//! is short, so that a client that reads slowly holds back its own operations and nothing grows for it; an
//! operation's id is free again before its last message is queued; when the socket goes, all its operations
//! are dropped, save mutations, which `execute` lets end.

mod message;

use std::{
    collections::HashMap,
    ops::ControlFlow,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_graphql::Executor;
use axum::{
    body::Bytes,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures_util::{FutureExt, SinkExt, StreamExt, stream::SplitSink};
use serde_json::Value;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, interval_at, sleep, timeout},
};
use tracing::Instrument;

use self::message::{Close, FromClient, FromServer, PROTOCOL, next};
use super::{
    BODY_LIMIT_BYTES, Door,
    answer::{Answer, log_panic},
    asker::{ACCESS_ENDED, Asker},
    request::{Parameters, RequestId},
};

/// How long a client may take to say `connection_init`.
const INIT_WITHIN: Duration = Duration::from_secs(10);
/// How often the server pings.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A client from which nothing came for so long, not even a pong, is gone.
const SILENT_FOR: Duration = Duration::from_secs(65);
/// How long a close frame may take to get out.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);
/// Messages that wait for a client to read.
const QUEUE: usize = 16;
/// Operations at once on one socket.
const MAX_OPERATIONS: usize = 100;

/// Accepts the handshake and drives the connection to its end.
pub fn upgrade<E: Executor>(door: Door<E>, asker: Asker, upgrade: WebSocketUpgrade, id: RequestId) -> Response {
    let sockets = door.stop.sockets.clone();
    upgrade.protocols([PROTOCOL]).max_message_size(BODY_LIMIT_BYTES).max_frame_size(BODY_LIMIT_BYTES).on_upgrade(
        move |socket| {
            let span = tracing::info_span!("socket", request_id = id.as_str(), actor = tracing::field::Empty);
            sockets.track_future(drive(door, asker, socket, id).instrument(span))
        },
    )
}

/// One connection, from the handshake to its end.
async fn drive<E: Executor>(door: Door<E>, asker: Asker, socket: WebSocket, id: RequestId) {
    let spoken = socket.protocol().is_some_and(|protocol| protocol == PROTOCOL);
    let (sink, mut stream) = socket.split();
    let (queue, waiting) = mpsc::channel(QUEUE);
    let mut writer = tokio::spawn(write(sink, waiting));
    let mut connection =
        Connection { door: door.clone(), asker, id, queue, initialised: false, operations: Operations::default() };

    let mut last_heard = Instant::now();
    let mut pings = interval_at(last_heard + PING_EVERY, PING_EVERY);
    let init_timeout = sleep(INIT_WITHIN);
    tokio::pin!(init_timeout);

    let close = loop {
        if !spoken {
            break Some(Close::subprotocol());
        }
        tokio::select! {
            incoming = stream.next() => {
                last_heard = Instant::now();
                match incoming {
                    None | Some(Ok(Message::Close(_))) => break None,
                    Some(Ok(Message::Text(text))) => {
                        if let ControlFlow::Break(close) = connection.receive(&text).await {
                            break close;
                        }
                    }
                    Some(Ok(Message::Binary(_))) => break Some(Close::bad_message("send text frames")),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Err(error)) => break is_too_big(&error).then(Close::too_big),
                }
            }
            _ = pings.tick() => {
                if last_heard.elapsed() > SILENT_FOR {
                    break None;
                }
                // A full queue means that the client has yet to read what it was sent: no need to ask.
                let _ = connection.queue.try_send(Message::Ping(Bytes::new()));
            }
            () = &mut init_timeout, if !connection.initialised => break Some(Close::init_timeout()),
            () = connection.asker.dismissed.cancelled(), if connection.initialised => {
                break Some(Close::forbidden(ACCESS_ENDED));
            }
            () = door.stop.token.cancelled() => break Some(Close::going_away()),
            _ = &mut writer => break None,
        }
    };
    let Connection { operations, queue, .. } = connection;
    drop(operations);
    if let Some(close) = close {
        tracing::debug!(?close, "closing a socket");
        let _ = timeout(CLOSE_WITHIN, queue.send(close.frame())).await;
    }
    drop(queue);
    let closing = async {
        let _ = (&mut writer).await;
        // The client's own close frame ends the closing handshake.
        while let Some(Ok(_)) = stream.next().await {}
    };
    if timeout(CLOSE_WITHIN, closing).await.is_err() {
        writer.abort();
    }
}

/// Writes what is queued until the queue is closed or the client is gone.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut waiting: mpsc::Receiver<Message>) {
    while let Some(message) = waiting.recv().await {
        let last = matches!(message, Message::Close(_));
        if sink.send(message).await.is_err() || last {
            return;
        }
    }
}

fn is_too_big(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.to_string().contains("too long") {
            return true;
        }
        source = error.source();
    }
    false
}

/// The state of one connection.
struct Connection<E> {
    door: Door<E>,
    /// Whom the handshake named, then whom `connection_init` named.
    asker: Asker,
    /// Of the handshake; names the socket in the log.
    id: RequestId,
    queue: mpsc::Sender<Message>,
    initialised: bool,
    operations: Operations,
}

impl<E: Executor> Connection<E> {
    /// Acts on a message; breaks when the socket must be closed.
    async fn receive(&mut self, text: &str) -> ControlFlow<Option<Close>> {
        let message = match FromClient::read(text) {
            Ok(message) => message,
            Err(close) => return ControlFlow::Break(Some(close)),
        };
        match message {
            FromClient::ConnectionInit { .. } if self.initialised => ControlFlow::Break(Some(Close::second_init())),
            FromClient::ConnectionInit { payload } => {
                match self.door.gate.admission().decide(self.asker.clone(), payload).await {
                    Ok(asker) => self.asker = asker,
                    Err(reason) => return ControlFlow::Break(Some(Close::forbidden(&reason))),
                }
                self.initialised = true;
                self.send(FromServer::ConnectionAck.frame()).await
            }
            FromClient::Ping { payload } => self.send(FromServer::Pong { payload }.frame()).await,
            FromClient::Pong { .. } => ControlFlow::Continue(()),
            FromClient::Subscribe { .. } if !self.initialised => ControlFlow::Break(Some(Close::unauthorized())),
            FromClient::Subscribe { id, payload } => self.subscribe(id, payload),
            FromClient::Complete { id } => {
                self.operations.stop(&id);
                ControlFlow::Continue(())
            }
        }
    }

    async fn send(&self, message: Message) -> ControlFlow<Option<Close>> {
        match self.queue.send(message).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(None),
        }
    }

    fn subscribe(&mut self, id: String, payload: Value) -> ControlFlow<Option<Close>> {
        let parameters = match Parameters::from_json(payload) {
            Ok(parameters) => parameters,
            Err(refusal) => return ControlFlow::Break(Some(Close::bad_message(&refusal.message))),
        };
        let operation = Operation {
            door: self.door.clone(),
            asker: self.asker.clone(),
            request_id: self.id.clone(),
            queue: self.queue.clone(),
            running: self.operations.running.clone(),
            id: id.clone(),
        };
        match self.operations.start(id, operation.run(parameters)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(close) => ControlFlow::Break(Some(close)),
        }
    }
}

/// The operations under way, by the client's id.
type Running = Arc<Mutex<HashMap<String, AbortHandle>>>;

/// The tasks of one socket; dropping them ends them.
#[derive(Default)]
struct Operations {
    running: Running,
    tasks: JoinSet<()>,
}

impl Operations {
    fn start(&mut self, id: String, task: impl Future<Output = ()> + Send + 'static) -> Result<(), Close> {
        while self.tasks.try_join_next().is_some() {}
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(&id) {
            return Err(Close::duplicate(&id));
        }
        if running.len() >= MAX_OPERATIONS {
            return Err(Close::too_many(MAX_OPERATIONS));
        }
        // The lock is held, so the task cannot free its id before it is taken.
        let task = self.tasks.spawn(task.in_current_span());
        running.insert(id, task);
        Ok(())
    }

    fn stop(&mut self, id: &str) {
        let stopped = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(task) = stopped {
            task.abort();
        }
    }
}

/// One operation of one socket.
struct Operation<E> {
    door: Door<E>,
    asker: Asker,
    request_id: RequestId,
    queue: mpsc::Sender<Message>,
    running: Running,
    id: String,
}

impl<E: Executor> Operation<E> {
    async fn run(self, parameters: Parameters) {
        let last = match AssertUnwindSafe(self.results(parameters)).catch_unwind().await {
            Ok(Some(last)) => last,
            Ok(None) => return,
            Err(panic) => {
                log_panic(&*panic, &self.request_id);
                self.error(Answer::internal(&self.request_id).errors())
            }
        };
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        let _ = self.queue.send(last).await;
    }

    /// Sends each result; gives the message that ends the operation, or nothing when the socket is gone.
    async fn results(&self, parameters: Parameters) -> Option<Message> {
        let prepared = match self.door.gate.count(&self.asker).and_then(|()| parameters.prepare()) {
            Ok(prepared) => prepared.asked_by(&self.asker),
            Err(refusal) => return Some(self.error(refusal.errors())),
        };
        let mut results = self.door.clone().execute_stream(prepared);
        let mut first = true;
        while let Some(response) = results.next().await {
            let answer = Answer::new(response, &self.request_id);
            if first && answer.refused {
                return Some(self.error(answer.errors()));
            }
            first = false;
            self.queue.send(next(&self.id, &answer.to_json())).await.ok()?;
        }
        Some(FromServer::Complete { id: &self.id }.frame())
    }

    fn error(&self, payload: Value) -> Message {
        FromServer::Error { id: &self.id, payload }.frame()
    }
}
