//! Columns that state a fact about the row, its time or its actor: flags, points in time, actors.
//!
//! The rule: the verb is the name's own participle; `shipped_at` is when something was shipped.

use super::super::{data_type::DataType, shape::Shape, speech, vocabulary::Token, words};
use super::{Place, Wordings, told};

/// The reasoning for a flag whose name does not say what it means.
pub const MERE_FLAG: &str = "its values are yes or no";

/// The reasoning for a column that only its name says to hold who did something.
pub const DOER: &str = "the name says who did it";

impl Place<'_> {
    pub(super) fn flag(&self) -> Option<Wordings> {
        let boolean = self.column.is_answer();
        if let Some(day) = self.weekday() {
            let owner = self.owner();
            let texts =
                vec![format!("whether {owner} applies on {day}s"), format!("true if {owner} applies on {day}s")];
            return told("one of seven columns for the days of the week", true, texts);
        }
        let mut words = self.column.words.clone();
        let marked =
            matches!(words.last().map(String::as_str), Some("flag" | "indicator" | "yes/no")) && words.len() > 1;
        if marked {
            words.pop();
        }
        let opener = words.first().map(String::as_str).unwrap_or_default().to_owned();
        let opens = speech::OPENERS.contains(&opener.as_str()) && words.len() > 1;
        if !(boolean || opens || marked) || self.column.data_type.is_moment() {
            return None;
        }
        let owner = self.owner();
        if BIDDING.contains(&opener.as_str()) && words.len() > 1 && !marked {
            let deed = format!("{opener} {}", self.phrase(&words[1..]));
            let texts = vec![format!("whether to {deed}"), format!("true to {deed}")];
            return told("the name is a yes-or-no question", boolean, texts);
        }
        // `grp_init_open`: nothing that is initial is open.
        let is_thing = |words: &[String]| words.len() < 2 || speech::is_noun_phrase(&words[..words.len() - 1]);
        let claim = if opens {
            let rest = self.phrase(&words[1..]);
            let last = words.last().map(String::as_str).unwrap_or_default();
            let countable = matches!(opener.as_str(), "has" | "needs" | "requires" | "uses" | "includes")
                && !words::is_plural(last)
                && is_countable(last);
            let noun = matches!(opener.as_str(), "is" | "was") && IS_A.contains(&last);
            let article = if countable || noun { format!("{} ", words::article(&rest)) } else { String::new() };
            let rest = one_of_its_kind(&rest).map_or(rest.clone(), str::to_owned);
            format!("{owner} {opener} {article}{rest}")
        } else if let [.., a, b] = words.as_slice()
            && (a == "opt" || a == "option")
            && (b == "in" || b == "out")
        {
            let what = &words[..words.len() - 2];
            let to = if b == "in" { "to" } else { "of" };
            let what = if what.is_empty() { String::new() } else { format!(" {to} the {}", self.phrase(what)) };
            format!("{owner} has opted {b}{what}")
        } else if self.column.tokens.first().is_some_and(|token| token.raw == "no") && words.len() > 1 {
            format!("{owner} has no {}", self.phrase(&words[1..]))
        } else if words.iter().any(|word| word == "as") {
            // "as needed" is no deed.
            let phrase = self.phrase(&words);
            let texts = vec![self.of_owner(&format!("{phrase} flag")), format!("yes-or-no mark for {phrase}")];
            return told(MERE_FLAG, boolean, texts);
        } else if let Some(done) = words
            .last()
            .and_then(|last| last.strip_prefix("non"))
            .map(|done| done.trim_start_matches('-'))
            .filter(|done| words::is_participle(done))
        {
            format!("{} is not {done}", self.subject_before(&words, 1))
        } else if let Some(last) =
            words.last().filter(|last| words::is_participle(last) && !ADJECTIVES.contains(&last.as_str()))
            && is_thing(&words)
        {
            let been = if self.happens_by_itself(last) { "" } else { "been " };
            format!("{} has {been}{last}", self.subject_before(&words, 1))
        } else if let Some(last) = words.last().filter(|last| ADJECTIVES.contains(&last.as_str()))
            && is_thing(&words)
            // A word that was not read may say where something is visible: `opac_visible`.
            && !self.column.tokens.iter().any(Token::is_unread)
        {
            let last = one_of_its_kind(last).unwrap_or(last);
            format!("{} is {last}", self.subject_before(&words, 1))
        } else if words.len() > 1 && matches!(words[0].as_str(), "out" | "on" | "off" | "in" | "under") {
            format!("{owner} is {}", self.phrase(&words))
        } else if words.last().is_some_and(|last| words::is_plural(last) || !is_countable(last)) {
            format!("{owner} has {}", self.phrase(&words))
        } else {
            // A `tinyint(1)` without rows may hold any small number.
            if self.may_be_number() {
                return None;
            }
            let phrase = self.phrase(&words);
            let texts = vec![
                self.of_owner(&format!("{phrase} flag")),
                format!("whether {phrase} applies to {owner}"),
                format!("yes-or-no mark for {phrase}"),
            ];
            return told(MERE_FLAG, boolean, texts);
        };
        told(
            "the name is a yes-or-no question",
            boolean,
            vec![format!("whether {claim}"), format!("true if {claim}"), format!("tells whether {claim}")],
        )
    }

    /// Returns whether only the type says that the column holds yes or no, and other small numbers fit it.
    fn may_be_number(&self) -> bool {
        let is_seen = self.column.statistics.is_some_and(|one| one.minimum.is_some() || !one.samples.is_empty());
        !is_seen && self.column.column.built_in_type().to_ascii_lowercase().starts_with("tinyint")
    }

    pub(super) fn moment(&self) -> Option<Wordings> {
        let typed = self.column.is_moment();
        let words = self.column.words.as_slice();
        let (last, raw) = (self.column.last(), self.column.last_raw());
        let says = matches!(raw, "at" | "on") || matches!(last, "timestamp" | "date" | "time" | "datetime" | "when");
        let numeric_or_text = matches!(self.column.data_type, DataType::Integer | DataType::Text | DataType::Other);
        // `execute_on` may say where, and values that are no points in time say so.
        let has_values = self.column.statistics.is_some_and(|one| !one.samples.is_empty());
        let participle_at = matches!(raw, "at" | "on")
            && !(has_values && self.column.data_type == DataType::Text)
            && matches!(words, [.., verb, _] if words::is_participle(verb) || TURNS.contains(&verb.as_str()));
        if !(typed || (says && numeric_or_text && (participle_at || matches!(last, "timestamp" | "date" | "datetime"))))
        {
            return None;
        }
        let days = self.column.data_type == DataType::Date
            || self.column.shape == Some(Shape::IsoDate)
            || (last == "date" && self.column.data_type != DataType::Timestamp);
        let noun = if days || last == "date" { "date" } else { "time" };
        let marker = says && !words.is_empty();
        let mut rest: Vec<String> = words[..words.len() - usize::from(marker)].to_vec();
        while rest.last().is_some_and(|word| matches!(word.as_str(), "and" | "date" | "time" | "timestamp")) {
            rest.pop();
        }
        // `datecreate`
        if let [.., verb] = rest.as_mut_slice()
            && let Some((_, done)) = BASES.iter().find(|(base, _)| base == verb)
        {
            (*done).clone_into(verb);
        }
        let texts = if rest.is_empty() && words.iter().any(|word| word == "and") {
            self.belonging("date and time", "")
        } else if rest.is_empty() {
            self.belonging(if marker && last == "timestamp" { "timestamp" } else { noun }, "")
        } else if let [.., verb] = rest.as_slice()
            && words::is_participle(verb)
            && !EXPECTED.contains(&verb.as_str())
        {
            // `date_last_borrowed`
            let (subject, adverb) = match rest.split_first() {
                Some((first, done)) if rest.len() <= 3 && matches!(first.as_str(), "date" | "time") => {
                    self.undergone(done)
                }
                _ => self.undergone(&rest),
            };
            let was = if self.happens_by_itself(verb) { "" } else { "was " };
            // A row changes more than once, and the column has room for one time.
            let adverb = adverb.or(matches!(verb.as_str(), "changed" | "modified" | "updated").then_some("last"));
            let adverb = adverb.map(|adverb| format!("{adverb} ")).unwrap_or_default();
            // A payment is made; what is paid is something else.
            let verb = if verb == "paid" && subject.ends_with("payment") { "made" } else { verb.as_str() };
            let at = if days { "date on which" } else { "time at which" };
            vec![
                format!("when {subject} {was}{adverb}{verb}"),
                format!("{at} {subject} {was}{adverb}{verb}"),
                format!("{noun} when {subject} {was}{adverb}{verb}"),
            ]
        } else if let [.., verb] = rest.as_slice()
            && let Some(verb) =
                TURNS.iter().find(|turn| *turn == verb || (rest.len() == 1 && turn.strip_suffix('s') == Some(verb)))
            && matches!(raw, "at" | "on")
        {
            let subject = self.subject_before(&rest, 1);
            vec![
                format!("when {subject} {verb}"),
                format!("{} {subject} {verb}", if days { "date on which" } else { "time at which" }),
            ]
        } else if let [.., verb] = rest.as_slice()
            && !marker
            && TURNS.contains(&verb.as_str())
            && rest.len() > 1
        {
            let subject = self.subject_before(&rest, 1);
            vec![format!("when {subject} {verb}"), format!("{noun} when {subject} {verb}")]
        } else if let [.., verb, until] = rest.as_slice()
            && until == "until"
            && words::is_participle(verb)
        {
            let subject = self.subject_before(&rest, 2);
            vec![format!("until when {subject} is {verb}"), format!("end of the time for which {subject} is {verb}")]
        } else if let [kind, end] = rest.as_slice()
            && matches!(kind.as_str(), "valid" | "effective")
            && matches!(end.as_str(), "from" | "to" | "until" | "through" | "start" | "end" | "thru")
        {
            let end = if matches!(end.as_str(), "from" | "start") { "start" } else { "end" };
            let owner = self.owner();
            vec![
                format!("{end} of the period in which {owner} is {kind}"),
                format!("{} {noun} of the validity of {owner}", if end == "start" { "first" } else { "last" }),
            ]
        } else if last == "date" || last == "time" || !marker {
            let phrase = if marker { self.phrase(words) } else { self.phrase(&rest) };
            let phrase = if marker
                || [
                    "month",
                    "year",
                    "day",
                    "quarter",
                    "week",
                    "birthday",
                    "deadline",
                    "expiry",
                    "date of birth",
                    "datum",
                    "fecha",
                    "start",
                    "end",
                ]
                .iter()
                .any(|word| phrase.ends_with(word))
                || phrase.starts_with("date of")
                // A name that could not be taken apart: `outtime`.
                || phrase.ends_with(noun)
            {
                phrase
            } else {
                format!("{phrase} {noun}")
            };
            self.belonging(&phrase, "")
        } else if !speech::is_noun_phrase(&rest) {
            self.belonging(&format!("{} {noun}", self.phrase(&rest)), "")
        } else {
            let phrase = self.phrase(&rest);
            let texts = self.of_owner(&format!("{noun} of the {phrase}"));
            vec![texts, self.of_owner(&format!("{phrase} {noun}")), format!("when the {phrase} took place")]
        };
        told("name and type say a point in time", typed, texts)
    }

    /// Returns whether the participle says what the row does and not what is done to it. People retire, other things
    /// are retired.
    fn happens_by_itself(&self, participle: &str) -> bool {
        INTRANSITIVE.contains(&participle) || participle == "retired" && self.table.entity.is_about_people()
    }

    /// Describes `created_by` without a foreign key.
    pub(super) fn actor(&self) -> Option<Wordings> {
        let (subject, done, after) = self.deed(&self.column.words)?;
        if !after.is_empty() {
            return None;
        }
        told(
            DOER,
            true,
            vec![format!("by whom {subject} was {done}"), format!("user or process by which {subject} was {done}")],
        )
    }

    /// The day of the week that a switch is for, beside those for the other days.
    fn weekday(&self) -> Option<&'static str> {
        let day = |name: &str| speech::DAYS.into_iter().find(|day| day.eq_ignore_ascii_case(name));
        let is_switch = matches!(self.column.data_type, DataType::Boolean | DataType::Integer);
        let found = day(&self.column.column.name).filter(|_| is_switch)?;
        (self.table.detail.columns.iter().filter(|other| day(&other.name).is_some()).count() == speech::DAYS.len())
            .then_some(found)
    }

    /// What the participle at the end happens to, and `first` or `last` before it. A letter before it (`t_updated`)
    /// marks the column and names nothing.
    pub(super) fn undergone<'w>(&self, words: &'w [String]) -> (String, Option<&'w str>) {
        let adverb = match words {
            [.., adverb, _] if matches!(adverb.as_str(), "last" | "first") => Some(adverb.as_str()),
            _ => None,
        };
        let before = 1 + usize::from(adverb.is_some());
        let is_mark = matches!(&words[..words.len() - before], [mark] if mark.chars().count() == 1);
        (if is_mark { self.owner() } else { self.subject_before(words, before) }, adverb)
    }
}

