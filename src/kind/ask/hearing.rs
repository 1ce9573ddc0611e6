//! What was heard of an answer: pieces that wait to be recorded, and the answer so far.
//!
//! The rule: an answer that starts over takes back all that was heard before, and that is told once. A thought that
//! turns out to be one only at its end is taken back too.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::port::converse::Listener;

/// Letters that are recorded at once, without waiting for the clock.
const MUCH: usize = 400;

/// Why what was recorded does not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// The model broke off; its request was sent again.
    BrokeOff,
    /// What it had said turned out to be a thought.
    Thought,
}

impl TakenBack {
    /// The reason, for a person.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::BrokeOff => "the connection to the model broke",
            Self::Thought => "the text so far was the model's reasoning, not its answer",
        }
    }
}

#[derive(Debug, Default)]
struct Said {
    /// What is not recorded yet.
    waiting: String,
    /// All of the answer so far.
    answer: String,
    /// How long the answer was when the request under way began.
    before: usize,
    /// Why what was recorded does not count any more, where it does not.
    taken_back: Option<TakenBack>,
    /// Whether a request is under way.
    open: bool,
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    said: Mutex<Said>,
    much: Notify,
}

impl Heard {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to one request. One that is sent again, because it broke off, takes back what it said before.
    pub fn listen(&self) -> Ear<'_> {
        let mut said = self.said();
        if said.open && said.answer.len() > said.before {
            said.taken_back = Some(TakenBack::BrokeOff);
            said.waiting.clear();
            said.answer.clear();
        }
        // A reply that follows another begins a paragraph of its own.
        said.before = said.answer.len();
        said.open = true;
        drop(said);
        Ear { heard: self, first: true }
    }

    /// What is to be recorded: why the answer starts over, where it does, and the piece that came.
    pub fn take(&self) -> (Option<TakenBack>, String) {
        let mut said = self.said();
        (said.taken_back.take(), std::mem::take(&mut said.waiting))
    }

    /// The request is answered.
    pub fn close(&self) {
        self.said().open = false;
    }

    /// Whether the last request said anything.
    pub fn spoke(&self) -> bool {
        let said = self.said();
        !said.answer[said.before..].trim().is_empty()
    }

    /// All that was heard.
    pub fn answer(&self) -> String {
        self.said().answer.clone()
    }

    /// Waits until there is much to record.
    pub async fn much(&self) {
        self.much.notified().await;
    }
}

/// Listens to one request.
pub struct Ear<'a> {
    heard: &'a Heard,
    first: bool,
}

impl Listener for Ear<'_> {
    fn take_back(&mut self) {
        let mut said = self.heard.said();
        let before = said.before;
        let recorded = said.answer.len() - said.waiting.len();
        if recorded > before {
            // A part of it is recorded: all that was heard is said anew, without it.
            said.taken_back.get_or_insert(TakenBack::Thought);
            said.answer.truncate(before);
            said.waiting = said.answer.clone();
        } else {
            let kept = before - recorded.min(before);
            said.waiting.truncate(kept);
            said.answer.truncate(before);
        }
        self.first = true;
    }

    fn hear(&mut self, piece: &str) {
        let mut said = self.heard.said();
        if std::mem::take(&mut self.first) && !said.answer.is_empty() {
            said.waiting.push_str("\n\n");
            said.answer.push_str("\n\n");
        }
        said.waiting.push_str(piece);
        said.answer.push_str(piece);
        if said.waiting.len() >= MUCH {
            self.heard.much.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_anew_takes_back_what_was_said() {
        let heard = Heard::default();
        heard.listen().hear("I look.");
        heard.close();
        assert!(heard.spoke());
        let _silent = heard.listen();
        assert!(!heard.spoke());
        heard.close();
        assert_eq!(heard.take(), (None, "I look.".into()));
        heard.listen().hear("Two ta");
        assert_eq!(heard.take(), (None, "\n\nTwo ta".into()));
        heard.listen().hear("Two tables.");
        heard.close();
        assert_eq!(heard.take(), (Some(TakenBack::BrokeOff), "Two tables.".into()));
        assert_eq!(heard.answer(), "Two tables.");
    }

    #[test]
    fn a_thought_is_taken_back() {
        let heard = Heard::default();
        heard.listen().hear("I look.");
        heard.close();
        assert_eq!(heard.take(), (None, "I look.".into()));
        let mut ear = heard.listen();
        ear.hear("Hm, not rec");
        ear.take_back();
        ear.hear("Two");
        assert_eq!(heard.take(), (None, "\n\nTwo".into()));
        ear.take_back();
        ear.hear("Three");
        assert_eq!(heard.take(), (Some(TakenBack::Thought), "I look.\n\nThree".into()));
        assert_eq!(heard.answer(), "I look.\n\nThree");
    }
}
