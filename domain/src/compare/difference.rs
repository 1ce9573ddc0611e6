//! The settings in which runs differ.

use std::sync::Arc;

use crate::{asset::quote_part, run::Run, scope::RunScope};

/// A setting with the value of each run as text; `None` if a run has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDifference {
    /// The setting, by its path in the API: `options.temperature`.
    pub setting: &'static str,
    /// One value per run.
    pub values: Vec<Option<String>>,
}

/// A function that reads a setting of a run.
type Read = fn(&Run) -> Option<String>;

/// All settings, in display order.
const SETTINGS: &[(&str, Read)] = &[
    ("title", |run| run.naming.title.clone()),
    ("labels", |run| Some(run.naming.labels.join(", ")).filter(|labels| !labels.is_empty())),
    ("startedBy", |run| Some(run.spec.started_by.clone())),
    ("kind", |run| Some(run.spec.kind.as_str().to_owned())),
    ("command", |run| Some(run.spec.command.as_str().to_owned())),
    ("status", |run| Some(run.status.as_str().to_owned())),
    ("dbProfile", |run| run.spec.db_profile_name.clone()),
    ("scope.database", |run| run.spec.scope.database.clone()),
    ("scope", |run| Some(spelled_out(&run.spec.scope))),
    ("scope.exclude", |run| {
        let patterns: Vec<String> = run.spec.scope.exclude.iter().map(ToString::to_string).collect();
        Some(patterns.join(", ")).filter(|patterns| !patterns.is_empty())
    }),
    ("scope.partitions", |run| Some(run.spec.scope.partitions.as_str().to_owned())),
    ("llmProfile", |run| run.spec.llm_profile_name.clone()),
    ("provider", |run| run.spec.provider.map(|provider| provider.as_str().to_owned())),
    ("model", |run| run.spec.model.clone()),
    ("promptVersion", |run| run.prompt_version.clone()),
    ("options.missingOnly", |run| Some(run.spec.options.missing_only.to_string())),
    ("options.replaceComments", |run| Some(run.spec.options.replace_comments.to_string())),
    ("options.alternatives", |run| Some(run.spec.options.alternatives.to_string())),
    ("options.temperature", |run| Some(run.spec.options.temperature.to_string())),
    ("options.maxOutputTokens", |run| Some(run.spec.options.max_output_tokens.to_string())),
    ("options.verbosity", |run| Some(run.spec.options.verbosity.as_str().to_owned())),
    ("options.profileData", |run| Some(run.spec.options.profile_data.to_string())),
    ("options.inherit", |run| Some(run.spec.options.inherit.to_string())),
    ("options.instructions", |run| run.spec.options.instructions.clone().filter(|text| !text.is_empty())),
    ("variations", |run| run.spec.variations.map(|mode| mode.as_str().to_owned())),
    ("budget.maxCostUsd", |run| run.spec.budget.max_cost_usd.map(|limit| limit.to_string())),
    ("budget.maxTokens", |run| run.spec.budget.max_tokens.map(|limit| limit.to_string())),
    ("budget.maxSeconds", |run| run.spec.budget.max_seconds.map(|limit| limit.to_string())),
    ("parent", |run| run.spec.parent_id.map(|id| format!("#{id}"))),
];

/// Returns the settings in which these runs differ.
#[must_use]
pub fn differences(runs: &[Arc<Run>]) -> Vec<RunDifference> {
    let with_values = SETTINGS
        .iter()
        .map(|(setting, read)| RunDifference { setting, values: runs.iter().map(|run| read(run)).collect() });
    with_values.filter(|difference| difference.values.windows(2).any(|pair| pair[0] != pair[1])).collect()
}

/// Everything that a scope names below its database, on one line.
fn spelled_out(scope: &RunScope) -> String {
    let mut parts = Vec::new();
    for schema in &scope.schemas {
        let schema_name = quote_part(&schema.name);
        if schema.tables.is_empty() {
            parts.push(schema_name.clone());
        }
        for table in &schema.tables {
            let table_name = format!("{schema_name}.{}", quote_part(&table.name));
            if table.columns.is_empty() {
                parts.push(table_name);
            } else {
                parts.extend(table.columns.iter().map(|column| format!("{table_name}.{}", quote_part(column))));
            }
        }
    }
    if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
}
