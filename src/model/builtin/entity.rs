//! The entity that one row of a table stands for, according to the table's name.
//!
//! The rule: marks of a table's technical role (`tbl_`, `dim_`, `_bak`) never become words of the text; they become its
//! [`Style`]. To add a mark, add a line to [`MARKS`].

use super::{
    lexicon::is_person,
    speech::{self, PREPOSITIONS},
    vocabulary::{self, Context, Grasp, Token},
    words,
};

/// The technical role of a table, according to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No particular role.
    Plain,
    /// A dimension of a star schema.
    Dimension,
    /// Facts of a star schema.
    Fact,
    /// Data on the way into another table.
    Staging,
    /// Temporary data.
    Temporary,
    /// A copy.
    Backup,
    /// Codes and their names.
    Lookup,
}

/// Marks before or after the actual name.
const MARKS: &[(&str, Style)] = &[
    ("tbl", Style::Plain),
    ("tb", Style::Plain),
    ("t", Style::Plain),
    ("table", Style::Plain),
    ("vw", Style::Plain),
    ("v", Style::Plain),
    ("view", Style::Plain),
    ("mvw", Style::Plain),
    ("header", Style::Plain),
    ("master", Style::Plain),
    ("mst", Style::Plain),
    ("dictionary", Style::Plain),
    ("hdr", Style::Plain),
    ("dim", Style::Dimension),
    ("d", Style::Dimension),
    ("dimension", Style::Dimension),
    ("fact", Style::Fact),
    ("fct", Style::Fact),
    ("f", Style::Fact),
    ("stg", Style::Staging),
    ("staging", Style::Staging),
    ("raw", Style::Staging),
    ("tmp", Style::Temporary),
    ("temp", Style::Temporary),
    ("bak", Style::Backup),
    ("bkp", Style::Backup),
    ("backup", Style::Backup),
    ("lkp", Style::Lookup),
    ("lkup", Style::Lookup),
    ("lookup", Style::Lookup),
    ("lu", Style::Lookup),
    ("ref", Style::Lookup),
    ("codes", Style::Lookup),
    ("scd", Style::Plain),
];

/// Words that make a name a phrase (`sales by month`) rather than the name of a thing, besides the prepositions.
const PHRASES: &[&str] = &["last", "top"];

/// Words for data derived from other rows: the rest of the name is then not the name of a row.
const AGGREGATES: &[&str] = &[
    "total",
    "summary",
    "statistic",
    "overview",
    "report",
    "metric",
    "stats",
    "aggregate",
    "list",
    "ranking",
    "breakdown",
];

/// Words for uncountable things: a row is a record of them.
const WITHOUT_PLURAL: &[&str] = &[
    "metadata",
    "data",
    "information",
    "inventory",
    "stock",
    "equipment",
    "merchandise",
    "media",
    "feedback",
    "news",
    "weather",
    "content",
    "traffic",
    "analytics",
    "software",
    "hardware",
    "staff",
];

/// The entity that one row stands for.
#[derive(Debug, Clone)]
pub struct Entity {
    /// The singular: `order line`.
    pub one: String,
    /// The plural: `order lines`.
    pub many: String,
    /// The words of `one`.
    pub words: Vec<String>,
    /// The words of the name as read.
    pub tokens: Vec<Token>,
    /// Whether the name was understood and names a thing.
    pub is_clear: bool,
    /// The technical role.
    pub style: Style,
}

