//! The events of one run, without gap or repeat, also across lost connections.
//!
//! The rule: the sequence number of the last event is all that is kept. After a lost connection the subscription starts
//! again after it; the server sends what was missed first.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    CliError, Client,
    client::{Events, PATIENCE},
    operation::{Operation, event_fields},
};

const PROGRESS: Operation = Operation(concat!(
    "subscription($run: ID!, $after: Int!) { runProgress(runId: $run, after: $after) { ",
    event_fields!(),
    " } }"
));

/// The documents of following.
pub const OPERATIONS: &[Operation] = &[PROGRESS];

/// The waits between two attempts to reconnect.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a follower is told.
#[derive(Debug)]
pub enum Told {
    /// An event, as the API returns it.
    Event(Value),
    /// The connection was lost, for this reason; it is tried again.
    Lost(String),
    /// The connection is back.
    Back,
}

/// Follows a run from the event after `after` to its end. If no server executes it, this process does.
pub fn follow(client: &Client, run: String, after: i64) -> impl Stream<Item = Result<Told, CliError>> {
    client.execute(&run);
    let start = Some(Follower { client, run, after, events: None, trouble: None });
    stream::unfold(start, |follower| async move {
        let mut follower = follower?;
        match follower.next().await {
            Ok(told) => told.map(|told| (Ok(told), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

struct Follower<'a> {
    client: &'a Client,
    run: String,
    after: i64,
    events: Option<Events>,
    trouble: Option<Trouble>,
}

/// A lost connection.
struct Trouble {
    since: Instant,
    waits: backon::ExponentialBackoff,
}

impl Follower<'_> {
    async fn next(&mut self) -> Result<Option<Told>, CliError> {
        loop {
            let result = match &mut self.events {
                Some(events) => events.next().await,
                None => match self.connect().await {
                    Ok(events) => {
                        self.events = Some(events);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            match result {
                Ok(_) if self.trouble.take().is_some() => {
                    // The result is read again, after the news that the connection is back.
                    self.events = None;
                    return Ok(Some(Told::Back));
                }
                Ok(Some(mut data)) => {
                    let event = data["runProgress"].take();
                    self.after = event["sequence"].as_i64().unwrap_or(self.after);
                    return Ok(Some(Told::Event(event)));
                }
                Ok(None) => return Ok(None),
                Err(error) if error.is_passing() => {
                    self.events = None;
                    if let Some(lost) = self.lost(error).await? {
                        return Ok(Some(lost));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn connect(&self) -> Result<Events, CliError> {
        self.client.subscribe(PROGRESS, json!({ "run": self.run, "after": self.after })).await
    }

    /// Waits before the next attempt. Tells of the loss the first time.
    async fn lost(&mut self, error: CliError) -> Result<Option<Told>, CliError> {
        let Some(trouble) = &mut self.trouble else {
            let waits = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT);
            let waits = waits.without_max_times().build();
            self.trouble = Some(Trouble { since: Instant::now(), waits });
            return Ok(Some(Told::Lost(error.to_string())));
        };
        if trouble.since.elapsed() > PATIENCE {
            return Err(error);
        }
        tokio::time::sleep(trouble.waits.next().unwrap_or(LONGEST_WAIT)).await;
        Ok(None)
    }
}
