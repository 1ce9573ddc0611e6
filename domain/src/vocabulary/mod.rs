//! The vocabulary: what words and abbreviations mean, and how to read a name with it.
//!
//! The rule: meanings are data. To add an abbreviation, add a line to `terms.tsv`; to add a plain word, add it to
//! `words.txt`. The [`Context`] decides between the senses of an abbreviation: the domains that the other names of the
//! table belong to. If the context does not decide, the usual sense is taken and the word counts as ambiguous. An
//! abbreviation that may stand for much else (`act`, `reg`) stays as it is unless another table's name spells its
//! meaning, the table is mainly about the domain, or the word beside it leaves one meaning (`reg_date`). Words that
//! were written together are taken apart by `segmentation.rs`, and `names.rs` knows what the names of a database's
//! tables say about each other.

mod names;
mod segmentation;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

pub use names::TableNames;

use super::words;

/// The domain of terms that belong to every domain.
const GENERAL: &str = "*";

/// How many names must belong to other domains for an abbreviation of one domain not to be expanded.
const ELSEWHERE: usize = 3;

/// How many words of a domain are evidence for one of its abbreviations.
const SUPPORTERS: usize = 2;

/// The length of an unknown word that is taken for an acronym.
const ACRONYM: usize = 4;

/// The length of an abbreviation that may stand for much.
const BRIEF: usize = 3;

/// Single words that names often split: `SubTotal`, `e_mail`.
const JOINED: &[&str] = &["email", "pageview", "regexp", "subcategory", "subtotal", "subtype", "superuser", "website"];

/// One meaning of a term.
#[derive(Debug, Clone, Copy)]
struct Sense {
    text: &'static str,
    domain: &'static str,
    /// Whether the term may stand for much else.
    is_loose: bool,
}

/// All terms with their senses, the usual sense first.
static TERMS: LazyLock<HashMap<&'static str, Vec<Sense>>> = LazyLock::new(|| {
    let mut terms: HashMap<&'static str, Vec<Sense>> = HashMap::new();
    for line in include_str!("terms.tsv").lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        if let (Some(term), Some(text), Some(domain)) = (fields.next(), fields.next(), fields.next()) {
            let is_loose = fields.next().is_some();
            terms.entry(term).or_default().push(Sense { text, domain, is_loose });
        }
    }
    for (word, senses) in &*PLAIN {
        terms.entry(word).or_insert_with(|| senses.clone());
    }
    terms
});

/// The plain words with their domains.
static PLAIN: LazyLock<HashMap<&'static str, Vec<Sense>>> = LazyLock::new(|| {
    let mut plain: HashMap<&'static str, Vec<Sense>> = HashMap::new();
    for line in include_str!("words.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some((domain, list)) = line.split_once(':') {
            for word in list.split_whitespace() {
                plain.entry(word).or_default().push(Sense { text: word, domain, is_loose: false });
            }
        }
    }
    plain
});

/// How well a word of a name is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grasp {
    /// A word of the vocabulary, or a number.
    Word,
    /// An abbreviation with one meaning in this context.
    Abbreviation,
    /// An abbreviation that may also have one of these meanings.
    Ambiguous(Vec<&'static str>),
    /// Not in the vocabulary, but built like a word.
    Likely,
    /// Not understood.
    Cryptic,
}

/// A word of a name, with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word as in the name, in lower case.
    pub raw: String,
    /// The meaning, as one or several words.
    pub text: String,
    /// How well it is understood.
    pub grasp: Grasp,
}

impl Token {
    /// Returns whether the text still holds the word as in the name, and that is no known word.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        match self.grasp {
            Grasp::Cryptic => true,
            Grasp::Ambiguous(_) => !is_plain(&self.raw) && self.text.eq_ignore_ascii_case(&self.raw),
            Grasp::Likely => !is_word(&self.raw) && self.text.eq_ignore_ascii_case(&self.raw),
            Grasp::Word | Grasp::Abbreviation => false,
        }
    }
}

/// The domains that the names of a table belong to, and the tables nearby.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    votes: Arc<BTreeMap<&'static str, usize>>,
    /// The words that vote for each domain.
    voters: Arc<BTreeMap<&'static str, BTreeSet<String>>>,
    things: Arc<BTreeSet<String>>,
    /// The names of the catalog's other tables.
    catalog: Arc<TableNames>,
    /// Whether the names are not in English, as far as they can be read.
    is_foreign: bool,
}

