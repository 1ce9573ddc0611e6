//! What is in a schema or a database, for a draft of the whole.
//!
//! The rule: names, comments and row estimates alone, as the catalog has them; no table is looked into.

use crate::{
    domain::{
        asset::{AssetKind, AssetPath},
        catalog::Table,
    },
    port::{
        model::{Container, Member},
        target::{Target, TargetError},
    },
};

/// A schema or database with its members; `None` where it does not exist.
///
/// # Errors
/// What the target says.
pub async fn container_of(target: &dyn Target, asset: &AssetPath) -> Result<Option<Container>, TargetError> {
    let database = asset.database.as_deref();
    match &asset.schema {
        Some(schema) => schema_of(target, database, schema).await,
        None => database_of(target, database).await,
    }
}

async fn schema_of(target: &dyn Target, database: Option<&str>, name: &str) -> Result<Option<Container>, TargetError> {
    let Some(schema) = target.schemas(database).await?.into_iter().find(|schema| schema.name == name) else {
        return Ok(None);
    };
    let path = schema_path(database, name);
    let tables = target.tables(database, name).await?;
    let members = tables.into_iter().map(|table| member(&path, table)).collect();
    Ok(Some(Container { path, comment: schema.comment, members }))
}

async fn database_of(target: &dyn Target, name: Option<&str>) -> Result<Option<Container>, TargetError> {
    let mut databases = target.databases().await?;
    let database = match name {
        Some(name) => databases.into_iter().find(|database| database.name == name),
        // The one that the URL names, where it is the only one in reach.
        None if databases.len() == 1 => databases.pop(),
        None => {
            return Err(TargetError::Refused(
                "the profile reaches several databases; say which one to describe".into(),
            ));
        }
    };
    let Some(database) = database else { return Ok(None) };
    let within = name;
    let mut members = Vec::new();
    for schema in target.schemas(within).await? {
        let path = schema_path(Some(&database.name), &schema.name);
        let tables = target.tables(within, &schema.name).await?;
        members.push(Member { path: path.clone(), comment: schema.comment, row_estimate: None });
        members.extend(tables.into_iter().map(|table| member(&path, table)));
    }
    let path =
        AssetPath { kind: AssetKind::Database, database: Some(database.name), schema: None, table: None, column: None };
    Ok(Some(Container { path, comment: database.comment, members }))
}

fn schema_path(database: Option<&str>, schema: &str) -> AssetPath {
    AssetPath {
        kind: AssetKind::Schema,
        database: database.map(str::to_owned),
        schema: Some(schema.to_owned()),
        table: None,
        column: None,
    }
}

fn member(schema: &AssetPath, table: Table) -> Member {
    Member {
        path: AssetPath { kind: table.kind, table: Some(table.name), ..schema.clone() },
        comment: table.comment,
        row_estimate: table.row_estimate,
    }
}
