//! Columns that count, order or measure.
//!
//! The rule: the type must be able to hold a number, and the name must say what it counts, orders or measures.

use super::super::{data_type::DataType, speech, units, vocabulary::Grasp, words};
use super::{Place, Wordings, told};

/// The reasoning for a position that does not say among what.
pub const SORTED: &str = "the name says a position";

impl Place<'_> {
    pub(super) fn count(&self) -> Option<Wordings> {
        let things = self.counted()?;
        let last = things.rsplit(' ').next().map(words::singular).unwrap_or_default();
        let entity = &self.table.entity;
        let holder = if !entity.is_clear {
            String::new()
        } else if CONTAINED.contains(&last.as_str()) {
            format!(" in the {}", entity.one)
        } else {
            format!(" of the {}", entity.one)
        };
        for bound in ["maximum", "minimum"] {
            if let Some(things) = things.strip_prefix(bound).and_then(|rest| rest.strip_prefix(' ')) {
                let texts =
                    vec![format!("{bound} number of {things}{holder}"), format!("{bound} count of {things}{holder}")];
                return told("the name says a count", true, texts);
            }
        }
        let texts = vec![
            format!("number of {things}{holder}"),
            format!("count of {things}{holder}"),
            format!("how many {things} there are"),
        ];
        told("the name says a count", true, texts)
    }

    /// What a number counts, in the plural.
    pub(super) fn counted(&self) -> Option<String> {
        if !self.column.data_type.may_be_number() {
            return None;
        }
        let words = &self.column.words;
        let things = match words.as_slice() {
            [.., last] if words.len() > 1 && matches!(last.as_str(), "count" | "counter") => &words[..words.len() - 1],
            [first, second, rest @ ..] if first == "number" && second == "of" && !rest.is_empty() => rest,
            [first, rest @ ..]
                if matches!(first.as_str(), "number" | "count")
                    && rest.last().is_some_and(|it| words::is_plural(it)) =>
            {
                rest
            }
            all if self.is_number_of(all) => all,
            _ => return None,
        };
        let is_what = |text: &str| things.len() == 1 && things[0] == *text && NOT_COUNTED.contains(&text);
        let is_likely = self.column.tokens.iter().any(|token| is_what(&token.text));
        let plural = |things: &[String]| match things {
            [before @ .., last] if last == "occurs" => self.phrase(&[before, &["occurrences".to_owned()]].concat()),
            // `number_of_jobs_created`
            [.., what, done] if words::is_plural(what) && words::is_participle(done) => self.phrase(things),
            things => words::plural(&self.phrase(things)),
        };
        (!is_likely).then(|| plural(things))
    }

    /// Returns whether a whole number with a plural as its name is a number of things: `images`, `aromatic_rings`.
    fn is_number_of(&self, words: &[String]) -> bool {
        let Some(last) = words.last() else { return false };
        let one = words::singular(last);
        let token = self.column.tokens.last();
        // `show_triggers` is a switch.
        let is_switch = words.len() > 1 && (speech::is_bidding(&words[0]) || speech::is_verb(&words[0]));
        self.column.data_type == DataType::Integer
            && !is_switch
            && self.column.values.is_empty()
            && one != *last
            && token.is_some_and(|token| token.grasp == Grasp::Word && units::unit(&token.raw, "").is_none())
            && !MEASURED.contains(&one.as_str())
    }

    pub(super) fn order(&self) -> Option<Wordings> {
        if !self.column.data_type.may_be_number() {
            return None;
        }
        let words: Vec<&str> = self.column.words.iter().map(String::as_str).collect();
        let own_line = self.table.entity.words.last().is_some_and(|word| {
            matches!(word.as_str(), "line" | "item" | "detail" | "entry" | "row" | "page" | "chapter" | "step")
        });
        // The position of a `driver_standing` is a rank among all drivers.
        let last = self.table.entity.words.last().map_or("", String::as_str);
        if matches!(last, "ranking" | "result" | "score" | "standing" | "standings") {
            return None;
        }
        let what = match words.as_slice() {
            ["position" | "ordinal" | "ordering" | "sort" | "sequence"]
            | ["sort" | "display", "order" | "position" | "sequence" | "index" | "key"]
            | ["order", "index"] => "position",
            ["sequence", "number"] if self.column.column.primary_key => "position",
            ["line" | "row" | "item", "number"] | ["number"] if own_line => "number",
            _ => return None,
        };
        let key_columns = self.table.primary_key();
        let parent = self.table.foreign_keys().iter().find(|key| {
            let target = self.table.target(key);
            // The key is the parent's and the position, and nothing else.
            let is_whole_key = key_columns.len() == key.columns.len() + 1
                && key.columns.iter().all(|(own, _)| key_columns.iter().any(|column| column.name == *own));
            let is_within = if self.column.column.primary_key { is_whole_key } else { self.is_part_of(&target) };
            target.is_clear && is_within && !self.table.is_own(key)
        });
        let within = parent.map(|key| self.table.target(key).one);
        let texts = match within {
            Some(parent) => vec![
                format!("{what} of {} within the {parent}", self.owner()),
                format!("where {} stands within the {parent}", self.owner()),
                format!("orders the {} of the {parent}", self.table.entity.many),
            ],
            None if what == "position" => {
                let owner = self.owner();
                let texts = vec![format!("position of {owner} when sorted"), format!("sort position of {owner}")];
                return told(SORTED, true, texts);
            }
            None => return None,
        };
        told("the name says a position within something", true, texts)
    }

    pub(super) fn measure(&self) -> Option<Wordings> {
        if !self.column.data_type.may_be_number() {
            return None;
        }
        let tokens = &self.column.tokens;
        let raw = self.column.last_raw();
        // A letter alone may be anything.
        if let [_] = self.column.words.as_slice()
            && raw.len() > 1
            && let Some((quantity, unit)) = units::measured_by(raw)
            // Meters that are things, not metres.
            && self.table.context.catalog().only_called(&self.column.words).is_none()
        {
            return told("the name is a unit", true, self.belonging(&quantity.to_lowercase(), &format!(" in {unit}")));
        }
        let [.., before, _] = tokens.as_slice() else { return None };
        // The least, not a number of minutes.
        if raw == "min" && self.table.has_highest(self.column.column) {
            return None;
        }
        let quantity = before.text.rsplit(' ').next().unwrap_or_default();
        let unit = units::unit(raw, quantity)?;
        let unit_words = tokens.last().map_or(0, |token| token.text.split(' ').count());
        let words = &self.column.words;
        let rest = words.get(..words.len().checked_sub(unit_words)?).filter(|rest| !rest.is_empty())?;
        if Self::is_span(unit, words) {
            return told("the name says a span of time", true, self.belonging(&self.phrase(words), ""));
        }
        // `expire_days`
        if rest.last().is_some_and(|word| speech::is_verb(word)) {
            return None;
        }
        let mut phrase = self.phrase(rest);
        if rest.len() > 1 && rest.last().is_some_and(|word| word == "per") {
            let texts = self.belonging(&format!("{phrase} {}", words::singular(unit)), "");
            return told("the name ends with a unit", true, texts);
        }
        if Self::is_timed(unit, rest) {
            phrase.push_str(" time");
        }
        told("the name ends with a unit", true, self.belonging(&phrase, &format!(" in {unit}")))
    }

    /// Returns whether the unit at the end belongs to the word before it: `vacation hours` is no vacation in hours.
    pub(super) fn is_span(unit: &str, words: &[String]) -> bool {
        matches!(words, [.., before, last] if last == unit && SPANS.contains(&before.as_str()))
    }

    /// Returns whether a thing measured in this unit is a time without saying so: `load_ms`.
    pub(super) fn is_timed(unit: &str, words: &[String]) -> bool {
        unit.ends_with("seconds")
            && words.last().is_some_and(|last| !units::is_time(last) && !words::is_participle(last))
    }
}

