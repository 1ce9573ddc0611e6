//! The sentences of answers, from the results of tools.
//!
//! The rule: every path in an answer stands in square brackets, so that it is cited.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    is_column, list,
    question::{self, Asked, Beyond, Direction, Property},
    text,
};
use crate::{domain::words, port::converse::Conversation};

/// Maximum number of assets in an answer.
const LISTED: usize = 5;
/// Maximum number of columns in an answer.
const COLUMNS: usize = 40;

/// Writes the answer to a question.
pub fn answer(conversation: &Conversation<'_>, asked: &Asked, found: &Value) -> String {
    let parse = |result: &String| serde_json::from_str(result).unwrap_or_default();
    let results: Vec<Value> = conversation.rounds.iter().flatten().map(|used| parse(&used.result)).collect();
    let said = match (asked, results.as_slice()) {
        (Asked::Describe(_), [result]) => description(result).map(|said| said + &why(found, result)),
        (Asked::Join(..), [result]) => join(result),
        (Asked::References(_, direction), [result]) => references(result, *direction).map(|said| {
            let unknown = question::unknown_names(conversation.question, found);
            match (direction, unknown.as_slice()) {
                (Direction::Both, [_, ..]) => format!("Nothing is called {}.\n{said}", words::listed(&unknown, "or")),
                _ => said,
            }
        }),
        (Asked::NotReferencing(_), [result]) => references(result, Direction::In)
            .map(|said| said.replacen("These refer to", "All tables except these do not refer to", 1)),
        (Asked::Unanswerable, _) => Some(format!(
            "Without a language model, this kind of question is not answered. Ask for the foreign keys of one table, \
             or how two tables join.\n{}",
            matches(found)
        )),
        (Asked::TablesApart(..), [one, other, relations]) => tables_apart(one, other, relations),
        (Asked::ColumnsApart(one, other, of), [first, second]) => Some(apart([one, other], of, [first, second])),
        (Asked::PrimaryKey(_), [result]) => primary_key(result),
        (Asked::Property(property, paths), _) => Some(properties(*property, paths, found)),
        (Asked::Undescribed(of), [result]) => undescribed(of, result),
        (Asked::Meaning { column, value }, [result]) => Some(meaning(column, value, result)),
        (Asked::NoEntry, _) => Some(
            "The previous answer has no entry with that number. Ask for the table or column by its name.".to_owned(),
        ),
        _ => None,
    };
    let said = said.unwrap_or_else(|| matches(found));
    read_as(found) + preface(conversation.question, asked, found) + &said
}

/// Says how misspelled words were read.
fn read_as(found: &Value) -> String {
    let Some(read) = found.get("read_as").and_then(Value::as_object) else { return String::new() };
    let word = |(from, to): (&String, &Value)| format!("\"{from}\" as \"{}\"", to.as_str().unwrap_or_default());
    format!("Nothing is called so; read {}.\n", words::listed(&read.iter().map(word).collect::<Vec<_>>(), "and"))
}

/// Says what a catalog cannot tell.
fn preface(question: &str, asked: &Asked, found: &Value) -> &'static str {
    // "How many tables are there?" is answered.
    if !matches!(asked, Asked::Search | Asked::Describe(_)) || found.get("tables").is_some() {
        return "";
    }
    match question::beyond(question, found) {
        Some(Beyond::Count) if matches!(asked, Asked::Describe(_)) && question::asks_structure(question) => "",
        Some(Beyond::Count) => "Questions do not read rows, so they cannot be counted.\n",
        Some(Beyond::Rows) => "Questions do not read rows, so only where such values would be stored can be told.\n",
        Some(Beyond::Provenance) => {
            "The catalog does not say where the data comes from, who answers for it or how good it is.\n"
        }
        None => "",
    }
}

/// A sentence on why the described asset matches the question; empty if it was not found by the search.
fn why(found: &Value, described: &Value) -> String {
    let path = described.get("asset").map(|asset| text(asset, "path")).unwrap_or_default();
    let hit = list(found, "assets").iter().find(|asset| text(asset, "path") == path);
    match hit.map(|hit| text(hit, "why")).filter(|why| !why.is_empty()) {
        Some(why) => format!("It matches {why}.\n"),
        None => String::new(),
    }
}

