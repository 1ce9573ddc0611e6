//! The command `gloss token create|list|revoke`.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{CliError, Client};
use crate::domain::{
    clock::{Clock, SystemClock},
    text::visible,
};

/// What to do with tokens.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Create a token and print its secret, which is shown only once
    Create {
        /// Name of the token; Gloss records its holder's actions under this name
        name: String,
        /// Role of the token
        #[arg(long, value_enum, ignore_case = true)]
        role: RoleName,
        /// Expiry: a number of minutes, hours or days (`30m`, `12h`, `90d`), or a time (RFC 3339) [default: never]
        #[arg(long, value_name = "WHEN", value_parser = end)]
        expires: Option<DateTime<Utc>>,
    },
    /// List the tokens
    List,
    /// Revoke a token, which then no longer gives access
    Revoke {
        /// Name or id of the token
        token: String,
    },
}

/// A role, as the schema spells it.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum RoleName {
    /// Reads everything except tokens.
    Viewer,
    /// Also manages runs and schedules, asks questions, and reviews and applies.
    Operator,
    /// Also deletes, and manages profiles and tokens.
    Admin,
}

impl RoleName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "VIEWER",
            Self::Operator => "OPERATOR",
            Self::Admin => "ADMIN",
        }
    }
}

fn end(text: &str) -> Result<DateTime<Utc>, String> {
    let hint = || "write a time span, as in 30m, 12h or 90d, or a time, as in 2027-01-31T00:00:00Z".to_owned();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    let unit = text.chars().last().ok_or_else(hint)?;
    let number: i64 =
        text[..text.len() - unit.len_utf8()].parse().ok().filter(|number| *number > 0).ok_or_else(hint)?;
    let span = match unit {
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        _ => None,
    };
    span.and_then(|span| SystemClock.now().trunc_subsecs(0).checked_add_signed(span)).ok_or_else(hint)
}

const CREATE: &str = "mutation($input: CreateApiTokenInput!) {
    createApiToken(input: $input) { secret apiToken { id name role createdAt expiresAt } } }";
const LIST: &str = "{ apiTokens { id name role createdAt expiresAt lastUsedAt } }";
const REVOKE: &str = "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { deletedId } }";

/// The operations that this command sends. A server that accepts only trusted documents must accept these, too.
pub const DOCUMENTS: [&str; 3] = [CREATE, LIST, REVOKE];

/// Runs the command.
///
/// # Errors
/// Returns [`CliError::Usage`] if no token has the given name or id, and otherwise the errors of [`Client::data`].
pub async fn run(client: &Client, command: TokenCommand, as_json: bool) -> Result<(), CliError> {
    match command {
        TokenCommand::Create { name, role, expires } => {
            let input = json!({ "name": name, "role": role.as_str(), "expiresAt": expires });
            let mut data = client.data(CREATE, json!({ "input": input })).await?;
            let payload = data["createApiToken"].take();
            if as_json {
                println!("{payload:#}");
            } else {
                println!("{}", payload["secret"].as_str().unwrap_or_default());
                eprintln!(
                    "This token is shown only once. Send it as `Authorization: Bearer …`. From now on, every request \
                     requires a token."
                );
            }
        }
        TokenCommand::List => {
            let tokens = list(client).await?;
            if as_json {
                println!("{tokens:#}");
            } else {
                print(&tokens);
            }
        }
        TokenCommand::Revoke { token } => {
            let tokens = list(client).await?;
            let is_it = |it: &&Value| it["name"] == token.as_str() || it["id"] == token.as_str();
            let found = tokens.as_array().into_iter().flatten().find(is_it);
            let unknown = || {
                CliError::Usage(format!(
                    "no token has the name or id {token:?}; list the tokens with `gloss token list`"
                ))
            };
            let found = found.ok_or_else(unknown)?;
            let data = client.data(REVOKE, json!({ "id": found["id"] })).await?;
            if as_json {
                println!("{:#}", data["revokeApiToken"]);
            } else {
                println!("The token {} has been revoked.", found["name"].as_str().unwrap_or_default());
            }
        }
    }
    Ok(())
}

async fn list(client: &Client) -> Result<Value, CliError> {
    Ok(client.data(LIST, json!({})).await?["apiTokens"].take())
}

fn print(tokens: &Value) {
    let columns = ["name", "role", "createdAt", "expiresAt", "lastUsedAt"];
    let titles = ["NAME", "ROLE", "CREATED", "EXPIRES", "LAST USED"].map(str::to_owned);
    let row = |token: &Value| columns.map(|column| visible(token[column].as_str().unwrap_or("never")).into_owned());
    let rows: Vec<[String; 5]> =
        std::iter::once(titles).chain(tokens.as_array().into_iter().flatten().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
