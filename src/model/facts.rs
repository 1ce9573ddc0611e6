//! The facts about a table and its columns: the prompt shows them to the model, and the suggestion keeps the same facts
//! as its evidence.
//!
//! The rule: a fact is one short line in plain words. If the database holds more than fits into a prompt, the fact is
//! cut. Each text from the database is kept in two forms: unchanged for people, and as a JSON string for the prompt. To
//! add a fact, push it here; prompt and evidence both use it.

pub use crate::domain::text::{cut, one_line};
use crate::{
    domain::{
        catalog::{ColumnStatistics, ForeignKey, TableDetail, TableStatistics},
        documented::Lent,
        lineage::{How, Lineage},
        suggestion::Evidence,
    },
    port::model::DescribeRequest,
};

const COMMENT_LENGTH: usize = 300;
const SAMPLE_LENGTH: usize = 40;
const SAMPLES: usize = 5;
const REFERENCING_TABLES: usize = 8;
const VALUES: usize = 20;
const DEFINITION_LENGTH: usize = 800;
const SOURCES: usize = 6;
const NEIGHBOURS: usize = 8;
const NEIGHBOUR_LENGTH: usize = 160;
const CHECKS: usize = 8;
const TRIGGERS: usize = 8;
const RULE_LENGTH: usize = 160;

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    source: &'static str,
    /// The form for people.
    detail: String,
    /// The form for the prompt.
    pub shown: String,
}

impl Fact {
    /// Creates a fact without texts from the database.
    fn plain(source: &'static str, detail: String) -> Self {
        Self { source, shown: detail.clone(), detail }
    }

    /// Creates a fact with texts from the database. `write` receives the function that formats such a text.
    fn of(source: &'static str, write: impl Fn(&dyn Fn(&str) -> String) -> String) -> Self {
        Self { source, detail: write(&str::to_owned), shown: write(&quoted) }
    }
}

impl From<Fact> for Evidence {
    fn from(fact: Fact) -> Self {
        Self { source: fact.source.to_owned(), detail: fact.detail }
    }
}

/// A text from the database as a JSON string. The text can neither end the string nor start a new line.
#[must_use]
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The facts about the table as a whole.
#[must_use]
pub fn table_facts(request: &DescribeRequest) -> Vec<Fact> {
    let (detail, statistics) = (request.table.as_ref(), request.statistics.as_deref());
    let mut facts = Vec::new();
    if let Some(rows) = detail.table.row_estimate {
        facts.push(Fact::plain("statistic", format!("about {rows} rows")));
    } else if let Some(statistics) = statistics.filter(|statistics| statistics.complete) {
        facts.push(Fact::plain("statistic", format!("{} rows", statistics.sampled_rows)));
    }
    // A foreign key of one column is a fact about that column.
    for key in detail.foreign_keys.iter().filter(|key| key.only_column().is_none()).take(REFERENCING_TABLES) {
        let own: Vec<String> = key.columns.iter().map(|(own, _)| one_line(own)).collect();
        let (own, target) = (own.join(", "), key.target(one_line));
        facts.push(Fact::of("key", |write| format!("{} together reference {}", write(&own), write(&target))));
    }
    if !detail.referenced_by.is_empty() {
        let shown: Vec<String> =
            detail.referenced_by.iter().take(REFERENCING_TABLES).map(|name| one_line(name)).collect();
        let more = detail.referenced_by.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        facts.push(Fact::of("key", |write| {
            let shown: Vec<String> = shown.iter().map(|name| write(name)).collect();
            format!("referenced by {}{more}", shown.join(", "))
        }));
    }
    for neighbour in request.neighbours.iter().filter(|one| one.text.is_some()).take(NEIGHBOURS) {
        let (name, text) = (one_line(&neighbour.name(&detail.schema)), neighbour.text.as_deref().unwrap_or_default());
        let text = cut(&one_line(text), NEIGHBOUR_LENGTH);
        facts.push(Fact::of("neighbour", |write| format!("{} is described as {}", write(&name), write(&text))));
    }
    push_rules(&mut facts, detail);
    if let Some(definition) = detail.definition.as_deref() {
        let definition = cut(&one_line(definition), DEFINITION_LENGTH);
        facts.push(Fact::of("definition", |write| format!("defined as {}", write(&definition))));
    }
    push_comment(&mut facts, detail.table.comment.as_deref());
    facts
}

