//! What one row of a table is, by its keys: a pair of things, a combination of things, a part, a version.
//!
//! The rule: only declared keys say what a row is. A primary key of several columns does if each of them can be named.

use std::collections::BTreeSet;

use crate::domain::{
    asset::AssetKind,
    catalog::{Column, ForeignKey},
    run::Verbosity,
};

use super::super::{
    reading::{ColumnReading, TableReading},
    speech,
    vocabulary::Token,
    wording::{self, Place},
    words,
};
use super::contents::is_audit;

/// Maximum number of things that a combination names.
const COMBINED: usize = 4;

/// Last words of columns that number the rows within another thing.
const NUMBERS: &[&str] = &["number", "position", "sequence", "ordinal", "index", "rank", "line"];

/// What the primary key combines.
pub struct Grain<'a> {
    /// The things, in the key's order: `product`, `region`, `start of validity`.
    pub things: Vec<String>,
    /// The foreign keys among them.
    pub keys: Vec<&'a ForeignKey>,
    /// Whether one of them is the row's own identifier.
    pub has_own: bool,
}

/// Returns what the primary key combines. `None` if it has one column, if one of its columns cannot be named, or if the
/// row's own identifier and the thing that it belongs to are all there is: then the identifier may be enough.
pub fn grain<'a>(table: &TableReading<'a>) -> Option<Grain<'a>> {
    let key = table.primary_key();
    if key.len() < 2 || table.detail.table.kind != AssetKind::Table {
        return None;
    }
    let of_key = |name: &str| key.iter().any(|column| column.name == name);
    let mut whole: Vec<&ForeignKey> = table.foreign_keys().iter().collect();
    whole.retain(|one| one.columns.iter().all(|(own, _)| of_key(own)));
    whole.sort_by_key(|one| std::cmp::Reverse(one.columns.len()));
    let (mut things, mut keys, mut has_own): (Vec<String>, Vec<&ForeignKey>, bool) = (Vec::new(), Vec::new(), false);
    for column in &key {
        if keys.iter().any(|one| one.has(&column.name)) {
            continue;
        }
        if let Some(reference) = whole.iter().copied().find(|one| one.has(&column.name)) {
            let target = table.target(reference);
            let is_only = whole.iter().filter(|other| other.table == reference.table).count() == 1;
            let role = Place { table, column: &table.column(column), verbosity: Verbosity::Detailed }.part_played();
            // `trans_id` that refers to headings stands for a heading.
            let role = role.filter(|role| !(is_only && target.is_clear && role.ends_with(')')));
            things.push(role.or_else(|| target.is_clear.then_some(target.one))?);
            keys.push(reference);
            continue;
        }
        let reading = table.column(column);
        if is_own_identifier(table, &reading) {
            has_own = true;
            things.push(table.entity.one.clone());
        } else {
            things.push(thing(table, &reading)?);
        }
    }
    let is_distinct = things.iter().collect::<BTreeSet<_>>().len() == things.len();
    let is_part = has_own && keys.len() == 1 && things.len() == 2;
    let is_grain = is_distinct && (2..=COMBINED).contains(&things.len()) && !is_part;
    is_grain.then_some(Grain { things, keys, has_own })
}

/// Returns whether the primary key has several columns, and one of them cannot be named: then nobody can say what a row
/// is.
pub fn is_unread(table: &TableReading<'_>) -> bool {
    let key = table.primary_key();
    let is_named = |column: &&Column| {
        let of_key = |one: &&ForeignKey| one.has(&column.name) && table.target(one).is_clear;
        let reading = table.column(column);
        table.foreign_keys().iter().any(|one| of_key(&one))
            || is_own_identifier(table, &reading)
            || thing(table, &reading).is_some()
    };
    key.len() > 1 && table.detail.table.kind == AssetKind::Table && !key.iter().all(is_named)
}

