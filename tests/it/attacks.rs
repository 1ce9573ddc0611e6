//! Attacks on the HTTP endpoints, each with its test.
//!
//! | attack | result | test |
//! |---|---|---|
//! | a mutation by GET | 405 with `Allow` | here; `http/post_get.rs` |
//! | a mutation by `text/plain`, as a form, by multipart | 415 | here; `http/post_get.rs` |
//! | a request from another origin, a null origin, another port | 403 | here; `http/doors.rs` |
//! | the same over a WebSocket | 403 at the handshake | here; `http/ws.rs` |
//! | a cross-site GET that a browser sends without an origin | 403 | here |
//! | a fake WebSocket handshake, to avoid the token check | 401 | here |
//! | a host name that resolves to this server (DNS rebinding) | 403 | here; `http/doors.rs`; `tokens.rs` for proxies |
//! | 20,000 aliases, a depth of 1,000, fragment bombs and cycles | LIMIT_EXCEEDED before any work | `limits.rs` |
//! | a body of 10 MB | 413, without reading it to its end | here |
//! | guessed tokens | 401, soon 429; a valid token from the same address still works | here |
//! | a wrong or truncated token, another scheme | 401 | `tokens.rs` |
//! | an expired token | 401; its open connections end | `tokens.rs` |
//! | a token revoked during a subscription | the subscription ends | `tokens.rs` |
//! | each mutation by a VIEWER over every transport | FORBIDDEN, nothing changed | `roles.rs` |
//! | a page that frames the Studio or injects a script into it | the browser refuses, because of the headers | here |
//! | a search for secrets in logs, answers and files | nothing found | `secrets.rs` |
//! | slow headers and bodies, silent sockets, subscribers that never read | closed | `http/` |

use reqwest::{Client, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, client::IntoClientRequest},
};

use crate::harness::{Live, Server};

/// A mutation that no attack may execute.
const START: &str =
    "mutation { cancelRuns(input: { filter: {} }) { matched } createLlmProfile(input: { name: \"evil\", provider: \
        BUILTIN,
    model: \"x\" }) { llmProfile { id } } }";

