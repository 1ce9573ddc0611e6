//! What a provider is asked, whatever it is about: the subjects, what is known of them, and how to describe them.
//!
//! The rule: prompt, schema, bound and drafts are made from this alone, so that a table and a whole schema go the
//! same way. What another sort of subject needs is another constructor here.

use super::{
    container,
    facts::{column_facts, statistics_of, table_facts},
    prompt,
    subjects::{Asked, asked, whole},
};
use crate::{
    domain::{run::RunOptions, suggestion::Evidence},
    port::model::{ContainerRequest, DescribeRequest, Revision, Subject},
};

/// One request.
pub struct Brief<'a> {
    /// What is described, each under its key.
    pub asked: Vec<Asked>,
    /// The facts as the model is shown them.
    pub facts: String,
    /// The facts about each subject, in the order of `asked`: what its draft rests on.
    pub evidence: Vec<Vec<Evidence>>,
    /// The text before of each subject that is done again, in the order of `asked`.
    pub revisions: Vec<Option<&'a Revision>>,
    /// How to describe.
    pub options: &'a RunOptions,
    /// What a person says about the database.
    pub about: Option<&'a str>,
    /// Whether an earlier answer could not be used.
    pub asked_before: bool,
}

impl<'a> Brief<'a> {
    /// About some subjects of a table.
    #[must_use]
    pub fn of_table(request: &'a DescribeRequest) -> Self {
        let asked = asked(&request.table, &request.subjects);
        let revision = |one: &Asked| {
            let at = request.subjects.iter().position(|subject| *subject == one.subject)?;
            request.revisions.get(at)?.as_ref()
        };
        Self {
            facts: prompt::facts_of_table(request, &asked),
            evidence: asked.iter().map(|one| evidence(request, one.subject)).collect(),
            revisions: asked.iter().map(revision).collect(),
            asked,
            options: &request.options,
            about: request.about.as_deref(),
            asked_before: request.asked_before,
        }
    }

    /// About a schema or a database as a whole.
    #[must_use]
    pub fn of_container(request: &'a ContainerRequest) -> Self {
        Self {
            asked: vec![whole(&request.container.path)],
            facts: container::facts(&request.container),
            evidence: vec![container::evidence(&request.container)],
            revisions: vec![request.revision.as_ref()],
            options: &request.options,
            about: request.about.as_deref(),
            asked_before: request.asked_before,
        }
    }
}

/// The facts that the model is shown about a subject of a table.
fn evidence(request: &DescribeRequest, subject: Subject) -> Vec<Evidence> {
    let statistics = request.statistics.as_deref();
    let facts = match subject {
        Subject::Table => table_facts(&request.table, statistics),
        Subject::Column(index) => request
            .table
            .columns
            .get(index)
            .map(|column| column_facts(&request.table, column, statistics_of(statistics, &column.name)))
            .unwrap_or_default(),
    };
    facts.into_iter().map(Evidence::from).collect()
}
