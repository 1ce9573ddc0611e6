//! Groups rows for reading from a target: by table, and several tables per call.

use crate::domain::{
    asset::{AssetKind, AssetPath},
    run::Row,
};

/// Maximum number of tables whose structure is read with one call. A few statements then cover many tables, and each is
/// still read shortly before it is described.
const TABLES_AT_ONCE: usize = 16;

/// Groups adjacent rows of the same table.
pub fn by_table(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut tables: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        let same = |other: &Row| {
            let (a, b) = (&other.asset, &row.asset);
            a.table == b.table && a.schema == b.schema && a.database == b.database
        };
        match tables.last_mut() {
            Some(table) if same(&table[0]) => table.push(row),
            _ => tables.push(vec![row]),
        }
    }
    tables
}

/// Groups adjacent tables of the same schema that are read with one call.
pub fn in_groups(tables: Vec<Vec<Row>>) -> Vec<Vec<Vec<Row>>> {
    let mut groups: Vec<Vec<Vec<Row>>> = Vec::new();
    for table in tables {
        let same = |other: &[Row]| {
            let (a, b) = (&other[0].asset, &table[0].asset);
            a.schema == b.schema && a.database == b.database
        };
        match groups.last_mut() {
            Some(group) if group.len() < TABLES_AT_ONCE && same(&group[0]) => group.push(table),
            _ => groups.push(vec![table]),
        }
    }
    groups
}

/// Returns the name of the table that these rows belong to.
pub fn table_of(rows: &[Row]) -> String {
    rows[0].asset.table.clone().unwrap_or_default()
}

/// Removes the rows of the last table, unless it is the only one. The next read returns all rows of that table.
pub fn leave_last_table(rows: &mut Vec<Row>) {
    let table_of = |row: &Row| AssetPath { kind: AssetKind::Table, column: None, ..row.asset.clone() };
    let Some(last) = rows.last().map(table_of) else { return };
    let others = rows.iter().rposition(|row| table_of(row) != last).map_or(rows.len(), |at| at + 1);
    rows.truncate(others);
}
