//! Tables for this folder's unit tests.

use crate::domain::{
    asset::AssetKind,
    catalog::{Column, Problems, Table, TableDetail},
};

/// A table in schema `main`.
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
        problems: Problems::default(),
    }
}

/// A plain column.
pub fn column(name: &str) -> Column {
    Column { name: name.into(), data_type: "TEXT".into(), nullable: true, ..Column::default() }
}
