//! The command line of the `gloss` binary. To add a command, add it to [`Command`] and to [`run`], or, if it calls the
//! API, to [`OnApi`] and to `each`: then it also works in the shell.

mod demo;
mod shell;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{
    ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{Resettable, StyledStr},
};

use secrecy::SecretString;

use crate::{
    app::{self, StartError},
    cli::{
        ApiCommand, CliError, Exit, Output,
        ask::Ask,
        coverage::Coverage,
        doctor::{self, Doctor},
        export::Export,
        generate::Generate,
        history::History,
        import::Import,
        output,
        profile::Profile,
        prune::Prune,
        rerun::Rerun,
        run::Run,
        schedule::Schedule,
        shell::Shell,
        terms,
        token::Token,
        usage::Usage,
        workers::Workers,
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
#[expect(clippy::large_enum_variant, reason = "there is only one at a time")]
enum Command {
    /// Start the server; the default command
    #[command(after_help = "\
Examples:
  gloss serve
  gloss serve --listen 127.0.0.1:9000 --data-dir /srv/gloss")]
    Serve(Settings),
    #[command(flatten)]
    OnApi(OnApi),
    Shell(Api<Shell>),
    Demo(demo::Demo),
    /// Migrate the store to this version, then exit
    #[command(after_help = "\
Examples:
  gloss migrate
  gloss migrate --store-url postgres://gloss@db.example/gloss")]
    Migrate(Settings),
    /// Copy the store to a file; a server that uses it can go on
    ///
    /// For a store in SQLite. The file is complete and consistent. The key of the store's secrets is not in it.
    #[command(after_help = "\
Examples:
  gloss backup gloss.backup
  gloss backup /backups/gloss-2026-12-01.db")]
    Backup(OnFile),
    /// Put a backup in the place of the store; stop the server first
    ///
    /// Checks the backup, and that the key opens its secrets. Keeps the previous store beside it under another name.
    #[command(after_help = "\
Examples:
  gloss restore gloss.backup")]
    Restore(OnFile),
    /// Move the store to another database
    Store {
        #[command(subcommand)]
        command: Store,
    },
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

// The commands that call the API, which the shell takes, too.
#[derive(Subcommand)]
enum OnApi {
    Run(Api<Run>),
    History(Api<History>),
    Ask(Api<Ask>),
    Generate(Api<Generate>),
    Rerun(Api<Rerun>),
    Schedule(Api<Schedule>),
    Profile(Api<Profile>),
    Coverage(Api<Coverage>),
    Export(Api<Export>),
    Import(Api<Import>),
    Usage(Api<Usage>),
    Workers(Api<Workers>),
    Prune(Api<Prune>),
    Doctor(Api<Doctor>),
    Token(Api<Token>),
}

/// Evaluates an expression with the command that an [`OnApi`] holds.
macro_rules! each {
    ($command:expr, $api:ident => $done:expr) => {
        match $command {
            OnApi::Run($api) => $done,
            OnApi::History($api) => $done,
            OnApi::Ask($api) => $done,
            OnApi::Generate($api) => $done,
            OnApi::Rerun($api) => $done,
            OnApi::Schedule($api) => $done,
            OnApi::Profile($api) => $done,
            OnApi::Coverage($api) => $done,
            OnApi::Export($api) => $done,
            OnApi::Import($api) => $done,
            OnApi::Usage($api) => $done,
            OnApi::Workers($api) => $done,
            OnApi::Prune($api) => $done,
            OnApi::Doctor($api) => $done,
            OnApi::Token($api) => $done,
        }
    };
}
use each;

// A command that calls the API, with the arguments that all of these have. (clap takes a doc comment for the help.)
struct Api<T> {
    command: T,
    client: ClientArgs,
}

impl<T: Args> Args for Api<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        with_client(T::augment_args(command), ClientArgs::augment_args)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        with_client(T::augment_args_for_update(command), ClientArgs::augment_args_for_update)
    }
}

/// Adds the arguments of the client after those of a command, because the help lists headings in this order. The
/// description stays that of the command.
fn with_client(command: clap::Command, add: fn(clap::Command) -> clap::Command) -> clap::Command {
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    add(command).about(Resettable::<StyledStr>::from(about)).long_about(Resettable::<StyledStr>::from(long_about))
}

impl<T: FromArgMatches> FromArgMatches for Api<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, clap::Error> {
        let command = T::from_arg_matches_mut(matches)?;
        Ok(Self { command, client: ClientArgs::from_arg_matches_mut(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.update_from_arg_matches_mut(&mut matches.clone())
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), clap::Error> {
        self.command.update_from_arg_matches_mut(matches)?;
        self.client.update_from_arg_matches_mut(matches)
    }
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
    /// Print only results and errors: no progress, notes and hints
    #[arg(long, global = true)]
    quiet: bool,
    #[command(flatten)]
    settings: Settings,
}

// A command that copies the store to or from a file.
#[derive(Args)]
struct OnFile {
    /// The file of the backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Store {
    /// Copy a store from SQLite to PostgreSQL or back; stop the server first
    ///
    /// The target must be empty. After an interruption, the same command continues. At the end, the number of rows and
    /// a checksum of each table are compared. The key of the store's secrets stays the same.
    #[command(after_help = "\
Examples:
  gloss store copy --from sqlite:///srv/gloss/store.db --to postgres://gloss@db.example/gloss
  gloss store copy --from postgres://gloss@db.example/gloss --to sqlite:///srv/gloss/new.db")]
    Copy {
        /// URL of the store to copy; give a URL with a password in the environment
        #[arg(long, env = "GLOSS_COPY_FROM", value_name = "URL", hide_env_values = true)]
        from: SecretString,
        /// URL of the new store; give a URL with a password in the environment
        #[arg(long, env = "GLOSS_COPY_TO", value_name = "URL", hide_env_values = true)]
        to: SecretString,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
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
        output::complain(&format!("gloss: {}", visible_lines(&terms::in_terminal(&error.to_string()))));
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
    const ON_STORE: [&str; 4] = ["migrate", "backup", "restore", "secrets"];
    let mut command = Cli::command();
    for name in ON_STORE {
        command = command.mut_subcommand(name, only_store);
    }
    let on_api = OnApi::augment_subcommands(clap::Command::new("gloss"));
    for name in on_api.get_subcommands().map(clap::Command::get_name).chain(["shell"]) {
        command = command.mut_subcommand(name, |below| only_store(below).mut_args(shared));
    }
    let command = taking_negative_numbers(command);
    let mut built = command.clone();
    built.build();
    with_usage(command, &built)
}

/// Takes negative numbers for values, so that an error says what an option allows instead of suggesting another one.
fn taking_negative_numbers(command: clap::Command) -> clap::Command {
    let takes = |arg: clap::Arg| if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg };
    command.mut_args(takes).mut_subcommands(taking_negative_numbers)
}

/// Shows the whole usage in errors, too, and not only the options that are given, also by the environment. `built` is
/// the same command, built.
fn with_usage(command: clap::Command, built: &clap::Command) -> clap::Command {
    let usage = built.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    command.override_usage(usage).mut_subcommands(|below| match built.find_subcommand(below.get_name()) {
        Some(built) => with_usage(below, built),
        None => below,
    })
}

/// Hides the settings of a server in a command and in those below it.
fn only_store(command: clap::Command) -> clap::Command {
    Settings::only_store(command).mut_subcommands(only_store)
}

/// Lists the options that all commands of the API have under two headings, and makes those of a group options of each
/// of its commands. `-h` leaves out those of the store.
fn shared(arg: clap::Arg) -> clap::Arg {
    let has = |all: clap::Command| all.get_arguments().any(|other| other.get_id() == arg.get_id());
    if has(Settings::augment_args(clap::Command::new("gloss"))) {
        // A new store is for those who start the server.
        let hide = arg.is_hide_set() || arg.get_id() == "new_store";
        arg.help_heading("Store").global(true).hide_short_help(true).hide(hide)
    } else if has(ClientArgs::augment_args(clap::Command::new("gloss"))) {
        arg.help_heading("Server and output").global(true)
    } else {
        arg
    }
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
        Some(Command::Backup(OnFile { file, json, settings })) => {
            runtime()?.block_on(app::back_up(&settings.checked()?, &file, Output::of(json)))?;
        }
        Some(Command::Restore(OnFile { file, json, settings })) => {
            runtime()?.block_on(app::restore(&settings.checked()?, &file, Output::of(json)))?;
        }
        Some(Command::Store { command: Store::Copy { from, to, json } }) => {
            runtime()?.block_on(app::copy(&from, &to, Output::of(json)))?;
        }
        Some(Command::Schema) => output::print(graphql::sdl()),
        Some(Command::Config) => output::print(config::reference()),
        Some(Command::OnApi(OnApi::Doctor(api))) => return doctor(api.client),
        Some(Command::OnApi(command)) => return each!(command, api => call(api)),
        Some(Command::Demo(demo)) => return demo::tour(demo),
        Some(Command::Shell(api)) => return shell::talk(api.client),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "gloss", &mut script);
            output::print(script);
        }
        Some(Command::Man { folder }) => std::fs::create_dir_all(&folder)
            .and_then(|()| clap_mangen::generate_to(command(), &folder))
            .map_err(|source| CliError::File { path: folder.display().to_string(), source })?,
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
    let ClientArgs { server, token_file, json, quiet, settings } = client;
    let settings = settings.checked()?;
    let _quiet = output::Quiet::begin(quiet);
    let connection = app::Connection { server, token_file, quiet: false };
    let findings = tokio::runtime::Runtime::new()?.block_on(app::doctor(&settings, connection))?;
    Ok(doctor::print(&findings, Output::of(json)))
}

/// Runs a command that calls the API.
fn call<T: ApiCommand + Args>(api: Api<T>) -> Result<Exit, Box<dyn Error>> {
    let ClientArgs { server, token_file, json, quiet, settings } = api.client;
    let settings = settings.checked()?;
    let _quiet = output::Quiet::begin(quiet);
    let output = Output::of(json);
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(async {
        let connection = app::Connection { server, token_file, quiet: false };
        let client = app::client(&settings, connection, api.command.needs(), api.command.may_create_store()).await?;
        let ended = api.command.run(&client, output).await;
        if !matches!(ended, Err(CliError::LeftRuns(_))) {
            client.close().await;
        }
        Ok(ended?)
    });
    // A command that left its runs does not wait for what it still does for them.
    runtime.shutdown_background();
    ended
}
