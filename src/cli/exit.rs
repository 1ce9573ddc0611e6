//! The exit codes of the command line, in one list: `gloss --help`, the documentation and every command use it.
//!
//! The rule: a script can tell from the code alone what to do next. A new code is a new variant, with its meaning.

use std::process::ExitCode;

use crate::domain::Code;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Success = 0,
    /// A check failed, or Gloss did.
    Failure = 1,
    /// The command line, a name, a number or a token is wrong.
    UserError = 2,
    /// A run did not describe or write everything.
    RunFailed = 3,
    /// The run was cancelled.
    Cancelled = 4,
    /// The present state does not permit the command.
    Conflict = 5,
    /// Something that the command needs does not answer.
    Unreachable = 6,
    /// A second Ctrl-C ended the command.
    Left = 130,
}

impl Exit {
    /// All exit codes, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Failure,
        Self::UserError,
        Self::RunFailed,
        Self::Cancelled,
        Self::Conflict,
        Self::Unreachable,
        Self::Left,
    ];

    /// What the code means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "a check was not met, or Gloss itself failed",
            Self::UserError => "user error: a wrong argument, an unknown name, a missing or expired token",
            Self::RunFailed => "the run failed or paused, or some of its assets failed",
            Self::Cancelled => "the run was cancelled",
            Self::Conflict => "conflict: the present state does not permit it, or a limit is reached",
            Self::Unreachable => "unreachable: the server, a database or a model does not answer",
            Self::Left => "a second Ctrl-C ended the command before the run had ended",
        }
    }

    /// The number of the code.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The list of all codes for `--help`.
    #[must_use]
    pub fn help() -> String {
        Self::ALL
            .iter()
            .fold("Exit codes:".to_owned(), |help, exit| format!("{help}\n  {:>3}  {}", exit.number(), exit.meaning()))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.number().into()
    }
}

impl From<Code> for Exit {
    fn from(code: Code) -> Self {
        match code {
            Code::GraphqlParseFailed
            | Code::GraphqlValidationFailed
            | Code::PersistedQueryNotFound
            | Code::BadUserInput
            | Code::NotFound
            | Code::Unauthenticated
            | Code::Forbidden => Self::UserError,
            Code::Conflict | Code::LimitExceeded => Self::Conflict,
            Code::Unavailable => Self::Unreachable,
            Code::Internal => Self::Failure,
        }
    }
}
