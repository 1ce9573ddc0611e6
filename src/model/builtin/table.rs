//! Descriptions of tables and views: what one row is, what it holds, what it links, and how large the table is.
//!
//! The rule: what one row is follows from the name and the keys. A name that is not understood is quoted.

use std::collections::BTreeSet;

use crate::domain::{
    asset::AssetKind,
    catalog::{Column, ForeignKey},
    run::{RunOptions, Verbosity},
    suggestion::Draft,
};

use super::{
    column::comment,
    draft::{Need, Sketch},
    entity::{Entity, Style},
    reading::TableReading,
    vocabulary::{Grasp, Token},
    wording::Place,
    words,
};

/// Maximum number of columns that a text names.
const NAMED: usize = 5;

/// Columns that any table may have and that say nothing about it.
const AUDIT: &[&str] = &[
    "created",
    "updated",
    "modified",
    "deleted",
    "inserted",
    "version",
    "changed",
    "update",
    "rowguid",
    "timestamp",
    "voided",
    "retired",
    "void",
    "retire",
];

/// Describes a table or view.
pub fn describe(table: &TableReading<'_>, options: &RunOptions) -> Draft {
    let mut sketch = Sketch::default();
    let kept = comment(table.detail.table.comment.as_deref(), &table.detail.table.name, options.verbosity);
    if let Some(comment) = &kept {
        sketch.evidence("comment", "the table has a comment already", 0.3);
        sketch.wording(comment);
    }
    let contents = contents(table, options.verbosity);
    let says_nothing = contents.is_empty() && table.foreign_keys().is_empty();
    let (texts, because) = what(table, &contents);
    for text in texts {
        sketch.wording(text);
    }
    evidence(table, &mut sketch);
    details(table, kept.is_some(), &mut sketch);
    if !table.entity.is_clear {
        let phrase =
            table.entity.tokens.iter().all(|token| token.grasp != Grasp::Cryptic) && !table.entity.tokens.is_empty();
        sketch.at_most(if phrase { 0.70 } else { 0.30 });
    }
    if table.entity.tokens.iter().any(|token| token.grasp == Grasp::Cryptic) {
        sketch.at_most(0.60);
    }
    // Only keys tell what a row hangs on; a list of columns is seen anyway.
    let hangs_on_nothing = table.foreign_keys().is_empty() && referring(table).is_empty();
    if (hangs_on_nothing || says_nothing) && table.tables_read().is_empty() {
        sketch.at_most(0.49);
    }
    // Nothing in the name is a known word.
    if table.entity.tokens.iter().all(|token| matches!(token.grasp, Grasp::Likely | Grasp::Cryptic)) {
        sketch.at_most(0.45);
    }
    if let Some(comment) = kept {
        sketch.at_least(0.9);
        sketch.because(format!("Kept the comment that the table has, which begins {}", words::quoted(&comment)));
    } else {
        sketch.because(because);
    }
    sketch.finish(options)
}

/// The foreign keys of a junction table; `None` for other tables. A junction table has two or three foreign keys, and
/// at most two other columns that are neither its primary key nor audit columns.
pub fn links<'a>(table: &TableReading<'a>) -> Option<&'a [ForeignKey]> {
    let keys = table.foreign_keys();
    // A table with a reference to itself is a thing in a hierarchy, not a pair of other things.
    if !(2..=3).contains(&keys.len()) || keys.iter().any(|key| table.is_own(key)) {
        return None;
    }
    let joined = joined(keys);
    // Each side needs a column that the other sides do not share.
    let has_own = |at: usize| {
        let elsewhere = |own: &str| keys.iter().enumerate().any(|(other, key)| other != at && key.has(own));
        keys[at].columns.iter().any(|(own, _)| !elsewhere(own))
    };
    if !(0..keys.len()).all(has_own) {
        return None;
    }
    let key: BTreeSet<&str> = table.primary_key().into_iter().map(|column| column.name.as_str()).collect();
    let others = table
        .detail
        .columns
        .iter()
        .filter(|column| {
            !joined.contains(column.name.as_str())
                && !(column.primary_key && key.len() == 1)
                && !is_audit(table, column)
        })
        .count();
    let is_link = (keys.len() == 2 && ((key == joined && others <= 2) || others == 0))
        || (keys.len() == 3 && key == joined && others == 0);
    (is_link && table.detail.table.kind == AssetKind::Table).then_some(keys)
}

