//! Language models: whoever writes a description from what is known of a table.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::converse::Converser;
use crate::domain::{
    asset::AssetPath,
    catalog::{TableDetail, TableStatistics},
    profile::LlmProfile,
    run::{RunOptions, VariationMode},
    suggestion::Draft,
    usage::Usage,
};

/// What of a table is to be described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The table or view itself.
    Table,
    /// The column at this index of [`TableDetail::columns`].
    Column(usize),
}

/// A text that is to be done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The text before.
    pub previous: String,
    /// How to rephrase it; `None` to start over.
    pub variation: Option<VariationMode>,
}

/// A schema or a database and what is in it, for a draft of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// `Schema` or `Database`.
    pub path: AssetPath,
    /// Its comment.
    pub comment: Option<String>,
    /// Tables and views of a schema, or schemas of a database with their tables, each with its comment.
    pub members: Vec<Member>,
}

/// One thing in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub path: AssetPath,
    /// Its comment.
    pub comment: Option<String>,
    /// About how many rows.
    pub row_estimate: Option<i64>,
}

/// One request for a draft of a whole schema or database.
#[derive(Debug, Clone)]
pub struct ContainerRequest {
    /// What to describe.
    pub container: Arc<Container>,
    /// What is to be done again.
    pub revision: Option<Revision>,
    /// How.
    pub options: RunOptions,
    /// What a person says about the database.
    pub about: Option<Arc<str>>,
    /// Whether an earlier answer to the same request could not be used.
    pub asked_before: bool,
}

/// One request: some subjects of one table.
#[derive(Debug, Clone)]
pub struct DescribeRequest {
    /// Structure, keys, comments.
    pub table: Arc<TableDetail>,
    /// What the data look like; `None` unless `profileData`.
    pub statistics: Option<Arc<TableStatistics>>,
    /// What to describe; at least one, at most [`Describer::batch_size`].
    pub subjects: Vec<Subject>,
    /// What is to be done again, one per subject; empty where all is new.
    pub revisions: Vec<Option<Revision>>,
    /// How.
    pub options: RunOptions,
    /// What a person says about the database.
    pub about: Option<Arc<str>>,
    /// Whether an earlier answer to the same request could not be used.
    pub asked_before: bool,
}

/// The answer to one request.
#[derive(Debug, Clone)]
pub struct DescribeAnswer {
    /// One per subject, in the request's order; `None` where the answer holds nothing usable for it.
    pub drafts: Vec<Option<Draft>>,
    /// What this request used. `model_ms` and `requests` count; `retries` is the caller's.
    pub usage: Usage,
}

/// The most that a request can use, for budgets, and what it likely sends, for estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UsageBound {
    /// Tokens sent at the most.
    pub input_tokens: i64,
    /// Tokens sent if all is as usual.
    pub likely_input_tokens: i64,
    /// Tokens received at the most.
    pub output_tokens: i64,
    /// Their cost; `None` where a price is not known.
    pub cost_usd: Option<f64>,
}

/// Why a model gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ModelError {
    /// Too many requests: try again, not before `retry_after`.
    #[error("the provider limits the rate of requests")]
    RateLimited {
        /// What the provider asks for.
        retry_after: Option<Duration>,
    },
    /// Not reachable, or a server error: try again. It did nothing that is paid for.
    #[error("{0}")]
    Unavailable(String),
    /// The request was sent, and no answer came in time or at all: try again, but it may be paid for.
    #[error("{0}")]
    NoAnswer(String),
    /// An answer came that is none of a model. It may be paid for, and what gives no other is no model.
    #[error("{0}")]
    NotAModel(String),
    /// The key is missing or was refused: what every row needs is gone.
    #[error("{0}")]
    KeyRefused(String),
    /// The provider does not know the model.
    #[error("{0}")]
    UnknownModel(String),
    /// The provider refuses this request for what it says; another one may pass.
    #[error("{0}")]
    Rejected(String),
    /// An answer came that is of no use. It is paid for, and the same request is not sent again.
    #[error("{why}")]
    Unusable {
        /// What is wrong with it.
        why: Unusable,
        /// What it used.
        usage: Usage,
    },
    /// The profile cannot be used as it is.
    #[error("{0}")]
    Misconfigured(String),
}

/// What is wrong with an answer that came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A filter of the provider withheld it.
    #[error("the provider's content filter withheld the answer")]
    Filtered,
    /// The model refused, and says so.
    #[error("the model refused to answer: {0}")]
    Refused(String),
    /// It holds no choice.
    #[error("the answer of {0} contains no choice")]
    Empty(String),
    /// It has more bytes than the tokens asked for come to.
    #[error("the model's answer is larger than {kib} KiB, more than `maxOutputTokens` ({tokens}) allows")]
    TooLarge {
        /// The limit.
        kib: usize,
        /// The tokens that were asked for.
        tokens: i32,
    },
    /// It is an error, sent with a status of success.
    #[error("{0}")]
    Failed(String),
}

impl ModelError {
    /// Whether trying again later may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable(_) | Self::NoAnswer(_) | Self::NotAModel(_))
    }

    /// Whether the provider may charge for the request all the same.
    #[must_use]
    pub const fn may_be_billed(&self) -> bool {
        matches!(self, Self::NoAnswer(_) | Self::NotAModel(_) | Self::Unusable { .. })
    }
}

/// Writes descriptions. One exists per LLM profile in use.
#[async_trait]
pub trait Describer: Send + Sync {
    /// Describes; asks the provider once, and does not try again by itself.
    ///
    /// # Errors
    /// [`ModelError`]; an answer that cannot be read is no error but a draft of `None`.
    async fn describe(&self, request: &DescribeRequest) -> Result<DescribeAnswer, ModelError>;

    /// Describes a schema or a database: one draft. As [`Describer::describe`].
    ///
    /// # Errors
    /// [`ModelError`].
    async fn describe_container(&self, request: &ContainerRequest) -> Result<DescribeAnswer, ModelError>;

    /// The most that a request for a container can use.
    fn container_bound(&self, request: &ContainerRequest) -> UsageBound;

    /// How many subjects one request may hold, so that the answer fits into its tokens.
    fn batch_size(&self, options: &RunOptions) -> usize;

    /// The options that say something and that it does not follow, as the API names them.
    fn ignores(&self, _options: &RunOptions) -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether it answers without waiting for anybody: then several answers are recorded together.
    fn answers_at_once(&self) -> bool {
        false
    }

    /// The most that a request can use.
    fn bound(&self, request: &DescribeRequest) -> UsageBound;
}

/// The models that profiles name.
#[async_trait]
pub trait Models: Send + Sync + 'static {
    /// The describer behind a profile. Does not reach for the network.
    ///
    /// # Errors
    /// [`ModelError::Misconfigured`] where the profile lacks something.
    fn open(&self, profile: &LlmProfile) -> Result<Arc<dyn Describer>, ModelError>;

    /// The model behind a profile, for questions. Does not reach for the network.
    ///
    /// # Errors
    /// [`ModelError::Misconfigured`] where the profile lacks something.
    fn open_converser(&self, profile: &LlmProfile) -> Result<Arc<dyn Converser>, ModelError>;

    /// Whether the provider answers with this key and model: one line for a person.
    ///
    /// # Errors
    /// [`ModelError`] saying what is wrong.
    async fn test(&self, profile: &LlmProfile) -> Result<String, ModelError>;
}
