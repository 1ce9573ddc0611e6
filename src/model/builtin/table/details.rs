//! What follows the first sentence on a table: the tables that it refers to and that refer to it, its partitions.
//!
//! The rule: each key is told once. Keys that the first sentence tells are left out.

use crate::domain::catalog::{Column, ForeignKey};

use super::super::{
    draft::{Need, Sketch},
    reading::TableReading,
    wording, words,
};
use super::{contents::is_audit, grain, links, referring, size};

/// Says to what each row refers: what must be there first. Who made or changed the row is told only
/// if nothing else is.
fn references(table: &TableReading<'_>, commented: bool, sketch: &mut Sketch) {
    let told: Vec<&ForeignKey> = match (commented, links(table)) {
        (true, _) => Vec::new(),
        (false, Some(keys)) => keys,
        (false, None) => grain(table).map(|grain| grain.keys).unwrap_or_default(),
    };
    let columns = |key: &ForeignKey| -> Vec<&Column> {
        table.detail.columns.iter().filter(|column| key.has(&column.name)).collect()
    };
    let mut keys: Vec<&ForeignKey> = table.foreign_keys().iter().filter(|key| !told.contains(key)).collect();
    let is_audit = |key: &&ForeignKey| columns(key).iter().any(|column| is_audit(table, column));
    if !keys.iter().all(is_audit) {
        keys.retain(|key| !is_audit(key));
    }
    let may_miss = |column: &&Column| {
        let null_share = table.column(column).statistics.and_then(|one| one.null_share);
        column.nullable && !column.primary_key && null_share.is_none_or(|share| share != 0.0)
    };
    let (mut always, mut perhaps): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (key, text) in keys.iter().zip(wording::parts_played(table, &keys)) {
        if columns(key).iter().any(may_miss) { perhaps.push(text) } else { always.push(text) }
    }
    let refers = |verb: &str, targets: &[String]| {
        (!targets.is_empty()).then(|| format!("{verb} {}", words::listed(targets, "and")))
    };
    let parts: Vec<String> =
        [refers("refers to", &always), refers("may refer to", &perhaps)].into_iter().flatten().collect();
    if !parts.is_empty() {
        sketch.detail(Need::Useful, format!("Each row {}", parts.join(" and ")));
    }
}

/// Adds what follows the first sentence.
pub fn details(table: &TableReading<'_>, commented: bool, sketch: &mut Sketch) {
    references(table, commented, sketch);
    let read: Vec<String> = table.tables_read().iter().map(|read| words::shown(&read.table.name)).collect();
    if !read.is_empty() {
        let more = read.len().saturating_sub(6);
        let names = words::listed(&read[..read.len() - more], "and");
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        sketch.detail(Need::Useful, format!("Selects from {names}{tail}"));
    }
    let all = referring(table);
    let referring: Vec<String> = all.iter().take(6).map(|name| words::shown(name)).collect();
    if !referring.is_empty() {
        let more = all.len() - referring.len();
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = if more > 0 { referring.join(", ") } else { words::listed(&referring, "and") };
        sketch.detail(Need::Useful, format!("Referred to by {names}{tail}"));
    }
    partitions(table, sketch);
    let soft = table.detail.columns.iter().any(|column| {
        let reading = table.column(column);
        reading.words.first().is_some_and(|word| word == "deleted")
            || reading.words.ends_with(&["is".to_owned(), "deleted".to_owned()])
    });
    if soft {
        sketch.detail(Need::Useful, "Rows can be marked as deleted");
    }
    if let Some((rows, how)) = size(table) {
        let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        sketch.detail(Need::Thorough, words::capitalized(&format!("{how}{rows} when this was written")));
    }
}
/// Says how the table is partitioned, or of which table it is a partition.
fn partitions(table: &TableReading<'_>, sketch: &mut Sketch) {
    let rules = &table.detail.rules;
    if let Some(whole) = &table.detail.table.partition_of {
        let whole = words::shown(&whole.table);
        let rows = rules.partition_bound.as_deref().and_then(rows_of).map(|rows| format!(", with {rows}"));
        sketch.evidence("partition", format!("a partition of {whole}"), 0.1);
        sketch.detail(Need::Useful, format!("Partition of {whole}{}", rows.unwrap_or_default()));
    }
    if let Some((method, key)) = rules.partitioned_by.as_deref().and_then(|by| by.split_once(' ')) {
        let key: String = key.trim_matches(['(', ')']).chars().filter(|c| *c != '`').take(80).collect();
        let by = format!("partitioned by {} of {key}", method.to_lowercase());
        sketch.evidence("partition", by.clone(), 0.02);
        sketch.detail(Need::Useful, words::capitalized(&by));
    }
    if !rules.triggers.is_empty() {
        let names: Vec<String> = rules.triggers.iter().take(8).map(|name| words::shown(name)).collect();
        sketch.evidence("trigger", names.join(", "), 0.0);
    }
}

/// The rows that a partition of PostgreSQL holds, in words; `None` for the hash of a key.
fn rows_of(bound: &str) -> Option<String> {
    const LONGEST: usize = 120;
    if bound == "DEFAULT" {
        return Some("the rows that no other partition takes".to_owned());
    }
    let values = bound.strip_prefix("FOR VALUES ").filter(|values| values.len() <= LONGEST)?;
    if let Some(values) = values.strip_prefix("IN (") {
        return Some(format!("the rows for {}", values.trim_end_matches(')')));
    }
    let (low, high) = values.strip_prefix("FROM (")?.split_once(") TO (")?;
    let high = high.trim_end_matches(')');
    Some(match (low, high) {
        ("MINVALUE", high) => format!("the rows before {high}"),
        (low, "MAXVALUE") => format!("the rows from {low} on"),
        (low, high) => format!("the rows from {low} to before {high}"),
    })
}
