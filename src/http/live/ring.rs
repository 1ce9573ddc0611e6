//! The newest results of a channel, and how far its followers have read them.
//!
//! The rule: a channel keeps at most [`CAPACITY`] results and [`CAPACITY_BYTES`], so that a slow follower costs no
//! memory. Its producer asks [`Ring::laggards`] before it evicts what followers have not read yet.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
};

use serde_json::Value;

/// The number of results that a channel keeps.
pub const CAPACITY: usize = 512;
/// The bytes of results that a channel keeps; a single longer result is kept too.
pub const CAPACITY_BYTES: usize = 1024 * 1024;
/// How many results a channel reads ahead of its fastest follower.
const AHEAD: usize = CAPACITY / 4;
/// How many of the oldest results are evicted together.
const EVICTED: usize = CAPACITY / 4;

/// One result, serialized.
#[derive(Debug)]
pub struct Shared {
    /// The number of its event.
    pub number: i32,
    /// Whether `number` is that of the event before it: the result is an error between two events.
    pub between: bool,
    /// The JSON text.
    pub json: String,
    /// Whether the execution failed with this result.
    pub failed: bool,
    /// The errors, if the document was refused and nothing was executed.
    pub refused: Option<Value>,
}

/// The progress of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It reads events that exist already.
    Reading,
    /// It waits for new events.
    CaughtUp,
    /// It has no more results.
    Ended,
    /// It has caught up with another channel of its key, which its followers are to follow.
    Merged,
}

impl Stage {
    /// Whether no result will be added.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Merged)
    }
}

/// The newest results. Indices count from the channel's beginning.
pub struct Ring {
    /// The progress of the channel.
    pub stage: Stage,
    /// The index of the oldest kept result.
    pub first: u64,
    /// The kept results.
    pub kept: VecDeque<Arc<Shared>>,
    bytes: usize,
    /// How many results the waves have released.
    pub released: u64,
    /// How many results the fastest follower has read.
    fastest: u64,
    /// The number of the newest result's event.
    pub newest: i32,
    /// The followers that wait for the next wave.
    pub waiting: HashMap<u64, Waker>,
    /// The index of the next result of each follower. One that is behind the kept results stays until it notices.
    followers: HashMap<u64, Arc<AtomicU64>>,
    /// The results before this index may be evicted.
    evictable: u64,
    /// How many followers are before `evictable` and are being waited for.
    laggards: usize,
}

impl Ring {
    /// Creates an empty ring; its first result comes after the event with the number `newest`.
    pub fn new(stage: Stage, newest: i32) -> Self {
        let (kept, waiting, followers) = (VecDeque::new(), HashMap::new(), HashMap::new());
        Self {
            stage,
            first: 0,
            kept,
            bytes: 0,
            released: 0,
            fastest: 0,
            newest,
            waiting,
            followers,
            evictable: 0,
            laggards: 0,
        }
    }

    /// Adds a follower whose next result has this index.
    pub fn enter(&mut self, id: u64, next: u64) -> Arc<AtomicU64> {
        let place = Arc::new(AtomicU64::new(next));
        self.followers.insert(id, Arc::clone(&place));
        self.laggards += usize::from(self.laggards > 0 && next < self.evictable);
        place
    }

    /// Removes a follower. Returns whether that ends a wait for laggards.
    pub fn leave(&mut self, id: u64) -> bool {
        self.waiting.remove(&id);
        let place = self.followers.remove(&id);
        place.is_some_and(|place| self.passes(place.load(Ordering::Relaxed), u64::MAX))
    }

    /// Returns how many followers still need results that the next one would evict. The first call for these results
    /// counts the followers; after that, each of them is subtracted when it has read on.
    pub fn laggards(&mut self) -> usize {
        let is_full = self.kept.len() >= CAPACITY || self.bytes >= CAPACITY_BYTES;
        if is_full && self.first >= self.evictable {
            self.evictable = self.first + EVICTED.min(self.kept.len()) as u64;
            let range = self.first..self.evictable;
            let is_within = |place: &&Arc<AtomicU64>| range.contains(&place.load(Ordering::Relaxed));
            self.laggards = self.followers.values().filter(is_within).count();
        }
        if is_full { self.laggards } else { 0 }
    }