/// The phrase for an adjective that applies to only one of several things.
fn one_of_its_kind(adjective: &str) -> Option<&'static str> {
    Some(match adjective {
        "default" => "the default",
        "primary" => "the primary one",
        "main" => "the main one",
        "latest" => "the latest one",
        "current" => "the current one",
        "preferred" => "the preferred one",
        _ => return None,
    })
}

fn is_countable(word: &str) -> bool {
    !words::is_participle(word)
        && ![
            "access",
            "content",
            "data",
            "stock",
            "insurance",
            "permission",
            "warranty",
            "information",
            "consent",
            "approval",
            "credit",
            "tax",
            "power",
            "wifi",
            "parking",
            "internet",
        ]
        .contains(&word)
}

/// Nouns that take an article after `is_`.
const IS_A: &[&str] = &[
    "administrator",
    "gift",
    "employee",
    "customer",
    "member",
    "owner",
    "bot",
    "robot",
    "test",
    "holiday",
    "weekend",
    "contact",
    "address",
    "manager",
    "guest",
    "parent",
    "leaf",
    "bundle",
    "company",
    "person",
    "user",
    "template",
    "draft",
    "duplicate",
    "copy",
    "promotion",
    "subscription",
    "supplier",
    "partner",
    "weekday",
    "reply",
    "return",
    "refund",
    "child",
    "student",
    "teacher",
    "service",
    "group",
    "business",
    "outlier",
    "organization",
];

