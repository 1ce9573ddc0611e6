//! The metrics of this process, in the text format of Prometheus.
//!
//! The rules: counters and histograms are recorded where something happens. Gauges of the store are read when a scrape
//! asks ([`show`]), because other processes may change the store, too.

use std::{
    fmt,
    sync::{LazyLock, atomic::AtomicU64},
    time::{Duration, Instant, SystemTime},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

/// A counter of fractions.
type Sum = Counter<f64, AtomicU64>;
/// A gauge of fractions.
type Level = Gauge<f64, AtomicU64>;
/// A family of histograms.
type Times<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    r#type: &'static str,
    operation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    kind: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    provider: &'static str,
    model: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tokens {
    provider: &'static str,
    model: String,
    direction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Model {
    provider: &'static str,
    model: String,
}

/// All metrics, and the registry that writes them.
struct Metrics {
    registry: Registry,
    operations: Times<Operation>,
    errors: Family<Code, Counter>,
    statements: Histogram,
    rows: Family<Outcome, Counter>,
    run_seconds: Times<RunLabels>,
    working: Gauge,
    requests: Times<Request>,
    tokens: Family<Tokens, Counter>,
    cost: Family<Model, Sum>,
    nudges: Counter,
    nudges_lost: Counter,
    bus_lag: Histogram,
    subscriptions: Gauge,
    sockets: Gauge,
    capacity: Gauge,
    store_available: Gauge,
    runs: Family<RunLabels, Gauge>,
    queue_age: Level,
    lease_age: Level,
    free_bytes: Gauge,
    memory: Gauge,
    open_files: Gauge,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

fn operation_seconds() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
}

fn statement_seconds() -> Histogram {
    Histogram::new([0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0])
}

fn request_seconds() -> Histogram {
    Histogram::new([0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 180.0])
}

fn run_seconds() -> Histogram {
    Histogram::new([1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0])
}

fn lag_seconds() -> Histogram {
    Histogram::new([0.000_01, 0.0001, 0.001, 0.01, 0.1, 1.0, 10.0])
}

impl Metrics {
    fn new() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            operations: Times::new_with_constructor(operation_seconds),
            errors: Family::default(),
            statements: statement_seconds(),
            rows: Family::default(),
            run_seconds: Times::new_with_constructor(run_seconds),
            working: Gauge::default(),
            requests: Times::new_with_constructor(request_seconds),
            tokens: Family::default(),
            cost: Family::default(),
            nudges: Counter::default(),
            nudges_lost: Counter::default(),
            bus_lag: lag_seconds(),
            subscriptions: Gauge::default(),
            sockets: Gauge::default(),
            capacity: Gauge::default(),
            store_available: Gauge::default(),
            runs: Family::default(),
            queue_age: Level::default(),
            lease_age: Level::default(),
            free_bytes: Gauge::default(),
            memory: Gauge::default(),
            open_files: Gauge::default(),
        };
        metrics.registered()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the time that the system knows the process by")]
    fn registered(mut self) -> Self {
        let to = &mut self.registry;
        to.register("gloss", "This Gloss", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        to.register(
            "gloss_operation_seconds",
            "Duration of queries and mutations, by root field",
            self.operations.clone(),
        );
        to.register("gloss_operation_errors", "Errors of GraphQL operations, by code", self.errors.clone());
        to.register("gloss_store_statement_seconds", "Duration of statements to the store", self.statements.clone());
        to.register("gloss_store_available", "Whether the store answered this scrape", self.store_available.clone());
        to.register("gloss_runs", "Recorded runs, by kind and status", self.runs.clone());
        to.register("gloss_queue_age_seconds", "How long the oldest queued run has waited", self.queue_age.clone());
        to.register("gloss_lease_age_seconds", "Time since the lease that was renewed first", self.lease_age.clone());
        to.register("gloss_run_seconds", "Working time of runs when a worker leaves them", self.run_seconds.clone());
        to.register("gloss_rows", "Rows with an outcome", self.rows.clone());
        to.register("gloss_worker_runs", "Runs on which this process works", self.working.clone());
        to.register("gloss_worker_capacity", "Runs on which this process may work at once", self.capacity.clone());
        to.register("gloss_model_request_seconds", "Duration of requests to models", self.requests.clone());
        to.register("gloss_model_tokens", "Tokens of models", self.tokens.clone());
        to.register("gloss_model_cost_usd", "Cost of models in US dollars, where a price is known", self.cost.clone());
        to.register("gloss_bus_nudges", "Nudges sent by this process", self.nudges.clone());
        to.register("gloss_bus_nudges_lost", "Nudges that a slow listener missed", self.nudges_lost.clone());
        to.register("gloss_bus_lag_seconds", "Time from sending a nudge to its receipt", self.bus_lag.clone());
        to.register("gloss_subscriptions", "Open subscriptions", self.subscriptions.clone());
        to.register("gloss_sockets", "Open WebSockets and reserved event streams", self.sockets.clone());
        to.register("gloss_data_free_bytes", "Free space of the data folder", self.free_bytes.clone());
        to.register("process_resident_memory_bytes", "Resident memory", self.memory.clone());
        to.register("process_open_fds", "Open files", self.open_files.clone());
        let started: Level = Level::default();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        started.set(now.as_secs_f64());
        to.register("process_start_time_seconds", "Start of the process since the Unix epoch", started);
        self
    }
}

/// Records a query or a mutation. `operation` is its root field.
pub fn operation(kind: &'static str, operation: String, took: Duration) {
    let labels = Operation { r#type: kind, operation };
    METRICS.operations.get_or_create(&labels).observe(took.as_secs_f64());
}

/// Records an error of an operation.
pub fn operation_error(code: &str) {
    METRICS.errors.get_or_create(&Code { code: code.to_owned() }).inc();
}

/// Records a statement to the store.
pub fn statement(took: Duration) {
    METRICS.statements.observe(took.as_secs_f64());
}

/// Records rows that have an outcome: `done`, `failed` or `skipped`.
pub fn rows(outcome: &'static str, number: u64) {
    if number > 0 {
        METRICS.rows.get_or_create(&Outcome { outcome }).inc_by(number);
    }
}

/// Records that a worker has left a run.
pub fn run_left(kind: &'static str, status: &'static str, worked: Duration) {
    METRICS.run_seconds.get_or_create(&RunLabels { kind, status }).observe(worked.as_secs_f64());
}

/// A run on which this process works, until it is dropped.
#[derive(Debug)]
pub struct Working(());

impl Working {
    /// Counts a run.
    #[must_use]
    pub fn begin() -> Self {
        METRICS.working.inc();
        Self(())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        METRICS.working.dec();
    }
}

/// A request to a model.
#[derive(Debug)]
pub struct ModelRequest<'a> {
    /// The provider.
    pub provider: &'static str,
    /// The model.
    pub model: &'a str,
    /// `ok`, or what went wrong.
    pub outcome: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Tokens that were read.
    pub input_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
    /// Its cost in US dollars; 0 if it is not known.
    pub cost_usd: f64,
}

/// Records a request to a model.
pub fn model_request(request: &ModelRequest<'_>) {
    let &ModelRequest { provider, outcome, took, .. } = request;
    let model = || request.model.to_owned();
    METRICS.requests.get_or_create(&Request { provider, model: model(), outcome }).observe(took.as_secs_f64());
    for (direction, tokens) in [("input", request.input_tokens), ("output", request.output_tokens)] {
        if tokens > 0 {
            METRICS.tokens.get_or_create(&Tokens { provider, model: model(), direction }).inc_by(tokens);
        }
    }
    if request.cost_usd > 0.0 {
        METRICS.cost.get_or_create(&Model { provider, model: model() }).inc_by(request.cost_usd);
    }
}

/// Records that a nudge was sent.
pub fn nudge_sent() {
    METRICS.nudges.inc();
}

/// Records that a nudge was received.
pub fn nudge_received(sent: Instant) {
    METRICS.bus_lag.observe(sent.elapsed().as_secs_f64());
}

/// Records nudges that a slow listener missed.
pub fn nudges_lost(number: u64) {
    METRICS.nudges_lost.inc_by(number);
}

/// Shows how much clients have open.
pub fn show_open(subscriptions: usize, sockets: usize) {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    METRICS.subscriptions.set(number(subscriptions));
    METRICS.sockets.set(number(sockets));
}

/// What a scrape shows of the process.
#[derive(Debug, Default)]
pub struct OfProcess {
    /// The number of runs on which it may work at once.
    pub capacity: usize,
    /// The free space of its data folder in bytes.
    pub free_bytes: u64,
}

/// What a scrape shows of the store.
#[derive(Debug, Default)]
pub struct OfStore {
    /// The number of runs by kind and status.
    pub runs: Vec<(&'static str, &'static str, i64)>,
    /// The time for which the oldest queued run has waited.
    pub queue_age: Duration,
    /// The time since the lease that was renewed first.
    pub lease_age: Duration,
}

/// Shows the process and the store; `None` if the store does not answer.
pub fn show(process: &OfProcess, store: Option<&OfStore>) {
    METRICS.capacity.set(i64::try_from(process.capacity).unwrap_or(i64::MAX));
    METRICS.free_bytes.set(i64::try_from(process.free_bytes).unwrap_or(i64::MAX));
    if let Some((memory, files)) = usage() {
        METRICS.memory.set(memory);
        METRICS.open_files.set(files);
    }
    METRICS.store_available.set(store.is_some().into());
    let Some(store) = store else { return };
    for (kind, status, number) in &store.runs {
        METRICS.runs.get_or_create(&RunLabels { kind, status }).set(*number);
    }
    METRICS.queue_age.set(store.queue_age.as_secs_f64());
    METRICS.lease_age.set(store.lease_age.as_secs_f64());
}

/// The resident memory in bytes and the number of open files, where the system tells.
fn usage() -> Option<(i64, i64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let files = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some((kib * 1024, i64::try_from(files).ok()?))
}

/// Returns all metrics as text.
///
/// # Errors
/// Returns an error if they cannot be written.
pub fn text() -> Result<String, fmt::Error> {
    let mut text = String::new();
    encode(&mut text, &METRICS.registry)?;
    Ok(text)
}
