//! A model server for tests. It serves OpenAI's, Anthropic's or Gemini's API on a free loopback port, answers by
//! script, and records its requests. [`Builder::wire`] chooses the format; `wire.rs` writes it.
//!
//! Without a script it answers each request with valid JSON, made from the request's own schema (or from the keys
//! that the prompt lists if the request has no schema), so that a run over any table succeeds:
//!
//! ```ignore
//! let model = ScriptedModel::builder().latency(Duration::from_millis(5)).start().await;
//! model.fail_next(2, Failure::status(503));
//! // … run against model.profile() …
//! assert_eq!(model.requests_for("main.users.email"), 1);
//! ```
//!
//! With [`Builder::gated`], requests wait until the test releases them: `model.waiting(4).await` returns when four
//! are held, `model.release(4)` lets four pass, and `model.open_gate()` lets all pass from then on. The server sleeps
//! only for a configured latency.
//!
//! To add a behaviour: add a variant to [`Script`] and its answer in `complete`.

#![allow(dead_code, reason = "each test uses a part of it")]

mod wire;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::StreamExt as _;
use gloss::domain::profile::NewLlmProfile;
use serde_json::{Map, Value, json};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
};

pub use wire::Wire;
use wire::{Content, Counts};

/// The name of the only model that the server offers.
pub const MODEL: &str = "scripted-model";

/// How requests are answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Script {
    /// JSON that fits the request's schema.
    #[default]
    Proper,
    /// This text, with `finish_reason` "stop".
    Text(String),
    /// The first `n` characters of the proper answer, with `finish_reason` "length".
    Truncated(usize),
    /// The connection breaks before the answer is complete.
    Dropped,
    /// Tool calls, by name and arguments.
    Calls(Vec<(&'static str, Value)>),
    /// This text followed by tool calls.
    TextAndCalls(&'static str, Vec<(&'static str, Value)>),
    /// This text, after which the stream breaks when [`ScriptedModel::break_off`] is called.
    Broken(String),
    /// This text, and then silence until the client disconnects.
    Hanging(String),
    /// Silence until the client disconnects.
    Silent,
    /// An arbitrary body.
    Raw(Raw),
}

/// A body of any content: `head`, followed by `piece` repeated `times` times.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// The content type.
    pub kind: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The start of the body.
    pub head: String,
    /// The repeated part.
    pub piece: String,
    /// Number of repetitions of `piece`.
    pub times: usize,
    /// Delay between the repetitions.
    pub every: Duration,
}

impl Script {
    /// Returns a JSON body that is sent unchanged.
    pub fn json(body: &Value) -> Self {
        Self::raw("application/json", body.to_string())
    }

    /// Returns a body that is sent unchanged.
    pub fn raw(kind: &'static str, head: impl Into<String>) -> Self {
        Self::flood(kind, head, "", 0)
    }

    /// Returns a body in which `piece` is repeated `times` times.
    pub fn flood(kind: &'static str, head: impl Into<String>, piece: impl Into<String>, times: usize) -> Self {
        let (head, piece) = (head.into(), piece.into());
        Self::Raw(Raw { kind, status: 200, head, piece, times, every: Duration::ZERO })
    }

    /// Returns a stream of chunks with these choices, followed by `end`.
    pub fn chunks(choices: &[Value], end: &str) -> Self {
        let chunk = |choice: &Value| format!("data: {}\n\n", json!({ "choices": [choice] }));
        Self::raw("text/event-stream", choices.iter().map(chunk).collect::<String>() + end)
    }
}

/// An error answer.
#[derive(Debug, Clone)]
pub struct Failure {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Failure {
    /// Creates a failure with this status and an error body in OpenAI's format.
    pub fn status(status: u16) -> Self {
        let body = json!({ "error": { "message": format!("scripted failure {status}"), "type": "scripted" } });
        Self { status: StatusCode::from_u16(status).unwrap(), headers: Vec::new(), body }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Replaces the message.
    pub fn message(mut self, message: &str) -> Self {
        self.body["error"]["message"] = json!(message);
        self
    }

    /// Replaces the body.
    pub fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// Adds an error code beside the message.
    pub fn code(mut self, code: &str) -> Self {
        self.body["error"]["code"] = json!(code);
        self
    }
}

/// A recorded request.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The body.
    pub body: Value,
    /// The header with the API key: `Authorization`, `x-api-key` or `x-goog-api-key`.
    pub authorization: Option<String>,
    /// The format.
    pub wire: Wire,
}

impl Recorded {
    /// Returns the text of the messages of one role (`system`, `user`).
    pub fn text(&self, role: &str) -> String {
        self.wire.text(&self.body, role)
    }

