//! The GraphQL schema: types, resolvers and limits.
//!
//! The rules:
//!
//! - A type wraps a value of the domain, never a row of the store.
//! - A resolver calls a use case or a loader and makes no decisions.
//! - Only `error.rs` turns failures into GraphQL errors.
//! - Every type, field, argument and enum value has a description.
//!
//! Each word of the domain has a folder, for example `run/`, with `object.rs`, `input.rs`, `query.rs`, `mutation.rs`
//! and `subscription.rs` as needed. To add a root object, write it there, add it to [`Query`], [`Mutation`] or
//! [`Subscription`] below, state the roles of its fields in `access.rs`, and print `schema.graphql` again.
#![expect(clippy::unused_async, reason = "async-graphql wants every resolver to be async")]
#![expect(clippy::too_many_arguments, reason = "a connection's arguments are the schema's, each one an argument")]

pub mod access;
mod api;
pub mod apply;
pub mod ask;
mod batch;
pub mod catalog;
pub mod comparison;
mod complete;
pub mod connection;
pub mod context;
pub mod document;
pub mod error;
pub mod export;
mod frontier;
pub mod ids;
pub mod import;
pub mod judge;
pub mod limits;
pub mod loader;
pub mod node;
mod order;
pub mod plain;
pub mod profile;
pub mod review;
mod roots;
pub mod run;
pub mod scalar;
pub mod schedule;
pub mod search;
mod searches;
pub mod server;
pub mod share;
pub mod suggestion;
pub mod token;
pub mod usage;

use std::sync::{Arc, LazyLock};

use async_graphql::{MergedObject, MergedSubscription, Request, SDLExportOptions, Schema, SchemaBuilder, Variables};
use futures_util::{Stream, StreamExt};

pub use self::{
    access::Access,
    api::{Api, guarded},
    context::{Role, Viewer},
    document::{Checker, Ready},
    plain::{Plain, PlainLists},
    share::{Position, Sharing},
};
use crate::service::Services;

/// All queries.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    run::query::RunQuery,
    comparison::query::ComparisonQuery,
    judge::query::JudgeQuery,
    apply::query::ApplyQuery,
    profile::query::ProfileQuery,
    schedule::query::ScheduleQuery,
    search::query::SearchQuery,
    ask::query::AskQuery,
    token::query::TokenQuery,
    usage::query::UsageQuery,
    server::query::ServerQuery,
);

/// All mutations. The fields of one operation run in order.
#[derive(MergedObject, Default)]
pub struct Mutation(
    run::mutation::RunMutation,
    run::again::AgainMutation,
    ask::mutation::AskMutation,
    judge::mutation::JudgeMutation,
    review::mutation::ReviewMutation,
    apply::mutation::ApplyMutation,
    import::mutation::ImportMutation,
    profile::mutation::ProfileMutation,
    schedule::mutation::ScheduleMutation,
    token::mutation::TokenMutation,
);

/// All subscriptions.
#[derive(MergedSubscription, Default)]
pub struct Subscription(run::subscription::RunSubscription, suggestion::subscription::SuggestionSubscription);

/// The schema of Gloss.
pub type GlossSchema = Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .override_output_type_description::<crate::domain::clock::Moment>("A time, RFC 3339 in UTC.")
        .override_output_type_description::<run::object::RunConnection>("One page of runs.")
        .override_output_type_description::<run::event::RunEventConnection>("One page of a run's events.")
        .override_output_type_description::<suggestion::object::SuggestionConnection>(
            "One page of a run's suggestions.",
        )
        .override_output_type_description::<apply::object::ApplyOutcomeConnection>(
            "One page of outcomes of an apply or roll-back.",
        )
        .override_output_type_description::<apply::object::AppliedCommentConnection>(
            "One page of the writes to databases.",
        )
        .override_output_type_description::<schedule::object::ScheduleConnection>("One page of schedules.")
        .override_output_type_description::<ask::object::AskSessionConnection>("One page of sessions.")
        .override_output_type_description::<ask::object::AskTurnConnection>("One page of a session's turns.")
        .override_output_type_description::<search::object::AssetHitConnection>("One page of hits.")
        .override_output_type_description::<profile::coverage::AssetPathConnection>("One page of assets.")
        .override_output_type_description::<catalog::known::CatalogTableConnection>("One page of a catalog.")
        .override_output_type_description::<catalog::object::DatabaseTableConnection>("One page of a schema's tables.")
        .override_output_type_description::<comparison::object::ComparedAssetConnection>("One page of the grid.")
}

/// Returns the checker of documents. All calls share one cache.
pub fn checker() -> Checker {
    static CHECKER: LazyLock<Checker> = LazyLock::new(|| Checker::new(&sdl(), scalar::check));
    CHECKER.clone()
}

/// Returns the schema over these use cases.
pub fn schema(services: Services) -> GlossSchema {
    schema_over(Arc::new(services))
}

fn schema_over(services: Arc<Services>) -> GlossSchema {
    guarded(builder().data(services), checker())
}

/// Returns the schema in the form that the HTTP server needs.
pub fn api(services: Services) -> Api {
    let services = Arc::new(services);
    let mut api = Api::new(schema_over(Arc::clone(&services)), checker());
    api.plain = Some(PlainLists::new(services));
    api
}

/// Executes an operation in this process as the local administrator, and returns the complete response.
pub async fn answer(schema: &GlossSchema, query: &str, variables: serde_json::Value) -> serde_json::Value {
    let request = Request::new(query).variables(Variables::from_json(variables)).data(Viewer::local());
    serde_json::to_value(schema.execute(request).await).unwrap_or_default()
}

/// Executes a subscription in this process as the local administrator, and returns the responses as they come.
pub fn results(
    schema: &GlossSchema,
    query: &str,
    variables: serde_json::Value,
) -> impl Stream<Item = serde_json::Value> + Send + use<> {
    let request = Request::new(query).variables(Variables::from_json(variables)).data(Viewer::local());
    schema.execute_stream(request).map(|response| serde_json::to_value(response).unwrap_or_default())
}

/// Returns the schema in the schema definition language. The text is the same in every process.
#[must_use]
pub fn sdl() -> String {
    // Types are sorted by name. Fields and values keep the order of the code, which is the better order to read.
    let options = SDLExportOptions::new().prefer_single_line_descriptions().use_space_ident();
    builder().finish().sdl_with_options(options)
}
