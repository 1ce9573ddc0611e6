//! Conversion between the keys of records and global ids.

use async_graphql::ID;

use crate::domain::{
    Error, Result,
    id::{
        ApiTokenId, AppliedCommentId, AskSessionId, AskTurnId, DbProfileId, LlmProfileId, NodeType, RunId, ScheduleId,
        SuggestionId, decode, encode,
    },
};

/// A key of records that have global ids.
pub trait Key: Sized {
    /// The type of its records.
    const NODE_TYPE: NodeType;

    /// Creates the key from its number.
    fn from_number(number: i64) -> Self;

    /// Returns the key's number.
    fn number(&self) -> i64;

    /// Returns the global id.
    fn global(&self) -> ID {
        ID(encode(Self::NODE_TYPE, self.number()))
    }

    /// Parses an argument.
    ///
    /// # Errors
    /// Returns `BadInput` if the text is not an id, or is the id of another type.
    fn from_argument(id: &ID, argument: &str) -> Result<Self> {
        let wanted = Self::NODE_TYPE;
        match decode(id) {
            Some((node_type, number)) if node_type == wanted => Ok(Self::from_number(number)),
            Some((other, _)) => Err(Error::bad_input(
                argument,
                format!("this id is of type {}; pass an id of type {}", other.name(), wanted.name()),
            )),
            None => Err(Error::bad_input(
                argument,
                format!("this is not a valid id; pass the id of an object of type {}", wanted.name()),
            )),
        }
    }

    /// Parses a list of arguments.
    ///
    /// # Errors
    /// Returns the error of [`Key::from_argument`], with the index in the list.
    fn from_arguments(ids: &[ID], argument: &str) -> Result<Vec<Self>> {
        ids.iter().enumerate().map(|(at, id)| Self::from_argument(id, &format!("{argument}.{at}"))).collect()
    }
}

macro_rules! keys {
    ($($key:ident is $node_type:ident),+ $(,)?) => {
        $(impl Key for $key {
            const NODE_TYPE: NodeType = NodeType::$node_type;

            fn from_number(number: i64) -> Self {
                Self(number)
            }

            fn number(&self) -> i64 {
                self.0
            }
        })+
    };
}

keys!(
    RunId is Run,
    SuggestionId is Suggestion,
    DbProfileId is DbProfile,
    LlmProfileId is LlmProfile,
    ScheduleId is Schedule,
    AppliedCommentId is AppliedComment,
    AskSessionId is AskSession,
    AskTurnId is AskTurn,
    ApiTokenId is ApiToken,
);
