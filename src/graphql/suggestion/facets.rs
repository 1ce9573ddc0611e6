//! Facets: how many suggestions each choice of a filter matches.
//!
//! The rule: a facet counts the suggestions that match the rest of the list's filter, without its own part, and only if
//! it is selected. One statement counts the four small facets.

use async_graphql::{Context, Object, Result, SimpleObject};
use tokio::sync::OnceCell;

use super::object::{AssetKind, ConfidenceDistribution, ReviewCounts, Substance};
use crate::{
    domain::{
        Error, asset,
        id::RunId,
        page::MAX_SIZE,
        substance,
        suggestion::{self, ConfidenceBand, Facet, SuggestionFilter, SuggestionTally},
    },
    graphql::context::services,
};

/// The default number of tables in the facet.
const DEFAULT_TABLES: i32 = 50;

/// Figures for chips.
pub struct SuggestionFacets {
    pub(super) run: RunId,
    pub(super) filter: SuggestionFilter,
    pub(super) tallies: OnceCell<Vec<SuggestionTally>>,
}

/// The number of suggestions for assets of one kind.
#[derive(SimpleObject, Debug, Clone)]
pub struct AssetKindCount {
    /// The kind.
    kind: AssetKind,
    /// The number.
    count: i32,
}

/// The number of suggestions of one substance.
#[derive(SimpleObject, Debug, Clone)]
pub struct SubstanceCount {
    /// The substance.
    substance: Substance,
    /// The number.
    count: i32,
}

/// The number of suggestions for one table and its columns.
#[derive(SimpleObject, Debug, Clone)]
pub struct TableCount {
    /// The table's schema.
    schema: Option<String>,
    /// The table or view.
    table: String,
    /// The number.
    count: i32,
}

impl SuggestionFacets {
    async fn tallied(&self, context: &Context<'_>, without: Facet) -> Result<impl Iterator<Item = &SuggestionTally>> {
        let store = &services(context).ports.store;
        let tallies = self.tallies.get_or_try_init(|| store.suggestion_tallies(self.run, &self.filter)).await?;
        Ok(self.filter.tallied(tallies, without))
    }
}

/// Facets: counts per filter value. Each facet ignores the filter on its own field.
#[Object]
impl SuggestionFacets {
    /// The number of suggestions per review state that match the filter, ignoring its `states`.
    async fn states(&self, context: &Context<'_>) -> Result<ReviewCounts> {
        let mut counts = suggestion::ReviewCounts::default();
        self.tallied(context, Facet::States)
            .await?
            .for_each(|tally| counts.add(tally.state, tally.count, tally.applied));
        Ok(counts.into())
    }

    /// The number of suggestions per confidence band that match the filter, ignoring its `bands`.
    async fn bands(&self, context: &Context<'_>) -> Result<ConfidenceDistribution> {
        let mut counts = suggestion::ConfidenceDistribution::default();
        for tally in self.tallied(context, Facet::Bands).await? {
            match tally.band {
                ConfidenceBand::High => counts.high += tally.count,
                ConfidenceBand::Medium => counts.medium += tally.count,
                ConfidenceBand::Low => counts.low += tally.count,
            }
        }
        Ok(counts.into())
    }

    /// The number of suggestions per kind of asset that match the filter, ignoring its `kinds`. Kinds without
    /// suggestions are left out.
    async fn kinds(&self, context: &Context<'_>) -> Result<Vec<AssetKindCount>> {
        let tallies: Vec<_> = self.tallied(context, Facet::Kinds).await?.collect();
        let of = |kind: &asset::AssetKind| {
            let count = tallies.iter().filter(|tally| tally.kind == *kind).map(|tally| tally.count).sum();
            AssetKindCount { kind: (*kind).into(), count }
        };
        Ok(asset::AssetKind::ALL.iter().map(of).filter(|counted| counted.count > 0).collect())
    }

    /// The number of suggestions per substance that match the filter, ignoring its `substances`.
    async fn substances(&self, context: &Context<'_>) -> Result<Vec<SubstanceCount>> {
        let tallies: Vec<_> = self.tallied(context, Facet::Substances).await?.collect();
        let of = |substance: &substance::Substance| {
            let count = tallies.iter().filter(|tally| tally.substance == *substance).map(|tally| tally.count).sum();
            SubstanceCount { substance: (*substance).into(), count }
        };
        Ok(substance::Substance::ALL.iter().map(of).collect())
    }

    /// The tables with the most suggestions that match the filter, ignoring its `table`. Ties are ordered by name.
    #[graphql(complexity = "20 + first.unwrap_or(50).clamp(0, 200) as usize * child_complexity")]
    async fn tables(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The page size, 0 to 200.", default_with = "Some(DEFAULT_TABLES)")] first: Option<i32>,
    ) -> Result<Vec<TableCount>> {
        let first = first.unwrap_or(DEFAULT_TABLES);
        let limit = usize::try_from(first).ok().filter(|limit| *limit <= MAX_SIZE);
        let limit = limit
            .ok_or_else(|| Error::bad_input("first", format!("`first` is {first}; it must be from 0 to {MAX_SIZE}")))?;
        let store = &services(context).ports.store;
        let tables = store.suggestion_tables(self.run, &self.filter, limit as u64).await?.into_iter();
        Ok(tables.map(|it| TableCount { schema: it.schema, table: it.table, count: it.count }).collect())
    }
}
