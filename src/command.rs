//! The command line of the `gloss` binary. To add a command, add it to [`Command`] and to [`run`].

use std::{error::Error, process::ExitCode};

use crate::{
    app,
    cli::token::{self, TokenCommand},
    config::{self, Settings},
    domain::text::visible_lines,
    graphql, target,
};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

/// Documents databases with language models: a GraphQL server.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server; the default command
    Serve(Settings),
    /// Migrate the store to this version, then exit
    Migrate(Settings),
    /// Print the GraphQL schema
    Schema,
    /// Print a settings file that explains every setting, with its default
    Config,
    /// Create, list and revoke access tokens
    Token {
        #[command(subcommand)]
        command: TokenCommand,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Change the key that encrypts the store's passwords and API keys, or continue after losing it
    Secrets {
        #[command(subcommand)]
        command: Secrets,
    },
}

/// Which server or store a command uses, and the format of its output.
#[derive(Args)]
struct ClientArgs {
    /// URL of the server [default: the server that uses the data folder; if none is running, the store itself]
    #[arg(long, env = "GLOSS_SERVER", value_name = "URL", global = true)]
    server: Option<String>,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Secrets {
    /// Re-encrypt the secrets with a new key: `GLOSS_NEW_SECRET_KEY` or a new key file; stop the server first
    Rotate(Settings),
    /// Remove the secrets that the current key cannot decrypt; keep their profiles; stop the server first
    Forget {
        /// Remove them; without this flag, the command only lists them
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        settings: Settings,
    },
}

/// Runs the command that the command line names.
#[must_use]
pub fn main() -> ExitCode {
    let started = start_over_without(&target::FROM_ENVIRONMENT).map_err(Into::into);
    match started.and_then(|()| run(parse()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gloss: {}", visible_lines(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Parses the command line, the environment and the settings file.
fn parse() -> Result<Cli, Box<dyn Error>> {
    let command = Cli::command()
        .mut_subcommand("migrate", Settings::only_store)
        .mut_subcommand("token", |token| Settings::only_store(token).mut_args(|arg| arg.global(true)))
        .mut_subcommand("secrets", |secrets| secrets.mut_subcommands(Settings::only_store));
    let matches = config::matches(command, std::env::args_os().collect())?;
    Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

/// If one of these variables is set, replaces this process by a new run of the program without them. A library would
/// otherwise use them for every database.
#[cfg(unix)]
fn start_over_without(variables: &[&str]) -> std::io::Result<()> {
    use std::os::unix::process::CommandExt as _;
    if variables.iter().all(|name| std::env::var_os(name).is_none()) {
        return Ok(());
    }
    let mut again = std::process::Command::new(std::env::current_exe()?);
    for name in variables {
        again.env_remove(name);
    }
    Err(again.args(std::env::args_os().skip(1)).exec())
}

#[cfg(not(unix))]
fn start_over_without(_: &[&str]) -> std::io::Result<()> {
    Ok(())
}

fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    let runtime = || tokio::runtime::Runtime::new();
    match cli.command {
        None => Ok(runtime()?.block_on(app::serve(cli.settings.checked()?))?),
        Some(Command::Serve(settings)) => Ok(runtime()?.block_on(app::serve(settings.checked()?))?),
        Some(Command::Migrate(settings)) => Ok(runtime()?.block_on(app::migrate(settings.checked()?))?),
        Some(Command::Schema) => {
            print!("{}", graphql::sdl());
            Ok(())
        }
        Some(Command::Config) => {
            print!("{}", config::reference());
            Ok(())
        }
        Some(Command::Token { command, client: ClientArgs { server, json, settings } }) => {
            let settings = settings.checked()?;
            runtime()?.block_on(async {
                let client = app::client(&settings, server).await?;
                Ok(token::run(&client, command, json).await?)
            })
        }
        Some(Command::Secrets { command: Secrets::Rotate(settings) }) => {
            Ok(runtime()?.block_on(app::rotate_secrets(settings.checked()?))?)
        }
        Some(Command::Secrets { command: Secrets::Forget { yes, settings } }) => {
            Ok(runtime()?.block_on(app::forget_secrets(settings.checked()?, yes))?)
        }
    }
}
