//! `gloss import dbt` and `gloss import amx`: into a store and into a server, once and again, whole and interrupted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gloss::cli::Exit;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::ends;
use crate::{
    cli::says,
    harness::{Server, SqliteTarget},
};

/// A table for comments, as Gloss creates it in SQLite.
const COMMENTS: &str = "CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '', \
    column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));";
const TARGET: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL, status TEXT);
    CREATE VIEW open_orders AS SELECT id FROM orders; CREATE TABLE customers (id INTEGER PRIMARY KEY);";

/// The tables of AMX.
const AMX: &str = "CREATE TABLE analysis_runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, started_at REAL NOT NULL, ended_at REAL, duration_sec REAL,
        status TEXT NOT NULL, command TEXT NOT NULL, mode TEXT, db_backend TEXT, db_profile TEXT, llm_provider TEXT,
        llm_model TEXT, scope_json TEXT, tokens_json TEXT, error_text TEXT, llm_profile TEXT, more TEXT);
    CREATE TABLE run_results (
        id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL, saved_at REAL NOT NULL,
        schema_name TEXT NOT NULL, table_name TEXT NOT NULL, column_name TEXT,
        asset_kind TEXT NOT NULL DEFAULT 'table', source TEXT NOT NULL, confidence TEXT NOT NULL, logprob_score REAL,
        reasoning TEXT, alternatives_json TEXT NOT NULL, applied_at REAL, chosen_description TEXT, evaluation TEXT,
        parent_result_id INTEGER, rerun_seq INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE apply_events (
        applied_at REAL NOT NULL, run_id INTEGER, result_id INTEGER,
        profile_name TEXT NOT NULL DEFAULT '', schema_name TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
        column_name TEXT, old_comment TEXT, new_comment TEXT NOT NULL, applied_by TEXT NOT NULL DEFAULT '');";

/// A history of AMX: a description, its re-run, a failure, a cancelled draft, a question, and a run that goes on.
const HISTORY: &str = r#"
    INSERT INTO analysis_runs (id, started_at, ended_at, duration_sec, status, command, db_backend, db_profile,
        llm_provider, llm_model, scope_json, tokens_json, error_text, llm_profile) VALUES
        (1, 1777629600.5, 1777629660.5, 60, 'success', 'analyze.run', 'sqlite', 'shop', 'openai', 'gpt-4o',
            '{"main": ["orders"]}', '{"total_tokens": 120, "total_cost_usd": 0.25,
                "records": [{"prompt_tokens": 100, "completion_tokens": 20, "model_processing_sec": 1.5}]}', '', 'gpt'),
        (2, '2026-05-02T10:00:00+02:00', '2026-05-02 08:01:00', 30, 'ready_for_review', 'rerun', 'sqlite', 'shop',
            'openai', 'gpt-4o', 'broken', 'broken', NULL, 'gpt'),
        (3, 1777629600, 1777629601, 1, 'failed', 'analyze.run', 'snowflake', 'lake', 'bedrock', 'x', NULL, NULL,
            'the model is gone', NULL),
        (4, 1777629600, NULL, NULL, 'cancelled', 'generate.table', 'sqlite', 'shop', 'openai', 'gpt-4o', '{}', '{}',
            NULL, 'gpt'),
        (5, 1777629600, 1777629601, 1, 'success', 'search.ask', 'sqlite', 'asked', 'openai', 'gpt-4o', NULL, NULL,
            NULL, 'gpt'),
        (7, 'yesterday', NULL, 1, 'success', 'analyze.run', 'sqlite', 'shop', 'openai', 'gpt-4o', NULL, NULL, NULL,
            'gpt');
    INSERT INTO analysis_runs (id, started_at, status, command, db_profile)
        VALUES (6, unixepoch(), 'running', 'analyze.run', 'shop');
    INSERT INTO run_results (id, run_id, saved_at, schema_name, table_name, column_name, source, confidence,
        logprob_score, reasoning, alternatives_json, applied_at, chosen_description, evaluation, parent_result_id)
    VALUES
        (1, 1, 1777629610, 'main', 'orders', NULL, 'profile', 'high', -0.1, 'Because.',
            '[{"text": "One order of a customer.", "signal": "logprob", "score": 0.9, "band": "high"},
              {"text": "Orders.", "score": 0.4, "band": "low"}]',
            1777629700, 'One order of a customer.', 'accepted', NULL),
        (2, 1, 1777629611, 'main', 'orders', 'id', 'profile', 'medium', NULL, '', '["Identifier of an order."]',
            NULL, 'The number of the order.', 'custom', NULL),
        (3, 1, 1777629612, 'main', 'orders', 'total', 'profile', 'low', NULL, '', '["Total.", "Sum."]', NULL, NULL,
            NULL, NULL),
        (4, 1, 1777629613, 'main', 'orders', 'status', 'profile', 'low', NULL, '', '{broken', NULL, 'Where it is.',
            'accepted', NULL),
        (5, 1, 1777629614, 'main', 'open_orders', NULL, 'profile', 'low', NULL, '', '[', NULL, NULL, NULL, NULL),
        (6, 1, 1777629615, 'main', '', 'lost', 'profile', 'low', NULL, '', '["x"]', NULL, NULL, NULL, NULL),
        (7, 1, 1777629616, 'main', 'gone', 'x', 'profile', 'high', NULL, '', '["A column of old."]', NULL, NULL,
            'skipped', NULL),
        (8, 2, 1777711500, 'main', 'orders', 'total', 'rerun', 'high', NULL, '', '["The sum to pay, in euros."]', NULL,
            'The sum to pay, in euros.', 'accepted', 3),
        (9, 99, 1777711500, 'main', 'orders', NULL, 'profile', 'high', NULL, '', '["x"]', NULL, NULL, NULL, NULL);
    INSERT INTO apply_events (applied_at, run_id, result_id, profile_name, schema_name, table_name, old_comment,
        new_comment, applied_by) VALUES
        (1777629700, 1, 1, 'shop', 'main', 'orders', NULL, 'One order of a customer.', 'ann'),
        (1777629701, 1, NULL, 'shop', 'main', 'orders', NULL, 'x', 'ann');
