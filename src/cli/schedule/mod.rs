//! The commands `gloss schedule …`: runs that a server starts by itself.

mod add;
mod change;
mod named;
mod show;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::named::Named;
use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    lookup::Profiles,
    operation::Operation,
    output::{self, Tone},
    pages,
    run::{
        finish, print_started,
        watch::{Interrupts, Watched},
    },
    table::Table,
    values::one_of,
};
use crate::domain::schedule::ScheduleStatus;

/// The fields of `Schedule` that every command of it shows.
macro_rules! schedule_fields {
    () => {
        "id name status cron timeZone fireAt nextFireAt nextFirings(first: 5) lastFireAt onChange reviewStrategy
        dbProfile { name } llmProfile { name } scopeSummary lastError { code message hint }"
    };
}
use schedule_fields;

const LIST: Operation = Operation(concat!(
    "query($filter: ScheduleFilter, $first: Int, $after: String) {
        schedules(filter: $filter, first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ",
    schedule_fields!(),
    " } } }"
));
const PAUSE: Operation =
    Operation("mutation($id: ID!) { pauseSchedule(input: { id: $id }) { schedule { id name status nextFireAt } } }");
const RESUME: Operation =
    Operation("mutation($id: ID!) { resumeSchedule(input: { id: $id }) { schedule { id name status nextFireAt } } }");
const RUN: Operation =
    Operation("mutation($id: ID!) { runScheduleNow(input: { id: $id }) { runs { id number status scopeSummary } } }");
const REMOVE: Operation = Operation("mutation($id: ID!) { deleteSchedule(input: { id: $id }) { deletedId } }");

/// The documents of the commands.
pub const OPERATIONS: &[&[Operation]] =
    &[add::OPERATIONS, change::OPERATIONS, named::OPERATIONS, show::OPERATIONS, &[LIST, PAUSE, RESUME, RUN, REMOVE]];

/// List, add, change, pause, run and remove schedules, which start runs once or repeatedly
///
/// A schedule fires while a server runs.
#[derive(Debug, Args)]
pub struct Schedule {
    #[command(subcommand)]
    command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    List(List),
    Add(add::Add),
    Change(change::Change),
    /// Show one schedule: when it fires next, what it covers, and its last runs
    #[command(after_help = "\
Examples:
  gloss schedule show nightly
  gloss schedule show nightly --json")]
    Show(Named),
    /// Pause a schedule; runs that it started continue
    #[command(after_help = "\
Examples:
  gloss schedule pause nightly")]
    Pause(Named),
    /// Resume a paused schedule at its next future time
    #[command(after_help = "\
Examples:
  gloss schedule resume nightly")]
    Resume(Named),
    Run(RunNow),
    Remove(Remove),
}

/// List the schedules, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss schedule list
  gloss schedule list --status paused --profile demo
  gloss schedule list --json")]
struct List {
    /// Only schedules in this status; may be repeated
    #[arg(long, value_parser = one_of(ScheduleStatus::ALL.iter().map(|status| status.as_str())), ignore_case = true)]
    status: Vec<String>,
    /// Only schedules on this DB profile; may be repeated
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
}

/// Start a run of a schedule now, and show the progress; its next times stay
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss schedule run nightly
  gloss schedule run nightly --detach")]
struct RunNow {
    #[command(flatten)]
    named: Named,
    /// Start the run and do not wait for its end
    #[arg(long)]
    detach: bool,
}

/// Remove a schedule; its runs stay
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss schedule remove nightly
  gloss schedule remove nightly --yes")]
struct Remove {
    #[command(flatten)]
    named: Named,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl ApiCommand for Schedule {
    fn needs(&self) -> Needs {
        match &self.command {
            ScheduleCommand::Run(run) if !run.detach => Needs::Workers,
            _ => Needs::Secrets,
        }
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        match self.command {
            ScheduleCommand::List(list) => list.run(client, output).await,
            ScheduleCommand::Add(add) => add.run(client, output).await,
            ScheduleCommand::Change(change) => change.run(client, output).await,
            ScheduleCommand::Show(named) => show::show(client, &named.find(client).await?.id, output).await,
            ScheduleCommand::Pause(named) => turn(client, PAUSE, "pauseSchedule", &named, output).await,
            ScheduleCommand::Resume(named) => turn(client, RESUME, "resumeSchedule", &named, output).await,
            ScheduleCommand::Run(run) => run.run(client, output).await,
            ScheduleCommand::Remove(remove) => remove.run(client, output).await,
        }
    }
}

impl List {
    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let profiles = match self.profile.as_slice() {
            [] => None,
            names => Some(Profiles::db(client).await?.ids(names)?),
        };
        let statuses = Some(self.status).filter(|statuses| !statuses.is_empty());
        let variables = json!({ "filter": { "statuses": statuses, "dbProfileIds": profiles } });
        let (schedules, _) = pages::read(client, LIST, &variables, "/schedules", usize::MAX).await?.unwrap_or_default();
        if output.is_json() {
            output::document(&Value::Array(schedules));
            return Ok(Exit::Success);
        }
        if schedules.is_empty() {
            output::note("No schedules match. Add one with `gloss schedule add`.");
            return Ok(Exit::Success);
        }
        let titles = ["NAME", "STATUS", "FIRES", "NEXT", "PROFILE", "SCOPE", "REVIEW"];
        let table = Table::new(titles).cutting(&["SCOPE", "PROFILE", "FIRES", "NAME"]);
        let mut table = table.dropping(&["NEXT", "REVIEW", "PROFILE", "SCOPE"]);
        for schedule in &schedules {
            let status = match schedule["status"].as_str() {
                Some("ACTIVE") if !schedule["lastError"].is_null() => Tone::Bad,
                Some("ACTIVE") => Tone::Good,
                Some("MISSED") => Tone::Bad,
                _ => Tone::Faint,
            };
            let plain = |text: String| (text, Tone::Plain);
            table.toned([
                plain(output::text(&schedule["name"])),
                (output::words(&schedule["status"]), status),
                plain(fires(schedule)),
                plain(output::time(&schedule["nextFireAt"])),
                plain(output::text(&schedule["dbProfile"]["name"])),
                plain(output::text(&schedule["scopeSummary"])),
                plain(output::words(&schedule["reviewStrategy"])),
                plain(if schedule["cron"].is_null() { "-".to_owned() } else { output::text(&schedule["timeZone"]) }),
            ]);
        }
        table.print();
        Ok(Exit::Success)
    }
}

impl RunNow {
    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let id = self.named.find(client).await?.id;
        let mut interrupts = Interrupts::listen()?;
        let started = interrupts.unless(client.data(RUN, json!({ "id": id }))).await?["runScheduleNow"]["runs"].take();
        let runs: Vec<Watched> = started.as_array().into_iter().flatten().map(|run| Watched::of(run, 0)).collect();
        if runs.is_empty() {
            if output.is_json() {
                output::document(&started);
            } else {
                output::note("Nothing is new or changed since the last run, so no run was started.");
            }
            return Ok(Exit::Success);
        }
        if self.detach {
            print_started(client, &started, output);
            return Ok(Exit::Success);
        }
        finish(client, runs, interrupts, output).await
    }
}

