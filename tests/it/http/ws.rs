//! `graphql-transport-ws`: the messages and every close code.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use gloss::domain::{
    clock::{Clock, Moment, SystemClock},
    token::Role,
};

use super::toy::{Setup, Toy, ask};

pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

async fn connect(toy: &Toy, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{}/graphql", toy.address).into_client_request().unwrap();
    for (name, text) in headers {
        request.headers_mut().insert(*name, text.parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| Socket(socket))
}

impl Socket {
    pub async fn raw(toy: &Toy) -> Self {
        connect(toy, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// Opens an acknowledged connection.
    pub async fn open(toy: &Toy) -> Self {
        let mut socket = Self::raw(toy).await;
        socket.send(json!({ "type": "connection_init", "payload": {} })).await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// Returns the next message of the protocol.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] != "ping" {
                        return message;
                    }
                    self.send(json!({ "type": "pong" })).await;
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Skips messages until the server closes the socket, and returns the close code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.0.next().await.expect("a close frame").unwrap() {
                let frame = frame.expect("a code");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }
}

impl Socket {
    /// Subscribes with variables.
    pub async fn subscribe_with(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// Sends `connection_init` with a payload.
    pub async fn init(&mut self, payload: Value) {
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
    }
}

#[tokio::test]
async fn operations_of_every_kind() {
    let toy = Toy::start().await;
    let mut socket = Socket::open(&toy).await;
    socket.subscribe("a", "subscription { count(to: 2) }").await;
    for expected in [
        json!({ "type": "next", "id": "a", "payload": { "data": { "count": 1 } } }),
        json!({ "type": "next", "id": "a", "payload": { "data": { "count": 2 } } }),
        json!({ "type": "complete", "id": "a" }),
    ] {
        assert_eq!(socket.next().await, expected);
    }
    // An id is free again once its operation has completed.
    for (query, data) in [("{ hello }", json!({ "hello": "hello world" })), ("mutation { bump }", json!({ "bump": 1 }))]
    {
        socket.subscribe("a", query).await;
        assert_eq!(socket.next().await, json!({ "type": "next", "id": "a", "payload": { "data": data } }));
        assert_eq!(socket.next().await, json!({ "type": "complete", "id": "a" }));
    }
}

#[tokio::test]
async fn errors_end_their_operation_alone() {
    let toy = Toy::start().await;
    let mut socket = Socket::open(&toy).await;
    for (payload, code) in [
        (json!({ "query": "subscription {" }), "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "subscription { nothing }" }), "GRAPHQL_VALIDATION_FAILED"),
        (json!({ "query": "{a".repeat(50_000) }), "LIMIT_EXCEEDED"),
        (json!({ "query": "query A { hello } query B { hello }" }), "BAD_USER_INPUT"),
        (json!({ "query": "{ boom }" }), "INTERNAL"),
    ] {
        socket.send(json!({ "type": "subscribe", "id": "e", "payload": payload })).await;
        let answer = socket.next().await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("e")), "{answer}");
        assert_eq!(answer["payload"][0]["extensions"]["code"], code, "{answer}");
    }
    // An error after execution has begun is a result.
    for query in ["subscription { refused }", "{ refused }"] {
        socket.subscribe("e", query).await;
        let answer = socket.next().await;
        assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
        assert_eq!(socket.next().await, json!({ "type": "complete", "id": "e" }));
    }
    socket.subscribe("f", "subscription { boomLater }").await;
    assert_eq!(socket.next().await["payload"]["data"]["boomLater"], 1);
    assert_eq!(socket.next().await["type"], "error");
    socket.subscribe("g", "{ hello }").await;
    assert_eq!(socket.next().await["type"], "next");
}

#[tokio::test]
async fn ping_is_answered_with_its_payload() {
    let toy = Toy::start().await;
    let mut socket = Socket::raw(&toy).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));
    socket.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    socket.send(json!({ "type": "pong" })).await;
    socket.0.send(Message::Ping(vec![1, 2].into())).await.unwrap();
    assert_eq!(socket.0.next().await.unwrap().unwrap(), Message::Pong(vec![1, 2].into()));
}

/// Before it is authenticated, a client may send little; and a ping carries only a small payload.
#[tokio::test]
async fn messages_before_authentication_and_pings_have_small_limits() {
    let toy = Toy::start().await;
    let ping = |bytes: usize| json!({ "type": "ping", "payload": { "x": "x".repeat(bytes) } });
    for bytes in [5_000, 10_000, 15_000] {
        for mut socket in [Socket::open(&toy).await, Socket::raw(&toy).await] {
            socket.send(ping(bytes)).await;
            assert_eq!(socket.closed().await.0, 4400);
        }
    }
    let mut long = Socket::raw(&toy).await;
    let _broken = long.0.send(Message::text(ping(1_000_000).to_string())).await;
    while let Some(Ok(frame)) = long.0.next().await {
        assert!(frame.is_close(), "{frame}");
    }
    let mut early = Socket::raw(&toy).await;
    early.init(json!({ "x": "x".repeat(20_000) })).await;
    assert_eq!(early.closed().await.0, 1009);
    // Many small messages exceed the limit as well: the server stops answering.
    let mut chatty = Socket::raw(&toy).await;
    let mut pongs = 0;
    for _ in 0..1_000 {
        if chatty.0.send(Message::text(ping(3_000).to_string())).await.is_err() {
            break;
        }
        match chatty.0.next().await {
            Some(Ok(Message::Text(_))) => pongs += 1,
            _ => break,
        }
    }
    assert!((10..100).contains(&pongs), "{pongs}");
    let mut known = Socket::open(&toy).await;
    for _ in 0..300 {
        known.send(ping(3_000)).await;
        assert_eq!(known.next().await["type"], "pong");
    }
    known.subscribe(&"x".repeat(2_000), "{ hello }").await;
    assert_eq!(known.closed().await.0, 4400);
}

/// The server stops reading from a client that requests more than it reads, and resumes once the client has read.
#[tokio::test]
async fn a_client_that_reads_again_is_served_immediately() {
    let toy = Toy::limited(|limits| {
        let hour = Duration::from_hours(1);
        (limits.ping_every, limits.read_within, limits.silent_for) = (hour, hour, hour);
    })
    .await;
    let (mut sink, mut answers) = Socket::open(&toy).await.0.split();
    let ping = json!({ "type": "ping", "payload": { "x": "x".repeat(3_000) } }).to_string();
    // More than all buffers in between hold.
    let pings = 10_000;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let asks = tokio::spawn(async move {
        for _ in 0..pings {
            sink.send(Message::text(&ping)).await.unwrap();
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    // Wait until no more messages get through.
    let mut before = usize::MAX;
    while before != sent.load(Ordering::Relaxed) {
        before = sent.load(Ordering::Relaxed);
        sleep(Duration::from_millis(300)).await;
    }
    assert!(before < pings, "the server reads without a limit");
    for _ in 0..pings {
        let answer = timeout(Duration::from_mins(1), answers.next()).await.expect("the server no longer reads");
        assert!(answer.unwrap().unwrap().to_string().contains("pong"));
    }
    asks.await.unwrap();
}

#[tokio::test]
async fn an_invalid_message_closes_with_4400() {
    let toy = Toy::start().await;
    for message in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"type":"nothing"}"#,
        r#"{"type":"connection_init","payload":7}"#,
        r#"{"type":"subscribe"}"#,
        r#"{"type":"subscribe","id":1,"payload":{"query":"{ hello }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}"#,
        r#"{"type":"subscribe","id":"a"}"#,
        r#"{"type":"subscribe","id":"a","payload":[]}"#,
        r#"{"type":"subscribe","id":"a","payload":{}}"#,
        r#"{"type":"subscribe","id":"a","payload":{"query":7}}"#,
        r#"{"type":"subscribe","id":"a","payload":{"query":"{ hello }","variables":[]}}"#,
        r#"{"type":"subscribe","id":"a","payload":{"query":"{ hello }","operationName":[]}}"#,
        r#"{"type":"complete"}"#,
    ] {
        let mut socket = Socket::open(&toy).await;
        socket.0.send(Message::text(message)).await.unwrap();
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4400, "{message}: {reason}");
    }
    let mut socket = Socket::open(&toy).await;
    socket.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(socket.closed().await.0, 4400);
}

#[tokio::test]
async fn protocol_violations_close_the_socket() {
    let toy = Toy::start().await;
    let mut early = Socket::raw(&toy).await;
    early.subscribe("a", "{ hello }").await;
    assert_eq!(early.closed().await, (4401, "Unauthorized".to_owned()));

    let mut twice = Socket::open(&toy).await;
    twice.send(json!({ "type": "connection_init" })).await;
    assert_eq!(twice.closed().await, (4429, "Too many initialisation requests".to_owned()));

    let mut duplicate = Socket::open(&toy).await;
    duplicate.subscribe("a", "subscription { silence }").await;
    duplicate.subscribe("a", "subscription { silence }").await;
    assert_eq!(duplicate.closed().await, (4409, "Subscriber for a already exists".to_owned()));

    let mut many = Socket::open(&toy).await;
    for n in 0..=100 {
        many.subscribe(&n.to_string(), "subscription { silence }").await;
    }
    assert_eq!(many.closed().await.0, 4429);

    let mut long = Socket::open(&toy).await;
    let _ = long.0.send(Message::text("x".repeat(1024 * 1024 + 1))).await;
    assert_eq!(long.closed().await.0, 1009);
}

#[tokio::test]
async fn frames_that_are_not_valid_close_with_the_codes_of_websocket() {
    let toy = Toy::start().await;
    let long_ping = [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[0; 126]].concat();
    for (what, bytes, code) in [
        ("not masked", &[0x81, 0x01, b'x'][..], 1002),
        ("an opcode that is reserved", &[0x83, 0x80, 0, 0, 0, 0], 1002),
        ("a bit that is reserved", &[0xc1, 0x80, 0, 0, 0, 0], 1002),
        ("a ping in parts", &[0x09, 0x80, 0, 0, 0, 0], 1002),
        ("the rest of nothing", &[0x80, 0x80, 0, 0, 0, 0], 1002),
        ("a long ping", &long_ping, 1002),
        ("a text that is not UTF-8", &[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        ("in two parts", &[0x01, 0x81, 0, 0, 0, 0, 0xc3, 0x80, 0x81, 0, 0, 0, 0, 0x28], 1007),
        ("a character that is cut off", &[0x81, 0x82, 0, 0, 0, 0, 0xe2, 0x82], 1007),
    ] {
        for stage in ["before connection_init", "after it"] {
            let mut socket = if stage == "after it" { Socket::open(&toy).await } else { Socket::raw(&toy).await };
            let MaybeTlsStream::Plain(stream) = socket.0.get_mut() else { panic!("a socket with TLS") };
            tokio::io::AsyncWriteExt::write_all(stream, bytes).await.unwrap();
            assert_eq!(socket.closed().await.0, code, "{what}, {stage}");
        }
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_is_closed_after_ten_seconds() {
    let toy = Toy::start().await;
    let mut socket = Socket::raw(&toy).await;
    // A ping is no `connection_init`.
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.closed().await, (4408, "Connection initialisation timeout".to_owned()));
}

#[tokio::test]
async fn only_the_protocol_and_allowed_origins_are_accepted() {
    let toy = Toy::start().await;
    for headers in [&[][..], &[("sec-websocket-protocol", "graphql-ws")][..]] {
        match connect(&toy, headers).await {
            Ok(mut socket) => assert_eq!(socket.closed().await.0, 4406),
            // This client rejects an answer without the subprotocol that it requested.
            Err(error) => assert!(error.to_string().contains("ubprotocol"), "{error}"),
        }
    }
    for (name, foreign) in [("origin", "http://evil.example"), ("host", "evil.example")] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), (name, foreign)];
        match connect(&toy, &headers).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{name}: {:?}", other.err()),
        }
    }
}

