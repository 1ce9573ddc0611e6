//! Runs the server as a separate process, and is its client.

use std::{
    error::Error,
    fmt,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A running server; dropping it kills the process.
pub struct Server {
    child: Child,
    base: String,
    http: reqwest::Client,
}

/// The times of repeated requests.
pub struct Time {
    pub median_ms: f64,
    pub p95_ms: f64,
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "median {:.1} ms, p95 {:.1} ms", self.median_ms, self.p95_ms)
    }
}

impl Server {
    pub async fn start(binary: &Path, data: &Path) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(binary)
            .env("GLOSS_LISTEN", "127.0.0.1:0")
            .env("GLOSS_DATA_DIR", data)
            .env("GLOSS_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let base = loop {
            let line = lines.next_line().await?.ok_or("the server did not start")?;
            if let Some(base) = line.split_whitespace().find_map(|word| word.strip_suffix("/graphql")) {
                break base.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let http = reqwest::Client::builder().timeout(Duration::from_secs(300)).build()?;
        Ok(Self { child, base, http })
    }

    pub async fn data(&self, query: &str, variables: &Value) -> Result<Value, Box<dyn Error>> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = self.http.post(format!("{}/graphql", self.base)).header("content-type", "application/json");
        let mut answer: Value = serde_json::from_str(&request.body(body).send().await?.text().await?)?;
        if answer.get("errors").is_some() {
            return Err(answer.to_string().into());
        }
        Ok(answer["data"].take())
    }

    /// Waits until a run has succeeded.
    pub async fn wait_for(&self, run: &str) -> Result<(), Box<dyn Error>> {
        loop {
            let query = "query($id: ID!) { run(id: $id) { status } }";
            let status = self.data(query, &json!({ "id": run })).await?["run"]["status"].take();
            match status.as_str() {
                Some("QUEUED" | "RUNNING") => tokio::time::sleep(Duration::from_millis(200)).await,
                Some("READY_FOR_REVIEW") => return Ok(()),
                _ => return Err(format!("the run is {status}").into()),
            }
        }
    }

    /// Stops the server with the signal that an operator would send.
    pub async fn end(mut self) -> Result<(), Box<dyn Error>> {
        let id = self.child.id().ok_or("the server left")?;
        Command::new("kill").arg(id.to_string()).status().await?;
        self.child.wait().await?;
        Ok(())
    }

    pub async fn time(&self, query: &str, variables: &Value, times: usize) -> Result<Time, Box<dyn Error>> {
        let mut times_ms = Vec::with_capacity(times);
        for _ in 0..times.max(1) {
            let began = Instant::now();
            self.data(query, variables).await?;
            times_ms.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
        times_ms.sort_by(f64::total_cmp);
        Ok(Time {
            median_ms: times_ms[times_ms.len() / 2],
            p95_ms: times_ms[(times_ms.len() * 95 / 100).min(times_ms.len() - 1)],
        })
    }

    pub async fn download(&self, path: &str) -> Result<usize, Box<dyn Error>> {
        let mut response = self.http.get(format!("{}{path}", self.base)).send().await?;
        let mut bytes = 0;
        while let Some(piece) = response.chunk().await? {
            bytes += piece.len();
        }
        Ok(bytes)
    }

    /// Returns the process's peak memory in MB.
    pub fn peak_mb(&self) -> Result<u64, Box<dyn Error>> {
        let id = self.child.id().ok_or("the server left")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024)
    }
}