impl Remove {
    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let schedule = self.named.find(client).await?;
        let (name, covers) = (output::text(&schedule.name.as_str().into()), output::text(&schedule.covers.into()));
        let question = format!("Remove the schedule {name} ({covers})? Its runs stay.");
        if !self.yes && !output::confirmed(&question, "--yes")? {
            output::note("Nothing was removed.");
            return Ok(Exit::Success);
        }
        let data = client.data(REMOVE, json!({ "id": schedule.id })).await?;
        if output.is_json() {
            output::document(&data["deleteSchedule"]);
        } else {
            output::line(&format!("The schedule {name} has been removed."));
        }
        Ok(Exit::Success)
    }
}

/// Pauses or resumes a schedule.
async fn turn(
    client: &Client,
    operation: Operation,
    field: &str,
    named: &Named,
    output: Output,
) -> Result<Exit, CliError> {
    let id = named.find(client).await?.id;
    let schedule = client.data(operation, json!({ "id": id })).await?[field]["schedule"].take();
    if output.is_json() {
        output::document(&schedule);
        return Ok(Exit::Success);
    }
    output::line(&format!("The schedule {} is {}.", output::text(&schedule["name"]), state(&schedule)));
    Ok(Exit::Success)
}

/// The status of a schedule, and when it fires next: `active and fires next at 2026-12-01T02:30:00Z`.
fn state(schedule: &Value) -> String {
    let status = output::words(&schedule["status"]);
    if schedule["nextFireAt"].is_null() {
        return status;
    }
    format!("{status} and fires next at {}", output::clock(&schedule["nextFireAt"]))
}

/// When a schedule fires: `30 2 * * MON-FRI Europe/Berlin`, `once`.
fn fires(schedule: &Value) -> String {
    match schedule["cron"].as_str() {
        Some(_) => format!("{} {}", output::text(&schedule["cron"]), output::text(&schedule["timeZone"])),
        None => "once".to_owned(),
    }
}
