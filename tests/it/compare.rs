//! Comparisons of runs: the metrics against their reference implementations, the grid, its properties, the exports,
//! and invalid requests.

pub mod exports;
mod figures;
mod front_door;
mod properties;
mod reference;

use std::time::Duration;

use gloss::{
    domain::{
        Code,
        asset::{AssetKind, AssetPath},
        clock::Moment,
        id::{NodeType, RunId, encode},
        run::{NewRun, Row, RowOutcome, Run, RunError},
        status::RunStatus,
        suggestion::{Alternative, Draft},
        usage::Usage,
    },
    port::store::{Change, Store},
};
use serde_json::Value;

use crate::store::{at, new_run};

/// A suggestion of a test's run for one asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub column: String,
    /// `None` if the row failed.
    pub text: Option<String>,
    pub confidence: f64,
    pub logprob: Option<f64>,
    pub comment: Option<String>,
    pub data_type: Option<String>,
}

impl Said {
    pub fn new(column: &str, text: &str) -> Self {
        Self {
            column: column.to_owned(),
            text: Some(text.to_owned()),
            confidence: 0.5,
            logprob: None,
            comment: None,
            data_type: None,
        }
    }

    pub fn failed(column: &str) -> Self {
        Self { text: None, ..Self::new(column, "") }
    }
}

/// Returns the path of a column of `public.t`.
pub fn column(name: &str) -> AssetPath {
    AssetPath {
        kind: AssetKind::Column,
        database: Some("shop".to_owned()),
        schema: Some("public".to_owned()),
        table: Some("t".to_owned()),
        column: Some(name.to_owned()),
    }
}

/// Creates a run with these suggestions that ended after 1,000 ms of work.
pub async fn ended(store: &dyn Store, new: NewRun, said: &[Said], usage: Usage) -> RunId {
    let run = begun(store, new, said, usage).await;
    let finish: Change = Box::new(|edit| edit.finish(RunStatus::ReadyForReview, None));
    store.change_run(run.id, Some(run.attempt), at(1_000), finish).await.unwrap();
    run.id
}

/// Creates a run with these suggestions that is still working.
pub async fn begun(store: &dyn Store, new: NewRun, said: &[Said], usage: Usage) -> Run {
    let started: Moment = at(0);
    store.create_runs(vec![new], None, started).await.unwrap();
    let run = store.claim_next("worker", None, started, Duration::from_mins(1)).await.unwrap().expect("the run");
    say(store, &run, said, usage).await
}

/// Adds suggestions to a run that is still working.
pub async fn say(store: &dyn Store, run: &Run, said: &[Said], usage: Usage) -> Run {
    let rows = said.iter().zip(1..).map(|(said, position)| {
        let row = Row { position, asset: column(&said.column), again: None, fingerprint: None };
        let outcome = match &said.text {
            Some(text) => RowOutcome::Done {
                draft: Draft {
                    alternatives: vec![Alternative { text: text.clone(), confidence: said.confidence }],
                    logprob: said.logprob,
                    reasoning: None,
                    evidence: Vec::new(),
                },
                existing_comment: said.comment.clone(),
                data_type: said.data_type.clone(),
            },
            None => RowOutcome::Failed(RunError::new(Code::Unavailable, "no", "again")),
        };
        (row, outcome)
    });
    let rows: Vec<(Row, RowOutcome)> = rows.collect();
    let change: Change = Box::new(move |edit| {
        if edit.run.progress.total.is_none() {
            edit.resolve(rows.iter().map(|(row, _)| row.clone()).collect());
        }
        edit.add_usage(&usage);
        for (row, outcome) in rows {
            edit.end_row(row, outcome);
        }
        Ok(())
    });
    store.change_run(run.id, Some(run.attempt), at(10), change).await.unwrap()
}

pub fn plain(name: &str) -> NewRun {
    new_run(name)
}

pub fn global(run: RunId) -> Value {
    Value::String(encode(NodeType::Run, run.0))
}

/// Returns the values of a metric in an answer.
pub fn values(metrics: &Value, name: &str) -> Vec<Option<f64>> {
    let metric = metrics.as_array().unwrap().iter().find(|metric| metric["name"] == name);
    metric.unwrap_or_else(|| panic!("no {name}"))["values"].as_array().unwrap().iter().map(Value::as_f64).collect()
}
