//! `suggestionsChanged`: two reviewers of the same run see each other's decisions, over WebSocket and SSE of a real
//! server.

use reqwest::header;
use serde_json::{Value, json};

use crate::harness::{Live, Server, SqliteTarget};

const WATCH: &str = "subscription ($run: ID!) { suggestionsChanged(runId: $run) {
    all run { status } suggestions { asset { display } review { state } applied { after } versions { version } } } }";
const REVIEW: &str = "mutation ($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";

/// Starts a server and a run that described one table of `columns` columns.
async fn house(columns: usize) -> (Server, SqliteTarget, String) {
    let target = SqliteTarget::with_tables(1, columns);
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    server.events(&run, 0).await;
    (server, target, run)
}

async fn watch(server: &Server, run: &str) -> Live {
    server.subscribe(WATCH, json!({ "run": run })).await.field("suggestionsChanged")
}

async fn ids(server: &Server, run: &str) -> Vec<Value> {
    let query = "query ($run: ID!) { run(id: $run) { suggestions(first: 200) { nodes { id } } } }";
    let data = server.data(query, json!({ "run": run })).await;
    data["run"]["suggestions"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect()
}

async fn review(server: &Server, input: Value) {
    server.data(REVIEW, json!({ "input": input })).await;
}

/// Reads changes until one of them satisfies `shows`.
async fn until(live: &mut Live, what: &str, shows: impl Fn(&Value) -> bool) -> Value {
    loop {
        let change = live.next().await.unwrap_or_else(|| panic!("the subscription ended before {what}"));
        if shows(&change) {
            return change;
        }
    }
}

/// Makes decisions until both subscribers have seen one, so that both are active.
async fn both_listen(server: &Server, id: &Value, one: &mut Live, other: &mut Live) {
    review(server, json!({ "ids": [id], "decision": "SKIP" })).await;
    for live in [one, other] {
        until(live, "the first decision", |change| change.to_string().contains("SKIPPED")).await;
    }
}

#[tokio::test]
async fn decisions_applies_roll_backs_and_re_runs_reach_all_subscribers() {
    let (server, _target, run) = house(2).await;
    let ids = ids(&server, &run).await;
    // A subscription over a socket is active once its operation has started, which the first change proves.
    let (mut one, mut other) = (watch(&server, &run).await, watch(&server, &run).await);
    started(&server, &run, &ids[0], &mut one).await;
    started(&server, &run, &ids[0], &mut other).await;
    both_listen(&server, &ids[1], &mut one, &mut other).await;

    review(&server, json!({ "ids": [ids[0]], "decision": "ACCEPT", "text": "One" })).await;
    for live in [&mut one, &mut other] {
        let change = until(live, "the accept", |change| change.to_string().contains("EDITED")).await;
        assert_eq!(change["all"], false);
    }
    let apply = "mutation ($run: ID!) { applyRun(input: { runId: $run }) { run { id } } }";
    server.data(apply, json!({ "run": run })).await;
    until(&mut one, "the apply", |change| change.to_string().contains("\"after\":\"One\"")).await;
    until(&mut other, "the apply", |change| change.to_string().contains("\"after\":\"One\"")).await;
    ended(&server, &run).await;
    let rollback = "mutation ($run: ID!) { rollbackRun(input: { runId: $run }) { run { id } } }";
    server.data(rollback, json!({ "run": run })).await;
    let undone = |change: &Value| {
        let suggestions = change["suggestions"].as_array().unwrap();
        suggestions.iter().any(|it| it["review"]["state"] == "EDITED" && it["applied"] == Value::Null)
    };
    until(&mut one, "the roll-back", undone).await;
    ended(&server, &run).await;
    let rerun = "mutation ($ids: [ID!]) { rerun(input: { suggestionIds: $ids }) { runs { id } } }";
    server.data(rerun, json!({ "ids": [ids[2]] })).await;
    until(&mut one, "the re-run", |change| change.to_string().contains("\"version\":2")).await;

    // The subscription ends when the run is deleted.
    let delete = "mutation ($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    server.data(delete, json!({ "ids": [run] })).await;
    for mut live in [one, other] {
        while live.next().await.is_some() {}
    }
    let error = server.subscribe(WATCH, json!({ "run": run })).await.message().await.unwrap();
    assert!(error.to_string().contains("NOT_FOUND"), "{error}");
}

/// Makes changes until this subscriber sees one, so that it is active.
async fn started(server: &Server, run: &str, id: &Value, live: &mut Live) {
    let mut seen = std::pin::pin!(live.next());
    loop {
        review(server, json!({ "ids": [id], "decision": "SKIP" })).await;
        review(server, json!({ "ids": [id], "decision": "RESTORE" })).await;
        let again = std::pin::pin!(tokio::time::sleep(std::time::Duration::from_millis(100)));
        if let futures_util::future::Either::Left((change, _)) = futures_util::future::select(&mut seen, again).await {
            assert!(change.is_some(), "{run}");
            return;
        }
    }
}

async fn ended(server: &Server, run: &str) {
    server.events(run, 0).await;
}

#[tokio::test]
async fn a_large_review_asks_its_subscribers_to_fetch_again() {
    let (server, target, run) = house(250).await;
    let db = server.create_db_profile("again", &target.url()).await;
    let other = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    server.events(&other, 0).await;
    let (ours, theirs) = (ids(&server, &run).await, ids(&server, &other).await);
    let mut live = watch(&server, &run).await;
    started(&server, &run, &ours[0], &mut live).await;
    review(&server, json!({ "runId": other, "decision": "SKIP" })).await;
    review(&server, json!({ "ids": [theirs[0]], "decision": "RESTORE" })).await;
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    let change = until(&mut live, "the review", |change| change["all"] == true).await;
    assert_eq!(change["suggestions"], json!([]));
}

/// A review needs a role above VIEWER, but watching decisions does not. Unauthenticated callers get nothing.
#[tokio::test]
async fn viewers_may_subscribe_and_unauthenticated_callers_may_not() {
    let (server, _target, run) = house(1).await;
    let ids = ids(&server, &run).await;
    let (admin, _) = server.create_token(None, "root", "ADMIN").await;
    let payload = json!({ "query": WATCH, "variables": { "run": run } });
    let skip = async || {
        for decision in ["RESTORE", "SKIP"] {
            let input = json!({ "input": { "ids": [ids[0]], "decision": decision } });
            server.data_for(&admin, REVIEW, input).await;
        }
    };
    for role in ["VIEWER", "OPERATOR"] {
        let (token, _) = server.create_token(Some(&admin), role, role).await;
        let live = Live::send_as(&server.base, json!({ "token": token }), payload.clone()).await.unwrap();
        let mut live = live.field("suggestionsChanged");
        let mut seen = std::pin::pin!(until(&mut live, "the skip", |change| change.to_string().contains("SKIPPED")));
        loop {
            skip().await;
            let again = std::pin::pin!(tokio::time::sleep(std::time::Duration::from_millis(100)));
            if let futures_util::future::Either::Left(_) = futures_util::future::select(&mut seen, again).await {
                break;
            }
        }
        // A viewer can watch but not decide.
        let decide = json!({ "input": { "ids": [ids[0]], "decision": "ACCEPT" } });
        let (_, _, answer) = server.ask(Some(&token), REVIEW, decide).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code == "FORBIDDEN", role == "VIEWER", "{answer}");
    }
    for init in [Value::Null, json!({}), json!({ "token": "gloss_wrong" })] {
        let refused = Live::send_as(&server.base, init.clone(), payload.clone()).await;
        let (code, reason) = refused.err().unwrap_or_else(|| panic!("{init} was let in"));
        assert!(matches!(code, 4401 | 4403), "{init}: {code} {reason}");
    }
    let request = reqwest::Client::new().post(format!("{}/graphql", server.base));
    let request = request.header(header::CONTENT_TYPE, "application/json").header(header::ACCEPT, "text/event-stream");
    let response = request.body(payload.to_string()).send().await.unwrap();
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert!(body.contains("UNAUTHENTICATED") && !body.contains("SKIPPED"), "{status}: {body}");
}

