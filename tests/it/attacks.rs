//! What people try at a front door, each with its test.
//!
//! | attack | what comes of it | test |
//! |---|---|---|
//! | a mutation by GET | 405 with `Allow` | here; `http/post_get.rs` |
//! | a mutation by `text/plain`, as a form, by multipart | 415 | here; `http/post_get.rs` |
//! | from a page of another origin, of no origin, of another port | 403 | here; `http/doors.rs` |
//! | the same over a WebSocket | 403 at the handshake | here; `http/ws.rs` |
//! | by a name that leads here (DNS rebinding) | 403 | here; `http/doors.rs`; `tokens.rs` for proxies |
//! | 20,000 aliases, a depth of 1,000, fragment bombs and circles | LIMIT_EXCEEDED before any work | `limits.rs` |
//! | a body of 10 MB | 413, not read to its end | here |
//! | tokens guessed | 401, soon 429; a good token from there still opens | here |
//! | a token that is wrong, cut, in another scheme | 401 | `tokens.rs` |
//! | a token that has expired | 401; what it had opened ends | `tokens.rs` |
//! | a token that is revoked in the middle of a subscription | the subscription ends | `tokens.rs` |
//! | a viewer who tries each mutation, by every door | FORBIDDEN, nothing done | `roles.rs` |
//! | a page that frames ours, or makes it load a stranger's script | the browser refuses, by our headers | here |
//! | secrets searched for in logs, answers and files | nothing found | `secrets.rs` |
//! | slow heads and bodies, sockets that never speak, subscribers that never read | dropped, closed | `http/` |

use reqwest::{Client, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, client::IntoClientRequest},
};

use crate::harness::Server;

/// What no attack may bring about.
const START: &str =
    "mutation { cancelRuns(filter: {}) { matched } createLlmProfile(input: { name: \"evil\", provider: BUILTIN,
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
    // A browser that asks whether it may is not told that it may.
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
        // The server has closed the connection while this client still wrote.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
    }
    server.data("{ __typename }", json!({})).await;
}

#[tokio::test]
async fn guessing_tokens_leads_nowhere_and_soon_to_a_wait() {
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
    // Who has the right one is not kept out by whoever guesses beside them.
    assert_eq!(server.data_for(&root, "{ viewer { name } }", json!({})).await["viewer"]["name"], "root");
    assert!(server.log().matches("refused").count() >= 200, "{}", server.log());
}

#[tokio::test]
async fn every_answer_tells_browsers_what_it_may_be_used_for() {
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
    }
}
