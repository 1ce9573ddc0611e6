//! What a question asks, by its words and by what the search found for them.
//!
//! The rule: a question is of a special kind only if its words say so; every other question is a search. Words that
//! name something in the catalog have no other meaning: `number` in "invoice number" asks for no count.

use serde_json::{Value, json};

use super::{is_column, list, text};
use crate::{
    domain::{
        asset::split_last,
        search::SearchQuery,
        vocabulary::{self, Context},
        words,
    },
    port::converse::{Call, Conversation, Tool},
};

/// Verbs by which one table refers to another.
const REFERRING: &[&str] = &[
    "reference",
    "references",
    "referenced",
    "referencing",
    "refer",
    "refers",
    "referred",
    "referring",
    "point",
    "points",
    "depend",
    "depends",
    "use",
    "uses",
    "used",
];
/// Words that ask how tables belong together.
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
/// Words that say that something is absent.
const ABSENT: &[&str] = &["no", "without", "missing", "lack", "lacks", "lacking", "not", "undescribed", "undocumented"];
/// Words for what describes an asset.
const DESCRIBED: &[&str] = &[
    "description",
    "descriptions",
    "comment",
    "comments",
    "documentation",
    "documented",
    "described",
    "undescribed",
    "undocumented",
];
/// Words that ask what a value means.
const MEANING: &[&str] = &["mean", "means", "meaning", "stand", "stands"];

/// Words that ask whether a column may be empty.
const EMPTY: &[&str] = &["null", "nullable", "optional", "required", "mandatory", "empty"];
/// How questions begin that continue the one before.
const CONTINUING: &[&str] = &["and ", "what about ", "how about ", "or "];

/// Words that ask for a number of rows.
const COUNTING: &[&str] = &["many", "count", "number"];
/// Words that ask for particular rows, or for a figure of them.
const RANKING: &[&str] = &[
    "best",
    "worst",
    "most",
    "least",
    "highest",
    "lowest",
    "largest",
    "biggest",
    "smallest",
    "latest",
    "newest",
    "oldest",
    "average",
    "median",
    "sum",
    "maximum",
    "minimum",
    "top",
    "today",
    "yesterday",
    "tomorrow",
    "recently",
    "fewest",
];
/// Periods that, after `last` or `this`, ask for rows of that time.
const PERIODS: &[&str] = &["day", "week", "month", "quarter", "year"];
/// Words that ask about the data's history or quality.
const PROVENANCE: &[&str] = &[
    "why",
    "owns",
    "maintains",
    "maintained",
    "responsible",
    "wrote",
    "loaded",
    "refreshed",
    "fresh",
    "often",
    "correct",
    "accurate",
    "reliable",
    "outdated",
    "trust",
    "slow",
    "fast",
    "performance",
];

/// What a catalog cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// A number of rows.
    Count,
    /// Particular rows, or a figure computed from them.
    Rows,
    /// Where the data comes from, who answers for it and how good it is.
    Provenance,
}

/// In which direction foreign keys are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the table.
    Out,
    /// To the table.
    In,
    /// Both.
    Both,
}

/// What is asked of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// Whether a value may occur twice.
    Unique,
    /// Whether it may be null.
    Null,
    /// Its type.
    Type,
}

/// What a question asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The primary key of a table.
    PrimaryKey(String),
    /// A property of columns, by their paths.
    Property(Property, Vec<String>),
    /// What matches its words.
    Search,
    /// An entry of the previous answer that it does not have.
    NoEntry,
    /// What is known about an asset.
    Describe(String),
    /// How two tables join.
    Join(String, String),
    /// The foreign keys of a table.
    References(String, Direction),
    /// The tables that do not refer to a table.
    NotReferencing(String),
    /// Something that neither a search nor a tool tells.
    Unanswerable,
    /// How two tables differ.
    TablesApart(String, String),
    /// How two columns differ, by their words, perhaps with those of their table.
    ColumnsApart(String, String, String),
    /// What nobody has described: `tables`, `columns`, or the columns of the table with a path.
    Undescribed(String),
    /// What a value of a column means.
    Meaning {
        /// The words that name the column.
        column: String,
        /// The value.
        value: String,
    },
}

