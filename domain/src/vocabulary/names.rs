//! The names of a catalog's tables, and what they say about each other.
//!
//! The rule: only the list of names counts, not the order in which tables are read, so that a run over one table writes
//! the same text as a run over all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::words;

/// The shortest word of a name that may be a part of a word written together.
const PART_FROM: usize = 3;
/// The longest abbreviation that the initials of a name explain.
const INITIALS: usize = 5;
/// The shortest abbreviation that initials or the beginning of a word explain.
const SHORT_FROM: usize = 3;
/// How many letters an abbreviation leaves out at least: `dea` is no `death`.
const LEFT_OUT: usize = 3;
/// How many tables must begin alike, and of how many in ten, for the beginning to be a mark of the whole catalog.
const ALIKE: usize = 4;
const ALIKE_OF_TEN: usize = 7;

/// The names of the tables of a catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableNames {
    /// The words that stand alone in a name or between separators, and are not several words written together.
    words: BTreeSet<String>,
    /// The names that the words of a thing have: `comment` and `order line`.
    called: HashMap<String, Vec<String>>,
    /// What abbreviations stand for, by the initials and the beginnings of names.
    expansions: HashMap<String, Vec<String>>,
    /// The first word that most of the names share.
    mark: Option<String>,
    /// The parts before a double underscore that several names share.
    groups: BTreeSet<String>,
}

impl TableNames {
    /// Collects the names of tables.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let mut of = Self::default();
        let mut firsts: BTreeMap<String, usize> = BTreeMap::new();
        let mut groups: BTreeMap<String, usize> = BTreeMap::new();
        for name in &names {
            let parts = words::split(name);
            of.words.extend(parts.iter().filter(|part| is_part(part)).map(|part| words::singular(part)));
            if let [first, _, ..] = parts.as_slice() {
                *firsts.entry(first.clone()).or_default() += 1;
            }
            if let Some((group, _)) = name.split_once("__").filter(|(group, _)| !group.is_empty()) {
                *groups.entry(group.to_lowercase()).or_default() += 1;
            }
        }
        // Twice, as a word may be taken apart by another one that stays.
        for _ in 0..2 {
            let apart: Vec<String> = of.words.iter().filter(|word| of.apart(word).len() > 1).cloned().collect();
            of.words.retain(|word| !apart.contains(word));
        }
        let is_mark = |count: usize| count >= ALIKE && count * 10 >= names.len() * ALIKE_OF_TEN;
        of.mark = firsts.into_iter().find(|(_, count)| is_mark(*count)).map(|(first, _)| first);
        of.groups = groups.into_iter().filter(|(_, count)| *count > 1).map(|(group, _)| group).collect();
        // Words are taken apart with the words of all names, so that comes second.
        for name in &names {
            let parts: Vec<String> = words::split(of.ungrouped(name)).iter().flat_map(|part| of.apart(part)).collect();
            of.explain(&parts);
            let called = of.called.entry(thing(&parts)).or_default();
            called.push((*name).to_owned());
        }
        of
    }

    fn apart(&self, word: &str) -> Vec<String> {
        match super::segmentation::segmented(word, true, self) {
            Some(parts) => parts.into_iter().map(str::to_owned).collect(),
            None => vec![word.to_owned()],
        }
    }

    /// Adds the abbreviations that a name explains.
    fn explain(&mut self, parts: &[String]) {
        let mut add = |short: String, long: String| {
            let known = self.expansions.entry(short).or_default();
            if !known.contains(&long) {
                known.push(long);
            }
        };
        let is_word = |part: &String| part.len() >= PART_FROM && part.bytes().all(|b| b.is_ascii_lowercase());
        if !parts.iter().all(is_word) {
            return;
        }
        match parts {
            [_, _, ..] if (SHORT_FROM..=INITIALS).contains(&parts.len()) => {
                let initials: String = parts.iter().filter_map(|part| part.chars().next()).collect();
                let (last, head) =
                    parts.split_last().map_or((String::new(), &[][..]), |(last, head)| (words::singular(last), head));
                add(initials, head.iter().map(String::as_str).chain([last.as_str()]).collect::<Vec<_>>().join(" "));
            }
            [one] => {
                let one = words::singular(one);
                for end in SHORT_FROM..=one.len().saturating_sub(LEFT_OUT).min(INITIALS) {
                    add(one[..end].to_owned(), one.clone());
                }
            }
            _ => {}
        }
    }

    /// Returns whether the word, or its singular, stands alone in one of the names.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        // Asked for each part of each unknown word, so only what looks like a plural is bent.
        word.len() >= PART_FROM
            && (self.words.contains(word)
                || (word.ends_with('s') && self.words.contains(words::singular(word).as_str())))
    }

    /// The name of the only table that is called so: `order_lines` for `order line`.
    #[must_use]
    pub fn only_called(&self, words: &[String]) -> Option<&str> {
        match self.called.get(&thing(words))?.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// What an abbreviation may stand for, by the names.
    #[must_use]
    pub fn expansions(&self, word: &str) -> &[String] {
        self.expansions.get(word).map_or(&[], Vec::as_slice)
    }

    /// Takes off what only groups a name with others: `core_eia__` of `core_eia__plants`, `wp_` of `wp_posts`.
    #[must_use]
    pub fn ungrouped<'n>(&self, name: &'n str) -> &'n str {
        if let Some((group, rest)) = name.split_once("__")
            && !rest.trim_matches('_').is_empty()
            && self.groups.contains(&group.to_lowercase())
        {
            return rest.trim_start_matches('_');
        }
        let Some(mark) = &self.mark else { return name };
        match name.split_once('_') {
            Some((first, rest)) if first.eq_ignore_ascii_case(mark) && !rest.trim_matches('_').is_empty() => {
                rest.trim_start_matches('_')
            }
            _ => name,
        }
    }
}

/// The words of a thing in the singular.
fn thing(words: &[String]) -> String {
    words.iter().map(|word| words::singular(word)).collect::<Vec<_>>().join(" ")
}

fn is_part(part: &str) -> bool {
    part.len() >= PART_FROM && part.bytes().all(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::TableNames;

    #[test]
    fn names_explain_each_other() {
        let names =
            TableNames::of(["purchaseorderdetail", "purchaseorderheader", "vendor", "product", "feature", "pub"]);
        assert_eq!(names.expansions("pod"), ["purchase order detail"]);
        assert_eq!(names.expansions("prod"), ["product"]);
        assert!(names.has("pub") && names.has("features") && !names.has("prop"));
        let names = TableNames::of(["product", "prospect", "provider"]);
        assert_eq!(names.expansions("pro").len(), 3, "all three begin so");
    }

    #[test]
    fn marks_of_the_whole_catalog_are_no_part_of_a_name() {
        let names = TableNames::of(["wp_posts", "wp_users", "wp_comments", "wp_term_taxonomy", "other"]);
        assert_eq!(names.ungrouped("wp_posts"), "posts");
        let names = TableNames::of(["core_eia__plants", "core_eia__boilers", "core_ferc__plants", "order_lines"]);
        assert_eq!(names.ungrouped("core_eia__plants"), "plants");
        assert_eq!(names.ungrouped("order_lines"), "order_lines");
    }
}