"#;

/// Writes a history of AMX into a folder.
pub fn history(folder: &Path, sql: &str) -> PathBuf {
    let path = folder.join("history.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(AMX).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    path
}

/// A target with the DB profile `shop`.
async fn shop(data: &Path, sql: &str) -> SqliteTarget {
    let target = SqliteTarget::new(&format!("{COMMENTS} {TARGET} {sql}"));
    ends(data, &["profile", "db", "add", "shop", &target.url()], Exit::Success).await;
    target
}

/// The suggestions of a run by asset: state and text.
async fn results(data: &Path, number: &str) -> Vec<(String, String, String)> {
    let found = ends(data, &["history", "results", number, "--json"], Exit::Success).await.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |it: &Value| (text(&it["asset"]["display"]), text(&it["review"]["state"]), text(&it["finalText"]));
    found.as_array().unwrap().iter().map(row).collect()
}

fn named(rows: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
    rows.iter().map(|(asset, state, text)| (asset.as_str(), state.as_str(), text.as_str())).collect()
}

/// The comment of a column of orders.
fn comment(target: &SqliteTarget, column: &str) -> Option<String> {
    let connection = Connection::open(target.url().trim_start_matches("sqlite://")).unwrap();
    let query =
        "SELECT comment FROM gloss_comments WHERE kind = 'COLUMN' AND table_name = 'orders' AND column_name = ?1";
    connection.query_row(query, [column], |row| row.get(0)).optional().unwrap()
}

async fn runs(data: &Path) -> Vec<Value> {
    let found = ends(data, &["history", "list", "-n", "5000", "--json"], Exit::Success).await.json();
    found.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_history_of_amx_becomes_runs() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = data.path();
    let target = shop(data, "").await;
    let path = history(folder.path(), HISTORY);
    let path = path.to_str().unwrap();

    let dry = ends(data, &["import", "amx", path, "--dry-run"], Exit::Success).await;
    says(&dry.stdout, &["Would import 4 new runs with 6 suggestions"]);
    assert_eq!(runs(data).await, Vec::<Value>::new());

    let done = ends(data, &["import", "amx", path], Exit::Success).await;
    says(&done.stdout, &["Imported 4 new runs (#1 to #4) with 6 suggestions"]);
    says(
        &done.stderr,
        &[
            "Left out: the alternatives of result 4 of AMX, because alternatives_json is no JSON list",
            "Left out: result 5 of AMX, because it has no text that can be read",
            "Left out: result 6 of AMX, because it names no schema or table",
            "Left out: result 9 of AMX, because there is no run 99",
            "Left out: the scope of run 2 of AMX",
            "Left out: 1 run (search.ask describes nothing)",
            "Left out: 1 run (still running; import again after the end)",
            "Left out: 1 run (no readable start)",
            "Left out: 1 write without a result",
            "Gloss cannot describe the databases of lake (snowflake)",
            "Next: gloss history list --label amx",
        ],
    );

    // It is listed by its own time, under a new number.
    let all = runs(data).await;
    let of = |number: i64| all.iter().find(|run| run["number"] == number).unwrap();
    let first = of(1);
    assert_eq!(
        (&first["kind"], &first["status"], &first["title"], &first["labels"]),
        (&json!("ANALYZE"), &json!("READY_FOR_REVIEW"), &json!("AMX run 1"), &json!(["amx"]))
    );
    assert_eq!(
        (&first["startedAt"], &first["durationSeconds"], &first["scopeSummary"], &first["model"]),
        (&json!("2026-05-01T10:00:00.500+00:00"), &json!(60.0), &json!("main.orders"), &json!("gpt-4o"))
    );
    let usage = json!({ "inputTokens": 100, "outputTokens": 20, "totalTokens": 120, "costUsd": 0.25,
        "modelSeconds": 1.5, "requests": 1, "retries": 0, "repeats": 0 });
    assert_eq!(first["usage"], usage);
    assert_eq!(of(2)["startedAt"], "2026-05-02T08:00:00+00:00");
    assert_eq!((&of(2)["kind"], &of(2)["status"]), (&json!("RERUN"), &json!("READY_FOR_REVIEW")));
    assert_eq!((&of(3)["status"], &of(3)["error"]["message"]), (&json!("FAILED"), &json!("the model is gone")));
    assert_eq!((&of(3)["dbProfileName"], &of(4)["status"]), (&json!("lake"), &json!("CANCELLED")));
    let shown = ends(data, &["history", "show", "2"], Exit::Success).await.stdout;
    says(&shown, &["Repeats       1", "Profile       shop", "AMX run 2"]);

    // The log says from where, and by whom.
    let events = ends(data, &["history", "events", "1", "--json"], Exit::Success).await.json();
    let events = events.as_array().unwrap();
    let told: Vec<_> = events.iter().map(|event| event["message"].as_str().unwrap()).collect();
    assert_eq!(told, ["Imported from a history of AMX", "Imported 5 suggestions", "Ready for review"]);
    assert!(events.iter().all(|event| event["actor"] == "local"), "{events:?}");

    // Reviews and versions are those of AMX. The re-run's text is accepted, so the one that it repeats is skipped.
    assert_eq!(
        named(&results(data, "1").await),
        [
            ("main.orders", "ACCEPTED", "One order of a customer."),
            ("main.orders.id", "EDITED", "The number of the order."),
            ("main.orders.total", "SKIPPED", "Total."),
            ("main.orders.status", "ACCEPTED", "Where it is."),
            ("main.gone.x", "SKIPPED", "A column of old."),
        ]
    );
    assert_eq!(named(&results(data, "2").await), [("main.orders.total", "ACCEPTED", "The sum to pay, in euros.")]);
    let again = ends(data, &["history", "results", "2", "--json"], Exit::Success).await.json();
    assert_eq!((&again[0]["version"], &again[0]["band"]), (&json!(2), &json!("HIGH")));
    let written = ends(data, &["history", "results", "1", "--json"], Exit::Success).await.json();
    assert_eq!(written[0]["applied"]["at"], "2026-05-01T10:01:40+00:00");
    assert_eq!(written[0]["alternatives"].as_array().unwrap().len(), 2);

    // Accepted texts count, and reports count the usage when it happened.
    let coverage = ends(data, &["coverage", "shop", "--json"], Exit::Success).await.json();
    assert_eq!(coverage["coverage"]["accepted"], 4);
    let used = ends(data, &["usage", "--window", "all-time", "--json"], Exit::Success).await.json();
    assert_eq!(used["total"]["totalTokens"], 120, "{used}");

    // A second import adds nothing, wherever the file is.
    let other = folder.path().join("copy of it.db");
    fs::copy(path, &other).unwrap();
    for path in [path, other.to_str().unwrap()] {
        let again = ends(data, &["import", "amx", path], Exit::Success).await;
        says(&again.stdout, &["Nothing new in", "all 4 runs were imported before"]);
        assert_eq!(runs(data).await, all);
    }

    // What AMX adds later is added, and a deleted run comes back under a new number.
    Connection::open(&other)
        .unwrap()
        .execute_batch(
            "INSERT INTO run_results (id, run_id, saved_at, schema_name, table_name, column_name, source, confidence,
                alternatives_json)
             VALUES (10, 2, 1777711501, 'main', 'customers', NULL, 'rerun', 'high', '[\"Buyers.\"]')",
        )
        .unwrap();
    let more = ends(data, &["import", "amx", other.to_str().unwrap(), "--json"], Exit::Success).await.json();
    assert_eq!((&more["suggestions"], &more["knownRuns"]), (&json!(1), &json!(3)));
    assert_eq!(results(data, "2").await.len(), 2);

    // An import is a run in every way: it is compared and applied.
    let compared = ends(data, &["history", "compare", "1", "2", "--format", "md"], Exit::Success).await.stdout;
    says(&compared, &["The sum to pay, in euros.", "Total."]);
    target.execute("INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'status', 'by hand')");
    let applied = ends(data, &["history", "apply", "1"], Exit::Conflict).await;
    says(&[applied.stdout, applied.stderr].concat(), &["1 written", "1 in conflict"]);
    assert_eq!(comment(&target, "id").as_deref(), Some("The number of the order."));
    assert_eq!(comment(&target, "status").as_deref(), Some("by hand"));
    ends(data, &["history", "rollback", "1"], Exit::Success).await;
    assert_eq!(comment(&target, "id"), None);
}

