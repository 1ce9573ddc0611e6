//! Turns failures into GraphQL errors; no other module does.
//!
//! The rules:
//!
//! - Every error has a code of the API's closed set. Resolvers return [`crate::domain::Error`] with `?`; it travels as
//!   the error's source and gets its code here, as errors of the GraphQL engine do.
//! - The cause of an internal error is only logged, under the correlation id that the client gets.
//! - No message of the engine repeats a value of the request, because it may be a secret.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
};

use async_graphql::{ErrorExtensionValues, Response, ServerError};
use tracing::error;

use super::{batch::SharedError, scalar::MOMENT};
use crate::domain::{
    Code, Error,
    text::{visible, visible_lines},
};

/// Creates an error of the GraphQL layer.
pub fn coded(code: Code, message: impl Into<String>) -> ServerError {
    with_code(ServerError::new(message, None), code)
}

/// Sets the code of an error that has none, and removes values from its message.
pub fn with_code(mut error: ServerError, code: Code) -> ServerError {
    error.message = without_values(error.message);
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code.as_str());
    }
    error
}

/// Converts an error of a use case that was called outside an operation.
pub fn of_domain(cause: &Error) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    describe(cause, None, &mut extensions);
    let mut error = ServerError::new(visible(&cause.to_string()), None);
    error.extensions = Some(extensions);
    error
}

fn has_code(error: &ServerError) -> bool {
    error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some())
}

/// Gives every error of a response its code, and escapes invisible characters in its message.
pub fn finish(response: &mut Response) {
    // One failed look-up can cause many errors; it is logged once, under one correlation id.
    let mut logged = HashMap::new();
    for error in &mut response.errors {
        if !has_code(error) {
            finish_one(error, &mut logged);
        }
        if let Cow::Owned(shown) = visible_lines(&error.message) {
            error.message = shown;
        }
    }
}

fn finish_one(error: &mut ServerError, logged: &mut HashMap<usize, String>) {
    let mut extensions = error.extensions.take().unwrap_or_default();
    if let Some(SharedError(shared)) = error.source::<SharedError>() {
        let shared = shared.clone();
        let place = Arc::as_ptr(&shared).addr();
        let correlation_id = logged.get(&place).cloned();
        let correlation_id = describe(&shared, correlation_id, &mut extensions);
        logged.extend(correlation_id.map(|id| (place, id)));
        error.message = shared.to_string();
    } else if let Some(cause) = error.source::<Error>() {
        describe(cause, None, &mut extensions);
        error.message = visible(&cause.to_string()).into_owned();
    } else if is_coercion(&error.message) {
        error.message = without_values(std::mem::take(&mut error.message));
        if error.message.starts_with("Failed to parse \"DateTime\"") {
            MOMENT.clone_into(&mut error.message);
        }
        extensions.set("code", Code::GraphqlValidationFailed.as_str());
    } else {
        let correlation_id = correlation_id();
        error!(correlation_id, error = error.message, "the GraphQL engine failed");
        "internal error".clone_into(&mut error.message);
        extensions.set("code", Code::Internal.as_str());
        extensions.set("correlationId", correlation_id);
    }
    error.source = None;
    error.extensions = Some(extensions);
}

/// Sets the extensions that clients may see. Logs an internal error, unless it was logged under `logged`, and returns
/// its correlation id.
fn describe(error: &Error, logged: Option<String>, extensions: &mut ErrorExtensionValues) -> Option<String> {
    extensions.set("code", error.code().as_str());
    match error {
        Error::BadInput { argument, .. } | Error::NotFound { argument: Some(argument), .. } => {
            extensions.set("argument", argument.as_str());
            None
        }
        Error::Internal(cause) => {
            let id = logged.unwrap_or_else(|| {
                let id = correlation_id();
                error!(correlation_id = id, error = chain(cause.as_ref()), "internal error");
                id
            });
            extensions.set("correlationId", id.as_str());
            Some(id)
        }
        _ => None,
    }
}

/// Removes the value that a message of the engine or the validator repeats. Names of fields and types stay.
pub fn without_values(message: String) -> String {
    const GIVEN: &str = "the value that was given";
    if let Some((_, rest)) = message.strip_prefix("value `").and_then(|rest| rest.split_once("` does not exist on ")) {
        return format!("{GIVEN} does not exist on {rest}");
    }
    // Everything after one of these may be the value.
    let words = [
        ("\", found ", "\"", ""),
        ("does not contain the value ", "does not contain ", GIVEN),
        ("does not contain value ", "does not contain ", GIVEN),
        (", got ", ", got ", "something else"),
    ];
    let first = words.iter().filter_map(|(word, keep, instead)| Some((message.find(word)?, keep, instead))).min();
    match first {
        Some((at, keep, instead)) if !message.ends_with(", got EOF") => format!("{}{keep}{instead}", &message[..at]),
        _ => message,
    }
}

/// Whether async-graphql found the error during execution, in a value that validation did not check.
fn is_coercion(message: &str) -> bool {
    ["Failed to parse \"", "Expected input type \"", "Invalid value for argument", "Invalid ID"]
        .iter()
        .any(|beginning| message.starts_with(beginning))
}

/// Returns an error and its causes in one line, outermost first.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Returns a random id by which a failure is found in the log.
fn correlation_id() -> String {
    // Each `RandomState` has random keys.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
