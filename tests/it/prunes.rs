//! `gloss prune` and `pruneRuns`: old runs go, and what anyone may need stays.

use std::path::Path;

use gloss::cli::Exit;
use serde_json::{Value, json};

use crate::{
    cli::says,
    command_line::{Ended, ends},
    harness::{Server, SqliteTarget, store},
};

/// A day after the end of every run of a test.
const ALL: &str = "2100-01-01";

async fn prune(data: &Path, more: &[&str]) -> Value {
    let arguments: Vec<&str> = ["prune", "--older-than", ALL, "--json"].iter().chain(more).copied().collect();
    ends(data, &arguments, Exit::Success).await.json()
}

/// The numbers of all runs, in ascending order.
async fn numbers(data: &Path) -> Vec<u64> {
    let runs = ends(data, &["history", "list", "-n", "100", "--include-asks", "--json"], Exit::Success).await.json();
    let mut numbers: Vec<u64> = runs["runs"]
        .as_array()
        .unwrap_or_else(|| runs.as_array().unwrap())
        .iter()
        .map(|run| run["number"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

async fn does(data: &Path, line: &str) -> Ended {
    let arguments: Vec<&str> = line.split(' ').collect();
    ends(data, &arguments, Exit::Success).await
}

#[tokio::test]
async fn runs_that_someone_needs_are_kept() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let target = SqliteTarget::new("CREATE TABLE invoices (id INTEGER PRIMARY KEY, paid_at TEXT);");
    does(data, &format!("profile db add shop {}", target.url())).await;

    // 1: every suggestion is skipped. 2: an answer. 3: nobody has decided. 4: accepted, and not applied.
    does(data, "run shop").await;
    does(data, "history review 1 --skip").await;
    does(data, "ask invoices").await;
    does(data, "run shop").await;
    does(data, "run shop").await;
    does(data, "history review 4 --accept").await;
    // 5: applied, and overwritten by 6.
    for (run, text) in [(5, "First"), (6, "Second")] {
        does(data, "run shop --exclude nothing").await;
        does(data, &format!("history review {run} --skip")).await;
        does(data, &format!("history review {run} --accept --asset main.invoices.paid_at --text {text}")).await;
        does(data, &format!("history apply {run}")).await;
    }

    let dry = prune(data, &["--dry-run"]).await;
    assert_eq!(dry, json!({ "deleted": 0, "remaining": 3, "kept": 3 }));
    assert_eq!(numbers(data).await, [1, 2, 3, 4, 5, 6]);
    let asks = prune(data, &["--dry-run", "--kind", "ask"]).await;
    assert_eq!(asks, json!({ "deleted": 0, "remaining": 1, "kept": 0 }));
    // Nothing is so old.
    let old = does(data, "prune --older-than 1d --yes --json").await.json();
    assert_eq!(old, json!({ "deleted": 0, "remaining": 0, "kept": 0 }));

    let done = prune(data, &["--yes"]).await;
    assert_eq!(done, json!({ "deleted": 3, "remaining": 0, "kept": 3 }));
    assert_eq!(numbers(data).await, [3, 4, 6]);
    let again = ends(data, &["prune", "--older-than", ALL, "--yes"], Exit::Success).await;
    says(&again.stdout, &["0 runs deleted"]);
    says(&again.stderr, &["3 runs of this age kept"]);

    // What is kept can still be rolled back; then nobody needs its text.
    does(data, "history rollback 6").await;
    says(&does(data, "history results 6").await.stdout, &["Second"]);
    // The audit stays.
    assert_eq!(store_number(data, "SELECT count(*) FROM applied_comment").await, 3);
}

/// Returns the only value of a query on the store.
async fn store_number(data: &Path, sql: &str) -> i64 {
    let url = store::url(data);
    if store::in_postgres() {
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
        return sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap();
    }
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_large_run_goes_in_several_transactions() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let target = SqliteTarget::with_tables(45, 60);
    does(data, &format!("profile db add wide {}", target.url())).await;
    does(data, "run wide --quiet").await;
    does(data, "history review 1 --skip").await;
    does(data, "run demo:main.orders").await;
    let done = prune(data, &["--yes"]).await;
    assert_eq!(done, json!({ "deleted": 1, "remaining": 0, "kept": 1 }));
    assert_eq!(numbers(data).await, [2]);
    for table in ["suggestion", "run_row", "run_event", "run_tally"] {
        let of_one = if table == "run_tally" { "n <> 0 AND status = 'SUCCESS'" } else { "run_id = 1" };
        assert_eq!(store_number(data, &format!("SELECT count(*) FROM {table} WHERE {of_one}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_live_run_is_kept_and_others_see_the_runs_go() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let demo = server.db_profile("demo").await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await);
    }
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    for run in &runs[..2] {
        server.data(cancel, json!({ "id": run })).await;
    }
    let mut live = server.subscribe("subscription { runsChanged { __typename } }", json!({})).await;
    let mutation = "mutation($input: PruneRunsInput!) { pruneRuns(input: $input) { deleted remaining kept } }";
    let done = server.data(mutation, json!({ "input": { "endedBefore": "2100-01-01T00:00:00Z" } })).await;
    assert_eq!(done["pruneRuns"], json!({ "deleted": 2, "remaining": 0, "kept": 0 }));
    assert!(live.message().await.is_some());
    let left = server.data("{ runs { totalCount } }", json!({})).await;
    assert_eq!(left["runs"]["totalCount"], 1);
}

#[tokio::test]
async fn a_prune_without_an_age_or_a_terminal_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["ask", "What is in orders?"], Exit::Success).await;
    let without = ends(data, &["prune"], Exit::UserError).await;
    says(&without.stderr, &["--older-than <AGE>"]);
    let wrong = ends(data, &["prune", "--older-than", "old"], Exit::UserError).await;
    says(&wrong.stderr, &["old", "12h or 7d"]);
    let asked = ends(data, &["prune", "--older-than", ALL], Exit::UserError).await;
    says(&asked.stderr, &["Delete 1 run that ended before", "--yes"]);
}
