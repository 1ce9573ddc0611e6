//! Input types of imports: runs that ended elsewhere, their suggestions, reviews and writes.

use async_graphql::{ID, InputObject};

use crate::{
    domain::{
        Result,
        asset::{self, AssetPath},
        clock::Moment,
        id::DbProfileId,
        import::Place,
        status, suggestion,
        usage::Usage,
    },
    graphql::{
        ids::Key,
        profile::object::LlmProvider,
        run::{
            input::SchemaScopeInput,
            parts::{RunCommand, RunStatus},
        },
        scalar::Long,
        suggestion::object::{AssetKind, ReviewState},
    },
    service::imports::{ImportRuns, RunToImport, SuggestionToImport, WriteToImport},
};

/// Runs that ended elsewhere: all are recorded, or none.
#[derive(InputObject, Debug, Clone)]
pub struct ImportRunsInput {
    /// Where the runs are from, for their event logs: one line of 1 to 200 characters.
    source: String,
    /// The runs, 1 to 100, with at most 1,000 suggestions together. To import a larger run, name it in several requests
    /// with the same `key`.
    runs: Vec<ImportedRunInput>,
    /// Whether to check and count only, and record nothing.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
}

/// A run that ended elsewhere.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedRunInput {
    /// Identifies the run among all imports: 1 to 200 characters. If a run was imported under this key, only
    /// suggestions at positions that it does not have are added, and nothing else changes. After the run was deleted,
    /// the key creates a new one.
    key: String,
    /// The command that started it; not ASK.
    command: RunCommand,
    /// Its status: `READY_FOR_REVIEW`, FAILED or CANCELLED. `READY_FOR_REVIEW` becomes SUCCESS if no suggestion needs a
    /// decision or a write.
    #[graphql(default_with = "RunStatus::ReadyForReview")]
    status: RunStatus,
    /// Why it failed.
    error: Option<String>,
    /// The DB profile of its database. The run can be applied only through this profile.
    db_profile_id: Option<ID>,
    /// The name of its DB profile, if Gloss has no such profile.
    db_profile_name: Option<String>,
    /// The name of its LLM profile. If Gloss has an LLM profile of this name, it counts as the run's.
    llm_profile_name: Option<String>,
    /// The provider. Default: that of the LLM profile.
    provider: Option<LlmProvider>,
    /// The model, as the provider spells it.
    model: Option<String>,
    /// Its scope. An empty level includes everything below it.
    schemas: Option<Vec<SchemaScopeInput>>,
    /// A title: 1 to 200 characters in one line.
    title: Option<String>,
    /// Labels: at most 20 of 1 to 50 characters.
    labels: Option<Vec<String>>,
    /// When it started. Its usage counts from then.
    started_at: Moment,
    /// When it ended. Default: `durationSeconds` after its start.
    finished_at: Option<Moment>,
    /// Seconds of work. Default: the time between start and end.
    duration_seconds: Option<f64>,
    /// What its model used. Default: nothing, at no cost.
    usage: Option<ImportedUsageInput>,
    /// The key of the imported run that it repeats.
    repeats_key: Option<String>,
    /// Its suggestions, or the next ones of a larger run.
    suggestions: Vec<ImportedSuggestionInput>,
}

/// What a model used.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedUsageInput {
    /// Tokens sent; if only a sum is known, all of it.
    #[graphql(default_with = "Long(0)")]
    input_tokens: Long,
    /// Tokens received.
    #[graphql(default_with = "Long(0)")]
    output_tokens: Long,
    /// Cost in United States dollars; null if unknown.
    cost_usd: Option<f64>,
    /// Seconds spent waiting for the model.
    #[graphql(default)]
    model_seconds: f64,
    /// The number of requests.
    #[graphql(default)]
    requests: i32,
}

/// A suggestion that was made elsewhere.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedSuggestionInput {
    /// Its position in the run, from 1. Positions may leave gaps.
    position: i32,
    /// The asset. If the catalog of the DB profile has exactly one asset with these names, that is the asset; otherwise
    /// it is recorded as given.
    asset: ImportedAssetInput,
    /// The wordings, best first: 1 to 20 of 1 to 10,000 characters. The first one is the description.
    alternatives: Vec<ImportedAlternativeInput>,
    /// Mean log-probability per token.
    logprob: Option<f64>,
    /// The model's reasoning.
    reasoning: Option<String>,
    /// What the description rests on.
    evidence: Option<Vec<ImportedEvidenceInput>>,
    /// The comment that stood in the database when the suggestion was made. An apply writes only where this comment
    /// still stands, or where the last write stands.
    existing_comment: Option<String>,
    /// The decision on it. Default: undecided.
    review: Option<ImportedReviewInput>,
    /// The imported suggestion that it repeats: it becomes the next version of that one.
    repeats: Option<ImportedPlaceInput>,
    /// The writes of its text to the database, oldest first. They are part of the audit.
    writes: Option<Vec<ImportedWriteInput>>,
}

