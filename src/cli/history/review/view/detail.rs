//! The details of the selected suggestion.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Paragraph},
};

use super::{Theme, list::reviewed};
use crate::{
    cli::{
        history::review::{
            state::{State, words},
            suggestion::Suggestion,
        },
        wrap::wrap_marked,
    },
    domain::{
        compare::diff::{DiffKind, word_diff},
        text::{visible, visible_lines},
    },
};

/// The width of the names at the left.
const NAME: usize = 14;

/// Draws the details, from the line that is scrolled to.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State, theme: Theme) {
    let Some(suggestion) = state.window.current() else { return frame.render_widget(Block::bordered(), area) };
    let width = usize::from(area.width.saturating_sub(2));
    let is_waiting = state.is_waiting(&suggestion.id);
    let lines = described(suggestion, is_waiting, width, theme);
    let height = usize::from(area.height.saturating_sub(2));
    let most = lines.len().saturating_sub(height);
    let title = format!(" {} ", visible(&suggestion.asset.display));
    state.scroll = state.scroll.min(most);
    let mut block = Block::bordered().title(title);
    if state.scroll < most {
        block = block.title_bottom(format!(" J scrolls, {} more ", most - state.scroll));
    } else if most > 0 {
        block = block.title_bottom(" K goes back up ");
    }
    let shown: Vec<Line<'_>> = lines.into_iter().skip(state.scroll).take(height).collect();
    frame.render_widget(Paragraph::new(shown).block(block), area);
}

/// The details as lines of this width.
fn described(suggestion: &Suggestion, is_waiting: bool, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let plain = Style::new();
    let mut lines = Vec::new();
    let mut add = |name: &str, parts: &[(&str, Style)]| lines.extend(entry(name, parts, width));
    add("Text", &[(&visible_lines(&suggestion.final_text), Theme::strong())]);
    let (state, style) = reviewed(suggestion, is_waiting, theme);
    let by = suggestion.review.reviewer.as_deref().map(|by| format!(" by {}", visible(by))).unwrap_or_default();
    let facts = format!(
        "{by}, {}, {} confidence ({:.0} %), {}, version {}",
        words(suggestion.asset.kind.as_str()),
        words(suggestion.band.as_str()),
        suggestion.confidence * 100.0,
        words(suggestion.substance.as_str()),
        suggestion.version
    );
    add("", &[(&state, style), (&facts, plain)]);
    if let Some(comment) = suggestion.existing_comment.as_deref().filter(|comment| !comment.trim().is_empty()) {
        let author = match suggestion.details.as_ref().and_then(|details| details.is_comment_of_gloss) {
            None => "",
            Some(true) => "written by Gloss",
            Some(false) => "written by a person",
        };
        add("Comment now", &[(&visible_lines(comment), plain)]);
        add("", &[(author, Theme::faint())]);
        let parts = changes(comment, &suggestion.final_text, theme);
        let parts: Vec<(&str, Style)> = parts.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        add("Change", &parts);
    }
    for (at, alternative) in suggestion.alternatives.iter().enumerate() {
        let name = if at == 0 { "Alternatives" } else { "" };
        let is_above = alternative.text == suggestion.final_text;
        let text = if is_above { "the text above".into() } else { visible_lines(&alternative.text) };
        let text = format!("{} {text}", at + 1);
        let confidence = format!(" ({:.0} %)", alternative.confidence * 100.0);
        add(name, &[(&text, plain), (&confidence, Theme::faint())]);
    }
    for (at, evidence) in suggestion.evidence.iter().enumerate() {
        let name = if at == 0 { "Evidence" } else { "" };
        let source = format!("{}: ", visible(&evidence.source));
        add(name, &[(&source, Theme::faint()), (&visible_lines(&evidence.detail), plain)]);
    }
    if let Some(reasoning) = &suggestion.reasoning {
        add("Reasoning", &[(&visible_lines(reasoning), plain)]);
    }
    for (at, version) in suggestion.details.iter().flat_map(|details| &details.versions).enumerate() {
        let name = if at == 0 { "Versions" } else { "" };
        let about = format!("{} (run #{}, {}): ", version.number, version.run, version.state);
        add(name, &[(&about, Theme::faint()), (&visible_lines(&version.text), plain)]);
    }
    lines
}

/// A name at the left, and a text in the rest of the width.
fn entry(name: &str, parts: &[(&str, Style)], width: usize) -> Vec<Line<'static>> {
    let lines = wrap_marked(parts, width.saturating_sub(NAME).max(1)).into_iter().enumerate();
    let line = |(at, line): (usize, Vec<(String, Style)>)| {
        let name = Span::styled(format!("{:<NAME$}", if at == 0 { name } else { "" }), Theme::faint());
        Line::from_iter(std::iter::once(name).chain(line.into_iter().map(|(text, style)| Span::styled(text, style))))
    };
    lines.map(line).collect()
}

/// The words that a text takes from the comment and adds to it, between the signs that `git diff --word-diff` uses.
fn changes(comment: &str, text: &str, theme: Theme) -> Vec<(String, Style)> {
    let parts = word_diff(comment, text).into_iter().map(|part| {
        let text = visible_lines(&part.text).into_owned();
        match part.kind {
            DiffKind::Equal => (text, Style::new()),
            DiffKind::Deleted => (marked(&text, "[-", "-]"), theme.bad().add_modifier(Modifier::CROSSED_OUT)),
            DiffKind::Inserted => (marked(&text, "{+", "+}"), theme.good().add_modifier(Modifier::BOLD)),
        }
    });
    parts.collect()
}

/// Puts signs around the words of a text, inside the white space around them.
fn marked(text: &str, open: &str, close: &str) -> String {
    let words = text.trim();
    if words.is_empty() {
        return text.to_owned();
    }
    text.replacen(words, &format!("{open}{words}{close}"), 1)
}
