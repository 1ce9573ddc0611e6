//! Finds records by the names and numbers that people type.
//!
//! The rule: an unknown name is a user error that lists the known ones.

use serde_json::{Value, json};

use super::{CliError, Client, operation::Operation};
use crate::domain::text::some_of;

const RUN: Operation =
    Operation("query($number: Int!) { runByNumber(number: $number) { id number kind status lastSequence } }");
const DB_PROFILES: Operation = Operation("{ dbProfiles { id name } }");
const LLM_PROFILES: Operation = Operation("{ llmProfiles { id name } }");

/// The documents of the look-ups.
pub const OPERATIONS: &[Operation] = &[RUN, DB_PROFILES, LLM_PROFILES];

/// Returns the run with this number: `id`, `number`, `kind`, `status` and `lastSequence`.
///
/// # Errors
/// Returns [`CliError::Usage`] if there is none, and the errors of [`Client::data`].
pub async fn run(client: &Client, number: i32) -> Result<Value, CliError> {
    let run = client.data(RUN, json!({ "number": number })).await?["runByNumber"].take();
    if run.is_null() { Err(no_run(number)) } else { Ok(run) }
}

/// The error for a number that no run has.
#[must_use]
pub fn no_run(number: i32) -> CliError {
    CliError::Usage(format!("there is no run #{number}; `gloss history list --include-asks` lists the runs"))
}

/// Finds profiles by their names.
pub struct Profiles {
    all: Value,
    kind: &'static str,
    command: &'static str,
}

impl Profiles {
    /// Reads the DB profiles.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`].
    pub async fn db(client: &Client) -> Result<Self, CliError> {
        let all = client.data(DB_PROFILES, json!({})).await?["dbProfiles"].take();
        Ok(Self { all, kind: "DB profile", command: "gloss profile db add" })
    }

    /// Reads the LLM profiles.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`].
    pub async fn llm(client: &Client) -> Result<Self, CliError> {
        let all = client.data(LLM_PROFILES, json!({})).await?["llmProfiles"].take();
        Ok(Self { all, kind: "LLM profile", command: "gloss profile llm add" })
    }

    /// Returns the id of the profile with this name.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] with the known names if there is none.
    pub fn id(&self, name: &str) -> Result<String, CliError> {
        let all = self.all.as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(id) = all.iter().find(|profile| profile["name"] == name).and_then(|profile| profile["id"].as_str())
        {
            return Ok(id.to_owned());
        }
        let (kind, command) = (self.kind, self.command);
        let names: Vec<&str> = all.iter().filter_map(|profile| profile["name"].as_str()).collect();
        Err(CliError::Usage(if names.is_empty() {
            format!("there is no {kind} {name:?}, nor any other; add one with `{command}`")
        } else {
            format!("there is no {kind} {name:?}; choose {}, or add one with `{command}`", some_of(&names, ", "))
        }))
    }

    /// Returns the ids of the profiles with these names.
    ///
    /// # Errors
    /// See [`Profiles::id`].
    pub fn ids(&self, names: &[String]) -> Result<Vec<String>, CliError> {
        names.iter().map(|name| self.id(name)).collect()
    }
}
