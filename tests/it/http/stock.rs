//! Features that async-graphql-axum's stock handlers lack and Gloss's handlers have.
//!
//! Each probe runs against both servers. Gloss passes all of them; the stock handlers fail those in
//! [`FAILED_BY_STOCK`]. Once that list is empty, Gloss's own handlers can be removed.

use std::{future::IntoFuture, net::SocketAddr, time::Duration};

use async_graphql::{EmptyMutation, Object, Schema, Subscription, http::ALL_WEBSOCKET_PROTOCOLS};
use async_graphql_axum::{GraphQL, GraphQLProtocol, GraphQLWebSocket};
use axum::{
    Router,
    extract::{State, WebSocketUpgrade},
    response::Response,
    routing::get,
};
use futures_util::{SinkExt, Stream, StreamExt, stream};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use super::toy::{GRAPHQL_RESPONSE, Toy};

/// The probes that the stock handlers fail in the locked version.
const FAILED_BY_STOCK: &[&str] = &[
    "HTTP: 400 for a document that is not valid",
    "HTTP: 400 and a GraphQL error for a body without a query",
    "HTTP: 415 for another content type",
    "HTTP: 406 where no media type fits",
    "SSE: events over one POST",
    "WebSocket: a root field in a named fragment",
    "WebSocket: a root field in an inline fragment",
    "WebSocket: error for a document that is not valid",
    "WebSocket: 4401 before connection_init",
    "WebSocket: 4409 for an id in use",
    "WebSocket: 4400 for a message that is not JSON",
    "WebSocket: 4400 for an unknown message",
];

/// Maximum time that a probe waits for a frame.
const PATIENCE: Duration = Duration::from_secs(10);

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "hello world"
    }
}

struct Counter;

/// Named like a field of the toy schema, so that both servers accept the same documents.
#[Subscription(name = "Subscription")]
impl Counter {
    async fn count(&self, to: u64) -> impl Stream<Item = u64> {
        stream::iter(1..=to)
    }
}

type StockSchema = Schema<Query, EmptyMutation, Counter>;

