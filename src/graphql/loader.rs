//! Loaders: one statement fetches the related records of a whole list.
//!
//! The rule: a resolver that follows a key asks a loader, never the store. Loaders live as long as one operation or one
//! event of a subscription, so they never return stale records. To add one, add a field and its look-up.

use std::{collections::HashMap, sync::Arc};

use futures_util::future::try_join_all;

use super::batch::{Batch, Queue, batch};
use crate::{
    domain::{
        apply::AppliedComment,
        ask::{AskSession, AskTurn, ToolUse},
        catalog::TableDetail,
        id::{
            ApiTokenId, AppliedCommentId, AskSessionId, AskTurnId, DbProfileId, LlmProfileId, RunId, ScheduleId,
            SuggestionId,
        },
        judge::Verdict,
        profile::{DbProfile, LlmProfile},
        run::Run,
        schedule::Schedule,
        suggestion::{Alternative, ConfidenceDistribution, Evidence, ReviewCounts, Suggestion},
        token::ApiToken,
    },
    port::store::WorkerRecord,
    service::Services,
};

/// The key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableKey {
    /// The profile.
    pub profile: DbProfileId,
    /// The database.
    pub database: String,
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
}

/// The loaders of one operation.
pub struct Loaders {
    /// Runs.
    pub runs: Batch<RunId, Arc<Run>>,
    /// DB profiles.
    pub db_profiles: Batch<DbProfileId, Arc<DbProfile>>,
    /// LLM profiles.
    pub llm_profiles: Batch<LlmProfileId, Arc<LlmProfile>>,
    /// The default LLM profile.
    pub default_llm_profile: Batch<(), Arc<LlmProfile>>,
    /// Schedules.
    pub schedules: Batch<ScheduleId, Arc<Schedule>>,
    /// Suggestions.
    pub suggestions: Batch<SuggestionId, Arc<Suggestion>>,
    /// The alternatives of suggestions.
    pub alternatives: Batch<SuggestionId, Vec<Alternative>>,
    /// The evidence of suggestions.
    pub evidence: Batch<SuggestionId, Vec<Evidence>>,
    /// All suggestions in the chain of re-runs of a suggestion, by version.
    pub chains: Batch<SuggestionId, Vec<Arc<Suggestion>>>,
    /// The newest verdicts on pairs, by their first suggestions.
    pub verdicts: Batch<SuggestionId, Vec<Verdict>>,
    /// Written comments.
    pub applied_comments: Batch<AppliedCommentId, Arc<AppliedComment>>,
    /// Ask sessions.
    pub ask_sessions: Batch<AskSessionId, Arc<AskSession>>,
    /// Questions and answers.
    pub ask_turns: Batch<AskTurnId, Arc<AskTurn>>,
    /// The questions that runs answer.
    pub turns_of_runs: Batch<RunId, Arc<AskTurn>>,
    /// The tool calls of answers.
    pub tool_uses: Batch<AskTurnId, Vec<ToolUse>>,
    /// Tokens.
    pub api_tokens: Batch<ApiTokenId, Arc<ApiToken>>,
    /// The number of suggestions per confidence band.
    pub confidence: Batch<RunId, ConfidenceDistribution>,
    /// The number of suggestions per review state.
    pub reviews: Batch<RunId, ReviewCounts>,
    /// Workers.
    pub workers: Batch<String, WorkerRecord>,
    /// The runs that workers hold.
    pub runs_of_workers: Batch<String, Vec<Arc<Run>>>,
    /// The columns and other details of tables.
    pub details: Batch<TableKey, Arc<TableDetail>>,
}

/// Wraps values in `Arc`s, so that a record with many references is not copied.
fn shared<K: Eq + std::hash::Hash, V>(found: HashMap<K, V>) -> HashMap<K, Arc<V>> {
    found.into_iter().map(|(key, value)| (key, Arc::new(value))).collect()
}

/// Wraps lists of values in the same way.
fn shared_lists<K: Eq + std::hash::Hash, V>(found: HashMap<K, Vec<V>>) -> HashMap<K, Vec<Arc<V>>> {
    found.into_iter().map(|(key, values)| (key, values.into_iter().map(Arc::new).collect())).collect()
}

