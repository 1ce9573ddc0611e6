//! Decisions on suggestions, and their effect on runs.
//!
//! The rule: selected suggestions are read once, decided in memory, and written with statements over many keys each,
//! all in one transaction. `settle.rs` then updates the runs.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{
    Millis, Word, alternative, displaced_review, run,
    suggestion::{self, Column},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    all, audit, catalog, chain,
    displaced::{self, Returning},
    items, record,
    runs::{self, MAX_KEYS},
    settle, suggestions,
    transaction::Transaction,
    trouble::DbResult as _,
};
use crate::domain::{
    Error, Result,
    asset::{AssetKind, AssetPath},
    clock::Moment,
    id::{RunId, SuggestionId},
    review::{Choice, Comments, Decision, Reviewed, Selection},
    run::Run,
    status::RunStatus,
    suggestion::ReviewState,
};

/// Maximum number of changed suggestions that a result names.
const MAX_FIRST: usize = 200;

/// A selected suggestion, with the text that the decision gives it.
#[derive(Debug, FromQueryResult)]
struct Chosen {
    id: i64,
    run_id: i64,
    position: i32,
    chain: i64,
    version: i32,
    display: String,
    review_state: Word<ReviewState>,
    review_text: Option<String>,
    wanted: Option<String>,
    existing_comment: Option<String>,
    asset_kind: Word<AssetKind>,
    database_name: Option<String>,
    schema_name: Option<String>,
    table_name: Option<String>,
    column_name: Option<String>,
}

impl Chosen {
    /// The asset as a key of the audit.
    fn asset_key(&self) -> Result<String> {
        record::asset_key(&AssetPath {
            kind: self.asset_kind.0,
            database: self.database_name.clone(),
            schema: self.schema_name.clone(),
            table: self.table_name.clone(),
            column: self.column_name.clone(),
        })
    }
}

/// Another version in the chain of an accepted suggestion, with its review.
#[derive(Debug, FromQueryResult)]
struct Mate {
    id: i64,
    run_id: i64,
    chain: i64,
    review_state: Word<ReviewState>,
    review_text: Option<String>,
    reviewer: Option<String>,
    reviewed_at: Option<Millis>,
}

/// What a decision does if another version of the suggestion is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    /// The whole decision is refused.
    Refuse,
    /// That chain is left unchanged.
    Spare,
}

/// The state that a decision leads to.
const fn target(decision: &Decision) -> ReviewState {
    match decision {
        Decision::Accept(Choice::Alternative(_)) => ReviewState::Accepted,
        Decision::Accept(Choice::Text(_)) => ReviewState::Edited,
        Decision::Skip => ReviewState::Skipped,
        Decision::Restore => ReviewState::Unreviewed,
    }
}

/// The text that a decision gives a suggestion; null if it gives none or the alternative does not exist.
fn wanted(decision: &Decision) -> Expr {
    match decision {
        Decision::Accept(Choice::Alternative(0)) => Expr::col((suggestion::Entity, Column::Description)),
        Decision::Accept(Choice::Alternative(index)) => {
            let position = i64::try_from(*index).unwrap_or(i64::MAX).saturating_add(1);
            let own = Expr::col((suggestion::Entity, Column::Id));
            let mut query = Query::select();
            query
                .column(alternative::Column::Text)
                .from(alternative::Entity)
                .and_where(Expr::col((alternative::Entity, alternative::Column::SuggestionId)).eq(own))
                .and_where(Expr::col((alternative::Entity, alternative::Column::Position)).eq(position));
            Expr::from(query)
        }
        Decision::Accept(Choice::Text(text)) => Expr::val(text.as_str()),
        Decision::Skip | Decision::Restore => Expr::val(None::<String>),
    }
}

