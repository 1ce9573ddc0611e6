//! Chains: suggestions that re-runs made for the same row, numbered by version.
//!
//! The rule: a chain is identified by its first suggestion, whose own `chain_id` is null. It keeps that key if the
//! first suggestion is deleted; the remaining ones determine the next version.

use std::collections::HashMap;

use entity::suggestion::{self, Column};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use super::{record, runs::MAX_KEYS};
use crate::domain::{
    id::{RunId, SuggestionId},
    suggestion::{ReviewState, Suggestion},
};

/// A suggestion's place in its chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// The version, counted from 1.
    pub version: i32,
    /// `None` for the first suggestion of a chain.
    pub chain_id: Option<SuggestionId>,
}

impl Default for Link {
    fn default() -> Self {
        Self { version: 1, chain_id: None }
    }
}

/// The highest version of each chain.
#[derive(Debug, Default)]
pub(super) struct Ends {
    chains: HashMap<SuggestionId, SuggestionId>,
    highest: HashMap<SuggestionId, i32>,
}

impl Ends {
    /// Returns the next place in the chain of `again`, or the first place of a new chain if nothing is left of it.
    pub(super) fn next(&mut self, again: SuggestionId) -> Link {
        let chain = self.chains.get(&again).copied().unwrap_or(again);
        let Some(highest) = self.highest.get_mut(&chain) else { return Link::default() };
        *highest += 1;
        Link { version: *highest, chain_id: Some(chain) }
    }
}

/// Matches the suggestions of these chains.
pub(super) fn in_chains(chains: &[SuggestionId]) -> Condition {
    let keys = || chains.iter().map(|id| id.0);
    Condition::any().add(Column::Id.is_in(keys())).add(Column::ChainId.is_in(keys()))
}

/// Selects a newer version of the suggestion that was not skipped. A bulk review takes the newest version only; an
/// older one can be accepted by its id.
pub(super) fn newer_version() -> SelectStatement {
    let newer = Alias::new("newer");
    let chain = Expr::col((suggestion::Entity, Column::ChainId)).if_null(Expr::col((suggestion::Entity, Column::Id)));
    let version = Expr::col((suggestion::Entity, Column::Version));
    let mut query = Query::select();
    query
        .expr(Expr::val(1))
        .from_as(suggestion::Entity, newer.clone())
        .and_where(Expr::col((newer.clone(), Column::ChainId)).eq(chain))
        .and_where(Expr::col((newer.clone(), Column::Version)).gt(version))
        .and_where(Expr::col((newer, Column::ReviewState)).ne(ReviewState::Skipped.as_str()));
    query
}

/// Matches the other suggestions of a suggestion's chain.
pub(super) async fn beside(connection: &impl ConnectionTrait, of: SuggestionId) -> Result<Condition, DbErr> {
    let chains: Vec<SuggestionId> = chains_of(connection, &[of]).await?.into_values().collect();
    Ok(Condition::all().add(in_chains(&chains)).add(Column::Id.ne(of.0)))
}

/// Returns the chain of each suggestion. A deleted suggestion may still identify a chain.
async fn chains_of(
    connection: &impl ConnectionTrait,
    ids: &[SuggestionId],
) -> Result<HashMap<SuggestionId, SuggestionId>, DbErr> {
    let mut chains: HashMap<SuggestionId, SuggestionId> = ids.iter().map(|id| (*id, *id)).collect();
    for ids in ids.chunks(MAX_KEYS) {
        let found: Vec<(i64, i64)> = suggestion::Entity::find()
            .select_only()
            .columns([Column::Id, Column::ChainId])
            .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
            .filter(Column::ChainId.is_not_null())
            .into_tuple()
            .all(connection)
            .await?;
        chains.extend(found.into_iter().map(|(id, chain)| (SuggestionId(id), SuggestionId(chain))));
    }
    Ok(chains)
}

fn distinct(chains: &HashMap<SuggestionId, SuggestionId>) -> Vec<SuggestionId> {
    let mut distinct: Vec<SuggestionId> = chains.values().copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// Reads the highest versions of the chains of these suggestions.
pub(super) async fn ends(connection: &impl ConnectionTrait, again: &[SuggestionId]) -> Result<Ends, DbErr> {
    if again.is_empty() {
        return Ok(Ends::default());
    }
    let chains = chains_of(connection, again).await?;
    let mut highest = HashMap::new();
    for some in distinct(&chains).chunks(MAX_KEYS) {
        let chain = Expr::col(Column::ChainId).if_null(Expr::col(Column::Id));
        let found: Vec<(i64, i32)> = suggestion::Entity::find()
            .select_only()
            .expr(chain.clone())
            .expr(Expr::col(Column::Version).max())
            .filter(in_chains(some))
            .group_by(chain)
            .into_tuple()
            .all(connection)
            .await?;
        highest.extend(found.into_iter().map(|(chain, version)| (SuggestionId(chain), version)));
    }
    Ok(Ends { chains, highest })
}

/// Returns all suggestions of the chains that these belong to, each with its run.
pub(super) async fn places(
    connection: &impl ConnectionTrait,
    ids: &[SuggestionId],
) -> Result<Vec<(RunId, SuggestionId)>, DbErr> {
    let chains = chains_of(connection, ids).await?;
    let mut places = Vec::new();
    for some in distinct(&chains).chunks(MAX_KEYS) {
        let found: Vec<(i64, i64)> = suggestion::Entity::find()
            .select_only()
            .columns([Column::RunId, Column::Id])
            .filter(in_chains(some))
            .into_tuple()
            .all(connection)
            .await?;
        places.extend(found.into_iter().map(|(run, id)| (RunId(run), SuggestionId(id))));
    }
    Ok(places)
}

/// Returns all suggestions of the chains that these belong to, by chain and version.
pub(super) async fn members(
    connection: &impl ConnectionTrait,
    ids: &[SuggestionId],
) -> Result<HashMap<SuggestionId, Vec<Suggestion>>, DbErr> {
    let chains = chains_of(connection, ids).await?;
    let mut members: HashMap<SuggestionId, Vec<Suggestion>> = HashMap::new();
    for some in distinct(&chains).chunks(MAX_KEYS) {
        let rows = suggestion::Entity::find()
            .filter(in_chains(some))
            .order_by_asc(Column::Version)
            .order_by_asc(Column::Id)
            .all(connection)
            .await?;
        for row in rows {
            let suggestion = record::suggestion(row);
            members.entry(suggestion.chain_id).or_default().push(suggestion);
        }
    }
    let of = |(id, chain): (SuggestionId, SuggestionId)| members.get(&chain).map(|members| (id, members.clone()));
    Ok(chains.into_iter().filter_map(of).collect())
}
