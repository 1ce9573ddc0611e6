//! `runProgress`: streams the events of one run after a sequence number, first the recorded ones, then live.
//!
//! The rule, which leaves no gap and no repetition however slow a subscriber is: subscribe to nudges first, then read
//! the store, then read it again on every nudge and every few seconds without one. At most one page of events is
//! buffered per subscriber; the rest stays in the store. Concurrent subscribers share reads: the newest events of a
//! subscribed run are kept in its [`Feed`], together with the suggestions that they refer to ([`SuggestionCache`]).

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use futures_util::{Stream, stream};
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    time::{sleep, timeout},
};

use super::{
    runs::unknown_run,
    suggestion_cache::{EventSuggestions, SuggestionCache},
};
use crate::{
    domain::{Error, Result, event::RunEvent, id::RunId, run::Run, status::RunStatus},
    port::{Ports, store::Store},
};

/// Number of events read at a time.
const PAGE: u64 = 100;
/// Number of events of a run that are kept for its subscribers.
const CAPACITY: usize = 400;
/// Maximum time to wait for a nudge before reading without one.
const POLL_INTERVAL: Duration = Duration::from_secs(3);

/// An event, with access to the suggestions of its page.
pub struct Watched {
    /// The event.
    pub event: Arc<RunEvent>,
    /// The events that were read together with it.
    pub page: EventSuggestions,
}

/// An item of the stream.
pub enum Told {
    /// The next event.
    Event(Watched),
    /// All recorded events were sent; later ones are new.
    CaughtUp,
}

/// The use case of `runProgress`. Cheap to clone.
#[derive(Clone)]
pub struct RunProgress {
    ports: Ports,
    feeds: Arc<Mutex<HashMap<RunId, Weak<Feed>>>>,
}

impl RunProgress {
    /// Creates the use case over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, feeds: Arc::default() }
    }

    /// Streams the events of a run after sequence number `after`. Completes when all are sent and the run is not live.
    ///
    /// # Errors
    /// Returns `NotFound`, and `BadInput` if the run has not reached `after`.
    pub async fn watch(&self, run_id: RunId, after: i32) -> Result<impl Stream<Item = Result<Told>> + Send + use<>> {
        let nudges = self.ports.bus.run(run_id);
        let run = self.ports.store.runs_by_id(&[run_id]).await?.remove(&run_id);
        let run = run.ok_or_else(|| unknown_run("runId"))?;
        if after < 0 || after > run.last_sequence {
            let newest = run.last_sequence;
            let message = format!("`after` is {after}; run #{run_id} has events 1 to {newest}: pass 0 to {newest}");
            return Err(Error::bad_input("after", message));
        }
        let feed = self.feed(run_id);
        let tail = Tail {
            ports: self.ports.clone(),
            run_id,
            page: EventSuggestions::of(&feed.cache, &[]),
            feed,
            after,
            status: None,
            nudges,
            read: VecDeque::new(),
            told_caught_up: false,
            about_to_wait: false,
            ended: false,
        };
        Ok(stream::unfold(tail, Tail::step))
    }

    /// Returns the feed that all subscribers of a run share.
    fn feed(&self, run_id: RunId) -> Arc<Feed> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&run_id).and_then(Weak::upgrade) {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let feed = Arc::new(Feed {
            run_id,
            newest: AsyncMutex::default(),
            cache: Arc::new(SuggestionCache::new(Arc::clone(&self.ports.store))),
        });
        feeds.insert(run_id, Arc::downgrade(&feed));
        feed
    }
}

/// The newest events of one run, without gaps.
struct Feed {
    run_id: RunId,
    newest: AsyncMutex<VecDeque<Arc<RunEvent>>>,
    cache: Arc<SuggestionCache>,
}

impl Feed {
    /// Returns at most a page of events after a sequence number. Concurrent callers wait for the first read and reuse
    /// its result.
    async fn after(&self, store: &dyn Store, after: i32) -> Result<Vec<Arc<RunEvent>>> {
        let mut newest = self.newest.lock().await;
        let kept = |newest: &VecDeque<Arc<RunEvent>>| -> Vec<Arc<RunEvent>> {
            let start = newest.partition_point(|event| event.sequence <= after);
            newest.iter().skip(start).take(usize::try_from(PAGE).unwrap_or(CAPACITY)).cloned().collect()
        };
        match (newest.front(), newest.back()) {
            (Some(first), Some(last)) if first.sequence <= after + 1 && after < last.sequence => {
                return Ok(kept(&newest));
            }
            // Older than the kept events, so no other subscriber waits for it.
            (Some(first), _) if after + 1 < first.sequence => {
                drop(newest);
                let events = store.events_after(self.run_id, after, PAGE).await?;
                return Ok(events.into_iter().map(Arc::new).collect());
            }
            // Newer than the kept events. Keeping both would leave a gap.
            (_, Some(last)) if last.sequence < after => newest.clear(),
            _ => {}
        }
        let events = store.events_after(self.run_id, after, PAGE).await?;
        newest.extend(events.into_iter().map(Arc::new));
        let found = kept(&newest);
        let surplus = newest.len().saturating_sub(CAPACITY);
        newest.drain(..surplus);
        Ok(found)
    }
}

