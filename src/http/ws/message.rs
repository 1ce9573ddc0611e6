//! The messages of `graphql-transport-ws`, and the codes with which a socket is closed.

use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::request::without_value;

/// The name of the protocol in the handshake.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// The longest ping or pong: what it carries goes back.
const LONGEST_PING_BYTES: usize = 4 * 1024;
/// The longest id of an operation: each of its results repeats it.
const LONGEST_ID_BYTES: usize = 1024;

/// From the client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromClient {
    /// The first message.
    ConnectionInit {
        /// For the server's checks; an object or nothing.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// Is anybody there?
    Ping {
        /// Goes back with the pong.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// Yes.
    Pong {
        /// Of no meaning here.
        #[serde(default)]
        payload: Option<Value>,
    },
    /// Start an operation.
    Subscribe {
        /// Chosen by the client; one operation at a time has it.
        id: String,
        /// What POST carries as its body.
        payload: Value,
    },
    /// End an operation.
    Complete {
        /// Which.
        id: String,
    },
}

impl FromClient {
    /// Reads a message and checks what the types cannot say.
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

/// To the client.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromServer<'a> {
    /// The connection may be used.
    ConnectionAck,
    /// Is anybody there?
    Ping,
    /// The answer to a ping.
    Pong {
        /// The ping's.
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
    },
    /// The operation cannot be executed; it has ended.
    Error {
        /// Which.
        id: &'a str,
        /// The GraphQL errors.
        payload: Value,
    },
    /// The operation has ended.
    Complete {
        /// Which.
        id: &'a str,
    },
}

impl FromServer<'_> {
    /// As a frame.
    pub fn frame(&self) -> Message {
        Message::Text(serde_json::to_string(self).unwrap_or_default().into())
    }
}

/// How the messages with the results of an operation begin.
pub fn next_begins(id: &str) -> String {
    format!(r#"{{"type":"next","id":{},"payload":"#, Value::from(id))
}

/// One result of an operation. The payload is JSON already.
pub fn next(begins: &str, payload: &str) -> Message {
    let mut text = String::with_capacity(begins.len() + payload.len() + 1);
    text.push_str(begins);
    text.push_str(payload);
    text.push('}');
    Message::Text(text.into())
}

/// Why a socket is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: String,
}

impl Close {
    /// The server stops; come back soon.
    pub fn going_away() -> Self {
        Self::new(1001, "the server is stopping")
    }

    /// The client has read nothing for too long; what it missed can be had when it comes back.
    pub fn slow() -> Self {
        Self::new(1013, "the client read nothing for too long; reconnect and continue after the last event")
    }

    /// A fault of the server's own.
    pub fn internal() -> Self {
        Self::new(4500, "Internal server error")
    }

    /// The caller may not come in, or may not stay.
    pub fn forbidden(why: &str) -> Self {
        Self::new(4403, &format!("Forbidden: {why}"))
    }

    /// The message is longer than the limit.
    pub fn too_big() -> Self {
        Self::new(1009, "the message is too large")
    }

    /// A frame that WebSocket does not allow.
    pub fn bad_frame() -> Self {
        Self::new(1002, "the frame is not valid; send frames as RFC 6455 defines them")
    }

    /// A text that is not UTF-8.
    pub fn not_utf8() -> Self {
        Self::new(1007, "the text is not valid UTF-8")
    }

    /// The message is none of the protocol's.
    pub fn bad_message(why: &str) -> Self {
        Self::new(4400, &format!("Invalid message: {why}"))
    }

    /// An operation before the acknowledgement.
    pub fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    /// The client does not speak the protocol.
    pub fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    /// No `connection_init` came.
    pub fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// Two operations with one id.
    pub fn duplicate(id: &str) -> Self {
        Self::new(4409, &format!("Subscriber for {id} already exists"))
    }

    /// A second `connection_init`.
    pub fn second_init() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    /// More sockets at once than one client may have.
    pub fn too_many_sockets(limit: usize) -> Self {
        Self::new(4429, &format!("you have {limit} WebSockets, the maximum; close some first"))
    }

    /// More operations at once than one socket may have.
    pub fn too_many(limit: usize) -> Self {
        Self::new(4429, &format!("more than {limit} operations at once; end some first"))
    }

    fn new(code: u16, reason: &str) -> Self {
        // A close frame carries at most 123 bytes of reason.
        let end = (0..=reason.len().min(123)).rev().find(|&end| reason.is_char_boundary(end)).unwrap_or(0);
        Self { code, reason: reason[..end].to_owned() }
    }

    /// As a frame.
    pub fn frame(&self) -> Message {
        Message::Close(Some(CloseFrame { code: self.code, reason: self.reason.as_str().into() }))
    }
}
