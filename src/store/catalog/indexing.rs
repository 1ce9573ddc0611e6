//! Stores what was read of a described database, and the comments that Gloss wrote to it.
//!
//! The rule: unchanged rows are not written, so reading a catalog again costs only reads. Triggers update the full-text
//! index.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    JsonText, Millis, Word,
    catalog_asset::{self, Column},
    catalog_reading,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{below, comment, descriptions::describe, folded, key, keys, keys_of, of};
use crate::{
    domain::{
        Result,
        asset::{AssetKind, AssetPath},
        catalog::{ForeignKey, Schema, TableDetail},
        clock::Moment,
        id::DbProfileId,
        search::terms,
        vocabulary::Context,
    },
    store::{runs::MAX_KEYS, transaction::Transaction, trouble::DbResult as _, write},
};

/// Creates a row without id and description.
fn blank(profile: DbProfileId, path: &AssetPath) -> catalog_asset::Model {
    let (table_key, column_key) = keys(path);
    catalog_asset::Model {
        id: 0,
        db_profile_id: profile.0,
        table_key,
        column_key,
        folded: folded(&path.display()),
        display: path.key(),
        asset_kind: Word(path.kind),
        database_name: path.database.clone(),
        schema_name: path.schema.clone(),
        table_name: path.table.clone(),
        column_name: path.column.clone(),
        position: 0,
        data_type: None,
        nullable: false,
        primary_key: false,
        is_unique: false,
        refers_to: None,
        refers_to_key: None,
        foreign_key: None,
        names: String::new(),
        surroundings: String::new(),
        comment: None,
        description: None,
        described_by: None,
    }
}

/// Returns the rows of a table and its columns.
fn rows_of(profile: DbProfileId, table: &TableDetail) -> Vec<catalog_asset::Model> {
    let path = table.path();
    let name = table.table.name.as_str();
    let context = Context::of(table.columns.iter().map(|column| column.name.as_str()).chain([name]));
    let table_terms = terms(name, &context);
    let surroundings = format!("{table_terms} {}", terms(&table.schema, &context));
    let mut rows = vec![catalog_asset::Model {
        names: table_terms,
        surroundings: surroundings.clone(),
        comment: comment(table.table.comment.as_ref()),
        ..blank(profile, &path)
    }];
    for (position, column) in (1..).zip(&table.columns) {
        let key = table.foreign_key_of(&column.name);
        let refers_to = key.map(|key| referred(table, key, &column.name));
        rows.push(catalog_asset::Model {
            position,
            data_type: Some(column.data_type.clone()),
            nullable: column.nullable,
            primary_key: column.primary_key,
            is_unique: column.unique,
            refers_to: refers_to.as_ref().map(AssetPath::display),
            refers_to_key: refers_to.as_ref().map(|path| keys(path).0),
            foreign_key: key.filter(|key| key.only_column().is_none()).cloned().map(JsonText),
            names: terms(&column.name, &context),
            surroundings: surroundings.clone(),
            comment: comment(column.comment.as_ref()),
            ..blank(profile, &table.column_path(&column.name))
        });
    }
    rows
}

/// Returns the column that a table's column refers to by this foreign key.
fn referred(table: &TableDetail, key: &ForeignKey, column: &str) -> AssetPath {
    AssetPath {
        kind: AssetKind::Column,
        database: table.database.clone(),
        schema: Some(key.schema.clone().unwrap_or_else(|| table.schema.clone())),
        table: Some(key.table.clone()),
        column: key.columns.iter().find(|(own, _)| own == column).map(|(_, other)| other.clone()),
    }
}

/// Stores tables with their columns.
pub(in crate::store) async fn take_tables(
    transaction: &Transaction,
    profile: DbProfileId,
    tables: &[Arc<TableDetail>],
) -> Result<()> {
    for tables in tables.chunks(MAX_KEYS) {
        let wanted: Vec<_> = tables.iter().flat_map(|table| rows_of(profile, table)).collect();
        let keys: HashSet<String> = wanted.iter().map(|row| row.table_key.clone()).collect();
        let these = of(profile).add(Column::TableKey.is_in(keys));
        let known = catalog_asset::Entity::find().filter(these).all(transaction).await.db()?;
        take_rows(transaction, profile, wanted, known).await?;
    }
    Ok(())
}

/// Inserts, updates and deletes rows so that the `known` ones become the `wanted` ones.
async fn take_rows(
    transaction: &Transaction,
    profile: DbProfileId,
    wanted: Vec<catalog_asset::Model>,
    known: Vec<catalog_asset::Model>,
) -> Result<()> {
    let place = |row: &catalog_asset::Model| (row.table_key.clone(), row.column_key.clone());
    let mut known: HashMap<(String, String), catalog_asset::Model> =
        known.into_iter().map(|row| (place(&row), row)).collect();
    let (mut new, mut seen) = (Vec::new(), HashSet::new());
    for row in wanted {
        if !seen.insert(place(&row)) {
            continue;
        }
        match known.remove(&place(&row)) {
            None => new.push(row),
            Some(before) => {
                let row = catalog_asset::Model {
                    id: before.id,
                    description: before.description.clone(),
                    described_by: before.described_by,
                    ..row
                };
                if row != before {
                    catalog_asset::Entity::update(row.into_active_model().reset_all()).exec(transaction).await.db()?;
                }
            }
        }
    }
    let gone: Vec<i64> = known.into_values().map(|row| row.id).collect();
    for gone in gone.chunks(MAX_KEYS) {
        let these = Column::Id.is_in(gone.iter().copied());
        catalog_asset::Entity::delete_many().filter(these).exec(transaction).await.db()?;
    }
    if new.is_empty() {
        return Ok(());
    }
    let keys = keys_of(profile);
    let last = catalog_asset::Entity::find()
        .select_only()
        .column_as(Column::Id.max(), "last")
        .filter(Column::Id.between(*keys.start(), *keys.end()));
    let last: Option<Option<i64>> = last.into_tuple().one(transaction).await.db()?;
    let last = last.flatten().unwrap_or(*keys.start());
    let new = (last + 1..).zip(new).map(|(id, row)| catalog_asset::Model { id, ..row }.into_active_model().reset_all());
    write::insert(transaction, new).await?;
    describe(transaction, Condition::all().add(Column::Id.gt(last)).add(Column::Id.lte(*keys.end()))).await.db()
}

