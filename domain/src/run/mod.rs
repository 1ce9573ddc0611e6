//! Runs: their options, their rows and the outcomes of the rows.
//!
//! The rule: only [`RunEdit`] (`edit.rs`) changes a run.

mod choices;
mod column;
mod counts;
mod edit;
mod naming;
mod spec;

pub use choices::OptionChoices;
pub use column::{Cell, CellPage, CellRow, CellTable, RunColumn};
pub use counts::RunCounts;
pub use edit::RunEdit;
pub use naming::{Naming, NamingChange};
pub use spec::{NewRun, RunSpec};

use serde::{Deserialize, Serialize};

use super::{
    Code, Error, Result,
    apply::ApplyOrder,
    asset::AssetPath,
    clock::Moment,
    filter::{RunFacts, search_text},
    id::{RunId, SuggestionId},
    identity::Identity,
    judge::Opinions,
    profile::LlmProvider,
    spelling::spelled,
    status::RunStatus,
    suggestion::Draft,
    usage::{Progress, Usage},
};

/// The length of a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verbosity {
    /// One short sentence.
    Brief,
    /// One or two sentences.
    Detailed,
    /// Everything that is known.
    Comprehensive,
}

spelled!(Verbosity { Brief => "BRIEF", Detailed => "DETAILED", Comprehensive => "COMPREHENSIVE" });

/// How a text is rephrased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VariationMode {
    /// The same meaning in other words.
    Lexical,
    /// Another plausible meaning.
    Semantic,
}

spelled!(VariationMode { Lexical => "LEXICAL", Semantic => "SEMANTIC" });

/// The options of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct RunOptions {
    /// Whether to describe only assets without a comment.
    pub missing_only: bool,
    /// Whether to replace comments that people wrote without a decision about each.
    #[serde(default)]
    pub replace_comments: bool,
    /// Number of wordings per description, including the first: 1 to 5.
    pub alternatives: i32,
    /// The sampling temperature, 0 to 2.
    pub temperature: f64,
    /// Maximum number of output tokens per request, 64 to 32768.
    pub max_output_tokens: i32,
    /// The length of the descriptions.
    pub verbosity: Verbosity,
    /// Whether to read statistics and samples.
    pub profile_data: bool,
    /// Whether texts that are certain by inheritance are taken over instead of requested from a model.
    #[serde(default = "taken_over")]
    pub inherit: bool,
    /// The caller's additional instructions for the model, up to 4,000 characters.
    pub instructions: Option<String>,
}

/// The value of [`RunOptions::inherit`] in runs from before it was stored.
const fn taken_over() -> bool {
    true
}

impl RunOptions {
    /// The default options for a provider.
    #[must_use]
    pub fn defaults(provider: LlmProvider) -> Self {
        Self {
            missing_only: false,
            replace_comments: false,
            alternatives: 3,
            temperature: 0.2,
            max_output_tokens: 1024,
            verbosity: Verbosity::Detailed,
            profile_data: provider == LlmProvider::Builtin,
            inherit: true,
            instructions: None,
        }
    }

    /// Returns whether a run takes over texts that are certain by inheritance. Instructions are for every asset.
    #[must_use]
    pub const fn takes_over(&self) -> bool {
        self.inherit && self.instructions.is_none()
    }

    /// Checks that all options are in range. `argument` is the path of the options: `input.options`.
    ///
    /// # Errors
    /// Returns `BadInput` with the path of the option that is out of range.
    pub fn validate(&self, argument: &str) -> Result<()> {
        let bad = |option: &str, text: String| Err(Error::bad_input(format!("{argument}.{option}"), text));
        if !(1..=5).contains(&self.alternatives) {
            return bad("alternatives", format!("`alternatives` is {}; it must be from 1 to 5", self.alternatives));
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            return bad("temperature", format!("`temperature` is {}; it must be from 0 to 2", self.temperature));
        }
        if !(64..=32_768).contains(&self.max_output_tokens) {
            return bad(
                "maxOutputTokens",
                format!("`maxOutputTokens` is {}; it must be from 64 to 32768", self.max_output_tokens),
            );
        }
        let length = self.instructions.as_deref().map_or(0, |text| text.chars().count());
        if length > 4_000 {
            return bad("instructions", format!("`instructions` has {length} characters; shorten it to 4000 or fewer"));
        }
        Ok(())
    }
}

/// Why a run or a row failed. Shown to people, so it contains no secret and no internal details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// Its code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl RunError {
    /// Creates an error with a hint.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: Some(hint.into()) }
    }
}

/// The reason why a run waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// A one-line message: what the run waits for, and why.
    pub reason: String,
    /// The time at which the wait began.
    pub since: Moment,
}

