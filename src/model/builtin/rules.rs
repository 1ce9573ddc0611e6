//! What the database enforces or sets by itself: checks that compare, defaults and generated columns.
//!
//! The rule: only what the catalog says, in the words of a data dictionary. What everyone expects of a column (a
//! creation time that is set to the current time) is said only where all is said.

use crate::domain::catalog::{Bound, Comparison, Operand};

use super::{
    draft::{Need, Sketch},
    reading::{ColumnReading, TableReading},
    values::spelled,
    words,
};

/// Maximum length of a shown default or bound, in characters.
const SHOWN: usize = 60;
/// Words of columns that are expected to take the time of the row's creation or change.
const STAMPS: &[&str] =
    &["created", "inserted", "added", "registered", "updated", "modified", "changed", "creation", "modification"];

/// Adds to a column's description what the database enforces or sets.
pub fn describe(table: &TableReading<'_>, column: &ColumnReading<'_>, sketch: &mut Sketch) {
    if column.column.generated.is_some() && column.lineage.is_none() {
        sketch.evidence("definition", "a generated column", 0.05);
        sketch.detail(Need::Useful, "Computed by the database");
    }
    bounds(table, column, sketch);
    default(column, sketch);
}

fn bounds(table: &TableReading<'_>, column: &ColumnReading<'_>, sketch: &mut Sketch) {
    let is_moment = column.is_moment();
    let own = table.detail.rules.bounds.iter().filter(|bound| bound.column == column.column.name);
    let phrase = |bound: &Bound| {
        let (than, is_zero) = match &bound.than {
            Operand::Value(value) => (value.clone(), value == "0"),
            Operand::Column(name) => (words::quoted(name), false),
        };
        match (bound.is, is_moment) {
            (Comparison::AtLeast, false) if is_zero => "not negative".to_owned(),
            (Comparison::Above, false) => format!("greater than {than}"),
            (Comparison::AtLeast, false) => format!("at least {than}"),
            (Comparison::Below, false) => format!("less than {than}"),
            (Comparison::AtMost, false) => format!("at most {than}"),
            (Comparison::Above, true) => format!("after {than}"),
            (Comparison::AtLeast, true) => format!("not before {than}"),
            (Comparison::Below, true) => format!("before {than}"),
            (Comparison::AtMost, true) => format!("not after {than}"),
        }
    };
    let fits = |bound: &&Bound| match &bound.than {
        Operand::Value(text) | Operand::Column(text) => text.chars().count() <= SHOWN,
    };
    let mut phrases: Vec<String> = Vec::new();
    let own: Vec<&Bound> = own.filter(fits).collect();
    let text = match own.as_slice() {
        [
            Bound { is: Comparison::AtLeast, than: Operand::Value(low), .. },
            Bound { is: Comparison::AtMost, than: Operand::Value(high), .. },
        ] => format!("from {low} to {high}"),
        own => {
            for phrase in own.iter().map(|bound| phrase(bound)) {
                if !phrases.contains(&phrase) {
                    phrases.push(phrase);
                }
            }
            words::listed(&phrases, "and")
        }
    };
    if !text.is_empty() {
        sketch.evidence("check", format!("a check demands: {text}"), 0.1);
        sketch.detail(Need::Useful, words::capitalized(&text));
    }
}

fn default(column: &ColumnReading<'_>, sketch: &mut Sketch) {
    let Some(sql) = column.column.default.as_deref() else { return };
    if column.data_type.is_moment() {
        let sql = sql.to_ascii_lowercase();
        let is_now = ["now()", "current_timestamp", "current_date", "localtimestamp", "getdate", "datetime('now"];
        if is_now.iter().any(|now| sql.contains(now)) {
            let expected = column.words.iter().any(|word| STAMPS.contains(&word.as_str()));
            let need = if expected { Need::Thorough } else { Need::Useful };
            sketch.evidence("default", "the current time", 0.05);
            sketch.detail(
                need,
                if sql.contains("on update") {
                    "Set to the current time whenever the row changes"
                } else {
                    "Set to the current time unless a value is given"
                },
            );
            return;
        }
    }
    let Some(value) = literal(sql).filter(|value| !value.is_empty() && value.chars().count() <= SHOWN) else { return };
    if column.is_sensitive {
        return;
    }
    sketch.evidence("default", value.clone(), 0.02);
    let is_code = column.values.contains(&value);
    let shown = spelled(&[value]).remove(0);
    sketch.detail(if is_code { Need::Useful } else { Need::Thorough }, format!("The default is {shown}"));
}

/// The value of a literal in SQL, with or without casts; `None` for other expressions.
fn literal(sql: &str) -> Option<String> {
    let sql = sql.trim().trim_start_matches('(').trim_end_matches(')');
    if let Some(rest) = sql.strip_prefix('\'') {
        let end = rest.replace("''", "\u{0}\u{0}").find('\'')?;
        let after = &rest[end + 1..];
        return (after.is_empty() || after.starts_with("::")).then(|| rest[..end].replace("''", "'"));
    }
    let is_word = sql.eq_ignore_ascii_case("true") || sql.eq_ignore_ascii_case("false");
    (is_word || sql.parse::<f64>().is_ok_and(f64::is_finite)).then(|| sql.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn literals_are_read_and_expressions_are_not() {
        for (sql, value) in [
            ("'open'::character varying", Some("open")),
            ("'it''s'", Some("it's")),
            ("(0)", Some("0")),
            ("-1.5", Some("-1.5")),
            ("TRUE", Some("true")),
            ("nextval('a_seq'::regclass)", None),
            ("now()", None),
            ("'a' || 'b'", None),
            ("'a", None),
        ] {
            assert_eq!(literal(sql).as_deref(), value, "{sql}");
        }
    }
}