/// Stores a database, if databases have names there, and its schemas.
pub(in crate::store) async fn take_schemas(
    transaction: &Transaction,
    profile: DbProfileId,
    database: Option<&str>,
    schemas: &[Schema],
) -> Result<()> {
    let row = |schema: &Schema| {
        let path = AssetPath {
            kind: AssetKind::Schema,
            database: database.map(str::to_owned),
            schema: Some(schema.name.clone()),
            table: None,
            column: None,
        };
        let names = terms(&schema.name, &Context::default());
        let comment = comment(schema.comment.as_ref());
        catalog_asset::Model { surroundings: names.clone(), names, comment, ..blank(profile, &path) }
    };
    let whole = database.map(|name| {
        let path = AssetPath {
            kind: AssetKind::Database,
            database: Some(name.to_owned()),
            schema: None,
            table: None,
            column: None,
        };
        let names = terms(name, &Context::default());
        catalog_asset::Model { surroundings: names.clone(), names, ..blank(profile, &path) }
    });
    let wanted: Vec<catalog_asset::Model> = schemas.iter().map(row).chain(whole).collect();
    let of_database = of(profile)
        .add(Column::AssetKind.is_in([AssetKind::Schema, AssetKind::Database].map(AssetKind::as_str)))
        .add(Expr::col(Column::DatabaseName).if_null("").eq(database.unwrap_or_default()));
    let known = catalog_asset::Entity::find().filter(of_database).all(transaction).await.db()?;
    let wanted_keys: HashSet<&str> = wanted.iter().map(|row| row.table_key.as_str()).collect();
    for gone in known.iter().filter(|row| !wanted_keys.contains(row.table_key.as_str())) {
        let all_in_it = of(profile).add(below(&gone.table_key));
        catalog_asset::Entity::delete_many().filter(all_in_it).exec(transaction).await.db()?;
    }
    take_rows(transaction, profile, wanted, known).await
}

/// Deletes the tables of a schema that are not in `tables`.
pub(in crate::store) async fn retain_tables(
    transaction: &Transaction,
    profile: DbProfileId,
    database: Option<&str>,
    schema: &str,
    tables: &[String],
) -> Result<(), DbErr> {
    let kept: HashSet<String> = tables.iter().map(|table| key(database, schema, Some(table))).collect();
    let in_it = of(profile).add(below(&key(database, schema, None))).add(Column::ColumnKey.eq(""));
    let known: Vec<String> = catalog_asset::Entity::find()
        .select_only()
        .column(Column::TableKey)
        .filter(in_it)
        .into_tuple()
        .all(transaction)
        .await?;
    let gone: Vec<String> = known.into_iter().filter(|key| !kept.contains(key)).collect();
    for gone in gone.chunks(MAX_KEYS) {
        let these = of(profile).add(Column::TableKey.is_in(gone.iter().cloned()));
        catalog_asset::Entity::delete_many().filter(these).exec(transaction).await?;
    }
    Ok(())
}

/// Records that a profile's catalog was read completely.
pub(in crate::store) async fn mark_read(transaction: &Transaction, profile: DbProfileId, at: Moment) -> Result<()> {
    let row = catalog_reading::ActiveModel {
        db_profile_id: ActiveValue::Set(profile.0),
        read_at: ActiveValue::Set(Millis(at)),
    };
    let again = OnConflict::column(catalog_reading::Column::DbProfileId)
        .update_column(catalog_reading::Column::ReadAt)
        .to_owned();
    catalog_reading::Entity::insert(row).on_conflict(again).exec_without_returning(transaction).await.db()?;
    Ok(())
}

/// Deletes a catalog: the profile was deleted, points to another database now, or its database is empty.
pub(in crate::store) async fn forget(transaction: &Transaction, profile: DbProfileId) -> Result<(), DbErr> {
    catalog_reading::Entity::delete_by_id(profile.0).exec(transaction).await?;
    catalog_asset::Entity::delete_many().filter(of(profile)).exec(transaction).await?;
    Ok(())
}

/// Updates the catalog after Gloss wrote or removed a comment.
pub(in crate::store) async fn comment_written(
    transaction: &Transaction,
    profile: DbProfileId,
    path: &AssetPath,
    text: Option<&String>,
) -> Result<(), DbErr> {
    let (table_key, column_key) = keys(path);
    catalog_asset::Entity::update_many()
        .col_expr(Column::Comment, Expr::value(comment(text)))
        .filter(of(profile))
        .filter(Column::TableKey.eq(table_key))
        .filter(Column::ColumnKey.eq(column_key))
        .exec(transaction)
        .await?;
    Ok(())
}
