//! A bus of several processes. A nudge reaches the listeners of this process at once, and those of the others by a
//! wire.
//!
//! The rules:
//! - Sending never waits: nudges are merged in an outbox, which a task empties. While the wire is broken, they stay
//!   there, at most [`MAX_PENDING`] of them.
//! - A text that does not arrive within [`SILENCE`] means that the wire is broken, because every process sends one at
//!   least every [`PULSE`], and hears its own.
//! - After a break, all listeners learn that nudges may be missing, and read the store again: those of this process,
//!   which may not have heard something, and those of the others, which may not have been told something.
//!
//! To add a wire, implement [`Wire`] in a file of its own, and name it in `app.rs`.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::local::LocalBus;
use crate::{
    domain::{
        Error, Result,
        filter::RunFacts,
        id::{RunId, SuggestionId},
    },
    port::bus::{Bus, RunNudge, RunNudges, SuggestionNudge, SuggestionNudges},
};

/// Maximum number of runs with a pending nudge. Beyond it, the other processes learn only that nudges are missing.
const MAX_PENDING: usize = 10_000;
/// Maximum number of suggestions that a nudge names.
const NAMED: usize = 200;
/// How often a process sends a text if it has nothing to say.
const PULSE: Duration = Duration::from_secs(5);
/// After this time without a text, the wire counts as broken.
const SILENCE: Duration = Duration::from_secs(15);
/// The first and the longest wait before a broken wire is tried again.
const WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(3)];
/// Maximum time that [`Bus::flush`] waits.
const FLUSH: Duration = Duration::from_secs(1);

/// Carries texts between all processes that share a store, to the sender too. Each text arrives at most once.
#[async_trait]
pub trait Wire: Send + Sync + 'static {
    /// Maximum length of a text in bytes.
    const LIMIT: usize;
    /// Whether the server has confirmed the texts when [`Speaker::say`] returns. If not, the last ones may be lost when
    /// a connection breaks.
    const IS_CONFIRMED: bool;

    /// Connects for sending.
    async fn speaker(&self) -> Result<Box<dyn Speaker>>;

    /// Connects for listening, to all texts that are sent from now on.
    async fn listener(&self) -> Result<Box<dyn Listener>>;
}

/// A connection that sends texts.
#[async_trait]
pub trait Speaker: Send {
    /// Sends texts in their order. After an error, some may have been sent.
    async fn say(&mut self, texts: &[String]) -> Result<()>;
}

/// A connection that receives texts.
#[async_trait]
pub trait Listener: Send {
    /// Waits for the next text. After an error, texts may be missing.
    async fn next(&mut self) -> Result<String>;
}

/// A bus over a wire.
pub struct Relay {
    local: Arc<LocalBus>,
    outbox: Arc<Outbox>,
    tasks: [JoinHandle<()>; 2],
}

