//! The command `gloss schedule change`.

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Map, Value, json};

use super::{add::target, named::Named, named::check_free, schedule_fields, state};
use crate::{
    cli::{
        CliError, Client, Exit, Output,
        lookup::Profiles,
        operation::Operation,
        output,
        values::{Setting, moment, one_of, setting, text, usd, yes_or_no},
    },
    domain::{profile::LlmProvider, run::RunOptions, schedule::ReviewStrategy},
};

const PRESENT: Operation = Operation(
    "query($id: ID!) { node(id: $id) { ... on Schedule { dbProfile { id } llmProfile { provider }
        scope { database schemas { name tables { name columns } } exclude partitions }
        budget { maxCostUsd maxTokens maxSeconds }
        options { missingOnly replaceComments alternatives temperature maxOutputTokens verbosity profileData inherit
            instructions } } } }",
);
const UPDATE: Operation = Operation(concat!(
    "mutation($input: UpdateScheduleInput!) { updateSchedule(input: $input) { schedule { ",
    schedule_fields!(),
    " } } }"
));

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[PRESENT, UPDATE];

/// Change a schedule: when it fires, what it covers, and how
///
/// What is not given stays as it was. Runs that the schedule started stay, too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss schedule change nightly --cron '0 4 * * *' --time-zone Europe/Berlin
  gloss schedule change nightly demo:main.orders demo:main.customers --review auto
  gloss schedule change nightly --name weekly --on-change no --budget-usd ''")]
pub struct Change {
    #[command(flatten)]
    named: Named,
    /// What its runs describe instead: `profile[/database]:schema.table.column`; all in one database
    scope: Vec<String>,
    /// New name of the schedule
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// Fire repeatedly: minute, hour, day of month, month and day of week, or `@daily`
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "at")]
    cron: Option<String>,
    /// Time zone of --cron, as in `Europe/Berlin`
    #[arg(long, value_name = "ZONE", conflicts_with = "at")]
    time_zone: Option<String>,
    /// Fire once: in a number of minutes, hours or days (`30m`, `12h`, `90d`), or at a time (RFC 3339)
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    at: Option<DateTime<Utc>>,
    /// What happens to the suggestions: wait for a review, or write the first of each asset at once
    #[arg(long, value_name = "HOW", ignore_case = true)]
    #[arg(value_parser = one_of(ReviewStrategy::ALL.iter().map(|it| it.as_str())))]
    review: Option<String>,
    /// Whether to describe only assets that are new or whose type changed since the last run
    #[arg(long = "on-change", value_name = "yes|no", value_parser = yes_or_no)]
    only_new: Option<bool>,
    /// Name of the LLM profile; '' for the profile that is the default when it fires
    #[arg(long, value_name = "NAME", value_parser = setting(text))]
    model: Option<Setting<String>>,
    /// Whether to describe only assets without a comment
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    missing_only: Option<bool>,
    /// Leave out the tables that match, in place of all patterns before; may be repeated; '' for none
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Pause each run before it costs more than this many United States dollars; '' for no limit
    #[arg(long, value_name = "USD", value_parser = setting(usd))]
    budget_usd: Option<Setting<f64>>,
}

