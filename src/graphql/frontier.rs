//! What stands between a request and the resolvers: limits and roles on the way in, loaders for the way through,
//! codes on the errors that go out. One extension of async-graphql, for queries, mutations and subscriptions alike.

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
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition},
};
use futures_util::{StreamExt, stream::BoxStream};

use super::{
    access,
    batch::{Queue, drive},
    complete::complete,
    context::Viewer,
    error::{BAD_USER_INPUT, LIMIT_EXCEEDED, PARSE_FAILED, VALIDATION_FAILED, coded, finish, with_code},
    limits,
    loader::Loaders,
    order::Order,
};
use crate::service::Services;

/// Makes the extension.
pub struct Frontier;

impl ExtensionFactory for Frontier {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Guard::default())
    }
}

/// One per request.
#[derive(Default)]
struct Guard {
    /// The document, by which answers are put into shape.
    document: OnceLock<ExecutableDocument>,
    /// The order of the fields; a subscription has many answers in the same.
    order: OnceLock<Order>,
    /// The fields that whoever asks may not have.
    refused: Mutex<Vec<ServerError>>,
}

/// Parses a request's document, once, within the limits of its text and of what it asks for. The HTTP layer calls
/// it before it hands a request over, to see what kind of operation it is; what it gives is a finished error.
///
/// # Errors
/// `LIMIT_EXCEEDED`, `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`.
pub fn parse(request: &mut Request) -> Result<&ExecutableDocument, ServerError> {
    limits::check_text(&request.query)?;
    let document = request.parsed_query().map_err(unreadable)?;
    limits::check_document(document)?;
    Ok(document)
}

/// The parser's error without the drawing around it, which repeats the document's line however long that is.
fn unreadable(mut error: ServerError) -> ServerError {
    if let Some((_, expected)) = error.message.rsplit_once("\n  = ") {
        error.message = match error.locations.first() {
            Some(place) => format!("line {}, column {}: {expected}", place.line, place.column),
            None => expected.to_owned(),
        };
    }
    with_code(error, PARSE_FAILED)
}

/// The operation that a name, or no name, chooses from a document.
///
/// # Errors
/// `BAD_USER_INPUT` with the argument `operationName`.
pub fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    use DocumentOperations::{Multiple, Single};
    let chosen = match (&document.operations, name) {
        (Single(operation), None) => Some(operation),
        (Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (Multiple(operations), Some(name)) => operations.get(name),
        (Single(_), Some(_)) | (Multiple(_), None) => None,
    };
    chosen.map(|operation| &operation.node).ok_or_else(|| {
        let message = match name {
            Some(name) => format!("the document has no operation named {name:?}; check `operationName`"),
            None => "the document has several operations; name one in `operationName`".to_owned(),
        };
        let mut error = coded(BAD_USER_INPUT, message);
        error.extensions.get_or_insert_default().set("argument", "operationName");
        error
    })
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
        let operation_name = request.operation_name.clone();
        let viewer = request.data.get(&TypeId::of::<Viewer>()).and_then(|viewer| viewer.downcast_ref()).cloned();
        let document = parse(&mut request)?;
        // The engine would say it too, but only after it has validated, and without a code.
        let operation = operation(document, operation_name.as_deref())?;
        let roots = limits::root_fields(document, operation)?;
        access::check_roots(viewer.as_ref(), operation.ty, &roots)?;
        Ok(request)
    }

    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        // The document is parsed already; what can fail here is the nesting of its fields.
        let document = next.run(context, query, variables).await;
        let document = document.map_err(|error| with_code(error, LIMIT_EXCEEDED))?;
        Ok(self.document.get_or_init(|| document).clone())
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let checked = next.run(context).await.map_err(|errors| {
            errors.into_iter().map(|error| with_code(error, VALIDATION_FAILED)).collect::<Vec<_>>()
        })?;
        limits::check("fields within fields", checked.depth, limits::MAX_DEPTH).map_err(|error| vec![error])?;
        if checked.complexity > limits::MAX_COMPLEXITY {
            let message = format!(
                "the operation costs {}, which is about the number of values in its answer; {} is the most: ask for \
                 smaller pages or fewer fields",
                checked.complexity,
                limits::MAX_COMPLEXITY
            );
            return Err(vec![coded(LIMIT_EXCEEDED, message)]);
        }
        Ok(checked)
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // All else is below a field that was looked at.
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
        let Some(services) = context.data_opt::<Arc<Services>>() else {
            return next.run(context, operation_name).await;
        };
        let queue = Queue::default();
        let mut data = Data::default();
        data.insert(Loaders::new(services, &queue));
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
