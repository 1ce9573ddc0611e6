//! Parts of speech, as far as names need them: which words cannot be the noun of a phrase.
//!
//! The rule: a word is listed only if it is hardly ever a noun in a name. Words that are both (`order`, `display`)
//! are not listed, except as verbs before another noun.

use super::words;

/// Words that connect others.
pub const PREPOSITIONS: &[&str] = &["by", "per", "with", "without", "for", "from", "to", "and", "in", "at", "on", "or"];

/// The days of the week.
pub const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Participles of what happens to a row more than once.
pub const RECURS: &[&str] = &["changed", "modified", "updated", "edited"];

/// Verbs that are no nouns.
const VERBS: &[&str] = &[
    "add",
    "allow",
    "apply",
    "assign",
    "authorize",
    "auto",
    "be",
    "convert",
    "create",
    "delete",
    "deny",
    "disable",
    "discontinue",
    "enable",
    "enforce",
    "enter",
    "exclude",
    "execute",
    "expire",
    "expose",
    "generate",
    "hide",
    "ignore",
    "include",
    "inherit",
    "insert",
    "install",
    "keep",
    "modify",
    "notify",
    "prevent",
    "propagate",
    "remove",
    "require",
    "sell",
    "send",
    "skip",
    "suppress",
    "truncate",
    "validate",
    "verify",
    "write",
];

/// Words that are neither nouns nor verbs.
const FUNCTIONS: &[&str] = &[
    "a", "after", "all", "also", "always", "an", "any", "as", "before", "below", "both", "down", "each", "every",
    "how", "if", "into", "is", "it", "never", "no", "non", "not", "of", "off", "ok", "once", "only", "other", "out",
    "over", "own", "same", "the", "then", "under", "until", "up", "upon", "via", "what", "when", "where", "which",
    "while", "who", "why",
];

/// Adjectives that are no nouns.
const ADJECTIVES: &[&str] = &[
    "accessible",
    "active",
    "alternative",
    "able",
    "annual",
    "asynchronous",
    "automatic",
    "available",
    "big",
    "common",
    "compatible",
    "complete",
    "complex",
    "different",
    "early",
    "effective",
    "eligible",
    "empty",
    "equal",
    "external",
    "false",
    "final",
    "first",
    "full",
    "global",
    "hidden",
    "high",
    "incoming",
    "initial",
    "insecure",
    "internal",
    "invalid",
    "large",
    "last",
    "late",
    "latest",
    "long",
    "low",
    "lower",
    "mandatory",
    "multiple",
    "native",
    "new",
    "next",
    "numeric",
    "old",
    "optional",
    "outgoing",
    "previous",
    "private",
    "public",
    "real",
    "recent",
    "recurring",
    "remote",
    "sensitive",
    "short",
    "small",
    "temporary",
    "textual",
    "true",
    "typical",
    "unique",
    "upper",
    "used",
    "valid",
    "visible",
];

/// Returns whether the word is a verb and no noun.
pub fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}

/// Verbs that begin the name of a switch and are seldom nouns: `use_once`, `show_triggers`.
const BIDDING: &[&str] = &["allow", "disable", "enable", "hide", "ignore", "require", "show", "skip", "use"];

/// Returns whether a participle says what may be rather than what was done: `bikes_allowed`.
pub fn permits(participle: &str) -> bool {
    ["allowed", "disabled", "enabled", "excluded", "hidden", "included", "permitted", "required", "supported"]
        .contains(&participle)
}

/// Returns whether a name with this first word may be that of a switch.
pub fn is_bidding(word: &str) -> bool {
    BIDDING.contains(&word)
}

/// Returns whether the word is neither a noun nor a verb, and joins no nouns either.
pub fn is_particle(word: &str) -> bool {
    !matches!(word, "of" | "as" | "other" | "all" | "own" | "same") && FUNCTIONS.contains(&word)
}

/// Returns whether the word ends as adjectives do: `invisible`.
fn looks_like_an_adjective(word: &str) -> bool {
    const NOUNS: &[&str] = &["collectible", "deductible", "vegetable"];
    word.len() > 7 && (word.ends_with("ible") || word.ends_with("lable")) && !NOUNS.contains(&word)
}

/// Returns whether the last word of a phrase may be its noun.
pub fn may_end_a_noun(word: &str) -> bool {
    !is_verb(word)
        && !looks_like_an_adjective(word)
        && !FUNCTIONS.contains(&word)
        && !PREPOSITIONS.contains(&word)
        && !ADJECTIVES.contains(&word)
        && (word == "set" || !words::is_participle(word))
}

/// Words that begin a question that yes and no answer.
pub const OPENERS: &[&str] = &["is", "has", "can", "should", "was", "allows", "needs", "requires", "uses", "includes"];

/// Returns whether a name asks a question that yes and no answer: `is_closed`, `quote_flag`, `hidden`, `enable_mail`.
pub fn is_question(words: &[String]) -> bool {
    let is = |word: Option<&String>, list: &[&str]| word.is_some_and(|word| list.contains(&word.as_str()));
    is(words.first(), OPENERS)
        || is(words.first(), VERBS)
        || is(words.last(), &["flag", "indicator", "yes/no", "able", "ok"])
        || is(words.last(), ADJECTIVES)
        || matches!(words, [.., option, way] if option.starts_with("opt") && matches!(way.as_str(), "in" | "out"))
        || matches!(words, [first, _, ..] if words::is_participle(first))
        || words.last().is_some_and(|last| words::is_participle(last) || last.len() > 6 && last.ends_with("able"))
}

/// Returns whether the words make a noun phrase: they end with a noun, and hold no word that only a sentence has.
pub fn is_noun_phrase(words: &[String]) -> bool {
    let Some((last, before)) = words.split_last() else { return false };
    let opens = before.first().is_none_or(|first| {
        !is_verb(first)
            && !PREPOSITIONS.contains(&first.as_str())
            && !is_particle(first)
            && !matches!(first.as_str(), "as" | "of")
    });
    opens && may_end_a_noun(last)
}