/// Plurals whose numbers count nothing.
const MEASURED: &[&str] = &[
    "term",
    "bit",
    "cent",
    "coordinate",
    "credit",
    "day",
    "dollar",
    "earning",
    "euro",
    "expense",
    "expire",
    "flag",
    "fund",
    "good",
    "hour",
    "identifier",
    "mile",
    "minute",
    "month",
    "option",
    "percent",
    "permission",
    "point",
    "privilege",
    "proceed",
    "right",
    "saving",
    "second",
    "setting",
    "tax",
    "unit",
    "week",
    "year",
];

/// Words whose unit belongs to them.
const SPANS: &[&str] = &[
    "annual", "contract", "daily", "monthly", "weekly", "yearly", "business", "flight", "holiday", "leave", "office",
    "opening", "overtime", "sick", "vacation", "work", "working",
];

/// Things that are in something rather than of it.
const CONTAINED: &[&str] = &[
    "item",
    "line",
    "page",
    "product",
    "row",
    "track",
    "record",
    "member",
    "column",
    "piece",
    "word",
    "character",
    "seat",
    "room",
    "unit",
    "file",
    "song",
    "chapter",
    "user",
    "student",
    "node",
    "element",
];

/// Words before `count` that are not what is counted.
const NOT_COUNTED: &[&str] =
    &["helpful", "total", "sequence", "active", "open", "current", "maximum", "minimum", "unique", "distinct", "new"];
