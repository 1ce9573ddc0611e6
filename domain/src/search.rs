//! Search in catalogs: what is indexed, and what a query looks for.
//!
//! The rule: names are indexed by the words that the vocabulary reads in them (`vocabulary/`), both as written and
//! with abbreviations expanded, so that "customer mail" finds `cust_email_addr`. Comments and descriptions are indexed
//! unchanged. This module decides what counts as a word, a spelling or a synonym. The index handles inflections
//! (`orders`, `ordered`); [`Finder`] uses the same Porter stems to explain why an asset matched. To add a synonym, add
//! it to a line of [`SYNONYMS`].

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use rapidfuzz::distance::osa;
use snowball_stemmers_rs::{Algorithm, Stemmer};

use super::{
    asset::AssetPath,
    catalog::ForeignKey,
    id::DbProfileId,
    index_key::index_key,
    vocabulary::{self, Context},
    words,
};

/// Maximum number of words in a query; further words are ignored.
pub const MAX_WORDS: usize = 16;
/// Minimum length for the last word of a query to also match as a prefix, in characters.
const PREFIX_FROM: usize = 3;

/// Minimum length of a word that may be read as a similar one, in characters.
const MISSPELLED_FROM: usize = 4;

/// Endings that the stemmer removes.
const ENDINGS: &[&str] = &[
    "ing", "ed", "ation", "ion", "ment", "ness", "ance", "ence", "able", "ible", "ant", "ent", "ive", "ous", "ate",
    "ize", "ity",
];

/// Words that mean the same thing in data.
const SYNONYMS: &[&[&str]] = &[
    &["mail", "email"],
    &["phone", "telephone", "mobile"],
    &["customer", "client", "buyer"],
    &["employee", "staff", "personnel"],
    &["invoice", "bill"],
    &["picture", "image", "photo"],
    &["song", "track"],
    &["supplier", "vendor"],
    &["zip", "postcode", "postal"],
    &["birthday", "birth"],
    &["price", "cost"],
    &["money", "amount", "price"],
    &["firm", "company"],
    &["movie", "film"],
    &["salary", "wage"],
    &["deleted", "removed"],
];

/// Words that say nothing about what the query looks for.
pub(super) const STOP_WORDS: &[&str] = &[
    "a",
    "about",
    "after",
    "all",
    "an",
    "and",
    "any",
    "anything",
    "are",
    "as",
    "at",
    "be",
    "by",
    "can",
    "column",
    "columns",
    "contain",
    "contains",
    "could",
    "data",
    "database",
    "databases",
    "did",
    "do",
    "does",
    "each",
    "field",
    "fields",
    "find",
    "for",
    "from",
    "get",
    "give",
    "has",
    "have",
    "hold",
    "holds",
    "how",
    "i",
    "in",
    "information",
    "is",
    "it",
    "its",
    "keep",
    "keeps",
    "kept",
    "know",
    "list",
    "long",
    "look",
    "looks",
    "many",
    "me",
    "mean",
    "means",
    "more",
    "much",
    "my",
    "of",
    "often",
    "on",
    "one",
    "ones",
    "or",
    "our",
    "please",
    "see",
    "should",
    "show",
    "some",
    "something",
    "store",
    "stored",
    "stores",
    "table",
    "tables",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "us",
    "use",
    "used",
    "was",
    "we",
    "were",
    "what",
    "whats",
    "when",
    "where",
    "which",
    "who",
    "whose",
    "why",
    "with",
    "you",
    "your",
];

/// An asset in the index, as of the last read of its catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownAsset {
    /// Its key in the index.
    pub id: i64,
    /// The DB profile of its database.
    pub db_profile_id: DbProfileId,
    /// Its path.
    pub path: AssetPath,
    /// A column's type.
    pub data_type: Option<String>,
    /// Whether a column is nullable.
    pub nullable: bool,
    /// Whether a column is part of the primary key.
    pub primary_key: bool,
    /// Whether a unique key covers a column alone.
    pub unique: bool,
    /// The key of the asset's table, or of the table itself; see [`table_key`].
    pub table_key: String,
    /// The column that a foreign key references, as displayed: `main.Artist.ArtistId`.
    pub references: Option<String>,
    /// The key of the referenced table.
    pub references_key: Option<String>,
    /// The foreign key, if it has several columns.
    pub together: Option<ForeignKey>,
    /// The comment in the database.
    pub comment: Option<String>,
    /// The text that a review last accepted.
    pub description: Option<String>,
}