impl Asked {
    /// Reads a question.
    pub fn of(conversation: &Conversation<'_>, found: &Value) -> Self {
        let words = words_of(conversation.question, found);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        if let Some(path) = meant_before(conversation, &words) {
            return Self::Describe(path);
        }
        let mut tables = tables(found, &words);
        if has(ABSENT) && has(DESCRIBED) {
            let asks_columns = words.iter().any(|word| word.starts_with("column") || word.starts_with("field"));
            let table = tables.first().filter(|table| table.is_called_so && asks_columns);
            let all = if asks_columns { "columns" } else { "tables" };
            return Self::Undescribed(table.map_or(all, |table| table.path).to_owned());
        }
        if let Some((one, other, of)) = difference(conversation.question) {
            let named = |words: &str| called(&tables, words);
            return match (named(&one), named(&other)) {
                (Some(one), Some(other)) if of.is_empty() && one != other => Self::TablesApart(one, other),
                _ => Self::ColumnsApart(one, other, of),
            };
        }
        if let Some(asked) = property(conversation.question, &words, found, &tables) {
            return asked;
        }
        if has(MEANING)
            && let Some((column, value)) = value_of(conversation.question)
        {
            return Self::Meaning { column, value };
        }
        if (has(JOINING) || has(REFERRING)) && !tables.is_empty() {
            // In the order in which the question mentions them.
            tables.sort_by_key(|table| table.mention(&words).unwrap_or(usize::MAX));
            // "aren't" and "don't" end with a word of their own.
            if has(ABSENT) || words.iter().any(|word| word == "t") {
                return match tables.as_slice() {
                    [one] if one.is_called_so => Self::NotReferencing(one.path.to_owned()),
                    _ => Self::Unanswerable,
                };
            }
            match tables.as_slice() {
                [one, other, ..] if has(JOINING) || !has(&["use", "uses", "used"]) => {
                    return Self::Join(one.path.to_owned(), other.path.to_owned());
                }
                [one] if has(JOINING) || one.is_called_so => {
                    return Self::References(one.path.to_owned(), direction(&words, one));
                }
                _ => {}
            }
        }
        // "Which columns hold a mail address?" names no table; "What is in the orders table?" names nothing but one.
        let telling = SearchQuery::telling(&words.join(" "));
        let described = tables.first().filter(|table| table.is_called_so).filter(|table| {
            let known = |word: &String| table.by.contains(&words::singular(word));
            has(STRUCTURE) || telling.iter().all(|word| known(word) || aside(word, found))
        });
        match described {
            Some(table) => Self::Describe(table.path.to_owned()),
            None if place(conversation.question, &words).is_some() => Self::NoEntry,
            None => Self::Search,
        }
    }

    /// The tool calls that answer it; none if the search is enough.
    pub fn calls(&self, tools: &[Tool]) -> Vec<Call> {
        let calls: Vec<(&str, String)> = match self {
            Self::Search | Self::NoEntry | Self::Unanswerable | Self::Property(..) => Vec::new(),
            Self::Describe(path) | Self::PrimaryKey(path) => vec![("describe", path.clone())],
            Self::Join(one, other) => vec![("relations", format!("{one}, {other}"))],
            Self::References(table, _) | Self::NotReferencing(table) => vec![("relations", table.clone())],
            Self::TablesApart(one, other) => {
                vec![("describe", one.clone()), ("describe", other.clone()), ("relations", format!("{one}, {other}"))]
            }
            Self::ColumnsApart(one, other, of) => {
                let search = |words: &str| ("search_assets", format!("{words} {of}").trim().to_owned());
                vec![search(one), search(other)]
            }
            Self::Undescribed(of) => vec![("undescribed", of.clone())],
            Self::Meaning { column, .. } => vec![("search_assets", column.clone())],
        };
        calls_of(calls, tools)
    }
}

/// The call that searches for the words of another question.
pub fn search(question: &str, tools: &[Tool]) -> Vec<Call> {
    calls_of(vec![("search_assets", question.to_owned())], tools)
}

/// The calls of tools by name, each with its argument.
fn calls_of(calls: Vec<(&str, String)>, tools: &[Tool]) -> Vec<Call> {
    let call = |(at, (name, text)): (usize, (&str, String))| {
        let tool = tools.iter().find(|tool| tool.name == name)?;
        let id = format!("builtin-{}", at + 1);
        Some(Call { id, name: name.to_owned(), arguments: json!({ tool.argument: text }) })
    };
    calls.into_iter().enumerate().filter_map(call).collect()
}