    /// Returns the value of a field by its name in OpenAI's format.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.wire.field(&self.body, name)
    }

    /// Returns whether the request asks for this asset, spelled as by [`gloss::domain::asset::AssetPath::display`].
    pub fn asks_for(&self, asset: &str) -> bool {
        listed(&self.text("user")).iter().any(|(_, listed)| listed == asset)
    }
}

/// The configuration of a server before it starts.
#[derive(Debug, Clone)]
pub struct Builder {
    port: u16,
    wire: Wire,
    latency: Duration,
    gated: bool,
    usage: bool,
    cached: usize,
    written: usize,
    words: usize,
    reasoning: String,
    logprob: Option<f64>,
    refuses: Vec<String>,
    failing: bool,
    key: Option<String>,
    script: Script,
}

impl Builder {
    /// Listens on this port instead of a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Delays each answer by `latency`.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Holds every request until the test releases it.
    pub fn gated(mut self) -> Self {
        self.gated = true;
        self
    }

    /// Speaks this format instead of OpenAI's.
    pub fn wire(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// Reports this many tokens of the input as read from the prompt cache.
    pub fn cached(mut self, tokens: usize) -> Self {
        self.cached = tokens;
        self
    }

    /// Reports this many tokens of the input as written to the prompt cache. OpenAI and Gemini report none.
    pub fn written(mut self, tokens: usize) -> Self {
        self.written = tokens;
        self
    }

    /// Makes each wording this many words longer.
    pub fn words(mut self, words: usize) -> Self {
        self.words = words;
        self
    }

    /// Adds this reasoning to answers.
    pub fn reasoning(mut self, text: &str) -> Self {
        self.reasoning = text.into();
        self
    }

    /// Omits the usage from answers.
    pub fn without_usage(mut self) -> Self {
        self.usage = false;
        self
    }

    /// Gives every token of an answer this log-probability, if the request asks for log-probabilities.
    pub fn logprob(mut self, logprob: f64) -> Self {
        self.logprob = Some(logprob);
        self
    }

    /// Refuses requests with this field (`response_format`, `logprobs`, `temperature`) with status 400.
    pub fn refusing(mut self, field: &str) -> Self {
        self.refuses.push(field.into());
        self
    }

    /// Fails a third of all requests at random: with an error, a rate limit, or by closing the connection.
    pub fn failing_at_random(mut self) -> Self {
        self.failing = true;
        self
    }

    /// Refuses requests without this API key with status 401.
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the script for all requests.
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// Starts the server.
    pub async fn start(self) -> ScriptedModel {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let gate = Arc::new(Semaphore::new(if self.gated { 0 } else { Semaphore::MAX_PERMITS }));
        let inner = Mutex::new(Inner { script: self.script.clone(), ..Inner::default() });
        let shared = Arc::new(Shared {
            settings: self,
            gate,
            breaks: Arc::new(Semaphore::new(0)),
            waiting: watch::Sender::new(0),
            arrived: watch::Sender::new(0),
            inner,
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/messages", post(complete))
            .route("/v1beta/models/{request}", post(generate))
            .route("/v1/models", get(models))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        ScriptedModel { address, shared, task }
    }
}

#[derive(Debug, Default)]
struct Inner {
    script: Script,
    scripted_next: VecDeque<Script>,
    failures: VecDeque<Failure>,
    requests: Vec<Recorded>,
    arrivals: Vec<Instant>,
    /// The state of the random numbers.
    random: u64,
}

impl Inner {
    /// Lets the request fail with a probability of one in three.
    fn fail_at_random(&mut self) {
        // The constants of Knuth's MMIX.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (self.random >> 33) % 9 {
            0 => self.failures.push_back(Failure::status(503)),
            1 => self.failures.push_back(Failure::status(429).header("retry-after", "0")),
            2 => self.scripted_next.push_back(Script::Dropped),
            _ => (),
        }
    }
}

#[derive(Debug)]
struct Shared {
    settings: Builder,
    gate: Arc<Semaphore>,
    breaks: Arc<Semaphore>,
    waiting: watch::Sender<usize>,
    arrived: watch::Sender<usize>,
    inner: Mutex<Inner>,
}

impl Shared {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server, stopped when dropped.
#[derive(Debug)]
pub struct ScriptedModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ScriptedModel {
    /// Creates a builder of a server that answers properly and without delay by default.
    pub fn builder() -> Builder {
        Builder {
            port: 0,
            wire: Wire::OpenAi,
            latency: Duration::ZERO,
            gated: false,
            usage: true,
            cached: 0,
            written: 0,
            words: 0,
            reasoning: String::new(),
            logprob: None,
            refuses: Vec::new(),
            failing: false,
            key: None,
            script: Script::Proper,
        }
    }

    /// Returns the base URL, `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.settings.wire.base())
    }

    /// Returns an LLM profile for the server, without prices.
    pub fn profile(&self) -> NewLlmProfile {
        let Builder { wire, key, .. } = &self.shared.settings;
        let needed = (*wire != Wire::OpenAi).then(|| "scripted-key".to_owned());
        NewLlmProfile {
            name: "scripted".into(),
            provider: wire.provider(),
            model: MODEL.into(),
            base_url: Some(self.base_url()),
            api_key: key.clone().or(needed).map(Into::into),
            is_default: false,
            concurrency: 4,
            requests_per_minute: None,
            input_cost_per_million_tokens: None,
            cached_input_cost_per_million_tokens: None,
            output_cost_per_million_tokens: None,
        }
    }

    /// Sets the script for all further requests.
    pub fn answer(&self, script: Script) {
        self.shared.inner().script = script;
    }

    /// Sets the script for the next request only. Several calls queue up.
    pub fn answer_next(&self, script: Script) {
        self.shared.inner().scripted_next.push_back(script);
    }

    /// Fails the next `n` requests with this failure.
    pub fn fail_next(&self, n: usize, failure: Failure) {
        self.shared.inner().failures.extend(std::iter::repeat_n(failure, n));
    }

    /// Discards the pending failures.
    pub fn forget_failures(&self) {
        self.shared.inner().failures.clear();
    }

    /// Returns the number of received completion requests, including refused and failed ones.
    pub fn requests(&self) -> usize {
        self.shared.inner().requests.len()
    }

    /// Returns the received requests in order of arrival.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.shared.inner().requests.clone()
    }

    /// Returns when each request arrived.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.shared.inner().arrivals.clone()
    }

