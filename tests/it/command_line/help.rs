//! Help, completions and man pages: complete, with examples, in any width.

use clap::Command;
use gloss::cli::Exit;

use super::{ends, ends_with};

/// Returns the commands that do something, with their full names.
fn leaves(command: &Command, name: &str) -> Vec<(String, Command)> {
    let below: Vec<&Command> = command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    if below.is_empty() {
        return vec![(name.to_owned(), command.clone())];
    }
    below.iter().flat_map(|below| leaves(below, &format!("{name} {}", below.get_name()))).collect()
}

#[test]
fn every_command_has_examples_that_can_be_parsed() {
    let mut root = gloss::command::command();
    root.build();
    let leaves = leaves(&root, "gloss");
    assert!(leaves.len() > 25, "{}", leaves.len());
    for (name, command) in leaves {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  gloss")).collect();
        assert!(help.starts_with("Examples:\n") && !examples.is_empty(), "{name} has no examples");
        let lines: Vec<String> = examples.iter().map(|example| format!("gloss{example}")).collect();
        assert!(lines[0].starts_with(&name), "the first example of {name} is of another command: {}", lines[0]);
        for line in lines {
            let words = words(line.split(" > ").next().unwrap());
            let parsed = gloss::command::command().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}

/// Splits an example as a shell does.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[tokio::test]
async fn help_fits_the_width() {
    let data = tempfile::tempdir().unwrap();
    for columns in ["80", "200"] {
        for (name, arguments) in [
            ("run", &["run", "--help"][..]),
            ("history-list", &["history", "list", "--help"]),
            ("history", &["history", "-h"]),
        ] {
            // The help shows values of the environment.
            let hidden = [("COLUMNS", columns), ("GLOSS_DATA_DIR", "/data")];
            let help = ends_with(data.path(), arguments, &hidden, Exit::Success).await.stdout;
            let width: usize = columns.parse().unwrap();
            for line in help.lines() {
                assert!(line.chars().count() <= width || line.starts_with("  gloss "), "{line}");
            }
            insta::assert_snapshot!(format!("help_of_{name}_at_{columns}"), help);
        }
    }
}

#[tokio::test]
async fn exit_codes_are_documented() {
    let data = tempfile::tempdir().unwrap();
    let help = ends(data.path(), &["--help"], Exit::Success).await.stdout;
    let docs = std::fs::read_to_string("docs/command-line.md").unwrap();
    for exit in Exit::ALL {
        let (number, meaning) = (exit.number(), exit.meaning());
        assert!(help.contains(&format!("{number:>3}  {meaning}")), "{help}");
        assert!(docs.contains(&format!("| {number} | {meaning} |")), "docs/command-line.md lacks {number}: {meaning}");
    }
}

#[tokio::test]
async fn completions_and_man_pages_cover_every_command() {
    let data = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = ends(data.path(), &["completions", shell], Exit::Success).await.stdout;
        for word in ["history", "--missing-only", "rollback"] {
            assert!(script.contains(word.trim_start_matches("--")), "{shell} lacks {word}");
        }
    }
    let folder = data.path().to_str().unwrap();
    ends(data.path(), &["man", folder], Exit::Success).await;
    let page = std::fs::read_to_string(data.path().join("gloss-history-list.1")).unwrap();
    assert!(page.contains("ready\\-for\\-review") && page.contains("Examples"), "{page}");
    assert!(data.path().join("gloss-profile-db-add.1").exists() && data.path().join("gloss.1").exists());
    // A file stands where the folder would be.
    let folder = format!("{folder}/gloss.1/man");
    let refused = ends(data.path(), &["man", &folder], Exit::UserError).await;
    assert!(refused.stderr.contains(&folder), "{}", refused.stderr);
}
