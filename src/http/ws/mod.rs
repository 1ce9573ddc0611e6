//! GraphQL over WebSocket: one task drives each `graphql-transport-ws` connection.
//!
//! ```text
//! client ──► messages ──► operations ──► output ──► client        all in one task
//! ```
//!
//! The rules:
//!
//! - The task never waits for only an operation or only the client, so `complete` always gets through.
//! - An operation is polled for its next result when the client has room for it. A client that reads slowly holds back
//!   its own operations, and no buffer grows for it. A client that reads nothing for too long is closed with code 1013.
//! - An operation's id is free again before its last message is written.
//! - When the socket ends, its operations are dropped, except mutations, which `execute` finishes.
//! - Until `connection_init` authenticates the caller, a socket counts against its address, and the client may send
//!   little. After that the socket counts against the caller.

mod message;
mod output;

use std::{io, ops::ControlFlow, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{
    FutureExt, StreamExt,
    stream::{self, BoxStream, SelectAll},
};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_stream::wrappers::IntervalStream;
use tokio_tungstenite::tungstenite::{Error as Unreadable, error::ProtocolError};
use tracing::Instrument;

use self::{
    message::{Close, FromClient, FromServer, PROTOCOL},
    output::{Exchange, Output},
};
use super::{
    BODY_LIMIT_BYTES, Door, answer::log_panic, caller::Caller, limits::Permit, live::Results, peer::Peer,
    refusal::Refusal, request::Parameters, request_id::RequestId, value,
};

/// How long the server tries to send its close frame and waits for the client's.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);
/// The sizes of a socket's read and write buffers. They are small because there may be thousands of sockets.
const READ_BYTES: usize = 1024;
const WRITE_BYTES: usize = 4 * 1024;
/// The maximum bytes of one message, and of all messages together, before the client is authenticated.
const EARLY_MESSAGE_BYTES: usize = 16 * 1024;
const EARLY_BYTES: usize = 64 * 1024;

/// Accepts the handshake and drives the connection to its end.
pub fn upgrade(door: Door, caller: Caller, peer: Peer, upgrade: WebSocketUpgrade, id: RequestId) -> Response {
    let limit = door.limits.sockets_per_client;
    let Some(permit) = door.open.sockets.take(&caller.client, limit) else {
        let refusal = Refusal::limit(format!("you have {limit} WebSockets, the maximum; close some first"));
        // Closing the connection frees it for other clients.
        return ([(header::CONNECTION, value("close"))], refusal).into_response();
    };
    peer.keep_little();
    peer.read_at_most(EARLY_BYTES);
    let tracker = door.stop.tasks.clone();
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(BODY_LIMIT_BYTES)
        .max_frame_size(BODY_LIMIT_BYTES)
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES);
    upgrade.on_upgrade(move |socket| {
        let span = tracing::info_span!("socket", request_id = id.as_str(), actor = tracing::field::Empty);
        let driven = async move {
            drive(door, caller, permit, peer, socket, id).await;
        };
        tracker.track_future(driven.instrument(span))
    })
}

/// Drives one connection from the handshake to its end.
async fn drive(door: Door, caller: Caller, permit: Permit, peer: Peer, socket: WebSocket, id: RequestId) {
    let spoken = socket.protocol().is_some_and(|protocol| protocol == PROTOCOL);
    let read_within = door.limits.read_within;
    let (output, signals) = (Output::new(socket), SelectAll::new());
    let mut connection = Connection { door, caller, permit, peer, id, output, signals, handshake: Handshake::Silent };
    let close = if spoken {
        let served = AssertUnwindSafe(connection.serve()).catch_unwind().await;
        served.unwrap_or_else(|panic| {
            log_panic(&*panic, &connection.id);
            Some(Close::internal())
        })
    } else {
        Some(Close::subprotocol())
    };
    let Connection { mut output, permit: _permit, .. } = connection;
    output.end_operations();
    let Some(close) = close else {
        // The client has sent a close frame; the next read sends the reply.
        let _given_up = timeout(CLOSE_WITHIN, output.read()).await;
        return;
    };
    tracing::debug!(?close, "closing a WebSocket");
    // A client that has read nothing for long gets the same time again to read why the server closes the socket.
    let within = if close == Close::slow() { read_within } else { CLOSE_WITHIN };
    let closing = async {
        output.close(close.frame()).await;
        // The client's own close frame ends the closing handshake.
        while let Some(Ok(_)) = output.read().await {}
    };
    let _given_up = timeout(within, closing).await;
}

