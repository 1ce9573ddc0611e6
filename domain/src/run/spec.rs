//! The specification of a run, and a run that is about to be recorded.
//!
//! The rule: a specification is fixed when the run is created. Only [`super::RunEdit::resume`] changes it, and only its
//! budget.

use super::{Row, RunOptions, VariationMode};
use crate::{
    ask::{NewTurn, title},
    id::{DbProfileId, LlmProfileId, RunId, ScheduleId},
    judge::NewJudging,
    profile::{DbProfile, LlmProfile, LlmProvider},
    scope::RunScope,
    status::{RunCommand, RunKind},
    usage::Budget,
};

/// The specification of a run's work.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSpec {
    /// The kind of work.
    pub kind: RunKind,
    /// The command that started it.
    pub command: RunCommand,
    /// The assets that it covers.
    pub scope: RunScope,
    /// The DB profile; it may have been deleted.
    pub db_profile_id: Option<DbProfileId>,
    /// The LLM profile; it may have been deleted.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The schedule that fired it.
    pub schedule_id: Option<ScheduleId>,
    /// The run that it repeats.
    pub parent_id: Option<RunId>,
    /// The DB profile's name when the run was created.
    pub db_profile_name: Option<String>,
    /// The LLM profile's name when the run was created.
    pub llm_profile_name: Option<String>,
    /// The provider.
    pub provider: Option<LlmProvider>,
    /// The model as the provider spells it.
    pub model: Option<String>,
    /// Its options.
    pub options: RunOptions,
    /// For VARIATIONS, how it rephrases.
    pub variations: Option<VariationMode>,
    /// Its limits.
    pub budget: Budget,
    /// The caller that started it: a token, `local` or a schedule.
    pub started_by: String,
    /// Whether the first wording of each suggestion is written after the last row, without a review.
    pub auto_apply: bool,
}

impl RunSpec {
    /// Creates the specification of a run over everything in the profile's database, with the provider's default
    /// options, without limits and with an empty `started_by`. Without a DB profile, the run belongs to no particular
    /// database.
    #[must_use]
    pub fn new(kind: RunKind, command: RunCommand, db_profile: Option<&DbProfile>, llm_profile: &LlmProfile) -> Self {
        let model = &llm_profile.settings;
        Self {
            kind,
            command,
            scope: RunScope::default(),
            db_profile_id: db_profile.map(|profile| profile.id),
            llm_profile_id: Some(llm_profile.id),
            schedule_id: None,
            parent_id: None,
            db_profile_name: db_profile.map(|profile| profile.name.clone()),
            llm_profile_name: Some(model.name.clone()),
            provider: Some(model.provider),
            model: Some(model.model.clone()),
            options: RunOptions::defaults(model.provider),
            variations: None,
            budget: Budget::default(),
            started_by: String::new(),
            auto_apply: false,
        }
    }
}

/// A run to be recorded.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// The specification of its work.
    pub spec: RunSpec,
    /// The rows, if they are known from the start (re-runs and single drafts). Otherwise empty: the worker that claims
    /// the run resolves the scope.
    pub rows: Vec<Row>,
    /// What could not be read while the rows were looked up, one sentence each.
    pub warnings: Vec<String>,
    /// For ASK, the turn that it answers, recorded with the run.
    pub turn: Option<NewTurn>,
    /// For JUDGE, the pairs that it judges, recorded with the run.
    pub judging: Option<NewJudging>,
}

impl NewRun {
    /// The scope on one line; for ASK, the question; for JUDGE, the judged runs.
    pub(super) fn summary(&self) -> String {
        match (&self.turn, &self.judging) {
            (Some(turn), _) => title(&turn.question),
            (None, Some(judging)) => judging.summary(),
            (None, None) => self.spec.scope.summary(),
        }
    }
}

impl From<RunSpec> for NewRun {
    fn from(spec: RunSpec) -> Self {
        Self { spec, rows: Vec::new(), warnings: Vec::new(), turn: None, judging: None }
    }
}
