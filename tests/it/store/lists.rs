//! Lists of runs: they contain exactly the runs that `RunFilter::matches` accepts, in every order, page by page.

use std::cmp::Ordering;

use gloss::{
    domain::{
        Code, Error,
        filter::{OrderDirection, RunFilter, RunOrder, RunOrderField},
        id::{DbProfileId, LlmProfileId, RunId, ScheduleId},
        page::{Cursor, CursorPart, PageDirection, PageRequest},
        run::{NamingChange, RowOutcome, Run, RunError},
        status::{RunCommand, RunKind, RunStatus},
    },
    port::store::RunStore,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{TestStore, at, new_run, row};

/// The parts of a generated run: indexes into small pools, so that values repeat.
#[derive(Debug, Clone)]
struct Seed {
    kind: RunKind,
    command: RunCommand,
    table: &'static str,
    db: Option<i64>,
    llm: Option<i64>,
    schedule: Option<i64>,
    parent: Option<i64>,
    model: Option<&'static str>,
    db_name: Option<&'static str>,
    created_ms: i64,
    claimed_after: Option<i64>,
    end: Option<(RunStatus, i64)>,
    starter: &'static str,
    title: Option<&'static str>,
    labels: Vec<&'static str>,
    fails: bool,
}

const TABLES: &[&str] = &[
    "users",
    "50%_off",
    "a\"b",
    "Größe",
    "İstanbul",
    "x_y",
    "NEAR(a OR b)",
    "日本語の表",
    "it's",
    "users_archive",
    "a*",
];
const STARTERS: &[&str] = &["local", "nightly", "ann"];
const LABELS: &[&str] = &["prod", "PROD", "50%", "a'b", "Größe"];
const MODELS: &[&str] = &["gpt-4o", "Builtin", "qwen/qwen3", "ÄÖÜ"];
const NEEDLES: &[&str] = &[
    "users",
    "USERS",
    "%",
    "_",
    "\"",
    "'",
    "größ",
    "GRÖ",
    "İST",
    "ist",
    "#1",
    "#12",
    " #2 ",
    "#02",
    "#",
    "#1x",
    "#99999999999999999999",
    "before the move",
    "prod",
    "50%",
    "1",
    "本語",
    "の表",
    "日本語",
    "or",
    "a OR b",
    "near(",
    "*",
    "a*",
    "b\"",
    "a\"b",
    "x_y",
    "xay",
    "-4o",
    "demo",
    "\n",
    "public.users\nqwen",
    "zzz",
    "  ",
    " users ",
    "q",
    "\\",
    "s\nb",
    "a\u{0}b",
];

fn seed() -> impl Strategy<Value = Seed> {
    let ends = [
        RunStatus::ReadyForReview,
        RunStatus::Success,
        RunStatus::Failed,
        RunStatus::Paused,
        RunStatus::Cancelling,
        RunStatus::Cancelled,
    ];
    (
        (select(RunKind::ALL), select(RunCommand::ALL), select(TABLES)),
        (option::of(1..4_i64), option::of(1..4_i64), option::of(1..3_i64), option::of(1..4_i64)),
        (option::of(select(MODELS)), option::of(select(&["demo", "Shop"][..]))),
        (0..20_i64, option::of(0..20_i64), option::of((select(ends.to_vec()), 0..9_i64))),
        (
            select(STARTERS),
            option::of(select(&["Before the MOVE", "#1"][..])),
            vec(select(LABELS), 0..3),
            any::<bool>(),
        ),
    )
        .prop_map(
            |(
                (kind, command, table),
                (db, llm, schedule, parent),
                (model, db_name),
                (created_ms, claimed_after, end),
                (starter, title, labels, fails),
            )| {
                Seed {
                    kind,
                    command,
                    table,
                    db,
                    llm,
                    schedule,
                    parent,
                    model,
                    db_name,
                    created_ms,
                    claimed_after,
                    end,
                    starter,
                    title,
                    labels,
                    fails,
                }
            },
        )
}

fn filter() -> impl Strategy<Value = RunFilter> {
    let moment = || option::weighted(0.3, (0..45_i64, any::<bool>()));
    (
        (
            option::weighted(0.4, vec(select(RunKind::ALL), 0..4)),
            option::weighted(0.4, vec(select(RunStatus::ALL), 0..5)),
            option::weighted(0.3, vec(1..5_i64, 0..3)),
            option::weighted(0.2, vec(1..5_i64, 0..3)),
            option::weighted(0.2, vec(1..4_i64, 0..3)),
            option::weighted(0.1, 1..4_i64),
        ),
        (moment(), moment(), option::weighted(0.4, select(NEEDLES))),
        (
            option::weighted(0.2, vec(select(STARTERS), 0..3)),
            option::weighted(0.3, vec(select(LABELS), 0..3)),
            option::weighted(0.2, any::<bool>()),
        ),
    )
        .prop_map(|(lists, (after, before, search), (started_by, labels, has_failures))| {
            let (kinds, statuses, db, llm, schedule, parent) = lists;
            let texts = |texts: Option<Vec<&str>>| texts.map(|texts| texts.into_iter().map(str::to_owned).collect());
            // Some times lie between two milliseconds.
            let moment =
                |(ms, between): (i64, bool)| at(ms) + std::time::Duration::from_micros(u64::from(between) * 500);
            RunFilter {
                kinds,
                statuses,
                db_profile_ids: db.map(|ids| ids.into_iter().map(DbProfileId).collect()),
                llm_profile_ids: llm.map(|ids| ids.into_iter().map(LlmProfileId).collect()),
                schedule_ids: schedule.map(|ids| ids.into_iter().map(ScheduleId).collect()),
                parent_run_id: parent.map(RunId),
                started_after: after.map(moment),
                started_before: before.map(moment),
                started_by: texts(started_by),
                labels: texts(labels),
                has_failures,
                search: search.map(str::to_owned),
            }
        })
}

async fn recorded(test: &TestStore, seeds: &[Seed]) -> Vec<Run> {
    for seed in seeds {
        let mut new = new_run(seed.table);
        new.spec.kind = seed.kind;
        new.spec.command = seed.command;
        new.spec.db_profile_id = seed.db.map(DbProfileId);
        new.spec.llm_profile_id = seed.llm.map(LlmProfileId);
        new.spec.schedule_id = seed.schedule.map(ScheduleId);
        new.spec.parent_id = seed.parent.map(RunId);
        new.spec.model = seed.model.map(str::to_owned);
        new.spec.db_profile_name = seed.db_name.map(str::to_owned);
        seed.starter.clone_into(&mut new.spec.started_by);
        let run = test.create(vec![new], seed.created_ms).await.remove(0);
        let change = NamingChange {
            title: Some(seed.title.map(str::to_owned)),
            labels: Some(Some(seed.labels.iter().map(|label| (*label).to_owned()).collect())),
        };
        let change = change.checked().unwrap();
        test.change(run.id, seed.created_ms, |edit| {
            edit.rename(change);
            Ok(())
        })
        .await;
        let (claimed_after, end, fails) = (seed.claimed_after, seed.end, seed.fails);
        let created_ms = seed.created_ms;
        if let Some(wait) = claimed_after {
            test.change(run.id, created_ms + wait, move |edit| {
                edit.claim("w", at(999))?;
                if fails {
                    let failed = RowOutcome::Failed(RunError::new(Code::Unavailable, "no", "wait"));
                    edit.resolve(vec![row(1, "users", "id")]);
                    edit.end_row(row(1, "users", "id"), failed);
                }
                Ok(())
            })
            .await;
            if let Some((status, took)) = end {
                test.change(run.id, created_ms + wait + took, move |edit| match status {
                    RunStatus::Cancelling => edit.request_cancel("local"),
                    RunStatus::Cancelled => {
                        edit.request_cancel("local")?;
                        edit.finish(RunStatus::Cancelled, None)
                    }
                    status => edit.finish(status, None),
                })
                .await;
            }
        } else if end.is_some() {
            test.change(run.id, created_ms, |edit| edit.request_cancel("local")).await;
        }
    }
    let ids: Vec<RunId> = (1..=seeds.len()).map(|id| RunId(i64::try_from(id).unwrap())).collect();
    test.store.runs_by_id(&ids).await.unwrap().into_values().collect()
}

/// Returns the sort key of a run, without its number.
fn key(run: &Run, field: RunOrderField) -> Option<CursorPart> {
    let text = |text: &str| Some(CursorPart::Text(text.to_owned()));
    match field {
        RunOrderField::StartedAt => Some(CursorPart::Int(run.listed_at().timestamp_millis())),
        RunOrderField::Number => Some(CursorPart::Int(0)),
        RunOrderField::Duration => run.finished_at.and_then(|end| run.duration_ms(end)).map(CursorPart::Int),
        RunOrderField::Status => text(run.status.as_str()),
        RunOrderField::Command => text(run.spec.command.as_str()),
        RunOrderField::Model => run.spec.model.as_deref().and_then(text),
        RunOrderField::DbProfile => run.spec.db_profile_name.as_deref().and_then(text),
    }
}

fn compare(one: &Run, other: &Run, order: RunOrder) -> Ordering {
    let directed = |ordering: Ordering| match order.direction {
        OrderDirection::Asc => ordering,
        OrderDirection::Desc => ordering.reverse(),
    };
    let by_key = match (key(one, order.field), key(other, order.field)) {
        (Some(CursorPart::Int(one)), Some(CursorPart::Int(other))) => directed(one.cmp(&other)),
        (Some(CursorPart::Text(one)), Some(CursorPart::Text(other))) => directed(one.cmp(&other)),
        (one, other) => one.is_none().cmp(&other.is_none()),
    };
    by_key.then_with(|| directed(one.id.cmp(&other.id)))
}

fn orders() -> impl Iterator<Item = RunOrder> {
    let directions = |field| OrderDirection::ALL.iter().map(move |direction| RunOrder { field, direction: *direction });
    RunOrderField::ALL.iter().copied().flat_map(directions)
}

/// Walks a list from one end to the other and checks its rows and flags.
async fn walk(
    test: &TestStore,
    filter: &RunFilter,
    order: RunOrder,
    expected: &[i64],
    size: usize,
    direction: PageDirection,
) {
    let mut seen: Vec<i64> = Vec::new();
    let mut request = PageRequest { direction, size, from: None, until: None };
    let forward = direction == PageDirection::Forward;
    loop {
        let page = test.store.runs_page(filter, order, &request).await.unwrap();
        let ids: Vec<i64> = page.rows.iter().map(|(_, run)| run.id.0).collect();
        let (behind_us, ahead) =
            if forward { (page.has_previous, page.has_next) } else { (page.has_next, page.has_previous) };
        assert_eq!(behind_us, !seen.is_empty(), "{order:?} {direction:?} {filter:?}");
        if forward {
            seen.extend(&ids);
        } else {
            seen.splice(0..0, ids);
        }
        assert_eq!(ahead, seen.len() < expected.len(), "{order:?} {direction:?} {filter:?}");
        if !ahead {
            break;
        }
        let edge = if forward { page.rows.last() } else { page.rows.first() };
        let cursor = edge.unwrap().0.clone();
        // The cursor makes a round trip through its text form, as in a client's request.
        let arguments = gloss::domain::page::PageArguments {
            first: forward.then(|| i32::try_from(size).unwrap()),
            after: forward.then(|| cursor.encode()),
            last: (!forward).then(|| i32::try_from(size).unwrap()),
            before: (!forward).then(|| cursor.encode()),
        };
        request = PageRequest::new(&arguments, &order.list_name()).unwrap();
    }
    assert_eq!(seen, expected, "{order:?} {direction:?} {filter:?}");
}

/// Reads the part of a list between two rows, with both bounds given.
async fn between(test: &TestStore, filter: &RunFilter, order: RunOrder, runs: &[&Run], (from, until): (usize, usize)) {
    let cursor = |run: &Run| Cursor {
        list: order.list_name(),
        key: match order.field {
            RunOrderField::Number => vec![CursorPart::Int(run.id.0)],
            field => vec![key(run, field).unwrap_or(CursorPart::Null), CursorPart::Int(run.id.0)],
        },
    };
    let expected: Vec<i64> = runs.get(from + 1..until).unwrap_or_default().iter().map(|run| run.id.0).collect();
    for (direction, from, until) in [(PageDirection::Forward, from, until), (PageDirection::Backward, until, from)] {
        let request =
            PageRequest { direction, size: 200, from: Some(cursor(runs[from])), until: Some(cursor(runs[until])) };
        let page = test.store.runs_page(filter, order, &request).await.unwrap();
        let ids: Vec<i64> = page.rows.iter().map(|(_, run)| run.id.0).collect();
        assert_eq!(ids, expected, "{order:?} {direction:?} {filter:?}");
        assert!(page.has_next && page.has_previous, "{order:?} {direction:?} {filter:?}");
    }
}

async fn check(seeds: Vec<Seed>, filters: Vec<RunFilter>, size: usize, (from, until): (usize, usize), sorted: bool) {
    let mut test = TestStore::new().await;
    if !sorted {
        test.store = test.store.sorting_at_most(0);
    }
    let mut runs = recorded(&test, &seeds).await;
    for filter in filters {
        let passing = |run: &Run| filter.matches(&run.facts());
        let count = runs.iter().filter(|run| passing(run)).count();
        assert_eq!(test.store.runs_count(&filter).await.unwrap(), i64::try_from(count).unwrap(), "{filter:?}");
        let counts = test.store.run_counts(&filter).await.unwrap();
        assert_eq!(counts.total(&filter), i64::try_from(count).unwrap(), "{filter:?}");
        let kinds = counts.kinds(&filter);
        let any_kind = RunFilter { kinds: None, ..filter.clone() };
        for kind in RunKind::ALL {
            let count = runs.iter().filter(|run| run.spec.kind == *kind && any_kind.matches(&run.facts())).count();
            let found = kinds.get(kind).copied();
            assert_eq!(found, (count > 0).then(|| i64::try_from(count).unwrap()), "{kind:?} {filter:?}");
        }
        let statuses = counts.statuses(&filter);
        let any_status = RunFilter { statuses: None, ..filter.clone() };
        for status in RunStatus::ALL {
            let count = runs.iter().filter(|run| run.status == *status && any_status.matches(&run.facts())).count();
            let found = statuses.get(status).copied();
            assert_eq!(found, (count > 0).then(|| i64::try_from(count).unwrap()), "{status:?} {filter:?}");
        }
        let cancellable = [RunStatus::Queued, RunStatus::Running];
        let mut expected: Vec<RunId> =
            runs.iter().filter(|run| cancellable.contains(&run.status) && passing(run)).map(|run| run.id).collect();
        expected.sort();
        assert_eq!(test.store.run_ids(&filter, &cancellable).await.unwrap(), expected, "{filter:?}");
        for order in orders() {
            runs.sort_by(|one, other| compare(one, other, order));
            let expected: Vec<&Run> = runs.iter().filter(|run| passing(run)).collect();
            let ids: Vec<i64> = expected.iter().map(|run| run.id.0).collect();
            walk(&test, &filter, order, &ids, size, PageDirection::Forward).await;
            walk(&test, &filter, order, &ids, size, PageDirection::Backward).await;
            if !expected.is_empty() {
                let ends = (from % expected.len(), until % expected.len());
                between(&test, &filter, order, &expected, ends).await;
            }
            let request = PageRequest::first(0);
            let none = test.store.runs_page(&filter, order, &request).await.unwrap();
            assert_eq!((none.rows.len(), none.has_previous, none.has_next), (0, false, !ids.is_empty()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn lists_answer_what_filters_say(
        seeds in vec(seed(), 1..30),
        filters in vec(filter(), 4),
        size in 1..9_usize,
        ends in (0..30_usize, 0..30_usize),
        sorted in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(seeds, filters, size, ends, sorted));
    }
}

#[tokio::test]
async fn an_invalid_cursor_is_refused_in_every_order() {
    let test = TestStore::new().await;
    test.create(vec![new_run("a")], 0).await;
    let shapes = [
        vec![],
        vec![CursorPart::Text("x".to_owned())],
        vec![CursorPart::Null, CursorPart::Null],
        vec![CursorPart::Float(0.5), CursorPart::Int(1)],
        vec![CursorPart::Int(1), CursorPart::Text("1".to_owned())],
        vec![CursorPart::Int(1), CursorPart::Int(1), CursorPart::Int(1)],
    ];
    for order in orders() {
        for key in &shapes {
            let cursor = Cursor { list: order.list_name(), key: key.clone() };
            let request = PageRequest { direction: PageDirection::Forward, size: 5, from: Some(cursor), until: None };
            let error = test.store.runs_page(&RunFilter::default(), order, &request).await.unwrap_err();
            assert!(matches!(&error, Error::BadInput { argument, .. } if argument == "after"), "{order:?} {key:?}");
        }
    }
}
