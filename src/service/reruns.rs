//! Resuming stopped runs, and repeating suggestions in re-runs.
//!
//! The rules: a re-run is a separate run whose rows are known from the start, one per suggestion to repeat. It uses the
//! databases of the runs that it repeats. Runs are recorded for all of them or for none.

use std::collections::HashSet;

use serde::Serialize;
use tracing::info;

use super::{
    orders::{OptionChoices, check_budget, check_price, llm_profile, place},
    reviews::named_suggestions,
    runs::unknown_run,
};
use crate::{
    domain::{
        Error, Result,
        asset::AssetPath,
        filter::OrderDirection,
        id::{LlmProfileId, RunId, SuggestionId},
        page::PageRequest,
        profile::{DbProfile, LlmProfile},
        run::{NewRun, Row, Run, RunEdit, RunOptions, RunSpec, VariationMode},
        scope::{RunScope, SchemaScope, TableScope},
        status::{RunCommand, RunKind, RunStatus},
        suggestion::{Suggestion, SuggestionFilter, SuggestionOrderField},
        usage::Budget,
    },
    engine::bound,
    port::Ports,
};

/// Maximum number of runs whose suggestions one re-run may name.
const MAX_PARENTS: usize = 100;
/// Number of suggestions of a whole run that are read at a time.
const PAGE: usize = 1_000;

/// What to repeat. Its JSON is the fingerprint that an idempotency key is checked against.
#[derive(Debug, Clone, Serialize)]
pub struct Rerun {
    /// The suggestions to repeat. Either this or `run_id` is set.
    pub suggestion_ids: Option<Vec<SuggestionId>>,
    /// The run whose suggestions are all repeated.
    pub run_id: Option<RunId>,
    /// Instructions for the model; `None` keeps those of the original run.
    pub instructions: Option<String>,
    /// The LLM profile; `None` keeps that of the original run.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The options; those that are absent keep the values of the original run.
    pub options: OptionChoices,
    /// How to rephrase the previous texts; `None` asks the model to improve them.
    pub variations: Option<VariationMode>,
    /// The budget of each run.
    pub budget: Budget,
    /// The caller. Not part of the fingerprint.
    #[serde(skip)]
    pub started_by: String,
    /// The idempotency key. Not part of the fingerprint.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// A change of the budget when a run is resumed.
#[derive(Debug, Clone, PartialEq)]
pub enum BudgetChange {
    /// The budget stays.
    Keep,
    /// The budget is replaced.
    Replace(Budget),
    /// The budget is removed.
    Remove,
}

/// The use cases of resuming and repeating. Cheap to clone.
#[derive(Clone)]
pub struct Reruns {
    ports: Ports,
}

impl Reruns {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Resumes a run that stopped, or that ended with failed rows. On return it is QUEUED.
    ///
    /// # Errors
    /// Returns `NotFound`, `BadInput` for an invalid budget, and `Conflict` if the run is live, was imported, has
    /// nothing left to do, would keep a budget that is spent, or has lost a profile.
    pub async fn resume(&self, id: RunId, budget: BudgetChange, actor: &str) -> Result<Run> {
        let run = self.ports.store.runs_by_id(&[id]).await?.remove(&id).ok_or_else(|| unknown_run("input.id"))?;
        if let BudgetChange::Replace(budget) = &budget {
            check_budget(budget, "input.budget")?;
        }
        if run.status.is_live() {
            return Err(Error::conflict(format!(
                "run #{id} is {}; wait for its end, or cancel it first",
                run.status.as_str()
            )));
        }
        if self.ports.store.is_imported(id).await? {
            return Err(Error::conflict(format!(
                "run #{id} was imported, so there is nothing to resume; start a new run with its scope, or re-run its \
                 suggestions"
            )));
        }
        // A judge reads the store only.
        if run.spec.db_profile_name.is_some() && run.spec.kind != RunKind::Judge {
            let profile = db_profile_of(&self.ports, &run).await?;
            self.refuse_moved(&run, &profile).await?;
        }
        let llm_profile = self.llm_profile_of(&run).await?.ok_or_else(|| {
            let profile = profile_named("LLM profile", run.spec.llm_profile_name.as_deref());
            Error::conflict(format!("{profile} of run #{id} does not exist; start a new run with another one"))
        })?;
        if let BudgetChange::Replace(budget) = &budget {
            check_price(budget, &llm_profile)?;
        }
        let budget = match budget {
            BudgetChange::Keep => None,
            BudgetChange::Replace(budget) => Some(budget),
            BudgetChange::Remove => Some(Budget::default()),
        };
        let actor = actor.to_owned();
        let change = Box::new(move |edit: &mut RunEdit| edit.resume(budget, &actor));
        let run = self.ports.store.change_run(id, None, self.ports.clock.now(), change).await?;
        info!(run = id.0, "run resumed");
        Ok(run)
    }