impl Context {
    /// Derives the context from names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut votes = BTreeMap::new();
        let mut voters: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let (mut english, mut others) = (0, 0);
        let mut things = BTreeSet::new();
        for name in names {
            let parts = words::split(name);
            let is_alone = parts.len() == 1;
            for word in parts {
                let word = word.trim_matches(|c: char| c.is_ascii_digit()).to_owned();
                // Two letters alone are no evidence.
                for domain in domains(&word).into_iter().filter(|_| word.len() > 2 || !is_alone) {
                    *votes.entry(domain).or_default() += 1;
                    voters.entry(domain).or_default().insert(word.clone());
                }
                for sense in PLAIN.get(words::singular(&word).as_str()).into_iter().flatten() {
                    voters.entry(sense.domain).or_default().insert(word.clone());
                }
                if matches!(word.as_str(), "lat" | "latitude" | "lon" | "lng" | "longitude") {
                    things.extend(["latitude", "longitude"].map(str::to_owned));
                }
                // `col16width`
                for word in words::split_digits(&word).iter().filter(|word| word.len() > 3) {
                    if is_word(word) || segmentation::segmented(word, true, &TableNames::default()).is_some() {
                        english += 1;
                    } else if !segmentation::holds_a_word(word) {
                        others += 1;
                    }
                }
            }
        }
        let is_foreign = others > english;
        Self {
            votes: Arc::new(votes),
            voters: Arc::new(voters),
            things: Arc::new(things),
            is_foreign,
            ..Self::default()
        }
    }

    /// Adds the names of the catalog's other tables.
    #[must_use]
    pub fn within(mut self, catalog: Arc<TableNames>) -> Self {
        self.catalog = catalog;
        self
    }

    /// The names of the catalog's other tables.
    #[must_use]
    pub const fn catalog(&self) -> &Arc<TableNames> {
        &self.catalog
    }

    /// Adds the names of nearby tables to the context: `ord` near a table `orders` means order.
    #[must_use]
    pub fn near<'a>(mut self, tables: impl IntoIterator<Item = &'a str>) -> Self {
        let words = tables.into_iter().flat_map(|name| split(name, &Self::default()));
        Arc::make_mut(&mut self.things).extend(words.map(|word| words::singular(&word)));
        self
    }

    /// The context in which the names of the catalog's tables are read: the same, whichever table mentions them.
    #[must_use]
    pub fn of_tables(&self) -> Self {
        let context = self.catalog.context().map(|context| context.as_ref().clone());
        context.map_or_else(|| self.clone(), |context| context.within(Arc::clone(&self.catalog)))
    }

    /// The domain that most names vote for, if it has at least three votes and no other domain has as many.
    pub fn main_domain(&self) -> Option<&'static str> {
        let (domain, votes) = self.votes.iter().max_by_key(|(_, votes)| **votes)?;
        let alone = self.votes.values().filter(|others| *others == votes).count() == 1;
        (*votes >= 3 && alone).then_some(*domain)
    }

    fn votes_for(&self, domain: &str) -> usize {
        self.votes.get(domain).copied().unwrap_or_default()
    }

    /// Returns whether there is evidence that an abbreviation has this sense: a table nearby or in the catalog is
    /// called so, or the names are mainly about its domain.
    fn has_evidence(&self, sense: &Sense, word: &str) -> bool {
        let voters = self.voters.get(sense.domain).into_iter().flatten().filter(|voter| *voter != word).count();
        let all: usize = self.votes.values().sum();
        self.things.contains(sense.text)
            || self.catalog.has(sense.text)
            || (sense.domain != GENERAL && voters >= SUPPORTERS && 2 * self.votes_for(sense.domain) >= all)
    }

    /// Returns whether a word other than this one votes for the domain.
    fn is_supported(&self, domain: &str, word: &str) -> bool {
        self.voters.get(domain).is_some_and(|voters| voters.iter().any(|voter| voter != word))
    }
}

