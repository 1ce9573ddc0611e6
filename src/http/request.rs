//! What comes in, whatever the transport: checked, parsed, its operation found.
//!
//! The rule: a document is parsed once, here, by [`graphql::parse`], which keeps the limits; what a transport
//! allows is decided from the operation that was parsed, never from the text.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use async_graphql::{
    Request as GraphqlRequest, Value as ConstValue, Variables,
    parser::types::{OperationDefinition, OperationType},
};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue},
    middleware::Next,
    response::Response,
};
use serde_json::{Map, Value};

use super::asker::Asker;
use super::{REQUEST_ID, answer::Refusal};
use crate::graphql;

/// What a request says, of the right types; the document is text as yet.
pub struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Map<String, Value>,
    extensions: Map<String, Value>,
}

impl Parameters {
    /// From the JSON object that POST and WebSocket carry.
    pub fn from_json(body: Value) -> Result<Self, Refusal> {
        let Value::Object(mut body) = body else {
            let hint = if body.is_array() { "; send the operations of a batch one by one" } else { "" };
            return Err(Refusal::bad_input("query", format!("the body must be a JSON object{hint}")));
        };
        let query = match body.remove("query") {
            Some(Value::String(query)) => query,
            Some(_) => return Err(Refusal::bad_input("query", "`query` must be a string")),
            None => return Err(Refusal::bad_input("query", "`query` is missing: send the document in it")),
        };
        let operation_name = match body.remove("operationName") {
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            None | Some(Value::Null) => None,
            Some(_) => return Err(Refusal::bad_input("operationName", "`operationName` must be a string or null")),
        };
        let variables = object(body.remove("variables"), "variables")?;
        let extensions = object(body.remove("extensions"), "extensions")?;
        Ok(Self { query, operation_name, variables, extensions })
    }

    /// From the parameters of a GET.
    pub fn from_query(parameters: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut body = Map::new();
        for (name, text) in parameters {
            let parsed = match name.as_str() {
                "query" | "operationName" => Value::String(text),
                "variables" | "extensions" if text.is_empty() => Value::Null,
                "variables" => parse(&text, "variables")?,
                "extensions" => parse(&text, "extensions")?,
                _ => continue,
            };
            body.insert(name, parsed);
        }
        Self::from_json(Value::Object(body))
    }

    /// Parses the document and finds the operation that is asked for.
    pub fn prepare(self) -> Result<Prepared, Refusal> {
        let Self { query, operation_name, variables, extensions } = self;
        let mut request = GraphqlRequest::new(query);
        if !extensions.is_empty() {
            request.extensions = serde_json::from_value(Value::Object(extensions))
                .map_err(|error| Refusal::bad_input("extensions", format!("`extensions` cannot be read: {error}")))?;
        }
        let document = graphql::parse(&mut request)?;
        let variables = Variables::from_json(Value::Object(variables));
        let operation = graphql::operation(document, operation_name.as_deref())?;
        check_required(operation, &variables)?;
        let operation = operation.ty;
        request.operation_name = operation_name;
        request.variables = variables;
        Ok(Prepared { request, operation })
    }
}

/// A request that may be executed.
pub struct Prepared {
    /// For the executor; the document is parsed.
    pub request: GraphqlRequest,
    /// The kind of the operation that was asked for.
    pub operation: OperationType,
}

impl Prepared {
    /// The same, asked by somebody.
    pub fn asked_by(mut self, asker: &Asker) -> Self {
        asker.introduce(&mut self.request.data);
        self
    }
}

/// Finds required variables that were not given: the executor would find them only half-way through.
fn check_required(operation: &OperationDefinition, variables: &Variables) -> Result<(), Refusal> {
    for definition in &operation.variable_definitions {
        let wanted = &definition.node;
        let name = &wanted.name.node;
        let given = variables.get(name).is_some_and(|value| *value != ConstValue::Null);
        if !given && !wanted.var_type.node.nullable && (wanted.default_value.is_none() || variables.contains_key(name))
        {
            let message = format!("variable `${name}` of type `{}` must be given and not null", wanted.var_type.node);
            return Err(Refusal {
                locations: vec![definition.pos],
                ..Refusal::document("GRAPHQL_VALIDATION_FAILED", message)
            });
        }
    }
    Ok(())
}

fn object(value: Option<Value>, argument: &'static str) -> Result<Map<String, Value>, Refusal> {
    match value {
        Some(Value::Object(object)) => Ok(object),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err(Refusal::bad_input(argument, format!("`{argument}` must be an object or null"))),
    }
}

fn parse(text: &str, argument: &'static str) -> Result<Value, Refusal> {
    serde_json::from_str(text)
        .map_err(|error| Refusal::bad_input(argument, format!("`{argument}` is not JSON: {error}")))
}

/// The id of a request: in its answer, in the log, and in an error whose cause is in the log alone.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The id that [`set_request_id`] has left in the headers.
    pub fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives each request an id: the one that a proxy in front gave it, where it is a plain short word, else a
/// new one.
pub async fn set_request_id(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).is_some_and(|id| {
        !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    });
    if !given && let Ok(id) = HeaderValue::from_str(&new_id()) {
        request.headers_mut().insert(REQUEST_ID, id);
    }
    next.run(request).await
}

/// Unique over restarts as well: the moment of the start, in microseconds, and a counter.
fn new_id() -> String {
    static START: LazyLock<i64> = LazyLock::new(|| chrono::Utc::now().timestamp_micros());
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", *START, COUNTER.fetch_add(1, Ordering::Relaxed))
}
