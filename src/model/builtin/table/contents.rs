//! What the columns of a table hold, as a short list of words.
//!
//! The rule: the list names things, and only those that set the table apart. Columns that any table has are left out,
//! and secrets come last. To add a column that any table has, add its word to [`AUDIT`].

use std::collections::BTreeSet;

use crate::domain::{asset::AssetKind, catalog::Column, run::Verbosity};

use super::super::{
    data_type::DataType,
    reading::TableReading,
    speech,
    vocabulary::{self, Token},
    wording::Place,
    words,
};
use super::grain::bounds_validity;

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
    "create",
    "creator",
    "creation",
    "write",
    "insertion",
    "modification",
];

/// Words of secrets and technical marks, which are named last.
const TECHNICAL: &[&str] = &["password", "secret", "token", "signature", "checksum", "version"];

/// Returns whether any table may have the column.
pub fn is_audit(table: &TableReading<'_>, column: &Column) -> bool {
    let reading = table.column(column);
    reading.words.iter().any(|word| AUDIT.contains(&word.as_str()))
}

/// What the most informative columns hold: `name, address and e-mail address`.
pub fn contents(table: &TableReading<'_>, verbosity: Verbosity) -> String {
    let limit = if verbosity == Verbosity::Comprehensive { 2 * NAMED } else { NAMED };
    let (mut phrases, mut last): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
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
        if reading.words.is_empty()
            || technical
            || bounds_validity(&reading)
            || reading.tokens.iter().any(Token::is_unread)
            || vocabulary::is_guess(&reading.tokens, &table.context)
        {
            continue;
        }
        let Some(phrase) = Place { table, column: &reading, verbosity }.content() else { continue };
        // A column that is called like its table holds the name.
        let phrase = match phrase == table.entity.one {
            true if reading.data_type != DataType::Text => continue,
            true => "name".to_owned(),
            false => phrase,
        };
        let is_technical = reading.words.iter().any(|word| TECHNICAL.contains(&word.as_str()));
        let list = if is_technical { &mut last } else { &mut phrases };
        if !list.contains(&phrase) {
            list.push(phrase);
        }
    }
    phrases.append(&mut last);
    together(&mut phrases, &table.entity.one);
    let more = phrases.len() > limit;
    phrases.truncate(limit);
    if more {
        phrases.push("more".to_owned());
    }
    if let [one] = phrases.as_slice() {
        let whose = if words::is_plural(one) {
            ""
        } else if table.entity.is_about_people() {
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
        "street name",
        "street number",
        "house number",
        "district",
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
            let whole = if date.ends_with("date") { date.clone() } else { format!("{date} date") };
            phrases.retain(|phrase| *phrase != part("month") && *phrase != part("day"));
            phrases.iter_mut().filter(|phrase| **phrase == part("year")).for_each(|phrase| phrase.clone_from(&whole));
        }
    }
    for (parts, whole, least) in [(ADDRESS, "address", 3), (NAME, "name", 2), (&speech::DAYS, "days of the week", 7)] {
        let prefixes: BTreeSet<String> = phrases
            .iter()
            .flat_map(|phrase| parts.iter().filter_map(|part| phrase.strip_suffix(part)).map(str::to_owned))
            .collect();
        for prefix in prefixes {
            let is_part =
                |phrase: &String| phrase.strip_prefix(prefix.as_str()).is_some_and(|rest| parts.contains(&rest));
            let is_place = matches!(prefix.as_str(), "birth " | "death ") && whole == "address";
            let said = if is_place { format!("place of {}", prefix.trim_end()) } else { format!("{prefix}{whole}") };
            // City and country alone are no address.
            let leads_to_door = |phrase: &String| {
                ["address", "street", "number", "postal", "ZIP", "line"].iter().any(|word| phrase.contains(word))
            };
            let is_whole =
                is_place || whole != "address" || phrases.iter().any(|one| is_part(one) && leads_to_door(one));
            if said == own || !is_whole || phrases.iter().filter(|phrase| is_part(phrase)).count() < least {
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
