//! What an import gives and what it gets back.

use crate::domain::{
    asset::AssetPath,
    clock::Moment,
    id::DbProfileId,
    import::Place,
    profile::LlmProvider,
    run::Run,
    scope::SchemaScope,
    status::{RunCommand, RunStatus},
    suggestion::{Alternative, Evidence, ReviewState},
    usage::Usage,
};

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportRuns {
    /// Where the runs are from.
    pub source: String,
    /// The runs.
    pub runs: Vec<RunToImport>,
    /// Whether to record nothing.
    pub dry_run: bool,
}

/// A run that ended elsewhere.
#[derive(Debug, Clone)]
pub struct RunToImport {
    /// Identifies the run among all imports.
    pub key: String,
    /// The command that started it.
    pub command: RunCommand,
    /// Its status.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<String>,
    /// The DB profile.
    pub db_profile_id: Option<DbProfileId>,
    /// The DB profile's name, if there is no DB profile.
    pub db_profile_name: Option<String>,
    /// The LLM profile's name.
    pub llm_profile_name: Option<String>,
    /// The provider.
    pub provider: Option<LlmProvider>,
    /// The model.
    pub model: Option<String>,
    /// Its scope.
    pub schemas: Vec<SchemaScope>,
    /// Its title.
    pub title: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// The time of its start.
    pub started_at: Moment,
    /// The time of its end.
    pub finished_at: Option<Moment>,
    /// Seconds of work.
    pub duration_seconds: Option<f64>,
    /// Its usage.
    pub usage: Usage,
    /// The key of the run that it repeats.
    pub repeats: Option<String>,
    /// Its suggestions, or some of them.
    pub suggestions: Vec<SuggestionToImport>,
}

/// A suggestion that was made elsewhere.
#[derive(Debug, Clone)]
pub struct SuggestionToImport {
    /// Its position in the run, from 1.
    pub position: i32,
    /// The asset.
    pub asset: AssetPath,
    /// The wordings, best first.
    pub alternatives: Vec<Alternative>,
    /// Mean log-probability per token.
    pub logprob: Option<f64>,
    /// The model's reasoning.
    pub reasoning: Option<String>,
    /// The evidence.
    pub evidence: Vec<Evidence>,
    /// The comment in the database when the suggestion was made.
    pub existing_comment: Option<String>,
    /// The state of its review.
    pub state: ReviewState,
    /// The accepted text; `None` is the first wording.
    pub text: Option<String>,
    /// The person who decided; `None` is the caller.
    pub reviewer: Option<String>,
    /// The time of the decision; `None` is now.
    pub reviewed_at: Option<Moment>,
    /// The suggestion that it repeats.
    pub repeats: Option<Place>,
    /// The writes of its text.
    pub writes: Vec<WriteToImport>,
}

/// A comment that another tool wrote.
#[derive(Debug, Clone)]
pub struct WriteToImport {
    /// The time of the write.
    pub at: Moment,
    /// The comment before it.
    pub before: Option<String>,
    /// The comment that was written.
    pub after: String,
    /// The person who ordered it; `None` is unknown.
    pub actor: Option<String>,
}

/// The outcome of importing a run.
#[derive(Debug, Clone)]
pub struct ImportOutcome {
    /// The run's key in the import.
    pub key: String,
    /// The run; `None` if a dry run would create it.
    pub run: Option<Run>,
    /// Whether the run is new.
    pub is_new: bool,
    /// Number of suggestions added.
    pub added: usize,
}
