//! The command `gloss token create|list|revoke`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output, operation::Operation, output, table::Table, values::moment,
};

/// Create, list and revoke access tokens
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token and print its secret, which is shown only once
    #[command(after_help = "\
Examples:
  gloss token create ann --role ADMIN
  gloss token create ci --role OPERATOR --expires 90d")]
    Create {
        /// Name of the token; Gloss records its holder's actions under this name
        name: String,
        /// Role of the token
        #[arg(long, value_enum, ignore_case = true)]
        role: RoleName,
        /// Expiry: a number of minutes, hours or days (`30m`, `12h`, `90d`), or a time (RFC 3339) [default: never]
        #[arg(long, value_name = "WHEN", value_parser = moment)]
        expires: Option<DateTime<Utc>>,
    },
    /// List the tokens
    #[command(after_help = "\
Examples:
  gloss token list
  gloss token list --json")]
    List,
    /// Revoke a token, which then no longer gives access
    #[command(after_help = "\
Examples:
  gloss token revoke ci")]
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

const CREATE: Operation = Operation(
    "mutation($input: CreateApiTokenInput!) {
    createApiToken(input: $input) { secret apiToken { id name role createdAt expiresAt } } }",
);
const LIST: Operation = Operation("{ apiTokens { id name role createdAt expiresAt lastUsedAt } }");
const REVOKE: Operation = Operation("mutation($id: ID!) { revokeApiToken(input: { id: $id }) { deletedId } }");

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, REVOKE];

impl ApiCommand for Token {
    fn needs(&self) -> Needs {
        Needs::Records
    }

    fn may_create_store(&self) -> bool {
        matches!(self.command, TokenCommand::Create { .. })
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        match self.command {
            TokenCommand::Create { name, role, expires } => {
                let input = json!({ "name": name, "role": role.as_str(), "expiresAt": expires });
                let mut data = client.data(CREATE, json!({ "input": input })).await?;
                let payload = data["createApiToken"].take();
                if output.is_json() {
                    output::document(&payload);
                } else {
                    output::line(payload["secret"].as_str().unwrap_or_default());
                    output::note(
                        "This token is shown only once. Send it as `Authorization: Bearer …`. From now on, every \
                         request requires a token.",
                    );
                }
            }
            TokenCommand::List => {
                let tokens = list(client).await?;
                if output.is_json() {
                    output::document(&tokens);
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
                if output.is_json() {
                    output::document(&data["revokeApiToken"]);
                } else {
                    output::line(&format!("The token {} has been revoked.", output::text(&found["name"])));
                }
            }
        }
        Ok(Exit::Success)
    }
}

async fn list(client: &Client) -> Result<Value, CliError> {
    Ok(client.data(LIST, json!({})).await?["apiTokens"].take())
}

fn print(tokens: &Value) {
    let table = Table::new(["NAME", "ROLE", "CREATED", "EXPIRES", "LAST USED"]);
    let mut table = table.cutting(&["NAME"]).dropping(&["EXPIRES", "LAST USED", "CREATED"]);
    for token in tokens.as_array().into_iter().flatten() {
        let moment =
            |field: &str| if token[field].is_null() { "never".to_owned() } else { output::time(&token[field]) };
        table.row([
            output::text(&token["name"]),
            output::text(&token["role"]),
            moment("createdAt"),
            moment("expiresAt"),
            moment("lastUsedAt"),
        ]);
    }
    table.print();
}
