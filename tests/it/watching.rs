//! Many subscribers of one run, including slow and unstable ones: all see the same sequence without gaps.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{ScriptedModel, Server, SqliteTarget, server_with};

/// Tables of the watched run, with six rows each.
const TABLES: usize = 200;

#[tokio::test]
async fn twenty_subscribers_see_the_same_gapless_sequence() {
    let target = SqliteTarget::with_tables(TABLES, 5);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    model.waiting(4).await;
    // Makes events so large that subscribers who stop reading fill all buffers between the server and this test.
    let aliases = (0..45).map(|n| format!("m{n}: message")).collect::<Vec<_>>().join(" ");
    let wide = format!("subscription($run: ID!) {{ runProgress(runId: $run) {{ sequence type {aliases} }} }}");

    let mut subscribers: JoinSet<Vec<Value>> = JoinSet::new();
    let mut stopped = Vec::new();
    for n in 0..20 {
        let mut live = match n {
            10..15 => server.subscribe(&wide, json!({ "run": run })).await.field("runProgress"),
            _ => server.watch(&run, 0).await,
        };
        match n {
            0..10 => {
                subscribers.spawn(async move {
                    let mut events = Vec::new();
                    while let Some(event) = live.next().await {
                        events.push(event);
                    }
                    events
                });
            }
            // Stop reading: the socket stays open, unread until the run has ended.
            10..15 => stopped.push(live),
            // Disconnect after some events and reconnect at the same position.
            _ => {
                let base = server.base.clone();
                let run = run.clone();
                subscribers.spawn(async move {
                    let mut events: Vec<Value> = Vec::new();
                    loop {
                        for _ in 0..(n + 3) {
                            match live.next().await {
                                Some(event) => events.push(event),
                                None => return events,
                            }
                        }
                        drop(live);
                        let after = events.last().unwrap()["sequence"].clone();
                        let query = "subscription($run: ID!, $after: Int) { runProgress(runId: $run, after: $after) {
                            sequence type message status progress { total done failed skipped }
                            usage { requests totalTokens } asset { display } suggestion { description }
                            error { code message hint } } }";
                        live = crate::harness::Live::open(&base, query, json!({ "run": run, "after": after }))
                            .await
                            .field("runProgress");
                    }
                });
            }
        }
    }
    model.open_gate();
    let seen = subscribers.join_all().await;
    assert_eq!(seen.len(), 15);
    let truth = server.events(&run, 0).await;
    assert_eq!(truth.len(), 3 + 2 * TABLES * 6 + 1);
    let mut bytes = 0;
    for mut live in stopped {
        for event in &truth {
            let mut seen = live.next().await;
            if seen.is_none() {
                // On a slow machine it may have been closed for not reading, so it reconnects at the same position.
                let after = event["sequence"].as_i64().unwrap() - 1;
                let from_there = wide.replace("runId: $run", &format!("runId: $run, after: {after}"));
                live = server.subscribe(&from_there, json!({ "run": run })).await.field("runProgress");
                seen = live.next().await;
            }
            let seen = seen.unwrap();
            bytes += seen.to_string().len();
            assert_eq!((&seen["sequence"], &seen["type"]), (&event["sequence"], &event["type"]));
        }
        assert!(live.next().await.is_none());
    }
    eprintln!("{} MB waited for each of those who stopped reading", bytes / 5_000_000);
    for events in &seen {
        assert_eq!(events.len(), truth.len());
        assert_eq!(events, &truth);
    }
    for (at, event) in truth.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    assert_eq!(truth.last().unwrap()["type"], "FINISHED");
}

#[tokio::test]
async fn the_same_over_server_sent_events() {
    let target = SqliteTarget::with_tables(3, 7);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    let body = json!({ "query": "subscription($run: ID!) { runProgress(runId: $run) { sequence type status } }",
        "variables": { "run": run } });
    let text = reqwest::Client::new()
        .post(format!("{}/graphql", server.base))
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .body(body.to_string())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).filter(|data| data.trim().starts_with('{'));
    let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["data"]["runProgress"]["sequence"], at + 1, "{text}");
    }
    assert_eq!(events.last().unwrap()["data"]["runProgress"]["status"], "READY_FOR_REVIEW");
    assert!(text.contains("event: complete") || text.contains("event:complete"));
}

#[tokio::test]
async fn twenty_subscribers_cost_the_store_about_what_one_does() {
    const QUERY: &str = "subscription($run: ID!) { runProgress(runId: $run) { sequence type
        suggestion { description alternatives { text } evidence { detail } } } }";
    let target = SqliteTarget::with_tables(40, 7);
    let server = Server::start().await;
    let profile = server.create_db_profile("wide", &target.url()).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    let told = server.events(&run, 0).await.len();
    assert!(told > 600, "{told}");

    let mut costs: Vec<u64> = Vec::new();
    // On a busy machine subscribers get out of step and share less, so one well-shared round is enough.
    for subscribers in [1, 20, 20, 20, 20] {
        if costs.len() > 1 && costs.last().is_some_and(|cost| *cost < 10 * costs[0]) {
            break;
        }
        let before = statements(&server).await;
        let mut listening = JoinSet::new();
        for _ in 0..subscribers {
            let mut live = server.subscribe(QUERY, json!({ "run": run })).await.field("runProgress");
            listening.spawn(async move {
                let mut events = Vec::new();
                while let Some(event) = live.next().await {
                    events.push(event);
                }
                events
            });
        }
        let seen = listening.join_all().await;
        for events in &seen {
            assert_eq!(events.len(), told);
            assert_eq!(events, &seen[0]);
            for event in events.iter().filter(|event| event["type"] == "ASSET_FINISHED") {
                assert!(event["suggestion"]["alternatives"][0]["text"].is_string(), "{event}");
                assert!(event["suggestion"]["evidence"][0]["detail"].is_string(), "{event}");
            }
        }
        costs.push(statements(&server).await - before);
    }
    // A page of a hundred events costs one statement, plus one each for suggestions, alternatives and evidence. Each
    // subscriber reads the run at its start and its end, and those out of step read pages again. The total must stay
    // below half of what unshared subscribers would cost.
    assert!(costs[0] < 60, "{costs:?}");
    assert!(costs[1..].iter().any(|cost| *cost < 10 * costs[0]), "{costs:?}");
}