/// A list of the tables, for questions that ask for nothing more specific.
fn overview(found: &Value) -> String {
    let tables = list(found, "tables");
    let count = found.get("count").and_then(Value::as_u64).unwrap_or_default();
    let mut said = match count {
        0 => return "The catalog contains no tables.".to_owned(),
        1 => "There is one table:\n".to_owned(),
        count => format!("There are {count} tables and views:\n"),
    };
    for table in tables {
        let _ = writeln!(said, "- {}", about(table));
    }
    let more = count.saturating_sub(u64::try_from(tables.len()).unwrap_or(u64::MAX));
    if more > 0 {
        let _ = writeln!(said, "and {more} more.");
    }
    said
}

/// The search results as a list.
fn matches(found: &Value) -> String {
    if found.get("tables").is_some() {
        return overview(found);
    }
    let assets = list(found, "assets");
    if assets.is_empty() {
        return "Nothing in the catalog matches the words of this question. Use other words, or ask for a table or \
                column by its name."
            .to_owned();
    }
    let mut said = "Best matches:\n".to_owned();
    for (number, asset) in (1..).zip(assets.iter().take(LISTED)) {
        let _ = write!(said, "{number}. {}", about(asset));
        // The first reason is the best one; all of them would bury the answer.
        if let Some(why) = text(asset, "why").split(';').next().filter(|why| !why.is_empty()) {
            let _ = write!(said, " (matches {why})");
        }
        said.push('\n');
    }
    if assets.len() > LISTED {
        said.push_str("There are weaker matches, too; more of their words in the question find them.\n");
    }
    said
}

/// One line about an asset: `[main.Customer.Email], column, NVARCHAR(60): The customer's e-mail address.`
fn about(asset: &Value) -> String {
    let mut said = format!("[{}], {}", text(asset, "path"), text(asset, "kind"));
    for part in ["type", "key"] {
        if !text(asset, part).is_empty() {
            let _ = write!(said, ", {}", text(asset, part));
        }
    }
    if !text(asset, "references").is_empty() {
        let _ = write!(said, ", refers to [{}]", text(asset, "references"));
        if !text(asset, "together_with").is_empty() {
            let _ = write!(said, " together with {}", text(asset, "together_with"));
        }
    }
    let meaning = [text(asset, "description"), text(asset, "comment")].into_iter().find(|text| !text.is_empty());
    match meaning {
        Some(meaning) => {
            let _ = write!(said, ": {}", meaning.trim_end());
        }
        None => said.push_str("; it has no accepted description yet"),
    }
    said
}

/// How two tables join; `None` if the result has no tables.
fn join(result: &Value) -> Option<String> {
    let tables = list(result, "tables");
    let steps = list(result, "way");
    if steps.is_empty() {
        let none = match text(result, "note") {
            "" => "No foreign keys connect them.\n".to_owned(),
            note => format!("No join was found between them, but {note}.\n"),
        };
        return (!tables.is_empty())
            .then(|| tables.iter().fold(none, |said, table| said + &keys(table, Direction::Both)));
    }
    let mut said = joined(steps);
    let _ = writeln!(said, "Join conditions: {}", text(result, "on"));
    said += &shared(result);
    let others = list(result, "other_ways");
    let more = result.get("more_ways").and_then(Value::as_u64).unwrap_or_default();
    if !others.is_empty() || more > 0 {
        said.push_str("There is more than one way to join them. Others, the likelier ones first:\n");
    }
    for way in others {
        let through: Vec<String> =
            list(way, "through").iter().map(|table| format!("[{}]", text(table, "path"))).collect();
        let through = if through.is_empty() {
            "directly".to_owned()
        } else {
            format!("through {}", words::listed(&through, "and"))
        };
        let _ = writeln!(said, "- {through}: {}", text(way, "on"));
        said += &shared(way);
    }
    if more > 0 {
        let _ = writeln!(said, "and {more} more.");
    }
    Some(said)
}

