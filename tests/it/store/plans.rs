//! Query plans: with 100,000 runs no list, total or facet scans or sorts the runs. The tests log the store's own
//! statements and let the database explain them.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Instant,
};

use gloss::{
    domain::{
        compare::{Agreement, ComparedAssetFilter},
        filter::{OrderDirection, RunFilter, RunOrder, RunOrderField},
        id::{ComparisonId, DbProfileId, LlmProfileId, RunId, ScheduleId},
        page::{PageDirection, PageRequest},
        status::{RunKind, RunStatus},
    },
    port::store::{ComparisonStore, RunStore},
};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use super::{TestStore, at};
use crate::harness::{listen, store::needs_sqlite};

const RUNS: i64 = 100_000;

/// Inserts runs directly into the table, one per second; triggers maintain the tally and the search index. One run in
/// a hundred has a rare kind, status, profile and schedule; names repeat as in practice.
const FILL: &str = r#"
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
    INSERT INTO run (
        id, kind, command, status, db_profile_id, llm_profile_id, schedule_id, parent_id, listed_at, duration_ms,
        search_text, db_profile_name, llm_profile_name, provider, model, scope_summary, scope, options, created_at,
        started_at, finished_at, active_ms, rows_done, rows_failed, rows_skipped, input_tokens, output_tokens, model_ms,
        requests, retries, last_sequence, attempt, started_by, has_failures)
    SELECT
        n, iif(n % 100, 'ANALYZE', 'ASK'), iif(n % 100, 'RUN', 'ASK'),
        CASE WHEN n % 1000 = 0 THEN 'RUNNING' WHEN n % 7 = 0 THEN 'FAILED' ELSE 'SUCCESS' END,
        1 + n % 4, iif(n % 500, 1, 2), iif(n % 100, NULL, 1 + n / 100 % 5), iif(n % 200, NULL, n / 200),
        $2 + n * 1000, iif(n % 1000, n * 7919 % 100000, NULL),
        '#' || n || char(10) || 'public.t' || (n % 5000) || char(10) || 'model-' || (n % 9) || char(10) || 'shop',
        'shop ' || (1 + n % 4), 'main', 'OPENAI', iif(n % 50, 'model-' || (n % 9), NULL), 'public.t' || (n % 5000),
        '{"database":null,"schemas":[]}',
        '{"missing_only":false,"alternatives":3,"temperature":0.2,"max_output_tokens":1024,"verbosity":"DETAILED",'
            || '"profile_data":false,"instructions":null}',
        $2 + n * 1000, $2 + n * 1000, iif(n % 1000, $2 + n * 1000, NULL), 5, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1,
        iif(n % 100, 'local', 'nightly'), n % 300 = 0
    FROM numbers"#;

/// Every third run has one label, and one in two hundred has another.
const LABEL: &str = "INSERT INTO run_label (run_id, label)
    SELECT id, 'common' FROM run WHERE id % 3 = 0 UNION ALL SELECT id, 'rare' FROM run WHERE id % 200 = 0";

/// The statements that the store logs.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Sql(Option<String>);
        impl Visit for Sql {
            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "sql" {
                    self.0 = Some(value.to_owned());
                }
            }
            fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
        }
        if event.metadata().target() == "gloss::store::sql" {
            let mut sql = Sql(None);
            event.record(&mut sql);
            self.0.lock().unwrap().extend(sql.0);
        }
    }
}

/// Returns what is wrong with a statement's plan: a scan of the runs other than a walk along an index in the list's
/// order up to a limit, or a sort of runs that were not narrowed to a few first (`ORDER BY +column`).
async fn faults(raw: &mut SqliteConnection, sql: &str) -> Option<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(raw).await.unwrap();
    let steps: Vec<(i64, String)> = rows.iter().map(|row| (row.get("parent"), row.get("detail"))).collect();
    let bad = steps.iter().any(|(parent, step)| {
        let scan = step == "SCAN run" || step.starts_with("SCAN run USING");
        let sorted = steps.iter().any(|(other, step)| other == parent && step.contains("TEMP B-TREE"));
        let many = sorted && !sql.contains("ORDER BY +") && !sql.contains("GROUP BY");
        (scan && (sorted || !sql.contains("LIMIT"))) || (step.starts_with("SEARCH run USING") && many)
    });
    bad.then(|| {
        let mut text = format!("{sql}\n");
        for (parent, step) in steps {
            let _ = writeln!(text, "    {parent}: {step}");
        }
        text
    })
}

