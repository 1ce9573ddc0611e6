//! GraphQL over HTTP: statuses, media types, limits.

use std::{sync::atomic::Ordering, time::Duration};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::toy::{GRAPHQL_RESPONSE, Toy, ask, code, content_type};

#[tokio::test]
async fn a_query_by_post_and_get() {
    let toy = Toy::start().await;
    let expected = json!({ "data": { "hello": "hello hen" } });
    let query = "query A($n: String!) { hello(name: $n) } query B { hello }";
    let body = json!({ "query": query, "operationName": "A", "variables": { "n": "hen" }, "extensions": { "x": 1 } });
    assert_eq!(ask(toy.post(body)).await, (StatusCode::OK, expected.clone()));
    let get = toy.query_with(&[
        ("query", query),
        ("operationName", "A"),
        ("variables", r#"{"n":"hen"}"#),
        ("extensions", ""),
    ]);
    assert_eq!(ask(get).await, (StatusCode::OK, expected));
    let nulls = json!({ "query": "{ hello }", "operationName": null, "variables": null, "extensions": null });
    assert_eq!(ask(toy.post(nulls)).await, (StatusCode::OK, json!({ "data": { "hello": "hello world" } })));
}

#[tokio::test]
async fn the_media_type_is_the_one_that_the_client_likes_best() {
    let toy = Toy::start().await;
    let json = "application/json; charset=utf-8";
    let graphql = "application/graphql-response+json; charset=utf-8";
    for (accept, expected) in [
        (None, json),
        (Some("*/*"), json),
        (Some("application/*"), json),
        (Some("application/json"), json),
        (Some(GRAPHQL_RESPONSE), graphql),
        (Some("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8"), graphql),
        (Some("application/json, application/graphql-response+json"), json),
        (Some("application/json;q=0.8, application/graphql-response+json;q=0.9"), graphql),
        (Some("text/html, application/graphql-response+json;q=0, */*;q=0.1"), json),
    ] {
        let mut request = toy.post(json!({ "query": "{ hello }" }));
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        let response = request.send().await.unwrap();
        assert_eq!((response.status(), content_type(&response).as_str()), (StatusCode::OK, expected), "{accept:?}");
    }
    let refused = toy.post(json!({ "query": "{ hello }" })).header(header::ACCEPT, "text/html");
    let (status, body) = ask(refused).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT"));
}

/// A document that cannot be executed gets 400 with GraphQL's own media type and 200 with JSON. The answer has no
/// data.
#[tokio::test]
async fn a_document_that_cannot_be_executed() {
    let toy = Toy::start().await;
    let deep = format!("{{ __schema {{ types {{ {}name{} }} }} }}", "ofType { ".repeat(20), " }".repeat(20));
    for (body, expected) in [
        (json!({ "query": "{ hello" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "{ nothing }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{ hen }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{ long(length: \"x\") }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "query($n: Int!) { long(length: $n) }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "query A { hello } query B { hello }" }), "BAD_USER_INPUT"),
        (json!({ "query": "query A { hello }", "operationName": "B" }), "BAD_USER_INPUT"),
        (json!({ "query": deep }), "LIMIT_EXCEEDED"),
        (
            json!({ "query": (0..1100).map(|n| format!(" a{n}: hello")).fold("{".to_owned(), |q, f| q + &f) + "}" }),
            "LIMIT_EXCEEDED",
        ),
        (json!({ "query": "{a".repeat(100_000) }), "LIMIT_EXCEEDED"),
        (json!({ "query": format!("{{ a(b: {}", "[".repeat(500_000)) }), "LIMIT_EXCEEDED"),
        (json!({ "query": format!("query($a: {}", "[".repeat(500_000)) }), "LIMIT_EXCEEDED"),
        (json!({ "query": format!("{{ {} }}", "hello ".repeat(20_000)) }), "LIMIT_EXCEEDED"),
    ] {
        let shown: String = body.to_string().chars().take(80).collect();
        let (status, answer) = ask(toy.post(body.clone()).header(header::ACCEPT, GRAPHQL_RESPONSE)).await;
        assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, expected), "{shown}: {answer}");
        assert!(answer.get("data").is_none(), "{shown}: {answer}");
        let (status, answer) = ask(toy.post(body)).await;
        assert_eq!((status, code(&answer)), (StatusCode::OK, expected), "{shown}: {answer}");
    }
    let (_, answer) = ask(toy.post(json!({ "query": "{\n  hello(" }))).await;
    assert_eq!(answer["errors"][0]["locations"][0]["line"], 2, "{answer}");
}

