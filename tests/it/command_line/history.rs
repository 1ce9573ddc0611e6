//! `gloss history …` over a server and over a store without a server.

use gloss::cli::Exit;
use serde_json::json;

use super::{Ended, ends, ends_with, is_gapless};
use crate::{
    cli::says,
    harness::{Server, SqliteTarget, store},
};

/// Two runs over the demo database whose times are always the same.
async fn two_runs() -> std::sync::Arc<tempfile::TempDir> {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    for schemas in [json!([{ "name": "main", "tables": [{ "name": "orders" }] }]), json!(null)] {
        let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo, "schemas": schemas }] })).await;
        server.events(&run, 0).await;
    }
    let data = server.kill().await;
    store::execute(
        data.path(),
        "UPDATE run SET created_at = 1795867200000 + id, started_at = 1795867201000 + id * 60000, listed_at = \
         1795867201000 + id * 60000, finished_at = 1795867205000 + id * 60000, active_ms = 4000 * id, \
         duration_ms = 4000 * id",
    );
    data
}

#[tokio::test]
async fn lists_and_runs_are_shown_in_any_width() {
    let data = two_runs().await;
    for columns in ["60", "80", "200"] {
        let width = [("COLUMNS", columns)];
        let mut shown = String::new();
        for arguments in [
            &["history", "list"][..],
            &["history", "results", "1", "-n", "4"],
            &["history", "events", "1"],
            &["history", "show", "1"],
            &["profile", "llm", "list"],
            &["usage"],
        ] {
            let ended = ends_with(data.path(), arguments, &width, Exit::Success).await;
            let limit: usize = columns.parse().unwrap();
            for line in ended.stdout.lines() {
                assert!(line.chars().count() <= limit, "{line}");
            }
            // The times of events are those of the test.
            if !arguments.contains(&"events") {
                shown.extend(["$ gloss ", &arguments.join(" "), "\n", &ended.stdout, "\n"]);
            }
        }
        insta::assert_snapshot!(format!("tables_at_{columns}"), shown);
    }
    // A time is whole or not there.
    let narrow = ends_with(data.path(), &["history", "list"], &[("COLUMNS", "60")], Exit::Success).await.stdout;
    says(&narrow, &["STARTED", "2026-11-28T12:01:01Z"]);
    let shown = ends(data.path(), &["history", "show", "#1"], Exit::Success).await.stdout;
    insta::assert_snapshot!("one_run", shown);
    // Texts are wrapped, however narrow the terminal is.
    let narrow = [("COLUMNS", "40")];
    let shown = ends_with(data.path(), &["history", "results", "1", "-n", "2"], &narrow, Exit::Success).await.stdout;
    insta::assert_snapshot!("results_at_40", shown);
    let shown = ends_with(data.path(), &["history", "list"], &narrow, Exit::Success).await.stdout;
    insta::assert_snapshot!("list_at_40", shown);
    // Without a width, nothing is cut.
    let whole = ends(data.path(), &["history", "results", "1"], Exit::Success).await.stdout;
    assert!(!whole.contains('…') && whole.lines().count() == 15, "{whole}");
    assert!(!whole.contains('\u{1b}') && !whole.contains('\t'));
}

