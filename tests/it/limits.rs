//! Limits of the real server over every transport: ordinary requests pass, requests that would exhaust the machine
//! are refused before any work, and the server keeps running.

use std::time::{Duration, Instant};

use reqwest::{Client, header};
use serde_json::{Value, json};

use crate::harness::{Live, Server};

/// Maximum time for a refusal: far longer than it takes, far shorter than the work that it avoids.
const QUICKLY: Duration = Duration::from_secs(5);

/// Returns documents that must be refused, with the expected code.
fn attacks() -> Vec<(&'static str, String, &'static str)> {
    let limit = "LIMIT_EXCEEDED";
    let brackets = "[".repeat(100_000);
    let all = |parts: &mut dyn Iterator<Item = String>| parts.collect::<Vec<_>>().concat();
    let many = |n: usize, field: &dyn Fn(usize) -> String| format!("{{ {} }}", all(&mut (0..n).map(field)));
    let bomb = |leaf: &str| {
        let two = |n| format!("fragment f{n} on Query {{ ...f{next} ...f{next} }} ", next = n + 1);
        format!("{{ ...f0 }} {} {leaf}", all(&mut (0..30).map(two)))
    };
    let chain = all(&mut (0..1200).map(|n| format!("fragment f{n} on Query {{ ...f{} }} ", n + 1)));
    vec![
        ("20,000 aliases", many(20_000, &|n| format!("a{n}: server {{ version }} ")), limit),
        ("60 aliases", many(60, &|n| format!("a{n}: server {{ version }} ")), limit),
        ("one field 2,000 times", many(2_000, &|_| "server { version } ".to_owned()), limit),
        ("fields 1,000 deep", format!("{}id{}", "{ parent ".repeat(1_000), " }".repeat(1_000)), limit),
        ("a list 100,000 deep", format!("{{ runs(first: {brackets}"), limit),
        ("a type 100,000 deep", format!("query ($a: {brackets}"), limit),
        ("after a comment that ended at a carriage return", format!("# x\r{{ runs(first: {brackets}"), limit),
        ("after a block string with backslashes", format!(r#"{{ a(b: """\\""" """ c: {brackets}"#), limit),
        ("after a string that its line ended", format!("{{ a(b: \"\n c: {brackets}"), limit),
        ("tokens between byte order marks", many(20_000, &|_| "a\u{feff}".to_owned()), limit),
        ("a fragment bomb", bomb("fragment f30 on Query { server { version } }"), limit),
        ("a fragment bomb without a core", bomb(""), limit),
        ("a chain of 1,200 fragments", format!("{{ ...f0 }} {chain}"), limit),
        ("lists in lists", "{ runs(first: 200) { nodes { suggestions(first: 200) { nodes { id } } } } }".into(), limit),
        (
            "the schema's lists in each other",
            format!("{{ __schema {{ types {{ {}name{} }} }} }}", "fields { type { ".repeat(4), " } }".repeat(4)),
            limit,
        ),
        (
            "fragments in a circle",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".into(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("a fragment in itself", "{ ...a } fragment a on Query { ...a }".into(), "GRAPHQL_VALIDATION_FAILED"),
    ]
}

/// Checks the code of the first error and that it came quickly.
fn refused(what: &str, began: Instant, errors: &Value, code: &str) {
    let shown = errors.to_string().chars().take(500).collect::<String>();
    assert_eq!(errors[0]["extensions"]["code"], code, "{what}: {shown}");
    assert!(shown.len() < 500, "{what}: {shown}");
    assert!(!errors[0]["message"].as_str().unwrap().is_empty());
    assert!(began.elapsed() < QUICKLY, "{what} took {:?}", began.elapsed());
}

#[tokio::test]
async fn exhausting_operations_are_refused_on_every_transport() {
    let server = Server::start().await;
    let url = format!("{}/graphql", server.base);
    let client = Client::new();
    for (what, query, code) in attacks() {
        let began = Instant::now();
        let answer = server.answer(&query, json!({})).await;
        assert!(answer.get("data").is_none(), "{what}: {answer}");
        refused(what, began, &answer["errors"], code);

        let began = Instant::now();
        let message = Live::open(&server.base, &query, json!({})).await.message().await.unwrap();
        assert_eq!(message["type"], "error", "{what}: {message}");
        refused(what, began, &message["payload"], code);

        let began = Instant::now();
        let stream = client
            .post(&url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream")
            .body(json!({ "query": query }).to_string());
        let text = stream.send().await.unwrap().text().await.unwrap();
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        refused(what, began, &serde_json::from_str::<Value>(data).unwrap()["errors"], code);

        let encoded = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", &query).finish();
        // A longer URL is refused before it is parsed.
        if encoded.len() < 60_000 {
            let began = Instant::now();
            let text = client.get(format!("{url}?{encoded}")).send().await.unwrap().text().await.unwrap();
            refused(what, began, &serde_json::from_str::<Value>(&text).unwrap()["errors"], code);
        }
    }
    assert_eq!(server.data("{ runs { totalCount } }", json!({})).await["runs"]["totalCount"], 0);
}

#[tokio::test]
async fn operation_names_are_resolved_equally_on_every_transport() {
    let server = Server::start().await;
    let two = "query A { server { version } } query B { server { version } }";
    for (query, name) in [(two, None), (two, Some("C")), ("{ server { version } }", Some("C"))] {
        let body = json!({ "query": query, "operationName": name });
        let post = Client::new()
            .post(format!("{}/graphql", server.base))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string());
        let answer: Value = serde_json::from_str(&post.send().await.unwrap().text().await.unwrap()).unwrap();
        let message = Live::send(&server.base, body).await.message().await.unwrap();
        assert_eq!(message["type"], "error", "{message}");
        assert_eq!(message["payload"], answer["errors"]);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "operationName", "{answer}");
    }
}

#[tokio::test]
async fn ordinary_operations_pass() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let schema = server.data(crate::api::INTROSPECTION, json!({})).await;
    assert!(schema["__schema"]["types"].as_array().unwrap().len() > 50);

    // The maximum number of runs that one operation may start.
    let demo = server.db_profile("demo").await;
    let starts: Vec<String> = (0..25)
        .map(|n| format!("a{n}: startRun(input: {{ targets: [{{ dbProfileId: $db }}] }}) {{ runs {{ id }} }}"))
        .collect();
    let starts = format!("mutation ($db: ID!) {{ {} }}", starts.join(" "));
    for _ in 0..8 {
        server.data(&starts, json!({ "db": demo })).await;
    }
    let page = "{ runs(first: 200) { totalCount kindCounts { kind count } pageInfo { hasNextPage endCursor } edges { \
        cursor node {
        id number kind command status scopeSummary createdAt startedAt finishedAt durationSeconds canCancel model \
        dbProfileName
        dbProfile { id name backend displayUrl } llmProfile { id name provider model }
        progress { total done failed skipped } usage { inputTokens outputTokens totalTokens requests costUsd }
        confidenceDistribution { high medium low } reviewCounts { unreviewed } error { code message hint }
        events(last: 3) { nodes { sequence type message } } } } } }";
    let data = server.data(page, json!({})).await;
    let runs = &data["runs"];
    assert_eq!(runs["totalCount"], 200);
    assert_eq!(runs["edges"].as_array().unwrap().len(), 200);
    assert_eq!(runs["edges"][0]["node"]["events"]["nodes"][0]["type"], "CREATED");
}
