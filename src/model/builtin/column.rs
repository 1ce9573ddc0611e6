//! Descriptions of columns: what a column is, notable details, the evidence, and the confidence.
//!
//! The rule: every statement in a text has its evidence.

use crate::domain::{
    asset::AssetKind,
    catalog::{Column, ColumnStatistics, TableStatistics},
    lineage::{How, Source},
    neighbour::Neighbour,
    number::Number,
    run::{RunOptions, Verbosity},
    substance::restates_name,
    suggestion::Draft,
};

use super::{
    data_type::DataType,
    draft::{Need, Sketch},
    inherited,
    reading::{ColumnReading, TableReading},
    rules,
    shape::Shape,
    values,
    vocabulary::{self, Grasp},
    wording::{self, Place},
    words,
};

/// Names that say nothing by themselves.
const EMPTY_NAMES: &[&str] = &[
    "value",
    "data",
    "attribute",
    "field",
    "info",
    "information",
    "item",
    "object",
    "text",
    "content",
    "other",
    "miscellaneous",
    "variable",
    "column",
];

/// Returns whether a column repeats one that people described.
pub fn is_certain(table: &TableReading<'_>, column: &Column) -> bool {
    let by_people = inherited::text(table, &table.column(column), Verbosity::Detailed).is_some_and(|(_, by)| by);
    by_people || table.documented.is_some_and(|documented| documented.lent(table.detail, column).agreed.is_some())
}