/// The character that ends each part of a table's key. Parts never contain it.
pub const KEY_END: char = '\u{1f}';

/// Database, schema and table of an asset in one text. It is used to find a table's columns and the columns that
/// reference the table. The key of a schema has no table.
#[must_use]
pub fn table_key(path: &AssetPath) -> String {
    let parts = [&path.database, &path.schema].map(|part| part.as_deref().unwrap_or_default());
    let parts = parts.into_iter().chain(path.table.as_deref());
    // Shorten each part separately, so that the keys of a schema's tables all start with the schema's key.
    let key = |part: &str| index_key(part.chars().filter(|c| *c != KEY_END).collect());
    parts.flat_map(|part| [key(part), KEY_END.to_string()]).collect()
}

/// The part of an asset in which a word was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The asset's name.
    Name,
    /// The names of its table and schema.
    Surroundings,
    /// The accepted description.
    Description,
    /// The comment.
    Comment,
}

impl Place {
    /// All places, in the order of the index's columns.
    pub const ALL: [Self; 4] = [Self::Name, Self::Surroundings, Self::Description, Self::Comment];

    const fn noun(self) -> &'static str {
        match self {
            Self::Name => "the name",
            Self::Surroundings => "the name of its table or schema",
            Self::Description => "the description",
            Self::Comment => "the comment",
        }
    }
}

/// An asset that matches a query.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetHit {
    /// The asset.
    pub asset: KnownAsset,
    /// The relevance. Only comparisons between scores are meaningful.
    pub score: f64,
    /// The words found in each place, as they are written there.
    pub matches: Vec<(Place, Vec<String>)>,
}

impl AssetHit {
    /// The matching words and their places: `customer, email in the name; mail in the comment`.
    #[must_use]
    pub fn why(&self) -> String {
        let mut told: Vec<String> = Vec::new();
        let in_name = self.matches.iter().find(|(place, _)| *place == Place::Name).map(|(_, words)| words);
        for (place, words) in &self.matches {
            // A word in the asset's own name is not repeated for the surrounding names.
            let known =
                |word: &&String| *place == Place::Surroundings && in_name.is_some_and(|name| name.contains(word));
            let words: Vec<&str> = words.iter().filter(|word| !known(word)).map(String::as_str).collect();
            if !words.is_empty() {
                told.push(format!("{} in {}", words.join(", "), place.noun()));
            }
        }
        told.join("; ")
    }
}

/// A word of a query, with all spellings that count as the same. Each spelling is one word or a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The spellings, the user's own first. Each is a list of lower-case words of letters and digits.
    pub spellings: Vec<Vec<String>>,
    /// Whether the first spelling also matches as a prefix.
    pub prefix: bool,
}

impl Wanted {
    /// The prefix to match; `None` if the word only matches as a whole.
    #[must_use]
    pub fn begins(&self) -> Option<&str> {
        self.spellings.first().filter(|_| self.prefix)?.last().map(String::as_str)
    }

    /// Returns whether the prefix also matches this spelling.
    #[must_use]
    pub fn covers(&self, spelling: &[String]) -> bool {
        matches!((self.begins(), spelling), (Some(begins), [word]) if stem(word).starts_with(&stem(begins)))
    }
}

/// A parsed query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words; empty if the text has no letter or digit.
    pub wanted: Vec<Wanted>,
}

/// The assets among which the undescribed ones are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndescribedOf {
    /// All tables and views.
    Tables,
    /// All columns.
    Columns,
    /// The columns of a table.
    ColumnsOf(AssetPath),
}

/// How many of a query's words an asset must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// All of them.
    All,
    /// At least one of them.
    Any,
}

