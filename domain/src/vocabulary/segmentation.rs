//! Takes words apart that were written together: `scheduledenddate` is `scheduled end date`.
//!
//! The best split is the one whose words are the most frequent in English, by Zipf's law over `english.txt`; words of
//! the vocabulary count as frequent. The rule: a word that is a word stays whole, and a split must convince. It does if
//! its words are frequent for their length, or if they are all words that names of databases use and the names around
//! are English ones. So names in other languages stay as they are (`bestand` is no `best and`).
//!
//! To let a short word be a part, add it to [`SHORT`].

use std::{collections::HashMap, sync::LazyLock};

use super::{TableNames, is_general, is_known, is_plain, words};

/// The ranks of English words, the most frequent first.
static RANKS: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let lines = include_str!("english.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).zip(0..).collect()
});

/// Words of two and three letters that may be a part. Others are too often a piece of a longer word.
const SHORT: &[&str] = &[
    "age", "amt", "api", "avg", "bom", "box", "cat", "cfg", "cnt", "col", "day", "doc", "dt", "due", "emp", "end",
    "exp", "fax", "fee", "gps", "grp", "hrs", "id", "ip", "iso", "job", "key", "loc", "log", "lot", "map", "max",
    "min", "msg", "net", "new", "nm", "no", "num", "old", "org", "pay", "pct", "per", "pkg", "pwd", "qa", "qty", "ref",
    "rep", "row", "run", "seq", "set", "sex", "sku", "std", "stk", "sub", "sum", "sys", "tag", "tax", "tel", "tmp",
    "top", "tot", "trx", "ts", "two", "txn", "uom", "uri", "url", "usd", "usr", "vat", "way", "web", "ytd", "zip",
];
/// Short words that only connect others: never first or last, except `is`, which begins names, and prepositions at the
/// end, behind a participle or, for some, a frequent word.
const LINKS: &[&str] = &["and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"];

/// The longest part, and the longest word that is taken apart.
const LONGEST_PART: usize = 20;
const LONGEST: usize = 60;
/// The cost of a plain word, of an abbreviation and of one that only some domains know, of a short part, and of `id` at
/// the end.
const PLAIN: f64 = 6.5;
const ABBREVIATION: f64 = 9.0;
const JARGON: f64 = 16.0;
const BRIEF: f64 = 7.5;
const ID: f64 = 5.0;
/// The largest cost per letter of a split that convinces anywhere, and of one among English names.
const CONVINCING: f64 = 1.5;
const LIKELY: f64 = 2.1;

/// Words among the most frequent ones are never mere abbreviations. They are longer than most abbreviations.
const COMMON: u32 = 8_000;
const COMMON_FROM: usize = 4;

/// Returns whether this is one of the more frequent English words.
pub fn is_common(word: &str) -> bool {
    word.len() >= COMMON_FROM && RANKS.get(word).is_some_and(|rank| *rank < COMMON)
}

/// Words among these are never the initials of several words, however short they are: `set`, `act`.
const FREQUENT: u32 = 3_000;

/// Returns whether this is one of the most frequent English words.
pub fn is_frequent(word: &str) -> bool {
    RANKS.get(word).is_some_and(|rank| *rank < FREQUENT)
}

/// Returns whether this is an English word.
pub fn is_english(word: &str) -> bool {
    RANKS.contains_key(word) || is_plain(word)
}

/// Returns whether a name is a frequent English word with a few letters before or behind it, so that they may be an
/// abbreviation: `braddress`.
pub fn holds_a_word(name: &str) -> bool {
    const FEW: usize = 3;
    (1..=FEW).filter(|few| name.len() > COMMON_FROM + few).any(|few| {
        let start = name.get(..name.len() - few);
        start.is_some_and(is_common) || name.get(few..).is_some_and(is_common)
    })
}

