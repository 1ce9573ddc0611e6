//! The command `gloss shell`: executes the commands of the command line, one a line, with one client for all of them.

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind, parser::ValueSource};
use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use super::{Api, ClientArgs, OnApi, each, taking_negative_numbers};
use crate::{
    app,
    cli::{
        ApiCommand, CliError, Client, Exit, Needs, Output,
        lookup::{self, Profiles},
        output,
        run::watch::Interrupts,
        scope::{self, Current, Scope},
        shell::{Names, has_secret, line::Line, lines::Lines},
        terms,
    },
    domain::text::{cut, visible, visible_lines},
    lifecycle::make_private_folder,
};

/// Maximum length of a line that is repeated in a message, in characters.
const SHOWN: usize = 200;
/// The file with the lines of earlier sessions, in the data folder.
const HISTORY: &str = "shell-history";

// The commands of a line. (clap takes a doc comment for the help.)
#[derive(Parser)]
#[command(name = "gloss", no_binary_name = true, help_template = "Commands:\n{subcommands}{after-help}")]
#[command(after_help = "\
`help COMMAND` explains a command. A scope without a profile is in the DB profile that `use` chooses:
  use demo
  run main.orders")]
struct Commands {
    #[command(subcommand)]
    command: InShell,
}

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is only one at a time")]
enum InShell {
    #[command(flatten)]
    OnApi(OnApi),
    /// Choose the DB profile of scopes that name none
    #[command(after_help = "\
Examples:
  use demo
  use pg/shop")]
    Use {
        /// The DB profile, and the database if the profile reaches several: `profile[/database]`
        #[arg(value_name = "PROFILE")]
        used: String,
    },
    /// Leave the shell
    #[command(alias = "quit")]
    Exit,
}

/// How the shell goes on after a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// The command ended so.
    Ended(Exit),
    /// The shell ends.
    Leave,
}

/// One client and what its commands share.
pub struct Session {
    client: Arc<Client>,
    output: Output,
    commands: Arc<clap::Command>,
    chosen: Arc<Mutex<Option<Scope>>>,
}

/// Executes lines until they end.
pub fn talk(arguments: ClientArgs) -> Result<Exit, Box<dyn Error>> {
    let ClientArgs { server, token_file, json, quiet, settings } = arguments;
    let settings = settings.checked()?;
    let _quiet = output::Quiet::begin(quiet);
    let runtime = Runtime::new()?;
    let connection = app::Connection { server, token_file, quiet: false };
    let client = Arc::new(runtime.block_on(app::client(&settings, connection, Needs::Workers, true))?);
    let session = Session::new(Arc::clone(&client), Output::of(json));
    let stop = Arc::new(AtomicBool::new(false));
    let names = Names::new(Arc::clone(&client), runtime.handle().clone());
    let is_person = output::can_ask();
    let mut lines = Lines::Script(runtime.handle().clone());
    if is_person {
        stop_at_terminate(&runtime, Arc::clone(&stop))?;
        // Without the folder, the history is not kept, which the prompt says.
        let _folder = make_private_folder(&settings.data_dir);
        let (commands, chosen) = (Arc::clone(&session.commands), Arc::clone(&session.chosen));
        let history = settings.data_dir.join(HISTORY);
        lines = Lines::terminal(commands, Arc::clone(&names), chosen, history, Arc::clone(&stop));
    }
    let ended = runtime.block_on(async { Signals::listen()?.interrupt(session.choose_the_only_profile()).await });
    let ended = match ended {
        Err(error @ CliError::Unauthenticated { .. }) => Err(error.into()),
        chosen => {
            if let Err(error) = chosen {
                complain(&error);
            }
            if is_person {
                output::note("Type a command, `help` or `exit`. Tab completes it.");
            }
            read(&runtime, &session, &names, &mut lines, is_person, &stop)
        }
    };
    runtime.block_on(client.close());
    runtime.shutdown_background();
    ended
}