/// Reads the selected suggestions, each once.
async fn chosen(connection: &impl ConnectionTrait, selection: &Selection, decision: &Decision) -> Result<Vec<Chosen>> {
    let read = async |mut query: SelectStatement| -> Result<Vec<Chosen>> {
        query
            .columns([Column::Id, Column::RunId, Column::Position, Column::Version])
            .columns([Column::Display, Column::ReviewState, Column::ReviewText, Column::ExistingComment])
            .columns([
                Column::AssetKind,
                Column::DatabaseName,
                Column::SchemaName,
                Column::TableName,
                Column::ColumnName,
            ])
            .expr_as(Expr::col(Column::ChainId).if_null(Expr::col(Column::Id)), "chain")
            .expr_as(wanted(decision), "wanted");
        all(connection, &query).await
    };
    match selection {
        Selection::OfRun(run, filter, _) => {
            if run::Entity::find_by_id(run.0).one(connection).await.db()?.is_none() {
                return Err(Error::not_found_at("input.runId", format!("no run has the number {run}")));
            }
            let mut query = suggestions::passing(connection.get_database_backend(), *run, filter, false);
            if matches!(decision, Decision::Accept(_)) {
                query.and_where(Expr::exists(chain::newer_version()).not());
            }
            read(query).await
        }
        Selection::These(ids) => {
            let mut found = Vec::with_capacity(ids.len());
            let distinct: BTreeSet<i64> = ids.iter().map(|id| id.0).collect();
            let distinct: Vec<i64> = distinct.into_iter().collect();
            for ids in distinct.chunks(MAX_KEYS) {
                let mut query = Query::select();
                query.from(suggestion::Entity).and_where(Expr::col(Column::Id).is_in(ids.iter().copied()));
                found.extend(read(query).await?);
            }
            let known: HashSet<i64> = found.iter().map(|row| row.id).collect();
            match ids.iter().position(|id| !known.contains(&id.0)) {
                Some(at) => Err(Error::not_found_at(
                    format!("input.ids.{at}"),
                    "this suggestion does not exist; it may have been deleted with its run",
                )),
                None => Ok(found),
            }
        }
    }
}

/// Refuses an alternative that some selected suggestion does not have.
fn all_have_it(chosen: &[Chosen], decision: &Decision) -> Result<()> {
    let Decision::Accept(Choice::Alternative(index)) = decision else { return Ok(()) };
    match chosen.iter().find(|row| row.wanted.is_none()) {
        Some(row) => Err(Error::bad_input(
            "input.alternative",
            format!("{} has no alternative {index}; choose one that every selected suggestion has", row.display),
        )),
        None => Ok(()),
    }
}

/// Returns the chains whose suggestion to accept would replace a person's comment: one that the run saw and that Gloss
/// never wrote there, or wrote in a reviewer's own words.
async fn with_comments_of_people(
    connection: &impl ConnectionTrait,
    chosen: &[Chosen],
    accepted: &HashSet<i64>,
) -> Result<HashSet<i64>> {
    let commented: Vec<(&Chosen, &str)> = chosen
        .iter()
        .filter(|row| accepted.contains(&row.id))
        .filter_map(|row| Some((row, row.existing_comment.as_deref().filter(|comment| !comment.trim().is_empty())?)))
        .collect();
    let mut chains = HashSet::new();
    for commented in commented.chunks(MAX_KEYS) {
        let assets = commented.iter().map(|(row, _)| row.asset_key()).collect::<Result<Vec<_>>>()?;
        let written = audit::texts_written(connection, None, &assets).await.db()?;
        for ((row, comment), asset) in commented.iter().zip(&assets) {
            if !written.get(asset).is_some_and(|texts| texts.contains(*comment)) {
                chains.insert(row.chain);
            }
        }
    }
    Ok(chains)
}

/// Returns the chains with a version that stands in a reviewer's own words.
fn edited<'a>(chosen: &'a [Chosen], mates: &'a [Mate]) -> impl Iterator<Item = i64> + 'a {
    let chosen = chosen.iter().map(|row| (row.chain, row.review_state.0));
    let mates = mates.iter().map(|mate| (mate.chain, mate.review_state.0));
    chosen.chain(mates).filter(|(_, state)| *state == ReviewState::Edited).map(|(chain, _)| chain)
}

/// Returns the newest selected version of each chain, the one to accept, by chain.
fn newest(chosen: &[Chosen]) -> HashMap<i64, i64> {
    let mut newest: HashMap<i64, (i32, i64)> = HashMap::with_capacity(chosen.len());
    for row in chosen {
        let place = newest.entry(row.chain).or_insert((row.version, row.id));
        *place = (*place).max((row.version, row.id));
    }
    newest.into_iter().map(|(chain, (_, id))| (chain, id)).collect()
}

