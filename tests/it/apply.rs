//! Applies and roll-backs over a real store and a real worker pool: what is written, what is not, and what is
//! recorded after an interruption.

use std::sync::{Arc, atomic::Ordering};

use gloss::domain::{
    apply::{AppliedCommentFilter, ApplyItem, ApplyStatus},
    clock::{Clock, SystemClock},
    event::RunEventType,
    run::RunEdit,
    status::RunStatus,
};
use tokio::sync::Semaphore;

use crate::kinds::World;

fn item<'a>(items: &'a [ApplyItem], asset: &str) -> &'a ApplyItem {
    items.iter().find(|item| item.asset.display() == asset).unwrap()
}

fn error(item: &ApplyItem) -> (&str, &str) {
    let error = item.error.as_ref().unwrap();
    assert!(error.hint.is_some());
    (error.code.as_str(), &error.message)
}

fn count(items: &[ApplyItem], status: ApplyStatus) -> usize {
    items.iter().filter(|item| item.status == status).count()
}

async fn audit(world: &World) -> i64 {
    world.ports.store.applied_comments_count(&AppliedCommentFilter::default()).await.unwrap()
}

#[tokio::test]
async fn each_comment_has_its_own_outcome() {
    let world = World::with_tables(3).await;
    let id = world.accepted().await;
    let text = world.suggestions(id).await[0].description.clone();
    world.db.set("main.customers", &text);
    world.db.set("main.customers.id", "written by hand");
    world.db.refuses.lock().unwrap().insert("main.customers.email".into());
    assert_eq!(world.apply(id, false).await, 9);
    let run = world.ended(id).await;
    assert_eq!((run.status, run.apply), (RunStatus::ReadyForReview, None));

    let items = world.items(id).await;
    let unchanged = item(&items, "main.customers");
    assert_eq!((unchanged.status, unchanged.before.as_ref()), (ApplyStatus::Unchanged, Some(&text)));
    let conflict = item(&items, "main.customers.id");
    assert_eq!((conflict.status, conflict.before.as_deref()), (ApplyStatus::Conflict, Some("written by hand")));
    let (code, message) = error(conflict);
    assert!(code == "CONFLICT" && message.contains("written by hand"), "{message}");
    let failed = item(&items, "main.customers.email");
    assert_eq!(failed.status, ApplyStatus::Failed);
    let (code, message) = error(failed);
    assert!(code == "BAD_USER_INPUT" && message.contains("may not comment"), "{message}");
    assert_eq!(count(&items, ApplyStatus::Applied), 6);
    assert!(items.iter().all(|item| item.statement.is_some() && !item.begun));
    assert_eq!(audit(&world).await, 6);
    let events = world.events(id).await;
    let of = |wanted| events.iter().filter(|event| event.event_type == wanted).count();
    assert_eq!((of(RunEventType::Applied), of(RunEventType::ApplyFailed)), (7, 2));
    assert_eq!(world.db.comment_of("main.customers.id").as_deref(), Some("written by hand"));

    world.db.refuses.lock().unwrap().clear();
    world.apply(id, true).await;
    world.ended(id).await;
    let items = world.items(id).await;
    assert_eq!(item(&items, "main.customers.id").status, ApplyStatus::Applied);
    assert_eq!(item(&items, "main.customers.id").before.as_deref(), Some("written by hand"));
}

#[tokio::test]
async fn a_roll_back_restores_the_previous_comments() {
    let world = World::with_tables(2).await;
    world.db.set("main.customers", "the buyers");
    let before = world.db.comments.lock().unwrap().clone();
    let id = world.accepted().await;
    world.apply(id, false).await;
    assert_eq!(world.ended(id).await.status, RunStatus::Success);
    world.db.set("main.customers.email", "by hand");
    let count = world.roll_back(id).await;
    let run = world.ended(id).await;
    assert_eq!(run.status, RunStatus::ReadyForReview);
    let items = world.items(id).await;
    assert_eq!(items.len(), count);
    assert_eq!(item(&items, "main.customers.email").status, ApplyStatus::Conflict);
    let mut after = world.db.comments.lock().unwrap().clone();
    assert_eq!(after.remove("main.customers.email").as_deref(), Some("by hand"));
    assert_eq!(after, before);
    // A write that was rolled back is not rolled back again.
    assert_eq!(world.roll_back(id).await, 1);
    world.ended(id).await;
}

#[tokio::test]
async fn a_server_that_stays_away_fails_the_rest_at_once() {
    let world = World::with_tables(20).await;
    let id = world.accepted().await;
    world.db.down.store(true, Ordering::SeqCst);
    let began = std::time::Instant::now();
    world.apply(id, false).await;
    world.ended(id).await;
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    let items = world.items(id).await;
    assert_eq!(count(&items, ApplyStatus::Failed), 60);
    assert!(items.iter().all(|item| error(item).0 == "UNAVAILABLE"));
    assert!(world.events(id).await.iter().any(|event| event.event_type == RunEventType::Warning));
    world.db.down.store(false, Ordering::SeqCst);
    world.apply(id, false).await;
    assert_eq!(world.ended(id).await.status, RunStatus::Success);
}

