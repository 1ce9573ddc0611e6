//! `gloss generate` and `gloss rerun`.

use gloss::cli::Exit;
use serde_json::{Value, json};

use super::{ends, pty::Terminal};
use crate::{
    cli::says,
    harness::{ScriptedModel, Server, SqliteTarget, server_with},
};

#[tokio::test]
async fn one_text_is_drafted_with_its_evidence() {
    let data = tempfile::tempdir().unwrap();
    // Without a server, the command drafts it itself.
    let shown = ends(data.path(), &["generate", "demo:main.orders.status"], Exit::Success).await;
    says(
        &shown.stdout,
        &[
            "main.orders.status: ",
            "Confidence: ",
            "high",
            "Evidence: ",
            "Run #1: ready for review",
            "review 1 --accept",
        ],
    );
    let server = Server::start_at(data.into(), &[]).await;
    let data = server.data.path();
    for (number, (scope, kind)) in
        [("demo:main.orders", "TABLE"), ("demo:main", "SCHEMA"), ("demo", "DATABASE")].into_iter().enumerate()
    {
        let draft = ends(data, &["generate", scope, "--json", "--verbosity", "brief"], Exit::Success).await.json();
        assert_eq!(draft["run"]["number"], number + 2, "{draft:#}");
        assert_eq!(draft["suggestion"]["asset"]["kind"], kind, "{draft:#}");
        assert!(draft["suggestion"]["evidence"].as_array().is_some_and(|all| !all.is_empty()), "{draft:#}");
    }
    let started = ends(data, &["generate", "demo:main.orders", "--detach", "--json"], Exit::Success).await.json();
    assert_eq!(started[0]["number"], 5);
    for (arguments, words) in [
        (&["generate", "demo:main.a demo:main.b"][..], "several scopes"),
        (&["generate", "demo:main", "--temperature", "3"], "0 to 2"),
        (&["generate", "other"], "no DB profile"),
        (&["generate", "demo", "--model", "gpt"], "no LLM profile"),
    ] {
        says(&ends(data, arguments, Exit::UserError).await.stderr, &[words]);
    }
}

#[tokio::test]
async fn chosen_suggestions_are_described_again() {
    let model = ScriptedModel::builder().start().await;
    let target = SqliteTarget::with_tables(2, 3);
    let (server, _) = server_with(&model, &target, &[]).await;
    let data = server.data.path();
    ends(data, &["run", "target", "--model", "scripted"], Exit::Success).await;
    let results = async |number: &str| -> Vec<Value> {
        let all = ends(data, &["history", "results", number, "--json"], Exit::Success).await.json();
        all.as_array().unwrap().clone()
    };
    let first = results("1").await;
    let names: Vec<&str> = first.iter().filter_map(|it| it["asset"]["display"].as_str()).collect();
    let id = first[2]["id"].as_str().unwrap();
    let chosen = ["rerun", "1", "--asset", names[0], "--asset", id, "--instructions", "Shorter."];
    says(&ends(data, &chosen, Exit::Success).await.stdout, &["Run #2: ready for review, 2 of 2 assets"]);
    let second = results("2").await;
    assert_eq!((second.len(), &second[0]["version"]), (2, &json!(2)), "{second:#?}");
    let show = ends(data, &["history", "show", "2", "--json"], Exit::Success).await.json();
    assert_eq!((&show["options"]["instructions"], &show["parent"]["number"]), (&json!("Shorter."), &json!(1)));

    // Filters as in a review; all of them must match.
    ends(data, &["history", "review", "1", "--skip", "--name", names[1]], Exit::Success).await;
    let skipped = ["rerun", "1", "--state", "skipped", "--variations", "lexical", "--temperature", "0.7", "--json"];
    let events = ends(data, &skipped, Exit::Success).await.json_lines();
    assert_eq!(events.last().unwrap()["progress"]["total"], 1);
    let show = ends(data, &["history", "show", "3", "--json"], Exit::Success).await.json();
    assert_eq!((&show["command"], &show["options"]["temperature"]), (&json!("VARIATIONS"), &json!(0.7)));
    // Without a filter, the whole run; here by another model.
    let whole = ends(data, &["rerun", "1", "--model", "builtin"], Exit::Success).await;
    says(&whole.stdout, &["Run #4: ready for review, 8 of 8 assets"]);
    let started = ends(data, &["rerun", "1", "--detach", "--json"], Exit::Success).await.json();
    assert_eq!(started[0]["number"], 5);

    // An asset that the database no longer has is found before anything starts.
    target.execute("DROP TABLE t02");
    let gone = ends(data, &["rerun", "1", "--asset", "main.t02"], Exit::UserError).await;
    says(&gone.stderr, &["gloss: there is no table or view t02 in schema main"]);
    let runs = ends(data, &["history", "list", "--json"], Exit::Success).await.json();
    assert_eq!(runs.as_array().unwrap().len(), 5);
    for (arguments, words) in [
        (&["rerun", "9"][..], "no run #9"),
        (&["rerun", "1", "--asset", "main.nothing"], "no suggestion for main.nothing"),
        (&["rerun", "1", "--name", "nothing"], "no suggestion of run #1 matches"),
        (&["rerun", "1", "--model", "gpt"], "choose builtin, scripted"),
    ] {
        says(&ends(data, arguments, Exit::UserError).await.stderr, &[words]);
    }
}

