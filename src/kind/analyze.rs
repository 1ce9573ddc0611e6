//! ANALYZE and SCHEDULE: describes every table and column in scope. With `RUN_APPLY` and AUTO schedules, the first
//! wording of each is then applied.
//!
//! The rule: the scope is resolved once against the live database and recorded as rows, unless the rows were recorded
//! with the run. The table pipeline does the rest.

use async_trait::async_trait;

use super::Kind;
use crate::{
    domain::{Code, run::RunError, status::RunStatus},
    engine::{
        Ending, Halt,
        context::{NO_ANSWER, RunContext, target_error},
        indexing::take_walk,
        tables::Work,
        waits::Awaited,
        walk::{WalkError, Walked, rows_of, walk},
    },
};

/// Describes every table and column in scope.
pub struct Analyze;

#[async_trait]
impl Kind for Analyze {
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt> {
        let work = Work::open(context).await?;
        let walked = if context.run.progress.total.is_none() { Some(resolve(&work).await?) } else { None };
        let indexing = async {
            if let Some(walked) = walked {
                take_walk(&context.ports, &work.db_profile, &context.run.spec.scope, walked).await;
            }
        };
        match work.describe_pending(indexing).await? {
            Ending::Finished(RunStatus::ReadyForReview, _) if context.run.spec.auto_apply => Ok(Ending::Described),
            ending => Ok(ending),
        }
    }
}

/// Resolves the scope, records the result as rows, and returns what was read.
async fn resolve(work: &Work<'_>) -> Result<Walked, Halt> {
    // Without retries: if the target was never reached, its address is probably wrong.
    let (context, walking) = (work.context, walk(work.target.as_ref(), &work.context.run.spec.scope));
    let walked = context.noticing(Awaited::Target, NO_ANSWER, || true, walking).await?;
    context.goes_on(Awaited::Target).await?;
    let walked = walked.map_err(|error| match error {
        WalkError::Target(error) => Halt::Failed(target_error(&error)),
        WalkError::Unknown { message, .. } => {
            Halt::Failed(RunError::new(Code::BadUserInput, message, "start a new run with a scope that exists"))
        }
    })?;
    let rows = rows_of(&walked.visits);
    work.warn(&walked.problems.sentences()).await?;
    work.context
        .record(move |edit| {
            edit.resolve(rows);
            Ok(())
        })
        .await?;
    Ok(walked)
}
