//! Watches runs to their ends, while Ctrl-C can cancel them.
//!
//! The rule: the first Ctrl-C (or SIGTERM) cancels the runs, and the command waits until they have ended. The second
//! one ends the command at once. If the server is away, the cancel is sent when the connection is back.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::display::Display;
use crate::cli::{
    CliError, Client, Output,
    follow::{Told, follow},
    operation::Operation,
};

const CANCEL: Operation = Operation("mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }");

/// The documents of watching.
pub const OPERATIONS: &[Operation] = &[CANCEL];

/// A run to watch.
pub struct Watched {
    /// Its global id.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// The last event that is known.
    pub after: i64,
    /// What is watched.
    pub what: What,
}

/// What a run does while it is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It describes rows, and writes them if its command says so.
    Rows,
    /// It writes this many comments.
    Writes(u64),
    /// It puts back this many comments.
    RollsBack(u64),
    /// It answers a question.
    Answer,
    /// It drafts one text.
    Draft,
    /// It judges texts for a comparison.
    Verdicts,
}

impl Watched {
    /// Watches a run that has `id` and `number` from the event after `after`.
    #[must_use]
    pub fn of(run: &Value, after: i64) -> Self {
        let id = run["id"].as_str().unwrap_or_default().to_owned();
        Self { id, number: run["number"].as_i64().unwrap_or_default(), after, what: What::Rows }
    }
}

/// The number of [`Interrupts`] that listen in this process.
static LISTENING: AtomicUsize = AtomicUsize::new(0);

/// The signals that ask the command to stop.
pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Listens from now on. A signal then no longer ends the process by itself.
    ///
    /// # Errors
    /// Returns [`CliError::Terminal`] if the system refuses it.
    pub fn listen() -> Result<Self, CliError> {
        let listening =
            Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
        LISTENING.fetch_add(1, Ordering::Relaxed);
        Ok(listening)
    }

    /// Returns whether a command listens. If none does, a signal ends the command that is executed.
    #[must_use]
    pub fn are_heard() -> bool {
        LISTENING.load(Ordering::Relaxed) > 0
    }

    /// Waits for the answer to a request, unless a signal comes first.
    ///
    /// # Errors
    /// Returns [`CliError::Left`] at a signal, and the errors of the request.
    pub async fn unless<T>(&mut self, request: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        tokio::select! {
            answer = request => answer,
            () = self.next() => Err(CliError::Left),
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        LISTENING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How far a cancel is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cancel {
    Unasked,
    /// The server is away; it is sent when the connection is back.
    Pending,
    Sent,
}

/// Watches runs to their ends and shows their progress.
///
/// # Errors
/// Returns [`CliError::LeftRuns`] at a second signal, and the errors of the subscriptions, once a lost connection does
/// not come back.
pub async fn watch(
    client: &Client,
    runs: &[Watched],
    mut interrupts: Interrupts,
    output: Output,
) -> Result<(), CliError> {
    let mut display = Display::new(runs, output);
    let followed = runs.iter().enumerate();
    let mut told = stream::select_all(
        followed.map(|(at, run)| follow(client, run.id.clone(), run.after).map(move |told| (at, told)).boxed_local()),
    );
    let mut cancel = Cancel::Unasked;
    loop {
        tokio::select! {
            next = told.next() => match next {
                None => break,
                Some((at, Ok(news))) => {
                    let is_back = matches!(news, Told::Back);
                    display.show(at, news);
                    if is_back && cancel == Cancel::Pending {
                        cancel = cancel_all(client, runs, &mut interrupts, &display).await?;
                    }
                }
                Some((_, Err(error))) => {
                    display.clear();
                    return Err(error);
                }
            },
            () = interrupts.next() => {
                if cancel != Cancel::Unasked {
                    return Err(left(&display, runs));
                }
                display.note("Cancelling. Press Ctrl-C again to leave without waiting.");
                cancel = cancel_all(client, runs, &mut interrupts, &display).await?;
            }
        }
    }
    display.clear();
    Ok(())
}

/// Cancels the runs that have not ended.
async fn cancel_all(
    client: &Client,
    runs: &[Watched],
    interrupts: &mut Interrupts,
    display: &Display,
) -> Result<Cancel, CliError> {
    for run in runs {
        match interrupts.unless(client.data(CANCEL, json!({ "id": run.id }))).await {
            Ok(_) => {}
            Err(CliError::Left) => return Err(left(display, runs)),
            Err(error) if error.is_passing() => {
                display.note(&format!("The cancel waits for the connection: {error}"));
                return Ok(Cancel::Pending);
            }
            Err(error) => {
                display.clear();
                return Err(error);
            }
        }
    }
    Ok(Cancel::Sent)
}

/// The error of a command that ends before its runs.
fn left(display: &Display, runs: &[Watched]) -> CliError {
    display.clear();
    let numbers: Vec<String> = runs.iter().map(|run| format!("`gloss history show {}`", run.number)).collect();
    CliError::LeftRuns(numbers.join(", "))
}
