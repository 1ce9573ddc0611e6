//! The commands that are clients of the API, one file or folder each.
//!
//! The rule: a command is a client of the same GraphQL operations as every other client. If a server holds the data
//! folder, the command calls that server; otherwise it opens the store in its own process and calls the operations
//! there as the local user. Secrets come from the environment, a file or a prompt, never from the command line. Results
//! go to standard output, with `--json` as JSON; notes go to standard error.
//!
//! To add a command, write its file: its arguments, an implementation of [`ApiCommand`], and its documents in
//! `OPERATIONS`. Name the file in [`operations`] and the arguments in `crate::command`.

pub mod ask;
pub mod client;
pub mod coverage;
pub mod dbt;
pub mod doctor;
pub mod error;
pub mod exit;
pub mod export;
pub mod file;
pub mod follow;
pub mod generate;
pub mod history;
pub mod import;
pub mod lookup;
pub mod operation;
pub mod output;
pub mod pages;
pub mod profile;
pub mod prune;
pub mod rerun;
pub mod run;
pub mod schedule;
pub mod scope;
pub mod secret;
pub mod shell;
pub mod table;
pub mod terms;
pub mod token;
pub mod usage;
pub mod values;
pub mod workers;
pub mod wrap;

use std::future::Future;

pub use self::{
    client::{Client, Needs},
    error::CliError,
    exit::Exit,
    output::Output,
};

/// A command that calls the API.
pub trait ApiCommand {
    /// What the command needs of the store, if it opens the store itself.
    fn needs(&self) -> Needs;

    /// Whether the command may be the first one to use a data folder: then it creates the store. Other commands say
    /// that there is none.
    fn may_create_store(&self) -> bool {
        false
    }

    /// Runs the command and prints its result.
    fn run(self, client: &Client, output: Output) -> impl Future<Output = Result<Exit, CliError>>;
}

/// The documents of all commands. A server that executes only trusted documents must execute these, too.
pub fn operations() -> impl Iterator<Item = &'static str> {
    let lists = [
        ask::OPERATIONS,
        client::OPERATIONS,
        coverage::OPERATIONS,
        doctor::OPERATIONS,
        follow::OPERATIONS,
        generate::OPERATIONS,
        lookup::OPERATIONS,
        prune::OPERATIONS,
        rerun::OPERATIONS,
        run::OPERATIONS,
        run::summary::OPERATIONS,
        run::watch::OPERATIONS,
        shell::OPERATIONS,
        token::OPERATIONS,
        usage::OPERATIONS,
        workers::OPERATIONS,
    ];
    let groups = [history::OPERATIONS, import::OPERATIONS, profile::OPERATIONS, schedule::OPERATIONS];
    lists.into_iter().chain(groups.into_iter().flatten().copied()).flatten().map(|operation| operation.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_document_is_valid() {
        let checker = crate::graphql::checker();
        for document in super::operations() {
            if let Err(errors) = checker.read(document) {
                panic!("{document}: {:?}", errors.first().map(|error| error.message.as_str()));
            }
        }
    }
}
