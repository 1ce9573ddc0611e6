//! Language models that write descriptions.
//!
//! The rule: a describer sends one request per call and does not retry; the caller does. To add a provider, see
//! `model/`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{converse::Converser, judge::Judge};
use crate::domain::{
    asset::AssetPath,
    catalog::{TableDetail, TableStatistics},
    documented::Documented,
    lineage::Lineage,
    neighbour::Neighbour,
    profile::LlmProfile,
    run::{RunOptions, VariationMode},
    suggestion::Draft,
    usage::Usage,
    vocabulary::TableNames,
};

/// The part of a table to describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The table or view itself.
    Table,
    /// The column at this index of [`TableDetail::columns`].
    Column(usize),
}

/// A text to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The previous text.
    pub previous: String,
    /// How to rephrase it; `None` asks the model to improve it.
    pub variation: Option<VariationMode>,
}

/// A schema or a database with its members, for a description of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The path; its kind is `Schema` or `Database`.
    pub path: AssetPath,
    /// The existing comment.
    pub comment: Option<String>,
    /// The tables and views of a schema, or the schemas of a database with their tables.
    pub members: Vec<Member>,
}

/// A member of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path.
    pub path: AssetPath,
    /// The existing comment.
    pub comment: Option<String>,
    /// The approximate number of rows.
    pub row_estimate: Option<i64>,
}

/// A request for the description of a whole schema or database.
#[derive(Debug, Clone)]
pub struct ContainerRequest {
    /// The container to describe.
    pub container: Arc<Container>,
    /// The text to repeat, if any.
    pub revision: Option<Revision>,
    /// The options of the run.
    pub options: RunOptions,
    /// The notes on the database.
    pub about: Option<Arc<str>>,
    /// Whether an earlier answer to the same request could not be used.
    pub is_retry: bool,
}

/// A request for descriptions of some subjects of one table.
#[derive(Debug, Clone)]
pub struct DescribeRequest {
    /// The table's structure, keys and comments.
    pub table: Arc<TableDetail>,
    /// Statistics of the data; `None` without `profileData`.
    pub statistics: Option<Arc<TableStatistics>>,
    /// What to describe: at least one subject, and no more than one of the [`Describer::batches`].
    pub subjects: Vec<Subject>,
    /// Where each column of a view comes from, in the order of its columns; empty for tables, and if it is not known.
    pub lineage: Arc<[Option<Lineage>]>,
    /// The names of all tables of the database.
    pub names: Arc<TableNames>,
    /// The tables one foreign key away.
    pub neighbours: Arc<[Neighbour]>,
    /// What was documented of the database when the run began.
    pub documented: Arc<Documented>,
    /// The texts to repeat, one per subject; empty if there are none.
    pub revisions: Vec<Option<Revision>>,
    /// The options of the run.
    pub options: RunOptions,
    /// The notes on the database.
    pub about: Option<Arc<str>>,
    /// Number of requests of the run about this table, this one included.
    pub requests: usize,
    /// Whether an earlier answer to the same request could not be used.
    pub is_retry: bool,
}

impl DescribeRequest {
    /// Splits a request into one for each batch of its subjects.
    #[must_use]
    pub fn split(self, describer: &dyn Describer) -> Vec<Self> {
        let batches = describer.batches(&self);
        let (requests, mut from) = (batches.len(), 0);
        let part = |size: usize| {
            let part = from..(from + size).min(self.subjects.len());
            from = part.end;
            Self {
                subjects: self.subjects[part.clone()].to_vec(),
                revisions: self.revisions.get(part).unwrap_or_default().to_vec(),
                requests,
                ..self.clone()
            }
        };
        batches.into_iter().map(part).collect()
    }
}

/// The answer to one request.
#[derive(Debug, Clone)]
pub struct DescribeAnswer {
    /// One draft per subject, in the request's order; `None` if the answer has no usable text for it.
    pub drafts: Vec<Option<Draft>>,
    /// The usage of this request. `model_ms` and `requests` are set; the caller counts `retries`.
    pub usage: Usage,
}

/// The maximum usage of a request, for budgets, and its likely size, for estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UsageBound {
    /// Maximum number of input tokens.
    pub input_tokens: i64,
    /// Likely number of input tokens.
    pub likely_input_tokens: i64,
    /// Maximum number of output tokens.
    pub output_tokens: i64,
    /// Maximum cost in US dollars; `None` if a price is unknown.
    pub cost_usd: Option<f64>,
}

