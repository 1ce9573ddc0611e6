//! `gloss doctor` over sound and broken installations. It changes none of them.

use std::{collections::BTreeMap, fs, path::Path};

use gloss::cli::Exit;
use serde_json::{Value, json};

use super::{ends, pty::Terminal};
use crate::{
    cli::says,
    harness::{Server, store},
};

/// The files of a folder and their contents.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    };
    fs::read_dir(folder).unwrap().map(read).collect()
}

/// Examines a folder, which must stay as it is. Returns subjects with their severities and messages.
async fn examined(data: &Path, exit: Exit) -> BTreeMap<String, (String, String)> {
    let before = files(data);
    let findings = ends(data, &["doctor", "--json"], exit).await.json();
    assert!(files(data) == before, "{:?} and {:?}", files(data).keys(), before.keys());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = findings.as_array().unwrap().iter();
    findings.map(|it| (text(&it["subject"]), (text(&it["severity"]), text(&it["message"])))).collect()
}

/// Checks the severity of a finding and the words of its message.
fn finds(findings: &BTreeMap<String, (String, String)>, subject: &str, severity: &str, words: &[&str]) {
    let found = findings.get(subject).unwrap_or_else(|| panic!("{subject} is not in {findings:#?}"));
    assert_eq!(found.0, severity, "{findings:#?}");
    says(&found.1, words);
}

#[tokio::test]
async fn an_installation_is_examined_and_not_changed() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let new = examined(data, Exit::Success).await;
    finds(&new, "store", "OK", &["there is none yet"]);
    finds(&new, "disk", "OK", &["MB are free"]);

    ends(data, &["run", "demo:main.orders"], Exit::Success).await;
    let sound = examined(data, Exit::Success).await;
    for (subject, words) in [
        ("store", "is sound and of this version"),
        ("key", "opens the secrets"),
        ("clock", "agrees with the last run"),
        ("DB profile demo", "SQLite"),
        ("LLM profile builtin", ""),
    ] {
        finds(&sound, subject, "OK", &[words]);
    }
    let lines = ends(data, &["doctor"], Exit::Success).await.stdout;
    assert_eq!(lines.lines().filter(|line| line.starts_with("ok       ")).count(), sound.len(), "{lines}");

    // Each problem is one line that says what to do, and the rest is examined all the same.
    let elsewhere = tempfile::tempdir().unwrap();
    let gone = format!("sqlite://{}", elsewhere.path().join("gone.db").display());
    ends(data, &["profile", "db", "add", "gone", &gone, "--no-test"], Exit::Success).await;
    store::execute(data, "UPDATE run SET created_at = created_at + 86400000");
    let broken = examined(data, Exit::Failure).await;
    finds(&broken, "DB profile gone", "PROBLEM", &["gone.db"]);
    finds(&broken, "DB profile demo", "OK", &[]);
    finds(&broken, "clock", "WARNING", &["min behind the last run", "NTP"]);
    fs::rename(data.join("secret.key"), data.join("elsewhere")).unwrap();
    let without_key = examined(data, Exit::Failure).await;
    finds(&without_key, "key", "PROBLEM", &["key file", "is missing", "restore it"]);
    assert!(!without_key.contains_key("DB profile demo"));
}

#[tokio::test]
async fn a_damaged_store_is_a_problem() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["run", "demo"], Exit::Success).await;
    let file = data.join("store.db");
    // The suite also runs with stores in PostgreSQL, which checks its content by itself.
    if !file.exists() {
        return;
    }
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 8192].fill(0xff);
    fs::write(&file, bytes).unwrap();
    finds(&examined(data, Exit::Failure).await, "store", "PROBLEM", &["is damaged", "restore the store"]);
}

#[tokio::test]
async fn a_server_is_examined() {
    let server = Server::start().await;
    let data = server.data.path();
    let findings = ends(data, &["doctor", "--json"], Exit::Success).await.json();
    let subjects: Vec<&Value> = findings.as_array().unwrap().iter().map(|finding| &finding["subject"]).collect();
    assert!(["version", "clock", "DB profile demo"].iter().all(|it| subjects.contains(&&json!(it))), "{findings:#}");
    let idle = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let found = ends(elsewhere.path(), &["doctor", "--server", &idle.base], Exit::Success).await;
    says(&found.stdout, &["warning  workers: the server has no workers"]);
    let base = idle.base.clone();
    drop(idle.kill().await);
    let gone = ends(elsewhere.path(), &["doctor", "--server", &base], Exit::Failure).await;
    says(&gone.stdout, &["problem  server: cannot reach the server"]);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

/// What the API calls `apiKey` is a flag here.
#[tokio::test]
async fn a_missing_key_is_asked_for_by_its_flag() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let add = ["profile", "llm", "add", "x", "--provider", "openai", "--model", "m", "--no-test"];
    ends(data, &add, Exit::Success).await;
    let examined = ends(data, &["doctor"], Exit::Failure).await.stdout;
    let tested = crate::cli::gloss(data, &["profile", "llm", "test", "x"], &[]).await;
    let tested = String::from_utf8(tested.stderr).unwrap();
    for said in [examined, tested] {
        says(&said, &["has no API key; give the key with --key-file or --key-env"]);
        assert!(!said.contains("apiKey"), "{said}");
    }
}

/// A shell without a server holds the store, so nobody can test the profiles.
#[tokio::test(flavor = "multi_thread")]
async fn profiles_that_cannot_be_tested_are_told() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let mut shell = Terminal::open(data, &["shell"], &[]);
    shell.sees("gloss demo> ");
    let findings = ends(data, &["doctor", "--json"], Exit::Success).await.json();
    let profiles: Vec<&Value> =
        findings.as_array().unwrap().iter().filter(|finding| finding["subject"] == "profiles").collect();
    let [profiles] = profiles.as_slice() else { panic!("{findings:#}") };
    assert_eq!(profiles["severity"], "WARNING");
    let message = profiles["message"].as_str().unwrap();
    says(message, &["not tested", "gloss shell", data.to_str().unwrap(), "end it, then try again"]);
    assert!(!findings.to_string().contains("the server uses"), "{findings:#}");
    shell.line("exit");
    shell.ends(Exit::Success);
    let findings = examined(data, Exit::Success).await;
    finds(&findings, "DB profile demo", "OK", &["SQLite"]);
    assert!(!findings.contains_key("profiles"), "{findings:#?}");
}