/// The position of one subscriber.
struct Tail {
    ports: Ports,
    run_id: RunId,
    feed: Arc<Feed>,
    /// The number of the last event sent.
    after: i32,
    /// The run's status after that event; `None` before the first one.
    status: Option<RunStatus>,
    nudges: watch::Receiver<u64>,
    /// Events that were read but not sent yet.
    read: VecDeque<Arc<RunEvent>>,
    /// The page that these events belong to.
    page: EventSuggestions,
    /// Whether the subscriber was told that it is up to date.
    told_caught_up: bool,
    /// Whether that was the last item, so that a wait follows.
    about_to_wait: bool,
    ended: bool,
}

/// The next item of a subscriber.
enum Next {
    Event(Arc<RunEvent>),
    CaughtUp,
    End,
}

impl Tail {
    async fn step(mut self) -> Option<(Result<Told>, Self)> {
        if self.ended {
            return None;
        }
        match self.next().await {
            Ok(Next::Event(event)) => {
                self.after = event.sequence;
                self.status = Some(event.status);
                self.told_caught_up = false;
                let page = self.page.clone();
                Some((Ok(Told::Event(Watched { event, page })), self))
            }
            Ok(Next::CaughtUp) => {
                (self.told_caught_up, self.about_to_wait) = (true, true);
                Some((Ok(Told::CaughtUp), self))
            }
            Ok(Next::End) => None,
            Err(error) => {
                self.ended = true;
                Some((Err(error), self))
            }
        }
    }

    async fn next(&mut self) -> Result<Next> {
        if std::mem::take(&mut self.about_to_wait) && !self.nudged().await {
            self.status = None;
        }
        loop {
            if let Some(event) = self.read.pop_front() {
                return Ok(Next::Event(event));
            }
            // Before the store is read: whatever is committed afterwards nudges again.
            self.nudges.mark_unchanged();
            let read = self.feed.after(self.ports.store.as_ref(), self.after).await;
            let Some(read) = self.or_wait(read).await? else { continue };
            self.page = EventSuggestions::of(&self.feed.cache, &read);
            self.read = read.into();
            if !self.read.is_empty() {
                continue;
            }
            // According to the last event, the run is live, so more events will come unless it is deleted.
            if self.status.is_some_and(RunStatus::is_live) {
                if !self.told_caught_up {
                    return Ok(Next::CaughtUp);
                }
                if !self.nudged().await {
                    self.status = None;
                }
                continue;
            }
            let run = self.run().await;
            let Some(run) = self.or_wait(run).await? else { continue };
            match run {
                // The run was deleted.
                None => return Ok(Next::End),
                // The run changed between the two reads.
                Some(run) if run.last_sequence > self.after => {}
                Some(run) if !run.status.is_live() => return Ok(Next::End),
                Some(_) if !self.told_caught_up => return Ok(Next::CaughtUp),
                Some(_) => {
                    self.nudged().await;
                }
            }
        }
    }

    async fn run(&self) -> Result<Option<Run>> {
        Ok(self.ports.store.runs_by_id(&[self.run_id]).await?.remove(&self.run_id))
    }

    /// Returns what was read, or `None` after a wait if the store is unavailable.
    async fn or_wait<T>(&mut self, read: Result<T>) -> Result<Option<T>> {
        match read {
            Err(Error::Unavailable { .. }) => {
                self.nudged().await;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Waits for a nudge. Returns `false` if none came in time.
    async fn nudged(&mut self) -> bool {
        match timeout(POLL_INTERVAL, self.nudges.changed()).await {
            Ok(Ok(())) => true,
            // The bus has stopped, so only periodic reads remain.
            Ok(Err(_)) => {
                sleep(POLL_INTERVAL).await;
                false
            }
            Err(_) => false,
        }
    }
}
