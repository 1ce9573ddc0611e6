//! Begins an apply or a roll-back, and settles writes in doubt.
//!
//! The rule: the items are selected in the transaction that makes the run APPLYING, so no review can come between.

use super::{
    apply_plan,
    deciding::{Busy, decide_on},
    runs, settle,
    transaction::Transaction,
    write,
};
use crate::{
    domain::{
        Error, Result,
        apply::{ApplyItem, ApplyOrder, Begun},
        clock::Moment,
        id::{RunId, SuggestionId},
        review::{Choice, Comments, Decision, Selection},
        run::{Run, RunEdit},
        status::RunStatus,
        suggestion::{ReviewState, SuggestionFilter},
    },
    port::store::Change,
};

/// Refuses a live run, so that two applies never mix.
fn refuse_live(run: &Run) -> Result<()> {
    if run.status.is_live() {
        let message =
            format!("run #{} is {}; wait for its end, or cancel it, and try again", run.id, run.status.as_str());
        return Err(Error::conflict(message));
    }
    Ok(())
}

/// Records the outcomes of items in doubt and updates the run's status.
pub(super) async fn settle_items(
    transaction: Transaction,
    id: RunId,
    items: Vec<ApplyItem>,
    at: Moment,
) -> Result<Run> {
    let run = runs::find(&transaction, id).await?;
    refuse_live(&run)?;
    let actor = items.iter().find_map(|item| item.doubt.clone()).unwrap_or_default();
    let mut edit = RunEdit::new(run, at);
    items.into_iter().for_each(|item| edit.settle_item(item));
    write::edit(&transaction, &edit).await?;
    settle::settle(&transaction, vec![edit.run], &actor, at).await?;
    let settled = runs::find(&transaction, id).await?;
    transaction.commit().await?;
    Ok(settled)
}

/// Accepts undecided suggestions if requested, selects the items and makes the run APPLYING, in one transaction so that
/// no review can come between.
pub(super) async fn begin_apply(
    transaction: Transaction,
    id: RunId,
    fence: Option<i32>,
    order: ApplyOrder,
    ids: Option<Vec<SuggestionId>>,
    accept_undecided: bool,
    at: Moment,
) -> Result<(Run, Begun)> {
    let run = runs::find(&transaction, id).await?;
    if fence.is_none() {
        refuse_live(&run)?;
    }
    if run.status == RunStatus::Cancelling {
        return Ok((runs::change(transaction, run, fence, at, Box::new(|_| Ok(()))).await?, Begun::default()));
    }
    let mut left_out = 0;
    if accept_undecided {
        let undecided = SuggestionFilter { states: Some(vec![ReviewState::Unreviewed]), ..SuggestionFilter::default() };
        let undecided = Selection::OfRun(id, undecided, Comments::replaced(run.spec.options.replace_comments));
        let first = Decision::Accept(Choice::Alternative(0));
        left_out = decide_on(&transaction, &undecided, &first, (&order.actor, at), Busy::Spare).await?.left_out;
    }
    let (items, replacing) = if order.rollback {
        let items = apply_plan::to_roll_back(&transaction, id, ids.as_deref()).await?;
        // Putting back a blank comment replaces nothing.
        let says = |item: &&ApplyItem| item.text.as_deref().is_some_and(|text| !text.trim().is_empty());
        let replacing = items.iter().filter(says).count();
        (items, replacing)
    } else {
        apply_plan::to_apply(&transaction, id, ids.as_deref(), order.overwrite).await?
    };
    let begun = Begun { total: items.len(), replacing };
    if begun.total == 0 && fence.is_none() {
        return Ok((run, begun));
    }
    let run = runs::find(&transaction, id).await?;
    let begin: Change = Box::new(move |edit| {
        let order = ApplyOrder { from: edit.run.status, replacing, left_out, ..order };
        edit.begin_apply(order, items)
    });
    Ok((runs::change(transaction, run, fence, at, begin).await?, begun))
}
