//! Reads the members of a schema or a database, for the description of the whole.
//!
//! The rule: only names, comments and row estimates from the catalog are read, never rows. Tables that the run's scope
//! leaves out are not included.

use crate::{
    domain::{
        asset::{AssetKind, AssetPath},
        catalog::{Database, Table},
        scope::RunScope,
    },
    port::{
        model::{Container, Member},
        target::{Target, TargetError},
    },
};

/// Reads a schema or database with its members, except those that the scope leaves out. Returns `None` if it does not
/// exist.
///
/// # Errors
/// Returns the errors of the target.
pub async fn container_of(
    target: &dyn Target,
    asset: &AssetPath,
    scope: &RunScope,
) -> Result<Option<Container>, TargetError> {
    let database = asset.database.as_deref();
    match &asset.schema {
        Some(schema) => schema_of(target, database, schema, scope).await,
        None => database_of(target, database, scope).await,
    }
}

async fn schema_of(
    target: &dyn Target,
    database: Option<&str>,
    name: &str,
    scope: &RunScope,
) -> Result<Option<Container>, TargetError> {
    let Some(schema) = target.schemas(database).await?.into_iter().find(|schema| schema.name == name) else {
        return Ok(None);
    };
    let tables = target.tables(database, name).await?;
    let database = match database {
        Some(database) => Some(database.to_owned()),
        None => implied(target, name, &tables).await?,
    };
    let path = schema_path(database, name);
    let members = shown(tables, name, scope).map(|table| member(&path, table)).collect();
    Ok(Some(Container { path, comment: schema.comment, members }))
}

async fn database_of(
    target: &dyn Target,
    name: Option<&str>,
    scope: &RunScope,
) -> Result<Option<Container>, TargetError> {
    let mut schemas = Vec::new();
    let (mut found, databases) = (name.map(str::to_owned), target.databases().await?);
    if let (None, [only]) = (&found, databases.as_slice()) {
        found = Some(only.name.clone());
    }
    if found.as_ref().is_some_and(|name| databases.iter().all(|database| database.name != *name)) {
        return Ok(None);
    }
    for schema in target.schemas(name).await? {
        let tables = target.tables(name, &schema.name).await?;
        if found.is_none() {
            found = implied(target, &schema.name, &tables).await?;
        }
        schemas.push((schema, tables));
    }
    let Some(database) = databases.into_iter().find(|database| found.as_ref() == Some(&database.name)) else {
        return Err(TargetError::Refused("the profile reaches several databases; specify the one to describe".into()));
    };
    let mut members = Vec::new();
    for (schema, tables) in schemas {
        let path = schema_path(Some(database.name.clone()), &schema.name);
        members.push(Member { path: path.clone(), comment: schema.comment, row_estimate: None });
        members.extend(shown(tables, &schema.name, scope).map(|table| member(&path, table)));
    }
    let Database { name, comment } = database;
    let path = AssetPath { kind: AssetKind::Database, database: Some(name), schema: None, table: None, column: None };
    Ok(Some(Container { path, comment, members }))
}

/// Returns the tables that a scope does not leave out. Partitions are not included, because their rows belong to their
/// parents.
fn shown<'a>(tables: Vec<Table>, schema: &'a str, scope: &'a RunScope) -> impl Iterator<Item = Table> + use<'a> {
    tables.into_iter().filter(move |table| table.partition_of.is_none() && !scope.leaves_out(schema, &table.name))
}

/// Returns the name of the database in the URL, as reported with its tables. Returns `None` if there are no tables or
/// the database system has no such level.
async fn implied(target: &dyn Target, schema: &str, tables: &[Table]) -> Result<Option<String>, TargetError> {
    let Some(table) = tables.first() else { return Ok(None) };
    let details = target.details(None, schema, std::slice::from_ref(&table.name)).await?;
    Ok(details.into_iter().next().and_then(|detail| detail.database))
}

fn schema_path(database: Option<String>, schema: &str) -> AssetPath {
    AssetPath { kind: AssetKind::Schema, database, schema: Some(schema.to_owned()), table: None, column: None }
}

fn member(schema: &AssetPath, table: Table) -> Member {
    Member {
        path: AssetPath { kind: table.kind, table: Some(table.name), ..schema.clone() },
        comment: table.comment,
        row_estimate: table.row_estimate,
    }
}