    /// Returns the number of requests for this asset, spelled `schema.table` or `schema.table.column`.
    pub fn requests_for(&self, asset: &str) -> usize {
        self.shared.inner().requests.iter().filter(|request| request.asks_for(asset)).count()
    }

    /// Waits until `n` requests have arrived in total.
    pub async fn arrived(&self, n: usize) {
        self.shared.arrived.subscribe().wait_for(|arrived| *arrived >= n).await.unwrap();
    }

    /// Waits until the gate holds at least `n` requests.
    pub async fn waiting(&self, n: usize) {
        self.shared.waiting.subscribe().wait_for(|waiting| *waiting >= n).await.unwrap();
    }

    /// Waits until the gate holds no request: each was released or its client disconnected.
    pub async fn nobody_waits(&self) {
        self.shared.waiting.subscribe().wait_for(|waiting| *waiting == 0).await.unwrap();
    }

    /// Lets `n` requests pass the gate, either waiting or later ones.
    pub fn release(&self, n: usize) {
        self.shared.gate.add_permits(n);
    }

    /// Breaks the stream of a [`Script::Broken`] answer.
    pub fn break_off(&self) {
        self.shared.breaks.add_permits(1);
    }

    /// Lets all requests pass from now on.
    pub fn open_gate(&self) {
        let permits = Semaphore::MAX_PERMITS / 2;
        self.shared.gate.add_permits(permits.saturating_sub(self.shared.gate.available_permits()));
    }
}

async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [{ "id": MODEL, "object": "model" }] }))
}

/// Counts a request as waiting until dropped, even if its client disconnects.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|n| *n += 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n -= 1);
    }
}

