//! The command `gloss import amx`: the runs, results and writes in a history of AMX.

mod cell;
mod file;
mod profiles;
mod results;
mod runs;
mod time;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::spawn_blocking};

use self::{file::HistoryFile, profiles::Profiles, results::Tally, runs::Runs};
use super::{
    Problems, counted,
    parts::{Part, Recorded, Sender},
};
use crate::{
    cli::{CliError, Client, Exit, Output, operation::Operation, output},
    domain::{
        Code,
        asset::quote_part,
        clock::{Clock as _, SystemClock},
        text::some_of,
    },
};

/// The documents of the command.
pub const OPERATIONS: &[Operation] = profiles::OPERATIONS;

/// Parts that are read ahead.
const READ_AHEAD: usize = 2;
/// Where the runs are from.
const SOURCE: &str = "a history of AMX";

/// Import the runs of AMX: results, reviews and writes
///
/// Importing a history again adds only what is new in it. A DB profile of AMX is the DB profile with the same name; if
/// there is none, it is created without URL and password, which AMX keeps elsewhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss import amx ~/.amx/history.db
  gloss import amx history.db --dry-run
  gloss import amx history.db --db-profile warehouse=sales")]
pub struct Amx {
    /// The history, usually `~/.amx/history.db`
    path: PathBuf,
    /// The DB profile that a DB profile of AMX is, as in `warehouse=sales`; may be repeated [default: the one with the
    /// same name]
    #[arg(long, value_name = "AMX=NAME", value_parser = mapping)]
    db_profile: Vec<(String, String)>,
    /// Show what would be imported, and record nothing
    #[arg(long)]
    dry_run: bool,
}

/// Reads `AMX=NAME`.
fn mapping(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(from, to)| !from.is_empty() && !to.is_empty());
    let pair = pair.ok_or("write the name in AMX, =, and the name of a DB profile, as in warehouse=sales")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

impl Amx {
    /// Imports the history.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if the file is no history that can be read, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let path = self.path.clone();
        let (file, mut runs, mut problems, total) = blocking(move || {
            let file = HistoryFile::open(&path)?;
            let mut problems = Problems::default();
            let runs = Runs::read(&file, SystemClock.now(), &mut problems)?;
            let total = file.connection.query_row("SELECT count(*) FROM run_results", [], |row| row.get(0));
            let total: i64 = total.map_err(|error| file.failure(&error))?;
            Ok((file, runs, problems, u64::try_from(total).unwrap_or_default()))
        })
        .await?;
        let profiles = profiles::resolve(client, &runs, &self.db_profile, self.dry_run).await?;
        for head in &mut runs.heads {
            if let Some(id) = head.db_profile.as_ref().and_then(|name| profiles.ids.get(name)) {
                head.run["dbProfileId"] = json!(id);
            }
        }
        let mut sender = Sender::new(client, SOURCE, self.dry_run, total)?;
        let (parts, mut ready) = mpsc::channel::<Part>(READ_AHEAD);
        let reading = tokio::spawn(blocking(move || {
            let tally = results::read(&file, &runs, &mut problems, |part| parts.blocking_send(part).is_ok())?;
            Ok((tally, runs, problems))
        }));
        let mut is_whole = true;
        while let Some(part) = ready.recv().await {
            if !sender.send(part).await? {
                is_whole = false;
                break;
            }
        }
        // The reader stops when nobody takes its parts.
        drop(ready);
        let (tally, runs, problems) = reading.await.map_err(|error| internal(&error.to_string()))??;
        sender.clear();
        let summary = Summary { amx: &self, runs: &runs, profiles: &profiles, tally: &tally, sent: &sender };
        problems.note();
        if output.is_json() {
            output::document(&summary.document(is_whole, &problems));
        } else {
            summary.print();
        }
        if is_whole {
            return Ok(Exit::Success);
        }
        output::note("Stopped. What is imported stays; the same command imports the rest.");
        Ok(Exit::Cancelled)
    }
}

/// Runs work that blocks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CliError> + Send + 'static,
) -> Result<T, CliError> {
    spawn_blocking(work).await.map_err(|error| internal(&error.to_string()))?
}

