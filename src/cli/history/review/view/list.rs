//! The list of suggestions.

use console::measure_text_width;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, Paragraph},
};

use super::Theme;
use crate::{
    cli::history::review::{
        state::{State, words},
        suggestion::Suggestion,
    },
    domain::{
        suggestion::{ConfidenceBand, ReviewState},
        text::visible,
    },
};

/// The width of the columns after the asset: `high   87 %  ✓ unreviewed`.
const CONFIDENCE: usize = 12;
const STATE: usize = 12;

/// Draws the list, with the selected suggestion in sight.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State, theme: Theme) {
    let total = state.window.total();
    let place = state.window.before() + state.window.selected() + 1;
    let title = match total {
        None => " Reading… ".to_owned(),
        Some(0) => " Nothing is listed ".to_owned(),
        Some(total) => format!(" {place} of {} ", total.max(place)),
    };
    let block = Block::bordered().title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    state.screen = height;
    if total == Some(0) {
        return frame.render_widget(Line::raw("No suggestion is like this; press x to list everything."), inner);
    }
    // The selected line stays in the middle, except at the ends of what is in memory.
    let selected = state.window.selected();
    let first = selected.saturating_sub(height / 2).min(state.window.len().saturating_sub(height));
    let digits = (state.window.before() + state.window.len()).to_string().len();
    let rows = state.window.iter().enumerate().skip(first).take(height).map(|(at, suggestion)| {
        let number = format!("{:>digits$} ", state.window.before() + at + 1);
        row(state, suggestion, (number, at == selected), width, theme)
    });
    let rows: Vec<Line<'_>> = rows.collect();
    frame.render_widget(Paragraph::new(rows), inner);
}

fn row(
    state: &State,
    suggestion: &Suggestion,
    (number, is_selected): (String, bool),
    width: usize,
    theme: Theme,
) -> Line<'static> {
    let mark = if is_selected { "> " } else { "  " };
    let band = match suggestion.band {
        ConfidenceBand::High => theme.good(),
        ConfidenceBand::Medium => theme.busy(),
        ConfidenceBand::Low => theme.bad(),
    };
    let percent = format!("{:.0} %", suggestion.confidence * 100.0);
    let confidence = format!("  {:<6} {percent:>5}", words(suggestion.band.as_str()));
    let (word, style) = reviewed(suggestion, state.is_waiting(&suggestion.id), theme);
    let room = width.saturating_sub(mark.len() + number.len() + CONFIDENCE + 2 + STATE + 2);
    let line = Line::from(vec![
        Span::raw(format!("{mark}{number}")),
        Span::raw(fitted(&visible(&suggestion.asset.display), room)),
        Span::styled(confidence, band),
        Span::styled(format!("  {}", fitted(&word, STATE)), style),
    ]);
    if is_selected { line.style(Theme::chosen()) } else { line }
}

/// The state of a suggestion: a sign, a word and a style.
pub fn reviewed(suggestion: &Suggestion, is_waiting: bool, theme: Theme) -> (String, Style) {
    let (sign, style) = match suggestion.review.state {
        ReviewState::Unreviewed => ("·", Theme::faint()),
        ReviewState::Accepted => ("✓", theme.good()),
        ReviewState::Edited => ("✎", theme.good()),
        ReviewState::Skipped => ("–", theme.busy()),
    };
    let word = words(suggestion.review.state.as_str());
    if is_waiting {
        (format!("… {word}"), style)
    } else if suggestion.applied.is_some() {
        ("● applied".to_owned(), theme.good())
    } else {
        (format!("{sign} {word}"), style)
    }
}

/// A text in exactly this many columns. What is cut is cut in front: the end of a path says more than its beginning.
fn fitted(text: &str, width: usize) -> String {
    let mut shown = text.to_owned();
    if measure_text_width(&shown) > width {
        let mut rest = text.chars();
        while measure_text_width(rest.as_str()) + 1 > width && rest.next().is_some() {}
        shown = format!("…{}", rest.as_str());
    }
    let space = width.saturating_sub(measure_text_width(&shown));
    shown + &" ".repeat(space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_end_and_its_width() {
        assert_eq!(fitted("main.orders", 13), "main.orders  ");
        assert_eq!(fitted("main.orders.status", 8), "….status");
        assert_eq!(fitted("表.顧客", 6), "….顧客");
        assert_eq!(measure_text_width(&fitted("日本語のスキーマ", 6)), 6);
    }
}
