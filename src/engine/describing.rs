//! Requests descriptions from a model, through `sending.rs`.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Halt,
    context::RunContext,
    sending::{Request, Sender, Sent},
    throttle::Throttle,
    walk::comment_of,
};
use crate::{
    domain::{
        run::{Row, RowOutcome, RunError},
        suggestion::Draft,
        usage::Usage,
    },
    port::model::{ContainerRequest, DescribeAnswer, DescribeRequest, Describer, ModelError, Subject, UsageBound},
};

/// A request to a model, for a table or a container.
pub enum DescriptionRequest {
    /// Some subjects of one table.
    Table(DescribeRequest),
    /// A schema or a database.
    Container(ContainerRequest),
}

impl DescriptionRequest {
    fn bound(&self, describer: &dyn Describer) -> UsageBound {
        match self {
            Self::Table(request) => describer.bound(request),
            Self::Container(request) => describer.container_bound(request),
        }
    }

    async fn send_to(&self, describer: &dyn Describer) -> Result<DescribeAnswer, ModelError> {
        match self {
            Self::Table(request) => describer.describe(request).await,
            Self::Container(request) => describer.describe_container(request).await,
        }
    }

    /// Returns the outcome to record for the subject at an index once it has a draft.
    pub fn done(&self, at: usize, draft: Draft) -> RowOutcome {
        let data_type = match self {
            Self::Table(DescribeRequest { table, subjects, .. }) => match subjects[at] {
                Subject::Column(column) => Some(table.columns[column].data_type.clone()),
                Subject::Table => None,
            },
            Self::Container(_) => None,
        };
        RowOutcome::Done { draft, existing_comment: self.comment(at), data_type: data_type.filter(|it| !it.is_empty()) }
    }

    /// Returns the existing comment of the subject at an index, or `None` if it is blank.
    fn comment(&self, at: usize) -> Option<String> {
        match self {
            Self::Table(request) => comment_of(&request.table, request.subjects[at]).map(str::to_owned),
            Self::Container(request) => request.container.comment.clone().filter(|comment| !comment.trim().is_empty()),
        }
    }

    /// Returns whether an earlier answer could not be used.
    pub const fn is_retry(&self) -> bool {
        match self {
            Self::Table(request) => request.is_retry,
            Self::Container(request) => request.is_retry,
        }
    }

    /// Returns the request to repeat for the subjects at these indices.
    #[must_use]
    pub fn again(self, missing: &[usize]) -> Self {
        match self {
            Self::Table(request) => Self::Table(DescribeRequest {
                subjects: missing.iter().map(|at| request.subjects[*at]).collect(),
                revisions: missing.iter().filter_map(|at| request.revisions.get(*at).cloned()).collect(),
                is_retry: true,
                ..request
            }),
            Self::Container(request) => Self::Container(ContainerRequest { is_retry: true, ..request }),
        }
    }
}

/// A request paired with its describer.
struct DescriberRequest<'a> {
    request: &'a DescriptionRequest,
    describer: &'a dyn Describer,
}

#[async_trait]
impl Request for DescriberRequest<'_> {
    type Answer = Vec<Option<Draft>>;

    async fn send(&self) -> Result<(Self::Answer, Usage), ModelError> {
        let answer = self.request.send_to(self.describer).await?;
        Ok((answer.drafts, answer.usage))
    }
}

/// Sends description requests of one run to one model.
pub struct DescriberClient<'a> {
    sender: Sender<'a>,
    describer: Arc<dyn Describer>,
}

/// The result of a request.
pub struct Asked {
    /// One draft per subject, or the error if the provider refuses this request.
    pub drafts: Result<Vec<Option<Draft>>, RunError>,
    /// The usage of all attempts.
    pub usage: Usage,
}

impl<'a> DescriberClient<'a> {
    /// Creates a client for this model.
    pub fn new(context: &'a RunContext, describer: Arc<dyn Describer>, throttle: Arc<Throttle>) -> Self {
        Self { sender: Sender::new(context, throttle), describer }
    }

    /// Splits a request into one for each batch of its subjects.
    pub fn split(&self, request: DescribeRequest) -> Vec<DescribeRequest> {
        request.split(self.describer.as_ref())
    }

    /// Returns a draft for each subject whose text is certain without a request.
    pub fn certain(&self, request: &DescribeRequest) -> Vec<Option<Draft>> {
        self.describer.certain(request)
    }

    /// Returns whether the describer answers immediately, without a remote call.
    pub fn is_local(&self) -> bool {
        self.describer.is_local()
    }

    /// Returns the maximum number of concurrent requests.
    pub fn width(&self) -> usize {
        self.sender.width()
    }

    /// Sends a request and retries it if the provider does not answer. `begins` are the rows to report as started once
    /// the request may be sent.
    ///
    /// # Errors
    /// Returns [`Halt`] if the run cannot continue.
    pub async fn ask(&self, request: &DescriptionRequest, begins: Option<Vec<Row>>) -> Result<Asked, Halt> {
        let bound = request.bound(self.describer.as_ref());
        let request = DescriberRequest { request, describer: self.describer.as_ref() };
        let Sent { answer: drafts, mut usage } = self.sender.send(&bound, begins, &request).await?;
        if request.request.is_retry() {
            usage.repeats = usage.requests;
        }
        Ok(Asked { drafts, usage })
    }
}
