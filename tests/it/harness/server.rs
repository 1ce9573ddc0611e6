//! A server under test: the binary, a data folder, a free port.

use std::{path::Path, process::Stdio, sync::Arc, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

use super::{Live, store};

/// A running server. Dropping it kills the process; the data folder lives as long as a clone of `data`.
pub struct Server {
    child: Child,
    /// The base URL, `http://127.0.0.1:PORT`.
    pub base: String,
    /// The data folder.
    pub data: Arc<TempDir>,
    log: watch::Sender<String>,
    http: reqwest::Client,
}

impl Server {
    /// Starts a server on a new data folder.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a server on a new data folder with these environment variables.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        let data = Arc::new(TempDir::with_prefix("gloss-").unwrap());
        Self::start_at(data, environment).await
    }

    /// Starts a server on an existing data folder.
    pub async fn start_at(data: Arc<TempDir>, environment: &[(&str, &str)]) -> Self {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let mut command = Self::command(data.path());
        command.envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let log = watch::Sender::new(String::new());
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let sink = log.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                sink.send_modify(|log| {
                    log.push_str(&line);
                    log.push('\n');
                });
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = loop {
            match stdout.next_line().await.unwrap() {
                Some(line) => {
                    if let Some(base) = line.split_whitespace().find_map(|word| word.strip_suffix("/graphql")) {
                        break base.to_owned();
                    }
                }
                None => panic!("the server did not start:\n{}", *log.borrow()),
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = stdout.next_line().await {} });
        // The server closes idle connections after ten seconds, so the client must not reuse one close to that limit.
        let http = reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(5)).build().unwrap();
        Self { child, base, data, log, http }
    }

    /// Returns the command that starts a server on a data folder.
    pub fn command(data: &Path) -> Command {
        super::watchdog::watch();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gloss"));
        for variable in ["GLOSS_CONFIG", "GLOSS_SERVER", "GLOSS_TOKEN", "GLOSS_SECRET_KEY", "GLOSS_NEW_SECRET_KEY"] {
            command.env_remove(variable);
        }
        command.env("GLOSS_LISTEN", "127.0.0.1:0").env("GLOSS_DATA_DIR", data);
        if store::in_postgres() {
            command.env("GLOSS_STORE_URL", store::url(data));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Kills the process as a power failure would.
    pub async fn kill(mut self) -> Arc<TempDir> {
        self.child.kill().await.unwrap();
        Arc::clone(&self.data)
    }

    /// Sends a signal: `TERM`, `INT`.
    pub fn signal(&self, name: &str) {
        let done =
            std::process::Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Waits until the process exits.
    pub async fn left(mut self) -> (std::process::ExitStatus, Arc<TempDir>) {
        (self.child.wait().await.unwrap(), Arc::clone(&self.data))
    }

    /// Returns everything logged so far.
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Waits until the server has logged a text.
    pub async fn logged(&self, text: &str) {
        let mut log = self.log.subscribe();
        let found = timeout(Duration::from_mins(1), log.wait_for(|log| log.contains(text))).await.is_ok();
        assert!(found, "{text:?} is not in:\n{}", self.log());
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    /// Returns the whole answer to an operation.
    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        let text = self.answer_text(query, &variables).await;
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
    }

    /// Returns the body of the answer to an operation.
    pub async fn answer_text(&self, query: &str, variables: &Value) -> String {
        let body = json!({ "query": query, "variables": variables });
        let request = self.http.post(format!("{}/graphql", self.base)).header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap().text().await.unwrap()
    }

    /// Returns status, headers and answer of an operation sent with a token, or without one.
    pub async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> (StatusCode, HeaderMap, Value) {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = self.http.post(format!("{}/graphql", self.base)).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.body(body).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let answer = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"));
        (status, headers, answer)
    }

    /// Returns the data of an operation sent with a token, which must succeed.
    pub async fn data_for(&self, token: &str, query: &str, variables: Value) -> Value {
        let (_, _, mut answer) = self.ask(Some(token), query, variables).await;
        assert!(answer.get("errors").is_none(), "errors from {query}: {answer:#}");
        answer["data"].take()
    }

    /// Creates a token and returns its secret and id.
    pub async fn create_token(&self, by: Option<&str>, name: &str, role: &str) -> (String, String) {
        let query = "mutation($input: CreateApiTokenInput!) {
            createApiToken(input: $input) { secret apiToken { id } } }";
        let (_, _, answer) = self.ask(by, query, json!({ "input": { "name": name, "role": role } })).await;
        let made = &answer["data"]["createApiToken"];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned();
        (text(&made["secret"]), text(&made["apiToken"]["id"]))
    }

    /// Returns the data of an operation that must succeed.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.answer(query, variables).await;
        assert!(answer.get("errors").is_none(), "errors from {query}: {answer:#}");
        answer["data"].take()
    }

    /// Returns the first error of an operation that must fail.
    pub async fn error(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.answer(query, variables).await;
        assert!(answer["errors"][0].is_object(), "no error from {query}: {answer:#}");
        answer["errors"][0].take()
    }

    /// Subscribes over a WebSocket.
    pub async fn subscribe(&self, query: &str, variables: Value) -> Live {
        Live::open(&self.base, query, variables).await
    }

    /// Returns the id of the DB profile with this name.
    pub async fn db_profile(&self, name: &str) -> String {
        let data = self.data("{ dbProfiles { id name } }", json!({})).await;
        id_of(&data["dbProfiles"], name)
    }

    /// Returns the id of the LLM profile with this name.
    pub async fn llm_profile(&self, name: &str) -> String {
        let data = self.data("{ llmProfiles { id name } }", json!({})).await;
        id_of(&data["llmProfiles"], name)
    }

    /// Creates a DB profile and returns its id.
    pub async fn create_db_profile(&self, name: &str, url: &str) -> String {
        let query = "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }";
        let data = self.data(query, json!({ "input": { "name": name, "url": url } })).await;
        data["createDbProfile"]["dbProfile"]["id"].as_str().unwrap().to_owned()
    }

    /// Creates an LLM profile and returns its id.
    pub async fn create_llm_profile(&self, input: Value) -> String {
        let query =
            "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }";
        let data = self.data(query, json!({ "input": input })).await;
        data["createLlmProfile"]["llmProfile"]["id"].as_str().unwrap().to_owned()
    }

    /// Starts one run and returns its id.
    pub async fn start_run(&self, input: Value) -> String {
        let query = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
        let data = self.data(query, json!({ "input": input })).await;
        data["startRun"]["runs"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Returns all events of a run after `after` to its end, over a WebSocket.
    pub async fn events(&self, run: &str, after: i64) -> Vec<Value> {
        let mut live = self.watch(run, after).await;
        let mut events = Vec::new();
        while let Some(event) = live.next().await {
            events.push(event);
        }
        events
    }

    /// Watches a run over a WebSocket.
    pub async fn watch(&self, run: &str, after: i64) -> Live {
        let query = "subscription($run: ID!, $after: Int) { runProgress(runId: $run, after: $after) {
            sequence type message status progress { total done failed skipped } usage { requests totalTokens }
            asset { display } suggestion { description } error { code message hint } } }";
        self.subscribe(query, json!({ "run": run, "after": after })).await.field("runProgress")
    }

    /// Returns the current state of a run.
    pub async fn run(&self, id: &str) -> Value {
        let query = "query($id: ID!) { run(id: $id) { number status kind command scopeSummary lastSequence canCancel
            durationSeconds progress { total done failed skipped } usage { inputTokens outputTokens totalTokens \
            requests retries costUsd }
            error { code message hint } } }";
        self.data(query, json!({ "id": id })).await["run"].take()
    }
}

fn id_of(profiles: &Value, name: &str) -> String {
    let found = profiles.as_array().unwrap().iter().find(|profile| profile["name"] == name);
    found.unwrap_or_else(|| panic!("no profile {name} in {profiles}"))["id"].as_str().unwrap().to_owned()
}