/// Adds what the database enforces in the table.
fn push_rules(facts: &mut Vec<Fact>, table: &TableDetail) {
    let whole = table.table.partition_of.as_ref().map(|whole| one_line(&whole.table));
    if let Some(whole) = whole {
        facts.push(Fact::of("partition", |write| format!("a partition of {}", write(&whole))));
    }
    let rules = &table.rules;
    for (what, text) in [("holds the rows", &rules.partition_bound), ("partitioned by", &rules.partitioned_by)] {
        if let Some(text) = text.as_deref().map(|text| cut(&one_line(text), RULE_LENGTH)) {
            facts.push(Fact::of("partition", |write| format!("{what} {}", write(&text))));
        }
    }
    for check in rules.checks.iter().take(CHECKS).map(|check| cut(&one_line(check), RULE_LENGTH)) {
        facts.push(Fact::of("check", |write| format!("rows satisfy {}", write(&check))));
    }
    if !rules.triggers.is_empty() {
        let names: Vec<String> = rules.triggers.iter().take(TRIGGERS).map(|name| one_line(name)).collect();
        facts.push(Fact::of("trigger", |write| {
            let names: Vec<String> = names.iter().map(|name| write(name)).collect();
            format!("triggers {}", names.join(", "))
        }));
    }
}

/// The facts about a column.
#[must_use]
pub fn column_facts(request: &DescribeRequest, index: usize) -> Vec<Fact> {
    let detail = request.table.as_ref();
    let Some(column) = detail.columns.get(index) else { return Vec::new() };
    let statistics = statistics_of(request.statistics.as_deref(), &column.name);
    let nullable = if column.nullable { "" } else { ", not null" };
    let data_type = cut(&one_line(&column.data_type), COMMENT_LENGTH);
    let underlying = column.underlying.as_deref().map(one_line);
    let mut facts = vec![Fact::of("type", |write| {
        let underlying = underlying.as_ref().map(|built_in| format!(" ({})", write(built_in))).unwrap_or_default();
        format!("{}{underlying}{nullable}", write(&data_type))
    })];
    // The type of an enumeration may list the values itself.
    if !column.data_type.contains('(') {
        push_values(&mut facts, "type", &column.values);
    }
    push_values(&mut facts, "check", &column.checked_values);
    for (source, what, sql) in
        [("definition", "generated as", &column.generated), ("default", "defaults to", &column.default)]
    {
        if let Some(sql) = sql.as_deref().map(|sql| cut(&one_line(sql), RULE_LENGTH)) {
            facts.push(Fact::of(source, |write| format!("{what} {}", write(&sql))));
        }
    }
    if column.primary_key {
        facts.push(Fact::plain("key", "primary key".into()));
    }
    if column.unique && !column.primary_key {
        facts.push(Fact::plain("key", "unique".into()));
    }
    if let Some(key) = detail.foreign_key_of(&column.name) {
        let others: Vec<String> = key.others(&column.name).map(one_line).collect();
        let target = key.target(one_line);
        facts.push(Fact::of("key", |write| {
            let with =
                if others.is_empty() { String::new() } else { format!("together with {} ", write(&others.join(", "))) };
            format!("{with}references {}", write(&target))
        }));
        push_codes(&mut facts, request, key);
    }
    if let Some(Some(lineage)) = request.lineage.get(index) {
        push_lineage(&mut facts, lineage, &detail.schema);
    }
    push_comment(&mut facts, column.comment.as_deref());
    push_elsewhere(&mut facts, request.documented.lent(detail, column));
    if let Some(statistics) = statistics {
        push_statistics(&mut facts, statistics);
    }
    facts
}

/// Adds what the keys of a referenced lookup table stand for.
fn push_codes(facts: &mut Vec<Fact>, request: &DescribeRequest, key: &ForeignKey) {
    let Some(parent) = request.neighbours.iter().find(|one| one.is_target(key, &request.table)) else { return };
    let target = parent.key.as_ref().map(|(name, _)| name);
    let refers_to_key = matches!(key.columns.as_slice(), [(_, other)] if Some(other) == target);
    if !refers_to_key || parent.codes.is_empty() {
        return;
    }
    let name = one_line(&parent.name(&request.table.schema));
    facts.push(Fact::of("neighbour", |write| {
        let code =
            |(key, label): &(String, String)| format!("{} is {}", write(&one_line(key)), write(&one_line(label)));
        format!("in {}, {}", write(&name), parent.codes.iter().map(code).collect::<Vec<_>>().join(", "))
    }));
}

