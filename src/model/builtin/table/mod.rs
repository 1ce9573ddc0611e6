//! Descriptions of tables and views: what one row is, what it holds, what it links, and how large the table is.
//!
//! The rule: what one row is follows from the name and the keys. A name that is not understood is quoted.

mod contents;
mod details;
mod grain;

use crate::domain::{
    asset::AssetKind,
    catalog::{Column, ForeignKey},
    codes::codes,
    run::RunOptions,
    suggestion::Draft,
};

use super::{
    column::comment,
    draft::{Need, Sketch},
    entity::{Entity, Style},
    reading::TableReading,
    speech, values,
    vocabulary::Grasp,
    words,
};
use contents::{contents, is_audit};
use details::details;
use grain::{grain, is_unique, is_unread, joined, part_of, sides, version_of};

pub use grain::links;

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
    let codes = own_codes(table);
    if let Some(codes) = &codes {
        sketch.evidence("sample", codes.clone(), 0.1);
        sketch.detail(Need::Useful, codes.clone());
    }
    details(table, kept.is_some(), &mut sketch);
    if !table.entity.is_clear {
        let phrase =
            table.entity.tokens.iter().all(|token| token.grasp != Grasp::Cryptic) && !table.entity.tokens.is_empty();
        let is_thing =
            table.entity.words.last().is_some_and(|word| speech::may_end_a_noun(word)) || links(table).is_some();
        sketch.at_most(match (phrase, is_thing) {
            (true, true) => 0.70,
            (true, false) => 0.49,
            (false, _) => 0.30,
        });
    }
    if table.entity.tokens.iter().any(|token| token.grasp == Grasp::Cryptic) {
        sketch.at_most(0.60);
    }
    // Only keys tell what a row hangs on; a list of columns is seen anyway.
    let grain = grain(table).filter(|grain| !grain.has_own);
    let hangs_on_nothing = table.foreign_keys().is_empty() && referring(table).is_empty();
    if (hangs_on_nothing || says_nothing) && table.tables_read().is_empty() {
        sketch.at_most(if grain.is_some() || codes.is_some() { 0.70 } else { 0.49 });
    }
    // "A row of `hstgrp`" says nothing to who does not know the table.
    if table.foreign_keys().iter().any(|key| !table.target(key).is_clear) {
        sketch.at_most(0.70);
    }
    if is_unread(table) {
        sketch.at_most(0.70);
    }
    // A name and one more thing are what everyone expects.
    let refers = table.foreign_keys().iter().any(|key| !table.is_own(key));
    if codes.is_none() && grain.is_none() && version_of(table).is_none() && !refers && !contents.contains(" and ") {
        sketch.at_most(0.70);
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
        return junction(table, &keys, &with);
    }
    if !table.entity.is_clear {
        if understood(table) {
            if let Some((one, other)) = assigned(table) {
                let linked = format!("links {} and {}", words::plural(&one), words::plural(&other));
                let of_key = grain(table).map(|grain| words::listed(&grain.things, "and"));
                let rows = of_key.map_or_else(String::new, |things| format!(": one row per {things}"));
                let texts = vec![format!("{linked}{rows}{with}"), format!("{linked}{with}")];
                return (texts, "The name says which things it links".to_owned());
            }
            let with = with.replacen(", with its ", ", with ", 1);
            return (
                vec![format!("{many}{with}"), format!("data on {many}{with}")],
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
    let mark = match table.entity.style {
        Style::Fact if !one.contains("fact") => " (fact table)",
        Style::Dimension => " (dimension table)",
        _ => "",
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
    let part = part_of(table);
    if let Some(grain) = grain(table).filter(|_| part.is_none()) {
        let things = words::listed(&grain.things, "and");
        let noun = if grain.has_own { String::new() } else { format!("{many}: ") };
        let with = with.replacen(", with its ", ", with the ", 1);
        let texts = vec![
            format!("{noun}one row per {things}{mark}{with}"),
            format!("{noun}one row for each combination of {things}{mark}{with}"),
            format!("one row per {one}{mark}{with}"),
        ];
        return (texts, "The primary key says what a row stands for".to_owned());
    }
    if let Some(thing) = extends(table) {
        let texts = vec![
            format!("{many}: one row per {thing}{mark}{with}"),
            format!("{many}, one row for each {thing}{mark}{with}"),
            format!("one row per {one}{mark}{with}"),
        ];
        return (texts, "The primary key says what a row stands for".to_owned());
    }
    if part.is_none() && is_unread(table) {
        let texts = vec![format!("{many}{mark}{with_many}"), format!("data on {many}{mark}{with_many}")];
        return (texts, "The primary key has several columns, and one of them could not be read".to_owned());
    }
    let subject = part.or_else(|| version_of(table)).unwrap_or_else(|| one.clone());
    let mut texts =
        vec![format!("one row per {subject}{mark}{with}"), format!("holds one row for each {subject}{mark}{with}")];
    texts.push(format!("{many}{with_many}"));
    texts.push(format!("one row per {subject}"));
    (texts, "The name says what a row stands for".to_owned())
}

/// The things that a table links by its name, where both have tables: `article_to_layout`.
fn assigned(table: &TableReading<'_>) -> Option<(String, String)> {
    let words = &table.entity.words;
    let to = words.iter().position(|word| word == "to")?;
    let (one, other) = (&words[..to], &words[to + 1..]);
    let is_table = |thing: &[String]| table.context.catalog().only_called(thing).is_some();
    (is_table(one) && is_table(other)).then(|| (one.join(" "), other.join(" ")))
}

/// The thing that a table adds to, by its name and its primary key: the route, in `route_attributes` with the key
/// `route_id`.
fn extends(table: &TableReading<'_>) -> Option<String> {
    let (last, thing) = table.entity.words.split_last()?;
    let [key] = table.primary_key().try_into().ok()?;
    let key: &Column = key;
    if thing.is_empty() || !matches!(last.as_str(), "attribute" | "detail" | "extension" | "property") {
        return None;
    }
    // A column's words leave out the table's name, so the tokens are compared.
    let named: Vec<String> = table.column(key).tokens.iter().map(|token| token.text.clone()).collect();
    let is_named = named.split_last().is_some_and(|(last, rest)| last == "identifier" && rest == thing);
    let of_key = table.foreign_keys().iter().find(|one| one.only_column() == Some(key.name.as_str()));
    let refers = of_key.is_some_and(|one| table.target(one).words == thing);
    (is_named || refers).then(|| thing.join(" "))
}

/// What the keys of a lookup table stand for, if its rows are neither people nor many.
fn own_codes(table: &TableReading<'_>) -> Option<String> {
    let rows = &table.statistics?.rows;
    let is_told = table.detail.table.kind == AssetKind::Table && !table.entity.is_about_people();
    values::meanings(&codes(table.detail, rows)).filter(|_| is_told)
}

/// Wordings for a junction table.
fn junction(table: &TableReading<'_>, keys: &[&ForeignKey], with: &str) -> (Vec<String>, String) {
    let things: Vec<String> = keys.iter().map(|key| target_name(table, key, true)).collect();
    let ones: Vec<String> = keys.iter().map(|key| target_name(table, key, false)).collect();
    let is_same = things.iter().all(|thing| *thing == things[0]);
    let linked =
        if is_same { format!("pairs of {} {}", things[0], sides(table, keys)) } else { words::listed(&things, "and") };
    // Only a unique key over all sides rules out duplicate pairs.
    let is_unique = is_unique(table, &joined(keys));
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
    (
        vec![first, second, format!("junction table between {linked}")],
        "Two or three foreign keys and little else make a junction table".to_owned(),
    )
}

fn understood(table: &TableReading<'_>) -> bool {
    !table.entity.tokens.is_empty() && table.entity.tokens.iter().all(|token| token.grasp != Grasp::Cryptic)
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
