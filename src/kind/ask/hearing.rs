//! What was heard of an answer: pieces that wait to be recorded, and the answer so far.
//!
//! The rule: what begins anew takes back all that was heard before, and that is told once. A thought that turns out to
//! be one only at its end is taken back too.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::port::converse::Listener;

/// Letters that are recorded at once, without waiting for the clock.
const MUCH: usize = 400;

#[derive(Debug, Default)]
struct Said {
    /// What is not recorded yet.
    waiting: String,
    /// All of the answer so far.
    answer: String,
    /// How long the answer was when the request under way began.
    before: usize,
    /// Whether what was recorded does not count any more.
    anew: bool,
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
            said.anew = true;
            said.waiting.clear();
            said.answer.clear();
        }
        // A reply that follows another begins a paragraph of its own.
        said.before = said.answer.len();
        said.open = true;
        drop(said);
        Ear { heard: self, first: true }
    }

    /// What is to be recorded: whether the answer begins anew, and the piece that came.
    pub fn take(&self) -> (bool, String) {
        let mut said = self.said();
        (std::mem::take(&mut said.anew), std::mem::take(&mut said.waiting))
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
            said.anew = true;
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
        assert_eq!(heard.take(), (false, "I look.".into()));
        heard.listen().hear("Two ta");
        assert_eq!(heard.take(), (false, "\n\nTwo ta".into()));
        heard.listen().hear("Two tables.");
        heard.close();
        assert_eq!(heard.take(), (true, "Two tables.".into()));
        assert_eq!(heard.answer(), "Two tables.");
    }

    #[test]
    fn a_thought_is_taken_back() {
        let heard = Heard::default();
        heard.listen().hear("I look.");
        heard.close();
        assert_eq!(heard.take(), (false, "I look.".into()));
        let mut ear = heard.listen();
        ear.hear("Hm, not rec");
        ear.take_back();
        ear.hear("Two");
        assert_eq!(heard.take(), (false, "\n\nTwo".into()));
        ear.take_back();
        ear.hear("Three");
        assert_eq!(heard.take(), (true, "I look.\n\nThree".into()));
        assert_eq!(heard.answer(), "I look.\n\nThree");
    }
}
