//! Every wire format through the API: OpenAI's, Anthropic's and Gemini's. Runs, questions with tools, and the test of a
//! profile. `outcomes` has each way in which a provider can answer.

mod money;
mod outcomes;

use serde_json::{Value, json};

use crate::{
    ask::{answered, ask, asked, spoken, watched},
    harness::{
        ScriptedModel, Server, SqliteTarget, llm_input,
        scripted_model::{Builder, MODEL, Recorded, Script, Wire},
    },
};

/// Prices in US dollars per million tokens.
const PRICES: (f64, f64) = (3.0, 7.0);

/// Starts a server, the model's profile with prices and a target. Returns the input of runs.
async fn world(model: &ScriptedModel, target: &SqliteTarget) -> (Server, Value) {
    let server = Server::start_with(&[("GLOSS_MODEL_TIMEOUT_SECONDS", "2")]).await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let mut settings = model.profile();
    settings.input_cost_per_million_tokens = Some(PRICES.0);
    settings.output_cost_per_million_tokens = Some(PRICES.1);
    let llm_profile = server.create_llm_profile(llm_input(&settings)).await;
    (server, json!({ "targets": [{ "dbProfileId": db_profile }], "llmProfileId": llm_profile }))
}

#[tokio::test]
async fn usage_that_is_missing_is_estimated() {
    for wire in Wire::ALL {
        let target = SqliteTarget::with_tables(1, 3);
        let model = ScriptedModel::builder().wire(wire).without_usage().start().await;
        let (server, input) = world(&model, &target).await;
        let run = server.start_run(input).await;
        server.events(&run, 0).await;
        let run = server.run(&run).await;
        let usage = &run["usage"];
        assert_eq!(run["status"], "READY_FOR_REVIEW", "{wire:?}: {run:#}");
        let least = |name: &str, least: i64| assert!(usage[name].as_i64().unwrap() > least, "{wire:?}: {usage}");
        least("inputTokens", 200);
        least("outputTokens", 100);
        assert!(usage["costUsd"].as_f64().unwrap() > 0.0, "{wire:?}: {usage}");
    }
}

/// Runs over a table and returns its requests and suggestions.
async fn described(builder: Builder) -> (Vec<Recorded>, Vec<Value>) {
    let target = SqliteTarget::with_tables(1, 2);
    let model = builder.start().await;
    let (server, input) = world(&model, &target).await;
    let run = server.start_run(input).await;
    server.events(&run, 0).await;
    let query = "query($id: ID!) { run(id: $id) { status suggestions(first: 9) {
        nodes { description confidence logprob reasoning alternatives { text } } } } }";
    let run = server.data(query, json!({ "id": run })).await["run"].take();
    assert_eq!(run["status"], "READY_FOR_REVIEW", "{run:#}");
    (model.recorded(), run["suggestions"]["nodes"].as_array().unwrap().clone())
}

#[tokio::test]
async fn each_format_carries_schema_key_and_log_probabilities() {
    for wire in Wire::ALL {
        let (requests, suggestions) = described(ScriptedModel::builder().wire(wire).logprob(-0.5)).await;
        let body = &requests[0].body;
        assert_eq!(requests.len(), 1, "{wire:?}: nothing was refused");
        let key = (wire != Wire::OpenAi).then_some("scripted-key");
        assert_eq!(requests[0].authorization.as_deref(), key, "{wire:?}");
        let schema = wire.schema(body);
        assert_eq!(schema["required"], json!(["c1", "c2", "c3"]), "{wire:?}: {body:#}");
        assert!(requests[0].text("system").starts_with("You write the documentation"), "{wire:?}");
        assert!(requests[0].text("user").contains("<facts>"), "{wire:?}");
        let text = schema.to_string();
        for (limit, formats) in [
            ("maxLength", &[Wire::OpenAi][..]),
            ("maxItems", &[Wire::OpenAi, Wire::Gemini][..]),
            ("maximum", &[Wire::OpenAi, Wire::Gemini][..]),
        ] {
            assert_eq!(text.contains(limit), formats.contains(&wire), "{wire:?}: {limit} in {text}");
        }
        assert_eq!(requests[0].field("reasoning_effort").is_some(), wire != Wire::OpenAi, "{wire:?}: {body:#}");
        let logprob = suggestions[0]["logprob"].as_f64();
        assert_eq!(logprob.is_some(), wire != Wire::Anthropic, "{wire:?}: {}", suggestions[0]);
        let confidence = suggestions[0]["confidence"].as_f64().unwrap();
        let expected = logprob.map_or(0.8, f64::exp);
        assert!((confidence - expected).abs() < 1e-9, "{wire:?}: {confidence}");
        assert_eq!(suggestions[0]["alternatives"].as_array().unwrap().len(), 3, "{wire:?}: {}", suggestions[0]);
    }
}

