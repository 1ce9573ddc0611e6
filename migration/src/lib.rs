//! The migrations of the store, one file each, named by a verb and a noun.
//!
//! The rule: a released migration is never changed; a later one corrects it. Each migration is one transaction.
//!
//! To add a migration: add a file here, a `mod` line and a line in [`Migrator::migrations`]. Statements for only one
//! kind of database (search, triggers) go through [`execute`]. Tables and columns are created with [`create_table`]
//! and [`add_column`], so that texts are compared by bytes in every database.

use sea_orm_migration::{
    MigrationTrait, async_trait,
    sea_orm::{ConnectionTrait, DatabaseBackend, DbErr},
    sea_query::{
        Alias, ColumnDef, ColumnType, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index, IntoTableRef,
        Table, TableAlterStatement, TableCreateStatement,
    },
};

pub use sea_orm_migration::{MigratorTrait, SchemaManager};

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
mod m20261128_000050_add_sample_views;
mod m20261128_000055_add_identity;
mod m20261128_000060_add_proof;
mod m20261128_000061_add_planned_at;
mod m20261128_000065_extend_run;
mod m20261128_000066_create_usage_tally;
mod m20261128_000075_add_profile_notes;
mod m20261128_000076_add_substance;
mod m20261128_000085_add_catalog_foreign_key;
mod m20261129_000090_bound_keys;
mod m20261129_000091_add_edited;
mod m20261129_000092_create_displaced_review;
mod m20261129_000093_index_facets;
mod m20261129_000094_index_suggestion_tables;
mod m20261130_000095_add_unique;
mod m20261130_000110_create_run_import;
mod m20261201_000120_add_cached_input;
mod m20261201_000130_add_prompt_version;
mod m20261201_000140_create_verdict;
mod m20261201_000150_add_repeats;
mod m20261201_000160_create_duty;
mod m20261201_000161_create_model_pace;

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
            Box::new(m20261128_000050_add_sample_views::Migration),
            Box::new(m20261128_000055_add_identity::Migration),
            Box::new(m20261128_000060_add_proof::Migration),
            Box::new(m20261128_000061_add_planned_at::Migration),
            Box::new(m20261128_000065_extend_run::Migration),
            Box::new(m20261128_000066_create_usage_tally::Migration),
            Box::new(m20261128_000075_add_profile_notes::Migration),
            Box::new(m20261128_000076_add_substance::Migration),
            Box::new(m20261128_000085_add_catalog_foreign_key::Migration),
            Box::new(m20261129_000090_bound_keys::Migration),
            Box::new(m20261129_000091_add_edited::Migration),
            Box::new(m20261129_000092_create_displaced_review::Migration),
            Box::new(m20261129_000093_index_facets::Migration),
            Box::new(m20261129_000094_index_suggestion_tables::Migration),
            Box::new(m20261130_000095_add_unique::Migration),
            Box::new(m20261130_000110_create_run_import::Migration),
            Box::new(m20261201_000120_add_cached_input::Migration),
            Box::new(m20261201_000130_add_prompt_version::Migration),
            Box::new(m20261201_000140_create_verdict::Migration),
            Box::new(m20261201_000150_add_repeats::Migration),
            Box::new(m20261201_000160_create_duty::Migration),
            Box::new(m20261201_000161_create_model_pace::Migration),
        ]
    }
}

/// Returns columns of one type. A `?` after a name makes the column nullable.
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

/// Creates a table whose texts are compared by bytes.
async fn create_table(manager: &SchemaManager<'_>, table: TableCreateStatement) -> Result<(), DbErr> {
    let compared = table.get_table_name().and_then(|name| compared_by_bytes(name.clone(), table.get_columns()));
    manager.create_table(table).await?;
    alter(manager, compared).await
}

/// Adds a column whose text is compared by bytes.
async fn add_column(manager: &SchemaManager<'_>, table: &'static str, mut column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(&mut column).take()).await?;
    alter(manager, compared_by_bytes(table, &[column])).await
}

/// Returns the statement that makes a table's texts compare by bytes, as SQLite does by default. PostgreSQL would use
/// the rules of a language, which ignore the characters that separate the parts of keys.
fn compared_by_bytes(table: impl IntoTableRef, columns: &[ColumnDef]) -> Option<TableAlterStatement> {
    let mut alter = Table::alter();
    alter.table(table);
    let mut any = false;
    for text in columns.iter().filter(|column| column.get_column_type() == Some(&ColumnType::Text)) {
        let by_bytes = Alias::new("text COLLATE \"C\"");
        alter.modify_column(ColumnDef::new(Alias::new(text.get_column_name())).custom(by_bytes));
        any = true;
    }
    any.then_some(alter)
}

/// Alters a table in PostgreSQL; does nothing in SQLite.
async fn alter(manager: &SchemaManager<'_>, table: Option<TableAlterStatement>) -> Result<(), DbErr> {
    match table {
        Some(table) if manager.get_database_backend() == DatabaseBackend::Postgres => manager.alter_table(table).await,
        _ => Ok(()),
    }
}

/// Runs the statements for the store's kind of database.
async fn execute(manager: &SchemaManager<'_>, sqlite: &[&str], postgres: &[&str]) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DatabaseBackend::Sqlite => sqlite,
        DatabaseBackend::Postgres => postgres,
        backend => return Err(DbErr::Migration(format!("{backend:?} keeps no store of Gloss"))),
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Returns a foreign key that deletes the row together with the row it refers to.
fn belongs_to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.from(table, column).to(other, "id").on_delete(ForeignKeyAction::Cascade);
    key
}

/// Creates indexes of a table, given by name and columns.
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
