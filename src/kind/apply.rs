//! Applies and roll-backs: writes comments to the target, one by one, in the order of their positions.
//!
//! The rules: before each write the current comment is read, and [`verdict`] alone decides the outcome of the item. The
//! start of a write is recorded before it, with the current comment, and the outcome after it. After a crash between
//! the two, the item is marked as begun, and the comment in the database tells whether it was written. A stop or a
//! cancel takes effect between writes, never during one.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::doubt;
use crate::{
    domain::{
        Code, Error,
        apply::{ApplyItem, ApplyOrder, ApplyStatus, verdict},
        asset::{AssetKind, AssetPath},
        run::{Run, RunEdit, RunError},
        status::RunStatus,
    },
    engine::{
        Ending, Halt,
        bound::{Bound, CONFIRM, described as described_in, refuse_moved, to_write_in},
        context::{RunContext, target_error},
        waits::Awaited,
    },
    port::target::TargetError,
};

/// Number of items that are read from the store at a time.
const ITEMS_AT_ONCE: u64 = 200;
/// Maximum length of a current comment in an error, in characters.
const SHOWN: usize = 120;

/// Writes the remaining comments of the run's apply or roll-back. Begins an apply if the run has none yet
/// (`RUN_APPLY`).
///
/// # Errors
/// Returns [`Halt`] if the work cannot be recorded. A refusal of the target is an outcome of its item, not an error.
pub async fn work(context: &RunContext) -> Result<Ending, Halt> {
    if context.run.apply.is_none()
        && let Some(error) = unfit(context).await?
    {
        return Ok(Ending::Finished(RunStatus::ReadyForReview, Some(error)));
    }
    let Some(order) = begin(context).await? else {
        return Ok(Ending::Finished(RunStatus::Cancelled, None));
    };
    let mut writing = Writing {
        context,
        overwrite: order.overwrite,
        rollback: order.rollback,
        actor: order.actor,
        given_up: None,
        locked: HashMap::new(),
    };
    match writing.all().await {
        Err(Halt::Interrupted) if context.cancel.is_cancelled() => Ok(Ending::Written),
        ended => ended,
    }
}

