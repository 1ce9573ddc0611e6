//! Browser sessions: a cookie that grants the same access as its token on every transport, under the same checks of
//! the origin, and that ends with its token.

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::harness::Server;

const WHO: &str = "{ viewer { name role } }";

struct Browser<'a> {
    server: &'a Server,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn sign_in(server: &'a Server, token: &str) -> Self {
        let response = post_session(server, token, Some(&server.base)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let set = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(set.contains(part), "{set}");
        }
        assert!(!set.contains("Secure") && !set.contains(token), "{set}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        Self { server, cookie: set.split(';').next().unwrap().to_owned() }
    }

    fn post(&self, query: &str) -> RequestBuilder {
        let request = Client::new().post(format!("{}/graphql", self.server.base)).header(header::COOKIE, &self.cookie);
        request.header(header::CONTENT_TYPE, "application/json").body(json!({ "query": query }).to_string())
    }

    async fn answer(&self, query: &str) -> (StatusCode, Value) {
        let response = self.post(query).header(header::ORIGIN, &self.server.base).send().await.unwrap();
        (response.status(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    /// Opens a WebSocket with the cookie from a page of an origin.
    async fn socket(
        &self,
        origin: Option<&str>,
    ) -> Result<tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>, u16> {
        let mut request =
            format!("{}/graphql", self.server.base.replacen("http", "ws", 1)).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }
}

async fn post_session(server: &Server, token: &str, origin: Option<&str>) -> Response {
    let mut request = Client::new().post(format!("{}/session", server.base));
    request = request.header(header::CONTENT_TYPE, "application/json").body(json!({ "token": token }).to_string());
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_cookie_has_the_rights_of_its_token_on_every_transport() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (reader, _) = server.create_token(Some(&root), "reader", "VIEWER").await;
    let browser = Browser::sign_in(&server, &reader).await;
    let viewer = json!({ "name": "reader", "role": "VIEWER" });
    assert_eq!(browser.answer(WHO).await, (StatusCode::OK, json!({ "data": { "viewer": viewer } })));
    let (_, refused) = browser.answer("mutation { cancelRuns(input: { filter: {} }) { matched } }").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    let events = browser.post(WHO).header(header::ACCEPT, "text/event-stream").header(header::ORIGIN, &server.base);
    let events = events.send().await.unwrap().text().await.unwrap();
    assert!(events.contains("\"reader\""), "{events}");
    let encoded = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", WHO).finish();
    let get = Client::new().get(format!("{}/graphql?{encoded}", server.base)).header(header::COOKIE, &browser.cookie);
    let get = get.send().await.unwrap();
    assert!(get.headers()[header::VARY].to_str().unwrap().contains("cookie"));
    assert!(get.text().await.unwrap().contains("\"reader\""));
    let mut socket = browser.socket(Some(&server.base)).await.unwrap();
    socket.send(Message::text(json!({ "type": "connection_init" }).to_string())).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().to_text().unwrap().contains("connection_ack"));
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": WHO } });
    socket.send(Message::text(subscribe.to_string())).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().to_text().unwrap().contains("\"reader\""));
    // A bearer token takes precedence over the cookie.
    let shown = browser.post(WHO).bearer_auth(&root).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("\"root\""), "{shown}");
}

#[tokio::test]
async fn other_origins_cannot_use_a_cookie() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let browser = Browser::sign_in(&server, &root).await;
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    let another_port = "http://127.0.0.1:1";
    for origin in ["https://evil.example", "null", another_port] {
        assert_eq!(status(browser.post(WHO).header(header::ORIGIN, origin)).await, 403, "{origin}");
        assert_eq!(browser.socket(Some(origin)).await.err(), Some(403), "{origin}");
        let encoded = format!("{}/graphql?query={{__typename}}", server.base);
        let get = Client::new().get(encoded).header(header::COOKIE, &browser.cookie).header(header::ORIGIN, origin);
        assert_eq!(status(get).await, 403, "{origin}");
        assert_eq!(post_session(&server, &root, Some(origin)).await.status(), 403, "{origin}");
        let end = Client::new().delete(format!("{}/session", server.base)).header(header::COOKIE, &browser.cookie);
        assert_eq!(status(end.header(header::ORIGIN, origin)).await, 403, "{origin}");
    }
    // A browser that sends no origin still marks the request as coming from another site.
    for site in ["cross-site", "same-site"] {
        let get = Client::new().get(format!("{}/graphql?query={{__typename}}", server.base));
        let get = get.header(header::COOKIE, &browser.cookie).header("sec-fetch-site", site);
        assert_eq!(status(get).await, 403, "{site}");
    }
    assert_eq!(status(browser.post(WHO)).await, 403, "without an origin");
    assert_eq!(status(browser.post(WHO).header("sec-fetch-site", "same-origin")).await, 200);
    assert_eq!(browser.socket(None).await.err(), Some(403));
    // An HTML form cannot send JSON.
    let form = Client::new().post(format!("{}/session", server.base)).header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(status(form.body(json!({ "token": root }).to_string())).await, 415);
}

#[tokio::test]
async fn a_session_ends_when_it_is_signed_out_and_with_its_token() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (reader, reader_id) = server.create_token(Some(&root), "reader", "VIEWER").await;
    let init = Message::text(json!({ "type": "connection_init" }).to_string());
    let open = async |browser: &Browser<'_>| {
        let mut socket = browser.socket(Some(&server.base)).await.unwrap();
        socket.send(init.clone()).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap().to_text().unwrap().contains("connection_ack"));
        socket
    };
    let (one, other) = (Browser::sign_in(&server, &reader).await, Browser::sign_in(&server, &reader).await);
    let (mut first, mut second) = (open(&one).await, open(&other).await);
    let end = Client::new().delete(format!("{}/session", server.base)).header(header::COOKIE, &one.cookie);
    let ended = end.header(header::ORIGIN, &server.base).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert!(ended.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    let code = |message: Message| match message {
        Message::Close(Some(frame)) => u16::from(frame.code),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(first.next().await.unwrap().unwrap()), 4403);
    assert_eq!(one.answer(WHO).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(other.answer(WHO).await.0, StatusCode::OK);
    let revoke = "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { deletedId } }";
    server.data_for(&root, revoke, json!({ "id": reader_id })).await;
    assert_eq!(code(second.next().await.unwrap().unwrap()), 4403);
    assert_eq!(other.answer(WHO).await.0, StatusCode::UNAUTHORIZED);
    // Sessions are kept in memory only: after a restart, the user signs in again.
    let browser = Browser::sign_in(&server, &root).await;
    let cookie = browser.cookie.clone();
    let server = Server::start_at(server.kill().await, &[]).await;
    assert_eq!(Browser { server: &server, cookie }.answer(WHO).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_needs_a_valid_token_and_is_secure_behind_tls() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    for wrong in ["gloss_nobody", "", " "] {
        let refused = post_session(&server, wrong, Some(&server.base)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(!refused.headers().contains_key(header::SET_COOKIE));
    }
    let behind = Client::new().post(format!("{}/session", server.base)).bearer_auth(&root);
    let behind = behind.header("x-forwarded-proto", "https").send().await.unwrap();
    assert!(behind.headers()[header::SET_COOKIE].to_str().unwrap().ends_with("; Secure"));
    let mut statuses = Vec::new();
    for n in 0..60 {
        statuses.push(post_session(&server, &format!("gloss_{n}"), Some(&server.base)).await.status());
    }
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
}
