//! All changes of a run.
//!
//! The store reads the run, lets a closure edit it, and writes the run, its rows, suggestions and events in one
//! transaction. Each method is one change. It moves the status only along the transitions of `status.rs`, keeps the
//! counts correct and numbers the events. To add a change, add a method here.

use std::collections::HashMap;

use super::{NamingChange, NewRun, Row, RowOutcome, Run, RunError, RunSpec, Waiting};
use crate::{
    Code, Error, Result,
    apply::{ApplyItem, ApplyOrder, ApplyStatus, Unsettled, Written},
    ask::{ToolUse, TurnChange},
    asset::AssetPath,
    clock::Moment,
    event::{RunEvent, RunEventType},
    id::{RunId, SuggestionId},
    identity::Identity,
    import::{ImportedRow, ImportedRun, Origin},
    judge::Preference,
    status::{RunKind, RunStatus},
    suggestion::Review,
    text::counted,
    usage::{Budget, Usage},
};

/// The waiting reason of a queued run, and of a run that is to be applied.
const FREE_WORKER: &str = "Waiting for a free worker";

/// A run being changed: everything that the store writes in one transaction.
#[derive(Debug)]
pub struct RunEdit {
    /// The run before the change; `None` for a new run.
    before: Option<Run>,
    /// The run after the change. Read it freely, but change it only through the methods.
    pub run: Run,
    /// The time of the change.
    pub at: Moment,
    /// Events to record, in order.
    pub events: Vec<RunEvent>,
    /// Rows to record.
    pub new_rows: Vec<Row>,
    /// Rows that ended, with their outcomes.
    pub outcomes: Vec<(Row, RowOutcome)>,
    /// Decisions that were made elsewhere on suggestions of these outcomes, by the position of the row.
    pub reviews: HashMap<i32, Review>,
    /// Whether rows that failed are to be processed again.
    pub retries_failed: bool,
    /// The items of a new apply or roll-back. They replace the items of the previous one.
    pub new_items: Option<Vec<ApplyItem>>,
    /// Items with their outcomes. The store records an APPLIED item as a write and marks its suggestion as applied. For
    /// a roll-back, it marks the suggestion as not applied and the undone write as rolled back.
    pub items: Vec<ApplyItem>,
    /// Changes of the turn that an ASK run answers.
    pub turn: Vec<TurnChange>,
    /// The caller or schedule that makes the change, if any. It becomes the actor of the events.
    pub actor: Option<String>,
}

impl RunEdit {
    /// Begins a change of a recorded run.
    #[must_use]
    pub fn new(run: Run, at: Moment) -> Self {
        Self { before: Some(run.clone()), ..Self::of(run, at) }
    }

    fn of(run: Run, at: Moment) -> Self {
        Self {
            before: None,
            run,
            at,
            events: Vec::new(),
            new_rows: Vec::new(),
            outcomes: Vec::new(),
            reviews: HashMap::new(),
            retries_failed: false,
            new_items: None,
            items: Vec::new(),
            turn: Vec::new(),
            actor: None,
        }
    }

    /// Creates a QUEUED run with event 1, with its rows if they are known, and with a warning for everything that could
    /// not be read. `identity` is that of the run or schedule that this run continues.
    #[must_use]
    pub fn created(id: RunId, new: NewRun, identity: Option<Identity>, at: Moment) -> Self {
        let summary = new.summary();
        let NewRun { spec, rows, warnings, turn: _, judging } = new;
        let mut edit = Self::of(Run::queued(id, spec, summary, identity, at), at);
        // The rows of a JUDGE run are known, even if there are none.
        if !rows.is_empty() || judging.is_some() {
            edit.run.progress.total = Some(i32::try_from(rows.len()).unwrap_or(i32::MAX));
        }
        edit.new_rows = rows;
        edit.actor = Some(edit.run.spec.started_by.clone());
        edit.wait_for_worker();
        let message = format!("Queued {}: waiting for a free worker", edit.run.scope_summary);
        edit.emit(RunEventType::Created, message);
        warnings.into_iter().for_each(|warning| edit.warn(warning, None));
        edit
    }