#[tokio::test]
async fn runs_are_filtered_and_printed_as_json() {
    let data = two_runs().await;
    let data = data.path();
    let numbers = |ended: &Ended| -> Vec<i64> {
        ended.json().as_array().unwrap().iter().map(|run| run["number"].as_i64().unwrap()).collect()
    };
    let cases: [(&[&str], &[i64]); 9] = [
        (&[], &[2, 1]),
        (&["-n", "1"], &[2]),
        (&["--search", "orders"], &[1]),
        (&["--search", "#2"], &[2]),
        (&["--kind", "rerun"], &[]),
        (&["--kind", "ANALYZE", "--status", "ready-for-review"], &[2, 1]),
        (&["--status", "failed", "--status", "paused"], &[]),
        (&["--profile", "demo", "--model", "builtin"], &[2, 1]),
        (&["--failed"], &[]),
    ];
    for (filter, expected) in cases {
        let arguments = [&["history", "list", "--json"], filter].concat();
        assert_eq!(numbers(&ends(data, &arguments, Exit::Success).await), expected, "{filter:?}");
    }
    let run = ends(data, &["history", "show", "1", "--json"], Exit::Success).await.json();
    assert_eq!((&run["number"], &run["scope"]["schemas"][0]["tables"][0]["name"]), (&json!(1), &json!("orders")));
    let events = ends(data, &["history", "events", "1", "--json"], Exit::Success).await.json();
    is_gapless(events.as_array().unwrap(), 1);
    let later = ends(data, &["history", "events", "1", "--after", "5", "--follow", "--json"], Exit::Success).await;
    is_gapless(&later.json_lines(), 6);
    // A list is read in pages of 200.
    let results = ends(data, &["history", "results", "2", "--json"], Exit::Success).await.json();
    assert_eq!(results.as_array().unwrap().len(), 148);
    let low = ends(data, &["history", "results", "2", "--band", "low", "--json"], Exit::Success).await.json();
    assert!(low.as_array().unwrap().iter().all(|suggestion| suggestion["band"] == "LOW"));
    let compared = ends(data, &["history", "compare", "1", "2", "--json"], Exit::Success).await.json();
    assert_eq!(compared["runs"].as_array().unwrap().len(), 2);
    let csv = ends(data, &["history", "compare", "1", "2", "--format", "csv"], Exit::Success).await.stdout;
    assert!(csv.lines().count() > 148, "{csv}");
    let table = ends(data, &["history", "compare", "1", "2"], Exit::Success).await.stdout;
    says(&table, &["duration", "4 s *", "high confidence", " %", "words of the names mentioned"]);
    assert!(!table.contains("share"), "{table}");
    // Settings and their values are words, too.
    ends(data, &["rerun", "1", "--verbosity", "brief", "--quiet"], Exit::Success).await;
    let table = ends(data, &["history", "compare", "1", "3"], Exit::Success).await.stdout;
    let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
    says(&words, &["kind analyze rerun", "verbosity detailed brief", "repeats - #1"]);
    assert!(!table.contains("ANALYZE") && !table.contains("options."), "{table}");
}

/// Accepted texts are written and rolled back, with a server and without one.
#[tokio::test]
async fn a_run_is_applied_and_rolled_back() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let schemas = json!([{ "name": "main", "tables": [{ "name": "orders" }] }]);
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo, "schemas": schemas }] })).await;
    server.events(&run, 0).await;
    let data = server.data.clone();
    let nothing = ends(data.path(), &["history", "apply", "1"], Exit::Success).await;
    assert!(nothing.stderr.contains("nothing to write"), "{}", nothing.stderr);
    // One decision on all suggestions that match.
    let skip = ["history", "review", "1", "--skip", "--name", "orders.status", "--json"];
    assert_eq!(ends(data.path(), &skip, Exit::Success).await.json()["changed"], 1);
    let accept = ["history", "review", "1", "--accept"];
    says(&ends(data.path(), &accept, Exit::Success).await.stdout, &["13 suggestions of run #1 accepted"]);
    let skipped = ["history", "review", "1", "--accept", "--state", "skipped"];
    says(&ends(data.path(), &skipped, Exit::Success).await.stdout, &["1 suggestion of run #1 accepted"]);
    let plan = ends(data.path(), &["history", "apply", "1", "--plan", "--json"], Exit::Success).await.json();
    assert_eq!((plan.as_array().unwrap().len(), &plan[0]["status"]), (14, &json!("PLANNED")));
    let none = ["history", "review", "1", "--accept", "--name", "no_such_column"];
    says(&ends(data.path(), &none, Exit::Success).await.stderr, &["Nothing changed", "no suggestion matches"]);
    // The plan is a script.
    let script = ends(data.path(), &["history", "apply", "1", "--plan"], Exit::Success).await.stdout;
    says(&script, &["-- main.orders.status\n", "Status of the order."]);
    assert_eq!(script.matches("CREATE TABLE").count(), 1, "{script}");
    let database = rusqlite::Connection::open_in_memory().unwrap();
    database.execute_batch(&script).unwrap();
    let comments = database.query_one("SELECT count(*) FROM gloss_comments", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(comments, 14);
    let applied = ends(data.path(), &["history", "apply", "1"], Exit::Success).await;
    assert!(applied.stdout.contains("success") && applied.stdout.contains("14 comments written"), "{}", applied.stdout);
    assert!(applied.stdout.contains("gloss history rollback 1"), "{}", applied.stdout);
    drop(server.kill().await);
    let back = ends(data.path(), &["history", "rollback", "1", "--json"], Exit::Success).await;
    let events = back.json_lines();
    is_gapless(&events, events[0]["sequence"].as_u64().unwrap().try_into().unwrap());
    let run = ends(data.path(), &["history", "show", "1", "--json"], Exit::Success).await.json();
    assert_eq!((&run["status"], &run["reviewCounts"]["applied"]), (&json!("READY_FOR_REVIEW"), &json!(0)));
    let nothing = ends(data.path(), &["history", "rollback", "1"], Exit::Success).await;
    says(&nothing.stderr, &["nothing to put back", "run #1 has no comments"]);
    ends(data.path(), &["history", "apply", "1"], Exit::Success).await;
    let back = ends(data.path(), &["history", "rollback", "1"], Exit::Success).await;
    says(&back.stdout, &["14 comments put back"]);
    assert!(!back.stdout.contains("described"), "{}", back.stdout);
}

