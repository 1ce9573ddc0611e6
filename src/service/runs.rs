//! Runs: start, cancel, delete, list.
//!
//! The rules: a start validates everything that needs neither a database nor a model, and records all its runs or none.
//! A cancel reports its true outcome, even if the run changes concurrently.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde::Serialize;
use tracing::info;

use super::orders::{OptionChoices, check_budget, check_price, llm_profile, place, refuse_unknown};
use crate::{
    domain::{
        Error, Result,
        event::{self, RunEvent, RunEventType},
        filter::{OrderDirection, RunFilter, RunOrder},
        id::{DbProfileId, LlmProfileId, RunId},
        page::{Page, PageArguments, PageRequest},
        profile::{DbProfile, LlmProfile},
        retention::PruneOrder,
        run::{NamingChange, Run, RunEdit, RunOptions, RunSpec},
        scope::RunScope,
        status::{RunCommand, RunKind, RunStatus},
        suggestion::{Suggestion, SuggestionFilter, SuggestionOrderField},
        usage::Budget,
    },
    port::Ports,
};

/// Maximum number of runs per start.
const MAX_TARGETS: usize = 100;
/// Maximum number of runs per delete.
const MAX_DELETES: usize = 1_000;
/// Maximum number of attempts of a cancel whose run changes concurrently.
const CANCEL_TRIES: usize = 8;
/// Time after which a prune begins no further transaction. It is shorter than any sensible time limit of a request.
const PRUNE_FOR: Duration = Duration::from_secs(5);

/// What to start. Its JSON is the fingerprint that an idempotency key is checked against.
#[derive(Debug, Clone, Serialize)]
pub struct StartRun {
    /// Whether to describe, or to describe and apply.
    pub command: RunCommand,
    /// The targets, one run each.
    pub targets: Vec<StartTarget>,
    /// The LLM profile; `None` selects the default profile.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The options; those that are absent keep their defaults.
    pub options: OptionChoices,
    /// The budget of each run.
    pub budget: Budget,
    /// The caller. Not part of the fingerprint.
    #[serde(skip)]
    pub started_by: String,
    /// The idempotency key. Not part of the fingerprint.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// A target of a start.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StartTarget {
    /// The DB profile.
    pub db_profile_id: DbProfileId,
    /// The part of the database to describe.
    pub scope: RunScope,
}

/// The outcome of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The run ended: it was queued, or no worker had to stop.
    Cancelled,
    /// The run's worker was told to stop.
    Cancelling,
    /// The run had already ended.
    AlreadyFinished,
}

/// The outcome of cancelling many runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelledMany {
    /// Number of runs that matched and could be cancelled.
    pub matched: usize,
    /// Number of runs for which a cancel was requested.
    pub cancelled: usize,
}

/// The outcome of a prune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// Number of deleted runs.
    pub deleted: usize,
    /// Number of runs still to delete.
    pub remaining: i64,
    /// Number of runs that have ended in time, but are needed.
    pub kept: i64,
}

/// The use cases of runs. Cheap to clone.
#[derive(Clone)]
pub struct Runs {
    ports: Ports,
}

impl Runs {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records one queued run per target, all or none.
    ///
    /// # Errors
    /// Returns `BadInput`, `NotFound` for an unknown profile, and `Conflict` if the idempotency key was used with other
    /// input.
    pub async fn start(&self, input: StartRun) -> Result<Vec<Run>> {
        check_start(&input)?;
        let by = (input.started_by.as_str(), input.idempotency_key.as_deref());
        place(&self.ports, by, &input, async {
            let order = self.resolve_start(&input).await?;
            let targets = || input.targets.iter().zip(&order.db_profiles);
            for (at, (target, profile)) in targets().enumerate() {
                refuse_unknown(&self.ports, profile, &target.scope, &format!("input.targets.{at}")).await?;
            }
            let new_run = |(target, db_profile): (&StartTarget, &DbProfile)| {
                let spec = RunSpec {
                    scope: target.scope.clone().also_without(&db_profile.exclude),
                    options: order.options.clone(),
                    budget: input.budget.clone(),
                    started_by: input.started_by.clone(),
                    auto_apply: input.command == RunCommand::RunApply,
                    ..RunSpec::new(RunKind::Analyze, input.command, Some(db_profile), &order.llm_profile)
                };
                spec.into()
            };
            Ok(targets().map(new_run).collect())
        })
        .await
    }

