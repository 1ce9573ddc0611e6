//! Statistics of one column's values: bounds, nulls and samples.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::order::Place;
use crate::domain::catalog::ColumnStatistics;

/// Maximum number of samples per column.
const SAMPLES: usize = 10;
/// Maximum length of a sample, in characters.
const CHARACTERS_KEPT: usize = 80;

/// How the values of a type compare, and whether they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::target) enum Class {
    /// Ordered as numbers.
    Number,
    /// Ordered as dates, times and durations.
    Moment,
    /// Ordered as their texts are.
    Text,
    /// Texts without a meaningful order: JSON, arrays, identifiers, booleans.
    Unordered,
    /// Binary data, which is never shown.
    Binary,
}

/// One value.
#[derive(Debug)]
pub(in crate::target) enum Cell {
    Null,
    Text(String),
    /// A value that is not shown.
    Hidden,
}

/// The values of a column that have been read so far.
pub(in crate::target) struct ColumnSample {
    pub(in crate::target) name: String,
    pub(in crate::target) class: Class,
    rows: u32,
    nulls: u32,
    pub(super) hidden: u32,
    /// Each text with its place in the order of appearance.
    texts: HashMap<String, usize>,
    /// The number of occurrences of each text, by place.
    counts: Vec<u32>,
    /// The place of the text in each row; `None` for null.
    pub(super) values: Vec<Option<usize>>,
}

impl ColumnSample {
    pub(super) fn new(name: &str, class: Class) -> Self {
        Self {
            name: name.to_owned(),
            class,
            rows: 0,
            nulls: 0,
            hidden: 0,
            texts: HashMap::new(),
            counts: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Discards all values.
    pub(in crate::target) fn clear(&mut self) {
        (self.rows, self.nulls, self.hidden) = (0, 0, 0);
        self.texts.clear();
        self.counts.clear();
        self.values.clear();
    }

    /// The distinct texts in the order of their places.
    pub(super) fn distinct(&self) -> Vec<&str> {
        let mut texts = vec![""; self.counts.len()];
        for (text, place) in &self.texts {
            texts[*place] = text;
        }
        texts
    }

    /// The text of each row, cut; `None` for null and for what is not shown.
    pub(super) fn row_values(&self) -> Vec<Option<String>> {
        let distinct = self.distinct();
        self.values.iter().map(|value| value.map(|place| cut(distinct[place]))).collect()
    }

    /// Adds a value.
    pub(in crate::target) fn push(&mut self, cell: Cell) {
        self.rows += 1;
        let mut value = None;
        match cell {
            Cell::Null => self.nulls += 1,
            Cell::Hidden => self.hidden += 1,
            Cell::Text(_) if self.class == Class::Binary => self.hidden += 1,
            Cell::Text(text) => {
                let place = match self.texts.entry(text) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        self.counts.push(0);
                        *new.insert(self.counts.len() - 1)
                    }
                };
                self.counts[place] += 1;
                value = Some(place);
            }
        }
        self.values.push(value);
    }

    pub(super) fn finish(self) -> ColumnStatistics {
        let ordered = matches!(self.class, Class::Number | Class::Moment | Class::Text) && self.hidden == 0;
        // An empty text says nothing as a minimum or a sample, and NaN is no bound.
        let shown = self.texts.keys().filter(|text| !text.trim().is_empty() && !text.eq_ignore_ascii_case("nan"));
        let mut bounds: Option<[(Place, &String); 2]> = None;
        for text in shown.filter(|_| ordered) {
            let at = || (Place::of(self.class, text), text);
            match &mut bounds {
                None => bounds = Some([at(), at()]),
                Some([low, high]) => {
                    let at = at();
                    if at < *low {
                        *low = at;
                    } else if at > *high {
                        *high = at;
                    }
                }
            }
        }
        let [minimum, maximum] = bounds.map_or([None, None], |bounds| bounds.map(|(_, text)| Some(cut(text))));
        ColumnStatistics {
            null_share: (self.rows > 0).then(|| f64::from(self.nulls) / f64::from(self.rows)),
            distinct: (self.rows > 0 && self.hidden == 0).then(|| i64::try_from(self.counts.len()).unwrap_or(i64::MAX)),
            minimum,
            maximum,
            samples: self.samples(),
            name: self.name,
            copy_of: None,
            not_before: None,
        }
    }

    /// Returns the most frequent values. Ties are broken by hash, so that the selection is spread out but
    /// deterministic.
    fn samples(&self) -> Vec<String> {
        let mut values: Vec<(&String, u32)> = self
            .texts
            .iter()
            .filter(|(text, _)| !text.trim().is_empty())
            .map(|(text, place)| (text, self.counts[*place]))
            .collect();
        values.sort_by_cached_key(|(text, count)| (u32::MAX - count, hash(text), (*text).clone()));
        let mut chosen: Vec<&String> = values.into_iter().map(|(text, _)| text).take(SAMPLES).collect();
        chosen.sort_by_cached_key(|text| (Place::of(self.class, text), (*text).clone()));
        let mut samples: Vec<String> = chosen.into_iter().map(|text| cut(text)).collect();
        samples.dedup();
        samples
    }
}

fn hash(text: &str) -> u64 {
    // A `DefaultHasher` made by `new` has fixed keys, so hashes are the same in every process.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn cut(text: &str) -> String {
    text.chars().take(CHARACTERS_KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(class: Class, cells: impl IntoIterator<Item = Cell>) -> ColumnStatistics {
        let mut sample = ColumnSample::new("c", class);
        cells.into_iter().for_each(|cell| sample.push(cell));
        sample.finish()
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn numbers_are_ordered_as_numbers() {
        let found = column(Class::Number, ["10", "9", "-3.5", "9", "1e3"].map(text));
        assert_eq!((found.minimum.as_deref(), found.maximum.as_deref()), (Some("-3.5"), Some("1e3")));
        assert_eq!(found.distinct, Some(4));
        assert_eq!(found.samples, ["-3.5", "9", "10", "1e3"]);
        let large = column(Class::Number, ["9007199254740993", "9007199254740992"].map(text));
        assert_eq!(large.maximum.as_deref(), Some("9007199254740993"));
    }

    #[test]
    fn nulls_and_what_is_hidden_are_counted_only() {
        let found = column(Class::Binary, [Cell::Null, Cell::Hidden, text("x"), Cell::Hidden]);
        assert_eq!(found.null_share, Some(0.25));
        assert_eq!((found.distinct, found.minimum, found.samples.len()), (None, None, 0));
        let empty = column(Class::Text, []);
        assert_eq!((empty.null_share, empty.distinct), (None, None));
    }

    #[test]
    fn samples_are_few_cut_and_the_same_each_time() {
        let long = "ß".repeat(100);
        let cells = || (0..50).map(|n| format!("v{n}")).chain([long.clone(), "often".into(), "often".into()]);
        let found = column(Class::Text, cells().map(Cell::Text));
        assert_eq!(found.samples.len(), 10);
        assert!(found.samples.contains(&"often".to_owned()));
        assert_eq!(found.maximum.map(|text| text.chars().count()), Some(80));
        let again: Vec<_> = cells().collect();
        assert_eq!(column(Class::Text, again.into_iter().rev().map(Cell::Text)).samples, found.samples);
    }

    #[test]
    fn what_has_no_order_has_no_bounds() {
        let found = column(Class::Unordered, ["{}", "[]"].map(text));
        assert_eq!((found.minimum, found.maximum, found.distinct), (None, None, Some(2)));
    }
}