#[tokio::test]
async fn complete_from_the_client_ends_an_operation() {
    let toy = Toy::start().await;
    let mut socket = Socket::open(&toy).await;
    let mut floods = toy.seen.floods.subscribe();
    socket.subscribe("a", "subscription { flood }").await;
    floods.wait_for(|&n| n == 1).await.unwrap();
    assert_eq!(socket.next().await["id"], "a");
    socket.send(json!({ "type": "complete", "id": "a" })).await;
    socket.send(json!({ "type": "complete", "id": "unknown" })).await;
    // The id is free at once; results in transit may still arrive.
    socket.subscribe("a", "{ hello }").await;
    while socket.next().await["type"] != "complete" {}
    floods.wait_for(|&n| n == 0).await.unwrap();
}

#[tokio::test]
async fn a_client_that_closes_is_answered_in_kind() {
    let toy = Toy::start().await;
    let mut socket = Socket::open(&toy).await;
    socket.subscribe("a", "subscription { flood }").await;
    assert_eq!(socket.next().await["id"], "a");
    let frame = CloseFrame { code: CloseCode::Normal, reason: "enough".into() };
    socket.0.send(Message::Close(Some(frame))).await.unwrap();
    let closed = loop {
        match socket.0.next().await {
            Some(Ok(Message::Close(frame))) => break frame,
            Some(Ok(_)) => {}
            other => panic!("no close frame came: {other:?}"),
        }
    };
    assert_eq!(closed.unwrap().code, CloseCode::Normal);
}

