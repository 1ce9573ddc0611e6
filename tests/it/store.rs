//! The store through its port: the behaviour that every kind of store must have. The tests open separate stores and
//! control the time.

#![expect(clippy::unwrap_used, clippy::similar_names, reason = "a test that finds nothing has failed")]

mod lists;
mod plans;
mod profiles;
mod review;
mod shared;
mod suggestions;
mod unpolled;

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use gloss::{
    bus::local::LocalBus,
    domain::{
        Code, Error,
        asset::{AssetKind, AssetPath},
        clock::Moment,
        event::RunEventType,
        filter::{RunFilter, RunOrder},
        id::{DbProfileId, LlmProfileId, RunId},
        page::PageRequest,
        profile::LlmProvider,
        run::{NewRun, Row, RowOutcome, Run, RunError, RunOptions, RunSpec},
        scope::{RunScope, SchemaScope, TableScope},
        status::{RunCommand, RunKind, RunStatus},
        suggestion::{Alternative, Draft, Evidence, ReviewState, SuggestionFilter},
        usage::{Budget, Usage},
    },
    port::{
        bus::Bus,
        store::{Change, Idempotency, RunStore, Store, SuggestionStore, WorkerRecord, WorkerStore},
    },
    store::{OpenError, SqlStore},
};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::harness::{
    seal_key,
    store::{self, url},
};

/// A store in a temporary folder.
pub(crate) struct TestStore {
    pub store: SqlStore,
    pub bus: Arc<LocalBus>,
    folder: TempDir,
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = Arc::new(LocalBus::new());
        let store = gloss::store::open(&url(folder.path()), bus.clone(), seal_key()).await.unwrap();
        Self { store, bus, folder }
    }

    /// Closes the store and opens it again, as a new process would.
    async fn reopen(&mut self) -> Result<(), OpenError> {
        self.store.clone().close().await.unwrap();
        self.store = gloss::store::open(&url(self.folder.path()), self.bus.clone(), seal_key()).await?;
        // A server knows that the earlier one in its data folder is gone.
        self.store.remove_workers_of("w").await.unwrap();
        Ok(())
    }

    /// Opens a separate connection to a store in SQLite.
    pub(crate) async fn raw(&self) -> SqliteConnection {
        SqliteConnection::connect(&url(self.folder.path())).await.unwrap()
    }

    /// Returns the number of rows of a table.
    async fn rows_in(&self, table: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        if store::in_postgres() {
            let mut beside = PgConnection::connect(&url(self.folder.path())).await.unwrap();
            return sqlx::query_scalar(query).fetch_one(&mut beside).await.unwrap();
        }
        sqlx::query_scalar(query).fetch_one(&mut self.raw().await).await.unwrap()
    }

    /// Runs SQL on the store through a separate connection.
    pub(crate) fn execute(&self, sql: &str) {
        store::execute(self.folder.path(), sql);
    }

    async fn create(&self, runs: Vec<NewRun>, ms: i64) -> Vec<Run> {
        self.store.create_runs(runs, None, at(ms)).await.unwrap()
    }

    async fn change(
        &self,
        id: RunId,
        ms: i64,
        change: impl FnOnce(&mut gloss::domain::run::RunEdit) -> gloss::domain::Result<()> + Send + 'static,
    ) -> Run {
        self.store.change_run(id, None, at(ms), Box::new(change)).await.unwrap()
    }

    async fn claim(&self, ms: i64) -> Option<Run> {
        self.store.claim_next("w-1", None, at(ms), LEASE).await.unwrap()
    }
}

const LEASE: Duration = Duration::from_secs(30);

/// Returns the time `ms` milliseconds after the tests' epoch.
pub(crate) fn at(ms: i64) -> Moment {
    Moment::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
}

pub(crate) fn new_run(table: &str) -> NewRun {
    let table = TableScope { name: table.to_owned(), columns: Vec::new() };
    let spec = RunSpec {
        kind: RunKind::Analyze,
        command: RunCommand::Run,
        scope: RunScope {
            database: None,
            schemas: vec![SchemaScope { name: "public".to_owned(), tables: vec![table] }],
            ..RunScope::default()
        },
        db_profile_id: Some(DbProfileId(1)),
        llm_profile_id: Some(LlmProfileId(1)),
        schedule_id: None,
        parent_id: None,
        db_profile_name: Some("demo".to_owned()),
        llm_profile_name: Some("builtin".to_owned()),
        provider: Some(LlmProvider::Builtin),
        model: Some("builtin".to_owned()),
        options: RunOptions::defaults(LlmProvider::Builtin),
        budget: Budget { max_cost_usd: Some(0.1 + 0.2), max_tokens: Some(7), max_seconds: None },
        variations: None,
        started_by: "ada".to_owned(),
        auto_apply: false,
    };
    spec.into()
}

