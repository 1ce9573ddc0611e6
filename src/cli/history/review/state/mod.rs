//! What the review shows and what it has yet to do, without terminal and network.
//!
//! `outbox` has the decisions, `arriving` what the API brings.

mod arriving;
mod outbox;
#[cfg(test)]
pub mod tests;

use std::collections::{HashMap, VecDeque};

use ratatui::crossterm::event::{KeyCode, KeyEvent};

pub use self::outbox::Order;
use self::outbox::Undo;
use super::{
    api::{Place, Run, Unreviewed},
    keys::{Action, action},
    progress::Progress,
    suggestion::{Decision, Suggestion},
    window::Window,
};
use crate::{
    cli::history::filter::Filter,
    domain::{
        substance::Substance,
        suggestion::{ConfidenceBand, ReviewState},
    },
};

/// What the keys act on.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Mode {
    /// The list.
    #[default]
    List,
    /// The text of the filter by name.
    Name(String),
    /// A decision on all: first they are counted, then it is asked for.
    All(Decision, Unreviewed),
    /// The list of keys.
    Help,
    /// The question whether to leave although decisions wait.
    Leave,
}

/// What the session must do, because it needs the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Open the editor with a text.
    Edit {
        /// The suggestion.
        id: String,
        /// Its text.
        text: String,
    },
    /// Hand the terminal back to the shell.
    Suspend,
    /// Leave.
    Quit,
}

/// A line about what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Its text.
    pub text: String,
    /// Whether the reviewer must know it.
    pub is_warning: bool,
}

/// The state of the review.
#[derive(Debug)]
pub struct State {
    /// The run.
    pub run: Run,
    /// The list.
    pub window: Window,
    /// What the list shows.
    pub filter: Filter,
    /// What the keys act on.
    pub mode: Mode,
    /// What happened last.
    pub message: Message,
    /// The first line of the details that is shown.
    pub scroll: usize,
    /// The number of suggestions on a screen.
    pub screen: usize,
    /// Whether the terminal is too small to show the list.
    pub is_hidden: bool,
    /// Changes each time that the list is read from the start.
    pub generation: u64,
    /// Suggestions to read again.
    pub stale: Vec<String>,
    outbox: VecDeque<Order>,
    undo: Vec<Undo>,
    /// Whether the next unreviewed suggestion is looked for in pages that are not read yet.
    is_seeking: bool,
    /// The confirmed decisions on single suggestions.
    decided: HashMap<String, Decision>,
    /// The confirmed decisions on many: how many were accepted and skipped.
    decided_in_bulk: [usize; 2],
}

impl State {
    /// Begins the review of a run.
    #[must_use]
    pub fn new(run: Run, filter: Filter) -> Self {
        Self {
            run,
            window: Window::default(),
            filter,
            mode: Mode::List,
            message: Message::default(),
            scroll: 0,
            screen: 1,
            is_hidden: false,
            generation: 0,
            stale: Vec::new(),
            outbox: VecDeque::new(),
            undo: Vec::new(),
            is_seeking: false,
            decided: HashMap::new(),
            decided_in_bulk: [0; 2],
        }
    }

    /// The suggestion whose details are to be read.
    #[must_use]
    pub fn undetailed(&self) -> Option<&Suggestion> {
        self.window.current().filter(|suggestion| suggestion.details.is_none())
    }

    /// Shows a message.
    pub fn tell(&mut self, text: impl Into<String>) {
        self.message = Message { text: text.into(), is_warning: false };
    }

