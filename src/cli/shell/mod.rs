//! What `gloss shell` is made of: where its lines come from, what their words are, and how they are completed.
//!
//! The rule: clap's [`Command`](clap::Command) is the only definition of commands. The shell splits a line into words,
//! finds the argument that each word belongs to in that definition, and hands the words to clap. `crate::command`
//! executes them.

pub mod line;
pub mod lines;

mod complete;
mod history;
mod menu;
mod names;

use clap::Args;

pub use history::has_secret;
pub use names::{Names, OPERATIONS};

/// Type commands at a prompt that remembers and completes them
///
/// The shell takes the commands of `gloss`, with or without a slash before them, and keeps one connection for all of
/// them. Tab completes commands, options, and names from the databases. `use PROFILE` chooses the DB profile of scopes
/// that name none. Ctrl-C cancels the run that a command watches and keeps the prompt; a second one stops watching.
/// Ctrl-D or `exit` leaves.
///
/// If standard input is not a terminal, the shell executes its lines and stops at the first command that fails. It
/// names the line, and ends with the exit code of the command. Empty lines, and lines that begin with `#`, are skipped.
/// If standard input is empty or not text, the exit code is 2.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss shell
  gloss shell --server https://gloss.example
  gloss shell --json < commands.txt

In the shell:
  use demo
  /run main.orders --missing-only
  /history list -n 5
  /history compare 3 4
  help run")]
pub struct Shell {}
