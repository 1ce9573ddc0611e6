//! Imports: runs that ended in another tool, or descriptions that people wrote in its files.
//!
//! The rule: a run is identified by its key and a suggestion by its position in the run. What is recorded already is
//! left unchanged, so an import can be repeated, continued after a stop, and made twice at once.

use super::{
    asset::AssetPath,
    clock::Moment,
    id::RunId,
    identity::Identity,
    run::{Naming, RunError, RunSpec},
    status::RunStatus,
    suggestion::{Draft, Review},
    usage::Usage,
};

/// The person who imports, and the source of the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The tool or file, in one line.
    pub source: String,
    /// The caller.
    pub actor: String,
    /// The time of the import.
    pub at: Moment,
}

/// A run that ended elsewhere, or a part of its suggestions.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedRun {
    /// Identifies the run among all imports.
    pub key: String,
    /// The specification of its work.
    pub spec: RunSpec,
    /// FAILED, CANCELLED, or `READY_FOR_REVIEW`, which becomes SUCCESS if nothing is left to decide or to write.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<RunError>,
    /// Its title and labels.
    pub naming: Naming,
    /// The identity of its database; `None` if unknown.
    pub identity: Option<Identity>,
    /// The time of its start.
    pub started_at: Moment,
    /// The time of its end.
    pub finished_at: Moment,
    /// Milliseconds of work.
    pub active_ms: i64,
    /// Its usage.
    pub usage: Usage,
    /// The key of the run that it repeats.
    pub repeats: Option<String>,
    /// Suggestions of the run.
    pub rows: Vec<ImportedRow>,
}

/// A suggestion that was made elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedRow {
    /// Its position in the run, from 1.
    pub position: i32,
    /// The asset.
    pub asset: AssetPath,
    /// The suggestion.
    pub draft: Draft,
    /// The comment in the database when the suggestion was made.
    pub existing_comment: Option<String>,
    /// A column's type.
    pub data_type: Option<String>,
    /// The decision on it.
    pub review: Review,
    /// The suggestion that it repeats.
    pub repeats: Option<Place>,
    /// The writes of its text, oldest first.
    pub writes: Vec<ImportedWrite>,
}

/// The place of an imported suggestion.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The key of its run.
    pub run: String,
    /// Its position in the run.
    pub position: i32,
}

/// A comment that another tool wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedWrite {
    /// The time of the write.
    pub at: Moment,
    /// The comment before the write; `None` if there was none.
    pub before: Option<String>,
    /// The comment that was written.
    pub after: String,
    /// The person who ordered it, and the caller who imported it.
    pub actor: String,
}

/// The outcome of importing a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The run; `None` if a dry run would create it.
    pub run: Option<RunId>,
    /// Whether this import created it.
    pub is_new: bool,
    /// Number of suggestions that this import added.
    pub added: usize,
}