    /// Shows a message that the reviewer must know.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.message = Message { text: text.into(), is_warning: true };
    }

    /// Handles a key.
    pub fn key(&mut self, key: KeyEvent) -> Option<Deed> {
        // Nobody decides on what is not seen.
        if self.is_hidden && action(key) != Some(Action::Quit) && self.mode != Mode::Leave {
            return None;
        }
        let is_quit = action(key) == Some(Action::Quit) && key.code == KeyCode::Char('c');
        match std::mem::take(&mut self.mode) {
            Mode::Leave if is_quit || matches!(key.code, KeyCode::Char('q' | 'y')) => return Some(Deed::Quit),
            _ if is_quit => return self.quit(),
            Mode::List => return action(key).and_then(|action| self.act(action)),
            Mode::Help | Mode::Leave => {}
            Mode::Name(text) => self.typed(text, key.code),
            Mode::All(decision, all) => self.answered(decision, all, key.code),
        }
        None
    }

    fn act(&mut self, action: Action) -> Option<Deed> {
        self.message = Message::default();
        self.is_seeking = false;
        let screen = isize::try_from(self.screen.max(2) - 1).unwrap_or(1);
        match action {
            Action::Step(by) => self.step(by),
            Action::Screen(by) => self.step(by * screen),
            Action::First => self.jump(Place::First),
            Action::Last => self.jump(Place::Last),
            Action::Next => self.seek(),
            Action::Scroll(by) => self.scroll = self.scroll.saturating_add_signed(by),
            Action::Accept(index) => self.accept(index),
            Action::Skip => self.decide(Decision::Skip, true),
            Action::Restore => self.decide(Decision::Restore, false),
            Action::Undo => self.undo(),
            Action::AcceptAll => self.ask(Decision::Accept(0)),
            Action::SkipAll => self.ask(Decision::Skip),
            Action::Name => self.mode = Mode::Name(String::new()),
            Action::Band => {
                self.refilter(|filter| turn(&mut filter.bands, ConfidenceBand::ALL.iter().map(|it| it.as_str())));
            }
            Action::State => {
                self.refilter(|filter| turn(&mut filter.states, ReviewState::ALL.iter().map(|it| it.as_str())));
            }
            Action::Substance => {
                self.refilter(|filter| turn(&mut filter.substances, Substance::ALL.iter().map(|it| it.as_str())));
            }
            Action::Everything => self.refilter(|filter| *filter = Filter::default()),
            Action::Reload => self.refilter(|_| ()),
            Action::Help => self.mode = Mode::Help,
            Action::Edit => {
                let suggestion = self.window.current()?;
                return Some(Deed::Edit { id: suggestion.id.clone(), text: suggestion.final_text.clone() });
            }
            Action::Suspend => return Some(Deed::Suspend),
            Action::Quit => return self.quit(),
        }
        None
    }

    /// Leaves, unless decisions wait: then asks first.
    pub fn quit(&mut self) -> Option<Deed> {
        if self.outbox.is_empty() {
            return Some(Deed::Quit);
        }
        self.mode = Mode::Leave;
        None
    }

    fn step(&mut self, by: isize) {
        if self.window.step(by) {
            self.scroll = 0;
        }
    }

    fn jump(&mut self, place: Place) {
        self.window.jump(place);
        self.scroll = 0;
    }

    /// Goes to the next unreviewed suggestion, also if it is not read yet.
    fn seek(&mut self) {
        self.scroll = 0;
        self.is_seeking = false;
        if self.window.select_unreviewed(|it| it.review.state == ReviewState::Unreviewed) {
            return;
        }
        if self.window.has_after() {
            self.is_seeking = true;
            self.window.step(isize::MAX);
        } else if self.message.text.is_empty() {
            self.tell(match self.run.progress.unreviewed {
                0 => "Every suggestion of this run is reviewed.".to_owned(),
                left => format!("No unreviewed suggestion follows here; the run has {left}."),
            });
        }
    }

    fn refilter(&mut self, change: impl FnOnce(&mut Filter)) {
        change(&mut self.filter);
        self.window = Window::default();
        self.generation += 1;
        self.scroll = 0;
    }

    fn typed(&mut self, mut text: String, key: KeyCode) {
        match key {
            KeyCode::Esc => return,
            KeyCode::Enter => {
                let text = text.trim().to_owned();
                return self.refilter(|filter| filter.name = Some(text).filter(|text| !text.is_empty()));
            }
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Char(c) => text.push(c),
            _ => {}
        }
        self.mode = Mode::Name(text);
    }

    /// How far the review is.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.run.progress
    }
}

/// A value of an enumeration of the API in words.
#[must_use]
pub fn words(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

/// Goes on to the next value of a filter: everything, then each value alone.
fn turn(chosen: &mut Vec<String>, mut all: impl Iterator<Item = &'static str>) {
    let next = match chosen.as_slice() {
        [] => all.next(),
        [one] => all.skip_while(|value| value != one).nth(1),
        _ => None,
    };
    *chosen = next.map(str::to_owned).into_iter().collect();
}
