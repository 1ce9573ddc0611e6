//! The messages of `graphql-transport-ws`, and the codes with which the server closes a socket.

use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::request::without_value;

/// The subprotocol in the handshake.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// The maximum size of a ping or pong, whose payload is sent back.
const LONGEST_PING_BYTES: usize = 4 * 1024;
/// The maximum size of an operation's id, which each of its results repeats.
const LONGEST_ID_BYTES: usize = 1024;

/// A message from the client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromClient {
    /// Opens the connection; the first message.
    ConnectionInit {
        /// Contains the token; an object or nothing.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// Asks for a pong.
    Ping {
        /// The pong returns it.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// The answer to a ping.
    Pong {
        /// Ignored.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// Starts an operation.
    Subscribe {
        /// Chosen by the client; no two running operations of a socket have the same id.
        id: String,
        /// The same object as the body of a POST.
        payload: Value,
    },
    /// Ends an operation.
    Complete {
        /// The id of the operation.
        id: String,
    },
}

impl FromClient {
    /// Parses a message and checks the sizes and types that serde does not.
    pub fn read(text: &str) -> Result<Self, Close> {
        let message: Self = serde_json::from_str(text).map_err(|error| Close::bad_message(&without_value(&error)))?;
        let payload = match &message {
            Self::Subscribe { id, .. } if id.len() > LONGEST_ID_BYTES => {
                return Err(Close::bad_message(&format!("`id` is longer than {LONGEST_ID_BYTES} bytes")));
            }
            Self::Ping { .. } | Self::Pong { .. } if text.len() > LONGEST_PING_BYTES => {
                return Err(Close::bad_message(&format!("a ping or pong has at most {LONGEST_PING_BYTES} bytes")));
            }
            Self::ConnectionInit { payload } | Self::Ping { payload } | Self::Pong { payload } => payload.as_ref(),
            Self::Subscribe { id, .. } if id.is_empty() => return Err(Close::bad_message("`id` is empty")),
            Self::Subscribe { payload, .. } => Some(payload),
            Self::Complete { .. } => None,
        };
        match payload {
            None | Some(Value::Object(_)) => Ok(message),
            Some(_) => Err(Close::bad_message("`payload` must be an object")),
        }
    }
}

/// A message to the client.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromServer<'a> {
    /// Accepts the connection.
    ConnectionAck,
    /// Asks for a pong.
    Ping,
    /// The answer to a ping.
    Pong {
        /// The payload of the ping.
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    /// The operation cannot be executed; it has ended.
    Error {
        /// The id of the operation.
        id: &'a str,
        /// The GraphQL errors.
        payload: Value,
    },
    /// The operation has ended.
    Complete {
        /// The id of the operation.
        id: &'a str,
    },
}

impl FromServer<'_> {
    /// Returns the message as a frame.
    pub fn frame(&self) -> Message {
        Message::Text(serde_json::to_string(self).unwrap_or_default().into())
    }
}

/// Returns the beginning of every message with a result of this operation.
pub fn next_begins(id: &str) -> String {
    format!(r#"{{"type":"next","id":{},"payload":"#, Value::from(id))
}

/// Returns the message with one result. `begins` comes from [`next_begins`]; `payload` must be JSON.
pub fn next(begins: &str, payload: &str) -> Message {
    let mut text = String::with_capacity(begins.len() + payload.len() + 1);
    text.push_str(begins);
    text.push_str(payload);
    text.push('}');
    Message::Text(text.into())
}

/// Why the server closes a socket: a code and a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: String,
}

impl Close {
    /// The server is stopping.
    pub fn going_away() -> Self {
        Self::new(1001, "the server is stopping")
    }

    /// The client has read nothing for too long. It can reconnect and continue after its last event.
    pub fn slow() -> Self {
        Self::new(1013, "the client read nothing for too long; reconnect and continue after the last event")
    }

    /// An internal error.
    pub fn internal() -> Self {
        Self::new(4500, "Internal server error")
    }

    /// The credentials are missing or invalid, or have ended.
    pub fn forbidden(why: &str) -> Self {
        Self::new(4403, &format!("Forbidden: {why}"))
    }

    /// The message is longer than the limit.
    pub fn too_big() -> Self {
        Self::new(1009, "the message is too large")
    }

    /// The frame violates the WebSocket protocol.
    pub fn bad_frame() -> Self {
        Self::new(1002, "the frame is not valid; send frames as RFC 6455 defines them")
    }

    /// The text is not UTF-8.
    pub fn not_utf8() -> Self {
        Self::new(1007, "the text is not valid UTF-8")
    }

    /// The message is not one of the protocol's.
    pub fn bad_message(why: &str) -> Self {
        Self::new(4400, &format!("Invalid message: {why}"))
    }

    /// The client started an operation before the connection was acknowledged.
    pub fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    /// The client does not offer the subprotocol.
    pub fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    /// The client did not send `connection_init` in time.
    pub fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// An operation with this id is already running.
    pub fn duplicate(id: &str) -> Self {
        Self::new(4409, &format!("Subscriber for {id} already exists"))
    }

    /// The client sent a second `connection_init`.
    pub fn second_init() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    /// The client has the maximum number of sockets.
    pub fn too_many_sockets(limit: usize) -> Self {
        Self::new(4429, &format!("you have {limit} WebSockets, the maximum; close some first"))
    }

    /// The socket has the maximum number of operations.
    pub fn too_many(limit: usize) -> Self {
        Self::new(4429, &format!("more than {limit} operations at once; end some first"))
    }

    fn new(code: u16, reason: &str) -> Self {
        // A close frame carries at most 123 bytes of reason.
        let end = (0..=reason.len().min(123)).rev().find(|&end| reason.is_char_boundary(end)).unwrap_or(0);
        Self { code, reason: reason[..end].to_owned() }
    }

    /// Returns the message as a frame.
    pub fn frame(&self) -> Message {
        Message::Close(Some(CloseFrame { code: self.code, reason: self.reason.as_str().into() }))
    }
}
