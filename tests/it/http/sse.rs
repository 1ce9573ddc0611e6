//! Server-sent events: frames, errors, the end.

use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

use super::toy::{Toy, code, content_type};

/// The events of a stream, as they come.
struct Events {
    response: Response,
    read: String,
}

impl Events {
    async fn open(request: reqwest::RequestBuilder) -> Self {
        let request = request.header(header::ACCEPT, "text/event-stream").header(header::ACCEPT_ENCODING, "gzip");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(content_type(&response), "text/event-stream");
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        Self { response, read: String::new() }
    }

    /// The next event's name and data, or nothing at the end of the stream.
    async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.read.clone().split_once("\n\n") {
                rest.clone_into(&mut self.read);
                let field = |name: &str| {
                    let prefix = format!("{name}:");
                    event.lines().find_map(|line| Some(line.strip_prefix(&prefix)?.trim().to_owned()))
                };
                let Some(name) = field("event") else { continue };
                return Some((name, field("data").expect("an event without data is not dispatched")));
            }
            self.read += std::str::from_utf8(&self.response.chunk().await.unwrap()?).unwrap();
        }
    }

    async fn all(mut self) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        while let Some((name, data)) = self.next().await {
            all.push((name, serde_json::from_str(&data).unwrap_or(Value::Null)));
        }
        all
    }
}

fn next(data: Value) -> (String, Value) {
    ("next".to_owned(), data)
}

fn complete() -> (String, Value) {
    ("complete".to_owned(), Value::Null)
}

#[tokio::test]
async fn every_kind_of_operation_streams() {
    let toy = Toy::start().await;
    let counted = vec![next(json!({ "data": { "count": 1 } })), next(json!({ "data": { "count": 2 } })), complete()];
    let subscription = "subscription { count(to: 2) }";
    assert_eq!(Events::open(toy.post(json!({ "query": subscription }))).await.all().await, counted);
    assert_eq!(Events::open(toy.query(subscription)).await.all().await, counted);
    let query = Events::open(toy.query("{ hello }")).await.all().await;
    assert_eq!(query, vec![next(json!({ "data": { "hello": "hello world" } })), complete()]);
    let mutation = Events::open(toy.post(json!({ "query": "mutation { bump }" }))).await.all().await;
    assert_eq!(mutation, vec![next(json!({ "data": { "bump": 1 } })), complete()]);
}

#[tokio::test]
async fn errors_come_in_the_stream() {
    let toy = Toy::start().await;
    for (query, expected) in [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { refused }", "NOT_FOUND"),
    ] {
        let events = Events::open(toy.post(json!({ "query": query }))).await.all().await;
        assert_eq!(events.len(), 2, "{events:?}");
        assert_eq!((events[0].0.as_str(), code(&events[0].1)), ("next", expected));
        assert_eq!(events[1], complete());
    }
    let events = Events::open(toy.post(json!({ "query": "subscription { boomLater }" }))).await.all().await;
    assert_eq!(events[0], next(json!({ "data": { "boomLater": 1 } })));
    assert_eq!(code(&events[1].1), "INTERNAL");
    assert_eq!(events.last(), Some(&complete()));
}

#[tokio::test]
async fn what_is_no_request_is_refused_by_status() {
    let toy = Toy::start().await;
    for (request, status) in [
        (toy.post_text("{"), StatusCode::BAD_REQUEST),
        (toy.query("mutation { bump }"), StatusCode::METHOD_NOT_ALLOWED),
        (toy.query("subscription { silence }").header(header::ORIGIN, "http://evil.example"), StatusCode::FORBIDDEN),
    ] {
        let response = request.header(header::ACCEPT, "text/event-stream").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(content_type(&response).starts_with("application/json"));
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_operation() {
    let toy = Toy::start().await;
    let mut floods = toy.seen.floods.subscribe();
    let mut events = Events::open(toy.query("subscription { flood }")).await;
    assert_eq!(events.next().await.unwrap().0, "next");
    drop(events);
    floods.wait_for(|&n| n == 0).await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_ends_the_stream_without_complete() {
    let mut toy = Toy::start().await;
    let events = Events::open(toy.query("subscription { silence }")).await;
    toy.stop.cancel();
    assert_eq!(events.all().await, vec![]);
    (&mut toy.served).await.unwrap().unwrap();
}