/// The domains that a word votes for: those of a term that has only one meaning and does not belong to every domain.
fn domains(word: &str) -> Vec<&'static str> {
    let Some(senses) = TERMS.get(word).or_else(|| TERMS.get(words::singular(word).as_str())) else { return Vec::new() };
    let one_meaning = senses.iter().all(|sense| sense.text == senses[0].text);
    if one_meaning && senses.iter().all(|sense| sense.domain != GENERAL) {
        senses.iter().map(|sense| sense.domain).collect()
    } else {
        Vec::new()
    }
}

/// Returns whether a name that is only a short abbreviation was expanded by a domain to which no other name belongs:
/// `PO` among hits and runs is no purchase order.
pub fn is_guess(tokens: &[Token], context: &Context) -> bool {
    let [only] = tokens else { return false };
    let is_lone = |sense: &Sense| {
        !["it", "web", GENERAL].contains(&sense.domain) && !context.is_supported(sense.domain, &only.raw)
    };
    only.raw.len() <= BRIEF
        && !only.text.eq_ignore_ascii_case(&only.raw)
        && !context.things.contains(&only.text)
        && TERMS.get(only.raw.as_str()).is_some_and(|senses| senses.iter().all(is_lone))
}

/// Returns whether the vocabulary holds this word or its singular.
pub fn is_known(word: &str) -> bool {
    TERMS.contains_key(word) || TERMS.contains_key(words::singular(word).as_str())
}

/// Returns whether the term has a meaning that belongs to every domain.
fn is_general(term: &str) -> bool {
    TERMS.get(term).is_some_and(|senses| senses.iter().any(|sense| sense.domain == GENERAL))
}

/// Returns whether this is a plain word of the vocabulary, or the plural of one.
pub fn is_plain(word: &str) -> bool {
    PLAIN.contains_key(word) || PLAIN.contains_key(words::singular(word).as_str())
}

/// Returns whether this is a word of the vocabulary or another English word.
pub fn is_word(word: &str) -> bool {
    is_known(word) || segmentation::is_english(word)
}

/// Splits a name into lower-case words, also where they were written together.
pub fn split(name: &str, context: &Context) -> Vec<String> {
    let apart = |word: String| match segmented(&word, context) {
        Some(parts) if !is_known(&word) => parts.into_iter().map(str::to_owned).collect(),
        _ => vec![word],
    };
    words::split(name).into_iter().flat_map(apart).collect()
}

/// Reads a name into one token per word.
pub fn read(name: &str, context: &Context) -> Vec<Token> {
    let mut parts = words::split(name);
    for index in (1..parts.len()).rev() {
        let joined = format!("{}{}", parts[index - 1], parts[index]);
        if JOINED.contains(&joined.as_str()) {
            parts[index - 1] = joined;
            parts.remove(index);
        }
    }
    let mut tokens: Vec<Token> = parts.iter().flat_map(|word| read_word(word, context)).collect();
    // `subfield` is one word.
    for at in (1..tokens.len()).rev() {
        if tokens[at - 1].raw == "sub" && tokens[at].grasp == Grasp::Word {
            let word = format!("sub{}", tokens[at].text);
            tokens[at - 1] = Token { raw: word.clone(), text: word, grasp: Grasp::Word };
            tokens.remove(at);
        }
    }
    // `YesNo`
    if let Some(at) = tokens.windows(2).position(|pair| pair[0].raw == "yes" && pair[1].raw == "no") {
        tokens[at] = Token { raw: "yesno".to_owned(), text: "yes/no".to_owned(), grasp: Grasp::Word };
        tokens.remove(at + 1);
    }
    read_beside(&mut tokens);
    // Only at the end it is a longitude: `long_code`.
    if let [before @ .., _] = tokens.as_mut_slice() {
        for token in before.iter_mut().filter(|token| token.raw == "long") {
            (token.text, token.grasp) = (token.raw.clone(), Grasp::Word);
        }
    }
    // Minutes follow what they measure: `min_time`, but `duration_min`.
    if let [first, _, ..] = tokens.as_mut_slice()
        && first.raw == "min"
    {
        *first = Token { raw: first.raw.clone(), text: "minimum".to_owned(), grasp: Grasp::Abbreviation };
    }
    tokens
}