#[tokio::test]
async fn a_slow_reader_delays_nobody_else_and_ends_with_its_operations() {
    let toy = Toy::start().await;
    let mut floods = toy.seen.floods.subscribe();
    let mut slow = Socket::open(&toy).await;
    slow.subscribe("a", "subscription { flood }").await;
    floods.wait_for(|&n| n == 1).await.unwrap();
    // The client reads nothing from `slow` from here on.
    let mut other = Socket::open(&toy).await;
    other.subscribe("b", "subscription { count(to: 2000) }").await;
    while other.next().await["type"] != "complete" {}
    assert_eq!(ask(toy.query("{ hello }")).await.0, 200);
    // The server processes its messages although it does not read.
    slow.send(json!({ "type": "complete", "id": "a" })).await;
    floods.wait_for(|&n| n == 0).await.unwrap();

    // A new operation starts once the client reads again; one that is running ends with the client.
    let mut other = Socket::open(&toy).await;
    other.subscribe("b", "subscription { flood }").await;
    floods.wait_for(|&n| n == 1).await.unwrap();
    drop(other);
    floods.wait_for(|&n| n == 0).await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let mut toy = Toy::start().await;
    let mut busy = Socket::open(&toy).await;
    busy.subscribe("a", "subscription { silence }").await;
    let mut idle = Socket::raw(&toy).await;
    idle.send(json!({ "type": "ping" })).await;
    idle.next().await;
    toy.stop.cancel();
    assert_eq!(busy.closed().await.0, 1001);
    assert_eq!(idle.closed().await.0, 1001);
    (&mut toy.served).await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(toy.address).await.is_err());
}

