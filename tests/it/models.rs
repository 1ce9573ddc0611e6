//! Runs against a model that misbehaves: invalid answers, refusals, limits, silence. Also budgets, a cancel in the
//! middle, and a table that disappears.

use serde_json::{Value, json};

use crate::harness::{
    ScriptedModel, Server, SqliteTarget,
    scripted_model::{Failure, Script},
    server_with,
};

async fn last_event(server: &Server, input: Value) -> Value {
    let run = server.start_run(input).await;
    server.events(&run, 0).await.pop().unwrap()
}

#[tokio::test]
async fn an_unreadable_answer_is_requested_once_more_then_the_run_fails() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().script(Script::Text("I am a teapot.".into())).start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let last = last_event(&server, input.clone()).await;
    assert_eq!(last["status"], "FAILED", "a run that described nothing never ends in SUCCESS");
    assert_eq!(last["progress"], json!({ "total": 4, "done": 0, "failed": 4, "skipped": 0 }));
    assert_eq!(last["error"]["code"], "UNAVAILABLE");
    assert_eq!(model.requests(), 2);

    // A single bad answer is retried.
    model.answer(Script::Proper);
    model.answer_next(Script::Text("[1, 2".into()));
    let last = last_event(&server, input).await;
    assert_eq!((&last["status"], &last["progress"]["done"]), (&json!("READY_FOR_REVIEW"), &json!(4)));
    assert_eq!(last["usage"]["requests"], 2);
}

#[tokio::test]
async fn rate_limits_and_server_errors_are_waited_for() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    model.fail_next(1, Failure::status(429).header("retry-after", "0"));
    let run = server.start_run(input.clone()).await;
    let events = server.events(&run, 0).await;
    assert!(events.iter().any(|event| event["type"] == "WARNING"), "the run warns of the wait");
    assert_eq!(server.run(&run).await["usage"]["retries"], 1);
    model.fail_next(2, Failure::status(503));
    let last = last_event(&server, input).await;
    assert_eq!((&last["status"], &last["progress"]["failed"]), (&json!("READY_FOR_REVIEW"), &json!(0)));
}

#[tokio::test]
async fn a_provider_that_stays_away_pauses_the_run() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[("GLOSS_PROVIDER_PATIENCE_SECONDS", "1")]).await;
    model.fail_next(1_000, Failure::status(503));
    let last = last_event(&server, input).await;
    assert_eq!(last["status"], "PAUSED");
    assert_eq!(last["type"], "FINISHED");
    assert_eq!(last["error"]["code"], "UNAVAILABLE");
    assert_eq!(last["progress"]["failed"], 0, "no row fails because the provider is down");
}

#[tokio::test]
async fn a_refused_key_and_an_unknown_model_end_the_run_with_a_hint() {
    let target = SqliteTarget::with_tables(6, 7);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    for (status, code) in [(401, "UNAUTHENTICATED"), (404, "NOT_FOUND")] {
        model.fail_next(4, Failure::status(status));
        let last = last_event(&server, input.clone()).await;
        assert_eq!(last["status"], "FAILED");
        assert_eq!(last["error"]["code"], code, "{last:#}");
        assert!(!last["error"]["hint"].as_str().unwrap().is_empty());
        // Requests in progress have used up the rest of the script.
        model.fail_next(0, Failure::status(status));
        while server
            .answer(
                "mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok } }",
                json!({ "id": input["llmProfileId"] }),
            )
            .await["data"]["testLlmProfile"]["ok"]
            == false
        {}
    }
}

#[tokio::test]
async fn a_budget_of_tokens_is_never_overspent() {
    let target = SqliteTarget::with_tables(20, 7);
    let model = ScriptedModel::builder().start().await;
    let (server, mut input) = server_with(&model, &target, &[]).await;
    input["budget"] = json!({ "maxTokens": 12_000 });
    let last = last_event(&server, input.clone()).await;
    assert_eq!(last["status"], "PAUSED", "{last:#}");
    assert_eq!(last["error"]["code"], "LIMIT_EXCEEDED");
    assert!(last["usage"]["totalTokens"].as_i64().unwrap() <= 12_000);
    let done = last["progress"]["done"].as_i64().unwrap();
    assert!(done > 0 && done < 160, "{done} rows within the budget");
    assert_eq!(last["progress"]["failed"], 0);

    input["budget"] = json!({ "maxCostUsd": 1.0 });
    let start = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
    let error = server.error(start, json!({ "input": input })).await;
    assert_eq!(error["extensions"]["argument"], "input.budget.maxCostUsd", "{error:#}");
}

#[tokio::test]
async fn billable_requests_count_and_refused_ones_do_not() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().start().await;
    let (server, mut input) = server_with(&model, &target, &[]).await;
    // Enough tokens for one request but not for two.
    input["budget"] = json!({ "maxTokens": 8_000 });
    model.fail_next(4, Failure::status(503));
    let last = last_event(&server, input.clone()).await;
    assert_eq!((&last["status"], &last["progress"]["done"]), (&json!("READY_FOR_REVIEW"), &json!(4)), "{last:#}");

    let before = model.requests();
    model.answer(Script::Dropped);
    let last = last_event(&server, input).await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("PAUSED"), &json!("LIMIT_EXCEEDED")), "{last:#}");
    assert_eq!(model.requests(), before + 1, "an interrupted request may be billed");
}

