//! The kind and status of each run, one byte each, for the chips of searches and labels that find many runs. To look
//! each match up in an index takes several times as long as to find it.
//!
//! The rule: whatever adds or changes a byte holds the lock `order`. A commit that changes a kind or status holds it
//! until the byte is set, and the first use holds it while it reads the runs, so neither misses the other. Only SQLite
//! needs this: PostgreSQL finds and groups in one scan.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use entity::run;
use sea_orm::{
    DbBackend,
    sea_query::{Expr, Query, SelectStatement},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{SqlStore, cells, dialect};
use crate::domain::{
    id::RunId,
    run::RunCounts,
    status::{RunKind, RunStatus},
};

/// A run with the kind and status that a transaction gives it.
pub(super) type Change = (RunId, RunKind, RunStatus);

/// The kinds and statuses of all runs. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Facets {
    order: Arc<Mutex<()>>,
    /// The code of each run, at the place of its key; 0 where no run is known. `None` before the first use.
    codes: Arc<RwLock<Option<Vec<u8>>>>,
}

/// Returns the code of a kind and a status, from 1.
fn code(kind: RunKind, status: RunStatus) -> u8 {
    let place = |at: Option<usize>| at.unwrap_or_default();
    let kind = place(RunKind::ALL.iter().position(|it| *it == kind));
    let status = place(RunStatus::ALL.iter().position(|it| *it == status));
    u8::try_from(1 + kind * RunStatus::ALL.len() + status).unwrap_or_default()
}

/// The reverse of [`code`].
fn decoded(code: usize) -> Option<(RunKind, RunStatus)> {
    let at = code.checked_sub(1)?;
    let (kind, status) = (at / RunStatus::ALL.len(), at % RunStatus::ALL.len());
    Some((*RunKind::ALL.get(kind)?, *RunStatus::ALL.get(status)?))
}

fn put(codes: &mut Vec<u8>, key: i64, code: u8) {
    let Ok(at) = usize::try_from(key) else { return };
    if at >= codes.len() {
        codes.resize(at + 1, 0);
    }
    codes[at] = code;
}

impl Facets {
    /// Waits for the turn to commit these changes; `None` if there are none.
    pub(super) async fn turn(&self, changes: Vec<Change>) -> Option<Turn> {
        if changes.is_empty() {
            return None;
        }
        let order = Arc::clone(&self.order).lock_owned().await;
        Some(Turn { facets: self.clone(), changes, is_recorded: false, _order: order })
    }

    /// Counts the runs with these keys by kind and status; `None` if the store must count.
    pub(super) async fn count(&self, store: &SqlStore, keys: &SelectStatement) -> Option<RunCounts> {
        self.read(store).await?;
        let found = cells::fold(store, DbBackend::Sqlite.build(keys), Vec::new(), |found: &mut Vec<i64>, row| {
            found.push(row.get(0)?);
            Ok(())
        });
        let found = found.await?;
        let mut counts = [0; 256];
        {
            let codes = self.codes.read().unwrap_or_else(PoisonError::into_inner);
            let codes = codes.as_ref()?;
            for key in found {
                counts[usize::from(usize::try_from(key).ok().and_then(|at| codes.get(at)).copied().unwrap_or(0))] += 1;
            }
        }
        // The commit of a run that was found has not set its byte yet.
        (counts[0] == 0).then_some(())?;
        let groups = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let groups = groups.map(|(code, count)| Some((decoded(code)?, *count)));
        groups.collect::<Option<HashMap<_, _>>>().map(RunCounts)
    }

    /// Reads all runs at the first use.
    async fn read(&self, store: &SqlStore) -> Option<()> {
        let is_read = || self.codes.read().unwrap_or_else(PoisonError::into_inner).is_some();
        if is_read() {
            return Some(());
        }
        let _turn = self.order.lock().await;
        if is_read() {
            return Some(());
        }
        let mut query = Query::select();
        let columns = [run::Column::Id, run::Column::Kind, run::Column::Status];
        query.exprs(columns.map(|column| Expr::col((run::Entity, column)))).from(run::Entity);
        let statement = dialect::along(DbBackend::Sqlite.build(&query), "run", "run_facets");
        let codes = cells::fold(store, statement, Vec::new(), |codes: &mut Vec<u8>, row| {
            let (kind, status) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            if let (Ok(kind), Ok(status)) = (kind.parse(), status.parse()) {
                put(codes, row.get(0)?, code(kind, status));
            }
            Ok(())
        });
        let codes = codes.await?;
        *self.codes.write().unwrap_or_else(PoisonError::into_inner) = Some(codes);
        Some(())
    }
}

/// The turn to commit changes. Dropped without [`Turn::recorded`], for instance because the request was cancelled, it
/// discards all codes, because the commit may have been recorded; the next use reads the runs again.
pub(super) struct Turn {
    facets: Facets,
    changes: Vec<Change>,
    is_recorded: bool,
    _order: OwnedMutexGuard<()>,
}

impl Turn {
    /// Takes over the changes, which were recorded.
    pub(super) fn recorded(mut self) {
        self.is_recorded = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut codes = self.facets.codes.write().unwrap_or_else(PoisonError::into_inner);
        match codes.as_mut() {
            Some(codes) if self.is_recorded => {
                self.changes.iter().for_each(|(id, kind, status)| put(codes, id.0, code(*kind, *status)));
            }
            _ => *codes = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_and_status_has_a_code() {
        let mut seen = std::collections::HashSet::new();
        for kind in RunKind::ALL.iter().copied() {
            for status in RunStatus::ALL.iter().copied() {
                let code = code(kind, status);
                assert_eq!(decoded(code.into()), Some((kind, status)));
                assert!(code > 0 && seen.insert(code));
            }
        }
        assert_eq!(decoded(0), None);
    }
}