/// Returns the close frame for a read error; `None` if the client is gone.
fn closed_by(error: &axum::Error) -> Option<Close> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        match error.downcast_ref::<Unreadable>() {
            Some(Unreadable::Capacity(_)) => return Some(Close::too_big()),
            Some(Unreadable::Utf8(_)) => return Some(Close::not_utf8()),
            Some(Unreadable::Protocol(fault)) if *fault != ProtocolError::ResetWithoutClosingHandshake => {
                return Some(Close::bad_frame());
            }
            _ => {}
        }
        let is_early = |error: &io::Error| error.kind() == io::ErrorKind::QuotaExceeded;
        if error.downcast_ref().is_some_and(is_early) {
            return Some(Close::too_big());
        }
        source = error.source();
    }
    None
}

/// The state of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handshake {
    /// The client has not sent `connection_init`.
    Silent,
    /// `connection_init` is being checked.
    Deciding,
    /// The connection is acknowledged.
    Open,
}

/// Events other than the client's messages and the operations' results.
enum Signal {
    /// The time for pings and for the checks of timeouts.
    Beat,
    /// The time for `connection_init` is over.
    InitTimeout,
    /// The result of authentication by `connection_init`.
    Admitted(Result<Caller, String>),
    /// The server is stopping.
    Stopped,
    /// The credentials of the caller, or of an earlier caller of this socket, have ended.
    Dismissed,
}

/// The state of one connection.
struct Connection {
    door: Door,
    /// The caller of the handshake, then the caller of `connection_init`.
    caller: Caller,
    /// Its place among the client's sockets.
    permit: Permit,
    peer: Peer,
    /// The id of the handshake's request, under which the socket is logged.
    id: RequestId,
    output: Output,
    /// In a separate stream because they are rare: none of them is polled while the task writes results.
    signals: SelectAll<BoxStream<'static, Signal>>,
    handshake: Handshake,
}

/// Whether the loop continues, or ends with or without a close frame.
type Step = ControlFlow<Option<Close>>;

impl Connection {
    /// Serves until the connection must end. Returns the close frame to send; `None` if the client has closed or is
    /// gone.
    async fn serve(&mut self) -> Option<Close> {
        let limits = Arc::clone(&self.door.limits);
        let (mut last_heard, mut last_ping) = (Instant::now(), Instant::now());
        let mut beat = interval(limits.ping_every.min(limits.read_within / 4).max(Duration::from_millis(1)));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.signals.push(IntervalStream::new(beat).map(|_| Signal::Beat).boxed());
        self.expect(sleep(limits.init_within).map(|()| Signal::InitTimeout));
        self.expect(self.door.stop.token.clone().cancelled_owned().map(|()| Signal::Stopped));
        self.expect_dismissal();
        loop {
            let signal = tokio::select! {
                biased;
                // A caller whose credentials have ended gets no more results, even if some are ready.
                Some(signal) = self.signals.next() => signal,
                exchange = self.output.exchange() => match exchange {
                    Ok(Exchange::Written) => continue,
                    Ok(Exchange::Read(message)) => {
                        last_heard = Instant::now();
                        match self.take(message) {
                            ControlFlow::Continue(()) => continue,
                            ControlFlow::Break(close) => return close,
                        }
                    }
                    Err(_gone) => return None,
                },
            };
            match signal {
                Signal::Beat => {
                    if self.peer.blocked_for() >= limits.read_within {
                        return Some(Close::slow());
                    }
                    if last_heard.elapsed() > limits.silent_for {
                        return None;
                    }
                    if last_ping.elapsed() >= limits.ping_every && self.output.has_room() {
                        last_ping = Instant::now();
                        self.output.say(FromServer::Ping.frame());
                    }
                }
                Signal::InitTimeout if self.handshake == Handshake::Silent => return Some(Close::init_timeout()),
                Signal::Admitted(Ok(caller)) => {
                    if let Err(close) = self.welcome(caller) {
                        return Some(close);
                    }
                    self.expect_dismissal();
                }
                Signal::Admitted(Err(reason)) => return Some(Close::forbidden(&reason)),
                Signal::Stopped => return Some(Close::going_away()),
                Signal::Dismissed if self.caller.dismissed.is_cancelled() => {
                    // Subscriptions end by themselves. Queries and mutations that are running are still answered.
                    self.output.drop_shared();
                    let _late = timeout(CLOSE_WITHIN, self.output.finish()).await;
                    return Some(Close::forbidden("credentials expired or revoked; reconnect with a valid token"));
                }
                Signal::InitTimeout | Signal::Dismissed => {}
            }
        }
    }

