//! The pace of requests to a provider, and what a bad hour at the provider costs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{ScriptedModel, Server, SqliteTarget, llm_input, server_with};

/// Starts a server. Returns the input of a run with an LLM profile that differs from the usual one in these settings.
async fn with_profile(model: &ScriptedModel, target: &SqliteTarget, different: Value) -> (Server, Value) {
    let (server, mut input) = server_with(model, target, &[]).await;
    let mut settings = llm_input(&model.profile());
    settings["name"] = json!("different");
    for (name, value) in different.as_object().unwrap() {
        settings[name] = value.clone();
    }
    input["llmProfileId"] = json!(server.create_llm_profile(settings).await);
    (server, input)
}

#[tokio::test]
async fn no_row_is_lost_or_paid_twice_though_a_third_of_all_requests_fail() {
    let target = SqliteTarget::with_tables(10, 99);
    let model = ScriptedModel::builder().failing_at_random().start().await;
    let (server, input) = with_profile(&model, &target, json!({ "concurrency": 16 })).await;
    let run = server.start_run(input).await;
    let events = server.events(&run, 0).await;
    let record = server.run(&run).await;
    assert_eq!(record["status"], "READY_FOR_REVIEW", "{record:#}");
    assert_eq!(record["progress"], json!({ "total": 1000, "done": 1000, "failed": 0, "skipped": 0 }));
    let mut described: Vec<&str> = events
        .iter()
        .filter(|event| event["type"] == "ASSET_FINISHED")
        .map(|event| event["asset"]["display"].as_str().unwrap())
        .collect();
    described.sort_unstable();
    assert_eq!(described.len(), 1000);
    described.dedup();
    assert_eq!(described.len(), 1000, "each row is described once");
    let usage = &record["usage"];
    let (requests, retries) = (usage["requests"].as_u64().unwrap(), usage["retries"].as_u64().unwrap());
    assert_eq!(requests + retries, model.requests() as u64, "every request is an answer or a retry: {usage}");
    assert!((requests / 4..requests).contains(&retries), "{usage}");
}

#[tokio::test]
async fn requests_fill_the_concurrency_of_the_profile() {
    let target = SqliteTarget::with_tables(16, 49);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = with_profile(&model, &target, json!({ "concurrency": 16 })).await;
    let run = server.start_run(input).await;
    model.waiting(16).await;
    model.open_gate();
    server.events(&run, 0).await;
    let record = server.run(&run).await;
    assert_eq!(record["progress"], json!({ "total": 800, "done": 800, "failed": 0, "skipped": 0 }));
}

#[tokio::test]
async fn runs_of_one_profile_share_its_requests_per_minute() {
    let target = SqliteTarget::with_tables(8, 3);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = with_profile(&model, &target, json!({ "requestsPerMinute": 60 })).await;
    let (one, other) = (server.start_run(input.clone()).await, server.start_run(input).await);
    for run in [&one, &other] {
        assert_eq!(server.events(run, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
    }
    let arrivals = model.arrivals();
    assert_eq!(arrivals.len(), 16);
    // 6 at once, and from then on 55 a minute: at most 60 in any minute.
    let least = Duration::from_millis(10 * 60_000 / 55 - 200);
    assert!(arrivals[15] - arrivals[0] >= least, "{:?}", arrivals[15] - arrivals[0]);
}
