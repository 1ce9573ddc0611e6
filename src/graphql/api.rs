//! The interface between a schema and the transports.

use std::sync::Arc;

use async_graphql::{Executor, ObjectType, Request, Response, Schema, SchemaBuilder, SubscriptionType, ValidationMode};
use futures_util::{future::BoxFuture, stream::BoxStream};

use super::{document::Checker, frontier::Frontier, plain::PlainLists};

/// A schema that checks and executes documents. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// Checks documents against the schema.
    pub checker: Checker,
    /// Answers plain lists without the schema; `None` for a schema that has none.
    pub plain: Option<PlainLists>,
    schema: Arc<dyn Execute>,
}

trait Execute: Send + Sync {
    fn once(&self, request: Request) -> BoxFuture<'static, Response>;
    fn stream(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<E: Executor> Execute for E {
    fn once(&self, request: Request) -> BoxFuture<'static, Response> {
        let schema = self.clone();
        Box::pin(async move { schema.execute(request).await })
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request, None)
    }
}

impl Api {
    /// Wraps a schema that [`guarded`] has built.
    pub fn new<Q, M, S>(schema: Schema<Q, M, S>, checker: Checker) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        Self { checker, plain: None, schema: Arc::new(schema) }
    }

    /// Executes a query or a mutation.
    pub async fn execute(&self, request: Request) -> Response {
        self.schema.once(request).await
    }

    /// Executes an operation of any kind. A subscription gives one response per event.
    #[must_use]
    pub fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.stream(request)
    }
}

/// Builds a schema with the extension that runs before every resolver: limits, roles, loaders, and error codes.
pub fn guarded<Q, M, S>(schema: SchemaBuilder<Q, M, S>, checker: Checker) -> Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    // The checker validates documents.
    schema.extension(Frontier(checker)).validation_mode(ValidationMode::Fast).finish()
}