fn filters() -> Vec<RunFilter> {
    let none = RunFilter::default;
    let search = |text: &str| RunFilter { search: Some(text.to_owned()), ..none() };
    let ms = |n: i64| Some(at(n * 1000));
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    vec![
        none(),
        RunFilter { kinds: Some(vec![RunKind::Ask]), ..none() },
        RunFilter { kinds: Some(vec![RunKind::Analyze]), ..none() },
        RunFilter { kinds: Some(vec![RunKind::Analyze, RunKind::Rerun, RunKind::Ask]), ..none() },
        RunFilter { statuses: Some(vec![RunStatus::Running]), ..none() },
        RunFilter { statuses: Some(vec![RunStatus::Failed, RunStatus::Success]), ..none() },
        RunFilter {
            kinds: Some(vec![RunKind::Analyze, RunKind::Ask]),
            statuses: Some(vec![RunStatus::Failed, RunStatus::Success]),
            ..none()
        },
        RunFilter { db_profile_ids: Some(vec![DbProfileId(2)]), ..none() },
        RunFilter { db_profile_ids: Some((1..4).map(DbProfileId).collect()), ..none() },
        RunFilter { llm_profile_ids: Some(vec![LlmProfileId(2)]), ..none() },
        RunFilter { schedule_ids: Some(vec![ScheduleId(2), ScheduleId(3)]), ..none() },
        RunFilter { parent_run_id: Some(RunId(17)), ..none() },
        RunFilter { started_after: ms(99_990), ..none() },
        RunFilter { started_before: ms(60_000), ..none() },
        RunFilter { started_after: ms(20_000), started_before: ms(70_000), ..none() },
        RunFilter { kinds: Some(vec![RunKind::Analyze]), started_after: ms(20_000), ..none() },
        RunFilter { db_profile_ids: Some(vec![DbProfileId(2)]), kinds: Some(vec![RunKind::Ask]), ..none() },
        search("t4999"),
        search("shop"),
        search("nowhere"),
        search("#777"),
        RunFilter { started_by: texts(&["nightly"]), ..none() },
        RunFilter { started_by: texts(&["nightly", "local"]), kinds: Some(vec![RunKind::Ask]), ..none() },
        RunFilter { labels: texts(&["rare"]), ..none() },
        RunFilter { labels: texts(&["common", "rare"]), ..none() },
        RunFilter { labels: texts(&["common"]), statuses: Some(vec![RunStatus::Failed]), ..search("model-3") },
        RunFilter { labels: texts(&["rare"]), started_after: ms(50_000), ..none() },
        RunFilter { has_failures: Some(true), ..none() },
        RunFilter { has_failures: Some(false), db_profile_ids: Some(vec![DbProfileId(2)]), ..none() },
        RunFilter { kinds: Some(vec![RunKind::Analyze]), ..search("model-3") },
        RunFilter { started_after: ms(50_000), ..search("public.t12") },
    ]
}

