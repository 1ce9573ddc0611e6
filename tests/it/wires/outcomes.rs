//! What a run does, costs and says for each way in which a provider can answer.

use serde_json::Value;

use super::{PRICES, world};
use crate::harness::{
    ScriptedModel, SqliteTarget,
    scripted_model::{Failure, Script, Wire},
};

/// A way in which a provider answers, and what follows from it for a run over one table with three columns, which needs
/// one request.
struct Case {
    what: &'static str,
    script: fn(&ScriptedModel),
    /// The status of the run, and the code of its error.
    ends: (&'static str, Option<&'static str>),
    /// Number of requests that reach the provider; `None` if it depends on the format.
    sent: Option<usize>,
    retries: i32,
    /// Whether the run costs anything.
    costs: bool,
    /// What the run's error, its warnings or its rows say.
    says: &'static str,
}

const DONE: (&str, Option<&str>) = ("READY_FOR_REVIEW", None);

/// All cases. Those that are repeated succeed the second time.
const CASES: &[Case] = &[
    Case { what: "200", script: |_| (), ends: DONE, sent: Some(1), retries: 0, costs: true, says: "" },
    Case {
        what: "400",
        script: |model| model.fail_next(9, Failure::status(400).message("No such thing.")),
        ends: ("FAILED", Some("BAD_USER_INPUT")),
        sent: None,
        retries: 0,
        costs: false,
        says: "No such thing.",
    },
    Case {
        what: "401",
        script: |model| model.fail_next(1, Failure::status(401)),
        ends: ("FAILED", Some("UNAUTHENTICATED")),
        sent: Some(1),
        retries: 0,
        costs: false,
        says: "rejected the API key of LLM profile `scripted` (status 401); check the key",
    },
    Case {
        what: "403",
        script: |model| model.fail_next(1, Failure::status(403)),
        ends: ("FAILED", Some("UNAUTHENTICATED")),
        sent: Some(1),
        retries: 0,
        costs: false,
        says: "rejected the API key of LLM profile `scripted` (status 403); check the key",
    },
    Case {
        what: "404",
        script: |model| model.fail_next(1, Failure::status(404)),
        ends: ("FAILED", Some("NOT_FOUND")),
        sent: Some(1),
        retries: 0,
        costs: false,
        says: "does not know the model `scripted-model` of LLM profile `scripted`",
    },
    Case {
        what: "408",
        script: |model| model.fail_next(1, Failure::status(408)),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "answered with status 408: scripted failure 408; retrying in",
    },
    Case {
        what: "429 with Retry-After",
        script: |model| model.fail_next(1, Failure::status(429).header("retry-after", "1")),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "limits the rate of requests (status 429: scripted failure 429); retrying in 1.0 s",
    },
    Case {
        what: "429 without Retry-After",
        script: |model| model.fail_next(1, Failure::status(429)),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "limits the rate of requests (status 429: scripted failure 429); retrying in",
    },
    Case {
        what: "500",
        script: |model| model.fail_next(1, Failure::status(500)),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "answered with status 500: scripted failure 500; retrying in",
    },
    Case {
        what: "529",
        script: |model| model.fail_next(2, Failure::status(529)),
        ends: DONE,
        sent: Some(3),
        retries: 2,
        costs: true,
        says: "answered with status 529: scripted failure 529; retrying in",
    },
    Case {
        what: "a dropped connection",
        script: |model| model.answer_next(Script::Dropped),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "broke",
    },
    Case {
        what: "silence",
        script: |model| model.answer_next(Script::Silent),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "did not answer in time; retrying in",
    },
    Case {
        what: "half a stream",
        script: |model| {
            model.answer_next(Script::Broken("{\"c1\": ".into()));
            model.break_off();
        },
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "broke",
    },
    Case {
        what: "half a stream, then silence",
        script: |model| model.answer_next(Script::Hanging("{\"c1\": ".into())),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "did not answer in time; retrying in",
    },
    Case {
        what: "broken JSON",
        script: |model| model.answer_next(Script::Text("{\"c1\": {\"descr".into())),
        ends: DONE,
        sent: Some(2),
        retries: 0,
        costs: true,
        says: "",
    },
    Case {
        what: "JSON of another schema",
        script: |model| model.answer(Script::Text("{\"weather\": \"fine\"}".into())),
        ends: ("FAILED", Some("UNAVAILABLE")),
        sent: Some(2),
        retries: 0,
        costs: true,
        says: "the model returned an unreadable answer twice",
    },
    Case {
        what: "an empty text",
        script: |model| model.answer_next(Script::Text(String::new())),
        ends: DONE,
        sent: Some(2),
        retries: 0,
        costs: true,
        says: "",
    },
    Case {
        what: "an empty body",
        script: |model| model.answer_next(Script::raw("application/json", "")),
        ends: DONE,
        sent: Some(2),
        retries: 1,
        costs: true,
        says: "is not JSON; check the base URL",
    },
    Case {
        what: "10 MB",
        script: |model| model.answer(Script::flood("application/json", "{\"a\": \"", "a".repeat(1 << 10), 10 << 10)),
        ends: ("FAILED", Some("UNAVAILABLE")),
        sent: Some(1),
        retries: 0,
        costs: true,
        says: "more than `maxOutputTokens` (1024) allows",
    },
];

async fn check(wire: Wire) {
    let target = SqliteTarget::with_tables(1, 3);
    let model = ScriptedModel::builder().wire(wire).start().await;
    let (server, input) = world(&model, &target).await;
    for case in CASES {
        let what = format!("{wire:?}: {}", case.what);
        model.answer(Script::Proper);
        (case.script)(&model);
        let before = model.requests();
        let run = server.start_run(input.clone()).await;
        let events = server.events(&run, 0).await;
        model.forget_failures();
        let run = server.run(&run).await;
        let code = run["error"]["code"].as_str();
        assert_eq!((run["status"].as_str().unwrap(), code), case.ends, "{what}: {run:#}");
        let done = if case.ends == DONE { 4 } else { 0 };
        assert_eq!(run["progress"]["done"], done, "{what}: {run:#}");
        if let Some(sent) = case.sent {
            assert_eq!(model.requests() - before, sent, "{what}");
        }
        let usage = &run["usage"];
        assert_eq!(usage["retries"], case.retries, "{what}: {usage}");
        let tokens = |name: &str| usage[name].as_f64().unwrap();
        let cost = tokens("costUsd");
        assert_eq!(cost > 0.0, case.costs, "{what}: {usage}");
        let expected = (tokens("inputTokens") * PRICES.0 + tokens("outputTokens") * PRICES.1) / 1e6;
        assert!((cost - expected).abs() < 1e-9, "{what}: {usage}");
        let told = |event: &Value| format!("{} {}\n", event["message"], event["error"]["message"]);
        let told = format!("{}{}", events.iter().map(told).collect::<String>(), run["error"]);
        assert!(told.contains(case.says), "{what}: {told}");
        assert!(!told.contains("scripted-key"), "{what}: {told}");
    }
}

#[tokio::test]
async fn a_run_survives_every_answer_in_openais_format() {
    check(Wire::OpenAi).await;
}

#[tokio::test]
async fn a_run_survives_every_answer_in_anthropics_format() {
    check(Wire::Anthropic).await;
}

#[tokio::test]
async fn a_run_survives_every_answer_in_geminis_format() {
    check(Wire::Gemini).await;
}