    /// Creates an ended run that another tool recorded, with a CREATED event. [`RunEdit::import`] adds its suggestions.
    #[must_use]
    pub fn imported(id: RunId, imported: &ImportedRun, parent: Option<RunId>, origin: &Origin) -> Self {
        let spec = RunSpec { parent_id: parent, ..imported.spec.clone() };
        let summary = spec.scope.summary();
        let mut run = Run::queued(id, spec, summary, imported.identity.clone(), origin.at);
        run.status = imported.status;
        run.error.clone_from(&imported.error);
        run.naming = imported.naming.clone();
        run.started_at = Some(imported.started_at);
        run.finished_at = Some(imported.finished_at);
        run.active_ms = imported.active_ms;
        run.usage = imported.usage.clone();
        run.progress.total = Some(0);
        let mut edit = Self::of(run, origin.at);
        edit.actor = Some(origin.actor.clone());
        edit.emit(RunEventType::Created, format!("Imported from {}", origin.source));
        edit
    }

    /// Adds a suggestion that another tool recorded. `again` is the suggestion that it repeats.
    pub fn import(&mut self, row: ImportedRow, again: Option<SuggestionId>) {
        let ImportedRow { position, asset, draft, existing_comment, data_type, review, repeats: _, writes: _ } = row;
        let row = Row { position, asset, again, fingerprint: None };
        self.run.progress.total = Some(self.run.progress.total.unwrap_or_default() + 1);
        self.run.progress.done += 1;
        self.new_rows.push(row.clone());
        self.outcomes.push((row, RowOutcome::Done { draft, existing_comment, data_type }));
        self.reviews.insert(position, review);
    }

    /// Ends the import of `added` suggestions: `READY_FOR_REVIEW` becomes SUCCESS if nothing is left to do, and vice
    /// versa.
    ///
    /// # Errors
    /// None in practice: both transitions exist.
    pub fn finish_import(&mut self, added: usize, unsettled: Unsettled) -> Result<()> {
        self.emit(RunEventType::ScopeResolved, format!("Imported {}", counted(added, "suggestion")));
        let next = match self.run.status {
            RunStatus::ReadyForReview | RunStatus::Success if unsettled.is_empty() => RunStatus::Success,
            RunStatus::ReadyForReview | RunStatus::Success => RunStatus::ReadyForReview,
            stays => stays,
        };
        if next != self.run.status {
            self.move_to(next)?;
        }
        let error = self.run.error.clone();
        let told = error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
        self.tell_end(next, error, &told);
        Ok(())
    }

    /// The run before the change; `None` for a new run.
    #[must_use]
    pub const fn before(&self) -> Option<&Run> {
        self.before.as_ref()
    }