#[tokio::test]
async fn reasoning_beside_the_answer_is_kept() {
    let text =
        r#"{"c1": {"description": "All of them."}, "c2": {"description": "The first.", "reasoning": "Its name."}}"#;
    for wire in Wire::ALL {
        let model = ScriptedModel::builder().wire(wire).reasoning("The table has two columns.");
        let (_, suggestions) = described(model.script(Script::Text(text.into()))).await;
        let reasons: Vec<&Value> = suggestions.iter().map(|one| &one["reasoning"]).collect();
        let beside = "The table has two columns.";
        assert_eq!(reasons, [beside, "Its name.", beside], "{wire:?}");
    }
}

#[tokio::test]
async fn an_endpoint_without_structured_output_gets_the_schema_in_the_prompt() {
    for wire in Wire::ALL {
        for field in ["response_format", "reasoning_effort", "temperature", "logprobs"] {
            let (requests, suggestions) = described(ScriptedModel::builder().wire(wire).refusing(field)).await;
            let refused = requests[0].field(field).is_some();
            assert_eq!((requests.len(), suggestions.len()), (1 + usize::from(refused), 3), "{wire:?}: {field}");
            let last = requests.last().unwrap();
            assert_eq!(last.field(field), None, "{wire:?}: {field}");
            let inside = last.text("user").contains("Its JSON schema: {");
            assert_eq!(inside, field == "response_format", "{wire:?}: {field}");
        }
    }
}

#[tokio::test]
async fn each_format_answers_questions_with_tools_and_a_stream() {
    for wire in Wire::ALL {
        let target = SqliteTarget::with_tables(2, 2);
        let model = ScriptedModel::builder().wire(wire).start().await;
        let (server, input) = world(&model, &target).await;
        let question = json!({ "question": "What is t01?", "dbProfileIds": [input["targets"][0]["dbProfileId"]],
            "llmProfileId": input["llmProfileId"] });
        model.answer_next(Script::TextAndCalls(
            "I look.",
            vec![("describe", json!({ "path": "main.t01" })), ("describe", json!({ "path": "main.t02" }))],
        ));
        model.answer_next(Script::Text("It is [main.t01], größer than [main.t02].".into()));
        let done = asked(&server, question.clone()).await;
        assert_eq!(done.whole["status"], "SUCCESS", "{wire:?}: {:#}", done.whole);
        assert_eq!(spoken(&done.events), "It is [main.t01], größer than [main.t02].", "{wire:?}");
        assert_eq!(done.citations, ["main.t01", "main.t02"], "{wire:?}");
        let results: Vec<&str> = done.tools[1..].iter().map(|tool| tool["result"].as_str().unwrap()).collect();
        assert!(results[0].contains("main.t01.c001") && results[1].contains("main.t02.c001"), "{results:?}");
        let second = model.recorded()[1].body.to_string();
        assert!(second.contains("main.t01.c001") && second.contains("main.t02.c001"), "{wire:?}: {second}");
        assert!(done.whole["usage"]["totalTokens"].as_i64().unwrap() > 100, "{wire:?}: {:#}", done.whole);

        // A stream that breaks in the middle starts again.
        model.answer_next(Script::Broken("It is he".into()));
        model.answer_next(Script::Text("It is [main.t01].".into()));
        let run = ask(&server, question).await["run"]["id"].as_str().unwrap().to_owned();
        let mut live = server.watch(&run, 0).await;
        while live.next().await.unwrap()["type"] != "ANSWER_DELTA" {}
        model.break_off();
        let events = watched(&server, &run).await;
        let done = answered(&server, run, events).await;
        assert_eq!(done.answer, "It is [main.t01].", "{wire:?}: {:#}", done.whole);
    }
}