/// The columns of the foreign keys.
fn joined(keys: &[ForeignKey]) -> BTreeSet<&str> {
    keys.iter().flat_map(|key| &key.columns).map(|(own, _)| own.as_str()).collect()
}

fn is_audit(table: &TableReading<'_>, column: &Column) -> bool {
    let reading = table.column(column);
    reading.words.iter().any(|word| AUDIT.contains(&word.as_str()))
}

/// Several wordings of what one row is, and the reasoning.
fn what(table: &TableReading<'_>, contents: &str) -> (Vec<String>, String) {
    let Entity { one, many, .. } = &table.entity;
    let name = words::quoted(&table.detail.table.name);
    let with = if contents.is_empty() { String::new() } else { format!(", with {contents}") };
    let with_many = with.replacen(", with its ", ", with their ", 1);
    let view = match table.detail.table.kind {
        AssetKind::View => Some("view"),
        AssetKind::MaterializedView => Some("materialized view"),
        _ => None,
    };
    if let Some(view) = view {
        let of = if table.entity.is_clear || understood(table) {
            format!("{view} of {many}")
        } else {
            format!("{view} {name}")
        };
        let texts = vec![format!("{of}{with}"), of.clone(), format!("{many}{with_many}; a {view}")];
        let texts = if table.entity.is_clear || understood(table) { texts } else { vec![format!("{of}{with}"), of] };
        return (texts, format!("It is a {view}, and its columns tell what it shows"));
    }
    if let Some(keys) = links(table) {
        let things: Vec<String> = keys.iter().map(|key| target_name(table, key, true)).collect();
        let ones: Vec<String> = keys.iter().map(|key| target_name(table, key, false)).collect();
        let is_same = things.iter().all(|thing| *thing == things[0]);
        let linked = if is_same { format!("pairs of {}", things[0]) } else { words::listed(&things, "and") };
        // Only a unique key over all sides rules out duplicate pairs.
        let joined = joined(keys);
        let is_unique = table
            .detail
            .unique_keys
            .iter()
            .any(|key| key.iter().map(String::as_str).collect::<BTreeSet<_>>() == joined);
        let first = if is_unique {
            format!("links {linked}: one row for each {}{with}", if keys.len() == 2 { "pair" } else { "combination" })
        } else {
            format!("links {linked}{with}")
        };
        let second = if is_unique {
            format!("one row for each {} that belong together", words::listed(&ones, "and"))
        } else {
            let ones: Vec<String> = ones.iter().map(|one| format!("{} {one}", words::article(one))).collect();
            format!("each row links {}", words::listed(&ones, "and"))
        };
        return (
            vec![first, second, format!("junction table between {linked}")],
            "Two or three foreign keys and little else make a junction table".to_owned(),
        );
    }
    if !table.entity.is_clear {
        if understood(table) {
            return (
                vec![format!("{many}{with_many}"), format!("data on {many}{with_many}")],
                "The name is a phrase and not the name of a thing".to_owned(),
            );
        }
        let holds = if contents.is_empty() { String::new() } else { format!("; its columns hold {contents}") };
        return (
            vec![
                format!("what a row stands for is not clear from the name {name}{holds}"),
                format!("table {name}{with}"),
            ],
            "The name could not be understood".to_owned(),
        );
    }
    let subject = part_of(table).unwrap_or_else(|| one.clone());
    let subject = if is_translated(table) { format!("{subject} and language") } else { subject };
    let subject = match table.entity.style {
        Style::Fact if !one.contains("fact") => format!("{subject} (fact table)"),
        Style::Dimension => format!("{subject} (dimension table)"),
        _ => subject,
    };
    match table.entity.style {
        Style::Staging => {
            return (
                vec![
                    format!("staging table for {many}{with_many}"),
                    format!("{many} as loaded, before processing{with_many}"),
                ],
                "The name marks a staging table".to_owned(),
            );
        }
        Style::Temporary => {
            return (
                vec![format!("temporary table of {many}{with_many}"), format!("{many}, kept for a while{with_many}")],
                "The name marks a temporary table".to_owned(),
            );
        }
        Style::Backup => {
            return (vec![format!("backup copy of {many}{with_many}")], "The name marks a backup".to_owned());
        }
        _ => {}
    }
    if is_lookup(table) {
        let only = contents.strip_prefix("its ").or(contents.strip_prefix("their "));
        let and_their = only.map_or(with.clone(), |one| format!(" and their {}", words::plural(one)));
        return (
            vec![
                format!("lookup table of {many}{and_their}"),
                format!("list of {many}{and_their}"),
                format!("one row per {one}{with}"),
            ],
            "A key, a name and little else make a lookup table".to_owned(),
        );
    }
    let mut texts = vec![format!("one row per {subject}{with}"), format!("holds one row for each {subject}{with}")];
    texts.push(format!("{many}{with_many}"));
    texts.push(format!("one row per {subject}"));
    (texts, "The name says what a row stands for".to_owned())
}

