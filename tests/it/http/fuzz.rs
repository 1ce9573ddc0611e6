//! Fuzzing: random parameters over HTTP and random frames over a WebSocket always get an answer of the protocol.
//!
//! A failed case is stored beside this file and replayed first in later runs. `GLOSS_FUZZ_SECONDS` makes each of the
//! two tests generate new cases for that many seconds.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{FileFailurePersistence, TestCaseResult, TestRunner},
};
use reqwest::{StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::{io::AsyncWriteExt, runtime::Runtime};
use tokio_tungstenite::{
    MaybeTlsStream,
    tungstenite::{Message, protocol::CloseFrame},
};

use super::{toy::Toy, ws::Socket};

/// Number of cases in an ordinary test run.
const CASES: u32 = 150;
/// Maximum time for an answer, with a large margin for a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_mins(1);

/// Runs cases against one server: a fixed number, or for as long as the environment variable says.
fn fuzz<S: Strategy>(
    name: &'static str,
    strategy: impl Fn() -> S,
    check: &impl AsyncFn(&Toy, S::Value) -> TestCaseResult,
) {
    let kept = format!("{}/tests/it/http/fuzz-regressions/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept.leak()))),
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    };
    let seconds = std::env::var("GLOSS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(seconds);
    let runtime = Runtime::new().unwrap();
    let toy = runtime.block_on(Toy::start());
    loop {
        let run = TestRunner::new(config.clone()).run(&strategy(), |case| {
            runtime.block_on(async {
                let checked = tokio::time::timeout(ANSWERED_WITHIN, check(&toy, case)).await;
                checked.unwrap_or_else(|_| Err(TestCaseError::fail("no answer")))
            })
        });
        if let Err(failed) = run {
            panic!("{name}: {failed}");
        }
        if Instant::now() >= until {
            return;
        }
    }
}

/// Generates documents: some valid, some assembled from fragments.
fn document() -> impl Strategy<Value = String> {
    let whole = select(vec![
        "{ hello }",
        "query A { hello } query B { hen { name } }",
        "query($n: String!) { hello(name: $n) }",
        "mutation { bump }",
        "subscription { count(to: 3) }",
        "subscription($after: Int!) { runProgress(after: $after) { number } }",
        "subscription { runsChanged }",
        "subscription { silence }",
        "subscription { refused }",
        "{ refused }",
        "",
    ]);
    let piece = select(vec![
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "!",
        ":",
        "=",
        "$",
        "@",
        "...",
        "|",
        "&",
        "#",
        "\n",
        "\"",
        "\"\"\"",
        "\\",
        "\u{feff}",
        "\u{0}",
        "é",
        "😀",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "hello",
        "name",
        "hen",
        "count",
        "to",
        "runProgress",
        "after",
        "number",
        "Query",
        "n",
        "$n",
        "$after",
        "Int",
        "String",
        "1",
        "-0.5e9",
        "99999999999999999999",
        "true",
        "null",
        "\"x\"",
        "@include(if: true)",
        "@skip(if: $n)",
        "__typename",
        "__schema",
        "types",
    ]);
    let pieces = vec(piece, 0..40).prop_map(|pieces| pieces.join(" "));
    prop_oneof![3 => whole.prop_map(str::to_owned), 3 => pieces, 1 => any::<String>()]
}

/// Generates JSON of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
        document().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let names = prop_oneof![
            select(vec!["n", "after", "persistedQuery", "version", "sha256Hash", "operationId"])
                .prop_map(str::to_owned),
            any::<String>(),
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((names, inner), 0..4).prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// Generates the parameters of a request, valid or not.
fn parameters() -> impl Strategy<Value = Value> {
    let query = option::weighted(0.9, prop_oneof![9 => document().prop_map(Value::from), 1 => any_json()]);
    let name = option::weighted(0.2, prop_oneof![select(vec!["A", "B", ""]).prop_map(Value::from), any_json()]);
    let variables = option::weighted(
        0.5,
        prop_oneof![any_json(), Just(json!({ "n": "hen" })), any::<i32>().prop_map(|n| json!({ "after": n }))],
    );
    let object = (query, name, variables, option::weighted(0.2, any_json()), option::weighted(0.1, any_json()));
    let object = object.prop_map(|(query, name, variables, extensions, id)| {
        let names = ["query", "operationName", "variables", "extensions", "documentId"];
        let fields = names.into_iter().zip([query, name, variables, extensions, id]);
        fields.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
    });
    prop_oneof![9 => object, 1 => any_json()]
}

#[derive(Debug, Clone)]
struct HttpCase {
    get: bool,
    parameters: Value,
    /// Position at which the body is cut, and the bytes that follow there.
    scar: Option<(prop::sample::Index, Vec<u8>)>,
    content_type: &'static str,
    accept: Option<&'static str>,
}

fn http_case() -> impl Strategy<Value = HttpCase> {
    let content_type = prop_oneof![
        9 => Just("application/json"),
        1 => select(vec!["text/plain", "application/json; charset=utf-16", "application/json;;", ";"]),
    ];
    let accept = option::of(select(vec![
        "application/json",
        "application/graphql-response+json",
        "text/event-stream",
        "*/*;q=0",
        ",;q=,text/html",
    ]));
    let scar = option::weighted(0.2, (any::<prop::sample::Index>(), vec(any::<u8>(), 0..6)));
    (any::<bool>(), parameters(), scar, content_type, accept).prop_map(
        |(get, parameters, scar, content_type, accept)| HttpCase { get, parameters, scar, content_type, accept },
    )
}

/// Checks that every answer follows the protocol, has a code for each error, and is no internal error.
async fn check_http(toy: &Toy, case: HttpCase) -> TestCaseResult {
    let mut text = if case.get {
        let fields = case.parameters.as_object().cloned().unwrap_or_default();
        let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pairs = fields.iter().map(|(name, value)| (name, as_text(value)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
    } else {
        case.parameters.to_string().into_bytes()
    };
    if let Some((at, bytes)) = &case.scar {
        text.truncate(at.index(text.len() + 1));
        text.extend(bytes);
    }
    let mut request = if case.get {
        let query: String = text
            .iter()
            .map(|byte| {
                if byte.is_ascii_graphic() && *byte != b'#' {
                    char::from(*byte).to_string()
                } else {
                    format!("%{byte:02x}")
                }
            })
            .collect();
        toy.get(&format!("/graphql?{query}"))
    } else {
        toy.client.post(toy.url("/graphql")).header(header::CONTENT_TYPE, case.content_type).body(text)
    };
    if let Some(accept) = case.accept {
        request = request.header(header::ACCEPT, accept);
    }
    let mut response = request.send().await.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    let status = response.status();
    prop_assert!(response.headers().contains_key("x-request-id"));
    let allowed = [200, 304, 400, 403, 404, 405, 406, 413, 414, 415];
    prop_assert!(allowed.contains(&status.as_u16()), "{status}");
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    if content_type == "text/event-stream" {
        // A subscription that stays open sends only comments.
        let chunk =
            response.chunk().await.map_err(|error| TestCaseError::fail(format!("{error:?}")))?.unwrap_or_default();
        let chunk = String::from_utf8_lossy(&chunk);
        prop_assert!(chunk.starts_with(":\n\n") || chunk.starts_with("event: next\ndata: {"), "{chunk}");
        prop_assert!(!chunk.contains("INTERNAL"), "{chunk}");
        return Ok(());
    }
    let body = response.text().await.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    let answer: Value = serde_json::from_str(&body).map_err(|_| TestCaseError::fail(format!("not JSON: {body}")))?;
    prop_assert!(answer.get("data").is_some() || answer.get("errors").is_some(), "{answer}");
    let errors = answer.get("errors").cloned().unwrap_or(json!([]));
    for error in errors.as_array().unwrap() {
        let code = error["extensions"]["code"].as_str().unwrap_or_default().to_owned();
        prop_assert!(!code.is_empty() && code != "INTERNAL", "{answer}");
        prop_assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{answer}");
    }
    prop_assert!(status == StatusCode::OK || !errors.as_array().unwrap().is_empty(), "{status} {answer}");
    Ok(())
}

#[test]
fn any_parameters_get_an_answer() {
    fuzz("http", http_case, &check_http);
}

/// An action of a client on a socket.
#[derive(Debug, Clone)]
enum Act {
    Say(Value),
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    /// Bytes that need not be a valid frame.
    Raw(Vec<u8>),
    Close(u16),
}

fn act() -> impl Strategy<Value = Act> {
    let id = || select(vec!["a", "b", "c", "é", ""]).prop_map(str::to_owned);
    let subscribe =
        (id(), parameters()).prop_map(|(id, payload)| json!({ "type": "subscribe", "id": id, "payload": payload }));
    let message = prop_oneof![
        6 => subscribe,
        2 => id().prop_map(|id| json!({ "type": "complete", "id": id })),
        1 => option::of(any_json()).prop_map(|payload| json!({ "type": "connection_init", "payload": payload })),
        2 => option::of(any_json()).prop_map(|payload| json!({ "type": "ping", "payload": payload })),
        1 => Just(json!({ "type": "pong" })),
        1 => any_json(),
    ];
    prop_oneof![
        12 => message.prop_map(Act::Say),
        1 => any::<String>().prop_map(Act::Text),
        1 => vec(any::<u8>(), 0..40).prop_map(Act::Binary),
        1 => vec(any::<u8>(), 0..40).prop_map(Act::Ping),
        1 => vec(any::<u8>(), 1..40).prop_map(Act::Raw),
        1 => (1000..5000_u16).prop_map(Act::Close),
    ]
}

/// Checks that every answer is a message of the protocol about a started operation, and that the close code is one of
/// the protocol and no internal error.
async fn check_socket(toy: &Toy, (init, acts): (bool, Vec<Act>)) -> TestCaseResult {
    let mut socket = if init { Socket::open(toy).await } else { Socket::raw(toy).await };
    for act in &acts {
        let sent = match act.clone() {
            Act::Say(message) => socket.0.send(Message::text(message.to_string())).await,
            Act::Text(text) => socket.0.send(Message::text(text)).await,
            Act::Binary(bytes) => socket.0.send(Message::binary(bytes)).await,
            Act::Ping(bytes) => socket.0.send(Message::Ping(bytes.into())).await,
            Act::Close(code) => {
                socket.0.send(Message::Close(Some(CloseFrame { code: code.into(), reason: "enough".into() }))).await
            }
            Act::Raw(bytes) => {
                let MaybeTlsStream::Plain(stream) = socket.0.get_mut() else { unreachable!() };
                stream.write_all(&bytes).await.map_err(Into::into)
            }
        };
        if sent.is_err() {
            break;
        }
    }
    // A last ping: the answer to it, or silence, ends the case.
    let _ = socket.0.send(Message::text(json!({ "type": "ping", "payload": { "last": 1 } }).to_string())).await;
    let mut acknowledged = init;
    // The server rightly waits for an incomplete frame, so only the answers before it are checked.
    while let Ok(Some(frame)) = tokio::time::timeout(Duration::from_millis(300), socket.0.next()).await {
        match frame {
            Ok(Message::Text(text)) => {
                let message: Value = serde_json::from_str(&text).map_err(|_| TestCaseError::fail(text.to_string()))?;
                let kind = message["type"].as_str().unwrap_or_default();
                acknowledged |= kind == "connection_ack";
                match kind {
                    "pong" if message["payload"]["last"] == 1 => break,
                    "connection_ack" | "pong" => {}
                    "next" | "error" | "complete" => {
                        prop_assert!(acknowledged, "{message} before the acknowledgement");
                        let id = message["id"].as_str().unwrap_or_default();
                        let is_it = |said: &Value| said["type"] == "subscribe" && said["id"] == id;
                        let asked = |act: &Act| matches!(act, Act::Say(said) if is_it(said));
                        prop_assert!(acts.iter().any(asked), "{message}");
                        prop_assert!(!text.contains("INTERNAL"), "{message}");
                    }
                    other => return Err(TestCaseError::fail(format!("{other}: {message}"))),
                }
            }
            Ok(Message::Close(Some(frame))) => {
                let code = u16::from(frame.code);
                let echo = acts.iter().any(|act| matches!(act, Act::Close(sent) if *sent == code));
                let allowed = [1000, 1002, 1007, 1009, 4400, 4401, 4409, 4429];
                prop_assert!(echo || allowed.contains(&code), "{code} {}", frame.reason);
                prop_assert!(frame.reason.len() <= 123);
                break;
            }
            Ok(_) => {}
            // The client sent bytes that are not valid WebSocket frames.
            Err(_) => break,
        }
    }
    drop(socket);
    let mut executions = toy.seen.executions.subscribe();
    let _ = executions.wait_for(|&alive| alive == 0).await;
    let (status, _) = super::toy::ask(toy.query("{ hello }")).await;
    prop_assert_eq!(status, StatusCode::OK);
    Ok(())
}

#[test]
fn any_frames_get_an_answer() {
    fuzz("ws", || (prop::bool::weighted(0.8), vec(act(), 0..12)), &check_socket);
}
