//! `runProgress`: every event of one run after a number, first those recorded, then live.
//!
//! The rule, which gives no gap and no repeat however slow the listener is: listen first, then read the
//! store, then read it again on every nudge and every few seconds by oneself. A listener holds one page of
//! events at most; what it has not taken yet stays in the store. What many listeners of a run want at the
//! same time is read once: the newest events of a run that somebody listens to are kept in its [`Feed`], beside
//! what they lead to ([`SuggestionCache`]).

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

/// Events read at a time.
const PAGE: u64 = 100;
/// Events of a run that are kept for its listeners.
const KEPT: usize = 400;
/// How long to wait for a nudge before looking without one.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// An event, and the way to what it leads to.
pub struct Watched {
    /// The event.
    pub event: Arc<RunEvent>,
    /// The events that were read together with it.
    pub page: EventSuggestions,
}

/// What a listener is told.
pub enum Told {
    /// The next event.
    Event(Watched),
    /// All that is recorded was told; what comes now is news.
    CaughtUp,
}

/// The use case.
#[derive(Clone)]
pub struct RunProgress {
    ports: Ports,
    feeds: Arc<Mutex<HashMap<RunId, Weak<Feed>>>>,
}

impl RunProgress {
    /// Over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, feeds: Arc::default() }
    }

    /// The events of a run after sequence number `after`. Completes when all is sent and the run is not live.
    ///
    /// # Errors
    /// `NotFound`; `BadInput` for an `after` that the run has not reached.
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

    /// The feed that all listeners of a run share.
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

/// The newest events of one run, without a gap.
struct Feed {
    run_id: RunId,
    newest: AsyncMutex<VecDeque<Arc<RunEvent>>>,
    cache: Arc<SuggestionCache>,
}

impl Feed {
    /// Events after a number, at most a page. Who comes while another reads waits, and finds what that one read.
    async fn after(&self, store: &dyn Store, after: i32) -> Result<Vec<Arc<RunEvent>>> {
        let mut newest = self.newest.lock().await;
        let kept = |newest: &VecDeque<Arc<RunEvent>>| -> Vec<Arc<RunEvent>> {
            let start = newest.partition_point(|event| event.sequence <= after);
            newest.iter().skip(start).take(usize::try_from(PAGE).unwrap_or(KEPT)).cloned().collect()
        };
        match (newest.front(), newest.back()) {
            (Some(first), Some(last)) if first.sequence <= after + 1 && after < last.sequence => {
                return Ok(kept(&newest));
            }
            // Longer ago than what is kept: nobody else waits for it.
            (Some(first), _) if after + 1 < first.sequence => {
                drop(newest);
                let events = store.events_after(self.run_id, after, PAGE).await?;
                return Ok(events.into_iter().map(Arc::new).collect());
            }
            // Newer than what is kept, which would leave a gap.
            (_, Some(last)) if last.sequence < after => newest.clear(),
            _ => {}
        }
        let events = store.events_after(self.run_id, after, PAGE).await?;
        newest.extend(events.into_iter().map(Arc::new));
        let found = kept(&newest);
        let surplus = newest.len().saturating_sub(KEPT);
        newest.drain(..surplus);
        Ok(found)
    }
}

/// Where one listener stands.
struct Tail {
    ports: Ports,
    run_id: RunId,
    feed: Arc<Feed>,
    /// The number of the last event handed out.
    after: i32,
    /// The run's status right after that event, where there was one.
    status: Option<RunStatus>,
    nudges: watch::Receiver<u64>,
    /// Read, not yet handed out.
    read: VecDeque<Arc<RunEvent>>,
    /// What was read together.
    page: EventSuggestions,
    /// Whether the listener knows that it has all.
    told_caught_up: bool,
    /// Whether the listener was told so just now, before the wait.
    about_to_wait: bool,
    ended: bool,
}

/// What a listener does next.
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
            // Seen before the store is read: what is committed from here on nudges again.
            self.nudges.mark_unchanged();
            let read = self.feed.after(self.ports.store.as_ref(), self.after).await;
            let Some(read) = self.or_wait(read).await? else { continue };
            self.page = EventSuggestions::of(&self.feed.cache, &read);
            self.read = read.into();
            if !self.read.is_empty() {
                continue;
            }
            // The last event says that there will be more, unless the run is deleted.
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
                // Gone: there is nothing more to send.
                None => return Ok(Next::End),
                // It moved between the two reads.
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

    /// What was read; none, after a wait, where the store is away.
    async fn or_wait<T>(&mut self, read: Result<T>) -> Result<Option<T>> {
        match read {
            Err(Error::Unavailable { .. }) => {
                self.nudged().await;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Waits for a nudge, and tells whether one came before it was time to look without one.
    async fn nudged(&mut self) -> bool {
        match timeout(LOOK_EVERY, self.nudges.changed()).await {
            Ok(Ok(())) => true,
            // A bus that has gone away nudges no more; looking by oneself remains.
            Ok(Err(_)) => {
                sleep(LOOK_EVERY).await;
                false
            }
            Err(_) => false,
        }
    }
}