fn read(
    runtime: &Runtime,
    session: &Session,
    names: &Names,
    lines: &mut Lines,
    is_person: bool,
    stop: &AtomicBool,
) -> Result<Exit, Box<dyn Error>> {
    for number in 1.. {
        // A signal between the end of a line and the start of its command counts.
        let signals = runtime.block_on(async { Signals::listen() })?;
        let line = match lines.next(&session.prompt()) {
            Ok(Some(line)) => line,
            Ok(None) if number == 1 && !is_person => {
                let message = "standard input is empty; write a command a line, as in `echo usage | gloss shell`";
                return Err(CliError::Usage(message.to_owned()).into());
            }
            Ok(None) => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(Exit::Left),
            Err(error) if is_person => return Err(CliError::from(error).into()),
            Err(error) => {
                let message = format!("line {number} of standard input cannot be read: {error}");
                return Err(CliError::Usage(message).into());
            }
        };
        let exit = match runtime.block_on(session.execute_until(signals, &line)) {
            Ok(Next::Leave) => break,
            Ok(Next::Ended(exit)) => exit,
            Err(error) => {
                complain(&error);
                error.exit()
            }
        };
        if !is_person && exit != Exit::Success {
            output::note(&stopped(number, &line));
            return Ok(exit);
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
        names.forget();
    }
    Ok(Exit::Success)
}

/// Says at which line a script stopped. A password is not repeated.
fn stopped(number: usize, line: &str) -> String {
    let shown = if has_secret(line) { String::new() } else { format!(": {}", cut(&visible(line.trim()), SHOWN)) };
    format!("gloss: the script stopped at line {number}{shown}")
}

/// Prints an error of a command.
pub fn complain(error: &CliError) {
    output::complain(&format!("gloss: {}", visible_lines(&terms::in_terminal(&error.to_string()))));
}

/// Ends the prompt at SIGTERM. A run that is watched is cancelled first, as without the shell.
fn stop_at_terminate(runtime: &Runtime, stop: Arc<AtomicBool>) -> Result<(), CliError> {
    let _guard = runtime.enter();
    let mut terminate = signal(SignalKind::terminate())?;
    runtime.spawn(async move {
        terminate.recv().await;
        stop.store(true, Ordering::Relaxed);
    });
    Ok(())
}

impl Session {
    /// Executes commands with this client.
    pub fn new(client: Arc<Client>, output: Output) -> Self {
        Self { client, output, commands: Arc::new(commands()), chosen: Arc::default() }
    }

    /// Executes a line, until a signal unless its command handles signals itself.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for a line that is no command, [`CliError::Left`] for a command that a signal ended,
    /// and the errors of the command.
    pub async fn execute(&self, text: &str) -> Result<Next, CliError> {
        self.execute_until(Signals::listen()?, text).await
    }

    async fn execute_until(&self, signals: Signals, text: &str) -> Result<Next, CliError> {
        Box::pin(signals.interrupt(self.execute_to_its_end(text))).await
    }

    async fn execute_to_its_end(&self, text: &str) -> Result<Next, CliError> {
        let line = Line::read(text, &self.commands);
        if line.is_empty() {
            return Ok(Next::Ended(Exit::Success));
        }
        let current = if line.has_scope() { self.current().await? } else { None };
        let arguments = line.arguments(current.as_ref())?;
        let command = match parse(&self.commands, &arguments) {
            Ok(command) => command,
            Err(Refused::Shown(exit)) => return Ok(Next::Ended(exit)),
            Err(Refused::Wrong(message)) => return Err(CliError::Usage(message)),
        };
        match command {
            InShell::Exit => Ok(Next::Leave),
            InShell::Use { used } => {
                self.choose(&used).await?;
                Ok(Next::Ended(Exit::Success))
            }
            InShell::OnApi(command) => {
                let exit = each!(command, api => self.call(api).await);
                Ok(Next::Ended(exit?))
            }
        }
    }

    async fn call<T: ApiCommand + Args>(&self, api: Api<T>) -> Result<Exit, CliError> {
        let output = if api.client.json { Output::Json } else { self.output };
        let _quiet = output::Quiet::begin(api.client.quiet);
        api.command.run(&self.client, output).await
    }

    /// The prompt: `gloss demo`.
    fn prompt(&self) -> String {
        let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.as_ref().map_or_else(|| "gloss".to_owned(), |scope| format!("gloss {scope}"))
    }

    async fn current(&self) -> Result<Option<Current>, CliError> {
        let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(Scope { profile, database, .. }) = chosen else { return Ok(None) };
        let profiles = Profiles::db(&self.client).await?.names();
        Ok(Some(Current { profile, database, profiles }))
    }

    /// Chooses the DB profile of scopes that name none.
    async fn choose(&self, text: &str) -> Result<(), CliError> {
        let mut scopes = scope::parse(text)?;
        let (Some(scope), None) = (scopes.pop(), scopes.pop()) else {
            return Err(CliError::Usage("name one DB profile, as in `use demo`".to_owned()));
        };
        if !scope.path.is_empty() {
            return Err(CliError::Usage("name a DB profile alone, as in `use demo` or `use pg/shop`".to_owned()));
        }
        let id = Profiles::db(&self.client).await?.id(&scope.profile)?;
        if let Some(database) = &scope.database {
            lookup::check_database(&self.client, &scope.profile, &id, database).await?;
        }
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(scope);
        Ok(())
    }

    /// Chooses the DB profile if there is only one.
    async fn choose_the_only_profile(&self) -> Result<(), CliError> {
        if let [profile] = Profiles::db(&self.client).await?.names().as_slice() {
            let scope = Scope { profile: profile.clone(), database: None, path: Vec::new() };
            *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(scope);
        }
        Ok(())
    }
}

/// The signals that end a command.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Receives the signals from now on.
    fn listen() -> Result<Self, CliError> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Executes a command until a signal, unless it handles signals itself.
    async fn interrupt<T>(mut self, command: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        let mut command = std::pin::pin!(command);
        loop {
            tokio::select! {
                biased;
                ended = &mut command => return ended,
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            if !Interrupts::are_heard() {
                return Err(CliError::Left);
            }
        }
    }
}

/// Returns the commands of a line, built.
fn commands() -> clap::Command {
    let mut commands = taking_negative_numbers(Commands::command());
    let on_api = OnApi::augment_subcommands(clap::Command::new("gloss"));
    for name in on_api.get_subcommands().map(clap::Command::get_name) {
        commands = commands.mut_subcommand(name, hide_client_options);
    }
    commands.build();
    commands
}

/// Hides the options that name the client, which the shell has for all of its commands.
fn hide_client_options(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| if names_client(arg.get_id().as_str()) { arg.hide(true) } else { arg })
        .mut_subcommands(hide_client_options)
}

