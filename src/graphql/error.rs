//! The one place where what went wrong becomes a GraphQL error.
//!
//! The rule: every error that leaves carries a code of the contract's closed set. Resolvers return
//! [`crate::domain::Error`] by `?`; it travels as the error's source and gets its code here, as do the errors
//! of the GraphQL engine itself. The cause of an internal error goes to the log, under the id that the client
//! is given, and nowhere else. No error of the engine repeats a value that was given: it may be a secret.

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
    Error,
    text::{visible, visible_lines},
};

/// The document cannot be read.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document or its variables do not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// What was given does not fit.
pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// More than a limit of the server allows.
pub const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";

/// An error of the GraphQL layer itself.
pub fn coded(code: &str, message: impl Into<String>) -> ServerError {
    with_code(ServerError::new(message, None), code)
}

/// The same error with a code, unless it has one.
pub fn with_code(mut error: ServerError, code: &str) -> ServerError {
    error.message = without_values(error.message);
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    error
}

/// What went wrong in a use case, outside of an operation.
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

/// Gives every error of an answer its code.
pub fn finish(response: &mut Response) {
    // One failed look-up can be many errors; it is logged once, under one id.
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
        extensions.set("code", VALIDATION_FAILED);
    } else {
        let correlation_id = correlation_id();
        error!(correlation_id, error = error.message, "the GraphQL engine failed");
        "internal error".clone_into(&mut error.message);
        extensions.set("code", "INTERNAL");
        extensions.set("correlationId", correlation_id);
    }
    error.source = None;
    error.extensions = Some(extensions);
}

/// Writes what a client may know of an error. An internal one is logged here, unless it was under the id given;
/// its id comes back.
fn describe(error: &Error, logged: Option<String>, extensions: &mut ErrorExtensionValues) -> Option<String> {
    extensions.set("code", error.code());
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

/// A message of the engine or the validator without the value that it repeats. Names of fields and types stay.
pub fn without_values(message: String) -> String {
    const GIVEN: &str = "the value that was given";
    if let Some((_, rest)) = message.strip_prefix("value `").and_then(|rest| rest.split_once("` does not exist on ")) {
        return format!("{GIVEN} does not exist on {rest}");
    }
    // All behind one of these may be the value.
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

/// Errors that async-graphql finds only while it executes, in values that validation let through.
fn is_coercion(message: &str) -> bool {
    ["Failed to parse \"", "Expected input type \"", "Invalid value for argument", "Invalid ID"]
        .iter()
        .any(|beginning| message.starts_with(beginning))
}

/// The causes of an error in one line, outermost first.
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

/// A random name for one failure, by which a person finds it in the log.
fn correlation_id() -> String {
    // Each hasher has random keys of its own.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
