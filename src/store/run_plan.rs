//! Plans how a list of runs is read: which index drives the query, and which conditions are checked row by row.
//!
//! The rules: no list scans the table, and none sorts it. Either an index is walked in the list's order, in one range
//! per combination of its leading values, and the walk ends with the page. Or the filter leaves few runs, which are
//! found by an index of the filter and sorted. All other conditions are hidden from the database's planner
//! (`dialect::plain`), so that it follows the plan made here. To count the matches often takes longer than to read the
//! page, so the choice of the index is remembered for a while; an old choice makes a page slower, never wrong.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use entity::{
    run::{self, Column},
    run_label, run_tally,
};
use lru::LruCache;
use sea_orm::{
    Condition, ConnectionTrait, DbBackend, Value,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    dialect,
    keyset::{Bound, KeyType, Keyset, Range},
    nth, record,
    trouble::DbResult as _,
};
use crate::domain::{
    Result,
    filter::{OrderDirection, RunFilter, RunOrder, RunOrderField, Searched},
};

/// Maximum number of runs that are sorted for a page.
const MAX_SORTED: u64 = 1_000;
/// How long the choice for a filter is remembered.
const REMEMBERED: Duration = Duration::from_secs(30);
/// The maximum number of filters for which it is remembered.
const FILTERS: NonZeroUsize = NonZeroUsize::new(1_000).expect("a thousand is not zero");
/// Maximum number of ranges that are merged for a page.
const MAX_RANGES: usize = 64;
/// The parts of a filter that can drive a query, the most selective first. Each has an index that continues with the
/// time.
const LEADERS: [&[Part]; 9] = [
    &[Part::Parent],
    &[Part::Schedule],
    &[Part::Kind, Part::Status],
    &[Part::Status],
    &[Part::StartedBy],
    &[Part::DbProfile],
    &[Part::LlmProfile],
    &[Part::HasFailures],
    &[Part::Kind],
];

/// A part of a filter that is a list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Kind,
    Status,
    DbProfile,
    LlmProfile,
    Schedule,
    Parent,
    StartedBy,
    HasFailures,
}

impl Part {
    const fn column(self) -> Column {
        match self {
            Self::Kind => Column::Kind,
            Self::Status => Column::Status,
            Self::DbProfile => Column::DbProfileId,
            Self::LlmProfile => Column::LlmProfileId,
            Self::Schedule => Column::ScheduleId,
            Self::Parent => Column::ParentId,
            Self::StartedBy => Column::StartedBy,
            Self::HasFailures => Column::HasFailures,
        }
    }

    /// The part's column in the tally. `None` for parents, which the tally does not hold.
    pub(super) const fn tallied(self) -> Option<run_tally::Column> {
        match self {
            Self::Kind => Some(run_tally::Column::Kind),
            Self::Status => Some(run_tally::Column::Status),
            Self::DbProfile => Some(run_tally::Column::DbProfileId),
            Self::LlmProfile => Some(run_tally::Column::LlmProfileId),
            Self::Schedule => Some(run_tally::Column::ScheduleId),
            Self::StartedBy => Some(run_tally::Column::StartedBy),
            Self::HasFailures => Some(run_tally::Column::HasFailures),
            Self::Parent => None,
        }
    }
}

/// The values of a part that pass, each once.
type List = (Part, Vec<Value>);

/// A filter in the terms of the store.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    backend: DbBackend,
    lists: Vec<List>,
    /// The first millisecond that passes.
    from_ms: Option<i64>,
    /// The first millisecond after those that pass.
    until_ms: Option<i64>,
    /// A run passes if it has at least one of these labels.
    labels: Option<Vec<String>>,
    searched: Option<Searched>,
}

/// The conditions that drive a statement, and so need no check row by row.
#[derive(Debug, Clone, Copy, Default)]
struct Leading {
    parts: &'static [Part],
    time: bool,
    labels: bool,
    search: bool,
}

/// A column of the runs table.
fn of_run(column: Column) -> Expr {
    Expr::col((run::Entity, column))
}

