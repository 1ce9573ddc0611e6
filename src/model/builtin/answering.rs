//! Answers without a model: the best assets from a search, with what is known about them and why they match.
//!
//! The rule: an answer contains only what a tool returned. The builtin converser uses tools as a model does: it looks
//! up how tables join or which columns a table has if the question asks for it, and resolves "the second one" to an
//! entry of the previous answer. To answer another kind of question, add a case to [`next`].

use std::fmt::Write as _;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    domain::{search::SearchQuery, usage::Usage, words},
    port::{
        converse::{Call, Completeness, Conversation, Converser, Listener, Step},
        model::{ModelError, UsageBound},
    },
};

/// Maximum number of assets in an answer.
const LISTED: usize = 5;
/// Maximum number of columns in an answer.
const COLUMNS: usize = 40;

const JOINING: &[&str] = &[
    "join",
    "joins",
    "joined",
    "relate",
    "related",
    "relation",
    "relations",
    "relationship",
    "relationships",
    "connect",
    "connected",
    "connection",
    "link",
    "linked",
    "links",
    "reference",
    "references",
    "referenced",
    "refers",
    "refer",
    "foreign",
    "between",
];
const STRUCTURE: &[&str] = &["column", "columns", "field", "fields", "describe", "structure", "attributes"];
const ORDINALS: &[(&str, usize)] = &[
    ("first", 1),
    ("1st", 1),
    ("second", 2),
    ("2nd", 2),
    ("third", 3),
    ("3rd", 3),
    ("fourth", 4),
    ("4th", 4),
    ("fifth", 5),
    ("5th", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
    ("last", usize::MAX),
];

/// Words next to an ordinal that add nothing to it: "and the second entry?"
const ENTRY: &[&str] = &["entry", "item", "match", "result", "thing", "detail", "details"];

/// Words that refer to the previous answer.
const IT: &[&str] = &["it", "its", "that", "this"];
/// Words that ask for a number of rows.
const COUNTING: &[&str] = &["many", "count", "number"];

/// A converser that answers from search results.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltinConverser;

#[async_trait]
impl Converser for BuiltinConverser {
    async fn converse(
        &self,
        conversation: &Conversation<'_>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage), ModelError> {
        let usage = Usage { requests: 1, ..Usage::default() };
        if let Some(call) = next(conversation) {
            return Ok((Step::Use(vec![call]), usage));
        }
        for line in answer(conversation).split_inclusive('\n') {
            listener.receive(line);
        }
        Ok((Step::Answered(Completeness::Whole), usage))
    }

    fn bound(&self, _conversation: &Conversation<'_>) -> UsageBound {
        UsageBound { input_tokens: 0, likely_input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0) }
    }
}

/// The next tool call; `None` if no tool helps or one was already used.
fn next(conversation: &Conversation<'_>) -> Option<Call> {
    if conversation.due || !conversation.rounds.is_empty() {
        return None;
    }
    let words = words::split(conversation.question);
    let asks = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let call = |name: &str, argument: &str, text: String| {
        let known = conversation.tools.iter().any(|tool| tool.name == name);
        known.then(|| Call { id: "builtin-1".into(), name: name.into(), arguments: json!({ argument: text }) })
    };
    if let Some(path) = meant_before(conversation, &words) {
        return call("describe", "path", path);
    }
    let found: Value = serde_json::from_str(conversation.found).unwrap_or_default();
    let mut tables = tables(&found);
    if asks(JOINING) && !tables.is_empty() {
        // In the order in which the question mentions them.
        tables.sort_by_key(|table| {
            words.iter().position(|word| table.by.iter().any(|found| *found == words::singular(word)))
        });
        let paths: Vec<&str> = tables.iter().map(|table| table.path).collect();
        return call("relations", "tables", paths.join(", "));
    }
    // "Which columns hold a mail address?" names no table. "What is in the orders table?" names nothing but a table.
    let named = tables.first().filter(|table| table.is_called_so)?;
    let telling = SearchQuery::telling(conversation.question);
    let nothing_else = telling.iter().all(|word| named.by.contains(&words::singular(word)));
    if asks(STRUCTURE) || nothing_else { call("describe", "path", named.path.to_owned()) } else { None }
}

/// The position in a list, if the question asks for nothing else: "and the second one?"
fn place(question: &str, words: &[String]) -> Option<usize> {
    let (_, place) = ORDINALS.iter().find(|(word, _)| words.iter().any(|asked| asked == word))?;
    // "Where is the first name stored?" is not about a list.
    let says_more = |word: &String| {
        let known = [ENTRY, STRUCTURE].concat().contains(&word.as_str());
        !known && ORDINALS.iter().all(|(ordinal, _)| ordinal != word)
    };
    (!SearchQuery::telling(question).iter().any(says_more)).then_some(*place)
}

/// The asset that a question refers to by its position in the previous answer, or by "it".
fn meant_before(conversation: &Conversation<'_>, words: &[String]) -> Option<String> {
    let answer = &conversation.before.last()?.answer;
    let Some(place) = place(conversation.question, words) else {
        let is_it = words.iter().any(|word| IT.contains(&word.as_str()));
        let asks_for_it =
            |word: &String| STRUCTURE.contains(&word.as_str()) || ["primary", "key", "keys"].contains(&word.as_str());
        let first = answer.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(path, _)| path.to_owned());
        return first.filter(|_| is_it && SearchQuery::telling(conversation.question).iter().all(asks_for_it));
    };
    let entry = |line: &'_ str| line.starts_with("- [") || line.starts_with(|c: char| c.is_ascii_digit());
    let listed: Vec<&str> = answer
        .lines()
        .filter(|line| entry(line))
        .filter_map(|line| line.split_once('[').and_then(|(_, rest)| rest.split_once(']')))
        .map(|(path, _)| path)
        .collect();
    let at = if place == usize::MAX { listed.len() } else { place };
    listed.get(at.checked_sub(1)?).map(|path| (*path).to_owned())
}