fn is_own_identifier(table: &TableReading<'_>, column: &ColumnReading<'_>) -> bool {
    let rest: Vec<&String> = column.words.iter().filter(|word| *word != "identifier").collect();
    // `period_id` of lunch periods may be that of another table's period.
    let named =
        column.tokens.iter().flat_map(|token| token.text.split(' ')).filter(|word| *word != "identifier").count();
    column.last() == "identifier"
        && table.entity.is_clear
        && rest.is_empty()
        && (named == 0 || named >= table.entity.words.len())
}

/// What a column of the primary key stands for: `line number`, `quota date`, `warehouse`.
fn thing(table: &TableReading<'_>, column: &ColumnReading<'_>) -> Option<String> {
    if column.is_answer() || column.tokens.iter().any(Token::is_unread) {
        return None;
    }
    let place = Place { table, column, verbosity: Verbosity::Detailed };
    if column.is_moment() {
        return match column.words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["valid" | "effective", "from" | "start" | "since", ..] => Some("start of validity".to_owned()),
            ["valid" | "effective", "to" | "until" | "end", ..] => Some("end of validity".to_owned()),
            [.., verb, _] if words::is_participle(verb) => Some("point in time".to_owned()),
            _ => Some(place.phrase(&column.words)).filter(|_| speech::is_noun_phrase(&column.words)),
        };
    }
    let mut all: Vec<String> = column.words.clone();
    // `line_no` of order lines is the line number, and `line_id` stands for the line.
    let is_bare = all.iter().all(|word| word == "identifier");
    if NUMBERS.contains(&column.last()) || is_bare {
        all = column.tokens.iter().flat_map(|token| token.text.split(' ')).map(str::to_owned).collect();
    }
    if column.last() == "identifier" {
        all.pop();
    }
    speech::is_noun_phrase(&all).then(|| place.phrase(&all))
}

/// The entity as a part of its parent: `line of an order` for `order_lines` with a reference to `orders`.
pub fn part_of(table: &TableReading<'_>) -> Option<String> {
    let words = &table.entity.words;
    let (last, head) = words.split_last()?;
    let part = matches!(
        last.as_str(),
        "line"
            | "item"
            | "detail"
            | "entry"
            | "step"
            | "page"
            | "comment"
            | "note"
            | "attachment"
            | "version"
            | "image"
            | "photo"
            | "address"
    );
    let parent = table
        .foreign_keys()
        .iter()
        .map(|key| table.target(key))
        .find(|target| target.is_clear && target.words == head)?;
    (part && !head.is_empty()).then(|| format!("{last} of {} {}", words::article(&parent.one), parent.one))
}

/// The entity as a version, where rows have an identifier of the thing besides their key, and begin and end.
pub fn version_of(table: &TableReading<'_>) -> Option<String> {
    let [key] = table.primary_key().try_into().ok()?;
    let key: &Column = key;
    let readings: Vec<ColumnReading<'_>> = table.detail.columns.iter().map(|column| table.column(column)).collect();
    let bounds = |ends: &[&str]| {
        readings.iter().any(|column| bounds_validity(column) && column.words.iter().any(|word| ends.contains(&&**word)))
    };
    let natural = readings.iter().find(|column| {
        column.column.name != key.name
            && column.key.is_none()
            && matches!(column.last(), "identifier" | "code" | "number" | "key")
            && column.words.len() == 1
    })?;
    let is_surrogate = table.column(key).last() == "identifier" || table.column(key).last() == "key";
    let versions = is_surrogate && !natural.column.unique && table.entity.is_clear;
    let (begins, ends) = (bounds(&["from", "start", "since"]), bounds(&["to", "until", "end", "through"]));
    (versions && begins && ends)
        .then(|| format!("version of {} {}", words::article(&table.entity.one), table.entity.one))
}

/// Returns whether a column says when a version begins or ends: `valid_from`, `rec_end_date`.
pub fn bounds_validity(column: &ColumnReading<'_>) -> bool {
    let is = |word: Option<&String>, list: &[&str]| word.is_some_and(|word| list.contains(&word.as_str()));
    is(column.words.first(), &["valid", "effective", "record", "row", "version"])
        && is(column.words.get(1), &["from", "start", "since", "to", "until", "end", "through"])
}

