//! What two columns of a table have to do with each other: one is a copy of the other, or its points in time are never
//! before the other's.
//!
//! The rule: only columns that were read together are compared, and only what enough rows show is told. Two flags that
//! agree by chance are no copies.

use super::{
    column::{Class, ColumnSample},
    order::Place,
};

/// The fewest rows with both values that prove anything.
const ROWS: usize = 20;
/// The fewest distinct values of a copy.
const DISTINCT: usize = 4;

/// The earlier columns that a column goes with, by name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Pairs {
    pub(super) copy_of: Option<String>,
    pub(super) not_before: Option<String>,
}

/// Compares each column with those before it.
pub(super) fn compared(samples: &[ColumnSample]) -> Vec<Pairs> {
    let texts: Vec<Vec<&str>> = samples.iter().map(ColumnSample::distinct).collect();
    let moments: Vec<Option<Vec<Place>>> = samples.iter().zip(&texts).map(|(one, texts)| moments(one, texts)).collect();
    let mut pairs = vec![Pairs::default(); samples.len()];
    for (at, one) in samples.iter().enumerate() {
        pairs[at].copy_of = (0..at)
            .find(|before| is_copy((one, &texts[at]), (&samples[*before], &texts[*before])))
            .map(|before| samples[before].name.clone());
        // The nearest column is the one that belongs to it.
        pairs[at].not_before = (0..at)
            .rev()
            .find(|before| match (&moments[at], &moments[*before]) {
                (Some(later), Some(earlier)) => is_after((one, later), (&samples[*before], earlier)),
                _ => false,
            })
            .map(|before| samples[before].name.clone());
    }
    pairs
}

type Texts<'s> = (&'s ColumnSample, &'s [&'s str]);

fn is_copy((one, texts): Texts<'_>, (other, others): Texts<'_>) -> bool {
    one.hidden == 0
        && other.hidden == 0
        && texts.len() >= DISTINCT
        && texts.len() == others.len()
        && one.values.len() == other.values.len()
        && one.values.iter().flatten().count() >= ROWS
        && one.values.iter().zip(&other.values).all(|(a, b)| a.map(|at| texts[at]) == b.map(|at| others[at]))
}

/// The places of a column's distinct values in time; `None` if one of them is no point in time.
fn moments(one: &ColumnSample, texts: &[&str]) -> Option<Vec<Place>> {
    // SQLite keeps most dates as texts.
    let fits = one.hidden == 0 && matches!(one.class, Class::Moment | Class::Text);
    let is_date = |text: &&str| text.len() >= 10 && text.as_bytes()[4] == b'-';
    if !fits || texts.is_empty() || !texts.iter().all(is_date) {
        return None;
    }
    let places: Vec<Place> = texts.iter().map(|text| Place::of(Class::Moment, text)).collect();
    places.iter().all(|place| matches!(place, Place::Moment(_))).then_some(places)
}

type Moments<'s> = (&'s ColumnSample, &'s [Place]);

/// Returns whether no value is before the other column's in its row, and some are after it.
fn is_after((one, later): Moments<'_>, (other, earlier): Moments<'_>) -> bool {
    let both = one.values.iter().zip(&other.values);
    let both: Vec<(&Place, &Place)> = both.filter_map(|(a, b)| Some((&later[(*a)?], &earlier[(*b)?]))).collect();
    both.len() >= ROWS && both.iter().all(|(later, earlier)| later >= earlier) && both.iter().any(|(a, b)| a > b)
}

#[cfg(test)]
mod tests {
    use super::{super::column::Cell, *};

    fn column(name: &str, class: Class, values: impl Iterator<Item = Option<String>>) -> ColumnSample {
        let mut sample = ColumnSample::new(name, class);
        values.for_each(|value| sample.push(value.map_or(Cell::Null, Cell::Text)));
        sample
    }

    fn days(name: &str, day: impl Fn(usize) -> Option<usize>) -> ColumnSample {
        column(name, Class::Text, (0..30).map(move |row| day(row).map(|day| format!("2026-01-{:02}", day + 1))))
    }

    #[test]
    fn copies_and_orders_are_found() {
        let samples = [
            days("begins", |row| Some(row % 20)),
            days("ends", |row| (row != 3).then_some(row % 20 + row % 5)),
            days("paid", |row| Some((row * 7) % 25)),
            days("begins_again", |row| Some(row % 20)),
            column("flag", Class::Text, (0..30).map(|row| Some((row % 2).to_string()))),
            column("same_flag", Class::Text, (0..30).map(|row| Some((row % 2).to_string()))),
            column("size", Class::Number, (0..30).map(|row| Some(row.to_string()))),
        ];
        let pairs = compared(&samples);
        assert_eq!(pairs[1], Pairs { copy_of: None, not_before: Some("begins".into()) });
        assert_eq!(pairs[2], Pairs::default());
        assert_eq!(pairs[3], Pairs { copy_of: Some("begins".into()), not_before: None });
        assert_eq!(pairs[4..], [Pairs::default(), Pairs::default(), Pairs::default()]);
    }

    #[test]
    fn few_rows_prove_nothing() {
        let short = |name: &str| column(name, Class::Text, (0..10).map(|row| Some(format!("2026-01-{:02}", row + 1))));
        assert_eq!(compared(&[short("a"), short("b")]), [Pairs::default(), Pairs::default()]);
    }
}
