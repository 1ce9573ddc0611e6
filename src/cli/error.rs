//! Why a command failed, in one line that says what to do, and with which exit code.

use super::exit::Exit;
use crate::domain::Code;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The server did not answer.
    #[error("cannot reach the server at {server}: {reason}; start it, or name another one with --server")]
    Unreachable {
        /// Its address.
        server: String,
        /// The cause.
        reason: String,
    },
    /// The address belongs to something other than a Gloss server.
    #[error("{0} is not a Gloss server; check --server")]
    NoGloss(String),
    /// The address is not the address of a server.
    #[error("{0:?} is not the address of a server; begin it with http:// or https://, as in http://127.0.0.1:8787")]
    NoAddress(String),
    /// The server does not know what the command asks, because its version differs.
    #[error(
        "the server at {server} runs Gloss {theirs}, but this command line is Gloss {}; use the same version for both",
        env!("CARGO_PKG_VERSION")
    )]
    OtherVersion {
        /// Its address.
        server: String,
        /// The server's version.
        theirs: String,
    },
    /// The server requires a valid token.
    #[error(
        "the server at {server} says: {message}; put a valid token into GLOSS_TOKEN, or into a file for --token-file"
    )]
    Unauthenticated {
        /// Its address.
        server: String,
        /// The server's message.
        message: String,
    },
    /// The operation was refused.
    #[error("{message}")]
    Refused {
        /// The error's code.
        code: Code,
        /// The error's message.
        message: String,
    },
    /// The arguments on the command line are wrong.
    #[error("{0}")]
    Usage(String),
    /// A file of the command line cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A signal ended the command while it waited for the answer to a request.
    #[error("left before the server had answered; see with `gloss history list` whether it did what was asked")]
    Left,
    /// A second signal ended the command while it waited for the end of runs.
    #[error("left before the end; see what became of it with {0}")]
    LeftRuns(String),
    /// The terminal cannot be used.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] std::io::Error),
}

impl CliError {
    /// The error of a command that changes something, without what to change.
    #[must_use]
    pub fn nothing_to_change(command: &str) -> Self {
        Self::Usage(format!("nothing to change is given; `{command} --help` lists what can change"))
    }

    /// The exit code of the error.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Refused { code, .. } => (*code).into(),
            Self::NoGloss(_)
            | Self::NoAddress(_)
            | Self::OtherVersion { .. }
            | Self::Unauthenticated { .. }
            | Self::Usage(_)
            | Self::File { .. } => Exit::UserError,
            Self::Left | Self::LeftRuns(_) => Exit::Left,
            Self::Terminal(_) => Exit::Failure,
        }
    }

    /// Returns whether trying again later can help: the server is away or not ready yet.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NoGloss(_) | Self::Refused { code: Code::Unavailable, .. })
    }
}