/// Serves `generateContent`, whose URL has the model and whether the answer is streamed.
async fn generate(
    State(shared): State<Arc<Shared>>,
    Path(request): Path<String>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> Response {
    let (model, method) = request.split_once(':').unwrap_or((&request, ""));
    body["model"] = json!(model);
    body["stream"] = json!(method == "streamGenerateContent");
    complete(State(shared), headers, Json(body)).await
}

async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let wire = shared.settings.wire;
    let request = Recorded { body, authorization: wire.key(&headers), wire };
    let (failure, script) = {
        let mut inner = shared.inner();
        inner.requests.push(request.clone());
        inner.arrivals.push(Instant::now());
        if shared.settings.failing {
            inner.fail_at_random();
        }
        let failure = inner.failures.pop_front();
        let failure = failure.or_else(|| refusal(&shared.settings, &request));
        let script = if failure.is_none() { inner.scripted_next.pop_front() } else { None };
        (failure, script.unwrap_or_else(|| inner.script.clone()))
    };
    shared.arrived.send_modify(|n| *n += 1);
    {
        let _waiting = Waiting::begin(&shared.waiting);
        shared.gate.acquire().await.unwrap().forget();
    }
    tokio::time::sleep(shared.settings.latency).await;
    match failure {
        Some(Failure { status, headers, body }) => {
            let mut response = (status, Json(shared.settings.wire.error(status, body))).into_response();
            for (name, value) in headers {
                let name: header::HeaderName = name.parse().unwrap();
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        None if script == Script::Silent => std::future::pending().await,
        None => answered(&shared, &request, script),
    }
}

fn refusal(settings: &Builder, request: &Recorded) -> Option<Failure> {
    if let Some(key) = &settings.key {
        let expected = if settings.wire == Wire::OpenAi { format!("Bearer {key}") } else { key.clone() };
        if request.authorization.as_deref() != Some(&expected) {
            let given = request.authorization.as_deref().unwrap_or("none");
            return Some(Failure::status(401).message(&format!("Incorrect API key provided: {given}")));
        }
    }
    if request.body["model"] != MODEL {
        return Some(Failure::status(404).message("The model does not exist").code("model_not_found"));
    }
    let refused = settings.refuses.iter().find(|field| request.field(field).is_some())?;
    Some(Failure::status(400).message(&format!("unsupported parameter: {refused}")))
}

fn answered(shared: &Shared, request: &Recorded, script: Script) -> Response {
    let settings = &shared.settings;
    let proper = || proper(request, settings.words).to_string();
    let (text, finish, calls) = match script {
        Script::Proper => (proper(), "stop", Vec::new()),
        Script::Text(text) => (text, "stop", Vec::new()),
        Script::Truncated(length) => (proper().chars().take(length).collect(), "length", Vec::new()),
        Script::Dropped => return dropped(),
        Script::Calls(calls) => (String::new(), "tool_calls", calls),
        Script::TextAndCalls(text, calls) => (text.to_owned(), "tool_calls", calls),
        Script::Broken(text) => {
            let content = Content { text, ..Content::default() };
            return streamed(
                settings.wire.events(MODEL, &content, None, false),
                End::Broken(Arc::clone(&shared.breaks)),
            );
        }
        Script::Hanging(text) => {
            let content = Content { text, ..Content::default() };
            return streamed(settings.wire.events(MODEL, &content, None, false), End::Never);
        }
        Script::Silent => unreachable!("there is no answer"),
        Script::Raw(raw) => return flooded(raw),
    };
    let logprob = settings.logprob.filter(|_| request.field("logprobs") == Some(&json!(true)));
    let content = Content { text, reasoning: settings.reasoning.clone(), calls, finish, logprob };
    let counts = settings.usage.then(|| counts(settings, request, &content.text));
    if request.body["stream"] == true {
        return streamed(settings.wire.events(MODEL, &content, counts, true), End::Done);
    }
    Json(settings.wire.answer(MODEL, &content, counts)).into_response()
}

fn counts(settings: &Builder, request: &Recorded, text: &str) -> Counts {
    // A server that takes OpenAI's format turns the schema into a grammar; the others show it to the model.
    let schema = if settings.wire == Wire::OpenAi { Value::Null } else { request.wire.schema(&request.body) };
    let shown = if schema.is_null() { String::new() } else { schema.to_string() };
    let input = [request.text("system"), request.text("user"), shown].iter().map(|text| tokens(text)).sum();
    let cached = settings.cached.min(input);
    Counts { input, cached, written: settings.written.min(input - cached), output: tokens(text) }
}

/// How a stream ends.
enum End {
    /// Completely.
    Done,
    /// Breaks once a permit is available.
    Broken(Arc<Semaphore>),
    Never,
}

/// Returns a stream of server-sent events.
fn streamed(events: Vec<String>, end: End) -> Response {
    let events: Vec<_> = events.into_iter().map(|event| Ok(Bytes::from(event))).collect();
    let tail = async move {
        match end {
            End::Done => None,
            End::Broken(permit) => {
                permit.acquire().await.unwrap().forget();
                Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)))
            }
            End::Never => std::future::pending().await,
        }
    };
    let tail = futures_util::stream::once(tail).filter_map(std::future::ready);
    let body = Body::from_stream(futures_util::stream::iter(events).chain(tail));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// Counts tokens roughly as tokenizers do: up to eight letters of a word, two digits or two signs are one.
