//! The effect of an apply on a run's metrics: it changes only those of the apply.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

const LOOK: &str = "query($ids: [ID!]!) {
    runs(orderBy: { field: DURATION, direction: ASC }) { nodes { id durationSeconds applySeconds finishedAt startedAt \
    } }
    compareRuns(ids: $ids) { metrics { name values } } }";

async fn state(server: &Server, ids: &[String]) -> (Vec<Value>, Vec<Value>, Value) {
    let mut data = server.data(LOOK, json!({ "ids": ids })).await;
    let Value::Array(mut runs) = data["runs"]["nodes"].take() else { panic!("no runs") };
    let applied = runs.iter_mut().map(|run| run["applySeconds"].take()).collect();
    let seconds = ["WALL_SECONDS", "MODEL_SECONDS"].map(|name| json!(name));
    let Value::Array(metrics) = data["compareRuns"]["metrics"].take() else { panic!("no metrics") };
    let seconds = metrics.into_iter().filter(|metric| seconds.contains(&metric["name"])).collect();
    (runs, applied, seconds)
}

async fn write(server: &Server, verb: &str, run: &str, overwrite: bool) -> Value {
    let input = format!("{}{}Input", verb[..1].to_uppercase(), &verb[1..]);
    let mutation = format!("mutation($input: {input}!) {{ it: {verb}(input: $input) {{ run {{ lastSequence }} }} }}");
    let input = json!({ "input": { "runId": run, "overwrite": overwrite } });
    let begun = server.data(&mutation, input).await["it"]["run"]["lastSequence"].as_i64().unwrap();
    server.events(run, begun).await.pop().unwrap()
}

#[tokio::test]
async fn an_apply_keeps_the_duration_and_the_position_of_a_run_and_reports_its_writes() {
    let target = SqliteTarget::with_tables(2, 2);
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
        server.events(&id, 0).await;
        ids.push(id);
    }
    let accept = "mutation($id: ID!) { reviewSuggestions(input: { runId: $id, decision: ACCEPT }) { changed } }";
    for id in &ids {
        server.data(accept, json!({ "id": id })).await;
    }
    let (before, applied, figures) = state(&server, &ids).await;
    assert_eq!(applied, [Value::Null, Value::Null]);

    let finished = write(&server, "applyRun", &ids[0], false).await;
    assert_eq!((&finished["type"], &finished["status"]), (&json!("FINISHED"), &json!("SUCCESS")));
    assert_eq!(finished["message"], "Success: 6 written");
    // The other run wrote the same texts, so nothing is left to write, and that counts as applied.
    target.execute(
        "UPDATE gloss_comments SET comment = 'a person wrote this' WHERE kind = 'TABLE' AND table_name = 't01'",
    );
    let finished = write(&server, "applyRun", &ids[1], false).await;
    assert_eq!(finished["message"], "Ready for review: 0 written, 5 unchanged, 1 in conflict");
    assert_eq!(finished["status"], "READY_FOR_REVIEW");
    let counts = "query($id: ID!) { run(id: $id) { status reviewCounts { accepted applied } } }";
    let counts_of = async |id: &str| server.data(counts, json!({ "id": id })).await["run"].take();
    assert_eq!(counts_of(&ids[1]).await["reviewCounts"], json!({ "accepted": 6, "applied": 5 }));
    let finished = write(&server, "applyRun", &ids[1], true).await;
    assert_eq!(finished["message"], "Success: 1 written, 5 unchanged");
    let settled = counts_of(&ids[1]).await;
    assert_eq!(settled, json!({ "status": "SUCCESS", "reviewCounts": { "accepted": 6, "applied": 6 } }));
    let finished = write(&server, "rollbackRun", &ids[0], false).await;
    assert_eq!(finished["status"], "READY_FOR_REVIEW");
    let message = finished["message"].as_str().unwrap();
    assert!(message.starts_with("Ready for review: ") && message.contains(" rolled back"), "{message}");

    let (after, applied, compared) = state(&server, &ids).await;
    assert_eq!((after, compared), (before, figures));
    assert!(applied.iter().all(|seconds| seconds.as_f64().is_some_and(|seconds| seconds > 0.0)), "{applied:?}");
}