#[tokio::test]
async fn the_test_of_a_profile_says_what_is_wrong() {
    let server = Server::start_with(&[("GLOSS_MODEL_TIMEOUT_SECONDS", "2")]).await;
    let test = "mutation($input: TestLlmProfileInput!) { test: testLlmProfile(input: $input) { ok message code } }";
    let tested = async |settings: Value| {
        let data = server.data(test, json!({ "input": { "settings": settings } })).await;
        data["test"].clone()
    };
    for wire in Wire::ALL {
        let model = ScriptedModel::builder().wire(wire).start().await;
        let input = llm_input(&model.profile());
        let said = tested(input.clone()).await;
        assert_eq!((&said["ok"], &said["code"]), (&json!(true), &Value::Null), "{wire:?}: {said}");
        assert!(said["message"].as_str().unwrap().ends_with(" ms"), "{wire:?}: {said}");
        assert_eq!(model.requests(), 1, "{wire:?}: one request");

        let with = |name: &str, value: Value| {
            let mut input = input.clone();
            input[name] = value;
            input
        };
        let key = ScriptedModel::builder().wire(wire).key("another-key-123").start().await;
        let mut refused = llm_input(&key.profile());
        refused["apiKey"] = json!("wrong-key-123");
        let no_model = with("model", json!("gpt-0"));
        let no_host = with("baseUrl", json!("http://models.invalid/v1"));
        let silent = ScriptedModel::builder().wire(wire).script(Script::Silent).start().await;
        let silent = llm_input(&silent.profile());
        let prose = ScriptedModel::builder().wire(wire).script(Script::Text("Certainly!".into())).start().await;
        let prose = llm_input(&prose.profile());
        for (settings, code, words) in [
            (refused, "BAD_USER_INPUT", "rejected the API key of LLM profile `scripted`"),
            (no_model, "BAD_USER_INPUT", "does not know the model `gpt-0` of LLM profile `scripted`"),
            (no_host, "UNAVAILABLE", "there is no host named `models.invalid`; check the base URL"),
            (silent, "UNAVAILABLE", "did not answer in time"),
            (prose, "BAD_USER_INPUT", "choose a model that supports structured output"),
        ] {
            let said = tested(settings).await;
            assert_eq!((&said["ok"], &said["code"]), (&json!(false), &json!(code)), "{wire:?}: {said}");
            assert!(said["message"].as_str().unwrap().contains(words), "{wire:?}: {said}");
            assert!(!said.to_string().contains("wrong-key"), "{wire:?}: {said}");
        }

        let plain = ScriptedModel::builder().wire(wire).refusing("response_format").start().await;
        let said = tested(llm_input(&plain.profile())).await;
        assert_eq!(said["ok"], true, "{wire:?}: {said}");
        let words = "ms, but it does not support structured output";
        assert!(said["message"].as_str().unwrap().contains(words), "{wire:?}: {said}");
    }
}

#[tokio::test]
async fn providers_have_their_usual_addresses_and_need_keys() {
    let server = Server::start().await;
    let create = "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }";
    let test = "mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok message code } }";
    for provider in ["OPENAI", "ANTHROPIC", "GEMINI", "DEEPSEEK", "OPENROUTER", "GROQ"] {
        let input = json!({ "name": provider, "provider": provider, "model": MODEL });
        let created = server.data(create, json!({ "input": input })).await;
        let said = server.data(test, json!({ "id": created["createLlmProfile"]["llmProfile"]["id"] })).await;
        let said = &said["testLlmProfile"];
        assert_eq!((&said["ok"], &said["code"]), (&json!(false), &json!("BAD_USER_INPUT")), "{said}");
        assert!(said["message"].as_str().unwrap().contains("has no API key; set `apiKey`"), "{said}");
    }
}
