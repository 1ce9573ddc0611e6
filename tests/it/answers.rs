//! Malformed model answers: broken, encoded twice, with reasoning in the text, refused, endless, or only nearly in
//! OpenAI's format. Gloss either reads the intended answer or fails the asset with a hint, and nothing else is
//! affected.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    ask::{Answered, asked, spoken},
    harness::{
        ScriptedModel, Server, SqliteTarget, llm_input,
        scripted_model::{Failure, Raw, Script},
        server_with,
    },
};

const KEYS: [&str; 3] = ["c1", "c2", "c3"];

fn entry(key: &str) -> Value {
    json!({ "description": format!("What {key} holds, in plain \
        words."), "alternatives": [format!("The content, of {key}.")],
        "confidence": 0.8, "reasoning": "the name" })
}

/// Returns a complete answer for a table of two columns.
fn good() -> Value {
    KEYS.iter().map(|key| ((*key).to_owned(), entry(key))).collect::<serde_json::Map<_, _>>().into()
}

async fn described(server: &Server, input: &Value) -> (Value, Vec<(String, f64)>) {
    let run = server.start_run(input.clone()).await;
    let mut events = server.events(&run, 0).await;
    let query = "query($id: ID!) { run(id: $id) { suggestions { nodes { description confidence } } } }";
    let data = server.data(query, json!({ "id": run })).await;
    let read = |node: &Value| (node["description"].as_str().unwrap().to_owned(), node["confidence"].as_f64().unwrap());
    let texts = data["run"]["suggestions"]["nodes"].as_array().unwrap().iter().map(read).collect();
    (events.pop().unwrap(), texts)
}

#[tokio::test]
async fn broken_answers_are_read_as_they_were_meant() {
    let target = SqliteTarget::with_tables(1, 2);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let (good, draft) = (good(), json!({ "c1": { "description": "A wrong draft.", "confidence": 0.9 } }));
    let quotes: String = KEYS
        .map(|key| {
            format!("\"{key}\": {{\"description\": \"The code, \"B2B\" or \"B2C\", of {key}.\", \"confidence\": 0.8}}")
        })
        .join(", ");
    let plain = |key: &str| format!("What {key} holds, in plain words.");
    for (text, first) in [
        (json!(good.to_string()).to_string(), plain("c1")),
        (format!("```json\n{}\n```", json!(good.to_string())), plain("c1")),
        (
            good.as_object()
                .unwrap()
                .iter()
                .map(|(key, one)| (key.clone(), json!(one.to_string())))
                .collect::<serde_json::Map<_, _>>()
                .into_iter()
                .collect::<Value>()
                .to_string(),
            plain("c1"),
        ),
        (format!("{{{quotes}}}"), "The code, \"B2B\" or \"B2C\", of c1.".to_owned()),
        (format!("<think>\nMaybe {draft}?\n</think>\n{good}"), plain("c1")),
        (format!("<thinking>{draft}</thinking>{good}"), plain("c1")),
        (format!("[THINK]{draft}[/THINK]{good}"), plain("c1")),
        (
            format!("<|channel|>analysis<|message|>{draft}<|end|><|start|>assistant<|channel|>final<|message|>{good}"),
            plain("c1"),
        ),
        (format!("I draft {draft}</think>{good}"), plain("c1")),
        (format!("{draft} is wrong. Rather: {good}"), plain("c1")),
        (format!("{good}\n<think>was that right? {draft}</think>"), plain("c1")),
    ] {
        let before = model.requests();
        model.answer_next(Script::Text(text.clone()));
        let (last, texts) = described(&server, &input).await;
        assert_eq!(last["status"], "READY_FOR_REVIEW", "{text}: {last:#}");
        assert_eq!((texts[0].0.as_str(), texts.len(), model.requests() - before), (first.as_str(), 3, 1), "{text}");
        assert!(texts.iter().all(|(_, confidence)| (confidence - 0.8).abs() < 1e-9), "{text}: {texts:?}");
    }
    // An answer that contains nothing but unfinished reasoning is requested again.
    let open = format!("<think>\nLet me draft {draft} and go on");
    model.answer_next(Script::Text(open.clone()));
    let (last, texts) = described(&server, &input).await;
    assert_eq!((&last["status"], texts.len(), &last["usage"]["requests"]), (&json!("READY_FOR_REVIEW"), 3, &json!(2)));
    assert!(texts.iter().all(|(text, _)| !text.contains("draft")), "{texts:?}");
}

