//! The command `gloss history review`: one decision on all suggestions that match or one on a single asset (`flags`),
//! or, on a terminal, an interactive review.
//!
//! The interactive review has the files `state` (what is shown and what is to do, without terminal and network),
//! `window` (the part of the list in memory), `view` (what is drawn), `keys`, `screen`, `editor`, `api` and `link` (the
//! requests), and `session`, which brings them together.

mod api;
mod editor;
mod flags;
mod keys;
mod link;
mod progress;
mod screen;
mod session;
mod state;
mod suggestion;
mod view;
mod window;

use std::{io::IsTerminal as _, path::PathBuf};

use clap::{ArgGroup, Args};

use self::state::State;
use super::filter::Filter;
use crate::cli::{
    CliError, Client, Exit, Output, lookup,
    operation::Operation,
    output,
    values::{RunNumber, at_least, run_number},
};

/// The documents of the decisions by flags.
pub const OPERATIONS: &[Operation] = flags::OPERATIONS;
/// The documents of the interactive review.
pub const INTERACTIVE: &[Operation] = api::OPERATIONS;

/// The arguments that choose several suggestions.
const FILTERS: [&str; 5] = ["states", "bands", "substances", "name", "search"];

/// Review the suggestions of a run: one by one on the screen, or with a flag all that match
///
/// Without --accept, --skip and --restore, a screen shows each suggestion with its evidence, its alternatives and what
/// would change; the key ? lists the keys. --accept and --skip decide on all unreviewed suggestions, or on those that
/// match every filter; with --state, also on suggestions that were decided on. Accepting leaves out comments and edited
/// texts that people wrote, unless --replace-comments is given. With --asset, the decision is on this one suggestion,
/// whatever its state is, even if a person wrote the comment.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("decision").args(["accept", "skip", "restore"]))]
#[command(after_help = "\
Examples:
  gloss history review 12
  gloss history review 12 --band low --state unreviewed
  gloss history review 12 --accept --band high
  gloss history review 12 --skip --substance restates-name
  gloss history review 12 --accept --asset public.orders.status --text 'open, paid or shipped'
  gloss history review 12 --accept --asset public.orders --alternative 2
  gloss history review 12 --restore --name public.orders")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Review {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
    /// Accept: `gloss history apply` writes the texts
    #[arg(long)]
    accept: bool,
    /// Skip: nothing is written
    #[arg(long)]
    skip: bool,
    /// Make them unreviewed again
    #[arg(long)]
    restore: bool,
    #[command(flatten)]
    filter: Filter,
    /// Decide on the suggestion for the asset with this path, as `gloss history results` prints it
    #[arg(long, value_name = "PATH", requires = "decision", conflicts_with_all = FILTERS)]
    asset: Option<String>,
    /// With --accept and --asset: the alternative to accept, from 1, which is the description itself
    #[arg(long, value_name = "N", requires_all = ["accept", "asset"], conflicts_with_all = FILTERS,
        value_parser = at_least(1_usize))]
    alternative: Option<usize>,
    /// With --accept and --asset: your own text
    #[arg(long, value_name = "TEXT", requires_all = ["accept", "asset"], conflicts_with_all = FILTERS,
        conflicts_with = "alternative")]
    text: Option<String>,
    /// With --accept and --asset: the file with your own text; - reads standard input
    #[arg(long, value_name = "FILE", requires_all = ["accept", "asset"], conflicts_with_all = FILTERS,
        conflicts_with_all = ["alternative", "text"])]
    text_file: Option<PathBuf>,
    /// Accept also in place of comments and edited texts that people wrote
    #[arg(long, requires = "accept", conflicts_with = "asset")]
    replace_comments: bool,
}

impl Review {
    /// Records the decision, or lets the person decide on the screen.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run or no terminal, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        if !(self.accept || self.skip || self.restore) {
            return self.on_screen(client, output).await;
        }
        flags::decide(&self, client, output).await
    }

    /// Lets the person decide on the screen.
    async fn on_screen(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let is_there = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let is_able = std::env::var("TERM").is_ok_and(|kind| !kind.is_empty() && kind != "dumb");
        if output.is_json() || !is_there || !is_able {
            let why = if output.is_json() { "prints no JSON" } else { "needs a terminal" };
            return Err(CliError::Usage(format!(
                "the screen of the review {why}; decide with --accept, --skip or --restore instead"
            )));
        }
        let number = lookup::number(client, self.number).await?;
        let run = api::open(client, number).await?.ok_or_else(|| lookup::no_run(number))?;
        if run.progress.total == 0 {
            output::note(&format!("Run #{number} has no suggestions to review."));
            return Ok(Exit::Success);
        }
        let state = session::review(client, run, self.filter).await?;
        Ok(told(&state))
    }
}

/// Says what was decided on the screen and what to do next.
fn told(state: &State) -> Exit {
    let (number, progress) = (state.run.number, state.progress());
    let decided: Vec<String> = state.tally().iter().map(|(count, done)| format!("{count} {done}")).collect();
    let decided = if decided.is_empty() { "nothing decided".to_owned() } else { decided.join(", ") };
    output::line(&format!("In this review: {decided}."));
    output::line(&progress.sentence(&number));
    if progress.to_apply > 0 {
        output::hint(&format!("Next: write the accepted texts with `gloss history apply {number}`"));
    } else if progress.unreviewed > 0 {
        output::hint(&format!("Next: continue with `gloss history review {number}`"));
    }
    let unsent = state.unsent();
    if unsent.is_empty() {
        return Exit::Success;
    }
    output::complain(&format!("These decisions did not reach the server: {}", unsent.join("; ")));
    Exit::Unreachable
}
