//! The command `gloss demo`: a tour of Gloss in ninety seconds.
//!
//! The rule: the tour has no code of its own for what it shows. It executes the very commands that it prints, as the
//! shell does, on a data folder that it removes at the end.

use std::{error::Error, fs, path::Path, sync::Arc};

use clap::{Args, FromArgMatches};
use tokio::{runtime::Runtime, signal::unix::SignalKind};

use super::shell::{Next, Session, complain};
use crate::{
    app,
    cli::{
        CliError, Exit, Needs, Output,
        output::{self, Tone},
    },
    config::Settings,
};

/// Take a tour of Gloss in ninety seconds, on a demo database
///
/// Describes a small shop database with the builtin describer, without a network, and shows how texts are reviewed,
/// written and rolled back. Each step prints its command. Everything is in a temporary folder, so your own databases
/// and your own store stay as they are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss demo
  gloss demo --yes
  gloss demo --keep")]
pub struct Demo {
    /// Do not wait for Enter between the steps
    #[arg(long, short)]
    yes: bool,
    /// Keep the folder, and print how to use it
    #[arg(long)]
    keep: bool,
}

/// What a step does.
enum Step {
    /// Executes this command.
    Command(&'static str),
    /// Prints the beginning of this file.
    Head(&'static str),
}
use Step::{Command, Head};

/// The number of lines that [`Head`] prints.
const HEAD: usize = 6;

/// The tour: what a step shows, and how.
const STEPS: [(&str, Step); 12] = [
    ("A small shop database. Its tables and columns have no comments.", Command("gloss coverage demo")),
    ("Gloss describes them all. The builtin describer needs no key and no network.", Command("gloss run demo")),
    ("Each text has a confidence. These are some of the best:", Command("gloss history results 1 --band high -n 8")),
    (
        "These say little. A person skips them, or writes a better text:",
        Command("gloss history results 1 --band low -n 4"),
    ),
    ("One text with its alternatives, and the evidence for it:", Command("gloss generate demo:main.orders.status")),
    (
        "Nothing is written yet. Accept the texts with high confidence:",
        Command("gloss history review 1 --accept --band high"),
    ),
    ("Write them to the database, as its comments:", Command("gloss history apply 1")),
    ("More of it is documented now:", Command("gloss coverage demo")),
    (
        "Read the comments from the database, as a table:",
        Command("gloss export demo --format csv --what comments -o comments.csv"),
    ),
    ("It begins so:", Head("comments.csv")),
    ("Ask about the database:", Command("gloss ask 'Which table has the email addresses of customers?'")),
    ("An apply can be undone. Put the old comments back:", Command("gloss history rollback 1")),
];

/// Takes the tour.
pub fn tour(demo: Demo) -> Result<Exit, Box<dyn Error>> {
    let mut folder = tempfile::Builder::new().prefix("gloss-demo-").tempdir()?;
    folder.disable_cleanup(demo.keep);
    // Files that the commands name are in it.
    std::env::set_current_dir(folder.path())?;
    let runtime = Runtime::new()?;
    let settings = settings(folder.path())?;
    let connection = app::Connection { quiet: true, ..app::Connection::default() };
    let client = Arc::new(runtime.block_on(app::client(&settings, connection, Needs::Workers, true))?);
    let ended = runtime.block_on(steps(&Session::new(Arc::clone(&client), Output::Text), &demo));
    runtime.block_on(client.close());
    drop(client);
    runtime.shutdown_background();
    if demo.keep {
        let shown = folder.path().display();
        output::note(&format!(
            "The store and the database stay in {shown}. Look at them: gloss serve --data-dir {shown}"
        ));
    }
    ended
}

/// The settings of the environment, with this data folder and a new store in it.
fn settings(folder: &Path) -> Result<Settings, Box<dyn Error>> {
    let command = Settings::augment_args(clap::Command::new("gloss").no_binary_name(true));
    let mut settings = Settings::from_arg_matches(&command.try_get_matches_from(std::iter::empty::<String>())?)?;
    settings.data_dir = folder.to_owned();
    settings.store_url = String::new().into();
    Ok(settings.checked()?)
}

async fn steps(session: &Session, demo: &Demo) -> Result<Exit, Box<dyn Error>> {
    let waits = !demo.yes && output::can_ask();
    for (number, (what, step)) in STEPS.iter().enumerate() {
        if waits && number > 0 && !enter().await? {
            return Ok(Exit::Cancelled);
        }
        output::line(&format!("\n{}/{} {what}", number + 1, STEPS.len()));
        let shown = match step {
            Command(command) => (*command).to_owned(),
            Head(file) => format!("head -n {HEAD} {file}"),
        };
        output::line(&format!("$ {}\n", Tone::Good.paint(&shown)));
        match step {
            Command(command) => match session.execute(command).await {
                Ok(Next::Ended(Exit::Success)) => {}
                Ok(Next::Ended(exit)) => return Ok(exit),
                Ok(Next::Leave) => break,
                Err(error) => {
                    complain(&error);
                    return Ok(error.exit());
                }
            },
            Head(file) => {
                let text = fs::read_to_string(file)?;
                text.lines().take(HEAD).for_each(output::line);
            }
        }
    }
    output::line(
        "
That was the tour. Now use your own database:
  gloss profile db add shop postgres://user@host:5432/shop    or mysql://…, or sqlite:///path/shop.db
  gloss run shop
  gloss serve     the same with pages: review, compare, schedules
  gloss shell     the same at a prompt
  gloss help      everything else",
    );
    Ok(Exit::Success)
}

/// Waits for Enter. Returns whether the tour goes on: a signal or the end of the input ends it.
async fn enter() -> Result<bool, CliError> {
    let mut interrupt = tokio::signal::unix::signal(SignalKind::interrupt())?;
    output::note("\nPress Enter for the next step, Ctrl-C to leave.");
    let line = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    tokio::select! {
        read = line => Ok(matches!(read, Ok(Ok(bytes)) if bytes > 0)),
        _ = interrupt.recv() => Ok(false),
    }
}
