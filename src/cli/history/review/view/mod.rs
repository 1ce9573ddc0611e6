//! Draws the review.
//!
//! The rule: everything that a colour tells stands there also as a word or a sign, and every text from a store or
//! database is made visible first, so that it cannot control the terminal.

mod detail;
mod list;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span, Text},
    widgets::{Block, Clear, Paragraph},
};

use super::{
    keys::HELP,
    state::{Mode, State, words},
    suggestion::Decision,
};
use crate::{
    cli::{history::filter::Filter, output::counted, wrap::wrap},
    domain::text::visible,
};

/// The smallest terminal that the review fits into.
const SMALLEST: (u16, u16) = (60, 16);
/// The most lines that are told at the foot.
const MOST_TOLD: usize = 3;
/// From this width on, the details stand beside the list.
const WIDE: u16 = 120;

/// The styles, with or without colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours are used.
    pub has_colours: bool,
}

impl Theme {
    const fn coloured(self, colour: Color) -> Style {
        if self.has_colours { Style::new().fg(colour) } else { Style::new() }
    }

    const fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    const fn busy(self) -> Style {
        self.coloured(Color::Yellow)
    }

    const fn bad(self) -> Style {
        self.coloured(Color::Red)
    }

    const fn faint() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    const fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    const fn chosen() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

/// Draws the whole screen. `lost` is the reason why the connection is lost.
pub fn draw(frame: &mut Frame<'_>, state: &mut State, theme: Theme, lost: Option<&str>) {
    let area = frame.area();
    state.is_hidden = area.width < SMALLEST.0 || area.height < SMALLEST.1;
    if state.is_hidden {
        let (width, height) = SMALLEST;
        let text = format!(
            "The terminal has {} columns and {} lines. The review needs {width} and {height}: enlarge it, or press q.",
            area.width, area.height
        );
        return frame.render_widget(lines(&wrap(&text, area.width.into())), area);
    }
    // What is told may need several lines.
    let (text, style) = told(state, theme, lost);
    let mut said = wrap(&text, area.width.into());
    said.truncate(MOST_TOLD);
    let foot = u16::try_from(said.len()).unwrap_or(1) + 1;
    let rows = [Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1), Constraint::Length(foot)];
    let [head, filter, body, foot] = Layout::vertical(rows).areas(area);
    frame.render_widget(headline(state), head);
    frame.render_widget(filters(&state.filter), filter);
    let panes = if area.width >= WIDE {
        Layout::horizontal([Constraint::Percentage(45), Constraint::Fill(1)])
    } else {
        Layout::vertical([Constraint::Percentage(35), Constraint::Fill(1)])
    };
    let [left, right] = panes.areas(body);
    list::draw(frame, left, state, theme);
    detail::draw(frame, right, state, theme);
    draw_foot(frame, foot, state, lines(&said).style(style));
    if state.mode == Mode::Help {
        draw_help(frame, area);
    }
}

fn lines(lines: &[String]) -> Text<'_> {
    Text::from_iter(lines.iter().map(String::as_str))
}

fn headline(state: &State) -> Line<'_> {
    let progress = state.progress();
    let reviewed = progress.total.saturating_sub(progress.unreviewed);
    Line::from(vec![
        Span::styled(format!("Run #{}", state.run.number), Theme::strong()),
        Span::raw(format!("  {}  ", state.run.scope)),
        Span::raw(format!("{reviewed} of {} reviewed, {}", progress.total, words(&progress.status))),
    ])
}

fn filters(filter: &Filter) -> Line<'static> {
    let values = |values: &[String]| values.iter().map(|value| words(value)).collect::<Vec<_>>().join(" or ");
    let text = |text: &Option<String>| text.as_deref().map(|text| visible(text).into_owned()).unwrap_or_default();
    let parts = [
        ("confidence", values(&filter.bands)),
        ("state", values(&filter.states)),
        ("substance", values(&filter.substances)),
        ("path with", text(&filter.name)),
        ("text with", text(&filter.search)),
    ];
    let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
    let parts: Vec<String> = parts.map(|(name, value)| format!("{name} {value}")).collect();
    if parts.is_empty() {
        return Line::styled("Listed: everything", Theme::faint());
    }
    Line::raw(format!("Listed: {}; x lists everything", parts.join(", ")))
}

