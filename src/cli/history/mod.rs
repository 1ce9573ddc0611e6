//! The commands `gloss history …`: the list of runs, one run, and what can be done with it. One file each.

mod act;
mod compare;
mod events;
pub mod filter;
mod list;
mod results;
mod review;
mod show;

use clap::{Args, Subcommand};

use super::{ApiCommand, CliError, Client, Exit, Needs, Output, operation::Operation};

/// List runs, read one, and act on it
#[derive(Debug, Args)]
pub struct History {
    #[command(subcommand)]
    command: HistoryCommand,
}

#[derive(Debug, Subcommand)]
enum HistoryCommand {
    List(list::List),
    Show(show::Show),
    Events(events::Events),
    Results(results::Results),
    Review(review::Review),
    Compare(compare::Compare),
    Cancel(act::Cancel),
    Resume(act::Resume),
    Apply(act::Apply),
    Rollback(act::Rollback),
}

/// The documents of the commands.
pub const OPERATIONS: &[&[Operation]] = &[
    act::OPERATIONS,
    compare::OPERATIONS,
    events::OPERATIONS,
    filter::OPERATIONS,
    list::OPERATIONS,
    results::OPERATIONS,
    review::INTERACTIVE,
    review::OPERATIONS,
    show::OPERATIONS,
];

impl ApiCommand for History {
    fn needs(&self) -> Needs {
        match &self.command {
            HistoryCommand::List(list) => list.needs(),
            HistoryCommand::Events(events) if events.follow => Needs::Workers,
            HistoryCommand::Compare(compare) => compare.needs(),
            HistoryCommand::Resume(resume) if resume.detach => Needs::Records,
            HistoryCommand::Apply(apply) if apply.plan => Needs::Secrets,
            HistoryCommand::Resume(_) | HistoryCommand::Apply(_) | HistoryCommand::Rollback(_) => Needs::Workers,
            _ => Needs::Records,
        }
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        match self.command {
            HistoryCommand::List(list) => list.run(client, output).await,
            HistoryCommand::Show(show) => show.run(client, output).await,
            HistoryCommand::Events(events) => events.run(client, output).await,
            HistoryCommand::Results(results) => results.run(client, output).await,
            HistoryCommand::Review(review) => review.run(client, output).await,
            HistoryCommand::Compare(compare) => compare.run(client, output).await,
            HistoryCommand::Cancel(cancel) => cancel.run(client, output).await,
            HistoryCommand::Resume(resume) => resume.run(client, output).await,
            HistoryCommand::Apply(apply) => apply.run(client, output).await,
            HistoryCommand::Rollback(rollback) => rollback.run(client, output).await,
        }
    }
}
