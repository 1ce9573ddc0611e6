//! Requests to providers over HTTP: a chat completion, and its answer as a whole or as a stream of events. A
//! [`Dialect`] translates both for providers with another format.
//!
//! The rule: a provider is untrusted. The number of bytes that are read and buffered is limited by the number of tokens
//! requested, and all answers in progress share a limit for buffered bytes. Reading yields to other tasks, and stops
//! once nobody waits for the answer. Answers that deviate slightly from OpenAI's format are read by their evident
//! meaning.

mod body;
mod calls;
mod events;
mod parts;
mod stream;

use std::sync::Arc;

use reqwest::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap},
};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use super::dialect::Dialect;
use crate::port::converse::Call;

/// Memory that all large answers in progress share, in KiB.
const ROOM_KIB: usize = 64 << 10;

/// One request.
pub struct Request<'a> {
    /// The URL.
    pub url: Url,
    /// The wire format of the endpoint.
    pub dialect: Dialect,
    /// The API key.
    pub key: Option<&'a SecretString>,
    /// The body in the endpoint's format.
    pub body: Value,
    /// Whether the answer is requested as a stream.
    pub streams: bool,
    /// Maximum number of output tokens.
    pub tokens: i32,
}

/// A model's answer.
#[derive(Debug, Default)]
pub struct Reply {
    /// The text; empty if it was streamed to the listener.
    pub text: String,
    /// The reasoning that the provider reports beside the text; empty if it was streamed.
    pub reasoning: String,
    /// The tool calls that the model requests.
    pub calls: Vec<Call>,
    /// The tokens that the provider counted.
    pub usage: Reported,
    /// Why the answer ended.
    pub finish: Finish,
    /// The model's explanation if it refuses.
    pub refusal: Option<String>,
    /// The log-probabilities of the text's tokens, as received.
    pub logprobs: Option<Value>,
    /// Whether anything was received.
    pub any: bool,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Finish {
    /// The provider did not say.
    #[default]
    Unknown,
    /// The answer is complete.
    Whole,
    /// The maximum number of tokens was reached.
    Length,
    /// A filter withheld the rest or everything.
    Filtered,
}

impl Finish {
    fn of(reason: &str) -> Self {
        match reason.to_ascii_lowercase().as_str() {
            "" | "null" | "none" => Self::Unknown,
            "length" | "max_tokens" | "max_output_tokens" | "model_length" | "model_context_window_exceeded" => {
                Self::Length
            }
            "content_filter" | "safety" | "prohibited_content" | "blocklist" | "recitation" | "sensitive" | "spii"
            | "language" | "refusal" => Self::Filtered,
            _ => Self::Whole,
        }
    }
}

/// The tokens that a provider counted; `None` if it did not report them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reported {
    /// Tokens sent, including cached ones.
    pub input: Option<i64>,
    /// Tokens of the input that the provider read from its prompt cache.
    pub cached: Option<i64>,
    /// Tokens of the input that the provider wrote to its prompt cache.
    pub written: Option<i64>,
    /// Tokens received.
    pub output: Option<i64>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// A status other than success.
    Status {
        /// The status.
        status: StatusCode,
        /// The response headers.
        headers: HeaderMap,
        /// The first bytes of the body.
        body: String,
    },
    /// An error in a response with a success status.
    Said {
        /// The error.
        error: Value,
        /// The tokens that the provider counted.
        usage: Reported,
    },
    /// A chat completion without a choice.
    NoChoice(Reported),
    /// JSON that is not a chat completion.
    NotCompletion,
    /// A response that is not JSON.
    NotJson,
    /// The answer has more bytes than the requested tokens can take up.
    TooLarge {
        /// The limit that was exceeded, in bytes.
        bytes: usize,
    },
    /// The connection failed or broke.
    Connection(reqwest::Error),
    /// The stream ended in the middle of the answer, or contained an invalid event.
    Broken,
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Connection(error)
    }
}

/// Limits of an answer, in bytes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// For its text, thoughts and tool calls.
    text: usize,
    /// For a whole answer, including escapes and log-probabilities, or for one event of a stream.
    body: usize,
    /// For all events of a stream.
    stream: usize,
}

impl Limits {
    /// Computes the limits for a number of tokens. A token has few bytes, but each may be escaped, carry a
    /// log-probability or come as a separate event.
    fn of(tokens: i32) -> Self {
        let tokens = usize::try_from(tokens).unwrap_or_default();
        Self { text: (64 << 10) + 64 * tokens, body: (64 << 10) + 512 * tokens, stream: (1 << 20) + 4096 * tokens }
    }
}

/// Sends requests over one connection pool. Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct Wire {
    client: reqwest::Client,
    room: Arc<Semaphore>,
}

impl Wire {
    /// Creates a wire that uses this client.
    #[must_use]
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, room: Arc::new(Semaphore::new(ROOM_KIB)) }
    }

    /// Sends a request. If the request asks for a stream, `receive` gets the text in pieces; otherwise the reply
    /// contains it.
    ///
    /// # Errors
    /// Returns [`Failure`] if there is no complete answer.
    pub async fn send(&self, request: Request<'_>, receive: &mut (dyn FnMut(&str) + Send)) -> Result<Reply, Failure> {
        let Request { url, dialect, key, body, streams, tokens } = request;
        let accept = if streams { "text/event-stream, application/json" } else { "application/json" };
        let post = self.client.post(url).headers(dialect.headers(key));
        let post = post.header(CONTENT_TYPE, "application/json").header(ACCEPT, accept);
        let response = post.body(body.to_string()).send().await?;
        let limits = Limits::of(tokens);
        let status = response.status();
        if !status.is_success() {
            let headers = response.headers().clone();
            return Err(Failure::Status { status, headers, body: body::beginning(response).await });
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        if kind.contains("event-stream") || (streams && !kind.contains("json")) {
            if streams {
                return stream::read(response, dialect, limits, &self.room, receive).await;
            }
            let mut text = String::new();
            let mut add = |piece: &str| text.push_str(piece);
            let reply = stream::read(response, dialect, limits, &self.room, &mut add).await?;
            return Ok(Reply { text, ..reply });
        }
        let (bytes, _room) = body::whole(response, limits.body, &self.room).await?;
        let mut reply = parts::whole(bytes, dialect)?;
        if streams {
            receive(&std::mem::take(&mut reply.text));
        }
        Ok(reply)
    }
}
