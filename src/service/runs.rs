//! Runs: start, cancel, delete, list.
//!
//! The rule: a start checks all that can be checked without reaching for a database or a model, and records
//! all its runs or none. A cancel tells what truly came of it, whoever else changes the run meanwhile.

use std::collections::HashMap;

use serde::Serialize;
use tracing::info;

use crate::{
    domain::{
        Error, Result,
        event::{self, RunEvent, RunEventType},
        filter::{OrderDirection, RunFilter, RunOrder},
        id::{DbProfileId, LlmProfileId, RunId},
        page::{Page, PageArguments, PageRequest},
        profile::{DbProfile, LlmProfile, LlmProvider},
        run::{NewRun, Run, RunEdit, RunOptions, Verbosity},
        scope::RunScope,
        status::{RunCommand, RunKind, RunStatus},
        suggestion::{Suggestion, SuggestionFilter, SuggestionOrderField},
        usage::Budget,
    },
    port::{Ports, store::Idempotency},
};

/// Runs that one start may make.
const MAX_TARGETS: usize = 100;
/// Runs that one delete may name.
const MAX_DELETES: usize = 1_000;
/// Characters of an idempotency key.
const MAX_KEY: usize = 200;
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
    /// Who starts it. Not part of the input.
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

/// The options that a person chose; see [`RunOptions`].
#[derive(Debug, Clone, Default, Serialize)]
pub struct OptionChoices {
    /// See [`RunOptions::missing_only`].
    pub missing_only: Option<bool>,
    /// See [`RunOptions::alternatives`].
    pub alternatives: Option<i32>,
    /// See [`RunOptions::temperature`].
    pub temperature: Option<f64>,
    /// See [`RunOptions::max_output_tokens`].
    pub max_output_tokens: Option<i32>,
    /// See [`RunOptions::verbosity`].
    pub verbosity: Option<Verbosity>,
    /// See [`RunOptions::profile_data`].
    pub profile_data: Option<bool>,
    /// See [`RunOptions::instructions`].
    pub instructions: Option<String>,
}

