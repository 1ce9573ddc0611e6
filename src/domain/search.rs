//! What is searched in catalogs, and what a person's words look for.
//!
//! The rule: a name is indexed by the words that the builtin describer reads in it (`vocabulary.rs`), as they stand
//! there and with abbreviations expanded, so that "customer mail" finds `cust_email_addr`. Comments and descriptions
//! are indexed as they are. Bending (`orders`, `ordered`) is the index's business; why something was found is told by
//! the same stems, by Porter's rules ([`Finder`]). What is a word, a spelling of it or a synonym is decided here. To
//! add a synonym, add it to a line of [`SYNONYMS`].

use std::collections::BTreeSet;

use snowball_stemmers_rs::{Algorithm, Stemmer};

use super::{
    asset::AssetPath,
    catalog::ForeignKey,
    id::DbProfileId,
    index_key::index_key,
    vocabulary::{self, Context},
    words,
};

/// Words that are looked for at the most; the rest of a long question adds nothing.
pub const MAX_WORDS: usize = 16;
/// From so many letters on the last word of a text is also the beginning of one.
const PREFIX_FROM: usize = 3;

/// Endings that stems are without.
const ENDINGS: &[&str] = &[
    "ing", "ed", "ation", "ion", "ment", "ness", "ance", "ence", "able", "ible", "ant", "ent", "ive", "ous", "ate",
    "ize", "ity",
];

/// Words that people use for the same thing in data.
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

/// Words that tell nothing of what is looked for.
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

/// Something of a catalog, as it was last read.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownAsset {
    /// Its key in the index.
    pub id: i64,
    /// The database that it is in.
    pub db_profile_id: DbProfileId,
    /// Where it stands.
    pub path: AssetPath,
    /// A column's type.
    pub data_type: Option<String>,
    /// Whether a column may be null.
    pub nullable: bool,
    /// Whether a column is part of the primary key.
    pub primary_key: bool,
    /// The key of the table that it is or belongs to; see [`table_key`].
    pub table_key: String,
    /// What a column refers to by a foreign key, as displayed: `main.Artist.ArtistId`.
    pub references: Option<String>,
    /// The key of the table that it refers to.
    pub references_key: Option<String>,
    /// The foreign key, where it has further columns.
    pub together: Option<ForeignKey>,
    /// The comment that stands in the database.
    pub comment: Option<String>,
    /// The text that a review accepted last.
    pub description: Option<String>,
}

/// What ends each part of a table's key: a character that no name has.
pub const KEY_END: char = '\u{1f}';

/// Database, schema and table of an asset in one text, by which the columns of a table and what refers to it are found.
/// A schema's is without a table.
#[must_use]
pub fn table_key(path: &AssetPath) -> String {
    let parts = [&path.database, &path.schema].map(|part| part.as_deref().unwrap_or_default());
    let parts = parts.into_iter().chain(path.table.as_deref());
    // A part that is cut is cut by itself, so that the keys of a schema's tables all begin with the schema's.
    let key = |part: &str| index_key(part.chars().filter(|c| *c != KEY_END).collect());
    parts.flat_map(|part| [key(part), KEY_END.to_string()]).collect()
}

/// Where a searched word was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In its own name.
    Name,
    /// In the names of its table and schema.
    Surroundings,
    /// In the accepted description.
    Description,
    /// In the comment.
    Comment,
}

impl Place {
    /// All of them, in the order of the index's columns.
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

/// An asset that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetHit {
    /// The asset.
    pub asset: KnownAsset,
    /// How well it fits; only the order means something.
    pub score: f64,
    /// The words that were found in each place, as they stand there.
    pub matches: Vec<(Place, Vec<String>)>,
}

