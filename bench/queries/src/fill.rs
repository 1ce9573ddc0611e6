//! Creates the runs to compare: real runs of the builtin describer, whose texts are then replaced by texts that differ
//! as those of models do.

use std::{error::Error, path::Path};

use rusqlite::{Connection, params};
use serde_json::json;

use crate::server::Server;

/// The number of columns in each table.
const COLUMNS: usize = 99;

const WORDS: [&str; 24] = [
    "customer", "order", "amount", "in", "cents", "of", "the", "invoice", "when", "it", "was", "last", "changed", "by",
    "a", "person", "number", "unique", "within", "country", "code", "status", "shipment", "address",
];

/// A generator of pseudo-random numbers, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }
}

/// Returns a text of about 80 characters. On some assets all runs have the same text; on others they differ by a word
/// or two.
fn text(at: usize, run: usize) -> String {
    let mut common = Numbers(at as u64);
    let mut words: Vec<&str> = (0..14).map(|_| WORDS[common.below(WORDS.len())]).collect();
    let mut own = Numbers((at * 31 + run) as u64);
    let changes = [0, 1, 3, 14][at % 4];
    for _ in 0..changes * run.min(1) {
        let place = own.below(words.len());
        words[place] = WORDS[own.below(WORDS.len())];
    }
    format!("{} {at}.", words.join(" "))
}

/// Creates a database with `assets` tables and columns in total.
pub fn target(file: &Path, assets: usize) -> Result<(), Box<dyn Error>> {
    let mut script = "BEGIN;".to_owned();
    for table in 0..assets / (COLUMNS + 1) {
        let columns: Vec<String> = (1..=COLUMNS).map(|column| format!("column_{column:02} VARCHAR(80)")).collect();
        script += &format!("CREATE TABLE table_{table:04} ({});\n", columns.join(", "));
    }
    Ok(Connection::open(file)?.execute_batch(&(script + "COMMIT;"))?)
}

/// Describes the database `runs` times and returns the runs' global ids.
pub async fn runs(server: &Server, target: &Path, runs: usize) -> Result<Vec<String>, Box<dyn Error>> {
    let create =
        "mutation($url: String!) { it: createDbProfile(input: { name: \"bench\", url: $url }) { dbProfile { id } } }";
    let profile = server.data(create, &json!({ "url": format!("sqlite://{}", target.display()) })).await?;
    let start = "mutation($id: ID!) { it: startRun(input: { targets: [{ dbProfileId: $id }] }) { runs { id } } }";
    let mut ids = Vec::new();
    for _ in 0..runs {
        let started = server.data(start, &json!({ "id": profile["it"]["dbProfile"]["id"] })).await?;
        let id = started["it"]["runs"][0]["id"].as_str().ok_or("no run")?.to_owned();
        server.wait_for(&id).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Replaces the texts of all suggestions and returns their number.
pub fn texts(store: &Path) -> Result<usize, Box<dyn Error>> {
    let mut store = Connection::open(store)?;
    let keys: Vec<(i64, i64, String)> = store
        .prepare("SELECT id, run_id, display FROM suggestion ORDER BY run_id, display")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let transaction = store.transaction()?;
    {
        let sql = "UPDATE suggestion SET description = ?2, search_text = ?3, existing_comment = ?4, confidence = ?5 \
                   WHERE id = ?1";
        let mut update = transaction.prepare(sql)?;
        let (mut run, mut at) = (0, 0);
        for (id, of_run, display) in &keys {
            at = if *of_run == run { at + 1 } else { 0 };
            run = *of_run;
            let described = text(at, usize::try_from(run - 1)?);
            let search = format!("{display}\n{described}").to_lowercase();
            let comment = (at % 2 == 0).then(|| text(at, 9));
            update.execute(params![id, described, search, comment, (at % 10) as f64 / 10.0])?;
        }
    }
    transaction.commit()?;
    store.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(keys.len())
}

/// The reference: reads all texts in the order of their names, and returns their number.
pub fn read_all(store: &Path) -> Result<usize, Box<dyn Error>> {
    let store = Connection::open(store)?;
    let mut read = store.prepare("SELECT display, description FROM suggestion ORDER BY display")?;
    let texts = read.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    Ok(texts.filter(Result::is_ok).count())
}
