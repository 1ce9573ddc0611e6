//! The mutation that starts judging.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use crate::{
    domain::{
        self,
        id::{LlmProfileId, RunId},
    },
    graphql::{
        context::{services, viewer},
        ids::Key,
        run::{input::RunBudgetInput, object::Run},
    },
    service::judgements::JudgeRuns,
};

/// The texts to judge, and the judge.
#[derive(InputObject, Debug, Clone)]
pub struct JudgeRunsInput {
    /// Two to four different runs. Each pair of them is judged, for every asset that both describe in different words.
    run_ids: Vec<ID>,
    /// The model that judges. Default: the default profile. BUILTIN cannot judge.
    llm_profile_id: Option<ID>,
    /// Limits of the run. Default: none.
    budget: Option<RunBudgetInput>,
    /// An idempotency key of 1 to 200 characters. The same key with the same input returns the same run; with other
    /// input it is a CONFLICT.
    idempotency_key: Option<String>,
}

impl JudgeRunsInput {
    /// Converts the input to a use case's.
    pub(super) fn judge(self, started_by: String) -> domain::Result<JudgeRuns> {
        let llm_profile = self.llm_profile_id.map(|id| LlmProfileId::from_argument(&id, "input.llmProfileId"));
        Ok(JudgeRuns {
            judged_run_ids: RunId::from_arguments(&self.run_ids, "input.runIds")?,
            llm_profile_id: llm_profile.transpose()?,
            budget: self.budget.map(Into::into).unwrap_or_default(),
            started_by,
            idempotency_key: self.idempotency_key,
        })
    }
}

/// The run that judges.
#[derive(SimpleObject)]
pub struct JudgeRunsPayload {
    /// The run, QUEUED.
    run: Run,
}

/// The mutation that starts judging.
#[derive(Default)]
pub struct JudgeMutation;

#[Object]
impl JudgeMutation {
    /// Lets a model judge which texts of runs are better. A run of kind JUDGE compares them in pairs, in both orders
    /// and without their origin; a preference that depends on the order is a tie. `compareRuns` returns the verdicts.
    async fn judge_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to judge, and by which model.")] input: JudgeRunsInput,
    ) -> Result<JudgeRunsPayload> {
        let run = services(context).judgements.judge(input.judge(viewer(context).name.clone())?).await?;
        Ok(JudgeRunsPayload { run: Run(Arc::new(run)) })
    }
}
