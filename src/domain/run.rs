//! A run and everything that may happen to it.
//!
//! [`RunEdit`] is the only way a run changes: the store reads the run, lets a closure edit it, and writes
//! the run, its rows, suggestions and events in one transaction. Each method of it is one thing that
//! happens; it moves the status only along the machine of `status.rs`, keeps the counts true and numbers
//! the events. To add a thing that happens, add a method here.

use serde::{Deserialize, Serialize};

use super::{
    Error, Result,
    apply::{ApplyItem, ApplyOrder, ApplyStatus, Unsettled},
    asset::AssetPath,
    clock::Moment,
    event::{RunEvent, RunEventType},
    filter::{RunFacts, search_text},
    id::{DbProfileId, LlmProfileId, RunId, ScheduleId, SuggestionId},
    profile::LlmProvider,
    scope::RunScope,
    spelling::spelled,
    status::{RunCommand, RunKind, RunStatus},
    suggestion::Draft,
    usage::{Budget, Progress, Usage},
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
            return bad("alternatives", format!("`alternatives` is {}; it goes from 1 to 5", self.alternatives));
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            return bad("temperature", format!("`temperature` is {}; it goes from 0 to 2", self.temperature));
        }
        if !(64..=32_768).contains(&self.max_output_tokens) {
            return bad(
                "maxOutputTokens",
                format!("`maxOutputTokens` is {}; it goes from 64 to 32768", self.max_output_tokens),
            );
        }
        let length = self.instructions.as_deref().map_or(0, |text| text.chars().count());
        if length > 4_000 {
            return bad("instructions", format!("`instructions` has {length} characters; 4000 is the most"));
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

/// A run, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its key and number.
    pub id: RunId,
    /// What kind of work.
    pub kind: RunKind,
    /// What was ordered.
    pub command: RunCommand,
    /// Where it stands.
    pub status: RunStatus,
    /// What it covers.
    pub scope: RunScope,
    /// The scope in one line.
    pub scope_summary: String,
    /// The DB profile; it may be gone.
    pub db_profile_id: Option<DbProfileId>,
    /// The LLM profile; it may be gone.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The schedule that fired it.
    pub schedule_id: Option<ScheduleId>,
    /// The run that it does again.
    pub parent_id: Option<RunId>,
    /// The DB profile's name when the run was made.
    pub db_profile_name: Option<String>,
    /// The LLM profile's name when the run was made.
    pub llm_profile_name: Option<String>,
    /// Who answers.
    pub provider: Option<LlmProvider>,
    /// The model as the provider spells it.
    pub model: Option<String>,
    /// How it describes.
    pub options: RunOptions,
    /// For VARIATIONS: how it rephrases.
    pub variations: Option<VariationMode>,
    /// Its limits.
    pub budget: Budget,
    /// Who started it.
    pub started_by: String,
    /// The apply or roll-back that is under way.
    pub apply: Option<ApplyOrder>,
    /// When it was recorded.
    pub created_at: Moment,
    /// When a worker first took it.
    pub started_at: Option<Moment>,
    /// When it ended; `None` while live or paused.
    pub finished_at: Option<Moment>,
    /// Milliseconds of work in closed spans.
    pub active_ms: i64,
    /// Since when the open span of work counts.
    pub active_since: Option<Moment>,
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
    /// Milliseconds of work up to `now`.
    #[must_use]
    pub fn duration_ms(&self, now: Moment) -> Option<i64> {
        self.started_at?;
        let open = self.active_since.map_or(0, |since| (now - since).num_milliseconds().max(0));
        Some(self.active_ms + open)
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
            kind: self.kind,
            status: self.status,
            db_profile_id: self.db_profile_id,
            llm_profile_id: self.llm_profile_id,
            schedule_id: self.schedule_id,
            parent_id: self.parent_id,
            listed_at: self.listed_at(),
            search_text: search_text(
                self.id,
                &[
                    Some(&self.scope_summary),
                    self.model.as_deref(),
                    self.db_profile_name.as_deref(),
                    self.llm_profile_name.as_deref(),
                ],
            ),
        }
    }
}