/// Words by their letters without vowels, each with the best word, its rank and the rank of the next.
static SKELETONS: LazyLock<HashMap<String, (&'static str, u32, u32)>> = LazyLock::new(|| {
    let mut skeletons: HashMap<String, (&'static str, u32, u32)> = HashMap::new();
    let words = RANKS.iter().filter(|(_, rank)| **rank < SKELETON_WORDS);
    for (word, rank) in words.map(|(word, rank)| (*word, *rank)) {
        let known = skeletons.entry(skeleton(word)).or_insert((word, rank, u32::MAX));
        if rank < known.1 {
            *known = (word, rank, known.1);
        } else if rank > known.1 {
            known.2 = known.2.min(rank);
        }
    }
    skeletons
});

/// The shortest word without vowels that is read, among how many of the frequent words it may be if it is as short as
/// that or longer, and how much rarer the next fitting one must be.
const SKELETON_FROM: usize = 4;
const SKELETON_SHORT_WORDS: u32 = 8_000;
const SKELETON_WORDS: u32 = 15_000;
const RARER: u32 = 4;

/// The letters of a word without vowels, except the first, and with each double letter once.
pub fn skeleton(word: &str) -> String {
    let mut letters: Vec<char> = Vec::new();
    for (at, letter) in word.chars().enumerate() {
        if (at == 0 || !"aeiou".contains(letter)) && letters.last() != Some(&letter) {
            letters.push(letter);
        }
    }
    letters.into_iter().collect()
}

/// The word that was written without its vowels, as old databases do: `gnrtn` is `generation`. `None` if no word or
/// several fit.
pub fn without_vowels(word: &str) -> Option<&'static str> {
    let is_bare = word.len() >= SKELETON_FROM && word.bytes().all(|b| b.is_ascii_lowercase()) && {
        let rest = &word[1..];
        !rest.contains(['a', 'e', 'i', 'o', 'u'])
    };
    let (found, rank, next) = SKELETONS.get(&skeleton(word)).filter(|_| is_bare)?;
    let most = if word.len() == SKELETON_FROM { SKELETON_SHORT_WORDS } else { SKELETON_WORDS };
    // `assn` has a letter more than `asian`.
    (words::shortens(word, found) && *rank < most && *next >= rank.saturating_mul(RARER)).then_some(found)
}

/// Splits a lower-case word into words, or returns `None` if it stays whole. `among_english` says whether the names
/// around it are English. Words of the catalog's own names count as plain words.
pub fn segmented<'w>(word: &'w str, among_english: bool, catalog: &TableNames) -> Option<Vec<&'w str>> {
    if word.len() < 5 || word.len() > LONGEST || !word.bytes().all(|b| b.is_ascii_lowercase()) || is_english(word) {
        return None;
    }
    let (cost, parts) = cheapest(word, catalog)?;
    #[expect(clippy::cast_precision_loss, reason = "at most 60 letters")]
    let per_letter = cost / word.len() as f64;
    let convinces = match parts.as_slice() {
        [] | [_] => false,
        // One word, which nothing is automatic in: `autoeditor`.
        ["auto", ..] => false,
        // The end of an adjective: `watchable`.
        [.., last] if *last == "able" => false,
        // `phonets`, but not `reqts`.
        [.., before, "dt" | "nm" | "ts"] if before.len() < 4 => false,
        // `idowner`, but not `idmax`.
        ["id", rest @ ..] if rest.iter().any(|part| part.len() < 4) => false,
        _ if per_letter <= CONVINCING => {
            parts.iter().all(|part| part.len() > 3 || SHORT.contains(part) || is_link(part) || catalog.has(part))
        }
        _ => {
            let is_of_names = |part: &&str| is_of_names(part) || catalog.has(part);
            among_english && (per_letter <= LIKELY || parts.iter().all(is_of_names))
        }
    };
    convinces.then_some(parts)
}

/// Returns whether names of databases use the word.
fn is_of_names(part: &str) -> bool {
    is_plain(part) || is_known(part) || SHORT.contains(&part) || is_link(part)
}

fn is_link(part: &str) -> bool {
    LINKS.contains(&part)
}

