//! What is known of a table and its columns, fact by fact: the prompt shows these to the model, and the
//! suggestion keeps the same ones as its evidence.
//!
//! The rule: a fact is one short line in plain words, cut where the database holds more than a prompt can.
//! To add one, push it here; prompt and evidence follow.

pub use crate::domain::text::{cut, one_line};
use crate::domain::{
    catalog::{Column, ColumnStatistics, TableDetail, TableStatistics},
    suggestion::Evidence,
};

const COMMENT_LENGTH: usize = 300;
const SAMPLE_LENGTH: usize = 40;
const SAMPLES: usize = 5;
const REFERENCING_TABLES: usize = 8;

/// What is known of the table as a whole.
#[must_use]
pub fn table_facts(detail: &TableDetail, statistics: Option<&TableStatistics>) -> Vec<Evidence> {
    let mut facts = Vec::new();
    if let Some(rows) = detail.table.row_estimate {
        facts.push(fact("statistic", format!("about {rows} rows")));
    } else if let Some(statistics) = statistics.filter(|statistics| statistics.complete) {
        facts.push(fact("statistic", format!("{} rows", statistics.sampled_rows)));
    }
    if !detail.referenced_by.is_empty() {
        let shown: Vec<String> =
            detail.referenced_by.iter().take(REFERENCING_TABLES).map(|name| one_line(name)).collect();
        let more = detail.referenced_by.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        facts.push(fact("key", format!("referenced by {}{more}", shown.join(", "))));
    }
    push_comment(&mut facts, detail.table.comment.as_deref());
    facts
}

/// What is known of a column.
#[must_use]
pub fn column_facts(column: &Column, statistics: Option<&ColumnStatistics>) -> Vec<Evidence> {
    let nullable = if column.nullable { "" } else { ", not null" };
    let mut facts = vec![fact("type", format!("{}{nullable}", cut(&one_line(&column.data_type), COMMENT_LENGTH)))];
    if column.primary_key {
        facts.push(fact("key", "primary key".into()));
    }
    if column.unique && !column.primary_key {
        facts.push(fact("key", "unique".into()));
    }
    if let Some(reference) = &column.references {
        let parts = [reference.schema.as_ref(), Some(&reference.table), Some(&reference.column)];
        let name: Vec<String> = parts.into_iter().flatten().map(|part| one_line(part)).collect();
        facts.push(fact("key", format!("references {}", name.join("."))));
    }
    push_comment(&mut facts, column.comment.as_deref());
    if let Some(statistics) = statistics {
        push_statistics(&mut facts, statistics);
    }
    facts
}

/// The statistics of one column, found by its name.
#[must_use]
pub fn statistics_of<'a>(statistics: Option<&'a TableStatistics>, column: &str) -> Option<&'a ColumnStatistics> {
    statistics?.columns.iter().find(|one| one.name == column)
}

fn push_statistics(facts: &mut Vec<Evidence>, statistics: &ColumnStatistics) {
    if let Some(share) = statistics.null_share.filter(|share| *share > 0.0) {
        facts.push(fact("statistic", format!("{:.0}% null", share * 100.0)));
    }
    if let Some(distinct) = statistics.distinct {
        facts.push(fact("statistic", format!("{distinct} distinct")));
    }
    if let (Some(minimum), Some(maximum)) = (&statistics.minimum, &statistics.maximum) {
        let (minimum, maximum) = (cut(&one_line(minimum), SAMPLE_LENGTH), cut(&one_line(maximum), SAMPLE_LENGTH));
        facts.push(fact("statistic", format!("from {minimum} to {maximum}")));
    }
    if !statistics.samples.is_empty() {
        let samples = statistics.samples.iter().take(SAMPLES);
        let shown: Vec<String> = samples.map(|sample| format!("`{}`", cut(&one_line(sample), SAMPLE_LENGTH))).collect();
        facts.push(fact("sample", shown.join(", ")));
    }
}

fn push_comment(facts: &mut Vec<Evidence>, comment: Option<&str>) {
    if let Some(comment) = comment.map(one_line).filter(|comment| !comment.is_empty()) {
        facts.push(fact("comment", cut(&comment, COMMENT_LENGTH)));
    }
}

fn fact(source: &str, detail: String) -> Evidence {
    Evidence { source: source.to_owned(), detail }
}
