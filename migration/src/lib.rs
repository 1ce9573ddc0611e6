//! The migrations of the store, one file each: a verb and a noun.
//!
//! The rule: a migration that was released is never changed; a later one mends it. Each is one transaction.
//! A new one is a file here, a `mod` line and a line in [`Migrator::migrations`]. What only one database
//! understands (search, triggers) stands in a `match` over the backend.

use sea_orm_migration::{
    MigrationTrait, SchemaManager, async_trait,
    sea_orm::DbErr,
    sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index},
};

pub use sea_orm_migration::MigratorTrait;

mod m20261123_000001_create_profile;
mod m20261123_000002_create_run;
mod m20261123_000003_create_run_row;
mod m20261123_000004_create_suggestion;
mod m20261123_000005_create_run_event;
mod m20261123_000006_create_worker;
mod m20261123_000007_create_run_tally;
mod m20261123_000008_create_run_search;
mod m20261123_000009_add_review;
mod m20261123_000010_create_apply;
mod m20261127_000011_create_comparison;
mod m20261127_000020_create_schedule;
mod m20261127_000030_create_catalog;
mod m20261127_000031_create_ask;
mod m20261127_000040_create_api_token;
mod m20261127_000041_create_seal;
mod m20261127_000042_key_catalog_by_profile;

/// All migrations, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_create_profile::Migration),
            Box::new(m20261123_000002_create_run::Migration),
            Box::new(m20261123_000003_create_run_row::Migration),
            Box::new(m20261123_000004_create_suggestion::Migration),
            Box::new(m20261123_000005_create_run_event::Migration),
            Box::new(m20261123_000006_create_worker::Migration),
            Box::new(m20261123_000007_create_run_tally::Migration),
            Box::new(m20261123_000008_create_run_search::Migration),
            Box::new(m20261123_000009_add_review::Migration),
            Box::new(m20261123_000010_create_apply::Migration),
            Box::new(m20261127_000011_create_comparison::Migration),
            Box::new(m20261127_000020_create_schedule::Migration),
            Box::new(m20261127_000030_create_catalog::Migration),
            Box::new(m20261127_000031_create_ask::Migration),
            Box::new(m20261127_000040_create_api_token::Migration),
            Box::new(m20261127_000041_create_seal::Migration),
            Box::new(m20261127_000042_key_catalog_by_profile::Migration),
        ]
    }
}

/// Columns of one type: `?` after a name allows null.
fn columns(names: &[&'static str], as_type: fn(&mut ColumnDef) -> &mut ColumnDef) -> Vec<ColumnDef> {
    let column = |name: &&'static str| {
        let (name, nullable) = name.strip_suffix('?').map_or((*name, false), |name| (name, true));
        let mut column = ColumnDef::new(name);
        as_type(&mut column);
        if !nullable {
            column.not_null();
        }
        column
    };
    names.iter().map(column).collect()
}

/// A reference whose rows go with what they refer to.
fn belongs_to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.from(table, column).to(other, "id").on_delete(ForeignKeyAction::Cascade);
    key
}

/// Indexes of a table, by name and columns.
async fn create_indexes(
    manager: &SchemaManager<'_>,
    table: &'static str,
    indexes: &[(&'static str, &[&'static str])],
) -> Result<(), DbErr> {
    for (name, columns) in indexes {
        let mut index = Index::create();
        index.name(*name).table(table);
        for column in *columns {
            index.col(*column);
        }
        manager.create_index(index).await?;
    }
    Ok(())
}
