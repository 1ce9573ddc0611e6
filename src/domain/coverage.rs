//! Coverage: how much of a database is documented, by what its catalog said when it was last read.
//!
//! The rule: what a run describes counts, and nothing else: tables, views, materialized views and their columns,
//! without the tables that the profile excludes.

use super::{asset::AssetKind, clock::Moment, pattern::TablePattern};

/// How many assets of one kind a table, or a whole schema, has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageTally {
    /// The database; `None` where there is no such level.
    pub database: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The table; `None` for a whole schema.
    pub table: Option<String>,
    /// The kind.
    pub kind: AssetKind,
    /// How many.
    pub figures: CoverageFigures,
}

/// Assets, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoverageFigures {
    /// All.
    pub assets: i64,
    /// Those that carry a comment.
    pub documented: i64,
    /// Those with an accepted text that does not stand in the database.
    pub accepted: i64,
}

impl CoverageFigures {
    const fn add(&mut self, other: Self) {
        self.assets += other.assets;
        self.documented += other.documented;
        self.accepted += other.accepted;
    }
}

/// How much of a database is documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// In all.
    pub total: CoverageFigures,
    /// Per kind, those that there are.
    pub kinds: Vec<(AssetKind, CoverageFigures)>,
    /// Per database and schema, by name.
    pub schemas: Vec<(Option<String>, Option<String>, CoverageFigures)>,
    /// When the catalog was last read whole.
    pub read_at: Moment,
}

impl Coverage {
    /// Adds up tallies, which are by database and schema, without the tables of these patterns.
    #[must_use]
    pub fn of(tallies: Vec<CoverageTally>, exclude: &[TablePattern], read_at: Moment) -> Self {
        let mut coverage = Self { total: CoverageFigures::default(), kinds: Vec::new(), schemas: Vec::new(), read_at };
        for kind in AssetKind::ALL {
            coverage.kinds.push((*kind, CoverageFigures::default()));
        }
        for tally in tallies {
            let place = (tally.schema.as_deref().unwrap_or_default(), tally.table.as_deref());
            if let (schema, Some(table)) = place
                && exclude.iter().any(|pattern| pattern.matches(schema, table))
            {
                continue;
            }
            coverage.total.add(tally.figures);
            if let Some((_, figures)) = coverage.kinds.iter_mut().find(|(kind, _)| *kind == tally.kind) {
                figures.add(tally.figures);
            }
            match coverage.schemas.last_mut() {
                Some((database, schema, figures)) if *database == tally.database && *schema == tally.schema => {
                    figures.add(tally.figures);
                }
                _ => coverage.schemas.push((tally.database, tally.schema, tally.figures)),
            }
        }
        coverage.kinds.retain(|(_, figures)| figures.assets > 0);
        coverage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_add_up_without_what_is_excluded() {
        let tally = |schema: &str, table: &str, kind, assets, documented| CoverageTally {
            database: None,
            schema: Some(schema.into()),
            table: Some(table.into()),
            kind,
            figures: CoverageFigures { assets, documented, accepted: 1 },
        };
        let tallies = vec![
            tally("a", "t", AssetKind::Table, 1, 1),
            tally("a", "t", AssetKind::Column, 4, 2),
            tally("a", "t_bak", AssetKind::Column, 9, 0),
            tally("b", "u", AssetKind::View, 1, 0),
        ];
        let coverage = Coverage::of(tallies, &["*_bak".parse().unwrap()], Moment::default());
        assert_eq!(coverage.total, CoverageFigures { assets: 6, documented: 3, accepted: 3 });
        let kinds: Vec<_> = coverage.kinds.iter().map(|(kind, figures)| (*kind, figures.assets)).collect();
        assert_eq!(kinds, [(AssetKind::Table, 1), (AssetKind::View, 1), (AssetKind::Column, 4)]);
        let schemas: Vec<_> = coverage.schemas.iter().map(|(_, schema, it)| (schema.as_deref(), it.assets)).collect();
        assert_eq!(schemas, [(Some("a"), 5), (Some("b"), 1)]);
    }
}