/// The steps of a way.
fn joined(steps: &[Value]) -> String {
    let mut said = "They join as follows:\n".to_owned();
    for (number, step) in (1..).zip(steps) {
        let _ = writeln!(said, "{number}. {}", refers(step));
    }
    said
}

/// A warning about a way on which two tables only have a row of a third one in common.
fn shared(way: &Value) -> String {
    match text(way, "shares") {
        "" => String::new(),
        table => format!("Rows repeat: this pairs everything on both sides that shares a row of [{table}].\n"),
    }
}

/// The foreign keys from and to a table; `None` if the result has no table.
fn references(result: &Value, direction: Direction) -> Option<String> {
    let table = list(result, "tables").first()?;
    let path = text(table, "path");
    let (to, from) = (list(table, "refers_to"), list(table, "referred_to_by"));
    let more = table.get("more").and_then(Value::as_u64).unwrap_or_default();
    let (shown, none, some) = match direction {
        Direction::Both => return Some(keys(table, direction)),
        Direction::In => (from, "No table refers to", "These refer to"),
        Direction::Out => (to, "No foreign key leads from", "These are the foreign keys of"),
    };
    if shown.is_empty() && more == 0 {
        let other = if direction == Direction::In { to } else { from };
        let also = if other.is_empty() { String::new() } else { keys(table, Direction::Both) };
        let but = match (direction, also.is_empty()) {
            (_, true) => "",
            (Direction::In, false) => "It has foreign keys itself:\n",
            (_, false) => "Others refer to it:\n",
        };
        return Some(format!("{none} [{path}], as far as foreign keys are declared.\n{but}{also}"));
    }
    Some(format!("{some} [{path}]:\n{}", keys(table, direction)))
}

/// The foreign keys of a table as a list.
fn keys(table: &Value, direction: Direction) -> String {
    let (to, from) = (list(table, "refers_to"), list(table, "referred_to_by"));
    let mut said = String::new();
    if to.is_empty() && from.is_empty() {
        let _ = writeln!(said, "[{}] has no foreign keys, and none points to it.", text(table, "path"));
    }
    let (to, from) = match direction {
        Direction::Both => (to, from),
        Direction::Out => (to, &[][..]),
        Direction::In => (&[][..], from),
    };
    for step in to.iter().chain(from) {
        let _ = writeln!(said, "- {}", refers(step));
    }
    if let Some(more) = table.get("more") {
        let _ = writeln!(said, "and {more} more.");
    }
    said
}

/// One reference: `[a.x] refers to [b.x]`, or `[a.x] and [a.y] together refer to [b.x] and [b.y]`.
fn refers(step: &Value) -> String {
    let pairs = list(step, "together");
    if pairs.is_empty() {
        return format!("[{}] refers to [{}]", text(step, "column"), text(step, "to"));
    }
    let side = |key| {
        let paths: Vec<String> = pairs.iter().map(|pair| format!("[{}]", text(pair, key))).collect();
        words::listed(&paths, "and")
    };
    format!("{} together refer to {}", side("column"), side("to"))
}

/// A description of a table with its columns, or of a column.
fn description(result: &Value) -> Option<String> {
    let asset = result.get("asset")?;
    let mut said = format!("{}\n", about(asset));
    if result.get("tables").is_some() {
        said.push_str(&overview(result));
        return Some(said);
    }
    let columns = list(result, "columns");
    if !columns.is_empty() {
        said.push_str("Its columns:\n");
    }
    for column in columns.iter().take(COLUMNS) {
        let _ = writeln!(said, "- {}", about(column));
    }
    let cut = result.get("more").and_then(Value::as_u64).unwrap_or_default();
    if columns.len() > 1 {
        let all = u64::try_from(columns.len()).unwrap_or(u64::MAX).saturating_add(cut);
        said = said.replacen("Its columns:\n", &format!("Its {all} columns:\n"), 1);
    }
    let more = columns.len().saturating_sub(COLUMNS)
        + result.get("more").and_then(Value::as_u64).and_then(|more| usize::try_from(more).ok()).unwrap_or_default();
    if more > 0 {
        let _ = writeln!(said, "and {more} more.");
    }
    Some(said)
}