/// Starts a server with the stock handlers only, as their documentation shows it.
async fn stock() -> SocketAddr {
    async fn upgrade(
        State(schema): State<StockSchema>,
        protocol: GraphQLProtocol,
        socket: WebSocketUpgrade,
    ) -> Response {
        socket
            .protocols(ALL_WEBSOCKET_PROTOCOLS)
            .on_upgrade(move |stream| GraphQLWebSocket::new(stream, schema, protocol).serve())
    }
    let schema = Schema::new(Query, EmptyMutation, Counter);
    let http = GraphQL::new(schema.clone());
    let routes = get(upgrade).with_state(schema);
    let router = Router::new().route_service("/graphql", http).route("/ws", routes);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

/// A server under test.
struct Subject {
    http: String,
    ws: String,
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

impl Subject {
    fn post(&self, body: &Value) -> RequestBuilder {
        self.post_as("application/json", body)
    }

    fn post_as(&self, media: &str, body: &Value) -> RequestBuilder {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.post(&self.http).header(header::CONTENT_TYPE, media).body(body.to_string())
    }

    fn get(&self, query: &[(&str, &str)]) -> RequestBuilder {
        let url = reqwest::Url::parse_with_params(&self.http, query).unwrap();
        reqwest::Client::builder().no_proxy().build().unwrap().request(Method::GET, url)
    }

    async fn connect(&self, protocol: &'static str) -> Result<Socket, Error> {
        let mut request = self.ws.as_str().into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", header::HeaderValue::from_static(protocol));
        connect_async(request).await.map(|(socket, _)| socket)
    }

    /// Returns the server's messages after these messages as JSON, ending with `{"closed": code}` if it closes the
    /// socket.
    async fn talk(&self, messages: &[Value], until: &str) -> Vec<Value> {
        let mut socket = self.connect("graphql-transport-ws").await.unwrap();
        for message in messages {
            let text = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
            if socket.send(Message::text(text)).await.is_err() {
                break;
            }
        }
        let mut heard = Vec::new();
        while let Ok(Some(Ok(frame))) = timeout(PATIENCE, socket.next()).await {
            match frame {
                Message::Text(text) => heard.push(serde_json::from_str(&text).unwrap_or(Value::Null)),
                Message::Close(frame) => {
                    heard.push(json!({ "closed": frame.map(|frame| u16::from(frame.code)) }));
                    break;
                }
                _ => {}
            }
            if heard.last().is_some_and(|last: &Value| last["type"] == until) {
                break;
            }
        }
        heard
    }

    /// Returns the code with which the server closes a socket after these messages.
    async fn closes(&self, messages: &[Value]) -> Option<u64> {
        self.talk(messages, "").await.last().and_then(|last| last["closed"].as_u64())
    }
}

fn init() -> Value {
    json!({ "type": "connection_init" })
}

fn subscribe(id: &str, query: &str) -> Value {
    json!({ "type": "subscribe", "id": id, "payload": { "query": query } })
}

/// Returns the names of the probes that a server fails.
async fn failures(subject: &Subject) -> Vec<&'static str> {
    let mut failed = Vec::new();
    let mut probe = |name: &'static str, passed: bool| {
        if !passed {
            failed.push(name);
        }
    };
    let hello = json!({ "query": "{ hello }" });
    let unknown = json!({ "query": "{ nothing }" });

    let answer = subject.post(&hello).header(header::ACCEPT, GRAPHQL_RESPONSE).send().await.unwrap();
    let media = answer.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    probe("HTTP: the media type application/graphql-response+json", media.starts_with(GRAPHQL_RESPONSE));
    let answer = subject.post(&unknown).header(header::ACCEPT, GRAPHQL_RESPONSE).send().await.unwrap();
    probe("HTTP: 400 for a document that is not valid", answer.status() == StatusCode::BAD_REQUEST);
    let answer = subject.post(&json!({})).send().await.unwrap();
    let status = answer.status();
    let body = answer.text().await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    probe("HTTP: 400 and a GraphQL error for a body without a query", status == 400 && body["errors"].is_array());
    let answer = subject.post(&json!({ "query": 1 })).send().await.unwrap();
    probe("HTTP: 400 for a query that is not a string", answer.status() == StatusCode::BAD_REQUEST);
    let text = subject.post_as("text/plain", &hello).send().await.unwrap();
    probe("HTTP: 415 for another content type", text.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let answer = subject.post(&hello).header(header::ACCEPT, "text/html").send().await.unwrap();
    probe("HTTP: 406 where no media type fits", answer.status() == StatusCode::NOT_ACCEPTABLE);
    let answer = subject.get(&[("query", "{ hello }")]).send().await.unwrap();
    probe("HTTP: a query by GET", answer.status() == StatusCode::OK);
    let twice = "query($id: Int) { hello } query { hello }";
    let answer = subject.post(&json!({ "query": twice })).send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    probe("HTTP: an anonymous operation beside another is refused", answer["errors"].is_array());

    let count = json!({ "query": "subscription { count(to: 2) }" });
    let answer = subject.post(&count).header(header::ACCEPT, "text/event-stream").send().await.unwrap();
    let events = answer.text().await.unwrap();
    probe(
        "SSE: events over one POST",
        events.matches("event: next").count() == 2 && events.contains("event: complete"),
    );

    probe("WebSocket: another protocol is refused", subject.connect("chat").await.is_err());
    let heard = subject.talk(&[init(), subscribe("a", "subscription { count(to: 2) }")], "complete").await;
    probe("WebSocket: events, then complete", heard.iter().filter(|it| it["type"] == "next").count() == 2);
    let heard = subject.talk(&[init(), subscribe("a", "{ hello }")], "complete").await;
    probe("WebSocket: a query", heard.iter().any(|it| it["payload"]["data"]["hello"] == "hello world"));
    for (name, query) in [
        (
            "WebSocket: a root field in a named fragment",
            "subscription { ...F } fragment F on Subscription { count(to: 2) }",
        ),
        ("WebSocket: a root field in an inline fragment", "subscription { ... { count(to: 2) } }"),
    ] {
        let heard = subject.talk(&[init(), subscribe("a", query)], "complete").await;
        probe(name, heard.iter().filter(|it| it["type"] == "next").count() == 2);
    }
    let heard = subject.talk(&[init(), subscribe("a", "{ nothing }")], "error").await;
    let is_list = heard.last().is_some_and(|last| last["type"] == "error" && last["payload"].is_array());
    probe("WebSocket: error for a document that is not valid", is_list);
    let heard = subject.talk(&[init(), json!({ "type": "ping" })], "pong").await;
    probe("WebSocket: pong for ping", heard.last().is_some_and(|last| last["type"] == "pong"));
    let early = [subscribe("a", "{ hello }")];
    probe("WebSocket: 4401 before connection_init", subject.closes(&early).await == Some(4401));
    probe("WebSocket: 4429 for a second connection_init", subject.closes(&[init(), init()]).await == Some(4429));
    let silence = "subscription { count(to: 1000000) }";
    let twice = [init(), subscribe("a", silence), subscribe("a", silence)];
    probe("WebSocket: 4409 for an id in use", subject.closes(&twice).await == Some(4409));
    probe("WebSocket: 4400 for a message that is not JSON", subject.closes(&[json!("{")]).await == Some(4400));
    let unknown = json!({ "type": "nothing" });
    probe("WebSocket: 4400 for an unknown message", subject.closes(&[init(), unknown]).await == Some(4400));
    failed
}

#[tokio::test]
async fn stock_handlers_fail_the_listed_probes_and_ours_fail_none() {
    let toy = Toy::start().await;
    let address = toy.address;
    let ours = Subject { http: format!("http://{address}/graphql"), ws: format!("ws://{address}/graphql") };
    assert_eq!(failures(&ours).await, [""; 0]);
    let address = stock().await;
    let stock = Subject { http: format!("http://{address}/graphql"), ws: format!("ws://{address}/ws") };
    assert_eq!(failures(&stock).await, FAILED_BY_STOCK);
}