/// Abbreviations with the words before which they have one meaning: `curr_code`, `del_address`.
const BEFORE: &[(&[&str], &[&str], &str)] = &[
    (&["acc"], &["number", "balance"], "account"),
    (&["act"], &["amount", "cost", "date", "hours", "quantity", "time"], "actual"),
    (&["act"], &["flag", "indicator"], "active"),
    (&["alt"], &["code", "e-mail", "identifier", "name", "phone", "text"], "alternative"),
    (&["app"], &["key", "name", "secret", "URL", "version"], "application"),
    (&["comm"], &["amount", "percentage", "rate"], "commission"),
    (&["cr", "crt"], &["by", "date", "time", "timestamp", "user"], "created"),
    (&["cr"], &["amount", "balance", "limit"], "credit"),
    (&["cur", "curr"], &["code", "rate", "symbol", "sign", "identifier"], "currency"),
    (&["def"], &["value"], "default"),
    (&["del"], &["address", "contact", "instructions", "note", "city", "country"], "delivery"),
    (&["del"], &["by", "flag", "indicator", "user"], "deleted"),
    (&["dir"], &["name", "path"], "directory"),
    (&["disc"], &["amount", "percentage", "rate"], "discount"),
    (&["div"], &["code", "identifier", "name"], "division"),
    (&["dr"], &["amount", "balance"], "debit"),
    (&["dx"], &["code"], "diagnosis"),
    (&["eff"], &["date", "end", "from", "start", "time", "to", "until"], "effective"),
    (&["en"], &["flag"], "enabled"),
    (&["est"], &["amount", "cost", "date", "hours", "time", "value"], "estimated"),
    (&["exp"], &["date", "day", "month", "time", "timestamp", "year"], "expiry"),
    (&["hi"], &["limit", "range", "value"], "high"),
    (&["int"], &["rate"], "interest"),
    (&["inv"], &["address", "due"], "invoice"),
    (&["lic"], &["number"], "licence"),
    (&["lo"], &["limit", "range", "value"], "low"),
    (&["lst"], &["login", "modified", "update", "updated"], "last"),
    (&["mob"], &["number", "phone"], "mobile"),
    (&["mod"], &["by", "date", "time", "timestamp", "user"], "modified"),
    (&["org"], &["code", "identifier", "name", "type", "unit"], "organization"),
    (&["perm"], &["address"], "permanent"),
    (&["pg"], &["number", "URL"], "page"),
    (&["pol"], &["number"], "policy"),
    (&["proc"], &["def", "definition", "inst", "instance"], "process"),
    (&["rec"], &["count", "end", "identifier", "number", "start", "status", "type"], "record"),
    (&["reg"], &["date", "fee", "number", "time"], "registration"),
    (&["rel"], &["type"], "relationship"),
    (&["rep"], &["code", "name"], "representative"),
    (&["req"], &["date", "quantity"], "required"),
    (&["resp"], &["time"], "response"),
    (&["sec"], &["answer", "question"], "security"),
    (&["supp"], &["code", "identifier", "name"], "supplier"),
    (&["temp"], &["c", "f", "maximum", "minimum"], "temperature"),
    (&["trans"], &["amount", "date"], "transaction"),
    (&["ts"], &["ms", "ns", "s", "sec", "us", "utc"], "timestamp"),
    (&["ua"], &["str", "string"], "user agent"),
];

/// Abbreviations with the words behind which they have one meaning: `sort_str`.
const BEHIND: &[(&[&str], &[&str], &str)] = &[
    (&["inst"], &["case", "database", "process", "task"], "instance"),
    (&["mv"], &["cash", "inventory", "stock"], "movement"),
    (&["str"], &["agent", "connection", "format", "query", "search", "sort", "version"], "string"),
];

/// Abbreviations that have one meaning at the end of a name: `active_ind`, `start_tm`.
const LAST: &[(&str, &str)] = &[
    ("det", "detail"),
    ("fl", "flag"),
    ("ind", "indicator"),
    ("lst", "list"),
    ("pos", "position"),
    ("tm", "time"),
    ("tp", "type"),
    ("ts", "timestamp"),
];

