//! The command `gloss export`: what is documented, as files for people and programs.

mod dbt;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, builder::TypedValueParser};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output, client::Pieces, file::Draft, lookup::Profiles, output,
    run::watch::Interrupts, values::one_of,
};
use crate::{domain::description::Texts, graphql::profile::export::DescriptionsExport};

/// What stands for standard output in place of a file, as with other programs.
const STANDARD_OUTPUT: &str = "-";

/// Print what is documented of a database, or write it to files
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss export demo --format csv
  gloss export demo --format md -o demo.md
  gloss export demo --format sql --what accepted -o -
  gloss export demo --format csv --schema main -o demo.csv
  gloss export demo --format dbt -o warehouse --plan
  gloss export demo --format dbt -o warehouse")]
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
    /// Write a file instead of printing; `-` prints. A file that exists is replaced, once the new one is complete. With
    /// `--format dbt`, name the folder of a dbt project: descriptions are added to its files
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Also replace descriptions that stand in the files of the dbt project
    #[arg(long, requires = "output")]
    replace_descriptions: bool,
    /// Print the changes of the files of the dbt project, and write nothing
    #[arg(long, requires = "output")]
    plan: bool,
}

fn texts() -> impl TypedValueParser<Value = String> {
    one_of(Texts::ALL.iter().map(|texts| texts.as_str()))
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One table.
    Csv,
    /// One object.
    Json,
    /// A data dictionary with links and diagrams.
    Md,
    /// A script that writes the comments.
    Sql,
    /// Sources of dbt.
    Dbt,
}

impl Format {
    /// The value of the parameter `format`.
    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Md => "md",
            Self::Sql => "sql",
            Self::Dbt => "dbt",
        }
    }
}

impl ApiCommand for Export {
    fn needs(&self) -> Needs {
        Needs::Secrets
    }

    async fn run(self, client: &Client, _: Output) -> Result<Exit, CliError> {
        let format = self.format.unwrap_or(Format::Json);
        let output = self.output.filter(|path| path != Path::new(STANDARD_OUTPUT));
        let folder = output.as_ref().filter(|_| format == Format::Dbt);
        if folder.is_none() && (self.plan || self.replace_descriptions) {
            let message = "--plan and --replace-descriptions are options of --format dbt with the folder of a dbt \
                           project; leave them out, or name the folder with -o";
            return Err(CliError::Usage(message.to_owned()));
        }
        let request = DescriptionsExport {
            profile: Some(Profiles::db(client).await?.id(&self.profile)?),
            // A merge needs to know the assets.
            format: Some(if folder.is_some() { Format::Json } else { format }.name().to_owned()),
            what: Some(self.what),
            schemas: self.schema,
        };
        let mut pieces = client.export(request).await?;
        if let Some(folder) = folder {
            let options = dbt::Options { replaces: self.replace_descriptions, plans: self.plan };
            return dbt::export(&pieces.text().await?, folder, &options);
        }
        match output {
            Some(path) => file(pieces, &path).await,
            None => {
                while let Some(piece) = pieces.next().await? {
                    output::print(piece);
                }
                Ok(Exit::Success)
            }
        }
    }
}

/// Writes an export to a file. A signal leaves what was there.
async fn file(mut pieces: Pieces, path: &Path) -> Result<Exit, CliError> {
    let mut interrupts = Interrupts::listen()?;
    let mut draft = Draft::begin(path)?;
    let shown = path.display();
    loop {
        match interrupts.unless(pieces.next()).await {
            Ok(Some(piece)) => draft.write(&piece)?,
            Ok(None) => break,
            Err(CliError::Left) => {
                output::complain(&format!("gloss: interrupted, so {shown} was not written"));
                return Ok(Exit::Left);
            }
            Err(error) => return Err(error),
        }
    }
    draft.keep()?;
    output::note(&format!("Wrote {shown}."));
    Ok(Exit::Success)
}