/// Returns whether the primary key has the language besides other columns.
fn is_translated(table: &TableReading<'_>) -> bool {
    let key = table.primary_key();
    let is_language = |column: &&Column| {
        table.column(column).words.first().is_some_and(|word| matches!(word.as_str(), "language" | "locale"))
    };
    key.len() > 1 && key.iter().any(is_language) && !table.entity.words.iter().any(|word| word == "language")
}

fn understood(table: &TableReading<'_>) -> bool {
    !table.entity.tokens.is_empty() && table.entity.tokens.iter().all(|token| token.grasp != Grasp::Cryptic)
}

/// The entity as a part of its parent: `line of an order` for `order_lines` with a reference to `orders`.
fn part_of(table: &TableReading<'_>) -> Option<String> {
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

/// Returns whether this is a lookup table: one with a key, a name and little else whose name says so, or one whose name
/// is marked as a lookup and that has no foreign keys.
fn is_lookup(table: &TableReading<'_>) -> bool {
    let plain: Vec<&Column> =
        table.detail.columns.iter().filter(|column| !column.primary_key && !is_audit(table, column)).collect();
    let described = |column: &Column| {
        let reading = table.column(column);
        matches!(reading.last(), "name" | "description" | "label" | "code" | "title")
    };
    let small = plain.len() <= 3
        && table.foreign_keys().is_empty()
        && !plain.is_empty()
        && plain.iter().all(|column| described(column));
    let typed = table.entity.words.last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "type"
                | "category"
                | "status"
                | "kind"
                | "code"
                | "genre"
                | "reason"
                | "class"
                | "level"
                | "unit"
                | "currency"
                | "segment"
                | "language"
        )
    });
    (small && (typed || table.entity.style == Style::Lookup))
        || (table.entity.style == Style::Lookup && table.foreign_keys().is_empty())
}

fn target_name(table: &TableReading<'_>, reference: &ForeignKey, many: bool) -> String {
    let target = table.target(reference);
    match (target.is_clear, many) {
        (true, true) => target.many,
        (true, false) => target.one,
        (false, _) => format!("rows of {}", words::quoted(&reference.table)),
    }
}