fn names_client(id: &str) -> bool {
    let all = ClientArgs::augment_args(clap::Command::new("gloss"));
    !matches!(id, "json" | "quiet") && all.get_arguments().any(|arg| arg.get_id() == id)
}

/// Why there is no command to execute.
enum Refused {
    /// Help was printed.
    Shown(Exit),
    /// This is wrong.
    Wrong(String),
}

fn parse(commands: &clap::Command, arguments: &[String]) -> Result<InShell, Refused> {
    let first = arguments.first().map_or("", String::as_str);
    let matches = commands.clone().try_get_matches_from(arguments).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => shown(&error, Exit::Success),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => shown(&error, Exit::UserError),
        ErrorKind::InvalidSubcommand if super::command().find_subcommand(first).is_some() => Refused::Wrong(format!(
            "{first} does not work in the shell; leave it with `exit`, then type `gloss {first}`"
        )),
        ErrorKind::InvalidSubcommand => Refused::Wrong(format!("{}; `help` lists the commands", one_line(&error))),
        _ => Refused::Wrong(one_line(&error)),
    })?;
    let mut leaf = &matches;
    while let Some((_, below)) = leaf.subcommand() {
        leaf = below;
    }
    let is_given = |id: &&clap::Id| leaf.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    if let Some(id) = leaf.ids().filter(is_given).find(|id| names_client(id.as_str())) {
        let option = id.as_str().replace('_', "-");
        return Err(Refused::Wrong(format!(
            "--{option} counts for the whole shell; leave it with `exit`, then type `gloss shell --{option} …`"
        )));
    }
    Commands::from_arg_matches(&matches).map(|line| line.command).map_err(|error| Refused::Wrong(one_line(&error)))
}

fn shown(error: &clap::Error, exit: Exit) -> Refused {
    // If standard output is closed, nobody reads the help.
    let _unread = error.print();
    Refused::Shown(exit)
}

/// What clap says is wrong, without the usage.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.split("\nUsage:").next().unwrap_or_default();
    let text = text.split("\nFor more information").next().unwrap_or_default();
    let lines = text.trim_start_matches("error: ").lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::new(), |all, line| match all.chars().last() {
        None => line.to_owned(),
        Some(':') => format!("{all} {line}"),
        Some(_) => format!("{all}; {line}"),
    })
}
