//! `searchAssets` over 100,000 assets, and beside it, on the same rows in the same run, what a scan with LIKE takes.
//! `cargo bench --bench search`. The times are this machine's; what says something is the ratio.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use gloss::{
    bus::local::LocalBus,
    domain::{
        asset::AssetKind,
        catalog::{Column, Table, TableDetail},
        clock::{Clock, SystemClock},
        page::PageRequest,
        profile::{DbBackend, NewDbProfile},
        search::{Need, SearchQuery},
    },
    port::store::{CatalogStore, ProfileStore},
    store,
};
use sqlx::{Connection as _, SqliteConnection};

const TABLES: usize = 5_000;
const COLUMNS: usize = 19;
const TIMES: usize = 60;

const THINGS: &[&str] = &[
    "customer",
    "order",
    "invoice",
    "product",
    "supplier",
    "employee",
    "payment",
    "shipment",
    "account",
    "address",
    "contract",
    "ticket",
    "session",
    "campaign",
    "price",
    "stock",
    "warehouse",
    "vehicle",
    "patient",
    "visit",
    "course",
    "student",
    "grade",
    "room",
    "booking",
    "flight",
    "claim",
    "policy",
    "agent",
    "loan",
];
const PARTS: &[&str] = &[
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

/// A table of a catalog as large companies have them: a few words, again and again, and comments on half of it.
fn table(number: usize) -> TableDetail {
    let thing = THINGS[number % THINGS.len()];
    let other = THINGS[(number / THINGS.len()) % THINGS.len()];
    let column = |at: usize| {
        let part = PARTS[(at + number) % PARTS.len()];
        let name = if at.is_multiple_of(3) { format!("{other}_{part}") } else { part.to_owned() };
        let comment =
            at.is_multiple_of(2).then(|| format!("The {part} of the {thing}, as the {other} department keeps it."));
        Column {
            name: format!("{name}_{at}"),
            data_type: "text".into(),
            nullable: true,
            comment,
            primary_key: at == 0,
            unique: false,
            references: None,
        }
    };
    TableDetail {
        database: Some("erp".into()),
        schema: format!("s{}", number % 20),
        table: Table {
            name: format!("{thing}_{other}_{number}"),
            kind: AssetKind::Table,
            comment: Some(format!("What is known of each {thing} by its {other}.")),
            row_estimate: None,
        },
        columns: (0..COLUMNS).map(column).collect(),
        referenced_by: Vec::new(),
    }
}

/// The middle one of so many times, and the worst.
fn median(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() - 1])
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    let url = format!("sqlite://{}", file.display());
    let key = store::SealKey::of_text(&"a key for a bench alone, 1".to_owned().into()).expect("a key");
    let store = store::open(&url, Arc::new(LocalBus::default()), key).await.expect("a store");
    let profile = NewDbProfile {
        name: "erp".into(),
        backend: DbBackend::Sqlite,
        url: "sqlite:///erp.db".to_owned().into(),
        pinned_database: None,
    };
    let profile = store.create_db_profile(profile, SystemClock.now()).await.expect("a profile");

    let tables: Vec<Arc<TableDetail>> = (0..TABLES).map(table).map(Arc::new).collect();
    for what in ["taken in", "read again, nothing changed"] {
        let begun = Instant::now();
        for tables in tables.chunks(50) {
            store.index_tables(&profile, tables).await.expect("indexed");
        }
        println!("{} assets {what}: {:.2?}", TABLES * (COLUMNS + 1), begun.elapsed());
    }

    let mut raw = SqliteConnection::connect(&url).await.expect("the file");
    println!("{:<34} {:>9} {:>9} {:>11} {:>7}", "searched", "median", "worst", "LIKE", "ratio");
    for text in
        ["customer mail", "cust_email_addr", "invoice total", "warehouse 4711", "department", "patient", "id", "zzz"]
    {
        let query = SearchQuery::of(text, true);
        let only = [profile.id];
        let search = async || {
            let need = if store.finds_any(&query, Need::All, Some(&only)).await.expect("found") {
                Need::All
            } else {
                Need::Any
            };
            store.search_assets(&query, need, Some(&only), &PageRequest::first(50)).await.expect("found")
        };
        let mut times = Vec::with_capacity(TIMES);
        let mut hits = 0;
        for _ in 0..TIMES {
            let begun = Instant::now();
            hits = search().await.rows.len();
            times.push(begun.elapsed());
        }
        let words: Vec<String> =
            query.wanted.iter().filter_map(|one| one.spellings.first()).map(|words| words.concat()).collect();
        let holds = words.iter().map(|word| {
            format!("(names LIKE '%{word}%' OR surroundings LIKE '%{word}%' OR comment LIKE '%{word}%' OR description LIKE '%{word}%')")
        });
        let holds = holds.collect::<Vec<_>>().join(" AND ");
        // Counting each match is what it takes to order them; a scan that stops at a page has no best first.
        let sql = format!(
            "SELECT id FROM catalog_asset WHERE db_profile_id = 1 AND {holds} ORDER BY length(names), id LIMIT 51"
        );
        let mut scans = Vec::with_capacity(TIMES / 4);
        for _ in 0..TIMES / 4 {
            let begun = Instant::now();
            sqlx::query(sqlx::AssertSqlSafe(sql.clone())).fetch_all(&mut raw).await.expect("rows");
            scans.push(begun.elapsed());
        }
        let ((middle, worst), (scan, _)) = (median(times), median(scans));
        let ratio = scan.as_secs_f64() / middle.as_secs_f64();
        println!(
            "{:<34} {middle:>9.2?} {worst:>9.2?} {scan:>11.2?} {ratio:>6.1}×",
            format!("{text} ({hits} on the page)")
        );
    }
}