/// Returns the other versions of the selected chains that are not skipped yet.
async fn mates(connection: &impl ConnectionTrait, chosen: &[Chosen], accepted: &HashSet<i64>) -> Result<Vec<Mate>> {
    let chains: BTreeSet<SuggestionId> = chosen.iter().map(|row| SuggestionId(row.chain)).collect();
    let chains: Vec<SuggestionId> = chains.into_iter().collect();
    let mut mates = Vec::new();
    for chains in chains.chunks(MAX_KEYS) {
        let mut query = Query::select();
        query
            .columns([Column::Id, Column::RunId])
            .columns([Column::ReviewState, Column::ReviewText, Column::Reviewer, Column::ReviewedAt])
            .expr_as(Expr::col(Column::ChainId).if_null(Expr::col(Column::Id)), "chain")
            .from(suggestion::Entity)
            .cond_where(chain::in_chains(chains))
            .and_where(Expr::col(Column::ReviewState).ne(ReviewState::Skipped.as_str()));
        let found: Vec<Mate> = all(connection, &query).await?;
        mates.extend(found.into_iter().filter(|mate| !accepted.contains(&mate.id)));
    }
    Ok(mates)
}

/// Writes a decision to suggestions.
async fn decide(transaction: &Transaction, ids: &[i64], decision: &Decision, reviewer: &str, at: Moment) -> Result<()> {
    let state = target(decision);
    let decided = (state != ReviewState::Unreviewed).then_some((reviewer, Millis(at)));
    let (reviewer, at) = decided.unzip();
    for ids in ids.chunks(MAX_KEYS) {
        suggestion::Entity::update_many()
            .col_expr(Column::ReviewState, Expr::value(state.as_str()))
            .col_expr(Column::Reviewer, Expr::value(reviewer))
            .col_expr(Column::ReviewedAt, Expr::value(at))
            .col_expr(Column::ReviewText, wanted(decision))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(transaction)
            .await
            .db()?;
    }
    Ok(())
}

/// Skips the other versions of accepted suggestions, given by chain, and keeps their reviews.
async fn skip_mates(
    transaction: &Transaction,
    mates: Vec<Mate>,
    accepted: &HashMap<i64, i64>,
    reviewer: &str,
    at: Moment,
) -> Result<()> {
    let ids: Vec<i64> = mates.iter().map(|mate| mate.id).collect();
    let kept = mates.into_iter().filter_map(|mate| {
        Some(displaced_review::Model {
            suggestion_id: mate.id,
            accepted_id: *accepted.get(&mate.chain)?,
            review_state: mate.review_state,
            review_text: mate.review_text,
            reviewer: mate.reviewer,
            reviewed_at: mate.reviewed_at,
        })
    });
    displaced::keep(transaction, kept.collect()).await?;
    decide(transaction, &ids, &Decision::Skip, reviewer, at).await
}

/// Returns the versions whose reviews return because the acceptance that displaced them is taken back.
async fn returning(connection: &impl ConnectionTrait, chosen: &[Chosen]) -> Result<Vec<Returning>> {
    let ids: HashSet<i64> = chosen.iter().map(|row| row.id).collect();
    let accepted = |row: &&Chosen| items::ACCEPTED.contains(&row.review_state.0);
    let accepted: Vec<i64> = chosen.iter().filter(accepted).map(|row| row.id).collect();
    displaced::displaced_by(connection, &accepted, &ids).await
}

/// Refuses a run whose comments are being written.
fn refuse_writing(run: &Run) -> Result<()> {
    if run.status == RunStatus::Applying || (run.apply.is_some() && run.status.is_live()) {
        return Err(Error::conflict(format!(
            "run #{} is {}: its comments are being written; wait for its end or cancel it, then review",
            run.id,
            run.status.as_str()
        )));
    }
    Ok(())
}