fn row(position: i32, table: &str, column: &str) -> Row {
    let asset = AssetPath {
        kind: AssetKind::Column,
        database: Some("shop".to_owned()),
        schema: Some("public".to_owned()),
        table: Some(table.to_owned()),
        column: Some(column.to_owned()),
    };
    Row { position, asset, again: None, fingerprint: None }
}

fn draft(text: &str, confidence: f64) -> Draft {
    Draft {
        alternatives: vec![
            Alternative { text: text.to_owned(), confidence },
            Alternative { text: format!("{text}, or so"), confidence: confidence / 2.0 },
        ],
        logprob: Some(-0.25),
        reasoning: Some("because".to_owned()),
        evidence: vec![
            Evidence { source: "name".to_owned(), detail: text.to_owned() },
            Evidence { source: "type".to_owned(), detail: "text".to_owned() },
        ],
    }
}

fn done(row: Row, text: &str, confidence: f64) -> Change {
    let outcome =
        RowOutcome::Done { draft: draft(text, confidence), existing_comment: Some("old".to_owned()), data_type: None };
    Box::new(move |edit| {
        edit.end_row(row, outcome);
        edit.add_usage(&Usage { input_tokens: 3, requests: 1, cost_usd: Some(0.1), ..Usage::default() });
        Ok(())
    })
}

fn error_of<T>(error: Result<T, Error>) -> (&'static str, String) {
    let error = error.err().expect("an error");
    (error.code().as_str(), error.to_string())
}

async fn sequences(store: &SqlStore, id: RunId) -> Vec<i32> {
    store.events_after(id, 0, 1_000).await.unwrap().iter().map(|event| event.sequence).collect()
}

