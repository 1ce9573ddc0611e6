//! The connection of the review: whether it is lost, and how long to wait before the next attempt.

use std::{cell::RefCell, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::{Stream, stream};
use tokio::sync::Notify;

use super::api::{self, Change};
use crate::cli::{CliError, Client, client::Events};

/// The waits between two attempts.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Whether the API answers.
#[derive(Default)]
pub struct Link {
    lost: RefCell<Option<String>>,
    changed: Notify,
}

impl Link {
    /// Why the connection is lost; `None` if it is not.
    #[must_use]
    pub fn lost(&self) -> Option<String> {
        self.lost.borrow().clone()
    }

    /// Waits until the connection is lost or back.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn set(&self, lost: Option<String>) {
        if self.lost.replace(lost.clone()) != lost {
            self.changed.notify_one();
        }
    }

    /// Sends a request until it is answered.
    ///
    /// # Errors
    /// Returns the error of an answer.
    pub async fn answer<T, F>(&self, request: impl Fn() -> F) -> Result<T, CliError>
    where
        F: Future<Output = Result<T, CliError>>,
    {
        let mut waits = waits();
        loop {
            match request().await {
                Err(error) if error.is_passing() => self.wait(&error, &mut waits).await,
                answer => {
                    self.set(None);
                    return answer;
                }
            }
        }
    }

    async fn wait(&self, error: &CliError, waits: &mut impl Iterator<Item = Duration>) {
        self.set(Some(error.to_string()));
        tokio::time::sleep(waits.next().unwrap_or(LONGEST_WAIT)).await;
    }
}

fn waits() -> impl Iterator<Item = Duration> {
    let waits = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT);
    waits.without_max_times().build()
}

/// What the subscription to changes brings.
pub enum News {
    /// A change.
    Change(Change),
    /// Changes may have been missed while the connection was lost.
    Missed,
    /// There are no changes any more, for this reason.
    Ended(String),
}

/// The changes of a run's suggestions, across lost connections.
pub fn news<'a>(client: &'a Client, run: &'a str, link: &'a Link) -> impl Stream<Item = News> + 'a {
    /// The subscription, and whether the connection was lost before.
    struct Watch {
        events: Option<Events>,
        was_lost: bool,
    }
    let start = Some(Watch { events: None, was_lost: false });
    stream::unfold(start, move |watch| async move {
        let mut watch = watch?;
        let mut waits = waits();
        loop {
            let result = match &mut watch.events {
                Some(events) => events.next().await.and_then(|data| data.map(api::change).transpose()),
                None => match api::changes(client, run).await {
                    Ok(events) => {
                        watch.events = Some(events);
                        link.set(None);
                        if std::mem::take(&mut watch.was_lost) {
                            return Some((News::Missed, Some(watch)));
                        }
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            match result {
                Ok(Some(change)) => return Some((News::Change(change), Some(watch))),
                Ok(None) => return Some((News::Ended("the run has been deleted".to_owned()), None)),
                Err(error) if error.is_passing() => {
                    watch = Watch { events: None, was_lost: true };
                    link.wait(&error, &mut waits).await;
                }
                Err(error) => return Some((News::Ended(error.to_string()), None)),
            }
        }
    })
}