/// Makes a decision inside a transaction.
pub(super) async fn decide_on(
    transaction: &Transaction,
    selection: &Selection,
    decision: &Decision,
    (reviewer, at): (&str, Moment),
    busy: Busy,
) -> Result<Reviewed> {
    let mut chosen = chosen(transaction, selection, decision).await?;
    chosen.sort_unstable_by_key(|row| (row.run_id, row.position, row.id));
    all_have_it(&chosen, decision)?;
    let accepts = matches!(decision, Decision::Accept(_));
    let newest = if accepts { newest(&chosen) } else { HashMap::new() };
    let deciding: HashSet<i64> =
        if accepts { newest.values().copied().collect() } else { chosen.iter().map(|row| row.id).collect() };
    let mut mates = if accepts { mates(transaction, &chosen, &deciding).await? } else { Vec::new() };
    let returning = if *decision == Decision::Restore { returning(transaction, &chosen).await? } else { Vec::new() };
    let touched: BTreeSet<i64> = chosen
        .iter()
        .map(|row| row.run_id)
        .chain(mates.iter().map(|mate| mate.run_id))
        .chain(returning.iter().map(|row| row.run_id))
        .collect();
    let touched: Vec<RunId> = touched.into_iter().map(RunId).collect();
    let mut runs = runs::find_all(transaction, &touched).await.db()?;
    let runs: Vec<Run> = touched.iter().filter_map(|id| runs.remove(id)).collect();
    if busy == Busy::Refuse {
        runs.iter().try_for_each(refuse_writing)?;
    } else {
        let writing = |id: i64| runs.iter().any(|run| run.id.0 == id && refuse_writing(run).is_err());
        let spared: HashSet<i64> = mates.iter().filter(|mate| writing(mate.run_id)).map(|mate| mate.chain).collect();
        chosen.retain(|row| !spared.contains(&row.chain));
        mates.retain(|mate| !spared.contains(&mate.chain));
    }

    let state = target(decision);
    let differs = |row: &Chosen| row.review_state.0 != state || row.review_text != row.wanted;
    let mut left_out = 0;
    if accepts && matches!(selection, Selection::OfRun(.., Comments::Keep)) {
        let mut kept = with_comments_of_people(transaction, &chosen, &deciding).await?;
        kept.extend(edited(&chosen, &mates));
        let leaves = |row: &&Chosen| kept.contains(&row.chain) && deciding.contains(&row.id) && differs(row);
        left_out = chosen.iter().filter(leaves).count();
        chosen.retain(|row| !kept.contains(&row.chain));
        mates.retain(|mate| !kept.contains(&mate.chain));
    }
    let skipped: HashSet<i64> = mates.iter().map(|mate| mate.id).collect();
    let (mut deciding_ids, mut changed) = (Vec::new(), Vec::new());
    for row in &chosen {
        let decided = deciding.contains(&row.id) && differs(row);
        if decided {
            deciding_ids.push(row.id);
        }
        if decided || skipped.contains(&row.id) {
            changed.push(SuggestionId(row.id));
        }
    }
    decide(transaction, &deciding_ids, decision, reviewer, at).await?;
    if *decision == Decision::Skip {
        let were_skipped = |row: &&Chosen| row.review_state.0 == ReviewState::Skipped;
        let were_skipped: Vec<i64> = chosen.iter().filter(were_skipped).map(|row| row.id).collect();
        displaced::forget(transaction, &were_skipped).await.db()?;
    }
    let mates_told: Vec<(i64, i64)> = mates.iter().map(|mate| (mate.id, mate.run_id)).collect();
    skip_mates(transaction, mates, &newest, reviewer, at).await?;
    let returned: Vec<i64> = returning.iter().map(|row| row.id).collect();
    displaced::put_back(transaction, &returned).await.db()?;

    let changed_ids: HashSet<i64> = deciding_ids.into_iter().chain(skipped).chain(returned).collect();
    catalog::follow_reviews(transaction, changed_ids.iter().copied().collect()).await?;
    let mut told: Vec<(RunId, SuggestionId)> = chosen
        .iter()
        .map(|row| (row.id, row.run_id))
        .chain(mates_told)
        .chain(returning.iter().map(|row| (row.id, row.run_id)))
        .filter(|(id, _)| changed_ids.contains(id))
        .map(|(id, run)| (RunId(run), SuggestionId(id)))
        .collect();
    told.sort_unstable();
    told.dedup();
    let changed_runs: HashSet<RunId> = told.iter().map(|(run, _)| *run).collect();
    let runs = runs.into_iter().filter(|run| changed_runs.contains(&run.id)).collect();
    settle::settle(transaction, runs, reviewer, at).await?;
    transaction.nudges.suggestions(told);
    let count = changed.len();
    changed.truncate(MAX_FIRST);
    Ok(Reviewed { changed: count, first: changed, left_out })
}