impl AssetHit {
    /// The words that matched and where: `customer, email in the name; mail in the comment`.
    #[must_use]
    pub fn why(&self) -> String {
        let mut told: Vec<String> = Vec::new();
        let in_name = self.matches.iter().find(|(place, _)| *place == Place::Name).map(|(_, words)| words);
        for (place, words) in &self.matches {
            // What a name holds need not be told of the names around it.
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

/// One word that is looked for, with all that counts as the same. Each spelling is one word or a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Spellings, the person's own first; each a list of lower-case words without signs.
    pub spellings: Vec<Vec<String>>,
    /// Whether the first one may also be a word's beginning.
    pub prefix: bool,
}

impl Wanted {
    /// The beginning of a word that counts as found, if one does.
    #[must_use]
    pub fn begins(&self) -> Option<&str> {
        self.spellings.first().filter(|_| self.prefix)?.last().map(String::as_str)
    }

    /// Whether who looks for the beginning finds this spelling as well.
    #[must_use]
    pub fn covers(&self, spelling: &[String]) -> bool {
        matches!((self.begins(), spelling), (Some(begins), [word]) if stem(word).starts_with(&stem(begins)))
    }
}

/// What a text looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words; none where the text holds no letter or digit.
    pub wanted: Vec<Wanted>,
}

/// Whether all words must be found in an asset, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Each of them.
    All,
    /// At least one.
    Any,
}

impl SearchQuery {
    /// What tells where the words stand in an asset.
    #[must_use]
    pub fn finder(&self) -> Finder {
        let stems = |words: &Vec<String>| words.iter().map(|word| stem(word)).collect::<Vec<_>>();
        let phrases: Vec<Vec<String>> = self.wanted.iter().flat_map(|one| &one.spellings).map(stems).collect();
        let beginnings: Vec<String> = self.wanted.iter().filter_map(Wanted::begins).map(stem).collect();
        let firsts = phrases.iter().flatten().chain(&beginnings).filter_map(|stem| stem.chars().next()).collect();
        Finder { phrases, beginnings, firsts }
    }

    /// What this text looks for. `prefix` takes its last word for the beginning of one too, as while somebody types.
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

    /// What something is called that is called just what is looked for: one of the words, in the singular or plural, or
    /// all of them together.
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

    /// Whether a text says nothing of what is looked for: "Which tables are there?"
    #[must_use]
    pub fn is_vague(text: &str) -> bool {
        Self::telling(text).is_empty()
    }

    /// The words that tell something, as they were written.
    #[must_use]
    pub fn telling(text: &str) -> Vec<String> {
        let tokens = vocabulary::read(text, &Context::default()).into_iter().map(|token| token.raw);
        tokens.filter(|raw| !STOP_WORDS.contains(&raw.as_str())).collect()
    }

    /// The list of what this finds, as its cursors name it.
    #[must_use]
    pub fn list_name(&self, profiles: Option<&[DbProfileId]>, need: Need) -> String {
        let words: Vec<String> =
            self.wanted.iter().filter_map(|one| one.spellings.first()).map(|w| w.concat()).collect();
        let profiles: Vec<String> = profiles.unwrap_or_default().iter().map(ToString::to_string).collect();
        format!("searchAssets:{need:?}:{}:{}", words.join(" "), profiles.join(","))
    }
}

/// Tells where the words of a search stand.
#[derive(Debug, Clone)]
pub struct Finder {
    /// The stems of each spelling.
    phrases: Vec<Vec<String>>,
    /// The stems of beginnings.
    beginnings: Vec<String>,
    /// The letters that all of these begin with.
    firsts: BTreeSet<char>,
}

impl Finder {
    /// The words of an asset's texts that are looked for, by the place where they stand: its name, the names around it,
    /// its description and its comment.
    #[must_use]
    pub fn found_in(&self, texts: [&str; Place::ALL.len()]) -> Vec<(Place, Vec<String>)> {
        let found = Place::ALL.into_iter().zip(texts).map(|(place, text)| (place, self.found(text)));
        found.filter(|(_, words)| !words.is_empty()).collect()
    }

    /// The words of a text that are looked for, each once, in the order in which they stand.
    fn found(&self, text: &str) -> Vec<String> {
        let words = plain_words(text);
        // A stem begins as its word does: most words need none.
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

/// A word without its bending. The index leaves short words as they are.
pub(super) fn stem(word: &str) -> String {
    if word.len() < 3 { word.to_owned() } else { Stemmer::create(Algorithm::Porter).stem(word).into_owned() }
}

/// What a word may become whose beginning is longer than its stem: `shippin` begins no stem, but becomes `shipping`.
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

/// Lower-case words of letters and digits alone. The vocabulary writes `e-mail`, which nobody types in a name.
fn plain_words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace("e-mail", "email");
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words under which a name is found: as it is written and with abbreviations expanded, each once.
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