/// A run to be recorded.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// See [`Run::kind`].
    pub kind: RunKind,
    /// See [`Run::command`].
    pub command: RunCommand,
    /// See [`Run::scope`].
    pub scope: RunScope,
    /// See [`Run::db_profile_id`].
    pub db_profile_id: Option<DbProfileId>,
    /// See [`Run::llm_profile_id`].
    pub llm_profile_id: Option<LlmProfileId>,
    /// See [`Run::schedule_id`].
    pub schedule_id: Option<ScheduleId>,
    /// See [`Run::parent_id`].
    pub parent_id: Option<RunId>,
    /// See [`Run::db_profile_name`].
    pub db_profile_name: Option<String>,
    /// See [`Run::llm_profile_name`].
    pub llm_profile_name: Option<String>,
    /// See [`Run::provider`].
    pub provider: Option<LlmProvider>,
    /// See [`Run::model`].
    pub model: Option<String>,
    /// See [`Run::options`].
    pub options: RunOptions,
    /// See [`Run::variations`].
    pub variations: Option<VariationMode>,
    /// See [`Run::budget`].
    pub budget: Budget,
    /// See [`Run::started_by`].
    pub started_by: String,
    /// The rows, where they are known from the start (re-runs and single drafts); otherwise none, and the scope is
    /// resolved when a worker takes the run.
    pub rows: Vec<Row>,
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
    },
    /// It was given up.
    Failed(RunError),
    /// It needed none.
    Skipped,
}

/// A run under change: what the store writes in one transaction.
#[derive(Debug)]
pub struct RunEdit {
    /// The run as it will be. Read it freely; change it through the methods.
    pub run: Run,
    /// The moment of the change.
    pub at: Moment,
    /// Events to record, in order.
    pub events: Vec<RunEvent>,
    /// Rows to record.
    pub new_rows: Vec<Row>,
    /// Rows that came to an end, with what became of them.
    pub outcomes: Vec<(Row, RowOutcome)>,
    /// Whether rows that failed are to be done again.
    pub retries_failed: bool,
    /// The items of a new apply or roll-back, which replace those of the one before.
    pub new_items: Option<Vec<ApplyItem>>,
    /// Items with what came of them. One that is APPLIED is recorded as a write, and its suggestion as applied (or,
    /// for a roll-back, as not applied, and the write that it undoes as undone).
    pub items: Vec<ApplyItem>,
}

impl RunEdit {
    /// Begins a change of a recorded run.
    #[must_use]
    pub const fn new(run: Run, at: Moment) -> Self {
        Self {
            run,
            at,
            events: Vec::new(),
            new_rows: Vec::new(),
            outcomes: Vec::new(),
            retries_failed: false,
            new_items: None,
            items: Vec::new(),
        }
    }

    /// A run just made: event 1.
    #[must_use]
    pub fn created(run: Run, at: Moment) -> Self {
        let mut edit = Self::new(run, at);
        let message = format!("Queued {}", edit.run.scope_summary);
        edit.emit(RunEventType::Created, message);
        edit
    }

    /// Adds an event with the run as it is now; returns it for its further parts.
    fn emit(&mut self, event_type: RunEventType, message: impl Into<String>) -> &mut RunEvent {
        self.run.last_sequence += 1;
        self.events.push(RunEvent {
            run_id: self.run.id,
            sequence: self.run.last_sequence,
            at: self.at,
            event_type,
            message: message.into(),
            status: self.run.status,
            progress: self.run.progress.clone(),
            usage: self.run.usage.clone(),
            asset: None,
            position: None,
            suggestion_id: None,
            text: None,
            error: None,
        });
        let last = self.events.len() - 1;
        &mut self.events[last]
    }

    /// Moves the status, if the machine has that move, and keeps the clock of work.
    fn move_to(&mut self, next: RunStatus) -> Result<()> {
        if !self.run.status.may_become(next) {
            return Err(Error::conflict(format!(
                "run #{} is {}; it cannot become {}",
                self.run.id,
                self.run.status.as_str(),
                next.as_str()
            )));
        }
        self.keep_time();
        if !next.is_timed() {
            self.run.active_since = None;
        } else if self.run.active_since.is_none() {
            self.run.active_since = Some(self.at);
        }
        self.run.status = next;
        Ok(())
    }

    /// Closes the open span of work at this change and opens the next, so that a crash loses no more than
    /// the time since the last record. The store calls it before it writes.
    pub fn keep_time(&mut self) {
        if let Some(since) = self.run.active_since {
            self.run.active_ms += (self.at - since).num_milliseconds().max(0);
            self.run.active_since = Some(self.at.max(since));
        }
    }

