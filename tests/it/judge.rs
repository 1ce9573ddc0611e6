//! JUDGE runs: verdicts on the texts of runs, through the API.

use serde_json::{Value, json};

use crate::{
    compare::{exports, values},
    harness::{
        ScriptedModel, Server, SqliteTarget, llm_input,
        scripted_model::{Script, Wire},
    },
};

const JUDGE: &str = "mutation($input: JudgeRunsInput!) { judgeRuns(input: $input) { run { id number kind command status
    scopeSummary dbProfileName progress { total done } } } }";
const ESTIMATE: &str = "query($input: JudgeRunsInput!) { estimateJudge(input: $input) {
    pairs requests inputTokens outputTokens costUsd } }";
const COMPARE: &str = "query($ids: [ID!]!) { compareRuns(ids: $ids) {
    judges { id number kind status }
    metrics { name direction values winners }
    csv: export(format: CSV) json: export(format: JSON) markdown: export(format: MARKDOWN)
    assets(first: 50) { nodes { asset { display } agreement similarity reference
        cells { suggestion { description } } verdicts { run { id } winner { id run { number } }
        first { id run { number } } second { id run { number } }
        opinions { shownFirst { id } prefers { id } reason } } } } } }";
const RUN: &str = "query($id: ID!) { run(id: $id) { number kind command status scopeSummary promptVersion
    progress { total done failed } error { code message hint } canCancel
    usage { requests inputTokens outputTokens retries costUsd } suggestions(first: 1) { totalCount } } }";

/// A server with runs of two models over a database of two tables with two columns each, and the models.
struct World {
    server: Server,
    /// A run with short texts and one with long texts.
    runs: [String; 2],
    judge: ScriptedModel,
    /// The LLM profile of the judge.
    profile: String,
    _models: [ScriptedModel; 2],
    _target: SqliteTarget,
}

impl World {
    async fn with(judge: ScriptedModel) -> Self {
        let target = SqliteTarget::with_tables(2, 2);
        let server = Server::start().await;
        let db_profile = server.create_db_profile("target", &target.url()).await;
        let models = [ScriptedModel::builder().start().await, ScriptedModel::builder().words(4).start().await];
        let mut runs = Vec::new();
        for (model, name) in models.iter().zip(["short", "long"]) {
            let mut input = llm_input(&model.profile());
            input["name"] = json!(name);
            let llm_profile = server.create_llm_profile(input).await;
            let targets = json!([{ "dbProfileId": db_profile }]);
            let run = server.start_run(json!({ "targets": targets, "llmProfileId": llm_profile })).await;
            server.events(&run, 0).await;
            runs.push(run);
        }
        let mut settings = judge.profile();
        settings.name = "judge".into();
        settings.concurrency = 2;
        settings.input_cost_per_million_tokens = Some(2.0);
        settings.output_cost_per_million_tokens = Some(6.0);
        let profile = server.create_llm_profile(llm_input(&settings)).await;
        let runs = runs.try_into().unwrap();
        Self { server, runs, judge, profile, _models: models, _target: target }
    }

    async fn new() -> Self {
        Self::with(ScriptedModel::builder().start().await).await
    }

    fn input(&self) -> Value {
        json!({ "runIds": self.runs, "llmProfileId": self.profile })
    }

    async fn estimate(&self) -> Value {
        self.server.data(ESTIMATE, json!({ "input": self.input() })).await["estimateJudge"].take()
    }

    /// Starts a judge.
    async fn start(&self, more: Value) -> Value {
        let mut input = self.input();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.server.data(JUDGE, json!({ "input": input })).await["judgeRuns"]["run"].take()
    }

    async fn run(&self, id: &str) -> Value {
        self.server.data(RUN, json!({ "id": id })).await["run"].take()
    }

    /// Starts a judge and waits for its end. Returns the run and its events.
    async fn judged(&self, more: Value) -> (Value, Vec<Value>) {
        let started = self.start(more).await;
        let id = started["id"].as_str().unwrap();
        let events = self.server.events(id, 0).await;
        (self.run(id).await, events)
    }

    async fn compared(&self) -> Value {
        self.server.data(COMPARE, json!({ "ids": self.runs })).await["compareRuns"].take()
    }
}

fn verdicts(comparison: &Value) -> Vec<&Value> {
    let nodes = comparison["assets"]["nodes"].as_array().unwrap();
    nodes.iter().flat_map(|node| node["verdicts"].as_array().unwrap()).collect()
}