/// A history with one run of this many results.
pub fn large(folder: &Path, results: usize) -> PathBuf {
    let sql = format!(
        "INSERT INTO analysis_runs (id, started_at, ended_at, status, command, db_backend, db_profile)
             VALUES (1, 1777629600, 1777629601, 'success', 'analyze.run', 'sqlite', 'shop');
         WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < {results})
         INSERT INTO run_results (run_id, saved_at, schema_name, table_name, column_name, source, confidence,
             alternatives_json) SELECT 1, 1777629610, 'main', 't' || (n / 50), 'c' || n, 'profile', 'high',
             json_array('Text ' || n) FROM n;"
    );
    history(folder, &sql)
}

/// Two imports at once over a server, and each suggestion once.
#[tokio::test]
async fn two_imports_at_once_add_everything_once() {
    let server = Server::start().await;
    let data = server.data.path();
    let _target = shop(data, "").await;
    let folder = tempfile::tempdir().unwrap();
    let path = large(folder.path(), 1_200);
    let arguments = ["import", "amx", path.to_str().unwrap(), "--json"];
    let (one, other) = tokio::join!(ends(data, &arguments, Exit::Success), ends(data, &arguments, Exit::Success));
    let added = |ended: &super::Ended| ended.json()["suggestions"].as_u64().unwrap();
    assert_eq!(added(&one) + added(&other), 1_200);
    let found = "{ runs { totalCount nodes { startedBy progress { total done } suggestions { totalCount } } } }";
    let found = server.data(found, json!({})).await;
    let run = json!({ "startedBy": "local", "progress": { "total": 1_200, "done": 1_200 },
        "suggestions": { "totalCount": 1_200 } });
    assert_eq!(found["runs"], json!({ "totalCount": 1, "nodes": [run] }));
}

