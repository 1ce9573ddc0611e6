//! Going on with runs, doing suggestions again, single drafts.

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

/// Which run goes on, and what becomes of its budget.
#[derive(InputObject, Debug, Clone)]
pub struct ResumeRunInput {
    /// The run.
    id: ID,
    /// A new budget, in place of the old one. One that is spent needs a larger one, or none.
    budget: Option<RunBudgetInput>,
    /// Lift the budget.
    #[graphql(default_with = "Some(false)")]
    remove_budget: Option<bool>,
}

/// What goes on.
#[derive(SimpleObject)]
pub struct ResumeRunPayload {
    /// The run, QUEUED.
    run: Run,
}

/// How a text is rephrased.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "run::VariationMode")]
pub enum VariationMode {
    /// The same meaning in other words.
    Lexical,
    /// Another meaning that fits as well.
    Semantic,
}

/// What is done again, and how.
#[derive(InputObject, Debug, Clone)]
pub struct RerunInput {
    /// The suggestions to do again, or give `runId`. Those of several runs make one run each.
    suggestion_ids: Option<Vec<ID>>,
    /// A run to do again as a whole.
    run_id: Option<ID>,
    /// Up to 4,000 characters for the model; those of the run before when absent.
    instructions: Option<String>,
    /// Which model describes; the one of the run before when absent, the default one where that is gone.
    llm_profile_id: Option<ID>,
    /// How to describe; what is absent stays as it was, but samples go to another provider only where
    /// `profileData` says so.
    options: Option<RunOptionsInput>,
    /// Rephrase instead of starting over: same meaning in other words, or another meaning.
    variations: Option<VariationMode>,
    /// Limits of each run; none when absent.
    budget: Option<RunBudgetInput>,
    /// The same key with the same input gives back the same runs; with other input it is a CONFLICT. 1 to 200
    /// characters.
    idempotency_key: Option<String>,
}

/// What is drafted. The table is left out for a schema, the column for a table, all of them for the database.
#[derive(InputObject, Debug, Clone)]
pub struct GenerateInput {
    /// The DB profile.
    db_profile_id: ID,
    /// The database. May be left out where the profile reaches only one.
    database: Option<String>,
    /// The schema, exactly as the database spells it; left out for the database itself.
    schema: Option<String>,
    /// The table or view, exactly as the database spells it; left out for a schema.
    table: Option<String>,
    /// The column, exactly as the database spells it; left out for a table.
    column: Option<String>,
    /// Which model describes. The default profile when absent.
    llm_profile_id: Option<ID>,
    /// How to describe; what is absent keeps its default.
    options: Option<RunOptionsInput>,
    /// Limits of the run; none when absent.
    budget: Option<RunBudgetInput>,
    /// The same key with the same input gives back the same run; with other input it is a CONFLICT. 1 to 200
    /// characters.
    idempotency_key: Option<String>,
}

impl ResumeRunInput {
    fn change(self) -> domain::Result<(RunId, BudgetChange)> {
        let id = RunId::from_argument(&self.id, "input.id")?;
        let change = match (self.budget, self.remove_budget.unwrap_or_default()) {
            (Some(_), true) => {
                let message = "the budget is replaced and lifted at once; leave `budget` or `removeBudget` out";
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

/// Resuming, re-running, drafting.
#[derive(Default)]
pub struct AgainMutation;

#[Object]
impl AgainMutation {
    /// Goes on where a run stopped that was paused, failed or cancelled, or ended with failed rows: what is done
    /// stays done, the rest is done. The run is QUEUED when this answers.
    async fn resume_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which run, and its budget.")] input: ResumeRunInput,
    ) -> Result<ResumeRunPayload> {
        let (id, change) = input.change()?;
        let run = services(context).reruns.resume(id, change, &viewer(context).name).await?;
        Ok(ResumeRunPayload { run: Run(Arc::new(run)) })
    }

    /// Does suggestions again, with instructions, another model or other options: the new ones are further
    /// versions of the old. One run per run that they are of: all are created, or none.
    async fn rerun(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to do again, and how.")] input: RerunInput,
    ) -> Result<StartRunPayload> {
        Ok(services(context).reruns.rerun(input.order(viewer(context).name.clone())?).await?.into())
    }

    /// Drafts one text for one asset: a database, schema, table, view or column.
    async fn generate(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "For which asset, and how.")] input: GenerateInput,
    ) -> Result<StartRunPayload> {
        let run = services(context).drafts.generate(input.order(viewer(context).name.clone())?).await?;
        Ok(vec![run].into())
    }
}
