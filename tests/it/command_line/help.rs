//! Help, completions and man pages: complete, with examples, in any width.

use std::fmt::Write as _;

use clap::Command;
use gloss::cli::Exit;

use super::{ends, ends_with};

/// Returns the commands that do something, with their full names.
pub fn leaves(command: &Command, name: &str) -> Vec<(String, Command)> {
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
            let words = words(line.split(['<', '>']).next().unwrap().trim_end());
            let parsed = gloss::command::command().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}

/// A setting that has the name of an option above it would give the option its default.
#[test]
fn no_option_has_the_name_of_a_setting() {
    fn check(command: &Command, above: &[String]) {
        for arg in command.get_arguments() {
            let id = arg.get_id().to_string();
            assert!(!above.contains(&id), "{} and a command above it have the option {id}", command.get_name());
        }
        let global = command.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.get_id().to_string());
        let above: Vec<String> = above.iter().cloned().chain(global).collect();
        command.get_subcommands().for_each(|below| check(below, &above));
    }
    check(&gloss::command::command(), &[]);
}

/// Splits an example as a shell does.
pub fn words(line: &str) -> Vec<String> {
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

/// What all commands share stands below what is special.
#[test]
fn shared_options_are_listed_last() {
    const SHARED: [&str; 2] = ["Server and output:", "Store:"];
    let mut root = gloss::command::command();
    root.build();
    for (name, mut command) in leaves(&root, "gloss") {
        let help = command.render_long_help().to_string();
        let help = help.split("\nExamples:").next().unwrap();
        let headings: Vec<&str> = help.lines().filter(|line| line.ends_with(':') && !line.starts_with(' ')).collect();
        let special = headings.iter().take_while(|heading| !SHARED.contains(heading)).count();
        assert!(headings[special..].is_empty() || headings[special..] == SHARED, "{name}: {headings:?}");
    }
}

#[tokio::test]
async fn help_fits_the_width() {
    let data = tempfile::tempdir().unwrap();
    let mut root = gloss::command::command();
    root.build();
    for columns in ["80", "200"] {
        let width: usize = columns.parse().unwrap();
        let mut all = ends_with(data.path(), &["--help"], &shown_in(columns), Exit::Success).await.stdout;
        for (name, _) in leaves(&root, "gloss") {
            let arguments: Vec<&str> = name.split(' ').skip(1).chain(["--help"]).collect();
            let help = ends_with(data.path(), &arguments, &shown_in(columns), Exit::Success).await.stdout;
            for line in help.lines() {
                // The library does not wrap the usage; examples are for copying.
                let is_whole = line.starts_with("  gloss ") || line.starts_with("Usage: ");
                assert!(line.chars().count() <= width || is_whole, "{name}: {line}");
            }
            // What every command takes stands between its own options and the examples.
            let (own, examples) = help.split_once("\nExamples:\n").unwrap();
            let own = own.split("\nServer and output:\n").next().unwrap().split("\nStore:\n").next().unwrap();
            write!(all, "\n$ {name} --help\n{own}\nExamples:\n{examples}").unwrap();
        }
        insta::assert_snapshot!(format!("help_at_{columns}"), all);
    }
}

/// The environment of a terminal of this width. (The help shows values of the environment.)
fn shown_in(columns: &str) -> [(&str, &str); 2] {
    [("COLUMNS", columns), ("GLOSS_DATA_DIR", "/data")]
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