#[tokio::test]
async fn bodies_almost_like_a_completion() {
    let target = SqliteTarget::with_tables(1, 2);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let whole = |message: Value, usage: Value| {
        let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
        json!({ "choices": [choice], "usage": usage })
    };
    let text = good().to_string();
    let usage = json!({ "prompt_tokens": "11", "completion_tokens": 7.0, "total_tokens": null });
    let call = json!({ "id": "c1", "type": "function", "function": { "name": "descriptions", "arguments": text } });
    for body in [
        whole(json!({ "content": text }), usage.clone()),
        whole(json!({ "content": [{ "type": "text", "text": text }] }), usage.clone()),
        whole(
            json!({ "content": [{ "type": "thinking", "thinking": "hm" }, { "type": "text", "text": text }] }),
            usage.clone(),
        ),
        whole(json!({ "content": null, "tool_calls": [call] }), usage.clone()),
        whole(json!({ "content": text, "reasoning_content": "{\"c1\": \"A wrong draft.\"}" }), usage.clone()),
    ] {
        model.answer_next(Script::json(&body));
        let (last, texts) = described(&server, &input).await;
        assert_eq!((&last["status"], &last["usage"]["requests"]), (&json!("READY_FOR_REVIEW"), &json!(1)), "{body}");
        assert_eq!(last["usage"]["totalTokens"], 18, "{body}");
        assert_eq!(texts[0].0, "What c1 holds, in plain words.");
    }
    // A lone surrogate, and a stream although none was requested.
    let halves = whole(json!({ "content": "HERE" }), usage.clone()).to_string();
    let halves = halves.replace("HERE", &text.replace('"', "\\\"").replace("plain", "\\ud83dplain"));
    let streamed =
        Script::chunks(&[json!({ "delta": { "content": text } }), json!({ "delta": {}, "finish_reason": "stop" })], "");
    for script in [Script::raw("application/json; charset=utf-8", halves), streamed] {
        model.answer_next(script);
        let (last, texts) = described(&server, &input).await;
        assert_eq!((&last["status"], &last["usage"]["requests"]), (&json!("READY_FOR_REVIEW"), &json!(1)), "{last:#}");
        assert_eq!(texts[0].0, "What c1 holds, in plain words.");
    }
}

#[tokio::test]
async fn useless_answers_fail_their_assets_with_a_hint_and_are_billed() {
    // Two tables, one request each.
    let target = SqliteTarget::with_tables(2, 2);
    let model = ScriptedModel::builder().start().await;
    let (server, mut input) = server_with(&model, &target, &[]).await;
    let usage = json!({ "prompt_tokens": 1000, "completion_tokens": 7 });
    let choice = |message: Value, finish: &str| {
        let choice = json!({ "message": message, "finish_reason": finish });
        json!({ "choices": [choice], "usage": usage })
    };
    for (body, message, hint) in [
        (json!({ "choices": [], "usage": usage }), "contains no choice", "resume the run"),
        (choice(json!({ "content": "" }), "content_filter"), "content filter", "another model or provider"),
        (
            choice(json!({ "content": null, "refusal": "I can't help with that." }), "stop"),
            "refused to answer: I can't help",
            "change the instructions",
        ),
        (
            json!({ "error": { "message": "blocked by policy", "code": "nope" }, "usage": usage }),
            "blocked by policy",
            "resume the run",
        ),
    ] {
        let before = model.requests();
        model.answer_next(Script::json(&body));
        let run = server.start_run(input.clone()).await;
        let events = server.events(&run, 0).await;
        let last = events.last().unwrap();
        assert_eq!(last["status"], "READY_FOR_REVIEW", "{body}: {last:#}");
        assert_eq!(last["progress"], json!({ "total": 6, "done": 3, "failed": 3, "skipped": 0 }), "{body}");
        assert_eq!(
            (model.requests() - before, &last["usage"]["requests"]),
            (2, &json!(2)),
            "the request was not repeated: {body}"
        );
        assert!(last["usage"]["totalTokens"].as_i64().unwrap() >= 1007, "the answer counts as billed: {last}");
        let failed = events.iter().find(|event| event["type"] == "ASSET_FAILED").unwrap();
        assert!(failed["error"]["message"].as_str().unwrap().contains(message), "{failed}");
        assert!(failed["error"]["hint"].as_str().unwrap().contains(hint), "{failed}");
        let test = "mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok message } }";
        model.answer_next(Script::json(&json!({ "choices": [] })));
        let tested = server.data(test, json!({ "id": input["llmProfileId"] })).await["testLlmProfile"].take();
        assert!(tested["message"].as_str().unwrap().contains("contains no choice"), "{tested}");
    }
    // If no other answer comes, the run is FAILED with that cause after one request per table.
    let before = model.requests();
    model.answer(Script::json(&json!({ "choices": [] })));
    input["options"] = json!({ "alternatives": 2 });
    let (last, _) = described(&server, &input).await;
    assert_eq!((&last["status"], &last["progress"]["failed"]), (&json!("FAILED"), &json!(6)), "{last:#}");
    assert_eq!(model.requests() - before, 2);
}