    /// Records one queued run for each run whose suggestions are repeated, all or none.
    ///
    /// # Errors
    /// Returns `BadInput` and `NotFound` with the path of the argument at fault, and `Conflict` if a DB profile was
    /// deleted, the run to repeat is live, or the idempotency key was used with other input.
    pub async fn rerun(&self, input: Rerun) -> Result<Vec<Run>> {
        check_budget(&input.budget, "input.budget")?;
        if input.instructions.is_some() && input.options.instructions.is_some() {
            let message = "instructions were passed twice; omit the ones in `options`";
            return Err(Error::bad_input("input.instructions", message));
        }
        let by = (input.started_by.as_str(), input.idempotency_key.as_deref());
        place(&self.ports, by, &input, async {
            let mut new_runs = Vec::new();
            for (parent, suggestions) in self.chosen(&input).await? {
                new_runs.push(self.new_run(&input, &parent, &suggestions).await?);
            }
            Ok(new_runs)
        })
        .await
    }

    /// Refuses to resume if the profile points to another database than the run's.
    async fn refuse_moved(&self, run: &Run, profile: &DbProfile) -> Result<()> {
        let (database, what) = (run.spec.scope.database.as_deref(), format!("run #{}", run.id));
        bound::refuse_moved(&self.ports, profile, database, &bound::described(run), &what).await
    }

    /// Returns the suggestions to repeat, grouped by run, in the order of their rows.
    async fn chosen(&self, input: &Rerun) -> Result<Vec<(Run, Vec<Suggestion>)>> {
        let suggestions = match (&input.suggestion_ids, input.run_id) {
            (Some(_), Some(_)) => {
                return Err(Error::bad_input("input.runId", "pass `suggestionIds` or `runId`, not both"));
            }
            (None, None) => {
                let message = "pass `suggestionIds`, or `runId` for a whole run";
                return Err(Error::bad_input("input.suggestionIds", message));
            }
            (Some(ids), None) => named_suggestions(&self.ports, ids, "input.suggestionIds").await?,
            (None, Some(run)) => return Ok(vec![self.whole_run(run).await?]),
        };
        let mut by_run: Vec<(RunId, Vec<Suggestion>)> = Vec::new();
        for suggestion in suggestions {
            match by_run.iter_mut().find(|(run, _)| *run == suggestion.run_id) {
                Some((_, of_run)) => of_run.push(suggestion),
                None => by_run.push((suggestion.run_id, vec![suggestion])),
            }
        }
        if by_run.len() > MAX_PARENTS {
            let message = format!(
                "the suggestions belong to {} runs; pass suggestions of at most {MAX_PARENTS} runs at a time",
                by_run.len()
            );
            return Err(Error::bad_input("input.suggestionIds", message));
        }
        let ids: Vec<RunId> = by_run.iter().map(|(run, _)| *run).collect();
        let mut runs = self.ports.store.runs_by_id(&ids).await?;
        let with_run = |(id, mut suggestions): (RunId, Vec<Suggestion>)| {
            let run = runs.remove(&id);
            let run = run.ok_or_else(|| {
                Error::not_found_at("input.suggestionIds", format!("run #{id} has been deleted; start a new run"))
            })?;
            suggestions.sort_by_key(|suggestion| suggestion.position);
            Ok((run, suggestions))
        };
        by_run.into_iter().map(with_run).collect()
    }

    async fn whole_run(&self, id: RunId) -> Result<(Run, Vec<Suggestion>)> {
        let store = &self.ports.store;
        let run = store.runs_by_id(&[id]).await?.remove(&id).ok_or_else(|| unknown_run("input.runId"))?;
        if matches!(run.status, RunStatus::Queued | RunStatus::Running | RunStatus::Cancelling) {
            let message = format!("run #{id} is {}; wait for its end, or cancel it", run.status.as_str());
            return Err(Error::conflict(message));
        }
        let order = (SuggestionOrderField::Position, OrderDirection::Asc);
        let mut request = PageRequest::first(PAGE);
        let mut suggestions = Vec::new();
        loop {
            let page = store.suggestions_page(id, &SuggestionFilter::default(), order, &request).await?;
            request.from = page.rows.last().map(|(cursor, _)| cursor.clone());
            suggestions.extend(page.rows.into_iter().map(|(_, suggestion)| suggestion));
            if !page.has_next {
                break;
            }
        }
        if suggestions.is_empty() {
            let message = format!("run #{id} has no suggestions to repeat; start a new run with its scope");
            return Err(Error::bad_input("input.runId", message));
        }
        Ok((run, suggestions))
    }

