//! Ways between two tables along foreign keys, best first.
//!
//! The rule: a way is ranked by what its joins mean, not by its length alone. Each step costs [`STEP`]. What makes a
//! join less likely to be meant costs more: two tables that only share a row of a third one (`customer` and `film`
//! have the same `store`), tables that hold opinions or logs rather than the relation itself, and keys that say who
//! wrote a row. To add a reason, add it to `Graph::step_cost`.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
};

use super::{
    asset::split_last,
    search::KnownAsset,
    vocabulary::{self, Context},
    words,
};

/// The cost of a step.
const STEP: u32 = 10;
/// The cost of passing a table that both neighbours refer to: it pairs all rows that have it in common.
const SHARED: u32 = 15;
/// The additional cost if that table is a lookup table, which many rows have in common.
const LOOKUP: u32 = 20;
/// The cost of passing a table of opinions, logs or the like.
const ASIDE: u32 = 15;
/// The cost of a key that says who wrote or changed a row.
const WRITER: u32 = 20;
/// The cost of a key with a role of its own (`original_language_id` beside `language_id`).
const ROLE: u32 = 2;
/// The cost of a key that may be null.
const OPTIONAL: u32 = 1;

/// Maximum number of ways that are returned.
pub const MOST: usize = 8;
/// Maximum number of partial ways that are looked at.
const TRIED: usize = 20_000;

/// Tables that many tables refer to without being related by them.
const LOOKUPS: &[&str] = &[
    "address",
    "branch",
    "category",
    "city",
    "class",
    "code",
    "company",
    "country",
    "county",
    "currency",
    "date",
    "district",
    "division",
    "group",
    "kind",
    "language",
    "level",
    "locale",
    "location",
    "organization",
    "period",
    "priority",
    "province",
    "region",
    "role",
    "site",
    "state",
    "status",
    "store",
    "tag",
    "tenant",
    "territory",
    "type",
    "unit",
    "zone",
];
/// Tables whose rows are about a relation instead of being one.
const ASIDES: &[&str] = &[
    "activity",
    "alert",
    "audit",
    "cart",
    "click",
    "comment",
    "event",
    "favorite",
    "favourite",
    "feedback",
    "history",
    "impression",
    "like",
    "log",
    "message",
    "note",
    "notification",
    "rating",
    "recommendation",
    "review",
    "search",
    "session",
    "view",
    "visit",
    "vote",
    "wish",
    "wishlist",
];
/// Words in keys that say who wrote or changed a row.
const WRITERS: &[&str] = &[
    "created", "updated", "modified", "changed", "deleted", "edited", "inserted", "entered", "approved", "creator",
    "modifier", "editor",
];

/// A step from one table to the next along a foreign key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step<'k> {
    /// The foreign key, by its first column.
    pub key: &'k KnownAsset,
    /// Whether it leads from the table with the key to the table that it references.
    pub forward: bool,
}

impl<'k> Step<'k> {
    /// The key of the table that the step leads to.
    #[must_use]
    pub fn to(&self) -> &'k str {
        if self.forward { self.key.references_key.as_deref().unwrap_or_default() } else { &self.key.table_key }
    }
}

/// A way from one table to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Way<'k> {
    /// Its steps, in order.
    pub steps: Vec<Step<'k>>,
    /// The lower, the more likely it is meant.
    pub cost: u32,
}

impl<'k> Way<'k> {
    /// The keys of the tables that it passes between its ends.
    pub fn passes(&self) -> impl Iterator<Item = &'k str> + '_ {
        self.steps.iter().take(self.steps.len().saturating_sub(1)).map(Step::to)
    }

    /// The key of the first table that only relates its neighbours by being the same for both.
    #[must_use]
    pub fn shares(&self) -> Option<&'k str> {
        self.steps.windows(2).find(|pair| pair[0].forward && !pair[1].forward).map(|pair| pair[0].to())
    }
}

