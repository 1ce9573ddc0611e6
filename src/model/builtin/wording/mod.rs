//! Wordings for columns, derived from name, type and keys, as clauses without a full stop.
//!
//! The rule: a clause says only what the name says; no verb is invented. Each kind of column is a method in `key`,
//! `claim`, `number` or `attribute`. It returns the wordings, best first, or `None` for a column of another kind.
//! [`wordings`] defines their order.

mod attribute;
mod claim;
mod key;
mod number;
mod role;

use crate::domain::run::Verbosity;

use super::{
    reading::{ColumnReading, TableReading},
    vocabulary::Grasp,
    words,
};

pub use attribute::{NAME, NO_NOUN, QUALIFIED};
pub use claim::{DOER, MERE_FLAG};
pub use key::{BARE, PRESUMED, PRIMARY, REFERENCE, TARGET};
pub use number::SORTED;
pub use role::parts_played;

/// The wordings for a column.
pub struct Wordings {
    /// The wordings, best first; never empty.
    pub texts: Vec<String>,
    /// The reasoning, as the end of a sentence.
    pub because: &'static str,
    /// Whether the type or the samples agree with the name.
    pub is_typical: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "every kind of column answers with an option")]
fn told(because: &'static str, is_typical: bool, texts: Vec<String>) -> Option<Wordings> {
    Some(Wordings { texts, because, is_typical })
}

/// A column within its table.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a TableReading<'a>,
    /// The column.
    pub column: &'a ColumnReading<'a>,
    /// The length of the description.
    pub verbosity: Verbosity,
}

/// Returns the wordings for a column.
pub fn wordings(place: Place<'_>) -> Wordings {
    place
        .reference()
        .or_else(|| place.cryptic())
        .or_else(|| place.polymorphic())
        .or_else(|| place.identifier())
        .or_else(|| place.flag())
        .or_else(|| place.moment())
        .or_else(|| place.actor())
        .or_else(|| place.count())
        .or_else(|| place.order())
        .or_else(|| place.measure())
        .unwrap_or_else(|| place.attribute())
}

impl Place<'_> {
    /// Adds the owner to a phrase (`of the customer`), unless the table's name is unclear or the phrase already names
    /// it.
    fn of_owner(&self, phrase: &str) -> String {
        let entity = &self.table.entity;
        let names_it =
            phrase.strip_suffix(entity.one.as_str()).is_some_and(|head| head.is_empty() || head.ends_with(' '));
        if entity.is_clear && !names_it {
            let line = self.column.data_type.is_number()
                && !phrase.starts_with("the ")
                && entity.words.last().is_some_and(|word| word == "line");
            format!("{phrase} {} the {}", if line { "on" } else { "of" }, entity.one)
        } else {
            phrase.to_owned()
        }
    }

    /// The owner: `the customer`, or `the row` if the table's name is unclear.
    fn owner(&self) -> String {
        let entity = &self.table.entity;
        if entity.is_clear { format!("the {}", entity.one) } else { "the row".to_owned() }
    }

    /// Several wordings for an attribute of the owner.
    fn belonging(&self, phrase: &str, tail: &str) -> Vec<String> {
        let entity = &self.table.entity;
        let mut texts = vec![format!("{}{tail}", self.of_owner(phrase))];
        if entity.is_clear && phrase != entity.one {
            let plural = entity.one.ends_with('s') && !["ss", "us", "is"].iter().any(|end| entity.one.ends_with(end));
            let s = if plural { "'" } else { "'s" };
            texts.push(format!("the {}{s} {phrase}{tail}", entity.one));
            if tail.is_empty() {
                texts.push(format!("{phrase} recorded for each {}", entity.one));
            }
            texts.push(format!("{phrase}{tail}"));
        } else {
            texts.push(format!("the {phrase}{tail}"));
        }
        texts
    }

    /// The words without the trailing words in `without`. A trailing 1, 2 or 3 becomes an ordinal at the start.
    fn role(&self, without: &[&str]) -> Vec<String> {
        let mut role = self.column.words.clone();
        let ordinal = match role.last().map(String::as_str) {
            Some("1") => Some("first"),
            Some("2") => Some("second"),
            Some("3") => Some("third"),
            _ => None,
        };
        let ordinal = ordinal.filter(|_| self.is_numbered() && !self.counts_from_zero());
        if let Some(ordinal) = ordinal.filter(|_| role.len() > 1) {
            role.pop();
            role.insert(0, ordinal.to_owned());
        }
        while role.last().is_some_and(|word| without.contains(&word.as_str())) {
            role.pop();
        }
        role
    }

    /// Returns whether the table has a column of the same name with 0 at the end.
    fn counts_from_zero(&self) -> bool {
        let first = format!("{}0", self.column.column.name.trim_end_matches(|c: char| c.is_ascii_digit()));
        self.table.detail.columns.iter().any(|other| other.name.eq_ignore_ascii_case(&first))
    }

    /// Returns whether the table has a column of the same name with another number at the end.
    fn is_numbered(&self) -> bool {
        let stem = |name: &str| {
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            (stem.len() < name.len()).then(|| stem.to_lowercase())
        };
        let own = &self.column.column.name;
        let others = self.table.detail.columns.iter().filter(|other| other.name != *own);
        stem(own).is_some_and(|own| others.into_iter().any(|other| stem(&other.name).as_ref() == Some(&own)))
    }

    /// What the words before the last `count` name, with the owner; the owner itself if there are none.
    fn subject_before(&self, words: &[String], count: usize) -> String {
        let before = &words[..words.len().saturating_sub(count)];
        if before.is_empty() { self.owner() } else { self.of_owner(&format!("the {}", self.phrase(before))) }
    }

    /// The words as a noun phrase.
    pub fn phrase(&self, words: &[String]) -> String {
        let mut all: Vec<String> = Vec::new();
        for word in words {
            let cryptic = self.column.tokens.iter().any(|token| token.raw == *word && token.grasp == Grasp::Cryptic);
            let shown = if cryptic && word.is_ascii() && word.len() <= 5 { word.to_uppercase() } else { word.clone() };
            if all.last() != Some(&shown) {
                all.push(shown);
            }
        }
        let last = all.last().cloned().unwrap_or_default();
        // A flag is for a channel and holds no address.
        let full = match last.as_str() {
            _ if self.column.is_answer() && !words::is_participle(self.column.last()) => None,
            "e-mail" => Some("e-mail address"),
            "phone" | "telephone" | "fax" | "mobile" if !self.column.data_type.is_moment() => {
                all.pop();
                all.push(if last == "mobile" { "mobile phone".to_owned() } else { last.clone() });
                Some("number")
            }
            "ZIP" => Some("ZIP code"),
            "IP" => Some("IP address"),
            "MAC" => Some("MAC address"),
            "postal" => Some("postal code"),
            _ => None,
        };
        if let Some(full) = full {
            if full.starts_with(&last) {
                all.pop();
            }
            all.push(full.to_owned());
        }
        all.join(" ").replace("e-mail address address", "e-mail address").replace("identifier number", "identifier")
    }
}
