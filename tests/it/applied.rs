//! From suggestions to comments and back, end to end: real servers and databases, read back with the databases' own
//! clients.

mod chinook;
mod cuts;
mod doubt;
mod hostile;
mod kinds;
mod moved;
mod script;
mod trouble;

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::Server,
    services::{self, Service},
};

const REVIEW: &str = "mutation ($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) {
    changed run { status } } }";
const APPLY: &str =
    "mutation ($input: ApplyRunInput!) { write: applyRun(input: $input) { total run { status lastSequence } } }";
const ROLLBACK: &str =
    "mutation ($input: RollbackRunInput!) { write: rollbackRun(input: $input) { total run { status lastSequence } } }";

/// A suggestion as a reviewer sees it.
#[derive(Debug, Clone)]
struct Suggestion {
    id: String,
    /// `table` or `table.column`, or the schema's name.
    place: String,
    kind: String,
    state: String,
    text: String,
    version: i64,
}

/// Returns SQL for `count` tables (`t001`, `t002`, …) of `columns` columns each.
fn tables(count: usize, columns: usize) -> String {
    let columns: Vec<String> = (1..=columns).map(|n| format!("c{n:03} INTEGER")).collect();
    let tables: Vec<String> = (1..=count).map(|n| format!("CREATE TABLE t{n:03} ({});", columns.join(", "))).collect();
    tables.join("\n")
}

async fn review(server: &Server, input: Value) -> i64 {
    let data = server.data(REVIEW, json!({ "input": input })).await;
    data["reviewSuggestions"]["changed"].as_i64().unwrap()
}

/// Starts an apply or a roll-back and returns its number of comments and the sequence number before its first event.
async fn order(server: &Server, mutation: &str, input: Value) -> (usize, i64) {
    let data = server.data(mutation, json!({ "input": input })).await;
    let total = usize::try_from(data["write"]["total"].as_u64().unwrap()).unwrap();
    assert_eq!(data["write"]["run"]["status"] == "APPLYING", total > 0, "{data}");
    (total, data["write"]["run"]["lastSequence"].as_i64().unwrap())
}

/// Starts an apply or a roll-back, watches it to its end and returns its events.
async fn write(server: &Server, mutation: &str, run: &str) -> Vec<Value> {
    let (total, sequence) = order(server, mutation, json!({ "runId": run })).await;
    let began = std::time::Instant::now();
    let events = server.events(run, sequence).await;
    eprintln!("{total} comments written in {} ms", began.elapsed().as_millis());
    let outcomes = events.iter().filter(|event| event["type"] == "APPLIED" || event["type"] == "APPLY_FAILED");
    assert_eq!(outcomes.count(), total);
    assert_eq!(events.last().unwrap()["type"], "FINISHED");
    events
}

fn count(events: &[Value], event_type: &str) -> usize {
    events.iter().filter(|event| event["type"] == event_type).count()
}

/// Returns all nodes of a connection, page by page. `query` takes `$after` and `$id`; `path` leads to the connection.
async fn pages(server: &Server, query: &str, id: &str, path: &str) -> Vec<Value> {
    let (mut nodes, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut data = server.data(query, json!({ "id": id, "after": after })).await;
        let page = data.pointer_mut(path).unwrap_or_else(|| panic!("no {path}"));
        let Value::Array(found) = page["nodes"].take() else { panic!("no nodes in {page}") };
        nodes.extend(found);
        if page["pageInfo"]["hasNextPage"] == false {
            return nodes;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn place(asset: &Value) -> String {
    let part = |name: &str| asset[name].as_str();
    match (part("table"), part("column")) {
        (Some(table), Some(column)) => format!("{table}.{column}"),
        (Some(table), None) => table.to_owned(),
        _ => part("schema").unwrap_or_default().to_owned(),
    }
}

async fn suggestions(server: &Server, run: &str) -> Vec<Suggestion> {
    let query = "query ($id: ID!, $after: String) { run(id: $id) { suggestions(first: 200, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id finalText version review { state } asset { kind schema table column } } } } }";
    let nodes = pages(server, query, run, "/run/suggestions").await;
    let read = |node: &Value| Suggestion {
        id: text(&node["id"]),
        place: place(&node["asset"]),
        kind: text(&node["asset"]["kind"]),
        state: text(&node["review"]["state"]),
        text: text(&node["finalText"]),
        version: node["version"].as_i64().unwrap(),
    };
    nodes.iter().map(read).collect()
}

/// Returns the outcomes of a run's last apply or roll-back by place.
async fn outcomes(server: &Server, run: &str) -> HashMap<String, Value> {
    let query = "query ($id: ID!, $after: String) { run(id: $id) { applyOutcomes(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { status statement before after error { code message hint }
        suggestion { asset { schema table column } } } } } }";
    let nodes = pages(server, query, run, "/run/applyOutcomes").await;
    let total = nodes.len();
    let found: HashMap<_, _> = nodes.into_iter().map(|node| (place(&node["suggestion"]["asset"]), node)).collect();
    assert_eq!(found.len(), total, "an asset has two outcomes");
    found
}

/// Counts the outcomes with this status.
fn with_status(outcomes: &HashMap<String, Value>, status: &str) -> usize {
    outcomes.values().filter(|outcome| outcome["status"] == status).count()
}

/// Returns the whole audit of a run, newest first.
async fn audit(server: &Server, run: &str) -> Vec<Value> {
    let query =
        "query ($id: ID!, $after: String) { appliedComments(filter: { runId: $id }, first: 150, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { before after rolledBackAt asset { schema table column } } } }";
    pages(server, query, run, "/appliedComments").await
}

