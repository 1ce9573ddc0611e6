//! Untrusted text is displayed with every character visible, and stored unchanged.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

/// Contains a right-to-left override, a terminal escape and line breaks.
const NAME: &str = "pay\u{202e}lla\u{1b}[2J\nFAKE line\u{2028}";
const SHOWN: &str = "pay\\u{202E}lla\\u{1B}[2J\\nFAKE line\\u{2028}";

fn unseen(text: &str) -> bool {
    text.contains(['\u{202e}', '\u{1b}', '\u{2028}', '\n'])
}

#[tokio::test]
async fn names_are_shown_with_invisible_characters_escaped() {
    for format in ["text", "json"] {
        let server = Server::start_with(&[("GLOSS_LOG", "debug"), ("GLOSS_LOG_FORMAT", format)]).await;
        let target = SqliteTarget::new(&format!("CREATE TABLE \"{NAME}\" (\"=1+1 {NAME}\" text)"));
        let profile = server.create_db_profile("strange", &target.url()).await;
        let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
        let query = "subscription($run: ID!) { runProgress(runId: $run) { message asset { table display } } }";
        let mut live = server.subscribe(query, json!({ "run": run })).await.field("runProgress");
        let mut named = 0;
        while let Some(event) = live.next().await {
            let message = event["message"].as_str().unwrap();
            assert!(!unseen(message), "{message:?}");
            if let Some(display) = event["asset"]["display"].as_str() {
                assert!(!unseen(display) && display.contains(SHOWN), "{display:?}");
                assert_eq!(event["asset"]["table"], NAME, "kept as it is");
                named += usize::from(message.contains(SHOWN));
            }
        }
        assert!(named > 0);
        let query = "query($id: ID!) { run(id: $id) { status scopeSummary suggestions { nodes { asset { column } \
            evidence { detail } } } } }";
        let run_now = server.data(query, json!({ "id": run })).await["run"].take();
        assert_eq!(run_now["status"], "READY_FOR_REVIEW");
        assert_eq!(run_now["suggestions"]["nodes"][1]["asset"]["column"], format!("=1+1 {NAME}"));
        for node in run_now["suggestions"]["nodes"].as_array().unwrap() {
            for evidence in node["evidence"].as_array().unwrap() {
                assert!(!unseen(evidence["detail"].as_str().unwrap()), "{evidence}");
            }
        }
        // The error that names it, and the log.
        let scope = json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": NAME }] }] });
        let estimate = "query($input: StartRunInput!) { estimateRun(input: $input) { assets } }";
        let error = server.error(estimate, json!({ "input": scope })).await;
        assert!(!unseen(error["message"].as_str().unwrap()), "{error}");
        for line in server.log().lines() {
            assert!(!unseen(line), "{line:?}");
            assert!(!line.trim_start().starts_with("FAKE"), "{line:?}");
            if format == "json" {
                serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}"));
            }
        }
    }
}

#[tokio::test]
async fn cells_of_exports_are_no_formulas() {
    let server = Server::start().await;
    let target = SqliteTarget::new("CREATE TABLE t (a text, \"-b\" int)");
    let profile = server.create_db_profile("cells", &target.url()).await;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
        server.events(&run, 0).await;
        runs.push(run);
    }
    let update = "mutation($input: UpdateRunInput!) { updateRun(input: $input) { run { id } } }";
    server.data(update, json!({ "input": { "id": runs[0], "title": "=HYPERLINK(\"http://x\")" } })).await;
    let path = format!("/export/comparison?ids={},{}&format=csv", runs[0], runs[1]);
    let text = server.get(&path).await.text().await.unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut titled = false;
    for record in reader.records() {
        for cell in &record.unwrap() {
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
            assert!(!formula, "{cell:?}");
            titled |= cell == "'=HYPERLINK(\"http://x\")";
        }
    }
    assert!(titled, "{text}");
}