/// The foreign keys of a junction table; `None` for other tables. A junction table has two or three foreign keys that
/// are no audit columns, and at most two other columns. Its rows are no things that other tables refer to, unless its
/// foreign keys are its primary key.
pub fn links<'a>(table: &TableReading<'a>) -> Option<Vec<&'a ForeignKey>> {
    let is_audit = |name: &str| {
        let column = table.detail.columns.iter().find(|column| column.name == name);
        column.is_some_and(|column| is_audit(table, column))
    };
    let mut keys: Vec<&ForeignKey> = table.foreign_keys().iter().collect();
    keys.retain(|key| key.only_column().is_none_or(|own| !is_audit(own)));
    // A table with a reference to itself is a thing in a hierarchy, not a pair of other things.
    let is_table = table.detail.table.kind == AssetKind::Table;
    if !is_table || !(2..=3).contains(&keys.len()) || keys.iter().any(|key| table.is_own(key)) {
        return None;
    }
    let joined = joined(&keys);
    // A side that occurs once has one row here, as a part of it.
    let occurs_once = |key: &&ForeignKey| {
        let own = key.only_column();
        let column = own.and_then(|own| table.detail.columns.iter().find(|column| column.name == own));
        column.is_some_and(|column| column.unique || (column.primary_key && table.primary_key().len() == 1))
    };
    if keys.iter().any(occurs_once) {
        return None;
    }
    // Each side needs a column that the other sides do not share.
    let has_own = |at: usize| {
        let elsewhere = |own: &str| keys.iter().enumerate().any(|(other, key)| other != at && key.has(own));
        keys[at].columns.iter().any(|(own, _)| !elsewhere(own))
    };
    if !(0..keys.len()).all(has_own) {
        return None;
    }
    let key: BTreeSet<&str> = table.primary_key().into_iter().map(|column| column.name.as_str()).collect();
    let others = table.detail.columns.iter().filter(|column| {
        let is_own_key = column.primary_key && key.len() == 1;
        !joined.contains(column.name.as_str()) && !is_own_key && !is_audit(&column.name)
    });
    let others = others.count();
    // The things that a table is called after are its sides: `feature_pub`.
    let name = table.detail.table.name.to_lowercase();
    let is_called_so = keys.iter().all(|key| name.contains(&words::singular(&key.table.to_lowercase())));
    let is_referenced = !super::referring(table).is_empty() && !is_called_so;
    let is_link = match keys.len() {
        2 if key == joined => others <= 2,
        2 if is_referenced => false,
        2 => (is_unique(table, &joined) && others <= 2) || (others == 0 && key.len() < 2),
        _ => key == joined && others == 0,
    };
    is_link.then_some(keys)
}

/// Returns whether a unique key covers exactly these columns.
pub fn is_unique(table: &TableReading<'_>, columns: &BTreeSet<&str>) -> bool {
    let covers = |key: &Vec<String>| key.iter().map(String::as_str).collect::<BTreeSet<_>>() == *columns;
    table.detail.unique_keys.iter().any(covers)
}

/// The columns of the foreign keys.
pub fn joined<'a>(keys: &[&'a ForeignKey]) -> BTreeSet<&'a str> {
    keys.iter().flat_map(|key| &key.columns).map(|(own, _)| own.as_str()).collect()
}

/// The sides of a junction table that are rows of the same table, in brackets: `(a host and a template)`. Sides whose
/// names say nothing are told apart by their columns.
pub fn sides(table: &TableReading<'_>, keys: &[&ForeignKey]) -> String {
    let parts = wording::parts_played(table, keys);
    let is_told_apart = !parts.iter().any(|part| part.contains('`'));
    let parts: Vec<String> = if is_told_apart {
        // The things that are paired need not be named again.
        parts.iter().map(|part| part.split(" (").next().unwrap_or_default().to_owned()).collect()
    } else {
        keys.iter().flat_map(|key| &key.columns).map(|(own, _)| words::quoted(own)).collect()
    };
    format!("({})", words::listed(&parts, "and"))
}
