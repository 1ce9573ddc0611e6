//! Keys of records, and the global ids that clients see.
//!
//! A key is a number the store gave. A global id is the record's type and its key in URL-safe base64:
//! opaque to clients, unique over all types, and refused when its type is not the one that is asked for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Declares a key type of its own, so that a run's key cannot be taken for a profile's.
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
    /// A run. Its key is its number too: it counts up from 1 and is never given twice.
    RunId
);
key!(
    /// A suggestion.
    SuggestionId
);
key!(
    /// A DB profile.
    DbProfileId
);
key!(
    /// An LLM profile.
    LlmProfileId
);
key!(
    /// A schedule.
    ScheduleId
);
key!(
    /// A write to a database.
    AppliedCommentId
);
key!(
    /// Questions that follow one another.
    AskSessionId
);
key!(
    /// A question and its answer.
    AskTurnId
);
key!(
    /// An API token.
    ApiTokenId
);
key!(
    /// A comparison that is kept.
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
    /// A write to a database.
    AppliedComment,
    /// Questions that follow one another.
    AskSession,
    /// A question and its answer.
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

/// The global id of a record.
#[must_use]
pub fn encode(node_type: NodeType, key: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{key}", node_type.name()))
}

/// The type and key behind a global id; `None` where the text is not an id of Gloss.
#[must_use]
pub fn decode(id: &str) -> Option<(NodeType, i64)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (name, key) = text.split_once(':')?;
    let node_type = NodeType::ALL.into_iter().find(|node_type| node_type.name() == name)?;
    let number: i64 = key.parse().ok().filter(|number| *number > 0)?;
    // One spelling each: `+1` and `01` are not ids.
    (number.to_string() == key).then_some((node_type, number))
}