    /// A worker takes the run: one that is queued, or one that was told to apply and has no worker yet.
    ///
    /// # Errors
    /// `Conflict` where it is neither.
    pub fn claim(&mut self, worker_id: &str, lease_until: Moment) -> Result<()> {
        if self.run.status == RunStatus::Applying && self.run.worker_id.is_none() {
            self.run.attempt += 1;
            self.run.worker_id = Some(worker_id.to_owned());
            self.run.lease_until = Some(lease_until);
            return Ok(());
        }
        self.move_to(RunStatus::Running)?;
        self.run.attempt += 1;
        self.run.worker_id = Some(worker_id.to_owned());
        self.run.lease_until = Some(lease_until);
        // An apply says nothing about why the run itself stopped.
        if self.run.apply.is_none() {
            self.run.error = None;
        }
        if self.run.started_at.is_none() {
            self.run.started_at = Some(self.at);
            self.emit(RunEventType::Started, "Started");
        } else {
            let progress = &self.run.progress;
            let message = match progress.total {
                Some(total) => format!("Goes on: {} of {total} done", progress.done + progress.skipped),
                None => "Goes on".to_owned(),
            };
            self.emit(RunEventType::Resumed, message);
        }
        Ok(())
    }

    /// Puts the run back into the queue: its worker stops in good order. An apply that is being cancelled stays so
    /// and is left to the next worker, which looks at the write that was begun.
    ///
    /// # Errors
    /// `Conflict` where it is not at work.
    pub fn release(&mut self) -> Result<()> {
        if self.run.status == RunStatus::Cancelling && self.run.apply.is_some() {
            self.run.worker_id = None;
            self.run.lease_until = None;
            return Ok(());
        }
        self.move_to(RunStatus::Queued)?;
        self.run.worker_id = None;
        self.run.lease_until = None;
        self.run.progress.current_asset = None;
        self.emit(RunEventType::StatusChanged, "Queued again: the server stops");
        Ok(())
    }

    /// Takes the run from a worker that died: back into the queue, or to its end where a cancel was under way.
    ///
    /// # Errors
    /// `Conflict` where it is not at work.
    pub fn take_from_dead(&mut self) -> Result<()> {
        // The time since the last record is not work.
        self.run.active_since = None;
        if self.run.status == RunStatus::Cancelling {
            return self.finish(RunStatus::Cancelled, None);
        }
        self.move_to(RunStatus::Queued)?;
        self.run.worker_id = None;
        self.run.lease_until = None;
        self.run.progress.current_asset = None;
        self.emit(RunEventType::StatusChanged, "Queued again: its worker is gone");
        Ok(())
    }

    /// A worker takes over an apply that is being cancelled from one that died, to look at what was begun.
    ///
    /// # Errors
    /// `Conflict` where the run is in another state.
    pub fn adopt(&mut self, worker_id: &str, lease_until: Moment) -> Result<()> {
        if self.run.status != RunStatus::Cancelling || self.run.apply.is_none() {
            return Err(Error::conflict(format!("run #{} is not cancelling an apply", self.run.id)));
        }
        self.run.attempt += 1;
        self.run.worker_id = Some(worker_id.to_owned());
        self.run.lease_until = Some(lease_until);
        Ok(())
    }

    /// The rows are known.
    pub fn resolve(&mut self, rows: Vec<Row>) {
        let total = i32::try_from(rows.len()).unwrap_or(i32::MAX);
        self.run.progress.total = Some(total);
        self.new_rows = rows;
        self.emit(RunEventType::ScopeResolved, format!("{total} assets in scope"));
    }

    /// A row is under way.
    pub fn start_row(&mut self, row: &Row) {
        self.run.progress.current_asset = Some(row.asset.clone());
        let message = format!("Processing {}", self.place_of(row));
        let event = self.emit(RunEventType::AssetStarted, message);
        event.asset = Some(row.asset.clone());
        event.position = Some(row.position);
    }