/// A table that a question is about.
struct Meant<'a> {
    path: &'a str,
    /// The words by which it was found.
    by: Vec<String>,
    /// Whether the question contains its whole name.
    is_called_so: bool,
}

/// Up to two tables that a question is about: the best match, and the best one that was found by other words. If the
/// question contains the names of tables, tables that only mention its words are left out.
fn tables(found: &Value) -> Vec<Meant<'_>> {
    let meant = |asset| {
        let by = found_by(asset);
        let name = words::split(text(asset, "path").rsplit('.').next().unwrap_or_default());
        let is_called_so = !is_column(asset) && name.iter().all(|word| by.contains(&words::singular(word)));
        Meant { path: text(asset, if is_column(asset) { "table" } else { "path" }), by, is_called_so }
    };
    let assets = list(found, "assets").iter().filter(|asset| !["schema", "database"].contains(&text(asset, "kind")));
    let (called, others): (Vec<Meant<'_>>, Vec<Meant<'_>>) = assets.map(meant).partition(|it| it.is_called_so);
    let mut tables: Vec<Meant<'_>> = Vec::new();
    for table in if called.is_empty() { others } else { called } {
        if tables.iter().all(|known| known.path != table.path && known.by != table.by) {
            tables.push(table);
        }
    }
    tables.truncate(2);
    tables
}

/// The words by which an asset was found, in the singular.
fn found_by(asset: &Value) -> Vec<String> {
    let why = text(asset, "why").split(" in ").next().unwrap_or_default();
    why.split(", ").map(words::singular).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_column(asset: &Value) -> bool {
    text(asset, "kind") == "column"
}

fn answer(conversation: &Conversation<'_>) -> String {
    let used = conversation.rounds.iter().flatten().last();
    if let Some(used) = used {
        let result: Value = serde_json::from_str(&used.result).unwrap_or_default();
        let said = match used.call.name.as_str() {
            "relations" => relations(&result),
            "describe" => description(&result).map(|said| no_rows(conversation) + &said + &why(conversation, &result)),
            _ => None,
        };
        if let Some(said) = said {
            return said;
        }
    }
    let words = words::split(conversation.question);
    if place(conversation.question, &words).is_some() {
        return "The previous answer has no entry with that number. Ask for the table or column by its name."
            .to_owned();
    }
    let found: Value = serde_json::from_str(conversation.found).unwrap_or_default();
    matches(&found)
}

/// A sentence on why the described asset matches the question; empty if it was not found by the search.
fn why(conversation: &Conversation<'_>, described: &Value) -> String {
    let found: Value = serde_json::from_str(conversation.found).unwrap_or_default();
    let path = described.get("asset").map(|asset| text(asset, "path")).unwrap_or_default();
    let hit = list(&found, "assets").iter().find(|asset| text(asset, "path") == path);
    match hit.map(|hit| text(hit, "why")).filter(|why| !why.is_empty()) {
        Some(why) => format!("It matches {why}.\n"),
        None => String::new(),
    }
}

/// A preface for questions that ask for a number of rows.
fn no_rows(conversation: &Conversation<'_>) -> String {
    let words = words::split(conversation.question);
    let counts = words.iter().any(|word| COUNTING.contains(&word.as_str()));
    if counts { "Questions do not read rows, so they cannot be counted.\n".to_owned() } else { String::new() }
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
        let why = text(asset, "why");
        if !why.is_empty() {
            let _ = write!(said, " (matches {why})");
        }
        said.push('\n');
    }
    if assets.len() > LISTED {
        said.push_str("There are weaker matches; list them with `searchAssets`.\n");
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

/// How tables are related; `None` if the result has no tables.
fn relations(result: &Value) -> Option<String> {
    let tables = list(result, "tables");
    if tables.is_empty() {
        return None;
    }
    let mut said = String::new();
    let steps = list(result, "way");
    if !steps.is_empty() {
        said.push_str("They join as follows:\n");
    } else if !text(result, "note").is_empty() {
        let _ = writeln!(said, "No join was found between them, but {}.", text(result, "note"));
    } else if tables.len() > 1 {
        said.push_str("No foreign keys connect them.\n");
    }
    for (number, step) in (1..).zip(steps) {
        let _ = writeln!(said, "{number}. {}", refers(step));
    }
    if steps.is_empty() {
        for table in tables {
            let (to, from) = (list(table, "refers_to"), list(table, "referred_to_by"));
            if to.is_empty() && from.is_empty() {
                let _ = writeln!(said, "[{}] has no foreign keys, and none points to it.", text(table, "path"));
            }
            for step in to.iter().chain(from) {
                let _ = writeln!(said, "- {}", refers(step));
            }
            if let Some(more) = table.get("more") {
                let _ = writeln!(said, "and {more} more.");
            }
        }
    }
    Some(said)
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
    let more = columns.len().saturating_sub(COLUMNS)
        + result.get("more").and_then(Value::as_u64).and_then(|more| usize::try_from(more).ok()).unwrap_or_default();
    if more > 0 {
        let _ = writeln!(said, "and {more} more.");
    }
    Some(said)
}
