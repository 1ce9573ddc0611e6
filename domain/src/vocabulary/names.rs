//! The names of a catalog's tables, and what they say about each other.
//!
//! The rule: only the list of names counts, not the order in which tables are read, so that a run over one table writes
//! the same text as a run over all.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{Context, segmentation::skeleton};
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
/// The longest mark of a module or at the end, how many tables must have one, and of how many in ten.
const AFFIX: usize = 3;
const MODULES: usize = 8;
const MODULES_OF_TEN: usize = 8;

/// Letters before a name that say what kind of table it is: `d_date`, `v_orders`.
const STYLES: [&str; 4] = ["d", "f", "t", "v"];

/// How many tables must share a first word that may mean several things for it to name a module.
const VAGUE: usize = 3;
/// How many first words must begin the rest of a name (`order_orderline`, `gym_gym`) for first words to name
/// applications.
const REPEATED: usize = 3;
/// Tables of the web framework Django, which names tables after applications.
const DJANGO: [&str; 2] = ["django_migrations", "django_content_type"];
/// Last words of tables whose first word is the thing itself: `ord_hdr`.
const HEADS: &[&str] = &["hdr", "header", "head", "master", "mst", "main"];

/// The names of the tables of a catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableNames {
    /// The words that stand alone in a name or between separators, and are not several words written together.
    words: BTreeSet<String>,
    /// The names that the words of a thing have: `comment` and `order line`.
    called: HashMap<String, Vec<String>>,
    /// What abbreviations stand for, by the initials and the beginnings of names.
    expansions: HashMap<String, Vec<String>>,
    /// The things that are called by one word, by that word without its vowels: `host` for `hst`.
    vowelless: HashMap<String, Vec<String>>,
    /// The first word that most of the names share.
    mark: Option<String>,
    /// The parts before a double underscore that several names share.
    groups: BTreeSet<String>,
    /// The short last word that most of the names share: `T` of `CA_ACCOUNT_T`.
    tail: Option<String>,
    /// Short first words of modules (`CA`, `FP`), each shared by several names, where nearly all names have one and
    /// all differ without, or that may mean several things (`res`).
    modules: BTreeSet<String>,
    /// The names, in lower case, whose first word names only the application: `catalogue_product`.
    of_applications: BTreeSet<String>,
    /// The context that all names make together; absent if there are none.
    context: Option<Arc<Context>>,
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
        of.mark = firsts.iter().find(|(_, count)| is_mark(**count)).map(|(first, _)| first.clone());
        let mut lasts: BTreeMap<String, usize> = BTreeMap::new();
        for (_, last) in names.iter().filter_map(|name| name.rsplit_once('_')).filter(|(_, last)| is_affix(last)) {
            *lasts.entry(last.to_lowercase()).or_default() += 1;
        }
        of.tail = lasts.into_iter().find(|(_, count)| is_mark(*count)).map(|(last, _)| last);
        of.modules = of.modules_of(&names);
        of.modules.extend(vague_modules(&firsts, &names));
        let is_letter = |first: &String| first.len() == 1 && !STYLES.contains(&first.as_str());
        of.modules.extend(
            firsts.iter().filter(|(first, count)| is_letter(first) && **count >= ALIKE).map(|(it, _)| it.clone()),
        );
        of.of_applications = of_applications(&names);
        of.groups = groups.into_iter().filter(|(_, count)| *count > 1).map(|(group, _)| group).collect();
        // Words are taken apart with the words of all names, so that comes second.
        for name in &names {
            let mut parts: Vec<String> =
                words::split(of.ungrouped(name)).iter().flat_map(|part| of.apart(part)).collect();
            parts.dedup_by(|later, earlier| words::singular(later) == words::singular(earlier));
            of.explain(&parts);
            let called = of.called.entry(thing(&parts)).or_default();
            called.push((*name).to_owned());
        }
        let context = || Arc::new(Context::of(names.iter().copied()).near(names.iter().copied()));
        of.context = (!names.is_empty()).then(context);
        of
    }

    /// The context that all names make together; `None` if there are none. A table is called the same wherever it is
    /// mentioned, so its name is read in this context.
    #[must_use]
    pub const fn context(&self) -> Option<&Arc<Context>> {
        self.context.as_ref()
    }

    /// The first words that only name the modules of an application.
    fn modules_of(&self, names: &BTreeSet<&str>) -> BTreeSet<String> {
        let bare = |name: &str| {
            let (first, rest) = self.untailed(name).split_once('_')?;
            Some((first.to_lowercase(), rest.to_lowercase()))
        };
        let parts: Vec<(String, String)> =
            names.iter().filter_map(|name| bare(name)).filter(|(first, _)| is_affix(first)).collect();
        let mut firsts: BTreeMap<&str, usize> = BTreeMap::new();
        for (first, _) in &parts {
            *firsts.entry(first).or_default() += 1;
        }
        firsts.retain(|_, count| *count > 1);
        let covered: usize = firsts.values().sum();
        let of_modules = parts.iter().filter(|(first, _)| firsts.contains_key(first.as_str()));
        let rests: BTreeSet<&str> = of_modules.map(|(_, rest)| rest.as_str()).collect();
        let all_differ = rests.len() == covered;
        let fits = firsts.len() > 1 && covered >= MODULES && covered * 10 >= names.len() * MODULES_OF_TEN && all_differ;
        if fits { firsts.into_keys().map(str::to_owned).collect() } else { BTreeSet::new() }
    }

    /// Takes off the short last word that most names share.
    fn untailed<'n>(&self, name: &'n str) -> &'n str {
        match (&self.tail, name.rsplit_once('_')) {
            (Some(tail), Some((rest, last))) if last.eq_ignore_ascii_case(tail) && !rest.is_empty() => rest,
            _ => name,
        }
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
            // `cust` is no short form of a name that is no word itself (`custallocns`).
            [one] if super::is_word(&words::singular(one)) => {
                let one = words::singular(one);
                for end in SHORT_FROM..=one.len().saturating_sub(LEFT_OUT).min(INITIALS) {
                    add(one[..end].to_owned(), one.clone());
                }
                let bare = skeleton(&one);
                if (SHORT_FROM..one.len()).contains(&bare.len()) {
                    let known = self.vowelless.entry(bare).or_default();
                    if !known.contains(&one) {
                        known.push(one);
                    }
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

    /// The name of the only table that is called so, for a table that mentions it. A table of another application is
    /// not meant if the mentioning table's application has one of that kind: `measurements_category` in
    /// `exercises_history` beside `exercises_exercisecategory`.
    #[must_use]
    pub fn only_called_beside(&self, words: &[String], table: &str) -> Option<&str> {
        let found = self.only_called(words)?;
        let application = |name: &str| {
            let name = name.to_lowercase();
            let first = name.split_once('_').map(|(first, _)| first.to_owned());
            first.filter(|_| self.of_applications.contains(&name))
        };
        let (own, others) = (application(table), application(found));
        let end = format!(" {}", thing(words));
        let is_other = |thing: &String, names: &Vec<String>| {
            thing.ends_with(&end) && names.iter().any(|name| application(name) == own)
        };
        // `categories` is hardly meant beside `calendar_categories` in a table `calendar_limits`.
        let first = |name: &str| words::split(name).into_iter().next();
        let is_beside = |thing: &String, names: &Vec<String>| {
            thing.ends_with(&end) && names.iter().any(|name| name != table && first(name) == first(table))
        };
        if first(found) != first(table) && self.called.iter().any(|(thing, names)| is_beside(thing, names)) {
            return None;
        }
        let has_own = own.is_some() && own != others && self.called.iter().any(|(thing, names)| is_other(thing, names));
        (!has_own).then_some(found)
    }

    /// Returns whether a table is called by this word alone.
    #[must_use]
    pub fn is_called(&self, word: &str) -> bool {
        self.called.contains_key(words::singular(word).as_str())
    }

    /// The only table, in the singular, that is called by the letters of this word and vowels between them.
    #[must_use]
    pub fn with_vowels(&self, word: &str) -> Option<&str> {
        match self.vowelless.get(word)?.as_slice() {
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
        let name = self.untailed(name);
        let only_groups = |first: &str| {
            self.mark.as_ref().is_some_and(|mark| first.eq_ignore_ascii_case(mark))
                || self.modules.contains(&first.to_lowercase())
                || self.of_applications.contains(&name.to_lowercase())
        };
        match name.split_once('_') {
            Some((first, rest)) if only_groups(first) && !rest.trim_matches('_').is_empty() => {
                rest.trim_start_matches('_')
            }
            _ => name,
        }
    }
}

/// The names whose first word only names an application, in lower case. The rest must tell the tables apart, and the
/// first word may not be a thing that a table is called by: `order_items` beside `orders` are items of orders.
fn of_applications(names: &BTreeSet<&str>) -> BTreeSet<String> {
    let names: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let parts = || names.iter().filter_map(|name| name.split_once('_').map(|(first, rest)| (name, first, rest)));
    let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
    let mut repeated: BTreeSet<&str> = BTreeSet::new();
    for (_, first, rest) in parts() {
        *shared.entry(first).or_default() += 1;
        if first.len() >= PART_FROM && rest.starts_with(words::singular(first).as_str()) {
            repeated.insert(first);
        }
    }
    let is_django = DJANGO.iter().any(|name| names.contains(*name));
    if !is_django && repeated.len() < REPEATED {
        return BTreeSet::new();
    }
    let key = |name: &str| thing(&words::split(name));
    let things: BTreeSet<String> = names.iter().map(|name| key(name)).collect();
    let mut rests: BTreeMap<String, usize> = BTreeMap::new();
    for (_, _, rest) in parts() {
        *rests.entry(key(rest)).or_default() += 1;
    }
    let names_application = |first: &str, rest: &str| {
        (is_django || shared.get(first).is_some_and(|count| *count > 1))
            && !things.contains(&key(first))
            && !things.contains(&key(rest))
            && rests.get(&key(rest)) == Some(&1)
            && rest.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    parts().filter(|(_, first, rest)| names_application(first, rest)).map(|(name, _, _)| name.clone()).collect()
}

/// The short first words that may mean several things, none of which a table is called: `res` of `res_partner`. Before
/// one of these things (`acc_gl_account`), the word means something else.
fn vague_modules(firsts: &BTreeMap<String, usize>, names: &BTreeSet<&str>) -> Vec<String> {
    let shared = firsts.iter().filter(|(first, count)| **count >= VAGUE && first.len() <= AFFIX);
    let is_vague = |first: &String| {
        let Some(super::Token { text, grasp: super::Grasp::Ambiguous(others), .. }) =
            super::known(first, &super::Context::default())
        else {
            return false;
        };
        let is_thing = |word: &String| *word == text || others.contains(&word.as_str());
        let precedes = |parts: &[String]| {
            parts
                .split_first()
                .is_some_and(|(one, rest)| one == first && rest.iter().any(|part| is_thing(&words::singular(part))))
        };
        if names.iter().any(|name| precedes(&words::split(name))) {
            return true;
        }
        names.iter().map(|name| words::split(name)).all(|parts| {
            let is_head = matches!(parts.as_slice(), [one, rest @ ..] if one == first
                && (rest.is_empty() || matches!(rest, [last] if HEADS.contains(&last.as_str()))));
            !is_head && !parts.iter().any(|part| is_thing(&words::singular(part)))
        })
    };
    shared.map(|(first, _)| first).filter(|first| is_vague(first)).cloned().collect()
}

/// Returns whether a first or last word may only mark a table: it is short and no English word.
fn is_affix(word: &str) -> bool {
    let lower = word.to_lowercase();
    word.len() <= AFFIX && word.bytes().all(|b| b.is_ascii_alphabetic()) && !super::segmentation::is_english(&lower)
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
        let names = TableNames::of(["hosts", "history", "groups", "hstgrp", "correlation", "corr_condition"]);
        assert_eq!(names.with_vowels("hst"), Some("host"));
        assert_eq!(names.expansions("corr"), ["correlation"]);
        let names = TableNames::of(["product", "prospect", "provider"]);
        assert_eq!(names.expansions("pro").len(), 3, "all three begin so");
    }

    #[test]
    fn marks_of_the_whole_catalog_are_no_part_of_a_name() {
        let names = TableNames::of(["wp_posts", "wp_users", "wp_comments", "wp_term_taxonomy", "other"]);
        assert_eq!(names.ungrouped("wp_posts"), "posts");
        let legacy =
            ["CA_ACCOUNT_T", "CA_CHART_T", "CA_ORG_T", "FP_BANK_T", "FP_DOC_HEADER_T", "GL_ENTRY_T", "GL_BALANCE_T"];
        let names = TableNames::of(legacy.into_iter().chain(["SH_STATE_T", "SH_ROOM_T"]));
        assert_eq!((names.ungrouped("CA_ACCOUNT_T"), names.ungrouped("FP_DOC_HEADER_T")), ("ACCOUNT", "DOC_HEADER"));
        let orders = ["po_line", "po_header", "so_line", "so_header", "ap_line", "ap_header", "ar_line", "ar_header"];
        assert_eq!(TableNames::of(orders).ungrouped("po_line"), "po_line", "lines of what?");
        let names = TableNames::of(["res_partner", "res_company", "res_users", "sale_order"]);
        assert_eq!(names.ungrouped("res_users"), "users");
        assert_eq!(TableNames::of(["ord_hdr", "ord_ln", "ord_pmt"]).ungrouped("ord_ln"), "ord_ln");
        let shop = ["django_migrations", "auth_user", "order_order", "order_line", "basket_line", "order_lineprice"];
        let names = TableNames::of(shop);
        assert_eq!(
            shop.map(|name| names.ungrouped(name))[1..],
            ["user", "order", "order_line", "basket_line", "lineprice"]
        );
        let plain = ["order_items", "orders", "user_orders", "users", "user_users", "gym_gym", "gym_gymuser", "a_b"];
        assert_eq!(TableNames::of(plain).ungrouped("order_items"), "order_items");
        let names = TableNames::of(["core_eia__plants", "core_eia__boilers", "core_ferc__plants", "order_lines"]);
        assert_eq!(names.ungrouped("core_eia__plants"), "plants");
        assert_eq!(names.ungrouped("order_lines"), "order_lines");
    }
}
