//! The review, key by key.

use super::*;
use crate::cli::history::review::{
    api::{Outcome, PAGE_SIZE, Page},
    suggestion::samples::suggestion,
};

/// A review of a run with this many suggestions, of which the first page is read.
pub fn reviewing(total: usize) -> State {
    let progress = Progress { status: "READY_FOR_REVIEW".to_owned(), unreviewed: total, total, ..Progress::default() };
    let run = Run {
        id: "run".to_owned(),
        number: 12,
        scope: "demo: main.orders".to_owned(),
        reviewer: "ann".to_owned(),
        progress,
    };
    let mut state = State::new(run, Filter::default());
    state.loaded(&Place::First, page(0, total));
    state
}

fn page(start: usize, total: usize) -> Page {
    let end = total.min(start + PAGE_SIZE);
    Page {
        suggestions: (start..end).map(suggestion).collect(),
        start: start.to_string(),
        end: end.to_string(),
        has_before: start > 0,
        has_after: end < total,
        total,
    }
}

pub fn press(state: &mut State, keys: &str) {
    for key in keys.chars() {
        let code = if key == '\r' { KeyCode::Enter } else { KeyCode::Char(key) };
        assert_eq!(state.key(code.into()), None, "{key}");
    }
}

fn review_of(state: &State, at: usize) -> ReviewState {
    state.window.iter().nth(at).unwrap().review.state
}

#[test]
fn decisions_appear_at_once_and_are_undone_in_turn() {
    let mut state = reviewing(3);
    press(&mut state, "a2s");
    let states = [0, 1, 2].map(|at| review_of(&state, at));
    assert_eq!(states, [ReviewState::Accepted, ReviewState::Accepted, ReviewState::Skipped]);
    assert_eq!((state.waiting(), state.window.selected()), (3, 2));
    press(&mut state, "uu");
    assert_eq!((review_of(&state, 1), review_of(&state, 2)), (ReviewState::Unreviewed, ReviewState::Unreviewed));
    assert_eq!((state.waiting(), state.window.selected()), (5, 1));
    while state.waiting() > 0 {
        state.confirmed(Outcome::default());
    }
    assert_eq!(state.tally(), [(1, "accepted")]);
    press(&mut state, "uu");
    assert_eq!(state.message.text, "There is nothing to undo.");
}

#[test]
fn a_refused_decision_and_that_of_another_person_are_shown() {
    let mut state = reviewing(2);
    press(&mut state, "a");
    state.refused("its comments are being written");
    assert!(state.message.is_warning && state.message.text.contains("was not accepted: its comments"));
    assert_eq!((state.stale.clone(), state.waiting()), (vec!["s0".to_owned()], 0));
    state.update(vec![suggestion(0)], true);
    assert_eq!(review_of(&state, 0), ReviewState::Unreviewed);

    press(&mut state, "s");
    let mut theirs = suggestion(1);
    theirs.set_review(theirs.reviewed(&Decision::Accept(1), "bob"));
    state.met(theirs);
    assert_eq!(review_of(&state, 1), ReviewState::Accepted);
    assert!(state.message.text.contains("column_1 is meanwhile accepted by bob"), "{}", state.message.text);
    press(&mut state, "u");
    assert_eq!(state.message.text, "There is nothing to undo.");
    // A change by others appears, but not in place of a decision that is being sent.
    press(&mut state, "ga");
    let mut theirs = suggestion(0);
    theirs.set_review(theirs.reviewed(&Decision::Skip, "bob"));
    state.update(vec![theirs.clone()], true);
    assert_eq!(review_of(&state, 0), ReviewState::Accepted);
    state.confirmed(Outcome::default());
    state.update(vec![theirs], true);
    assert_eq!(state.message.text, "main.orders.column_0 skipped by bob.");
}

#[test]
fn the_next_unreviewed_suggestion_is_found_on_later_pages() {
    let mut state = reviewing(3 * PAGE_SIZE);
    let decided: Vec<String> = state.window.iter().map(|it| it.id.clone()).collect();
    for id in &decided {
        let suggestion = state.window.find(id).unwrap();
        suggestion.set_review(suggestion.reviewed(&Decision::Skip, "ann"));
    }
    press(&mut state, "n");
    assert_eq!(state.window.wanted(), Some(Place::After(PAGE_SIZE.to_string())));
    state.loaded(&Place::After(PAGE_SIZE.to_string()), page(PAGE_SIZE, 3 * PAGE_SIZE));
    assert_eq!(state.window.current().unwrap().id, format!("s{PAGE_SIZE}"));
}

#[test]
fn a_decision_on_all_is_counted_asked_for_and_undone_at_once() {
    let mut state = reviewing(5);
    press(&mut state, "A");
    assert!(state.uncounted().is_some());
    let ids: Vec<String> = (0..5).map(|at| format!("s{at}")).collect();
    state.counted(Unreviewed { ids: ids.clone(), is_complete: true, ..Unreviewed::default() });
    press(&mut state, "y");
    let order = Order::All { filter: Filter::default(), decision: Decision::Accept(0), count: 5 };
    assert_eq!(state.order(), Some(&order));
    state.confirmed(Outcome { changed: 1, left_out: 1, ..Outcome::default() });
    let told = "1 suggestion accepted; 1 left out, because people wrote their comments or texts; 3 left alone";
    assert!(state.message.text.starts_with(told), "{}", state.message.text);
    assert_eq!(state.tally(), [(1, "accepted")]);
    press(&mut state, "u");
    assert_eq!(state.order(), Some(&Order::RestoreAll { ids, decision: Decision::Accept(0) }));
    state.confirmed(Outcome { changed: 1, ..Outcome::default() });
    assert_eq!(state.message.text, "1 suggestion is unreviewed again.");
    assert_eq!(state.tally(), []);
    press(&mut state, "ttA");
    assert!(state.message.text.contains("no unreviewed suggestions"), "{}", state.message.text);
}

#[test]
fn whoever_leaves_while_decisions_wait_is_asked() {
    let mut state = reviewing(2);
    press(&mut state, "aq");
    assert_eq!(state.mode, Mode::Leave);
    press(&mut state, "nq");
    assert_eq!(state.key(KeyCode::Char('q').into()), Some(Deed::Quit));
    assert_eq!(state.unsent(), ["main.orders.column_0 accepted"]);
}