/// What is wrong with the file is one line, and nothing is imported.
/// AMX may keep only the sum of a run's tokens, which has no place of its own in Gloss.
#[tokio::test]
async fn a_sum_of_tokens_counts_as_input_and_is_told() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = data.path();
    let _target = shop(data, "").await;
    let runs_of = "INSERT INTO analysis_runs (id, started_at, ended_at, status, command, db_backend, db_profile,
        llm_provider, llm_model, tokens_json) VALUES
        (1, 1777629600, 1777629660, 'success', 'analyze.run', 'sqlite', 'shop', 'openai', 'gpt-4o',
            '{\"total_tokens\": 50}'),
        (2, 1777629600, 1777629660, 'success', 'analyze.run', 'sqlite', 'shop', 'openai', 'gpt-4o',
            '{\"total_tokens\": 12, \"prompt_tokens\": 8, \"completion_tokens\": 4}');";
    let path = history(folder.path(), runs_of);
    let path = path.to_str().unwrap();
    let done = ends(data, &["import", "amx", path], Exit::Success).await;
    says(&done.stderr, &["AMX kept only the sum of the tokens of 1 run. Gloss counts these tokens as input."]);
    let all = runs(data).await;
    let usage = |number: i64| &all.iter().find(|run| run["number"] == number).unwrap()["usage"];
    assert_eq!((&usage(1)["inputTokens"], &usage(1)["outputTokens"]), (&json!(50), &json!(0)));
    assert_eq!((&usage(2)["inputTokens"], &usage(2)["outputTokens"]), (&json!(8), &json!(4)));
    let again = ends(data, &["import", "amx", path], Exit::Success).await;
    assert!(!again.stderr.contains("sum of the tokens"), "{}", again.stderr);
    let json = ends(data, &["import", "amx", path, "--json"], Exit::Success).await.json();
    assert_eq!(json["runsWithSumOfTokens"], 1);
}

