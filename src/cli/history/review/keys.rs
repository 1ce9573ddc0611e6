//! The keys of the review. To add one, add it to [`Action`], to [`action`] and to [`HELP`].

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Moves the selection down or up by suggestions.
    Step(isize),
    /// Moves the selection down or up by screens.
    Screen(isize),
    /// Goes to the first suggestion.
    First,
    /// Goes to the last suggestion.
    Last,
    /// Goes to the next unreviewed suggestion.
    Next,
    /// Scrolls the details down or up by lines.
    Scroll(isize),
    /// Accepts the alternative at this index; 0 is the description.
    Accept(usize),
    /// Opens the editor.
    Edit,
    /// Skips.
    Skip,
    /// Makes it unreviewed again.
    Restore,
    /// Undoes the last decision.
    Undo,
    /// Accepts all unreviewed suggestions that the filter shows.
    AcceptAll,
    /// Skips all unreviewed suggestions that the filter shows.
    SkipAll,
    /// Filters by name.
    Name,
    /// Shows another confidence.
    Band,
    /// Shows another review state.
    State,
    /// Shows another substance.
    Substance,
    /// Removes the filters.
    Everything,
    /// Reads the list again.
    Reload,
    /// Shows the keys.
    Help,
    /// Hands the terminal back to the shell.
    Suspend,
    /// Leaves.
    Quit,
}

/// The keys and what they do, short enough for the narrowest screen.
pub const HELP: [(&str, &str); 14] = [
    ("j k, arrows", "next, previous; PgDn PgUp: a screen"),
    ("g G", "first, last suggestion"),
    ("n", "next unreviewed suggestion"),
    ("J K", "scroll the details"),
    ("a, 1 to 9", "accept the text or this alternative, go on"),
    ("e", "edit the text in $VISUAL or $EDITOR"),
    ("s, r", "skip; restore: unreviewed again"),
    ("u", "undo the last decision, again and again"),
    ("A S", "accept, skip all unreviewed ones listed"),
    ("/", "list only assets with a text in their path"),
    ("b t i", "list another confidence, state, substance"),
    ("x", "list everything; Ctrl-L: read it again"),
    ("Ctrl-Z", "back to the shell; fg returns"),
    ("q", "leave; every decision is sent at once"),
];

/// Returns what a key does in the list.
#[must_use]
pub fn action(key: KeyEvent) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Action::Quit),
            KeyCode::Char('l') => Some(Action::Reload),
            KeyCode::Char('z') => Some(Action::Suspend),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Char('j') | KeyCode::Down => Action::Step(1),
        KeyCode::Char('k') | KeyCode::Up => Action::Step(-1),
        KeyCode::PageDown => Action::Screen(1),
        KeyCode::PageUp => Action::Screen(-1),
        KeyCode::Char('g') | KeyCode::Home => Action::First,
        KeyCode::Char('G') | KeyCode::End => Action::Last,
        KeyCode::Char('n') => Action::Next,
        KeyCode::Char('J') => Action::Scroll(1),
        KeyCode::Char('K') => Action::Scroll(-1),
        KeyCode::Char('a') => Action::Accept(0),
        KeyCode::Char(digit @ '1'..='9') => Action::Accept(digit as usize - '1' as usize),
        KeyCode::Char('e') => Action::Edit,
        KeyCode::Char('s') => Action::Skip,
        KeyCode::Char('r') => Action::Restore,
        KeyCode::Char('u') => Action::Undo,
        KeyCode::Char('A') => Action::AcceptAll,
        KeyCode::Char('S') => Action::SkipAll,
        KeyCode::Char('/') => Action::Name,
        KeyCode::Char('b') => Action::Band,
        KeyCode::Char('t') => Action::State,
        KeyCode::Char('i') => Action::Substance,
        KeyCode::Char('x') => Action::Everything,
        KeyCode::Char('?') => Action::Help,
        KeyCode::Char('q') => Action::Quit,
        _ => return None,
    })
}