/// Returns the peak memory of a server, in KiB.
fn peak(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Awaits `work` and returns the duration of the slowest of many concurrent queries.
async fn beside(server: &Server, work: impl Future<Output = ()>) -> Duration {
    let mut work = std::pin::pin!(work);
    let mut slowest = Duration::ZERO;
    loop {
        let begun = Instant::now();
        tokio::select! {
            () = &mut work => return slowest,
            () = async { server.data("{ server { version } }", json!({})).await; } => {
                slowest = slowest.max(begun.elapsed());
            }
        }
    }
}

#[tokio::test]
async fn endless_answers_are_abandoned_and_delay_no_other_run() {
    let target = SqliteTarget::with_tables(4, 2);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let before = peak(&server);
    let piece = "x".repeat(64 << 10);
    let ends = |events: &[Value], run: &Value| {
        let said = format!("{events:?}{run}");
        assert!(said.contains("more than `maxOutputTokens` (1024) allows"), "{said}");
    };
    let db = &input["targets"][0]["dbProfileId"];
    let question = json!({ "question": "What is t01?", "dbProfileIds": [db], "llmProfileId": input["llmProfileId"] });
    // A line of 50 MB, many events, and many comments.
    let event = format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": "word ".repeat(100) } }] }));
    for script in [
        Script::flood("text/event-stream", "data: {\"choices\": [{\"delta\": {\"content\": \"", &piece, 800),
        Script::flood("text/event-stream", "", event, 100_000),
        Script::flood("text/event-stream", "", format!(": {}\n\n", "still here ".repeat(100)), 50_000),
    ] {
        let requests = model.requests();
        model.answer_next(script);
        let slowest = beside(&server, async {
            let done = asked(&server, question.clone()).await;
            assert_eq!(done.whole["status"], "FAILED", "{:#}", done.whole);
            assert_eq!(done.whole["usage"]["requests"], 1);
            ends(&done.events, &done.whole);
        });
        let slowest = slowest.await;
        assert!(slowest < Duration::from_secs(2), "{slowest:?} for a concurrent query");
        assert_eq!(model.requests() - requests, 1, "the request was not retried");
    }
    // Four concurrent answers of 200 MB.
    let requests = model.requests();
    model.answer(Script::flood("application/json", "{\"choices\": [{\"message\": {\"content\": \"", &piece, 3_200));
    let slowest = beside(&server, async {
        let run = server.start_run(input.clone()).await;
        let events = server.events(&run, 0).await;
        let last = events.last().unwrap();
        assert_eq!((&last["status"], &last["progress"]["failed"]), (&json!("FAILED"), &json!(12)), "{last:#}");
        ends(&events, &Value::Null);
    });
    let slowest = slowest.await;
    assert!(slowest < Duration::from_secs(2), "{slowest:?} for a concurrent query");
    assert_eq!(model.requests() - requests, 4, "the request was not retried");
    // A profile test that receives an error of 200 MB.
    let test = "mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok message } }";
    let tested = server.data(test, json!({ "id": input["llmProfileId"] })).await["testLlmProfile"].take();
    assert!(tested["ok"] == false && tested["message"].as_str().unwrap().contains("KiB"), "{tested}");
    model.answer(Script::Raw(Raw {
        kind: "text/plain",
        status: 413,
        head: "too large: ".into(),
        piece: piece.clone(),
        times: 3_200,
        every: Duration::ZERO,
    }));
    let tested = server.data(test, json!({ "id": input["llmProfileId"] })).await["testLlmProfile"].take();
    let message = tested["message"].as_str().unwrap();
    assert!(tested["ok"] == false && message.starts_with("too large") && message.len() < 400, "{tested}");
    if let (Some(before), Some(after)) = (before, peak(&server)) {
        eprintln!("{before} KiB before, {after} KiB at peak");
        assert!(after < before + (100 << 10), "{before} KiB before, {after} KiB at peak");
    }
}

#[tokio::test]
async fn a_cancel_takes_effect_while_an_answer_is_read() {
    let target = SqliteTarget::with_tables(1, 2);
    let model = ScriptedModel::builder().start().await;
    let (server, mut input) = server_with(&model, &target, &[]).await;
    // With this many tokens more than 16 MB are allowed, so the answer may take minutes.
    input["options"] = json!({ "maxOutputTokens": 32_768 });
    let dripping = |kind: &'static str, head: &str, piece: &str| {
        Script::Raw(Raw {
            kind,
            status: 200,
            head: head.into(),
            piece: piece.into(),
            times: 1_000_000,
            every: Duration::from_millis(1),
        })
    };
    model.answer(dripping("application/json", "{\"choices\": [{\"message\": {\"content\": \"", "still going on "));
    let run = server.start_run(input.clone()).await;
    let mut live = server.watch(&run, 0).await;
    model.arrived(1).await;
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    let begun = Instant::now();
    server.data(cancel, json!({ "id": run })).await;
    let mut last = Value::Null;
    while let Some(event) = live.next().await {
        last = event;
    }
    assert_eq!(last["status"], "CANCELLED", "{last:#}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());

    model.answer(dripping("text/event-stream", "", ": still here\n\n"));
    let db = &input["targets"][0]["dbProfileId"];
    let question = json!({ "question": "What is t01?", "dbProfileIds": [db], "llmProfileId": input["llmProfileId"] });
    let asked = server.data(crate::ask::ASK, json!({ "input": question })).await;
    let run = asked["ask"]["run"]["id"].as_str().unwrap().to_owned();
    let mut live = server.watch(&run, 0).await;
    model.arrived(2).await;
    let begun = Instant::now();
    server.data(cancel, json!({ "id": run })).await;
    while let Some(event) = live.next().await {
        last = event;
    }
    assert_eq!(last["status"], "CANCELLED", "{last:#}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// Starts a server with a shop database and returns them with the input of a question.
async fn shop(model: &ScriptedModel) -> (Server, SqliteTarget, Value) {
    let target = SqliteTarget::new(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE orders (id INTEGER);",
    );
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    let input = json!({ "question": "Where are customers kept?", "dbProfileIds": [profile], "llmProfileId": llm });
    (server, target, input)
}

const DONE: &str = "data: [DONE]\n\n";

fn text(text: &str) -> Value {
    json!({ "index": 0, "delta": { "content": text }, "finish_reason": null })
}

fn finish(reason: &str) -> Value {
    json!({ "index": 0, "delta": {}, "finish_reason": reason })
}

/// Returns the tools that a model called, without the first search, which the server makes itself.
fn used(done: &Answered) -> Vec<(String, Value)> {
    let read = |tool: &Value| {
        (tool["name"].as_str().unwrap().to_owned(), serde_json::from_str(tool["arguments"].as_str().unwrap()).unwrap())
    };
    done.tools.iter().skip(1).map(read).collect()
}

#[tokio::test]
async fn streamed_tool_calls_almost_like_openais_are_read() {
    let model = ScriptedModel::builder().start().await;
    let (server, _target, input) = shop(&model).await;
    let call = |fields: Value| json!({ "index": 0, "delta": { "tool_calls": [fields] }, "finish_reason": null });
    let function = |name: &str, arguments: Value| json!({ "name": name, "arguments": arguments });
    let (search, describe) = (json!({ "text": "customer" }), json!({ "path": "main.orders" }));
    let two = vec![("search_assets".to_owned(), search.clone()), ("describe".to_owned(), describe.clone())];
    for (what, pieces, expected) in [
        (
            "one index",
            vec![
                call(
                    json!({ "index": 0, "id": "a", "function": function("search_assets", json!(search.to_string())) }),
                ),
                call(json!({ "index": 0, "id": "b", "function": function("describe", json!(describe.to_string())) })),
            ],
            &two,
        ),
        (
            "objects, from 1",
            vec![
                call(json!({ "index": 1, "id": "a", "function": function("search_assets", search.clone()) })),
                call(json!({ "index": 2, "id": "b", "function": function("describe", describe.clone()) })),
            ],
            &two,
        ),
        (
            "no index, empty slots",
            vec![
                call(json!({ "id": null, "function": { "name": null, "arguments": null } })),
                call(json!({ "id": "a", "function": function("search_assets", json!("")) })),
                call(json!({ "function": { "arguments": "{\"text\": " } })),
                call(json!({ "function": { "arguments": "\"customer\"}" } })),
                call(json!({ "id": "b", "function": function("describe", json!(describe.to_string())) })),
            ],
            &two,
        ),
        (
            "names in pieces, arguments twice",
            vec![
                call(json!({ "index": 0, "id": "a", "function": { "name": "search_" } })),
                call(json!({ "index": 0, "function": { "name": "assets", "arguments": "" } })),
                call(json!({ "index": 0, "function": { "arguments": search.to_string() } })),
                call(json!({ "index": 0, "function": { "arguments": search.to_string() } })),
                call(json!({ "index": 1, "id": "b", "function": function("describe", json!(describe.to_string())) })),
            ],
            &two,
        ),
    ] {
        for end in [DONE, ""] {
            let chunks: Vec<Value> = pieces.iter().cloned().chain([finish("tool_calls")]).collect();
            model.answer_next(Script::chunks(&chunks, end));
            model.answer_next(Script::chunks(&[text("In [main.customers]."), finish("stop")], end));
            let done = asked(&server, input.clone()).await;
            assert_eq!(
                (&done.whole["status"], &used(&done)),
                (&json!("SUCCESS"), expected),
                "{what}: {:#}",
                done.whole
            );
            assert_eq!(
                (done.answer.as_str(), &done.whole["usage"]["requests"]),
                ("In [main.customers].", &json!(2)),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn streams_with_unusual_ends_are_read() {
    let model = ScriptedModel::builder().start().await;
    let (server, _target, input) = shop(&model).await;
    // The endpoint is now known to support tools, so its answers stream at once.
    let known = json!({ "delta": { "tool_calls": [{ "index": 0, "id": "a",
        "function": { "name": "describe", "arguments": "{\"path\": \"main.orders\"}" } }] },
        "finish_reason": "tool_calls" });
    model.answer_next(Script::chunks(&[known], DONE));
    let said = "The table [main.customers]: größe 😀.";
    let usage = "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 5, \"completion_tokens\": 3}}\n\n";
    let error = "data: {\"error\": {\"message\": \"overloaded\", \"code\": 503}}\n\n";
    for end in
        [DONE.to_owned(), String::new(), format!("{usage}{DONE}"), format!("{error}{DONE}"), "garbage\n\n".into()]
    {
        model.answer_next(Script::chunks(
            &[text("The table "), text("[main.customers]: größe 😀."), finish("stop")],
            &end,
        ));
        let done = asked(&server, input.clone()).await;
        assert_eq!(
            (&done.whole["status"], done.answer.as_str()),
            (&json!("SUCCESS"), said),
            "{end:?}: {:#}",
            done.whole
        );
        assert!(done.events.iter().all(|event| event["type"] != "WARNING"), "{end:?}: {:?}", done.events);
    }
    // CR and LF, no blank lines, a whole message after its pieces, and the answer as a JSON body.
    let crlf = Script::chunks(&[text(said), finish("stop")], DONE);
    let Script::Raw(raw) = crlf else { unreachable!() };
    let chunk = |choice: Value| format!("data: {}\n", json!({ "choices": [choice] }));
    for script in [
        Script::raw("text/event-stream", raw.head.replace('\n', "\r\n")),
        Script::raw("text/event-stream", raw.head.replace('\n', "\r")),
        Script::raw("text/event-stream", raw.head.replace("data: ", "data:")),
        Script::raw("text/event-stream", chunk(text(said)) + &chunk(finish("stop")) + "data: [DONE]\n"),
        Script::chunks(&[text(said), json!({ "message": { "content": said }, "finish_reason": "stop" })], DONE),
        Script::json(&json!({ "choices": [{ "message": { "content": said }, "finish_reason": "stop" }] })),
    ] {
        model.answer_next(script.clone());
        let done = asked(&server, input.clone()).await;
        assert_eq!(
            (&done.whole["status"], done.answer.as_str()),
            (&json!("SUCCESS"), said),
            "{script:?}: {:#}",
            done.whole
        );
    }
    // A truncated or filtered answer says so; an empty one fails with a hint.
    model.answer_next(Script::chunks(&[text("The table"), finish("length")], DONE));
    let done = asked(&server, input.clone()).await;
    let warnings: Vec<&str> = done
        .events
        .iter()
        .filter(|event| event["type"] == "WARNING")
        .filter_map(|event| event["message"].as_str())
        .collect();
    assert_eq!((&done.whole["status"], done.answer.as_str()), (&json!("SUCCESS"), "The table"));
    assert!(warnings.len() == 1 && warnings[0].contains("`maxOutputTokens` (1024)"), "{warnings:?}");
    model.answer_next(Script::chunks(&[text("<think>on and on"), finish("length")], DONE));
    let done = asked(&server, input.clone()).await;
    assert!(done.whole["error"]["message"].as_str().unwrap().contains("`maxOutputTokens`"), "{:#}", done.whole);
    model.answer_next(Script::chunks(&[text(""), finish("content_filter")], DONE));
    let done = asked(&server, input.clone()).await;
    assert!(done.whole["error"]["message"].as_str().unwrap().contains("content filter"), "{:#}", done.whole);
    assert_eq!(done.whole["usage"]["requests"], 1);
}

#[tokio::test]
async fn thoughts_are_not_part_of_a_streamed_answer() {
    let model = ScriptedModel::builder().start().await;
    let (server, _target, input) = shop(&model).await;
    model.answer_next(Script::Calls(vec![("describe", json!({ "path": "main.orders" }))]));
    let answer = "The table [main.customers] keeps them.";
    // Long enough to be recorded before the closing tag reveals it as reasoning.
    let long = format!("{}</think>", " I should look at [main.secret].".repeat(100).trim_start());
    for thought in [
        long.as_str(),
        "<think>Look at [main.secret].</think>",
        "<thinking>Look at [main.secret].</thinking>\n\n",
        "[THINK]Look at [main.secret].[/THINK]",
        "<|channel|>analysis<|message|>Look at [main.secret].<|end|><|start|>assistant<|channel|>final<|message|>",
        "I should look at [main.secret].</think>",
    ] {
        for size in [1, 7, 1_000] {
            let letters: Vec<char> = format!("{thought}{answer}").chars().collect();
            let mut chunks: Vec<Value> =
                letters.chunks(size).map(|piece| text(&piece.iter().collect::<String>())).collect();
            chunks.push(finish("stop"));
            model.answer_next(Script::chunks(&chunks, DONE));
            let done = asked(&server, input.clone()).await;
            assert_eq!(
                (done.answer.as_str(), done.citations.len()),
                (answer, 1),
                "{thought} by {size}: {:#}",
                done.whole
            );
            assert_eq!(spoken(&done.events), answer, "{thought} by {size}");
            for again in done.events.iter().filter(|event| event["type"] == "RESUMED") {
                let reason = again["message"].as_str().unwrap();
                assert!(reason.ends_with("not its answer"), "{reason}");
            }
        }
    }
    let named = "The mark `</think>` ends a thought; see [main.customers].";
    model.answer_next(Script::Text(named.into()));
    assert_eq!(asked(&server, input).await.answer, named);
}

/// A provider's error message about a key may repeat the key.
#[tokio::test]
async fn provider_messages_about_a_key_are_never_shown() {
    let target = SqliteTarget::with_tables(1, 2);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[("GLOSS_LOG", "trace")]).await;
    for status in [401, 403] {
        let says = format!("Key of acme-corp, hunter{status}, is not allowed; ask ann@acme.example");
        model.fail_next(1, Failure::status(status).message(&says));
        let (last, _) = described(&server, &input).await;
        assert_eq!(
            (&last["status"], &last["error"]["code"]),
            (&json!("FAILED"), &json!("UNAUTHENTICATED")),
            "{last:#}"
        );
        let test = "mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok message } }";
        model.fail_next(1, Failure::status(status).message(&says));
        let tested = server.data(test, json!({ "id": input["llmProfileId"] })).await;
        let question = json!({ "question": "What is t01?", "dbProfileIds": [input["targets"][0]["dbProfileId"]],
            "llmProfileId": input["llmProfileId"] });
        model.fail_next(1, Failure::status(status).message(&says));
        let done = asked(&server, question).await;
        let all = format!("{last}{tested}{:?}{}{}", done.events, done.whole, server.log());
        for word in ["acme", "hunter", "ann@"] {
            assert!(!all.contains(word), "{word} in {all}");
        }
    }
}
