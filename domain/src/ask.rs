//! Questions about databases: sessions, their turns, and the tools that an answer used.
//!
//! The rule: an answer is the text that the model streamed since the turn started or last resumed. Each tool use is
//! recorded as it happens, so that an interrupted turn does not repeat it. A citation is an asset that a tool returned
//! and that the index holds.

use super::{
    Error, Result,
    asset::AssetPath,
    clock::Moment,
    id::{AskSessionId, AskTurnId, DbProfileId, RunId},
    text::{cut, one_line},
};

/// Maximum length of a question, in characters.
pub const MAX_QUESTION: usize = 4_000;
/// Maximum length of a session's title, and of the question that stands in for a run's scope, in characters.
const TITLE_LENGTH: usize = 80;

/// A session: a series of questions in which each may follow up on the ones before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskSession {
    /// Its key.
    pub id: AskSessionId,
    /// The first question, shortened to one line.
    pub title: String,
    /// The time of the first question.
    pub created_at: Moment,
    /// The time of the last question.
    pub last_active_at: Moment,
}

/// A turn: one question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskTurn {
    /// Its key.
    pub id: AskTurnId,
    /// The session.
    pub session_id: AskSessionId,
    /// The run that answers it.
    pub run_id: RunId,
    /// The question.
    pub question: String,
    /// The DB profiles to search.
    pub db_profile_ids: Vec<DbProfileId>,
    /// Whether these are all the profiles because the question named none.
    pub everywhere: bool,
    /// The answer; `None` until it is complete.
    pub answer: Option<String>,
    /// The assets that the answer names, in the order in which it names them.
    pub citations: Vec<AssetPath>,
}

/// A turn to be recorded.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// The session to continue; `None` starts a new one.
    pub session_id: Option<AskSessionId>,
    /// See [`AskTurn::question`].
    pub question: String,
    /// See [`AskTurn::db_profile_ids`].
    pub db_profile_ids: Vec<DbProfileId>,
    /// See [`AskTurn::everywhere`].
    pub everywhere: bool,
}

/// One use of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUse {
    /// The use's place in the turn, from 1.
    pub position: i32,
    /// The round, shared by all uses that the model requested together; 0 is the search that Gloss makes before it
    /// calls the model.
    pub round: i32,
    /// The model's id for the call.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as JSON.
    pub arguments: String,
    /// The result as the model received it.
    pub result: String,
    /// Duration in milliseconds.
    pub milliseconds: f64,
}

/// A change of a turn, recorded with its run.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnChange {
    /// A tool was used.
    Used(ToolUse),
    /// The answer is complete.
    Answered {
        /// The whole text.
        answer: String,
        /// See [`AskTurn::citations`].
        citations: Vec<AssetPath>,
    },
}

/// Checks that a question contains a letter or a digit and is not too long. `argument` is its path.
///
/// # Errors
/// Returns `BadInput` if the question has no letter or digit or is longer than [`MAX_QUESTION`] characters.
pub fn check_question(question: &str, argument: &str) -> Result<()> {
    if !question.chars().any(char::is_alphanumeric) {
        return Err(Error::bad_input(argument, "the question is empty; ask about tables, columns or their contents"));
    }
    let length = question.chars().count();
    if length > MAX_QUESTION {
        let message = format!("the question has {length} characters; shorten it to {MAX_QUESTION} or fewer");
        return Err(Error::bad_input(argument, message));
    }
    Ok(())
}

/// The question on one line, shortened: the session's title, and what a run shows as its scope.
#[must_use]
pub fn title(question: &str) -> String {
    cut(&one_line(question), TITLE_LENGTH)
}

/// The name that cursors give the list of sessions.
pub const SESSIONS_LIST: &str = "askSessions";

/// The name that cursors give the list of a session's turns.
#[must_use]
pub fn turns_list(session: AskSessionId) -> String {
    format!("askTurns:{session}")
}
