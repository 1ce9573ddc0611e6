//! Coverage: how much of a database is documented, according to the catalog as last read.
//!
//! The rule: coverage counts exactly the assets that a run describes: tables, views, materialized views and their
//! columns, except for the tables that the profile excludes.

use super::{asset::AssetKind, clock::Moment, pattern::TablePattern};

/// The name of the list of assets with neither a comment nor an accepted text, for its cursors.
pub const MISSING: &str = "missing:NAME:ASC";

/// The counts of one kind of asset in a table or in a whole schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageTally {
    /// The database; `None` where the server has no level above its schemas.
    pub database: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The table; `None` for a whole schema.
    pub table: Option<String>,
    /// The kind.
    pub kind: AssetKind,
    /// The counts.
    pub figures: CoverageFigures,
}

/// Counts of assets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoverageFigures {
    /// All assets.
    pub assets: i64,
    /// Assets that have a comment.
    pub documented: i64,
    /// Assets without a comment that have an accepted text.
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
    /// The counts over all kinds and schemas.
    pub total: CoverageFigures,
    /// The counts per kind; kinds without assets are left out.
    pub kinds: Vec<(AssetKind, CoverageFigures)>,
    /// The counts per database and schema, sorted by name.
    pub schemas: Vec<(Option<String>, Option<String>, CoverageFigures)>,
    /// The time of the last complete read of the catalog.
    pub read_at: Moment,
}

impl Coverage {
    /// Sums up tallies, without the tables that match `exclude`. `tallies` must be sorted by database and schema.
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
