//! The command `gloss schedule add`.

use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use super::{named::check_free, schedule_fields};
use crate::{
    cli::{
        CliError, Client, Exit, Output,
        lookup::{self, Profiles},
        operation::Operation,
        output, scope,
        values::{moment, one_of, usd},
    },
    domain::schedule::ReviewStrategy,
};

const ADD: Operation = Operation(concat!(
    "mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { ",
    schedule_fields!(),
    " } } }"
));

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[ADD];

/// Add a schedule, which starts runs once or repeatedly
///
/// The scope is checked now, and resolved again by each run, so that new tables are included.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("when").args(["cron", "at"]).required(true))]
#[command(after_help = "\
Examples:
  gloss schedule add nightly demo --cron '30 2 * * MON-FRI' --time-zone Europe/Berlin
  gloss schedule add changes demo:main --cron @daily --on-change --review auto
  gloss schedule add once demo:main.orders --at 12h --missing-only")]
pub struct Add {
    /// Name of the schedule
    name: String,
    /// What its runs describe: `profile[/database]:schema.table.column`, as in `gloss run`; all in one database
    #[arg(required = true)]
    scope: Vec<String>,
    /// When it fires repeatedly: minute, hour, day of month, month and day of week, or `@daily`
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Time zone of --cron, as in `Europe/Berlin` [default: UTC]
    #[arg(long, value_name = "ZONE", conflicts_with = "at")]
    time_zone: Option<String>,
    /// When it fires once: in a number of minutes, hours or days (`30m`, `12h`, `90d`), or at a time (RFC 3339)
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    at: Option<DateTime<Utc>>,
    /// What happens to the suggestions: wait for a review, or write the first of each asset at once
    #[arg(long, value_name = "HOW", default_value = "manual", ignore_case = true)]
    #[arg(value_parser = one_of(ReviewStrategy::ALL.iter().map(|it| it.as_str())))]
    review: String,
    /// Describe only assets that are new or whose type changed since the last run
    #[arg(long)]
    on_change: bool,
    /// Name of the LLM profile [default: the profile that is the default when it fires]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Describe only assets without a comment
    #[arg(long)]
    missing_only: bool,
    /// Leave out the tables that match, as in `*_bak` or `staging.*`; may be repeated
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Pause each run before it costs more than this many United States dollars
    #[arg(long, value_name = "USD", value_parser = usd)]
    budget_usd: Option<f64>,
}

impl Add {
    /// Adds the schedule.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for a wrong scope or an unknown profile, a conflict if a schedule has the name, and
    /// the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        check_free(client, &self.name, None).await?;
        let input = self.input(client).await?;
        let schedule = client.data(ADD, json!({ "input": input })).await?["createSchedule"]["schedule"].take();
        if output.is_json() {
            output::document(&schedule);
            return Ok(Exit::Success);
        }
        let next = output::clock(&schedule["nextFireAt"]);
        output::line(&format!("The schedule {} has been added. It fires next at {next}.", self.name));
        if client.server().is_none() {
            output::note("A schedule fires while a server runs: start one with `gloss serve`.");
        }
        Ok(Exit::Success)
    }

    /// The input of `createSchedule`.
    async fn input(&self, client: &Client) -> Result<Value, CliError> {
        Ok(json!({
            "name": self.name,
            "cron": self.cron,
            "fireAt": self.at,
            "timeZone": self.time_zone.as_deref().unwrap_or("UTC"),
            "onChange": self.on_change,
            "target": target(client, &self.scope, &json!(self.exclude)).await?,
            "llmProfileId": lookup::model(client, self.model.as_deref()).await?,
            "options": { "missingOnly": self.missing_only },
            "budget": self.budget_usd.map(|usd| json!({ "maxCostUsd": usd })),
            "reviewStrategy": self.review,
        }))
    }
}

/// Returns the scopes as the target of a schedule.
///
/// # Errors
/// Returns [`CliError::Usage`] for a wrong scope, several databases or an unknown profile, and the errors of
/// [`Client::data`].
pub async fn target(client: &Client, scopes: &[String], exclude: &Value) -> Result<Value, CliError> {
    let targets = scope::targets(scope::parse(&scopes.join(" "))?);
    let [target] = targets.as_slice() else {
        return Err(CliError::Usage(
            "a schedule covers one database, but the scopes name several; add a schedule for each".to_owned(),
        ));
    };
    Ok(json!({
        "dbProfileId": Profiles::db(client).await?.id(&target.profile)?,
        "database": target.database,
        "schemas": target.schemas(),
        "exclude": exclude,
    }))
}