    /// Stops waiting for those who are still behind.
    pub fn leave_behind(&mut self) {
        self.laggards = 0;
    }

    /// Notes that a follower went from one index to another. Returns whether it was the last laggard.
    fn passes(&mut self, from: u64, to: u64) -> bool {
        let passes = self.laggards > 0 && (self.first..self.evictable).contains(&from) && to >= self.evictable;
        self.laggards -= usize::from(passes);
        passes && self.laggards == 0
    }

    /// Returns the index of the next result.
    pub fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// Returns whether the channel may read further ahead of its fastest follower.
    pub fn has_room(&self) -> bool {
        let ahead = usize::try_from(self.end() - self.fastest).unwrap_or(usize::MAX);
        let bytes: usize = self.kept.iter().rev().take(ahead).map(|result| result.json.len()).sum();
        ahead < AHEAD && bytes < CAPACITY_BYTES / 2
    }

    /// Adds a result and evicts the oldest ones.
    pub fn push(&mut self, stage: Stage, result: Shared) {
        (self.stage, self.newest) = (stage, result.number);
        self.bytes += result.json.len();
        self.kept.push_back(Arc::new(result));
        while self.kept.len() > CAPACITY || (self.bytes > CAPACITY_BYTES && self.kept.len() > 1) {
            if let Some(oldest) = self.kept.pop_front() {
                self.bytes -= oldest.json.len();
                self.first += 1;
            }
        }
    }

    /// Notes that the results before `next` are not needed by a follower. Returns whether that makes room.
    pub fn skip(&mut self, next: u64) -> bool {
        let further = next > self.fastest;
        self.fastest = self.fastest.max(next);
        further
    }

    /// Notes that the follower at this place has read the results before `next`. Returns whether that makes room.
    pub fn advance(&mut self, place: &AtomicU64, next: u64) -> bool {
        let from = place.swap(next, Ordering::Relaxed);
        let was_last = self.passes(from, next);
        self.skip(next) || was_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A full ring.
    fn full() -> Ring {
        let mut ring = Ring::new(Stage::Reading, 0);
        (1..=CAPACITY).for_each(|number| push(&mut ring, number));
        ring
    }

    fn push(ring: &mut Ring, number: usize) {
        let number = i32::try_from(number).unwrap();
        ring.push(Stage::Reading, Shared { number, between: false, json: String::new(), failed: false, refused: None });
    }

    #[test]
    fn the_last_laggard_makes_room() {
        let mut ring = full();
        ring.skip(CAPACITY as u64);
        let places = [ring.enter(1, 0), ring.enter(2, 3), ring.enter(3, CAPACITY as u64)];
        assert_eq!(ring.laggards(), 2);
        // It read further without making room.
        assert!(!ring.advance(&places[1], EVICTED as u64 - 1));
        assert_eq!(ring.laggards(), 2);
        ring.advance(&places[1], EVICTED as u64);
        assert_eq!(ring.laggards(), 1);
        // Another follower that begins among these results is waited for as well.
        ring.enter(4, 5);
        assert_eq!(ring.laggards(), 2);
        assert!(!ring.leave(4));
        assert!(ring.advance(&places[0], EVICTED as u64 + 9));
        assert_eq!(ring.laggards(), 0);
        // The next results are counted again.
        (0..EVICTED).for_each(|at| push(&mut ring, CAPACITY + 1 + at));
        assert_eq!(ring.laggards(), 2);
        assert!(!ring.leave(2));
        assert!(ring.leave(1));
    }

    #[test]
    fn who_is_left_behind_is_not_waited_for_again() {
        let mut ring = full();
        ring.enter(1, 0);
        assert_eq!(ring.laggards(), 1);
        ring.leave_behind();
        for at in 0..3 * CAPACITY {
            assert_eq!(ring.laggards(), 0);
            push(&mut ring, CAPACITY + 1 + at);
        }
        assert!(!ring.leave(1));
    }

    #[test]
    fn a_ring_with_room_waits_for_nobody() {
        let mut ring = Ring::new(Stage::Reading, 0);
        ring.enter(1, 0);
        push(&mut ring, 1);
        assert_eq!(ring.laggards(), 0);
    }
}
