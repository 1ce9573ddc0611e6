//! Journeys through the Studio in a real browser, each a script of `tests/browser/studio`. Each journey runs twice on
//! a new server: at desktop size in light colours, and at phone size in dark colours.
//!
//! To add a journey: add its script and a test here.

use std::{path::Path, process::Stdio, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

use crate::{
    harness::{Server, SqliteTarget, browser::browser_for},
    services,
};

/// Runs a journey at both sizes; `given` are names and values for its script.
async fn journey(name: &str, given: &[(&str, &str)]) {
    for (size, options) in [("desktop", &[][..]), ("phone", &["--phone", "--dark"][..])] {
        let server = Server::start().await;
        let Some(browser) = browser_for(&server, &format!("the journey {name} through the Studio")).await else {
            return;
        };
        let mut script = Command::new("node");
        script.arg("tests/browser/studio.mjs").args([name, &server.base]);
        script.arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("studio").join(name).join(size));
        script.args(options).args(["--chromium", &browser]);
        script.args(given.iter().flat_map(|(name, value)| ["--given".to_owned(), format!("{name}={value}")]));
        walk(script, server, &format!("{name} at {size} size")).await;
    }
}

/// Runs the script and controls the server as the script requests.
async fn walk(mut script: Command, server: Server, what: &str) {
    let address = server.base.replacen("http://", "", 1);
    let data = Arc::clone(&server.data);
    let mut running = Some(server);
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = script.spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        stderr.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = stdout.next_line().await.unwrap() {
        match line.strip_prefix("server: ") {
            Some("kill") => drop(running.take().unwrap().kill().await),
            Some("start") => {
                running = Some(Server::start_at(Arc::clone(&data), &[("GLOSS_LISTEN", &address)]).await);
            }
            _ => {
                said.push_str(&line);
                said.push('\n');
                continue;
            }
        }
        stdin.write_all(b"done\n").await.unwrap();
    }
    let status = child.wait().await.unwrap();
    let log = running.map(|server| server.log()).unwrap_or_default();
    assert!(status.success(), "{what}: {said}{}\nThe server's log:\n{log}", complaints.await.unwrap());
}

#[tokio::test]
async fn the_command_palette() {
    journey("palette", &[]).await;
}

#[tokio::test]
async fn questions() {
    journey("ask", &[]).await;
}

#[tokio::test]
async fn the_list_of_runs() {
    journey("runs", &[]).await;
}

#[tokio::test]
async fn a_run_from_the_first_start_to_comments_and_back() {
    journey("run", &[]).await;
}

#[tokio::test]
async fn a_live_run_through_reloads_and_restarts() {
    journey("run-live", &[]).await;
}

#[tokio::test]
async fn a_postgresql_database_from_its_profile_to_its_comments() {
    let Some(postgres) = services::postgres().await else { return };
    journey("databases", &[("postgres", &postgres.url)]).await;
}

#[tokio::test]
async fn models_that_are_tested_before_they_are_saved() {
    journey("models", &[]).await;
}

#[tokio::test]
async fn the_form_for_new_runs() {
    journey("new-run", &[]).await;
}

#[tokio::test]
async fn the_life_of_a_schedule() {
    journey("schedules", &[]).await;
}

#[tokio::test]
async fn runs_side_by_side() {
    journey("compare", &[]).await;
}

#[tokio::test]
async fn what_models_were_used_for_and_who_works() {
    journey("usage", &[]).await;
}

#[tokio::test]
async fn every_write_and_its_way_back() {
    journey("audit", &[]).await;
}

#[tokio::test]
async fn tokens_from_the_first_to_a_revoked_one() {
    journey("tokens", &[]).await;
}

#[tokio::test]
async fn a_review_by_keyboard() {
    journey("review", &[]).await;
}

#[tokio::test]
async fn edits_that_outlive_a_reload() {
    journey("review-edits", &[]).await;
}

#[tokio::test]
async fn two_reviewers_of_one_run() {
    journey("review-together", &[]).await;
}

#[tokio::test]
async fn a_bulk_review_that_leaves_out_what_people_wrote() {
    journey("review-bulk", &[]).await;
}

#[tokio::test]
async fn the_undo_of_more_than_an_answer_names() {
    let target = SqliteTarget::with_tables(12, 20);
    journey("review-many", &[("database", &target.url())]).await;
}