#[tokio::test]
async fn what_is_no_history_is_refused() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = data.path();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text"), "hello").unwrap();
    fs::write(path("empty"), "").unwrap();
    Connection::open(path("other.db")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let view = AMX.replacen("CREATE TABLE analysis_runs", "CREATE TABLE analysis_run", 1);
    Connection::open(path("view.db"))
        .unwrap()
        .execute_batch(&format!("{view} CREATE VIEW analysis_runs AS SELECT * FROM analysis_run;"))
        .unwrap();
    let old = AMX.replacen("alternatives_json TEXT NOT NULL,", "", 1);
    Connection::open(path("old.db")).unwrap().execute_batch(&old).unwrap();
    let sound = fs::read(history(folder.path(), HISTORY)).unwrap();
    fs::write(path("cut.db"), &sound[..sound.len() / 2]).unwrap();
    let locked = Connection::open(path("history.db")).unwrap();
    locked.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let cases: [(&str, Exit, &[&str]); 9] = [
        ("absent", Exit::UserError, &["cannot use", "absent"]),
        ("", Exit::UserError, &["is a folder", "history.db"]),
        ("text", Exit::UserError, &["is not a SQLite file"]),
        ("empty", Exit::UserError, &["is not a SQLite file"]),
        ("other.db", Exit::UserError, &["has no table analysis_runs", "~/.amx/history.db"]),
        ("view.db", Exit::UserError, &["has no table analysis_runs"]),
        ("old.db", Exit::UserError, &["run_results has no column alternatives_json"]),
        ("cut.db", Exit::UserError, &["is damaged"]),
        ("history.db", Exit::Conflict, &["is locked by another program", "close AMX"]),
    ];
    for (name, exit, words) in cases {
        let file = path(name);
        let ended = ends(data, &["import", "amx", file.to_str().unwrap()], exit).await;
        says(&ended.stderr, words);
        let said: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("gloss: ")).collect();
        assert!(said.len() == 1 && ended.stdout.is_empty(), "{name}: {}", ended.stderr);
    }
    locked.execute_batch("COMMIT").unwrap();
    let file = path("history.db");
    let file = file.to_str().unwrap();
    let wrong = ends(data, &["import", "amx", file, "--db-profile", "x=demo"], Exit::UserError).await;
    says(&wrong.stderr, &["names the DB profile \"x\"", "choose lake, shop"]);
    let wrong = ends(data, &["import", "amx", file, "--db-profile", "shop=x"], Exit::UserError).await;
    says(&wrong.stderr, &["no DB profile \"x\"", "choose demo"]);
    assert_eq!(runs(data).await, Vec::<Value>::new());
    // A mapped profile is used instead of a new one.
    let mapped =
        ends(data, &["import", "amx", file, "--db-profile", "shop=demo", "--json"], Exit::Success).await.json();
    assert_eq!((&mapped["dbProfilesCreated"], &mapped["runs"][0]["number"]), (&json!([]), &json!(1)));
    assert_eq!(runs(data).await.iter().filter(|run| run["dbProfileName"] == "demo").count(), 3);
}

/// A file in a log mode is read with its log, and no file appears beside it.
#[tokio::test]
async fn a_file_with_a_log_stays_as_it_is() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = data.path();
    let path = history(folder.path(), HISTORY);
    let names = |folder: &TempDir| {
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let arguments = ["import", "amx", path.to_str().unwrap(), "--dry-run", "--json"];
    let count = async || ends(data, &arguments, Exit::Success).await.json()["suggestions"].as_u64().unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    let more = "INSERT INTO run_results (run_id, saved_at, schema_name, table_name, source, confidence,
        alternatives_json) VALUES (1, 1777629610, 'main', 'customers', 'profile', 'high', '[\"Buyers.\"]')";
    connection.execute_batch(more).unwrap();
    // While AMX has it open.
    assert_eq!(count().await, 7);
    // After a crash of AMX: the log is there, its index is not.
    let crashed = tempfile::tempdir().unwrap();
    for name in ["history.db", "history.db-wal"] {
        fs::copy(folder.path().join(name), crashed.path().join(name)).unwrap();
    }
    let (before, bytes) = (names(&crashed), fs::read(crashed.path().join("history.db-wal")).unwrap());
    let copy = crashed.path().join("history.db");
    let crashed_arguments = ["import", "amx", copy.to_str().unwrap(), "--dry-run", "--json"];
    assert_eq!(ends(data, &crashed_arguments, Exit::Success).await.json()["suggestions"], 7);
    assert_eq!((names(&crashed), fs::read(crashed.path().join("history.db-wal")).unwrap()), (before, bytes));
    // After a clean end.
    connection.close().unwrap();
    assert_eq!(count().await, 7);
    assert_eq!(names(&folder), ["history.db"]);
}

