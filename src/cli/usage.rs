//! The command `gloss usage`.

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    operation::Operation,
    output::{self, Tone},
    table::Table,
    values::one_of,
};

const USAGE: Operation = Operation(
    "query($window: UsageWindow!, $zone: String!) { usage(window: $window) {
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
  gloss usage --window last-7-days --by-day --time-zone Europe/Berlin")]
pub struct Usage {
    /// The span of time, up to now
    #[arg(long, default_value = "last-30-days", value_parser = one_of(WINDOWS), ignore_case = true)]
    window: String,
    /// Show days instead of models
    #[arg(long)]
    by_day: bool,
    /// Time zone of the days
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
}

impl ApiCommand for Usage {
    fn needs(&self) -> Needs {
        Needs::Records
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let variables = json!({ "window": self.window, "zone": self.time_zone });
        let usage = client.data(USAGE, variables).await?["usage"].take();
        if output.is_json() {
            output::document(&usage);
            return Ok(Exit::Success);
        }
        let (list, first) = if self.by_day { ("byDay", "DAY") } else { ("byModel", "MODEL") };
        let mut table = Table::new([first, "RUNS", "REQUESTS", "INPUT TOKENS", "OUTPUT TOKENS", "COST"]);
        for part in usage[list].as_array().into_iter().flatten() {
            let name = if self.by_day { &part["day"] } else { &part["model"] };
            table.row([output::text(name), part["runs"].to_string()].into_iter().chain(figures(&part["usage"])));
        }
        let total = ["total".to_owned(), String::new()].into_iter().chain(figures(&usage["total"]));
        table.toned(total.map(|figure| (figure, Tone::Faint)));
        table.print();
        Ok(Exit::Success)
    }
}

fn figures(usage: &Value) -> [String; 4] {
    [
        usage["requests"].to_string(),
        usage["inputTokens"].to_string(),
        usage["outputTokens"].to_string(),
        output::dollars(&usage["costUsd"]),
    ]
}