async fn status(server: &Server, run: &str) -> String {
    text(&server.run(run).await["status"])
}

/// A database used by one test only, with access through its own client.
enum Database {
    Sqlite { file: PathBuf, _folder: TempDir },
    Postgres { service: &'static Service, name: String, url: String },
    MariaDb { service: &'static Service, name: String, url: String },
}

impl Database {
    async fn sqlite(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("target.db");
        services::load_sqlite(&file, script).await;
        Self::Sqlite { file, _folder: folder }
    }

    async fn postgres(script: &str) -> Option<Self> {
        let service = services::postgres().await?;
        let (url, name) = service.fresh_database().await;
        service.run(Some(&name), script).await;
        Some(Self::Postgres { service, name, url })
    }

    async fn mariadb(script: &str) -> Option<Self> {
        let service = services::mariadb().await?;
        let (url, name) = service.fresh_database().await;
        service.run(Some(&name), script).await;
        Some(Self::MariaDb { service, name, url })
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite { file, .. } => format!("sqlite://{}", file.display()),
            Self::Postgres { url, .. } | Self::MariaDb { url, .. } => url.clone(),
        }
    }

    async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite { file, .. } => services::load_sqlite(file, sql).await,
            Self::Postgres { service, name, .. } | Self::MariaDb { service, name, .. } => {
                service.run(Some(name), sql).await;
            }
        }
    }

    /// Returns the schema that contains the tables.
    fn schema(&self) -> &str {
        match self {
            Self::Sqlite { .. } => "main",
            Self::Postgres { .. } => "public",
            Self::MariaDb { name, .. } => name,
        }
    }

    /// Starts a run of this database only: a server's profile also sees the databases of other tests.
    async fn start_run(&self, server: &Server, more: Value) -> String {
        let profile = server.create_db_profile("target", &self.url()).await;
        let mut input = more;
        input["targets"] = json!([{ "dbProfileId": profile, "schemas": [{ "name": self.schema() }] }]);
        server.start_run(input).await
    }

    /// Returns the whole structure with its comments, as the database's own tool dumps it.
    async fn dump(&self) -> String {
        match self {
            Self::Sqlite { file, .. } => {
                lines_of(file, "SELECT concat_ws('|', type, name, tbl_name, sql) FROM sqlite_master ORDER BY name")
                    .await
                    .join("\n")
            }
            Self::Postgres { service, name, .. } => {
                let port = service.port.to_string();
                let mut arguments = vec!["--schema-only", "-h", "127.0.0.1", "-U", "postgres", "-p", &port, name];
                if client("pg_dump", &["--help"]).await.contains("--restrict-key") {
                    arguments.push("--restrict-key=x");
                }
                client("pg_dump", &arguments).await
            }
            Self::MariaDb { service, name, .. } => {
                let port = service.port.to_string();
                let arguments = [
                    "--no-defaults",
                    "--default-character-set=utf8mb4",
                    "--protocol=tcp",
                    "-h",
                    "127.0.0.1",
                    "-u",
                    "root",
                ];
                let dump = ["-P", &port, "--no-data", "--skip-dump-date", name];
                client("mariadb-dump", &[&arguments[..], &dump].concat()).await
            }
        }
    }

    /// Returns all comments of tables and columns by place, read with the database's own client.
    async fn comments(&self) -> BTreeMap<String, String> {
        let lines = match self {
            Self::Sqlite { file, .. } => {
                let there = lines_of(file, "SELECT name FROM sqlite_master WHERE name = 'gloss_comments'").await;
                if there.is_empty() {
                    return BTreeMap::new();
                }
                let query = "SELECT json_array(table_name, column_name, comment) FROM gloss_comments";
                lines_of(file, query).await
            }
            Self::Postgres { service, name, .. } => {
                let query = "SELECT json_build_array(c.relname, a.attname, d.description) FROM pg_description d
                    JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass
                    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', \
                    'information_schema')
                    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0";
                let port = service.port.to_string();
                let arguments = ["-XAtq", "-h", "127.0.0.1", "-U", "postgres", "-p", &port, "-d", name, "-c", query];
                client("psql", &arguments).await.lines().map(str::to_owned).collect()
            }
            Self::MariaDb { service, name, .. } => {
                let query = "SELECT JSON_ARRAY(table_name, NULL, table_comment) FROM information_schema.tables
                    WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_comment <> ''
                    UNION ALL SELECT JSON_ARRAY(table_name, column_name, column_comment) FROM information_schema.columns
                    WHERE table_schema = DATABASE() AND column_comment <> ''";
                let port = service.port.to_string();
                let arguments =
                    ["--no-defaults", "--default-character-set=utf8mb4", "--protocol=tcp", "-h", "127.0.0.1"];
                let read = ["-u", "root", "-P", &port, "-N", "--raw", name, "-e", query];
                let said = client("mariadb", &[&arguments[..], &read].concat()).await;
                said.lines().map(str::to_owned).collect()
            }
        };
        let read = |line: String| {
            let row: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            let asset = json!({ "table": row[0], "column": row[1].as_str().filter(|column| !column.is_empty()) });
            (place(&asset), text(&row[2]))
        };
        lines.into_iter().map(read).collect()
    }
}

/// Runs a client, which must succeed, and returns its output.
async fn client(program: &str, arguments: &[&str]) -> String {
    let done = tokio::process::Command::new(program).args(arguments).output().await.expect("the client runs");
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// Returns the rows of one text column of a SQLite file.
async fn lines_of(file: &Path, query: &str) -> Vec<String> {
    use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows
}