/// A profile that is absent is created without its URL, which can be set then.
#[tokio::test]
async fn profiles_of_amx_are_created_without_secrets() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = data.path();
    let path = history(folder.path(), HISTORY);
    let done = ends(data, &["import", "amx", path.to_str().unwrap()], Exit::Success).await;
    says(
        &done.stderr,
        &[
            "The DB profile shop was created without its URL and password",
            "gloss profile db set shop sqlite:///path/file.db --same-database",
            "The LLM profile gpt was created without its key",
        ],
    );
    let profiles = ends(data, &["profile", "db", "list", "--json"], Exit::Success).await.json();
    let urls: Vec<&Value> = profiles.as_array().unwrap().iter().map(|profile| &profile["displayUrl"]).collect();
    assert!(urls.iter().any(|url| url.as_str().unwrap().contains("url-missing.invalid")), "{urls:?}");

    let target = SqliteTarget::new(&format!("{COMMENTS} {TARGET}"));
    let unconfirmed = ends(data, &["profile", "db", "set", "shop", &target.url()], Exit::Success).await;
    says(&unconfirmed.stdout, &["now leads to"]);
    let refused = ends(data, &["history", "apply", "1"], Exit::Conflict).await;
    says(&refused.stderr, &["run #1 was imported", "gloss profile db set", "--same-database"]);
    assert_eq!(comment(&target, "id"), None);
    ends(data, &["profile", "db", "set", "shop", &target.url(), "--same-database"], Exit::Success).await;
    ends(data, &["history", "apply", "1"], Exit::Success).await;
    assert_eq!(comment(&target, "id").as_deref(), Some("The number of the order."));
}

#[tokio::test]
async fn profiles_of_amx_are_created_for_every_database() {
    for (backend, form) in [("postgresql", "postgres://user@host:5432/database"), ("mariadb", "mysql://user@host:3306")]
    {
        let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = history(folder.path(), &HISTORY.replace("'sqlite'", &format!("'{backend}'")));
        let done = ends(data.path(), &["import", "amx", path.to_str().unwrap()], Exit::Success).await;
        says(&done.stderr, &["The DB profile shop was created without its URL and password", form]);
    }
}

/// Writes the files of a dbt project.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const PROJECT: &[(&str, &str)] = &[
    ("dbt_project.yml", "name: jaffle_shop\nversion: '1.0'\n"),
    ("target/compiled.yml", "models: [broken"),
    ("ci.yml", "jobs: {{ not yaml"),
    ("models/schema.yml", MODELS),
    ("models/more/sources.yaml", SOURCES),
    ("models/more/z.yml", "models:\n  - name: customers\n    columns:\n      - {name: id, description: Second.}\n"),
    ("models/docs.md", "{% docs order_id %}\nThe number of an order.\n{% enddocs %}"),
];
const MODELS: &str = "\
version: 2
models:
  - name: orders
    description: One order of a customer.
    columns:
      - name: ID
        description: '{{ doc(\"order_id\") }}'
      - name: total
        description: The sum in euros, from the cart.
      - name: status
        description: Where it is.
      - name: nope
        description: x
  - name: elsewhere
    description: x
  - name: open_orders
    description: '{{ var(\"x\") }}'
";
const SOURCES: &str = "\
sources:
  - name: main
    tables:
      - name: buyers
        identifier: customers
        description: |
          Who buys,
          and when.
        columns:
          - {name: id, description: First.}
";

