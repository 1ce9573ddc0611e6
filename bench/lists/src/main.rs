//! Measures the runs page of Gloss against servers that answer the same request from the same store, and Gloss's other
//! lists against its page.
//!
//! `store` and `fill` make the store, `cases` holds the requests, `reference` the servers to compare with, `http` and
//! `measure` the load, `report` the figures, and `growth` the figures of stores of several sizes.

mod cases;
mod fill;
mod growth;
mod http;
mod measure;
mod postgres;
mod reference;
mod report;
mod server;
mod store;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use mimalloc::MiMalloc;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    cases::Case,
    measure::{Request, measure},
    postgres::PostgresStore,
    reference::{Kind, Sources},
    report::Measured,
    server::{Server, load_averages},
    store::Store,
};

/// Gloss's allocator, so that the references differ from Gloss in nothing else.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The servers on Node, in `node/`.
const NODE: [&str; 2] = ["mercurius", "yoga"];

/// A list whose single answer takes longer is measured over few connections. Over many, its requests would wait for
/// each other until they exceed the server's time limit.
const SLOW_MS: f64 = 100.0;
const FEW_CONNECTIONS: usize = 2;

/// Measures the runs page and the other lists of Gloss.
#[derive(Parser, Debug)]
#[command(version)]
struct Options {
    /// The Gloss binary to measure
    #[arg(long, required_unless_present = "reference")]
    server: Option<PathBuf>,
    /// Number of runs in the store
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(1_000..))]
    runs: i64,
    /// Approximate number of suggestions in the store
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(i64).range(10_000..))]
    suggestions: i64,
    /// Number of rounds; each server is measured once in each
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(3..))]
    rounds: u32,
    /// Number of keep-alive connections that send requests
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Seconds that a server is measured in a round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds that a case is measured in a round
    #[arg(long, default_value_t = 1.0)]
    case_seconds: f64,
    /// Measures only the cases with this text in their name
    #[arg(long)]
    only: Option<String>,
    /// Writes all figures to this file as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Measures only Gloss, in stores of three sizes, and writes growth.svg and the table of speed.md in this folder
    #[arg(long)]
    growth: Option<PathBuf>,
    /// Measures only the page, with the store in a new database of this PostgreSQL server:
    /// postgres://user@host:port/database
    #[arg(long)]
    postgres: Option<String>,
    /// Another running server to measure: NAME=http://host:port/graphql
    #[arg(long)]
    url: Vec<String>,
    /// Serves a reference; the program uses this to start itself
    #[arg(long, hide = true)]
    reference: Option<Kind>,
    #[arg(long, hide = true, requires = "reference")]
    store_file: Option<PathBuf>,
    #[arg(long, hide = true, requires = "reference")]
    page_file: Option<PathBuf>,
    #[arg(long, hide = true, requires = "reference")]
    store_url: Option<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(kind) = options.reference {
        let sources = Sources {
            store: options.store_file.unwrap_or_default(),
            page: options.page_file.unwrap_or_default(),
            url: options.store_url.unwrap_or_default(),
        };
        return tokio::runtime::Runtime::new()?.block_on(reference::serve(kind, &sources));
    }
    // One thread is enough for the load, and leaves the other processors to the servers.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(&options))
}

