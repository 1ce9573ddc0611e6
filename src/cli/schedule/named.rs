//! Finds schedules by the names that people type.
//!
//! The rule: the command line gives no name to two schedules. The API identifies schedules by their ids alone, so two
//! may have one name all the same; then the id is needed.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{CliError, Client, operation::Operation, pages},
    domain::{Code, text::some_of},
};

const NAMES: Operation = Operation(
    "query($first: Int, $after: String) { schedules(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id name scopeSummary dbProfile { name } } } }",
);

/// The documents of the look-up.
pub const OPERATIONS: &[Operation] = &[NAMES];

// A schedule that exists. (clap takes a doc comment for the help.)
#[derive(Debug, Args)]
pub struct Named {
    /// Name or id of the schedule
    schedule: String,
}

/// A schedule that was found.
pub struct Found {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What its runs cover: `demo: main.orders`.
    pub covers: String,
}

impl Found {
    fn of(schedule: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let covers = format!("{}: {}", text(&schedule["dbProfile"]["name"]), text(&schedule["scopeSummary"]));
        Self { id: text(&schedule["id"]), name: text(&schedule["name"]), covers }
    }
}

impl Named {
    /// Returns the schedule.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if no schedule has this id or name, or several have the name, and the errors of
    /// [`Client::data`].
    pub async fn find(&self, client: &Client) -> Result<Found, CliError> {
        let all = all(client).await?;
        let wanted = self.schedule.as_str();
        let of = |field: &str| -> Vec<&Value> { all.iter().filter(|schedule| schedule[field] == wanted).collect() };
        let found = match of("id") {
            by_id if !by_id.is_empty() => by_id,
            _ => of("name"),
        };
        match found.as_slice() {
            [schedule] => Ok(Found::of(schedule)),
            [] => {
                let names: Vec<&str> = all.iter().filter_map(|schedule| schedule["name"].as_str()).collect();
                Err(CliError::Usage(if names.is_empty() {
                    format!("there is no schedule {wanted:?}, nor any other; add one with `gloss schedule add`")
                } else {
                    format!("there is no schedule {wanted:?}; choose {}", some_of(&names, ", "))
                }))
            }
            several => {
                let ids: Vec<&str> = several.iter().filter_map(|schedule| schedule["id"].as_str()).collect();
                Err(CliError::Usage(format!(
                    "{} schedules have the name {wanted:?}; name one by its id: {}",
                    ids.len(),
                    some_of(&ids, ", ")
                )))
            }
        }
    }
}

/// Refuses a name that a schedule has, other than the one with this id.
///
/// # Errors
/// Returns [`CliError::Refused`] with [`Code::Conflict`], and the errors of [`Client::data`].
pub async fn check_free(client: &Client, name: &str, except: Option<&str>) -> Result<(), CliError> {
    let is_other = |schedule: &&Value| schedule["name"] == name && schedule["id"].as_str() != except;
    let Some(other) = all(client).await?.iter().find(is_other).map(Found::of) else { return Ok(()) };
    let message = format!(
        "there is a schedule {name:?} already ({}); choose another name, or change that schedule with `gloss schedule \
         change`",
        other.covers
    );
    Err(CliError::Refused { code: Code::Conflict, message })
}

async fn all(client: &Client) -> Result<Vec<Value>, CliError> {
    Ok(pages::read(client, NAMES, &json!({}), "/schedules", usize::MAX).await?.unwrap_or_default().0)
}