/// Adds the values of a part that pass, each once; adds nothing if all values pass. Returns `false` if none passes.
fn list<T: Clone + PartialEq>(
    lists: &mut Vec<List>,
    part: Part,
    wanted: Option<&Vec<T>>,
    all: usize,
    value: impl Fn(&T) -> Value,
) -> bool {
    let Some(wanted) = wanted else { return true };
    let mut distinct: Vec<T> = Vec::with_capacity(wanted.len());
    let mut values: Vec<Value> = Vec::with_capacity(wanted.len());
    for item in wanted {
        if !distinct.contains(item) {
            distinct.push(item.clone());
            values.push(value(item));
        }
    }
    let some = !values.is_empty();
    if values.len() < all {
        lists.push((part, values));
    }
    some
}

impl Parts {
    /// Converts a filter. Returns `None` if no run can pass it.
    pub(super) fn new(backend: DbBackend, filter: &RunFilter) -> Option<Self> {
        use crate::domain::status::{RunKind, RunStatus};
        let mut lists = Vec::new();
        let parent = filter.parent_run_id.map(|id| vec![id]);
        let has_failures = filter.has_failures.map(|has| vec![has]);
        let some = list(&mut lists, Part::Kind, filter.kinds.as_ref(), RunKind::ALL.len(), |kind| kind.as_str().into())
            && list(&mut lists, Part::Status, filter.statuses.as_ref(), RunStatus::ALL.len(), |status| {
                status.as_str().into()
            })
            && list(&mut lists, Part::DbProfile, filter.db_profile_ids.as_ref(), usize::MAX, |id| id.0.into())
            && list(&mut lists, Part::LlmProfile, filter.llm_profile_ids.as_ref(), usize::MAX, |id| id.0.into())
            && list(&mut lists, Part::Schedule, filter.schedule_ids.as_ref(), usize::MAX, |id| id.0.into())
            && list(&mut lists, Part::Parent, parent.as_ref(), usize::MAX, |id| id.0.into())
            && list(&mut lists, Part::StartedBy, filter.started_by.as_ref(), usize::MAX, |name| name.as_str().into())
            && list(&mut lists, Part::HasFailures, has_failures.as_ref(), usize::MAX, |has| (*has).into())
            && filter.labels.as_ref().is_none_or(|labels| !labels.is_empty());
        some.then(|| Self {
            backend,
            lists,
            from_ms: filter.started_after.map(record::millis_from),
            until_ms: filter.started_before.map(record::millis_from),
            labels: filter.labels.clone(),
            searched: filter.searched(),
        })
    }

    /// Returns the lists if the tally can answer the filter: nothing else restricts it.
    pub(super) fn tallied(&self) -> Option<&[List]> {
        let listed = self.labels.is_none() && self.searched.is_none();
        let timeless = self.from_ms.is_none() && self.until_ms.is_none();
        let tallied = listed && timeless && self.lists.iter().all(|(part, _)| part.tallied().is_some());
        tallied.then_some(&self.lists)
    }

    fn values(&self, part: Part) -> Option<&[Value]> {
        self.lists.iter().find(|(listed, _)| *listed == part).map(|(_, values)| values.as_slice())
    }

