//! From a request to its results, the same for every transport.
//!
//! The rule: a query ends when nobody waits for it any more, a mutation never does. A client that goes away in
//! the middle must not leave half of its changes done, so a mutation runs in a task of its own, for which a
//! server that stops waits.

use std::panic::resume_unwind;

use async_graphql::{Executor, Response, parser::types::OperationType};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tracing::Instrument;

use super::{Door, request::Prepared};
use crate::graphql::error::coded;

impl<E: Executor> Door<E> {
    /// The one result of a query or a mutation.
    pub(super) async fn execute(self, prepared: Prepared) -> Response {
        let Prepared { request, operation } = prepared;
        let executor = self.executor;
        if operation != OperationType::Mutation {
            return executor.execute(request).await;
        }
        let work = async move { executor.execute(request).await }.in_current_span();
        match tokio::spawn(self.stop.sockets.track_future(work)).await {
            Ok(response) => response,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => Response::from_errors(vec![coded("UNAVAILABLE", "the server is stopping; ask again soon")]),
            },
        }
    }

    /// The results of an operation of any kind.
    pub(super) fn execute_stream(self, prepared: Prepared) -> BoxStream<'static, Response> {
        if prepared.operation == OperationType::Mutation {
            stream::once(self.execute(prepared)).boxed()
        } else {
            self.executor.execute_stream(prepared.request, None)
        }
    }
}
