//! Finds records by the names and numbers that people type.
//!
//! The rule: an unknown name is a user error that lists the known ones.

use serde_json::{Value, json};

use super::{CliError, Client, operation::Operation, values::RunNumber};
use crate::domain::{status::RunKind, text::some_of};

const RUN: Operation =
    Operation("query($number: Int!) { runByNumber(number: $number) { id number kind status lastSequence } }");
const LAST: Operation = Operation(
    "query($kinds: [RunKind!]) { runs(first: 1, filter: { kinds: $kinds }, orderBy: { field: NUMBER }) {
        nodes { number } } }",
);
const DB_PROFILES: Operation = Operation("{ dbProfiles { id name } }");
const LLM_PROFILES: Operation = Operation("{ llmProfiles { id name } }");
const DATABASES: Operation = Operation("query($id: ID!) { dbProfile(id: $id) { databases { name } } }");

/// The documents of the look-ups.
pub const OPERATIONS: &[Operation] = &[RUN, LAST, DB_PROFILES, LLM_PROFILES, DATABASES];

/// Returns the run with this number: `id`, `number`, `kind`, `status` and `lastSequence`.
///
/// # Errors
/// Returns [`CliError::Usage`] if there is none, and the errors of [`Client::data`].
pub async fn run(client: &Client, number: RunNumber) -> Result<Value, CliError> {
    let number = self::number(client, number).await?;
    let run = client.data(RUN, json!({ "number": number })).await?["runByNumber"].take();
    if run.is_null() { Err(no_run(number)) } else { Ok(run) }
}

/// Returns the number of the run that is meant.
///
/// # Errors
/// Returns [`CliError::Usage`] if the last run is meant and there is none, and the errors of [`Client::data`].
pub async fn number(client: &Client, number: RunNumber) -> Result<i32, CliError> {
    let RunNumber::Is(number) = number else {
        let kinds = RunKind::ALL.iter().filter(|kind| kind.describes()).map(|kind| kind.as_str());
        let data = client.data(LAST, json!({ "kinds": kinds.collect::<Vec<_>>() })).await?;
        let last = data["runs"]["nodes"][0]["number"].as_i64().and_then(|number| number.try_into().ok());
        return last.ok_or_else(|| CliError::Usage("there is no run yet; start one with `gloss run`".to_owned()));
    };
    Ok(number)
}

/// The error for a number that no run has.
#[must_use]
pub fn no_run(number: i32) -> CliError {
    CliError::Usage(format!("there is no run #{number}; `gloss history list --include-asks` lists the runs"))
}

/// Returns the id of the LLM profile with this name; `None` without a name, for the default profile.
///
/// # Errors
/// Returns [`CliError::Usage`] if there is no such profile, and the errors of [`Client::data`].
pub async fn model(client: &Client, name: Option<&str>) -> Result<Option<String>, CliError> {
    match name {
        Some(name) => Ok(Some(Profiles::llm(client).await?.id(name)?)),
        None => Ok(None),
    }
}

/// Checks that a DB profile reaches a database.
///
/// # Errors
/// Returns [`CliError::Usage`] with the databases that it reaches, and the errors of [`Client::data`].
pub async fn check_database(client: &Client, profile: &str, id: &str, database: &str) -> Result<(), CliError> {
    let data = client.data(DATABASES, json!({ "id": id })).await?;
    let all = data["dbProfile"]["databases"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = all.iter().filter_map(|known| known["name"].as_str()).collect();
    if names.contains(&database) {
        return Ok(());
    }
    let known = some_of(&names, ", ");
    Err(CliError::Usage(format!("the DB profile {profile:?} reaches no database {database:?}; choose {known}")))
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

    /// The names of all profiles.
    pub fn names(&self) -> Vec<String> {
        let all = self.all.as_array().into_iter().flatten();
        all.filter_map(|profile| profile["name"].as_str()).map(str::to_owned).collect()
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
