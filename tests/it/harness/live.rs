//! A subscription over a WebSocket, as a client of `graphql-transport-ws` makes it.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// Size of the socket's receive buffer, in bytes.
const RECEIVE_BYTES: u32 = 64 * 1024;

/// One operation on one socket.
pub struct Live {
    socket: WebSocketStream<TcpStream>,
    field: Option<&'static str>,
    /// The code and reason with which the server closed the socket.
    pub closed: Option<(u16, String)>,
}

impl Live {
    /// Connects, sends `connection_init` and subscribes. Returns once the server has acknowledged the connection.
    pub async fn open(base: &str, query: &str, variables: Value) -> Self {
        Self::send(base, json!({ "query": query, "variables": variables })).await
    }

    /// Subscribes with a complete payload, as POST would carry it.
    pub async fn send(base: &str, payload: Value) -> Self {
        Self::send_as(base, Value::Null, payload).await.unwrap()
    }

    /// Subscribes with a complete payload and a payload of `connection_init`.
    ///
    /// # Errors
    /// Returns the close code and reason if the server closes the socket instead of acknowledging the connection.
    pub async fn send_as(base: &str, init: Value, payload: Value) -> Result<Self, (u16, String)> {
        let mut request = format!("{}/graphql", base.replacen("http", "ws", 1)).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        // With a small buffer, a test that stops reading soon blocks the server.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BYTES).unwrap();
        let authority = request.uri().authority().unwrap().to_string();
        let socket = socket.connect(authority.parse().unwrap()).await.unwrap();
        let (mut socket, _response) = client_async(request, socket).await.unwrap();
        let say = |value: Value| Message::text(value.to_string());
        socket.send(say(json!({ "type": "connection_init", "payload": init }))).await.unwrap();
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": payload });
        let mut live = Self { socket, field: None, closed: None };
        let Some(acknowledged) = live.message().await else { return Err(live.closed.expect("a code")) };
        assert_eq!(acknowledged["type"], "connection_ack");
        live.socket.send(say(subscribe)).await.unwrap();
        Ok(live)
    }

    /// Waits until the server has read all messages sent so far; it answers messages in order.
    pub async fn listening(&mut self) {
        self.socket.send(Message::text(json!({ "type": "ping" }).to_string())).await.unwrap();
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) if text.contains("\"pong\"") => return,
                Message::Text(text) if text.contains("\"ping\"") => {}
                other => panic!("unexpected message: {other:?}"),
            }
        }
    }

    /// Reduces each answer to this field of its data.
    pub const fn field(mut self, name: &'static str) -> Self {
        self.field = Some(name);
        self
    }

    /// Returns the next answer, or `None` once the subscription is complete.
    pub async fn next(&mut self) -> Option<Value> {
        let mut message = self.message().await?;
        match message["type"].as_str() {
            Some("next") => {
                let mut payload = message["payload"].take();
                let Some(field) = self.field else { return Some(payload) };
                assert!(payload.get("errors").is_none(), "errors in a subscription: {payload:#}");
                Some(payload["data"][field].take())
            }
            Some("complete") => None,
            _ => panic!("unexpected message: {message:#}"),
        }
    }

    /// Returns the next message other than ping and pong, or `None` once the socket is closed.
    pub async fn message(&mut self) -> Option<Value> {
        loop {
            let Ok(frame) = self.socket.next().await? else { return None };
            match frame {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] == "ping" {
                        self.socket.send(Message::text(json!({ "type": "pong" }).to_string())).await.unwrap();
                    } else if message["type"] != "pong" {
                        return Some(message);
                    }
                }
                Message::Close(frame) => {
                    self.closed = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    return None;
                }
                _ => {}
            }
        }
    }
}
