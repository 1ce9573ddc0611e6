//! Measures compareRuns: the first pass over all texts, pages of the grid after that, an export, and peak memory. A
//! reference for each time is measured in the same run.

use std::{error::Error, path::Path, time::Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::{fill, server::Server};

/// The size of the comparison.
#[derive(Args)]
pub struct Arguments {
    /// Number of runs, 2 to 4
    #[arg(long, default_value_t = 4)]
    runs: usize,
    /// Assets in each run
    #[arg(long, default_value_t = 100_000)]
    assets: usize,
    /// How often each page is requested
    #[arg(long, default_value_t = 40)]
    times: usize,
}

const METRICS: &str = "query ($ids: [ID!]!) { compareRuns(ids: $ids) { metrics { name values winners } } }";
const GRID: &str = "query ($ids: [ID!]!, $filter: ComparedAssetFilter, $after: String) { compareRuns(ids: $ids) {
    runs { number } differences { setting values }
    assets(filter: $filter, first: 50, after: $after) { pageInfo { endCursor hasNextPage } nodes {
        asset { display } agreement similarity reference
        cells { suggestion { description confidence review { state } } wordDiff { kind text } } } } } }";
const BOTH: &str = "query ($ids: [ID!]!) { compareRuns(ids: $ids) { metrics { name values winners }
    assets(first: 50) { totalCount nodes { asset { display } agreement cells { suggestion { description } } } } } }";
const SUGGESTIONS: &str = "query ($id: ID!) { run(id: $id) { suggestions(first: 200) { nodes {
    asset { display } description confidence review { state } } } } }";

pub async fn measure(binary: &Path, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let began = Instant::now();
    let (target, store) = (folder.path().join("target.db"), folder.path().join("data/store.db"));
    let data = folder.path().join("data");
    fill::target(&target, arguments.assets)?;
    let server = Server::start(binary, &data).await?;
    let ids = fill::runs(&server, &target, arguments.runs).await?;
    server.end().await?;
    println!("{} runs of {} assets with BUILTIN: {:.1?}", arguments.runs, arguments.assets, began.elapsed());
    fill::texts(&store)?;
    let began = Instant::now();
    let texts = fill::read_all(&store)?;
    let plain = began.elapsed();
    println!("reference: reading the {texts} texts by name and nothing else: {plain:.2?}");

    let server = Server::start(binary, &data).await?;
    println!("peak memory after the start: {} MB", server.peak_mb()?);
    let began = Instant::now();
    let first = server.data(METRICS, &json!({ "ids": ids })).await?;
    let took = began.elapsed();
    println!(
        "all metrics the first time: {took:.2?}, {:.1} times the plain reading; peak memory {} MB",
        took.as_secs_f64() / plain.as_secs_f64(),
        server.peak_mb()?
    );
    for metric in first["compareRuns"]["metrics"].as_array().into_iter().flatten() {
        println!("  {:<24} {}", metric["name"].as_str().unwrap_or_default(), metric["values"]);
    }

    let reference = server.time(SUGGESTIONS, &json!({ "id": ids[0] }), arguments.times).await?;
    println!("reference: a page of 200 suggestions of one run: {reference}");
    let pages = [
        ("first page of the grid (50 assets, diffs)", GRID, json!({ "ids": ids })),
        ("first page with all metrics and the total", BOTH, json!({ "ids": ids })),
        ("first page of what differs", GRID, json!({ "ids": ids, "filter": { "agreement": ["DIFFERENT"] } })),
        ("a search that finds little", GRID, json!({ "ids": ids, "filter": { "search": "column_77 " } })),
        ("page 100", GRID, json!({ "ids": ids, "after": cursor_of_page(&server, &ids, 99).await? })),
    ];
    for (name, query, variables) in pages {
        let time = server.time(query, &variables, arguments.times).await?;
        println!("{name}: {time}, {:.1} times the reference", time.median_ms / reference.median_ms);
    }

    let began = Instant::now();
    let path = format!("/export/comparison?format=json&ids={}", ids.join(","));
    let bytes = server.download(&path).await?;
    println!("export of {} MB: {:.2?}; peak memory {} MB", bytes / 1_000_000, began.elapsed(), server.peak_mb()?);
    Ok(())
}

async fn cursor_of_page(server: &Server, ids: &[String], pages: usize) -> Result<Value, Box<dyn Error>> {
    let mut after = Value::Null;
    for _ in 0..pages {
        let page = server.data(GRID, &json!({ "ids": ids, "after": after })).await?;
        let info = &page["compareRuns"]["assets"]["pageInfo"];
        if info["hasNextPage"] == false {
            break;
        }
        after = info["endCursor"].clone();
    }
    Ok(after)
}