    /// Looks up the profiles of a start and resolves its options. An estimate needs the same.
    ///
    /// # Errors
    /// As [`Runs::start`].
    pub async fn resolve_start(&self, input: &StartRun) -> Result<StartOrder> {
        let db_profiles = self.profiles_of_targets(&input.targets).await?;
        let llm_profile = llm_profile(&self.ports, input.llm_profile_id).await?;
        let options = input.options.resolve(llm_profile.settings.provider, "input.options")?;
        check_price(&input.budget, &llm_profile)?;
        Ok(StartOrder { db_profiles, llm_profile, options })
    }

    async fn profiles_of_targets(&self, targets: &[StartTarget]) -> Result<Vec<DbProfile>> {
        let ids: Vec<DbProfileId> = targets.iter().map(|target| target.db_profile_id).collect();
        let found: HashMap<DbProfileId, DbProfile> = self.ports.store.db_profiles_by_id(&ids).await?;
        let profile_at = |(at, id): (usize, &DbProfileId)| {
            found.get(id).cloned().ok_or_else(|| {
                Error::not_found_at(
                    format!("input.targets.{at}.dbProfileId"),
                    "no DB profile has this id; list the profiles with `dbProfiles`",
                )
            })
        };
        ids.iter().enumerate().map(profile_at).collect()
    }

    /// Cancels a run on behalf of `actor`, if it can be cancelled.
    ///
    /// # Errors
    /// Returns `NotFound`.
    pub async fn cancel(&self, id: RunId, actor: &str) -> Result<(Run, CancelOutcome)> {
        let mut conflict = None;
        for _ in 0..CANCEL_TRIES {
            let run = self.get(id).await?.ok_or_else(|| unknown_run("input.id"))?;
            if run.status == RunStatus::Cancelling {
                return Ok((run, CancelOutcome::Cancelling));
            }
            if !run.status.can_cancel() {
                return Ok((run, CancelOutcome::AlreadyFinished));
            }
            let actor = actor.to_owned();
            let change = Box::new(move |edit: &mut RunEdit| edit.request_cancel(&actor));
            match self.ports.store.change_run(id, None, self.ports.clock.now(), change).await {
                Ok(run) => {
                    info!(run = id.0, status = run.status.as_str(), "cancel requested");
                    let outcome = if run.status == RunStatus::Cancelled {
                        CancelOutcome::Cancelled
                    } else {
                        CancelOutcome::Cancelling
                    };
                    return Ok((run, outcome));
                }
                // The run changed after it was read: read it again.
                Err(error @ Error::Conflict { .. }) => conflict = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(conflict.unwrap_or_else(|| unknown_run("input.id")))
    }

    /// Cancels all runs that match and can be cancelled. With `dry_run`, only counts them.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn cancel_many(&self, filter: &RunFilter, dry_run: bool, actor: &str) -> Result<CancelledMany> {
        let cancellable: Vec<RunStatus> = RunStatus::ALL.iter().copied().filter(|status| status.can_cancel()).collect();
        let ids = self.ports.store.run_ids(filter, &cancellable).await?;
        let mut cancelled = 0;
        if !dry_run {
            for id in &ids {
                match self.cancel(*id, actor).await {
                    Ok((_, CancelOutcome::AlreadyFinished)) | Err(Error::NotFound { .. }) => {}
                    Ok(_) => cancelled += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(CancelledMany { matched: ids.len(), cancelled })
    }

    /// Changes a run's title and labels.
    ///
    /// # Errors
    /// Returns `NotFound`, and `BadInput` for a title or labels beyond their limits.
    pub async fn rename(&self, id: RunId, change: NamingChange) -> Result<Run> {
        let change = change.checked()?;
        self.get(id).await?.ok_or_else(|| unknown_run("input.id"))?;
        let rename = Box::new(move |edit: &mut RunEdit| {
            edit.rename(change);
            Ok(())
        });
        let run = self.ports.store.change_run(id, None, self.ports.clock.now(), rename).await?;
        info!(run = id.0, "run renamed");
        Ok(run)
    }

    /// Deletes ended runs and everything that belongs to them, all or none. Returns their ids, each once.
    ///
    /// # Errors
    /// Returns `BadInput` for an empty or too long list, `NotFound`, and `Conflict` for a live run.
    pub async fn delete(&self, ids: Vec<RunId>) -> Result<Vec<RunId>> {
        let mut distinct = Vec::with_capacity(ids.len());
        for id in ids {
            if !distinct.contains(&id) {
                distinct.push(id);
            }
        }
        if distinct.is_empty() {
            return Err(Error::bad_input("input.ids", "the list is empty; pass at least one run to delete"));
        }
        if distinct.len() > MAX_DELETES {
            let message = format!("{} runs were given; delete at most {MAX_DELETES} at a time", distinct.len());
            return Err(Error::bad_input("input.ids", message));
        }
        self.ports.store.delete_runs(&distinct).await?;
        info!(runs = distinct.len(), "runs deleted");
        Ok(distinct)
    }

    /// Deletes the runs that an order selects and nobody needs, in small transactions, for at most a few seconds. With
    /// `dry_run`, only counts them.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn prune(&self, order: &PruneOrder, dry_run: bool) -> Result<Pruned> {
        let begun = Instant::now();
        let (mut deleted, mut after) = (0, RunId(0));
        while !dry_run && begun.elapsed() < PRUNE_FOR {
            let Some(step) = self.ports.store.prune_step(order, after).await? else { break };
            (deleted, after) = (deleted + step.deleted, step.last);
        }
        if deleted > 0 {
            info!(runs = deleted, "old runs deleted");
        }
        let left = self.ports.store.prune_counts(order).await?;
        Ok(Pruned { deleted, remaining: left.removable, kept: left.needed })
    }

    /// Returns a run by id.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn get(&self, id: RunId) -> Result<Option<Run>> {
        Ok(self.ports.store.runs_by_id(&[id]).await?.remove(&id))
    }

    /// Returns one page of the list.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn list(&self, filter: &RunFilter, order: RunOrder, arguments: &PageArguments) -> Result<Page<Run>> {
        let request = PageRequest::new(arguments, &order.list_name())?;
        self.ports.store.runs_page(filter, order, &request).await
    }

    /// Returns one page of a run's suggestions.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn suggestions(
        &self,
        run: RunId,
        filter: &SuggestionFilter,
        order: (SuggestionOrderField, OrderDirection),
        arguments: &PageArguments,
    ) -> Result<Page<Suggestion>> {
        let request = PageRequest::new(arguments, &order.0.list_name(run, order.1))?;
        self.ports.store.suggestions_page(run, filter, order, &request).await
    }

