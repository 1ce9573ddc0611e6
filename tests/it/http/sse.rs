//! Server-sent events: frames, errors, the end of streams.

use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

use super::toy::{Toy, code, content_type};

/// The events of a stream.
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

    /// Returns the next event's name and data, or `None` at the end of the stream.
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
async fn invalid_requests_are_refused_with_a_status() {
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

/// Starts an operation on a reserved stream and returns the immediate answer.
async fn start(toy: &Toy, token: &str, id: &str, query: &str) -> (StatusCode, String) {
    let body = json!({ "query": query, "extensions": { "operationId": id } });
    let response = toy.post(body).header("x-graphql-event-stream-token", token).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn reserve(toy: &Toy) -> String {
    let response = toy.client.put(toy.url("/graphql")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(content_type(&response), "text/plain; charset=utf-8");
    let token = response.text().await.unwrap();
    assert!(token.len() >= 43, "{token}");
    token
}

#[tokio::test]
async fn one_stream_for_many_operations() {
    let toy = Toy::start().await;
    let token = reserve(&toy).await;
    // An operation may start before the stream is opened.
    assert_eq!(start(&toy, &token, "early", "{ hello }").await, (StatusCode::ACCEPTED, String::new()));
    let mut events = Events::open(toy.get(&format!("/graphql?token={token}"))).await;
    let read = async |events: &mut Events| {
        let (name, data) = events.next().await.unwrap();
        (name, serde_json::from_str::<Value>(&data).unwrap())
    };
    let next = |id: &str, payload: Value| ("next".to_owned(), json!({ "id": id, "payload": payload }));
    let complete = |id: &str| ("complete".to_owned(), json!({ "id": id }));
    assert_eq!(read(&mut events).await, next("early", json!({ "data": { "hello": "hello world" } })));
    assert_eq!(read(&mut events).await, complete("early"));

    let mut floods = toy.seen.floods.subscribe();
    assert_eq!(start(&toy, &token, "s", "subscription { silence }").await.0, StatusCode::ACCEPTED);
    assert_eq!(start(&toy, &token, "s", "{ hello }").await.0, StatusCode::CONFLICT);
    assert_eq!(start(&toy, &token, "early", "subscription { count(to: 2) }").await.0, StatusCode::ACCEPTED);
    for number in 1..=2 {
        assert_eq!(read(&mut events).await, next("early", json!({ "data": { "count": number } })));
    }
    assert_eq!(read(&mut events).await, complete("early"));
    for (query, expected) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
    ] {
        let (status, body) = start(&toy, &token, "wrong", query).await;
        assert_eq!((status, code(&serde_json::from_str(&body).unwrap())), (StatusCode::BAD_REQUEST, expected));
    }
    let without = toy.post(json!({ "query": "{ hello }" })).header("x-graphql-event-stream-token", &token);
    assert_eq!(without.send().await.unwrap().status(), StatusCode::BAD_REQUEST);

    // After a DELETE, the operation's id is free again.
    assert_eq!(start(&toy, &token, "f", "subscription { flood }").await.0, StatusCode::ACCEPTED);
    floods.wait_for(|&n| n == 1).await.unwrap();
    let end = toy.client.delete(toy.url("/graphql?operationId=f")).header("x-graphql-event-stream-token", &token);
    assert_eq!(end.send().await.unwrap().status(), StatusCode::OK);
    let drain = tokio::spawn(async move {
        loop {
            if read(&mut events).await.1["id"] == "f2" {
                return events;
            }
        }
    });
    floods.wait_for(|&n| n == 0).await.unwrap();
    assert_eq!(start(&toy, &token, "f2", "{ hello }").await.0, StatusCode::ACCEPTED);
    let events = drain.await.unwrap();

    // One stream per token; when it ends, so does the reservation.
    let again =
        toy.get("/graphql").header("x-graphql-event-stream-token", &token).header("accept", "text/event-stream");
    assert_eq!(again.send().await.unwrap().status(), StatusCode::CONFLICT);
    drop(events);
    while start(&toy, &token, "late", "subscription { silence }").await.0 != StatusCode::NOT_FOUND {
        let end = toy.client.delete(toy.url(&format!("/graphql?operationId=late&token={token}")));
        end.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_reservation_is_not_kept_for_ever_and_not_for_others() {
    let toy = Toy::limited(|limits| {
        limits.reserved_for = std::time::Duration::from_millis(200);
        limits.sockets_per_client = 3;
    })
    .await;
    for (token, status) in [("", StatusCode::NOT_FOUND), ("guessed", StatusCode::NOT_FOUND)] {
        assert_eq!(start(&toy, token, "a", "{ hello }").await.0, status);
    }
    let reserved: Vec<String> = [reserve(&toy).await, reserve(&toy).await, reserve(&toy).await].into();
    assert_eq!(toy.client.put(toy.url("/graphql")).send().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    while start(&toy, &reserved[0], "a", "{ hello }").await.0 != StatusCode::NOT_FOUND {}
    while toy.client.put(toy.url("/graphql")).send().await.unwrap().status() != StatusCode::CREATED {}
    let picky = toy.client.put(toy.url("/graphql")).header(header::ACCEPT, "application/json").send().await.unwrap();
    assert_eq!(picky.status(), StatusCode::NOT_ACCEPTABLE);
}

/// Operations of a stream that is never opened end with the reservation.
#[tokio::test]
async fn an_unopened_reservation_ends_with_its_operations() {
    let toy = Toy::limited(|limits| {
        limits.reserved_for = std::time::Duration::from_millis(300);
        (limits.sockets_per_client, limits.subscriptions_per_client) = (1, 1);
    })
    .await;
    let mut floods = toy.seen.floods.subscribe();
    for _ in 0..3 {
        let token = tokio::time::timeout(std::time::Duration::from_secs(20), async {
            loop {
                let response = toy.client.put(toy.url("/graphql")).send().await.unwrap();
                if response.status() == StatusCode::CREATED {
                    return response.text().await.unwrap();
                }
            }
        });
        let token = token.await.expect("the quota is freed");
        let (status, body) = start(&toy, &token, "a", "subscription { flood }").await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        let ended = tokio::time::timeout(std::time::Duration::from_secs(20), floods.wait_for(|&n| n == 0));
        ended.await.expect("the execution ends").unwrap();
    }
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_by_comments() {
    let toy = Toy::limited(|limits| limits.ping_every = std::time::Duration::from_millis(20)).await;
    let mut events = Events::open(toy.query("subscription { silence }")).await;
    let mut read = String::new();
    while read.matches(":\n\n").count() < 5 {
        read += std::str::from_utf8(&events.response.chunk().await.unwrap().unwrap()).unwrap();
    }
    assert_eq!(read.replace(":\n\n", ""), "");
}