#[tokio::test]
async fn descriptions_of_dbt_become_an_accepted_run() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let target = shop(
        data,
        "INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'total', 'By hand, the total.'),
            ('COLUMN', 'orders', 'status', 'Where it is.');",
    )
    .await;
    let folder = project(PROJECT);
    let path = folder.path().to_str().unwrap();
    says(&ends(data, &["import", "dbt", path], Exit::UserError).await.stderr, &["--profile", "choose demo, shop"]);
    let dry = ends(data, &["import", "dbt", path, "--profile", "shop", "--dry-run"], Exit::Success).await;
    says(&dry.stdout, &["Would import 5 descriptions of jaffle_shop: 3 accepted, 2 undecided."]);
    assert_eq!(runs(data).await, Vec::<Value>::new());

    let done = ends(data, &["import", "dbt", path, "--profile", "shop"], Exit::Success).await;
    says(
        &done.stdout,
        &[
            "conflict: main.customers.id\n  dbt, models/more/sources.yaml:10:\n    First.\n",
            "  dbt, models/more/z.yml:4:\n    Second.\n",
            "conflict: main.orders.total\n  dbt, models/schema.yml:9:\n    The sum in euros, from the cart.\n",
            "  comment in the database:\n    By hand, the total.\n",
            "no match: orders.nope (models/schema.yml:13): the table has no such column",
            "no match: elsewhere (models/schema.yml:15): the database has no such table",
            "Imported 5 descriptions of jaffle_shop as run #1: 3 accepted, 2 undecided.",
        ],
    );
    says(
        &done.stderr,
        &[
            "Left out: the description of open_orders at models/schema.yml:17, because only dbt can evaluate its Jinja",
            "1 description is in shop already",
            "2 conflicts left undecided",
            "Next: gloss history apply 1",
        ],
    );
    assert_eq!(
        named(&results(data, "1").await),
        [
            ("main.customers", "ACCEPTED", "Who buys,\nand when."),
            ("main.customers.id", "UNREVIEWED", "First."),
            ("main.orders", "ACCEPTED", "One order of a customer."),
            ("main.orders.id", "ACCEPTED", "The number of an order."),
            ("main.orders.total", "UNREVIEWED", "The sum in euros, from the cart."),
        ]
    );
    let run = &runs(data).await[0];
    assert_eq!(
        (&run["kind"], &run["title"], &run["scopeSummary"], &run["startedBy"]),
        (&json!("ANALYZE"), &json!("dbt jaffle_shop"), &json!("main.customers, main.orders"), &json!("local"))
    );

    // Again, it adds nothing: also where the files are elsewhere, and after the apply.
    let moved = project(PROJECT);
    for path in [path, moved.path().to_str().unwrap()] {
        let again = ends(data, &["import", "dbt", path, "--profile", "shop"], Exit::Success).await;
        says(&again.stdout, &["Nothing new in jaffle_shop: run #1 has its descriptions."]);
    }
    ends(data, &["history", "apply", "1"], Exit::Success).await;
    assert_eq!(comment(&target, "id").as_deref(), Some("The number of an order."));
    assert_eq!(comment(&target, "total").as_deref(), Some("By hand, the total."));
    let json = ends(data, &["import", "dbt", path, "--profile", "shop", "--json"], Exit::Success).await.json();
    assert_eq!((&json["added"], &json["unchanged"], &json["run"]), (&json!(0), &json!(4), &json!(1)));
    assert_eq!(json["conflicts"].as_array().unwrap().len(), 2);
    assert_eq!(runs(data).await.len(), 1);

    // An accepted text is a conflict, too, unless it is told to win.
    let other = project(&[("schema.yml", "models: [{name: orders, description: Something else.}]")]);
    let file = other.path().join("schema.yml");
    let arguments =
        ["import", "dbt", file.to_str().unwrap(), "--profile", "shop", "--schema", "main", "--accept-conflicts"];
    let second = ends(data, &arguments, Exit::Success).await;
    says(&second.stdout, &["conflict: main.orders", "Something else.", "as run #2: 1 accepted, 0 undecided"]);
    assert_eq!(named(&results(data, "2").await), [("main.orders", "ACCEPTED", "Something else.")]);
    // So can those of an earlier import.
    let all = ["import", "dbt", path, "--profile", "shop", "--accept-conflicts"];
    let accepted = ends(data, &all, Exit::Success).await;
    says(&accepted.stdout, &["Accepted 2 conflicts of run #1"]);
    says(&accepted.stderr, &["Next: gloss history apply 1"]);
    assert!(named(&results(data, "1").await).iter().all(|(_, state, _)| *state != "UNREVIEWED"));
}

#[tokio::test]
async fn a_project_that_cannot_be_read_imports_nothing() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let broken = project(&[
        ("models/a.yml", "models: [{name: orders, description: One.}]"),
        ("models/b.yml", "models:\n  - name: orders\n    description: 'open\n"),
    ]);
    let (empty, latin) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(latin.path().join("schema.yml"), [b'a', 0xe9]).unwrap();
    let path = |folder: &TempDir| folder.path().to_str().unwrap().to_owned();
    let cases: [(String, &[&str]); 4] = [
        (path(&broken), &["models/b.yml:3:18: this is not valid YAML: ", "correct the file"]),
        (path(&empty), &["has no models, sources, seeds or snapshots"]),
        (path(&latin), &["is not UTF-8"]),
        (format!("{}/absent", path(&empty)), &["cannot use", "absent"]),
    ];
    for (path, words) in cases {
        let ended = ends(data, &["import", "dbt", &path, "--profile", "demo"], Exit::UserError).await;
        says(&ended.stderr, words);
        let said: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("gloss: ")).collect();
        assert!(said.len() == 1 && ended.stdout.is_empty(), "{}", ended.stderr);
    }
    let one = broken.path().join("models/a.yml");
    let unknown = ["import", "dbt", one.to_str().unwrap(), "--profile", "demo", "--schema", "x"];
    says(&ends(data, &unknown, Exit::UserError).await.stderr, &["no schema \"x\"", "choose main"]);
    assert_eq!(runs(data).await, Vec::<Value>::new());
}