impl SearchQuery {
    /// Creates a finder that locates the query's words in texts.
    #[must_use]
    pub fn finder(&self) -> Finder {
        let stems = |words: &Vec<String>| words.iter().map(|word| stem(word)).collect::<Vec<_>>();
        let phrases: Vec<Vec<String>> = self.wanted.iter().flat_map(|one| &one.spellings).map(stems).collect();
        let beginnings: Vec<String> = self.wanted.iter().filter_map(Wanted::begins).map(stem).collect();
        let firsts = phrases.iter().flatten().chain(&beginnings).filter_map(|stem| stem.chars().next()).collect();
        Finder { phrases, beginnings, firsts }
    }

    /// Parses a query. With `prefix`, the last word also matches as a prefix, for searches while the user types.
    #[must_use]
    pub fn of(text: &str, prefix: bool) -> Self {
        let context = Context::default();
        let mut tokens = vocabulary::read(text, &context);
        let tells = |raw: &str| !STOP_WORDS.contains(&raw);
        if tokens.iter().any(|token| tells(&token.raw)) {
            tokens.retain(|token| tells(&token.raw));
        }
        let mut wanted: Vec<Wanted> = Vec::new();
        let count = tokens.len();
        for (at, token) in tokens.into_iter().enumerate() {
            let mut spellings = Vec::new();
            let mut add = |text: &str| {
                let phrase = plain_words(text);
                if !phrase.is_empty() && !spellings.contains(&phrase) {
                    spellings.push(phrase);
                }
            };
            add(&token.raw);
            add(&token.text);
            // An abbreviation that was not read may have any of its meanings.
            if let vocabulary::Grasp::Ambiguous(senses) = &token.grasp
                && token.text.eq_ignore_ascii_case(&token.raw)
            {
                senses.iter().for_each(|sense| add(sense));
            }
            let ones: Vec<String> = [&token.raw, &token.text].iter().map(|word| words::singular(word)).collect();
            for group in SYNONYMS.iter().filter(|group| ones.iter().any(|one| group.contains(&one.as_str()))) {
                group.iter().for_each(|word| add(word));
            }
            let prefix = prefix && at + 1 == count && token.raw.chars().count() >= PREFIX_FROM;
            if prefix {
                for word in completions(&token.raw) {
                    add(&word);
                }
            }
            let known = wanted.iter().any(|other| other.spellings.first() == spellings.first());
            if !spellings.is_empty() && !known && wanted.len() < MAX_WORDS {
                wanted.push(Wanted { spellings, prefix });
            }
        }
        Self { wanted }
    }

    /// The words of a text that may be misspelled: those that are no words of the language or of databases.
    #[must_use]
    pub fn doubtful(text: &str) -> Vec<String> {
        let doubtful = words::split(text).into_iter().filter(|word| {
            let letters = word.chars().count();
            letters >= MISSPELLED_FROM && word.chars().all(char::is_alphabetic) && !vocabulary::is_word(word)
        });
        doubtful.take(MAX_WORDS).collect()
    }

    /// The names that match the query exactly: each word in the singular and plural, and all words joined.
    #[must_use]
    pub fn exact_names(&self) -> Vec<String> {
        let words: Vec<String> =
            self.wanted.iter().filter_map(|one| one.spellings.first()).map(|words| words.concat()).collect();
        let mut names = vec![words.concat(), words.join("_")];
        for word in &words {
            let one = words::singular(word);
            names.extend([word.clone(), words::plural(&one), one]);
        }
        names.sort();
        names.dedup();
        names
    }

    /// Returns whether a text has only stop words: "Which tables are there?"
    #[must_use]
    pub fn is_vague(text: &str) -> bool {
        Self::telling(text).is_empty()
    }

    /// The words that are not stop words, in lower case.
    #[must_use]
    pub fn telling(text: &str) -> Vec<String> {
        let tokens = vocabulary::read(text, &Context::default()).into_iter().map(|token| token.raw);
        tokens.filter(|raw| !STOP_WORDS.contains(&raw.as_str())).collect()
    }