fn tokens(text: &str) -> usize {
    let mut count = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.find(|c| *c != ' ') {
        let (most, is_more): (usize, fn(char) -> bool) = match c {
            c if c.is_alphabetic() => (8, |c| c.is_alphabetic() && !c.is_uppercase()),
            c if c.is_numeric() => (2, |c| c.is_numeric()),
            _ => (2, |c| !c.is_alphanumeric() && c != ' '),
        };
        for _ in 1..most {
            if rest.next_if(|c| is_more(*c)).is_none() {
                break;
            }
        }
        count += 1;
    }
    count
}

/// Announces JSON and breaks the connection.
fn dropped() -> Response {
    let broken = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{\"choices\": [")),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(broken)).into_response()
}

/// Returns a body that is generated while it is sent.
fn flooded(raw: Raw) -> Response {
    let Raw { kind, status, head, piece, times, every } = raw;
    let piece = Bytes::from(piece);
    let pieces = futures_util::stream::iter(0..times).then(move |_| {
        let piece = piece.clone();
        async move {
            if !every.is_zero() {
                tokio::time::sleep(every).await;
            }
            piece
        }
    });
    let body = futures_util::stream::iter([Bytes::from(head)]).chain(pieces).map(Ok::<_, std::io::Error>);
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, kind)], Body::from_stream(body)).into_response()
}

/// Returns an answer that fits the request's schema; each text names its asset.
fn proper(request: &Recorded, words: usize) -> Value {
    let assets = listed(&request.text("user"));
    let schema = &request.wire.schema(&request.body);
    if schema["properties"]["better"].is_object() {
        return judged(&request.text("user"));
    }
    if schema["properties"].is_object() {
        return required(schema, |key, entry| {
            let asset = assets.iter().find(|(listed, _)| listed == key).map_or(key, |(_, asset)| asset);
            described(asset, entry, words)
        });
    }
    if assets.is_empty() {
        return json!({ "answer": "OK" });
    }
    let entry = json!({ "required": ["description", "confidence", "reasoning"] });
    assets.iter().map(|(key, asset)| (key.clone(), described(asset, &entry, words))).collect::<Map<_, _>>().into()
}

/// Returns the answer of a judge that prefers the longer text.
fn judged(prompt: &str) -> Value {
    let length = |name: &str| {
        let line = prompt.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        serde_json::from_str::<String>(line).unwrap_or_default().chars().count()
    };
    let better = match length("Text A: ").cmp(&length("Text B: ")) {
        std::cmp::Ordering::Less => "B",
        std::cmp::Ordering::Equal => "tie",
        std::cmp::Ordering::Greater => "A",
    };
    json!({ "reason": format!("Text {better} says more{}.", " of what the asset means".repeat(5)), "better": better })
}

fn described(asset: &str, entry: &Value, words: usize) -> Value {
    if entry["type"] == "string" {
        return json!("OK");
    }
    let more = " indeed".repeat(words);
    required(entry, |field, schema| match field {
        "description" => json!(format!("What {asset} holds{more}.")),
        "reasoning" => json!(format!("The name {asset} says so.")),
        "confidence" => json!(0.8),
        "alternatives" => {
            let count = schema["maxItems"].as_u64().unwrap_or(2);
            (1..=count).map(|n| json!(format!("Wording {n} of what {asset} holds{more}."))).collect()
        }
        other => json!(format!("{other} of {asset}")),
    })
}

fn required(schema: &Value, value: impl Fn(&str, &Value) -> Value) -> Value {
    let keys = schema["required"].as_array().cloned().unwrap_or_default();
    let keys = keys.iter().filter_map(Value::as_str);
    keys.map(|key| (key.to_owned(), value(key, &schema["properties"][key]))).collect::<Map<_, _>>().into()
}

/// Returns the assets that a prompt lists in lines of the form `- "c1": the column "main.users.email"`.
fn listed(prompt: &str) -> Vec<(String, String)> {
    let described = prompt.split_once("Describe:\n").map_or("", |(_, rest)| rest);
    let line = |line: &str| {
        let (key, asset) = line.strip_prefix("- \"")?.split_once("\": the ")?;
        let nouns = ["materialized view ", "table ", "view ", "column "];
        let asset = nouns.iter().find_map(|noun| asset.strip_prefix(noun))?;
        Some((key.to_owned(), serde_json::from_str(asset).ok()?))
    };
    described.lines().map_while(line).collect()
}