async fn status_and_code(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert!(answer.get("data").is_none(), "{answer}");
    (status, answer["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn other_sites_change_nothing_with_a_victim_s_browser() {
    let server = Server::start().await;
    let url = format!("{}/graphql", server.base);
    let client = Client::new();
    let body = json!({ "query": START }).to_string();
    let json_post = || client.post(&url).header(header::CONTENT_TYPE, "application/json").body(body.clone());
    let encoded = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", START).finish();
    let multipart = format!("--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{body}\r\n--x--\r\n");
    let post = |content_type: &str, body: &str| {
        client.post(&url).header(header::CONTENT_TYPE, content_type).body(body.to_owned())
    };
    for (attack, request, status, code) in [
        ("GET", client.get(format!("{url}?{encoded}")), 405, "BAD_USER_INPUT"),
        ("text/plain", post("text/plain", &body), 415, "BAD_USER_INPUT"),
        ("a form", post("application/x-www-form-urlencoded", &encoded), 415, "BAD_USER_INPUT"),
        ("multipart", post("multipart/form-data; boundary=x", &multipart), 415, "BAD_USER_INPUT"),
        ("no content type", client.post(&url).body(body.clone()), 415, "BAD_USER_INPUT"),
        ("another site", json_post().header(header::ORIGIN, "https://evil.example"), 403, "FORBIDDEN"),
        ("a sandbox", json_post().header(header::ORIGIN, "null"), 403, "FORBIDDEN"),
        ("another port", json_post().header(header::ORIGIN, "http://127.0.0.1:1"), 403, "FORBIDDEN"),
        ("another name", json_post().header(header::HOST, "evil.example"), 403, "FORBIDDEN"),
    ] {
        assert_eq!(
            status_and_code(request).await,
            (StatusCode::from_u16(status).unwrap(), code.to_owned()),
            "{attack}"
        );
    }
    for (name, foreign) in [("origin", "https://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let mut request = format!("{}/graphql", server.base.replacen("http", "ws", 1)).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        request.headers_mut().insert(name, foreign.parse().unwrap());
        match connect_async(request).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403, "{name}: {foreign}"),
            other => panic!("{name}: {foreign}: {:?}", other.err()),
        }
    }
    // A preflight request gets no permission.
    let preflight = client.request(reqwest::Method::OPTIONS, &url).header(header::ORIGIN, "https://evil.example");
    let answer = preflight.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST").send().await.unwrap();
    assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
    let profiles = server.data("{ llmProfiles { name } }", json!({})).await;
    assert_eq!(profiles["llmProfiles"], json!([{ "name": "builtin" }]));
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read() {
    let server = Server::start().await;
    let body =
        format!("{{\"query\":\"{{ __typename }}\",\"extensions\":{{\"x\":\"{}\"}}}}", "x".repeat(10 * 1024 * 1024));
    let request =
        Client::new().post(format!("{}/graphql", server.base)).header(header::CONTENT_TYPE, "application/json");
    match request.body(body).send().await {
        Ok(response) => {
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
            assert!(response.text().await.unwrap().contains("LIMIT_EXCEEDED"));
        }
        // The server closed the connection while the client was still writing.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
    }
    server.data("{ __typename }", json!({})).await;
}

#[tokio::test]
async fn guessed_tokens_are_refused_and_soon_rate_limited() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let mut statuses = Vec::new();
    for n in 0..200 {
        let guess = format!("gloss_{n:043}");
        let (status, headers, answer) = server.ask(Some(&guess), "{ viewer { name } }", json!({})).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap();
        assert_eq!(code, if status == 401 { "UNAUTHENTICATED" } else { "LIMIT_EXCEEDED" });
        assert_eq!(headers.contains_key(header::RETRY_AFTER), status == 429);
        statuses.push(status.as_u16());
    }
    let told = statuses.iter().filter(|status| **status == 401).count();
    assert!((10..20).contains(&told), "{told} guesses were answered");
    assert!(statuses[20..].iter().filter(|status| **status == 429).count() >= 175);
    // A caller with a valid token is not affected by failed guesses from the same address.
    assert_eq!(server.data_for(&root, "{ viewer { name } }", json!({})).await["viewer"]["name"], "root");
    assert!(server.log().matches(" refused ").count() >= 10, "{}", server.log());
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let server = Server::start().await;
    for path in
        ["/graphql?query={__typename}", "/graphql", "/graphiql", "/healthz", "/readyz", "/metrics", "/nothing", "/"]
    {
        let response = server.get(path).await;
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(header("x-frame-options").as_deref(), Some("DENY"), "{path}");
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"), "{path}");
        assert_eq!(header("cross-origin-resource-policy").as_deref(), Some("same-origin"), "{path}");
        let policy = header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{path}: {policy}");
        // Only pages may be cached; every other answer belongs to one caller.
        let kept = header("cache-control").unwrap_or_default();
        let expected = match path {
            "/graphql?query={__typename}" => "private, no-cache",
            "/graphiql" | "/" => "no-cache",
            _ => "no-store",
        };
        assert_eq!(kept, expected, "{path}");
    }
    for (method, path, status) in [
        (reqwest::Method::GET, "/graphql?query=mutation{__typename}", 405),
        (reqwest::Method::PATCH, "/graphql", 405),
        (reqwest::Method::DELETE, "/graphql", 404),
        (reqwest::Method::POST, "/healthz", 405),
    ] {
        let answer = Client::new().request(method, format!("{}{path}", server.base)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}");
    }
    let foreign = Client::new().get(format!("{}/healthz", server.base)).header(header::HOST, "evil.example");
    let foreign = foreign.send().await.unwrap();
    assert_eq!(
        (foreign.status(), &foreign.headers()[header::CACHE_CONTROL]),
        (StatusCode::FORBIDDEN, &"no-store".parse().unwrap())
    );
}

/// A WebSocket handshake needs no token, since the first message carries it. Every other request needs one.
#[tokio::test]
async fn only_a_websocket_handshake_needs_no_token() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (reader, _) = server.create_token(Some(&root), "reader", "VIEWER").await;
    let news = json!({ "query": "subscription { runsChanged { kind } }" });
    // A subscription of an authenticated viewer, to compare with.
    let mut open = Live::send_as(&server.base, json!({ "token": reader }), news.clone()).await.unwrap();
    let url = format!("{}/graphql", server.base);
    let client = Client::new();
    let json = (header::CONTENT_TYPE, "application/json");
    let post = |body: &Value| client.post(&url).header(json.0.clone(), json.1).body(body.to_string());
    let whole = |request: RequestBuilder| {
        let request = request.header(header::CONNECTION, "upgrade").header("sec-websocket-version", "13");
        request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    for (attack, request) in [
        ("a query", post(&json!({ "query": "{ viewer { name } }" }))),
        ("a document that is not valid", post(&json!({ "query": "{ nothing }" }))),
        ("a stream", post(&news).header(header::ACCEPT, "text/event-stream")),
        ("a stream with all that a handshake has", whole(post(&news).header(header::ACCEPT, "text/event-stream"))),
        ("an operation of a reserved stream", post(&news).header("x-graphql-event-stream-token", "x")),
        ("a reservation", client.put(&url)),
        ("a reservation with all that a handshake has", whole(client.put(&url))),
        ("an end", client.delete(format!("{url}?operationId=a&token=x"))),
        ("a query by GET", client.get(format!("{url}?query={{viewer{{name}}}}"))),
        ("a HEAD", whole(client.head(&url))),
        ("a handshake for what is none", whole(client.get(format!("{}/metrics", server.base)))),
    ] {
        let answer = request.header(header::UPGRADE, "websocket").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{attack}");
    }
    // The authenticated subscriber receives the events.
    let demo = server.data_for(&root, "{ dbProfiles { id } }", json!({})).await["dbProfiles"][0]["id"].take();
    let start = "mutation($db: ID!) { startRun(input: { targets: [{ dbProfileId: $db }] }) { runs { id } } }";
    server.data_for(&root, start, json!({ "db": demo })).await;
    assert_eq!(open.next().await.unwrap()["data"]["runsChanged"]["kind"], "CREATED");
}

/// A page of another site can load a URL as an image or a script without sending an origin, but browsers mark the
/// request with `Sec-Fetch-Site`.
#[tokio::test]
async fn requests_that_browsers_mark_as_cross_site_are_refused() {
    let server = Server::start_with(&[("GLOSS_ALLOWED_ORIGINS", "http://localhost:5173")]).await;
    let get = |path: &str, headers: &[(&'static str, &str)]| {
        let request = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = request.get(format!("{}{path}", server.base));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send()
    };
    let query = "/graphql?query={__typename}";
    for site in ["cross-site", "same-site"] {
        for path in [query, "/export/comparison?ids=x", "/metrics", "/nothing"] {
            for mode in ["no-cors", "navigate", "websocket"] {
                let answer = get(path, &[("sec-fetch-site", site), ("sec-fetch-mode", mode)]).await.unwrap();
                assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{site} {mode} {path}");
            }
        }
        let page = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert_eq!(get("/graphiql", &page).await.unwrap().status(), StatusCode::OK);
        assert_eq!(get("/", &page).await.unwrap().status(), StatusCode::OK);
        assert_eq!(get("/runs/12", &page).await.unwrap().status(), StatusCode::OK);
        let framed = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert_eq!(get("/graphiql", &framed).await.unwrap().status(), StatusCode::FORBIDDEN);
        // A request with an allowed origin passes.
        let named = [("sec-fetch-site", site), ("sec-fetch-mode", "cors"), ("origin", "http://localhost:5173")];
        assert_eq!(get(query, &named).await.unwrap().status(), StatusCode::OK);
    }
    for site in ["none", "same-origin"] {
        let answer = get(query, &[("sec-fetch-site", site), ("sec-fetch-mode", "navigate")]).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{site}");
    }
}

/// Unauthenticated callers are rate-limited and cannot fill the log.
#[tokio::test]
async fn refused_requests_are_counted_and_logged_now_and_then() {
    let server = Server::start_with(&[("GLOSS_REQUESTS_PER_MINUTE", "50")]).await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let mut statuses = Vec::new();
    for _ in 0..200 {
        let (status, headers, _) = server.ask(None, "{ viewer { name } }", json!({})).await;
        assert_eq!(headers.contains_key(header::RETRY_AFTER), status == 429);
        statuses.push(status.as_u16());
    }
    assert!(statuses[..40].iter().all(|status| *status == 401), "{statuses:?}");
    assert!(statuses[100..].iter().filter(|status| **status == 429).count() >= 80, "{statuses:?}");
    assert_eq!(server.data_for(&root, "{ viewer { name } }", json!({})).await["viewer"]["name"], "root");
    let told = server.log().matches(" refused ").count();
    assert!((10..60).contains(&told), "{told} lines in the log");
}
