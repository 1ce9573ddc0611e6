//! Traces over OTLP: what a request does, down to its statements and the requests to models.
//!
//! The rules:
//! - Without an endpoint nothing is traced: no span is made for it, and every function here returns at once.
//! - A request continues the trace of its caller (`traceparent`). A run continues the trace of the request that started
//!   it, if that came to this process.
//! - Spans go to the collector in batches, from a thread of their own. If the collector does not answer, they are lost,
//!   and nothing waits for them.
//!
//! The other `OTEL_…` variables (headers, sampler, service name, batch sizes) are read by the library.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use lru::LruCache;
use opentelemetry::{
    Context, KeyValue,
    propagation::TextMapPropagator,
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
    },
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use tokio::runtime::Handle;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

/// Time limit of a request to the collector.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// The path of the collector for traces.
const PATH: &str = "/v1/traces";
/// Number of runs whose origin is remembered until a worker claims them.
const ORIGINS: usize = 10_000;
/// The name of the service, unless `OTEL_SERVICE_NAME` says another.
const SERVICE: &str = "gloss";

/// What traces, if anything does.
static ACTIVE: OnceLock<Active> = OnceLock::new();

struct Active {
    tracer: SdkTracer,
    /// The spans that queued runs, by the number of the run.
    origins: Mutex<LruCache<i64, SpanContext>>,
}

/// The traces cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("cannot send traces to {endpoint}: {cause}; write --otlp-endpoint as in http://collector.example:4318")]
pub struct TracesError {
    endpoint: String,
    cause: String,
}

/// Sends the traces. They end with [`Traces::end`].
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

/// Starts the traces of this process, to the collector at `endpoint`. Returns the layer that makes spans of the log's
/// spans, and what to end at last.
///
/// # Errors
/// Returns a [`TracesError`] if the endpoint is no URL.
pub fn start<S>(endpoint: &str) -> Result<(impl Layer<S> + Send + Sync + 'static, Traces), TracesError>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync + 'static,
{
    let failed = |cause: String| TracesError { endpoint: endpoint.to_owned(), cause };
    let is_http = endpoint.starts_with("http://") || endpoint.starts_with("https://");
    if !is_http {
        return Err(failed("it is not the URL of a collector".to_owned()));
    }
    let client = reqwest::Client::builder()
        .timeout(SEND_WITHIN)
        .user_agent(concat!("gloss/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender { client, runtime: Handle::current() })
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}{PATH}", endpoint.trim_end_matches('/')))
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(SERVICE);
    }
    let provider = SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter).build();
    let tracer = provider.tracer(SERVICE);
    let origins = Mutex::new(LruCache::new(NonZeroUsize::new(ORIGINS).unwrap_or(NonZeroUsize::MIN)));
    let _once = ACTIVE.set(Active { tracer: tracer.clone(), origins });
    let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
    let ours = |of: &Metadata<'_>| of.is_span() && of.target().starts_with("gloss");
    Ok((layer.with_filter(filter_fn(ours)), Traces(provider)))
}

impl Traces {
    /// Sends the last spans, and ends.
    pub async fn end(self) {
        // It waits for its thread, which needs this runtime.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(SEND_WITHIN)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// Sends requests from the thread of the spans, which has no runtime, through that of the process.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (client, request) = (self.client.clone(), reqwest::Request::try_from(request)?);
        let sending = self.runtime.spawn(async move {
            let mut answer = client.execute(request).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                std::mem::swap(headers, answer.headers_mut());
            }
            Ok::<_, HttpError>(response.body(answer.bytes().await?)?)
        });
        sending.await?
    }
}

/// Continues the trace of a request's caller. `header` returns a header by name.
pub fn continue_request<'a>(span: &Span, header: impl Fn(&str) -> Option<&'a str>) {
    if ACTIVE.get().is_none() {
        return;
    }
    let named = |name: &&str| header(name).map(|value| ((*name).to_owned(), value.to_owned()));
    let headers: HashMap<String, String> = ["traceparent", "tracestate"].iter().filter_map(named).collect();
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
    let _untraced = span.set_parent(parent);
    span.record("otel.kind", "server");
}

/// Remembers that the present span has queued a run.
pub fn queued(run: i64) {
    let Some(active) = ACTIVE.get() else { return };
    let origin = Span::current().context().span().span_context().clone();
    if origin.is_valid() {
        active.origins.lock().unwrap_or_else(PoisonError::into_inner).put(run, origin);
    }
}

/// Continues the trace that has queued a run.
pub fn continue_run(span: &Span, run: i64) {
    let Some(active) = ACTIVE.get() else { return };
    let origin = active.origins.lock().unwrap_or_else(PoisonError::into_inner).pop(&run);
    if let Some(origin) = origin {
        let _untraced = span.set_parent(Context::new().with_remote_span_context(origin));
    }
}

/// Whether anything is traced.
#[must_use]
pub fn are_on() -> bool {
    ACTIVE.get().is_some()
}

/// Records a statement of the present span that has just ended. Its values are not recorded.
#[expect(clippy::disallowed_methods, reason = "a collector orders spans by the system's time")]
pub fn statement(system: &'static str, sql: &str, took: Duration, failed: bool) {
    let Some(active) = ACTIVE.get() else { return };
    let parent = Span::current().context();
    // A statement outside of a request or a run would be a trace of its own.
    if !parent.span().span_context().is_valid() {
        return;
    }
    let now = SystemTime::now();
    let verb = sql.split_whitespace().next().unwrap_or("SQL").to_uppercase();
    let span = SpanBuilder::from_name(verb)
        .with_kind(SpanKind::Client)
        .with_start_time(now.checked_sub(took).unwrap_or(now))
        .with_attributes([KeyValue::new("db.system.name", system), KeyValue::new("db.query.text", sql.to_owned())]);
    let mut span = active.tracer.build_with_context(span, &parent);
    if failed {
        span.set_status(Status::error("the statement failed"));
    }
    span.end_with_timestamp(now);
}