impl Entity {
    /// Reads a table's name.
    pub fn of(name: &str, context: &Context) -> Self {
        let context = &context.of_tables();
        let (joined, name) = joined_mark(context.catalog().ungrouped(name));
        let mut parts = vocabulary::split(name, context);
        let mut style = joined.unwrap_or(Style::Plain);
        let mark = |part: Option<&String>| {
            part.and_then(|part| MARKS.iter().find(|(text, _)| text == part)).map(|(_, style)| *style)
        };
        while parts.len() > 1
            && let Some(found) = mark(parts.first())
        {
            style = if style == Style::Plain { found } else { style };
            parts.remove(0);
        }
        while parts.len() > 1
            && let Some(found) = mark(parts.last()).filter(|_| {
                let is_head = |part: &String| ["ref", "codes", "scd", "raw"].contains(&part.as_str());
                parts.last().is_some_and(|part| part.len() > 1 && !is_head(part))
            })
        {
            style = if style == Style::Plain { found } else { style };
            parts.pop();
        }
        // `area_tag_raw`
        if parts.len() > 1 && parts.last().is_some_and(|part| part == "raw") {
            parts.rotate_right(1);
        }
        // `uom_uom`, `thumbnails_thumbnail`, but not `release_release_group`
        if parts.len() == 2 {
            parts.dedup_by(|later, earlier| words::singular(later) == words::singular(earlier));
        }
        let last = parts.len().saturating_sub(1);
        for (index, part) in parts.iter_mut().enumerate() {
            // The second version of a table: `filters2`, unless the first is there, too.
            let things = part.trim_end_matches(|c: char| c.is_ascii_digit());
            let is_version = part.len() == things.len() + 1 && words::is_plural(things) && vocabulary::is_word(things);
            if is_version && context.catalog().only_called(&[words::singular(things)]).is_none() {
                *part = if index == last { things.to_owned() } else { words::singular(things) };
            }
        }
        let mut tokens = vocabulary::read(&parts.join("_"), context);
        if let [_, .., last] = tokens.as_mut_slice()
            && last.raw == "def"
        {
            (last.text, last.grasp) = ("definition".to_owned(), Grasp::Abbreviation);
        }
        // The first word of a table's name identifies nothing: `ID_USER` is in a group of tables.
        if let [first, _, ..] = tokens.as_mut_slice()
            && first.raw == "id"
        {
            (first.text, first.grasp) = ("ID".to_owned(), Grasp::Likely);
        }
        let mut all: Vec<String> =
            tokens.iter().flat_map(|token| token.text.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
        all.dedup();
        // `card_archive` beside `card` holds the archived cards.
        if let [thing @ .., archive] = parts.as_slice()
            && matches!(archive.as_str(), "archive" | "archives" | "archived")
            && context.catalog().only_called(thing).is_some()
        {
            all.pop();
            all.insert(0, "archived".to_owned());
            if archive.ends_with('s') != all.last().is_some_and(|last| words::is_plural(last)) {
                let last = all.pop().unwrap_or_default();
                all.push(if archive.ends_with('s') { words::plural(&last) } else { words::singular(&last) });
            }
        }
        // What stands at the end connects nothing: `FieldingOF`.
        if let [_, .., last] = all.as_mut_slice()
            && last == "of"
        {
            *last = last.to_uppercase();
        }
        let phrase = all.iter().any(|word| PREPOSITIONS.contains(&word.as_str()) || PHRASES.contains(&word.as_str()))
            || (all.len() > 1 && all.last().is_some_and(|word| AGGREGATES.contains(&words::singular(word).as_str())))
            || all.last().is_some_and(|word| !speech::may_end_a_noun(word));
        // The plural of a table before another word: `products_options` beside `products`.
        if let Some((_, before)) = all.split_last_mut() {
            for word in before {
                let one = words::singular(word);
                if one != *word && context.catalog().only_called(std::slice::from_ref(&one)).is_some() {
                    *word = one;
                }
            }
        }
        // The things before what kind of them: `diagnoses_icd`.
        if let [thing, kind] = all.as_mut_slice()
            && words::is_plural(thing)
            && kind.len() > 1
            && kind.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            std::mem::swap(thing, kind);
        }
        let as_named = all.join(" ");
        // Of bills of materials, one is a bill of materials.
        let noun = all.iter().position(|word| word == "of").filter(|of| *of > 0).unwrap_or(all.len());
        if !phrase && let Some(word) = all[..noun].last_mut() {
            *word = stem(word);
        }
        let mut one = all.join(" ");
        let mut many = if phrase { as_named } else { words::plural(&one) };
        match all.last().map(String::as_str) {
            Some("history" | "log" | "journal" | "ledger" | "queue" | "cache") if all.len() > 1 => {
                // `ingest_queue` beside `ingest_queue_entry` holds the queues.
                let entry: Vec<String> = parts.iter().cloned().chain(["entry".to_owned()]).collect();
                if context.catalog().only_called(&entry).is_none() {
                    one.push_str(" entry");
                }
            }
            Some(last) if !phrase && (WITHOUT_PLURAL.contains(&last) || is_activity(last)) => one.push_str(" record"),
            _ => {}
        }
        // An unknown short word before others may be an acronym (`cdm_source`) and is kept as one.
        let is_strange = |token: &Token| token.grasp == Grasp::Cryptic;
        let acronym = |token: &Token| token.raw.len() <= 4 && token.raw.bytes().all(|b| b.is_ascii_lowercase());
        let strange = tokens.iter().filter(|token| is_strange(token)).count();
        let is_clear = !all.is_empty()
            && !phrase
            && strange <= 1
            && (strange == 0
                || tokens.last().is_some_and(|token| {
                    matches!(token.grasp, Grasp::Word | Grasp::Abbreviation)
                        && !token.raw.starts_with(|c: char| c.is_ascii_digit())
                }))
            && tokens.iter().all(|token| !is_strange(token) || acronym(token));
        if strange == 1 && is_clear {
            for token in tokens.iter().filter(|token| is_strange(token)) {
                let upper = token.raw.to_uppercase();
                all.iter_mut().filter(|word| **word == token.raw).for_each(|word| word.clone_from(&upper));
                one = one
                    .split(' ')
                    .map(|word| if word == token.raw { upper.as_str() } else { word })
                    .collect::<Vec<_>>()
                    .join(" ");
                many = many
                    .split(' ')
                    .map(|word| if word == token.raw { upper.as_str() } else { word })
                    .collect::<Vec<_>>()
                    .join(" ");
            }
        }
        Self { one, many, words: all, tokens, is_clear, style }
    }

