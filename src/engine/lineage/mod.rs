//! Column lineage of views, of generated columns and of partitions: their definitions, with the tables that they name
//! looked up in the catalog.
//!
//! The rule: lineage helps a description and never ends a run. What cannot be read or parsed has none.

mod definition;

use std::{collections::HashMap, sync::Arc};

use self::definition::{Named, Origin, origin_of_generated, origins, tables_of};
use crate::{
    domain::{
        catalog::{TableDetail, TableName},
        lineage::{How, Lineage, Source},
        profile::DbBackend,
    },
    port::target::Target,
};

/// The most tables that are looked up for the views of one group.
const MOST_TABLES: usize = 500;
/// Where PostgreSQL finds a name without a schema, after the view's own schema.
const SEARCHED: &str = "public";

/// Tables by schema and lower-case name.
type Known = HashMap<(String, String), Arc<TableDetail>>;

/// Returns the lineage of each column, for those of these tables that are views with a definition, have generated
/// columns or are partitions. All are in one schema of one database.
pub async fn lineages(
    target: &dyn Target,
    backend: DbBackend,
    tables: &[Arc<TableDetail>],
) -> HashMap<String, Vec<Option<Lineage>>> {
    let views = || tables.iter().filter_map(|view| Some((view, view.definition.as_deref()?)));
    let mut known: Known =
        tables.iter().map(|table| (key(&table.schema, &table.table.name), Arc::clone(table))).collect();
    let mut wanted: HashMap<String, Vec<String>> = HashMap::new();
    let of_views = views().flat_map(|(view, sql)| tables_of(sql, backend).into_iter().map(move |named| (view, named)));
    let of_partitions = tables.iter().filter_map(|table| Some((table, Named::of(table.table.partition_of.as_ref()?))));
    for (table, named) in of_views.chain(of_partitions) {
        let schema = named.schema.unwrap_or_else(|| table.schema.clone());
        let names = wanted.entry(schema.clone()).or_default();
        if !known.contains_key(&key(&schema, &named.table)) && !names.contains(&named.table) {
            names.push(named.table);
        }
    }
    let database = tables.first().and_then(|table| table.database.clone());
    for (schema, mut names) in wanted {
        names.truncate(MOST_TABLES);
        look_up(target, database.as_deref(), &schema, names, &mut known).await;
    }
    let lineage = |(view, definition): (&Arc<TableDetail>, &str)| {
        let find = |named: &Named| find(&known, named, &view.schema);
        let columns = |named: &Named| Some(find(named)?.columns.iter().map(|column| column.name.clone()).collect());
        let origins = origins(definition, backend, &columns);
        // A definition that was read wrongly has another number of columns.
        let fits = origins.len() == view.columns.len();
        fits.then(|| {
            let resolved = origins.into_iter().map(|origin| resolve(origin?, &find)).collect();
            (view.table.name.clone(), resolved)
        })
    };
    let of_tables = tables.iter().filter(|table| table.definition.is_none());
    let of_tables = of_tables.filter_map(|table| Some((table.table.name.clone(), of_table(table, backend, &known)?)));
    views().filter_map(lineage).chain(of_tables).collect()
}

/// Returns the lineage of a partition's columns and of generated columns; `None` if there are none.
fn of_table(table: &Arc<TableDetail>, backend: DbBackend, known: &Known) -> Option<Vec<Option<Lineage>>> {
    let parent = table.table.partition_of.as_ref().and_then(|parent| find(known, &Named::of(parent), &table.schema));
    let own: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let itself = Named { schema: Some(table.schema.clone()), table: table.table.name.clone() };
    let lineages = table.columns.iter().map(|column| {
        if let Some(expression) = &column.generated {
            let origin = origin_of_generated(expression, backend, &itself, &own)?;
            return resolve(origin, &|_| Some(table));
        }
        let at = parent?.columns.iter().position(|known| known.name == column.name)?;
        Some(Lineage { how: How::Partition, sources: vec![Source { table: Arc::clone(parent?), column: at }] })
    });
    let lineages: Vec<Option<Lineage>> = lineages.collect();
    lineages.iter().any(Option::is_some).then_some(lineages)
}

impl Named {
    fn of(name: &TableName) -> Self {
        Self { schema: name.schema.clone(), table: name.table.clone() }
    }
}

fn key(schema: &str, table: &str) -> (String, String) {
    (schema.to_owned(), table.to_lowercase())
}

fn find<'k>(known: &'k Known, named: &Named, schema: &str) -> Option<&'k Arc<TableDetail>> {
    match &named.schema {
        Some(schema) => known.get(&key(schema, &named.table)),
        None => known.get(&key(schema, &named.table)).or_else(|| known.get(&key(SEARCHED, &named.table))),
    }
}

/// Adds tables to those that are known, as far as they can be read.
async fn look_up(target: &dyn Target, database: Option<&str>, schema: &str, names: Vec<String>, known: &mut Known) {
    if names.is_empty() {
        return;
    }
    for table in target.details(database, schema, &names).await.unwrap_or_default() {
        known.insert(key(schema, &table.table.name), Arc::new(table));
    }
    let missing: Vec<String> = names.into_iter().filter(|name| !known.contains_key(&key(schema, name))).collect();
    if missing.is_empty() {
        return;
    }
    // Databases that ignore case in names list them as they were created.
    let spelled = target.tables(database, schema).await.unwrap_or_default().into_iter().map(|table| table.name);
    let spelled: Vec<String> =
        spelled.filter(|name| missing.iter().any(|missing| missing.eq_ignore_ascii_case(name))).collect();
    if !spelled.is_empty() {
        for table in target.details(database, schema, &spelled).await.unwrap_or_default() {
            known.insert(key(schema, &table.table.name), Arc::new(table));
        }
    } else if schema != SEARCHED {
        for table in target.details(database, SEARCHED, &missing).await.unwrap_or_default() {
            known.insert(key(SEARCHED, &table.table.name), Arc::new(table));
        }
    }
}

/// Returns the lineage with its tables; `None` if one of them is not known.
fn resolve<'k>(origin: Origin, find: &dyn Fn(&Named) -> Option<&'k Arc<TableDetail>>) -> Option<Lineage> {
    let source = |(named, column): &(Named, String)| {
        let table = find(named)?;
        let at = table.columns.iter().position(|known| known.name.eq_ignore_ascii_case(column))?;
        Some(Source { table: Arc::clone(table), column: at })
    };
    let sources = origin.sources.iter().map(source).collect::<Option<_>>()?;
    Some(Lineage { how: origin.how, sources })
}