    /// Returns the lists that can drive a walk in time order, the one that is usually the most selective first.
    fn leaders(&self) -> impl Iterator<Item = &'static [Part]> {
        let ranges = |leader: &[Part]| {
            leader.iter().try_fold(1, |ranges: usize, column| Some(ranges * self.values(*column)?.len()))
        };
        LEADERS.into_iter().filter(move |leader| ranges(leader).is_some_and(|ranges| ranges <= MAX_RANGES))
    }

    /// Returns the lists that usually are the best to drive a walk in time order.
    fn leader(&self) -> &'static [Part] {
        self.leaders().next().unwrap_or(&[])
    }

    /// Returns the lists with the fewest runs, by the tally, to drive a walk in time order.
    async fn narrowest(&self, connection: &impl ConnectionTrait) -> Result<&'static [Part]> {
        let is_tallied = |leader: &&[Part]| leader.iter().all(|part| part.tallied().is_some());
        let leaders: Vec<&'static [Part]> = self.leaders().filter(is_tallied).collect();
        let first = self.leader();
        // The tally does not hold parents, which have the fewest runs.
        if leaders.len() < 2 || !leaders.contains(&first) {
            return Ok(first);
        }
        let mut query = Query::select();
        for leader in &leaders {
            let mut sum = Query::select();
            let runs = Expr::col(run_tally::Column::N).sum().cast_as("bigint").if_null(0_i64);
            sum.expr(runs).from(run_tally::Entity);
            for part in *leader {
                if let (Some(column), Some(values)) = (part.tallied(), self.values(*part)) {
                    sum.and_where(Expr::col(column).is_in(values.iter().cloned()));
                }
            }
            query.expr(Expr::from(sum));
        }
        let Some(row) = connection.query_one(&query).await.db()? else { return Ok(first) };
        let runs = (0..leaders.len()).map(|at| nth(&row, at)).collect::<Result<Vec<i64>>>()?;
        let narrowest = runs.iter().zip(&leaders).min_by_key(|(runs, _)| **runs);
        Ok(narrowest.map_or(first, |(_, leader)| *leader))
    }

    /// The time range, as a condition on `listed_at`.
    fn time(&self, listed_at: &Expr) -> Condition {
        let mut condition = Condition::all();
        if let Some(from) = self.from_ms {
            condition = condition.add(listed_at.clone().gte(from));
        }
        if let Some(until) = self.until_ms {
            condition = condition.add(listed_at.clone().lt(until));
        }
        condition
    }

    /// The conditions that are not covered by `leading`.
    fn rest(&self, leading: Leading) -> Condition {
        let mut condition = Condition::all();
        for (part, values) in self.lists.iter().filter(|(part, _)| !leading.parts.contains(part)) {
            condition =
                condition.add(dialect::plain(self.backend, of_run(part.column())).is_in(values.iter().cloned()));
        }
        if !leading.time {
            condition = condition.add(self.time(&dialect::plain(self.backend, of_run(Column::ListedAt))));
        }
        if !leading.labels && self.labels.is_some() {
            let mut labelled = self.labelled();
            labelled.and_where(
                Expr::col((run_label::Entity, run_label::Column::RunId))
                    .eq(dialect::plain(self.backend, of_run(Column::Id))),
            );
            condition = condition.add(Expr::exists(labelled));
        }
        match self.searched.as_ref().filter(|_| !leading.search) {
            Some(Searched::Text(text)) => condition.add(dialect::holds(self.backend, text)),
            Some(Searched::Number(id)) => condition.add(dialect::plain(self.backend, of_run(Column::Id)).eq(id.0)),
            None => condition,
        }
    }

    /// Selects the keys of the runs with one of the labels. A run with several labels comes several times.
    fn labelled(&self) -> SelectStatement {
        let labels = self.labels.iter().flatten().map(String::as_str);
        let mut query = Query::select();
        query.column((run_label::Entity, run_label::Column::RunId)).from(run_label::Entity);
        query.and_where(Expr::col((run_label::Entity, run_label::Column::Label)).is_in(labels)).take()
    }

    /// Selects the keys of the runs that the search finds, if an index can answer it.
    fn found(&self) -> Option<SelectStatement> {
        match self.searched.as_ref()? {
            Searched::Text(text) => dialect::search(self.backend, text),
            Searched::Number(id) => {
                let mut query = Query::select();
                Some(query.column(Column::Id).from(run::Entity).and_where(Expr::col(Column::Id).eq(id.0)).take())
            }
        }
    }

    /// Selects the keys of the runs that pass, each once, if a search or labels alone decide which.
    pub(super) fn keys_alone(&self) -> Option<SelectStatement> {
        let is_alone = self.lists.is_empty() && self.from_ms.is_none() && self.until_ms.is_none();
        match (&self.searched, &self.labels) {
            (Some(_), None) if is_alone => self.found(),
            (None, Some(_)) if is_alone => Some(self.labelled().distinct().take()),
            _ => None,
        }
    }

    /// The driving lists, as conditions that an index can answer.
    fn led(&self, leader: &[Part]) -> Condition {
        let mut condition = Condition::all();
        for part in leader {
            let values = self.values(*part).unwrap_or_default();
            condition = condition.add(of_run(part.column()).is_in(values.iter().cloned()));
        }
        condition
    }

    /// The whole filter, driven by its best index. For counts, where order does not matter.
    pub(super) fn condition(&self) -> Condition {
        let id = of_run(Column::Id);
        if let Some(found) = self.found() {
            let rest = self.rest(Leading { search: true, ..Leading::default() });
            return Condition::all().add(id.in_subquery(found)).add(rest);
        }
        if self.labels.is_some() {
            let rest = self.rest(Leading { labels: true, ..Leading::default() });
            return Condition::all().add(id.in_subquery(self.labelled())).add(rest);
        }
        let parts = self.leader();
        let time = self.time(&of_run(Column::ListedAt));
        self.led(parts).add(time).add(self.rest(Leading { parts, time: true, ..Leading::default() }))
    }

    /// Returns the ways to find few runs: a query that counts up to `few` + 1, its indexed condition, and the remaining
    /// conditions.
    fn finders(&self, few: u64) -> Vec<(SelectStatement, Condition, Condition)> {
        let mut finders = Vec::new();
        let mut add = |condition: Condition, rest: Condition| {
            let mut found = Query::select();
            found.expr(Expr::val(1)).from(run::Entity).cond_where(condition.clone()).limit(few + 1);
            finders.push((found, condition, rest));
        };
        for parts in LEADERS.into_iter().filter(|leader| leader.iter().all(|part| self.values(*part).is_some())) {
            add(self.led(parts), self.rest(Leading { parts, ..Leading::default() }));
        }
        if self.from_ms.is_some() || self.until_ms.is_some() {
            add(self.time(&of_run(Column::ListedAt)), self.rest(Leading { time: true, ..Leading::default() }));
        }
        let mut add_keys = |keys: SelectStatement, leading: Leading| {
            let condition = Condition::all().add(of_run(Column::Id).in_subquery(keys.clone()));
            finders.push((keys.clone().limit(few + 1).take(), condition, self.rest(leading)));
        };
        if self.labels.is_some() {
            add_keys(self.labelled(), Leading { labels: true, ..Leading::default() });
        }
        if let Some(found) = self.found() {
            add_keys(found, Leading { search: true, ..Leading::default() });
        }
        finders
    }
}