fn draw_foot(frame: &mut Frame<'_>, area: Rect, state: &State, said: Text<'_>) {
    let [above, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    frame.render_widget(keys(state, area.width), below);
    if matches!(state.mode, Mode::Name(_)) {
        let end = said.width().min(usize::from(above.width.saturating_sub(1)));
        frame.set_cursor_position((above.x + u16::try_from(end).unwrap_or_default(), above.y));
    }
    frame.render_widget(said, above);
}

/// What is asked or what happened.
fn told(state: &State, theme: Theme, lost: Option<&str>) -> (String, Style) {
    let waiting = counted(state.waiting(), "decision");
    let warning = theme.bad().patch(Theme::strong());
    let asking = theme.busy().patch(Theme::strong());
    match &state.mode {
        Mode::Name(text) => (format!("List only paths with: {}", visible(text)), Style::new()),
        Mode::All(decision, all) if !all.is_complete => {
            (format!("Counting what is to be {}: {}…", decision.done(), all.ids.len()), Style::new())
        }
        Mode::All(decision, all) => {
            let verb = if *decision == Decision::Skip { "Skip" } else { "Accept" };
            let what = counted(all.ids.len(), "unreviewed suggestion");
            let comments = match (decision, all.commented) {
                (Decision::Skip, _) | (_, 0) => String::new(),
                (_, commented) => format!(" Of {commented} with a comment, those that people wrote are left out."),
            };
            (format!("{verb} {what}?{comments} y or n"), asking)
        }
        Mode::Leave => (format!("{waiting} not yet sent. Leave without sending?"), warning),
        Mode::List | Mode::Help => match lost {
            Some(reason) if state.waiting() > 0 => {
                (format!("Connection lost, {waiting} to send later: {}", visible(reason)), warning)
            }
            Some(reason) => (format!("Connection lost, trying again: {}", visible(reason)), warning),
            None if state.message.is_warning => (state.message.text.clone(), warning),
            None => (state.message.text.clone(), Style::new()),
        },
    }
}

fn keys(state: &State, width: u16) -> Line<'static> {
    let keys = match state.mode {
        Mode::Name(_) => "Enter lists them, Esc keeps the list".to_owned(),
        Mode::All(..) => "y decides, n does not".to_owned(),
        Mode::Help => "any key goes back".to_owned(),
        Mode::Leave => "y leaves, any other key goes back".to_owned(),
        Mode::List => keys_of_list(width.into()),
    };
    Line::styled(keys, Theme::faint())
}

/// As many keys of the list as fit, first those that are needed most. The key that shows all others is always there.
fn keys_of_list(width: usize) -> String {
    const KEYS: [&str; 8] =
        ["a accept", "s skip", "e edit", "u undo", "n next", "1-9 other text", "/ filter", "A accept all"];
    const ALWAYS: [&str; 2] = ["? more", "q leave"];
    let line = |count: usize| KEYS[..count].iter().chain(&ALWAYS).copied().collect::<Vec<_>>().join("  ");
    (0..=KEYS.len()).rev().map(line).find(|line| line.len() <= width).unwrap_or_default()
}

fn draw_help(frame: &mut Frame<'_>, area: Rect) {
    let shown: Vec<String> = HELP.iter().map(|(key, does)| format!(" {key:<13}{does} ")).collect();
    let width = shown.iter().map(|line| line.chars().count()).max().unwrap_or_default() + 2;
    let (width, height) =
        (u16::try_from(width).unwrap_or(area.width), u16::try_from(shown.len() + 2).unwrap_or_default());
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines(&shown)).block(Block::bordered().title(" Keys ")), place);
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};

    use super::*;
    use crate::cli::history::review::{
        state::tests::{press, reviewing},
        suggestion::{Details, Version},
    };

    fn drawn(state: &mut State, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, state, Theme { has_colours: false }, None)).unwrap();
        terminal.backend().to_string()
    }

    /// A suggestion with everything that the details can show, in wide characters, too.
    fn rich() -> State {
        let mut state = reviewing(150);
        press(&mut state, "as");
        let suggestion = state.window.find("s2").unwrap();
        suggestion.asset.display = "main.注文.ステータス".to_owned();
        suggestion.existing_comment = Some("Status of an order 👩‍🚀, see \u{1b}[31mwiki\u{202E}.".to_owned());
        suggestion.reasoning = Some("The column holds the words that orders go through.".to_owned());
        let version =
            Version { number: 2, run: 14, text: "State of the order.".to_owned(), state: "unreviewed".to_owned() };
        suggestion.details = Some(Details { versions: vec![version], is_comment_of_gloss: Some(false) });
        state
    }

    #[test]
    fn the_screen_fits_narrow_and_wide_terminals() {
        for (width, height) in [(60, 16), (80, 24), (200, 50)] {
            let shown = drawn(&mut rich(), width, height);
            let last = shown.trim_end().lines().last().unwrap();
            assert!(
                last.contains("a accept") && last.trim_end_matches(['"', ' ']).ends_with("? more  q leave"),
                "{shown}"
            );
            for text in ["Run #12", "of 150", "ステータス", "Status of the order."] {
                assert!(shown.contains(text), "{text} at {width}:\n{shown}");
            }
            let mut state = rich();
            press(&mut state, "?");
            let shown = drawn(&mut state, width, height);
            for (key, does) in HELP {
                assert!(shown.contains(key) && shown.contains(does), "{key} at {width}:\n{shown}");
            }
        }
        assert!(drawn(&mut rich(), 40, 12).contains("The review needs"));
    }

    #[test]
    fn nothing_that_controls_a_terminal_is_drawn() {
        for width in [60, 80, 200] {
            let shown = drawn(&mut rich(), width, 30);
            assert!(!shown.contains(['\u{1b}', '\u{202E}']), "{shown}");
        }
    }

    #[test]
    fn details_are_scrolled_to_their_end_and_not_further() {
        let mut state = rich();
        assert!(drawn(&mut state, 80, 16).contains("J scrolls, "));
        press(&mut state, &"J".repeat(50));
        let shown = drawn(&mut state, 80, 16);
        assert!(shown.contains("State of the order.") && shown.contains("K goes back up"), "{shown}");
    }
}
