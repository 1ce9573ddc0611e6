//! From the input of any transport to a checked GraphQL request.
//!
//! The rule: only [`Checker`] parses a document, and it enforces the limits. A transport decides what it allows by the
//! checked operation, never by the text.

use std::sync::Arc;

use async_graphql::{Request as GraphqlRequest, Variables, parser::types::OperationType};
use serde_json::{Map, Value};

use super::{documents::Documents, refusal::Refusal};
use crate::graphql::{Checker, Plain, Ready, Sharing};

/// The parameters of a request, with the right types. The document is not parsed yet.
pub struct Parameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Map<String, Value>,
    extensions: Map<String, Value>,
}

impl Parameters {
    /// Reads the JSON object of a POST body or of a WebSocket message.
    pub fn from_json(body: Value) -> Result<Self, Refusal> {
        let Value::Object(mut body) = body else {
            return Err(Refusal::bad_input("query", "the body must be a JSON object"));
        };
        let query = text(body.remove("query"), "query")?;
        let document_id = text(body.remove("documentId"), "documentId")?;
        let operation_name = text(body.remove("operationName"), "operationName")?.filter(|name| !name.is_empty());
        let variables = object(body.remove("variables"), "variables")?;
        let extensions = object(body.remove("extensions"), "extensions")?;
        let is_named = document_id.is_some() || extensions.get("persistedQuery").is_some_and(|it| !it.is_null());
        if query.is_none() && !is_named {
            return Err(Refusal::bad_input("query", "`query` is missing; set it to the GraphQL document"));
        }
        Ok(Self { query, document_id, operation_name, variables, extensions })
    }

    /// Reads the query parameters of a GET; unknown ones are ignored.
    pub fn from_query(parameters: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut body = Map::new();
        for (name, text) in parameters {
            let parsed = match name.as_str() {
                "query" | "operationName" | "documentId" => Value::String(text),
                "variables" | "extensions" if text.is_empty() => Value::Null,
                "variables" => parse(&text, "variables")?,
                "extensions" => parse(&text, "extensions")?,
                _ => continue,
            };
            body.insert(name, parsed);
        }
        Self::from_json(Value::Object(body))
    }

    /// Returns an extension by name.
    pub fn extension(&self, name: &str) -> Option<&Value> {
        self.extensions.get(name)
    }

    /// Returns the operation, if it is a plain list, with its variables. `None` also if anything in it is wrong.
    pub fn plain(&self, documents: &Documents, checker: &Checker) -> Option<(Arc<Plain>, Variables)> {
        // The extensions of persisted documents are for `prepare`.
        self.extensions.is_empty().then_some(())?;
        let document = documents.find(self.query.clone(), self.document_id.as_deref(), None).ok()?;
        let checked = checker.read(document.text()).ok()?;
        let variables = Variables::from_json(Value::Object(self.variables.clone()));
        checker.plain(&checked, self.operation_name.as_deref(), &variables)
    }

    /// Finds the document and its operation, and checks both.
    pub fn prepare(self, documents: &Documents, checker: &Checker) -> Result<Prepared, Refusal> {
        let Self { query, document_id, operation_name, variables, extensions } = self;
        let persisted = extensions.get("persistedQuery").filter(|it| !it.is_null());
        let document = documents.find(query, document_id.as_deref(), persisted)?;
        let checked = checker.read(document.text())?;
        documents.remember(document);
        let variables = Variables::from_json(Value::Object(variables));
        let ready = Arc::new(checker.operation(&checked, operation_name.as_deref(), &variables)?);
        let mut request = ready.request();
        if !extensions.is_empty() {
            request.extensions = serde_json::from_value(Value::Object(extensions)).map_err(|error| {
                Refusal::bad_input("extensions", format!("`extensions` is invalid: {}", without_value(&error)))
            })?;
        }
        let operation = ready.kind;
        let shared = ready.sharing().map(|sharing| (sharing, ready));
        Ok(Prepared { request, operation, shared })
    }
}

/// A checked request, ready to be executed.
pub struct Prepared {
    /// The request for the executor, with the parsed document.
    pub request: GraphqlRequest,
    /// The kind of its operation.
    pub operation: OperationType,
    /// For a subscription that can be shared: how, and the operation from which it can be executed again.
    pub shared: Option<(Sharing, Arc<Ready>)>,
}

fn object(value: Option<Value>, argument: &'static str) -> Result<Map<String, Value>, Refusal> {
    match value {
        Some(Value::Object(object)) => Ok(object),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err(Refusal::bad_input(argument, format!("`{argument}` must be an object or null"))),
    }
}

fn text(value: Option<Value>, argument: &'static str) -> Result<Option<String>, Refusal> {
    match value {
        Some(Value::String(text)) => Ok(Some(text)),
        None => Ok(None),
        // `"query": null` is more likely a mistake than the use of a persisted document.
        Some(Value::Null) if argument != "query" => Ok(None),
        Some(_) => Err(Refusal::bad_input(argument, format!("`{argument}` must be a string"))),
    }
}

/// Describes an error in JSON without the value, which may be a secret.
pub fn without_value(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match (message.find(" string \""), message.rfind(", expected")) {
        (Some(begins), Some(ends)) if begins < ends => format!("{} string{}", &message[..begins], &message[ends..]),
        _ => message,
    }
}

fn parse(text: &str, argument: &'static str) -> Result<Value, Refusal> {
    serde_json::from_str(text)
        .map_err(|error| Refusal::bad_input(argument, format!("`{argument}` is not valid JSON: {error}")))
}
