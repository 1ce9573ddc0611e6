//! OpenAI's chat completions over HTTP: one request, and its answer whole or as a stream of events.
//!
//! The rule: a provider is a stranger. How many bytes of an answer are read, and kept, follows from how many tokens
//! were asked for; what all answers under way keep has a limit as well. Reading yields to other work and ends as soon
//! as nobody waits for the answer. Answers that are nearly in OpenAI's format are read as what they were meant to be.

mod body;
mod calls;
mod events;
mod parts;
mod stream;

use std::sync::Arc;

use reqwest::{
    StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use crate::port::converse::Call;

/// KiB that the large answers under way may keep together.
const ROOM_KIB: usize = 64 << 10;

/// One request.
pub struct Request<'a> {
    /// Where to.
    pub url: Url,
    /// The bearer's key.
    pub key: Option<&'a SecretString>,
    /// What is asked, in OpenAI's format.
    pub body: Value,
    /// Tokens that the answer may have.
    pub tokens: i32,
}

/// What a model answered.
#[derive(Debug, Default)]
pub struct Reply {
    /// The text; of a stream it went to the listener alone.
    pub text: String,
    /// The tools that it wants used.
    pub calls: Vec<Call>,
    /// The tokens that the provider counted.
    pub usage: Reported,
    /// Why it ended.
    pub finish: Finish,
    /// What the model says where it refuses.
    pub refusal: Option<String>,
    /// The log-probabilities of the text's tokens, as they came.
    pub logprobs: Option<Value>,
    /// Whether anything came at all.
    pub any: bool,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Finish {
    /// It was not told.
    #[default]
    Unknown,
    /// It is whole.
    Whole,
    /// Its tokens were used up.
    Length,
    /// A filter withheld the rest, or all of it.
    Filtered,
}

impl Finish {
    fn of(reason: &str) -> Self {
        match reason.to_ascii_lowercase().as_str() {
            "" | "null" | "none" => Self::Unknown,
            "length" | "max_tokens" | "max_output_tokens" | "model_length" => Self::Length,
            "content_filter" | "safety" | "prohibited_content" | "blocklist" | "recitation" | "sensitive"
            | "refusal" => Self::Filtered,
            _ => Self::Whole,
        }
    }
}

/// The tokens that a provider counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reported {
    /// Tokens sent.
    pub input: Option<i64>,
    /// Tokens received.
    pub output: Option<i64>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// A status other than success.
    Status {
        /// It.
        status: StatusCode,
        /// What came with it.
        headers: HeaderMap,
        /// The beginning of what was said.
        body: String,
    },
    /// An error with a status of success.
    Said {
        /// It.
        error: Value,
        /// The tokens that the provider counted.
        usage: Reported,
    },
    /// A chat completion without a choice.
    NoChoice(Reported),
    /// JSON that is no chat completion.
    NotCompletion,
    /// Something else.
    NotJson,
    /// More bytes than the tokens asked for come to.
    TooLarge {
        /// The limit that was exceeded.
        bytes: usize,
    },
    /// The connection, not made or broken.
    Connection(reqwest::Error),
    /// A stream that ended in the middle of the answer, or said what cannot be read.
    Broken,
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Connection(error)
    }
}

/// Bytes that an answer may have.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Its text, thoughts and uses of tools.
    text: usize,
    /// An answer with all around it (escapes, log-probabilities), or one event of a stream.
    body: usize,
    /// All events of a stream.
    stream: usize,
}

impl Limits {
    /// A token has few bytes, but each may come escaped, with its probability, or in an event of its own.
    fn of(tokens: i32) -> Self {
        let tokens = usize::try_from(tokens).unwrap_or_default();
        Self { text: (64 << 10) + 64 * tokens, body: (64 << 10) + 512 * tokens, stream: (1 << 20) + 4096 * tokens }
    }
}

/// Sends requests over one pool of connections. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Wire {
    client: reqwest::Client,
    room: Arc<Semaphore>,
}

impl Wire {
    /// Over this client.
    #[must_use]
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, room: Arc::new(Semaphore::new(ROOM_KIB)) }
    }

    /// Sends a request. Where it asks for a stream, `hear` gets the text piece by piece; otherwise the reply has it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&self, request: Request<'_>, hear: &mut (dyn FnMut(&str) + Send)) -> Result<Reply, Failure> {
        let Request { url, key, body, tokens } = request;
        let streams = body["stream"] == true;
        let accept = if streams { "text/event-stream, application/json" } else { "application/json" };
        let mut post = self.client.post(url).header(CONTENT_TYPE, "application/json").header(ACCEPT, accept);
        if let Some(key) = key {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()));
            let mut bearer = bearer.unwrap_or(HeaderValue::from_static("Bearer"));
            bearer.set_sensitive(true);
            post = post.header(AUTHORIZATION, bearer);
        }
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
                return stream::read(response, limits, &self.room, hear).await;
            }
            let mut text = String::new();
            let mut add = |piece: &str| text.push_str(piece);
            let reply = stream::read(response, limits, &self.room, &mut add).await?;
            return Ok(Reply { text, ..reply });
        }
        let (bytes, _room) = body::whole(response, limits.body, &self.room).await?;
        let mut reply = parts::whole(bytes)?;
        if streams {
            hear(&std::mem::take(&mut reply.text));
        }
        Ok(reply)
    }
}