/// Adds what is documented of columns with the same name in other tables.
fn push_elsewhere(facts: &mut Vec<Fact>, lent: Lent<'_>) {
    for other in lent.agreed.into_iter().chain(lent.others) {
        let (path, text) = (other.path.display(), cut(&one_line(&other.text), COMMENT_LENGTH));
        facts.push(Fact::of("elsewhere", |write| format!("{} is described as {}", write(&path), write(&text))));
    }
}

/// Adds where a view's column comes from, and what is documented there.
fn push_lineage(facts: &mut Vec<Fact>, lineage: &Lineage, schema: &str) {
    let names: Vec<String> =
        lineage.sources.iter().take(SOURCES).map(|source| one_line(&source.name(schema))).collect();
    let how = match &lineage.how {
        How::Same => "taken from".to_owned(),
        How::Aggregate(function) if names.is_empty() => format!("{function} of rows"),
        How::Aggregate(function) => format!("{function} of"),
        How::Computed => "computed from".to_owned(),
        How::Partition => "a partition's column of".to_owned(),
    };
    facts.push(Fact::of("lineage", |write| {
        let names: Vec<String> = names.iter().map(|name| write(name)).collect();
        format!("{how} {}", names.join(", ")).trim_end().to_owned()
    }));
    let comment = lineage.same().and_then(|source| source.column().comment.as_deref());
    if let Some(comment) = comment.map(one_line).filter(|comment| !comment.is_empty()) {
        let comment = cut(&comment, COMMENT_LENGTH);
        facts.push(Fact::of("lineage", |write| format!("described there as {}", write(&comment))));
    }
}

/// The statistics of the column with this name.
fn statistics_of<'a>(statistics: Option<&'a TableStatistics>, column: &str) -> Option<&'a ColumnStatistics> {
    statistics?.columns.iter().find(|one| one.name == column)
}

fn push_statistics(facts: &mut Vec<Fact>, statistics: &ColumnStatistics) {
    if let Some(share) = statistics.null_share.filter(|share| *share > 0.0) {
        facts.push(Fact::plain("statistic", format!("{:.0}% null", share * 100.0)));
    }
    if let Some(distinct) = statistics.distinct {
        facts.push(Fact::plain("statistic", format!("{distinct} distinct")));
    }
    if let (Some(minimum), Some(maximum)) = (&statistics.minimum, &statistics.maximum) {
        let (minimum, maximum) = (cut(&one_line(minimum), SAMPLE_LENGTH), cut(&one_line(maximum), SAMPLE_LENGTH));
        facts.push(Fact::of("statistic", |write| format!("from {} to {}", write(&minimum), write(&maximum))));
    }
    for (what, other) in [("equal to", &statistics.copy_of), ("never before", &statistics.not_before)] {
        if let Some(other) = other.as_deref().map(one_line) {
            facts.push(Fact::of("statistic", |write| format!("{what} {} in all sampled rows", write(&other))));
        }
    }
    if !statistics.samples.is_empty() {
        let samples = statistics.samples.iter().take(SAMPLES).map(|sample| cut(&one_line(sample), SAMPLE_LENGTH));
        let samples: Vec<String> = samples.collect();
        let listed = |write: &dyn Fn(&String) -> String| samples.iter().map(write).collect::<Vec<_>>().join(", ");
        facts.push(Fact {
            source: "sample",
            detail: listed(&|sample| format!("`{sample}`")),
            shown: format!("samples {}", listed(&|sample| quoted(sample))),
        });
    }
}

/// Adds the first of the values that a column may have. `source` is what lists them.
fn push_values(facts: &mut Vec<Fact>, source: &'static str, values: &[String]) {
    if values.is_empty() {
        return;
    }
    let first: Vec<String> = values.iter().take(VALUES).map(|value| cut(&one_line(value), SAMPLE_LENGTH)).collect();
    let more = match values.len() - first.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let listed = |write: &dyn Fn(&String) -> String| first.iter().map(write).collect::<Vec<_>>().join(", ");
    facts.push(Fact {
        source,
        detail: format!("one of {}{more}", listed(&|value| format!("`{value}`"))),
        shown: format!("one of {}{more}", listed(&|value| quoted(value))),
    });
}

fn push_comment(facts: &mut Vec<Fact>, comment: Option<&str>) {
    if let Some(comment) = comment.map(one_line).filter(|comment| !comment.is_empty()) {
        let comment = cut(&comment, COMMENT_LENGTH);
        facts.push(Fact { source: "comment", shown: format!("present comment {}", quoted(&comment)), detail: comment });
    }
}
