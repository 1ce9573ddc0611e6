//! The decisions of the reviewer, and how they are taken back.
//!
//! The rule: a decision appears at once and waits in the outbox until the API has confirmed it. The outbox is sent in
//! order, one decision at a time. A decision that is refused, or that met another person's, gives way to what the API
//! says, with a message.

use ratatui::crossterm::event::KeyCode;

use super::{Mode, State, words};
use crate::{
    cli::{
        history::{
            filter::Filter,
            review::{
                api::{Outcome, Unreviewed},
                suggestion::{Decision, Review, Suggestion},
            },
        },
        output::counted,
    },
    domain::{suggestion::ReviewState, text::visible},
};

/// A decision that the API has not confirmed yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// On one suggestion.
    One(One),
    /// On the unreviewed suggestions that a filter shows.
    All {
        /// The filter.
        filter: Filter,
        /// The decision.
        decision: Decision,
        /// The number of suggestions that were asked for.
        count: usize,
    },
    /// Takes a decision on many back.
    RestoreAll {
        /// The suggestions.
        ids: Vec<String>,
        /// The decision.
        decision: Decision,
    },
}

/// A decision on one suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct One {
    /// The suggestion.
    pub id: String,
    /// The path of its asset.
    pub name: String,
    /// The decision.
    pub decision: Decision,
    /// The review that the reviewer saw.
    pub seen: Review,
    /// The review after the decision.
    pub wanted: Review,
    /// Whether it takes an earlier decision back.
    pub undoes: bool,
}

/// How to take a decision back.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Undo {
    One(One),
    All { ids: Vec<String>, decision: Decision },
}

impl State {
    /// The decision to send next.
    #[must_use]
    pub fn order(&self) -> Option<&Order> {
        self.outbox.front()
    }

