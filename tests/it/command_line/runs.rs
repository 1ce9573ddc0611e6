//! `gloss run` over a store without a server, over a server, and over a server that dies in the middle.

use std::process::Stdio;

use gloss::cli::Exit;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{ends, is_gapless};
use crate::{
    cli::says,
    harness::{
        Proxy, ScriptedModel, Server, SqliteTarget, llm_input,
        scripted_model::{Failure, Script},
        server_with,
    },
};

#[tokio::test]
async fn a_run_is_followed_with_and_without_a_server() {
    let data = tempfile::tempdir().unwrap();
    // Without a server, the command executes the run itself.
    let ended = ends(data.path(), &["run", "demo:main.orders", "demo:main.customers", "--json"], Exit::Success).await;
    let events = ended.json_lines();
    is_gapless(&events, 1);
    assert_eq!((&events[0]["run"], &events.last().unwrap()["progress"]["total"]), (&json!(1), &json!(27)));
    let text = ends(data.path(), &["run", "demo:main.orders"], Exit::Success).await;
    says(&text.stdout, &["Run #2: ready for review, 14 of 14 assets described", "gloss history review 2"]);
    says(&text.stderr, &["using the store", "[14/14] main.orders.cancelled_at: When the order was cancelled."]);

    let server = Server::start_at(std::sync::Arc::new(data), &[]).await;
    let data = server.data.path();
    let text = ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    says(&text.stderr, &["Using the server", &server.base, "[14/14] main.orders.cancelled_at"]);
    says(&text.stdout, &["Run #3", &format!("{}/runs/3", server.base)]);
    let estimate = ends(data, &["run", "demo", "--estimate", "--json"], Exit::Success).await.json();
    assert_eq!(estimate["assets"], 148);
    let started = ends(data, &["run", "demo:main.orders", "--detach", "--json"], Exit::Success).await.json();
    assert_eq!(started[0]["number"], 4);
    let followed = ends(data, &["run", "--follow", "4", "--json"], Exit::Success).await;
    is_gapless(&followed.json_lines(), 1);
    // After --apply, nothing is missing.
    ends(data, &["run", "demo:main.orders", "--apply"], Exit::Success).await;
    let again = ends(data, &["run", "demo:main.orders", "--missing-only"], Exit::Success).await;
    says(&again.stdout, &["Run #6: success, 0 of "]);
    let excluded = ends(data, &["run", "demo", "--exclude", "orders", "--estimate", "--json"], Exit::Success).await;
    assert_eq!(excluded.json()["assets"], 134);
}

#[tokio::test]
async fn how_a_run_ended_is_the_exit_code() {
    let model = ScriptedModel::builder().start().await;
    let target = SqliteTarget::with_tables(2, 1);
    let (server, _) = server_with(&model, &target, &[]).await;
    let data = server.data.path();
    let run = ["run", "target", "--model", "scripted"];
    model.answer(Script::Text("no JSON".to_owned()));
    let failed = ends(data, &run, Exit::RunFailed).await;
    says(&failed.stdout, &["Run #1: failed", "Reason: ", "gloss history resume 1"]);
    model.answer(Script::Proper);
    ends(data, &["history", "resume", "1"], Exit::Success).await;
    model.fail_next(1, Failure::status(401));
    ends(data, &run, Exit::RunFailed).await;
    // A price is needed for a budget in dollars.
    says(&ends(data, &[&run[..], &["--budget-usd", "1"]].concat(), Exit::UserError).await.stderr, &["price"]);
    let mut priced = llm_input(&model.profile());
    priced["name"] = json!("priced");
    priced["inputCostPerMillionTokens"] = json!(1000.0);
    priced["outputCostPerMillionTokens"] = json!(1000.0);
    server.create_llm_profile(priced).await;
    let spent = ["run", "target", "--model", "priced", "--budget-usd", "0.0001"];
    says(&ends(data, &spent, Exit::RunFailed).await.stdout, &["paused", "budget"]);
}

/// The connection breaks twice: first alone, then together with the server. The events have no gap and no repeat.
#[tokio::test]
async fn a_run_is_followed_across_a_server_that_is_killed() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(3, 4);
    let (server, input) = server_with(&model, &target, &[]).await;
    server.start_run(input).await;
    model.waiting(1).await;
    let port = |server: &Server| server.base.rsplit(':').next().unwrap().parse().unwrap();
    let mut proxy = Proxy::before(port(&server)).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let mut command = Server::command(server.data.path());
    command.args(["run", "--follow", "1", "--json", "--server", &address]).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut events: Vec<Value> = Vec::new();
    let mut read_until = async |kind: &str, lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>| {
        while let Some(line) = lines.next_line().await.unwrap() {
            let event: Value = serde_json::from_str(&line).unwrap();
            let is_it = event["type"] == kind;
            events.push(event);
            if is_it {
                break;
            }
        }
        events.len()
    };
    assert!(read_until("SCOPE_RESOLVED", &mut lines).await > 2);
    proxy.close().await;
    says(&notes.next_line().await.unwrap().unwrap(), &["Connection lost", "reconnecting"]);
    proxy.open().await;
    assert_eq!(notes.next_line().await.unwrap().unwrap(), "Connected again.");
    model.release(1);
    read_until("ASSET_FINISHED", &mut lines).await;
    let data = server.kill().await;
    says(&notes.next_line().await.unwrap().unwrap(), &["Connection lost"]);
    let server = Server::start_at(data, &[]).await;
    proxy.lead_to(port(&server)).await;
    assert_eq!(notes.next_line().await.unwrap().unwrap(), "Connected again.");
    model.open_gate();
    read_until("FINISHED", &mut lines).await;
    assert!(child.wait().await.unwrap().success());
    is_gapless(&events, 1);
    assert_eq!(events.last().unwrap()["progress"]["done"], 15);
}