impl Relay {
    /// Starts a bus over this wire. It works within this process at once, and with the others once it is connected.
    pub fn start<W: Wire>(wire: W) -> Self {
        let (wire, local, outbox) = (Arc::new(wire), Arc::<LocalBus>::default(), Arc::<Outbox>::default());
        // A process must not hear its own nudges twice.
        let origin = format!("{:016x}", getrandom::u64().unwrap_or_else(|_| std::process::id().into()));
        let speaking = tokio::spawn(speak(Arc::clone(&wire), Arc::clone(&outbox), origin.clone()));
        let hearing = tokio::spawn(hear(wire, Arc::clone(&local), origin));
        Self { local, outbox, tasks: [speaking, hearing] }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

#[async_trait]
impl Bus for Relay {
    fn nudge(&self, nudge: RunNudge) {
        self.local.nudge(nudge.clone());
        self.outbox.add(|pending| pending.run(nudge));
    }

    fn runs(&self) -> RunNudges {
        self.local.runs()
    }

    fn run(&self, run_id: RunId) -> watch::Receiver<u64> {
        self.local.run(run_id)
    }

    fn nudge_suggestions(&self, nudge: SuggestionNudge) {
        self.local.nudge_suggestions(nudge.clone());
        self.outbox.add(|pending| pending.suggestions(nudge));
    }

    /// Whether another process has listeners is unknown.
    fn hears_suggestions(&self) -> bool {
        true
    }

    fn suggestions(&self) -> SuggestionNudges {
        self.local.suggestions()
    }

    fn nudge_schedules(&self) {
        self.local.nudge_schedules();
        self.outbox.add(|pending| pending.schedules = true);
    }

    fn schedules(&self) -> watch::Receiver<u64> {
        self.local.schedules()
    }

    async fn flush(&self) {
        let empty = async {
            while !self.outbox.is_empty() {
                self.outbox.sent.notified().await;
            }
        };
        let _late = timeout(FLUSH, empty).await;
    }
}

/// What a text says.
#[derive(Debug, Serialize, Deserialize)]
enum News {
    /// A run changed. `before` has only what differs from `after`, unless that is missing.
    Run { run: RunId, before: Option<Map<String, Value>>, after: Option<Map<String, Value>> },
    /// Suggestions changed; see [`SuggestionNudge`].
    Suggestions { run: Option<RunId>, suggestions: Option<Vec<SuggestionId>> },
    /// The times of schedules changed.
    Schedules,
    /// Nudges are missing.
    Missed,
    /// Nothing happened.
    Pulse,
}

/// A text, as it is sent.
#[derive(Serialize, Deserialize)]
struct Letter {
    from: String,
    news: News,
}

fn map(facts: &RunFacts) -> Option<Map<String, Value>> {
    match serde_json::to_value(facts) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    }
}

fn facts(map: Option<Map<String, Value>>) -> serde_json::Result<Option<Arc<RunFacts>>> {
    map.map(|map| serde_json::from_value(Value::Object(map)).map(Arc::new)).transpose()
}

impl News {
    fn of_run(nudge: &RunNudge) -> Self {
        let facts = |facts: &Option<Arc<RunFacts>>| facts.as_deref().and_then(map);
        let (mut before, after) = (facts(&nudge.before), facts(&nudge.after));
        if let (Some(before), Some(after)) = (&mut before, &after) {
            before.retain(|name, value| after.get(name) != Some(value));
        }
        Self::Run { run: nudge.run_id, before, after }
    }

    /// Delivers the news to the listeners of this process.
    fn deliver(self, local: &LocalBus) {
        match self {
            Self::Run { run, before, after } => {
                let before = before.map(|before| after.clone().into_iter().flatten().chain(before).collect());
                match (facts(before), facts(after)) {
                    (Ok(before), Ok(after)) => local.deliver_run(RunNudge { run_id: run, before, after }),
                    // A process of another version knows a status that this one does not.
                    _ => local.missed(),
                }
            }
            Self::Suggestions { run, suggestions } => {
                local.deliver_suggestions(SuggestionNudge { run_id: run, suggestions: suggestions.map(Into::into) });
            }
            Self::Schedules => local.nudge_schedules(),
            Self::Missed => local.missed(),
            Self::Pulse => {}
        }
    }
}

/// Nudges that the other processes have not heard of yet.
#[derive(Default)]
struct Pending {
    runs: HashMap<RunId, RunNudge>,
    suggestions: HashMap<Option<RunId>, Option<BTreeSet<SuggestionId>>>,
    schedules: bool,
    missed: bool,
    /// Whether texts that were taken have not been sent yet.
    under_way: bool,
}

impl Pending {
    fn run(&mut self, nudge: RunNudge) {
        if let Some(pending) = self.runs.get_mut(&nudge.run_id) {
            pending.after = nudge.after;
        } else if self.runs.len() < MAX_PENDING {
            self.runs.insert(nudge.run_id, nudge);
        } else {
            self.give_up();
        }
    }

    fn suggestions(&mut self, nudge: SuggestionNudge) {
        if self.suggestions.len() >= MAX_PENDING {
            return self.give_up();
        }
        let named = self.suggestions.entry(nudge.run_id).or_insert_with(|| Some(BTreeSet::new()));
        match (nudge.suggestions, &mut *named) {
            (Some(more), Some(known)) if known.len() + more.len() <= NAMED => known.extend(more.iter().copied()),
            _ => *named = None,
        }
    }

    fn give_up(&mut self) {
        self.runs.clear();
        self.suggestions.clear();
        self.missed = true;
    }

    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.suggestions.is_empty() && !self.schedules && !self.missed
    }

    /// Takes the news.
    fn take(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        if std::mem::take(&mut self.missed) {
            news.push(News::Missed);
        }
        if std::mem::take(&mut self.schedules) {
            news.push(News::Schedules);
        }
        news.extend(self.runs.drain().map(|(_, nudge)| News::of_run(&nudge)));
        let suggestions = self.suggestions.drain();
        news.extend(suggestions.map(|(run, named)| News::Suggestions {
            run,
            suggestions: named.map(|named| named.into_iter().collect()),
        }));
        news
    }
}