    /// A row came to an end.
    pub fn end_row(&mut self, row: Row, outcome: RowOutcome) {
        let place = self.place_of(&row);
        let progress = &mut self.run.progress;
        let (event_type, message, error) = match &outcome {
            RowOutcome::Done { .. } => {
                progress.done += 1;
                (RunEventType::AssetFinished, format!("Described {place}"), None)
            }
            RowOutcome::Failed(error) => {
                progress.failed += 1;
                (RunEventType::AssetFailed, format!("Failed {place}: {}", error.message), Some(error.clone()))
            }
            RowOutcome::Skipped => {
                progress.skipped += 1;
                (RunEventType::AssetSkipped, format!("Skipped {place}: it has a comment"), None)
            }
        };
        let event = self.emit(event_type, message);
        event.asset = Some(row.asset.clone());
        event.position = Some(row.position);
        event.error = error;
        self.outcomes.push((row, outcome));
    }

    /// `public.users.email (2 of 156)`.
    fn place_of(&self, row: &Row) -> String {
        let total = self.run.progress.total.unwrap_or_default();
        format!("{} ({} of {total})", row.asset.display(), row.position)
    }

    /// Adds what a request used.
    pub fn add_usage(&mut self, usage: &Usage) {
        self.run.usage.add(usage);
    }

    /// Tells a person something.
    pub fn warn(&mut self, message: impl Into<String>, error: Option<RunError>) {
        self.emit(RunEventType::Warning, message).error = error;
    }

    /// A person asks for a cancel: a queued run ends at once, one at work is told to leave. One that is queued in
    /// the middle of an apply is left to the next worker, as if its own had died: a write may have been begun, and
    /// the run goes back where it came from.
    ///
    /// # Errors
    /// `Conflict` where nothing can be cancelled.
    pub fn request_cancel(&mut self) -> Result<()> {
        if self.run.status == RunStatus::Queued && self.run.apply.is_some() {
            self.move_to(RunStatus::Running)?;
            self.run.lease_until = Some(self.at - chrono::Duration::milliseconds(1));
        } else if self.run.status == RunStatus::Queued {
            self.emit(RunEventType::CancelRequested, "Cancel requested");
            return self.finish(RunStatus::Cancelled, None);
        }
        self.move_to(RunStatus::Cancelling)?;
        self.emit(RunEventType::CancelRequested, "Cancel requested");
        Ok(())
    }

    /// Goes on where the run stopped: rows without an outcome, and rows that failed. A new budget replaces the old
    /// one; `budget` is `None` to keep it.
    ///
    /// # Errors
    /// `Conflict` where nothing is left to do, where it is still at work, or where its spent budget stays as it is.
    pub fn resume(&mut self, budget: Option<Budget>) -> Result<()> {
        use RunStatus::{Cancelled, Failed, Paused, ReadyForReview, Success};
        let run = &self.run;
        let resumable = match run.status {
            Paused | Failed | Cancelled => true,
            ReadyForReview | Success => run.progress.failed > 0,
            _ => return Err(Error::conflict(format!("run #{} is {}; it is at work", run.id, run.status.as_str()))),
        };
        if !resumable {
            return Err(Error::conflict(format!("run #{} has nothing left to do: no row failed", run.id)));
        }
        let spent = run.error.as_ref().is_some_and(|error| error.code == "LIMIT_EXCEEDED");
        if let Some(budget) = budget {
            let larger = !spent || budget.is_larger_than(&run.budget);
            if !larger {
                return Err(Error::conflict(
                    "the new budget is not larger than the one that is spent; raise it or remove it",
                ));
            }
            self.run.budget = budget;
        } else if spent {
            return Err(Error::conflict("the run's budget is spent; resume it with a larger one, or remove it"));
        }
        self.move_to(RunStatus::Queued)?;
        self.run.finished_at = None;
        self.run.error = None;
        self.retries_failed = self.run.progress.failed > 0;
        self.run.progress.failed = 0;
        self.emit(RunEventType::StatusChanged, "Queued again: resumed");
        Ok(())
    }

    /// Begins to write comments: from an ended or paused run, or from the end of a `RUN_APPLY`.
    ///
    /// # Errors
    /// `Conflict` where the run is at work otherwise.
    pub fn begin_apply(&mut self, order: ApplyOrder, items: Vec<ApplyItem>) -> Result<()> {
        self.move_to(RunStatus::Applying)?;
        let what = if order.rollback { "Rolling back" } else { "Applying" };
        let count = items.len();
        self.run.finished_at = None;
        self.run.apply = Some(order);
        self.new_items = Some(items);
        self.emit(RunEventType::StatusChanged, format!("{what} {count} comments"));
        Ok(())
    }

