//! The reasons why runs wait, and the counts that accompany changes of a list.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Live, ScriptedModel, Server, SqliteTarget, scripted_model::Failure, server_with};

const LOOK: &str = "query($id: ID!) { run(id: $id) { status waiting { reason since } } }";

async fn waiting(server: &Server, run: &str) -> Value {
    server.data(LOOK, json!({ "id": run })).await["run"]["waiting"].take()
}

/// Reads events up to the first of this type and returns it.
async fn event(live: &mut Live, event_type: &str) -> Value {
    loop {
        let event = live.next().await.unwrap_or_else(|| panic!("no {event_type}"));
        if event["type"] == event_type {
            return event;
        }
    }
}

#[tokio::test]
async fn a_run_says_at_once_that_it_waits_for_a_worker_and_for_a_provider() {
    let target = SqliteTarget::with_tables(1, 1);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[("GLOSS_WORKERS", "1")]).await;
    let first = server.start_run(input.clone()).await;
    model.waiting(1).await;
    let second = server.start_run(input.clone()).await;
    let waits = waiting(&server, &second).await;
    assert_eq!(waits["reason"], "Waiting for a free worker");
    assert!(waits["since"].is_string(), "{waits}");
    let mut live = server.watch(&second, 0).await;
    let created = live.next().await.unwrap();
    assert!(created["message"].as_str().unwrap().ends_with(": waiting for a free worker"), "{created}");

    // A model that accepts a request but does not answer.
    let mut watched = server.watch(&first, 0).await;
    let warning = event(&mut watched, "WARNING").await;
    let reason = waiting(&server, &first).await["reason"].take();
    assert_eq!(warning["message"], reason);
    assert!(reason.as_str().unwrap().starts_with("Waiting for the model \"scripted-model\": "), "{reason}");
    // A model that refuses for a while: recorded at once, and cleared by the next answer.
    model.fail_next(1, Failure::status(503));
    model.open_gate();
    event(&mut watched, "FINISHED").await;
    assert_eq!(waiting(&server, &first).await, Value::Null);
    event(&mut live, "FINISHED").await;
    assert_eq!(waiting(&server, &second).await, Value::Null);
}

#[tokio::test]
async fn a_run_waits_for_a_failing_provider_until_it_answers() {
    let target = SqliteTarget::with_tables(1, 1);
    let model = ScriptedModel::builder().start().await;
    model.fail_next(1_000, Failure::status(503));
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    let mut live = server.watch(&run, 0).await;
    event(&mut live, "WARNING").await;
    let waits = waiting(&server, &run).await;
    assert!(waits["reason"].as_str().unwrap().starts_with("Waiting for the model "), "{waits}");
    model.forget_failures();
    event(&mut live, "ASSET_FINISHED").await;
    assert_eq!(waiting(&server, &run).await, Value::Null);
    event(&mut live, "FINISHED").await;
}

/// Every change carries the counts of its list after the change; the last ones equal those of a query.
#[tokio::test]
async fn changes_include_the_counts_of_their_list() {
    let target = SqliteTarget::with_tables(1, 1);
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let other = server.create_db_profile("other", &target.url()).await;
    let news = "subscription($filter: RunFilter) { runsChanged(filter: $filter) { runId run { status }
        counts { totalCount kindCounts { kind count } statusCounts { status count } } } }";
    let filter = json!({ "dbProfileIds": [db] });
    let mut lives = Vec::new();
    for _ in 0..3 {
        lives.push(server.subscribe(news, json!({ "filter": filter })).await.field("runsChanged"));
    }
    server.start_run(json!({ "targets": [{ "dbProfileId": other }] })).await;
    let mut run = String::new();
    for live in &mut lives {
        // The subscription is active once a change arrives.
        loop {
            run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
            if tokio::time::timeout(Duration::from_millis(300), live.next()).await.is_ok() {
                break;
            }
        }
    }
    server.events(&run, 0).await;
    let list = "query($filter: RunFilter) { runs(filter: $filter) { totalCount kindCounts { kind count }
        statusCounts { status count } } }";
    let figures = loop {
        let figures = server.data(list, json!({ "filter": filter })).await["runs"].take();
        if figures["statusCounts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|count| count["status"] == "READY_FOR_REVIEW" || count["count"] == 0)
        {
            break figures;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // The rename is the last change, so its counts are final.
    let rename = "mutation($id: ID!) { updateRun(input: { id: $id, title: \"last\" }) { run { id } } }";
    server.data(rename, json!({ "id": run })).await;
    for live in &mut lives {
        loop {
            let change = live.next().await.unwrap();
            if change["counts"] == figures {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_schedule_tells_its_next_firings() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let create = "mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule {
        id nextFireAt five: nextFirings three: nextFirings(first: 3) none: nextFirings(first: 0) } } }";
    let input = json!({ "name": "nightly", "cron": "30 2 * * *", "timeZone": "Europe/Berlin",
        "target": { "dbProfileId": demo } });
    let made = server.data(create, json!({ "input": input })).await["createSchedule"]["schedule"].take();
    let five = made["five"].as_array().unwrap();
    assert_eq!((five.len(), &five[0], made["none"].as_array().unwrap().len()), (5, &made["nextFireAt"], 0));
    assert_eq!(made["three"].as_array().unwrap()[..], five[..3]);
    let once = json!({ "name": "once", "fireAt": "2090-01-01T00:00:00Z", "target": { "dbProfileId": demo } });
    let once = server.data(create, json!({ "input": once })).await["createSchedule"]["schedule"].take();
    assert_eq!(once["five"], json!(["2090-01-01T00:00:00+00:00"]));
    let pause = "mutation($id: ID!) { pauseSchedule(input: { id: $id }) { schedule { nextFirings } } }";
    let paused = server.data(pause, json!({ "id": made["id"] })).await;
    assert_eq!(paused["pauseSchedule"]["schedule"]["nextFirings"], json!([]));
    for first in [-1, 11] {
        let list = format!("{{ schedules {{ nodes {{ nextFirings(first: {first}) }} }} }}");
        let error = server.error(&list, json!({})).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": "first" }));
    }
}

/// Options that the builtin describer ignores cause a warning.
#[tokio::test]
async fn instructions_for_the_builtin_describer_cause_a_warning() {
    let target = SqliteTarget::with_tables(1, 1);
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    for (instructions, warnings) in [(json!("Be brief."), 1), (json!("  "), 0), (Value::Null, 0)] {
        let input = json!({ "targets": [{ "dbProfileId": db }], "options": { "instructions": instructions } });
        let run = server.start_run(input).await;
        let events = server.events(&run, 0).await;
        let told: Vec<&Value> = events.iter().filter(|event| event["type"] == "WARNING").collect();
        assert_eq!(told.len(), warnings, "{told:?}");
        assert!(told.iter().all(|event| event["message"].as_str().unwrap().contains("`instructions`")), "{told:?}");
    }
}
