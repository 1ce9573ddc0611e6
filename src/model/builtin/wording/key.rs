//! Columns that refer or identify: foreign keys, primary keys, identifiers.
//!
//! The rule: a declared key is described as such; a column that is only named like a key is an identifier.

use crate::domain::{asset::AssetKind, catalog::ForeignKey, neighbour::Neighbour, run::Verbosity};

use super::super::{data_type::DataType, entity::Entity, speech, table, words};
use super::{Place, Wordings, role::Role, told};

/// The reasoning for a declared key.
pub const REFERENCE: &str = "it is a foreign key and the name says to what";
/// The reasoning for a declared key whose column only names the table to which it refers.
pub const TARGET: &str = "it is a foreign key, called like what it refers to";
/// The reasoning for a declared key whose column does not say what the referenced row is for this one.
pub const BARE: &str = "it is a foreign key, and the name does not say for what";
/// The reasoning for a primary key that is called so.
pub const PRIMARY: &str = "it is the primary key";
/// The reasoning for a reference without a declared key.
pub const PRESUMED: &str = "the name says identifier, and one table is called so";

impl Place<'_> {
    pub(super) fn reference(&self) -> Option<Wordings> {
        let reference = self.column.own_key()?;
        let target = self.table.target(reference);
        let where_to = self.target_name(reference);
        let inline = if self.verbosity == Verbosity::Brief { String::new() } else { format!(" ({where_to})") };
        if !target.is_clear {
            // The role says more than a target whose name could not be read.
            let role = self.role(&["identifier", "key", "code", "number", "foreign", "unique"]);
            let mut texts = vec![format!("refers to a row of {where_to}"), format!("foreign key to {where_to}")];
            if role.is_empty() || !speech::is_noun_phrase(&role) || self.column.is_cryptic() {
                return told(BARE, true, texts);
            }
            let thing = format!("the {}", self.phrase(&role));
            let thing = if self.is_link() { thing } else { self.of_owner(&thing) };
            texts.insert(0, format!("refers to {thing}{inline}"));
            return told("it is a foreign key", true, texts);
        }
        let is_own = self.table.is_own(reference);
        let who = &target.one;
        let pronoun = if target.is_about_people() { "whom" } else { "which" };
        let role = self.role_of(reference, &target);
        let first = match &role {
            Role::Actor(subject, done) => format!("refers to the {who} by {pronoun} {subject} was {done}{inline}"),
            Role::Recipient(subject, done) => format!("refers to the {who} to {pronoun} {subject} is {done}{inline}"),
            Role::Superior(verb) => {
                let s = if verb.ends_with('s') { "" } else { "s" };
                format!("refers to the {who} to {pronoun} this {who} {verb}{s}{inline}")
            }
            Role::Target if is_own => format!("refers to another {who}{inline}"),
            Role::Target if self.is_link() || (self.is_sole_key() && !self.belongs_to(&target)) => {
                format!("refers to the {who}{inline}")
            }
            Role::Target if self.table.entity.is_clear && self.belongs_to(&target) => {
                let part = self.table.entity.words[target.words.len()..].join(" ");
                format!("refers to the {who} to which the {part} belongs{inline}")
            }
            Role::Target => format!("refers to {}{inline}", self.of_owner(&format!("the {who}"))),
            Role::Part(phrase, names_target) => {
                let of_owner = match phrase.split_once(" as ") {
                    Some((thing, what)) => {
                        format!("{} as {} {what}", self.of_owner(&format!("the {thing}")), words::article(what))
                    }
                    None => self.of_owner(&format!("the {phrase}")),
                };
                if *names_target || (is_own && is_person_role(phrase)) {
                    format!("refers to {of_owner}{inline}")
                } else if is_own && !phrase.contains(' ') && self.table.entity.is_clear {
                    format!("refers to the {phrase} {who}{inline}")
                } else {
                    format!("refers to {of_owner}, {} {who}{inline}", words::article(who))
                }
            }
            Role::Unclear => format!("refers to {} {who}{inline}", words::article(who)),
        };
        let mut texts = vec![first, format!("foreign key to {where_to}")];
        match &role {
            Role::Target => texts.push(format!("identifier of the {who}")),
            Role::Part(phrase, _) => texts.push(format!("identifier of the {phrase}")),
            _ => {}
        }
        texts.push(format!("reference to {} {who}", words::article(who)));
        let is_bare = matches!(role, Role::Unclear) || (is_own && matches!(role, Role::Target));
        let because = match role {
            _ if is_bare => BARE,
            Role::Target => TARGET,
            _ => REFERENCE,
        };
        told(because, true, texts)
    }

    pub(super) fn target_name(&self, key: &ForeignKey) -> String {
        words::shown(&key.target(str::to_owned))
    }

    /// The subject, the verb and the actor of a role: in a table of orders, `created by user` is `the order`, `created`
    /// and `user`.
    pub(super) fn deed<'w>(&self, role: &'w [String]) -> Option<(String, String, &'w [String])> {
        let by = role.iter().position(|word| word == "by").filter(|by| *by > 0)?;
        let verb = role[by - 1].as_str();
        let (subject, adverb) = self.undergone(&role[..by]);
        let adverb = adverb.or(speech::RECURS.contains(&verb).then_some("last"));
        let done = adverb.map_or_else(|| verb.to_owned(), |adverb| format!("{adverb} {verb}"));
        words::is_participle(verb).then_some((subject, done, &role[by + 1..]))
    }

    /// Returns whether the table's name extends the target's: `order line` and `order`.
    pub(super) fn is_part_of(&self, target: &Entity) -> bool {
        let own = &self.table.entity.words;
        own.len() > target.words.len() && own.starts_with(&target.words)
    }

    /// Returns whether a row is a part of the target: the line of an order, but not the transcript of an exon, if
    /// transcripts are things of their own, and not the accessory of one artifact to another.
    fn belongs_to(&self, target: &Entity) -> bool {
        if !self.is_part_of(target) {
            return false;
        }
        let part = &self.table.entity.words[target.words.len()..];
        if part.last().is_none_or(|last| !speech::may_end_a_noun(last)) {
            return false;
        }
        let targets: Vec<Entity> = self.table.foreign_keys().iter().map(|key| self.table.target(key)).collect();
        let is_thing = targets.iter().any(|other| other.is_named_by(part));
        let refers_twice = targets.iter().filter(|other| other.words == target.words).count() > 1;
        !is_thing && !refers_twice
    }

    /// Returns whether the column alone is the primary key.
    fn is_sole_key(&self) -> bool {
        self.column.column.primary_key && self.table.primary_key().len() == 1
    }

    /// Returns whether the table is a junction table.
    pub(super) fn is_link(&self) -> bool {
        table::links(self.table).is_some()
    }

    /// The table that an identifier without a declared key names: the only one of that name.
    pub fn presumed_target(&self, role: &[String]) -> Option<&str> {
        // `message_id` of `message_queue` that is unique identifies the row.
        let is_own = self.column.column.unique && self.table.entity.words.starts_with(role);
        if self.is_sole_key() || is_own || self.column.key.is_some() || self.table.detail.table.kind != AssetKind::Table
        {
            return None;
        }
        // `role_id` beside `role_type` may refer to any table.
        let stem = self.column.column.name.to_lowercase();
        let stem = stem.strip_suffix("id").unwrap_or_default();
        let says_type = |name: &str| ["type", "kind"].iter().any(|end| name.strip_suffix(end) == Some(stem));
        if self.table.detail.columns.iter().any(|other| says_type(&other.name.to_lowercase())) {
            return None;
        }
        // The name of the table may hold the same abbreviation: `sales_cat_id` beside `salescat`.
        let (catalog, own) = (self.table.context.catalog(), &self.table.detail.table.name);
        let raw = || -> Vec<String> {
            let tokens = self.column.tokens.split_last().map_or(&[][..], |(_, thing)| thing);
            tokens.iter().map(|token| token.raw.clone()).collect()
        };
        let table = catalog.only_called_beside(role, own).or_else(|| catalog.only_called_beside(&raw(), own))?;
        (table != self.table.detail.table.name && self.may_hold_a_key_of(table)).then_some(table)
    }

    /// Returns whether the column's type fits the key of a table, as far as that is known.
    fn may_hold_a_key_of(&self, table: &str) -> bool {
        let is_it = |known: &&Neighbour| known.table == table && known.schema == self.table.detail.schema;
        let Some(known) = self.table.neighbours.iter().find(is_it) else { return true };
        // One column cannot hold a key of several.
        let Some((_, other)) = known.key.as_ref() else { return !known.is_parent };
        let (own, other) = (self.column.data_type, DataType::of(other));
        let is_text = |one: DataType| matches!(one, DataType::Text | DataType::Uuid);
        !(own.is_number() && is_text(other) || is_text(own) && other.is_number())
    }

    /// Describes the two columns that together refer to a row of any table: `taggable_type` and `taggable_id`.
    pub(super) fn polymorphic(&self) -> Option<Wordings> {
        let parts = words::split(&self.column.column.name);
        let (last, stem) = parts.split_last().filter(|(_, stem)| stem.last().is_some_and(|s| s.ends_with("able")))?;
        let other = match last.as_str() {
            "type" => "id",
            "id" => "type",
            _ => return None,
        };
        let is_other =
            |name: &str| words::split(name).split_last().is_some_and(|(end, rest)| end == other && rest == stem);
        let other = self.table.detail.columns.iter().find(|column| is_other(&column.name))?;
        let other = words::quoted(&other.name);
        let texts = if last == "type" {
            vec![format!("kind of the row to which {other} refers"), format!("what {other} refers to")]
        } else {
            vec![format!("identifier of a row of the kind that {other} names"), format!("refers to what {other} says")]
        };
        told("two columns refer to a row of any kind", true, texts)
    }

    pub(super) fn identifier(&self) -> Option<Wordings> {
        let is_id = matches!(self.column.last(), "identifier" | "key" | "primary") || self.column.words.is_empty();
        if self.is_sole_key() {
            let role = self.role(&["identifier", "key", "primary", "surrogate", "unique"]);
            let (one, clear) = (&self.table.entity.one, self.table.entity.is_clear);
            // The key of `tax_authority` may be called `tax_id`, that of `patient_identifier` `patient_identifier_id`.
            let entity = &self.table.entity.words;
            let own = role.is_empty()
                || self.table.entity.is_named_by(&role)
                || *entity == self.column.words
                || self.column.last_raw() == "id" && entity.starts_with(&role);
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
                return told(PRIMARY, true, texts);
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
        let mut role = self.role(&["identifier", "unique"]);
        if matches!(role.as_slice(), [foreign] if foreign == "foreign") {
            let texts = self.belonging("foreign identifier", "");
            return told("the name says identifier", true, texts);
        }
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
        // One of several, told apart by a letter: `a_uuid`, `a_call_id`.
        if role[0].len() == 1 && role[0].bytes().all(|b| b.is_ascii_alphabetic()) {
            let (letter, thing) = (role[0].to_uppercase(), self.phrase(&role[1..]));
            let which = if thing.is_empty() { letter } else { format!("{thing} {letter}") };
            let texts = if role.len() == 1 {
                self.belonging(&format!("identifier {which}"), "")
            } else {
                vec![format!("identifier of the {which}"), self.of_owner(&format!("{which} identifier"))]
            };
            return told("the name says identifier", true, texts);
        }
        // An `access_key` beside `access_keys` is the key itself, and a `pid` is a number of the system's.
        let is_thing_itself = self.column.last() == "key" && role.last().is_some_and(|last| last == "key");
        let names_both = self.column.tokens.len() > 1;
        if let Some(table) = self.presumed_target(&role).filter(|_| names_both && !is_thing_itself) {
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
            // `triggered_by_id` may be another thing's.
            let (who, by) = match who {
                [] => ("person or thing".to_owned(), "which"),
                who => (self.phrase(who), "whom"),
            };
            return told(
                "the name says who did it",
                true,
                vec![
                    format!("identifier of the {who} by {by} {subject} was {verb}"),
                    format!("{who} by {by} {subject} was {verb}"),
                ],
            );
        }
        let qualifier = [
            "stable", "external", "legacy", "old", "new", "public", "private", "global", "remote", "natural",
            "internal", "original", "unique", "local",
        ];
        if self.column.last() == "identifier" && !role.last().is_some_and(|word| qualifier.contains(&word.as_str())) {
            if role.last().is_some_and(|last| words::is_participle(last)) {
                // `user_generated_id`
                let phrase = format!("{} identifier", self.phrase(&role));
                return told("the name says identifier", true, self.belonging(&phrase, ""));
            }
            // Four letters may be no plural: `pres_id` identifies no `pre`.
            if let Some(last) = role.last_mut().filter(|last| words::is_plural(last) && last.len() > 4) {
                *last = words::singular(last);
            }
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
        if let [thing @ .., which] = role.as_slice()
            && !thing.is_empty()
            && self.column.last() == "identifier"
        {
            let thing = self.phrase(thing);
            let texts = vec![format!("{which} identifier of the {thing}"), format!("{thing} identifier ({which})")];
            return told("the name says identifier", true, texts);
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
