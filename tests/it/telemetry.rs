//! What operators see: `/metrics`, the dashboard and the alerts that name its metrics, and traces at a collector.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value as Attribute, trace::v1::Span,
};
use prost::Message;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use crate::harness::{ScriptedModel, Server, SqliteTarget, llm_input, server_with, store};

const SHOP: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT, total REAL);";

/// The samples of a scrape, by name with labels.
async fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let text = server.get("/metrics").await.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The sum of the samples whose names begin with `name` and contain all these labels.
fn sum(samples: &BTreeMap<String, f64>, name: &str, labels: &[&str]) -> f64 {
    let is =
        |sample: &String| sample.split('{').next() == Some(name) && labels.iter().all(|label| sample.contains(label));
    samples.iter().filter(|(sample, _)| is(sample)).map(|(_, value)| value).sum()
}

/// A server that has done everything once that metrics count.
async fn used_server() -> (Server, ScriptedModel, SqliteTarget) {
    let model = ScriptedModel::builder().start().await;
    let target = SqliteTarget::new(SHOP);
    let server = Server::start().await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let mut profile = model.profile();
    (profile.input_cost_per_million_tokens, profile.output_cost_per_million_tokens) = (Some(1.0), Some(2.0));
    let llm_profile = server.create_llm_profile(llm_input(&profile)).await;
    let input = json!({ "targets": [{ "dbProfileId": db_profile }], "llmProfileId": llm_profile });
    let run = server.start_run(input).await;
    server.events(&run, 0).await;
    server.error("{ runByNumber(number: 0) { id } nothing }", json!({})).await;
    (server, model, target)
}

#[tokio::test]
async fn metrics_count_what_happens() {
    let (server, _model, _target) = used_server().await;
    let samples = scrape(&server).await;
    for (name, labels, expected) in [
        ("gloss_info", &["version="][..], 1.0),
        ("gloss_store_available", &[], 1.0),
        ("gloss_runs", &["kind=\"ANALYZE\"", "status=\"READY_FOR_REVIEW\""], 1.0),
        ("gloss_runs", &["status=\"QUEUED\""], 0.0),
        ("gloss_run_seconds_count", &["kind=\"ANALYZE\"", "status=\"READY_FOR_REVIEW\""], 1.0),
        ("gloss_rows_total", &["outcome=\"done\""], 4.0),
        ("gloss_worker_capacity", &[], 4.0),
        ("gloss_worker_runs", &[], 0.0),
        ("gloss_operation_seconds_count", &["type=\"mutation\"", "operation=\"startRun\""], 1.0),
        ("gloss_operation_errors_total", &["code=\"GRAPHQL_VALIDATION_FAILED\""], 1.0),
        ("gloss_subscriptions", &[], 0.0),
        ("gloss_queue_age_seconds", &[], 0.0),
        ("gloss_lease_age_seconds", &[], 0.0),
    ] {
        assert!((sum(&samples, name, labels) - expected).abs() < f64::EPSILON, "{name} {labels:?}: {samples:#?}");
    }
    for (name, labels) in [
        ("gloss_model_request_seconds_count", &["outcome=\"ok\"", "provider="][..]),
        ("gloss_model_tokens_total", &["direction=\"input\""]),
        ("gloss_model_cost_usd_total", &[]),
        ("gloss_store_statement_seconds_count", &[]),
        ("gloss_bus_nudges_total", &[]),
        ("gloss_bus_lag_seconds_count", &[]),
        ("gloss_data_free_bytes", &[]),
        ("process_resident_memory_bytes", &[]),
        ("process_open_fds", &[]),
    ] {
        assert!(sum(&samples, name, labels) > 0.0, "{name} {labels:?}: {samples:#?}");
    }
    // A list goes another way, and a client's own names become no labels.
    server.data("query FromAClient { runs { nodes { number } } }", json!({})).await;
    let mut live = server.subscribe("subscription { runsChanged { __typename } }", json!({})).await;
    let idle = server.start_run(json!({ "targets": [{ "dbProfileId": server.db_profile("demo").await }] })).await;
    live.message().await.unwrap();
    let samples = scrape(&server).await;
    assert!(sum(&samples, "gloss_operation_seconds_count", &["operation=\"runs\""]) >= 1.0, "{samples:#?}");
    assert!((sum(&samples, "gloss_subscriptions", &[]) - 1.0).abs() < f64::EPSILON);
    assert!(!format!("{samples:?}").contains("FromAClient"));
    server.events(&idle, 0).await;
}