    /// Number of the first `words` that name this entity: all of its own (`order line` in `order line number`), or only
    /// its last one (`line number`). 0 if the words begin otherwise.
    pub fn leads(&self, words: &[String]) -> usize {
        let same = |a: &[String], b: &[String]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| stem(a).eq_ignore_ascii_case(&stem(b)))
        };
        let all = self.words.len();
        if all == 0 || !self.is_clear {
            0
        } else if words.len() >= all && same(&words[..all], &self.words) {
            all
        } else {
            usize::from(all > 1 && words.len() > 1 && same(&words[..1], &self.words[all - 1..]))
        }
    }

    /// Returns whether the rows are people.
    pub fn is_about_people(&self) -> bool {
        self.words.last().is_some_and(|word| is_person(word))
    }

    /// Returns whether the rows are the days of a calendar.
    pub fn is_calendar(&self) -> bool {
        self.words.last().is_some_and(|word| matches!(word.as_str(), "calendar" | "day"))
    }

    /// Returns whether the words are exactly this entity's.
    pub fn is_named_by(&self, words: &[String]) -> bool {
        words.iter().map(|word| stem(word)).eq(self.words.iter().map(|word| stem(word)))
    }
}

/// Returns whether the word is an activity and no thing: there are `bookings`, but no battings.
fn is_activity(word: &str) -> bool {
    word.ends_with("ing") && word.len() > 5 && !vocabulary::is_plain(word) && !vocabulary::is_word(&words::plural(word))
}

/// Takes off a mark that is written together with the name: `vemployee`, `tblorders`, `dimdate`.
fn joined_mark(name: &str) -> (Option<Style>, &str) {
    const JOINED: &[&str] = &["tbl", "vw", "v", "dim", "fact", "fct", "stg", "tmp"];
    let lower = name.to_lowercase();
    if vocabulary::is_word(&lower) || !name.is_ascii() {
        return (None, name);
    }
    let rest = |mark: &str| {
        let rest = lower.strip_prefix(mark)?;
        let first = rest.split(|c: char| !c.is_ascii_alphabetic()).next()?;
        (first.len() > 3 && is_readable(first)).then_some(mark.len())
    };
    let found = JOINED.iter().find_map(|mark| Some((*mark, rest(mark)?)));
    let Some((mark, length)) = found else { return (None, name) };
    // Where the case changes, the mark is a word of its own.
    let style = MARKS.iter().find(|(text, _)| *text == mark).map(|(_, style)| *style);
    (style, &name[length..])
}

/// Returns whether a part of a name is a word, or words written together.
fn is_readable(part: &str) -> bool {
    vocabulary::is_word(part) || vocabulary::split(part, &Context::default()).len() > 1
}

/// The singular, including that of `sales`, which otherwise stays a plural before other words (`sales order`).
fn stem(word: &str) -> String {
    if word == "sales" { "sale".to_owned() } else { words::singular(word) }
}