    /// The number of decisions that the API has not confirmed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.outbox.len()
    }

    /// Returns whether a decision on this suggestion is not confirmed yet.
    #[must_use]
    pub fn is_waiting(&self, id: &str) -> bool {
        self.outbox.iter().any(|order| matches!(order, Order::One(one) if one.id == id))
    }

    pub(super) fn accept(&mut self, index: usize) {
        let Some(suggestion) = self.window.current() else { return };
        match suggestion.alternatives.len() {
            count if index < count => self.decide(Decision::Accept(index), true),
            1 => self.warn("There is one text; press 1 or a."),
            count => self.warn(format!("There are {count} alternatives; press 1 to {count}.")),
        }
    }

    /// Accepts the text that the reviewer wrote for a suggestion.
    pub fn edited(&mut self, id: &str, text: String) {
        if self.window.select(id) {
            self.decide(Decision::Edit(text), true);
        }
    }

    /// Decides on the selected suggestion.
    pub(super) fn decide(&mut self, decision: Decision, goes_on: bool) {
        let Some(suggestion) = self.window.current() else { return };
        let wanted = suggestion.reviewed(&decision, &self.run.reviewer);
        let name = visible(&suggestion.asset.display).into_owned();
        if wanted.is_like(&suggestion.review) {
            self.tell(format!("{name} is {} already.", decision.done()));
        } else {
            let (id, seen, back) = (suggestion.id.clone(), suggestion.review.clone(), suggestion.decision());
            self.tell(format!("{name} {}.", decision.done()));
            let undo = One {
                id: id.clone(),
                name: name.clone(),
                decision: back,
                seen: wanted.clone(),
                wanted: seen.clone(),
                undoes: true,
            };
            self.undo.push(Undo::One(undo));
            self.send(One { id, name, decision, seen, wanted, undoes: false });
        }
        if goes_on {
            self.seek();
        }
    }

    fn send(&mut self, one: One) {
        if let Some(suggestion) = self.window.find(&one.id) {
            suggestion.set_review(one.wanted.clone());
        }
        self.outbox.push_back(Order::One(one));
    }

    pub(super) fn undo(&mut self) {
        match self.undo.pop() {
            None => self.tell("There is nothing to undo."),
            Some(Undo::One(one)) => {
                self.tell(format!("{} is {} again.", one.name, words(one.wanted.state.as_str())));
                self.window.select(&one.id);
                self.scroll = 0;
                self.send(one);
            }
            Some(Undo::All { ids, decision }) => {
                let were = if ids.len() == 1 { "was" } else { "were" };
                self.tell(format!("Restoring {} that {were} {}…", counted(ids.len(), "suggestion"), decision.done()));
                self.outbox.push_back(Order::RestoreAll { ids, decision });
            }
        }
    }

    /// Begins a decision on all: they are counted first.
    pub(super) fn ask(&mut self, decision: Decision) {
        let unreviewed = ReviewState::Unreviewed.as_str();
        if !self.filter.states.is_empty() && !self.filter.states.iter().any(|state| state == unreviewed) {
            return self.tell("The list shows no unreviewed suggestions; press t or x first.");
        }
        if self.waiting() > 0 {
            return self.tell("Wait until the last decision is confirmed.");
        }
        self.mode = Mode::All(decision, Unreviewed::default());
    }

    /// What is counted of the suggestions to decide on, while more are to be counted.
    #[must_use]
    pub fn uncounted(&self) -> Option<&Unreviewed> {
        match &self.mode {
            Mode::All(_, all) if !all.is_complete => Some(all),
            _ => None,
        }
    }

    /// Records that more suggestions to decide on were counted.
    pub fn counted(&mut self, counted: Unreviewed) {
        if let Mode::All(_, all) = &mut self.mode {
            *all = counted;
            if all.is_complete && all.ids.is_empty() {
                self.mode = Mode::List;
                self.tell("The list shows no unreviewed suggestions.");
            }
        }
    }

    pub(super) fn answered(&mut self, decision: Decision, all: Unreviewed, key: KeyCode) {
        match key {
            KeyCode::Char('y') if all.is_complete => {
                let count = all.ids.len();
                let are = if count == 1 { "is" } else { "are" };
                self.tell(format!("{} {are} being {}…", counted(count, "suggestion"), decision.done()));
                self.undo.push(Undo::All { ids: all.ids, decision: decision.clone() });
                self.outbox.push_back(Order::All { filter: self.filter.clone(), decision, count });
            }
            KeyCode::Char('n' | 'q') | KeyCode::Esc => self.tell("Nothing was decided."),
            _ => self.mode = Mode::All(decision, all),
        }
    }

    /// Records that the first decision of the outbox is confirmed.
    pub fn confirmed(&mut self, outcome: Outcome) {
        let Some(order) = self.outbox.pop_front() else { return };
        match order {
            Order::One(one) if one.undoes && one.decision == Decision::Restore => drop(self.decided.remove(&one.id)),
            Order::One(one) => drop(self.decided.insert(one.id, one.decision)),
            Order::All { decision, count, .. } => {
                self.decided_in_bulk[usize::from(decision == Decision::Skip)] += outcome.changed;
                let rest = count.saturating_sub(outcome.changed + outcome.left_out);
                let left = [
                    (outcome.left_out, "left out, because people wrote their comments or texts"),
                    (rest, "left alone: decided meanwhile, or newer in another run"),
                ];
                let left = left.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("; {count} {why}"));
                let left: Vec<String> = left.collect();
                let done = format!("{} {}", counted(outcome.changed, "suggestion"), decision.done());
                self.tell(format!("{done}{}. u undoes this.", left.concat()));
                self.reread();
            }
            Order::RestoreAll { decision, .. } => {
                let count = &mut self.decided_in_bulk[usize::from(decision == Decision::Skip)];
                *count = count.saturating_sub(outcome.changed);
                let are = if outcome.changed == 1 { "is" } else { "are" };
                self.tell(format!("{} {are} unreviewed again.", counted(outcome.changed, "suggestion")));
                self.reread();
            }
        }
        self.update(outcome.suggestions, false);
        if let Some(progress) = outcome.progress {
            self.run.progress = progress;
        }
    }

    /// Records that the first decision of the outbox met another decision, which stays.
    pub fn met(&mut self, now: Suggestion) {
        let Some(Order::One(one)) = self.outbox.pop_front() else { return };
        self.forget_undo(&one.id);
        let state = words(now.review.state.as_str());
        let by = now.review.reviewer.as_deref().map(|name| format!(" by {}", visible(name))).unwrap_or_default();
        self.warn(format!("{} is meanwhile {state}{by}. Decide again if you want to replace that.", one.name));
        self.outbox.retain(|order| !matches!(order, Order::One(other) if other.id == one.id));
        self.window.select(&one.id);
        self.update(vec![now], false);
    }

    /// Records that the API refused the first decision of the outbox.
    pub fn refused(&mut self, reason: &str) {
        match self.outbox.pop_front() {
            Some(Order::One(one)) => {
                self.warn(format!("{} was not {}: {reason}", one.name, one.decision.done()));
                self.forget_undo(&one.id);
                self.stale.push(one.id);
            }
            Some(Order::All { decision, .. }) => {
                self.undo.pop();
                self.warn(format!("Nothing was {}: {reason}", decision.done()));
            }
            Some(Order::RestoreAll { .. }) => self.warn(format!("Nothing was restored: {reason}")),
            None => {}
        }
    }

    fn forget_undo(&mut self, id: &str) {
        let last = self.undo.iter().rposition(|undo| matches!(undo, Undo::One(one) if one.id == id));
        if let Some(at) = last {
            self.undo.remove(at);
        }
    }

    /// The number of accepted, edited, skipped and restored suggestions of this review.
    #[must_use]
    pub fn tally(&self) -> Vec<(usize, &'static str)> {
        let [accepted, skipped] = self.decided_in_bulk;
        let count = |of: &Decision| self.decided.values().filter(|decision| decision.state() == of.state()).count();
        let counts = [
            (Decision::Accept(0), accepted),
            (Decision::Edit(String::new()), 0),
            (Decision::Skip, skipped),
            (Decision::Restore, 0),
        ];
        let counts = counts.iter().map(|(of, more)| (count(of) + more, of.done()));
        counts.filter(|(count, _)| *count > 0).collect()
    }

    /// The decisions that the API has not confirmed, in words.
    #[must_use]
    pub fn unsent(&self) -> Vec<String> {
        let words = |order: &Order| match order {
            Order::One(one) => format!("{} {}", one.name, one.decision.done()),
            Order::All { decision, .. } => format!("all listed {}", decision.done()),
            Order::RestoreAll { ids, .. } => format!("{} restored", ids.len()),
        };
        self.outbox.iter().map(words).collect()
    }
}