/// The primary key of a table.
fn primary_key(result: &Value) -> Option<String> {
    let path = text(result.get("asset")?, "path");
    let is_key = |column: &&Value| text(column, "key") == "primary key";
    let key: Vec<String> =
        list(result, "columns").iter().filter(is_key).map(|column| format!("[{}]", text(column, "path"))).collect();
    Some(match key.as_slice() {
        [] => format!("[{path}] has no declared primary key.\n"),
        [one] => format!("The primary key of [{path}] is {one}.\n"),
        several => format!("The primary key of [{path}] is {} together.\n", words::listed(several, "and")),
    })
}

/// A property of each of these columns.
fn properties(property: Property, paths: &[String], found: &Value) -> String {
    let mut said = String::new();
    let columns = list(found, "assets").iter().filter(|asset| paths.iter().any(|path| path == text(asset, "path")));
    for column in columns.take(LISTED) {
        let path = text(column, "path");
        let is_key = text(column, "key") == "primary key";
        let _ = match property {
            Property::Type => writeln!(said, "[{path}] has the type {}.", text(column, "type")),
            Property::Null if text(column, "null") == "allowed" => writeln!(said, "[{path}] may be null."),
            Property::Null => writeln!(said, "[{path}] is never null."),
            Property::Unique if !text(column, "unique").is_empty() => {
                writeln!(said, "[{path}] is unique: no value occurs twice.")
            }
            Property::Unique if is_key => {
                writeln!(said, "[{path}] is part of the primary key, but not unique by itself.")
            }
            Property::Unique => writeln!(said, "[{path}] is not unique, as far as keys and indexes are declared."),
        };
    }
    let more = paths.len().saturating_sub(LISTED);
    if more > 0 {
        let _ = writeln!(said, "and {more} more columns of this name.");
    }
    said
}

/// What nobody has described.
fn undescribed(of: &str, result: &Value) -> Option<String> {
    let count = result.get("count").and_then(Value::as_u64)?;
    let all = result.get("of").and_then(Value::as_u64)?;
    let assets = list(result, "assets");
    let (noun, place) = match of {
        "tables" => ("tables and views", String::new()),
        "columns" => ("columns", String::new()),
        table => ("columns", format!(" of [{table}]")),
    };
    let lacks = "neither a comment nor an accepted description";
    let mut said = match (count, all) {
        (_, 0) => return Some("The catalog contains no tables.".to_owned()),
        (0, all) => return Some(format!("All {all} {noun}{place} have a comment or an accepted description.\n")),
        (count, all) if count == all => format!("All {all} {noun}{place} have {lacks}:\n"),
        (1, all) => format!("One of the {all} {noun}{place} has {lacks}:\n"),
        (count, all) => format!("{count} of the {all} {noun}{place} have {lacks}:\n"),
    };
    for asset in assets {
        let _ = writeln!(said, "- [{}], {}", text(asset, "path"), text(asset, "kind"));
    }
    let more = count.saturating_sub(u64::try_from(assets.len()).unwrap_or(u64::MAX));
    if more > 0 {
        let _ = writeln!(said, "and {more} more.");
    }
    Some(said)
}

/// How two tables differ.
fn tables_apart(one: &Value, other: &Value, relations: &Value) -> Option<String> {
    let columns = |table: &Value| -> Vec<String> {
        list(table, "columns").iter().map(|column| question::name_of(text(column, "path")).to_owned()).collect()
    };
    let is_cut = [one, other].iter().any(|table| table.get("more").is_some());
    let mut said = String::new();
    let (first, second) = (columns(one), columns(other));
    for (table, own, others) in [(one, &first, &second), (other, &second, &first)] {
        let asset = table.get("asset")?;
        let _ = writeln!(said, "{}", about(asset));
        let only: Vec<String> = own
            .iter()
            .filter(|name| !others.contains(name))
            .take(COLUMNS / 2)
            .map(|name| format!("`{name}`"))
            .collect();
        if !only.is_empty() && !is_cut {
            let _ = writeln!(said, "Only [{}] has {}.", text(asset, "path"), words::listed(&only, "and"));
        }
    }
    let steps = list(relations, "way");
    if !steps.is_empty() {
        said += &joined(steps);
    }
    Some(said)
}