    /// Returns whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            before,
            run,
            at: _,
            events,
            new_rows,
            outcomes,
            reviews,
            retries_failed,
            new_items,
            items,
            turn,
            actor: _,
        } = self;
        before.as_ref() == Some(run)
            && events.is_empty()
            && new_rows.is_empty()
            && outcomes.is_empty()
            && reviews.is_empty()
            && !retries_failed
            && new_items.is_none()
            && items.is_empty()
            && turn.is_empty()
    }

    /// Adds an event with the run's current state. Returns the event, so that the caller can set its other fields.
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
            actor: self.actor.clone(),
        });
        let last = self.events.len() - 1;
        &mut self.events[last]
    }

    /// Changes the status and updates the working time.
    ///
    /// # Errors
    /// Returns `Conflict` if the status machine has no such transition.
    fn move_to(&mut self, next: RunStatus) -> Result<()> {
        if !self.run.status.may_become(next) {
            return Err(Error::conflict(format!(
                "run #{} is {} and cannot become {}; reload the run",
                self.run.id,
                self.run.status.as_str(),
                next.as_str()
            )));
        }
        self.keep_time();
        // A claim that continues an apply is RUNNING for a moment. That time does not count as describing.
        let describes = next == RunStatus::Running && self.run.apply.is_none();
        let applies = next == RunStatus::Applying;
        self.run.active_since = self.run.active_since.or(Some(self.at)).filter(|_| describes);
        self.run.apply_since = self.run.apply_since.or(Some(self.at)).filter(|_| applies);
        self.run.status = next;
        Ok(())
    }

    /// Adds the open span of work up to this change and opens the next one, so that a crash loses no more than the time
    /// since the last record. The store calls this before it writes.
    pub fn keep_time(&mut self) {
        let at = self.at;
        let close = |total: &mut i64, since: &mut Option<Moment>| {
            if let Some(since) = since {
                *total += (at - *since).num_milliseconds().max(0);
                *since = at.max(*since);
            }
        };
        close(&mut self.run.active_ms, &mut self.run.active_since);
        close(&mut self.run.apply_ms, &mut self.run.apply_since);
    }

    /// Sets what the run waits for; `None` if it does not wait.
    pub fn wait_for(&mut self, waiting: Option<Waiting>) {
        self.run.waiting = waiting;
    }

    /// Marks the run as waiting for a free worker from now on.
    fn wait_for_worker(&mut self) {
        self.wait_for(Some(Waiting { reason: FREE_WORKER.to_owned(), since: self.at }));
    }

    /// Changes the run's title and labels.
    pub fn rename(&mut self, change: NamingChange) {
        change.apply_to(&mut self.run.naming);
    }

    /// Claims the run for a worker. The run must be queued, or have an apply in progress and no worker.
    ///
    /// # Errors
    /// Returns `Conflict` if it is neither.
    pub fn claim(&mut self, worker_id: &str, lease_until: Moment) -> Result<()> {
        self.wait_for(None);
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
        // The error says why the describing stopped; an apply does not change that.
        if self.run.apply.is_none() {
            self.run.error = None;
        }
        if self.run.started_at.is_none() {
            self.run.started_at = Some(self.at);
            self.emit(RunEventType::Started, "Started");
        } else {
            let progress = &self.run.progress;
            let message = match progress.total {
                Some(total) => format!("Continued: {} of {total} done", progress.done + progress.skipped),
                None => "Continued".to_owned(),
            };
            self.emit(RunEventType::Resumed, message);
        }
        Ok(())
    }

    /// Returns the run to the queue because its worker is shutting down. If an apply is being cancelled, the status
    /// stays CANCELLING; the next worker checks the write that was begun.
    ///
    /// # Errors
    /// Returns `Conflict` if the run's status does not permit a return to the queue.
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
        self.wait_for_worker();
        self.emit(RunEventType::StatusChanged, "Queued again: the server is stopping");
        Ok(())
    }

    /// Takes the run from a worker that died. The run returns to the queue, or ends if it was being cancelled.
    ///
    /// # Errors
    /// Returns `Conflict` if the run's status does not permit a return to the queue.
    pub fn take_from_dead(&mut self) -> Result<()> {
        // The time since the last record does not count as work.
        self.run.active_since = None;
        self.run.apply_since = None;
        if self.run.status == RunStatus::Cancelling {
            return self.finish(RunStatus::Cancelled, None);
        }
        self.move_to(RunStatus::Queued)?;
        self.run.worker_id = None;
        self.run.lease_until = None;
        self.run.progress.current_asset = None;
        self.wait_for_worker();
        self.emit(RunEventType::StatusChanged, "Queued again: its worker stopped responding");
        Ok(())
    }

    /// Lets a worker take over an apply that is being cancelled from a worker that died, to check the write that was
    /// begun.
    ///
    /// # Errors
    /// Returns `Conflict` if no apply of the run is being cancelled.
    pub fn adopt(&mut self, worker_id: &str, lease_until: Moment) -> Result<()> {
        if self.run.status != RunStatus::Cancelling || self.run.apply.is_none() {
            return Err(Error::conflict(format!("no apply of run #{} is being cancelled", self.run.id)));
        }
        self.run.attempt += 1;
        self.run.worker_id = Some(worker_id.to_owned());
        self.run.lease_until = Some(lease_until);
        Ok(())
    }

    /// Records the identity of the database that the run describes.
    pub fn identify(&mut self, identity: Identity) {
        self.run.identity = Some(identity);
    }

    /// Records the version of the prompts that the run sends from now on. A resumed run may send newer ones.
    pub fn prompt(&mut self, version: &str) {
        let before = self.run.prompt_version.replace(version.to_owned());
        if let Some(before) = before.filter(|before| before != version) {
            self.warn(format!("The prompts changed while the run was interrupted: from {before} to {version}"), None);
        }
    }

    /// Records the rows of the resolved scope.
    pub fn resolve(&mut self, rows: Vec<Row>) {
        self.run.progress.total = Some(i32::try_from(rows.len()).unwrap_or(i32::MAX));
        let message = format!("{} in scope", counted(rows.len(), "asset"));
        self.new_rows = rows;
        self.emit(RunEventType::ScopeResolved, message);
    }

    /// Records that work on a row has begun.
    pub fn start_row(&mut self, row: &Row) {
        self.run.progress.current_asset = Some(row.asset.clone());
        let message = format!("Processing {}", self.place_of(row));
        let event = self.emit(RunEventType::AssetStarted, message);
        event.asset = Some(row.asset.clone());
        event.position = Some(row.position);
    }

    /// Records the outcome of a row.
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
                let why = match self.run.spec.kind {
                    RunKind::Judge => "its texts were judged meanwhile",
                    _ => "it has a comment",
                };
                (RunEventType::AssetSkipped, format!("Skipped {place}: {why}"), None)
            }
            RowOutcome::Judged(opinions) => {
                progress.done += 1;
                let better = match opinions.outcome() {
                    Preference::First => "the first text is better",
                    Preference::Second => "the second text is better",
                    Preference::Tie => "neither text is better",
                };
                (RunEventType::AssetFinished, format!("Judged {place}: {better}"), None)
            }
        };
        let event = self.emit(event_type, message);
        event.asset = Some(row.asset.clone());
        event.position = Some(row.position);
        event.error = error;
        self.outcomes.push((row, outcome));
    }

    /// A row's asset and position as text: `public.users.email (2 of 156)`.
    fn place_of(&self, row: &Row) -> String {
        let total = self.run.progress.total.unwrap_or_default();
        format!("{} ({} of {total})", row.asset.display(), row.position)
    }

    /// Adds the usage of a request.
    pub fn add_usage(&mut self, usage: &Usage) {
        self.run.usage.add(usage);
    }

    /// Records a tool use. `what` describes its arguments.
    pub fn use_tool(&mut self, used: ToolUse, what: &str) {
        self.emit(RunEventType::ToolCalled, format!("Used {}: {what}", used.name));
        self.turn.push(TurnChange::Used(used));
    }

    /// Records a piece of the answer.
    pub fn say(&mut self, piece: String) {
        self.emit(RunEventType::AnswerDelta, "Answering").text = Some(piece);
    }

    /// Restarts the answer: subscribers discard the pieces so far.
    pub fn say_again(&mut self, reason: &str) {
        self.emit(RunEventType::Resumed, format!("The answer starts again: {reason}"));
    }

    /// Records the complete answer.
    pub fn answered(&mut self, answer: String, citations: Vec<AssetPath>) {
        self.turn.push(TurnChange::Answered { answer, citations });
    }

    /// Adds a warning.
    pub fn warn(&mut self, message: impl Into<String>, error: Option<RunError>) {
        self.emit(RunEventType::Warning, message).error = error;
    }

    /// Cancels the run on behalf of `actor`.
    ///
    /// A queued run ends immediately; for a run in progress, its worker is asked to stop. A run that is queued in the
    /// middle of an apply is left to the next worker, as if its own worker had died: a write may have been begun, and
    /// the run returns to the status that it had before the apply.
    ///
    /// # Errors
    /// Returns `Conflict` if the run cannot be cancelled.
    pub fn request_cancel(&mut self, actor: &str) -> Result<()> {
        self.actor = Some(actor.to_owned());
        self.run.cancelled_by = Some(actor.to_owned());
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

    /// Resumes the run on behalf of `actor`: rows without an outcome, and rows that failed. `budget` replaces the old
    /// budget; `None` keeps it.
    ///
    /// # Errors
    /// Returns `Conflict` if nothing is left to do, if the run is still in progress, or if its budget is spent and
    /// `budget` is absent or not larger.
    pub fn resume(&mut self, budget: Option<Budget>, actor: &str) -> Result<()> {
        use RunStatus::{Cancelled, Failed, Paused, ReadyForReview, Success};
        let run = &self.run;
        let resumable = match run.status {
            Paused | Failed | Cancelled => true,
            ReadyForReview | Success => run.progress.failed > 0,
            _ => {
                return Err(Error::conflict(format!(
                    "run #{} is {}, so there is nothing to resume; wait for its end, or cancel it first",
                    run.id,
                    run.status.as_str()
                )));
            }
        };
        if !resumable {
            return Err(Error::conflict(format!("run #{} has nothing to resume: no asset failed", run.id)));
        }
        let spent = run.error.as_ref().is_some_and(|error| error.code == Code::LimitExceeded);
        if let Some(budget) = budget {
            let larger = !spent || budget.is_larger_than(&run.spec.budget);
            if !larger {
                return Err(Error::conflict(
                    "the new budget is not larger than the spent one; raise it, or remove it with `removeBudget`",
                ));
            }
            self.run.spec.budget = budget;
        } else if spent {
            return Err(Error::conflict(
                "the run's budget is spent; resume with a larger `budget`, or remove it with `removeBudget`",
            ));
        }
        self.move_to(RunStatus::Queued)?;
        self.actor = Some(actor.to_owned());
        self.run.cancelled_by = None;
        self.run.finished_at = None;
        self.run.error = None;
        self.retries_failed = self.run.progress.failed > 0;
        self.run.progress.failed = 0;
        self.wait_for_worker();
        self.emit(RunEventType::StatusChanged, "Queued again: resumed");
        Ok(())
    }

    /// Begins to write comments, from an ended or paused run or at the end of a `RUN_APPLY`.
    ///
    /// # Errors
    /// Returns `Conflict` if the status does not permit an apply.
    pub fn begin_apply(&mut self, order: ApplyOrder, items: Vec<ApplyItem>) -> Result<()> {
        self.move_to(RunStatus::Applying)?;
        let what = if order.rollback { "Rolling back" } else { "Applying" };
        let count = items.len();
        let replacing = match order.replacing {
            0 => String::new(),
            1 => ", replacing 1 earlier text".to_owned(),
            many => format!(", replacing {many} earlier texts"),
        };
        let message = format!("{what} {}{replacing}{}", counted(count, "comment"), order.left_out_said());
        self.actor = Some(order.actor.clone());
        self.run.apply = Some(order);
        if self.run.worker_id.is_none() {
            self.wait_for_worker();
        }
        self.new_items = Some(items);
        self.emit(RunEventType::StatusChanged, message);
        Ok(())
    }

    /// Continues an apply that a dead worker left behind. The claim has set the status to RUNNING.
    ///
    /// # Errors
    /// Returns `Conflict` if the status does not permit an apply.
    pub fn go_on_applying(&mut self) -> Result<()> {
        self.move_to(RunStatus::Applying)?;
        self.emit(RunEventType::StatusChanged, "Continued writing");
        Ok(())
    }

    /// Records that a write is about to begin. This is recorded before the write, so that a crash cannot lose it.
    pub fn begin_item(&mut self, item: ApplyItem) {
        self.items.push(ApplyItem { begun: true, ..item });
    }

    /// Records the outcome of a write: written, unchanged, in conflict or failed.
    pub fn end_item(&mut self, item: ApplyItem) {
        let rollback = item.undoes.is_some();
        self.actor = item.doubt.clone().or_else(|| self.run.apply.as_ref().map(|order| order.actor.clone()));
        let place = item.asset.display();
        let (event_type, message) = match item.status {
            ApplyStatus::Applied if rollback => (RunEventType::Applied, format!("Rolled back {place}")),
            ApplyStatus::Applied => (RunEventType::Applied, format!("Applied {place}")),
            ApplyStatus::Unchanged => {
                (RunEventType::Applied, format!("Unchanged {place}: the comment already has this text"))
            }
            _ => {
                let reason = item.error.as_ref().map_or("unknown reason", |error| error.message.as_str());
                (RunEventType::ApplyFailed, format!("Not written {place}: {reason}"))
            }
        };
        let event = self.emit(event_type, message);
        event.asset = Some(item.asset.clone());
        event.suggestion_id = Some(item.suggestion_id);
        event.error.clone_from(&item.error);
        // An item whose outcome is unknown stays begun.
        self.items.push(ApplyItem { begun: item.doubt.is_some(), ..item });
    }

    /// Records the outcome of a write that was in doubt. The item still names the caller that ordered it.
    pub fn settle_item(&mut self, item: ApplyItem) {
        self.end_item(item);
        if let Some(item) = self.items.last_mut() {
            item.begun = false;
        }
    }

    /// Ends the apply after all items have an outcome or a cancel stopped the rest. The run returns to the paused,
    /// failed or cancelled status that it came from, or becomes SUCCESS or `READY_FOR_REVIEW`.
    ///
    /// # Errors
    /// Returns `Conflict` if no apply is in progress.
    pub fn finish_apply(&mut self, unsettled: Unsettled, written: Written) -> Result<()> {
        let order = self.run.apply.take().ok_or_else(|| Error::conflict("no apply is in progress"))?;
        let next = match order.from {
            stopped @ (RunStatus::Paused | RunStatus::Failed | RunStatus::Cancelled) => stopped,
            _ if !order.rollback && unsettled.is_empty() => RunStatus::Success,
            _ => RunStatus::ReadyForReview,
        };
        let error = self.run.error.take();
        let told = written.told(order.rollback) + &order.left_out_said();
        self.end(next, error, told.trim_start_matches(", ").to_owned())
    }

    /// Updates the status after a decision: `READY_FOR_REVIEW` becomes SUCCESS if nothing is left to do, and vice
    /// versa. Other statuses stay.
    ///
    /// # Errors
    /// None in practice: both transitions exist.
    pub fn settle(&mut self, unsettled: Unsettled) -> Result<()> {
        match self.run.status {
            RunStatus::ReadyForReview if unsettled.is_empty() => self.finish(RunStatus::Success, None),
            RunStatus::Success if !unsettled.is_empty() => self.finish(RunStatus::ReadyForReview, None),
            _ => Ok(()),
        }
    }

    /// Ends or pauses the run, releases the claim and adds one FINISHED event.
    ///
    /// # Errors
    /// Returns `Conflict` if the status machine has no such transition; a late worker cannot overwrite a cancel.
    pub fn finish(&mut self, next: RunStatus, error: Option<RunError>) -> Result<()> {
        let reason = error.iter().map(|error| error.message.clone());
        let progress = &self.run.progress;
        let done = if self.run.spec.kind == RunKind::Judge { "judged" } else { "described" };
        let counts = progress.total.map(|total| {
            format!("{} of {total} {done}, {} failed, {} skipped", progress.done, progress.failed, progress.skipped)
        });
        let told: Vec<String> = reason.chain(counts).collect();
        self.end(next, error, told.join(": "))
    }

    /// Enters the final status. `told` is the message of the FINISHED event.
    fn end(&mut self, next: RunStatus, error: Option<RunError>, told: String) -> Result<()> {
        self.move_to(next)?;
        self.run.worker_id = None;
        self.run.lease_until = None;
        self.run.progress.current_asset = None;
        self.wait_for(None);
        // A later review, apply or roll-back does not change the time at which the run ended.
        self.run.finished_at = self.run.finished_at.or(Some(self.at)).filter(|_| next != RunStatus::Paused);
        if next != RunStatus::Cancelled {
            self.run.cancelled_by = None;
        }
        self.run.error.clone_from(&error);
        self.tell_end(next, error, &told);
        Ok(())
    }

    /// Adds the FINISHED event.
    fn tell_end(&mut self, status: RunStatus, error: Option<RunError>, told: &str) {
        let word = match status {
            RunStatus::ReadyForReview => "Ready for review",
            RunStatus::Success => "Success",
            RunStatus::Failed => "Failed",
            RunStatus::Cancelled => "Cancelled",
            RunStatus::Paused => "Paused",
            _ => "Ended",
        };
        let message = if told.is_empty() { word.to_owned() } else { format!("{word}: {told}") };
        self.emit(RunEventType::Finished, message).error = error;
    }
}