#[tokio::test]
async fn a_cancel_falls_between_two_writes() {
    let world = World::with_tables(3).await;
    let id = world.accepted().await;
    let (waiting, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(2)));
    *world.db.gate.lock().unwrap() = Some((waiting.clone(), go.clone()));
    world.apply(id, false).await;
    waiting.acquire_many(3).await.unwrap().forget();
    let cancel = Box::new(|edit: &mut RunEdit| edit.request_cancel("local"));
    world.ports.store.change_run(id, None, SystemClock.now(), cancel).await.unwrap();
    go.add_permits(100);
    let run = world.ended(id).await;
    assert_eq!((run.status, run.apply), (RunStatus::ReadyForReview, None));
    let items = world.items(id).await;
    assert_eq!(count(&items, ApplyStatus::Applied), 3);
    assert_eq!(count(&items, ApplyStatus::Planned), 6);
    assert_eq!(world.db.writes.lock().unwrap().len(), 3);
    assert_eq!(audit(&world).await, 3);
    world.apply(id, false).await;
    assert_eq!(world.ended(id).await.status, RunStatus::Success);
}

#[tokio::test]
async fn a_write_that_was_cut_off_before_its_record_is_recorded_once() {
    let mut world = World::with_tables(3).await;
    let id = world.accepted().await;
    let hanging = "main.customers.email";
    world.db.hangs.lock().unwrap().insert(hanging.into());
    let (waiting, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(1_000)));
    *world.db.gate.lock().unwrap() = Some((waiting.clone(), go));
    world.apply(id, false).await;
    // Two writes, and a third that is executed but never answered.
    waiting.acquire_many(4).await.unwrap().forget();
    world.stop_pool().await;
    let run = world.run(id).await;
    assert_eq!(run.status, RunStatus::Queued);
    let items = world.items(id).await;
    assert!(item(&items, hanging).begun && item(&items, hanging).status == ApplyStatus::Planned);
    assert_eq!(audit(&world).await, 2);

    world.db.hangs.lock().unwrap().clear();
    world.start_pool();
    let run = world.ended(id).await;
    assert_eq!(run.status, RunStatus::Success);
    let items = world.items(id).await;
    assert_eq!(count(&items, ApplyStatus::Applied), 9);
    assert_eq!(world.db.writes.lock().unwrap().len(), 9, "nothing is written twice");
    assert_eq!(audit(&world).await, 9);
    assert_eq!(item(&items, hanging).before, None);
}

#[tokio::test]
async fn a_cancel_of_a_write_that_hangs_is_heeded_at_the_next_start() {
    let mut world = World::with_tables(3).await;
    let id = world.accepted().await;
    world.db.hangs.lock().unwrap().insert("main.customers".into());
    let (waiting, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(1_000)));
    *world.db.gate.lock().unwrap() = Some((waiting.clone(), go));
    world.apply(id, false).await;
    waiting.acquire_many(2).await.unwrap().forget();
    let cancel = Box::new(|edit: &mut RunEdit| edit.request_cancel("local"));
    world.ports.store.change_run(id, None, SystemClock.now(), cancel).await.unwrap();
    // The state after a kill: a worker holds the run, and its lease expires.
    let expire = Box::new(|edit: &mut RunEdit| {
        edit.run.attempt += 1;
        edit.run.lease_until = Some(edit.at - chrono::Duration::seconds(1));
        edit.run.worker_id = Some("dead".into());
        Ok(())
    });
    world.ports.store.change_run(id, None, SystemClock.now(), expire).await.unwrap();
    world.stop_pool().await;
    world.start_pool();
    let run = world.ended(id).await;
    assert_eq!(run.status, RunStatus::ReadyForReview);
    let items = world.items(id).await;
    assert_eq!((count(&items, ApplyStatus::Applied), count(&items, ApplyStatus::Planned)), (1, 8));
    assert_eq!(audit(&world).await, 1);
}

#[tokio::test]
async fn a_cancel_of_a_queued_apply_checks_the_begun_write() {
    let mut world = World::with_tables(3).await;
    let id = world.accepted().await;
    world.db.hangs.lock().unwrap().insert("main.customers.id".into());
    let (waiting, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(1_000)));
    *world.db.gate.lock().unwrap() = Some((waiting.clone(), go));
    world.apply(id, false).await;
    waiting.acquire_many(3).await.unwrap().forget();
    world.stop_pool().await;
    let cancel = Box::new(|edit: &mut RunEdit| edit.request_cancel("local"));
    let run = world.ports.store.change_run(id, None, SystemClock.now(), cancel).await.unwrap();
    assert_eq!(run.status, RunStatus::Cancelling);
    world.start_pool();
    let run = world.ended(id).await;
    assert_eq!((run.status, run.apply), (RunStatus::ReadyForReview, None));
    let items = world.items(id).await;
    assert_eq!((count(&items, ApplyStatus::Applied), count(&items, ApplyStatus::Planned)), (2, 7));
    assert_eq!(audit(&world).await, 2);
}

#[tokio::test]
async fn without_its_profile_a_run_goes_back_with_all_items_failed() {
    let mut world = World::with_tables(2).await;
    let id = world.accepted().await;
    world.stop_pool().await;
    world.apply(id, false).await;
    // A live run's profile cannot be deleted through the API, so the record is edited.
    let forget = Box::new(|edit: &mut RunEdit| {
        edit.run.spec.db_profile_id = None;
        Ok(())
    });
    world.ports.store.change_run(id, None, SystemClock.now(), forget).await.unwrap();
    world.start_pool();
    assert_eq!(world.ended(id).await.status, RunStatus::ReadyForReview);
    let items = world.items(id).await;
    assert_eq!(count(&items, ApplyStatus::Failed), 6);
    assert!(items.iter().all(|item| error(item).0 == "NOT_FOUND" && error(item).1.contains("shop")));
}
