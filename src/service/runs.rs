//! Runs: start, cancel, delete, list.
//!
//! The rule: a start checks all that can be checked without reaching for a database or a model, and records
//! all its runs or none. A cancel tells what truly came of it, whoever else changes the run meanwhile.

use std::collections::HashMap;

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
        run::{NamingChange, Run, RunEdit, RunOptions, RunSpec},
        scope::RunScope,
        status::{RunCommand, RunKind, RunStatus},
        suggestion::{Suggestion, SuggestionFilter, SuggestionOrderField},
        usage::Budget,
    },
    port::Ports,
};

/// Runs that one start may make.
const MAX_TARGETS: usize = 100;
/// Runs that one delete may name.
const MAX_DELETES: usize = 1_000;
/// How often a cancel looks again at a run that changed under it.
const CANCEL_TRIES: usize = 8;

/// What a person asks to be started. Its JSON tells one input from another under the same idempotency key.
#[derive(Debug, Clone, Serialize)]
pub struct StartRun {
    /// Describe, or describe and write.
    pub command: RunCommand,
    /// What to describe: one run each.
    pub targets: Vec<StartTarget>,
    /// With which model; the default profile when absent.
    pub llm_profile_id: Option<LlmProfileId>,
    /// How; what is absent keeps its default.
    pub options: OptionChoices,
    /// Limits of each run.
    pub budget: Budget,
    /// The caller that starts it. Not part of the input.
    #[serde(skip)]
    pub started_by: String,
    /// Not part of the input that it stands for.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// One target of a start.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StartTarget {
    /// The database.
    pub db_profile_id: DbProfileId,
    /// What of it.
    pub scope: RunScope,
}

/// What came of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was queued, or ended at once.
    Cancelled,
    /// Its worker was told to leave.
    Cancelling,
    /// There was nothing left to cancel.
    AlreadyFinished,
}

/// What came of a cancel of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelledMany {
    /// Runs that matched and could be cancelled.
    pub matched: usize,
    /// Runs that were told to.
    pub cancelled: usize,
}

/// The use cases of runs.
#[derive(Clone)]
pub struct Runs {
    ports: Ports,
}

impl Runs {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records one queued run per target, all or none.
    ///
    /// # Errors
    /// `BadInput`, `NotFound` for an unknown profile, `Conflict` for a known key with other input.
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

    /// Looks up what a start names, and settles its options: what an estimate needs as well.
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

    /// Cancels a run for `actor`, if there is something to cancel.
    ///
    /// # Errors
    /// `NotFound`.
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
                // It moved between the look and the change: look again and tell what it is now.
                Err(error @ Error::Conflict { .. }) => conflict = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(conflict.unwrap_or_else(|| unknown_run("input.id")))
    }

    /// Cancels all runs that match and can be cancelled; a dry run only counts them.
    ///
    /// # Errors
    /// What the store says.
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
    /// `NotFound`; `BadInput` for a title or labels beyond their limits.
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

    /// Deletes ended runs with all that belongs to them, all or none.
    ///
    /// # Errors
    /// `BadInput` for none or too many, `NotFound`, `Conflict` for a live one.
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

    /// A run by key or number.
    ///
    /// # Errors
    /// What the store says.
    pub async fn get(&self, id: RunId) -> Result<Option<Run>> {
        Ok(self.ports.store.runs_by_id(&[id]).await?.remove(&id))
    }

    /// One page of the list.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
    pub async fn list(&self, filter: &RunFilter, order: RunOrder, arguments: &PageArguments) -> Result<Page<Run>> {
        let request = PageRequest::new(arguments, &order.list_name())?;
        self.ports.store.runs_page(filter, order, &request).await
    }

    /// One page of a run's suggestions.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
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

    /// One page of a run's events.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
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

/// What a start names, looked up.
#[derive(Debug, Clone)]
pub struct StartOrder {
    /// One per target, in their order.
    pub db_profiles: Vec<DbProfile>,
    /// The LLM profile that answers.
    pub llm_profile: LlmProfile,
    /// How, defaults included.
    pub options: RunOptions,
}

/// Nothing has this run's id.
#[must_use]
pub fn unknown_run(argument: &str) -> Error {
    Error::not_found_at(argument, "no run has this id; it may have been deleted")
}

/// Checks all of a start that needs no look at the store.
///
/// # Errors
/// `BadInput` with the path of the argument at fault.
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
