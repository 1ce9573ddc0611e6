//! The command `gloss prune`: deletes old runs.

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    operation::Operation,
    output,
    values::{Since, one_of, since},
};
use crate::domain::status::RunKind;

const PRUNE: Operation =
    Operation("mutation($input: PruneRunsInput!) { pruneRuns(input: $input) { deleted remaining kept } }");

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[PRUNE];

/// Delete old runs that nobody needs
///
/// Keeps runs that have not ended, whose suggestions wait for a decision or an apply, whose text is the accepted
/// description of an asset, or whose writes can be rolled back. The audit and the usage stay.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss prune --older-than 90d --dry-run
  gloss prune --older-than 90d --yes
  gloss prune --older-than 2026-11-01 --kind ask --kind generate")]
pub struct Prune {
    /// Delete runs that ended before this time: a number of minutes, hours or days ago (`30m`, `12h`, `90d`), a day in
    /// UTC, or a time (RFC 3339)
    #[arg(long, value_name = "AGE", value_parser = since)]
    older_than: Since,
    /// Only runs of this kind; may be repeated
    #[arg(long = "kind", value_name = "KIND", ignore_case = true,
        value_parser = one_of(RunKind::ALL.iter().map(|kind| kind.as_str())))]
    kinds: Vec<String>,
    /// Count the runs, and delete none
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Delete them without asking
    #[arg(long)]
    yes: bool,
}

impl ApiCommand for Prune {
    fn needs(&self) -> Needs {
        Needs::Records
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let before = self.older_than.in_utc();
        let kinds = Some(&self.kinds).filter(|kinds| !kinds.is_empty());
        let input = |dry_run| json!({ "input": { "endedBefore": before, "kinds": kinds, "dryRun": dry_run } });
        let prune = async |dry_run| client.data(PRUNE, input(dry_run)).await.map(|mut data| data["pruneRuns"].take());
        let mut answer = prune(true).await?;
        let found = answer["remaining"].as_u64().unwrap_or_default();
        if !self.dry_run && found > 0 {
            let question = format!("Delete {} that ended before {before:?}?", runs(found));
            if !self.yes && !output::confirmed(&question, "--yes")? {
                output::note("Nothing was deleted.");
                return Ok(Exit::Success);
            }
            let mut deleted = 0;
            loop {
                answer = prune(false).await?;
                deleted += answer["deleted"].as_u64().unwrap_or_default();
                if answer["remaining"] == 0 {
                    break;
                }
                output::note(&format!("{deleted} of {} deleted …", runs(found)));
            }
            answer["deleted"] = deleted.into();
        }
        if output.is_json() {
            output::document(&answer);
        } else {
            self.print(&answer, found);
        }
        Ok(Exit::Success)
    }
}

impl Prune {
    fn print(&self, answer: &Value, found: u64) {
        if self.dry_run {
            output::line(&format!("{} can be deleted.", runs(found)));
        } else {
            output::line(&format!("{} deleted.", runs(answer["deleted"].as_u64().unwrap_or_default())));
        }
        let kept = answer["kept"].as_u64().unwrap_or_default();
        if kept > 0 {
            output::note(&format!(
                "{} of this age kept: suggestions wait for a decision or an apply, or an accepted text or a comment \
                 in a database is theirs.",
                runs(kept)
            ));
        }
    }
}

fn runs(number: u64) -> String {
    if number == 1 { "1 run".to_owned() } else { format!("{number} runs") }
}
