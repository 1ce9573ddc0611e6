//! The command `gloss profile db set`.

use std::path::PathBuf;

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::{UPDATE, check, with_password};
use crate::cli::{
    CliError, Client, Exit, Output,
    lookup::Profiles,
    output,
    values::{Setting, setting, text, yes_or_no},
};

/// Change a DB profile: its URL, which is tested first, its name, or other settings
///
/// What is not given stays as it was. The password belongs to the URL and is read as by `gloss profile db add`; to
/// change the password alone, give the URL again. Runs of the profile can be applied only in the database that they
/// describe, unless --same-database confirms that the new URL leads to it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss profile db set sales postgres://gloss@db.example:5432/sales
  gloss profile db set sales postgres://gloss@new.example:5432/sales --same-database
  gloss profile db set sales --about 'Orders since 2019.' --exclude '*_bak' --exclude 'staging.*'
  gloss profile db set sales --name shop --exclude ''")]
pub struct Set {
    /// Name of the profile
    name: String,
    /// Connection URL without a password
    url: Option<String>,
    /// New name of the profile
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// The only database that the profile reaches; '' for every database of the login
    #[arg(long, value_name = "NAME", value_parser = setting(text))]
    database: Option<Setting<String>>,
    /// What this database is about, for the model; '' for nothing
    #[arg(long, value_name = "TEXT", value_parser = setting(text))]
    about: Option<Setting<String>>,
    /// Tables that runs leave out, in place of all patterns before; may be repeated; '' for none
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Whether to read sample values through views too, which executes the views' functions with this login's rights
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    sample_views: Option<bool>,
    /// Confirm that the URL leads to the database of the profile's runs
    #[arg(long, requires = "url")]
    same_database: bool,
    /// File with the password
    #[arg(long, value_name = "FILE", requires = "url")]
    password_file: Option<PathBuf>,
    /// Set the URL without a test
    #[arg(long, requires = "url", conflicts_with = "same_database")]
    no_test: bool,
}

impl Set {
    /// Changes the profile.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for an unknown profile or a password on the command line, and the errors of
    /// [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let id = Profiles::db(client).await?.id(&self.name)?;
        let mut input = Map::from_iter([("id".to_owned(), json!(id))]);
        let mut set = |field: &str, value: Value| drop(input.insert(field.to_owned(), value));
        if let Some(url) = &self.url {
            let url = with_password(url, self.password_file)?;
            if !self.no_test {
                check(client, url.expose_secret()).await?;
            }
            set("url", json!(url.expose_secret()));
            set("sameDatabase", json!(self.same_database));
        }
        if let Some(name) = self.new_name {
            set("name", json!(name));
        }
        if let Some(database) = self.database {
            set("pinnedDatabase", database.into());
        }
        if let Some(about) = self.about {
            set("about", about.into());
        }
        if !self.exclude.is_empty() {
            let patterns: Vec<&String> = self.exclude.iter().filter(|pattern| !pattern.is_empty()).collect();
            set("exclude", json!(patterns));
        }
        if let Some(sample_views) = self.sample_views {
            set("sampleViews", json!(sample_views));
        }
        if input.len() == 1 {
            return Err(CliError::nothing_to_change("gloss profile db set"));
        }
        let profile = client.data(UPDATE, json!({ "input": input })).await?["updateDbProfile"]["dbProfile"].take();
        if output.is_json() {
            output::document(&profile);
            return Ok(Exit::Success);
        }
        let name = output::text(&profile["name"]);
        output::line(&if self.url.is_some() {
            format!("The DB profile {name} now leads to {}.", output::text(&profile["displayUrl"]))
        } else {
            format!("The DB profile {name} has been changed.")
        });
        Ok(Exit::Success)
    }
}
