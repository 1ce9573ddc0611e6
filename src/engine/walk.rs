//! Walks a target along a scope and returns the tables and columns to describe.
//!
//! The rules: a walk reads the live catalog, structure only. A name that does not exist is an error that says which
//! one, never an empty result. Tables that the scope leaves out are read for the index but not visited.

use std::sync::Arc;

use crate::{
    domain::{
        asset::quote_part,
        catalog::{Problems, Schema, TableDetail},
        run::Row,
        scope::{RunScope, SchemaScope},
        text,
    },
    port::{
        model::Subject,
        target::{Target, TargetError},
    },
};

/// Maximum number of tables whose structure is read with one call.
const TABLES_AT_ONCE: usize = 200;

/// A table in scope, and which parts of it to describe.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The table's structure.
    pub table: Arc<TableDetail>,
    /// The table itself, unless the scope names only columns, then the columns.
    pub subjects: Vec<Subject>,
}

/// The result of a walk.
#[derive(Debug, Clone)]
pub struct Walked {
    /// All schemas of the database, including those out of scope.
    pub schemas: Vec<Schema>,
    /// The tables in scope.
    pub visits: Vec<Visit>,
    /// The tables that the scope's patterns leave out.
    pub left_out: Vec<Arc<TableDetail>>,
    /// Partitions that are described through their parents, as schema and table.
    pub partitions: Vec<(String, String)>,
    /// Unreadable entries of the lists of schemas and tables, and columns in scope with unreadable names. Other
    /// problems of a table are in its [`TableDetail::problems`].
    pub problems: Problems,
}

/// Why a scope could not be walked.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// A name in the scope does not exist.
    #[error("{message}")]
    Unknown {
        /// The name's path in the scope: `schemas.0.tables.1.name`.
        path: String,
        /// What does not exist, and where it was looked up.
        message: String,
    },
    /// The target did not answer.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Reads everything in scope, schema by schema, in the order of the scope or by name.
///
/// # Errors
/// Returns [`WalkError`].
pub async fn walk(target: &dyn Target, scope: &RunScope) -> Result<Walked, WalkError> {
    one_database(target, scope).await?;
    let database = scope.database.as_deref();
    let schemas = target.schemas(database).await?;
    let existing: Vec<String> = schemas.iter().map(|schema| schema.name.clone()).collect();
    let mut walked = Walked {
        schemas,
        visits: Vec::new(),
        left_out: Vec::new(),
        partitions: Vec::new(),
        problems: Problems::default(),
    };
    if scope.schemas.is_empty() {
        walked.problems.extend(target.unreadable(database, None).await?);
        for schema in existing {
            let everything = SchemaScope { name: schema, tables: Vec::new() };
            let names = walked.list(target, scope, &everything).await?;
            walked.take(scope, walk_schema(target, database, &everything, &names, "").await?, &everything);
        }
        return Ok(walked);
    }
    for (at, schema) in scope.schemas.iter().enumerate() {
        known(&existing, schema, at)?;
        let names = walked.list(target, scope, schema).await?;
        walked.take(scope, walk_schema(target, database, schema, &names, &format!("schemas.{at}")).await?, schema);
    }
    Ok(walked)
}

impl Walked {
    /// Returns the names of the tables to read in a schema: those that the scope names, or else all except partitions
    /// that are described through their parents.
    async fn list(
        &mut self,
        target: &dyn Target,
        scope: &RunScope,
        schema: &SchemaScope,
    ) -> Result<Vec<String>, TargetError> {
        if !schema.tables.is_empty() {
            return Ok(named(schema));
        }
        let database = scope.database.as_deref();
        self.problems.extend(target.unreadable(database, Some(&schema.name)).await?);
        let mut names = Vec::new();
        for table in target.tables(database, &schema.name).await? {
            if table.partition_of.is_some() && scope.partitions.is_parent() {
                self.partitions.push((schema.name.clone(), table.name));
            } else {
                names.push(table.name);
            }
        }
        Ok(names)
    }

    /// Adds what was read of a schema. A table that the scope names is never left out.
    fn take(&mut self, scope: &RunScope, visits: Vec<Visit>, schema: &SchemaScope) {
        for visit in visits {
            if schema.tables.is_empty() && scope.leaves_out(&schema.name, &visit.table.table.name) {
                self.left_out.push(visit.table);
            } else {
                self.problems.unnamed.extend(visit.table.problems.unnamed.iter().cloned());
                self.visits.push(visit);
            }
        }
    }
}

/// Checks that everything the scope names exists. Does not read what the scope only includes.
///
/// # Errors
/// Returns [`WalkError`].
pub async fn check(target: &dyn Target, scope: &RunScope) -> Result<(), WalkError> {
    one_database(target, scope).await?;
    let database = scope.database.as_deref();
    let existing: Vec<String> = target.schemas(database).await?.into_iter().map(|schema| schema.name).collect();
    for (at, schema) in scope.schemas.iter().enumerate() {
        known(&existing, schema, at)?;
        if !schema.tables.is_empty() {
            walk_schema(target, database, schema, &named(schema), &format!("schemas.{at}")).await?;
        }
    }
    Ok(())
}

