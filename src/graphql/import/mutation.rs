//! The mutation that imports runs.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::input::ImportRunsInput;
use crate::graphql::{
    connection::count,
    context::{services, viewer},
    run::object::Run,
};

/// What an import added.
#[derive(SimpleObject)]
pub struct ImportRunsPayload {
    /// One for each run of the input, in its order.
    runs: Vec<ImportedRun>,
}

/// What an import added to a run.
#[derive(SimpleObject)]
pub struct ImportedRun {
    /// The run's key in the import.
    key: String,
    /// The run; null if a dry run would create it.
    run: Option<Run>,
    /// Whether the run is new.
    is_new: bool,
    /// The number of suggestions added.
    added: i32,
}

/// The mutation of imports.
#[derive(Default)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Records runs that ended in another tool, with their suggestions, reviews and writes, all or none. They get new
    /// numbers, belong to the caller, and are runs in every way: they can be reviewed, applied, compared and exported.
    /// Importing the same runs again adds nothing.
    #[graphql(complexity = "200 + 100 * child_complexity")]
    async fn import_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The runs.")] input: ImportRunsInput,
    ) -> Result<ImportRunsPayload> {
        let outcomes = services(context).imports.import(input.import()?, &viewer(context).name).await?;
        let shape = |it: crate::service::imports::ImportOutcome| ImportedRun {
            key: it.key,
            run: it.run.map(|run| Run(Arc::new(run))),
            is_new: it.is_new,
            added: count(it.added),
        };
        Ok(ImportRunsPayload { runs: outcomes.into_iter().map(shape).collect() })
    }
}