/// Reads the abbreviations that the next word or the place in the name explains.
fn read_beside(tokens: &mut [Token]) {
    for at in 1..tokens.len() {
        let (own, next) = (&tokens[at - 1].raw, &tokens[at]);
        let fits = |(short, before, _): &&(&[&str], &[&str], &str)| {
            short.contains(&own.as_str()) && [&next.text, &next.raw].iter().any(|next| before.contains(&next.as_str()))
        };
        if let Some((.., meaning)) = BEFORE.iter().find(fits) {
            tokens[at - 1].text = (*meaning).to_owned();
            tokens[at - 1].grasp = Grasp::Abbreviation;
        }
        let (own, before) = (&tokens[at].raw, tokens[at - 1].text.rsplit(' ').next().unwrap_or_default());
        let follows =
            |(short, behind, _): &&(&[&str], &[&str], &str)| short.contains(&own.as_str()) && behind.contains(&before);
        if let Some((.., meaning)) = BEHIND.iter().find(follows) {
            tokens[at].text = (*meaning).to_owned();
            tokens[at].grasp = Grasp::Abbreviation;
        }
    }
    if let [.., last] = tokens
        && matches!(last.grasp, Grasp::Ambiguous(_))
        && last.text.eq_ignore_ascii_case(&last.raw)
        && let Some((_, meaning)) = LAST.iter().find(|(short, _)| *short == last.raw)
    {
        last.text = (*meaning).to_owned();
        last.grasp = Grasp::Abbreviation;
    }
}

fn read_word(word: &str, context: &Context) -> Vec<Token> {
    if let Some(token) = by_catalog(word, context).or_else(|| known(word, context)) {
        return vec![token];
    }
    let ordinal = word.trim_start_matches(|c: char| c.is_ascii_digit());
    if ordinal.len() < word.len() && matches!(ordinal, "st" | "nd" | "rd" | "th") {
        return vec![Token { raw: word.to_owned(), text: word.to_owned(), grasp: Grasp::Word }];
    }
    let mut parts = words::split_digits(word);
    // `md5sum`
    if let [name, digits, _, ..] = parts.as_slice()
        && TERMS.contains_key(format!("{name}{digits}").as_str())
    {
        let digits = parts.remove(1);
        parts[0].push_str(&digits);
    }
    if parts.len() > 1 {
        return parts.iter().flat_map(|part| read_word(part, context)).collect();
    }
    if let Some(parts) = segmented(word, context) {
        let english = |part: &str| Token { raw: part.to_owned(), text: part.to_owned(), grasp: Grasp::Word };
        let token = |part| by_catalog(part, context).or_else(|| known(part, context)).unwrap_or_else(|| english(part));
        return parts.into_iter().map(token).collect();
    }
    if !context.is_foreign
        && let Some(whole) = segmentation::without_vowels(word)
    {
        return vec![Token { raw: word.to_owned(), text: whole.to_owned(), grasp: Grasp::Likely }];
    }
    let grasp = if word.chars().all(|c| c.is_ascii_digit()) || segmentation::is_english(word) {
        Grasp::Word
    } else if looks_like_a_word(word) {
        Grasp::Likely
    } else {
        Grasp::Cryptic
    };
    // Four letters that are no word are an acronym, unless the names are in another language.
    let is_acronym = grasp == Grasp::Likely && word.len() == ACRONYM && !context.is_foreign;
    let text = if is_acronym { word.to_uppercase() } else { word.to_owned() };
    vec![Token { raw: word.to_owned(), text, grasp }]
}

fn segmented<'w>(word: &'w str, context: &Context) -> Option<Vec<&'w str>> {
    segmentation::segmented(word, !context.is_foreign, &context.catalog)
}

/// The expansion of an abbreviation that the names of the catalog's tables support: `pod` beside `purchaseorderdetail`.
/// An abbreviation of every domain, such as `id`, has only its own.
fn by_catalog(word: &str, context: &Context) -> Option<Token> {
    let senses = TERMS.get(word).map_or(&[][..], Vec::as_slice);
    if is_plain(word) || segmentation::is_common(word) {
        return None;
    }
    let token = |text: String, grasp| Token { raw: word.to_owned(), text, grasp };
    if let Some(whole) = context.catalog.with_vowels(word).filter(|_| !context.catalog.is_called(word)) {
        return Some(token(whole.to_owned(), Grasp::Abbreviation));
    }
    if senses.iter().any(|sense| sense.domain == GENERAL || sense.text.eq_ignore_ascii_case(word)) {
        return None;
    }
    match context.catalog.expansions(word) {
        // A name of its own is not the beginning of another one.
        [one] if !one.contains(' ') && context.catalog.is_called(word) => None,
        [one] if one.contains(' ') && segmentation::is_frequent(word) => None,
        [] => None,
        [one] => Some(token(one.clone(), Grasp::Abbreviation)),
        // `art` beside `artist` and `article` is a word.
        _ if segmentation::is_english(word) => None,
        // Two fit equally, so it stays as it is.
        _ => Some(token(word.to_uppercase(), Grasp::Cryptic)),
    }
}

