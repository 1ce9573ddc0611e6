//! Computes and prints the figures.

use std::{collections::HashMap, fmt};

use crate::subscriber::Received;

/// Returns when the first subscriber received each event, by the event's number.
pub fn first_received(received: &[Received]) -> HashMap<u64, u64> {
    let mut first = HashMap::new();
    for &(number, at) in received.iter().flat_map(|received| &received.events) {
        first.entry(number).and_modify(|first: &mut u64| *first = at.min(*first)).or_insert(at);
    }
    first
}

/// The resident memory of a process, in KiB.
pub fn memory_kib(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:")
}

/// The largest resident memory that a process has had, in KiB.
pub fn peak_memory_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

fn status_kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// The server's memory in KiB: before the subscribers connected, when all were subscribed, and at the end.
#[derive(Clone, Copy)]
pub struct Memory {
    pub subscribers: usize,
    pub before: u64,
    pub waiting: u64,
    pub after: u64,
}

impl Memory {
    /// Returns the KiB per subscriber that this measurement has more than `fewer`, at the end of the run.
    pub fn each(&self, fewer: &Self) -> f64 {
        (self.after as f64 - fewer.after as f64) / self.subscribers.saturating_sub(fewer.subscribers) as f64
    }
}

/// The figures of one run.
pub struct Figures {
    deliveries: usize,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    gaps: usize,
    incomplete: usize,
    memory: Option<Memory>,
}

impl Figures {
    /// Computes the figures of the events after number `past`. A delay is measured from the moment when the first of
    /// all subscribers received the event.
    pub fn of(received: &[Received], past: u64) -> Self {
        let first = first_received(received);
        let (mut delays, mut gaps) = (Vec::new(), 0);
        let (mut begin, mut end) = (u64::MAX, 0);
        for subscriber in received {
            gaps += subscriber.events.windows(2).filter(|pair| pair[1].0 != pair[0].0 + 1).count();
            for (number, at) in subscriber.events.iter().filter(|(number, _)| *number > past) {
                delays.push(at - first[number]);
                (begin, end) = (begin.min(*at), end.max(*at));
            }
        }
        delays.sort_unstable();
        let quantile = |q: f64| delays.get((delays.len() as f64 * q) as usize).map_or(0.0, |&delay| delay as f64 / 1e3);
        Self {
            deliveries: delays.len(),
            per_second: delays.len() as f64 / (end.saturating_sub(begin).max(1) as f64 / 1e6),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            gaps,
            incomplete: received.iter().filter(|subscriber| !subscriber.complete).count(),
            memory: None,
        }
    }

    /// Adds the server's memory.
    pub fn with_memory(self, memory: Memory) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// Returns the server's memory, if it is known.
    pub const fn memory(&self) -> Option<Memory> {
        self.memory
    }

    /// Formats these figures as multiples of the other's.
    pub fn compared(&self, other: &Self) -> String {
        format!(
            "{:.2} of the deliveries a second, {:.2} times the p99",
            self.per_second / other.per_second,
            self.p99_ms / other.p99_ms
        )
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deliveries, per_second, p50_ms, p99_ms, gaps, incomplete, memory } = self;
        write!(
            f,
            "{deliveries} deliveries, {per_second:.0} a second, p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, {gaps} gaps"
        )?;
        if *incomplete > 0 {
            write!(f, ", {incomplete} not to the end")?;
        }
        if let Some(Memory { before, waiting, after, .. }) = memory {
            write!(f, ", {before} KiB of memory before, {waiting} with all waiting, {after} in the end")?;
        }
        Ok(())
    }
}
