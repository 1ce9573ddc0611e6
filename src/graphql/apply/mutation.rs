//! The mutations that apply and roll back.

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

/// The apply that was started.
#[derive(SimpleObject)]
pub struct ApplyRunPayload {
    /// The run: APPLYING, or unchanged if there is nothing to write.
    run: Run,
    /// The number of comments to write.
    total: i32,
    /// The number of them that replace another comment.
    replacing: i32,
}

/// The mutations that apply and roll back.
#[derive(Default)]
pub struct ApplyMutation;

#[Object]
impl ApplyMutation {
    /// Starts to write accepted texts to the database. The run is APPLYING when this returns, with an event for each
    /// write. If a comment has changed since the run read it, its outcome is CONFLICT.
    async fn apply_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to write.")] input: ApplyRunInput,
    ) -> Result<ApplyRunPayload> {
        begin(context, &input.order()?).await
    }

    /// Starts to put back the comments that the run replaced, newest write first. If a comment has changed since it was
    /// written, its outcome is CONFLICT.
    async fn rollback_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to roll back.")] input: RollbackRunInput,
    ) -> Result<ApplyRunPayload> {
        begin(context, &input.order()?).await
    }
}

async fn begin(context: &Context<'_>, order: &WriteOrder) -> Result<ApplyRunPayload> {
    let (run, begun) = services(context).applies.begin(order, &viewer(context).name).await?;
    Ok(ApplyRunPayload { run: Run(Arc::new(run)), total: count(begun.total), replacing: count(begun.replacing) })
}
