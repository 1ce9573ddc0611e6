//! Shared execution: identical subscriptions are executed once, and no subscriber misses a result.

use std::{sync::atomic::Ordering, time::Duration};

use gloss::domain::token::Role;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use super::{toy::Toy, ws::Socket};

const NUMBERS: &str = "subscription($after: Int!) { runProgress(after: $after) { number } }";
const LONG: &str = "subscription($after: Int!) { runProgress(after: $after, length: 60000) { number text } }";

async fn number(socket: &mut Socket) -> i64 {
    let message = socket.next().await;
    message["payload"]["data"]["runProgress"]["number"].as_i64().unwrap_or_else(|| panic!("{message}"))
}

#[tokio::test]
async fn subscribers_that_have_caught_up_share_one_execution() {
    let toy = Toy::start().await;
    let mut executions = toy.seen.executions.subscribe();
    toy.seen.newest.send_replace(5);
    let mut sockets = Vec::new();
    for n in 0..20 {
        let mut socket = Socket::open(&toy).await;
        socket.subscribe_with(&format!("id {n}"), NUMBERS, json!({ "after": n % 5 })).await;
        for expected in n % 5 + 1..=5 {
            assert_eq!(number(&mut socket).await, expected);
        }
        sockets.push(socket);
    }
    executions.wait_for(|&n| n == 1).await.unwrap();
    // Existing results were read only once, too.
    let before = toy.seen.resolved.load(Ordering::SeqCst);
    assert_eq!(before, 5);
    for newest in [6, 50, 105] {
        toy.seen.newest.send_replace(newest);
        for (n, socket) in sockets.iter_mut().enumerate() {
            let first = match newest {
                6 => 6,
                50 => 7,
                _ => 51,
            };
            for expected in first..=newest {
                let message = socket.next().await;
                assert_eq!(message["id"], format!("id {n}"));
                assert_eq!(message["payload"], json!({ "data": { "runProgress": { "number": expected } } }));
            }
        }
    }
    assert_eq!(toy.seen.resolved.load(Ordering::SeqCst) - before, 100);

    // A subscriber that reconnects slightly behind gets the buffered results without an execution.
    let mut back = Socket::open(&toy).await;
    back.subscribe_with("b", NUMBERS, json!({ "after": 90 })).await;
    for expected in 91..=105 {
        assert_eq!(number(&mut back).await, expected);
    }
    assert_eq!((toy.seen.resolved.load(Ordering::SeqCst) - before, *executions.borrow()), (100, 1));
    // The execution ends with its last subscriber.
    drop((sockets, back));
    executions.wait_for(|&n| n == 0).await.unwrap();
}

#[tokio::test]
async fn different_subscriptions_are_not_shared() {
    let toy = Toy::start().await;
    let mut executions = toy.seen.executions.subscribe();
    let mut sockets = Vec::new();
    let ((_, viewer), (_, admin)) = (toy.token(Role::Viewer).await, toy.token(Role::Admin).await);
    let (viewer, admin) = (&viewer, &admin);
    for (token, query) in [(viewer, NUMBERS), (admin, NUMBERS), (admin, LONG), (viewer, NUMBERS), (admin, NUMBERS)] {
        let mut socket = Socket::raw(&toy).await;
        socket.init(json!({ "token": token })).await;
        socket.next().await;
        socket.subscribe_with("a", query, json!({ "after": 0 })).await;
        sockets.push(socket);
    }
    toy.seen.newest.send_replace(1);
    for socket in &mut sockets {
        assert_eq!(number(socket).await, 1);
    }
    executions.wait_for(|&n| n == 3).await.unwrap();
}

/// More results than a channel and the system's buffers hold.
#[tokio::test]
async fn a_slow_subscriber_reads_at_its_own_pace_and_loses_nothing() {
    let toy = Toy::start().await;
    let mut executions = toy.seen.executions.subscribe();
    let (mut quick, mut slow) = (Socket::open(&toy).await, Socket::open(&toy).await);
    for socket in [&mut quick, &mut slow] {
        socket.subscribe_with("a", LONG, json!({ "after": 0 })).await;
        toy.seen.newest.send_if_modified(|newest| {
            *newest = 1;
            true
        });
        assert_eq!(number(socket).await, 1);
    }
    executions.wait_for(|&n| n == 1).await.unwrap();
    for newest in 2..=300 {
        toy.seen.newest.send_replace(newest);
        assert_eq!(number(&mut quick).await, i64::from(newest));
    }
    for expected in 2..=300 {
        assert_eq!(number(&mut slow).await, expected);
    }
    // Finally all subscribers share one execution again.
    executions.wait_for(|&n| n == 1).await.unwrap();
    toy.seen.newest.send_replace(301);
    assert_eq!((number(&mut quick).await, number(&mut slow).await), (301, 301));
}

#[tokio::test]
async fn subscribers_that_read_the_same_older_events_share_an_execution() {
    const EVENTS: i64 = 3_000;
    let toy = Toy::start().await;
    let mut executions = toy.seen.executions.subscribe();
    toy.seen.newest.send_replace(i32::try_from(EVENTS).unwrap());
    let mut present = Socket::open(&toy).await;
    present.subscribe_with("a", NUMBERS, json!({ "after": EVENTS })).await;
    // The answer to a later message shows that the server has started the subscription.
    present.subscribe("b", "{ hello }").await;
    while present.next().await["type"] != "complete" {}
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket = Socket::open(&toy).await;
        socket.subscribe_with("a", NUMBERS, json!({ "after": 0 })).await;
        sockets.push(socket);
    }
    for expected in 1..=EVENTS {
        for socket in &mut sockets {
            assert_eq!(number(socket).await, expected);
        }
    }
    // Each event is read once for all of them, perhaps again for some that fall behind.
    let resolved = toy.seen.resolved.load(Ordering::SeqCst);
    assert!(i64::try_from(resolved).unwrap() < 3 * EVENTS, "{resolved} events were read");
    executions.wait_for(|&n| n == 1).await.unwrap();
    toy.seen.newest.send_replace(i32::try_from(EVENTS + 1).unwrap());
    for socket in sockets.iter_mut().chain([&mut present]) {
        assert_eq!(number(socket).await, EVENTS + 1);
    }
}

