//! Collects an answer while the model sends it: the answer so far, and the part that is not recorded yet.
//!
//! The rules: if an answer starts over, everything before is discarded, which is reported once. The same applies to
//! text that turns out at its end to be the model's reasoning.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::port::converse::Listener;

/// Number of unrecorded bytes that are recorded without waiting for the clock.
const MUCH: usize = 400;

/// Why recorded text is no longer valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// The connection to the model broke, and the request was sent again.
    BrokeOff,
    /// The text turned out to be the model's reasoning.
    Thought,
}

impl TakenBack {
    /// Returns the reason, for the event.
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
    /// The text that is not recorded yet.
    waiting: String,
    /// The whole answer so far.
    answer: String,
    /// Length of the answer when the current request began, in bytes.
    before: usize,
    /// Why recorded text is no longer valid, until that is recorded.
    taken_back: Option<TakenBack>,
    /// Whether a request is in progress.
    open: bool,
}

/// The answer so far.
#[derive(Debug, Default)]
pub struct Heard {
    said: Mutex<Said>,
    much: Notify,
}

impl Heard {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to listen to a request. If it repeats one that broke off, what that one sent is discarded.
    pub fn listen(&self) -> Ear<'_> {
        let mut said = self.said();
        if said.open && said.answer.len() > said.before {
            said.taken_back = Some(TakenBack::BrokeOff);
            said.waiting.clear();
            said.answer.clear();
        }
        // A further reply starts a new paragraph.
        said.before = said.answer.len();
        said.open = true;
        drop(said);
        Ear { heard: self, first: true }
    }

    /// Takes what is to be recorded: why the answer starts over, if it does, and the new text.
    pub fn take(&self) -> (Option<TakenBack>, String) {
        let mut said = self.said();
        (said.taken_back.take(), std::mem::take(&mut said.waiting))
    }

    /// Marks the request as answered.
    pub fn close(&self) {
        self.said().open = false;
    }

    /// Returns whether the last request sent any text.
    pub fn spoke(&self) -> bool {
        let said = self.said();
        !said.answer[said.before..].trim().is_empty()
    }

    /// Returns the whole answer so far.
    pub fn answer(&self) -> String {
        self.said().answer.clone()
    }

    /// Waits until there is enough text to record.
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
            // A part of it is recorded, so the answer is recorded again from its start, without that text.
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