/// How a page is read.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// A few runs are found by an index and sorted.
    Sort {
        /// The whole filter.
        condition: Condition,
    },
    /// Ranges of the order's own index are merged.
    Walk {
        /// The driving condition of each range.
        leaders: Vec<Condition>,
        /// The remaining conditions.
        rest: Condition,
    },
}

/// Chooses plans. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Planner {
    /// The number of runs up to which a page is sorted; above it an index is walked.
    few: u64,
    /// The choice for each filter, and when it was made.
    choices: Arc<Mutex<LruCache<RunFilter, (Choice, Instant)>>>,
}

/// How the runs of a filter are found. The same filter always has the same finders.
#[derive(Debug, Clone, Copy)]
enum Choice {
    /// By the finder at this index, which has few matches.
    Find(usize),
    /// By walking the ranges of these lists, if in time order.
    Walk(&'static [Part]),
}

impl Default for Planner {
    fn default() -> Self {
        Self::sorting_at_most(MAX_SORTED)
    }
}

impl Planner {
    pub(super) fn sorting_at_most(few: u64) -> Self {
        Self { few, choices: Arc::new(Mutex::new(LruCache::new(FILTERS))) }
    }

    /// Chooses a plan. If one index serves both filter and order, the walk is chosen right away. Otherwise the matches
    /// of the filter's parts are counted, each up to `few`.
    pub(super) async fn choose(
        &self,
        connection: &impl ConnectionTrait,
        filter: &RunFilter,
        parts: &Parts,
        order: RunOrder,
    ) -> Result<Plan> {
        let by_time = order.field == RunOrderField::StartedAt;
        let mut by_time_leader = parts.leader();
        if !by_time || parts.searched.is_some() || parts.labels.is_some() || parts.lists.len() > 1 {
            match self.choice(connection, filter, parts).await? {
                Choice::Find(at) => {
                    let (_, condition, rest) = parts.finders(self.few).swap_remove(at);
                    return Ok(Plan::Sort { condition: condition.add(rest) });
                }
                Choice::Walk(leader) => by_time_leader = leader,
            }
        }
        let leader: &'static [Part] = match order.field {
            RunOrderField::StartedAt => by_time_leader,
            RunOrderField::Status if parts.values(Part::Status).is_some() => &[Part::Status],
            _ => &[],
        };
        let mut leaders = vec![Condition::all()];
        for part in leader {
            let values = parts.values(*part).unwrap_or_default();
            let with = |leader: &Condition| {
                let leader = leader.clone();
                values.iter().map(move |value| leader.clone().add(of_run(part.column()).eq(value.clone())))
            };
            leaders = leaders.iter().flat_map(with).collect();
        }
        Ok(Plan::Walk { leaders, rest: parts.rest(Leading { parts: leader, time: by_time, ..Leading::default() }) })
    }

