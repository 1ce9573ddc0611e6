//! The commands `gloss profile db list|add|test|remove`.

use std::path::PathBuf;

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{passed, print_test};
use crate::cli::{
    CliError, Client, Exit, Output, lookup::Profiles, operation::Operation, output, secret, table::Table,
};

/// The environment variable that holds a database's password.
const PASSWORD: &str = "GLOSS_DB_PASSWORD";

const LIST: Operation = Operation(
    "{ dbProfiles { id name backend displayUrl pinnedDatabase about exclude sampleViews createdAt
        coverage { assets documented accepted readAt } } }",
);
const CREATE: Operation = Operation(
    "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile {
        id name backend displayUrl pinnedDatabase about exclude sampleViews createdAt } } }",
);
const TEST: Operation =
    Operation("mutation($input: TestDbProfileInput!) { testDbProfile(input: $input) { ok latencyMs message } }");
const DELETE: Operation = Operation("mutation($id: ID!) { deleteDbProfile(input: { id: $id }) { deletedId } }");

/// The documents of the commands.
pub const OPERATIONS: &[Operation] = &[LIST, CREATE, TEST, DELETE];

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
    /// Test the connection of a DB profile
    #[command(after_help = "\
Examples:
  gloss profile db test demo")]
    Test {
        /// Name of the profile
        name: String,
    },
    /// Remove a DB profile; its runs stay
    #[command(after_help = "\
Examples:
  gloss profile db remove shop")]
    Remove {
        /// Name of the profile
        name: String,
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
                    let test = client.data(TEST, json!({ "input": { "url": url } })).await?["testDbProfile"].take();
                    passed(&test)?;
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
                    output::note(&format!(
                        "Next: describe it with `gloss run {}`",
                        crate::domain::asset::quote_part(&name)
                    ));
                }
                Ok(Exit::Success)
            }
            Self::Test { name } => {
                let id = Profiles::db(client).await?.id(&name)?;
                let test = client.data(TEST, json!({ "input": { "id": id } })).await?["testDbProfile"].take();
                print_test(&name, &test, output)
            }
            Self::Remove { name } => {
                let id = Profiles::db(client).await?.id(&name)?;
                let data = client.data(DELETE, json!({ "id": id })).await?;
                if output.is_json() {
                    output::document(&data["deleteDbProfile"]);
                } else {
                    output::line(&format!("The DB profile {name} has been removed."));
                }
                Ok(Exit::Success)
            }
        }
    }
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

/// Puts the password into a URL that has none.
fn with_password(text: &str, file: Option<PathBuf>) -> Result<SecretString, CliError> {
    let hint = "write it as in postgres://user@host:5432/database or sqlite:///path/file.db";
    let no_url = |_| match std::path::absolute(text) {
        Ok(path) if path.exists() => format!("{text:?} is a path, not a URL; write sqlite://{}", path.display()),
        _ => format!("{text:?} is not a URL; {hint}"),
    };
    let mut url = Url::parse(text).map_err(no_url).map_err(CliError::Usage)?;
    match url.password() {
        Some(password) if is_reference(password) => return Ok(text.to_owned().into()),
        Some(_) => {
            return Err(CliError::Usage(format!(
                "other users can see a password on the command line; leave it out of the URL and put it into \
                 {PASSWORD}, a file for --password-file, or type it when asked"
            )));
        }
        None => {}
    }
    if url.username().is_empty() {
        if file.is_some() {
            let message =
                format!("a password needs a user, and {text} names none; leave --password-file out, or {hint}");
            return Err(CliError::Usage(message));
        }
        return Ok(text.to_owned().into());
    }
    let prompt = format!("Password of {} (empty for none): ", url.username());
    if let Some(password) = secret::read(file.as_deref(), PASSWORD, Some(&prompt))? {
        // The library leaves `%` as it is.
        let password = password.expose_secret().replace('%', "%25");
        url.set_password(Some(&password)).map_err(|()| CliError::Usage(format!("the URL has no host; {hint}")))?;
    }
    Ok(url.as_str().to_owned().into())
}

/// Returns whether a password is `env:NAME`.
fn is_reference(password: &str) -> bool {
    ["env:", "env%3A", "env%3a"].iter().any(|prefix| password.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_comes_from_a_file_and_is_encoded() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "p@ss%25/wörd:#\n").unwrap();
        let url = with_password("postgres://ann@db.example:5432/shop", Some(file)).unwrap();
        assert_eq!(url.expose_secret(), "postgres://ann:p%40ss%2525%2Fw%C3%B6rd%3A%23@db.example:5432/shop");
        let file = folder.path().join("absent");
        let error = with_password("postgres://ann@db.example/shop", Some(file)).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }

    #[test]
    fn a_password_on_the_command_line_is_refused() {
        let error = with_password("mysql://ann:hunter2@h", None).unwrap_err().to_string();
        assert!(error.contains(PASSWORD) && !error.contains("hunter2"), "{error}");
        for url in ["postgres://ann:env:SHOP_DB_PASSWORD@h/db", "sqlite:///data/shop.db"] {
            assert_eq!(with_password(url, None).unwrap().expose_secret(), url);
        }
        assert!(with_password("shop.db", None).unwrap_err().to_string().contains("sqlite:///path/file.db"));
    }

    #[test]
    fn what_is_no_url_or_needs_no_password_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let error = with_password(path, None).unwrap_err().to_string();
        assert!(error.contains(&format!("write sqlite://{path}")), "{error}");
        let error = with_password("sqlite:///data/shop.db", Some(path.into())).unwrap_err().to_string();
        assert!(error.contains("leave --password-file out"), "{error}");
    }
}