fn known(word: &str, context: &Context) -> Option<Token> {
    let one = words::singular(word);
    let (senses, many) = match TERMS.get(word) {
        Some(senses) => (senses, false),
        None => (TERMS.get(one.as_str())?, true),
    };
    // A word that means something else in one domain only is that word elsewhere: `cell`, `press`, `long`.
    let is_foreign = |sense: &Sense| sense.domain != GENERAL && context.votes_for(sense.domain) == 0;
    let is_lone = |sense: &Sense| sense.domain != GENERAL && !context.is_supported(sense.domain, word);
    let is_itself = senses.iter().any(|it| it.text == one);
    // So does a plural: `bats` are no batteries.
    let is_nearby = senses.iter().any(|sense| context.things.contains(sense.text));
    let is_plural = many && !is_nearby && segmentation::is_english(word) && senses.iter().all(is_lone);
    if (senses.iter().all(is_foreign) && segmentation::is_common(&one) || is_plural) && !is_itself {
        return Some(Token { raw: word.to_owned(), text: word.to_owned(), grasp: Grasp::Word });
    }
    let (mut text, mut others) = decide(senses, context);
    // A word of its own is that word unless a table nearby says otherwise: `port`.
    if is_itself && segmentation::is_common(word) && !context.things.contains(text) {
        (text, others) = (senses.iter().find(|sense| sense.text == word).map_or(text, |sense| sense.text), Vec::new());
    }
    // An abbreviation of one domain in a table of others is not expanded: `rto` among plants is no recovery time.
    let is_elsewhere = context.votes.values().sum::<usize>() >= ELSEWHERE && !context.things.contains(text);
    // Two letters that only a trade expands may be anything where no other name belongs to it: `src_ap` of a flight.
    let is_trade = |sense: &Sense| ["finance", "health", "legal"].contains(&sense.domain);
    let is_alone = word.len() <= 2 && senses.iter().all(|sense| is_trade(sense) && is_lone(sense));
    let is_elsewhere = is_elsewhere && senses.iter().all(is_foreign) || is_alone && !context.things.contains(text);
    if is_elsewhere && !is_itself && !is_plain(&one) {
        let text = if word.len() <= ACRONYM { word.to_uppercase() } else { word.to_owned() };
        return Some(Token { raw: word.to_owned(), text, grasp: Grasp::Likely });
    }
    // If only some domains expand the word, and the context is not clearly one of them, the word stays as it is.
    let is_evident = || senses.iter().any(|sense| sense.text == text && context.has_evidence(sense, word));
    let is_loose = senses.iter().any(|sense| sense.is_loose);
    let is_doubtful = if is_loose { !is_evident() } else { !others.is_empty() && !is_usual(senses, text) };
    if is_doubtful && !is_itself {
        let senses = std::iter::once(text).chain(others).collect();
        let text = if word.len() <= ACRONYM { word.to_uppercase() } else { word.to_owned() };
        return Some(Token { raw: word.to_owned(), text, grasp: Grasp::Ambiguous(senses) });
    }
    let grasp = if !others.is_empty() {
        Grasp::Ambiguous(others)
    } else if text == word || text == one {
        Grasp::Word
    } else {
        Grasp::Abbreviation
    };
    let text = if many { words::plural(text) } else { text.to_owned() };
    Some(Token { raw: word.to_owned(), text, grasp })
}

/// Returns whether this is a sense of every domain.
fn is_usual(senses: &[Sense], text: &str) -> bool {
    senses.iter().any(|sense| sense.text == text && sense.domain == GENERAL)
}

