//! Prices: the table of the providers' own, a profile's, and what is read from a prompt cache.

use serde_json::{Value, json};

use super::{PRICES, world};
use crate::harness::{
    ScriptedModel, Server, SqliteTarget, llm_input,
    scripted_model::{MODEL, Wire},
};

const CREATE: &str = "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id
    inputCostPerMillionTokens cachedInputCostPerMillionTokens outputCostPerMillionTokens
    price { inputCostPerMillionTokens cachedInputCostPerMillionTokens outputCostPerMillionTokens source readOn } } } }";

/// Creates a profile and returns it.
async fn created(server: &Server, input: Value) -> Value {
    server.data(CREATE, json!({ "input": input })).await["createLlmProfile"]["llmProfile"].take()
}

/// Returns the parts of a price.
fn parts(price: &Value) -> [Option<f64>; 3] {
    ["input", "cachedInput", "output"].map(|part| price[format!("{part}CostPerMillionTokens")].as_f64())
}

#[tokio::test]
async fn a_profile_has_the_providers_price_unless_it_sets_its_own() {
    let server = Server::start().await;
    for (provider, model, own, expected) in [
        ("OPENAI", "gpt-4.1-mini-2025-04-14", [None; 3], Some([0.4, 0.1, 1.6])),
        ("ANTHROPIC", "claude-haiku-4-5", [None; 3], Some([1.0, 0.1, 5.0])),
        ("GEMINI", "gemini-2.5-flash", [None, None, Some(2.0)], Some([0.3, 0.03, 2.0])),
        ("OPENROUTER", "anthropic/claude-haiku-4.5", [None; 3], Some([1.0, 0.1, 5.0])),
        ("OPENROUTER", "somebody/something", [None; 3], None),
        ("OPENAI", "gpt-4.1-mini", [Some(0.3), None, Some(1.0)], Some([0.3, 0.3, 1.0])),
        ("OPENAI", "gpt-4.1-mini", [Some(0.3), Some(0.2), Some(1.0)], Some([0.3, 0.2, 1.0])),
        ("OPENAI", "gpt-0", [Some(0.3), None, None], None),
        ("OLLAMA", "qwen3:8b", [None; 3], Some([0.0, 0.0, 0.0])),
        ("BUILTIN", "builtin", [None; 3], Some([0.0, 0.0, 0.0])),
    ] {
        let name = format!("{provider} {model} {own:?}");
        let input = json!({ "name": name, "provider": provider, "model": model, "apiKey": "key",
            "inputCostPerMillionTokens": own[0], "cachedInputCostPerMillionTokens": own[1],
            "outputCostPerMillionTokens": own[2] });
        let profile = created(&server, input).await;
        assert_eq!(parts(&profile), own, "{name}");
        assert_eq!(parts(&profile["price"]), expected.map_or([None; 3], |price| price.map(Some)), "{name}: {profile}");
        let is_listed = expected.is_some() && !matches!(provider, "OLLAMA" | "BUILTIN") && own[0].is_none();
        assert_eq!(profile["price"]["source"].is_string(), is_listed, "{name}: {profile}");
        assert_eq!(profile["price"]["readOn"].is_string(), is_listed, "{name}: {profile}");
    }
}

#[tokio::test]
async fn a_known_price_makes_dollars_of_estimates_budgets_and_runs() {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().wire(Wire::Anthropic).start().await;
    let server = Server::start().await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let mut settings = llm_input(&model.profile());
    settings["model"] = json!("claude-haiku-4-5");
    let known = created(&server, settings.clone()).await;
    settings["name"] = json!("unknown");
    settings["model"] = json!(MODEL);
    let unknown = created(&server, settings).await;
    let targets = json!([{ "dbProfileId": db_profile }]);
    let input = |llm: &Value, budget: Value| json!({ "targets": targets, "llmProfileId": llm["id"], "budget": budget });
    let estimate = "query($input: StartRunInput!) { estimateRun(input: $input) {
        requests inputTokens outputTokens costUsd } }";
    let said = server.data(estimate, json!({ "input": input(&known, Value::Null) })).await["estimateRun"].take();
    let tokens = |name: &str| said[name].as_f64().unwrap();
    let expected = (tokens("inputTokens") + 5.0 * tokens("outputTokens")) / 1e6;
    assert!((said["costUsd"].as_f64().unwrap() - expected).abs() < 1e-12 && expected > 0.0, "{said}");
    let said = server.data(estimate, json!({ "input": input(&unknown, Value::Null) })).await["estimateRun"].take();
    assert_eq!(said["costUsd"], Value::Null, "{said}");

    // Less than the worst case of a request.
    let run = server.start_run(input(&known, json!({ "maxCostUsd": 0.005 }))).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("PAUSED"), &json!("LIMIT_EXCEEDED")), "{last:#}");
    assert_eq!(model.requests(), 0, "nothing was sent");
    let start = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
    let error = server.error(start, json!({ "input": input(&unknown, json!({ "maxCostUsd": 1.0 })) })).await;
    assert_eq!(error["extensions"]["argument"], "input.budget.maxCostUsd", "{error:#}");
    let run = server.start_run(input(&unknown, Value::Null)).await;
    server.events(&run, 0).await;
    assert_eq!(server.run(&run).await["usage"]["costUsd"], Value::Null);
}