/// Describes a column.
pub fn describe(table: &TableReading<'_>, column: &Column, options: &RunOptions) -> Draft {
    let reading = table.column(column);
    let mut sketch = Sketch::default();
    let wordings = wording::wordings(Place { table, column: &reading, verbosity: options.verbosity });
    let comment = comment(column.comment.as_deref(), &column.name, options.verbosity);
    if let Some(comment) = &comment {
        sketch.evidence("comment", "the column has a comment already", 0.3);
        sketch.wording(comment);
    }
    let origin = origin(table, &reading);
    let inherited = inherited::text(table, &reading, options.verbosity);
    if let Some((text, _)) = &inherited {
        sketch.wording(text);
    } else if let Some(origin) = origin.as_ref().filter(|_| !is_plain(&reading)) {
        // What it is computed from says more than a name that needs interpretation.
        sketch.wording(origin);
    }
    let lent = table.documented.map(|documented| documented.lent(table.detail, column)).unwrap_or_default();
    let agreed = lent.agreed.filter(|_| comment.is_none() && inherited.is_none());
    if let Some(other) = agreed {
        sketch.wording(&other.text);
    }
    let mut texts = wordings.texts.iter();
    if let Some(first) = texts.next() {
        sketch.wording(first);
        for other in other_senses(table, &reading, first) {
            sketch.wording(other);
        }
    }
    for other in lent.agreed.filter(|_| agreed.is_none()).into_iter().chain(lent.others) {
        sketch.wording(&other.text);
        let detail = format!("{} is described as {}", other.path.display(), words::quoted(&other.text));
        sketch.evidence("elsewhere", detail, 0.0);
    }
    for text in texts {
        sketch.wording(text);
    }
    name(&reading, &mut sketch);
    data_type(&reading, wordings.is_typical, &mut sketch);
    keys(table, &reading, comment.as_deref(), &mut sketch);
    if let Some(origin) = origin {
        sketch.evidence("lineage", origin.clone(), if inherited.is_some() { 0.25 } else { 0.15 });
        sketch.detail(Need::Useful, origin);
    }
    values::describe(&reading, wordings.is_typical, &mut sketch);
    rules::describe(table, &reading, &mut sketch);
    statistics(table, &reading, &mut sketch);
    let words = &reading.words;
    if reading.tokens.len() == 1 && matches!(words.as_slice(), [one] if EMPTY_NAMES.contains(&one.as_str())) {
        sketch.at_most(0.45);
    }
    if reading.is_cryptic() && reading.key.is_none() && !column.primary_key {
        sketch.at_most(if reading.shape.is_some() || !reading.values.is_empty() { 0.30 } else { 0.15 });
    }
    let known = |grasp: &Grasp| matches!(grasp, Grasp::Word | Grasp::Abbreviation | Grasp::Ambiguous(_));
    let says_something =
        reading.tokens.iter().any(|token| known(&token.grasp) && !token.raw.bytes().all(|b| b.is_ascii_digit()));
    if !says_something && reading.shape.is_none() && reading.key.is_none() {
        sketch.at_most(0.45);
    }
    let first = wordings.texts.first().map(|text| text.to_lowercase()).unwrap_or_default();
    let is_key_only = wordings.because == wording::TARGET || restates(table, &reading, &first);
    if wordings.because == wording::PRESUMED {
        sketch.at_most(0.70);
    } else if reading.key.is_some() && wordings.because != wording::BARE && is_key_only {
        // How many rows occur is more than the name, what they stand for is content.
        if !sketch.has_evidence("neighbour") {
            sketch.at_most(0.70);
        }
    } else if [wording::MERE_FLAG, wording::BARE, wording::NO_NOUN, wording::SORTED, wording::DOER]
        .contains(&wordings.because)
        || values::are_numbers(&reading)
        || is_digest(&reading)
    {
        sketch.at_most(0.49);
    }
    if !sketch.says_more_than_structure() {
        match wordings.because {
            wording::NAME | wording::PRIMARY => sketch.at_most(0.49),
            wording::QUALIFIED => sketch.at_most(0.70),
            _ => {}
        }
    }
    // Without a key, only the table's name says what a row is.
    let is_keyless = table.primary_key().is_empty() && table.foreign_keys().is_empty();
    if is_keyless && table.detail.table.kind == AssetKind::Table && comment.is_none() {
        sketch.at_most(0.70);
    }
    // What was not read is in the text as it stands in the name.
    let unread = reading.tokens.iter().filter(|token| token.is_unread() && token.raw.len() > 1);
    // The key says to what the column refers, whatever it is called.
    let is_told_by_key = [wording::REFERENCE, wording::TARGET].contains(&wordings.because)
        && unread.clone().all(|token| !says(&first, &token.raw));
    if is_told_by_key && unread.clone().next().is_some() {
        sketch.at_least(0.80);
    }
    for token in unread.filter(|_| !is_told_by_key) {
        sketch.at_most(if token.grasp == Grasp::Cryptic { 0.45 } else { 0.60 });
    }
    if !is_told_by_key && vocabulary::is_guess(&reading.tokens, &table.context) {
        sketch.at_most(0.60);
    }
    if inherited.as_ref().is_some_and(|(_, by_people)| *by_people) {
        sketch.at_least(0.85);
    }
    if let Some(other) = agreed {
        let detail = format!("{} agrees in name, type and key and is described so", other.path.display());
        sketch.evidence("elsewhere", detail, 0.25);
        sketch.at_least(0.85);
    }
    if let Some(comment) = comment {
        sketch.at_least(0.9);
        sketch.because(format!("Kept the comment that the column has, which begins {}", words::quoted(&comment)));
    } else if inherited.is_some() {
        let is_partition = reading.lineage.is_some_and(|lineage| lineage.how == How::Partition);
        sketch.because(if is_partition {
            "The table is a partition, and the column of the whole table is described so"
        } else {
            "The view's definition says which column it is"
        });
    } else if agreed.is_some() {
        sketch.because("A column of the same name, type and key is described so");
    } else {
        sketch.because(reason(&reading, wordings.because));
    }
    sketch.finish(options)
}

