//! Errors of use cases, worded for the caller.
//!
//! [`Code`] is the contract's closed set of codes, which every layer uses; each variant of [`Error`] has one. A message
//! says what is wrong and what to do. It never contains a secret or internal details: the cause of
//! [`Error::Internal`] only goes to the log.

use serde::{Deserialize, Serialize};

use super::spelling::spelled;

/// A code of the contract's closed set: `extensions.code` of an error of the API, and `code` of a run's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document or its variables do not match the schema.
    GraphqlValidationFailed,
    /// No document is cached under the hash that was sent alone.
    PersistedQueryNotFound,
    /// An argument is invalid.
    BadUserInput,
    /// No record has this id or number.
    NotFound,
    /// The current state does not permit the operation.
    Conflict,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The caller's role does not permit the operation.
    Forbidden,
    /// A limit of the server is exceeded.
    LimitExceeded,
    /// A database or model is unreachable.
    Unavailable,
    /// A bug or an unexpected failure in Gloss.
    Internal,
}

spelled!(Code {
    GraphqlParseFailed => "GRAPHQL_PARSE_FAILED", GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
    PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND", BadUserInput => "BAD_USER_INPUT", NotFound => "NOT_FOUND",
    Conflict => "CONFLICT", Unauthenticated => "UNAUTHENTICATED", Forbidden => "FORBIDDEN",
    LimitExceeded => "LIMIT_EXCEEDED", Unavailable => "UNAVAILABLE", Internal => "INTERNAL",
});

/// The cause of an internal error.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of a use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument is invalid.
    #[error("{message}")]
    BadInput {
        /// The path of the invalid argument: `input.targets.0.schemas`.
        argument: String,
        /// What is wrong with the argument and what is valid.
        message: String,
    },
    /// No record has this id or number.
    #[error("{message}")]
    NotFound {
        /// What was looked for.
        message: String,
        /// The path of the argument that names the record, if there is one.
        argument: Option<String>,
    },
    /// The current state does not permit the operation.
    #[error("{message}")]
    Conflict {
        /// What prevents the operation, and how to resolve it.
        message: String,
    },
    /// A limit of the server is exceeded.
    #[error("{message}")]
    LimitExceeded {
        /// The limit and the amount by which it is exceeded.
        message: String,
    },
    /// The caller is not authenticated.
    #[error("{message}")]
    Unauthenticated {
        /// What is wrong with the token, and how to get a valid one.
        message: String,
    },
    /// The caller's role does not permit the operation.
    #[error("{message}")]
    Forbidden {
        /// The role that is required.
        message: String,
    },
    /// A database or model is unreachable.
    #[error("{message}")]
    Unavailable {
        /// Which one, why, and what to check.
        message: String,
    },
    /// The store did not confirm whether it recorded a change.
    #[error("{message}")]
    Unsure {
        /// What may have been done, and how to find out.
        message: String,
    },
    /// A bug or an unexpected failure in Gloss. The cause is for the log only.
    #[error("internal error")]
    Internal(#[source] Cause),
}

impl Error {
    /// Creates a [`BadInput`](Self::BadInput) at the path `argument`.
    pub fn bad_input(argument: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadInput { argument: argument.into(), message: message.into() }
    }

    /// Creates a [`NotFound`](Self::NotFound) without an argument.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into(), argument: None }
    }

    /// Creates a [`NotFound`](Self::NotFound) for the id or number at the path `argument`.
    pub fn not_found_at(argument: impl Into<String>, message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into(), argument: Some(argument.into()) }
    }

    /// Creates a [`Conflict`](Self::Conflict).
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into() }
    }

    /// Creates a [`LimitExceeded`](Self::LimitExceeded).
    pub fn limit(message: impl Into<String>) -> Self {
        Self::LimitExceeded { message: message.into() }
    }

    /// Creates an [`Unauthenticated`](Self::Unauthenticated).
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::Unauthenticated { message: message.into() }
    }

    /// Creates a [`Forbidden`](Self::Forbidden).
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Forbidden { message: message.into() }
    }

    /// Creates an [`Unavailable`](Self::Unavailable).
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into() }
    }

    /// Creates an [`Unsure`](Self::Unsure).
    pub fn unsure(message: impl Into<String>) -> Self {
        Self::Unsure { message: message.into() }
    }

    /// Creates an [`Internal`](Self::Internal).
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The error's code in the contract's closed set.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::BadInput { .. } => Code::BadUserInput,
            Self::NotFound { .. } => Code::NotFound,
            Self::Conflict { .. } => Code::Conflict,
            Self::LimitExceeded { .. } => Code::LimitExceeded,
            Self::Unauthenticated { .. } => Code::Unauthenticated,
            Self::Forbidden { .. } => Code::Forbidden,
            Self::Unavailable { .. } | Self::Unsure { .. } => Code::Unavailable,
            Self::Internal(_) => Code::Internal,
        }
    }
}
