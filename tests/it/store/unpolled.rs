//! Writes whose callers stop polling, as in a stream whose buffer waits for its consumer: the store has a single
//! writing connection, and no such write may block it.

use std::{future::Future, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use gloss::{
    domain::profile::{DbBackend, DbProfile, NewDbProfile},
    port::store::{CatalogStore, ProfileStore, Store, WorkerRecord, WorkerStore},
    store::SqlStore,
};

use super::{TestStore, at};

fn profile(name: String) -> NewDbProfile {
    NewDbProfile {
        name,
        backend: DbBackend::Sqlite,
        url: "sqlite:///shop.db".to_owned().into(),
        pinned_database: None,
        about: None,
        exclude: Vec::new(),
        sample_views: false,
    }
}

/// Returns some of the writes; each can be repeated.
fn writes<'a>(store: &'a SqlStore, of: &'a DbProfile, number: u32) -> Vec<BoxFuture<'a, ()>> {
    let worker = WorkerRecord {
        id: format!("worker {number}"),
        host: "host".to_owned(),
        started_at: at(0),
        last_seen_at: at(0),
        capacity: 1,
    };
    vec![
        store.index_tables(of, &[]).map(drop).boxed(),
        store.catalog_read(of, at(1)).map(drop).boxed(),
        store.create_db_profile(profile(format!("profile {number}")), at(1)).map(drop).boxed(),
        async move { drop(store.add_worker(&worker).await) }.boxed(),
    ]
}

/// Polls a future up to `times` times with pauses in which the database can proceed, unless it completes earlier.
async fn poll_some(work: &mut (impl Future + Unpin), times: u32) {
    for _ in 0..times {
        if futures_util::poll!(&mut *work).is_ready() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn an_unpolled_write_delays_no_other() {
    let test = TestStore::new().await;
    let of = test.store.create_db_profile(profile("shop".to_owned()), at(0)).await.unwrap();
    for polls in 1..15 {
        for mut write in writes(&test.store, &of, polls) {
            poll_some(&mut write, polls).await;
            let other = tokio::time::timeout(Duration::from_secs(20), test.store.prove());
            other.await.expect("another write within 20 seconds").unwrap();
        }
    }
}
