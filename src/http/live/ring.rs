//! The newest results of a channel, and how far its followers have read them.
//!
//! The rule: a channel keeps at most [`CAPACITY`] results and [`CAPACITY_BYTES`], so that a slow follower costs no
//! memory.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    task::Waker,
};

use serde_json::Value;

/// The number of results that a channel keeps.
pub const CAPACITY: usize = 512;
/// The bytes of results that a channel keeps; a single longer result is kept too.
pub const CAPACITY_BYTES: usize = 1024 * 1024;
/// How many results a channel reads ahead of its fastest follower.
const AHEAD: usize = CAPACITY / 4;

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
}

impl Ring {
    /// Creates an empty ring; its first result comes after the event with the number `newest`.
    pub fn new(stage: Stage, newest: i32) -> Self {
        let (kept, waiting) = (VecDeque::new(), HashMap::new());
        Self { stage, first: 0, kept, bytes: 0, released: 0, fastest: 0, newest, waiting }
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

    /// Notes that a follower has read, or does not need, the results before `next`. Returns whether that makes room.
    pub fn advance(&mut self, next: u64) -> bool {
        let further = next > self.fastest;
        self.fastest = self.fastest.max(next);
        further
    }
}