/// How two columns differ, each from the results of a search for its words.
fn apart(names: [&str; 2], of: &str, results: [&Value; 2]) -> String {
    let candidates = |at: usize| {
        let wanted = question::singulars(names[at]);
        let table = question::singulars(of);
        let fits = |asset: &&Value| {
            let words = question::singulars(question::name_of(text(asset, "path")));
            let around = question::singulars(text(asset, "table"));
            wanted.iter().all(|word| words.contains(word)) && table.iter().all(|word| around.contains(word))
        };
        let mut fitting: Vec<&Value> = list(results[at], "assets").iter().filter(fits).collect();
        fitting.sort_by_key(|asset| question::singulars(question::name_of(text(asset, "path"))).len());
        fitting
    };
    let (firsts, seconds) = (candidates(0), candidates(1));
    // A pair in the same table is meant, if there is one.
    let same = |(one, other): &(&Value, &Value)| {
        text(one, "table") == text(other, "table") && text(one, "path") != text(other, "path")
    };
    let mut pairs = firsts.iter().flat_map(|one| seconds.iter().map(|other| (*one, *other)));
    let pair = pairs.find(same).or_else(|| firsts.first().copied().zip(seconds.first().copied()));
    let Some((one, other)) = pair else {
        let unknown = if firsts.is_empty() { names[0] } else { names[1] };
        let place = if of.is_empty() { String::new() } else { format!(" in {of}") };
        let known = if firsts.is_empty() { seconds } else { firsts };
        let known = known.first().map(|asset| format!("{}\n", about(asset))).unwrap_or_default();
        return format!("Nothing is called {unknown}{place}.\n{known}");
    };
    let mut said = format!("{}\n{}\n", about(one), about(other));
    let is_known = |asset: &Value| !text(asset, "description").is_empty() || !text(asset, "comment").is_empty();
    let differ = text(one, "type") != text(other, "type") && !text(one, "type").is_empty();
    match (is_known(one), is_known(other)) {
        (true, true) => {}
        (false, false) if differ => said.push_str("Nobody has described them yet; their names and types differ.\n"),
        (false, false) => said.push_str("Nobody has described them yet; only their names differ.\n"),
        (one_is_known, _) => {
            let unknown = if one_is_known { other } else { one };
            let _ = writeln!(said, "Nobody has described [{}] yet.", text(unknown, "path"));
        }
    }
    said
}

/// What a value of a column means, by the texts about the column.
fn meaning(column: &str, value: &str, result: &Value) -> String {
    let wanted = question::singulars(column);
    let names = |asset: &&Value| {
        let words = question::singulars(text(asset, "path"));
        let name = question::singulars(question::name_of(text(asset, "path")));
        wanted.iter().all(|word| words.contains(word)) && wanted.iter().any(|word| name.contains(word))
    };
    let columns: Vec<&Value> = list(result, "assets").iter().filter(|asset| is_column(asset)).collect();
    let columns: Vec<&Value> = columns.into_iter().filter(|asset| names(asset)).collect();
    let mut said = String::new();
    for asset in &columns {
        let texts = ["description", "comment"].map(|key| text(asset, key));
        if let Some(meaning) = texts.iter().find_map(|text| meaning_in(text, value)) {
            let _ = writeln!(said, "In [{}], {value} means: {meaning}.", text(asset, "path"));
        }
    }
    if !said.is_empty() {
        return said;
    }
    if columns.is_empty() {
        return format!("No column is called {column}, so the catalog does not say what {value} means there.\n");
    }
    let is_told = |asset: &&&Value| ["description", "comment"].iter().any(|key| !text(asset, key).is_empty());
    if columns.iter().take(LISTED).any(|asset| is_told(&asset)) {
        let _ = writeln!(said, "This is all that the catalog says about {column}:");
    } else {
        let _ = writeln!(said, "The catalog does not say what {value} means. It says:");
    }
    for asset in columns.iter().take(LISTED) {
        let _ = writeln!(said, "- {}", about(asset));
        let to = text(asset, "references");
        if !to.is_empty() {
            let _ = writeln!(said, "  The row of [{to}] with this value says what it means.");
        }
    }
    said
}

