//! How rows are read from a target: table by table, some tables with one call.

use crate::domain::{
    asset::{AssetKind, AssetPath},
    run::Row,
};

/// Tables whose structure is read with one call: few statements for many tables, and still close to the moment in
/// which they are described.
const TABLES_AT_ONCE: usize = 16;

/// Rows that follow one another in one table, together.
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

/// Tables that follow one another in one schema, in groups that are read with one call.
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

/// The table that rows of one table belong to.
pub fn table_of(rows: &[Row]) -> String {
    rows[0].asset.table.clone().unwrap_or_default()
}

/// Leaves out the last table, whose other rows come with the next read, unless it is the only one.
pub fn leave_last_table(rows: &mut Vec<Row>) {
    let table_of = |row: &Row| AssetPath { kind: AssetKind::Table, column: None, ..row.asset.clone() };
    let Some(last) = rows.last().map(table_of) else { return };
    let others = rows.iter().rposition(|row| table_of(row) != last).map_or(rows.len(), |at| at + 1);
    rows.truncate(others);
}
