//! Imports of runs that ended elsewhere.

use async_trait::async_trait;

use crate::domain::{
    Result,
    id::RunId,
    import::{Imported, ImportedRun, Origin},
};

/// Imports of runs that ended elsewhere.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Records runs with their suggestions, reviews and writes, all or none. A run whose key is recorded is the same
    /// run, and only gains the suggestions at positions that it does not have. Returns what was added, in the order of
    /// `runs`. A dry run records nothing and returns the same.
    ///
    /// # Errors
    /// Returns `Conflict` if a run that gains suggestions is live.
    async fn import_runs(&self, runs: Vec<ImportedRun>, origin: Origin, dry_run: bool) -> Result<Vec<Imported>>;

    /// Returns whether another tool did a run.
    async fn is_imported(&self, run: RunId) -> Result<bool>;
}
