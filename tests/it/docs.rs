//! The commands and operations of README.md and `docs/`: each is run unchanged against a new server.
//!
//! The shell blocks of a page run in one shell, in order, after those of the first page (which defines `gql`). The
//! operations in GraphQL blocks must be valid; their ids are placeholders, so they may find nothing.

use std::{fs, path::PathBuf, process::Stdio};

use serde_json::json;
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{harness::Server, services::absent};

/// Returns the pages of the book and the README.
fn pages() -> Vec<PathBuf> {
    let book = fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = book.filter(|path| path.extension().is_some_and(|it| it == "md")).collect();
    pages.push("README.md".into());
    pages.sort();
    pages
}

/// Returns the blocks of a page in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let start = format!("```{language}\n");
    text.split(&start).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// Returns the operations of a block; each begins at the start of a line.
fn operations(block: &str) -> Vec<String> {
    let mut operations: Vec<String> = Vec::new();
    for line in block.lines() {
        match operations.last_mut() {
            Some(last) if !line.starts_with(|c: char| c.is_ascii_lowercase()) => {
                last.push('\n');
                last.push_str(line);
            }
            _ => operations.push(line.to_owned()),
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_of_the_docs_is_valid() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let mut tried = 0;
    for page in pages() {
        for operation in blocks(page.to_str().unwrap(), "graphql").iter().flat_map(|block| operations(block)) {
            let answer = server.answer(&operation, json!({})).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            assert!(
                code != "GRAPHQL_VALIDATION_FAILED" && code != "GRAPHQL_PARSE_FAILED",
                "{}: {operation}\n{answer}",
                page.display()
            );
            tried += 1;
        }
    }
    assert!(tried >= 8, "{tried} operations were found");
}

#[tokio::test]
async fn every_command_of_the_docs_runs() {
    for tool in ["bash", "curl", "jq"] {
        if Command::new(tool).arg("--version").stdout(Stdio::null()).status().await.is_err() {
            return absent(&format!("the commands of the docs, because {tool} is not installed"));
        }
    }
    let first = blocks("docs/getting-started.md", "sh").join("\n");
    for page in pages() {
        let own = blocks(page.to_str().unwrap(), "sh").join("\n");
        if own.is_empty() {
            continue;
        }
        let server = Server::start().await;
        let before = if page.ends_with("getting-started.md") { "" } else { first.as_str() };
        // A comparison needs a second run.
        let second = "gql \"mutation { startRun(input: { targets: [{ dbProfileId: \\\"$demo\\\" }] }) { runs { id } } \
            }\" >&2";
        let script = format!("{before}\n{second}\n{own}\n").replace("http://127.0.0.1:8787", &server.base);
        let script = if before.is_empty() { script.replace(second, "") } else { script };
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_gloss"));
        let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
        shell
            .current_dir(server.data.path())
            .env("PATH", path)
            .env("GLOSS_DATA_DIR", server.data.path())
            .kill_on_drop(true);
        let mut shell = shell.spawn().unwrap();
        shell.stdin.take().unwrap().write_all(script.as_bytes()).await.unwrap();
        let output = shell.wait_with_output().await.unwrap();
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}:\n{said}\n{complained}", page.display());
        assert!(!said.contains("\"errors\""), "{}:\n{said}", page.display());
    }
}

#[test]
fn the_committed_settings_are_the_code_s() {
    let shown = blocks("docs/settings.md", "toml");
    assert_eq!(shown, [gloss::config::reference().trim_end()], "docs/settings.md has drifted: run `make settings`");
}