/// The comment on one line, or only its first sentence for BRIEF. `None` if the comment is absent or says nothing.
pub fn comment(text: Option<&str>, name: &str, verbosity: Verbosity) -> Option<String> {
    let text = text?.replace(char::is_control, " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = text.trim_matches(['.', ' ']).to_lowercase();
    let is_mute = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count() < 3;
    let says_nothing = is_mute(&plain)
        || plain == name.to_lowercase()
        || ["todo", "tbd", "none", "null", "n/a", "test", "comment"].contains(&plain.as_str());
    if says_nothing {
        return None;
    }
    let first = text.split_once(". ").map(|(first, _)| first).filter(|first| !is_mute(first));
    Some(first.filter(|_| verbosity == Verbosity::Brief).map_or_else(|| text.clone(), str::to_owned))
}

fn reason(reading: &ColumnReading<'_>, because: &str) -> String {
    let doubts: Vec<String> = reading
        .tokens
        .iter()
        .filter_map(|token| match &token.grasp {
            Grasp::Ambiguous(others) => {
                let others: Vec<String> = others.iter().map(|&other| other.to_owned()).collect();
                let others = words::listed(&others, "or");
                Some(if token.text.eq_ignore_ascii_case(&token.raw) {
                    format!("`{}` may mean {others}", token.raw)
                } else {
                    format!("`{}` was taken for {} and may also mean {others}", token.raw, token.text)
                })
            }
            Grasp::Cryptic if !reading.is_cryptic() => {
                Some(format!("{} was not understood", words::quoted(&token.raw)))
            }
            _ => None,
        })
        .collect();
    if doubts.is_empty() {
        words::capitalized(because)
    } else {
        format!("{}; {}", words::capitalized(because), words::listed(&doubts, "and"))
    }
}

/// The wording with the other senses of an ambiguous word in the name. A word that also occurs in the table's name has
/// no other senses.
fn other_senses(table: &TableReading<'_>, reading: &ColumnReading<'_>, wording: &str) -> Vec<String> {
    let ambiguous = reading.tokens.iter().find_map(|token| match &token.grasp {
        Grasp::Ambiguous(others) if wording.contains(&token.text) && !table.entity.words.contains(&token.text) => {
            Some((token, others))
        }
        _ => None,
    });
    let Some((token, others)) = ambiguous else { return Vec::new() };
    others.iter().take(2).map(|other| wording.replacen(&token.text, other, 1)).collect()
}

/// Rates the name: 0.55 if all its words are understood.
fn name(reading: &ColumnReading<'_>, sketch: &mut Sketch) {
    let worth = |grasp: &Grasp| match grasp {
        Grasp::Word | Grasp::Abbreviation => 1.0,
        Grasp::Ambiguous(_) => 0.55,
        Grasp::Likely => 0.7,
        Grasp::Cryptic => 0.0,
    };
    #[expect(clippy::cast_precision_loss, reason = "a handful of words")]
    let share = if reading.tokens.is_empty() {
        0.0
    } else {
        reading.tokens.iter().map(|token| worth(&token.grasp)).sum::<f64>() / reading.tokens.len() as f64
    };
    let expanded: Vec<String> = reading
        .tokens
        .iter()
        .filter(|token| token.raw != token.text && token.grasp != Grasp::Cryptic)
        .map(|token| format!("{} = {}", token.raw, token.text))
        .collect();
    let read: Vec<&str> = reading.tokens.iter().map(|token| token.text.as_str()).collect();
    let detail = if read.is_empty() || reading.is_cryptic() {
        format!("the name {} could not be read", words::quoted(&reading.column.name))
    } else if expanded.is_empty() {
        format!("reads as \"{}\"", read.join(" "))
    } else {
        format!("reads as \"{}\" ({})", read.join(" "), expanded.join(", "))
    };
    sketch.evidence("name", detail, 0.55 * share);
}

fn data_type(reading: &ColumnReading<'_>, is_typical: bool, sketch: &mut Sketch) {
    let spelling = reading.column.data_type.trim();
    if spelling.is_empty() {
        return;
    }
    let spelling: String = spelling.chars().filter(|c| !c.is_control()).take(60).collect();
    if is_typical {
        sketch.evidence("type", format!("{spelling} fits the name"), 0.1);
    } else {
        sketch.evidence("type", spelling, 0.02);
    }
}

fn keys(table: &TableReading<'_>, reading: &ColumnReading<'_>, kept: Option<&str>, sketch: &mut Sketch) {
    let column = reading.column;
    if let Some(key) = reading.own_key() {
        let place = words::shown(&format!("{}.{}", key.table, key.columns[0].1));
        sketch.evidence("reference", format!("foreign key to {place}"), 0.25);
        if kept.is_some_and(|comment| !comment.contains(&*place)) {
            sketch.detail(Need::Useful, format!("Refers to {place}"));
        }
        if let Some(parent) = table.parent(key) {
            of_parent(table, reading, parent, sketch);
        }
        if table.is_own(key) && column.nullable && !reading.words.is_empty() {
            sketch.detail(Need::Useful, "Null where there is none");
        }
    } else if let Some(key) = reading.key {
        let own: Vec<String> = key.columns.iter().map(|(own, _)| words::shown(own)).collect();
        let place = key.target(words::shown);
        sketch.evidence("reference", format!("foreign key ({}) to {place}", own.join(", ")), 0.15);
        let others: Vec<String> = key.others(&column.name).map(words::quoted).collect();
        sketch.detail(Need::Useful, format!("Refers, together with {}, to {place}", words::listed(&others, "and")));
    }
    if column.primary_key {
        let count = table.primary_key().len();
        if count == 1 {
            sketch.evidence("key", "primary key of the table", 0.25);
            if reading.key.is_some() {
                sketch.detail(Need::Useful, "Also the primary key");
            }
        } else {
            sketch.evidence(
                "key",
                format!("one of {count} columns of the primary key"),
                if reading.key.is_some() { 0.05 } else { 0.15 },
            );
            sketch.detail(Need::Useful, "Part of the primary key");
        }
    } else if column.unique {
        sketch.evidence("key", "unique", 0.1);
        sketch.detail(Need::Useful, "Unique");
    }
}

/// Says what the referenced table is, what its keys stand for, and how many of its rows occur.
fn of_parent(table: &TableReading<'_>, reading: &ColumnReading<'_>, parent: &Neighbour, sketch: &mut Sketch) {
    let Some(key) = reading.own_key() else { return };
    let (name, target) = (words::shown(&parent.name(&table.detail.schema)), table.target(key));
    if let Some(text) = parent.text.as_deref().and_then(|text| comment(Some(text), &parent.table, Verbosity::Brief)) {
        sketch.evidence("neighbour", format!("{name} is described as {}", words::quoted(&text)), 0.05);
        sketch.detail(if target.is_clear { Need::Thorough } else { Need::Useful }, format!("About {name}: {text}"));
    }
    let refers_to_key = parent.key.as_ref().is_some_and(|(name, _)| *name == key.columns[0].1);
    if let Some(codes) = values::meanings(&parent.codes).filter(|_| refers_to_key && !target.is_about_people()) {
        sketch.evidence("neighbour", format!("in {name}, {codes}"), 0.1);
        sketch.detail(Need::Useful, codes);
        return;
    }
    // A column that is not the key may hold a value several times.
    if parent.key.is_some() && !refers_to_key {
        return;
    }
    let Some(all) = table.statistics.filter(|all| all.complete) else { return };
    let distinct = reading.statistics.and_then(|one| one.distinct);
    // One value alone may be a default that refers to no row.
    if let (Some(distinct @ 2..), Some(rows)) = (distinct, parent.rows.filter(|rows| *rows > 0)) {
        let (one, many) = if target.is_clear && !target.is_calendar() {
            (target.one.clone(), words::plural(&target.one))
        } else {
            (format!("row of {name}"), format!("rows of {name}"))
        };
        let share = match distinct >= rows {
            true if rows == 1 => return,
            true => format!("every {one} occurs"),
            false => format!("{distinct} of {rows} {many} occur"),
        };
        sketch.evidence("statistic", share.clone(), 0.02);
        // In a few rows, few others occur.
        let need = if all.sampled_rows >= ENOUGH { Need::Useful } else { Need::Thorough };
        sketch.detail(need, words::capitalized(&share));
    }
}

/// The sentence that says where a column of a view comes from, or from what a generated column is computed.
fn origin(table: &TableReading<'_>, reading: &ColumnReading<'_>) -> Option<String> {
    let lineage = reading.lineage.filter(|lineage| lineage.how != How::Partition)?;
    let of_moment = |source: &Source| DataType::of(source.column().built_in_type()).is_moment();
    let is_moment = reading.data_type.is_moment() || lineage.sources.first().is_some_and(of_moment);
    Some(inherited::detail(lineage, is_moment, table.detail))
}

/// Returns whether values that look like a digest are what the name says.
fn is_digest(reading: &ColumnReading<'_>) -> bool {
    const DIGESTS: &[&str] = &["hash", "digest", "checksum", "fingerprint", "signature", "MD5", "SHA-1", "SHA-256"];
    reading.shape == Some(Shape::HexDigest) && reading.words.iter().any(|word| DIGESTS.contains(&word.as_str()))
}

/// Returns whether a sentence only restates the column's name.
fn restates(table: &TableReading<'_>, reading: &ColumnReading<'_>, sentence: &str) -> bool {
    restates_name(sentence, &table.detail.column_path(&reading.column.name), Some(&reading.column.data_type))
}

/// Returns whether the sentence has the word, outside the brackets with the path of the target.
fn says(sentence: &str, word: &str) -> bool {
    let told = sentence.split(" (").next().unwrap_or_default();
    told.split(' ').any(|one| one == word)
}

/// Returns whether the name consists of plain words.
fn is_plain(reading: &ColumnReading<'_>) -> bool {
    !reading.tokens.is_empty() && reading.tokens.iter().all(|token| token.grasp == Grasp::Word)
}

/// The fewest rows that show a rule.
const ENOUGH: i64 = 20;

/// The number of sampled rows in which the column has a value.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a share of a bounded sample")]
fn rows_with_value(all: &TableStatistics, one: &ColumnStatistics) -> i64 {
    (all.sampled_rows as f64 * (1.0 - one.null_share.unwrap_or(0.0)).clamp(0.0, 1.0)).round() as i64
}

fn statistics(table: &TableReading<'_>, reading: &ColumnReading<'_>, sketch: &mut Sketch) {
    let (Some(all), Some(one)) = (table.statistics, reading.statistics) else { return };
    if all.sampled_rows <= 0 {
        return;
    }
    let mut found = Vec::new();
    if let Some(other) = &one.copy_of {
        let text = format!("Equal to {} in every row seen", words::quoted(other));
        sketch.evidence("statistic", text.clone(), 0.02);
        sketch.detail(Need::Useful, text);
    }
    if let Some(other) = &one.not_before {
        let text = format!("Never before {} in the rows seen", words::quoted(other));
        sketch.evidence("statistic", text.clone(), 0.02);
        sketch.detail(Need::Thorough, text);
    }
    let rows_with_value = rows_with_value(all, one);
    if let (Some(1), [only], true) = (one.distinct, one.samples.as_slice(), rows_with_value >= ENOUGH) {
        // When all rows were written says nothing of the column.
        let is_shown =
            !reading.is_sensitive && reading.key.is_none() && !reading.is_moment() && only.chars().count() <= 40;
        if is_shown && rows_with_value == all.sampled_rows {
            let value = values::spelled(std::slice::from_ref(only)).remove(0);
            sketch.detail(Need::Useful, format!("Has the value {value} in every row seen"));
        }
    }
    let looks_unique = one.distinct.is_some_and(|distinct| distinct == rows_with_value && distinct >= ENOUGH);
    let is_code = matches!(reading.last(), "code" | "number" | "identifier" | "key" | "UUID" | "reference");
    if looks_unique && is_code && !reading.column.unique && !reading.column.primary_key && reading.key.is_none() {
        found.push("no value twice".to_owned());
        sketch.detail(Need::Thorough, "No value occurs twice in the rows seen");
    }
    if let Some(distinct) = one.distinct {
        found.push(format!("{distinct} distinct {}", if distinct == 1 { "value" } else { "values" }));
    }
    if let Some(share) = one.null_share.filter(|share| share.is_finite() && *share > 0.0) {
        let percent = (share * 100.0).round();
        found.push(if percent < 1.0 { "under 1 % null".to_owned() } else { format!("{percent} % null") });
        let is_empty = share >= 1.0 && all.sampled_rows >= ENOUGH;
        let text = if is_empty {
            "Null in every row seen".to_owned()
        } else if share >= 0.995 {
            "Null in almost every row seen".to_owned()
        } else if share >= 0.5 {
            "Null in most rows".to_owned()
        } else {
            format!(
                "Null in {} of the rows seen",
                if percent < 1.0 { "under 1 %".to_owned() } else { format!("about {percent} %") }
            )
        };
        sketch.detail(if is_empty { Need::Useful } else { Need::Thorough }, text);
    }
    let number = |text: &Option<String>| text.as_deref().and_then(Number::parse).filter(Number::is_finite);
    let is_key = reading.column.primary_key || reading.key.is_some();
    if let (Some(low), Some(high)) = (number(&one.minimum), number(&one.maximum))
        && !reading.is_sensitive
        && !is_key
        && reading.data_type.is_number()
    {
        found.push(format!("from {low} to {high}"));
        let rate = reading.words.iter().any(|word| {
            matches!(word.as_str(), "percentage" | "percent" | "rate" | "ratio" | "share" | "probability" | "fraction")
        });
        let [zero, unit, ten, hundred] = [0, 1, 10, 100].map(Number::from);
        if rate && low >= zero && high <= unit && high > zero {
            sketch.detail(Need::Useful, "A fraction between 0 and 1");
        } else if rate && reading.last() == "percentage" && high > unit && high <= hundred {
            sketch.detail(Need::Useful, "In percent, from 0 to 100");
        } else if low < high && reading.shape.is_none() && reading.values.is_empty() {
            let scale = all.complete && high <= ten && matches!(reading.last(), "rating" | "score" | "stars");
            sketch.detail(
                if scale { Need::Useful } else { Need::Thorough },
                format!("Ranges from {low} to {high} in the rows seen"),
            );
        }
    } else if let (Some(low), Some(high)) = (&one.minimum, &one.maximum)
        && !reading.is_sensitive
        && low != high
        && (reading.data_type.is_moment()
            || matches!(reading.data_type, DataType::Time | DataType::Duration)
            || matches!(reading.shape, Some(Shape::IsoDate | Shape::IsoTimestamp)))
        && low.len() <= 40
        && high.len() <= 40
    {
        let (low, high) = if matches!(reading.data_type, DataType::Time | DataType::Duration) {
            (low.clone(), high.clone())
        } else {
            (day(low), day(high))
        };
        found.push(format!("from {low} to {high}"));
        sketch.detail(Need::Thorough, format!("Ranges from {low} to {high} in the rows seen"));
    }
    if !found.is_empty() {
        sketch.evidence("statistic", format!("{} in {} rows", found.join(", "), all.sampled_rows), 0.05);
    }
}

/// The day of a point in time, with its era.
fn day(moment: &str) -> String {
    let era = if moment.ends_with(" BC") { " BC" } else { "" };
    format!("{}{era}", moment.split([' ', 'T']).next().unwrap_or_default())
}
