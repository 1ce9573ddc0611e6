//! The prompt: the model's instructions, and what it sees of a table. `prompts/describe.md` has the texts.
//!
//! The rules:
//! - Everything from a database, including names, is a JSON string between `<facts>` and `</facts>`. The instructions
//!   forbid the model to obey anything there. The strings cannot close the fence, since `<` and `>` are replaced.
//!   Previous texts of a description that is repeated are data as well.
//! - What requests have in common comes first: the system text is the same for all requests of a run, the shared part
//!   for all requests about a table.
//! - The prompt is small enough for a local model with a context of 4,096 tokens: the subjects are shown in full, the
//!   other columns of a wide table only by name and type.

use std::fmt::Write as _;

use super::{
    brief::Brief,
    facts::{Fact, column_facts, cut, one_line, quoted, table_facts},
    prompts::DESCRIBE,
    schema::prompt_schema,
    subjects::Asked,
};
use crate::{
    domain::{
        catalog::Column,
        run::{RunOptions, VariationMode, Verbosity},
    },
    port::model::{DescribeRequest, Subject},
};

/// Maximum length of the list of a table's columns, in bytes.
const COLUMNS_LENGTH: usize = 1_600;
const NAME_LENGTH: usize = 200;
/// Maximum length of a previous text, in characters.
const PREVIOUS_LENGTH: usize = 700;

/// A prompt, in the order in which it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// The model's role and the rules that it must follow.
    pub system: String,
    /// What all requests about the same table have in common.
    pub shared: String,
    /// The facts about the subjects, and the task.
    pub task: String,
}

impl Prompt {
    /// Its parts, in order.
    #[must_use]
    pub fn parts(&self) -> [&str; 3] {
        [&self.system, &self.shared, &self.task]
    }
}

/// Builds the prompt. If `schema_inside`, the prompt includes the schema, for endpoints that accept none beside it.
#[must_use]
pub fn build(brief: &Brief<'_>, schema_inside: bool) -> Prompt {
    let about = brief.about.map(|about| DESCRIBE.fill("about", &[("about", &quoted(&one_line(about)))]));
    let (about, facts) = (unfenced(&about.unwrap_or_default()), unfenced(&brief.shared));
    Prompt {
        system: system(brief.options),
        shared: DESCRIBE.fill("shared", &[("about", &about), ("facts", &facts)]),
        task: task(brief, schema_inside),
    }
}

/// Maximum number of words per wording, so that the answer for all subjects fits into the request's output tokens.
#[must_use]
pub fn words_per_text(options: &RunOptions, subjects: usize) -> usize {
    const TOKENS_OF_FRAME: usize = 55;
    let wanted = match options.verbosity {
        Verbosity::Brief => 12,
        Verbosity::Detailed => 30,
        Verbosity::Comprehensive => 80,
    };
    let tokens = usize::try_from(options.max_output_tokens).unwrap_or(0) / subjects.max(1);
    let for_each_text = tokens.saturating_sub(TOKENS_OF_FRAME) / wordings(options);
    // Three words are about four tokens.
    (for_each_text * 3 / 4).clamp(6, wanted)
}

/// Number of wordings of each description, including the first.
#[must_use]
pub fn wordings(options: &RunOptions) -> usize {
    usize::try_from(options.alternatives).unwrap_or(1).max(1)
}

fn system(options: &RunOptions) -> String {
    let length = match options.verbosity {
        Verbosity::Brief => "length.brief",
        Verbosity::Detailed => "length.detailed",
        Verbosity::Comprehensive => "length.comprehensive",
    };
    let others = wordings(options) - 1;
    let count = others.to_string();
    let noun = if others == 1 { "wording" } else { "wordings" };
    let alternatives = DESCRIBE.fill("alternatives", &[("count", &count), ("wordings", noun)]);
    let wishes = options.instructions.as_deref().map(str::trim).filter(|wishes| !wishes.is_empty());
    let wishes = wishes.map(|wishes| DESCRIBE.fill("wishes", &[("wishes", wishes)]));
    DESCRIBE.fill(
        "system",
        &[
            ("length", DESCRIBE.text(length)),
            ("alternatives", if others == 0 { "" } else { &alternatives }),
            ("wishes", wishes.as_deref().unwrap_or_default()),
        ],
    )
}

