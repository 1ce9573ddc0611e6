//! How a list of runs is read: which index leads, and what is looked at beside it.
//!
//! The rule: no list scans the table and none sorts it. Either an index is walked in the list's order, in
//! one range for each combination of values that lead it, and the walk ends with the page; or the filter is
//! known to leave few runs, and those are found by an index of the filter and sorted. Whatever does not lead
//! is hidden from the database's choice of index (`dialect::plain`), so that the plan is the one made here.

use entity::{
    run::{self, Column},
    run_label, run_tally,
};
use sea_orm::{
    Condition, ConnectionTrait, DbBackend, Value,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    dialect,
    keyset::{Bound, KeyType, Keyset, Range},
    record,
};
use crate::domain::{
    Result,
    filter::{OrderDirection, RunFilter, RunOrder, RunOrderField, Searched},
};

/// So many runs at most are sorted for a page.
pub(super) const FEW: u64 = 1_000;
/// So many ranges at most are merged for a page.
const MAX_RANGES: usize = 64;
/// What can lead, the most selective first. Each has an index that goes on with the time.
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

    /// Its column in the tally, which does not know parents.
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

/// A filter as the store sees it.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    backend: DbBackend,
    lists: Vec<List>,
    /// From this millisecond on.
    from_ms: Option<i64>,
    /// Before this millisecond.
    until_ms: Option<i64>,
    /// At least one of these labels.
    labels: Option<Vec<String>>,
    searched: Option<Searched>,
}

/// What leads a statement, and is not to be looked at beside it.
#[derive(Debug, Clone, Copy, Default)]
struct Leading {
    parts: &'static [Part],
    time: bool,
    labels: bool,
    search: bool,
}

/// A column of the runs.
fn of_run(column: Column) -> Expr {
    Expr::col((run::Entity, column))
}

/// Values that pass, each once; nothing where all do.
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
    /// The parts of a filter; `None` where it lets nothing through.
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

    /// The lists, where nothing else restricts: what the tally can answer.
    pub(super) fn tallied(&self) -> Option<&[List]> {
        let listed = self.labels.is_none() && self.searched.is_none();
        let timeless = self.from_ms.is_none() && self.until_ms.is_none();
        let tallied = listed && timeless && self.lists.iter().all(|(part, _)| part.tallied().is_some());
        tallied.then_some(&self.lists)
    }

    fn values(&self, part: Part) -> Option<&[Value]> {
        self.lists.iter().find(|(listed, _)| *listed == part).map(|(_, values)| values.as_slice())
    }

    /// The lists that can lead a walk in time order.
    fn leader(&self) -> &'static [Part] {
        let ranges = |leader: &[Part]| {
            leader.iter().try_fold(1, |ranges: usize, column| Some(ranges * self.values(*column)?.len()))
        };
        LEADERS.into_iter().find(|leader| ranges(leader).is_some_and(|ranges| ranges <= MAX_RANGES)).unwrap_or(&[])
    }

    /// The time range, of a column given as it is to be planned.
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

    /// What must hold beside what leads.
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

    /// The keys of the runs with one of the labels; a run with several stands there as often.
    fn labelled(&self) -> SelectStatement {
        let labels = self.labels.iter().flatten().map(String::as_str);
        let mut query = Query::select();
        query.column((run_label::Entity, run_label::Column::RunId)).from(run_label::Entity);
        query.and_where(Expr::col((run_label::Entity, run_label::Column::Label)).is_in(labels)).take()
    }

    /// The keys of the runs that the search finds, where an index answers it.
    fn found(&self) -> Option<SelectStatement> {
        match self.searched.as_ref()? {
            Searched::Text(text) => dialect::search(self.backend, text),
            Searched::Number(id) => {
                let mut query = Query::select();
                Some(query.column(Column::Id).from(run::Entity).and_where(Expr::col(Column::Id).eq(id.0)).take())
            }
        }
    }

    /// The lists that lead, as conditions for an index.
    fn led(&self, leader: &[Part]) -> Condition {
        let mut condition = Condition::all();
        for part in leader {
            let values = self.values(*part).unwrap_or_default();
            condition = condition.add(of_run(part.column()).is_in(values.iter().cloned()));
        }
        condition
    }

    /// The whole filter with its best index in front: for counts, where no order matters.
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

    /// Ways to find few runs: each an indexed condition with what must hold beside it.
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
    /// Few runs are found by an index and sorted.
    Sort {
        /// What leads, and what must hold beside it.
        condition: Condition,
    },
    /// Ranges of the order's own index are merged.
    Walk {
        /// What leads each range.
        leaders: Vec<Condition>,
        /// What must hold beside it.
        rest: Condition,
    },
}

impl Plan {
    /// Chooses. Where one index serves both filter and order there is nothing to find out; else the filter's
    /// parts are counted, each only so far as few goes.
    pub(super) async fn choose(
        connection: &impl ConnectionTrait,
        parts: &Parts,
        order: RunOrder,
        few: u64,
    ) -> Result<Self> {
        let by_time = order.field == RunOrderField::StartedAt;
        if !by_time || parts.searched.is_some() || parts.labels.is_some() || parts.lists.len() > 1 {
            let finders = parts.finders(few);
            if let Some(at) = fewest(connection, &finders, few).await? {
                let (_, condition, rest) = finders[at].clone();
                return Ok(Self::Sort { condition: condition.add(rest) });
            }
        }
        let leader: &'static [Part] = match order.field {
            RunOrderField::StartedAt => parts.leader(),
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
        Ok(Self::Walk { leaders, rest: parts.rest(Leading { parts: leader, time: by_time, ..Leading::default() }) })
    }
}

/// Which of these finds the fewest, if that is few.
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
    let Some(row) = connection.query_one(&query).await? else { return Ok(None) };
    let mut best = None;
    for at in 0..finders.len() {
        let count: i64 = row.try_get_by_index(at)?;
        if u64::try_from(count).is_ok_and(|count| count <= few) && best.is_none_or(|(least, _)| count < least) {
            best = Some((count, at));
        }
    }
    Ok(best.map(|(_, at)| at))
}

/// The order of a list of runs. `indexed` tells whether its index is to be walked.
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

/// The column of an order, what it holds, and whether that may be null.
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
    /// Cuts a range of the list in time order to the filter's times, so that a walk begins and ends there.
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

/// The higher of two bounds, or the lower.
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