#[tokio::test]
async fn an_address_where_no_model_answers_ends_the_run_after_a_few_tries() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    model.fail_next(1_000, Failure::status(200).body(json!({ "hello": "world" })));
    let last = last_event(&server, input.clone()).await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("FAILED"), &json!("BAD_USER_INPUT")), "{last:#}");
    assert!(last["error"]["hint"].as_str().unwrap().contains("check the base URL"), "{last:#}");
    assert_eq!(model.requests(), 3);

    // Two bad answers are retried.
    model.forget_failures();
    model.fail_next(2, Failure::status(200).body(json!({ "hello": "world" })));
    let last = last_event(&server, input).await;
    assert_eq!((&last["status"], &last["progress"]["failed"]), (&json!("READY_FOR_REVIEW"), &json!(0)), "{last:#}");
}

#[tokio::test]
async fn a_budget_of_seconds_is_kept_though_the_model_is_silent() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, mut input) = server_with(&model, &target, &[]).await;
    input["budget"] = json!({ "maxSeconds": 1 });
    let last = last_event(&server, input).await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("PAUSED"), &json!("LIMIT_EXCEEDED")), "{last:#}");
}

#[tokio::test]
async fn a_cancel_in_the_middle_leaves_nothing_half_written() {
    let target = SqliteTarget::with_tables(10, 49);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    let mut live = server.watch(&run, 0).await;
    model.waiting(4).await;
    model.release(9);
    model.arrived(13).await;

    let asked = std::time::Instant::now();
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome run { status } } }";
    let data = server.data(cancel, json!({ "id": run })).await;
    assert_eq!(data["cancelRun"]["outcome"], "CANCELLING");
    let mut last = Value::Null;
    while let Some(event) = live.next().await {
        last = event;
    }
    eprintln!("cancelled after {:?}", asked.elapsed());
    assert_eq!((&last["status"], &last["type"]), (&json!("CANCELLED"), &json!("FINISHED")));
    let requests = model.requests();
    let record = server.run(&run).await;
    assert_eq!(record["status"], "CANCELLED");
    assert_eq!(record["canCancel"], false);
    let query = "query($id: ID!) { run(id: $id) { suggestions { totalCount } reviewCounts { unreviewed } } }";
    let counts = server.data(query, json!({ "id": run })).await;
    assert_eq!(counts["run"]["suggestions"]["totalCount"], record["progress"]["done"]);
    assert_eq!(counts["run"]["reviewCounts"]["unreviewed"], record["progress"]["done"]);
    let done = record["progress"]["done"].as_i64().unwrap();
    assert!((1..500).contains(&done), "{done} of 500 done");

    // A late answer changes nothing, no new request is sent, and a second cancel reports that the run is already
    // cancelled.
    model.open_gate();
    let data = server.data(cancel, json!({ "id": run })).await;
    assert_eq!(data["cancelRun"]["outcome"], "ALREADY_FINISHED");
    assert_eq!(model.requests(), requests);
    assert_eq!(server.run(&run).await["lastSequence"], record["lastSequence"]);
    let data = server.data("{ runs { nodes { number } } workers { capacity runs { number } } }", json!({})).await;
    assert_eq!(data["workers"][0]["runs"], json!([]));
}

#[tokio::test]
async fn runs_beyond_the_limit_wait_their_turn_and_a_queued_one_is_cancelled_at_once() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[("GLOSS_WORKERS", "1")]).await;
    let first = server.start_run(input.clone()).await;
    model.waiting(1).await;
    let second = server.start_run(input.clone()).await;
    let third = server.start_run(input).await;
    let cancel =
        "mutation { cancelRuns(input: { filter: { statuses: [QUEUED], search: \"#2\" } }) { matched cancelled } }";
    assert_eq!(server.data(cancel, json!({})).await["cancelRuns"], json!({ "matched": 1, "cancelled": 1 }));
    assert_eq!(server.run(&second).await["status"], "CANCELLED");
    assert_eq!(server.run(&third).await["status"], "QUEUED");
    model.open_gate();
    assert_eq!(server.events(&first, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
    assert_eq!(server.events(&third, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
    assert_eq!(server.events(&second, 0).await.last().unwrap()["status"], "CANCELLED");
}

#[tokio::test]
async fn a_dropped_table_fails_only_its_rows() {
    let target = SqliteTarget::with_tables(80, 3);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    model.waiting(4).await;
    target.execute("DROP TABLE t80; ALTER TABLE t79 RENAME COLUMN c003 TO other;");
    model.open_gate();
    let events = server.events(&run, 0).await;
    let last = events.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW");
    assert_eq!(last["progress"], json!({ "total": 320, "done": 315, "failed": 5, "skipped": 0 }));
    for event in events.iter().filter(|event| event["type"] == "ASSET_FAILED") {
        assert_eq!(event["error"]["code"], "NOT_FOUND");
        let asset = event["asset"]["display"].as_str().unwrap();
        assert!(asset.starts_with("main.t80") || asset == "main.t79.c003", "{asset}");
    }
}
