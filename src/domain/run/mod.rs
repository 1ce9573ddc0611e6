//! A run as it is recorded: its options, its rows and what became of them.
//!
//! The rule: [`RunEdit`] (`edit.rs`) is the only way a run changes.

mod choices;
mod edit;
mod naming;
mod spec;

pub use choices::OptionChoices;
pub use edit::RunEdit;
pub use naming::{Naming, NamingChange};
pub use spec::{NewRun, RunSpec};

use serde::{Deserialize, Serialize};

use super::{
    Error, Result,
    apply::ApplyOrder,
    asset::AssetPath,
    clock::Moment,
    filter::{RunFacts, search_text},
    id::{RunId, SuggestionId},
    identity::Identity,
    profile::LlmProvider,
    spelling::spelled,
    status::RunStatus,
    suggestion::Draft,
    usage::{Progress, Usage},
};

/// How much a description says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verbosity {
    /// One short sentence.
    Brief,
    /// One or two sentences.
    Detailed,
    /// All that is known.
    Comprehensive,
}

spelled!(Verbosity { Brief => "BRIEF", Detailed => "DETAILED", Comprehensive => "COMPREHENSIVE" });

/// How a text is rephrased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VariationMode {
    /// The same meaning in other words.
    Lexical,
    /// Another meaning that fits as well.
    Semantic,
}

spelled!(VariationMode { Lexical => "LEXICAL", Semantic => "SEMANTIC" });

/// How a run describes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunOptions {
    /// Only assets without a comment.
    pub missing_only: bool,
    /// Whether comments that people wrote may be replaced without a decision about each.
    #[serde(default)]
    pub replace_comments: bool,
    /// Wordings of each description, the first included: 1 to 5.
    pub alternatives: i32,
    /// 0 to 2.
    pub temperature: f64,
    /// Of one request: 64 to 32768.
    pub max_output_tokens: i32,
    /// How much to say.
    pub verbosity: Verbosity,
    /// Whether statistics and samples are read.
    pub profile_data: bool,
    /// What the person adds for the model; up to 4,000 characters.
    pub instructions: Option<String>,
}

impl RunOptions {
    /// What holds where a person says nothing.
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
            instructions: None,
        }
    }

    /// Refuses what is out of range. `argument` is the options' path, `input.options`.
    ///
    /// # Errors
    /// `BadInput` with the path of the option at fault.
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

/// Why a run or a row came to nothing. Shown to people: no secret, no internal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// One of the contract's codes.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl RunError {
    /// An error with a hint.
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: Some(hint.into()) }
    }
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What it waits for, and why, in one line.
    pub reason: String,
    /// Since when.
    pub since: Moment,
}

/// A run, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its key and number.
    pub id: RunId,
    /// What it was told to do.
    pub spec: RunSpec,
    /// Where it stands.
    pub status: RunStatus,
    /// The scope in one line; for ASK, the question.
    pub scope_summary: String,
    /// Which database it describes; `None` until a worker has looked, and for runs of versions that did not record it.
    pub identity: Option<Identity>,
    /// The caller that cancelled it, while it is CANCELLING or CANCELLED.
    pub cancelled_by: Option<String>,
    /// What people call it.
    pub naming: Naming,
    /// What it waits for.
    pub waiting: Option<Waiting>,
    /// The apply or roll-back that is under way.
    pub apply: Option<ApplyOrder>,
    /// When it was recorded.
    pub created_at: Moment,
    /// When a worker first took it.
    pub started_at: Option<Moment>,
    /// When it ended; `None` while live or paused.
    pub finished_at: Option<Moment>,
    /// Milliseconds in closed spans of RUNNING.
    pub active_ms: i64,
    /// Since when the open span of RUNNING counts.
    pub active_since: Option<Moment>,
    /// Milliseconds in closed spans of APPLYING.
    pub apply_ms: i64,
    /// Since when the open span of APPLYING counts.
    pub apply_since: Option<Moment>,
    /// How far it is.
    pub progress: Progress,
    /// What it used.
    pub usage: Usage,
    /// Why it failed or paused.
    pub error: Option<RunError>,
    /// The number of its newest event.
    pub last_sequence: i32,
    /// How many times a worker took it: what fences a late write.
    pub attempt: i32,
    /// The worker that holds it.
    pub worker_id: Option<String>,
    /// Until when it holds it without a sign of life.
    pub lease_until: Option<Moment>,
}

impl Run {
    /// A run as it is before its first event.
    #[must_use]
    pub fn queued(id: RunId, spec: RunSpec, scope_summary: String, identity: Option<Identity>, at: Moment) -> Self {
        Self {
            id,
            spec,
            status: RunStatus::Queued,
            scope_summary,
            identity,
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

    /// Milliseconds of RUNNING up to `now`: applies and roll-backs do not count.
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

    /// Whether the claim of this attempt still holds it: what lets a worker write.
    #[must_use]
    pub const fn is_held_in(&self, attempt: i32) -> bool {
        self.attempt == attempt && self.status.is_held()
    }

    /// When it started, else when it was made: where it stands in the list.
    #[must_use]
    pub fn listed_at(&self) -> Moment {
        self.started_at.unwrap_or(self.created_at)
    }

    /// What a filter looks at.
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

/// Milliseconds since the start of an open span.
fn elapsed_ms(since: Option<Moment>, now: Moment) -> i64 {
    since.map_or(0, |since| (now - since).num_milliseconds().max(0))
}

/// One asset in a run: the unit of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its place in the run, from 1.
    pub position: i32,
    /// The asset.
    pub asset: AssetPath,
    /// For a re-run: the suggestion that is done again. Its version chain goes on with the row's suggestion.
    pub again: Option<SuggestionId>,
    /// What tells that the asset has changed: a column's type, what kind of table a table is. `None` where the row was
    /// recorded without a look at the database.
    pub fingerprint: Option<String>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// It has a suggestion.
    Done {
        /// The suggestion.
        draft: Draft,
        /// The comment that stood in the database when the run looked.
        existing_comment: Option<String>,
        /// A column's type, as the database spells it.
        data_type: Option<String>,
    },
    /// It was given up.
    Failed(RunError),
    /// It needed none.
    Skipped,
}