/// The summary after the last event is read again if its answer is lost.
#[tokio::test]
async fn a_summary_survives_a_lost_connection() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.base.rsplit(':').next().unwrap().parse().unwrap()).await;
    let cut = proxy.swallow_answer_to(&["written: applyOutcomes"]);
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let ended = ends(server.data.path(), &["run", "demo:main.orders", "--server", &address], Exit::Success).await;
    cut.notified().await;
    says(&ended.stdout, &["Run #1: ready for review, 14 of 14 assets described"]);
}

/// A command that found its server by the data folder finds it again at another address.
#[tokio::test]
async fn a_server_that_moves_is_found_again() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(2, 3);
    let (server, _) = server_with(&model, &target, &[]).await;
    let mut command = Server::command(server.data.path());
    command.args(["run", "target", "--model", "scripted", "--json"]);
    let mut child = command.spawn().unwrap();
    let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
    model.waiting(1).await;
    let data = server.kill().await;
    says(&notes.next_line().await.unwrap().unwrap(), &["Using the server"]);
    says(&notes.next_line().await.unwrap().unwrap(), &["Connection lost"]);
    let _server = Server::start_at(data, &[]).await;
    assert_eq!(notes.next_line().await.unwrap().unwrap(), "Connected again.");
    model.open_gate();
    let ended = child.wait_with_output().await.unwrap();
    assert!(ended.status.success());
    let text = String::from_utf8(ended.stdout).unwrap();
    is_gapless(&text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>(), 1);
}

/// A process that the shell asks to stop cancels its run, as Ctrl-C does.
#[tokio::test]
async fn a_signal_cancels_the_run() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(2, 2);
    let (server, _) = server_with(&model, &target, &[]).await;
    let mut command = Server::command(server.data.path());
    let child = command.args(["run", "target", "--model", "scripted"]).spawn().unwrap();
    model.waiting(1).await;
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = child.wait_with_output().await.unwrap();
    let [stdout, stderr] = [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(ended.status.code(), Some(Exit::Cancelled.number().into()), "{stderr}");
    says(&stderr, &["Cancelling", "Press Ctrl-C again"]);
    says(&stdout, &["Run #1: cancelled", "gloss history resume 1"]);
}

/// The server starts the run, but its answer is lost. The command sends the mutation again and follows that run.
#[tokio::test]
async fn a_lost_answer_starts_no_second_run() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.base.rsplit(':').next().unwrap().parse().unwrap()).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let cases = [("startRun(", &["run", "demo:main.orders"][..]), ("ask(", &["ask", "Which tables are there?"])];
    for (number, (mutation, arguments)) in cases.into_iter().enumerate() {
        let lost = proxy.swallow_answer_to(&[mutation]);
        let arguments = [arguments, &["--server", &address, "--json"]].concat();
        let ended = ends(server.data.path(), &arguments, Exit::Success);
        let (ended, ()) = tokio::join!(ended, lost.notified());
        assert!(!ended.stdout.is_empty());
        let runs =
            ends(server.data.path(), &["history", "list", "--include-asks", "--json"], Exit::Success).await.json();
        assert_eq!(runs.as_array().unwrap().len(), number + 1, "{mutation} {runs:#}");
    }
}

/// Without a server, a command leaves runs that it does not follow in the queue.
#[tokio::test]
async fn a_command_executes_only_its_own_runs() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let demo = server.db_profile("demo").await;
    for _ in 0..2 {
        server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    }
    let data = server.kill().await;
    let data = data.path();
    let statuses = async || -> Vec<String> {
        let runs = ends(data, &["history", "list", "--json"], Exit::Success).await.json();
        runs.as_array().unwrap().iter().rev().map(|run| run["status"].as_str().unwrap().to_owned()).collect()
    };
    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    assert_eq!(statuses().await, ["QUEUED", "QUEUED", "READY_FOR_REVIEW"]);
    ends(data, &["run", "--follow", "2"], Exit::Success).await;
    assert_eq!(statuses().await, ["QUEUED", "READY_FOR_REVIEW", "READY_FOR_REVIEW"]);
}
