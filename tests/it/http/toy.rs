//! A small schema and a server for it.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use async_graphql::{Context, Error, ErrorExtensions, Object, Result, Schema, ServerError, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt, stream};
use gloss::{
    bus::local::LocalBus,
    domain::{
        clock::{Clock, SystemClock},
        id::ApiTokenId,
        token::Role,
    },
    graphql::{Access, Api, Checker, guarded, share::position},
    http::{Documents, Door, Exports, Gate, HostPolicy, Limits, Metrics, Open, Pace, Ready, Stop, serve},
    model::{ProviderModels, builtin::BuiltinDescriber},
    port::{Ports, environment::EnvNames},
    service::tokens::{CreateToken, Tokens},
    store::SqlStore,
    target::SqlTargets,
};
use reqwest::{RequestBuilder, Response, StatusCode, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::harness::sqlite;

/// The observable state of the schema's resolvers.
#[derive(Default)]
pub struct Seen {
    pub bumps: AtomicU64,
    /// Number of live `flood` streams.
    pub floods: watch::Sender<u64>,
    /// Number of waiting `bumpLater` mutations.
    pub waiting: watch::Sender<u64>,
    /// Opens the gate for `slow` and `bumpLater`.
    pub gate: watch::Sender<bool>,
    /// The newest of `numbers`.
    pub newest: watch::Sender<i32>,
    /// Number of live executions of `numbers` and `news`.
    pub executions: watch::Sender<u64>,
    /// Number of results that these have resolved.
    pub resolved: AtomicU64,
    /// The source of `news`.
    pub news: watch::Sender<u64>,
}

pub struct Query;

#[derive(SimpleObject)]
struct Hen {
    name: String,
}

#[Object]
impl Query {
    /// Greets.
    async fn hello(&self, #[graphql(default = "world")] name: String) -> String {
        format!("hello {name}")
    }

    async fn long(&self, length: usize) -> String {
        "x".repeat(length)
    }

    async fn hen(&self) -> Hen {
        Hen { name: "Berta".to_owned() }
    }

    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn refused(&self) -> Result<Option<i32>> {
        Err(Error::new("no such hen").extend_with(|_, e| e.set("code", "NOT_FOUND")))
    }

    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn leaky(&self) -> Result<i32> {
        Err(Error::new("password=hunter2"))
    }

    /// Answers once the gate is open.
    async fn slow(&self, ctx: &Context<'_>) -> bool {
        let seen = ctx.data_unchecked::<Arc<Seen>>().clone();
        seen.gate.subscribe().wait_for(|open| *open).await.is_ok()
    }

    async fn boom(&self) -> i32 {
        std::hint::black_box(None).expect("boom")
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn bump(&self, ctx: &Context<'_>) -> u64 {
        ctx.data_unchecked::<Arc<Seen>>().bumps.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Bumps once the gate is open.
    async fn bump_later(&self, ctx: &Context<'_>) -> bool {
        let seen = ctx.data_unchecked::<Arc<Seen>>().clone();
        seen.waiting.send_modify(|n| *n += 1);
        let _waiting = WaitGuard(seen.clone());
        let open = seen.gate.subscribe().wait_for(|open| *open).await.is_ok();
        seen.bumps.fetch_add(u64::from(open), Ordering::SeqCst);
        open
    }
}

struct WaitGuard(Arc<Seen>);

impl Drop for WaitGuard {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|n| *n -= 1);
    }
}

pub struct Subscription;

struct ExecutionGuard(Arc<Seen>);

impl ExecutionGuard {
    fn new(seen: Arc<Seen>) -> Self {
        seen.executions.send_modify(|n| *n += 1);
        Self(seen)
    }
}

impl Drop for ExecutionGuard {
    fn drop(&mut self) {
        self.0.executions.send_modify(|n| *n -= 1);
    }
}

/// An item of `numbers`.
struct Number {
    number: i32,
    length: usize,
}

#[Object]
impl Number {
    async fn number(&self, ctx: &Context<'_>) -> i32 {
        ctx.data_unchecked::<Arc<Seen>>().resolved.fetch_add(1, Ordering::SeqCst);
        self.number
    }

    async fn text(&self) -> String {
        "x".repeat(self.length)
    }
}

struct FloodGuard(Arc<Seen>);

impl Drop for FloodGuard {
    fn drop(&mut self) {
        self.0.floods.send_modify(|n| *n -= 1);
    }
}

#[Subscription]
impl Subscription {
    /// Counts to a number.
    async fn count(&self, to: u64) -> impl Stream<Item = u64> {
        stream::iter(1..=to)
    }

    /// Stays silent for ever.
    async fn silence(&self) -> impl Stream<Item = u64> {
        stream::pending()
    }

    /// A large text again and again, for ever.
    async fn flood<'a>(&self, ctx: &Context<'a>) -> impl Stream<Item = String> + use<'a> {
        let seen = ctx.data_unchecked::<Arc<Seen>>().clone();
        seen.floods.send_modify(|n| *n += 1);
        let guard = FloodGuard(seen);
        stream::repeat("x".repeat(64 * 1024)).map(move |text| {
            let _alive = &guard;
            text
        })
    }

    /// The numbers after one, as far as they have come, each with a text of some length. The name is that of a field
    /// of Gloss that may be shared.
    #[graphql(name = "runProgress")]
    async fn numbers<'a>(
        &self,
        ctx: &Context<'a>,
        after: i32,
        #[graphql(default)] length: usize,
    ) -> impl Stream<Item = Number> + use<'a> {
        let seen = ctx.data_unchecked::<Arc<Seen>>().clone();
        let (position, after) = position(ctx, after);
        let newest = seen.newest.subscribe();
        let alive = ExecutionGuard::new(seen);
        stream::unfold((after, newest, alive, position), move |(at, mut newest, alive, position)| async move {
            if *newest.borrow() <= at {
                if let Some(position) = &position {
                    position.catch_up();
                }
                newest.wait_for(|newest| *newest > at).await.ok()?;
            }
            if let Some(position) = &position {
                position.reach(at + 1);
            }
            Some((Number { number: at + 1, length }, (at + 1, newest, alive, position)))
        })
    }

    /// What is new from now on. The name is that of a field of Gloss that may be shared.
    #[graphql(name = "runsChanged")]
    async fn news<'a>(&self, ctx: &Context<'a>) -> impl Stream<Item = String> + use<'a> {
        let seen = ctx.data_unchecked::<Arc<Seen>>().clone();
        let news = seen.news.subscribe();
        if let (Some(position), _) = position(ctx, 0) {
            position.catch_up();
        }
        let alive = ExecutionGuard::new(seen);
        stream::unfold((news, alive), |(mut news, alive)| async move {
            news.changed().await.ok()?;
            let text = format!("{} {}", *news.borrow_and_update(), "x".repeat(100_000));
            Some((text, (news, alive)))
        })
    }

    async fn boom_later(&self) -> impl Stream<Item = u64> {
        stream::iter(1..=2).map(|n| if n == 2 { panic!("boom later") } else { n })
    }

    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn refused(&self) -> Result<impl Stream<Item = u64>> {
        Err::<stream::Empty<u64>, _>(Error::new("no such hen").extend_with(|_, e| e.set("code", "NOT_FOUND")))
    }
}

