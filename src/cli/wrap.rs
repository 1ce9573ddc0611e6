//! Wraps texts to a width in columns of the terminal.
//!
//! The rule: a line breaks at white space. Only a word that is wider than a line is split, and never inside a character
//! that several code points make up, such as a letter with a combining accent or a family of emoji.

use console::measure_text_width;

/// A line of parts with their marks.
pub type WrappedLine<T> = Vec<(String, T)>;

/// A character as it is displayed.
struct Cell<T> {
    text: String,
    mark: T,
    width: usize,
}

impl<T> Cell<T> {
    fn is_space(&self) -> bool {
        self.text.starts_with(char::is_whitespace)
    }
}

/// Wraps a text.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let lines = wrap_marked(&[(text, ())], width);
    lines.into_iter().map(|line| line.into_iter().map(|(text, ())| text).collect()).collect()
}

/// Wraps a text that comes in pieces, as the answer to a question does. White space at the beginning of a line
/// stays, that at the end of the text does not, and a word is returned once it is complete.
#[derive(Debug, Default)]
pub struct Flow {
    /// The width of a line; `None` wraps nothing.
    width: Option<usize>,
    /// The width of the present line.
    column: usize,
    /// Whether the present line has a word.
    has_word: bool,
    /// The line breaks before the word, and the space after them.
    breaks: usize,
    space: String,
    word: String,
}

impl Flow {
    /// Begins a text.
    #[must_use]
    pub fn new(width: Option<usize>) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a piece. Returns what can be written of the text.
    pub fn push(&mut self, piece: &str) -> String {
        let mut ready = String::new();
        for c in piece.chars() {
            if c == '\n' {
                self.flush(&mut ready);
                self.space.clear();
                self.breaks += 1;
            } else if c.is_whitespace() {
                if !self.word.is_empty() {
                    self.flush(&mut ready);
                }
                self.space.push(c);
            } else {
                self.word.push(c);
            }
        }
        // Languages without spaces are written line by line.
        if self.width.is_some_and(|width| measure_text_width(&self.word) >= width) {
            self.flush(&mut ready);
        }
        ready
    }

    /// Returns the rest of the text, and begins the next one.
    pub fn end(&mut self) -> String {
        let mut rest = String::new();
        self.flush(&mut rest);
        *self = Self::new(self.width);
        rest
    }

    /// Moves the word, with the space before it, to what can be written.
    fn flush(&mut self, ready: &mut String) {
        if self.word.is_empty() {
            return;
        }
        if self.breaks > 0 {
            ready.push_str(&"\n".repeat(std::mem::take(&mut self.breaks)));
            (self.column, self.has_word) = (0, false);
        }
        let (space, word) = (std::mem::take(&mut self.space), std::mem::take(&mut self.word));
        let added = measure_text_width(&space) + measure_text_width(&word);
        if self.has_word && !space.is_empty() && self.width.is_some_and(|width| self.column + added > width) {
            ready.push('\n');
            self.column = measure_text_width(&word);
        } else {
            ready.push_str(&space);
            self.column += added;
        }
        // The terminal itself breaks a word that is wider than a line.
        if let Some(width) = self.width {
            self.column %= width.max(1) + 1;
        }
        ready.push_str(&word);
        self.has_word = true;
    }
}

/// Wraps a text whose parts have marks, for example styles. Neighbours with equal marks are joined.
#[must_use]
pub fn wrap_marked<T: Copy + PartialEq>(parts: &[(&str, T)], width: usize) -> Vec<WrappedLine<T>> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = Filling::default();
    let mut word = Filling::default();
    for cell in cells(parts) {
        if cell.text.contains('\n') {
            line.take(&mut word, width, &mut lines);
            lines.push(line.end());
        } else if cell.is_space() {
            line.take(&mut word, width, &mut lines);
            line.space = Some(cell.mark);
        } else {
            word.push(cell);
        }
    }
    line.take(&mut word, width, &mut lines);
    lines.push(line.end());
    lines
}

/// A line or word that is being filled.
struct Filling<T> {
    cells: Vec<Cell<T>>,
    width: usize,
    /// The mark of the space that follows.
    space: Option<T>,
}

impl<T> Default for Filling<T> {
    fn default() -> Self {
        Self { cells: Vec::new(), width: 0, space: None }
    }
}

