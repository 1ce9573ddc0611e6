//! Look-ups by key, gathered: the plumbing below `loader.rs`.
//!
//! The rule: resolvers that lead from many records to others ask one by one, and what they asked for is
//! fetched at once when none of them can go on without an answer. [`drive`] sees that moment, because it
//! polls the whole request: no timer guesses it, so the number of statements does not depend on the machine's
//! speed or on the page's length.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures_util::{
    StreamExt,
    future::{BoxFuture, poll_fn},
    stream::FuturesUnordered,
    task::AtomicWaker,
};
use tokio::{sync::oneshot, task::unconstrained};

use crate::domain::{Error, Result};

/// An error that all who waited for the same look-up share.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SharedError(pub Arc<Error>);

/// Look-ups that wait for the moment when nothing else can go on.
#[derive(Clone, Default)]
pub struct Queue(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Queue {
    fn push(&self, look_up: BoxFuture<'static, ()>) {
        locked(&self.0).push(look_up);
    }

    fn take(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut *locked(&self.0))
    }
}

/// No code panics while it holds one of these locks; a poisoned one is as good as new.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Fetch<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>>> + Send + Sync;

struct State<K, V> {
    known: HashMap<K, Result<Option<V>, SharedError>>,
    wanted: HashSet<K>,
    waiting: Vec<oneshot::Sender<()>>,
}

/// Records of one kind by key; what was looked up once is not looked up again.
pub struct Batch<K, V> {
    state: Arc<Mutex<State<K, V>>>,
    fetch: Arc<Fetch<K, V>>,
    queue: Queue,
}

impl<K, V> Batch<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Look-ups by `fetch`, which gets each key once and leaves out what does not exist.
    pub fn new<F>(queue: &Queue, fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>>> + Send + Sync + 'static,
    {
        let state = State { known: HashMap::new(), wanted: HashSet::new(), waiting: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)), fetch: Arc::new(fetch), queue: queue.clone() }
    }

    /// Takes in what was looked up elsewhere: `None` where there is no such record.
    pub fn prime(&self, key: K, value: Option<V>) {
        locked(&self.state).known.insert(key, Ok(value));
    }

    /// The record with this key.
    ///
    /// # Errors
    /// What the look-up said, to all who waited for it.
    pub async fn load(&self, key: K) -> Result<Option<V>, SharedError> {
        let answered = {
            let mut state = locked(&self.state);
            if let Some(known) = state.known.get(&key) {
                return known.clone();
            }
            if state.wanted.is_empty() {
                self.queue.push(Box::pin(look_up(self.state.clone(), self.fetch.clone())));
            }
            state.wanted.insert(key.clone());
            let (sender, receiver) = oneshot::channel();
            state.waiting.push(sender);
            receiver
        };
        // A look-up that was dropped with its request answers nobody, and nobody is left to hear it.
        // Unconstrained: tokio's budget would wake some of many waiters later than the others, and tear apart
        // what they ask for next.
        unconstrained(answered)
            .await
            .map_err(|_| SharedError(Arc::new(Error::internal("a batched look-up was dropped"))))?;
        locked(&self.state).known.get(&key).cloned().unwrap_or(Ok(None))
    }
}

async fn look_up<K, V>(state: Arc<Mutex<State<K, V>>>, fetch: Arc<Fetch<K, V>>)
where
    K: Eq + Hash + Clone,
    V: Clone,
{
    let (keys, waiting) = {
        let mut state = locked(&state);
        (std::mem::take(&mut state.wanted), std::mem::take(&mut state.waiting))
    };
    let answer = fetch(keys.iter().cloned().collect()).await;
    let mut state = locked(&state);
    match answer {
        Ok(mut found) => state.known.extend(keys.into_iter().map(|key| {
            let value = found.remove(&key);
            (key, Ok(value))
        })),
        Err(error) => {
            let shared = SharedError(Arc::new(error));
            state.known.extend(keys.into_iter().map(|key| (key, Err(shared.clone()))));
        }
    }
    drop(state);
    for sender in waiting {
        // Who no longer waits does not mind.
        let _ = sender.send(());
    }
}

/// Tells whether a future woke itself while it was polled, and passes the wake on.
#[derive(Default)]
struct Watch {
    woken: AtomicBool,
    outer: AtomicWaker,
}

impl Wake for Watch {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.outer.wake();
    }
}

/// Runs a request, and its look-ups each time that it can go no further without them.
pub async fn drive<T>(request: impl Future<Output = T>, queue: Queue) -> T {
    let mut request = pin!(request);
    let mut under_way = FuturesUnordered::new();
    let watch = Arc::new(Watch::default());
    let waker = Waker::from(watch.clone());
    poll_fn(move |context| {
        watch.outer.register(context.waker());
        watch.woken.store(false, Ordering::Release);
        let polled: Poll<T> = Pin::as_mut(&mut request).poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            return polled;
        }
        // One that woke itself only let others go first (a join of many does): it has more to ask.
        if !watch.woken.load(Ordering::Acquire) {
            under_way.extend(queue.take());
        }
        while let Poll::Ready(Some(())) = under_way.poll_next_unpin(context) {}
        Poll::Pending
    })
    .await
}
