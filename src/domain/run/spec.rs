//! What a run is told to do, and a run that is about to be recorded.
//!
//! The rule: a spec is settled when the run is ordered. Only [`super::RunEdit::resume`] changes one, and only its
//! budget.

use super::{Row, RunOptions, VariationMode};
use crate::domain::{
    ask::{NewTurn, title},
    id::{DbProfileId, LlmProfileId, RunId, ScheduleId},
    profile::{DbProfile, LlmProfile, LlmProvider},
    scope::RunScope,
    status::{RunCommand, RunKind},
    usage::Budget,
};

/// What a run is told to do.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSpec {
    /// What kind of work.
    pub kind: RunKind,
    /// What was ordered.
    pub command: RunCommand,
    /// What it covers.
    pub scope: RunScope,
    /// The DB profile; it may be gone.
    pub db_profile_id: Option<DbProfileId>,
    /// The LLM profile; it may be gone.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The schedule that fired it.
    pub schedule_id: Option<ScheduleId>,
    /// The run that it does again.
    pub parent_id: Option<RunId>,
    /// The DB profile's name when the run was made.
    pub db_profile_name: Option<String>,
    /// The LLM profile's name when the run was made.
    pub llm_profile_name: Option<String>,
    /// The service that answers.
    pub provider: Option<LlmProvider>,
    /// The model as the provider spells it.
    pub model: Option<String>,
    /// How it describes.
    pub options: RunOptions,
    /// For VARIATIONS: how it rephrases.
    pub variations: Option<VariationMode>,
    /// Its limits.
    pub budget: Budget,
    /// The caller that started it: a token, `local` or a schedule.
    pub started_by: String,
    /// Whether the first wording of each suggestion is written after the last row, without a person.
    pub auto_apply: bool,
}

impl RunSpec {
    /// A run over everything in the database of one profile, by the model of the other, with the provider's default
    /// options and no limits, started by nobody. Without a DB profile it is over no database in particular.
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
    /// What it is told to do.
    pub spec: RunSpec,
    /// The rows, where they are known from the start (re-runs and single drafts); otherwise none, and the scope is
    /// resolved when a worker takes the run.
    pub rows: Vec<Row>,
    /// What could not be read while the rows were looked up, a sentence each.
    pub warnings: Vec<String>,
    /// For ASK: the question that it answers, recorded with it.
    pub turn: Option<NewTurn>,
}

impl NewRun {
    /// What stands for its scope in one line.
    pub(super) fn summary(&self) -> String {
        self.turn.as_ref().map_or_else(|| self.spec.scope.summary(), |turn| title(&turn.question))
    }
}

impl From<RunSpec> for NewRun {
    fn from(spec: RunSpec) -> Self {
        Self { spec, rows: Vec::new(), warnings: Vec::new(), turn: None }
    }
}
