//! Questions about databases: asking them, and listing sessions and turns.
//!
//! The rules: everything that can be validated is validated before anything is recorded. From then on a question is a
//! run like any other. A follow-up uses the profiles of the previous question, unless it names others.

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

/// A question. Its JSON is the fingerprint that an idempotency key is checked against.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// The session to continue; `None` starts a new one.
    pub session_id: Option<AskSessionId>,
    /// The question.
    pub question: String,
    /// The DB profiles to use. `None` means those of the previous question, or all.
    pub db_profile_ids: Option<Vec<DbProfileId>>,
    /// The LLM profile that answers; `None` selects the default profile.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The run's budget.
    pub budget: Budget,
    /// The caller. Not part of the fingerprint.
    #[serde(skip)]
    pub started_by: String,
    /// The idempotency key. Not part of the fingerprint.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// A recorded question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its session.
    pub session: AskSession,
    /// Its turn.
    pub turn: AskTurn,
    /// The run that answers it.
    pub run: Run,
}

/// The use cases of questions. Cheap to clone.
#[derive(Clone)]
pub struct Asks {
    ports: Ports,
}

impl Asks {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records a question and the queued run that answers it.
    ///
    /// # Errors
    /// Returns `BadInput` and `NotFound` with the path of the argument at fault. Returns `Conflict` if the idempotency
    /// key was used with other input, the session's previous question is still being answered, or the session's
    /// databases were deleted.
    pub async fn ask(&self, input: Question) -> Result<Asked> {
        check_question(&input.question, "input.question")?;
        check_budget(&input.budget, "input.budget")?;
        let by = (input.started_by.as_str(), input.idempotency_key.as_deref());
        let run = place_one(&self.ports, by, &input, self.new_run(&input)).await?;
        self.asked(run).await
    }

    async fn new_run(&self, input: &Question) -> Result<NewRun> {
        let (profiles, everywhere) = self.searched_profiles(input).await?;
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

    /// Returns the question that a run answers, and its session. If the idempotency key was used before, the run may be
    /// of another kind, which is refused.
    async fn asked(&self, run: Run) -> Result<Asked> {
        let store = &self.ports.store;
        let turn = store.turns_of_runs(&[run.id]).await?.remove(&run.id);
        let gone = || Error::conflict("the idempotency key was used for a different request; use a new key");
        let turn = turn.ok_or_else(gone)?;
        let session = store.sessions_by_id(&[turn.session_id]).await?.remove(&turn.session_id).ok_or_else(gone)?;
        Ok(Asked { session, turn, run })
    }

    /// Returns the profiles of a question, and whether they are all profiles there are.
    async fn searched_profiles(&self, input: &Question) -> Result<(Vec<DbProfile>, bool)> {
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

    /// Returns one page of the sessions, the last active first.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn sessions(&self, arguments: &PageArguments) -> Result<Page<AskSession>> {
        self.ports.store.sessions_page(&PageRequest::new(arguments, SESSIONS_LIST)?).await
    }

    /// Returns one page of a session's turns, oldest first.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn turns(&self, session: AskSessionId, arguments: &PageArguments) -> Result<Page<AskTurn>> {
        self.ports.store.turns_page(session, &PageRequest::new(arguments, &turns_list(session))?).await
    }
}
