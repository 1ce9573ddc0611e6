//! The command line of the `gloss` binary. To add a command, add it to [`Command`] and to [`run`].

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    app::{self, StartError},
    cli::{
        ApiCommand, CliError, Exit, Output,
        ask::Ask,
        coverage::Coverage,
        doctor::{self, Doctor},
        export::Export,
        history::History,
        output,
        profile::Profile,
        run::Run,
        token::Token,
        usage::Usage,
    },
    config::{self, ConfigError, Settings},
    domain::text::visible_lines,
    graphql, target,
};

/// Documents databases with language models: a GraphQL server.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true, after_help = Exit::help())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server; the default command
    #[command(after_help = "\
Examples:
  gloss serve
  gloss serve --listen 127.0.0.1:9000 --data-dir /srv/gloss")]
    Serve(Settings),
    Run(Api<Run>),
    History(Api<History>),
    Ask(Api<Ask>),
    Profile(Api<Profile>),
    Coverage(Api<Coverage>),
    Export(Api<Export>),
    Usage(Api<Usage>),
    Doctor(Api<Doctor>),
    Token(Api<Token>),
    /// Migrate the store to this version, then exit
    #[command(after_help = "\
Examples:
  gloss migrate
  gloss migrate --store-url postgres://gloss@db.example/gloss")]
    Migrate(Settings),
    /// Change the key that encrypts the store's passwords and API keys, or continue after losing it
    Secrets {
        #[command(subcommand)]
        command: Secrets,
    },
    /// Print a settings file that explains every setting, with its default
    #[command(after_help = "\
Examples:
  gloss config > gloss.toml
  gloss serve --config gloss.toml")]
    Config,
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  gloss completions bash > ~/.local/share/bash-completion/completions/gloss
  gloss completions zsh > ~/.zfunc/_gloss
  gloss completions fish > ~/.config/fish/completions/gloss.fish")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write a man page for each command into a folder
    #[command(after_help = "\
Examples:
  gloss man ~/.local/share/man/man1")]
    Man {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Print the GraphQL schema
    #[command(after_help = "\
Examples:
  gloss schema > schema.graphql")]
    Schema,
}

// A command that calls the API, with the arguments that all of these have. (clap takes a doc comment for the help.)
#[derive(Args)]
struct Api<T: Args> {
    // First, because what follows sets the description of the command.
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    command: T,
}

