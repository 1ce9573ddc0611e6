//! The subscription to changes of a run's suggestions.

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
        share::position,
    },
    service::suggestion_changes,
};

/// A change of a run's suggestions: decided, applied, rolled back or replaced.
pub struct SuggestionChange(suggestion_changes::SuggestionChange);

/// A change of a run's suggestions: decided, applied, rolled back or replaced.
#[Object]
impl SuggestionChange {
    /// The changed suggestions as they are now, by position, at most 200. Empty if `all` is set.
    #[graphql(complexity = "50 + 50 * child_complexity")]
    async fn suggestions(&self, context: &Context<'_>) -> Result<Vec<Suggestion>> {
        let found = services(context).ports.store.suggestions_by_id(&self.0.suggestions).await?;
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_unstable_by_key(|suggestion| (suggestion.position, suggestion.id));
        Ok(found.into_iter().map(|suggestion| Suggestion(Arc::new(suggestion))).collect())
    }

    /// Whether more changed than is listed. If so, fetch the list again.
    async fn all(&self) -> bool {
        self.0.all
    }

    /// The run as it is now.
    async fn run(&self, context: &Context<'_>) -> Result<Run> {
        let run = loaders(context).runs.load_one(self.0.run_id).await?;
        let run = run.ok_or_else(|| Error::not_found(format!("run #{} has been deleted", self.0.run_id)))?;
        Ok(Run(run))
    }
}

/// The subscription to changes of a run's suggestions.
#[derive(Default)]
pub struct SuggestionSubscription;

#[Subscription]
impl SuggestionSubscription {
    /// The changes of a run's suggestions: decisions, applies, roll-backs and re-runs, so that several reviewers see
    /// each other's work. At most four changes a second, combined. There is no replay: after a reconnect, fetch the
    /// list again. Completes only when the run is deleted.
    async fn suggestions_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run's global id.")] run_id: ID,
    ) -> Result<impl Stream<Item = Result<SuggestionChange>> + use<>> {
        let run_id = RunId::from_argument(&run_id, "runId")?;
        let changes = services(context).suggestion_changes.watch(run_id).await?;
        if let (Some(position), _) = position(context, 0) {
            position.catch_up();
        }
        Ok(changes.map(|change| Ok(SuggestionChange(change?))))
    }
}
