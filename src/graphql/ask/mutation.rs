//! The mutation that asks a question.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::object::{AskSession, AskTurn};
use crate::{
    domain::{
        self,
        id::{AskSessionId, DbProfileId, LlmProfileId},
    },
    graphql::{
        context::{services, viewer},
        ids::Key,
        run::{input::RunBudgetInput, object::Run},
    },
    service::asks::Question,
};

/// A question about one or more databases.
#[derive(InputObject, Debug, Clone)]
pub struct AskInput {
    /// The session to continue: its earlier questions and answers are part of the context. Default: a new session.
    session_id: Option<ID>,
    /// The question, up to 4,000 characters.
    question: String,
    /// The profiles to search, at most 100. Default: all profiles; in a session, those of its last question.
    db_profile_ids: Option<Vec<ID>>,
    /// The model that answers. Default: the default profile. BUILTIN lists what matches and what is known about it.
    llm_profile_id: Option<ID>,
    /// Limits of the run. Default: none.
    budget: Option<RunBudgetInput>,
    /// An idempotency key of 1 to 200 characters. The same key with the same input returns the same question; with
    /// other input it is a CONFLICT.
    idempotency_key: Option<String>,
}

impl AskInput {
    fn question(self, started_by: String) -> domain::Result<Question> {
        let profiles = self.db_profile_ids.map(|ids| DbProfileId::from_arguments(&ids, "input.dbProfileIds"));
        let llm_profile = self.llm_profile_id.map(|id| LlmProfileId::from_argument(&id, "input.llmProfileId"));
        Ok(Question {
            session_id: self.session_id.map(|id| AskSessionId::from_argument(&id, "input.sessionId")).transpose()?,
            question: self.question,
            db_profile_ids: profiles.transpose()?,
            llm_profile_id: llm_profile.transpose()?,
            budget: self.budget.map(Into::into).unwrap_or_default(),
            started_by,
            idempotency_key: self.idempotency_key,
        })
    }
}

/// The question that was asked.
#[derive(SimpleObject)]
pub struct AskPayload {
    /// The session, a new one unless the input named one.
    session: AskSession,
    /// The question. Its answer is null until the run ends.
    turn: AskTurn,
    /// The run that answers it, QUEUED.
    run: Run,
}

/// The mutation that asks a question.
#[derive(Default)]
pub struct AskMutation;

#[Object]
impl AskMutation {
    /// Asks a question about databases, answered from their catalogs, comments and suggestions. A run of kind ASK
    /// answers it: watch that with `runProgress`, and read the answer in `turn` when the run has ended.
    async fn ask(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The question, and where to search.")] input: AskInput,
    ) -> Result<AskPayload> {
        let asked = services(context).asks.ask(input.question(viewer(context).name.clone())?).await?;
        Ok(AskPayload {
            session: AskSession(Arc::new(asked.session)),
            turn: AskTurn(Arc::new(asked.turn)),
            run: Run(Arc::new(asked.run)),
        })
    }
}