#[tokio::test]
async fn a_judge_compares_texts_blindly_and_in_both_orders() {
    for wire in Wire::ALL {
        let world = World::with(ScriptedModel::builder().wire(wire).start().await).await;
        let estimate = world.estimate().await;
        assert_eq!((&estimate["pairs"], &estimate["requests"]), (&json!(6), &json!(12)), "{wire:?}: {estimate}");
        assert_eq!(world.judge.requests(), 0, "an estimate sends nothing");
        assert_eq!(values(&world.compared().await["metrics"], "WIN_RATE"), [None, None]);

        let started = world.start(json!({})).await;
        assert_eq!((&started["kind"], &started["command"]), (&json!("JUDGE"), &json!("JUDGE")), "{started}");
        assert_eq!((&started["scopeSummary"], &started["dbProfileName"]), (&json!("#1, #2"), &json!("target")));
        assert_eq!(started["progress"], json!({ "total": 6, "done": 0 }), "the pairs are known from the start");
        let id = started["id"].as_str().unwrap();
        let events = world.server.events(id, 0).await;
        let said: Vec<&str> = events.iter().map(|event| event["message"].as_str().unwrap()).collect();
        assert!(
            said.iter().any(|said| said.starts_with("Judged main.t01") && said.ends_with("text is better")),
            "{said:?}"
        );
        assert_eq!(said.last(), Some(&"Success: 6 of 6 judged, 0 failed, 0 skipped"));

        let run = world.run(id).await;
        assert_eq!((&run["status"], &run["progress"]["done"]), (&json!("SUCCESS"), &json!(6)), "{run}");
        assert!(run["promptVersion"].as_str().unwrap().starts_with("judge-"), "{run}");
        assert_eq!(run["suggestions"]["totalCount"], 0);
        let used = |name: &str| run["usage"][name].as_f64().unwrap();
        let expected = |name: &str| estimate[name].as_f64().unwrap();
        assert_eq!(run["usage"]["requests"], 12, "{run}");
        assert!((used("inputTokens") / expected("inputTokens") - 1.0).abs() < 0.2, "{wire:?}: {estimate} {run}");
        assert!((0.5..2.0).contains(&(used("outputTokens") / expected("outputTokens"))), "{wire:?}: {estimate} {run}");
        let cost = (2.0 * used("inputTokens") + 6.0 * used("outputTokens")) / 1e6;
        assert!((used("costUsd") - cost).abs() < 1e-12, "{run}");

        let requests = world.judge.recorded();
        assert_eq!(requests.len(), 12, "{wire:?}");
        let texts = |name: &str| -> Vec<String> {
            let line = |text: String| text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned)).unwrap();
            requests.iter().map(|request| line(request.text("user"))).collect()
        };
        let (mut first, mut second) = (texts("Text A: "), texts("Text B: "));
        first.sort();
        second.sort();
        assert_eq!(first, second, "{wire:?}: each text is shown first once");
        for request in &requests {
            let body = request.body.to_string();
            for origin in ["short", "long", "#1", "#2", "scripted-model \\\"", "confidence"] {
                assert!(!request.text("user").contains(origin), "{wire:?}: {origin} in {body}");
            }
            assert!(request.text("user").contains("- type: \"INTEGER") || request.text("user").contains("The table"));
        }

        let comparison = world.compared().await;
        assert_eq!(comparison["judges"][0]["id"], started["id"], "{comparison}");
        assert_eq!(values(&comparison["metrics"], "WIN_RATE"), [Some(0.0), Some(1.0)]);
        let all = verdicts(&comparison);
        assert_eq!(all.len(), 6, "{comparison:#}");
        for verdict in all {
            assert_eq!(verdict["run"]["id"], started["id"], "{verdict:#}");
            let numbers = (&verdict["first"]["run"]["number"], &verdict["second"]["run"]["number"]);
            assert_eq!(numbers, (&json!(1), &json!(2)), "{verdict:#}");
            assert_eq!(verdict["winner"]["run"]["number"], 2, "{verdict:#}");
            let opinions = verdict["opinions"].as_array().unwrap();
            let shown: Vec<&Value> = opinions.iter().map(|opinion| &opinion["shownFirst"]["id"]).collect();
            assert_eq!(shown, [&verdict["first"]["id"], &verdict["second"]["id"]], "{verdict:#}");
            let said = |at: usize| opinions[at]["reason"].as_str().unwrap().split(" of ").next().unwrap().to_owned();
            assert_eq!((said(0).as_str(), said(1).as_str()), ("Text B says more", "Text A says more"), "{verdict:#}");
            assert!(opinions.iter().all(|opinion| opinion["prefers"] == json!({ "id": verdict["winner"]["id"] })));
        }

        exports::hold_the_same(&comparison);
        let exported: Value = serde_json::from_str(comparison["json"].as_str().unwrap()).unwrap();
        let exported = exported["assets"].as_array().unwrap().iter();
        let judged: Vec<&Value> = exported.flat_map(|asset| asset["verdicts"].as_array().unwrap()).collect();
        assert!(judged.len() == 6 && judged.iter().all(|it| it["winner"] == 2 && it["judge"] == run["number"]));

        // The same model has judged everything; another one has not.
        assert_eq!(world.estimate().await["pairs"], 0);
        let (again, _) = world.judged(json!({})).await;
        assert_eq!((&again["status"], &again["progress"]["total"]), (&json!("SUCCESS"), &json!(0)), "{again}");
        assert_eq!(world.judge.requests(), 12, "{wire:?}");
    }
}

