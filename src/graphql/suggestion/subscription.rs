//! Watching the suggestions of a run.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, Subscription};
use futures_util::{Stream, StreamExt};

use super::object::Suggestion;
use crate::{
    domain::{Error, id::RunId},
    graphql::{
        context::{loaders, services},
        ids::Key,
        run::object::Run,
        share::place,
    },
    service::suggestion_changes,
};

/// Suggestions of a run that were decided on, applied, rolled back or replaced.
pub struct SuggestionChange(suggestion_changes::SuggestionChange);

/// Suggestions of a run that were decided on, applied, rolled back or replaced.
#[Object]
impl SuggestionChange {
    /// Those that changed, as they are now, by position: at most 200. Empty where `all` is set.
    #[graphql(complexity = "50 + 50 * child_complexity")]
    async fn suggestions(&self, context: &Context<'_>) -> Result<Vec<Suggestion>> {
        let found = services(context).ports.store.suggestions_by_id(&self.0.suggestions).await?;
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_unstable_by_key(|suggestion| (suggestion.position, suggestion.id));
        Ok(found.into_iter().map(|suggestion| Suggestion(Arc::new(suggestion))).collect())
    }

    /// Whether more changed than are named: fetch the list again.
    async fn all(&self) -> bool {
        self.0.all
    }

    /// Their run as it is now.
    async fn run(&self, context: &Context<'_>) -> Result<Run> {
        let run = loaders(context).runs.load(self.0.run_id).await?;
        let run = run.ok_or_else(|| Error::not_found(format!("run #{} was deleted meanwhile", self.0.run_id)))?;
        Ok(Run(run))
    }
}

/// Live suggestions.
#[derive(Default)]
pub struct SuggestionSubscription;

#[Subscription]
impl SuggestionSubscription {
    /// A suggestion of the run was decided on, applied, rolled back or replaced by a re-run: two people who review the
    /// same run see each other's decisions. At most four changes a second, those in between add up; no replay: after a
    /// reconnect, fetch again. Completes when the run is deleted, never before.
    async fn suggestions_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run's global id.")] run_id: ID,
    ) -> Result<impl Stream<Item = Result<SuggestionChange>> + use<>> {
        let run_id = RunId::from_argument(&run_id, "runId")?;
        let changes = services(context).suggestion_changes.watch(run_id).await?;
        if let (Some(place), _) = place(context, 0) {
            place.catch_up();
        }
        Ok(changes.map(|change| Ok(SuggestionChange(change?))))
    }
}
