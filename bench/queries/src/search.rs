//! Measures a page of results of searchAssets in a catalog of many assets, each with an accepted description. The
//! reference is a scan of the same rows with LIKE. If `GLOSS_STORE_URL` is set, the server uses that store and there is
//! no reference.

use std::{error::Error, path::Path, time::Instant};

use clap::Args;
use rusqlite::Connection;
use serde_json::json;

use crate::{fill, server::Server};

/// The size of the catalog.
#[derive(Args)]
pub struct Arguments {
    /// Assets in the catalog
    #[arg(long, default_value_t = 100_000)]
    assets: usize,
    /// How often each text is searched
    #[arg(long, default_value_t = 40)]
    times: usize,
}

const COLUMNS: usize = 99;
const THINGS: [&str; 20] = [
    "customer",
    "order",
    "invoice",
    "payment",
    "product",
    "warehouse",
    "supplier",
    "employee",
    "shipment",
    "contract",
    "ticket",
    "account",
    "branch",
    "vehicle",
    "machine",
    "patient",
    "course",
    "student",
    "flight",
    "hotel",
];
const PARTS: [&str; 20] = [
    "id",
    "name",
    "email_addr",
    "phone_no",
    "created_at",
    "updated_by",
    "status_cd",
    "tot_amt",
    "qty",
    "start_dt",
    "end_dt",
    "descr",
    "is_active",
    "country",
    "zip",
    "note",
    "ref_no",
    "currency",
    "rate",
    "category",
];
const TEXTS: [&str; 8] =
    ["customer mail", "cust_email_addr", "invoice total", "warehouse 711", "department", "patient", "id", "zzz"];

const SEARCH: &str =
    "query ($text: String!, $profiles: [ID!]) { searchAssets(text: $text, dbProfileIds: $profiles, first: 50) {
    nodes { asset { display } why score description } } }";

/// Creates a catalog in which a few words occur again and again, as in large companies.
fn target(file: &Path, assets: usize) -> Result<(), Box<dyn Error>> {
    let mut script = "BEGIN;".to_owned();
    for n in 0..assets / (COLUMNS + 1) {
        let (one, other) = (THINGS[n % THINGS.len()], THINGS[n / THINGS.len() % THINGS.len()]);
        let column = |at: usize| {
            let part = PARTS[(at + n) % PARTS.len()];
            if at.is_multiple_of(3) { format!("{other}_{part}_{at} TEXT") } else { format!("{part}_{at} TEXT") }
        };
        let columns: Vec<String> = (0..COLUMNS).map(column).collect();
        script += &format!("CREATE TABLE {one}_{other}_{n} ({});\n", columns.join(", "));
    }
    Ok(Connection::open(file)?.execute_batch(&(script + "COMMIT;"))?)
}

pub async fn measure(binary: &Path, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("target.db");
    let data = folder.path().join("data");
    target(&file, arguments.assets)?;
    let server = Server::start(binary, &data).await?;
    let runs = fill::runs(&server, &file, 1).await?;
    let accept = "mutation($run: ID!) { reviewSuggestions(input: { runId: $run, decision: ACCEPT }) { changed } }";
    let accepted = server.data(accept, &json!({ "run": runs[0] })).await?;
    println!("{} descriptions accepted", accepted["reviewSuggestions"]["changed"]);
    let profile = server.data("{ dbProfiles { id } }", &json!({})).await?["dbProfiles"][0]["id"].take();

    let file = data.join("store.db");
    let store = file.exists().then(|| Connection::open(file)).transpose()?;
    for text in TEXTS {
        let scan = store.as_ref().map(|store| scan_ms(store, text, arguments.times / 4)).transpose()?;
        for (place, profiles) in [("everywhere", json!(null)), ("in one profile", json!([profile]))] {
            let variables = json!({ "text": text, "profiles": profiles });
            let hits = server.data(SEARCH, &variables).await?["searchAssets"]["nodes"].as_array().map_or(0, Vec::len);
            let time = server.time(SEARCH, &variables, arguments.times).await?;
            let ratio = |scan: f64| format!("; a scan {scan:.1} ms, {:.1} times as long", scan / time.median_ms);
            println!("{text:<16} {place:<15} {hits:>3} hits: {time}{}", scan.map(ratio).unwrap_or_default());
        }
    }
    Ok(())
}

/// Returns the median time of a scan, in milliseconds. The scan reads every match, because finding the best ones
/// requires that.
fn scan_ms(store: &Connection, text: &str, times: usize) -> Result<f64, Box<dyn Error>> {
    let holds = |word: &str| {
        let holds =
            ["names", "surroundings", "comment", "description"].map(|column| format!("{column} LIKE '%{word}%'"));
        format!("({})", holds.join(" OR "))
    };
    let words: Vec<String> = text.split([' ', '_']).map(holds).collect();
    let sql = format!("SELECT id FROM catalog_asset WHERE {} ORDER BY length(names), id LIMIT 51", words.join(" AND "));
    let mut times_ms = Vec::new();
    for _ in 0..times.max(1) {
        let began = Instant::now();
        let ids: Vec<i64> = store.prepare(&sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        std::hint::black_box(ids);
        times_ms.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    times_ms.sort_by(f64::total_cmp);
    Ok(times_ms[times_ms.len() / 2])
}
