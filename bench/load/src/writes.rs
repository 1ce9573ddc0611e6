//! A run of the builtin describer over a large database: how many assets a second it records, how soon its first event
//! and its first text come, and its memory; alone, and while readers page through runs and watchers follow it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;

use crate::{
    Result, WATCH,
    gloss::Server,
    report::peak_memory_kib,
    subscriber::{Crowd, Target},
};

/// How often the run is asked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The page that the readers read.
const PAGE: &str = "{ runs(first: 50, filter: { kinds: [ANALYZE] }) { totalCount edges { cursor node { id number kind \
                    command status scopeSummary model dbProfileName startedAt progress { total done } } } } }";
/// Words of the tables' and columns' names.
const WORDS: [&str; 12] = [
    "cust", "order", "ship", "addr", "status", "amount", "created", "region", "price", "stock", "email", "note",
];
const TYPES: [&str; 4] = ["INTEGER", "TEXT", "REAL", "TIMESTAMP"];

/// The database to describe, and the clients that read during the run.
#[derive(Args, Debug, Clone)]
pub struct Load {
    /// Tables of the database
    #[arg(long, default_value_t = 3_000, requires = "writes")]
    tables: usize,
    /// Columns of each table
    #[arg(long, default_value_t = 33, requires = "writes")]
    columns: usize,
    /// Readers of pages of runs, each over one connection
    #[arg(long, default_value_t = 4, requires = "writes")]
    readers: usize,
    /// Milliseconds that a reader waits between two pages
    #[arg(long, default_value_t = 0, requires = "writes")]
    pause_ms: u64,
    /// The URL of a database that exists, instead of one that is made
    #[arg(long, requires = "writes")]
    target: Option<String>,
    /// Subscribers of the run
    #[arg(long, default_value_t = 100, requires = "writes")]
    watchers: usize,
}

/// Measures the run alone, then with everybody.
pub async fn measure(binary: &Path, load: &Load) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = match &load.target {
        Some(url) => url.clone(),
        None => {
            let file = folder.path().join("target.db");
            make(&file, load)?;
            println!("{} tables of {} columns, builtin describer", load.tables, load.columns);
            format!("sqlite://{}", file.display())
        }
    };
    let alone = Load { readers: 0, watchers: 1, ..load.clone() };
    run(binary, &database, &folder.path().join("alone"), &alone).await?;
    run(binary, &database, &folder.path().join("shared"), load).await
}

/// Makes the database.
fn make(file: &Path, load: &Load) -> Result<()> {
    let column = |at: usize| {
        let (one, other) = (WORDS[at % WORDS.len()], WORDS[(at / WORDS.len() + 5) % WORDS.len()]);
        format!("{one}_{other}_{at} {}", TYPES[at % TYPES.len()])
    };
    let columns = (0..load.columns).map(column).collect::<Vec<_>>().join(", ");
    let table = |at: usize| format!("CREATE TABLE {}_{at:05} ({columns});", WORDS[at % WORDS.len()]);
    let script: String = (0..load.tables).map(table).collect();
    Ok(rusqlite::Connection::open(file)?.execute_batch(&format!("BEGIN; {script} COMMIT;"))?)
}

async fn run(binary: &Path, database: &str, folder: &Path, load: &Load) -> Result<()> {
    let &Load { readers, watchers, pause_ms, .. } = load;
    let mut server = Server::start(binary, folder).await?;
    let profile = server.add_database(database).await?;
    let began = Instant::now();
    let run = server.begin(&json!({ "targets": [{ "dbProfileId": profile }] })).await?;
    let answered = began.elapsed();
    let payload = json!({ "query": WATCH, "variables": { "run": run, "after": 0 } });
    let target = Target::new(&server.socket(), json!({}), payload, "sequence")?;
    let gathering = began.elapsed();
    let crowd = Crowd::gather(&target, watchers, |_| true).await?;
    let ended = Arc::new(AtomicBool::new(false));
    let pause = Duration::from_millis(pause_ms);
    let reader = |_| tokio::spawn(read(format!("{}/graphql", server.base), pause, Arc::clone(&ended)));
    let reading: Vec<_> = (0..readers).map(reader).collect();
    while !server.has_ended(&run).await? {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let done = began.elapsed();
    ended.store(true, Ordering::Relaxed);
    let received = crowd.until_the_end().await?;
    let mut pages = Vec::new();
    for reader in reading {
        pages.extend(reader.await??);
    }
    let peak = peak_memory_kib(server.pid);
    let progress = "query($id: ID!) { run(id: $id) { status lastSequence progress { done failed } } }";
    let answer = server.ask(progress, json!({ "id": run })).await?;
    server.end().await;

    // Times of events count from the gathering of the crowd.
    let since_start = |at_micros: u64| gathering + Duration::from_micros(at_micros);
    let first = received.iter().filter_map(|it| it.events.first()).map(|(_, at)| *at).min().unwrap_or_default();
    let finished = received[0].texts.iter().position(|text| is_finished(text));
    let first_text = finished.map(|at| since_start(received[0].events[at].1)).unwrap_or_default();
    let last = received.iter().filter_map(|it| it.events.last()).map(|(_, at)| *at).max().unwrap_or_default();
    let whole = answer["run"]["lastSequence"].as_u64().unwrap_or_default();
    let gapless = received.iter().filter(|it| it.events.iter().map(|(number, _)| *number).eq(1..=whole)).count();
    let assets = answer["run"]["progress"]["done"].as_u64().unwrap_or_default();
    println!(
        "  {readers} readers, {watchers} watchers: {assets} assets in {:.1} s, {:.0} a second, {}",
        done.as_secs_f64(),
        assets as f64 / done.as_secs_f64(),
        answer["run"]["status"].as_str().unwrap_or_default(),
    );
    println!(
        "    answered after {:.1} ms, first event {:.1} ms, first text {:.2} s; peak memory {} MB",
        answered.as_secs_f64() * 1e3,
        since_start(first).as_secs_f64() * 1e3,
        first_text.as_secs_f64(),
        peak / 1024,
    );
    println!(
        "    {gapless} of {watchers} watchers received all {whole} events, the last {:.2} s after the end",
        since_start(last).saturating_sub(done).as_secs_f64(),
    );
    if !pages.is_empty() {
        pages.sort_unstable();
        let quantile = |q: f64| pages[((pages.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
        println!(
            "    {:.0} pages a second, p50 {:.1} ms, p99 {:.1} ms",
            pages.len() as f64 / done.as_secs_f64(),
            quantile(0.5),
            quantile(0.99)
        );
    }
    Ok(())
}

fn is_finished(text: &[u8]) -> bool {
    text.windows(16).any(|window| window == b"\"ASSET_FINISHED\"")
}

/// Reads pages until the run has ended; returns how long each took.
async fn read(url: String, pause: Duration, ended: Arc<AtomicBool>) -> Result<Vec<Duration>> {
    let client = reqwest::Client::new();
    let body = json!({ "query": PAGE }).to_string();
    let mut took = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        let sent = Instant::now();
        let request = client.post(&url).header("content-type", "application/json").body(body.clone());
        let answer = request.send().await?.bytes().await?;
        if !answer.starts_with(b"{\"data\":{\"runs\"") {
            return Err(String::from_utf8_lossy(&answer).into_owned().into());
        }
        took.push(sent.elapsed());
        tokio::time::sleep(pause).await;
    }
    Ok(took)
}