async fn run(options: &Options) -> Result<()> {
    let binary = options.server.as_deref().ok_or("name the Gloss binary with --server")?;
    if let Some(folder) = &options.growth {
        return growth::run(binary, folder).await;
    }
    let load_before = load_averages();
    let store = Store::prepare(binary, options.runs, options.suggestions).await?;
    if let Some(server) = &options.postgres {
        return measure_postgres(options, &store, binary, server).await;
    }
    let gloss = Server::gloss(binary, &store.folder, 0).await?;
    check(&gloss, options.runs).await?;

    let page_file = store.folder.join("page.json");
    let (gloss, servers) = measure_servers(options, &page_file, gloss, references(&store, &page_file)).await?;
    println!(
        "\nThe page: {} runs, {} connections, median of {} rounds",
        options.runs, options.connections, options.rounds
    );
    println!("× is Gloss divided by the server of the line\n");
    report::print_servers(&servers);

    let cases = measure_cases(options, &store, &gloss).await?;
    gloss.end().await?;
    println!("\nThe lists of Gloss; × is the line divided by the page\n");
    report::print_cases(&cases);
    let load_after = load_averages();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("\nload average on {cores} cores: {load_before:?} before, {load_after:?} after");
    if let Some(file) = &options.json {
        let figures = json!({
            "runs": options.runs, "suggestions": options.suggestions, "rounds": options.rounds,
            "connections": options.connections, "cores": cores,
            "loadBefore": load_before, "loadAfter": load_after,
            "servers": report::servers_json(&servers), "cases": report::cases_json(&cases),
        });
        std::fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    }
    Ok(())
}

/// Checks that Gloss counts as many runs as the store holds.
async fn check(gloss: &Server, runs: i64) -> Result<()> {
    let data = http::data(&gloss.address, "{ runs(first: 0) { totalCount } }", &json!({})).await?;
    match data["runs"]["totalCount"].as_i64() {
        Some(count) if count == runs => Ok(()),
        count => Err(format!("the store holds {count:?} runs instead of {runs}; remove its folder in target/").into()),
    }
}

/// Measures Gloss, the references and the servers of `--url`, alternating between them in rounds.
async fn measure_servers(
    options: &Options,
    page_file: &Path,
    gloss: Server,
    references: impl Future<Output = Result<Vec<Server>>>,
) -> Result<(Server, Vec<Measured>)> {
    let page = Case::page();
    let (request, body) = Request::new(&gloss, &page.query, &page.variables).await?;
    std::fs::write(page_file, &body)?;
    let expected: Value = serde_json::from_slice(&body)?;
    check_page(&expected)?;
    let mut servers = vec![(gloss, request)];
    for server in references.await? {
        let (request, body) = Request::new(&server, &page.query, &page.variables).await?;
        if !same(&expected, &serde_json::from_slice(&body)?) {
            return Err(format!("{} answers {}", server.name, String::from_utf8_lossy(&body)).into());
        }
        servers.push((server, request));
    }
    for argument in &options.url {
        let server = Server::running(argument)?;
        let (request, body) = Request::new(&server, &page.query, &page.variables).await?;
        if !same(&expected, &serde_json::from_slice(&body)?) {
            eprintln!("{} answers with other content than Gloss", server.name);
        }
        servers.push((server, request));
    }
    let duration = Duration::from_secs_f64(options.seconds);
    for (server, request) in &servers {
        measure(server, request, options.connections, duration.min(Duration::from_secs(2))).await?;
    }
    let mut measured: Vec<Measured> =
        servers.iter().map(|(server, _)| Measured::new(&server.name, options.connections)).collect();
    for round in 1..=options.rounds {
        eprintln!("servers, round {round}: load average {:.1}", load_averages()[0]);
        for ((server, request), measured) in servers.iter().zip(&mut measured) {
            measured.rounds.push(measure(server, request, options.connections, duration).await?);
        }
    }
    let mut servers = servers.into_iter().map(|(server, _)| server);
    let gloss = servers.next().ok_or("no Gloss")?;
    for server in servers {
        server.end().await?;
    }
    Ok((gloss, measured))
}