/// Refuses a scope without a database if the profile reaches several.
async fn one_database(target: &dyn Target, scope: &RunScope) -> Result<(), WalkError> {
    if scope.database.is_some() {
        return Ok(());
    }
    let names: Vec<String> = target.databases().await?.into_iter().map(|database| database.name).collect();
    match names.as_slice() {
        [] | [_] => Ok(()),
        _ => Err(WalkError::Unknown {
            path: "database".to_owned(),
            message: format!("the profile reaches several databases; name one of {}", some_of(&names)),
        }),
    }
}

fn known(existing: &[String], schema: &SchemaScope, at: usize) -> Result<(), WalkError> {
    if existing.contains(&schema.name) {
        return Ok(());
    }
    Err(WalkError::Unknown {
        path: format!("schemas.{at}.name"),
        message: format!("there is no schema {}; the schemas are {}", quote_part(&schema.name), some_of(existing)),
    })
}

/// Returns the tables that a scope names in a schema.
fn named(schema: &SchemaScope) -> Vec<String> {
    schema.tables.iter().map(|table| table.name.clone()).collect()
}

async fn walk_schema(
    target: &dyn Target,
    database: Option<&str>,
    schema: &SchemaScope,
    names: &[String],
    path: &str,
) -> Result<Vec<Visit>, WalkError> {
    let mut visits = Vec::with_capacity(names.len());
    for (chunk_at, chunk) in names.chunks(TABLES_AT_ONCE).enumerate() {
        let mut details = target.details(database, &schema.name, chunk).await?.into_iter().peekable();
        for (at, name) in chunk.iter().enumerate() {
            let at = chunk_at * TABLES_AT_ONCE + at;
            // Details come in the requested order; tables that do not exist are missing.
            let detail = details.next_if(|detail| &detail.table.name == name);
            let wanted = schema.tables.get(at);
            match (detail, wanted) {
                (Some(detail), Some(wanted)) => {
                    let subjects = subjects_of(&detail, &wanted.columns, &format!("{path}.tables.{at}"))?;
                    visits.push(Visit { table: Arc::new(detail), subjects });
                }
                (Some(detail), None) => {
                    let subjects = everything_of(&detail);
                    visits.push(Visit { table: Arc::new(detail), subjects });
                }
                (None, Some(_)) => {
                    let message = format!(
                        "there is no table or view {} in schema {}; check its spelling and letter case",
                        quote_part(name),
                        quote_part(&schema.name)
                    );
                    return Err(WalkError::Unknown { path: format!("{path}.tables.{at}.name"), message });
                }
                // Dropped between the two queries, so no longer in scope.
                (None, None) => {}
            }
        }
    }
    Ok(visits)
}

fn everything_of(table: &TableDetail) -> Vec<Subject> {
    std::iter::once(Subject::Table).chain((0..table.columns.len()).map(Subject::Column)).collect()
}

fn subjects_of(table: &TableDetail, columns: &[String], path: &str) -> Result<Vec<Subject>, WalkError> {
    if columns.is_empty() {
        return Ok(everything_of(table));
    }
    let find = |(at, name): (usize, &String)| {
        let index = table.columns.iter().position(|column| &column.name == name);
        index.map(Subject::Column).ok_or_else(|| {
            let names: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            WalkError::Unknown {
                path: format!("{path}.columns.{at}"),
                message: format!(
                    "there is no column {} in {}; the columns are {}",
                    quote_part(name),
                    table.path().display(),
                    some_of(&names)
                ),
            }
        })
    };
    columns.iter().enumerate().map(find).collect()
}

/// Returns the rows of a walk, numbered from 1.
pub fn rows_of(visits: &[Visit]) -> Vec<Row> {
    let assets = visits.iter().flat_map(|visit| {
        visit.subjects.iter().map(|subject| match subject {
            Subject::Table => (visit.table.path(), visit.table.table.kind.noun().to_owned()),
            Subject::Column(index) => {
                let column = &visit.table.columns[*index];
                (visit.table.column_path(&column.name), column.data_type.clone())
            }
        })
    });
    let row = |(position, (asset, fingerprint))| Row { position, asset, again: None, fingerprint: Some(fingerprint) };
    (1..).zip(assets).map(row).collect()
}

/// Returns the existing comment of a subject, or `None` if it is blank.
pub fn comment_of(table: &TableDetail, subject: Subject) -> Option<&str> {
    let comment = match subject {
        Subject::Table => &table.table.comment,
        Subject::Column(index) => &table.columns[index].comment,
    };
    comment.as_deref().filter(|comment| !comment.trim().is_empty())
}

/// Lists the names that may have been meant.
fn some_of(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let quoted: Vec<String> = names.iter().map(|name| quote_part(name)).collect();
    text::some_of(&quoted, ", ")
}