    /// Returns the finder with the fewest matches, if they are few, or the lists to walk.
    async fn choice(&self, connection: &impl ConnectionTrait, filter: &RunFilter, parts: &Parts) -> Result<Choice> {
        let choices = || self.choices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((choice, made)) = choices().get(filter).copied()
            && made.elapsed() < REMEMBERED
        {
            return Ok(choice);
        }
        let choice = match fewest(connection, &parts.finders(self.few), self.few).await? {
            Some(at) => Choice::Find(at),
            None => Choice::Walk(parts.narrowest(connection).await?),
        };
        choices().put(filter.clone(), (choice, Instant::now()));
        Ok(choice)
    }
}

/// Returns the index of the finder with the fewest matches, if there are at most `few`.
async fn fewest(
    connection: &impl ConnectionTrait,
    finders: &[(SelectStatement, Condition, Condition)],
    few: u64,
) -> Result<Option<usize>> {
    if finders.is_empty() {
        return Ok(None);
    }
    let mut query = Query::select();
    for (found, _, _) in finders {
        let mut count = Query::select();
        count.expr(Expr::cust("count(*)")).from_subquery(found.clone(), "found");
        query.expr(Expr::from(count));
    }
    let Some(row) = connection.query_one(&query).await.db()? else { return Ok(None) };
    let mut best = None;
    for at in 0..finders.len() {
        let count: i64 = nth(&row, at)?;
        if u64::try_from(count).is_ok_and(|count| count <= few) && best.is_none_or(|(least, _)| count < least) {
            best = Some((count, at));
        }
    }
    Ok(best.map(|(_, at)| at))
}

/// The order of a list of runs. `indexed` allows the database to use the order's index.
pub(super) fn keyset(backend: DbBackend, order: RunOrder, indexed: bool) -> Keyset {
    let (column, key_type, nullable) = order_column(order.field);
    let expr = |column| if indexed { of_run(column) } else { dialect::plain(backend, of_run(column)) };
    let mut columns = Vec::with_capacity(2);
    if order.field != RunOrderField::Number {
        columns.push((expr(column), key_type));
    }
    columns.push((expr(Column::Id), KeyType::Int));
    Keyset { columns, nullable, direction: order.direction }
}

/// The column of an order, its type, and whether it may be null.
pub(super) const fn order_column(field: RunOrderField) -> (Column, KeyType, bool) {
    match field {
        RunOrderField::StartedAt => (Column::ListedAt, KeyType::Int, false),
        RunOrderField::Number => (Column::Id, KeyType::Int, false),
        RunOrderField::Duration => (Column::DurationMs, KeyType::Int, true),
        RunOrderField::Status => (Column::Status, KeyType::Text, false),
        RunOrderField::Command => (Column::Command, KeyType::Text, false),
        RunOrderField::Model => (Column::Model, KeyType::Text, true),
        RunOrderField::DbProfile => (Column::DbProfileName, KeyType::Text, true),
    }
}

impl Parts {
    /// Narrows a range of the list in time order to the filter's times, so that a walk starts and ends there.
    pub(super) fn within_time(&self, range: Range, direction: OrderDirection) -> Range {
        let bound = |ms: Option<i64>, inclusive| {
            ms.map(|ms| Bound { key: vec![ms.into(), i64::MIN.into()], null: false, inclusive })
        };
        let (low, high) = (bound(self.from_ms, true), bound(self.until_ms, false));
        match direction {
            OrderDirection::Asc => {
                Range { start: tighter(range.start, low, true), end: tighter(range.end, high, false) }
            }
            OrderDirection::Desc => {
                Range { start: tighter(range.start, high, false), end: tighter(range.end, low, true) }
            }
        }
    }
}

/// Returns the higher of two bounds, or the lower one.
fn tighter(one: Option<Bound>, other: Option<Bound>, higher: bool) -> Option<Bound> {
    let place = |bound: &Bound| -> Vec<i64> {
        let whole = |value: &Value| match value {
            Value::BigInt(number) => number.unwrap_or_default(),
            _ => 0,
        };
        bound.key.iter().map(whole).collect()
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(if (place(&one) > place(&other)) == higher { one } else { other }),
        (one, other) => one.or(other),
    }
}
