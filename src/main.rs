//! The `gloss` binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gloss::config::{Flags, Settings};

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
    /// Bring the store's tables up to this version, and leave
    Migrate(Flags),
    /// Print the GraphQL schema
    Schema,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => run(cli.flags, gloss::app::serve),
        Some(Command::Serve(flags)) => run(flags, gloss::app::serve),
        Some(Command::Migrate(flags)) => run(flags, gloss::app::migrate),
        Some(Command::Schema) => {
            print!("{}", gloss::graphql::sdl());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gloss: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run<F>(flags: Flags, work: impl FnOnce(Settings) -> F) -> Result<(), Box<dyn std::error::Error>>
where
    F: Future<Output = Result<(), gloss::app::StartError>>,
{
    let settings = Settings::load(flags)?;
    Ok(tokio::runtime::Runtime::new()?.block_on(work(settings))?)
}