    /// Adds a signal for the loop to wait for.
    fn expect(&mut self, signal: impl Future<Output = Signal> + Send + 'static) {
        self.signals.push(stream::once(signal).boxed());
    }

    fn expect_dismissal(&mut self) {
        self.expect(self.caller.dismissed.clone().cancelled_owned().map(|()| Signal::Dismissed));
    }

    /// Accepts the caller of `connection_init`, and counts the socket against that caller.
    fn welcome(&mut self, caller: Caller) -> Result<(), Close> {
        if caller.client != self.caller.client {
            let limit = self.door.limits.sockets_per_client;
            let permit = self.door.open.sockets.take(&caller.client, limit);
            self.permit = permit.ok_or_else(|| Close::too_many_sockets(limit))?;
        }
        self.caller = caller;
        self.peer.read_any_number();
        self.handshake = Handshake::Open;
        self.output.say(FromServer::ConnectionAck.frame());
        Ok(())
    }

    fn take(&mut self, message: Option<Result<Message, axum::Error>>) -> Step {
        match message {
            None | Some(Ok(Message::Close(_))) => ControlFlow::Break(None),
            Some(Ok(Message::Text(text))) => self.receive(&text),
            Some(Ok(Message::Binary(_))) => ControlFlow::Break(Some(Close::bad_message("send text frames"))),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => ControlFlow::Continue(()),
            Some(Err(error)) => ControlFlow::Break(closed_by(&error)),
        }
    }

    /// Handles a text message; breaks if the socket must be closed.
    fn receive(&mut self, text: &str) -> Step {
        if text.len() > EARLY_MESSAGE_BYTES && self.handshake != Handshake::Open {
            return ControlFlow::Break(Some(Close::too_big()));
        }
        let message = match FromClient::read(text) {
            Ok(message) => message,
            Err(close) => return ControlFlow::Break(Some(close)),
        };
        match message {
            FromClient::ConnectionInit { payload } => {
                if self.handshake != Handshake::Silent {
                    return ControlFlow::Break(Some(Close::second_init()));
                }
                self.handshake = Handshake::Deciding;
                let (gate, caller) = (self.door.gate.clone(), self.caller.clone());
                self.expect(async move { Signal::Admitted(gate.admit_socket(caller, payload.as_ref()).await) });
            }
            FromClient::Ping { payload } => self.output.say(FromServer::Pong { payload }.frame()),
            FromClient::Pong { .. } => {}
            FromClient::Subscribe { id, payload } => return self.subscribe(id, payload),
            FromClient::Complete { id } => self.output.stop(&id),
        }
        ControlFlow::Continue(())
    }

    fn subscribe(&mut self, id: String, payload: Value) -> Step {
        if self.handshake != Handshake::Open {
            return ControlFlow::Break(Some(Close::unauthorized()));
        }
        let parameters = match Parameters::from_json(payload) {
            Ok(parameters) => parameters,
            Err(refusal) => return ControlFlow::Break(Some(Close::bad_message(&refusal.message))),
        };
        let limit = self.door.limits.operations_per_socket;
        if self.output.runs(&id) {
            return ControlFlow::Break(Some(Close::duplicate(&id)));
        }
        if self.output.running() >= limit {
            return ControlFlow::Break(Some(Close::too_many(limit)));
        }
        match self.door.gate.count(&self.caller).and_then(|()| self.door.prepare(parameters)) {
            Ok(prepared) => {
                let (door, caller, request_id) = (self.door.clone(), self.caller.clone(), self.id.clone());
                self.output.start(id, Results::begin(door, caller, prepared, request_id));
            }
            Err(refusal) => self.output.say(FromServer::Error { id: &id, payload: refusal.errors() }.frame()),
        }
        ControlFlow::Continue(())
    }
}