/// Adjectives that occur in names without `is_`.
const ADJECTIVES: &[&str] = &[
    "active",
    "inactive",
    "enabled",
    "disabled",
    "visible",
    "hidden",
    "public",
    "private",
    "valid",
    "invalid",
    "available",
    "mandatory",
    "optional",
    "required",
    "preferred",
    "needed",
    "allowed",
    "expected",
    "supported",
    "logged",
    "default",
    "primary",
    "open",
    "taxable",
    "online",
    "current",
    "billable",
    "searchable",
    "editable",
    "nullable",
    "unique",
    "featured",
    "refundable",
    "returnable",
    "hazardous",
    "fragile",
    "perishable",
    "temporary",
    "permanent",
    "anonymous",
    "final",
    "internal",
    "external",
    "recurring",
];

/// Verbs whose past tense needs no `was`.
const INTRANSITIVE: &[&str] = &[
    "occurred",
    "happened",
    "expired",
    "arrived",
    "departed",
    "joined",
    "died",
    "appeared",
    "graduated",
    "subscribed",
    "unsubscribed",
    "resigned",
    "responded",
    "failed",
    "succeeded",
    "elapsed",
    "ended",
    "lapsed",
    "churned",
];

/// Participles of what is to come: a `required_date` is not when something was required.
const EXPECTED: &[&str] =
    &["estimated", "expected", "forecast", "needed", "planned", "promised", "required", "scheduled"];

/// Verbs that stand for what was done: `date_create`.
const BASES: &[(&str, &str)] = &[
    ("create", "created"),
    ("delete", "deleted"),
    ("insert", "inserted"),
    ("modify", "modified"),
    ("update", "updated"),
];

/// Verbs that begin the name of a switch: `enable_autoblock`, `send_mail`.
const BIDDING: &[&str] = &[
    "allow", "apply", "auto", "block", "create", "disable", "display", "enable", "exclude", "force", "hide", "ignore",
    "include", "require", "send", "show", "skip", "use",
];

/// Verbs in the present tense before `_at`: `expires_at`, `trial_ends_at`.
const TURNS: &[&str] =
    &["starts", "ends", "expires", "begins", "closes", "opens", "renews", "resets", "departs", "arrives"];