/// A body that is no GraphQL request gets 400 with either media type.
#[tokio::test]
async fn invalid_bodies_are_refused() {
    let toy = Toy::start().await;
    for (body, argument) in [
        ("{", None),
        ("", None),
        ("[]", Some("query")),
        (r#"[{"query":"{ hello }"}]"#, Some("query")),
        ("null", Some("query")),
        ("{}", Some("query")),
        (r#"{"query":1}"#, Some("query")),
        (r#"{"query":null}"#, Some("query")),
        (r#"{"query":"{ hello }","variables":[]}"#, Some("variables")),
        (r#"{"query":"{ hello }","variables":"{}"}"#, Some("variables")),
        (r#"{"query":"{ hello }","operationName":{}}"#, Some("operationName")),
        (r#"{"query":"{ hello }","extensions":7}"#, Some("extensions")),
    ] {
        for accept in ["application/json", GRAPHQL_RESPONSE] {
            let (status, answer) = ask(toy.post_text(body).header(header::ACCEPT, accept)).await;
            assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"), "{body}");
            assert_eq!(answer["errors"][0]["extensions"]["argument"].as_str(), argument, "{body}");
        }
    }
    for path in [
        "/graphql",
        "/graphql?query={hello}&variables=[]",
        "/graphql?query={hello}&extensions={",
        "/graphql?query=%ff%",
    ] {
        let (status, answer) = ask(toy.get(path)).await;
        assert!(status == StatusCode::BAD_REQUEST || path.contains("%ff"), "{path}: {status} {answer}");
    }
}

#[tokio::test]
async fn only_json_of_a_bounded_length_is_read() {
    let toy = Toy::start().await;
    let text = r#"{"query":"{ hello }"}"#;
    let url = toy.url("/graphql");
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/graphql"),
        Some("application/json; charset=utf-16"),
    ] {
        let mut request = toy.client.post(&url).body(text);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let (status, body) = ask(request).await;
        assert_eq!((status, code(&body)), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT"), "{content_type:?}");
    }
    let utf8 = toy.client.post(&url).header(header::CONTENT_TYPE, "application/JSON; charset=\"UTF-8\"").body(text);
    assert_eq!(ask(utf8).await.0, StatusCode::OK);

    let frame = json!({ "query": "{ hello }", "extensions": { "x": "" } }).to_string().len();
    let fits = json!({ "query": "{ hello }", "extensions": { "x": "x".repeat(1024 * 1024 - frame) } });
    assert_eq!(ask(toy.post(fits)).await.0, StatusCode::OK);
    let long = json!({ "query": "{ hello }", "extensions": { "x": "x".repeat(1024 * 1024 - frame + 1) } });
    let (status, body) = ask(toy.post(long)).await;
    assert_eq!((status, code(&body)), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let toy = Toy::start().await;
    for query in
        ["mutation { bump }", "# query\n mutation M { bump }", "fragment F on Mutation { bump } mutation { ...F }"]
    {
        let response = toy.query(query).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{query}");
        assert_eq!(response.headers()[header::ALLOW], "POST");
    }
    let both = "query Q { hello } mutation M { bump }";
    assert_eq!(ask(toy.query_with(&[("query", both), ("operationName", "Q")])).await.0, StatusCode::OK);
    let mutation = toy.query_with(&[("query", both), ("operationName", "M")]);
    assert_eq!(ask(mutation).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(toy.seen.bumps.load(Ordering::SeqCst), 0);
    let (status, body) = ask(toy.post(json!({ "query": "mutation { bump }" }))).await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "data": { "bump": 1 } })));
}

#[tokio::test]
async fn other_methods_are_refused_with_the_allowed_ones() {
    let toy = Toy::start().await;
    for method in [Method::PATCH, Method::OPTIONS] {
        let response = toy.client.request(method.clone(), toy.url("/graphql")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()[header::ALLOW], "GET, HEAD, POST, PUT, DELETE");
    }
}

#[tokio::test]
async fn a_subscription_needs_a_stream() {
    let toy = Toy::start().await;
    let (status, body) = ask(toy.post(json!({ "query": "subscription { count(to: 1) }" }))).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn errors_after_execution_began() {
    let toy = Toy::start().await;
    for accept in ["application/json", GRAPHQL_RESPONSE] {
        let (status, body) =
            ask(toy.post(json!({ "query": "{ hello refused }" })).header(header::ACCEPT, accept)).await;
        assert_eq!((status, code(&body)), (StatusCode::OK, "NOT_FOUND"));
        assert_eq!(body["data"], json!({ "hello": "hello world", "refused": null }));
        assert_eq!(body["errors"][0]["path"], json!(["refused"]));
    }
    let (status, body) = ask(toy.post(json!({ "query": "{ leaky }" }))).await;
    assert_eq!((status, code(&body)), (StatusCode::OK, "INTERNAL"));
    assert_eq!(body["data"], Value::Null);
    assert!(body["errors"][0]["extensions"]["correlationId"].is_string(), "{body}");
    assert!(!body.to_string().contains("hunter2"), "{body}");
}

#[tokio::test]
async fn a_panic_becomes_a_response_and_the_server_keeps_running() {
    let toy = Toy::start().await;
    let response = toy.post(json!({ "query": "{ boom }" })).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(code(&body), "INTERNAL");
    assert_eq!(body["errors"][0]["extensions"]["correlationId"], id);
    assert_eq!(ask(toy.post(json!({ "query": "{ hello }" }))).await.0, StatusCode::OK);
}

#[tokio::test]
async fn long_answers_are_compressed_on_request() {
    let toy = Toy::start().await;
    let long = json!({ "query": "{ long(length: 5000) }" });
    let plain = toy.post(long.clone()).send().await.unwrap();
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    let packed = toy.post(long).header(header::ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(packed.bytes().await.unwrap().len() < 500);
}

#[tokio::test]
async fn a_get_may_be_kept_and_nothing_else() {
    let toy = Toy::start().await;
    let first = toy.query("{ hello }").send().await.unwrap();
    assert_eq!(first.headers()[header::CACHE_CONTROL], "private, no-cache");
    assert!(first.headers().get_all(header::VARY).iter().any(|vary| vary == "accept, authorization, cookie"));
    let tag = first.headers()[header::ETAG].clone();
    let again = toy.query("{ hello }").header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!((again.status(), &again.headers()[header::ETAG]), (StatusCode::NOT_MODIFIED, &tag));
    assert_eq!(again.text().await.unwrap(), "");
    let other = toy.query("{ hello(name: \"hen\") }").header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
    for request in [toy.query("{ refused }"), toy.post(json!({ "query": "{ hello }" })), toy.query("{ nothing }")] {
        let response = request.send().await.unwrap();
        assert!(!response.headers().contains_key(header::ETAG));
        let kept = response.headers().get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap().to_owned());
        let refused = response.text().await.unwrap().contains("VALIDATION");
        assert!(kept.as_deref() == Some("no-store") || refused, "{kept:?}");
    }
}

#[tokio::test]
async fn a_batch_where_it_is_switched_on() {
    let toy = Toy::limited(|limits| limits.batch = 4).await;
    let batch = json!([
        { "query": "mutation { bump }" },
        { "query": "query($n: String!) { hello(name: $n) }", "variables": { "n": "hen" } },
        { "query": "{ nothing }" },
        { "query": "mutation { bump }" },
    ]);
    let (status, answer) = ask(toy.post(batch)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer[0], json!({ "data": { "bump": 1 } }));
    assert_eq!(answer[1], json!({ "data": { "hello": "hello hen" } }));
    assert_eq!(code(&answer[2]), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(answer[3], json!({ "data": { "bump": 2 } }));
    let (_, answer) = ask(toy.post(json!([{ "query": "subscription { silence }" }, {}]))).await;
    assert_eq!((code(&answer[0]), code(&answer[1])), ("BAD_USER_INPUT", "BAD_USER_INPUT"));
    for many in [json!([]), Value::Array(vec![json!({ "query": "{ hello }" }); 5])] {
        let (status, answer) = ask(toy.post(many)).await;
        assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, "LIMIT_EXCEEDED"));
    }
    let streamed = toy.post(json!([{ "query": "{ hello }" }])).header(header::ACCEPT, "text/event-stream");
    assert_eq!(ask(streamed).await.0, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_request_has_its_time() {
    let toy = Toy::limited(|limits| limits.request_within = Duration::from_millis(100)).await;
    for (query, accept) in [("{ slow }", "application/json"), ("mutation { bumpLater }", GRAPHQL_RESPONSE)] {
        let (status, answer) = ask(toy.post(json!({ "query": query })).header(header::ACCEPT, accept)).await;
        assert_eq!((status, code(&answer)), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"), "{answer}");
    }
    // The mutation continues.
    let mut waiting = toy.seen.waiting.subscribe();
    assert_eq!(*waiting.borrow(), 1);
    toy.seen.gate.send_replace(true);
    waiting.wait_for(|&n| n == 0).await.unwrap();
    assert_eq!(toy.seen.bumps.load(Ordering::SeqCst), 1);
}
