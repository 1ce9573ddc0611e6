//! Asking.

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
    /// The session that it follows up on: what was asked and answered there goes along. A new session when absent.
    session_id: Option<ID>,
    /// The question, up to 4,000 characters.
    question: String,
    /// Where to look, at most 100 profiles. All profiles when absent; in a session, where its last question looked.
    db_profile_ids: Option<Vec<ID>>,
    /// Which model answers. The default profile when absent; BUILTIN lists what matches, with what is known of it.
    llm_profile_id: Option<ID>,
    /// Limits of the run; none when absent.
    budget: Option<RunBudgetInput>,
    /// The same key with the same input gives back the same question; with other input it is a CONFLICT. 1 to 200
    /// characters.
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

/// What was asked.
#[derive(SimpleObject)]
pub struct AskPayload {
    /// The session, new unless the input named one.
    session: AskSession,
    /// The question; its answer is null until the run ends.
    turn: AskTurn,
    /// The run that answers it, QUEUED.
    run: Run,
}

/// Asking.
#[derive(Default)]
pub struct AskMutation;

#[Object]
impl AskMutation {
    /// Asks about databases, from their catalogs, comments and suggestions. The answer comes from a run of kind ASK:
    /// watch it with `runProgress`, read it in `turn` when the run has ended.
    async fn ask(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The question, and where to look.")] input: AskInput,
    ) -> Result<AskPayload> {
        let asked = services(context).asks.ask(input.question(viewer(context).name.clone())?).await?;
        Ok(AskPayload {
            session: AskSession(Arc::new(asked.session)),
            turn: AskTurn(Arc::new(asked.turn)),
            run: Run(Arc::new(asked.run)),
        })
    }
}