    async fn new_run(&self, input: &Rerun, parent: &Run, suggestions: &[Suggestion]) -> Result<NewRun> {
        let db_profile = db_profile_of(&self.ports, parent).await?;
        self.refuse_moved(parent, &db_profile).await?;
        let before = if input.llm_profile_id.is_none() { self.llm_profile_of(parent).await? } else { None };
        let llm_profile = match before {
            Some(profile) => profile,
            None => llm_profile(&self.ports, input.llm_profile_id).await?,
        };
        check_price(&input.budget, &llm_profile)?;
        let rows = (1..)
            .zip(suggestions)
            .map(|(position, suggestion)| Row {
                position,
                asset: suggestion.asset.clone(),
                again: Some(suggestion.id),
                fingerprint: None,
            })
            .collect();
        let command = if input.variations.is_some() { RunCommand::Variations } else { RunCommand::Rerun };
        let spec = RunSpec {
            scope: scope_of(parent, &suggestions.iter().map(|suggestion| &suggestion.asset).collect::<Vec<_>>()),
            parent_id: Some(parent.id),
            options: options_over(parent, input, &llm_profile)?,
            variations: input.variations,
            budget: input.budget.clone(),
            started_by: input.started_by.clone(),
            ..RunSpec::new(RunKind::Rerun, command, Some(&db_profile), &llm_profile)
        };
        Ok(NewRun { rows, ..spec.into() })
    }

    async fn llm_profile_of(&self, run: &Run) -> Result<Option<LlmProfile>> {
        let Some(id) = run.spec.llm_profile_id else { return Ok(None) };
        Ok(self.ports.store.llm_profiles_by_id(&[id]).await?.remove(&id))
    }
}

/// Returns the DB profile of a run.
///
/// # Errors
/// Returns `Conflict` if it does not exist; the message names it.
pub async fn db_profile_of(ports: &Ports, run: &Run) -> Result<DbProfile> {
    let profile = match run.spec.db_profile_id {
        Some(id) => ports.store.db_profiles_by_id(&[id]).await?.remove(&id),
        None => None,
    };
    profile.ok_or_else(|| {
        let profile = profile_named("DB profile", run.spec.db_profile_name.as_deref());
        Error::conflict(format!("{profile} of run #{} does not exist; start a new run with another DB profile", run.id))
    })
}

/// A profile with the name that a run recorded. An imported run may have the name of one that never existed.
fn profile_named(kind: &str, name: Option<&str>) -> String {
    name.map_or_else(|| format!("the {kind}"), |name| format!("the {kind} {name:?}"))
}

/// Applies the choices to the options of the original run and validates the result.
fn options_over(parent: &Run, input: &Rerun, llm_profile: &LlmProfile) -> Result<RunOptions> {
    let provider = llm_profile.settings.provider;
    let before = RunOptions {
        // Chosen suggestions are repeated even if their assets have comments by now.
        missing_only: false,
        // A different provider gets samples only if the request says so.
        profile_data: if parent.spec.provider == Some(provider) {
            parent.spec.options.profile_data
        } else {
            RunOptions::defaults(provider).profile_data
        },
        ..parent.spec.options.clone()
    };
    let options = input.options.over(before, "input.options")?;
    let Some(instructions) = &input.instructions else { return Ok(options) };
    let options = RunOptions { instructions: Some(instructions.clone()).filter(|it| !it.trim().is_empty()), ..options };
    options.validate("input").map(|()| options)
}

/// Returns the scope that these assets of a run cover together.
fn scope_of(parent: &Run, assets: &[&AssetPath]) -> RunScope {
    let mut scope = RunScope { schemas: Vec::new(), ..parent.spec.scope.clone() };
    if assets.iter().any(|asset| asset.schema.is_none()) {
        return scope;
    }
    // Schemas and tables that are described themselves, and so cover everything in them.
    let whole: HashSet<(Option<&str>, Option<&str>)> = assets
        .iter()
        .filter(|asset| asset.column.is_none())
        .map(|asset| (asset.schema.as_deref(), asset.table.as_deref()))
        .collect();
    for asset in assets {
        let (Some(schema), table, column) = (asset.schema.as_deref(), asset.table.as_deref(), &asset.column) else {
            continue;
        };
        let known = scope.schemas.iter().rposition(|it| it.name == schema).unwrap_or_else(|| {
            scope.schemas.push(SchemaScope { name: schema.to_owned(), tables: Vec::new() });
            scope.schemas.len() - 1
        });
        let tables = &mut scope.schemas[known].tables;
        let Some(name) = table.filter(|_| !whole.contains(&(Some(schema), None))) else { continue };
        let known = tables.iter().rposition(|it| it.name == name).unwrap_or_else(|| {
            tables.push(TableScope { name: name.to_owned(), columns: Vec::new() });
            tables.len() - 1
        });
        if !whole.contains(&(Some(schema), table)) {
            tables[known].columns.extend(column.clone());
        }
    }
    scope
}
