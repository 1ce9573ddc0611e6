//! The commands `gloss import dbt` and `gloss import amx`: what other tools hold, as runs.
//!
//! The rules: an import is sent in parts, each of which is recorded whole or not at all, and none twice. An interrupted
//! import therefore continues with the same command. What cannot be imported is counted and named, and does not hold
//! up the rest.

mod amx;
mod dbt;
mod parts;

use clap::{Args, Subcommand};

use super::{ApiCommand, CliError, Client, Exit, Needs, Output, operation::Operation, output};

/// Import descriptions of dbt, or a history of AMX
#[derive(Debug, Args)]
pub struct Import {
    #[command(subcommand)]
    command: ImportCommand,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    Dbt(dbt::Dbt),
    Amx(amx::Amx),
}

/// The documents of the commands.
pub const OPERATIONS: &[&[Operation]] = &[amx::OPERATIONS, dbt::OPERATIONS, parts::OPERATIONS];

impl ApiCommand for Import {
    fn needs(&self) -> Needs {
        Needs::Secrets
    }

    fn may_create_store(&self) -> bool {
        true
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        match self.command {
            ImportCommand::Dbt(dbt) => dbt.run(client, output).await,
            ImportCommand::Amx(amx) => amx.run(client, output).await,
        }
    }
}

/// Maximum number of problems that are printed.
const SHOWN: usize = 20;

/// What could not be imported, one line each.
#[derive(Debug, Default)]
struct Problems {
    shown: Vec<String>,
    count: usize,
}

impl Problems {
    fn add(&mut self, problem: impl FnOnce() -> String) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(problem());
        }
    }

    /// Prints them.
    fn note(&self) {
        for problem in &self.shown {
            output::note(&format!("Left out: {}", output::text(&problem.as_str().into())));
        }
        if let Some(more) = self.count.checked_sub(self.shown.len()).filter(|more| *more > 0) {
            output::note(&format!("Left out: {more} more"));
        }
    }
}

/// A number with its noun: `1 run`, `2 runs`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A text that can be stored: without NUL, and without space at its ends. `None` if it is blank or too long.
fn storable(text: &str) -> Option<String> {
    let text = text.trim().replace('\0', "\u{FFFD}");
    (!text.is_empty() && text.chars().count() <= crate::domain::review::MAX_TEXT).then_some(text)
}
