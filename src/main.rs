//! The `gloss` binary.

use std::{error::Error, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use gloss::{
    app,
    cli::token::{self, TokenCommand},
    config::{Flags, Place, Settings},
    domain::text::visible_lines,
    target,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Documents databases with language models: a GraphQL server.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server (the same as no command)
    Serve(Flags),
    /// Migrate the store to this version, then exit
    Migrate(Flags),
    /// Print the GraphQL schema
    Schema,
    /// Create, list and revoke access tokens
    Token {
        #[command(subcommand)]
        command: TokenCommand,
        #[command(flatten)]
        asking: Asking,
    },
    /// Change the key that seals the store's passwords and API keys, or continue without a lost one
    Secrets {
        #[command(subcommand)]
        command: Secrets,
    },
}

/// The server or store that a command asks, and how it answers.
#[derive(Args)]
struct Asking {
    /// URL of the server [default: the server that uses the data folder; if none is running, the store itself]
    #[arg(long, env = "GLOSS_SERVER", value_name = "URL", global = true)]
    server: Option<String>,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum Secrets {
    /// Seal the secrets with a new key, from `GLOSS_NEW_SECRET_KEY` or a new key file; stop the server first
    Rotate(Place),
    /// Remove the secrets that the present key does not open, but keep their profiles; stop the server first
    Forget {
        /// Remove them; without this flag, the command only lists them
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        place: Place,
    },
}

fn main() -> ExitCode {
    let started = start_over_without(&target::FROM_ENVIRONMENT).map_err(Into::into);
    match started.and_then(|()| run(Cli::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gloss: {}", visible_lines(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Runs this program again, in the same process, without these variables where one is set: a library would take them
/// from the environment for every database.
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
        None => Ok(runtime()?.block_on(app::serve(Settings::load(cli.flags)?))?),
        Some(Command::Serve(flags)) => Ok(runtime()?.block_on(app::serve(Settings::load(flags)?))?),
        Some(Command::Migrate(flags)) => Ok(runtime()?.block_on(app::migrate(Settings::load(flags)?))?),
        Some(Command::Schema) => {
            print!("{}", gloss::graphql::sdl());
            Ok(())
        }
        Some(Command::Token { command, asking: Asking { server, json, place } }) => {
            let settings = Settings::load(place.into())?;
            runtime()?.block_on(async {
                let client = app::client(&settings, server).await?;
                Ok(token::run(&client, command, json).await?)
            })
        }
        Some(Command::Secrets { command: Secrets::Rotate(place) }) => {
            Ok(runtime()?.block_on(app::rotate_secrets(Settings::load(place.into())?))?)
        }
        Some(Command::Secrets { command: Secrets::Forget { yes, place } }) => {
            Ok(runtime()?.block_on(app::forget_secrets(Settings::load(place.into())?, yes))?)
        }
    }
}