#[tokio::test]
async fn a_scrape_answers_without_the_store() {
    if store::needs_sqlite("a store that is taken away") {
        return;
    }
    let server = Server::start().await;
    fs::rename(server.data.path().join("store.db"), server.data.path().join("away.db")).unwrap();
    let samples = scrape(&server).await;
    // What is open can still be read; nothing hangs.
    assert!(samples.contains_key("gloss_store_available"), "{samples:#?}");
}

/// The names of metrics in a text.
fn names_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("gloss_") || word.starts_with("process_")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_dashboard_the_alerts_and_the_docs_name_metrics_that_exist() {
    let (server, _model, _target) = used_server().await;
    let shown: BTreeSet<String> =
        scrape(&server).await.into_keys().map(|name| name.split('{').next().unwrap().to_owned()).collect();
    for file in ["deploy/grafana-dashboard.json", "deploy/alerts.yaml"] {
        let named = names_in(&fs::read_to_string(file).unwrap());
        assert!(named.len() >= 10, "{file} names {named:?}");
        let missing: Vec<_> = named.difference(&shown).collect();
        assert!(missing.is_empty(), "{file} names {missing:?}, which /metrics does not show: {shown:#?}");
    }
    // The page names a histogram without the ending of its samples, and it names all.
    let page = names_in(&fs::read_to_string("docs/operations.md").unwrap());
    let families: BTreeSet<String> = shown
        .iter()
        .map(|name| ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name))
        .map(str::to_owned)
        .collect();
    let missing: Vec<_> = families.difference(&page).collect();
    assert!(missing.is_empty(), "docs/operations.md does not name {missing:?}");
    let unknown: Vec<_> = page.difference(&families).collect();
    assert!(unknown.is_empty(), "docs/operations.md names {unknown:?}, which /metrics does not show");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string("deploy/grafana-dashboard.json").unwrap()).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 20);
}

/// A collector: it takes spans over HTTP.
struct Collector {
    base: String,
    spans: watch::Receiver<Vec<Span>>,
    services: watch::Receiver<BTreeSet<String>>,
}

type Taken = Arc<(watch::Sender<Vec<Span>>, watch::Sender<BTreeSet<String>>)>;

impl Collector {
    async fn start() -> Self {
        async fn take(State(taken): State<Taken>, body: Bytes) -> &'static str {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            for resource in request.resource_spans {
                let attributes = resource.resource.map(|it| it.attributes).unwrap_or_default();
                let name = attributes.into_iter().find(|it| it.key == "service.name").and_then(|it| it.value?.value);
                if let Some(Attribute::StringValue(name)) = name {
                    taken.1.send_modify(|names| {
                        names.insert(name);
                    });
                }
                let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
                taken.0.send_modify(|all| all.extend(spans));
            }
            ""
        }
        let taken: Taken = Arc::new((watch::Sender::new(Vec::new()), watch::Sender::new(BTreeSet::new())));
        let (spans, services) = (taken.0.subscribe(), taken.1.subscribe());
        let router = Router::new().route("/v1/traces", post(take)).with_state(taken);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, spans, services }
    }

    /// Waits until the spans satisfy a condition, and returns them.
    async fn until(&mut self, what: &str, is: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let found = tokio::time::timeout(Duration::from_mins(1), self.spans.wait_for(|spans| is(spans)));
        let in_time = found.await.is_ok();
        let spans = self.spans.borrow().clone();
        assert!(in_time, "no {what} in {:#?}", summary(&spans));
        spans
    }
}

fn text(span: &Span, key: &str) -> String {
    let value = span.attributes.iter().find(|it| it.key == key).and_then(|it| it.value.clone()?.value);
    if let Some(Attribute::StringValue(text)) = value { text } else { String::new() }
}