/// The question before, if this one continues it: "and to films?"
pub fn continued<'c>(conversation: &Conversation<'c>) -> Option<&'c str> {
    let question = conversation.question.trim_start().to_lowercase();
    let before = &conversation.before.last()?.question;
    let asks = |words: &[String]| words.iter().any(|word| [JOINING, REFERRING].concat().contains(&word.as_str()));
    let continues = CONTINUING.iter().any(|start| question.starts_with(start)) && !asks(&words::split(&question));
    (continues && asks(&words::split(before))).then_some(before.as_str())
}

/// What a question asks that continues another one: the same of the table that it names. `found_before` is what the
/// search finds for the question before.
pub fn continuation(before: &str, found_before: &Value, question: &str, found: &Value) -> Option<Asked> {
    let (words, words_before) = (words_of(question, found), words_of(before, found_before));
    let table = tables(found, &words).into_iter().find(|table| table.is_called_so)?.path.to_owned();
    let mut meant = tables(found_before, &words_before);
    meant.sort_by_key(|table| table.mention(&words_before).unwrap_or(usize::MAX));
    match meant.as_slice() {
        [one, _, ..] if one.path != table => Some(Asked::Join(one.path.to_owned(), table)),
        [one] => Some(Asked::References(table, direction(&words_before, one))),
        _ => None,
    }
}

/// The property that a question asks for, of a table or of the columns that it names. A word that names something in
/// the catalog asks for nothing.
fn property(question: &str, words: &[String], found: &Value, tables: &[Meant<'_>]) -> Option<Asked> {
    let names: Vec<String> = list(found, "assets").iter().flat_map(|asset| singulars(text(asset, "path"))).collect();
    let says = |word: &str| words.iter().any(|said| said == word) && !names.iter().any(|name| name == word);
    let table = tables.first().filter(|table| table.is_called_so);
    let identifies = says("identifies") || says("identify");
    if (says("primary") && words.iter().any(|word| word == "key" || word == "keys")) || identifies {
        return Some(Asked::PrimaryKey(table?.path.to_owned()));
    }
    let lower = question.to_lowercase();
    let asks_type =
        ["data type", "datatype", "what type is", "what type does", "which type"].iter().any(|it| lower.contains(it));
    let property = if says("unique") {
        Property::Unique
    } else if EMPTY.iter().any(|word| says(word)) {
        Property::Null
    } else if asks_type {
        Property::Type
    } else {
        return None;
    };
    // The question contains all words of the column's name, and those of its table if it names one.
    let is_named = |path: &str| {
        singulars(name_of(path)).iter().all(|word| words.iter().any(|said| words::singular(said) == *word))
    };
    let columns = list(found, "assets").iter().filter(|asset| is_column(asset) && is_named(text(asset, "path")));
    let columns: Vec<&Value> = columns.collect();
    let of_table =
        |column: &&&Value| tables.iter().any(|table| table.is_called_so && table.path == text(column, "table"));
    let in_table: Vec<&Value> = columns.iter().filter(of_table).copied().collect();
    let columns = if in_table.is_empty() { columns } else { in_table };
    let paths: Vec<String> = columns.iter().map(|column| text(column, "path").to_owned()).collect();
    (!paths.is_empty()).then_some(Asked::Property(property, paths))
}

/// The word, or what it was taken for.
fn read_as(word: &str, found: &Value) -> String {
    found.get("read_as").map(|known| text(known, word)).filter(|known| !known.is_empty()).unwrap_or(word).to_owned()
}

/// The words of a question in lower case, each as it was read.
fn words_of(question: &str, found: &Value) -> Vec<String> {
    words::split(question).iter().flat_map(|word| words_in(&read_as(word, found))).collect()
}

/// The words of a text or name, also those written together.
fn words_in(text: &str) -> Vec<String> {
    vocabulary::split(text, &Context::default())
}

/// The words of a question about joins that name nothing in the catalog: `unicorns`.
pub fn unknown_names(question: &str, found: &Value) -> Vec<String> {
    let known: Vec<String> = list(found, "assets").iter().flat_map(found_by).collect();
    let asks = |word: &String| {
        [JOINING, REFERRING, STRUCTURE, ABSENT, IT].concat().contains(&word.as_str())
            || matches!(word.as_str(), "key" | "keys" | "way" | "path" | "itself" | "other")
    };
    let words = words_of(question, found).join(" ");
    let telling = SearchQuery::telling(&words).into_iter().filter(|word| word.len() > 2 && !asks(word));
    telling.filter(|word| !known.contains(&words::singular(word))).collect()
}

/// What a question asks that no catalog can tell, by a word that names nothing in the catalog.
pub fn beyond(question: &str, found: &Value) -> Option<Beyond> {
    let words = words::split(question);
    let known: Vec<String> = list(found, "assets").iter().flat_map(found_by).collect();
    let says = |list: &[&str]| {
        words.iter().any(|word| list.contains(&word.as_str()) && !known.contains(&words::singular(word)))
    };
    let period = words.windows(2).any(|pair| {
        matches!(pair[0].as_str(), "last" | "this" | "past" | "per" | "current" | "previous")
            && PERIODS.contains(&pair[1].trim_end_matches('s'))
            && !known.contains(&pair[1])
    });
    let meaning = words.iter().any(|word| MEANING.contains(&word.as_str()) && word != "mean") || question_means(&words);
    if says(COUNTING) {
        Some(Beyond::Count)
    } else if period || (says(RANKING) && !meaning) {
        Some(Beyond::Rows)
    } else if says(PROVENANCE) {
        Some(Beyond::Provenance)
    } else {
        None
    }
}

/// Returns whether a question asks for columns.
pub fn asks_structure(question: &str) -> bool {
    words::split(question).iter().any(|word| STRUCTURE.contains(&word.as_str()))
}

/// Returns whether `mean` is the verb: "What does it mean?"
fn question_means(words: &[String]) -> bool {
    words.iter().any(|word| word == "mean") && words.iter().any(|word| matches!(word.as_str(), "does" | "do" | "did"))
}

/// Returns whether a word only says what a catalog cannot tell.
fn aside(word: &str, found: &Value) -> bool {
    beyond(word, found).is_some()
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

impl Meant<'_> {
    /// The first place where the question mentions it.
    fn mention(&self, words: &[String]) -> Option<usize> {
        words.iter().position(|word| self.by.iter().any(|found| *found == words::singular(word)))
    }
}

/// Up to two tables that a question is about: the best match, and the best one that was found by other words. If the
/// question contains the names of tables, tables that only mention its words are left out.
fn tables<'f>(found: &'f Value, words: &[String]) -> Vec<Meant<'f>> {
    let meant = |asset| {
        let by = found_by(asset);
        let name = words_in(name_of(text(asset, "path")));
        let found = |word: &String| by.contains(&words::singular(word));
        // `icd10` is indexed as two words.
        let is_found = |word: &String| found(word) || words::split_digits(word).iter().all(found);
        let is_called_so = !is_column(asset) && name.iter().all(is_found);
        Meant { path: text(asset, if is_column(asset) { "table" } else { "path" }), by, is_called_so }
    };
    let assets = list(found, "assets").iter().filter(|asset| !["schema", "database"].contains(&text(asset, "kind")));
    let (called, others): (Vec<Meant<'_>>, Vec<Meant<'_>>) = assets.map(meant).partition(|it| it.is_called_so);
    let called = longest(called, words);
    let mut tables: Vec<Meant<'_>> = Vec::new();
    for table in if called.is_empty() { others } else { called } {
        if tables.iter().all(|known| known.path != table.path && known.by != table.by) {
            tables.push(table);
        }
    }
    tables.truncate(2);
    tables
}

