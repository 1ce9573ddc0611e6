//! Executes a query or a mutation, for every transport.
//!
//! The rule: a query is dropped when nobody waits for it any more; a mutation always runs to its end, so that a client
//! that disconnects does not leave half of its changes done. A mutation therefore runs in a separate task, for which a
//! stopping server waits. After [`super::limits::Limits::request_within`] the client gets an error.

use std::{panic::resume_unwind, time::Duration};

use async_graphql::{Request, Response, parser::types::OperationType};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    Door,
    caller::Caller,
    refusal::Refusal,
    request::{Parameters, Prepared},
};

impl Door {
    /// Checks the parameters and returns the request.
    pub(super) fn prepare(&self, parameters: Parameters) -> Result<Prepared, Refusal> {
        parameters.prepare(&self.documents, &self.api.checker)
    }

    /// Returns the JSON of the answer to a plain list; `None` if the request is to be prepared and executed.
    pub(super) async fn plain(&self, caller: &Caller, parameters: &Parameters) -> Option<Result<String, Refusal>> {
        let lists = self.api.plain.as_ref()?;
        let (plain, variables) = parameters.plain(&self.documents, &self.api.checker)?;
        let limit = self.limits.request_within;
        match timeout(limit, lists.answer(&plain, &variables, &caller.viewer)).await {
            Ok(answer) => answer.map(Ok),
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

fn took_too_long(limit: Duration) -> Refusal {
    Refusal::unavailable(format!("the query was cancelled after {} s; request less data", limit.as_secs()))
}
