//! What the tables around a table tell: their texts and sizes, the types of their keys, and what the keys of lookup
//! tables stand for.
//!
//! The rule: each table that others refer to is read at most once for a run, and only if that tells something. Tables
//! that the profile or the scope leaves out are not read. A table that cannot be read tells nothing.

use std::{collections::HashMap, sync::Arc};

use super::{
    Halt,
    tables::{Listed, Work},
};
use crate::{
    domain::{
        asset::AssetKind,
        catalog::TableDetail,
        codes::{ROWS, codes},
        neighbour::{Neighbour, named, near},
    },
    port::target::SampleLimits,
};

/// Maximum number of tables one foreign key away that are told of.
const NEIGHBOURS: usize = 24;
/// Maximum number of tables of which is kept what was read.
const KEPT: usize = 4_096;

/// What was read of a table that others refer to.
#[derive(Debug, Clone, Default)]
pub struct Parent {
    /// The name and type of its primary key.
    key: Option<(String, String)>,
    codes: Vec<(String, String)>,
}

/// What was read of tables, by database, schema and name.
pub type Parents = tokio::sync::Mutex<HashMap<(Option<String>, String, String), Parent>>;

impl Work<'_> {
    /// Returns the tables one foreign key away, and those that columns name, with what is known of them.
    pub(super) async fn neighbours(&self, table: &TableDetail, listed: &Listed) -> Result<Arc<[Neighbour]>, Halt> {
        let mut near = near(table);
        near.truncate(NEIGHBOURS);
        let declared = near.len();
        for name in named(table, &listed.names) {
            let one = (table.schema.clone(), name, true);
            if !near.contains(&one) {
                near.push(one);
            }
        }
        // Few rows may be a lookup table; of a table that a column only names, the key must fit.
        let is_worth = |(at, (schema, name, is_parent)): (usize, &(String, String, bool))| {
            let rows = listed.rows.get(&(schema.clone(), name.clone()));
            let may_be_small = rows.is_none_or(|rows| usize::try_from(*rows).is_ok_and(|rows| rows <= ROWS));
            *is_parent && (at >= declared || (may_be_small && self.samples()))
        };
        let worth: Vec<(String, String)> = near
            .iter()
            .enumerate()
            .filter(|one| is_worth(*one))
            .map(|(_, (schema, name, _))| (schema.clone(), name.clone()))
            .collect();
        let mut read = self.parents(table.database.as_deref(), worth).await?;
        let known = |(schema, name, is_parent): (String, String, bool)| {
            let text = self.documented.table(table.database.as_deref(), &schema, &name).map(str::to_owned);
            let place = (schema, name);
            let rows = listed.rows.get(&place).copied();
            let Parent { key, codes } = read.remove(&place).filter(|_| is_parent).unwrap_or_default();
            Neighbour { schema: place.0, table: place.1, is_parent, text, rows, key, codes }
        };
        Ok(near.into_iter().map(known).collect())
    }

    /// Returns what tables tell to those that refer to them, and reads those that were not read yet.
    async fn parents(
        &self,
        database: Option<&str>,
        wanted: Vec<(String, String)>,
    ) -> Result<HashMap<(String, String), Parent>, Halt> {
        let mut known = self.parents.lock().await;
        let place = |schema: &str, name: &str| (database.map(str::to_owned), schema.to_owned(), name.to_owned());
        let mut missing: HashMap<&str, Vec<String>> = HashMap::new();
        for (schema, name) in &wanted {
            if !known.contains_key(&place(schema, name)) && self.may_read(schema, name) {
                missing.entry(schema).or_default().push(name.clone());
            }
        }
        if known.len() >= KEPT {
            known.clear();
        }
        for (schema, names) in missing {
            let read = self.target.details(database, schema, &names);
            let details = self.context.unless_interrupted(read).await?.unwrap_or_default();
            for name in &names {
                known.insert(place(schema, name), Parent::default());
            }
            for detail in details {
                known.insert(place(schema, &detail.table.name), self.parent(&detail).await?);
            }
        }
        let found = |(schema, name): (String, String)| {
            let parent = known.get(&place(&schema, &name))?.clone();
            Some(((schema, name), parent))
        };
        Ok(wanted.into_iter().filter_map(found).collect())
    }

    async fn parent(&self, table: &TableDetail) -> Result<Parent, Halt> {
        let mut keys = table.columns.iter().filter(|column| column.primary_key);
        let key = match (keys.next(), keys.next()) {
            (Some(key), None) => Some((key.name.clone(), key.built_in_type().to_owned())),
            _ => None,
        };
        let is_table = table.table.kind == AssetKind::Table;
        let is_small = table.table.row_estimate.is_none_or(|rows| usize::try_from(rows).is_ok_and(|rows| rows <= ROWS));
        let codes = if is_table && is_small && self.samples() {
            let limits = SampleLimits { rows: u32::try_from(ROWS).unwrap_or(u32::MAX), ..SampleLimits::default() };
            codes(table, &self.sample(table, limits).await?.rows)
        } else {
            Vec::new()
        };
        Ok(Parent { key, codes })
    }

    /// Returns whether the run may read rows.
    const fn samples(&self) -> bool {
        self.context.run.spec.options.profile_data
    }
}
