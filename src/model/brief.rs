//! The content of a request to a provider: the subjects, the facts about them, and how to describe them.
//!
//! The rule: prompt, schema, bound and drafts are derived from the brief alone, so that tables and whole schemas are
//! handled alike. To add another kind of subject, add a constructor here.

use super::{
    container,
    facts::{column_facts, table_facts},
    prompt,
    subjects::{Asked, asked, whole},
};
use crate::{
    domain::{run::RunOptions, suggestion::Evidence},
    port::model::{ContainerRequest, DescribeRequest, Revision, Subject},
};

/// The content of one request.
pub struct Brief<'a> {
    /// The subjects, each with its key.
    pub asked: Vec<Asked>,
    /// The facts that all requests about the same table have in common, as the model sees them.
    pub shared: String,
    /// The facts about the subjects of this request.
    pub own: String,
    /// The facts about each subject, in the order of `asked`: the evidence for its draft.
    pub evidence: Vec<Vec<Evidence>>,
    /// The previous text of each subject that is described again, in the order of `asked`.
    pub revisions: Vec<Option<&'a Revision>>,
    /// The options.
    pub options: &'a RunOptions,
    /// The user's description of the database.
    pub about: Option<&'a str>,
    /// Number of requests of the run about the same table.
    pub requests: usize,
    /// Whether an earlier answer was unusable.
    pub is_retry: bool,
}

impl<'a> Brief<'a> {
    /// Creates the brief for some subjects of a table.
    #[must_use]
    pub fn of_table(request: &'a DescribeRequest) -> Self {
        let asked = asked(&request.table, &request.subjects);
        let revision = |one: &Asked| {
            let at = request.subjects.iter().position(|subject| *subject == one.subject)?;
            request.revisions.get(at)?.as_ref()
        };
        Self {
            shared: prompt::facts_of_table(request, &asked),
            own: prompt::facts_of_columns(request, &asked),
            evidence: asked.iter().map(|one| evidence(request, one.subject)).collect(),
            revisions: asked.iter().map(revision).collect(),
            asked,
            options: &request.options,
            about: request.about.as_deref(),
            requests: request.requests,
            is_retry: request.is_retry,
        }
    }

    /// Creates the brief for a whole schema or database.
    #[must_use]
    pub fn of_container(request: &'a ContainerRequest) -> Self {
        Self {
            asked: vec![whole(&request.container.path)],
            shared: container::facts(&request.container),
            own: String::new(),
            evidence: vec![container::evidence(&request.container)],
            revisions: vec![request.revision.as_ref()],
            options: &request.options,
            about: request.about.as_deref(),
            requests: 1,
            is_retry: request.is_retry,
        }
    }
}

/// The facts about a subject of a table that the model sees.
fn evidence(request: &DescribeRequest, subject: Subject) -> Vec<Evidence> {
    let facts = match subject {
        Subject::Table => table_facts(request),
        Subject::Column(index) => column_facts(request, index),
    };
    facts.into_iter().map(Evidence::from).collect()
}