#[tokio::test]
async fn a_preference_for_an_order_is_a_tie() {
    let world = World::new().await;
    world.judge.answer(Script::Text(r#"{"reason": "It comes first.", "better": "A"}"#.into()));
    let (run, _) = world.judged(json!({})).await;
    assert_eq!(run["status"], "SUCCESS", "{run}");
    let comparison = world.compared().await;
    assert_eq!(values(&comparison["metrics"], "WIN_RATE"), [Some(0.5), Some(0.5)]);
    exports::hold_the_same(&comparison);
    for verdict in verdicts(&comparison) {
        assert_eq!(verdict["winner"], Value::Null, "{verdict:#}");
        let opinions = verdict["opinions"].as_array().unwrap();
        assert!(opinions.iter().all(|opinion| opinion["prefers"] == opinion["shownFirst"]), "{verdict:#}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_asked_for_once_more() {
    let world = World::new().await;
    world.judge.answer_next(Script::Text("I like both.".into()));
    let (run, _) = world.judged(json!({})).await;
    assert_eq!((&run["status"], &run["usage"]["requests"]), (&json!("SUCCESS"), &json!(13)), "{run}");

    let world = World::new().await;
    world.judge.answer(Script::Text("I like both.".into()));
    let (run, _) = world.judged(json!({})).await;
    assert_eq!((&run["status"], &run["progress"]["failed"]), (&json!("FAILED"), &json!(6)), "{run}");
    assert_eq!(run["usage"]["requests"], 12, "two requests for each pair, both unreadable: {run}");
    world.judge.answer(Script::Proper);
    let resume = "mutation($id: ID!) { resumeRun(input: { id: $id }) { run { id } } }";
    let judges = world.compared().await["judges"].take();
    let id = judges[0]["id"].as_str().unwrap();
    let last = world.run(id).await["number"].clone();
    world.server.data(resume, json!({ "id": id })).await;
    world.server.events(id, 0).await;
    assert_eq!(world.run(id).await["status"], "SUCCESS", "{last}");
    assert_eq!(values(&world.compared().await["metrics"], "WIN_RATE"), [Some(0.0), Some(1.0)]);
}

/// What another run has judged while this one was paused is not paid for again.
#[tokio::test]
async fn a_judge_that_was_paused_skips_what_another_one_has_judged() {
    let world = World::new().await;
    let paused = world.start(json!({ "budget": { "maxTokens": 3_000 } })).await;
    let paused = paused["id"].as_str().unwrap();
    assert_eq!(world.server.events(paused, 0).await.pop().unwrap()["status"], "PAUSED");
    let (rest, _) = world.judged(json!({})).await;
    assert_eq!(rest["status"], "SUCCESS", "{rest}");
    let (asked, before) = (world.judge.requests(), world.run(paused).await);
    let resume = "mutation($id: ID!) { resumeRun(input: { id: $id, removeBudget: true }) { run { id } } }";
    world.server.data(resume, json!({ "id": paused })).await;
    let events = world.server.events(paused, 0).await;
    let said = |text: &str| events.iter().any(|event| event["message"].as_str().unwrap().contains(text));
    assert!(said("its texts were judged meanwhile"), "{events:#?}");
    let after = world.run(paused).await;
    assert_eq!((&after["status"], &after["progress"]["done"]), (&json!("SUCCESS"), &before["progress"]["done"]));
    assert_eq!(world.judge.requests(), asked, "{after}");
}

#[tokio::test]
async fn a_judge_keeps_within_its_budget() {
    let world = World::new().await;
    let start = world.start(json!({ "budget": { "maxTokens": 3_000 } })).await;
    let id = start["id"].as_str().unwrap();
    let last = world.server.events(id, 0).await.pop().unwrap();
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("PAUSED"), &json!("LIMIT_EXCEEDED")), "{last:#}");
    let run = world.run(id).await;
    let tokens =
        |run: &Value| run["usage"]["inputTokens"].as_i64().unwrap() + run["usage"]["outputTokens"].as_i64().unwrap();
    assert!(tokens(&run) > 0 && tokens(&run) <= 3_000, "{run}");
    let done = usize::try_from(run["progress"]["done"].as_i64().unwrap()).unwrap();
    assert!(done < 6, "{run}");
    assert_eq!(verdicts(&world.compared().await).len(), done, "what is done is kept");
    let resume = "mutation($id: ID!) { resumeRun(input: { id: $id, removeBudget: true }) { run { id } } }";
    world.server.data(resume, json!({ "id": id })).await;
    world.server.events(id, 0).await;
    assert_eq!(world.run(id).await["status"], "SUCCESS");
    // At most the pairs that were under way are asked about again.
    assert!((12..=16).contains(&world.judge.requests()), "{}", world.judge.requests());
    assert_eq!(values(&world.compared().await["metrics"], "WIN_RATE"), [Some(0.0), Some(1.0)]);

    let price = json!({ "id": world.profile, "inputCostPerMillionTokens": null, "outputCostPerMillionTokens": null });
    let update = "mutation($input: UpdateLlmProfileInput!) { updateLlmProfile(input: $input) { llmProfile { id } } }";
    world.server.data(update, json!({ "input": price })).await;
    let mut input = world.input();
    input["budget"] = json!({ "maxCostUsd": 1.0 });
    let error = world.server.error(JUDGE, json!({ "input": input })).await;
    assert_eq!(error["extensions"]["argument"], "input.budget.maxCostUsd", "{error}");
}

#[tokio::test]
async fn a_cancelled_judge_keeps_its_verdicts() {
    let world = World::with(ScriptedModel::builder().gated().start().await).await;
    let started = world.start(json!({})).await;
    let id = started["id"].as_str().unwrap();
    // Two pairs at a time: both orders of two pairs, then the first order of the next two.
    world.judge.waiting(2).await;
    world.judge.release(4);
    world.judge.arrived(6).await;
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    world.server.data(cancel, json!({ "id": id })).await;
    let last = world.server.events(id, 0).await.pop().unwrap();
    assert_eq!(last["status"], "CANCELLED", "{last:#}");
    assert_eq!(verdicts(&world.compared().await).len(), 2);
    assert_eq!(world.estimate().await["pairs"], 4, "a new judge does the rest");
}

#[tokio::test]
async fn what_cannot_be_judged_is_refused() {
    let world = World::new().await;
    let (judged, _) = world.judged(json!({})).await;
    assert_eq!(judged["status"], "SUCCESS");
    let judge = world.compared().await["judges"][0]["id"].clone();
    let builtin = world.server.llm_profile("builtin").await;
    let unknown = gloss::domain::id::encode(gloss::domain::id::NodeType::Run, 999);
    let [one, two] = &world.runs;
    for (input, code, argument) in [
        (json!({ "runIds": [one] }), "BAD_USER_INPUT", "input.runIds"),
        (json!({ "runIds": [one, one] }), "BAD_USER_INPUT", "input.runIds.1"),
        (json!({ "runIds": [one, unknown] }), "NOT_FOUND", "input.runIds.1"),
        (json!({ "runIds": [one, judge] }), "BAD_USER_INPUT", "input.runIds.1"),
        (json!({ "runIds": [one, two], "llmProfileId": builtin }), "BAD_USER_INPUT", "input.llmProfileId"),
        (json!({ "runIds": [one, two], "budget": { "maxTokens": 0 } }), "BAD_USER_INPUT", "input.budget.maxTokens"),
    ] {
        let mut whole = json!({ "llmProfileId": world.profile });
        whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        for operation in [JUDGE, ESTIMATE] {
            let error = world.server.error(operation, json!({ "input": whole })).await;
            let told = (&error["extensions"]["code"], &error["extensions"]["argument"]);
            assert_eq!(told, (&json!(code), &json!(argument)), "{input}: {error}");
        }
    }
    for (operation, argument) in [
        ("mutation($id: ID!) { applyRun(input: { runId: $id }) { run { id } } }", "CONFLICT"),
        ("mutation($id: ID!) { rerun(input: { runId: $id }) { runs { id } } }", "CONFLICT"),
        ("query($id: ID!) { compareRuns(ids: [$id, $id]) { complete } }", "BAD_USER_INPUT"),
    ] {
        let error = world.server.error(operation, json!({ "id": judge })).await;
        assert!([argument, "BAD_USER_INPUT"].contains(&error["extensions"]["code"].as_str().unwrap()), "{error}");
    }

    // Verdicts go with the texts that they are about.
    let delete = "mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    world.server.data(delete, json!({ "ids": [two] })).await;
    let run = world.run(judge.as_str().unwrap()).await;
    assert_eq!(run["status"], "SUCCESS", "the judge's own run stays: {run}");
    world.server.data(delete, json!({ "ids": [judge] })).await;
}
