//! The extension between a request and the resolvers: it enforces limits and roles, provides the loaders, orders the
//! response, and gives errors their codes. It runs for queries, mutations and subscriptions.

use std::{
    any::TypeId,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use async_graphql::{
    Data, PathSegment, QueryPathSegment, Request, Response, ServerError, ServerResult, ValidationResult, Value,
    Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest, NextRequest,
        NextResolve, NextSubscribe, NextValidation, ResolveInfo,
    },
    parser::types::ExecutableDocument,
};
use futures_util::{StreamExt, stream::BoxStream};

use super::{
    access,
    batch::{Queue, drive},
    complete::complete,
    context::Viewer,
    document::{Checker, operation},
    error::{coded, finish, with_code},
    limits,
    loader::Loaders,
    order::Order,
    searches,
};
use crate::{domain::Code, service::Services};

/// Creates the extension for each request. Checks documents that no transport has checked.
pub struct Frontier(pub Checker);

impl ExtensionFactory for Frontier {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Guard {
            checker: self.0.clone(),
            document: OnceLock::new(),
            order: OnceLock::new(),
            refused: Mutex::default(),
        })
    }
}

/// Returns a value from a request's data.
fn value_of<T: Clone + Send + Sync + 'static>(data: &Data) -> Option<T> {
    data.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref()).cloned()
}

/// The extension's state for one request.
struct Guard {
    checker: Checker,
    /// The document, for the order and the nulls of responses.
    document: OnceLock<Arc<ExecutableDocument>>,
    /// The order of the fields; all responses of a subscription use the same.
    order: OnceLock<Order>,
    /// The errors of fields that the caller may not read.
    refused: Mutex<Vec<ServerError>>,
}

impl Guard {
    /// Checks the document of a request that does not come from a transport, and returns what will be executed.
    fn check(&self, request: &mut Request) -> ServerResult<Arc<ExecutableDocument>> {
        let first = |errors: Vec<ServerError>| {
            errors.into_iter().next().unwrap_or_else(|| coded(Code::GraphqlValidationFailed, ""))
        };
        let checked = self.checker.read(&request.query).map_err(first)?;
        let ready = self.checker.operation(&checked, request.operation_name.as_deref(), &request.variables)?;
        request.set_parsed_query(ExecutableDocument::clone(&ready.document));
        request.variables = ready.variables;
        Ok(ready.document)
    }
}

#[async_trait::async_trait]
impl Extension for Guard {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(context).await;
        finish(&mut response);
        response
    }

    fn subscribe<'s>(
        &self,
        context: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let finished = next.run(context, stream).map(|mut response| {
            finish(&mut response);
            response
        });
        finished.boxed()
    }

    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut request = next.run(context, request).await?;
        let document = match value_of::<Arc<ExecutableDocument>>(&request.data) {
            Some(checked) => checked,
            None => self.check(&mut request)?,
        };
        let document = self.document.get_or_init(|| document);
        let operation = operation(document, request.operation_name.as_deref())?;
        let roots = limits::root_fields(document, operation)?;
        access::check_roots(value_of(&request.data).as_ref(), operation.ty, &roots)?;
        searches::check(document, operation, &request.variables)?;
        Ok(request)
    }

    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        // The document is already parsed; the only possible error is the nesting of its fields.
        next.run(context, query, variables).await.map_err(|error| with_code(error, Code::LimitExceeded))
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let checked = next.run(context).await.map_err(|errors| {
            errors.into_iter().map(|error| with_code(error, Code::GraphqlValidationFailed)).collect::<Vec<_>>()
        })?;
        limits::check("levels of fields", checked.depth, limits::MAX_DEPTH).map_err(|error| vec![error])?;
        if checked.complexity > limits::MAX_COMPLEXITY {
            let message = format!(
                "the operation has a cost of {} (about the number of values in its answer); the limit is {}: request \
                 smaller pages or fewer fields",
                checked.complexity,
                limits::MAX_COMPLEXITY
            );
            return Err(vec![coded(Code::LimitExceeded, message)]);
        }
        Ok(checked)
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // Fields of other types are below a field that was checked.
        if access::is_guarded(info.parent_type)
            && let Err(error) = access::check(context.data_opt::<Viewer>(), info.parent_type, info.name)
        {
            let nodes = std::iter::once(info.path_node).chain(info.path_node.parents());
            let mut path: Vec<PathSegment> = nodes
                .map(|node| match node.segment {
                    QueryPathSegment::Index(at) => PathSegment::Index(at),
                    QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
                })
                .collect();
            path.reverse();
            let error = ServerError { locations: vec![info.field.name.pos], path, ..error };
            self.refused.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            return Ok(Some(Value::Null));
        }
        next.run(context, info).await
    }

    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let queue = Queue::default();
        let mut data = Data::default();
        if let Some(services) = context.data_opt::<Arc<Services>>() {
            data.insert(Loaders::new(services, &queue));
        }
        let mut response = drive(next.run_with_data(context, operation_name, data), queue).await;
        response.errors.append(&mut self.refused.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(document) = self.document.get()
            && let Ok(operation) = operation(document, operation_name)
        {
            self.order.get_or_init(|| Order::of(document, operation)).apply(&mut response.data);
            if !response.errors.is_empty() {
                complete(&mut response, document, operation, &context.schema_env.registry);
            }
        }
        response
    }
}
