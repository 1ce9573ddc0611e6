//! Mutations that resume runs, repeat suggestions and draft single texts.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    input::{RunBudgetInput, RunOptionsInput},
    mutation::StartRunPayload,
    object::Run,
};
use crate::{
    domain::{
        self, Error,
        id::{DbProfileId, LlmProfileId, RunId, SuggestionId},
        run,
    },
    graphql::{
        context::{services, viewer},
        ids::Key,
    },
    service::{
        drafts::Generate,
        reruns::{BudgetChange, Rerun},
    },
};

/// The run to resume, and its budget.
#[derive(InputObject, Debug, Clone)]
pub struct ResumeRunInput {
    /// The run.
    id: ID,
    /// A new budget that replaces the old one. If the old one is spent, it must be larger.
    budget: Option<RunBudgetInput>,
    /// Whether to remove the budget.
    #[graphql(default_with = "Some(false)")]
    remove_budget: Option<bool>,
}

/// The run that was resumed.
#[derive(SimpleObject)]
pub struct ResumeRunPayload {
    /// The run, QUEUED.
    run: Run,
}

/// How to rephrase a text.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "run::VariationMode")]
pub enum VariationMode {
    /// The same meaning in other words.
    Lexical,
    /// A different plausible meaning.
    Semantic,
}

/// What to repeat, and how.
#[derive(InputObject, Debug, Clone)]
pub struct RerunInput {
    /// The suggestions to repeat; or give `runId`. Starts one run per original run.
    suggestion_ids: Option<Vec<ID>>,
    /// A run to repeat as a whole.
    run_id: Option<ID>,
    /// Up to 4,000 characters for the model. Default: those of the original run.
    instructions: Option<String>,
    /// The model that describes. Default: the one of the original run, or the default profile if that was deleted.
    llm_profile_id: Option<ID>,
    /// How to describe. Absent options keep the original run's values, but `missingOnly` becomes false and a new
    /// provider gets its default `profileData`.
    options: Option<RunOptionsInput>,
    /// How to rephrase the suggestions. Default: describe their assets again from the start.
    variations: Option<VariationMode>,
    /// Limits of each run. Default: none.
    budget: Option<RunBudgetInput>,
    /// An idempotency key of 1 to 200 characters. The same key with the same input returns the same runs; with other
    /// input it is a CONFLICT.
    idempotency_key: Option<String>,
}

/// The asset to draft a text for. Leave out the column for a table, the table for a schema, and the schema for the
/// database.
#[derive(InputObject, Debug, Clone)]
pub struct GenerateInput {
    /// The DB profile.
    db_profile_id: ID,
    /// The database. Optional if the profile reaches only one.
    database: Option<String>,
    /// The schema, exactly as the database spells it. Absent for the database itself.
    schema: Option<String>,
    /// The table or view, exactly as the database spells it. Absent for a schema.
    table: Option<String>,
    /// The column, exactly as the database spells it. Absent for a table.
    column: Option<String>,
    /// The model that describes. Default: the default profile.
    llm_profile_id: Option<ID>,
    /// How to describe; absent options keep their defaults.
    options: Option<RunOptionsInput>,
    /// Limits of the run. Default: none.
    budget: Option<RunBudgetInput>,
    /// An idempotency key of 1 to 200 characters. The same key with the same input returns the same run; with other
    /// input it is a CONFLICT.
    idempotency_key: Option<String>,
}

impl ResumeRunInput {
    fn change(self) -> domain::Result<(RunId, BudgetChange)> {
        let id = RunId::from_argument(&self.id, "input.id")?;
        let change = match (self.budget, self.remove_budget.unwrap_or_default()) {
            (Some(_), true) => {
                let message = "`budget` replaces the budget and `removeBudget` removes it; pass only one of them";
                return Err(Error::bad_input("input.removeBudget", message));
            }
            (Some(budget), false) => BudgetChange::Replace(budget.into()),
            (None, true) => BudgetChange::Remove,
            (None, false) => BudgetChange::Keep,
        };
        Ok((id, change))
    }
}

fn llm_profile(id: Option<&ID>) -> domain::Result<Option<LlmProfileId>> {
    id.map(|id| LlmProfileId::from_argument(id, "input.llmProfileId")).transpose()
}

impl RerunInput {
    fn order(self, started_by: String) -> domain::Result<Rerun> {
        let suggestions = self.suggestion_ids.map(|ids| SuggestionId::from_arguments(&ids, "input.suggestionIds"));
        Ok(Rerun {
            suggestion_ids: suggestions.transpose()?,
            run_id: self.run_id.map(|id| RunId::from_argument(&id, "input.runId")).transpose()?,
            instructions: self.instructions,
            llm_profile_id: llm_profile(self.llm_profile_id.as_ref())?,
            options: self.options.map(Into::into).unwrap_or_default(),
            variations: self.variations.map(Into::into),
            budget: self.budget.map(Into::into).unwrap_or_default(),
            started_by,
            idempotency_key: self.idempotency_key,
        })
    }
}

impl GenerateInput {
    fn order(self, started_by: String) -> domain::Result<Generate> {
        Ok(Generate {
            db_profile_id: DbProfileId::from_argument(&self.db_profile_id, "input.dbProfileId")?,
            database: self.database,
            schema: self.schema,
            table: self.table,
            column: self.column,
            llm_profile_id: llm_profile(self.llm_profile_id.as_ref())?,
            options: self.options.map(Into::into).unwrap_or_default(),
            budget: self.budget.map(Into::into).unwrap_or_default(),
            started_by,
            idempotency_key: self.idempotency_key,
        })
    }
}

/// Mutations that resume runs, repeat suggestions and draft single texts.
#[derive(Default)]
pub struct AgainMutation;

#[Object]
impl AgainMutation {
    /// Continues a run that was paused, failed or cancelled, or that ended with failed rows. Finished rows are kept.
    /// The run is QUEUED when this returns.
    async fn resume_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run and its budget.")] input: ResumeRunInput,
    ) -> Result<ResumeRunPayload> {
        let (id, change) = input.change()?;
        let run = services(context).reruns.resume(id, change, &viewer(context).name).await?;
        Ok(ResumeRunPayload { run: Run(Arc::new(run)) })
    }

    /// Repeats suggestions with instructions, another model or other options. The results are new versions of the old
    /// ones. Starts one run per original run, all or none.
    async fn rerun(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to repeat, and how.")] input: RerunInput,
    ) -> Result<StartRunPayload> {
        Ok(services(context).reruns.rerun(input.order(viewer(context).name.clone())?).await?.into())
    }

    /// Drafts a text for one asset: a database, schema, table, view or column.
    async fn generate(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The asset, and how to describe it.")] input: GenerateInput,
    ) -> Result<StartRunPayload> {
        let run = services(context).drafts.generate(input.order(viewer(context).name.clone())?).await?;
        Ok(vec![run].into())
    }
}
