//! The command `gloss history events`.

use clap::Args;
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::cli::{
    CliError, Client, Exit, Output,
    follow::{Told, follow},
    lookup,
    operation::{Operation, event_fields},
    output::{self, Tone},
    pages,
    table::Table,
    values::{RunNumber, at_least, run_number},
};

const EVENTS: Operation = Operation(concat!(
    "query($number: Int!, $first: Int, $after: String) { runByNumber(number: $number) {
        events(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ",
    event_fields!(),
    " } } } }"
));

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[EVENTS];

/// Print the events of a run, oldest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history events 12
  gloss history events 12 --follow --json
  gloss history events 12 --after 40")]
pub struct Events {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
    /// Wait for further events until the run ends
    #[arg(long)]
    pub follow: bool,
    /// Only events after this sequence number
    #[arg(long, value_name = "SEQUENCE", default_value = "0", value_parser = at_least(0_u32))]
    after: u32,
}

impl Events {
    /// Prints the events.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        if self.follow {
            return self.follow(client, output).await;
        }
        let number = lookup::number(client, self.number).await?;
        let variables = json!({ "number": number });
        let read = pages::read(client, EVENTS, &variables, "/runByNumber/events", usize::MAX).await?;
        let (mut events, _) = read.ok_or_else(|| lookup::no_run(number))?;
        events.retain(|event| event["sequence"].as_u64() > Some(self.after.into()));
        if output.is_json() {
            output::document(&Value::Array(events));
            return Ok(Exit::Success);
        }
        let mut table = Table::new(["EVENT", "TIME", "TYPE", "MESSAGE"]).wrapping("MESSAGE");
        for event in &events {
            let failed = event["type"].as_str().is_some_and(|kind| kind.ends_with("FAILED"));
            table.toned([
                (output::text(&event["sequence"]), Tone::Faint),
                (output::time(&event["at"]), Tone::Faint),
                (output::words(&event["type"]), if failed { Tone::Bad } else { Tone::Plain }),
                (output::message(&event["message"]), Tone::Plain),
            ]);
        }
        table.print();
        Ok(Exit::Success)
    }

    async fn follow(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let run = lookup::run(client, self.number).await?;
        let id = run["id"].as_str().unwrap_or_default().to_owned();
        let mut told = std::pin::pin!(follow(client, id, self.after.into()));
        while let Some(news) = told.try_next().await? {
            match news {
                Told::Event(event) if output.is_json() => output::line(&event.to_string()),
                Told::Event(event) => {
                    let (sequence, at) = (output::text(&event["sequence"]), output::clock(&event["at"]));
                    output::line(&format!("{sequence:>5}  {at}  {}", output::message(&event["message"])));
                }
                Told::Lost(reason) => output::note(&format!("Connection lost, reconnecting: {reason}")),
                Told::Back => output::note("Connected again."),
            }
        }
        Ok(Exit::Success)
    }
}