/// What the most informative columns hold: `name, address and e-mail address`.
fn contents(table: &TableReading<'_>, verbosity: Verbosity) -> String {
    let limit = if verbosity == Verbosity::Comprehensive { 2 * NAMED } else { NAMED };
    let mut phrases: Vec<String> = Vec::new();
    for column in &table.detail.columns {
        let view = table.detail.table.kind != AssetKind::Table;
        if column.primary_key
            || (table.detail.foreign_key_of(&column.name).is_some() && !view)
            || is_audit(table, column)
        {
            continue;
        }
        let reading = table.column(column);
        let technical = matches!(reading.last(), "identifier" | "key" | "hash" | "salt" | "flag" | "indicator")
            || matches!(reading.words.first().map(String::as_str), Some("is" | "has" | "can"));
        if reading.words.is_empty() || technical || reading.tokens.iter().any(Token::is_unread) {
            continue;
        }
        let Some(phrase) = Place { table, column: &reading, verbosity }.content() else { continue };
        if phrases.contains(&phrase) {
            continue;
        }
        phrases.push(phrase);
    }
    together(&mut phrases, &table.entity.one);
    let more = phrases.len() > limit;
    phrases.truncate(limit);
    if more {
        phrases.push("more".to_owned());
    }
    if let [one] = phrases.as_slice() {
        let whose = if words::is_plural(one) {
            ""
        } else if table.is_about_people() {
            "their "
        } else {
            "its "
        };
        return format!("{whose}{one}");
    }
    words::listed(&phrases, "and")
}

/// Merges parts into their whole: street, city and country into `billing address`, first and last name into `name`, the
/// year, month and day of a date into that date.
fn together(phrases: &mut Vec<String>, own: &str) {
    const ADDRESS: &[&str] = &[
        "address",
        "street",
        "city",
        "state",
        "country",
        "country code",
        "postal code",
        "ZIP code",
        "region",
        "province",
        "county",
        "address 1",
        "address 2",
        "line 1",
        "line 2",
    ];
    const NAME: &[&str] = &["first name", "middle name", "last name"];
    let dates: Vec<String> =
        phrases.iter().filter_map(|phrase| phrase.strip_suffix(" year").map(str::to_owned)).collect();
    for date in dates {
        let part = |end: &str| format!("{date} {end}");
        if phrases.contains(&part("month")) {
            phrases.retain(|phrase| *phrase != part("month") && *phrase != part("day"));
            phrases.iter_mut().filter(|phrase| **phrase == part("year")).for_each(|phrase| phrase.clone_from(&date));
        }
    }
    for (parts, whole, least) in [(ADDRESS, "address", 3), (NAME, "name", 2)] {
        let prefixes: Vec<String> = phrases
            .iter()
            .flat_map(|phrase| parts.iter().filter_map(|part| phrase.strip_suffix(part)).map(str::to_owned))
            .collect();
        for prefix in prefixes {
            let is_part =
                |phrase: &String| phrase.strip_prefix(prefix.as_str()).is_some_and(|rest| parts.contains(&rest));
            let said = format!("{prefix}{whole}");
            if said == own || phrases.iter().filter(|phrase| is_part(phrase)).count() < least {
                continue;
            }
            if let Some(at) = phrases.iter().position(is_part) {
                phrases[at].clone_from(&said);
                let mut seen = 0;
                phrases.retain(|phrase| {
                    seen += usize::from(*phrase == said);
                    !is_part(phrase) || (*phrase == said && seen == 1)
                });
            }
        }
    }
}

