//! Allowed origins and hosts, health checks, the request id, shutdown.

use std::sync::atomic::Ordering;

use gloss::domain::token::Role;
use reqwest::{StatusCode, header};
use serde_json::json;

use super::toy::{Toy, ask, code, content_type};

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused() {
    let toy = Toy::start().await;
    let bump = json!({ "query": "mutation { bump }" });
    for (name, foreign) in [
        (header::HOST, "evil.example"),
        (header::HOST, "127.0.0.1.evil.example:8787"),
        (header::ORIGIN, "http://evil.example"),
        (header::ORIGIN, "http://localhost.evil.example"),
        (header::ORIGIN, "null"),
        (header::ORIGIN, "http://localhost:5173"),
        (header::ORIGIN, "http://gloss.test"),
    ] {
        let (status, body) = {
            let response = toy.post(bump.clone()).header(&name, foreign).send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        };
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {foreign}");
        assert!(body.contains("FORBIDDEN"));
        for path in ["/graphql?query={hello}", "/graphiql", "/healthz", "/metrics"] {
            let response = toy.get(path).header(&name, foreign).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path} {name}: {foreign}");
        }
    }
    assert_eq!(toy.seen.bumps.load(Ordering::SeqCst), 0);
    // Only callers of this machine need no token.
    assert_eq!(ask(toy.post(bump.clone()).header(header::HOST, "gloss.test:80")).await.0, StatusCode::UNAUTHORIZED);
    let (_, secret) = toy.token(Role::Operator).await;
    for (name, own) in [(header::HOST, "localhost"), (header::HOST, "[::1]:1"), (header::HOST, "gloss.test:80")] {
        let request = toy.post(bump.clone()).header(&name, own).bearer_auth(&secret);
        assert_eq!(ask(request).await.0, StatusCode::OK, "{name}: {own}");
    }
}

#[tokio::test]
async fn health_readiness_and_metrics() {
    let toy = Toy::start().await;
    assert_eq!(toy.get("/healthz").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(toy.get("/readyz").send().await.unwrap().status(), StatusCode::OK);

    let _ready = toy.ready.send_replace(Err("the store does not answer".to_owned()));
    let response = toy.get("/readyz").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body, json!({ "status": "unavailable", "reason": "the store does not answer" }));
    assert_eq!(toy.get("/healthz").send().await.unwrap().status(), StatusCode::OK);

    let response = toy.get("/metrics").send().await.unwrap();
    assert!(content_type(&response).starts_with("application/openmetrics-text"));
    let text = response.text().await.unwrap();
    assert!(text.contains("\ngloss_store_statement_seconds_count "), "{text}");
}

#[tokio::test]
async fn each_answer_has_a_request_id() {
    let toy = Toy::start().await;
    let mut ids = std::collections::HashSet::new();
    for (path, given) in
        [("/healthz", None), ("/nothing", None), ("/healthz", Some("a b")), ("/healthz", Some("own-1"))]
    {
        let mut request = toy.get(path);
        if let Some(given) = given {
            request = request.header("x-request-id", given);
        }
        let response = request.send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(given == Some("own-1"), id == "own-1");
        assert_ne!(id, "a b");
        assert!(ids.insert(id));
    }
    let (status, body) = ask(toy.get("/nothing")).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "NOT_FOUND"));
}

/// An internal error must not be cached, and its response has the same security headers.
#[tokio::test]
async fn a_panic_becomes_a_response_with_all_headers() {
    let toy = Toy::start().await;
    let response = toy.query("{ boom }").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(response.headers()[header::X_FRAME_OPTIONS], "DENY");
    assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
}
