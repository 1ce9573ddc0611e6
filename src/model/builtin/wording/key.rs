//! Columns that refer or identify: foreign keys, primary keys, identifiers.
//!
//! The rule: a declared key is described as such; a column that is only named like a key is an identifier.

use crate::domain::{asset::AssetKind, catalog::ForeignKey, run::Verbosity};

use super::super::{
    entity::{Entity, PREPOSITIONS},
    table,
    vocabulary::Token,
    words,
};
use super::{Place, Wordings, told};

/// The reasoning for a reference without a declared key.
pub const PRESUMED: &str = "the name says identifier, and one table is called so";

impl Place<'_> {
    pub(super) fn reference(&self) -> Option<Wordings> {
        let reference = self.column.own_key()?;
        let target = self.table.target(reference);
        let where_to = self.target_name(reference);
        let inline = if self.verbosity == Verbosity::Brief { String::new() } else { format!(" ({where_to})") };
        let role = self.role(&["identifier", "key", "code", "number", "foreign"]);
        if !target.is_clear {
            let mut texts = vec![format!("refers to a row of {where_to}"), format!("foreign key to {where_to}")];
            // The role says more than a target whose name could not be read.
            let says_role = !role.is_empty()
                && !self.column.is_cryptic()
                && !role.iter().all(|word| reference.table.to_lowercase().contains(word.as_str()));
            if says_role {
                let what = self.of_owner(&self.phrase(&role));
                texts.insert(0, format!("{what} (refers to {})", words::shown(&reference.table)));
            }
            return told("it is a foreign key", true, texts);
        }
        let is_own = self.table.is_own(reference);
        let who = &target.one;
        let first = if let Some((subject, verb, _)) = self.deed(&role) {
            format!("refers to the {who} by whom {subject} was {verb}{inline}")
        } else if let [verb, last] = role.as_slice()
            && last == "to"
            && is_own
        {
            let pronoun = if self.table.is_about_people() { "whom" } else { "which" };
            let s = if verb.ends_with('s') { "" } else { "s" };
            format!("refers to the {who} to {pronoun} this {who} {verb}{s}{inline}")
        } else if role.is_empty() || target.is_named_by(&role) || target.leads(&role) == role.len() {
            if is_own {
                format!("refers to another {who}{inline}")
            } else if self.is_link() || (self.column.column.primary_key && !self.is_part_of(&target)) {
                format!("refers to the {who}{inline}")
            } else if self.table.entity.is_clear && self.is_part_of(&target) {
                let part = self.table.entity.words[target.words.len()..].join(" ");
                format!("refers to the {who} to which the {part} belongs{inline}")
            } else {
                format!("refers to {}{inline}", self.of_owner(&format!("the {who}")))
            }
        } else {
            let phrase = self.phrase(&role);
            let of_owner = match phrase.split_once(" as ") {
                Some((thing, what)) => {
                    format!("{} as {} {what}", self.of_owner(&format!("the {thing}")), words::article(what))
                }
                None => self.of_owner(&format!("the {phrase}")),
            };
            let names_target = role.ends_with(&target.words) || target.words.ends_with(&role);
            if names_target || (is_own && role.len() == 1 && self.table.entity.is_clear) {
                let thing = if names_target || role.last().is_some_and(|word| is_person_role(word)) {
                    of_owner
                } else {
                    format!("the {phrase} {who}")
                };
                format!("refers to {thing}{inline}")
            } else {
                format!("refers to {of_owner}, {} {who}{inline}", words::article(who))
            }
        };
        let mut texts = vec![first, format!("foreign key to {where_to}")];
        if !role.iter().any(|word| PREPOSITIONS.contains(&word.as_str())) {
            texts.push(format!("identifier of the {}", if role.is_empty() { who.clone() } else { self.phrase(&role) }));
        }
        texts.push(format!("reference to {} {who}", words::article(who)));
        told("it is a foreign key and the name says to what", true, texts)
    }

    pub(super) fn target_name(&self, key: &ForeignKey) -> String {
        words::shown(&key.target(str::to_owned))
    }

    /// The subject, the verb and the actor of a role: in a table of orders, `created by user` is `the order`, `created`
    /// and `user`.
    fn deed<'w>(&self, role: &'w [String]) -> Option<(String, &'w str, &'w [String])> {
        let by = role.iter().position(|word| word == "by").filter(|by| *by > 0)?;
        let verb = role[by - 1].as_str();
        let subject = self.subject_before(&role[..=by], 2);
        words::is_participle(verb).then_some((subject, verb, &role[by + 1..]))
    }

    /// Returns whether the table's name extends the target's: `order line` and `order`.
    pub(super) fn is_part_of(&self, target: &Entity) -> bool {
        let own = &self.table.entity.words;
        own.len() > target.words.len() && own.starts_with(&target.words)
    }

    /// Returns whether the table is a junction table.
    pub(super) fn is_link(&self) -> bool {
        table::links(self.table).is_some()
    }

    /// The role that the foreign key's name adds to its target: `billing address`, `support representative (employee)`.
    /// `None` if it adds nothing.
    pub fn part_played(&self) -> Option<String> {
        let reference = self.column.own_key()?;
        let target = self.table.target(reference);
        let role = self.role(&["identifier", "key", "code", "number", "foreign"]);
        let is_unread = self.column.tokens.iter().any(Token::is_unread);
        let says_nothing = is_unread || role.is_empty() || target.is_named_by(&role) || target.words.ends_with(&role);
        if says_nothing || !target.is_clear || role.iter().any(|word| PREPOSITIONS.contains(&word.as_str())) {
            return None;
        }
        let phrase = self.phrase(&role);
        let kin =
            matches!(phrase.as_str(), "parent" | "root" | "previous" | "next" | "original" | "duplicate" | "related");
        if self.table.is_own(reference) && kin {
            return Some(format!("{phrase} {}", target.one));
        }
        if role.ends_with(&target.words) { Some(phrase) } else { Some(format!("{phrase} ({})", target.one)) }
    }

    /// The table that an identifier without a declared key names: the only one of that name.
    pub fn presumed_target(&self, role: &[String]) -> Option<&str> {
        let column = self.column.column;
        let is_own_key = column.primary_key && self.table.primary_key().len() == 1;
        if is_own_key || self.column.key.is_some() || self.table.detail.table.kind != AssetKind::Table {
            return None;
        }
        let table = self.table.context.catalog().only_called(role)?;
        (table != self.table.detail.table.name).then_some(table)
    }

    pub(super) fn identifier(&self) -> Option<Wordings> {
        let column = self.column.column;
        let is_id = matches!(self.column.last(), "identifier" | "key" | "primary") || self.column.words.is_empty();
        let sole_key = column.primary_key && self.table.primary_key().len() == 1;
        if sole_key {
            let role = self.role(&["identifier", "key", "primary", "surrogate", "unique"]);
            let (one, clear) = (&self.table.entity.one, self.table.entity.is_clear);
            let own = role.is_empty() || self.table.entity.is_named_by(&role);
            if is_id && own || self.column.is_cryptic() {
                let texts = if clear {
                    vec![
                        format!("unique identifier of each {one}"),
                        format!("uniquely identifies {} {one}", words::article(one)),
                        format!("identifier of the {one}; primary key"),
                        format!("primary key of the {one}"),
                        "primary key of the table".to_owned(),
                    ]
                } else {
                    vec!["primary key: identifies the row".to_owned(), "unique identifier of the row".to_owned()]
                };
                return told("it is the primary key", true, texts);
            }
            let phrase = self.phrase(&self.column.words);
            return told(
                "it is the primary key and has a name of its own",
                true,
                self.belonging(&phrase, "; primary key"),
            );
        }
        if self.column.last() != "identifier"
            && !(self.column.last() == "key" && matches!(self.column.last_raw(), "key" | "fk"))
        {
            return None;
        }
        let mut role = self.role(&["identifier", "unique", "foreign"]);
        let is_rows_own = role.is_empty() || matches!(role.as_slice(), [one] if one == "row" || one == "record");
        if is_rows_own && matches!(self.column.last_raw(), "guid" | "uuid") {
            let upper = self.column.last_raw().to_uppercase();
            let texts = self.belonging(&format!("globally unique identifier ({upper})"), "");
            return told("the name says a globally unique identifier", true, texts);
        }
        if role.len() > 1 && role[0] == "unique" {
            role.remove(0);
            let phrase = self.phrase(&role);
            return told(
                "the name says identifier",
                true,
                vec![format!("unique identifier of the {phrase}"), format!("uniquely identifies the {phrase}")],
            );
        }
        if role.is_empty() {
            return told("the name says identifier", true, self.belonging("identifier", ""));
        }
        if let Some(table) = self.presumed_target(&role) {
            let target = Entity::of(table, &self.table.context);
            let one = if target.is_clear { target.one } else { self.phrase(&role) };
            return told(
                PRESUMED,
                true,
                vec![
                    format!("presumably refers to the {one} ({})", words::shown(table)),
                    format!("identifier of the {one}"),
                ],
            );
        }
        if let Some((subject, verb, who)) = self.deed(&role) {
            let who = if who.is_empty() { "user".to_owned() } else { self.phrase(who) };
            return told(
                "the name says who did it",
                true,
                vec![
                    format!("identifier of the {who} by whom {subject} was {verb}"),
                    format!("{who} by whom {subject} was {verb}"),
                ],
            );
        }
        let qualifier = [
            "external", "legacy", "old", "new", "public", "private", "global", "remote", "natural", "internal",
            "original", "unique", "local",
        ];
        if self.column.last() == "identifier" && !role.last().is_some_and(|word| qualifier.contains(&word.as_str())) {
            let phrase = self.phrase(&role);
            return told(
                "the name says identifier",
                true,
                vec![
                    format!("identifier of the {phrase}"),
                    format!("identifies the {phrase}"),
                    self.of_owner(&format!("{phrase} identifier")),
                ],
            );
        }
        let phrase = self.phrase(&self.column.words);
        told("the name says identifier", true, self.belonging(&phrase, ""))
    }
}

fn is_person_role(word: &str) -> bool {
    matches!(
        word,
        "manager" | "supervisor" | "parent" | "owner" | "boss" | "lead" | "mentor" | "mother" | "father" | "spouse"
    )
}