/// Settings that a test may change.
pub struct Setup {
    pub limits: Limits,
    pub documents: Documents,
    pub clock: Arc<dyn Clock>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { limits: Limits::default(), documents: Documents::automatic(), clock: Arc::new(SystemClock) }
    }
}

/// A server for the toy schema, stopped when dropped.
pub struct Toy {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
    pub ready: watch::Sender<Result<(), String>>,
    pub stop: CancellationToken,
    pub served: JoinHandle<std::io::Result<()>>,
    pub client: reqwest::Client,
    /// The API tokens. While there are none, every caller is the local administrator.
    pub tokens: Tokens,
    _folder: TempDir,
}

/// Opens an empty store in a folder. Its file is copied from one that was made once.
async fn store(folder: &Path, bus: Arc<LocalBus>) -> SqlStore {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    let file = folder.join("store.db");
    let url = format!("sqlite://{}", file.display());
    if let Some(empty) = EMPTY.get() {
        std::fs::write(&file, empty).unwrap();
    }
    let store = gloss::store::open(&url, bus, crate::harness::seal_key()).await.unwrap();
    if EMPTY.get().is_none() {
        sqlite::execute(&file, "PRAGMA wal_checkpoint(TRUNCATE)");
        let _ = EMPTY.set(std::fs::read(&file).unwrap());
    }
    store
}

