//! Questions about databases: asking, and the sessions of what was asked.
//!
//! The rule: what can be checked is checked before anything is recorded; a question is a run like any other from then
//! on. A follow-up looks where the question before it looked, unless it names other profiles.

use serde::Serialize;

use super::{
    orders::{check_budget, check_price, llm_profile, place_one},
    searches::known_profiles,
};
use crate::{
    domain::{
        Error, Result,
        ask::{AskSession, AskTurn, NewTurn, SESSIONS_LIST, check_question, turns_list},
        id::{AskSessionId, DbProfileId, LlmProfileId},
        page::{Page, PageArguments, PageRequest},
        profile::DbProfile,
        run::{NewRun, Run, RunOptions, RunSpec},
        status::{RunCommand, RunKind},
        usage::Budget,
    },
    port::Ports,
};

/// A question. Its JSON tells one input from another under the same idempotency key.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// The session that it follows up on.
    pub session_id: Option<AskSessionId>,
    /// The question.
    pub question: String,
    /// Where to look.
    pub db_profile_ids: Option<Vec<DbProfileId>>,
    /// The LLM profile that answers; the default profile when absent.
    pub llm_profile_id: Option<LlmProfileId>,
    /// Limits of the run.
    pub budget: Budget,
    /// The caller. Not part of the input.
    #[serde(skip)]
    pub started_by: String,
    /// Not part of the input that it stands for.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What was recorded of a question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its session.
    pub session: AskSession,
    /// Its turn.
    pub turn: AskTurn,
    /// The run that answers it.
    pub run: Run,
}

/// The use cases.
#[derive(Clone)]
pub struct Asks {
    ports: Ports,
}

impl Asks {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records a question with the queued run that answers it.
    ///
    /// # Errors
    /// `BadInput`, `NotFound` with the path of the argument at fault; `Conflict` for a known key with other input, for
    /// a session whose question before is still being answered, and for one whose databases are gone.
    pub async fn ask(&self, input: Question) -> Result<Asked> {
        check_question(&input.question, "input.question")?;
        check_budget(&input.budget, "input.budget")?;
        let by = (input.started_by.as_str(), input.idempotency_key.as_deref());
        let run = place_one(&self.ports, by, &input, self.new_run(&input)).await?;
        self.asked(run).await
    }

    async fn new_run(&self, input: &Question) -> Result<NewRun> {
        let (profiles, everywhere) = self.where_to_look(input).await?;
        let llm_profile = llm_profile(&self.ports, input.llm_profile_id).await?;
        check_price(&input.budget, &llm_profile)?;
        let only = if let [only] = profiles.as_slice() { Some(only) } else { None };
        let spec = RunSpec {
            options: RunOptions { profile_data: false, ..RunOptions::defaults(llm_profile.settings.provider) },
            budget: input.budget.clone(),
            started_by: input.started_by.clone(),
            ..RunSpec::new(RunKind::Ask, RunCommand::Ask, only, &llm_profile)
        };
        let turn = NewTurn {
            session_id: input.session_id,
            question: input.question.clone(),
            db_profile_ids: profiles.iter().map(|profile| profile.id).collect(),
            everywhere,
        };
        Ok(NewRun { turn: Some(turn), ..spec.into() })
    }

    /// The question that a run answers, and its session. Under a key that was used before, the run may be of another
    /// kind.
    async fn asked(&self, run: Run) -> Result<Asked> {
        let store = &self.ports.store;
        let turn = store.turns_of_runs(&[run.id]).await?.remove(&run.id);
        let gone = || Error::conflict("the idempotency key was used for a different request; use a new key");
        let turn = turn.ok_or_else(gone)?;
        let session = store.sessions_by_id(&[turn.session_id]).await?.remove(&turn.session_id).ok_or_else(gone)?;
        Ok(Asked { session, turn, run })
    }

    /// The profiles of a question, and whether they are all that there are.
    async fn where_to_look(&self, input: &Question) -> Result<(Vec<DbProfile>, bool)> {
        const ARGUMENT: &str = "input.dbProfileIds";
        let store = &self.ports.store;
        if let Some(session) = input.session_id
            && !store.sessions_by_id(&[session]).await?.contains_key(&session)
        {
            let message = "no session has this id; list the sessions with `askSessions`";
            return Err(Error::not_found_at("input.sessionId", message));
        }
        if let Some(ids) = &input.db_profile_ids {
            if ids.is_empty() {
                return Err(Error::bad_input(
                    ARGUMENT,
                    "the list is empty; pass at least one DB profile, or omit it to search all",
                ));
            }
            let mut profiles = known_profiles(&self.ports, ids, ARGUMENT).await?;
            let mut seen = std::collections::HashSet::new();
            profiles.retain(|profile| seen.insert(profile.id));
            return Ok((profiles, false));
        }
        let last = match input.session_id {
            Some(session) => store.last_turns(session, None, 1).await?.pop(),
            None => None,
        };
        if let Some(last) = last.filter(|turn| !turn.everywhere) {
            let mut found = store.db_profiles_by_id(&last.db_profile_ids).await?;
            let profiles: Vec<DbProfile> = last.db_profile_ids.iter().filter_map(|id| found.remove(id)).collect();
            if profiles.is_empty() {
                let message = "the DB profiles of this session have been deleted; pass others in `dbProfileIds`";
                return Err(Error::conflict(message));
            }
            return Ok((profiles, false));
        }
        let all = store.db_profiles().await?;
        if all.is_empty() {
            let message = "there is no DB profile to search; create one with `createDbProfile`";
            return Err(Error::bad_input(ARGUMENT, message));
        }
        Ok((all, true))
    }

    /// One page of the sessions, the last active first.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
    pub async fn sessions(&self, arguments: &PageArguments) -> Result<Page<AskSession>> {
        self.ports.store.sessions_page(&PageRequest::new(arguments, SESSIONS_LIST)?).await
    }

    /// One page of a session's turns, oldest first.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
    pub async fn turns(&self, session: AskSessionId, arguments: &PageArguments) -> Result<Page<AskTurn>> {
        self.ports.store.turns_page(session, &PageRequest::new(arguments, &turns_list(session))?).await
    }
}