/// A mutation completes even if its client disconnects; a query would be dropped.
#[tokio::test]
async fn a_mutation_is_never_half_done() {
    let toy = Toy::start().await;
    let mut waiting = toy.seen.waiting.subscribe();
    let mutation = json!({ "query": "mutation { a: bumpLater b: bumpLater }" });

    let mut socket = Socket::open(&toy).await;
    socket.subscribe("a", "mutation { a: bumpLater b: bumpLater }").await;
    waiting.wait_for(|&n| n == 1).await.unwrap();
    drop(socket);
    for (at, accept) in ["application/json", "text/event-stream"].into_iter().enumerate() {
        let request = toy.post(mutation.clone()).header("accept", accept);
        let client = tokio::spawn(async move { request.send().await.unwrap().text().await });
        waiting.wait_for(|&n| n == at as u64 + 2).await.unwrap();
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
    }
    // After answering other clients, the server has noticed the disconnect.
    for _ in 0..20 {
        assert_eq!(ask(toy.query("{ hello }")).await.0, 200);
    }
    assert_eq!(*waiting.borrow(), 3);
    toy.seen.gate.send_replace(true);
    // A server that stops waits for running mutations.
    let mut toy = toy;
    toy.stop.cancel();
    (&mut toy.served).await.unwrap().unwrap();
    assert_eq!(toy.seen.bumps.load(std::sync::atomic::Ordering::SeqCst), 6);
}

/// A clock that can break.
#[derive(Default)]
struct Brittle(AtomicBool);

impl Clock for Brittle {
    fn now(&self) -> Moment {
        assert!(!self.0.load(Ordering::SeqCst), "boom");
        SystemClock.now()
    }
}

#[tokio::test]
async fn a_refused_client_gets_a_reason_and_an_internal_error_closes_with_4500() {
    let clock = Arc::new(Brittle::default());
    let toy = Toy::start_with(Setup { clock: clock.clone(), ..Setup::default() }).await;
    let (_, secret) = toy.token(Role::Admin).await;
    let mut foe = Socket::raw(&toy).await;
    foe.init(json!({ "token": "foe" })).await;
    let reason = "Forbidden: unknown token; check it, or use another one";
    assert_eq!(foe.closed().await, (4403, reason.to_owned()));

    let mut friend = Socket::raw(&toy).await;
    friend.init(json!({ "token": secret })).await;
    assert_eq!(friend.next().await, json!({ "type": "connection_ack" }));
    let id = "é".repeat(200);
    friend.subscribe(&id, "subscription { silence }").await;
    friend.subscribe(&id, "subscription { silence }").await;
    let (code, reason) = friend.closed().await;
    assert!(code == 4409 && reason.len() <= 123 && reason.len() > 110, "{code} {reason}");

    clock.0.store(true, Ordering::SeqCst);
    let mut boom = Socket::raw(&toy).await;
    boom.init(json!({ "token": secret })).await;
    assert_eq!(boom.closed().await, (4500, "Internal server error".to_owned()));
}