/// Creates the use cases of API tokens over a store of their own.
async fn tokens(folder: &Path, clock: Arc<dyn Clock>) -> Tokens {
    let bus = Arc::new(LocalBus::new());
    let store = Arc::new(store(folder, bus.clone()).await);
    let models = Arc::new(ProviderModels::new(Arc::new(BuiltinDescriber), EnvNames::default()));
    Tokens::new(Ports { store, bus, targets: Arc::new(SqlTargets::default()), models, clock })
}

impl Toy {
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// Starts a server with changed limits.
    pub async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        let mut setup = Setup::default();
        change(&mut setup.limits);
        Self::start_with(setup).await
    }

    pub async fn start_with(setup: Setup) -> Self {
        let Setup { limits, documents, clock } = setup;
        let folder = tempfile::tempdir().unwrap();
        let tokens = tokens(folder.path(), clock).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let schema = || Schema::build(Query, Mutation, Subscription).data(seen.clone());
        let checker = Checker::new(&schema().finish().sdl(), |_, _| Ok(()));
        let (ready, readiness) = watch::channel(Ok(()));
        let token = CancellationToken::new();
        let stop = Stop::new(token.clone());
        let door = Door {
            api: Api::new(guarded(schema(), checker.clone()), checker),
            exports: Exports::new(|_| std::future::ready(Err(ServerError::new("the toy exports nothing", None)))),
            hosts: HostPolicy::new(address, "gloss.test"),
            gate: Gate::new(Access::new(tokens.clone()), Pace::new(0), address),
            ready: Ready::new(move || std::future::ready(readiness.borrow().clone())),
            metrics: Metrics::new(|| std::future::ready(gloss::telemetry::metrics::text())),
            stop,
            limits: Arc::new(limits),
            documents,
            open: Open::default(),
        };
        let served = tokio::spawn(serve(listener, door));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_gzip()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { address, seen, ready, stop: token, served, client, tokens, _folder: folder }
    }

    /// Creates an API token and returns its id and its secret. From now on every caller needs one.
    pub async fn token(&self, role: Role) -> (ApiTokenId, String) {
        let input = CreateToken { name: role.as_str().to_owned(), role, expires_at: None };
        let (token, secret) = self.tokens.create(input).await.unwrap();
        (token.id, secret.expose_secret().to_owned())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// Returns a GET request for a document.
    pub fn query(&self, query: &str) -> RequestBuilder {
        self.query_with(&[("query", query)])
    }

    /// Returns a GET request with parameters.
    pub fn query_with(&self, parameters: &[(&str, &str)]) -> RequestBuilder {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.get(&format!("/graphql?{encoded}"))
    }

    pub fn post_text(&self, body: impl Into<String>) -> RequestBuilder {
        self.client.post(self.url("/graphql")).header(header::CONTENT_TYPE, "application/json").body(body.into())
    }

    /// Returns a POST request with a body.
    #[expect(clippy::needless_pass_by_value, reason = "called with json!()")]
    pub fn post(&self, body: Value) -> RequestBuilder {
        self.post_text(body.to_string())
    }
}

impl Drop for Toy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// Sends a request and returns status and body. Checks that the answer is JSON in UTF-8 with a request id.
pub async fn ask(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let content_type = content_type(&response);
    assert!(content_type.ends_with("; charset=utf-8"), "{content_type}");
    assert!(response.headers().contains_key("x-request-id"));
    let status = response.status();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

pub fn content_type(response: &Response) -> String {
    response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned()
}

/// Returns the code of the first error.
pub fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {body}"))
}
