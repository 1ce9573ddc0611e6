//! The role of a reference: what the referenced row is for this one, as far as the column's name tells.
//!
//! The rule: a role is a noun phrase or a deed. Words that make neither (`discontinue of`, `assigned default to`) are
//! no role, and a name that only repeats the target has none. To add a form, add a case to [`Place::role_of`].

use crate::domain::{catalog::ForeignKey, run::Verbosity};

use super::super::{
    entity::Entity,
    lexicon,
    reading::TableReading,
    speech::{self, PREPOSITIONS},
    vocabulary::{self, Token},
    words,
};
use super::Place;

/// Words that say only that a column refers.
const REFERRING: &[&str] = &["identifier", "key", "code", "number", "foreign", "unique", "reference"];

/// Verbs before a person, as in `create_uid`, and what the person did.
const DEEDS: &[(&str, &str)] = &[
    ("create", "created"),
    ("creation", "created"),
    ("insert", "inserted"),
    ("write", "last changed"),
    ("change", "last changed"),
    ("update", "last updated"),
    ("modify", "last modified"),
    ("modification", "last modified"),
    ("delete", "deleted"),
];

/// What the referenced row is for the referring one.
pub enum Role {
    /// The target, and nothing else.
    Target,
    /// The person who did something: the thing it was done to, and the participle, such as `issue` and `created`.
    Actor(String, String),
    /// The person who receives something: the thing, and the participle, such as `issue` and `assigned`.
    Recipient(String, String),
    /// Another row of the same table, and the verb that leads to it, such as `reports` before `to`.
    Superior(String),
    /// A part that has a name: `billing address`. True if the name holds the target's.
    Part(String, bool),
    /// The words of the name make no role.
    Unclear,
}

impl Place<'_> {
    /// The role that the column's name gives to the row that it refers to.
    pub(super) fn role_of(&self, key: &ForeignKey, target: &Entity) -> Role {
        // The name of `call_number`, which refers to call numbers, is theirs.
        let is_whole = target.words.len() > 1 && target.words.ends_with(&self.column.words);
        let mut role = if is_whole { self.column.words.clone() } else { self.role(REFERRING) };
        // `iconid_maintenance` says when the icon is shown and names no thing.
        if role.iter().rposition(|word| word == "identifier").is_some_and(|at| at > 0) {
            return Role::Unclear;
        }
        role.retain(|word| word != "identifier");
        if role.is_empty() || target.is_named_by(&role) || target.leads(&role) == role.len() {
            return Role::Target;
        }
        let is_own = self.table.is_own(key);
        // A name that the referenced column has too, and that says nothing of its table, is just that of an identifier.
        let is_same = matches!(key.columns.as_slice(), [(own, other)] if own.eq_ignore_ascii_case(other))
            && !role.iter().any(|word| target.words.contains(word));
        // `patient_id` of patients that refers to persons identifies the row.
        let is_row = self.column.column.primary_key && self.table.entity.is_named_by(&role);
        if !is_own && (is_same || is_row) {
            return Role::Target;
        }
        if let Some(lettered) = self.lettered(&role) {
            let names_target = target.is_named_by(&lettered.0) || lettered.0.ends_with(&target.words);
            return Role::Part(format!("{} {}", self.phrase(&lettered.0), lettered.1), names_target);
        }
        if let Some((subject, done, _)) = self.deed(&role) {
            return Role::Actor(subject, done);
        }
        match role.as_slice() {
            [direction] if matches!(direction.as_str(), "source" | "target") => {
                // `source_id` of a payment source
                if target.words.ends_with(&role) {
                    return Role::Target;
                }
                role.extend(target.words.clone());
            }
            [verb, who] if target.is_named_by(std::slice::from_ref(who)) || lexicon::is_person(who) => {
                if let Some((_, done)) = DEEDS.iter().find(|(known, _)| known == verb) {
                    return Role::Actor(self.owner(), (*done).to_owned());
                }
            }
            [verb, to] if to == "to" && words::is_participle(verb) => {
                return Role::Recipient(self.owner(), verb.clone());
            }
            [verb, to] if to == "to" && is_own => return Role::Superior(verb.clone()),
            _ => {}
        }
        self.part(&role, target)
    }

    /// The role as a noun phrase.
    fn part(&self, role: &[String], target: &Entity) -> Role {
        // A name that was not read says nothing of the target: `bankact` of a bank account. An `orderer` orders.
        let is_unread = |token: &Token| {
            let is_word =
                ["er", "or", "ee"].iter().any(|end| token.raw.strip_suffix(end).is_some_and(vocabulary::is_word));
            token.is_unread() && token.raw.len() > 1 && role.contains(&token.text) && !is_word
        };
        if self.column.tokens.iter().any(is_unread) {
            let is_it = |key: &&ForeignKey| self.table.target(key).words == target.words;
            let is_only = self.table.foreign_keys().iter().filter(is_it).count() == 1;
            return if is_only { Role::Target } else { Role::Unclear };
        }
        let mut role = role.to_vec();
        if let Some(last) = role.last_mut() {
            *last = words::singular(last);
        }
        if role.iter().any(|word| word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic())) {
            return Role::Unclear;
        }
        // The thing first and then what kind of it: `partner_invoice_id`, `location_dest_id`.
        let thing = target.words.len();
        if role.len() > thing && role.starts_with(&target.words) && !self.table.entity.is_named_by(&role) {
            // `work_centre_added` says when the target counts, not which it is.
            if role[thing..].iter().all(|word| words::is_participle(word)) {
                return Role::Target;
            }
            role.rotate_left(thing);
        }
        let Some(last) = role.last() else { return Role::Target };
        let names_target = role.ends_with(&target.words)
            || target.words.ends_with(&role)
            // A calendar's rows are dates.
            || (last == "date" && target.is_calendar());
        if role.iter().any(|word| speech::is_particle(word)) {
            return Role::Unclear;
        }
        if !speech::may_end_a_noun(last) || speech::is_verb(&role[0]) && role.iter().any(|word| word == "of") {
            return Role::Unclear;
        }
        match role.iter().position(|word| PREPOSITIONS.contains(&word.as_str())) {
            None => Role::Part(self.phrase(&role), names_target),
            // `bill to address`
            Some(at) if at > 0 && at + 1 < role.len() && matches!(role[at].as_str(), "to" | "from" | "by") => {
                let joined = format!("{}-{}", role[at - 1], role[at]);
                role.splice(at - 1..=at, [joined]);
                Role::Part(self.phrase(&role), names_target)
            }
            Some(_) => Role::Unclear,
        }
    }

    /// The words and the letter of a name that differs from another column's by its last letter only: `person_a` beside
    /// `person_b`.
    fn lettered(&self, role: &[String]) -> Option<(Vec<String>, String)> {
        let split = |name: &str| {
            let mut parts = words::split(name);
            let is_letter = |part: &String| part.len() == 1 && part.bytes().all(|b| b.is_ascii_lowercase());
            let last = parts.iter().rposition(|part| part != "id" && part != "key")?;
            let at = Some(last).filter(|last| is_letter(&parts[*last]))?;
            Some((parts.remove(at), parts))
        };
        let (letter, own) = split(&self.column.column.name)?;
        let mut others = self.table.detail.columns.iter().filter_map(|other| split(&other.name));
        let is_paired = others.any(|(other, rest)| rest == own && other != letter);
        let (_, before) = role.split_last().filter(|(_, before)| is_paired && !before.is_empty())?;
        Some((before.to_vec(), letter.to_uppercase()))
    }

    /// What the column's row is for its table, with the target where the role does not name it: `billing address`,
    /// `support representative (employee)`. `None` if the name adds nothing to the target.
    pub fn part_played(&self) -> Option<String> {
        let reference = self.column.own_key()?;
        let target = self.table.target(reference);
        if !target.is_clear {
            return None;
        }
        let is_unread = self.column.tokens.iter().any(Token::is_unread);
        match self.role_of(reference, &target) {
            Role::Part(phrase, _) if is_unread && !is_lettered(&phrase) => None,
            // A number tells rows apart and says nothing of them.
            Role::Part(phrase, _) if phrase.ends_with(|c: char| c.is_ascii_digit()) => None,
            Role::Part(phrase, _) if self.table.is_own(reference) && is_kin(&phrase) => {
                Some(format!("{phrase} {}", target.one))
            }
            Role::Part(phrase, true) if target.one.ends_with(&phrase) => None,
            Role::Part(phrase, true) => Some(phrase),
            Role::Part(phrase, false) => Some(format!("{phrase} ({})", target.one)),
            _ => None,
        }
    }
}