#[tokio::test]
async fn a_client_whose_token_ended_is_closed_with_a_reason() {
    let toy = Toy::start().await;
    let (id, secret) = toy.token(Role::Admin).await;
    let mut socket = Socket::raw(&toy).await;
    socket.init(json!({ "token": secret })).await;
    socket.next().await;
    socket.subscribe("a", "subscription { silence }").await;
    socket.subscribe("b", "{ hello }").await;
    while socket.next().await["type"] != "complete" {}
    toy.tokens.revoke(id).await.unwrap();
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn the_server_pings_and_closes_clients_that_do_not_answer() {
    let toy = Toy::limited(|limits| {
        limits.ping_every = Duration::from_millis(50);
        limits.silent_for = Duration::from_millis(400);
    })
    .await;
    let mut answers = Socket::open(&toy).await;
    let opened = Instant::now();
    let mut pings = 0;
    while opened.elapsed() < Duration::from_secs(1) {
        assert_eq!(answers.0.next().await.unwrap().unwrap(), Message::text(r#"{"type":"ping"}"#));
        answers.send(json!({ "type": "pong" })).await;
        pings += 1;
    }
    assert!((5..=21).contains(&pings), "{pings}");
    let mut silent = Socket::open(&toy).await;
    let mut floods = toy.seen.floods.subscribe();
    silent.subscribe("a", "subscription { flood }").await;
    floods.wait_for(|&n| n == 1).await.unwrap();
    floods.wait_for(|&n| n == 0).await.unwrap();
}

#[tokio::test]
async fn sockets_and_subscriptions_per_client_are_limited_and_freed() {
    let toy = Toy::limited(|limits| (limits.sockets_per_client, limits.subscriptions_per_client) = (3, 2)).await;
    let mut one = Socket::open(&toy).await;
    let (_two, three) = (Socket::open(&toy).await, Socket::open(&toy).await);
    match connect(&toy, &[("sec-websocket-protocol", "graphql-transport-ws")]).await {
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), 429);
            assert!(String::from_utf8_lossy(response.body().as_ref().unwrap()).contains("LIMIT_EXCEEDED"));
        }
        other => panic!("{:?}", other.err()),
    }
    drop(three);
    while connect(&toy, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.is_err() {}

    one.subscribe("a", "subscription { silence }").await;
    one.subscribe("b", "subscription { silence }").await;
    one.subscribe("c", "subscription { silence }").await;
    let answer = one.next().await;
    assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("c")), "{answer}");
    assert_eq!(answer["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{answer}");
    one.send(json!({ "type": "complete", "id": "a" })).await;
    one.subscribe("c", "subscription { count(to: 1) }").await;
    while one.next().await["type"] != "next" {
        one.subscribe("c", "subscription { count(to: 1) }").await;
    }
}

/// The client gets the results sent before it stopped reading, then the close frame.
#[tokio::test]
async fn a_client_that_never_reads_is_closed_with_1013() {
    let toy = Toy::limited(|limits| limits.read_within = Duration::from_millis(300)).await;
    let mut floods = toy.seen.floods.subscribe();
    let mut never = Socket::open(&toy).await;
    never.subscribe("a", "subscription { flood }").await;
    floods.wait_for(|&n| n == 1).await.unwrap();
    // Its operations end although it still does not read.
    floods.wait_for(|&n| n == 0).await.unwrap();
    let (code, reason) = never.closed().await;
    assert_eq!(code, 1013, "{reason}");
    // A client that does not even read the close frame is disconnected.
    let mut gone = Socket::open(&toy).await;
    gone.subscribe("a", "subscription { flood }").await;
    floods.wait_for(|&n| n == 1).await.unwrap();
    floods.wait_for(|&n| n == 0).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let end = loop {
        match gone.0.next().await {
            Some(Ok(Message::Close(frame))) => break format!("{frame:?}"),
            Some(Ok(_)) => {}
            Some(Err(error)) => break error.to_string(),
            None => break "end".to_owned(),
        }
    };
    assert!(!end.contains("1013"), "{end}");
}
