//! A schema as its transports see it.

use std::sync::Arc;

use async_graphql::{Executor, ObjectType, Request, Response, Schema, SchemaBuilder, SubscriptionType, ValidationMode};
use futures_util::{future::BoxFuture, stream::BoxStream};

use super::{document::Checker, frontier::Frontier};

/// A schema that is served: checks documents, and executes them. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// Checks documents against the schema.
    pub checker: Checker,
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
    /// Serves a schema that [`guarded`] has built.
    pub fn new<Q, M, S>(schema: Schema<Q, M, S>, checker: Checker) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        Self { checker, schema: Arc::new(schema) }
    }

    /// Executes a query or a mutation.
    pub async fn execute(&self, request: Request) -> Response {
        self.schema.once(request).await
    }

    /// Executes an operation of any kind; the results of a subscription come one by one.
    #[must_use]
    pub fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.stream(request)
    }
}

/// Finishes a schema with what stands before every resolver: limits, roles, loaders, and the codes of errors.
pub fn guarded<Q, M, S>(schema: SchemaBuilder<Q, M, S>, checker: Checker) -> Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    // The checker has validated.
    schema.extension(Frontier(checker)).validation_mode(ValidationMode::Fast).finish()
}
