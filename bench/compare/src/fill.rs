//! Fills a store with runs, through the store's own port.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use gloss::{
    bus::local::LocalBus,
    domain::{
        asset::{AssetKind, AssetPath},
        clock::{Clock, SystemClock},
        id::{NodeType, RunId, encode},
        profile::LlmProvider,
        run::{NewRun, Row, RowOutcome, RunOptions},
        scope::RunScope,
        status::{RunCommand, RunKind, RunStatus},
        suggestion::{Alternative, Draft},
        usage::{Budget, Usage},
    },
    port::store::{Change, ComparisonStore, RunStore},
    store::{SealKey, SqlStore},
};

/// What the store's secrets are sealed under; the server is given the same.
pub const KEY: &str = "a key for a bench alone, and no other";
/// Columns of each table.
const COLUMNS: usize = 99;
/// Rows that are recorded at once.
const AT_ONCE: usize = 2_000;

const WORDS: [&str; 24] = [
    "customer", "order", "amount", "in", "cents", "of", "the", "invoice", "when", "it", "was", "last", "changed", "by",
    "a", "person", "number", "unique", "within", "country", "code", "status", "shipment", "address",
];

async fn open(folder: &Path) -> Result<SqlStore, Box<dyn Error>> {
    let key = SealKey::of_text(&KEY.to_owned().into())?;
    Ok(gloss::store::open(&format!("sqlite://{}", folder.join("store.db").display()), Arc::new(LocalBus::new()), key).await?)
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }
}

fn asset(at: usize) -> AssetPath {
    let (table, column) = (at / (COLUMNS + 1), at % (COLUMNS + 1));
    AssetPath {
        kind: if column == 0 { AssetKind::Table } else { AssetKind::Column },
        database: None,
        schema: Some("main".to_owned()),
        table: Some(format!("table_{table:04}")),
        column: (column > 0).then(|| format!("column_{column:02}")),
    }
}

/// A text of about 80 characters. Runs agree on a part of the assets, differ by a word or two on others.
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

/// Fills the store; gives the runs' global ids.
pub async fn store(folder: &Path, runs: usize, assets: usize) -> Result<Vec<String>, Box<dyn Error>> {
    let store = open(folder).await?;
    let now = SystemClock.now();
    let mut ids = Vec::new();
    for number in 0..runs {
        let new = NewRun {
            kind: RunKind::Analyze,
            command: RunCommand::Run,
            scope: RunScope::default(),
            db_profile_id: None,
            llm_profile_id: None,
            schedule_id: None,
            parent_id: None,
            db_profile_name: Some("bench".to_owned()),
            llm_profile_name: Some(format!("model {number}")),
            provider: Some(LlmProvider::OpenAiCompatible),
            model: Some(format!("house/model-{number}")),
            options: RunOptions::defaults(LlmProvider::OpenAiCompatible),
            budget: Budget::default(),
            variations: None,
            started_by: "bench".to_owned(),
            auto_apply: false,
            rows: Vec::new(),
        };
        store.create_runs(vec![new], None, now).await?;
        let run = store.claim_next("bench", now, Duration::from_secs(3_600)).await?.ok_or("no run to claim")?;
        let rows: Vec<Row> =
            (0..assets).zip(1..).map(|(at, position)| Row { position, asset: asset(at), again: None, fingerprint: None }).collect();
        let resolved = rows.clone();
        let resolve: Change = Box::new(move |edit| {
            edit.resolve(resolved);
            Ok(())
        });
        store.change_run(run.id, Some(run.attempt), now, resolve).await?;
        for (chunk, rows) in rows.chunks(AT_ONCE).enumerate() {
            let rows = rows.to_vec();
            let change: Change = Box::new(move |edit| {
                edit.add_usage(&Usage {
                    input_tokens: 900,
                    output_tokens: 300,
                    cost_usd: Some(0.001),
                    model_ms: 1_000,
                    requests: 1,
                    retries: 0,
                });
                for (offset, row) in rows.into_iter().enumerate() {
                    let at = chunk * AT_ONCE + offset;
                    let data_type = row.asset.column.as_ref().map(|_| "VARCHAR(80)".to_owned());
                    let draft = Draft {
                        alternatives: vec![Alternative { text: text(at, number), confidence: (at % 10) as f64 / 10.0 }],
                        logprob: Some(-0.25),
                        reasoning: None,
                        evidence: Vec::new(),
                    };
                    let existing_comment = (at % 2 == 0).then(|| text(at, 9));
                    edit.end_row(row, RowOutcome::Done { draft, existing_comment, data_type });
                }
                Ok(())
            });
            store.change_run(run.id, Some(run.attempt), now, change).await?;
        }
        let finish: Change = Box::new(|edit| edit.finish(RunStatus::ReadyForReview, None));
        store.change_run(run.id, Some(run.attempt), now, finish).await?;
        ids.push(encode(NodeType::Run, run.id.0));
    }
    store.close().await?;
    Ok(ids)
}

/// Reads all texts by name; gives how many there are.
pub async fn read_all(folder: &Path, runs: usize) -> Result<usize, Box<dyn Error>> {
    let store = open(folder).await?;
    let runs: Vec<RunId> = (1..).map(RunId).take(runs).collect();
    let (mut after, mut count) = (None, 0);
    loop {
        let texts = store.compared_texts(&runs, after.as_deref(), 2_000).await?;
        let Some(last) = texts.last() else { break };
        after = Some(last.asset.display());
        count += texts.len();
    }
    store.close().await?;
    Ok(count)
}
