//! The key of a channel.

use std::sync::Arc;

use serde_json::json;

use crate::graphql::{Ready, Sharing};

/// Operations with equal keys share an execution.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The document.
    query: Arc<str>,
    /// The operation in the document; `None` if there is only one.
    operation_name: Option<String>,
    /// The variables as JSON, without the one that says where to begin.
    variables: String,
    /// The rights of the caller.
    rights: String,
}

impl Key {
    /// Returns the key of an operation.
    pub fn of(ready: &Ready, sharing: &Sharing, rights: String) -> Self {
        let mut variables = ready.variables.clone();
        if let Sharing::Numbered { variable: Some(variable), .. } = sharing {
            variables.remove(variable.as_str());
        }
        let (query, operation_name) = (Arc::clone(&ready.text), ready.operation_name.clone());
        Self { query, operation_name, variables: json!(variables).to_string(), rights }
    }
}