/// Returns why the suggestions of a run that was just described must not be applied: its profile now points to another
/// database, or the outcome of an earlier write is unknown. Does not wait for a database that does not answer; that
/// happens later.
async fn unfit(context: &RunContext) -> Result<Option<RunError>, Halt> {
    let (ports, run) = (&context.ports, &context.run);
    let profile = context.db_profile().await?;
    let described = ports.store.runs_by_id(&[run.id]).await?.remove(&run.id);
    let wanted = described.as_ref().map(described_in).unwrap_or_default();
    let what = format!("run #{}", run.id);
    let fit = async {
        refuse_moved(ports, &profile, run.spec.scope.database.as_deref(), &wanted, &what).await?;
        doubt::settle(ports, &profile, run).await
    };
    match fit.await {
        Ok(()) => Ok(None),
        Err(error @ Error::Conflict { .. }) => {
            Ok(Some(RunError { code: error.code(), message: error.to_string(), hint: None }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes sure that the run is APPLYING. Returns `None` if the run was cancelled before any write was planned.
async fn begin(context: &RunContext) -> Result<Option<ApplyOrder>, Halt> {
    let run = &context.run;
    let now = match (&run.apply, run.status) {
        (None, _) => {
            let order = ApplyOrder::new(RunStatus::Running, false, false, run.spec.started_by.clone());
            let (store, now) = (&context.ports.store, context.ports.clock.now());
            store.begin_apply(run.id, Some(run.attempt), order, None, true, now).await?.0
        }
        (Some(_), RunStatus::Running) => {
            let goes_on = |edit: &mut RunEdit| match edit.run.status {
                RunStatus::Cancelling => Ok(()),
                _ => edit.go_on_applying(),
            };
            context.record(goes_on).await?
        }
        (Some(order), _) => return Ok(Some(order.clone())),
    };
    if now.status == RunStatus::Cancelling {
        context.cancel.cancel();
    }
    Ok(now.apply)
}

/// The work of one claim of an apply.
struct Writing<'a> {
    context: &'a RunContext,
    overwrite: bool,
    rollback: bool,
    /// The caller that ordered the apply.
    actor: String,
    /// Why no further item is tried: the target is another database, or does not answer.
    given_up: Option<RunError>,
    /// Tables that stayed locked until [`Patience::target_down`](crate::engine::context::Patience::target_down), and
    /// the error. Other items of these tables fail without waiting.
    locked: HashMap<AssetPath, RunError>,
}

impl Writing<'_> {
    async fn all(&mut self) -> Result<Ending, Halt> {
        let bound = match self.bound().await {
            Ok(bound) => Some(bound),
            Err(Halt::Failed(error)) => {
                self.given_up = Some(error);
                None
            }
            Err(Halt::Interrupted) if self.context.cancel.is_cancelled() => {
                self.given_up = Some(cancelled());
                None
            }
            Err(halt) => return Err(halt),
        };
        let store = &self.context.ports.store;
        let mut after = 0;
        loop {
            let items = store.planned_items(self.context.run.id, after, ITEMS_AT_ONCE).await?;
            let Some(last) = items.last() else { return Ok(Ending::Written) };
            after = last.position;
            let mut written = self.last_written(&items).await?;
            let mut items = items.into_iter();
            while let Some(mut item) = items.next() {
                if self.context.cancel.is_cancelled() && !item.begun {
                    return Ok(Ending::Written);
                }
                if self.context.stop.is_cancelled() {
                    return Ok(Ending::Released);
                }
                let (Some(bound), None) = (&bound, &self.given_up) else {
                    // After a cancel, the other items stay as they are.
                    let others = if self.context.cancel.is_cancelled() { 0 } else { usize::MAX };
                    self.give_up(std::iter::once(item).chain(items.by_ref().take(others)).collect()).await?;
                    continue;
                };
                if let Some(error) = self.locked.get(&table_of(&item.asset)).filter(|_| !item.begun) {
                    end_as(&mut item, ApplyStatus::Failed, Some(error.clone()));
                    self.end(vec![item]).await?;
                    continue;
                }
                let last_written = written.get(&item.asset).cloned();
                self.write_item(bound, &mut item, last_written.as_ref()).await?;
                if item.status == ApplyStatus::Applied && !self.rollback {
                    written.insert(item.asset.clone(), item.text.clone());
                }
                self.end(vec![item]).await?;
            }
        }
    }

    /// Opens the database of the run and checks that it is the one to write in.
    async fn bound(&self) -> Result<Bound, Halt> {
        let (ports, run) = (&self.context.ports, &self.context.run);
        let profile = self.context.db_profile().await?;
        // The claimed run may be older than the identity that was recorded while describing.
        let run = ports.store.runs_by_id(&[run.id]).await?.remove(&run.id).unwrap_or_else(|| run.clone());
        let wanted = to_write_in(ports, &run, self.rollback).await?;
        self.context.bound(&profile, &wanted, true, not_written).await
    }

    /// Returns what Gloss last wrote on the items' assets. A roll-back needs only the writes that it undoes.
    async fn last_written(&self, items: &[ApplyItem]) -> Result<HashMap<AssetPath, Option<String>>, Halt> {
        let Some(profile) = self.context.run.spec.db_profile_id.filter(|_| !self.rollback) else {
            return Ok(HashMap::new());
        };
        let assets: Vec<AssetPath> = items.iter().map(|item| item.asset.clone()).collect();
        Ok(self.context.ports.store.last_written(profile, &assets).await?)
    }

    /// Retries until the item has an outcome or the run's patience ends.
    async fn write_item(
        &mut self,
        bound: &Bound,
        item: &mut ApplyItem,
        last_written: Option<&Option<String>>,
    ) -> Result<(), Halt> {
        let began = Instant::now();
        let mut waits = self.context.patience.waits();
        while let Err(error) = self.try_once(bound, item, last_written).await? {
            let cancelled = self.context.cancel.is_cancelled();
            if cancelled && !item.begun {
                return Err(Halt::Interrupted);
            }
            let wait = waits.next().unwrap_or(self.context.patience.longest_wait);
            if cancelled || began.elapsed() + wait >= self.context.patience.target_down {
                match &error {
                    TargetError::Unreachable(_) | TargetError::Moved(_) => self.given_up = Some(not_written(&error)),
                    TargetError::Locked(_) if !cancelled => {
                        self.locked.insert(table_of(&item.asset), not_written(&error));
                    }
                    _ => {}
                }
                // A write that waited for a lock has changed nothing; after a lost connection or a timeout it may have.
                let is_unsure = item.begun && !matches!(error, TargetError::Locked(_));
                self.end_without(item, &not_written(&error), is_unsure);
                return self.context.goes_on(Awaited::Target).await;
            }
            self.warn(&error, wait).await?;
            match self.context.wait(wait).await {
                // Check a begun item once more before leaving the run.
                Err(Halt::Interrupted) if item.begun && self.context.cancel.is_cancelled() => {}
                waited => waited?,
            }
        }
        self.context.goes_on(Awaited::Target).await
    }

    /// Reads the current comment and writes if the rule allows it. The item keeps what is known about it between
    /// attempts. The inner error means that the target did not answer and may be retried.
    async fn try_once(
        &self,
        Bound { target, identity }: &Bound,
        item: &mut ApplyItem,
        last_written: Option<&Option<String>>,
    ) -> Result<Result<(), TargetError>, Halt> {
        let live = match target.comment(&item.asset).await {
            Ok(live) => live,
            Err(error) => return Ok(refuse(item, error)),
        };
        if item.begun && live == item.text {
            end_as(item, ApplyStatus::Applied, None);
            return Ok(Ok(()));
        }
        // A write that was begun but not done has passed the rule before, so the comment from then may be replaced.
        let passed = item.begun && live == item.before;
        let verdict = verdict(item, live.as_deref(), last_written, self.overwrite || passed);
        item.before = live;
        match target.comment_statement(&item.asset, item.text.as_deref()).await {
            Ok(statement) => item.statement = Some(statement),
            Err(error) if verdict == ApplyStatus::Planned || is_away(&error) => return Ok(refuse(item, error)),
            Err(_) => {}
        }
        if verdict != ApplyStatus::Planned {
            let error = (verdict == ApplyStatus::Conflict).then(|| conflict(item.before.as_deref(), self.rollback));
            end_as(item, verdict, error);
            return Ok(Ok(()));
        }
        item.identity = Some(identity.clone());
        let begins = item.clone();
        let run = self
            .context
            .record(move |edit| {
                if edit.run.status != RunStatus::Cancelling {
                    edit.begin_item(begins);
                }
                Ok(())
            })
            .await?;
        self.notice_cancel(&run);
        if run.status == RunStatus::Cancelling {
            return Err(Halt::Interrupted);
        }
        item.begun = true;
        match target.write_comment(&item.asset, item.text.as_deref()).await {
            Ok(()) => {
                end_as(item, ApplyStatus::Applied, None);
                Ok(Ok(()))
            }
            Err(error) => Ok(refuse(item, error)),
        }
    }

    /// Records outcomes in one transaction.
    async fn end(&self, items: Vec<ApplyItem>) -> Result<(), Halt> {
        let run = self
            .context
            .record(move |edit| {
                for item in items {
                    edit.end_item(item);
                }
                Ok(())
            })
            .await?;
        self.notice_cancel(&run);
        Ok(())
    }

    /// Ends the remaining items with the error that stopped the apply.
    async fn give_up(&self, items: Vec<ApplyItem>) -> Result<(), Halt> {
        let Some(error) = self.given_up.clone() else { return Ok(()) };
        let end = |mut item: ApplyItem| {
            let is_begun = item.begun;
            self.end_without(&mut item, &error, is_begun);
            item
        };
        self.end(items.into_iter().map(end).collect()).await
    }

    /// Ends an item that was not written as far as is known. If the write may have happened nevertheless, the item is
    /// in doubt, and `doubt` checks it later.
    fn end_without(&self, item: &mut ApplyItem, error: &RunError, is_unsure: bool) {
        if is_unsure {
            end_as(item, ApplyStatus::Failed, Some(unsure(&error.message)));
            item.doubt = Some(self.actor.clone());
        } else {
            let moved = error.code == Code::Conflict;
            end_as(item, if moved { ApplyStatus::Conflict } else { ApplyStatus::Failed }, Some(error.clone()));
        }
    }

    /// Notices a cancel from the recorded run, in case its nudge was lost.
    fn notice_cancel(&self, run: &Run) {
        if run.status == RunStatus::Cancelling {
            self.context.cancel.cancel();
        }
    }

    async fn warn(&self, error: &TargetError, wait: Duration) -> Result<(), Halt> {
        let error = not_written(error);
        self.context.waits_for(Awaited::Target, &error.message).await?;
        let message = format!("{}; retrying in {:.1} s", error.message, wait.as_secs_f64());
        let run = self
            .context
            .record(move |edit| {
                edit.warn(message, Some(error));
                Ok(())
            })
            .await?;
        self.notice_cancel(&run);
        Ok(())
    }
}

/// Returns the table that a table or column belongs to.
fn table_of(asset: &AssetPath) -> AssetPath {
    AssetPath { kind: AssetKind::Table, column: None, ..asset.clone() }
}

fn end_as(item: &mut ApplyItem, status: ApplyStatus, error: Option<RunError>) {
    item.status = status;
    item.error = error;
}

/// Ends an item that the target refuses. Returns the error if the target did not answer.
fn refuse(item: &mut ApplyItem, error: TargetError) -> Result<(), TargetError> {
    // For a begun write, only the asset's own refusal is an answer; that of the database as a whole proves nothing.
    if is_away(&error) || (item.begun && !matches!(error, TargetError::Refused(_))) {
        return Err(error);
    }
    end_as(item, ApplyStatus::Failed, Some(not_written(&error)));
    Ok(())
}

const fn is_away(error: &TargetError) -> bool {
    matches!(
        error,
        TargetError::Moved(_) | TargetError::Unreachable(_) | TargetError::TimedOut(_) | TargetError::Locked(_)
    )
}

/// Converts an error of a target to the error of an item that was not written.
pub fn not_written(error: &TargetError) -> RunError {
    let hint = match error {
        TargetError::Unreachable(_) | TargetError::TimedOut(_) | TargetError::Locked(_) => {
            "try again when the database is reachable"
        }
        TargetError::Refused(_) => "correct the cause, then try again, or skip the suggestion",
        TargetError::Misconfigured(_) | TargetError::Own(_) => "correct the DB profile, then try again",
        TargetError::Moved(_) => CONFIRM,
    };
    RunError { hint: Some(hint.to_owned()), ..target_error(error) }
}

/// The error of an item whose database failed during the write.
fn unsure(why: &str) -> RunError {
    let message = format!("{why}; the comment may or may not have been written");
    let hint = "apply or roll back again when the database is reachable: Gloss then reads the present comment and \
                records the outcome";
    RunError::new(Code::Unavailable, message, hint)
}

/// The error of a begun item that could not be checked because of a cancel.
fn cancelled() -> RunError {
    RunError::new(Code::Unavailable, "the apply was cancelled while the database was not reachable", "apply again")
}

/// The error of an item whose current comment is not the expected one.
pub fn conflict(live: Option<&str>, rollback: bool) -> RunError {
    let than = if rollback { "Gloss wrote" } else { "the run saw" };
    let message = match live {
        Some(live) => format!("the comment is no longer the one that {than}: {:?}", shortened(live)),
        None => format!("the comment that {than} no longer exists"),
    };
    let hint = if rollback {
        "to put the earlier comment back all the same, roll back again with `overwrite`; or keep this one"
    } else {
        "to replace the comment, apply again with `overwrite`; or keep it"
    };
    RunError::new(Code::Conflict, message, hint)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