/// What a text says about a value: `shipped` for 3 in "1 = open, 2 = paid, 3 = shipped".
fn meaning_in(text: &str, value: &str) -> Option<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let lower = text.to_lowercase();
    // Lower case may have another length; then only the exact spelling counts.
    let (hay, needle) =
        if lower.len() == text.len() { (lower.as_str(), value.to_lowercase()) } else { (text, value.to_owned()) };
    for (at, _) in hay.match_indices(needle.as_str()) {
        let (before, after) = (&text[..at], &text[at + needle.len()..]);
        if before.ends_with(is_word)
            || after.starts_with(is_word)
            || after.starts_with(['.', ',']) && after[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            continue;
        }
        let rest = after.trim_start_matches(['\'', '"', '`', ')', ']']).trim_start();
        let starts = ["=>", "->", "=", ":", "→", "–", "—", "- ", "is ", "means ", "for ", "stands for "];
        if let Some(rest) = starts.iter().find_map(|start| rest.strip_prefix(start)) {
            let end = rest.find([',', ';', '\n', '|', '/']).unwrap_or(rest.len());
            let end = rest[..end].find(')').filter(|at| !rest[..*at].contains('(')).unwrap_or(end);
            let said = rest[..end].split(". ").next().unwrap_or_default();
            let said = without_next(said).trim().trim_end_matches('.').trim();
            if !said.is_empty() {
                return Some(said.to_owned());
            }
        }
        // "1 immediate, 2 very urgent"
        let begins_item = before.trim_end().is_empty() || before.trim_end().ends_with([',', ';', ':', '\n', '|', '/']);
        if begins_item && rest.starts_with(char::is_alphabetic) && text.matches([',', ';', '\n', '|', '/']).count() > 0
        {
            let end = rest.find([',', ';', '\n', '|', '/']).unwrap_or(rest.len());
            let said = rest[..end].split(". ").next().unwrap_or_default().trim().trim_end_matches('.').trim();
            if !said.is_empty() {
                return Some(said.to_owned());
            }
        }
        // "shipped (3)"
        if before.trim_end().ends_with('(') && after.trim_start().starts_with(')') {
            let before = before.trim_end().trim_end_matches('(');
            let start = before.rfind([',', ';', ':', '\n', '|', ')']).map_or(0, |at| at + 1);
            let said = before[start..].trim();
            let said = said.strip_prefix("and ").or_else(|| said.strip_prefix("or ")).unwrap_or(said);
            if !said.is_empty() {
                return Some(said.to_owned());
            }
        }
    }
    None
}

/// The text before the next value of a list without commas: `open` in `open 2 = paid`.
fn without_next(text: &str) -> &str {
    let at = text.char_indices().find(|(at, c)| {
        let (before, rest) = text.split_at(*at);
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        c.is_ascii_digit() && before.ends_with(' ') && number.trim_start().starts_with(['=', ':', '-'])
    });
    at.map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::meaning_in;

    #[test]
    fn values_are_explained_as_people_write_them() {
        for (text, value, expected) in [
            ("1 = open, 2 = paid, 3 = shipped", "2", Some("paid")),
            ("1: open; 2: paid; 13: cancelled", "3", None),
            ("Triage: 1 immediate, 2 very urgent, 3 urgent", "2", Some("very urgent")),
            ("Codes 1 urgent, 2 normal", "2", Some("normal")),
            ("open (1), paid (2) and shipped (3)", "3", Some("shipped")),
            ("'N' = new, 'P' = paid", "P", Some("paid")),
            ("H=On hold (credit), S=Shipped", "H", Some("On hold (credit)")),
            ("0 means off, 1 means on", "1", Some("on")),
            ("1 = open 2 = paid", "1", Some("open")),
            ("Number of the 3 items", "3", None),
            ("Version 3.5 of it", "3", None),
        ] {
            assert_eq!(meaning_in(text, value).as_deref(), expected, "{value} in {text}");
        }
    }
}
