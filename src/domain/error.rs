//! What can go wrong in a use case, in the words of the person who asked.
//!
//! Each variant is one of the contract's closed set of codes; `graphql/error.rs` turns it into one. A
//! message says what is wrong and what to do, and never holds a secret or an internal text: the cause of
//! [`Error::Internal`] goes to the log alone.

/// The cause of an internal error.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument cannot be used.
    #[error("{message}")]
    BadInput {
        /// The path of the argument at fault, `input.targets.0.schemas`.
        argument: String,
        /// What is wrong with it and what would be right.
        message: String,
    },
    /// Nothing has this id or number.
    #[error("{message}")]
    NotFound {
        /// What was looked for.
        message: String,
        /// The path of the argument that names it, where there is one.
        argument: Option<String>,
    },
    /// The state of things forbids it.
    #[error("{message}")]
    Conflict {
        /// What stands in the way, and how to get it out of the way.
        message: String,
    },
    /// More than a limit of the server allows.
    #[error("{message}")]
    LimitExceeded {
        /// The limit and how far it was exceeded.
        message: String,
    },
    /// Nobody knows who is asking.
    #[error("{message}")]
    Unauthenticated {
        /// What is wrong with the token, and how to get one.
        message: String,
    },
    /// The caller may not do this.
    #[error("{message}")]
    Forbidden {
        /// Which role may.
        message: String,
    },
    /// A database or model cannot be reached.
    #[error("{message}")]
    Unavailable {
        /// Which one, why, and what to check.
        message: String,
    },
    /// The store did not say whether it recorded a change.
    #[error("{message}")]
    Unsure {
        /// What may have been done, and how to find out.
        message: String,
    },
    /// A fault of Gloss's own. The cause is for the log.
    #[error("internal error")]
    Internal(#[source] Cause),
}

impl Error {
    /// An argument cannot be used.
    pub fn bad_input(argument: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadInput { argument: argument.into(), message: message.into() }
    }

    /// Nothing has this id or number.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into(), argument: None }
    }

    /// Nothing has the id or number that this argument gives.
    pub fn not_found_at(argument: impl Into<String>, message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into(), argument: Some(argument.into()) }
    }

    /// The state of things forbids it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into() }
    }

    /// More than a limit allows.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::LimitExceeded { message: message.into() }
    }

    /// Nobody knows who is asking.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::Unauthenticated { message: message.into() }
    }

    /// The caller may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Forbidden { message: message.into() }
    }

    /// A database or model cannot be reached.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into() }
    }

    /// The store did not say whether it recorded a change.
    pub fn unsure(message: impl Into<String>) -> Self {
        Self::Unsure { message: message.into() }
    }

    /// A fault of Gloss's own.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The code of the contract's closed set.
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
