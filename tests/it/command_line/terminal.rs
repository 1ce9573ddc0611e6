//! Commands in a real terminal: the progress bar, Ctrl-C, colours and prompts.

use std::path::Path;

use gloss::cli::Exit;
use rexpect::{
    process::WaitStatus,
    session::{PtySession, spawn_command},
};

use crate::harness::{ScriptedModel, Server, SqliteTarget, server_with};

/// How long the terminal waits for a text.
const PATIENCE_MS: u64 = 60_000;

/// Starts a command in a terminal of 80 columns.
fn open(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> PtySession {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "stty cols 80 rows 24; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_gloss")]).args(arguments);
    for variable in ["GLOSS_CONFIG", "GLOSS_SERVER", "GLOSS_TOKEN", "NO_COLOR", "COLUMNS"] {
        command.env_remove(variable);
    }
    command.env("TERM", "xterm-256color").env("GLOSS_DATA_DIR", data).envs(environment.iter().copied());
    if crate::harness::store::in_postgres() {
        command.env("GLOSS_STORE_URL", crate::harness::store::url(data));
    }
    spawn_command(command, Some(PATIENCE_MS)).unwrap()
}

/// Waits for the end of the command, and returns its exit code and what it still printed.
fn end(mut session: PtySession) -> (i32, String) {
    let rest = decoded(&session.exp_eof().unwrap());
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (code, rest),
        other => panic!("{other:?}: {rest}"),
    }
}

fn code(exit: Exit) -> i32 {
    exit.number().into()
}

/// Returns what a terminal showed, without the sequences that control it: a line for each time that a line was drawn.
fn plain(text: &str) -> String {
    console::strip_ansi_codes(&text.replace(['\r'], "\n").replace("\u{1b}[2K", "\n")).into_owned()
}

/// The library reads each byte as a character.
fn decoded(text: &str) -> String {
    let bytes: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bar_shows_the_progress() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(2, 4);
    let (server, _) = server_with(&model, &target, &[]).await;
    let mut session = open(server.data.path(), &["run", "target", "--model", "scripted"], &[]);
    session.exp_string("0/10").unwrap();
    model.release(1);
    // Position, rate, time left and the asset just finished.
    let (before, shown) = session.exp_regex(r"\d/10  \d+\.\d/s  \d+ s left  main\.t0").unwrap();
    let shown = plain(&decoded(&format!("{before}{shown}")));
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    model.open_gate();
    let (exit, rest) = end(session);
    assert_eq!(exit, code(Exit::Success), "{rest}");
    let rest = plain(&rest);
    assert!(rest.contains("Run #1: ready for review, 10 of 10 assets described"), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_and_a_second_one_leaves() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(2, 4);
    let (server, _) = server_with(&model, &target, &[]).await;
    let run = ["run", "target", "--model", "scripted"];
    let mut session = open(server.data.path(), &run, &[]);
    session.exp_string("0/10").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("Cancelling. Press Ctrl-C again").unwrap();
    let (exit, rest) = end(session);
    assert_eq!(exit, code(Exit::Cancelled), "{rest}");
    assert!(plain(&rest).contains("Run #1: cancelled"), "{rest}");

    // The same in this process, without a server.
    let data = server.kill().await;
    let mut session = open(data.path(), &run, &[]);
    session.exp_string("0/10").unwrap();
    session.send_control('c').unwrap();
    let (exit, rest) = end(session);
    assert_eq!(exit, code(Exit::Cancelled), "{rest}");
    assert!(plain(&rest).contains("Run #2: cancelled"), "{rest}");
    let runs = super::ends(data.path(), &["history", "list", "--status", "cancelled", "--json"], Exit::Success).await;
    assert_eq!(runs.json().as_array().unwrap().len(), 2);

    // If the server hangs, the cancel cannot be confirmed, but a second Ctrl-C leaves.
    let server = Server::start_at(data, &[]).await;
    let mut session = open(server.data.path(), &run, &[]);
    session.exp_string("0/10").unwrap();
    server.signal("STOP");
    session.send_control('c').unwrap();
    session.exp_string("Cancelling").unwrap();
    session.send_control('c').unwrap();
    let (exit, rest) = end(session);
    server.signal("CONT");
    assert_eq!(exit, code(Exit::Left), "{rest}");
    assert!(rest.contains("gloss history show 3"), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_and_prompts_are_for_terminals() {
    let server = Server::start().await;
    let data = server.data.path();
    super::ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    let (exit, shown) = end(open(data, &["history", "list"], &[]));
    assert_eq!(exit, code(Exit::Success));
    assert!(shown.contains("\u{1b}[33mready for review\u{1b}[0m"), "{shown:?}");
    assert!(plain(&shown).contains(" s ago"), "{shown}");
    let (_, shown) = end(open(data, &["history", "list"], &[("NO_COLOR", "1")]));
    assert!(shown.contains("ready for review") && !shown.contains('\u{1b}'), "{shown:?}");
    let (_, shown) = end(open(data, &["history", "results", "1"], &[("NO_COLOR", "1")]));
    assert!(
        shown.contains('…')
            && shown.lines().filter(|line| !line.starts_with("Using")).all(|line| line.chars().count() <= 80),
        "{shown}"
    );

    // Without a token, the command asks for one, and does not show it.
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let mut session = open(data, &["history", "show", "1"], &[]);
    session.exp_string("Token: ").unwrap();
    session.send_line(&root).unwrap();
    let (exit, shown) = end(session);
    assert_eq!(exit, code(Exit::Success), "{shown}");
    assert!(shown.contains("main.orders") && !shown.contains(&root), "{shown}");
    // A wrong one is refused, not asked for again.
    let mut session = open(data, &["history", "show", "1"], &[]);
    session.exp_string("Token: ").unwrap();
    session.send_line("gloss_wrong").unwrap();
    assert_eq!(end(session).0, code(Exit::UserError));
}