#[tokio::test]
async fn input_that_is_written_to_the_cache_costs_more() {
    let target = SqliteTarget::with_tables(2, 3);
    let model = ScriptedModel::builder().wire(Wire::Anthropic).cached(50).written(100).start().await;
    let (server, input) = world(&model, &target).await;
    let run = server.start_run(input).await;
    server.events(&run, 0).await;
    let query = "query($id: ID!) { run(id: $id) { usage {
            inputTokens cachedInputTokens cacheWriteTokens outputTokens costUsd } }
        runs { nodes { usage { cacheWriteTokens } } }
        usage(window: TODAY) { total { cacheWriteTokens } }
        llmProfiles { name price { cacheWriteCostPerMillionTokens } } }";
    let data = server.data(query, json!({ "id": run })).await;
    let usage = &data["run"]["usage"];
    let tokens = |name: &str| usage[name].as_f64().unwrap();
    assert_eq!((&usage["cachedInputTokens"], &usage["cacheWriteTokens"]), (&json!(100), &json!(200)), "{usage}");
    // Without a price of its own, cached input costs as much as other input.
    let expected =
        ((tokens("inputTokens") - 200.0 + 1.25 * 200.0) * PRICES.0 + tokens("outputTokens") * PRICES.1) / 1e6;
    assert!((tokens("costUsd") - expected).abs() < 1e-12, "{usage}: {expected}");
    assert_eq!(data["runs"]["nodes"][0]["usage"]["cacheWriteTokens"], 200, "{data:#}");
    assert_eq!(data["usage"]["total"]["cacheWriteTokens"], 200, "{data:#}");
    let profiles = data["llmProfiles"].as_array().unwrap();
    let scripted = profiles.iter().find(|profile| profile["name"] == "scripted").unwrap();
    assert_eq!(scripted["price"]["cacheWriteCostPerMillionTokens"], 1.25 * PRICES.0, "{scripted}");
}

#[tokio::test]
async fn cached_input_is_counted_and_priced_as_such() {
    for wire in Wire::ALL {
        let target = SqliteTarget::with_tables(2, 3);
        let model = ScriptedModel::builder().wire(wire).cached(50).start().await;
        let (server, mut input) = world(&model, &target).await;
        let update =
            "mutation($input: UpdateLlmProfileInput!) { updateLlmProfile(input: $input) { llmProfile { id } } }";
        let cheaper = json!({ "id": input["llmProfileId"], "cachedInputCostPerMillionTokens": 0.5 });
        server.data(update, json!({ "input": cheaper })).await;
        input["budget"] = json!({ "maxCostUsd": 1.0 });
        let run = server.start_run(input).await;
        server.events(&run, 0).await;
        let query =
            "query($id: ID!) { run(id: $id) { status usage { inputTokens cachedInputTokens outputTokens costUsd } }
            runs { nodes { usage { cachedInputTokens } } }
            usage(window: TODAY) { total { cachedInputTokens costUsd } byModel { usage { cachedInputTokens } } } }";
        let data = server.data(query, json!({ "id": run })).await;
        let usage = &data["run"]["usage"];
        assert_eq!(data["run"]["status"], "READY_FOR_REVIEW", "{wire:?}: {data:#}");
        assert_eq!(usage["cachedInputTokens"], 100, "{wire:?}: {usage}");
        let tokens = |name: &str| usage[name].as_f64().unwrap();
        let fresh = tokens("inputTokens") - 100.0;
        let expected = (fresh * PRICES.0 + 100.0 * 0.5 + tokens("outputTokens") * PRICES.1) / 1e6;
        assert!(fresh > 100.0 && (tokens("costUsd") - expected).abs() < 1e-12, "{wire:?}: {usage}");
        assert_eq!(data["runs"]["nodes"][0]["usage"]["cachedInputTokens"], 100, "{wire:?}: {data:#}");
        let report = &data["usage"];
        assert_eq!(report["total"]["cachedInputTokens"], 100, "{wire:?}: {report}");
        assert_eq!(report["byModel"][0]["usage"]["cachedInputTokens"], 100, "{wire:?}: {report}");
    }
}