impl Change {
    /// Changes the schedule.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for an unknown schedule, a wrong scope or an unknown profile, a conflict if another
    /// schedule has the new name, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let id = self.named.find(client).await?.id;
        if let Some(name) = &self.new_name {
            check_free(client, name, Some(&id)).await?;
        }
        let input = self.input(client, &id).await?;
        let mut data = client.data(UPDATE, json!({ "input": input })).await?;
        let schedule = data["updateSchedule"]["schedule"].take();
        if output.is_json() {
            output::document(&schedule);
            return Ok(Exit::Success);
        }
        let (name, state) = (output::text(&schedule["name"]), state(&schedule));
        output::line(&format!("The schedule {name} has been changed. It is {state}."));
        Ok(Exit::Success)
    }

    /// The input of `updateSchedule`. Some of its fields are set as a whole, so their other parts are read first.
    async fn input(&self, client: &Client, id: &str) -> Result<Value, CliError> {
        let present = client.data(PRESENT, json!({ "id": id })).await?["node"].take();
        let mut input = Map::from_iter([("id".to_owned(), json!(id))]);
        let mut set = |field: &str, value: Value| drop(input.insert(field.to_owned(), value));
        if let Some(name) = &self.new_name {
            set("name", json!(name));
        }
        if let Some(cron) = &self.cron {
            set("cron", json!(cron));
            set("fireAt", Value::Null);
        }
        if let Some(at) = self.at {
            set("fireAt", json!(at));
            set("cron", Value::Null);
        }
        if let Some(zone) = &self.time_zone {
            set("timeZone", json!(zone));
        }
        if let Some(on_change) = self.only_new {
            set("onChange", json!(on_change));
        }
        if let Some(review) = &self.review {
            set("reviewStrategy", json!(review));
        }
        if let Some(target) = self.target(client, &present).await? {
            set("target", target);
        }
        match &self.model {
            None => {}
            Some(Setting(None)) => set("llmProfileId", Value::Null),
            Some(Setting(Some(name))) => set("llmProfileId", json!(Profiles::llm(client).await?.id(name)?)),
        }
        if let Some(missing_only) = self.missing_only {
            let provider = present["llmProfile"]["provider"].as_str().and_then(|it| it.parse().ok());
            let mut options = chosen(&present["options"], provider.unwrap_or(LlmProvider::OpenAiCompatible));
            options["missingOnly"] = json!(missing_only);
            set("options", options);
        }
        if let Some(usd) = self.budget_usd.clone() {
            let mut budget = present["budget"].clone();
            budget["maxCostUsd"] = usd.into();
            let is_limited = budget.as_object().is_some_and(|limits| limits.values().any(|limit| !limit.is_null()));
            set("budget", if is_limited { budget } else { Value::Null });
        }
        if input.len() == 1 {
            return Err(CliError::nothing_to_change("gloss schedule change"));
        }
        Ok(Value::Object(input))
    }

    /// The new target; `None` if it stays.
    async fn target(&self, client: &Client, present: &Value) -> Result<Option<Value>, CliError> {
        let scope = &present["scope"];
        let patterns: Vec<&String> = self.exclude.iter().filter(|pattern| !pattern.is_empty()).collect();
        let exclude = if self.exclude.is_empty() { scope["exclude"].clone() } else { json!(patterns) };
        let mut target = match (self.scope.as_slice(), self.exclude.as_slice()) {
            ([], []) => return Ok(None),
            ([], _) => json!({
                "dbProfileId": present["dbProfile"]["id"],
                "database": scope["database"],
                "schemas": scope["schemas"],
                "exclude": exclude,
            }),
            (scopes, _) => target(client, scopes, &exclude).await?,
        };
        target["partitions"] = scope["partitions"].clone();
        Ok(Some(target))
    }
}

/// The options that a schedule sets: those that differ from the defaults, which may depend on the model.
fn chosen(options: &Value, provider: LlmProvider) -> Value {
    let defaults = RunOptions::defaults(provider);
    let defaults = [
        ("replaceComments", json!(defaults.replace_comments)),
        ("alternatives", json!(defaults.alternatives)),
        ("temperature", json!(defaults.temperature)),
        ("maxOutputTokens", json!(defaults.max_output_tokens)),
        ("verbosity", json!(defaults.verbosity.as_str())),
        ("profileData", json!(defaults.profile_data)),
        ("inherit", json!(defaults.inherit)),
        ("instructions", json!(defaults.instructions)),
    ];
    let others = defaults.into_iter().filter(|(name, default)| options[*name] != *default);
    others.map(|(name, _)| (name.to_owned(), options[name].clone())).collect()
}