/// Returns the number of statements that the server's store has answered so far.
async fn statements(server: &Server) -> u64 {
    let metrics = server.get("/metrics").await.text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix("gloss_store_statement_seconds_count "));
    line.unwrap_or_else(|| panic!("{metrics}")).trim().parse().unwrap()
}

/// The forms in which a root field may occur in a subscription; `F` stands for the field.
const FORMS: [&str; 8] = [
    "subscription V { F }",
    "subscription V { ...R } fragment R on Subscription { F }",
    "subscription V { ...R } fragment R on Subscription { ...S } fragment S on Subscription { F }",
    "subscription V { ... on Subscription { F } }",
    "subscription V { ... { F } }",
    "subscription V { ... @include(if: true) { F } }",
    "subscription V { ... @include(if: $yes) { ... @skip(if: $no) { F } } }",
    "subscription V { ...R @skip(if: $no) } fragment R on Subscription { F }",
];

/// Returns a form with its field, with the used variables declared and another operation beside it.
fn in_form(form: &str, field: &str, declared: &str) -> String {
    let extra = ["$yes", "$no"].iter().filter(|name| form.contains(**name)).map(|name| {
        let default = *name == "$yes";
        format!("{name}: Boolean! = {default} ")
    });
    let variables = format!("{declared} {}", extra.collect::<String>());
    let variables = if variables.trim().is_empty() { String::new() } else { format!("({variables})") };
    format!(
        "{} query Other {{ __typename }}",
        form.replace('V', &format!("Watch{variables}")).replace("F }", &format!("{field} }}"))
    )
}

#[tokio::test]
async fn a_root_field_in_a_fragment_works_on_every_transport() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    let all: Vec<Value> =
        server.events(&run, 0).await.iter().map(|event| json!({ "sequence": event["sequence"] })).collect();
    assert!(all.len() > 3);
    for form in FORMS {
        let query = in_form(form, "runProgress(runId: $run) { sequence }", "$run: ID!");
        let body = json!({ "query": query, "variables": { "run": run }, "operationName": "Watch" });
        let mut live = crate::harness::Live::send(&server.base, body.clone()).await.field("runProgress");
        let mut seen = Vec::new();
        while let Some(event) = live.next().await {
            seen.push(event);
        }
        assert_eq!(seen, all, "over a WebSocket: {query}");
        let request = reqwest::Client::new().post(format!("{}/graphql", server.base));
        let request = request.header("content-type", "application/json").header("accept", "text/event-stream");
        let text = request.body(body.to_string()).send().await.unwrap().text().await.unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| data.starts_with('{'));
        let seen: Vec<Value> =
            data.map(|data| serde_json::from_str::<Value>(data).unwrap()["data"]["runProgress"].take()).collect();
        assert_eq!(seen, all, "by server-sent events: {query}");
    }
    // A live query reports only changes after its start.
    let mut watching = Vec::new();
    for form in FORMS {
        let query = in_form(form, "runsChanged { kind }", "");
        let body = json!({ "query": query, "operationName": "Watch" });
        let mut live = crate::harness::Live::send(&server.base, body).await.field("runsChanged");
        live.listening().await;
        watching.push((query, live));
    }
    server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    for (query, mut live) in watching {
        assert_eq!(live.next().await.unwrap()["kind"], "CREATED", "{query}");
    }
}

#[tokio::test]
async fn a_subscription_selects_exactly_one_root_field() {
    let server = Server::start().await;
    let said = async |query: &str| {
        let message = server.subscribe(query, json!({ "yes": true, "no": false })).await.message().await.unwrap();
        assert_eq!(message["type"], "error", "{query}: {message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{query}: {message}");
        message["payload"][0]["message"].as_str().unwrap().to_owned()
    };
    for query in [
        "subscription { runsChanged { kind } other: runsChanged { kind } }",
        "subscription { ...A } fragment A on Subscription { runsChanged { kind } other: runsChanged { kind } }",
        "subscription { ...A runsChanged { kind } } fragment A on Subscription { other: runsChanged { kind } }",
        "subscription($yes: Boolean!) { a: runsChanged @include(if: $yes) { kind } b: runsChanged @skip(if: $yes) { \
            kind } }",
    ] {
        assert!(said(query).await.contains("one root field"), "{query}");
    }
    assert!(said("subscription { __typename }").await.contains("__typename"));
    assert!(said("subscription($no: Boolean!) { runsChanged @include(if: $no) { kind } }").await.contains("no field"));
}
