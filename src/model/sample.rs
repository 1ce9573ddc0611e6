//! Sample tables for the unit tests in this folder.

use crate::domain::{
    asset::AssetKind,
    catalog::{Column, Problems, Rules, Table, TableDetail},
};

/// Returns a table in the schema `main`.
pub fn table(name: &str, columns: Vec<Column>) -> TableDetail {
    let table =
        Table { name: name.into(), kind: AssetKind::Table, comment: None, row_estimate: None, partition_of: None };
    TableDetail {
        database: Some("shop".into()),
        schema: "main".into(),
        table,
        columns,
        foreign_keys: vec![],
        unique_keys: vec![],
        referenced_by: vec![],
        definition: None,
        rules: Rules::default(),
        problems: Problems::default(),
    }
}

/// Returns a nullable TEXT column.
pub fn column(name: &str) -> Column {
    Column { name: name.into(), data_type: "TEXT".into(), nullable: true, ..Column::default() }
}