    /// The name that cursors give the list of this query's results.
    #[must_use]
    pub fn list_name(&self, profiles: Option<&[DbProfileId]>, need: Need) -> String {
        let words: Vec<String> =
            self.wanted.iter().filter_map(|one| one.spellings.first()).map(|w| w.concat()).collect();
        let profiles: Vec<String> = profiles.unwrap_or_default().iter().map(ToString::to_string).collect();
        format!("searchAssets:{need:?}:{}:{}", words.join(" "), profiles.join(","))
    }
}

/// The most similar of these words, if it is similar enough to be meant: one letter more, less, other or exchanged, two
/// in long words. Among equally similar ones, the word that more names contain.
#[must_use]
pub fn nearest(word: &str, words: &HashMap<String, usize>) -> Option<String> {
    let letters = word.chars().count();
    let most = if letters >= 8 { 2 } else { 1 };
    let scorer = osa::BatchComparator::new(word.chars());
    let one = words::singular(word);
    let scorer_of_one = osa::BatchComparator::new(one.chars());
    let similar = words.iter().filter_map(|(known, count)| {
        let length = known.chars().count();
        if length + 1 < MISSPELLED_FROM || length.abs_diff(letters) > most + 1 {
            return None;
        }
        let distance = scorer.distance(known.chars()).min(scorer_of_one.distance(known.chars()));
        (distance <= most).then_some((distance, std::cmp::Reverse(*count), known))
    });
    similar.min().map(|(_, _, known)| known.clone())
}

/// Locates the words of a query in texts.
#[derive(Debug, Clone)]
pub struct Finder {
    /// The stemmed words of each spelling.
    phrases: Vec<Vec<String>>,
    /// The stems of the prefixes.
    beginnings: Vec<String>,
    /// The first characters of all these stems.
    firsts: BTreeSet<char>,
}

impl Finder {
    /// The query's words in an asset's texts, by place. `texts` are its name, the names around it, its description and
    /// its comment, in the order of [`Place::ALL`].
    #[must_use]
    pub fn found_in(&self, texts: [&str; Place::ALL.len()]) -> Vec<(Place, Vec<String>)> {
        let found = Place::ALL.into_iter().zip(texts).map(|(place, text)| (place, self.found(text)));
        found.filter(|(_, words)| !words.is_empty()).collect()
    }

    /// The query's words in a text, each once, in the text's order.
    fn found(&self, text: &str) -> Vec<String> {
        let words = plain_words(text);
        // A stem starts with the same character as its word, so most words need no stemming.
        let may_be = |word: &str| word.chars().next().is_some_and(|first| self.firsts.contains(&first));
        let stems: Vec<String> =
            words.iter().map(|word| if may_be(word) { stem(word) } else { String::new() }).collect();
        let mut found: Vec<String> = Vec::new();
        for at in 0..words.len() {
            let begins = self.beginnings.iter().any(|beginning| stems[at].starts_with(beginning.as_str()));
            let longest = self.phrases.iter().filter(|phrase| stems[at..].starts_with(phrase)).map(Vec::len).max();
            let Some(length) = longest.or(begins.then_some(1)) else { continue };
            let said = words[at..at + length].join(" ");
            if !found.contains(&said) {
                found.push(said);
            }
        }
        found
    }
}

/// Number of stems that a thread remembers. The names of a database repeat few words.
const STEMS: usize = 4_096;

/// The Porter stem of a word. Words shorter than 3 bytes stay as they are, as in the index.
pub(super) fn stem(word: &str) -> String {
    thread_local! {
        static KNOWN: RefCell<HashMap<String, String>> = RefCell::default();
    }
    if word.len() < 3 {
        return word.to_owned();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(stem) = known.get(word) {
            return stem.clone();
        }
        let stem = Stemmer::create(Algorithm::Porter).stem(word).into_owned();
        if known.len() == STEMS {
            known.clear();
        }
        known.insert(word.to_owned(), stem.clone());
        stem
    })
}