/// A run, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its key and number.
    pub id: RunId,
    /// The specification of its work.
    pub spec: RunSpec,
    /// Its status.
    pub status: RunStatus,
    /// The scope on one line; for ASK, the question.
    pub scope_summary: String,
    /// The identity of the database that it describes; `None` until a worker has read it, and in runs of versions that
    /// did not record it.
    pub identity: Option<Identity>,
    /// The version of the prompts that it sends; `None` until it has begun, and if it sends none.
    pub prompt_version: Option<String>,
    /// The caller that cancelled it, while it is CANCELLING or CANCELLED.
    pub cancelled_by: Option<String>,
    /// Its title and labels.
    pub naming: Naming,
    /// What it waits for, if anything.
    pub waiting: Option<Waiting>,
    /// The apply or roll-back in progress.
    pub apply: Option<ApplyOrder>,
    /// The time of creation.
    pub created_at: Moment,
    /// The time of the first claim.
    pub started_at: Option<Moment>,
    /// The time at which it ended; `None` while it is live or paused.
    pub finished_at: Option<Moment>,
    /// Milliseconds in closed spans of RUNNING.
    pub active_ms: i64,
    /// The start of the open span of RUNNING.
    pub active_since: Option<Moment>,
    /// Milliseconds in closed spans of APPLYING.
    pub apply_ms: i64,
    /// The start of the open span of APPLYING.
    pub apply_since: Option<Moment>,
    /// Its progress.
    pub progress: Progress,
    /// Its usage.
    pub usage: Usage,
    /// Why it failed or was paused.
    pub error: Option<RunError>,
    /// The sequence number of its newest event.
    pub last_sequence: i32,
    /// The number of claims so far. It is the fence against late writes.
    pub attempt: i32,
    /// The worker that holds it.
    pub worker_id: Option<String>,
    /// The end of the worker's lease, unless the worker renews it.
    pub lease_until: Option<Moment>,
}

impl Run {
    /// Creates a queued run without events.
    #[must_use]
    pub fn queued(id: RunId, spec: RunSpec, scope_summary: String, identity: Option<Identity>, at: Moment) -> Self {
        Self {
            id,
            spec,
            status: RunStatus::Queued,
            scope_summary,
            identity,
            prompt_version: None,
            cancelled_by: None,
            naming: Naming::default(),
            waiting: None,
            apply: None,
            created_at: at,
            started_at: None,
            finished_at: None,
            active_ms: 0,
            active_since: None,
            apply_ms: 0,
            apply_since: None,
            progress: Progress::default(),
            usage: Usage::default(),
            error: None,
            last_sequence: 0,
            attempt: 0,
            worker_id: None,
            lease_until: None,
        }
    }

    /// Milliseconds of RUNNING up to `now`, without applies and roll-backs; `None` before the first claim.
    #[must_use]
    pub fn duration_ms(&self, now: Moment) -> Option<i64> {
        self.started_at?;
        Some(self.active_ms + elapsed_ms(self.active_since, now))
    }

    /// Milliseconds of APPLYING up to `now`; `None` before the first apply.
    #[must_use]
    pub fn apply_ms(&self, now: Moment) -> Option<i64> {
        let applied = self.apply_ms > 0 || self.apply_since.is_some();
        applied.then(|| self.apply_ms + elapsed_ms(self.apply_since, now))
    }

    /// Returns whether the claim with this attempt number is still valid, so that its worker may write.
    #[must_use]
    pub const fn is_held_in(&self, attempt: i32) -> bool {
        self.attempt == attempt && self.status.is_held()
    }

    /// When the run started, or was created if it has not started. The runs list is sorted by this.
    #[must_use]
    pub fn listed_at(&self) -> Moment {
        self.started_at.unwrap_or(self.created_at)
    }

    /// The properties that a filter tests.
    #[must_use]
    pub fn facts(&self) -> RunFacts {
        RunFacts {
            id: self.id,
            kind: self.spec.kind,
            status: self.status,
            db_profile_id: self.spec.db_profile_id,
            llm_profile_id: self.spec.llm_profile_id,
            schedule_id: self.spec.schedule_id,
            parent_id: self.spec.parent_id,
            listed_at: self.listed_at(),
            started_by: self.spec.started_by.clone(),
            labels: self.naming.labels.clone(),
            has_failures: self.progress.failed > 0,
            search_text: self.search_text(),
        }
    }

    fn search_text(&self) -> String {
        let names = [&self.spec.model, &self.spec.db_profile_name, &self.spec.llm_profile_name, &self.naming.title];
        let names = names.into_iter().flatten().chain(&self.naming.labels);
        search_text(self.id, std::iter::once(&self.scope_summary).chain(names).map(String::as_str))
    }
}

/// Milliseconds since the start of an open span; 0 if there is none.
fn elapsed_ms(since: Option<Moment>, now: Moment) -> i64 {
    since.map_or(0, |since| (now - since).num_milliseconds().max(0))
}

/// One asset in a run: the unit of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its position in the run, from 1.
    pub position: i32,
    /// The asset.
    pub asset: AssetPath,
    /// In a re-run, the suggestion to repeat. The new suggestion continues its version chain.
    pub again: Option<SuggestionId>,
    /// A fingerprint that changes with the asset: a column's type, or the kind of a table. `None` if the row was
    /// recorded without reading the database.
    pub fingerprint: Option<String>,
}

/// The outcome of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// The row has a suggestion.
    Done {
        /// The suggestion before it is recorded.
        draft: Draft,
        /// The comment in the database when the run read it.
        existing_comment: Option<String>,
        /// A column's type, as the database spells it.
        data_type: Option<String>,
    },
    /// The row failed.
    Failed(RunError),
    /// The row needed no suggestion.
    Skipped,
    /// The texts of the row's pair were judged.
    Judged(Opinions),
}
