//! The command `gloss usage`.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    operation::Operation,
    output::{self, Tone},
    table::Table,
    values::{Since, one_of, since},
};
use crate::domain::schedule::time_zone;

const USAGE: Operation = Operation(
    "query($window: UsageWindow!, $since: DateTime, $zone: String!) { usage(window: $window, since: $since) {
        total { inputTokens outputTokens totalTokens costUsd requests }
        byModel { provider model runs usage { inputTokens outputTokens totalTokens costUsd requests } }
        byDay(timeZone: $zone) { day runs usage { inputTokens outputTokens totalTokens costUsd requests } } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[USAGE];

/// The windows of the API.
const WINDOWS: [&str; 5] = ["TODAY", "LAST_24_HOURS", "LAST_7_DAYS", "LAST_30_DAYS", "ALL_TIME"];

/// Show what models have used and cost
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss usage
  gloss usage --window today
  gloss usage --since 7d
  gloss usage --since 2026-11-01 --by-day
  gloss usage --window last-7-days --by-day --time-zone Europe/Berlin")]
pub struct Usage {
    /// The span of time, up to now
    #[arg(long, default_value = "last-30-days", value_parser = one_of(WINDOWS), ignore_case = true)]
    window: String,
    /// Begin at a time instead: a number of minutes, hours or days ago (`30m`, `12h`, `7d`), a day, or a time (RFC
    /// 3339), each rounded down to a quarter of an hour
    #[arg(long, value_name = "WHEN", value_parser = since, conflicts_with = "window")]
    since: Option<Since>,
    /// Show days instead of models
    #[arg(long)]
    by_day: bool,
    /// Time zone of the days, as in `Europe/Berlin`
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
}

impl ApiCommand for Usage {
    fn needs(&self) -> Needs {
        Needs::Records
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let since = match self.since {
            None => None,
            Some(Since::Moment(moment)) => Some(moment),
            Some(Since::Day(day)) => Some(beginning(day, &self.time_zone)?),
        };
        let variables = json!({ "window": self.window, "since": since, "zone": self.time_zone });
        let usage = client.data(USAGE, variables).await?["usage"].take();
        if output.is_json() {
            output::document(&usage);
            return Ok(Exit::Success);
        }
        let (list, first) = if self.by_day { ("byDay", "DAY") } else { ("byModel", "MODEL") };
        let mut table = Table::new([first, "RUNS", "REQUESTS", "INPUT TOKENS", "OUTPUT TOKENS", "COST"]);
        for part in usage[list].as_array().into_iter().flatten() {
            let name = if self.by_day { &part["day"] } else { &part["model"] };
            // An import says no model.
            let name = if name == "" { "-".to_owned() } else { output::text(name) };
            table.row([name, part["runs"].to_string()].into_iter().chain(figures(&part["usage"])));
        }
        let total = ["total".to_owned(), String::new()].into_iter().chain(figures(&usage["total"]));
        table.toned(total.map(|figure| (figure, Tone::Faint)));
        table.print();
        Ok(Exit::Success)
    }
}

/// Returns the first moment of a day in a time zone.
fn beginning(day: NaiveDate, zone: &str) -> Result<DateTime<Utc>, CliError> {
    let zone = time_zone(zone, "timeZone").map_err(|error| CliError::Usage(error.to_string()))?;
    // A day whose midnight the clocks skip begins when they continue.
    let first = (0..24 * 4).find_map(|quarter| {
        let local = day.and_time(NaiveTime::MIN) + TimeDelta::minutes(15 * quarter);
        local.and_local_timezone(zone).earliest()
    });
    let unknown = || CliError::Usage(format!("{day} does not exist in this time zone; choose another day"));
    Ok(first.ok_or_else(unknown)?.to_utc())
}

fn figures(usage: &Value) -> [String; 4] {
    [
        usage["requests"].to_string(),
        usage["inputTokens"].to_string(),
        usage["outputTokens"].to_string(),
        output::dollars(&usage["costUsd"]),
    ]
}