/// Returns the cheapest split and its cost.
fn cheapest<'w>(word: &'w str, catalog: &TableNames) -> Option<(f64, Vec<&'w str>)> {
    // `best[end]` is the cost of the cheapest split up to `end`, and where its last part begins.
    let mut best: Vec<Option<(f64, usize)>> = vec![None; word.len() + 1];
    best[0] = Some((0.0, 0));
    for end in 2..=word.len() {
        for start in end.saturating_sub(LONGEST_PART)..end - 1 {
            let Some((before, _)) = best[start] else { continue };
            let (first, last) = (start == 0, end == word.len());
            // The whole word may be a name of the catalog itself.
            let of_catalog = !(first && last) && catalog.has(&word[start..end]);
            let cost = if of_catalog { Some(PLAIN) } else { cost(&word[start..end], first, last) };
            let Some(cost) = cost else { continue };
            if best[end].is_none_or(|(known, _)| before + cost < known) {
                best[end] = Some((before + cost, start));
            }
        }
    }
    let (cost, _) = best[word.len()]?;
    let mut parts = Vec::new();
    let mut end = word.len();
    while end > 0 {
        let (_, start) = best[end]?;
        parts.push(&word[start..end]);
        end = start;
    }
    parts.reverse();
    let ends_well = match parts.as_slice() {
        // `createdby`, `periodto`
        [.., before, "by" | "from" | "to"] => {
            words::is_participle(before) || before.len() > COMMON_FROM && is_common(before)
        }
        [.., before, "at" | "on"] => words::is_participle(before),
        [link] => !is_link(link),
        _ => true,
    };
    ends_well.then_some((cost, parts))
}

/// The cost of a part: the negative logarithm of its probability. `None` if it cannot be a part there.
fn cost(part: &str, first: bool, last: bool) -> Option<f64> {
    if is_link(part) {
        let may_be = match part {
            "is" => first,
            "at" | "by" | "from" | "on" | "to" => !first,
            _ => !first && !last,
        };
        return may_be.then_some(BRIEF);
    }
    if part.len() < 4 {
        return match part {
            "id" if last => Some(ID),
            "no" | "nm" | "ts" | "dt" if first => None,
            _ => SHORT.contains(&part).then_some(BRIEF),
        };
    }
    let zipf = RANKS.get(part).map(|rank| {
        #[expect(clippy::cast_precision_loss, reason = "40,000 words")]
        let total = RANKS.len() as f64;
        (f64::from(rank + 1) * total.ln()).ln()
    });
    if is_plain(part) {
        Some(zipf.map_or(PLAIN, |zipf| zipf.min(PLAIN)))
    } else {
        zipf.or_else(|| is_known(part).then_some(if is_general(part) { ABBREVIATION } else { JARGON }))
    }
}

#[cfg(test)]
mod tests {
    use super::{TableNames, segmented};

    fn read(word: &str) -> String {
        segmented(word, true, &TableNames::default()).map_or_else(|| word.to_owned(), |parts| parts.join(" "))
    }

    #[test]
    fn names_without_separators_are_taken_apart() {
        for words in [
            "scheduled end date",
            "work order routing",
            "purchase order detail",
            "business entity id",
            "hire date",
            "carrier tracking number",
            "national id number",
            "login id",
            "total due",
            "ship method id",
            "order id",
            "is only state province flag",
            "end of day rate",
            "scrap reason id",
            "min order qty",
            "due date",
            "bill to address id",
            "product model id",
            "cost per assembly qty",
            "tax rate",
            "ip address",
            "created by",
            "days to manufacture",
            "purchasing web service url",
            "sick leave hours",
            "job title",
            "row guid",
            "product subcategory id",
            "thumbnail photo",
            "support rep id",
            "net amount",
            "churn score",
        ] {
            assert_eq!(read(&words.replace(' ', "")), words);
        }
    }

    #[test]
    fn words_and_names_in_other_languages_stay_whole() {
        for word in [
            "syntax",
            "composer",
            "illness",
            "username",
            "dashboard",
            "barcode",
            "metadata",
            "bestand",
            "termin",
            "montag",
            "bestellung",
            "kundennummer",
            "rechnungsnummer",
            "artikelnummer",
            "adresse",
            "naissance",
            "apellido",
            "privat",
            "alltag",
            "partout",
            "quantidade",
            "planeta",
            "resultat",
            "penser",
            "formar",
            "strasse",
        ] {
            assert_eq!(read(word), word);
        }
    }
}
