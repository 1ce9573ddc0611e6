//! Answers without a model: the best assets that a search found, with what is known of them and why they match.
//!
//! The rule: nothing is said that no tool returned. It uses tools as a model does: the way between tables where a
//! question asks how they join, the columns of a table where it asks for them, and what a list in the answer before
//! named where it asks for "the second one". To answer another sort of question, add a reading to [`next`].

use std::fmt::Write as _;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    domain::{usage::Usage, words},
    port::{
        converse::{Call, Conversation, Converser, Listener, Step},
        model::{ModelError, UsageBound},
    },
};

/// Assets that an answer lists.
const LISTED: usize = 5;
/// Columns that an answer lists.
const COLUMNS: usize = 40;
/// Words of a question that asks for one of a list.
const SHORT: usize = 8;

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
    ("last", usize::MAX),
];

/// Answers from what a search found.
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
            listener.hear(line);
        }
        Ok((Step::Answered, usage))
    }

    fn bound(&self, _conversation: &Conversation<'_>) -> UsageBound {
        UsageBound { input_tokens: 0, likely_input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0) }
    }
}

/// The tool that helps to answer, if one does and was not used yet.
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
    // In the order of the question.
    tables.sort_by_key(|(_, by)| {
        words.iter().position(|word| by.split(", ").any(|found| found == words::singular(word)))
    });
    let tables: Vec<String> = tables.into_iter().map(|(table, _)| table).collect();
    if asks(JOINING) && !tables.is_empty() {
        return call("relations", "tables", tables.join(", "));
    }
    if asks(STRUCTURE) {
        return call("describe", "path", tables.into_iter().next()?);
    }
    None
}

/// The asset of the list in the answer before that a short question means: "and the second one?"
fn meant_before(conversation: &Conversation<'_>, words: &[String]) -> Option<String> {
    let (_, place) = ORDINALS.iter().find(|(word, _)| words.iter().any(|asked| asked == word))?;
    if words.len() > SHORT {
        return None;
    }
    let lines = conversation.before.last()?.answer.lines();
    let listed: Vec<&str> = lines
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .filter_map(|line| line.split_once(". [").and_then(|(_, rest)| rest.split_once(']')))
        .map(|(path, _)| path)
        .collect();
    let at = if *place == usize::MAX { listed.len() } else { *place };
    listed.get(at.checked_sub(1)?).map(|path| (*path).to_owned())
}

/// Two tables at the most that a question is about, each with the words that it was found by: the best, and the best
/// of those found by other words. Tables that are called what the question says come before those that mention it.
fn tables(found: &Value) -> Vec<(String, String)> {
    let is_called_so = |asset: &&Value| {
        let by = found_by(asset);
        let name = words::split(text(asset, "path").rsplit('.').next().unwrap_or_default());
        !is_column(asset) && name.iter().all(|word| by.contains(&words::singular(word)))
    };
    let (called, others): (Vec<&Value>, Vec<&Value>) = list(found, "assets").iter().partition(is_called_so);
    let mut tables: Vec<(String, String)> = Vec::new();
    for asset in called.into_iter().chain(others) {
        let table = if is_column(asset) { text(asset, "table") } else { text(asset, "path") };
        let why = found_by(asset).join(", ");
        if text(asset, "kind") != "schema" && tables.iter().all(|(known, by)| *known != table && *by != why) {
            tables.push((table.to_owned(), why));
        }
    }
    tables.truncate(2);
    tables
}

/// The words that an asset was found by, in the singular.
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
            "describe" => description(&result),
            _ => None,
        };
        if let Some(said) = said {
            return said;
        }
    }
    let found: Value = serde_json::from_str(conversation.found).unwrap_or_default();
    matches(&found)
}

/// What the search found, as a list.
fn matches(found: &Value) -> String {
    let assets = list(found, "assets");
    if assets.is_empty() {
        return "Nothing in the catalog matches the words of this question. Ask with other words, or for the name of a \
                table or column."
            .to_owned();
    }
    let mut said = "What matches best:\n".to_owned();
    for (number, asset) in (1..).zip(assets.iter().take(LISTED)) {
        let _ = write!(said, "{number}. {}", about(asset));
        let why = text(asset, "why");
        if !why.is_empty() {
            let _ = write!(said, " (matches {why})");
        }
        said.push('\n');
    }
    if assets.len() > LISTED {
        said.push_str("More match less well; `searchAssets` lists them.\n");
    }
    said
}

/// `[main.Customer.Email], column, NVARCHAR(60): The customer's e-mail address.`
fn about(asset: &Value) -> String {
    let mut said = format!("[{}], {}", text(asset, "path"), text(asset, "kind"));
    for part in ["type", "key"] {
        if !text(asset, part).is_empty() {
            let _ = write!(said, ", {}", text(asset, part));
        }
    }
    if !text(asset, "references").is_empty() {
        let _ = write!(said, ", refers to [{}]", text(asset, "references"));
    }
    let meaning = [text(asset, "description"), text(asset, "comment")].into_iter().find(|text| !text.is_empty());
    match meaning {
        Some(meaning) => {
            let _ = write!(said, ": {}", meaning.trim_end());
        }
        None => said.push_str("; it has no description yet"),
    }
    said
}

/// How tables hang together.
fn relations(result: &Value) -> Option<String> {
    let tables = list(result, "tables");
    if tables.is_empty() {
        return None;
    }
    let mut said = String::new();
    let steps = list(result, "way");
    if !steps.is_empty() {
        said.push_str("They join by:\n");
    } else if tables.len() > 1 {
        said.push_str("No foreign keys lead from one to the other.\n");
    }
    for (number, step) in (1..).zip(steps) {
        let _ = writeln!(said, "{number}. [{}] refers to [{}]", text(step, "column"), text(step, "to"));
    }
    if steps.is_empty() {
        for table in tables {
            let (to, from) = (list(table, "refers_to"), list(table, "referred_to_by"));
            if to.is_empty() && from.is_empty() {
                let _ = writeln!(said, "[{}] has no foreign keys, and none points to it.", text(table, "path"));
            }
            for step in to.iter().chain(from) {
                let _ = writeln!(said, "- [{}] refers to [{}]", text(step, "column"), text(step, "to"));
            }
        }
    }
    Some(said)
}

/// A table with its columns, or a column.
fn description(result: &Value) -> Option<String> {
    let asset = result.get("asset")?;
    let mut said = format!("{}\n", about(asset));
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
