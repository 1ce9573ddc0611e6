//! Lookup tables: what each key of a small table stands for.
//!
//! The rule: a table is a lookup table if it has few rows and columns, one key column, a column of distinct labels, and
//! no foreign keys except to itself and for who made or changed a row. To accept another name for labels, add it to
//! [`LABELS`].

use std::collections::HashSet;

use super::{
    catalog::{Column, TableDetail},
    words,
};

/// Maximum number of rows of a lookup table.
pub const ROWS: usize = 12;
/// Maximum number of its columns.
const COLUMNS: usize = 12;
/// Maximum length of a label and of a key, in characters.
const LABEL: usize = 40;
const KEY: usize = 12;
/// Maximum number of words of a label.
const WORDS: usize = 5;
/// Last words of the names of columns with labels, the best first.
const LABELS: &[&str] = &["label", "name", "title", "caption", "meaning", "description", "desc", "nm"];
/// Last words of the names of columns with codes of their own.
const CODES: &[&str] = &["code", "id", "status", "state", "value", "number"];
/// First words of the names of columns that come in pairs.
const SIDES: &[&str] = &["old", "new", "from", "to", "source", "target", "previous", "next"];
/// Words of columns that say who made or changed a row.
const ACTORS: &[&str] = &["by", "creator", "uid", "user", "author", "editor"];

/// Returns each key with its label, in the order of the rows. Empty if the table is no lookup table. `rows` are all of
/// its rows, each with one value per column.
#[must_use]
pub fn codes(table: &TableDetail, rows: &[Vec<Option<String>>]) -> Vec<(String, String)> {
    let mut keys = table.columns.iter().enumerate().filter(|(_, column)| column.primary_key);
    let (Some((key, _)), None) = (keys.next(), keys.next()) else { return Vec::new() };
    let is_actor = |column: &str| words::split(column).iter().any(|word| ACTORS.contains(&word.as_str()));
    let refers = |one: &super::catalog::ForeignKey| {
        one.table != table.table.name && !one.columns.iter().all(|(own, _)| is_actor(own))
    };
    let is_small = (2..=ROWS).contains(&rows.len()) && table.columns.len() <= COLUMNS;
    if !is_small || table.foreign_keys.iter().any(refers) {
        return Vec::new();
    }
    // Another column of numbers may be what is used as the code.
    let is_code = |(at, column): (usize, &Column)| {
        let called = words::split(&column.name);
        let values: HashSet<&str> = rows
            .iter()
            .filter_map(|row| row.get(at)?.as_deref())
            .filter(|value| value.parse::<i64>().is_ok())
            .collect();
        !column.primary_key
            && called.last().is_some_and(|last| CODES.contains(&last.as_str()))
            && values.len() == rows.len()
    };
    if table.columns.iter().enumerate().any(is_code) {
        return Vec::new();
    }
    let labels = |at: usize| -> Option<Vec<(String, String)>> {
        let pair = |row: &Vec<Option<String>>| Some((row.get(key)?.clone()?, row.get(at)?.clone()?));
        let pairs: Vec<(String, String)> = rows.iter().map(pair).collect::<Option<_>>()?;
        let fits = |(key, label): &(String, String)| {
            key.chars().count() <= KEY
                && (1..=LABEL).contains(&label.trim().chars().count())
                && label.split_whitespace().count() <= WORDS
                && label.chars().any(char::is_alphabetic)
                && !label.contains(['@', '{'])
                && !label.contains("//")
                && !label.chars().any(char::is_control)
                && !key.eq_ignore_ascii_case(label)
        };
        let distinct: HashSet<&str> = pairs.iter().map(|(_, label)| label.as_str()).collect();
        (pairs.iter().all(fits) && distinct.len() == pairs.len()).then_some(pairs)
    };
    let own: HashSet<String> = [&table.table.name, &table.columns[key].name]
        .into_iter()
        .flat_map(|name| words::split(name))
        .flat_map(|word| [words::singular(&word), word])
        .collect();
    let called = |name: &&str| {
        let is_called = |column: &str| {
            let words = words::split(column);
            // The label of one side, or of another thing, does not name the row.
            let is_side = words.len() > 1 && SIDES.contains(&words[0].as_str());
            let is_own = words.len() == 1 || words[..words.len() - 1].iter().any(|word| own.contains(word));
            !is_side && is_own && words.last().is_some_and(|last| last == name)
        };
        table.columns.iter().position(|column| !column.primary_key && is_called(&column.name))
    };
    LABELS.iter().filter_map(called).find_map(labels).unwrap_or_default()
}
