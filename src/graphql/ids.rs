//! Global ids as arguments.

use async_graphql::ID;

use crate::domain::{
    Error, Result,
    id::{
        ApiTokenId, AppliedCommentId, AskSessionId, AskTurnId, DbProfileId, LlmProfileId, NodeType, RunId, ScheduleId,
        SuggestionId, decode, encode,
    },
};

/// A key that a global id can stand for.
pub trait Key: Sized {
    /// The type of its records.
    const NODE_TYPE: NodeType;

    /// The key from its number.
    fn from_number(number: i64) -> Self;

    /// The key's number.
    fn number(&self) -> i64;

    /// The global id that clients see.
    fn global(&self) -> ID {
        ID(encode(Self::NODE_TYPE, self.number()))
    }

    /// The key that an argument means.
    ///
    /// # Errors
    /// `BadInput` where the text is no id, or the id of another type.
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

    /// The keys that a list of arguments means.
    ///
    /// # Errors
    /// As [`Key::from_argument`], with the place in the list.
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