/// Names for the tables that a row refers to, one for each of `keys`, with the indefinite article. Keys to the same
/// table that would get the same name are told apart by their columns.
pub fn parts_played(table: &TableReading<'_>, keys: &[&ForeignKey]) -> Vec<String> {
    let name = |key: &ForeignKey| {
        let target = table.target(key);
        let column = key.only_column().and_then(|own| table.detail.columns.iter().find(|one| one.name == own));
        let role = column.and_then(|column| {
            let column = &table.column(column);
            Place { table, column, verbosity: Verbosity::Detailed }.part_played()
        });
        match role {
            Some(role) if is_lettered(&role) => role,
            Some(role) => format!("{} {role}", words::article(&role)),
            None if table.is_own(key) && target.is_clear => format!("another {}", target.one),
            None if table.is_own(key) => "another row".to_owned(),
            None if target.is_clear => format!("{} {}", words::article(&target.one), target.one),
            None => format!("a row of {}", words::shown(&key.table)),
        }
    };
    let names: Vec<String> = keys.iter().map(|key| name(key)).collect();
    let told = |(at, name): (usize, &String)| {
        let is_alone = names.iter().enumerate().all(|(other, same)| other == at || same != name);
        let own: Vec<String> = keys[at].columns.iter().map(|(own, _)| words::quoted(own)).collect();
        if is_alone { name.clone() } else { format!("{name} ({})", own.join(", ")) }
    };
    names.iter().enumerate().map(told).collect()
}

/// Returns whether a letter at the end tells the thing apart from another: `person A`.
fn is_lettered(phrase: &str) -> bool {
    phrase.rsplit_once(' ').is_some_and(|(_, last)| last.len() == 1 && last.bytes().all(|b| b.is_ascii_uppercase()))
}

fn is_kin(phrase: &str) -> bool {
    matches!(phrase, "parent" | "root" | "previous" | "next" | "original" | "duplicate" | "related" | "master" | "main")
}
