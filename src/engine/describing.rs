//! Asks a model for descriptions, by `sending.rs`.

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

/// One request to a model, of either sort.
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

    async fn put(&self, describer: &dyn Describer) -> Result<DescribeAnswer, ModelError> {
        match self {
            Self::Table(request) => describer.describe(request).await,
            Self::Container(request) => describer.describe_container(request).await,
        }
    }

    /// What is recorded of the subject at an index once it has a draft.
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

    /// The comment that stands on the subject at an index, unless it is blank.
    fn comment(&self, at: usize) -> Option<String> {
        match self {
            Self::Table(request) => comment_of(&request.table, request.subjects[at]).map(str::to_owned),
            Self::Container(request) => request.container.comment.clone().filter(|comment| !comment.trim().is_empty()),
        }
    }

    /// Whether an earlier answer could not be used.
    pub const fn asked_before(&self) -> bool {
        match self {
            Self::Table(request) => request.asked_before,
            Self::Container(request) => request.asked_before,
        }
    }

    /// The same once more, for the subjects at these indices.
    #[must_use]
    pub fn again(self, missing: &[usize]) -> Self {
        match self {
            Self::Table(request) => Self::Table(DescribeRequest {
                subjects: missing.iter().map(|at| request.subjects[*at]).collect(),
                revisions: missing.iter().filter_map(|at| request.revisions.get(*at).cloned()).collect(),
                asked_before: true,
                ..request
            }),
            Self::Container(request) => Self::Container(ContainerRequest { asked_before: true, ..request }),
        }
    }
}

/// A request put to a describer.
struct Put<'a> {
    request: &'a DescriptionRequest,
    describer: &'a dyn Describer,
}

#[async_trait]
impl Request for Put<'_> {
    type Answer = Vec<Option<Draft>>;

    async fn put(&self) -> Result<(Self::Answer, Usage), ModelError> {
        let answer = self.request.put(self.describer).await?;
        Ok((answer.drafts, answer.usage))
    }
}

/// Asks one model for one run.
pub struct DescriberClient<'a> {
    sender: Sender<'a>,
    describer: Arc<dyn Describer>,
}

/// What came of a request.
pub struct Asked {
    /// One per subject; the reason where the provider refuses this very request.
    pub drafts: Result<Vec<Option<Draft>>, RunError>,
    /// What it used.
    pub usage: Usage,
}

impl<'a> DescriberClient<'a> {
    /// Asks this model.
    pub fn new(context: &'a RunContext, describer: Arc<dyn Describer>, throttle: Arc<Throttle>) -> Self {
        Self { sender: Sender::new(context, throttle), describer }
    }

    /// How many subjects one request may hold.
    pub fn batch_size(&self) -> usize {
        self.describer.batch_size(&self.sender.context().run.spec.options).max(1)
    }

    /// Whether answers come without waiting.
    pub fn answers_at_once(&self) -> bool {
        self.describer.answers_at_once()
    }

    /// How many requests may be under way at once.
    pub fn width(&self) -> usize {
        self.sender.width()
    }

    /// Asks, and asks again where the provider did not answer. `begins` are the rows to tell as started once
    /// the request may be sent.
    ///
    /// # Errors
    /// [`Halt`] where the run cannot go on.
    pub async fn ask(&self, request: &DescriptionRequest, begins: Option<Vec<Row>>) -> Result<Asked, Halt> {
        let bound = request.bound(self.describer.as_ref());
        let put = Put { request, describer: self.describer.as_ref() };
        let Sent { answer: drafts, usage } = self.sender.send(&bound, begins, &put).await?;
        Ok(Asked { drafts, usage })
    }
}