/// Why a model gave no usable answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ModelError {
    /// The provider asks to retry later, since there are too many requests or too much load. Nothing is billed.
    #[error("{message}")]
    Busy {
        /// What the provider answered.
        message: String,
        /// The wait that the provider requests.
        retry_after: Option<Duration>,
    },
    /// The provider is not reachable, or has a server error. May be retried; nothing is billed.
    #[error("{0}")]
    Unavailable(String),
    /// The request was sent, but no answer came in time. May be retried; the request may be billed.
    #[error("{0}")]
    NoAnswer(String),
    /// The answer is not a model's. May be billed. An address that gives no other answers is not a model's.
    #[error("{0}")]
    NotAModel(String),
    /// The API key is missing or no key, so nothing was sent. Every further request would fail too.
    #[error("{0}")]
    NoKey(String),
    /// The provider refused the API key. Every further request would fail too.
    #[error("{0}")]
    KeyRefused(String),
    /// The provider does not have the model.
    #[error("{0}")]
    UnknownModel(String),
    /// The model answers, but not in the structure that was asked for.
    #[error("{0}")]
    Unstructured(String),
    /// The provider refused this request because of its content. Other requests may succeed.
    #[error("{0}")]
    Rejected(String),
    /// The answer cannot be used. It is billed, and the request must not be repeated.
    #[error("{why}")]
    Unusable {
        /// The reason.
        why: Unusable,
        /// The usage of the request.
        usage: Usage,
    },
    /// The profile's settings cannot be used.
    #[error("{0}")]
    Misconfigured(String),
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The provider's content filter withheld it.
    #[error("the provider's content filter withheld the answer")]
    Filtered,
    /// The model refused; holds its text.
    #[error("the model refused to answer: {0}")]
    Refused(String),
    /// It contains no choice.
    #[error("the answer of {0} contains no choice")]
    Empty(String),
    /// It is larger than `maxOutputTokens` allows.
    #[error("the model's answer is larger than {kib} KiB, more than `maxOutputTokens` ({tokens}) allows")]
    TooLarge {
        /// The limit in KiB.
        kib: usize,
        /// The value of `maxOutputTokens`.
        tokens: i32,
    },
    /// It is an error that was sent with a success status.
    #[error("{0}")]
    Failed(String),
}

impl ModelError {
    /// Returns whether a retry may succeed.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Unavailable(_) | Self::NoAnswer(_) | Self::NotAModel(_))
    }

    /// Returns whether the profile must be changed, rather than the request repeated.
    #[must_use]
    pub const fn is_of_profile(&self) -> bool {
        matches!(
            self,
            Self::NoKey(_)
                | Self::KeyRefused(_)
                | Self::UnknownModel(_)
                | Self::NotAModel(_)
                | Self::Unstructured(_)
                | Self::Misconfigured(_)
        )
    }

    /// Returns whether the provider may bill the failed request.
    #[must_use]
    pub const fn may_be_billed(&self) -> bool {
        matches!(self, Self::NoAnswer(_) | Self::NotAModel(_) | Self::Unusable { .. })
    }
}

/// Writes descriptions. One exists per LLM profile in use.
#[async_trait]
pub trait Describer: Send + Sync {
    /// Describes the subjects. Sends one request to the provider, without retries.
    ///
    /// # Errors
    /// Returns a [`ModelError`]. If an answer's text cannot be read, that is not an error: its drafts are `None`.
    async fn describe(&self, request: &DescribeRequest) -> Result<DescribeAnswer, ModelError>;

    /// Returns a draft for each subject whose text is certain without a request, because the column repeats one that
    /// people described, and `None` for the others. Describers that send no requests return `None` for all.
    fn certain(&self, request: &DescribeRequest) -> Vec<Option<Draft>> {
        vec![None; request.subjects.len()]
    }

    /// Describes a schema or a database with one draft, as [`Describer::describe`].
    ///
    /// # Errors
    /// Returns a [`ModelError`].
    async fn describe_container(&self, request: &ContainerRequest) -> Result<DescribeAnswer, ModelError>;

    /// Returns the maximum usage of a request for a container.
    fn container_bound(&self, request: &ContainerRequest) -> UsageBound;

    /// Returns how to split the subjects of a request: the sizes of its parts, in order, so that each part and its
    /// answer fit into the model's limits.
    fn batches(&self, request: &DescribeRequest) -> Vec<usize>;

    /// Returns the version of the prompts; `None` if it sends none.
    fn prompt_version(&self) -> Option<&str>;

    /// Returns the options that are set but that the describer ignores, by their names in the API.
    fn ignores(&self, _options: &RunOptions) -> Vec<&'static str> {
        Vec::new()
    }

    /// Returns whether answers come without a remote call. Several answers are then recorded together.
    fn is_local(&self) -> bool {
        false
    }

    /// Returns the maximum usage of a request.
    fn bound(&self, request: &DescribeRequest) -> UsageBound;
}

/// Opens the models of profiles.
#[async_trait]
pub trait Models: Send + Sync + 'static {
    /// Returns the describer of a profile. Does not use the network.
    ///
    /// # Errors
    /// Returns [`ModelError::Misconfigured`] if the profile's settings cannot be used.
    fn open(&self, profile: &LlmProfile) -> Result<Arc<dyn Describer>, ModelError>;

    /// Returns the model of a profile for questions. Does not use the network.
    ///
    /// # Errors
    /// Returns [`ModelError::Misconfigured`] if the profile's settings cannot be used.
    fn open_converser(&self, profile: &LlmProfile) -> Result<Arc<dyn Converser>, ModelError>;

    /// Returns the judge of a profile. Does not use the network.
    ///
    /// # Errors
    /// Returns [`ModelError::Misconfigured`] if the profile's settings cannot be used, or if its model cannot judge.
    fn open_judge(&self, profile: &LlmProfile) -> Result<Arc<dyn Judge>, ModelError>;

    /// Checks that the provider answers with this key and model. Returns one line for display.
    ///
    /// # Errors
    /// Returns a [`ModelError`] with the reason.
    async fn test(&self, profile: &LlmProfile) -> Result<String, ModelError>;
}