#[tokio::test]
async fn a_question_is_answered() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let question = "Which table has the email addresses of customers?";
    let answer = ends(data, &["ask", question], Exit::Success).await;
    assert!(answer.stdout.contains("main.customers") && answer.stdout.contains("\n\nSources: "), "{}", answer.stdout);
    assert!(!answer.stdout.contains("\n\n\n"), "{}", answer.stdout);
    let turn = ends(data, &["ask", "--continue", "And their orders?", "--json"], Exit::Success).await.json();
    assert!(turn["answer"].is_string() && turn["run"]["number"] == 2, "{turn:#}");
    let all = ends(data, &["history", "list", "--include-asks", "--json"], Exit::Success).await.json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let runs = ends(data, &["history", "list", "--json"], Exit::Success).await.json();
    assert_eq!(runs, json!([]));
}

/// A text that replaces a person's comment is the only one that a roll-back takes away.
#[tokio::test]
async fn a_roll_back_puts_an_overwritten_comment_back() {
    let target = SqliteTarget::new("CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT);");
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    ends(data, &["profile", "db", "add", "shop", &target.url()], Exit::Success).await;
    ends(data, &["run", "shop:main.tags"], Exit::Success).await;
    let asset = ["--asset", "main.tags"];
    ends(data, &[&["history", "review", "1", "--accept"][..], &asset].concat(), Exit::Success).await;
    ends(data, &["history", "apply", "1"], Exit::Success).await;
    // A plan says what it replaces.
    let other = [&["history", "review", "1", "--accept", "--text", "other"][..], &asset].concat();
    ends(data, &other, Exit::Success).await;
    let plan = ends(data, &["history", "apply", "1", "--plan"], Exit::Success).await.stdout;
    says(&plan, &["-- main.tags: replaces One row per tag"]);
    target.execute("UPDATE gloss_comments SET comment = 'by hand'");
    let edit = [&["history", "review", "1", "--accept", "--text", "mine"][..], &asset].concat();
    ends(data, &edit, Exit::Success).await;
    let refused = ends(data, &["history", "apply", "1"], Exit::Conflict).await;
    says(&(refused.stdout + &refused.stderr), &["apply again with `--overwrite`"]);
    ends(data, &["history", "apply", "1", "--overwrite"], Exit::Success).await;
    ends(data, &["history", "rollback", "1"], Exit::Success).await;
    let database = rusqlite::Connection::open(target.url().trim_start_matches("sqlite://")).unwrap();
    let comment: String = database.query_row("SELECT comment FROM gloss_comments", [], |row| row.get(0)).unwrap();
    assert_eq!(comment, "by hand");
    let shown = ends(data, &["history", "show", "1"], Exit::Success).await.stdout;
    assert!(!shown.contains("1 applied"), "{shown}");
    // Nothing is left to take away.
    ends(data, &["history", "rollback", "1"], Exit::Success).await;
    let comment: String = database.query_row("SELECT comment FROM gloss_comments", [], |row| row.get(0)).unwrap();
    assert_eq!(comment, "by hand");
}