/// A look-up in the store: the port's method, and a function that shapes its result.
macro_rules! from_store {
    ($services:ident, $queue:ident, $method:ident, $shape:expr) => {{
        let store = $services.ports.store.clone();
        batch($queue, move |keys| {
            let store = store.clone();
            Box::pin(async move { store.$method(&keys).await.map($shape) })
        })
    }};
}

impl Loaders {
    /// Creates empty loaders.
    pub fn new(services: &Services, queue: &Queue) -> Self {
        let store = services.ports.store.clone();
        let workers = batch(queue, move |ids: Vec<String>| {
            let store = store.clone();
            Box::pin(async move {
                let all = store.workers().await?;
                Ok(all.into_iter().filter(|it| ids.contains(&it.id)).map(|it| (it.id.clone(), it)).collect())
            })
        });
        let store = services.ports.store.clone();
        let default_llm_profile = batch(queue, move |_| {
            let store = store.clone();
            Box::pin(async move {
                let default = store.llm_profiles().await?.into_iter().find(|profile| profile.settings.is_default);
                Ok(default.into_iter().map(|profile| ((), Arc::new(profile))).collect())
            })
        });
        let services_of_details = services.clone();
        let details = batch(queue, move |keys| {
            let services = services_of_details.clone();
            Box::pin(async move { details(&services, keys).await })
        });
        Self {
            runs: from_store!(services, queue, runs_by_id, shared),
            db_profiles: from_store!(services, queue, db_profiles_by_id, shared),
            llm_profiles: from_store!(services, queue, llm_profiles_by_id, shared),
            default_llm_profile,
            schedules: from_store!(services, queue, schedules_by_id, shared),
            suggestions: from_store!(services, queue, suggestions_by_id, shared),
            alternatives: from_store!(services, queue, alternatives, |found| found),
            evidence: from_store!(services, queue, evidence, |found| found),
            chains: from_store!(services, queue, chains, shared_lists),
            verdicts: from_store!(services, queue, verdicts, |found| found),
            applied_comments: from_store!(services, queue, applied_comments_by_id, shared),
            ask_sessions: from_store!(services, queue, sessions_by_id, shared),
            ask_turns: from_store!(services, queue, turns_by_id, shared),
            turns_of_runs: from_store!(services, queue, turns_of_runs, shared),
            tool_uses: from_store!(services, queue, tool_uses, |found| found),
            api_tokens: from_store!(services, queue, api_tokens_by_id, shared),
            confidence: from_store!(services, queue, confidence_distributions, |found| found),
            reviews: from_store!(services, queue, review_counts, |found| found),
            workers,
            runs_of_workers: from_store!(services, queue, runs_of_workers, shared_lists),
            details,
        }
    }
}

/// Reads the details of tables, with one call per schema.
async fn details(
    services: &Services,
    keys: Vec<TableKey>,
) -> crate::domain::Result<HashMap<TableKey, Arc<TableDetail>>> {
    let mut schemas: HashMap<(DbProfileId, String, String), Vec<String>> = HashMap::new();
    for key in keys {
        schemas.entry((key.profile, key.database, key.schema)).or_default().push(key.table);
    }
    let profiles: Vec<DbProfileId> = schemas.keys().map(|(profile, ..)| *profile).collect();
    let profiles = services.ports.store.db_profiles_by_id(&profiles).await?;
    let profiles = &profiles;
    let reads = schemas.into_iter().map(|((id, database, schema), tables)| async move {
        let Some(profile) = profiles.get(&id) else { return Ok(Vec::new()) };
        let found = services.catalog.details(profile, &database, &schema, &tables).await?;
        let keyed = found.into_iter().map(move |detail| {
            let table = detail.table.name.clone();
            let key = TableKey { profile: id, database: database.clone(), schema: schema.clone(), table };
            (key, Arc::new(detail))
        });
        Ok::<_, crate::domain::Error>(keyed.collect())
    });
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}
