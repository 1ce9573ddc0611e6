//! Decides when the look-ups of `loader.rs` run, as the spawner of async-graphql's `DataLoader`.
//!
//! The rule: resolvers ask for one record each, and a loader fetches all the records together once no resolver can
//! continue without an answer. [`drive`] recognizes that moment because it polls the whole request. No timer guesses
//! it, so the number of statements does not depend on the machine's speed or on the size of the page.

use std::{
    collections::HashMap,
    hash::Hash,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use futures_util::{
    StreamExt,
    future::{BoxFuture, poll_fn},
    stream::FuturesUnordered,
    task::AtomicWaker,
};

use crate::domain::{Error, Result};

/// An error that all callers of one look-up share.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SharedError(pub Arc<Error>);

/// Look-ups that wait until the request cannot continue without them.
#[derive(Clone, Default)]
pub struct Queue(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Queue {
    fn push(&self, look_up: BoxFuture<'static, ()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(look_up);
    }

    fn take(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A loader of records of one kind by key; each record is looked up once.
pub type Batch<K, V> = DataLoader<LookUp<K, V>, HashMapCache>;

type Fetch<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>>> + Send + Sync;

/// The function that fetches records of one kind.
pub struct LookUp<K, V>(Box<Fetch<K, V>>);

impl<K, V> Loader<K> for LookUp<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    type Value = V;
    type Error = SharedError;

    async fn load(&self, keys: &[K]) -> Result<HashMap<K, V>, SharedError> {
        self.0(keys.to_vec()).await.map_err(|error| SharedError(Arc::new(error)))
    }
}

/// Creates a loader that passes all waiting keys to `fetch` in one call. `fetch` leaves out keys that do not exist.
pub fn batch<K, V, F>(queue: &Queue, fetch: F) -> Batch<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    F: Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>>> + Send + Sync + 'static,
{
    let queue = queue.clone();
    let look_up = LookUp(Box::new(fetch));
    // The queue decides when a look-up runs, so the loader needs neither its timer nor its limit of keys.
    DataLoader::with_cache(look_up, move |work| queue.push(work), HashMapCache::default())
        .delay(Duration::ZERO)
        .max_batch_size(usize::MAX)
}

/// A waker that records whether a future woke itself while it was polled, and forwards the wake.
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

/// Runs a request, and its waiting look-ups whenever the request cannot continue without them.
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
        // A request that woke itself has only yielded, as a join of many futures does; it may queue more look-ups.
        if !watch.woken.load(Ordering::Acquire) {
            under_way.extend(queue.take());
        }
        while let Poll::Ready(Some(())) = under_way.poll_next_unpin(context) {}
        Poll::Pending
    })
    .await
}
