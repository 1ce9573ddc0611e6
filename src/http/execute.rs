//! Executes a query or a mutation, for every transport.
//!
//! The rule: a query is dropped when nobody waits for it any more; a mutation always runs to its end, so that a client
//! that disconnects does not leave half of its changes done. A mutation therefore runs in a separate task, for which a
//! stopping server waits. After [`super::limits::Limits::request_within`] the client gets an error.

use std::{
    panic::resume_unwind,
    time::{Duration, Instant},
};

use async_graphql::{
    Request, Response, Value,
    parser::types::{OperationType, Selection},
};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    Door,
    caller::Caller,
    refusal::Refusal,
    request::{Parameters, Prepared},
};
use crate::telemetry::metrics;

impl Door {
    /// Checks the parameters and returns the request.
    pub(super) fn prepare(&self, parameters: Parameters) -> Result<Prepared, Refusal> {
        let prepared = parameters.prepare(&self.documents, &self.api.checker);
        prepared.inspect_err(|refusal| metrics::operation_error(refusal.code.as_str()))
    }

    /// Returns the JSON of the answer to a plain list; `None` if the request is to be prepared and executed.
    pub(super) async fn plain(&self, caller: &Caller, parameters: &Parameters) -> Option<Result<String, Refusal>> {
        let lists = self.api.plain.as_ref()?;
        let (plain, variables) = parameters.plain(&self.documents, &self.api.checker)?;
        let limit = self.limits.request_within;
        let begun = Instant::now();
        let answering = lists.answer(&plain, &variables, &caller.viewer).instrument(span(QUERY, PLAIN));
        match timeout(limit, answering).await {
            Ok(answer) => {
                if answer.is_some() {
                    metrics::operation(QUERY, PLAIN.to_owned(), begun.elapsed());
                }
                answer.map(Ok)
            }
            Err(_elapsed) => Some(Err(took_too_long(limit))),
        }
    }

    /// Executes a query or a mutation.
    ///
    /// # Errors
    /// Returns `UNAVAILABLE` if it takes too long; a mutation runs on.
    pub(super) async fn execute(
        self,
        caller: Caller,
        mut request: Request,
        operation: OperationType,
    ) -> Result<Response, Refusal> {
        let (kind, root) = (kind(operation), root_of(&mut request));
        let begun = Instant::now();
        let span = span(kind, &root);
        let done = self.run(caller, request, operation).instrument(span).await;
        metrics::operation(kind, root, begun.elapsed());
        match &done {
            Ok(response) => response.errors.iter().for_each(|error| {
                let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
                metrics::operation_error(if let Some(Value::String(code)) = code { code } else { "INTERNAL" });
            }),
            Err(refusal) => metrics::operation_error(refusal.code.as_str()),
        }
        done
    }

    async fn run(self, caller: Caller, mut request: Request, operation: OperationType) -> Result<Response, Refusal> {
        caller.introduce(&mut request.data);
        let limit = self.limits.request_within;
        let api = self.api;
        if operation != OperationType::Mutation {
            return timeout(limit, api.execute(request)).await.map_err(|_elapsed| took_too_long(limit));
        }
        let work = async move { api.execute(request).await }.in_current_span();
        match timeout(limit, tokio::spawn(self.stop.tasks.track_future(work))).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(failed)) => match failed.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => Err(Refusal::unavailable("the server is stopping; try again in a few seconds")),
            },
            Err(_elapsed) => Err(Refusal::unavailable(format!(
                "the mutation is still running after {} s; check what it has changed before you send it again",
                limit.as_secs()
            ))),
        }
    }
}

/// The kind of a query.
const QUERY: &str = "query";
/// The root field of plain lists.
const PLAIN: &str = "runs";

const fn kind(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => QUERY,
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// Returns the root field of an operation; `several` if it has several. Their names come from the schema, unlike those
/// that clients give to operations.
fn root_of(request: &mut Request) -> String {
    let Ok(document) = request.parsed_query() else { return "unknown".to_owned() };
    let items = document.operations.iter().next().map(|(_, operation)| &operation.node.selection_set.node.items);
    match items.map(Vec::as_slice) {
        Some([only]) => match &only.node {
            Selection::Field(field) => field.node.name.node.to_string(),
            _ => "several".to_owned(),
        },
        _ => "several".to_owned(),
    }
}

/// The span of an operation, which only traces and a log at `debug` show.
fn span(kind: &'static str, root: &str) -> tracing::Span {
    tracing::debug_span!("graphql", "graphql.operation.type" = kind, "graphql.operation.field" = root)
}

fn took_too_long(limit: Duration) -> Refusal {
    Refusal::unavailable(format!("the query was cancelled after {} s; request less data", limit.as_secs()))
}
