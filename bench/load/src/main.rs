//! Measures how a server delivers the events of one subscription to many subscribers. For comparison, another process
//! writes the same bytes over sockets of the same kind in the same run.
//!
//! ```text
//! load --gloss ../../target/release/gloss --subscribers 500,2000        starts Gloss, a model, a run
//! load --gloss ../../target/release/gloss --writes                      a large run, alone and while others read
//! load --url ws://host/graphql --query 'subscription { … }'          any server that speaks graphql-transport-ws
//! ```
//!
//! `gloss` is the source of events, `subscriber` a client that uses few resources, `raw` the process that only writes,
//! `report` computes the figures, and `writes` measures large runs.

mod gloss;
mod raw;
mod report;
mod subscriber;
mod writes;

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use serde_json::{Value, json};

use crate::{
    report::{Figures, Memory, memory_kib},
    subscriber::{Crowd, Target},
};

pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The default subscription.
const WATCH: &str = "subscription Watch($run: ID!, $after: Int) { runProgress(runId: $run, after: $after) { \
     sequence at type message status progress { total done failed } usage { totalTokens requests } \
     asset { display } } }";

/// Many subscribers to one GraphQL subscription.
#[derive(Parser, Debug, Clone)]
#[command(version)]
struct Options {
    /// The Gloss binary to start and measure
    #[arg(long)]
    gloss: Option<PathBuf>,
    /// The WebSocket URL of a running server, instead of --gloss
    #[arg(long, conflicts_with = "gloss")]
    url: Option<String>,
    /// The process ID of that server, to measure its memory
    #[arg(long)]
    pid: Option<u32>,
    /// The subscription
    #[arg(long, default_value = WATCH)]
    query: String,
    /// The subscription's variables, as JSON
    #[arg(long, default_value = "{}")]
    variables: String,
    /// The payload of `connection_init`, as JSON
    #[arg(long, default_value = "{}")]
    init: String,
    /// The field with the number of an event, by which gaps are found
    #[arg(long, default_value = "sequence")]
    sequence: String,
    /// How many subscribers; several counts are measured one after another
    #[arg(long, default_value = "500,2000", value_delimiter = ',')]
    subscribers: Vec<usize>,
    /// Events a second
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// How many seconds to measure
    #[arg(long, default_value_t = 15)]
    seconds: u32,
    /// Measures a run of the builtin describer over a large database, alone and while others read and watch
    #[arg(long, requires = "gloss")]
    writes: bool,
    #[command(flatten)]
    load: writes::Load,
    /// Serves raw bytes; the program uses this to start itself
    #[arg(long, hide = true)]
    raw_plan: Option<PathBuf>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(plan) = &options.raw_plan {
        return runtime.block_on(raw::serve(plan));
    }
    if let (Some(binary), true) = (&options.gloss, options.writes) {
        return runtime.block_on(writes::measure(binary, &options.load));
    }
    let mut memories = Vec::new();
    for &count in &options.subscribers {
        memories.extend(runtime.block_on(measure(&options, count))?);
    }
    memories.sort_by_key(|memory| memory.subscribers);
    if let [fewer, .., more] = memories.as_slice()
        && fewer.subscribers < more.subscribers
    {
        println!("each subscriber takes {:.1} KiB", more.each(fewer));
    }
    Ok(())
}

/// Measures the server and then raw bytes with `count` subscribers. Returns the server's memory, if it is known.
async fn measure(options: &Options, count: usize) -> Result<Option<Memory>> {
    let duration = Duration::from_secs(options.seconds.into());
    let (figures, received, offered) = match (&options.gloss, &options.url) {
        (Some(binary), _) => {
            let mut stage = gloss::Stage::set(binary, options.rate, duration).await?;
            let variables = json!({ "run": stage.run, "after": 0 });
            let target = target(options, &stage.server.socket(), variables)?;
            let (before, pid) = (memory_kib(stage.server.pid), stage.server.pid);
            let crowd = Crowd::gather(&target, count, |_| true).await?;
            // Subscribers first read the recorded events separately, and then share one execution.
            tokio::time::sleep(Duration::from_secs(3)).await;
            let (waiting, past) = (memory_kib(pid), crowd.newest());
            stage.perform();
            let received = crowd.until_the_end().await?;
            let after = memory_kib(pid);
            stage.end().await;
            let figures =
                Figures::of(&received, past).with_memory(Memory { subscribers: count, before, waiting, after });
            (figures, received, past)
        }
        (None, Some(url)) => {
            let target = target(options, url, serde_json::from_str(&options.variables)?)?;
            let before = options.pid.map(memory_kib);
            let crowd = Crowd::gather(&target, count, |_| true).await?;
            let waiting = options.pid.map(memory_kib);
            tokio::time::sleep(duration).await;
            let received = crowd.until_now().await?;
            let mut figures = Figures::of(&received, 0);
            if let (Some(pid), Some(before), Some(waiting)) = (options.pid, before, waiting) {
                let after = memory_kib(pid);
                figures = figures.with_memory(Memory { subscribers: count, before, waiting, after });
            }
            (figures, received, 0)
        }
        (None, None) => return Err("name a server: --gloss BINARY, or --url ws://…".into()),
    };
    println!("{count} subscribers, {} events a second offered", options.rate);
    println!("  server  {figures}");
    let raw = raw::measure(&received, offered, count, options.rate).await?;
    println!("  raw     {raw}");
    println!("  server / raw: {}", figures.compared(&raw));
    Ok(figures.memory())
}

fn target(options: &Options, url: &str, variables: Value) -> Result<Target> {
    let payload = json!({ "query": options.query, "variables": variables });
    Target::new(url, serde_json::from_str(&options.init)?, payload, &options.sequence)
}