// Which server or store a command uses, and the format of its output.
#[derive(Args)]
struct ClientArgs {
    /// URL of the server [default: the server that uses the data folder; if none is running, the store itself]
    #[arg(long, env = "GLOSS_SERVER", value_name = "URL", global = true)]
    server: Option<String>,
    /// File with the token for the server [default: the token in `GLOSS_TOKEN`]
    #[arg(long, env = "GLOSS_TOKEN_FILE", value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
    /// Print the result as JSON: one document, or one line for each event
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Secrets {
    /// Re-encrypt the secrets with a new key: `GLOSS_NEW_SECRET_KEY` or a new key file; stop the server first
    #[command(after_help = "\
Examples:
  gloss secrets rotate")]
    Rotate(Settings),
    /// Remove the secrets that the current key cannot decrypt; keep their profiles; stop the server first
    #[command(after_help = "\
Examples:
  gloss secrets forget
  gloss secrets forget --yes")]
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
    let ended = started.and_then(|()| run(parse()?)).unwrap_or_else(|error| {
        output::note(&format!("gloss: {}", visible_lines(&error.to_string())));
        exit_of(error.as_ref())
    });
    ended.into()
}

/// The exit code of an error.
fn exit_of(error: &(dyn Error + 'static)) -> Exit {
    if let Some(error) = error.downcast_ref::<CliError>() {
        error.exit()
    } else if let Some(error) = error.downcast_ref::<StartError>() {
        error.exit()
    } else if error.is::<ConfigError>() {
        Exit::UserError
    } else {
        Exit::Failure
    }
}

/// Returns the whole command line, as `--help`, completions and man pages show it.
#[must_use]
pub fn command() -> clap::Command {
    /// Commands that only use the store, not the other settings of a server.
    const ON_STORE: [&str; 2] = ["migrate", "secrets"];
    /// Commands that call the API.
    const ON_API: [&str; 9] = ["run", "history", "ask", "profile", "coverage", "export", "usage", "doctor", "token"];
    let mut command = Cli::command();
    for name in ON_STORE {
        command = command.mut_subcommand(name, only_store);
    }
    for name in ON_API {
        command = command.mut_subcommand(name, |below| only_store(below).mut_args(shared));
    }
    command
}

/// Hides the settings of a server in a command and in those below it.
fn only_store(command: clap::Command) -> clap::Command {
    Settings::only_store(command).mut_subcommands(only_store)
}

/// Lists the options that all commands of the API have under a heading, and makes those of a group options of each of
/// its commands.
fn shared(arg: clap::Arg) -> clap::Arg {
    let all = ClientArgs::augment_args(clap::Command::new("gloss"));
    let is_shared = all.get_arguments().any(|other| other.get_id() == arg.get_id());
    if is_shared { arg.help_heading("Server and output").global(true) } else { arg }
}

/// Parses the command line, the environment and the settings file.
fn parse() -> Result<Cli, Box<dyn Error>> {
    let matches = config::matches(command(), std::env::args_os().collect())?;
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

fn run(cli: Cli) -> Result<Exit, Box<dyn Error>> {
    let runtime = || tokio::runtime::Runtime::new();
    match cli.command {
        None => runtime()?.block_on(app::serve(cli.settings.checked()?))?,
        Some(Command::Serve(settings)) => runtime()?.block_on(app::serve(settings.checked()?))?,
        Some(Command::Migrate(settings)) => runtime()?.block_on(app::migrate(settings.checked()?))?,
        Some(Command::Schema) => output::print(&graphql::sdl()),
        Some(Command::Config) => output::print(&config::reference()),
        Some(Command::Run(api)) => return call(api),
        Some(Command::History(api)) => return call(api),
        Some(Command::Ask(api)) => return call(api),
        Some(Command::Profile(api)) => return call(api),
        Some(Command::Coverage(api)) => return call(api),
        Some(Command::Export(api)) => return call(api),
        Some(Command::Usage(api)) => return call(api),
        Some(Command::Doctor(api)) => return doctor(api.client),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "gloss", &mut script);
            output::print(&String::from_utf8_lossy(&script));
        }
        Some(Command::Man { folder }) => std::fs::create_dir_all(&folder)
            .and_then(|()| clap_mangen::generate_to(command(), &folder))
            .map_err(|source| CliError::File { path: folder.display().to_string(), source })?,
        Some(Command::Token(api)) => return call(api),
        Some(Command::Secrets { command: Secrets::Rotate(settings) }) => {
            runtime()?.block_on(app::rotate_secrets(settings.checked()?))?;
        }
        Some(Command::Secrets { command: Secrets::Forget { yes, settings } }) => {
            runtime()?.block_on(app::forget_secrets(settings.checked()?, yes))?;
        }
    }
    Ok(Exit::Success)
}

/// Examines the installation.
fn doctor(client: ClientArgs) -> Result<Exit, Box<dyn Error>> {
    let ClientArgs { server, token_file, json, settings } = client;
    let settings = settings.checked()?;
    let connection = app::Connection { server, token_file };
    let findings = tokio::runtime::Runtime::new()?.block_on(app::doctor(&settings, connection))?;
    Ok(doctor::print(&findings, if json { Output::Json } else { Output::Text }))
}

/// Runs a command that calls the API.
fn call<T: ApiCommand + Args>(api: Api<T>) -> Result<Exit, Box<dyn Error>> {
    let ClientArgs { server, token_file, json, settings } = api.client;
    let settings = settings.checked()?;
    let output = if json { Output::Json } else { Output::Text };
    tokio::runtime::Runtime::new()?.block_on(async {
        let connection = app::Connection { server, token_file };
        let client = app::client(&settings, connection, api.command.needs()).await?;
        let ended = api.command.run(&client, output).await;
        client.close().await;
        Ok(ended?)
    })
}