/// The tables whose names the question contains apart from longer ones: in `film_actor`, neither `film` nor `actor`.
fn longest<'f>(mut tables: Vec<Meant<'f>>, words: &[String]) -> Vec<Meant<'f>> {
    let mut rest: Vec<String> = words.iter().map(|word| words::singular(word)).collect();
    let name = |table: &Meant<'_>| singulars(name_of(table.path));
    let mut names: Vec<Vec<String>> = tables.iter().map(name).filter(|name| name.len() > 1).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut whole = Vec::new();
    for name in names {
        if let Some(at) = rest.windows(name.len()).position(|part| part == name) {
            rest.splice(at..at + name.len(), [String::new()]);
            whole.push(name);
        }
    }
    tables.retain(|table| {
        let name = name(table);
        whole.contains(&name) || name.iter().all(|word| rest.contains(word))
    });
    tables
}

/// The words by which an asset was found, in the singular.
fn found_by(asset: &Value) -> Vec<String> {
    let why = text(asset, "why").split(" in ").next().unwrap_or_default();
    why.split(", ").map(words::singular).collect()
}

/// The last part of a path.
pub fn name_of(path: &str) -> &str {
    split_last(path).map_or(path, |(_, name)| name)
}

/// The path of the table with exactly these words as its name.
fn called(tables: &[Meant<'_>], words: &str) -> Option<String> {
    let words = singulars(words);
    tables.iter().find(|table| singulars(name_of(table.path)) == words).map(|table| table.path.to_owned())
}

/// The words of a name or phrase, in the singular.
pub fn singulars(text: &str) -> Vec<String> {
    words_in(text).iter().map(|word| words::singular(word)).collect()
}

/// The direction in which references to a table are asked for.
fn direction(words: &[String], table: &Meant<'_>) -> Direction {
    let verb = words.iter().position(|word| REFERRING.contains(&word.as_str()));
    let (Some(verb), Some(name)) = (verb, table.mention(words)) else { return Direction::Both };
    // "Which tables are referenced by orders?" asks for those that orders references.
    let passive = matches!(words[verb].as_str(), "referenced" | "referred" | "used");
    if (name > verb) == passive { Direction::Out } else { Direction::In }
}

/// The two things whose difference is asked for, and what they are part of.
fn difference(question: &str) -> Option<(String, String, String)> {
    let lower = question.to_lowercase();
    let plain = lower.trim().trim_end_matches(['?', '.', '!']);
    let after = |start: &str| plain.split_once(start).map(|(_, rest)| rest);
    let (one, rest) = if plain.contains("differ") || plain.contains("distinguish") {
        if let Some(rest) = after(" between ") {
            rest.split_once(" and ")?
        } else {
            let (before, other) = plain.split_once(" from ")?;
            let before = before.rsplit_once(" differ").map_or(before, |(before, _)| before);
            let starts =
                ["how does ", "how do ", "how is ", "how are ", "what distinguishes ", "what makes ", "is ", "are "];
            (starts.iter().find_map(|start| before.strip_prefix(start)).unwrap_or(before), other)
        }
    } else if let Some(rest) = plain.strip_prefix("compare ") {
        [" and ", " with ", " to "].iter().find_map(|middle| rest.split_once(middle))?
    } else {
        let (one, other) = [" versus ", " vs. ", " vs "].iter().find_map(|middle| plain.split_once(middle))?;
        (one, other)
    };
    let (other, of) = [" in ", " of ", " on "].iter().find_map(|middle| rest.rsplit_once(middle)).unwrap_or((rest, ""));
    let clean = |text: &str| {
        let kept = text.split_whitespace().map(|word| word.trim_matches(['`', '"', '\'', ',', '[', ']']));
        let kept = kept.filter(|word| {
            !["the", "a", "an", "column", "columns", "table", "tables", "field", "fields"].contains(word)
        });
        kept.collect::<Vec<_>>().join(" ")
    };
    let (one, other, mut of) = (clean(one), clean(other), clean(of));
    // "orders.placed_at and orders.paid_at" names the table, too.
    let mut column = |name: String| match split_last(&name) {
        Some((table, column)) => {
            if of.is_empty() {
                name_of(table).clone_into(&mut of);
            }
            column.to_owned()
        }
        None => name,
    };
    let (one, other) = (column(one), column(other));
    (!one.is_empty() && !other.is_empty()).then_some((one, other, of))
}

/// The value whose meaning is asked for, and the words that name its column: `3` and `status` in "What does status 3
/// mean?"
fn value_of(question: &str) -> Option<(String, String)> {
    let quoted = ['\'', '"', '`'].iter().find_map(|quote| {
        let (_, rest) = question.split_once(*quote)?;
        rest.split_once(*quote).map(|(value, _)| value.to_owned()).filter(|value| !value.trim().is_empty())
    });
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    let parts = question.split(|c: char| !is_word(c)).filter(|part| !part.is_empty());
    let code = |part: &&str| {
        let part = part.trim_matches(['-', '.']);
        let number = part.parse::<f64>().is_ok();
        number || (part.len() <= 8 && part != "I" && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()))
    };
    // "What does M mean in GENDER?"
    let shortest = parts.filter(code).min_by_key(|part| part.len());
    let value = quoted.or_else(|| shortest.map(|part| part.trim_end_matches('.').to_owned()))?;
    let rest = question.replacen(&value, " ", 1);
    let said = ["value", "values", "code", "equal", "equals", "stand", "stands", "meaning"];
    let column: Vec<String> = words::split(&rest)
        .into_iter()
        .filter(|word| !said.contains(&word.as_str()) && !SearchQuery::is_vague(word))
        .collect();
    (!column.is_empty()).then(|| (column.join(" "), value))
}
