//! The names that the shell completes: profiles, runs, schedules, and what stands in the databases.
//!
//! The rule: nothing here blocks the prompt. A name that is not known yet is fetched by a task, and the prompt shows it
//! as soon as it is there. What was fetched is kept: databases change seldom, the rest is fetched again after a
//! command.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::cli::{CliError, Client, lookup::Profiles, operation::Operation, output, pages};

const LLM_PROFILES: Operation = Operation("{ llmProfiles { name model } }");
const DB_PROFILES: Operation = Operation("{ dbProfiles { name displayUrl } }");
const RUNS: Operation = Operation("{ runs(first: 50) { nodes { number status scopeSummary } } }");
const SCHEDULES: Operation = Operation("{ schedules(first: 200) { nodes { name status } } }");
const DATABASES: Operation = Operation("query($id: ID!) { dbProfile(id: $id) { databases { name comment } } }");
const SCHEMAS: Operation = Operation(
    "query($id: ID!, $database: String) { dbProfile(id: $id) { databases(name: $database) {
        schemas { name comment } } } }",
);
const TABLES: Operation = Operation(
    "query($id: ID!, $database: String, $schema: String!, $first: Int, $after: String) { dbProfile(id: $id) {
        databases(name: $database) { schemas(name: $schema) { tables(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { name comment } } } } } }",
);
const COLUMNS: Operation = Operation(
    "query($id: ID!, $database: String, $schema: String!, $table: String!) { dbProfile(id: $id) {
        databases(name: $database) { schemas(name: $schema) { tables(name: $table, first: 1) { nodes {
            columns { name type } } } } } } }",
);

/// The documents of completion.
pub const OPERATIONS: &[Operation] = &[LLM_PROFILES, DB_PROFILES, RUNS, SCHEDULES, DATABASES, SCHEMAS, TABLES, COLUMNS];

/// Maximum number of tables of a schema that are fetched.
const TABLES_SHOWN: usize = 2_000;
/// How long names of a database are kept.
const KEPT: Duration = Duration::from_mins(5);

/// Where a schema is: the DB profile, and the database if it is named.
pub type Place = (String, Option<String>);

/// What is completed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// DB profiles.
    DbProfiles,
    /// LLM profiles.
    LlmProfiles,
    /// Numbers of runs, newest first.
    Runs,
    /// Schedules.
    Schedules,
    /// The databases that a DB profile reaches.
    Databases(String),
    /// The schemas of a database.
    Schemas(Place),
    /// The tables of a schema.
    Tables(Place, String),
    /// The columns of a table.
    Columns(Place, String, String),
}

/// A name, and something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: String,
    /// What it names.
    pub about: Option<String>,
}

enum Entry {
    Fetching,
    Known(Instant, Arc<[Name]>),
}

/// The names that are known so far.
pub struct Names {
    client: Arc<Client>,
    runtime: Handle,
    entries: Mutex<HashMap<Kind, Entry>>,
    has_news: AtomicBool,
}

impl Names {
    /// Knows nothing yet; fetches names with `client`, by tasks of `runtime`.
    pub fn new(client: Arc<Client>, runtime: Handle) -> Arc<Self> {
        Arc::new(Self { client, runtime, entries: Mutex::default(), has_news: AtomicBool::new(false) })
    }

    /// Returns the names; `None` while they are being fetched. Names that cannot be fetched are none.
    pub fn get(self: &Arc<Self>, kind: &Kind) -> Option<Arc<[Name]>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match entries.get(kind) {
            Some(Entry::Known(at, names)) if at.elapsed() < KEPT => return Some(Arc::clone(names)),
            Some(Entry::Fetching) => return None,
            _ => {}
        }
        entries.insert(kind.clone(), Entry::Fetching);
        let (this, kind) = (Arc::clone(self), kind.clone());
        self.runtime.spawn(async move {
            let names = fetch(&this.client, &kind).await.unwrap_or_default();
            let mut entries = this.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.insert(kind, Entry::Known(Instant::now(), names.into()));
            this.has_news.store(true, Ordering::Release);
        });
        None
    }

    /// Returns whether names have come since the last call.
    pub fn take_news(&self) -> bool {
        self.has_news.swap(false, Ordering::AcqRel)
    }

    /// Returns whether names are being fetched.
    pub fn is_fetching(&self) -> bool {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values().any(|entry| matches!(entry, Entry::Fetching))
    }

    /// Forgets what a command may have changed, and what could not be fetched.
    pub fn forget(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|kind, entry| match (kind, entry) {
            (_, Entry::Fetching) => true,
            (Kind::DbProfiles | Kind::LlmProfiles | Kind::Runs | Kind::Schedules, Entry::Known(..)) => false,
            (_, Entry::Known(_, names)) => !names.is_empty(),
        });
    }
}

async fn fetch(client: &Client, kind: &Kind) -> Result<Vec<Name>, CliError> {
    let list = |value: &Value, about: &str| -> Vec<Name> {
        let name = |one: &Value| {
            let about = one[about].as_str().map(|_| output::text(&one[about]));
            one["name"].as_str().map(|name| Name { name: name.to_owned(), about })
        };
        value.as_array().into_iter().flatten().filter_map(name).collect()
    };
    let of = async |(profile, database): &Place| -> Result<Value, CliError> {
        Ok(json!({ "id": Profiles::db(client).await?.id(profile)?, "database": database }))
    };
    Ok(match kind {
        Kind::DbProfiles => list(&client.data(DB_PROFILES, json!({})).await?["dbProfiles"], "displayUrl"),
        Kind::LlmProfiles => list(&client.data(LLM_PROFILES, json!({})).await?["llmProfiles"], "model"),
        Kind::Schedules => list(&client.data(SCHEDULES, json!({})).await?["schedules"]["nodes"], "status"),
        Kind::Runs => {
            let runs = client.data(RUNS, json!({})).await?["runs"]["nodes"].take();
            let run = |run: &Value| Name {
                name: run["number"].to_string(),
                about: Some(format!("{}, {}", output::text(&run["scopeSummary"]), output::words(&run["status"]))),
            };
            runs.as_array().into_iter().flatten().map(run).collect()
        }
        Kind::Databases(profile) => {
            let variables = of(&(profile.clone(), None)).await?;
            list(&client.data(DATABASES, variables).await?["dbProfile"]["databases"], "comment")
        }
        Kind::Schemas(place) => {
            let data = client.data(SCHEMAS, of(place).await?).await?;
            list(&data["dbProfile"]["databases"][0]["schemas"], "comment")
        }
        Kind::Tables(place, schema) => {
            let mut variables = of(place).await?;
            variables["schema"] = json!(schema);
            let at = "/dbProfile/databases/0/schemas/0/tables";
            let read = pages::read(client, TABLES, &variables, at, TABLES_SHOWN).await?;
            list(&Value::Array(read.unwrap_or_default().0), "comment")
        }
        Kind::Columns(place, schema, table) => {
            let mut variables = of(place).await?;
            variables["schema"] = json!(schema);
            variables["table"] = json!(table);
            let data = client.data(COLUMNS, variables).await?;
            let tables = &data["dbProfile"]["databases"][0]["schemas"][0]["tables"];
            list(&tables["nodes"][0]["columns"], "type")
        }
    })
}