/// A run that another tool did has nothing to resume, wherever its scope leads.
#[tokio::test]
async fn an_imported_run_is_not_resumed() {
    const IMPORT: &str =
        "mutation ($input: ImportRunsInput!) { importRuns(input: $input) { runs { run { number } } } }";
    let server = Server::start().await;
    let data = server.data.path();
    let demo = server.db_profile("demo").await;
    let asset = json!({ "kind": "TABLE", "schema": "nowhere", "table": "gone" });
    let suggestion = json!({ "position": 1, "asset": asset, "alternatives": [{ "text": "t", "confidence": 1 }] });
    let run = |key: &str, more: Value| {
        let mut run = json!({
            "key": key, "command": "RUN", "status": "FAILED", "error": "the model is gone", "model": "builtin",
            "llmProfileName": "builtin", "startedAt": "2026-05-01T10:00:00Z", "schemas": [{ "name": "nowhere" }],
        });
        run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        run
    };
    let runs = json!([
        run("a", json!({ "dbProfileId": demo, "suggestions": [suggestion] })),
        run("b", json!({ "dbProfileId": demo, "suggestions": [], "status": "CANCELLED" })),
        run("c", json!({ "dbProfileName": "lake", "llmProfileName": "bedrock", "suggestions": [suggestion] })),
    ]);
    server.data(IMPORT, json!({ "input": { "source": "a test", "runs": runs } })).await;
    for (number, status) in [("1", "FAILED"), ("2", "CANCELLED"), ("3", "FAILED")] {
        let refused = ends(data, &["history", "resume", number], Exit::Conflict).await;
        says(&refused.stderr, &["was imported, so there is nothing to resume; start a new run"]);
        let run = ends(data, &["history", "show", number, "--json"], Exit::Success).await.json();
        assert_eq!(run["status"], status);
    }
    // Nobody deleted a profile that never existed.
    let refused = ends(data, &["rerun", "3"], Exit::Conflict).await;
    says(&refused.stderr, &["the DB profile \"lake\" of run #3 does not exist"]);
}

#[tokio::test]
async fn a_conversation_that_does_not_exist_is_not_continued() {
    let data = tempfile::tempdir().unwrap();
    let ended = ends(data.path(), &["ask", "--continue", "And their orders?"], Exit::UserError).await;
    says(&ended.stderr, &["no conversation to continue"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_a_rerun_and_a_draft() {
    let model = ScriptedModel::builder().start().await;
    let target = SqliteTarget::with_tables(2, 3);
    let (server, _) = server_with(&model, &target, &[]).await;
    let data = server.data.path();
    ends(data, &["run", "target", "--model", "scripted"], Exit::Success).await;
    let slow = ScriptedModel::builder().gated().start().await;
    let mut profile = crate::harness::llm_input(&slow.profile());
    profile["name"] = json!("slow");
    server.create_llm_profile(profile).await;
    let draft = ["generate", "target:main.t01", "--model", "slow"];
    for (number, arguments) in [(2, &["rerun", "1", "--model", "slow"][..]), (3, &draft)] {
        let mut terminal = Terminal::open(data, arguments, &[]);
        terminal.sees("0/");
        terminal.keys("\u{3}");
        terminal.sees("Cancelling");
        says(&terminal.ends(Exit::Cancelled), &[&format!("Run #{number}: cancelled")]);
    }
}
