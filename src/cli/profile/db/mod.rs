//! The commands `gloss profile db list|add|set|test|remove`.

mod set;
mod url;

use std::path::PathBuf;

use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use self::url::with_password;
use super::{passed, print_test};
use crate::{
    cli::{
        CliError, Client, Exit, Output, lookup::Profiles, operation::Operation, output, scope::in_shell, table::Table,
    },
    domain::asset::quote_part,
};

const LIST: Operation = Operation(
    "{ dbProfiles { id name backend displayUrl pinnedDatabase about exclude sampleViews createdAt
        coverage { assets documented accepted readAt } } }",
);
const CREATE: Operation = Operation(
    "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile {
        id name backend displayUrl pinnedDatabase about exclude sampleViews createdAt } } }",
);
const UPDATE: Operation = Operation(
    "mutation($input: UpdateDbProfileInput!) { updateDbProfile(input: $input) { dbProfile {
        id name backend displayUrl pinnedDatabase about exclude sampleViews createdAt } } }",
);
const TEST: Operation =
    Operation("mutation($input: TestDbProfileInput!) { testDbProfile(input: $input) { ok latencyMs message code } }");
const DELETE: Operation = Operation("mutation($id: ID!) { deleteDbProfile(input: { id: $id }) { deletedId } }");

/// The documents of the commands.
pub const OPERATIONS: &[Operation] = &[LIST, CREATE, UPDATE, TEST, DELETE];

/// What to do with DB profiles.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// List the DB profiles
    #[command(after_help = "\
Examples:
  gloss profile db list
  gloss profile db list --json")]
    List,
    /// Test a connection to a database, and add it as a DB profile
    ///
    /// The password is read from --password-file, from `GLOSS_DB_PASSWORD` or, on a terminal, from a prompt. To keep it
    /// out of the store, write `env:NAME` as the password of the URL.
    #[command(after_help = "\
Examples:
  gloss profile db add shop sqlite:///data/shop.db
  gloss profile db add sales postgres://gloss@db.example:5432/sales
  gloss profile db add sales 'postgres://gloss:env:SALES_DB_PASSWORD@db.example/sales' --exclude '*_bak'")]
    Add {
        /// Name of the profile
        name: String,
        /// Connection URL without a password: `sqlite:///path/file.db`, `postgres://user@host:port/database` or
        /// `mysql://user@host:port`
        url: String,
        /// The only database that the profile reaches
        #[arg(long, value_name = "NAME")]
        database: Option<String>,
        /// What this database is about, for the model
        #[arg(long, value_name = "TEXT")]
        about: Option<String>,
        /// Tables that runs leave out, as in `*_bak` or `staging.*`; may be repeated
        #[arg(long, value_name = "PATTERN")]
        exclude: Vec<String>,
        /// Read sample values through views too, which executes the views' functions with this login's rights
        #[arg(long)]
        sample_views: bool,
        /// File with the password
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Add the profile without a test
        #[arg(long)]
        no_test: bool,
    },
    Set(set::Set),
    /// Test the connection of a DB profile
    #[command(after_help = "\
Examples:
  gloss profile db test demo")]
    Test {
        /// Name of the profile
        name: String,
    },
    /// Remove a DB profile; its runs stay, but can no longer be resumed, applied or rolled back
    #[command(after_help = "\
Examples:
  gloss profile db remove shop
  gloss profile db remove shop --yes")]
    Remove {
        /// Name of the profile
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl DbCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for an unknown profile or a password on the command line, and the errors of
    /// [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        match self {
            Self::List => list(client, output).await,
            Self::Add { name, url, database, about, exclude, sample_views, password_file, no_test } => {
                let url = with_password(&url, password_file)?;
                let url = url.expose_secret();
                if !no_test {
                    check(client, url).await?;
                }
                let exclude = Some(exclude).filter(|exclude| !exclude.is_empty());
                let input = json!({
                    "name": name, "url": url, "pinnedDatabase": database, "about": about, "exclude": exclude,
                    "sampleViews": sample_views,
                });
                let made = client.data(CREATE, json!({ "input": input })).await?["createDbProfile"]["dbProfile"].take();
                if output.is_json() {
                    output::document(&made);
                } else {
                    output::line(&format!("The DB profile {name} has been added."));
                    output::note(&format!("Next: describe it with `gloss run {}`", in_shell(&quote_part(&name))));
                }
                Ok(Exit::Success)
            }
            Self::Set(set) => set.run(client, output).await,
            Self::Test { name } => {
                let id = Profiles::db(client).await?.id(&name)?;
                let test = client.data(TEST, json!({ "input": { "id": id } })).await?["testDbProfile"].take();
                print_test(&name, &test, output)
            }
            Self::Remove { name, yes } => {
                let id = Profiles::db(client).await?.id(&name)?;
                let all = client.data(LIST, json!({})).await?["dbProfiles"].take();
                let url = all.as_array().into_iter().flatten().find(|profile| profile["id"] == id.as_str());
                let url = output::text(&url.map(|profile| profile["displayUrl"].clone()).unwrap_or_default());
                let question = format!(
                    "Remove the DB profile {name} ({url})? Its runs stay, but can no longer be resumed, applied or \
                     rolled back; its settings and password are lost."
                );
                if !yes && !output::confirmed(&question, "--yes")? {
                    output::note("Nothing was removed.");
                    return Ok(Exit::Success);
                }
                let data = client.data(DELETE, json!({ "id": id })).await?;
                if output.is_json() {
                    output::document(&data["deleteDbProfile"]);
                } else {
                    output::line(&format!("The DB profile {name} has been removed."));
                    let name = crate::domain::asset::quote_part(&name);
                    output::note(&format!("To have it back: gloss profile db add {name} '{url}'"));
                }
                Ok(Exit::Success)
            }
        }
    }
}

/// Tests the connection of a URL.
async fn check(client: &Client, url: &str) -> Result<(), CliError> {
    passed(&client.data(TEST, json!({ "input": { "url": url } })).await?["testDbProfile"])
}

async fn list(client: &Client, output: Output) -> Result<Exit, CliError> {
    let profiles = client.data(LIST, json!({})).await?["dbProfiles"].take();
    if output.is_json() {
        output::document(&profiles);
        return Ok(Exit::Success);
    }
    let mut table = Table::new(["NAME", "BACKEND", "URL", "DOCUMENTED"]);
    for profile in profiles.as_array().into_iter().flatten() {
        table.row([
            output::text(&profile["name"]),
            output::words(&profile["backend"]),
            output::text(&profile["displayUrl"]),
            documented(&profile["coverage"]),
        ]);
    }
    table.print();
    Ok(Exit::Success)
}

fn documented(coverage: &Value) -> String {
    match (coverage["documented"].as_u64(), coverage["assets"].as_u64()) {
        (Some(documented), Some(assets)) => format!("{documented} of {assets}"),
        _ => "-".to_owned(),
    }
}