fn internal(message: &str) -> CliError {
    CliError::Refused { code: Code::Internal, message: format!("the history could not be read: {message}") }
}

/// What an import did.
struct Summary<'a> {
    amx: &'a Amx,
    runs: &'a Runs,
    profiles: &'a Profiles,
    tally: &'a Tally,
    sent: &'a Sender<'a>,
}

impl Summary<'_> {
    fn document(&self, is_whole: bool, problems: &Problems) -> Value {
        let run =
            |it: &Recorded| json!({ "number": it.number, "status": it.status, "isNew": it.is_new, "added": it.added });
        let changed = self.sent.runs.iter().filter(|run| run.is_new || run.added > 0);
        json!({
            "dryRun": self.amx.dry_run,
            "complete": is_whole,
            "runs": changed.map(run).collect::<Vec<_>>(),
            "knownRuns": self.sent.runs.iter().filter(|run| !run.is_new && run.added == 0).count(),
            "suggestions": self.sent.added(),
            "runsWithSumOfTokens": self.runs.sums_only,
            "dbProfilesCreated": self.profiles.created.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "llmProfilesCreated": self.profiles.created_llm,
            "leftOut": {
                "runs": self.runs.left_out,
                "results": self.tally.left_out,
                "writes": self.tally.writes_left_out,
                "problems": problems.shown,
                "problemCount": problems.count,
            },
        })
    }

    fn print(&self) {
        let (added, total) = (self.sent.added(), self.sent.runs.len());
        let new: Vec<i64> = self.sent.new_runs().filter_map(|run| run.number).collect();
        let is_new = self.sent.new_runs().count();
        let name = self.amx.path.display().to_string();
        let name = output::text(&name.into());
        if is_new == 0 && added == 0 {
            let known = if total == 0 { "it has no runs to import".to_owned() } else { known(total) };
            output::line(&format!("Nothing new in {name}: {known}."));
        } else {
            let would = if self.amx.dry_run { "Would import" } else { "Imported" };
            let numbers = match (new.first(), new.last()) {
                (Some(first), Some(last)) if first < last => format!(" (#{first} to #{last})"),
                (Some(first), _) => format!(" (#{first})"),
                _ => String::new(),
            };
            let (runs, suggestions) = (counted(is_new, "new run"), counted(added, "suggestion"));
            output::line(&format!("{would} {runs}{numbers} with {suggestions} from {name}."));
            let before = total - is_new;
            if before > 0 {
                output::note(&format!("{} imported before.", counted(before, "run")));
            }
            if self.runs.sums_only > 0 {
                output::note(&format!(
                    "AMX kept only the sum of the tokens of {}. Gloss counts these tokens as input.",
                    counted(self.runs.sums_only, "run")
                ));
            }
        }
        for (reason, count) in &self.runs.left_out {
            output::note(&format!("Left out: {} ({reason})", counted(*count, "run")));
        }
        if self.tally.left_out > 0 {
            output::note(&format!("Left out: {} in all", counted(self.tally.left_out, "result")));
        }
        if self.tally.writes_left_out > 0 {
            output::note(&format!("Left out: {} without a result", counted(self.tally.writes_left_out, "write")));
        }
        self.print_profiles();
        if !new.is_empty() {
            output::note("Next: gloss history list --label amx");
        }
    }

    fn print_profiles(&self) {
        let verb = if self.amx.dry_run { "would be created" } else { "was created" };
        for (name, form) in &self.profiles.created {
            output::note(&format!(
                "The DB profile {} {verb} without its URL and password. Set them with: gloss profile db set {} {form} \
                 --same-database",
                output::text(&name.as_str().into()),
                quote_part(name)
            ));
        }
        for name in &self.profiles.created_llm {
            output::note(&format!("The LLM profile {} {verb} without its key.", output::text(&name.as_str().into())));
        }
        if !self.profiles.impossible.is_empty() {
            output::note(&format!(
                "Gloss cannot describe the databases of {}; their runs keep the names.",
                output::text(&some_of(&self.profiles.impossible, ", ").into())
            ));
        }
    }
}

fn known(total: usize) -> String {
    if total == 1 { "its run was imported before".to_owned() } else { format!("all {total} runs were imported before") }
}
