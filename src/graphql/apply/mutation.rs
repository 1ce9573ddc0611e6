//! Writing comments, and putting back what stood before.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::input::{ApplyRunInput, RollbackRunInput};
use crate::{
    graphql::{
        connection::count,
        context::{services, viewer},
        run::object::Run,
    },
    service::applies::WriteOrder,
};

/// What was begun.
#[derive(SimpleObject)]
pub struct ApplyRunPayload {
    /// The run: APPLYING, or as it was where nothing is to be written.
    run: Run,
    /// How many comments are to be written.
    total: i32,
    /// How many of them take the place of another comment.
    replacing: i32,
}

/// Apply and roll-back.
#[derive(Default)]
pub struct ApplyMutation;

#[Object]
impl ApplyMutation {
    /// Starts to write accepted texts to the database: the run is APPLYING when this answers and until all is
    /// written, with an event for each. Where another comment stands than the run saw, that outcome is CONFLICT.
    async fn apply_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to write.")] input: ApplyRunInput,
    ) -> Result<ApplyRunPayload> {
        begin(context, &input.order()?).await
    }

    /// Starts to put back what stood before the run's texts were written, newest first. Where another comment
    /// stands than was written, that outcome is CONFLICT.
    async fn rollback_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to undo.")] input: RollbackRunInput,
    ) -> Result<ApplyRunPayload> {
        begin(context, &input.order()?).await
    }
}

async fn begin(context: &Context<'_>, order: &WriteOrder) -> Result<ApplyRunPayload> {
    let (run, begun) = services(context).applies.begin(order, &viewer(context).name).await?;
    Ok(ApplyRunPayload { run: Run(Arc::new(run)), total: count(begun.total), replacing: count(begun.replacing) })
}
