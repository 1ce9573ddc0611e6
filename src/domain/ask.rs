//! Questions about databases: sessions, their turns, and the tools that an answer used.
//!
//! The rule: an answer is what the model wrote since the turn began or last went on, piece by piece; the tools that it
//! used are recorded one by one, so that a turn which is interrupted does not use them again. A citation is an asset
//! that a tool returned and that the index knows.

use super::{
    Error, Result,
    asset::AssetPath,
    clock::Moment,
    id::{AskSessionId, AskTurnId, DbProfileId, RunId},
    text::{cut, one_line},
};

/// Characters of a question.
pub const MAX_QUESTION: usize = 4_000;
/// Characters of a session's title and of a run's scope in one line.
const TITLE_LENGTH: usize = 80;

/// Questions that follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskSession {
    /// Its key.
    pub id: AskSessionId,
    /// Its first question, shortened.
    pub title: String,
    /// When its first question was asked.
    pub created_at: Moment,
    /// When its last question was asked.
    pub last_active_at: Moment,
}

/// One question and its answer.
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
    /// Where to look.
    pub db_profile_ids: Vec<DbProfileId>,
    /// Whether that was all profiles, because none was named.
    pub everywhere: bool,
    /// The answer; `None` until it is whole.
    pub answer: Option<String>,
    /// The assets that the answer names, in its order.
    pub citations: Vec<AssetPath>,
}

/// A question to be recorded.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// The session that it follows up on; a new one when absent.
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
    /// Its place in the turn, from 1.
    pub position: i32,
    /// Uses that the model asked for together share it; 0 is the search that Gloss makes by itself.
    pub round: i32,
    /// The model's own name for it.
    pub call_id: String,
    /// Which tool.
    pub name: String,
    /// JSON.
    pub arguments: String,
    /// What the model was given.
    pub result: String,
    /// How long it took.
    pub milliseconds: f64,
}

/// What happens to a turn, recorded with its run.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnChange {
    /// A tool was used.
    Used(ToolUse),
    /// The answer is whole.
    Answered {
        /// Its text.
        answer: String,
        /// See [`AskTurn::citations`].
        citations: Vec<AssetPath>,
    },
}

/// Refuses a question that is none. `argument` is its path.
///
/// # Errors
/// `BadInput`.
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

/// A question on one line, shortened: a session's title, and what stands for a run's scope.
#[must_use]
pub fn title(question: &str) -> String {
    cut(&one_line(question), TITLE_LENGTH)
}

/// The list of sessions, as its cursors name it.
pub const SESSIONS_LIST: &str = "askSessions";

/// The list of a session's turns, as its cursors name it.
#[must_use]
pub fn turns_list(session: AskSessionId) -> String {
    format!("askTurns:{session}")
}
