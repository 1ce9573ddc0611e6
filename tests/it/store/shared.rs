//! One store in PostgreSQL, opened several times, as by several processes that write at the same time.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::join_all;
use gloss::{
    bus::local::LocalBus,
    domain::{
        event::RunEvent,
        id::RunId,
        run::{NewRun, RunEdit},
    },
    port::store::{Duty, Idempotency, RunStore, WorkerRecord, WorkerStore},
    store::SqlStore,
};
use tokio::task::JoinSet;

use super::{LEASE, at, error_of, new_run};
use crate::{harness::seal_key, services};

/// Opens the same empty store several times at the same time.
async fn stores(number: usize) -> Option<Vec<SqlStore>> {
    let (url, _) = services::stores().await?.fresh_database().await;
    let open = || gloss::store::open(&url, Arc::new(LocalBus::new()), seal_key());
    Some(join_all((0..number).map(|_| open())).await.into_iter().map(Result::unwrap).collect())
}

/// Carries out a piece of work in every store, several times at the same time.
async fn everywhere<T, F>(stores: &[SqlStore], times: usize, work: impl Fn(SqlStore) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for _ in 0..times {
        for store in stores {
            tasks.spawn(work(store.clone()));
        }
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_is_claimed_once() {
    let Some(stores) = stores(3).await else { return };
    let runs: Vec<NewRun> = (0..60).map(|_| new_run("a")).collect();
    stores[0].create_runs(runs, None, at(0)).await.unwrap();
    let claimed = everywhere(&stores, 3, async |store: SqlStore| {
        let mut claimed = Vec::new();
        while let Some(run) = store.claim_next("w", None, at(1), LEASE).await.unwrap() {
            assert_eq!(run.attempt, 1);
            claimed.push(run.id);
        }
        claimed
    });
    let claimed = claimed.await.concat();
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 60);
    assert_eq!(claimed.len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_run_follow_each_other() {
    let Some(stores) = stores(3).await else { return };
    stores[0].create_runs(vec![new_run("a")], None, at(0)).await.unwrap();
    let run = stores[0].claim_next("w", None, at(1), LEASE).await.unwrap().unwrap();
    let warn = |store: SqlStore| async move {
        for _ in 0..10 {
            let warn = Box::new(|edit: &mut RunEdit| {
                edit.warn("again".to_owned(), None);
                Ok(())
            });
            store.change_run(RunId(1), Some(1), at(2), warn).await.unwrap();
        }
    };
    everywhere(&stores, 2, warn).await;
    let events: Vec<RunEvent> = stores[1].events_after(run.id, 0, 1_000).await.unwrap();
    let expected = run.last_sequence + 60;
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=expected).collect::<Vec<_>>());
    let now = stores[2].runs_by_id(&[run.id]).await.unwrap().remove(&run.id).unwrap();
    assert_eq!(now.last_sequence, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_records_its_runs_once() {
    let Some(stores) = stores(3).await else { return };
    let idempotency = || Some(Idempotency { key: "once".to_owned(), fingerprint: "f".to_owned() });
    let create = |store: SqlStore| async move {
        store.create_runs(vec![new_run("a"), new_run("b")], idempotency(), at(0)).await.unwrap()
    };
    let made = everywhere(&stores, 3, create).await;
    assert!(made.iter().flatten().all(|run| run.id.0 <= 2), "{made:#?}");
    // The limit counts the runs of all processes.
    let limited: Vec<SqlStore> = stores.iter().map(|store| store.clone().queueing_at_most(10)).collect();
    let create = |store: SqlStore| async move { store.create_runs(vec![new_run("c")], None, at(0)).await.is_ok() };
    let made = everywhere(&limited, 6, create).await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 8);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing_more() {
    let Some(stores) = stores(2).await else { return };
    let (first, second) = (&stores[0], &stores[1]);
    first.create_runs(vec![new_run("a")], None, at(0)).await.unwrap();
    first.claim_next("one-1", None, at(0), LEASE).await.unwrap().unwrap();
    let warn = || {
        Box::new(|edit: &mut RunEdit| {
            edit.warn("late".to_owned(), None);
            Ok(())
        })
    };
    first.change_run(RunId(1), Some(1), at(1), warn()).await.unwrap();
    // Opening the store and cleaning up after other folders takes nothing from a living process.
    second.remove_workers_of("two").await.unwrap();
    assert!(second.orphans(at(29_000)).await.unwrap().is_empty());
    assert_eq!(second.orphans(at(31_000)).await.unwrap(), [RunId(1)]);
    second.change_run(RunId(1), None, at(31_000), Box::new(RunEdit::take_from_dead)).await.unwrap();
    second.claim_next("two-1", None, at(31_001), LEASE).await.unwrap().unwrap();
    let (code, message) = error_of(first.change_run(RunId(1), Some(1), at(31_002), warn()).await);
    assert_eq!((code, message.contains("the claim was lost")), ("CONFLICT", true), "{message}");
    // Its renewal does not take the run back.
    first.renew("one-1", &[RunId(1)], at(31_003), LEASE * 9).await.unwrap();
    let run = second.runs_by_id(&[RunId(1)]).await.unwrap().remove(&RunId(1)).unwrap();
    assert_eq!((run.worker_id.as_deref(), run.attempt), (Some("two-1"), 2));
    assert_eq!(second.orphans(at(62_000)).await.unwrap(), [RunId(1)]);

    // A process that starts again in the folder of a dead one need not wait for its leases.
    let worker = WorkerRecord {
        id: "two-1".to_owned(),
        host: "here".to_owned(),
        started_at: at(0),
        last_seen_at: at(0),
        capacity: 4,
    };
    second.add_worker(&worker).await.unwrap();
    first.remove_workers_of("two").await.unwrap();
    assert_eq!(first.orphans(at(31_004)).await.unwrap(), [RunId(1)]);
    assert!(first.workers().await.unwrap().is_empty());
}

#[tokio::test]
async fn one_process_at_a_time_has_a_duty() {
    let Some(stores) = stores(2).await else { return };
    let take = async |store: usize, worker: &str, ms: i64| {
        stores[store].take_duty(Duty::Scheduling, worker, at(ms)).await.unwrap()
    };
    assert!(take(0, "one-1", 0).await);
    assert!(!take(1, "two-1", 1).await);
    assert!(take(0, "one-1", 20_000).await);
    assert!(!take(1, "two-1", 49_000).await);
    assert!(take(1, "two-1", 51_000).await, "the lease has expired");
    assert!(!take(0, "one-1", 51_001).await);
    stores[0].leave_duty(Duty::Scheduling, "one-1").await.unwrap();
    assert!(!take(0, "one-1", 51_002).await, "nobody leaves the duty of another");
    stores[1].leave_duty(Duty::Scheduling, "two-1").await.unwrap();
    assert!(take(0, "one-1", 51_003).await);
    stores[1].remove_workers_of("one").await.unwrap();
    assert!(take(1, "two-1", 51_004).await);
    assert!(take(0, "one-1", -3_600_000).await, "the clock was set back by an hour");
}
