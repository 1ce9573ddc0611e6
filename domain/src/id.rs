//! Keys of records, and the global ids that clients see.
//!
//! A key is a number that the store assigns. A global id is the URL-safe base64 of the record's type and key. It is
//! opaque to clients and unique across types. The API rejects an id whose type is not the expected one.

use std::io::Write as _;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::text::base64_to;

/// Declares a distinct key type, so that a run's key cannot be used as a profile's.
macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

key!(
    /// The key of a run, which is also its number. Numbers count up from 1 and are never reused.
    RunId
);
key!(
    /// The key of a suggestion.
    SuggestionId
);
key!(
    /// The key of a DB profile.
    DbProfileId
);
key!(
    /// The key of an LLM profile.
    LlmProfileId
);
key!(
    /// The key of a schedule.
    ScheduleId
);
key!(
    /// The key of a write to a target.
    AppliedCommentId
);
key!(
    /// The key of a session of questions.
    AskSessionId
);
key!(
    /// The key of a turn: a question and its answer.
    AskTurnId
);
key!(
    /// The key of an API token.
    ApiTokenId
);
key!(
    /// The key of a stored comparison.
    ComparisonId
);

/// The types that have global ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeType {
    /// A run.
    Run,
    /// A suggestion.
    Suggestion,
    /// A DB profile.
    DbProfile,
    /// An LLM profile.
    LlmProfile,
    /// A schedule.
    Schedule,
    /// A write to a target.
    AppliedComment,
    /// A session of questions.
    AskSession,
    /// A turn: a question and its answer.
    AskTurn,
    /// An API token.
    ApiToken,
}

impl NodeType {
    const ALL: [Self; 9] = [
        Self::Run,
        Self::Suggestion,
        Self::DbProfile,
        Self::LlmProfile,
        Self::Schedule,
        Self::AppliedComment,
        Self::AskSession,
        Self::AskTurn,
        Self::ApiToken,
    ];

    /// The type's name in the GraphQL schema.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Suggestion => "Suggestion",
            Self::DbProfile => "DbProfile",
            Self::LlmProfile => "LlmProfile",
            Self::Schedule => "Schedule",
            Self::AppliedComment => "AppliedComment",
            Self::AskSession => "AskSession",
            Self::AskTurn => "AskTurn",
            Self::ApiToken => "ApiToken",
        }
    }
}

/// Encodes the global id of a record.
#[must_use]
pub fn encode(node_type: NodeType, key: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{key}", node_type.name()))
}

/// Writes the global id of a record.
pub fn encode_to(out: &mut Vec<u8>, node_type: NodeType, key: i64) {
    // The longest name and number fit.
    let mut plain = [0; 48];
    let mut rest = plain.as_mut_slice();
    let written = write!(rest, "{}:{key}", node_type.name()).map(|()| rest.len());
    let length = plain.len() - written.unwrap_or(plain.len());
    base64_to(out, &plain[..length]);
}

/// Decodes a global id into its type and key; `None` if the text is not an id of Gloss.
#[must_use]
pub fn decode(id: &str) -> Option<(NodeType, i64)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (name, key) = text.split_once(':')?;
    let node_type = NodeType::ALL.into_iter().find(|node_type| node_type.name() == name)?;
    let number: i64 = key.parse().ok().filter(|number| *number > 0)?;
    // Each key has exactly one spelling: `+1` and `01` are not ids.
    (number.to_string() == key).then_some((node_type, number))
}