/// The names of an asset. Parts that its kind does not have are left out.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedAssetInput {
    /// The kind of asset. TABLE also stands for a view of the catalog.
    kind: AssetKind,
    /// The database. May be left out: the catalog tells it.
    database: Option<String>,
    /// The schema.
    schema: Option<String>,
    /// The table or view.
    table: Option<String>,
    /// The column.
    column: Option<String>,
}

/// A wording.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedAlternativeInput {
    /// The text.
    text: String,
    /// The confidence, 0 to 1.
    confidence: f64,
}

/// A piece of evidence.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedEvidenceInput {
    /// The kind of evidence, in one word.
    source: String,
    /// The evidence in words.
    detail: String,
}

/// A decision that was made elsewhere.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedReviewInput {
    /// The decision.
    state: ReviewState,
    /// The text: with ACCEPTED one of the alternatives, by default the first; with EDITED the reviewer's own.
    text: Option<String>,
    /// The person who decided. Default: the caller.
    reviewer: Option<String>,
    /// When it was decided. Default: now.
    at: Option<Moment>,
}

/// The place of an imported suggestion.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedPlaceInput {
    /// The key of its run.
    run_key: String,
    /// Its position in that run.
    position: i32,
}

/// A comment that another tool wrote.
#[derive(InputObject, Debug, Clone)]
pub struct ImportedWriteInput {
    /// When it was written.
    at: Moment,
    /// The comment before; null if there was none. A roll-back puts it back.
    before: Option<String>,
    /// The comment that was written.
    after: String,
    /// The person who ordered it.
    actor: Option<String>,
}

impl ImportRunsInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns `BadInput` with its path for an invalid id.
    pub fn import(self) -> Result<ImportRuns> {
        let run = |(at, run): (usize, ImportedRunInput)| run.run(&format!("input.runs.{at}"));
        Ok(ImportRuns {
            source: self.source,
            runs: self.runs.into_iter().enumerate().map(run).collect::<Result<_>>()?,
            dry_run: self.dry_run.unwrap_or_default(),
        })
    }
}

impl ImportedRunInput {
    fn run(self, argument: &str) -> Result<RunToImport> {
        let profile = self.db_profile_id.map(|id| DbProfileId::from_argument(&id, &format!("{argument}.dbProfileId")));
        Ok(RunToImport {
            key: self.key,
            command: status::RunCommand::from(self.command),
            status: status::RunStatus::from(self.status),
            error: self.error,
            db_profile_id: profile.transpose()?,
            db_profile_name: self.db_profile_name,
            llm_profile_name: self.llm_profile_name,
            provider: self.provider.map(Into::into),
            model: self.model,
            schemas: self.schemas.unwrap_or_default().into_iter().map(Into::into).collect(),
            title: self.title,
            labels: self.labels.unwrap_or_default(),
            started_at: self.started_at,
            finished_at: self.finished_at,
            duration_seconds: self.duration_seconds,
            usage: self.usage.map(Into::into).unwrap_or_default(),
            repeats: self.repeats_key,
            suggestions: self.suggestions.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<ImportedUsageInput> for Usage {
    fn from(usage: ImportedUsageInput) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a larger number is the maximum")]
        let model_ms = (usage.model_seconds * 1_000.0) as i64;
        Self {
            input_tokens: usage.input_tokens.0,
            cached_input_tokens: 0,
            cache_write_tokens: 0,
            output_tokens: usage.output_tokens.0,
            cost_usd: usage.cost_usd,
            model_ms,
            requests: usage.requests,
            retries: 0,
            repeats: 0,
        }
    }
}

impl From<ImportedSuggestionInput> for SuggestionToImport {
    fn from(it: ImportedSuggestionInput) -> Self {
        let alternative =
            |it: ImportedAlternativeInput| suggestion::Alternative { text: it.text, confidence: it.confidence };
        let evidence = |it: ImportedEvidenceInput| suggestion::Evidence { source: it.source, detail: it.detail };
        let write =
            |it: ImportedWriteInput| WriteToImport { at: it.at, before: it.before, after: it.after, actor: it.actor };
        let review = it.review;
        let state = review.as_ref().map_or(suggestion::ReviewState::Unreviewed, |review| review.state.into());
        let (text, reviewer, reviewed_at) =
            review.map(|review| (review.text, review.reviewer, review.at)).unwrap_or_default();
        Self {
            position: it.position,
            asset: AssetPath {
                kind: asset::AssetKind::from(it.asset.kind),
                database: it.asset.database,
                schema: it.asset.schema,
                table: it.asset.table,
                column: it.asset.column,
            },
            alternatives: it.alternatives.into_iter().map(alternative).collect(),
            logprob: it.logprob,
            reasoning: it.reasoning,
            evidence: it.evidence.unwrap_or_default().into_iter().map(evidence).collect(),
            existing_comment: it.existing_comment,
            state,
            text,
            reviewer,
            reviewed_at,
            repeats: it.repeats.map(|place| Place { run: place.run_key, position: place.position }),
            writes: it.writes.unwrap_or_default().into_iter().map(write).collect(),
        }
    }
}
