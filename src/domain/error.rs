//! Errors of use cases, worded for the caller.
//!
//! Each variant is one of the contract's closed set of codes; `graphql/error.rs` maps it to that code. A message says
//! what is wrong and what to do. It never contains a secret or internal details: the cause of [`Error::Internal`] only
//! goes to the log.

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
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadInput { .. } => "BAD_USER_INPUT",
            Self::NotFound { .. } => "NOT_FOUND",
            Self::Conflict { .. } => "CONFLICT",
            Self::LimitExceeded { .. } => "LIMIT_EXCEEDED",
            Self::Unauthenticated { .. } => "UNAUTHENTICATED",
            Self::Forbidden { .. } => "FORBIDDEN",
            Self::Unavailable { .. } | Self::Unsure { .. } => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
        }
    }
}