const IMPORT: &str = "mutation ($input: ImportRunsInput!) { importRuns(input: $input) { runs { isNew added
    run { number status } } } }";

/// The API refuses an import as a whole, with the path of what is wrong.
#[tokio::test]
async fn a_wrong_import_is_refused_with_its_path() {
    let server = Server::start().await;
    let suggestion =
        |asset: Value| json!({ "position": 1, "asset": asset, "alternatives": [{ "text": "t", "confidence": 1 }] });
    let good = suggestion(json!({ "kind": "TABLE", "schema": "main", "table": "orders" }));
    let run = |key: &str, suggestions: Value| {
        let started = "2026-05-01T10:00:00Z";
        json!({ "key": key, "command": "RUN", "startedAt": started, "suggestions": suggestions })
    };
    let with = |field: &str, value: Value| {
        let mut run = run("b", json!([good]));
        run[field] = value;
        run
    };
    let within = |field: &str, value: Value| {
        let mut suggestion = good.clone();
        suggestion[field] = value;
        run("b", json!([suggestion]))
    };
    let cases = [
        (with("key", json!("")), "key"),
        (with("key", json!("a")), "key"),
        (with("command", json!("ASK")), "command"),
        (with("status", json!("RUNNING")), "status"),
        (with("dbProfileId", json!("x")), "dbProfileId"),
        (with("title", json!("two\nlines")), "title"),
        (with("labels", json!([""])), "labels.0"),
        (with("startedAt", json!("1900-01-01T00:00:00Z")), "startedAt"),
        (with("finishedAt", json!("2026-04-01T10:00:00Z")), "finishedAt"),
        (with("durationSeconds", json!(-1)), "durationSeconds"),
        (with("usage", json!({ "inputTokens": -1 })), "usage"),
        (with("schemas", json!([{ "name": "a" }, { "name": "a" }])), "schemas.1.name"),
        (run("b", json!([good, good])), "suggestions.1.position"),
        (within("position", json!(0)), "suggestions.0.position"),
        (within("alternatives", json!([])), "suggestions.0.alternatives"),
        (within("alternatives", json!([{ "text": " ", "confidence": 1 }])), "suggestions.0.alternatives.0.text"),
        (within("alternatives", json!([{ "text": "t", "confidence": 2 }])), "suggestions.0.alternatives.0.confidence"),
        (within("asset", json!({ "kind": "COLUMN", "schema": "a", "table": "b" })), "suggestions.0.asset.column"),
        (within("review", json!({ "state": "EDITED" })), "suggestions.0.review.text"),
        (within("review", json!({ "state": "ACCEPTED", "text": "x" })), "suggestions.0.review.text"),
        (within("review", json!({ "state": "SKIPPED", "text": "t" })), "suggestions.0.review.text"),
        (within("writes", json!([{ "at": "2026-05-01T10:00:00Z", "after": "" }])), "suggestions.0.writes.0.after"),
    ];
    for (wrong, path) in cases {
        let input = json!({ "source": "a test", "runs": [run("a", json!([good])), wrong] });
        let error = server.error(IMPORT, json!({ "input": input })).await;
        let argument = error["extensions"]["argument"].as_str().unwrap_or_default();
        assert_eq!(argument, format!("input.runs.1.{path}"), "{error}");
    }
    assert_eq!(server.data("{ runs { totalCount } }", json!({})).await["runs"]["totalCount"], 0);
    // What is right is recorded, and a run without suggestions has nothing left to do.
    let input = json!({ "source": "a test", "runs": [run("a", json!([good])), run("b", json!([]))] });
    let done = server.data(IMPORT, json!({ "input": input })).await;
    let expected = json!([
        { "isNew": true, "added": 1, "run": { "number": 1, "status": "READY_FOR_REVIEW" } },
        { "isNew": true, "added": 0, "run": { "number": 2, "status": "SUCCESS" } },
    ]);
    assert_eq!(done["importRuns"]["runs"], expected);
}