/// The words that may complete a prefix that is longer than their stem: `shippin` is a prefix of no stem, but completes
/// to `shipping`.
fn completions(beginning: &str) -> Vec<String> {
    let mut stems = vec![stem(beginning)];
    let letters: Vec<char> = beginning.chars().collect();
    let doubled = matches!(letters[..], [.., a, b] if a == b);
    let mut words = Vec::new();
    for ending in ENDINGS {
        let begun = (usize::from(!doubled)..ending.len()).filter(|at| beginning.ends_with(&ending[..*at]));
        for word in begun.map(|at| format!("{beginning}{}", &ending[at..])) {
            let stem = stem(&word);
            if !stems.iter().any(|known| stem.starts_with(known.as_str())) {
                stems.push(stem);
                words.push(word);
            }
        }
    }
    words
}

/// The lower-case words of a text, of letters and digits only. The vocabulary's `e-mail` becomes `email`, since names
/// spell it so.
fn plain_words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace("e-mail", "email");
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words under which a name is indexed: as written and with abbreviations expanded, each once.
#[must_use]
pub fn terms(name: &str, context: &Context) -> String {
    let mut seen = BTreeSet::new();
    let mut terms = Vec::new();
    for token in vocabulary::read(name, context) {
        let others = match token.grasp {
            vocabulary::Grasp::Ambiguous(others) => others,
            _ => Vec::new(),
        };
        for text in [token.raw.as_str(), token.text.as_str()].into_iter().chain(others) {
            for word in plain_words(text) {
                if seen.insert(word.clone()) {
                    terms.push(word);
                }
            }
        }
    }
    terms.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spellings(text: &str) -> Vec<String> {
        let all = SearchQuery::of(text, false).wanted.into_iter();
        all.map(|one| one.spellings.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join("|")).collect()
    }

    #[test]
    fn names_are_found_by_what_they_mean() {
        assert_eq!(terms("cust_email_addr", &Context::default()), "cust customer customs email addr address");
        assert_eq!(terms("CustomerId", &Context::default()), "customer id identifier");
        assert_eq!(spellings("customer mail"), ["customer|client|buyer", "mail|email"]);
        assert_eq!(spellings("cust_email_addr"), ["cust|customer|client|buyer", "email|mail", "addr|address"]);
        assert_eq!(spellings("Which table holds the e-mail of a customer?"), ["email|mail", "customer|client|buyer"]);
        assert_eq!(spellings("what is the"), ["what", "is", "the"]);
        assert!(spellings("%\"*—").is_empty());
    }

    #[test]
    fn what_was_found_is_told_where_it_stands() {
        let query = SearchQuery::of("customers e-mail", true);
        let texts = ["cust customer email", "shop customer", "Where we send our mailings; the customer's e-mail.", ""];
        let found = query.finder().found_in(texts);
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            found,
            [
                (Place::Name, words(&["customer", "email"])),
                (Place::Surroundings, words(&["customer"])),
                (Place::Description, words(&["mailings", "customer", "email"])),
            ]
        );
        let found = SearchQuery::of("s", true).finder().found_in(["s3 s", "bucket", "", ""]);
        assert_eq!(found, [(Place::Name, words(&["s"]))]);
    }

    #[test]
    fn who_types_finds_before_the_word_is_whole() {
        let found = |text: &str, word: &str| {
            let finder = SearchQuery::of(text, true).finder();
            !finder.found_in([word, "", "", ""]).is_empty()
        };
        for word in ["shipping", "cancelled", "creation", "customer", "running", "payment", "category", "active"] {
            for end in PREFIX_FROM..=word.len() {
                assert!(found(&word[..end], word), "{}", &word[..end]);
            }
        }
        assert!(!found("shippe", "shopping"));
    }

    proptest! {
        #[test]
        fn any_text_is_words_of_letters_and_digits(text in "\\PC{0,80}") {
            for one in SearchQuery::of(&text, true).wanted {
                for word in one.spellings.iter().flatten() {
                    prop_assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric), "{word:?}");
                }
            }
        }
    }
}
