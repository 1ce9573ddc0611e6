//! `gloss shell` in a terminal and with a script.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Output, Stdio},
};

use gloss::cli::Exit;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::{ends, pty::Terminal};
use crate::{
    cli::says,
    harness::{ScriptedModel, Server, SqliteTarget, server_with},
};

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const UP: &str = "\u{1b}[A";

/// Executes a script of lines.
async fn script(data: &Path, arguments: &[&str], lines: &str) -> Output {
    let mut command = Server::command(data);
    command.arg("shell").args(arguments).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).await.unwrap();
    child.wait_with_output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_typed_with_and_without_a_slash() {
    let server = Server::start().await;
    let data = server.data.path();
    let mut shell = Terminal::open(data, &["shell"], &[]);
    says(&shell.sees("gloss demo> "), &["Using the server", "`help` or `exit`"]);
    // The only DB profile is the current one.
    shell.line("/run main.orders");
    says(&shell.sees("Next: review them"), &["Run #1: ready for review"]);
    shell.line("/history list -n 5");
    shell.sees("STATUS");
    says(&shell.sees("gloss demo> "), &["#1", "main.orders"]);
    shell.line("gloss run demo:main.shipments --detach");
    shell.sees("Run #2 is queued");
    shell.line("run --follow 2");
    shell.sees("Run #2: ready for review");
    shell.line("/history compare 1 2");
    says(&shell.sees("* best value"), &["#1", "#2"]);
    shell.sees("gloss demo> ");
    // Errors are a line, and the prompt stays.
    for (line, words) in [
        ("nonsense", &["gloss: ", "nonsense", "`help` lists the commands"][..]),
        ("serve", &["does not work in the shell", "gloss serve"]),
        ("history show 99", &["no run #99"]),
        ("history list --server http://127.0.0.1:1", &["--server", "gloss shell --server"]),
        ("run main.nothing", &["nothing"]),
        ("use nobody", &["no DB profile \"nobody\"", "choose demo"]),
        ("ask 'never closed", &["quote"]),
        ("run", &["SCOPE"]),
    ] {
        shell.line(line);
        shell.sees("gloss: ");
        let said = format!("gloss: {}", shell.sees("gloss demo> "));
        says(&said, words);
        assert_eq!(said.trim_end_matches("gloss demo> ").trim_end().lines().count(), 1, "{said}");
    }
    shell.line("help");
    says(&shell.sees("`help COMMAND` explains"), &["history", "use", "exit"]);
    shell.line("help history show");
    says(&shell.sees("gloss history show last --json"), &["Show one run"]);
    shell.line("exit");
    shell.ends(Exit::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_complete_is_said_in_plain_words() {
    let server = Server::start().await;
    let mut shell = Terminal::open(server.data.path(), &["shell"], &[]);
    shell.sees("gloss demo> ");
    shell.keys("history nonsense\t");
    let shown = shell.sees("Nothing to complete.");
    assert!(!shown.contains("RECORDS"), "{shown}");
    shell.keys(CTRL_C);
    shell.sees("gloss demo> ");
    shell.line("exit");
    shell.ends(Exit::Success);
}

/// `--quiet` is for one line only.
#[tokio::test]
async fn a_quiet_line_has_no_notes_and_the_next_one_has() {
    let server = Server::start().await;
    let ended = script(server.data.path(), &[], "run main.orders --quiet\nrun main.customers\n").await;
    let [stdout, stderr] = [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).unwrap());
    says(&stdout, &["Run #1: ready for review", "Run #2: ready for review", "gloss history review 2"]);
    assert!(!stdout.contains("history review 1") && !stderr.contains("main.orders"), "{stdout}{stderr}");
    says(&stderr, &["main.customers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_remembered_without_secrets() {
    let server = Server::start().await;
    let data = server.data.path();
    let mut shell = Terminal::open(data, &["shell"], &[]);
    shell.sees("gloss demo> ");
    shell.line("history show 71");
    shell.sees("no run #71");
    shell.sees("gloss demo> ");
    shell.line("profile db add x postgres://ann:hunter2@127.0.0.1:1/x --no-test");
    shell.sees("other users can see a password");
    shell.sees("gloss demo> ");
    // Ctrl-C clears the line.
    shell.keys("history show 72");
    shell.sees("72");
    shell.keys(CTRL_C);
    shell.sees("gloss demo> ");
    shell.line("history show 73");
    shell.sees("no run #73");
    shell.sees("gloss demo> ");
    shell.keys(CTRL_D);
    shell.ends(Exit::Success);
    let file = data.join("shell-history");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "history show 71\nhistory show 73\n");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The next shell has them.
    let mut shell = Terminal::open(data, &["shell"], &[("NO_COLOR", "1")]);
    shell.sees("gloss demo> ");
    shell.keys(UP);
    shell.sees("history show 73");
    shell.keys(UP);
    shell.sees("history show 71");
    shell.keys("\r");
    shell.sees("no run #71");
    shell.sees("gloss demo> ");
    shell.line("quit");
    shell.ends(Exit::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_completes_commands_options_and_scopes() {
    let target = SqliteTarget::new("CREATE TABLE \"odd table\" (id INTEGER PRIMARY KEY, unusual_column TEXT);");
    let server = Server::start().await;
    let shop = server.create_db_profile("shop", &target.url()).await;
    let data = server.data.path();
    let mut shell = Terminal::open(data, &["shell"], &[]);
    // There are two profiles, so none is chosen.
    shell.sees("gloss> ");
    shell.keys("/hist\t");
    shell.sees("/history ");
    shell.keys("li\t--fai\t\r");
    shell.sees("No runs match");
    shell.sees("gloss> ");
    for (keys, whole) in [("dem", "demo:"), ("main.shipm", "main.shipments"), (".disp", ".dispatched_at ")] {
        if keys == "dem" {
            shell.keys("run ");
        }
        shell.keys(&format!("{keys}\t"));
        shell.sees(whole);
    }
    shell.line("--detach");
    shell.sees("Run #1 is queued");
    shell.sees("gloss> ");
    // Names are quoted as a scope spells them, and complete in the current profile.
    shell.line("use shop");
    shell.sees("gloss shop> ");
    shell.keys("run main.odd\t");
    shell.sees("main.\"odd table\"");
    shell.keys(".unu\t");
    shell.sees("\"odd table\".unusual_column ");
    shell.line("--detach");
    shell.sees("Run #2 is queued");
    shell.sees("gloss shop> ");
    shell.keys(CTRL_D);
    shell.ends(Exit::Success);
    let runs = server.data("{ runs { nodes { scopeSummary dbProfileId: dbProfileName } } }", json!({})).await;
    assert_eq!(runs["runs"]["nodes"][0]["dbProfileId"], "shop", "{runs:#} {shop}");
    assert_eq!(runs["runs"]["nodes"][0]["scopeSummary"], "main.\"odd table\".unusual_column", "{runs:#}");
    assert_eq!(runs["runs"]["nodes"][1]["scopeSummary"], "main.shipments.dispatched_at", "{runs:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_the_run_and_keeps_the_prompt() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(2, 4);
    let (server, _) = server_with(&model, &target, &[]).await;
    let data = server.kill().await;
    // With a store of its own, and with a server.
    for number in [1, 2] {
        let server = if number == 1 { None } else { Some(Server::start_at(data.clone(), &[]).await) };
        let mut shell = Terminal::open(data.path(), &["shell"], &[]);
        shell.sees("gloss> ");
        shell.line("use target");
        shell.sees("gloss target> ");
        shell.line("run main --model scripted");
        shell.sees("0/10");
        shell.keys(CTRL_C);
        shell.sees("Cancelling. Press Ctrl-C again");
        shell.sees(&format!("Run #{number}: cancelled"));
        shell.sees("gloss target> ");
        shell.line(&format!("history show {number}"));
        shell.sees("Status        cancelled");
        shell.sees("gloss target> ");
        shell.keys(CTRL_D);
        shell.ends(Exit::Success);
        drop(server);
    }
    // A second Ctrl-C leaves the run, and keeps the prompt, too: the server does not answer.
    let server = Server::start_at(data, &[]).await;
    let mut shell = Terminal::open(server.data.path(), &["shell"], &[]);
    shell.sees("gloss> ");
    shell.line("use target");
    shell.sees("gloss target> ");
    shell.line("run main --model scripted");
    shell.sees("0/10");
    server.signal("STOP");
    shell.keys(CTRL_C);
    shell.sees("Cancelling");
    shell.keys(CTRL_C);
    says(&shell.sees("gloss history show 3"), &["left before the end"]);
    shell.sees("gloss target> ");
    // Ctrl-C also ends a command that waits for an answer.
    for line in ["history list", "run main", "use other"] {
        shell.line(line);
        shell.executes();
        shell.keys(CTRL_C);
        shell.sees("left before the server had answered");
        shell.sees("gloss target> ");
    }
    server.signal("CONT");
    shell.line("history list");
    shell.sees("STATUS");
    says(&shell.sees("gloss target> "), &["#3"]);
    shell.line("exit");
    shell.ends(Exit::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_typed_during_a_command_is_executed_after_it() {
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(2, 4);
    let (server, _) = server_with(&model, &target, &[]).await;
    let mut shell = Terminal::open(server.data.path(), &["shell"], &[]);
    shell.sees("gloss> ");
    shell.line("run target:main --model scripted");
    shell.sees("0/10");
    shell.line("history list");
    model.open_gate();
    shell.sees("Run #1: ready for review");
    shell.sees("STATUS");
    says(&shell.sees("gloss> "), &["#1"]);
    shell.line("exit");
    shell.ends(Exit::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_is_found_again() {
    let server = Server::start().await;
    let data = server.data.clone();
    let mut shell = Terminal::open(data.path(), &["shell"], &[]);
    shell.sees("gloss demo> ");
    let data = server.kill().await;
    shell.line("history list");
    shell.sees("cannot reach the server");
    shell.sees("gloss demo> ");
    let server = Server::start_at(data, &[]).await;
    shell.line("history list");
    shell.sees("No runs match");
    shell.sees("gloss demo> ");
    // One that moves between two commands is not missed at all.
    let _server = Server::start_at(server.kill().await, &[]).await;
    shell.line("history list");
    assert!(!shell.sees("No runs match").contains("cannot reach"));
    shell.sees("gloss demo> ");
    shell.keys(CTRL_D);
    shell.ends(Exit::Success);
}

#[tokio::test]
async fn a_script_stops_at_the_first_command_that_fails() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let lines = "# a script\n\nuse demo\nrun main.orders\n/history list -n 1 --json\n";
    let ended = script(data, &[], lines).await;
    let stdout = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{stdout}");
    says(&stdout, &["Run #1: ready for review", "\"number\": 1"]);
    assert!(!stdout.contains('\u{1b}') && !stdout.contains("gloss demo>"), "{stdout}");
    assert!(!data.join("shell-history").exists());

    let ended = script(data, &["--json"], "history show 1\nhistory show 7\nrun demo\n").await;
    assert_eq!(ended.status.code(), Some(Exit::UserError.number().into()));
    let said = String::from_utf8(ended.stderr).unwrap();
    says(&said, &["gloss: there is no run #7", "gloss: the script stopped at line 2: history show 7\n"]);
    let shown: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(shown["number"], 1);
    let runs = ends(data, &["history", "list", "--json"], Exit::Success).await.json();
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs:#}");
}

#[tokio::test]
async fn a_script_that_stops_names_its_line() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let cases: [(&str, Exit, &[&str]); 5] = [
        ("# one\n\nusage\nnonsense\nusage\n", Exit::UserError, &["nonsense", "stopped at line 4: nonsense"]),
        ("generate demo:main.nothing\n", Exit::UserError, &["stopped at line 1: generate demo:main.nothing"]),
        (
            "run demo:main.shipments\n  /history cancel last  \n",
            Exit::Conflict,
            &["stopped at line 2: /history cancel last\n"],
        ),
        ("profile db add x postgres://a:pw7@h/x", Exit::UserError, &["password", "stopped at line 1\n"]),
        ("", Exit::UserError, &["standard input is empty", "gloss shell"]),
    ];
    for (lines, exit, words) in cases {
        let ended = script(data, &[], lines).await;
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(exit.number().into()), "{lines}: {said}");
        says(&said, words);
        assert!(!said.contains("pw7"), "{said}");
    }
    let shell = async |stdin: Stdio| {
        let mut command = Server::command(data);
        command.arg("shell").stdin(stdin).stderr(Stdio::piped());
        let ended = command.spawn().unwrap().wait_with_output().await.unwrap();
        assert_eq!(ended.status.code(), Some(Exit::UserError.number().into()));
        String::from_utf8(ended.stderr).unwrap()
    };
    says(&shell(std::fs::File::open("/dev/null").unwrap().into()).await, &["standard input is empty"]);
    says(&shell(std::fs::File::open(data).unwrap().into()).await, &["line 1 of standard input cannot be read"]);
    let file = data.join("latin");
    std::fs::write(&file, b"usage\n\xe9\n").unwrap();
    says(
        &shell(std::fs::File::open(file).unwrap().into()).await,
        &["line 2 of standard input cannot be read", "UTF-8"],
    );
}

#[tokio::test]
async fn only_a_database_that_exists_is_used() {
    let data = tempfile::tempdir().unwrap();
    let refused = script(data.path(), &[], "use demo/nothing\nrun main.orders\n").await;
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(Exit::UserError.number().into()), "{said}");
    says(&said, &["\"demo\" reaches no database \"nothing\"; choose demo", "stopped at line 1"]);
    let used = script(data.path(), &[], "use demo/demo\nrun main.orders\n").await;
    assert!(used.status.success(), "{}", String::from_utf8_lossy(&used.stderr));
}