    /// Goes on with the apply that a dead worker left. A claim has made the run RUNNING.
    ///
    /// # Errors
    /// `Conflict` where the run is not at work.
    pub fn go_on_applying(&mut self) -> Result<()> {
        self.move_to(RunStatus::Applying)?;
        self.emit(RunEventType::StatusChanged, "Goes on writing");
        Ok(())
    }

    /// A write is about to begin: recorded first, so that a crash loses no record of it.
    pub fn begin_item(&mut self, item: ApplyItem) {
        self.items.push(ApplyItem { begun: true, ..item });
    }

    /// A comment was written, stood there already, or could not be written.
    pub fn end_item(&mut self, item: ApplyItem) {
        let rollback = self.run.apply.as_ref().is_some_and(|order| order.rollback);
        let place = item.asset.display();
        let (event_type, message) = match item.status {
            ApplyStatus::Applied if rollback => (RunEventType::Applied, format!("Rolled back {place}")),
            ApplyStatus::Applied => (RunEventType::Applied, format!("Applied {place}")),
            ApplyStatus::Unchanged => (RunEventType::Applied, format!("Unchanged {place}: it stands there already")),
            _ => {
                let reason = item.error.as_ref().map_or("unknown reason", |error| error.message.as_str());
                (RunEventType::ApplyFailed, format!("Not written {place}: {reason}"))
            }
        };
        let event = self.emit(event_type, message);
        event.asset = Some(item.asset.clone());
        event.suggestion_id = Some(item.suggestion_id);
        event.error.clone_from(&item.error);
        self.items.push(ApplyItem { begun: false, ..item });
    }

    /// All items are written or refused, or a cancel stops the rest: the run goes where the rule says.
    ///
    /// # Errors
    /// `Conflict` where the run is not applying.
    pub fn finish_apply(&mut self, unsettled: Unsettled) -> Result<()> {
        let order = self.run.apply.take().ok_or_else(|| Error::conflict("no apply is under way"))?;
        let next = match order.from {
            stopped @ (RunStatus::Paused | RunStatus::Failed | RunStatus::Cancelled) => stopped,
            _ if !order.rollback && unsettled.is_empty() => RunStatus::Success,
            _ => RunStatus::ReadyForReview,
        };
        let error = self.run.error.take();
        self.finish(next, error)
    }

    /// Follows the last decision or its restoration: `READY_FOR_REVIEW` ↔ SUCCESS. Other statuses stay.
    ///
    /// # Errors
    /// None in practice: both moves exist.
    pub fn settle(&mut self, unsettled: Unsettled) -> Result<()> {
        match self.run.status {
            RunStatus::ReadyForReview if unsettled.is_empty() => self.finish(RunStatus::Success, None),
            RunStatus::Success if !unsettled.is_empty() => self.finish(RunStatus::ReadyForReview, None),
            _ => Ok(()),
        }
    }

    /// Enters an ended status or PAUSED and gives the claim up. One FINISHED event tells it.
    ///
    /// # Errors
    /// `Conflict` where the machine has no such move: a late worker cannot overwrite a cancel.
    pub fn finish(&mut self, next: RunStatus, error: Option<RunError>) -> Result<()> {
        self.move_to(next)?;
        self.run.worker_id = None;
        self.run.lease_until = None;
        self.run.progress.current_asset = None;
        self.run.finished_at = (next != RunStatus::Paused).then_some(self.at);
        self.run.error.clone_from(&error);
        let progress = &self.run.progress;
        let counts = match progress.total {
            Some(total) => {
                format!(
                    ": {} of {total} described, {} failed, {} skipped",
                    progress.done, progress.failed, progress.skipped
                )
            }
            None => String::new(),
        };
        let word = match next {
            RunStatus::ReadyForReview => "Ready for review",
            RunStatus::Success => "Success",
            RunStatus::Failed => "Failed",
            RunStatus::Cancelled => "Cancelled",
            RunStatus::Paused => "Paused",
            _ => "Ended",
        };
        let reason = error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
        self.emit(RunEventType::Finished, format!("{word}{reason}{counts}")).error = error;
        Ok(())
    }
}