    /// Returns one page of a run's events.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn events(
        &self,
        run: RunId,
        types: Option<&[RunEventType]>,
        arguments: &PageArguments,
    ) -> Result<Page<RunEvent>> {
        let request = PageRequest::new(arguments, &event::list_name(run))?;
        self.ports.store.events_page(run, types, &request).await
    }
}

/// The resolved input of a start.
#[derive(Debug, Clone)]
pub struct StartOrder {
    /// The DB profiles, one per target, in their order.
    pub db_profiles: Vec<DbProfile>,
    /// The LLM profile.
    pub llm_profile: LlmProfile,
    /// The options, with defaults filled in.
    pub options: RunOptions,
}

/// The error for a run id that does not exist.
#[must_use]
pub fn unknown_run(argument: &str) -> Error {
    Error::not_found_at(argument, "no run has this id; it may have been deleted")
}

/// Validates what needs no look-up in the store.
///
/// # Errors
/// Returns `BadInput` with the path of the argument at fault.
pub fn check_start(input: &StartRun) -> Result<()> {
    if input.targets.is_empty() {
        return Err(Error::bad_input("input.targets", "the list is empty; pass at least one target"));
    }
    if input.targets.len() > MAX_TARGETS {
        let message = format!("{} targets were given; start at most {MAX_TARGETS} runs at a time", input.targets.len());
        return Err(Error::bad_input("input.targets", message));
    }
    for (at, target) in input.targets.iter().enumerate() {
        let path = format!("input.targets.{at}");
        target.scope.validate(&path)?;
        if input.targets[..at].contains(target) {
            return Err(Error::bad_input(path, "the same target is listed twice; list it once"));
        }
    }
    check_budget(&input.budget, "input.budget")?;
    Ok(())
}