#[tokio::test]
async fn a_new_subscriber_does_not_wait_for_slow_ones() {
    let toy = Toy::start().await;
    toy.seen.newest.send_replace(200);
    let (mut slow, mut quick) = (Socket::open(&toy).await, Socket::open(&toy).await);
    slow.subscribe_with("a", LONG, json!({ "after": 0 })).await;
    assert_eq!(number(&mut slow).await, 1);
    quick.subscribe_with("a", LONG, json!({ "after": 200 })).await;
    // The answer to a later message shows that the server has started the subscription.
    quick.subscribe("b", "{ hello }").await;
    while quick.next().await["type"] != "complete" {}
    toy.seen.newest.send_replace(201);
    assert_eq!(number(&mut quick).await, 201);
    for expected in 2..=201 {
        assert_eq!(number(&mut slow).await, expected);
    }
}

#[tokio::test]
async fn a_subscriber_that_falls_behind_must_fetch_again() {
    let toy = Toy::start().await;
    let mut executions = toy.seen.executions.subscribe();
    let (mut quick, mut slow) = (Socket::open(&toy).await, Socket::open(&toy).await);
    for socket in [&mut quick, &mut slow] {
        socket.subscribe("a", "subscription { runsChanged }").await;
        // The answer to a later message shows that the server has started the subscription.
        socket.subscribe("b", "{ hello }").await;
        while socket.next().await["type"] != "complete" {}
    }
    executions.wait_for(|&n| n == 1).await.unwrap();
    for news in 1..=100 {
        toy.seen.news.send_replace(news);
        let message = quick.next().await;
        assert!(message["payload"]["data"]["runsChanged"].as_str().unwrap().starts_with(&format!("{news} ")));
    }
    let told = loop {
        let message = slow.next().await;
        if message["type"] != "next" {
            break message;
        }
    };
    assert_eq!((&told["type"], &told["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("UNAVAILABLE")));
}

#[tokio::test]
async fn streams_of_events_share_too() {
    let toy = Toy::start().await;
    let mut executions = toy.seen.executions.subscribe();
    let body = json!({ "query": NUMBERS, "variables": { "after": 0 } });
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = toy.post(body.clone()).header("accept", "text/event-stream").send().await.unwrap();
        // The first comment arrives when the subscription has nothing to send yet.
        assert_eq!(stream.chunk().await.unwrap().unwrap(), ":\n\n");
        streams.push(stream);
    }
    executions.wait_for(|&n| n == 1).await.unwrap();
    toy.seen.newest.send_replace(3);
    for stream in &mut streams {
        let mut read = String::new();
        while !read.contains("{\"number\":3}") {
            read += std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap();
        }
        assert_eq!(read.matches("event: next").count(), 3, "{read}");
    }
    assert_eq!(toy.seen.resolved.load(Ordering::SeqCst), 3);
    tokio::time::timeout(Duration::from_secs(10), async {
        drop(streams);
        executions.wait_for(|&n| n == 0).await.unwrap();
    })
    .await
    .unwrap();
}

/// Results that are buffered for a slow subscriber are not sent after its token has ended.
#[tokio::test]
async fn an_ended_token_ends_buffered_results_too() {
    const EVENTS: i32 = 400;
    // A channel reads this many results ahead of its followers.
    const AHEAD: u64 = 128;
    let toy = Toy::start().await;
    let (id, secret) = toy.token(Role::Admin).await;
    let mut executions = toy.seen.executions.subscribe();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut slow = socket.connect(toy.address).await.unwrap();
    let query = "subscription($after: Int!) { runProgress(after: $after, length: 2000) { number text } }";
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("query", query).append_pair("variables", "{\"after\":0}");
    let request = format!(
        "GET /graphql?{} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {secret}\r\n\
         accept: text/event-stream\r\n\r\n",
        parameters.finish()
    );
    slow.write_all(request.as_bytes()).await.unwrap();
    executions.wait_for(|&n| n == 1).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b":\n\n\r\n") {
        answer.push(slow.read_u8().await.unwrap());
    }
    // From here on the client reads nothing, and the results are buffered in the channel.
    toy.seen.newest.send_replace(EVENTS);
    while toy.seen.resolved.load(Ordering::SeqCst) < AHEAD {
        tokio::task::yield_now().await;
    }
    toy.tokens.revoke(id).await.unwrap();
    let mut rest = String::new();
    // The stream ends; the connection may stay open.
    while !rest.ends_with("\r\n0\r\n\r\n") {
        let mut bytes = [0; 4096];
        let read = slow.read(&mut bytes).await.unwrap();
        assert!(read > 0, "{rest}");
        rest += std::str::from_utf8(&bytes[..read]).unwrap();
    }
    assert!(rest.contains("UNAUTHENTICATED"), "{rest}");
    let sent = rest.matches("\"number\":").count();
    assert!(sent < 100, "{sent} of {EVENTS} events came after the end");
}
