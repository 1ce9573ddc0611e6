//! Gloss as the source of events. On a [`Stage`], it describes a database of many small tables with a model that
//! answers at a set rate; with each answer, it records the rows of a table.

use std::{
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, routing::post};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::Semaphore,
};

use crate::Result;

/// The number of events per answer of the model: a table and its column each cause one when they begin and one when
/// they end.
const EVENTS_PER_ANSWER: u32 = 4;

/// A server over a store in this folder.
pub struct Server {
    /// The address, without a path.
    pub base: String,
    pub pid: u32,
    process: Child,
}

impl Server {
    /// Starts Gloss, and returns when it listens.
    pub async fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let mut process = Command::new(binary)
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--data-dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut said = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let base = loop {
            let line = said.next_line().await?.ok_or("Gloss did not start")?;
            if let Some(base) = line.split_whitespace().find_map(|word| word.strip_suffix("/graphql")) {
                break base.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        let pid = process.id().ok_or("Gloss has ended")?;
        Ok(Self { base, pid, process })
    }

    /// The URL of the WebSocket.
    pub fn socket(&self) -> String {
        format!("{}/graphql", self.base.replacen("http", "ws", 1))
    }

    /// Makes a DB profile, and returns its id.
    pub async fn add_database(&self, url: &str) -> Result<Value> {
        let made = self
            .ask(
                "mutation($i: CreateDbProfileInput!) { createDbProfile(input: $i) { dbProfile { id } } }",
                json!({ "i": { "name": "target", "url": url } }),
            )
            .await?;
        Ok(made["createDbProfile"]["dbProfile"]["id"].clone())
    }

    /// Starts a run and returns its id.
    pub async fn begin(&self, start: &Value) -> Result<String> {
        let mutation = "mutation($i: StartRunInput!) { startRun(input: $i) { runs { id } } }";
        let started = self.ask(mutation, json!({ "i": start })).await?;
        Ok(started["startRun"]["runs"][0]["id"].as_str().ok_or("no run")?.to_owned())
    }

    /// Returns whether a run has ended.
    pub async fn has_ended(&self, run: &str) -> Result<bool> {
        let answer = self.ask("query($id: ID!) { run(id: $id) { finishedAt } }", json!({ "id": run })).await?;
        Ok(!answer["run"]["finishedAt"].is_null())
    }

    /// Returns the data of an answer.
    pub async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let client = reqwest::Client::new().post(format!("{}/graphql", self.base));
        let text = client.header("content-type", "application/json").body(body).send().await?.text().await?;
        let mut answer: Value = serde_json::from_str(&text)?;
        if answer.get("errors").is_some() {
            return Err(text.into());
        }
        Ok(answer["data"].take())
    }

    /// Kills the server.
    pub async fn end(&mut self) {
        let _ = self.process.kill().await;
    }
}

/// A server with a run that waits for its model.
pub struct Stage {
    pub run: String,
    pub server: Server,
    _folder: TempDir,
    gate: Arc<Gate>,
}

struct Gate {
    answers: Semaphore,
    open: AtomicBool,
    every: Duration,
}

impl Stage {
    /// Starts everything, and returns when the run has called its model.
    pub async fn set(binary: &Path, rate: u32, duration: Duration) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let events = rate * u32::try_from(duration.as_secs())?;
        let database = folder.path().join("target.db");
        let tables: Vec<String> =
            (0..events / EVENTS_PER_ANSWER).map(|n| format!("CREATE TABLE t{n:05} (c INTEGER);")).collect();
        let script = format!("BEGIN; {} COMMIT;", tables.join("\n"));
        rusqlite::Connection::open(&database)?.execute_batch(&script)?;

        let gate = Arc::new(Gate {
            answers: Semaphore::new(0),
            open: AtomicBool::new(false),
            every: Duration::from_secs(1) * EVENTS_PER_ANSWER / rate,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let model = listener.local_addr()?;
        let router = Router::new().route("/v1/chat/completions", post(complete)).with_state(Arc::clone(&gate));
        tokio::spawn(async move { axum::serve(listener, router).await });

        let server = Server::start(binary, &folder.path().join("data")).await?;
        let db = server.add_database(&format!("sqlite://{}", database.display())).await?;
        let llm = json!({ "name": "paced", "provider": "OPENAI_COMPATIBLE", "model": "paced", "concurrency": 8,
            "baseUrl": format!("http://{model}/v1") });
        let made = server
            .ask(
                "mutation($i: CreateLlmProfileInput!) { createLlmProfile(input: $i) { llmProfile { id } } }",
                json!({ "i": llm }),
            )
            .await?;
        let llm = made["createLlmProfile"]["llmProfile"]["id"].clone();
        let start =
            json!({ "targets": [{ "dbProfileId": db }], "llmProfileId": llm, "options": { "alternatives": 1 } });
        // The first run makes the process grow in ways that have nothing to do with subscribers, so one run comes
        // before the measurements.
        let warming = server.begin(&start).await?;
        gate.answers.add_permits(Semaphore::MAX_PERMITS / 2);
        while !server.has_ended(&warming).await? {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        gate.answers.forget_permits(Semaphore::MAX_PERMITS);
        let run = server.begin(&start).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(Self { run, server, _folder: folder, gate })
    }

    /// Lets the model answer at its rate.
    pub fn perform(&self) {
        self.gate.open.store(true, Ordering::Relaxed);
        let gate = Arc::clone(&self.gate);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(gate.every);
            while gate.open.load(Ordering::Relaxed) {
                ticks.tick().await;
                gate.answers.add_permits(1);
            }
        });
    }

    /// Stops everything.
    pub async fn end(&mut self) {
        self.gate.open.store(false, Ordering::Relaxed);
        self.server.end().await;
    }
}

async fn complete(State(gate): State<Arc<Gate>>, Json(body): Json<Value>) -> Json<Value> {
    if let Ok(permit) = gate.answers.acquire().await {
        permit.forget();
    }
    let schema = &body["response_format"]["json_schema"]["schema"];
    let content = if schema.is_object() { fits(schema, "").to_string() } else { "OK".to_owned() };
    let choice = json!({ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": content } });
    let usage = json!({ "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150 });
    Json(json!({ "id": "paced", "object": "chat.completion", "model": "paced", "choices": [choice], "usage": usage }))
}

/// Returns a value that is valid for a JSON schema.
fn fits(schema: &Value, name: &str) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("number") => json!(0.8),
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => (0..schema["minItems"].as_u64().unwrap_or(1)).map(|_| fits(&schema["items"], name)).collect(),
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let keys = required.iter().filter_map(Value::as_str);
            keys.map(|key| (key.to_owned(), fits(&schema["properties"][key], key))).collect::<Map<_, _>>().into()
        }
        _ => json!(format!("What the {name} of this asset tells, in a short sentence.")),
    }
}