impl OptionChoices {
    /// The choices over a provider's defaults, checked. `argument` is their path.
    ///
    /// # Errors
    /// `BadInput` with the path of the option at fault.
    pub fn resolve(&self, provider: LlmProvider, argument: &str) -> Result<RunOptions> {
        let default = RunOptions::defaults(provider);
        let options = RunOptions {
            missing_only: self.missing_only.unwrap_or(default.missing_only),
            alternatives: self.alternatives.unwrap_or(default.alternatives),
            temperature: self.temperature.unwrap_or(default.temperature),
            max_output_tokens: self.max_output_tokens.unwrap_or(default.max_output_tokens),
            verbosity: self.verbosity.unwrap_or(default.verbosity),
            profile_data: self.profile_data.unwrap_or(default.profile_data),
            instructions: self.instructions.clone().filter(|text| !text.trim().is_empty()),
        };
        options.validate(argument)?;
        Ok(options)
    }
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
        let idempotency = input.idempotency_key.clone().map(|key| fingerprint(&input, key)).transpose()?;
        // Before the look-ups: what the first request named may be gone by now.
        if let Some(idempotency) = &idempotency
            && let Some(runs) = self.ports.store.runs_of_key(idempotency).await?
        {
            return Ok(runs);
        }
        let order = self.resolve_start(&input).await?;
        let new_runs: Vec<NewRun> = input
            .targets
            .into_iter()
            .zip(order.db_profiles)
            .map(|(target, db_profile)| NewRun {
                kind: RunKind::Analyze,
                command: input.command,
                scope: target.scope,
                db_profile_id: Some(db_profile.id),
                llm_profile_id: Some(order.llm_profile.id),
                schedule_id: None,
                parent_id: None,
                db_profile_name: Some(db_profile.name),
                llm_profile_name: Some(order.llm_profile.settings.name.clone()),
                provider: Some(order.llm_profile.settings.provider),
                model: Some(order.llm_profile.settings.model.clone()),
                options: order.options.clone(),
                budget: input.budget.clone(),
                variations: None,
                started_by: input.started_by.clone(),
                rows: Vec::new(),
            })
            .collect();
        let runs = self.ports.store.create_runs(new_runs, idempotency, self.ports.clock.now()).await?;
        for run in &runs {
            info!(run = run.id.0, scope = run.scope_summary, model = run.model, "run queued");
        }
        Ok(runs)
    }

    /// Looks up what a start names, and settles its options: what an estimate needs as well.
    ///
    /// # Errors
    /// As [`Runs::start`].
    pub async fn resolve_start(&self, input: &StartRun) -> Result<StartOrder> {
        let db_profiles = self.profiles_of_targets(&input.targets).await?;
        let llm_profile = self.llm_profile(input.llm_profile_id).await?;
        let options = input.options.resolve(llm_profile.settings.provider, "input.options")?;
        if input.budget.max_cost_usd.is_some() && !price_is_known(&llm_profile) {
            return Err(Error::bad_input(
                "input.budget.maxCostUsd",
                format!(
                    "no price is known for {:?}, so its cost cannot be limited; set both prices on the LLM profile, \
                     or limit `maxTokens` or `maxSeconds`",
                    llm_profile.settings.name
                ),
            ));
        }
        Ok(StartOrder { db_profiles, llm_profile, options })
    }

    async fn profiles_of_targets(&self, targets: &[StartTarget]) -> Result<Vec<DbProfile>> {
        let ids: Vec<DbProfileId> = targets.iter().map(|target| target.db_profile_id).collect();
        let found: HashMap<DbProfileId, DbProfile> = self.ports.store.db_profiles_by_id(&ids).await?;
        let profile_at = |(at, id): (usize, &DbProfileId)| {
            found.get(id).cloned().ok_or_else(|| {
                Error::not_found_at(
                    format!("input.targets.{at}.dbProfileId"),
                    "no DB profile has this id; `dbProfiles` lists them",
                )
            })
        };
        ids.iter().enumerate().map(profile_at).collect()
    }

    async fn llm_profile(&self, id: Option<LlmProfileId>) -> Result<LlmProfile> {
        const ARGUMENT: &str = "input.llmProfileId";
        let Some(id) = id else {
            let profiles = self.ports.store.llm_profiles().await?;
            let message = "no LLM profile is the default; name one, or make one the default by `updateLlmProfile`";
            return profiles
                .into_iter()
                .find(|profile| profile.settings.is_default)
                .ok_or_else(|| Error::bad_input(ARGUMENT, message));
        };
        let found = self.ports.store.llm_profiles_by_id(&[id]).await?.remove(&id);
        found.ok_or_else(|| Error::not_found_at(ARGUMENT, "no LLM profile has this id; `llmProfiles` lists them"))
    }

    /// Cancels a run, if there is something to cancel.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn cancel(&self, id: RunId) -> Result<(Run, CancelOutcome)> {
        let mut conflict = None;
        for _ in 0..CANCEL_TRIES {
            let run = self.get(id).await?.ok_or_else(|| unknown_run("input.id"))?;
            if run.status == RunStatus::Cancelling {
                return Ok((run, CancelOutcome::Cancelling));
            }
            if !run.status.can_cancel() {
                return Ok((run, CancelOutcome::AlreadyFinished));
            }
            let change = Box::new(|edit: &mut RunEdit| edit.request_cancel());
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
    pub async fn cancel_many(&self, filter: &RunFilter, dry_run: bool) -> Result<CancelledMany> {
        let cancellable: Vec<RunStatus> = RunStatus::ALL.iter().copied().filter(|status| status.can_cancel()).collect();
        let ids = self.ports.store.run_ids(filter, &cancellable).await?;
        let mut cancelled = 0;
        if !dry_run {
            for id in &ids {
                match self.cancel(*id).await {
                    Ok((_, CancelOutcome::AlreadyFinished)) | Err(Error::NotFound { .. }) => {}
                    Ok(_) => cancelled += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(CancelledMany { matched: ids.len(), cancelled })
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
            return Err(Error::bad_input("input.ids", "name at least one run to delete"));
        }
        if distinct.len() > MAX_DELETES {
            let message = format!("{} runs are named; delete at most {MAX_DELETES} at a time", distinct.len());
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
    /// Who answers.
    pub llm_profile: LlmProfile,
    /// How, defaults included.
    pub options: RunOptions,
}

/// Nothing has this run's id.
#[must_use]
pub fn unknown_run(argument: &str) -> Error {
    Error::not_found_at(argument, "no run has this id; it may have been deleted")
}

/// Whether what a profile's model costs is known: nothing for BUILTIN, else by both prices.
#[must_use]
pub fn price_is_known(profile: &LlmProfile) -> bool {
    let settings = &profile.settings;
    settings.provider == LlmProvider::Builtin
        || (settings.input_cost_per_million_tokens.is_some() && settings.output_cost_per_million_tokens.is_some())
}

/// Checks all of a start that needs no look at the store.
///
/// # Errors
/// `BadInput` with the path of the argument at fault.
pub fn check_start(input: &StartRun) -> Result<()> {
    if input.command != RunCommand::Run {
        return Err(Error::bad_input(
            "input.command",
            "this version describes for review only; leave `command` out, or say RUN",
        ));
    }
    if input.targets.is_empty() {
        return Err(Error::bad_input("input.targets", "name at least one target"));
    }
    if input.targets.len() > MAX_TARGETS {
        let message = format!("{} targets are named; start at most {MAX_TARGETS} runs at a time", input.targets.len());
        return Err(Error::bad_input("input.targets", message));
    }
    for (at, target) in input.targets.iter().enumerate() {
        let path = format!("input.targets.{at}");
        target.scope.validate(&path)?;
        if input.targets[..at].contains(target) {
            return Err(Error::bad_input(path, "the same target stands twice; name it once"));
        }
    }
    check_budget(&input.budget, "input.budget")?;
    if let Some(key) = &input.idempotency_key {
        let length = key.chars().count();
        if !(1..=MAX_KEY).contains(&length) {
            let message = format!("the key has {length} characters; it takes 1 to {MAX_KEY}");
            return Err(Error::bad_input("input.idempotencyKey", message));
        }
    }
    Ok(())
}

/// Refuses limits that nothing could keep.
///
/// # Errors
/// `BadInput` with the path of the limit at fault.
pub fn check_budget(budget: &Budget, argument: &str) -> Result<()> {
    let bad = |limit: &str, value: String| {
        Err(Error::bad_input(
            format!("{argument}.{limit}"),
            format!("`{limit}` is {value}; give a number above 0, or leave it out for no limit"),
        ))
    };
    match budget {
        Budget { max_cost_usd: Some(cost), .. } if !(cost.is_finite() && *cost > 0.0) => {
            bad("maxCostUsd", cost.to_string())
        }
        Budget { max_tokens: Some(tokens), .. } if *tokens <= 0 => bad("maxTokens", tokens.to_string()),
        Budget { max_seconds: Some(seconds), .. } if *seconds <= 0 => bad("maxSeconds", seconds.to_string()),
        _ => Ok(()),
    }
}

fn fingerprint(input: &StartRun, key: String) -> Result<Idempotency> {
    let fingerprint = serde_json::to_string(input).map_err(Error::internal)?;
    Ok(Idempotency { key, fingerprint })
}
