//! A table of text that fits the width of the terminal.
//!
//! The rule: columns are separated by two spaces, without lines and tabs, so that `awk` and `cut` can read it. If the
//! table is too wide, the columns that may be cut are cut with `…`, in the order that the table names; a table that
//! names none cuts its widest columns. Columns that may be dropped are dropped, first the last one, while even the cut
//! ones do not fit. A column of texts is wrapped instead of cut; if too little width is left for it, its texts stand
//! below their rows. Without a terminal, nothing is cut, dropped or wrapped, unless `COLUMNS` is set.

use console::{Term, measure_text_width, truncate_str};

use super::{
    output::{self, Tone},
    wrap::wrap,
};

/// The width that a column keeps as long as another one can be cut.
const READABLE: usize = 12;
/// The narrowest that a column is cut to.
const NARROWEST: usize = 6;
/// The narrowest that a column of texts is wrapped to.
const TEXT: usize = 30;
/// What precedes a text below its row.
const INDENT: &str = "    ";
/// The space between two columns.
const GAP: &str = "  ";

/// A table with titles.
pub struct Table {
    titles: Vec<String>,
    rows: Vec<Vec<(String, Tone)>>,
    /// The titles of the columns that may be cut, first the one to be cut first. Empty if all may be cut.
    cut: &'static [&'static str],
    /// The titles of the columns that may be dropped, first the one to be dropped last.
    drop: &'static [&'static str],
    /// The title of the last column, if it holds texts to wrap.
    wrapped: Option<&'static str>,
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
        Self { titles, rows: Vec::new(), cut: &[], drop: &[], wrapped: None }
    }

    /// Names the only columns that may be cut, first the one to be cut first.
    #[must_use]
    pub const fn cutting(mut self, titles: &'static [&'static str]) -> Self {
        self.cut = titles;
        self
    }

    /// Names the columns that may be dropped if the table is too wide, first the one to be dropped last.
    #[must_use]
    pub const fn dropping(mut self, titles: &'static [&'static str]) -> Self {
        self.drop = titles;
        self
    }

    /// Wraps the texts of the last column, which has this title.
    #[must_use]
    pub const fn wrapping(mut self, title: &'static str) -> Self {
        self.wrapped = Some(title);
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
        output::print(self.render(width()));
    }

    /// Returns the table as text, at most `limit` wide if possible.
    #[must_use]
    pub fn render(&self, limit: Option<usize>) -> String {
        let Some(limit) = limit else { return self.cut(usize::MAX) };
        if self.least() > limit
            && let Some((title, rest)) = self.drop.split_last()
        {
            return self.without(title, rest).render(Some(limit));
        }
        match self.wrapped {
            Some(_) => self.wrap(limit),
            None => self.cut(limit),
        }
    }

    /// The table without a column.
    fn without(&self, title: &str, drop: &'static [&'static str]) -> Self {
        let left = self.titles.iter().position(|it| it == title);
        let rest = |row: &Vec<(String, Tone)>| {
            row.iter().enumerate().filter(|(at, _)| Some(*at) != left).map(|(_, cell)| cell.clone()).collect()
        };
        Self {
            titles: self.titles.iter().filter(|it| *it != title).cloned().collect(),
            rows: self.rows.iter().map(rest).collect(),
            cut: self.cut,
            drop,
            wrapped: self.wrapped,
        }
    }

    /// The width of the table if everything that may be cut is cut.
    fn least(&self) -> usize {
        let widths = self.widths(0);
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
    }

    fn cut(&self, limit: usize) -> String {
        let widths = self.widths(limit);
        let titles = self.titles.iter().map(|title| (title.clone(), Tone::Plain)).collect();
        std::iter::once(&titles).chain(&self.rows).fold(String::new(), |text, row| text + &line(row, &widths) + "\n")
    }

    /// Wraps the last column beside the others or, if too little width is left, below them.
    fn wrap(&self, limit: usize) -> String {
        let titles: Vec<(String, Tone)> = self.titles.iter().map(|title| (title.clone(), Tone::Plain)).collect();
        let mut widths = self.widths(usize::MAX);
        let texts = widths.pop().unwrap_or_default();
        let others = widths.iter().map(|width| width + GAP.len()).sum::<usize>();
        let room = limit.saturating_sub(others);
        let is_beside = room >= TEXT.min(texts);
        let mut shown = String::new();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let Some(((text, tone), first)) = row.split_last() else { continue };
            if is_beside {
                for (at, text) in wrap(text, room).into_iter().enumerate() {
                    let blank = |_: &(String, Tone)| (String::new(), Tone::Plain);
                    let cells = if at == 0 { first.to_vec() } else { first.iter().map(blank).collect() };
                    let row = [cells, vec![(text, *tone)]].concat();
                    shown += &(line(&row, &[&widths[..], &[room]].concat()) + "\n");
                }
            } else {
                let first: Vec<&str> = first.iter().map(|(cell, _)| cell.as_str()).collect();
                for line in wrap(&first.join(GAP), limit) {
                    shown += &(line + "\n");
                }
                for line in wrap(text, limit.saturating_sub(INDENT.len())).into_iter().filter(|line| !line.is_empty()) {
                    shown.extend([INDENT, &tone.paint(&line).to_string(), "\n"]);
                }
            }
        }
        shown
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
    fn texts_are_wrapped_beside_or_below_the_other_columns() {
        let mut table = Table::new(["ASSET", "REVIEW", "DESCRIPTION"]).wrapping("DESCRIPTION");
        table
            .row(["main.orders.status", "unreviewed", "Status of the order: open, paid or 日本語."].map(str::to_owned));
        table.row(["main.orders", "skipped", ""].map(str::to_owned));
        let beside = "\
ASSET               REVIEW      DESCRIPTION
main.orders.status  unreviewed  Status of the order: open, paid
                                or 日本語.
main.orders         skipped
";
        assert_eq!(table.render(Some(64)), beside);
        let below = "\
ASSET REVIEW
    DESCRIPTION
main.orders.status
unreviewed
    Status of the order:
    open, paid or 日本語.
main.orders skipped
";
        assert_eq!(table.render(Some(26)), below);
    }

    #[test]
    fn columns_are_dropped_if_the_cut_ones_do_not_fit() {
        let table = table().cutting(&["SCOPE"]).dropping(&["STATUS", "RUN"]);
        assert_eq!(table.render(Some(20)).lines().nth(1), Some("#1   main.…  success"));
        assert_eq!(table.render(Some(15)).lines().nth(1), Some("main.…  success"));
        assert_eq!(table.render(Some(10)).lines().nth(1), Some("main.cust…"));
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