/// Measures the page with the store in PostgreSQL.
async fn measure_postgres(options: &Options, store: &Store, binary: &Path, server: &str) -> Result<()> {
    let copied = PostgresStore::make(binary, server, store).await?;
    let gloss = Server::gloss_over(binary, &copied.folder, &copied.url).await?;
    check(&gloss, options.runs).await?;
    let references = async {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--reference", "postgres", "--store-url", &copied.url]);
        Ok(vec![Server::start("sqlx, shown columns", &mut command).await?])
    };
    let (gloss, servers) = measure_servers(options, &copied.folder.join("page.json"), gloss, references).await?;
    gloss.end().await?;
    println!("\nThe page with the store in PostgreSQL: {} runs, {} connections\n", options.runs, options.connections);
    report::print_servers(&servers);
    Ok(())
}

/// Starts the references.
async fn references(store: &Store, page_file: &Path) -> Result<Vec<Server>> {
    let mut servers = Vec::new();
    let program = std::env::current_exe()?;
    let rust = [
        ("bytes from memory", "memory"),
        ("sqlx, shown columns", "sqlx"),
        ("sqlx, all columns", "sqlx-whole"),
        ("rusqlite, shown columns", "rusqlite"),
        ("async-graphql and sea-orm", "stock"),
    ];
    for (name, kind) in rust {
        let mut command = Command::new(&program);
        command.args(["--reference", kind, "--store-file"]).arg(store.file()).arg("--page-file").arg(page_file);
        servers.push(Server::start(name, &mut command).await?);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    if !folder.join("node_modules").exists() {
        eprintln!("the servers on Node are skipped; run `npm ci` in bench/lists/node");
        return Ok(servers);
    }
    for name in NODE {
        let mut command = Command::new("node");
        command.env("NODE_ENV", "production").arg(folder.join(format!("{name}.mjs"))).arg(store.file());
        servers.push(Server::start(name, &mut command).await?);
    }
    Ok(servers)
}

/// Measures the page and the other cases of Gloss in rounds.
async fn measure_cases(options: &Options, store: &Store, gloss: &Server) -> Result<Vec<Measured>> {
    let mut cases = vec![Case::page()];
    let wanted = |case: &Case| options.only.as_ref().is_none_or(|only| case.name.contains(only));
    cases.extend(cases::all(&gloss.address, store).await?.into_iter().filter(wanted));
    let duration = Duration::from_secs_f64(options.case_seconds);
    let mut measured = Vec::new();
    let mut requests = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let (request, body) = Request::new(gloss, &case.query, &case.variables).await?;
        let answer: Value = serde_json::from_slice(&body)?;
        if answer.get("errors").is_some() {
            return Err(format!("{}: {answer}", case.name).into());
        }
        // The first answer may have read the disk.
        let alone = measure(gloss, &request, 1, Duration::ZERO).await?;
        // The page is what all others are compared with, whatever it takes.
        let slow = at > 0 && alone.p50_ms > SLOW_MS;
        let connections = if slow { FEW_CONNECTIONS.min(options.connections) } else { options.connections };
        let mut rounds = Measured::new(&case.name, connections);
        if let Err(error) = measure(gloss, &request, connections, duration / 5).await {
            rounds.error = Some(error.to_string());
        }
        measured.push(rounds);
        requests.push(request);
    }
    for round in 1..=options.rounds {
        eprintln!("lists, round {round}: load average {:.1}", load_averages()[0]);
        for (request, measured) in requests.iter().zip(&mut measured).filter(|(_, measured)| measured.error.is_none()) {
            measured.add(measure(gloss, request, measured.connections, duration).await);
        }
    }
    Ok(measured)
}

/// Checks that the page is full and its runs have the eleven fields.
fn check_page(answer: &Value) -> Result<()> {
    let edges = answer["data"]["runs"]["edges"].as_array().ok_or_else(|| format!("no page: {answer}"))?;
    let complete = |edge: &Value| edge["node"].as_object().is_some_and(|node| node.len() == 11);
    if edges.len() != 50 || !edges.iter().all(complete) {
        return Err(format!("the page is not complete: {answer}").into());
    }
    Ok(())
}

/// Returns whether two answers have the same content. Numbers are compared by value: 2 and 2.0 are the same.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}