/// Returns the ways between two tables, given by their keys, best first: the best one, and all that are the shortest or
/// one step longer, at most [`MOST`].
#[must_use]
pub fn between<'k>(keys: &'k [KnownAsset], from: &'k str, to: &'k str) -> Vec<Way<'k>> {
    let graph = Graph::of(keys);
    let distances = graph.distances(to);
    let Some(&shortest) = distances.get(from).filter(|_| from != to) else { return Vec::new() };
    let mut ways: Vec<Way<'k>> = Vec::new();
    // The cheapest partial way is continued first, among equal ones the oldest. What is left costs at least a plain
    // step for each table.
    let mut open = BinaryHeap::from([(Reverse(shortest * STEP), Reverse(0))]);
    let mut partial = vec![Way { steps: Vec::new(), cost: 0 }];
    while let Some((_, Reverse(at))) = open.pop() {
        if ways.len() > MOST || partial.len() > TRIED {
            break;
        }
        let way = partial[at].clone();
        let here = way.steps.last().map_or(from, Step::to);
        if here == to {
            ways.push(way);
            continue;
        }
        for step in graph.beside.get(here).into_iter().flatten() {
            let next = step.to();
            let known = next == from || way.steps.iter().any(|before| before.to() == next);
            let Some(left) = distances.get(next).filter(|_| !known) else { continue };
            let cost = way.cost + graph.step_cost(&way, step, next == to);
            open.push((Reverse(cost + left * STEP), Reverse(partial.len())));
            partial.push(Way { steps: way.steps.iter().copied().chain([*step]).collect(), cost });
        }
    }
    let longest = usize::try_from(shortest).unwrap_or(usize::MAX).saturating_add(1);
    let mut first = true;
    ways.retain(|way| std::mem::take(&mut first) || way.steps.len() <= longest);
    ways.truncate(MOST);
    ways
}

/// The foreign keys, by the tables at both ends.
struct Graph<'k> {
    beside: HashMap<&'k str, Vec<Step<'k>>>,
}

impl<'k> Graph<'k> {
    fn of(keys: &'k [KnownAsset]) -> Self {
        let mut beside: HashMap<&str, Vec<Step<'k>>> = HashMap::new();
        for key in keys {
            let Some(other) = key.references_key.as_deref().filter(|other| *other != key.table_key) else { continue };
            beside.entry(&key.table_key).or_default().push(Step { key, forward: true });
            beside.entry(other).or_default().push(Step { key, forward: false });
        }
        Self { beside }
    }

    /// The number of steps from each table to this one.
    fn distances(&self, to: &'k str) -> HashMap<&'k str, u32> {
        let mut distances = HashMap::from([(to, 0)]);
        let mut queue = VecDeque::from([to]);
        while let Some(table) = queue.pop_front() {
            let next = distances[table] + 1;
            for step in self.beside.get(table).into_iter().flatten() {
                if !distances.contains_key(step.to()) {
                    distances.insert(step.to(), next);
                    queue.push_back(step.to());
                }
            }
        }
        distances
    }

    fn step_cost(&self, way: &Way<'k>, step: &Step<'k>, is_last: bool) -> u32 {
        let key = words_of(step.key.path.column.as_deref());
        let has = |words: &[String], list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let mut cost = STEP;
        if step.key.nullable {
            cost += OPTIONAL;
        }
        if has(&key, WRITERS) {
            cost += WRITER;
        } else if !names(&key, step.key) {
            cost += ROLE;
        }
        if !is_last {
            let passed = if step.forward { referenced(step.key) } else { step.key.path.table.as_deref() };
            if has(&words_of(passed), ASIDES) {
                cost += ASIDE;
            }
        }
        if let Some(before) = way.steps.last().filter(|before| before.forward && !step.forward) {
            cost += SHARED;
            let shared = words_of(referenced(before.key));
            if shared.last().is_some_and(|word| LOOKUPS.contains(&word.as_str())) || self.is_hub(before.to()) {
                cost += LOOKUP;
            }
        }
        cost
    }

    /// Returns whether many tables refer to a table that refers to none itself.
    fn is_hub(&self, table: &str) -> bool {
        let steps = self.beside.get(table).map_or(&[][..], Vec::as_slice);
        steps.len() >= 4 && steps.iter().all(|step| !step.forward)
    }
}

/// The name of the table that a foreign key references.
fn referenced(key: &KnownAsset) -> Option<&str> {
    if let Some(together) = &key.together {
        return Some(&together.table);
    }
    let (table, _) = split_last(key.references.as_deref()?)?;
    Some(split_last(table).map_or(table, |(_, name)| name))
}

fn words_of(name: Option<&str>) -> Vec<String> {
    let tokens = vocabulary::read(name.unwrap_or_default(), &Context::default());
    tokens.iter().flat_map(|token| token.text.split(' ')).map(words::singular).collect()
}

/// Returns whether the words of a key's column name the table that it references, and nothing before it.
fn names(key: &[String], asset: &KnownAsset) -> bool {
    let table = words_of(referenced(asset));
    let plain = |word: &&String| !matches!(word.as_str(), "identifier" | "key" | "code" | "number");
    let key: Vec<&String> = key.iter().filter(plain).collect();
    key.is_empty() || table.iter().any(|word| key.first().is_some_and(|first| *first == word))
}