fn evidence(table: &TableReading<'_>, sketch: &mut Sketch) {
    let read: Vec<&str> = table.entity.tokens.iter().map(|token| token.text.as_str()).collect();
    let worth: f64 = table
        .entity
        .tokens
        .iter()
        .map(|token| match token.grasp {
            Grasp::Word | Grasp::Abbreviation => 1.0,
            Grasp::Ambiguous(_) => 0.55,
            Grasp::Likely => 0.7,
            Grasp::Cryptic => 0.0,
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful of words")]
    let share = if read.is_empty() { 0.0 } else { worth / read.len() as f64 };
    sketch.evidence(
        "name",
        format!("{} reads as \"{}\"", words::quoted(&table.detail.table.name), read.join(" ")),
        0.55 * share,
    );
    let key = table.primary_key();
    if !key.is_empty() {
        let names: Vec<String> = key.iter().map(|column| words::quoted(&column.name)).collect();
        sketch.evidence("key", format!("primary key {}", names.join(", ")), 0.1);
    }
    let count = table.detail.columns.len();
    sketch.evidence("structure", format!("{count} {}", if count == 1 { "column" } else { "columns" }), 0.08);
    for key in table.foreign_keys().iter().take(8) {
        let own: Vec<String> = key.columns.iter().map(|(own, _)| words::quoted(own)).collect();
        let refer = if own.len() == 1 { "refers" } else { "together refer" };
        let detail = format!("{} {refer} to {}", words::listed(&own, "and"), words::quoted(&key.table));
        sketch.evidence("reference", detail, 0.03);
    }
    let referring = referring(table).len();
    if referring > 0 {
        sketch.evidence(
            "reference",
            format!("{referring} {} here", if referring == 1 { "table refers" } else { "tables refer" }),
            0.08,
        );
    }
    if let Some((rows, how)) = size(table) {
        sketch.evidence("statistic", format!("{how}{rows} rows"), 0.04);
    }
}

/// The other tables that reference this one.
fn referring<'t>(table: &TableReading<'t>) -> Vec<&'t String> {
    table.detail.referenced_by.iter().filter(|name| **name != table.detail.table.name).collect()
}

/// The number of rows, and "about " if it is an estimate; `None` if it is unknown or 0.
fn size(table: &TableReading<'_>) -> Option<(i64, &'static str)> {
    let counted = table.statistics.filter(|all| all.complete && all.sampled_rows > 0).map(|all| (all.sampled_rows, ""));
    counted.or(table.detail.table.row_estimate.filter(|rows| *rows > 0).map(|rows| (rows, "about ")))
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

fn details(table: &TableReading<'_>, commented: bool, sketch: &mut Sketch) {
    if links(table).is_none() || commented {
        let (mut always, mut perhaps): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for key in table.foreign_keys() {
            let target = table.target(key);
            let columns = || table.detail.columns.iter().filter(|column| key.has(&column.name));
            let only = key.only_column().and_then(|_| columns().next());
            let role = only.and_then(|column| {
                Place { table, column: &table.column(column), verbosity: Verbosity::Detailed }.part_played()
            });
            let text = if let Some(role) = role {
                format!("{} {role}", words::article(&role))
            } else if table.is_own(key) {
                if target.is_clear { format!("another {}", target.one) } else { "another row".to_owned() }
            } else if target.is_clear {
                format!("{} {}", words::article(&target.one), target.one)
            } else {
                format!("a row of {}", words::shown(&key.table))
            };
            let may_miss = |column: &Column| {
                let null_share = table.column(column).statistics.and_then(|one| one.null_share);
                column.nullable && !column.primary_key && null_share.is_none_or(|share| share != 0.0)
            };
            let targets = if columns().any(may_miss) { &mut perhaps } else { &mut always };
            if !targets.contains(&text) {
                targets.push(text);
            }
        }
        perhaps.retain(|text| !always.contains(text));
        let refers = |verb: &str, targets: &[String]| {
            (!targets.is_empty()).then(|| format!("{verb} {}", words::listed(targets, "and")))
        };
        let parts: Vec<String> =
            [refers("refers to", &always), refers("may refer to", &perhaps)].into_iter().flatten().collect();
        if !parts.is_empty() {
            sketch.detail(Need::Useful, format!("Each row {}", parts.join(" and ")));
        }
    }
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