/// The root field counts wherever it occurs in the document.
#[tokio::test]
async fn the_root_field_may_stand_in_fragments() {
    let (server, _target, run) = house(1).await;
    let ids = ids(&server, &run).await;
    let field = "suggestionsChanged(runId: $run) { suggestions { review { state } } }";
    for document in [
        format!("subscription ($run: ID!) {{ ...Changes }} fragment Changes on Subscription {{ {field} }}"),
        format!(
            "subscription ($run: ID!) {{ ...Outer }} fragment Outer on Subscription {{ ... {{ ...Inner }} }}
             fragment Inner on Subscription {{ {field} }}"
        ),
        format!("subscription ($run: ID!) {{ ... on Subscription {{ {field} }} }}"),
        format!("subscription ($run: ID!) {{ ... @include(if: true) {{ changed: {field} }} }}"),
    ] {
        let mut live = server.subscribe(&document, json!({ "run": run })).await;
        started(&server, &run, &ids[0], &mut live).await;
        review(&server, json!({ "ids": [ids[0]], "decision": "SKIP" })).await;
        until(&mut live, "the skip", |change| change.to_string().contains("SKIPPED")).await;
    }
}

#[tokio::test]
async fn it_is_served_as_server_sent_events() {
    let (server, _target, run) = house(1).await;
    let ids = ids(&server, &run).await;
    let body = json!({ "query": WATCH, "variables": { "run": run } });
    let request = reqwest::Client::new()
        .post(format!("{}/graphql", server.base))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string());
    let mut response = request.header(header::ACCEPT, "text/event-stream").send().await.unwrap();
    let mut read = String::new();
    let mut reading = std::pin::pin!(async {
        while !read.contains("SKIPPED") {
            read += std::str::from_utf8(&response.chunk().await.unwrap().expect("it goes on")).unwrap();
        }
        read.clone()
    });
    loop {
        review(&server, json!({ "ids": [ids[0]], "decision": "RESTORE" })).await;
        review(&server, json!({ "ids": [ids[0]], "decision": "SKIP" })).await;
        let again = std::pin::pin!(tokio::time::sleep(std::time::Duration::from_millis(300)));
        if let futures_util::future::Either::Left((read, _)) = futures_util::future::select(&mut reading, again).await {
            assert!(read.contains("event: next") && read.contains("suggestionsChanged"), "{read}");
            return;
        }
    }
}