fn summary(spans: &[Span]) -> Vec<String> {
    spans.iter().map(|span| format!("{} {} {}", span.name, text(span, "path"), text(span, "db.query.text"))).collect()
}

#[tokio::test]
async fn a_trace_leads_from_the_request_to_statements_and_to_the_model() {
    let mut collector = Collector::start().await;
    let model = ScriptedModel::builder().start().await;
    let target = SqliteTarget::new(SHOP);
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.base.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let (server, input) = server_with(&model, &target, &environment).await;
    // The caller's own trace continues.
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let query = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    let request = reqwest::Client::new().post(format!("{}/graphql", server.base));
    let request =
        request.header("content-type", "application/json").header("traceparent", format!("00-{trace}-{parent}-01"));
    let answer: Value = serde_json::from_str(&request.body(body).send().await.unwrap().text().await.unwrap()).unwrap();
    let run = answer["data"]["startRun"]["runs"][0]["id"].as_str().unwrap().to_owned();
    server.events(&run, 0).await;

    let of_trace = move |span: &&Span| hex(&span.trace_id) == trace;
    let spans =
        collector.until("span of the run", |spans| spans.iter().filter(of_trace).any(|span| span.name == "run")).await;
    let spans: Vec<&Span> = spans.iter().filter(of_trace).collect();
    let named = |name: &str| {
        let found = spans.iter().find(|span| span.name == name);
        let of = || spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>();
        Span::clone(found.unwrap_or_else(|| panic!("no {name} in {:?}", of())))
    };
    let http = named("http");
    assert_eq!(hex(&http.parent_span_id), parent);
    assert_eq!((http.kind, text(&http, "path").as_str()), (2, "/graphql"));
    let graphql = named("graphql");
    assert_eq!(graphql.parent_span_id, http.span_id);
    assert_eq!(text(&graphql, "graphql.operation.field"), "startRun");
    let insert = spans.iter().find(|span| text(span, "db.query.text").starts_with("INSERT INTO \"run\"")).unwrap();
    assert_eq!((insert.name.as_str(), insert.kind, &insert.parent_span_id), ("INSERT", 3, &graphql.span_id));
    assert!(insert.start_time_unix_nano < insert.end_time_unix_nano);
    let run = named("run");
    assert!(spans.iter().any(|span| span.span_id == run.parent_span_id), "the run follows the request that started it");
    let asked = named("model.request");
    assert_eq!((asked.parent_span_id == run.span_id, asked.kind), (true, 3));
    assert_eq!(text(&asked, "outcome"), "ok");
    assert!(spans.iter().any(|span| span.parent_span_id == run.span_id && !text(span, "db.query.text").is_empty()));
    assert_eq!(*collector.services.borrow(), BTreeSet::from(["gloss".to_owned()]));
    // No value of a statement, and no name of the described database.
    let all = format!("{:?}", collector.spans.borrow());
    assert!(!all.contains("target.db") && !all.contains("CREATE TABLE"), "{all}");

    // The last spans are sent before the process ends.
    let before = collector.spans.borrow().len();
    server.data("{ viewer { name } }", json!({})).await;
    server.signal("TERM");
    let (status, _data) = server.left().await;
    assert!(status.success());
    let after = collector.until("the last span", |spans| spans.len() > before).await;
    assert!(after.iter().any(|span| text(span, "graphql.operation.field") == "viewer"), "{:#?}", summary(&after));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn a_collector_that_is_away_delays_nothing() {
    let server = Server::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]).await;
    assert_eq!(server.data("{ viewer { name } }", json!({})).await["viewer"]["name"], "local");
    server.signal("TERM");
    assert!(server.left().await.0.success());
    let data = tempfile::tempdir().unwrap();
    let text = crate::cli::refusal(data.path(), &["serve", "--otlp-endpoint", "collector"], &[]).await;
    crate::cli::says(&text, &["cannot send traces to collector", "--otlp-endpoint", "http://collector.example:4318"]);
}