impl<T: Copy + PartialEq> Filling<T> {
    fn push(&mut self, cell: Cell<T>) {
        self.width += cell.width;
        self.cells.push(cell);
    }

    /// Appends a word, on a new line if it does not fit.
    fn take(&mut self, word: &mut Self, width: usize, lines: &mut Vec<WrappedLine<T>>) {
        if word.cells.is_empty() {
            return;
        }
        let space = self.space.take().filter(|_| !self.cells.is_empty());
        if !self.cells.is_empty() && self.width + usize::from(space.is_some()) + word.width > width {
            lines.push(self.end());
        } else if let Some(mark) = space {
            self.push(Cell { text: " ".to_owned(), mark, width: 1 });
        }
        for cell in std::mem::take(word).cells {
            if !self.cells.is_empty() && self.width + cell.width > width {
                lines.push(self.end());
            }
            self.push(cell);
        }
    }

    /// Ends the line, without white space at its end.
    fn end(&mut self) -> WrappedLine<T> {
        let mut line: WrappedLine<T> = Vec::new();
        for cell in std::mem::take(self).cells {
            match line.last_mut() {
                Some((text, mark)) if *mark == cell.mark => text.push_str(&cell.text),
                _ => line.push((cell.text, cell.mark)),
            }
        }
        line
    }
}

fn cells<T: Copy>(parts: &[(&str, T)]) -> Vec<Cell<T>> {
    /// Joins the characters on both sides of it.
    const JOINER: char = '\u{200D}';
    let mut cells: Vec<Cell<T>> = Vec::new();
    for (part, mark) in parts {
        for c in part.chars() {
            let is_joined = |last: &Cell<T>| {
                !last.is_space() && !c.is_whitespace() && (last.text.ends_with(JOINER) || is_attached(c))
            };
            match cells.last_mut().filter(|last| is_joined(last)) {
                Some(last) => {
                    last.text.push(c);
                    last.width = measure_text_width(&last.text);
                }
                None => {
                    let text = c.to_string();
                    cells.push(Cell { width: measure_text_width(&text), text, mark: *mark });
                }
            }
        }
    }
    cells
}

/// Returns whether a character belongs to the one before it: it takes no column, or it gives an emoji its skin tone.
fn is_attached(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}') || measure_text_width(c.encode_utf8(&mut [0; 4])) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_at_words() {
        assert_eq!(wrap("The status of  the order.", 10), ["The status", "of the", "order."]);
        assert_eq!(wrap("one\ntwo\n", 10), ["one", "two", ""]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("unbreakable", 4), ["unbr", "eaka", "ble"]);
        assert_eq!(wrap("a unbreakable", 4), ["a", "unbr", "eaka", "ble"]);
    }

    #[test]
    fn a_text_that_comes_in_pieces_breaks_at_words() {
        let mut flow = Flow::new(Some(10));
        let pieces = ["The sta", "tus of", "  the", " order.\n  - a", " b longer", " one"];
        let mut shown: String = pieces.iter().map(|piece| flow.push(piece)).collect();
        shown += &flow.end();
        assert_eq!(shown, "The status\nof  the\norder.\n  - a b\nlonger one");
        let mut flow = Flow::new(None);
        assert_eq!(flow.push("The status of\n\nthe order, \n") + &flow.end(), "The status of\n\nthe order,");
        let mut flow = Flow::new(Some(4));
        assert_eq!(flow.push("日本語"), "日本語");
    }

    #[test]
    fn wide_characters_take_two_columns_and_stay_whole() {
        assert_eq!(wrap("日本語の表", 4), ["日本", "語の", "表"]);
        assert_eq!(wrap("👩‍🚀👍🏽e\u{301}", 2), ["👩‍🚀", "👍🏽", "e\u{301}"]);
    }

    #[test]
    fn marks_stay_with_their_parts() {
        let lines = wrap_marked(&[("old ", 'd'), ("new text", 'i')], 8);
        assert_eq!(lines, [vec![("old ".to_owned(), 'd'), ("new".to_owned(), 'i')], vec![("text".to_owned(), 'i')]]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_wide(text in ".*", width in 2_usize..40) {
            let lines = wrap(&text, width);
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(squeezed(&lines.concat()), squeezed(&text));
            for line in lines {
                prop_assert!(measure_text_width(&line) <= width || line.chars().count() < 3 * width, "{}", line);
            }
        }
    }
}
