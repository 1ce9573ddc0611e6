//! Collects an answer while the model sends it: the answer so far, and the part that is not recorded yet.
//!
//! The rules: if an answer starts over, everything before is discarded, which is reported once. The same applies to
//! text that turns out at its end to be the model's reasoning.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::port::converse::Listener;

/// Number of unrecorded bytes that are recorded without waiting for the clock.
const RECORD_FROM_BYTES: usize = 400;

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
struct State {
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
pub struct AnswerBuffer {
    state: Mutex<State>,
    enough: Notify,
}

impl AnswerBuffer {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to listen to a request. If it repeats one that broke off, what that one sent is discarded.
    pub fn listen(&self) -> ReplyListener<'_> {
        let mut state = self.state();
        if state.open && state.answer.len() > state.before {
            state.taken_back = Some(TakenBack::BrokeOff);
            state.waiting.clear();
            state.answer.clear();
        }
        // A further reply starts a new paragraph.
        state.before = state.answer.len();
        state.open = true;
        drop(state);
        ReplyListener { buffer: self, first: true }
    }

    /// Takes what is to be recorded: why the answer starts over, if it does, and the new text.
    pub fn take(&self) -> (Option<TakenBack>, String) {
        let mut state = self.state();
        (state.taken_back.take(), std::mem::take(&mut state.waiting))
    }

    /// Marks the request as answered.
    pub fn close(&self) {
        self.state().open = false;
    }

    /// Returns whether the last request sent any text.
    pub fn has_text(&self) -> bool {
        let state = self.state();
        !state.answer[state.before..].trim().is_empty()
    }

    /// Returns the whole answer so far.
    pub fn answer(&self) -> String {
        self.state().answer.clone()
    }

    /// Waits until there is enough text to record.
    pub async fn enough(&self) {
        self.enough.notified().await;
    }
}

/// Listens to one request.
pub struct ReplyListener<'a> {
    buffer: &'a AnswerBuffer,
    first: bool,
}

impl Listener for ReplyListener<'_> {
    fn take_back(&mut self) {
        let mut state = self.buffer.state();
        let before = state.before;
        let recorded = state.answer.len() - state.waiting.len();
        if recorded > before {
            // A part of it is recorded, so the answer is recorded again from its start, without that text.
            state.taken_back.get_or_insert(TakenBack::Thought);
            state.answer.truncate(before);
            state.waiting = state.answer.clone();
        } else {
            let kept = before - recorded.min(before);
            state.waiting.truncate(kept);
            state.answer.truncate(before);
        }
        self.first = true;
    }

    fn receive(&mut self, piece: &str) {
        let mut state = self.buffer.state();
        if std::mem::take(&mut self.first) && !state.answer.is_empty() {
            state.waiting.push_str("\n\n");
            state.answer.push_str("\n\n");
        }
        state.waiting.push_str(piece);
        state.answer.push_str(piece);
        if state.waiting.len() >= RECORD_FROM_BYTES {
            self.buffer.enough.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_request_discards_its_earlier_text() {
        let buffer = AnswerBuffer::default();
        buffer.listen().receive("I look.");
        buffer.close();
        assert!(buffer.has_text());
        let _silent = buffer.listen();
        assert!(!buffer.has_text());
        buffer.close();
        assert_eq!(buffer.take(), (None, "I look.".into()));
        buffer.listen().receive("Two ta");
        assert_eq!(buffer.take(), (None, "\n\nTwo ta".into()));
        buffer.listen().receive("Two tables.");
        buffer.close();
        assert_eq!(buffer.take(), (Some(TakenBack::BrokeOff), "Two tables.".into()));
        assert_eq!(buffer.answer(), "Two tables.");
    }

    #[test]
    fn a_thought_is_taken_back() {
        let buffer = AnswerBuffer::default();
        buffer.listen().receive("I look.");
        buffer.close();
        assert_eq!(buffer.take(), (None, "I look.".into()));
        let mut listener = buffer.listen();
        listener.receive("Hm, not rec");
        listener.take_back();
        listener.receive("Two");
        assert_eq!(buffer.take(), (None, "\n\nTwo".into()));
        listener.take_back();
        listener.receive("Three");
        assert_eq!(buffer.take(), (Some(TakenBack::Thought), "I look.\n\nThree".into()));
        assert_eq!(buffer.answer(), "I look.\n\nThree");
    }
}