/// The sense that the context prefers, and the other senses if it does not prefer one clearly.
fn decide(senses: &[Sense], context: &Context) -> (&'static str, Vec<&'static str>) {
    let usual = senses[0];
    let mut distinct: Vec<&'static str> = Vec::new();
    for sense in senses {
        if !distinct.contains(&sense.text) {
            distinct.push(sense.text);
        }
    }
    if distinct.len() == 1 {
        return (usual.text, Vec::new());
    }
    let mut nearby = distinct.iter().filter(|text| context.things.contains(**text));
    if let (Some(text), None) = (nearby.next(), nearby.next()) {
        return (text, Vec::new());
    }
    // One name of many does not tell what the others are about.
    let is_many = context.votes.values().sum::<usize>() > ELSEWHERE;
    let weight = |sense: &Sense| match context.votes_for(sense.domain) {
        _ if sense.domain == GENERAL => 1,
        1 if is_many => 1,
        votes => 2 * votes,
    };
    let mut ranked: Vec<&Sense> = senses.iter().collect();
    ranked.sort_by_key(|sense| std::cmp::Reverse(weight(sense)));
    let best = ranked[0];
    let second = ranked.iter().find(|sense| sense.text != best.text).map_or(0, |sense| weight(sense));
    // Without a rival, the usual sense is still a guess unless enough of the context is known.
    let clear = weight(best) > second
        && if best.domain == GENERAL {
            second == 0 && context.votes.values().sum::<usize>() >= 3
        } else {
            weight(best) >= 2 * second.min(3) && (!is_many || context.main_domain() == Some(best.domain))
        };
    if clear {
        (best.text, Vec::new())
    } else {
        (best.text, distinct.into_iter().filter(|text| *text != best.text).collect())
    }
}

/// Returns whether the letters look like an English word: enough vowels, and not too many consonants in a row.
fn looks_like_a_word(word: &str) -> bool {
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let is_vowel = |b: u8| b"aeiouy".contains(&b);
    let vowels = word.bytes().filter(|b| is_vowel(*b)).count();
    let longest = word.as_bytes().split(|b| is_vowel(*b)).map(<[u8]>::len).max().unwrap_or_default();
    vowels * 5 >= word.len() && (longest <= 3 || (longest == 4 && word.len() > 6)) && vowels < word.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_vocabulary_is_well_kept() {
        let known = [
            "*",
            "people",
            "commerce",
            "finance",
            "logistics",
            "content",
            "telemetry",
            "health",
            "web",
            "geo",
            "legal",
            "it",
        ];
        let mut seen = BTreeSet::new();
        for line in include_str!("terms.tsv").lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let ([term, text, domain] | [term, text, domain, "?"]) = fields.as_slice() else {
                panic!("not three fields and a mark: {line}")
            };
            assert!(!text.is_empty() && known.contains(domain), "{line}");
            assert!(term.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "no name can hold it: {line}");
            assert!(seen.insert((*term, *text)), "said twice: {line}");
        }
        for line in include_str!("words.txt").lines().filter(|line| !line.starts_with('#')) {
            let (domain, words) = line.split_once(':').expect("a domain and its words");
            assert!(known.contains(&domain) && !words.trim().is_empty(), "{line}");
        }
        assert!(TERMS.len() > 1_500, "{} terms", TERMS.len());
    }

    #[test]
    fn names_are_read_word_by_word() {
        let read = |name: &str| {
            read(name, &Context::default()).into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("hiredate"), "hire date");
        assert_eq!(read("custemailaddr"), "customer e-mail address");
        assert_eq!(read("orderid"), "order identifier");
        assert_eq!(read("syntax"), "syntax");
        assert_eq!(read("composer"), "composer");
        assert_eq!(read("HTTPServerIDs"), "HTTP server identifiers");
        assert_eq!(read("BDGT_GNRTN_MTHD"), "budget generation method");
        assert_eq!(read("FRGN_CRNCY_DPST"), "foreign currency deposit");
        assert_eq!(read("seq_region_start"), "sequence region start");
        assert_eq!(read("md5sum"), "MD5 sum");
        assert_eq!(read("valid_reg_exp"), "valid regular expression");
    }

    #[test]
    fn one_name_of_many_decides_nothing() {
        let read = |names: &[&str]| super::read("prop", &Context::of(names.iter().copied()))[0].text.clone();
        assert_eq!(read(&["accel", "aqi"]), "proportion");
        assert_eq!(read(&["accel", "custs", "invs", "ordrs", "payee", "shpmt"]), "property");
    }
}
