//! The command `gloss export`: what is documented, as a file for people and programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::TypedValueParser};
use serde_json::json;

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output, file, lookup::Profiles, operation::Operation, output,
    values::one_of,
};
use crate::domain::description::Texts;

const EXPORT: Operation = Operation(
    "query($id: ID!, $format: DescriptionsFormat!, $what: DescriptionTexts!, $schemas: [String!]) {
        dbProfile(id: $id) { exportDescriptions(format: $format, what: $what, schemas: $schemas) } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[EXPORT];

/// Print what is documented of a database, or write it to a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss export demo --format csv
  gloss export demo --format md -o demo.md
  gloss export demo --format sql --what accepted
  gloss export demo --format csv --schema main -o demo.csv")]
pub struct Export {
    /// Name of the DB profile
    profile: String,
    /// Format of the export; --json stands for `--format json`
    #[arg(long, value_enum, required_unless_present = "json", conflicts_with = "json")]
    format: Option<Format>,
    /// Which texts: those that a review accepted, the comments in the database, or both. With both, an accepted text
    /// that is not applied yet takes the place of the comment
    #[arg(long, value_name = "TEXTS", default_value = "both", value_parser = texts())]
    what: String,
    /// Only this schema; may be repeated
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,
    /// Write a file instead of printing. A file that exists is replaced, once the new one is complete
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn texts() -> impl TypedValueParser<Value = String> {
    one_of(Texts::ALL.iter().map(|texts| texts.as_str()))
}

/// The format of an export.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// One table.
    Csv,
    /// One object.
    Json,
    /// A data dictionary with links and diagrams.
    Md,
    /// A script that writes the comments.
    Sql,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Md => "MARKDOWN",
            Self::Sql => "SQL",
        }
    }
}

impl ApiCommand for Export {
    fn needs(&self) -> Needs {
        Needs::Secrets
    }

    async fn run(self, client: &Client, _: Output) -> Result<Exit, CliError> {
        let id = Profiles::db(client).await?.id(&self.profile)?;
        let schemas = Some(self.schema).filter(|schemas| !schemas.is_empty());
        let format = self.format.unwrap_or(Format::Json).name();
        let variables = json!({ "id": id, "format": format, "what": self.what, "schemas": schemas });
        let data = client.data(EXPORT, variables).await?;
        let text = data["dbProfile"]["exportDescriptions"].as_str().unwrap_or_default();
        match self.output {
            Some(path) => {
                file::write(&path, text)?;
                output::note(&format!("Wrote {}.", path.display()));
            }
            None => output::print(text),
        }
        Ok(Exit::Success)
    }
}