/// One starter's long queue does not delay the others, and no queue may exceed the limit.
#[tokio::test]
async fn starters_take_turns() {
    let test = TestStore::new().await;
    let of = |started_by: &str| {
        let mut new = new_run("t");
        new.spec.started_by = started_by.to_owned();
        new
    };
    test.create(vec![of("ada"), of("ada"), of("ada"), of("bob")], 0).await;
    let mut claimed = Vec::new();
    while let Some(run) = test.claim(1).await {
        claimed.push(run.id.0);
    }
    assert_eq!(claimed, [1, 4, 2, 3]);

    let store = test.store.clone().queueing_at_most(2);
    let (code, message) = error_of(store.create_runs(vec![of("ada"), of("ada"), of("ada")], None, at(2)).await);
    assert_eq!((code, message.contains("the limit is 2")), ("LIMIT_EXCEEDED", true), "{message}");
    assert_eq!(store.create_runs(vec![of("ada"), of("bob"), of("ada")], None, at(2)).await.unwrap().len(), 3);
    assert_eq!(error_of(store.create_runs(vec![of("ada")], None, at(2)).await).0, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_run_reads_back_as_it_was_written() {
    let test = TestStore::new().await;
    let created = test.create(vec![new_run("a"), new_run("b")], 5).await;
    assert_eq!(created.iter().map(|run| run.id.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(created[0].scope_summary, "public.a");
    let found = test.store.runs_by_id(&[RunId(1), RunId(2), RunId(9)]).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[&RunId(1)], created[0]);

    let mut nudges = test.bus.runs();
    let rows = vec![row(1, "a", "x"), row(2, "a", "y"), row(3, "a", "z")];
    let claimed = test.claim(10).await.unwrap();
    assert_eq!((claimed.id, claimed.status, claimed.attempt), (RunId(1), RunStatus::Running, 1));
    let nudge = nudges.next().await.unwrap().unwrap();
    assert_eq!(nudge.before.unwrap().status, RunStatus::Queued);
    assert_eq!(nudge.after.unwrap().status, RunStatus::Running);

    let resolved = rows.clone();
    test.change(RunId(1), 20, move |edit| {
        edit.resolve(resolved);
        Ok(())
    })
    .await;
    assert_eq!(test.store.pending_rows(RunId(1), 0, 2).await.unwrap(), rows[..2]);
    assert_eq!(test.store.pending_rows(RunId(1), 2, 2).await.unwrap(), rows[2..]);
    let first = test.store.change_run(RunId(1), Some(1), at(30), done(rows[0].clone(), "first", 0.9)).await.unwrap();
    assert_eq!(first.active_ms, 20);
    let (second, third) = (rows[1].clone(), rows[2].clone());
    let end = test
        .change(RunId(1), 40, move |edit| {
            edit.start_row(&second);
            edit.end_row(second, RowOutcome::Failed(RunError::new(Code::Unavailable, "gone", "come back")));
            edit.end_row(third, RowOutcome::Skipped);
            edit.warn("look", Some(RunError::new(Code::LimitExceeded, "much", "less")));
            edit.finish(RunStatus::ReadyForReview, None)
        })
        .await;
    assert!(test.store.pending_rows(RunId(1), 0, 9).await.unwrap().is_empty());
    assert_eq!(test.store.runs_by_id(&[RunId(1)]).await.unwrap()[&RunId(1)], end);
    assert_eq!((end.progress.done, end.progress.failed, end.progress.skipped), (1, 1, 1));
    assert_eq!(end.active_ms, 30);

    let events = test.store.events_after(RunId(1), 0, 100).await.unwrap();
    assert_eq!(sequences(&test.store, RunId(1)).await, (1..=9).collect::<Vec<_>>());
    assert_eq!(events.last().unwrap().event_type, RunEventType::Finished);
    assert_eq!(events.last().unwrap().usage, end.usage);
    assert_eq!(events.last().unwrap().progress, end.progress);
    let finished = events.iter().find(|event| event.event_type == RunEventType::AssetFinished).unwrap();
    let suggestion = finished.suggestion_id.unwrap();
    assert_eq!((finished.position, finished.asset.as_ref()), (Some(1), Some(&rows[0].asset)));
    let found = test.store.suggestions_by_id(&[suggestion]).await.unwrap();
    let found = &found[&suggestion];
    assert_eq!((found.run_id, found.position, &found.asset), (RunId(1), 1, &rows[0].asset));
    assert_eq!((found.description.as_str(), found.confidence, found.version), ("first", 0.9, 1));
    assert_eq!((found.existing_comment.as_deref(), found.review.state), (Some("old"), ReviewState::Unreviewed));
    let draft = draft("first", 0.9);
    assert_eq!(test.store.alternatives(&[suggestion]).await.unwrap()[&suggestion], draft.alternatives);
    assert_eq!(test.store.evidence(&[suggestion]).await.unwrap()[&suggestion], draft.evidence);
    assert_eq!(test.store.events_after(RunId(1), 7, 1).await.unwrap(), events[7..8]);
}

#[tokio::test]
async fn an_idempotency_key_gives_the_same_runs_back() {
    let test = TestStore::new().await;
    let key = |fingerprint: &str| Some(Idempotency { key: "k".to_owned(), fingerprint: fingerprint.to_owned() });
    let runs = || vec![new_run("a"), new_run("b")];
    let first = test.store.create_runs(runs(), key("one"), at(1)).await.unwrap();
    let again = test.store.create_runs(runs(), key("one"), at(2)).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(test.store.runs_count(&RunFilter::default()).await.unwrap(), 2);
    let (code, message) = error_of(test.store.create_runs(runs(), key("two"), at(3)).await);
    assert_eq!(code, "CONFLICT", "{message}");
    assert_eq!(test.store.runs_count(&RunFilter::default()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_change_that_fails_or_changes_nothing_leaves_no_trace() {
    let test = TestStore::new().await;
    test.create(vec![new_run("a")], 0).await;
    test.claim(1).await.unwrap();
    let mut nudges = test.bus.runs();
    let broken = test.store.change_run(
        RunId(1),
        Some(1),
        at(2),
        Box::new(|edit| {
            edit.warn("lost", None);
            Err(Error::conflict("no"))
        }),
    );
    assert_eq!(error_of(broken.await), ("CONFLICT", "no".to_owned()));
    let same = test.store.change_run(RunId(1), Some(1), at(3), Box::new(|_| Ok(()))).await.unwrap();
    assert_eq!(same.active_since, Some(at(1)));
    test.change(RunId(1), 4, |edit| {
        edit.warn("kept", None);
        Ok(())
    })
    .await;
    assert_eq!(nudges.next().await.unwrap().unwrap().run_id, RunId(1));
    assert!(futures_util::poll!(nudges.next()).is_pending());
    assert_eq!(sequences(&test.store, RunId(1)).await, [1, 2, 3]);
    let (code, _) = error_of(test.store.change_run(RunId(7), None, at(5), Box::new(|_| Ok(()))).await);
    assert_eq!(code, "NOT_FOUND");
}

#[tokio::test]
async fn a_lost_claim_cannot_write() {
    let test = TestStore::new().await;
    test.create(vec![new_run("a")], 0).await;
    let claimed = test.claim(1).await.unwrap();
    assert!(test.claim(1).await.is_none());
    assert!(test.store.orphans(at(2)).await.unwrap().is_empty());
    assert_eq!(test.store.orphans(at(1) + LEASE + Duration::from_millis(1)).await.unwrap(), [RunId(1)]);
    test.store.renew("w-1", &[RunId(1), RunId(2), RunId(3)], at(20_000), LEASE).await.unwrap();
    assert!(test.store.orphans(at(40_000)).await.unwrap().is_empty());

    test.change(RunId(1), 60_000, gloss::domain::run::RunEdit::take_from_dead).await;
    let again = test.store.claim_next("w2", None, at(60_001), LEASE).await.unwrap().unwrap();
    assert_eq!((again.attempt, again.worker_id.as_deref()), (claimed.attempt + 1, Some("w2")));
    let late = test.store.change_run(
        RunId(1),
        Some(claimed.attempt),
        at(60_002),
        Box::new(|edit| edit.finish(RunStatus::ReadyForReview, None)),
    );
    let (code, message) = error_of(late.await);
    assert_eq!(code, "CONFLICT");
    assert!(message.contains("claim was lost"), "{message}");
    test.store.renew("w-1", &[RunId(1), RunId(2), RunId(3)], at(99_000), LEASE).await.unwrap();
    assert_eq!(test.store.runs_by_id(&[RunId(1)]).await.unwrap()[&RunId(1)], again);
}

#[tokio::test]
async fn runs_are_claimed_in_order_and_found_again_after_a_crash() {
    let mut test = TestStore::new().await;
    test.create(vec![new_run("a"), new_run("b"), new_run("c")], 0).await;
    let worker = WorkerRecord {
        id: "w-1".to_owned(),
        host: "here".to_owned(),
        started_at: at(0),
        last_seen_at: at(0),
        capacity: 4,
    };
    test.store.add_worker(&worker).await.unwrap();
    for expected in 1..=3 {
        assert_eq!(test.claim(expected).await.unwrap().id, RunId(expected));
    }
    assert!(test.claim(9).await.is_none());
    let held = test.store.runs_of_workers(&["w-1".to_owned(), "w-2".to_owned()]).await.unwrap();
    assert_eq!(held["w-1"].len(), 3);
    assert!(!held.contains_key("w-2"));
    test.store.renew("w-1", &[RunId(1), RunId(2), RunId(3)], at(500), LEASE).await.unwrap();
    let seen = WorkerRecord { last_seen_at: at(500), ..worker.clone() };
    assert_eq!(test.store.workers().await.unwrap(), [seen]);

    test.reopen().await.unwrap();
    let reopened = &test.store;
    assert!(reopened.workers().await.unwrap().is_empty());
    assert_eq!(reopened.orphans(at(4)).await.unwrap(), [RunId(1), RunId(2), RunId(3)]);

    let other = WorkerRecord { id: "w3".to_owned(), started_at: at(9), last_seen_at: at(9), ..worker.clone() };
    reopened.add_worker(&worker).await.unwrap();
    reopened.add_worker(&other).await.unwrap();
    reopened.remove_workers(None, at(5)).await.unwrap();
    assert_eq!(reopened.workers().await.unwrap(), [other]);
    reopened.remove_workers(Some("w3"), at(5)).await.unwrap();
    assert!(reopened.workers().await.unwrap().is_empty());
}

#[tokio::test]
async fn deleting_takes_everything_that_belongs_to_a_run() {
    let test = TestStore::new().await;
    test.create(vec![new_run("a"), new_run("b")], 0).await;
    test.claim(1).await;
    test.change(RunId(1), 2, |edit| {
        edit.resolve(vec![row(1, "a", "x")]);
        Ok(())
    })
    .await;
    test.store.change_run(RunId(1), Some(1), at(3), done(row(1, "a", "x"), "text", 0.5)).await.unwrap();
    let (code, message) = error_of(test.store.delete_runs(&[RunId(2), RunId(1)]).await);
    assert_eq!(code, "CONFLICT");
    assert!(message.contains('#'), "{message}");
    test.change(RunId(1), 4, |edit| edit.finish(RunStatus::Success, None)).await;
    test.change(RunId(2), 4, |edit| edit.request_cancel("local")).await;
    let (code, message) = error_of(test.store.delete_runs(&[RunId(1), RunId(77)]).await);
    assert_eq!((code, message.contains("77")), ("NOT_FOUND", true));
    assert_eq!(test.store.runs_count(&RunFilter::default()).await.unwrap(), 2);

    let mut nudges = test.bus.runs();
    test.store.delete_runs(&[RunId(1), RunId(2)]).await.unwrap();
    let nudge = nudges.next().await.unwrap().unwrap();
    assert!(nudge.after.is_none() && nudge.before.is_some());
    for table in ["run", "run_row", "run_event", "suggestion", "alternative", "evidence"] {
        assert_eq!(test.rows_in(table).await, 0, "{table}");
    }
    let search = RunFilter { search: Some("public".to_owned()), ..RunFilter::default() };
    assert_eq!(test.store.runs_count(&search).await.unwrap(), 0);
    assert!(test.store.run_counts(&RunFilter::default()).await.unwrap().0.is_empty());
    if !store::in_postgres() {
        // The search index is consistent with the runs, of which there are none.
        test.execute("INSERT INTO run_search (run_search, rank) VALUES ('integrity-check', 1)");
    }
    // Run numbers are never reused.
    assert_eq!(test.create(vec![new_run("c")], 9).await[0].id, RunId(3));
}

#[tokio::test]
async fn a_newer_store_is_refused_and_an_unknown_url_too() {
    let mut test = TestStore::new().await;
    test.reopen().await.unwrap();
    test.store.clone().close().await.unwrap();
    gloss::store::migrate(&url(test.folder.path())).await.unwrap();
    test.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_create_future', 0)");
    for refused in
        [test.reopen().await.unwrap_err(), gloss::store::migrate(&url(test.folder.path())).await.unwrap_err()]
    {
        assert!(matches!(refused, OpenError::Newer(_)), "{refused:?}");
        assert!(refused.to_string().contains("newer version of Gloss"), "{refused}");
    }
    let refused =
        gloss::store::open("oracle://me:secret@there", Arc::new(LocalBus::new()), seal_key()).await.err().unwrap();
    assert!(matches!(refused, OpenError::UnknownUrl), "{refused:?}");
    assert!(!format!("{refused:?} {refused}").contains("secret"));
}

#[tokio::test]
async fn many_rows_fit_into_one_change() {
    let test = TestStore::new().await;
    test.create(vec![new_run("a")], 0).await;
    test.claim(1).await;
    let rows: Vec<Row> = (1..=100_000).map(|position| row(position, "t", &format!("c{position}"))).collect();
    test.change(RunId(1), 2, move |edit| {
        edit.resolve(rows);
        Ok(())
    })
    .await;
    let pending = test.store.pending_rows(RunId(1), 99_990, 100).await.unwrap();
    assert_eq!((pending.len(), pending[9].position), (10, 100_000));
    let ended = pending.len();
    test.change(RunId(1), 3, move |edit| {
        for row in pending {
            let text = format!("text {}", row.position);
            edit.end_row(row, RowOutcome::Done { draft: draft(&text, 0.5), existing_comment: None, data_type: None });
        }
        Ok(())
    })
    .await;
    let found = test.store.suggestions_count(RunId(1), &SuggestionFilter::default()).await.unwrap();
    assert_eq!(usize::try_from(found).unwrap(), ended);
    let events = test.store.events_after(RunId(1), 3, 100).await.unwrap();
    let ids: Vec<_> = events.iter().map(|event| event.suggestion_id.unwrap()).collect();
    let suggestions = test.store.suggestions_by_id(&ids).await.unwrap();
    for event in events {
        assert_eq!(Some(suggestions[&event.suggestion_id.unwrap()].position), event.position);
    }
}

#[tokio::test]
async fn many_at_once_never_find_the_store_locked() {
    let test = TestStore::new().await;
    test.create((0..8).map(|n| new_run(&format!("t{n}"))).collect(), 0).await;
    let writers = (1..=8).map(|id| {
        let store = test.store.clone();
        tokio::spawn(async move {
            for ms in 0..40 {
                let warn: Change = Box::new(|edit| {
                    edit.warn("busy", None);
                    Ok(())
                });
                store.change_run(RunId(id), None, at(ms), warn).await.unwrap();
                store.runs_page(&RunFilter::default(), RunOrder::default(), &PageRequest::first(5)).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    for id in 1..=8 {
        assert_eq!(sequences(&test.store, RunId(id)).await, (1..=41).collect::<Vec<_>>());
    }
    assert!(test.store.statements() > 8 * 40 * 3);
    let database = if store::in_postgres() { "PostgreSQL 1" } else { "SQLite 3." };
    assert!(test.store.name().starts_with(database));
    test.store.prove().await.unwrap();
}
