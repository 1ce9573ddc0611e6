//! The commands `gloss profile db …` and `gloss profile llm …`: connections to databases and to models.

mod db;
mod llm;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{ApiCommand, CliError, Client, Exit, Needs, Output, operation::Operation, output};
use crate::domain::Code;

/// List, add, set, test and remove connections to databases and models
#[derive(Debug, Args)]
pub struct Profile {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
enum ProfileCommand {
    /// Connections to databases
    Db {
        #[command(subcommand)]
        command: db::DbCommand,
    },
    /// Connections to language models
    Llm {
        #[command(subcommand)]
        command: llm::LlmCommand,
    },
}

/// The documents of the commands.
pub const OPERATIONS: &[&[Operation]] = &[db::OPERATIONS, llm::OPERATIONS];

impl ApiCommand for Profile {
    fn needs(&self) -> Needs {
        Needs::Secrets
    }

    // A new store has profiles to use at once.
    fn may_create_store(&self) -> bool {
        true
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        match self.command {
            ProfileCommand::Db { command } => command.run(client, output).await,
            ProfileCommand::Llm { command } => command.run(client, output).await,
        }
    }
}

/// Returns an error if a test of a profile failed.
fn passed(test: &Value) -> Result<(), CliError> {
    if test["ok"] == true {
        return Ok(());
    }
    let message = test["message"].as_str().unwrap_or_default();
    Err(CliError::Refused { code: code_of(test), message: message.to_owned() })
}

/// Returns why a test failed: the profile is wrong, or nothing answered.
fn code_of(test: &Value) -> Code {
    test["code"].as_str().and_then(|code| code.parse().ok()).unwrap_or(Code::Unavailable)
}

/// Prints the result of a test.
fn print_test(name: &str, test: &Value, output: Output) -> Result<Exit, CliError> {
    if output.is_json() {
        output::document(test);
        return Ok(if test["ok"] == true { Exit::Success } else { code_of(test).into() });
    }
    passed(test)?;
    let latency = test["latencyMs"].as_f64().unwrap_or_default();
    output::line(&format!("{name} works: {}, {latency:.0} ms", output::text(&test["message"])));
    Ok(Exit::Success)
}
