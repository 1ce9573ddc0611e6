//! Commands in a real terminal: the progress bar, Ctrl-C, colours and prompts.

use std::path::Path;

use gloss::cli::Exit;
use rexpect::{
    process::WaitStatus,
    session::{PtySession, spawn_command},
};

use super::pty::GRACE_MS;
use crate::harness::{ScriptedModel, Server, SqliteTarget, server_with};

/// How long the terminal waits for a text.
const PATIENCE_MS: u64 = 60_000;

/// Starts a command in a terminal of 80 columns.
fn open(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> PtySession {
    open_at((80, 24), data, arguments, environment)
}

/// Starts a command in a terminal of this size.
pub fn open_at(
    (columns, rows): (u16, u16),
    data: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> PtySession {
    let mut command = std::process::Command::new("sh");
    let start = format!("stty cols {columns} rows {rows}; exec \"$0\" \"$@\"");
    command.args(["-c", &start, env!("CARGO_BIN_EXE_gloss")]).args(arguments);
    for variable in ["GLOSS_CONFIG", "GLOSS_SERVER", "GLOSS_TOKEN", "NO_COLOR", "COLUMNS"] {
        command.env_remove(variable);
    }
    command.env("TERM", "xterm-256color").env("GLOSS_DATA_DIR", data).envs(environment.iter().copied());
    if crate::harness::store::in_postgres() {
        command.env("GLOSS_STORE_URL", crate::harness::store::url(data));
    }
    let mut session = spawn_command(command, Some(PATIENCE_MS)).unwrap();
    session.process_mut().set_kill_timeout(Some(GRACE_MS));
    session
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
        !shown.contains('…')
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
    // What is typed before the question counts, too.
    let mut session = open(data, &["history", "show", "1"], &[]);
    session.send_line(&root).unwrap();
    session.exp_string("Token: ").unwrap();
    let (exit, shown) = end(session);
    assert_eq!(exit, code(Exit::Success), "{shown}");
    // Ctrl-C ends the command.
    let mut session = open(data, &["history", "show", "1"], &[]);
    session.exp_string("Token: ").unwrap();
    session.send_control('c').unwrap();
    assert_eq!(end(session).0, code(Exit::Left));
    // What is removed is asked for.
    let token = [("GLOSS_TOKEN", root.as_str())];
    for (answer, said) in [("n", "Nothing was removed."), ("y", "has been removed.")] {
        let mut session = open(data, &["profile", "db", "remove", "demo"], &token);
        session.exp_string("[y/N] ").unwrap();
        session.send_line(answer).unwrap();
        session.exp_string(said).unwrap();
        assert_eq!(end(session).0, code(Exit::Success));
    }
    // A wrong one is refused, not asked for again.
    let mut session = open(data, &["history", "show", "1"], &[]);
    session.exp_string("Token: ").unwrap();
    session.send_line("gloss_wrong").unwrap();
    assert_eq!(end(session).0, code(Exit::UserError));
}

/// The lines of an answer break between words, however narrow the terminal is.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_breaks_between_words() {
    let server = Server::start().await;
    let data = server.data.path();
    let question = "Which table has the email addresses of customers?";
    let turn = super::ends(data, &["ask", question, "--json"], Exit::Success).await.json();
    let answer: Vec<&str> = turn["answer"].as_str().unwrap().split_whitespace().collect();
    let (exit, shown) = end(open_at((40, 24), data, &["ask", question, "--quiet"], &[]));
    let shown = plain(&shown);
    assert_eq!(exit, code(Exit::Success), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 40) && shown.contains("\nSources: "), "{shown}");
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert!(words.join(" ").contains(&answer.join(" ")), "{shown}\n{answer:?}");
}

/// With --quiet, a terminal shows no bar.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_run_shows_its_end_only() {
    let server = Server::start().await;
    let (exit, shown) = end(open(server.data.path(), &["run", "demo:main.orders", "--quiet"], &[("NO_COLOR", "1")]));
    assert_eq!(exit, code(Exit::Success), "{shown}");
    let shown = plain(&shown);
    assert!(shown.trim().starts_with("Run #1: ready for review, 14 of 14 assets described"), "{shown}");
    assert!(!shown.contains("[=") && !shown.contains("Next:"), "{shown}");
}

/// Ctrl-C stops an import between two parts, and the same command imports the rest.
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_an_import_that_continues_later() {
    let server = Server::start().await;
    let data = server.data.path();
    let folder = tempfile::tempdir().unwrap();
    let path = super::import::large(folder.path(), 3_000);
    let path = path.to_str().unwrap();
    let mut session = open(data, &["import", "amx", path, "--db-profile", "shop=demo"], &[]);
    session.exp_string("/3000 suggestions").unwrap();
    session.send_control('c').unwrap();
    let (ended, rest) = end(session);
    assert!(plain(&rest).contains("Stopped. What is imported stays; the same command imports the rest."), "{rest}");
    assert_eq!(ended, code(Exit::Cancelled));
    let count = async || {
        let found = server.data("{ runs { nodes { suggestions { totalCount } } } }", serde_json::json!({})).await;
        found["runs"]["nodes"][0]["suggestions"]["totalCount"].as_u64().unwrap_or_default()
    };
    let before = count().await;
    assert!(before < 3_000, "{before}");
    let (ended, rest) = end(open(data, &["import", "amx", path, "--db-profile", "shop=demo"], &[]));
    assert_eq!(ended, code(Exit::Success), "{rest}");
    assert_eq!(count().await, 3_000);
    let rest = plain(&rest);
    let added = rest.split_once("with ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
    // The part that the server was recording when the command left may have come since.
    assert!(added.is_some_and(|added| (1..=3_000 - before).contains(&added)), "{added:?} {rest}");
}
