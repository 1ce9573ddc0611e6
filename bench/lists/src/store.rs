//! The store that all servers read. Gloss creates it and records one run, so the schema and the shape of the rows are
//! its own; `fill` multiplies the rows.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{Result, fill, http, server::Server};

/// The file that says that a store is complete.
const COMPLETE: &str = "complete";

/// The databases beside the demo shop.
const DB_PROFILES: [&str; 11] = [
    "billing",
    "warehouse",
    "crm",
    "payroll",
    "web shop",
    "analytics",
    "logistics",
    "support",
    "ledger",
    "archive",
    "catalog",
];
/// The models beside the built-in one.
const MODELS: [&str; 5] = ["gpt-5-mini", "claude-sonnet-4", "llama-3.3-70b", "qwen-3-32b", "mistral-small"];

/// A data folder of Gloss.
pub struct Store {
    pub folder: PathBuf,
}

impl Store {
    /// Returns the file with the store's tables.
    pub fn file(&self) -> PathBuf {
        self.folder.join("store.db")
    }

    /// Returns the store of this size. Makes it if it does not exist.
    pub async fn prepare(binary: &Path, runs: i64, suggestions: i64) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/bench-store-{runs}-{suggestions}"));
        let store = Self { folder };
        if store.folder.join(COMPLETE).exists() {
            return Ok(store);
        }
        eprintln!("making a store of {runs} runs and {suggestions} suggestions in {}", store.folder.display());
        if store.folder.exists() {
            fs::remove_dir_all(&store.folder)?;
        }
        fs::create_dir_all(&store.folder)?;
        let began = Instant::now();
        let server = Server::gloss(binary, &store.folder, 1).await?;
        record_one_run(&server, &store.folder).await?;
        server.end().await?;
        fill::fill(&store.file(), runs, suggestions)?;
        fs::write(store.folder.join(COMPLETE), "")?;
        eprintln!("made in {} s", began.elapsed().as_secs());
        Ok(store)
    }
}

/// Creates the profiles, and describes the demo shop with the built-in model.
async fn record_one_run(server: &Server, folder: &Path) -> Result<()> {
    let ask = async |query: &str, variables: Value| http::data(&server.address, query, &variables).await;
    let url = format!("sqlite://{}", folder.join("demo.db").display());
    for name in DB_PROFILES {
        let mutation = "mutation($i: CreateDbProfileInput!) { createDbProfile(input: $i) { dbProfile { id } } }";
        ask(mutation, json!({ "i": { "name": name, "url": url } })).await?;
    }
    for model in MODELS {
        let mutation = "mutation($i: CreateLlmProfileInput!) { createLlmProfile(input: $i) { llmProfile { id } } }";
        let input = json!({ "name": model, "provider": "OPENAI_COMPATIBLE", "model": model,
            "baseUrl": "http://127.0.0.1:9/v1" });
        ask(mutation, json!({ "i": input })).await?;
    }
    let profiles = ask("{ dbProfiles { id name } }", json!({})).await?;
    let demo = profiles["dbProfiles"].as_array().and_then(|all| all.iter().find(|profile| profile["name"] == "demo"));
    let demo = demo.ok_or("Gloss has no demo database")?["id"].clone();
    let mutation = "mutation($i: StartRunInput!) { startRun(input: $i) { runs { id } } }";
    let started = ask(mutation, json!({ "i": { "targets": [{ "dbProfileId": demo }] } })).await?;
    let run = started["startRun"]["runs"][0]["id"].clone();
    loop {
        let answer = ask("query($id: ID!) { run(id: $id) { status } }", json!({ "id": run })).await?;
        match answer["run"]["status"].as_str() {
            Some("QUEUED" | "RUNNING") => tokio::time::sleep(Duration::from_millis(200)).await,
            Some("READY_FOR_REVIEW") => return Ok(()),
            status => return Err(format!("the run is {status:?}").into()),
        }
    }
}
