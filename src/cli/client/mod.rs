//! The client of the commands: one interface to a server, or to the store in this process.
//!
//! The rule: both modes execute the same operations of the API and give the same errors. Nothing else of a command
//! knows which of them it uses.

mod events;
mod export;
mod http;

use std::{
    any::Any,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};
use serde_json::{Value, json};

pub use self::{
    events::Events,
    export::Pieces,
    http::{Http, OPERATIONS},
};
use super::{error::CliError, operation::Operation, terms};
use crate::{
    domain::Code,
    graphql::{
        self, GlossSchema,
        export::{ExportRequest, OpenExport},
        profile::export::DescriptionsExport,
    },
};

/// The waits before an idempotent mutation is sent again: about 10 seconds together.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const RETRIES: usize = 8;
/// How long a command waits for a server that it has already used.
pub const PATIENCE: Duration = Duration::from_mins(10);

/// The environment variable that holds the token for a server.
pub const TOKEN: &str = "GLOSS_TOKEN";

/// What a command needs of the store, if it opens the store itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Its records only. The key of its secrets may be missing.
    Records,
    /// Also its secrets: it stores a password, or connects to a database or model.
    Secrets,
    /// Also workers, which execute runs as long as the command runs.
    Workers,
}

/// A client of a server, or of the store in this process.
pub enum Client {
    /// A server at an address.
    Server(Http),
    /// The store in this process.
    Own(Own),
}

/// The store in this process.
pub struct Own {
    /// The GraphQL operations.
    pub schema: Box<GlossSchema>,
    /// Opens an export.
    pub export: Box<OpenExport>,
    /// Lets the workers of this process execute the run with this global id.
    pub execute: Box<dyn Fn(&str) + Send + Sync>,
    /// Stops the workers and closes the store, once.
    pub close: Mutex<Option<BoxFuture<'static, ()>>>,
    /// The locks on the data folder and the store, held as long as the client.
    pub locks: Box<dyn Any + Send + Sync>,
}

impl Client {
    /// The address of the server; `None` for the store in this process.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        match self {
            Self::Server(http) => Some(http.base()),
            Self::Own(_) => None,
        }
    }

    /// Executes a query or mutation and returns its `data`.
    ///
    /// # Errors
    /// Returns [`CliError::Unreachable`] if the server does not answer, [`CliError::NoGloss`] if the answer is not
    /// Gloss's, [`CliError::OtherVersion`] if the server does not know the operation, [`CliError::Unauthenticated`] if
    /// it requires a valid token, and [`CliError::Refused`] for any other error of the operation.
    pub async fn data(&self, operation: Operation, variables: Value) -> Result<Value, CliError> {
        debug_assert!(super::operations().any(|known| known == operation.0), "{} is in no list", operation.0);
        match self {
            Self::Own(own) => data_of(graphql::answer(&own.schema, operation.0, variables).await, None),
            Self::Server(http) => http.data(operation.0, &variables).await,
        }
    }

    /// Executes a mutation that starts runs. It has an idempotency key, so it can be sent again if the answer is lost:
    /// the runs start only once.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`], once sending it again for some seconds has not helped.
    pub async fn start(&self, operation: Operation, mut input: Value) -> Result<Value, CliError> {
        input["idempotencyKey"] = new_key()?.into();
        self.idempotent(operation, &json!({ "input": input })).await
    }

    /// Executes a mutation that has the same effect once or several times. If the answer is lost, it is sent again.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`], once sending it again for some seconds has not helped.
    pub async fn idempotent(&self, operation: Operation, variables: &Value) -> Result<Value, CliError> {
        let waits = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT);
        for wait in waits.with_max_times(RETRIES).build() {
            match self.data(operation, variables.clone()).await {
                Err(error) if error.is_passing() => tokio::time::sleep(wait).await,
                answer => return answer,
            }
        }
        self.data(operation, variables.clone()).await
    }

    /// Executes a query at the end of a command that has watched a run. If the server is away, for example because it
    /// restarts, sends it again, as the watching does.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`], once sending it again for ten minutes has not helped.
    pub async fn data_at_the_end(&self, operation: Operation, variables: Value) -> Result<Value, CliError> {
        let start = Instant::now();
        let waits = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT);
        for wait in waits.without_max_times().build() {
            match self.data(operation, variables.clone()).await {
                Err(error) if error.is_passing() && start.elapsed() < PATIENCE => tokio::time::sleep(wait).await,
                answer => return answer,
            }
        }
        self.data(operation, variables).await
    }

    /// Starts a subscription.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`].
    pub async fn subscribe(&self, operation: Operation, variables: Value) -> Result<Events, CliError> {
        debug_assert!(super::operations().any(|known| known == operation.0), "{} is in no list", operation.0);
        match self {
            Self::Own(own) => {
                let results: BoxStream<'static, Value> = graphql::results(&own.schema, operation.0, variables).boxed();
                Ok(Events::own(results))
            }
            Self::Server(http) => http.subscribe(operation.0, &variables).await.map(Events::server),
        }
    }

    /// Opens an export of descriptions of any size.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`].
    pub async fn export(&self, request: DescriptionsExport) -> Result<Pieces, CliError> {
        match self {
            Self::Own(own) => match (own.export)(ExportRequest::Descriptions(request)).await {
                Ok(export) => {
                    let text = export.text.map(|piece| piece.map_err(|error| error_of(&json!(error), None)));
                    Ok(Pieces::own(text.boxed()))
                }
                Err(error) => Err(error_of(&json!(error), None)),
            },
            Self::Server(http) => Ok(Pieces::server(http.base(), http.export(&request).await?)),
        }
    }

    /// Lets a run be executed that the command waits for. A server does this by itself; the workers of this process
    /// execute only the runs that they are given here, so that a command does not work on the runs of others.
    pub fn execute(&self, run: &str) {
        if let Self::Own(own) = self {
            (own.execute)(run);
        }
    }

    /// Ends the client. In this process, the workers stop and record what they have done.
    pub async fn close(&self) {
        if let Self::Own(own) = self {
            let close = own.close.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(close) = close {
                close.await;
            }
        }
    }
}

/// Returns a new idempotency key.
fn new_key() -> Result<String, CliError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        let message = format!("the system provides no random numbers: {error}");
        CliError::Refused { code: Code::Internal, message }
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Returns the `data` of an answer, or its first error. A field that could not be read is null, with an error: a
/// command needs all of its fields.
fn data_of(mut answer: Value, server: Option<&str>) -> Result<Value, CliError> {
    if let Some(error) = answer["errors"].get(0) {
        return Err(error_of(error, server));
    }
    match answer["data"].take() {
        Value::Null => Err(CliError::NoGloss(server.unwrap_or("this process").to_owned())),
        data => Ok(data),
    }
}

/// Returns what an error of an answer means.
fn error_of(error: &Value, server: Option<&str>) -> CliError {
    let message = terms::in_terminal(error["message"].as_str().unwrap_or_default());
    let code = error["extensions"]["code"].as_str().and_then(|code| code.parse().ok()).unwrap_or(Code::Internal);
    match (code, server) {
        (Code::Unauthenticated, Some(server)) => CliError::Unauthenticated { server: server.to_owned(), message },
        (Code::Internal, _) => {
            let id = error["extensions"]["correlationId"].as_str().unwrap_or("unknown");
            let message = format!("{message}; the log of the server has the cause under the id {id}");
            CliError::Refused { code, message }
        }
        _ => CliError::Refused { code, message },
    }
}