/// The nudges to be sent.
#[derive(Default)]
struct Outbox {
    pending: Mutex<Pending>,
    filled: Notify,
    sent: Notify,
}

impl Outbox {
    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, add: impl FnOnce(&mut Pending)) {
        add(&mut self.pending());
        self.filled.notify_one();
    }

    fn is_empty(&self) -> bool {
        let pending = self.pending();
        pending.is_empty() && !pending.under_way
    }

    /// Takes all news as texts of at most `limit` bytes. Something too long to say becomes [`News::Missed`].
    fn take(&self, origin: &str, limit: usize) -> Vec<String> {
        let news = {
            let mut pending = self.pending();
            pending.under_way = true;
            pending.take()
        };
        let news = if news.is_empty() { vec![News::Pulse] } else { news };
        let text = |news| letter(origin, news);
        let fits = |text: &String| text.len() <= limit;
        let said = |news| Some(text(news)).filter(fits).unwrap_or_else(|| text(News::Missed));
        let mut texts: Vec<String> = news.into_iter().map(said).collect();
        texts.dedup();
        texts
    }

    fn were_sent(&self) {
        self.pending().under_way = false;
        self.sent.notify_one();
    }
}

/// Waits before a broken wire is tried again, longer each time.
struct Patience(Duration);

impl Patience {
    const fn new() -> Self {
        Self(WAITS[0])
    }

    async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(WAITS[1]);
    }
}

/// Returns the text of some news.
fn letter(origin: &str, news: News) -> String {
    serde_json::to_string(&Letter { from: origin.to_owned(), news }).unwrap_or_default()
}

/// Empties the outbox into the wire.
async fn speak<W: Wire>(wire: Arc<W>, outbox: Arc<Outbox>, origin: String) {
    let (mut unsent, mut patience): (Vec<String>, _) = (Vec::new(), Patience::new());
    loop {
        let mut speaker = match wire.speaker().await {
            Ok(speaker) => speaker,
            Err(error) => {
                tracing::debug!(%error, "the bus cannot send; nudges wait");
                patience.wait().await;
                continue;
            }
        };
        loop {
            if unsent.is_empty() {
                let _pulse = timeout(PULSE, outbox.filled.notified()).await;
                unsent = outbox.take(&origin, W::LIMIT);
            }
            match timeout(SILENCE, speaker.say(&unsent)).await {
                Ok(Ok(())) => {
                    unsent.clear();
                    outbox.were_sent();
                    patience = Patience::new();
                }
                failed => {
                    let error = failed.map_or_else(|_| "no answer".to_owned(), |said| format!("{said:?}"));
                    tracing::debug!(error, "the bus lost its connection for sending; nudges wait");
                    let missed = letter(&origin, News::Missed);
                    if !W::IS_CONFIRMED && unsent.first() != Some(&missed) {
                        unsent.insert(0, missed);
                    }
                    break;
                }
            }
        }
        patience.wait().await;
    }
}

/// Delivers what the other processes say.
async fn hear<W: Wire>(wire: Arc<W>, local: Arc<LocalBus>, origin: String) {
    let (mut patience, mut was_lost) = (Patience::new(), false);
    loop {
        let error = match wire.listener().await {
            Ok(mut listener) => {
                if was_lost {
                    tracing::info!("the bus is connected again");
                }
                local.missed();
                loop {
                    match timeout(SILENCE, listener.next()).await {
                        Ok(Ok(text)) => match serde_json::from_str::<Letter>(&text) {
                            Ok(letter) => {
                                patience = Patience::new();
                                if letter.from != origin {
                                    letter.news.deliver(&local);
                                }
                            }
                            // A process of another version says something that this one does not know.
                            Err(error) => {
                                tracing::debug!(%error, "the bus brought a text that this version cannot read");
                                local.missed();
                            }
                        },
                        Ok(Err(error)) => break error,
                        Err(_elapsed) => break Error::unavailable("nothing was heard for too long"),
                    }
                }
            }
            Err(error) => error,
        };
        if !was_lost {
            tracing::warn!(%error, "the bus has no connection; changes by other processes are noticed later");
        }
        was_lost = true;
        patience.wait().await;
    }
}