#[tokio::test]
async fn lists_of_100_000_runs_are_read_along_indexes() {
    if needs_sqlite("how it finds") {
        return;
    }
    let test = TestStore::new().await;
    let mut raw = test.raw().await;
    let filling = Instant::now();
    sqlx::query(FILL).bind(RUNS).bind(at(0).timestamp_millis()).execute(&mut raw).await.unwrap();
    sqlx::query(LABEL).execute(&mut raw).await.unwrap();
    eprintln!("filled in {:?}", filling.elapsed());
    let statements = Statements::default();
    let _logging = listen(tracing_subscriber::registry().with(statements.clone()));

    let everything = RunFilter::default();
    assert_eq!(test.store.runs_count(&everything).await.unwrap(), RUNS);
    assert_eq!(test.store.run_counts(&everything).await.unwrap().kinds(&everything)[&RunKind::Ask], RUNS / 100);
    let thousandth = page_number(&test, 1_000).await;
    statements.take();

    // Checks the judge itself: both of these are faults.
    for bad in
        ["SELECT count(*) FROM run WHERE options = ?", "SELECT id FROM run WHERE kind = ? ORDER BY command LIMIT 9"]
    {
        assert!(faults(&mut raw, bad).await.is_some(), "{bad}");
    }
    let mut slowest = Vec::new();
    let mut wrong = Vec::new();
    for filter in filters() {
        let counting = Instant::now();
        test.store.runs_count(&filter).await.unwrap();
        test.store.run_counts(&filter).await.unwrap();
        slowest.push((counting.elapsed(), format!("counts {filter:?}")));
        test.store.run_ids(&filter, &[RunStatus::Running]).await.unwrap();
        for field in RunOrderField::ALL {
            for direction in OrderDirection::ALL {
                let order = RunOrder { field: *field, direction: *direction };
                let reading = Instant::now();
                let page = test.store.runs_page(&filter, order, &PageRequest::first(50)).await.unwrap();
                slowest.push((reading.elapsed(), format!("{order:?} {filter:?}")));
                let Some((cursor, _)) = page.rows.last() else { continue };
                let request = PageRequest { from: Some(cursor.clone()), ..PageRequest::first(50) };
                test.store.runs_page(&filter, order, &request).await.unwrap();
                let request = PageRequest { direction: PageDirection::Backward, ..request };
                test.store.runs_page(&filter, order, &request).await.unwrap();
            }
        }
        for sql in statements.take() {
            wrong.extend(faults(&mut raw, &sql).await);
        }
    }
    test.store.runs_page(&everything, RunOrder::default(), &thousandth).await.unwrap();
    for sql in statements.take() {
        wrong.extend(faults(&mut raw, &sql).await);
    }
    slowest.sort();
    for (took, what) in slowest.iter().rev().take(12) {
        eprintln!("{took:?} {what}");
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} statements scan or sort:\n{}", wrong.len(), wrong.join("\n"));
}

/// Returns a request for the page with this number in the default order.
async fn page_number(test: &TestStore, number: i32) -> PageRequest {
    let mut request = PageRequest::first(50);
    for _ in 1..number {
        let page = test.store.runs_page(&RunFilter::default(), RunOrder::default(), &request).await.unwrap();
        request.from = page.rows.last().map(|(cursor, _)| cursor.clone());
    }
    let reading = Instant::now();
    test.store.runs_page(&RunFilter::default(), RunOrder::default(), &request).await.unwrap();
    eprintln!("page {number} in {:?}", reading.elapsed());
    request
}

/// Returns the plan of each statement, in the database's own words.
async fn steps(raw: &mut SqliteConnection, statements: &Statements) -> Vec<String> {
    let mut steps = Vec::new();
    for sql in statements.take() {
        let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut *raw).await.unwrap();
        steps.extend(rows.iter().map(|row| row.get::<String, _>("detail")));
    }
    steps
}

#[tokio::test]
async fn a_comparison_merges_index_ranges_without_sorting() {
    if needs_sqlite("how it finds") {
        return;
    }
    let test = TestStore::new().await;
    let mut raw = test.raw().await;
    let statements = Statements::default();
    let _logging = listen(tracing_subscriber::registry().with(statements.clone()));
    let runs: Vec<RunId> = (1..=4).map(RunId).collect();
    test.store.compared_texts(&runs, None, 100).await.unwrap();
    test.store.compared_texts(&runs, Some("public.t"), 100).await.unwrap();
    let merge = steps(&mut raw, &statements).await;
    assert_eq!(merge.iter().filter(|step| step.contains("USING INDEX suggestion_by_name")).count(), 8, "{merge:?}");
    assert!(merge.iter().any(|step| step.starts_with("MERGE")), "{merge:?}");
    let filter = ComparedAssetFilter { agreement: Some(vec![Agreement::Different]), ..ComparedAssetFilter::default() };
    for filter in [ComparedAssetFilter::default(), filter] {
        let page = PageRequest::first(50);
        // The comparison does not exist; only the statement matters.
        let _gone = test.store.compared_page(ComparisonId(1), &filter, "list", &page).await;
    }
    let grid = steps(&mut raw, &statements).await;
    assert!(grid.iter().any(|step| step.starts_with("SEARCH compared_asset USING INDEX")), "{grid:?}");
    for step in merge.iter().chain(&grid) {
        assert!(!step.contains("TEMP B-TREE") && !step.starts_with("SCAN"), "{step}");
    }
}