fn task(brief: &Brief<'_>, schema_inside: bool) -> String {
    let (asked, options) = (&brief.asked, brief.options);
    let asset =
        |one: &Asked| format!("- \"{}\": the {} {}\n", one.key, one.path.kind.noun(), path(&one.path.display()));
    let assets: String = asked.iter().map(asset).collect();
    let (previous, revisions) = revisions(brief);
    let keys: Vec<String> = asked.iter().map(|one| format!("\"{}\"", one.key)).collect();
    let keys = format!("{} {}", if keys.len() == 1 { "key" } else { "keys" }, keys.join(", "));
    let schema = || DESCRIBE.fill("schema", &[("schema", &prompt_schema(asked, wordings(options)).to_string())]);
    DESCRIBE.fill(
        "task",
        &[
            ("columns", &unfenced(&brief.own)),
            ("assets", &unfenced(&assets)),
            ("previous", &unfenced(&previous)),
            ("revisions", &revisions),
            ("words", &words_per_text(options, asked.len()).to_string()),
            ("keys", &keys),
            ("schema", &if schema_inside { schema() } else { String::new() }),
            ("retry", if brief.is_retry { DESCRIBE.text("retry") } else { "" }),
        ],
    )
}

/// Returns the previous texts, and the instructions for them.
fn revisions(brief: &Brief<'_>) -> (String, String) {
    let mut texts = String::new();
    let mut wanted: Vec<(Option<VariationMode>, Vec<String>)> = Vec::new();
    for (one, revision) in brief.asked.iter().zip(&brief.revisions) {
        let Some(revision) = revision else { continue };
        let _ = writeln!(texts, "- \"{}\": {}", one.key, quoted(&cut(&one_line(&revision.previous), PREVIOUS_LENGTH)));
        let key = format!("\"{}\"", one.key);
        match wanted.iter_mut().find(|(variation, _)| *variation == revision.variation) {
            Some((_, keys)) => keys.push(key),
            None => wanted.push((revision.variation, vec![key])),
        }
    }
    if wanted.is_empty() {
        return (String::new(), String::new());
    }
    let instruction = |(variation, keys): (Option<VariationMode>, Vec<String>)| {
        let wish = DESCRIBE.text(match variation {
            None => "revision.improve",
            Some(VariationMode::Lexical) => "revision.lexical",
            Some(VariationMode::Semantic) => "revision.semantic",
        });
        DESCRIBE.fill("revision", &[("keys", &keys.join(", ")), ("wish", wish)])
    };
    (DESCRIBE.fill("previous", &[("texts", &texts)]), wanted.into_iter().map(instruction).collect())
}

/// The facts about a table that all requests about it have in common: those about the table as a whole and, unless the
/// request describes every column, the names and types of its columns.
#[must_use]
pub fn facts_of_table(request: &DescribeRequest, asked: &[Asked]) -> String {
    let detail = &request.table;
    let noun = detail.table.kind.noun();
    let mut text = format!("The {noun} {}{}\n", path(&detail.path().display()), listed(&table_facts(request)));
    let described = asked.iter().filter(|one| matches!(one.subject, Subject::Column(_))).count();
    if described < detail.columns.len() {
        let column = |column: &Column| format!("{} {}", path(&column.name), path(&column.data_type));
        let columns: Vec<String> = detail.columns.iter().map(column).collect();
        let _ = writeln!(text, "All columns: {}", within(&columns, COLUMNS_LENGTH));
    }
    text
}

/// The facts about the columns that a request describes.
#[must_use]
pub fn facts_of_columns(request: &DescribeRequest, asked: &[Asked]) -> String {
    let mut text = String::new();
    for one in asked {
        if let Subject::Column(index) = one.subject {
            let _ = writeln!(text, "- {}{}", path(&one.name), listed(&column_facts(request, index)));
        }
    }
    if text.is_empty() { text } else { format!("Columns:\n{text}") }
}

/// The items that fit into `length` bytes, and the number of the others.
fn within(items: &[String], length: usize) -> String {
    let mut used = 0;
    let fitting = items.iter().take_while(|item| {
        used += item.len() + 2;
        used <= length
    });
    let shown: Vec<&str> = fitting.map(String::as_str).collect();
    let more = items.len() - shown.len();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn listed(facts: &[Fact]) -> String {
    let shown: Vec<&str> = facts.iter().map(|fact| fact.shown.as_str()).collect();
    if shown.is_empty() { String::new() } else { format!(": {}", shown.join("; ")) }
}

fn path(name: &str) -> String {
    quoted(&cut(&one_line(name), NAME_LENGTH))
}

/// Replaces `<` and `>`, so that data cannot close the fence around it.
pub(super) fn unfenced(data: &str) -> String {
    data.replace('<', "‹").replace('>', "›")
}
