//! A table of text that fits the width of the terminal.
//!
//! The rule: columns are separated by two spaces, without lines and tabs, so that `awk` and `cut` can read it. If the
//! table is too wide, the columns that may be cut are cut with `…`, in the order that the table names; a table that
//! names none cuts its widest columns. Without a terminal, nothing is cut, unless `COLUMNS` is set.

use console::{Term, measure_text_width, truncate_str};

use super::output::{self, Tone};

/// The width that a column keeps as long as another one can be cut.
const READABLE: usize = 12;
/// The narrowest that a column is cut to.
const NARROWEST: usize = 6;
/// The space between two columns.
const GAP: &str = "  ";

/// A table with titles.
pub struct Table {
    titles: Vec<String>,
    rows: Vec<Vec<(String, Tone)>>,
    /// The titles of the columns that may be cut, first the one to be cut first. Empty if all may be cut.
    cut: &'static [&'static str],
}

impl Table {
    /// Creates a table without rows.
    #[must_use]
    pub fn new<const N: usize>(titles: [&str; N]) -> Self {
        Self::with_titles(titles.map(str::to_owned).to_vec())
    }

    /// Creates a table whose columns are known only at run time.
    #[must_use]
    pub const fn with_titles(titles: Vec<String>) -> Self {
        Self { titles, rows: Vec::new(), cut: &[] }
    }

    /// Names the only columns that may be cut, first the one to be cut first.
    #[must_use]
    pub const fn cutting(mut self, titles: &'static [&'static str]) -> Self {
        self.cut = titles;
        self
    }

    /// Adds a row of plain cells.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.toned(cells.into_iter().map(|cell| (cell, Tone::Plain)));
    }

    /// Adds a row of cells with their tones.
    pub fn toned(&mut self, cells: impl IntoIterator<Item = (String, Tone)>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints the table in the width of the terminal.
    pub fn print(&self) {
        output::print(&self.render(width()));
    }

    /// Returns the table as text, at most `limit` wide if possible.
    #[must_use]
    pub fn render(&self, limit: Option<usize>) -> String {
        let widths = self.widths(limit.unwrap_or(usize::MAX));
        let titles = self.titles.iter().map(|title| (title.clone(), Tone::Plain)).collect();
        std::iter::once(&titles).chain(&self.rows).fold(String::new(), |text, row| text + &line(row, &widths) + "\n")
    }

    fn widths(&self, limit: usize) -> Vec<usize> {
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column)).map(|(cell, _)| cell);
        let widest = |(column, title)| {
            let all = std::iter::once(title).chain(cells(column));
            all.map(|cell| measure_text_width(cell)).max().unwrap_or_default()
        };
        let mut widths: Vec<usize> = self.titles.iter().enumerate().map(widest).collect();
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let excess = |widths: &[usize]| (widths.iter().sum::<usize>() + gaps).saturating_sub(limit);
        for least in [READABLE, NARROWEST] {
            for title in self.cut {
                let Some(column) = self.titles.iter().position(|it| it == title) else { continue };
                let spare = widths[column].saturating_sub(least);
                widths[column] -= spare.min(excess(&widths));
            }
        }
        while self.cut.is_empty() && excess(&widths) > 0 {
            match widths.iter_mut().max() {
                Some(width) if *width > NARROWEST => *width -= 1,
                _ => break,
            }
        }
        widths
    }
}

fn line(row: &[(String, Tone)], widths: &[usize]) -> String {
    let mut text = String::new();
    // The space before the next cell. It is not written after the last one.
    let mut space = 0;
    for ((cell, tone), width) in row.iter().zip(widths) {
        let shown = truncate_str(cell, *width, "…");
        let used = measure_text_width(&shown);
        if !shown.is_empty() {
            text += &" ".repeat(space);
            text += &tone.paint(&shown).to_string();
            space = 0;
        }
        space += width.saturating_sub(used) + GAP.len();
    }
    text
}

/// The width to fit: `COLUMNS`, or that of the terminal. `None` if there is neither.
#[must_use]
pub fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| *columns > 0).or_else(|| Term::stdout().size_checked().map(|(_, columns)| columns.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["RUN", "SCOPE", "STATUS"]);
        table.row(["#1", "main.customers, main.orders, +3 more", "success"].map(str::to_owned));
        table.row(["#12", "日本語のスキーマ.顧客", ""].map(str::to_owned));
        table
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let expected = "\
RUN  SCOPE                                 STATUS
#1   main.customers, main.orders, +3 more  success
#12  日本語のスキーマ.顧客
";
        assert_eq!(table().render(None), expected);
        assert_eq!(table().render(Some(200)), expected);
    }

    #[test]
    fn a_table_that_is_too_wide_loses_its_widest_column() {
        let narrow = table().render(Some(32));
        assert_eq!(narrow.lines().nth(1), Some("#1   main.customers, m…  success"));
        assert_eq!(narrow.lines().nth(2), Some("#12  日本語のスキーマ.…"));
        for line in narrow.lines() {
            assert!(measure_text_width(line) <= 32, "{line}");
        }
        let named = table().cutting(&["SCOPE", "STATUS"]).render(Some(24));
        assert_eq!(named.lines().nth(1), Some("#1   main.cust…  success"));
        let status = table().cutting(&["STATUS"]).render(Some(24));
        assert_eq!(status.lines().nth(1), Some("#1   main.customers, main.orders, +3 more  succe…"));
        // It is never cut to nothing.
        assert!(table().render(Some(1)).lines().nth(1).unwrap().contains('…'));
    }
}
