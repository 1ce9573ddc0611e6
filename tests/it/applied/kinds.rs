//! Every kind of run from its start to written comments: `RUN_APPLY`, resumed runs, re-runs, drafts.

use serde_json::{Value, json};

use super::{
    APPLY, Database, Suggestion, audit, count, outcomes, review, status, suggestions, text, with_status, write,
};
use crate::harness::{ScriptedModel, Server, llm_input, scripted_model::Script};

const TABLES: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL, user_id INTEGER REFERENCES users (id));";
const ASSETS: usize = 7;
/// The table exactly as Gloss creates it, so that a test can write comments first.
const COMMENTS: &str = "CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
    column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));";

const RERUN: &str = "mutation ($input: RerunInput!) { rerun(input: $input) { runs { id } } }";
const GENERATE: &str = "mutation ($input: GenerateInput!) { generate(input: $input) { runs { id } } }";
const RESUME: &str = "mutation ($input: ResumeRunInput!) { resumeRun(input: $input) { run { status lastSequence } } }";
const CANCEL: &str = "mutation ($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";

fn by_place<'a>(suggestions: &'a [Suggestion], place: &str) -> &'a Suggestion {
    suggestions.iter().find(|one| one.place == place).unwrap_or_else(|| panic!("no suggestion for {place}"))
}

/// Starts a run with `mutation`, waits for its end and returns it.
async fn ended(server: &Server, mutation: &str, input: Value) -> String {
    let data = server.data(mutation, json!({ "input": input })).await;
    let payload = data.as_object().unwrap().values().next().unwrap();
    let run = text(&payload["runs"][0]["id"]);
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    run
}

async fn resumed(server: &Server, input: Value) -> Vec<Value> {
    let run = text(&input["id"]);
    let data = server.data(RESUME, json!({ "input": input })).await;
    assert_eq!(data["resumeRun"]["run"]["status"], "QUEUED");
    server.events(&run, data["resumeRun"]["run"]["lastSequence"].as_i64().unwrap()).await
}

async fn run_apply(database: &Database, by_hand: &str) {
    let server = Server::start().await;
    let run = database.start_run(&server, json!({ "command": "RUN_APPLY" })).await;
    let events = server.events(&run, 0).await;
    assert_eq!(events.last().unwrap()["status"], "SUCCESS", "{events:#?}");
    assert_eq!((count(&events, "ASSET_FINISHED"), count(&events, "APPLIED")), (ASSETS, ASSETS));
    let comments = database.comments().await;
    for one in suggestions(&server, &run).await {
        assert_eq!((one.state.as_str(), comments.get(&one.place)), ("ACCEPTED", Some(&one.text)));
    }

    // Somebody writes a comment by hand while the model is busy.
    let model = ScriptedModel::builder().gated().start().await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    let profile = server.db_profile("target").await;
    let targets = json!([{ "dbProfileId": profile, "schemas": [{ "name": database.schema() }] }]);
    let run = server.start_run(json!({ "command": "RUN_APPLY", "targets": targets, "llmProfileId": llm })).await;
    model.waiting(2).await;
    database.execute(by_hand).await;
    model.open_gate();
    let events = server.events(&run, 0).await;
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    assert_eq!((count(&events, "APPLIED"), count(&events, "APPLY_FAILED")), (ASSETS - 1, 1));
    let done = outcomes(&server, &run).await;
    assert_eq!(
        (&done["users.email"]["status"], &done["users.email"]["before"]),
        (&json!("CONFLICT"), &json!("by hand"))
    );
    assert_eq!(database.comments().await["users.email"], "by hand");
    assert_eq!(audit(&server, &run).await.len(), ASSETS - 1);
}

#[tokio::test]
async fn run_apply_on_sqlite() {
    let database = Database::sqlite(&format!("{TABLES}{COMMENTS}")).await;
    let by_hand = "UPDATE gloss_comments SET comment = 'by hand' WHERE table_name = 'users' AND column_name = 'email';";
    run_apply(&database, by_hand).await;
}

#[tokio::test]
async fn run_apply_on_postgres() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    run_apply(&database, "COMMENT ON COLUMN users.email IS 'by hand';").await;
}

/// Starts a server with a scripted model and a SQLite database of `tables` tables of two columns.
async fn scripted(model: &ScriptedModel, tables: usize) -> (Server, Database, String) {
    let (server, database) = (Server::start().await, Database::sqlite(&super::tables(tables, 2)).await);
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    (server, database, llm)
}

/// Checks that no request after the first `asked` is about an asset that was already described.
fn none_again(model: &ScriptedModel, asked: usize, before: &[Suggestion]) {
    for request in &model.recorded()[asked..] {
        for one in before {
            assert!(!request.asks_for(&format!("main.{}", one.place)), "{} was asked for again", one.place);
        }
    }
}

#[tokio::test]
async fn a_cancelled_run_is_resumed_and_written() {
    let model = ScriptedModel::builder().gated().start().await;
    let (server, database, llm) = scripted(&model, 12).await;
    let run = database.start_run(&server, json!({ "llmProfileId": llm })).await;
    model.waiting(4).await;
    model.release(3);
    model.arrived(7).await;
    server.data(CANCEL, json!({ "id": run })).await;
    server.events(&run, 0).await;
    assert_eq!(status(&server, &run).await, "CANCELLED");
    let (before, asked) = (suggestions(&server, &run).await, model.requests());
    assert!((9..36).contains(&before.len()), "{}", before.len());
    // The existing suggestions can be applied, and the run stays cancelled.
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    let events = write(&server, APPLY, &run).await;
    assert_eq!(events.last().unwrap()["status"], "CANCELLED");
    assert_eq!(database.comments().await.len(), before.len());

    model.open_gate();
    let events = resumed(&server, json!({ "id": run })).await;
    let last = events.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW");
    assert_eq!(last["progress"], json!({ "total": 36, "done": 36, "failed": 0, "skipped": 0 }));
    none_again(&model, asked, &before);
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    let events = write(&server, APPLY, &run).await;
    assert_eq!((count(&events, "APPLIED"), &events.last().unwrap()["status"]), (36 - before.len(), &json!("SUCCESS")));
}

#[tokio::test]
async fn a_run_out_of_budget_is_resumed_with_a_larger_one() {
    let model = ScriptedModel::builder().start().await;
    let (server, database, llm) = scripted(&model, 20).await;
    let budget = json!({ "maxTokens": 9_000 });
    let run = database.start_run(&server, json!({ "llmProfileId": llm, "budget": budget })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("PAUSED"), &json!("LIMIT_EXCEEDED")), "{last}");
    for input in [
        json!({ "id": run }),
        json!({ "id": run, "budget": budget }),
        json!({ "id": run, "budget": { "maxTokens": 8_000 } }),
    ] {
        let refused = server.error(RESUME, json!({ "input": input })).await;
        assert_eq!(refused["extensions"]["code"], "CONFLICT", "{refused}");
    }
    let mut before = suggestions(&server, &run).await;
    assert!(!before.is_empty() && before.len() < 60, "{}", before.len());
    // The existing suggestions can be applied; the budget stays exhausted.
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    write(&server, APPLY, &run).await;
    assert_eq!(status(&server, &run).await, "PAUSED");
    let refused = server.error(RESUME, json!({ "input": { "id": run } })).await;
    assert_eq!(refused["extensions"]["code"], "CONFLICT", "{refused}");

    for (more, wanted) in [
        (json!({ "budget": { "maxTokens": 10_500 } }), "PAUSED"),
        (json!({ "removeBudget": true }), "READY_FOR_REVIEW"),
    ] {
        let (mut input, asked) = (more, model.requests());
        input["id"] = json!(run);
        let events = resumed(&server, input).await;
        assert_eq!(events.last().unwrap()["status"], wanted, "{}", events.last().unwrap());
        none_again(&model, asked, &before);
        let now = suggestions(&server, &run).await;
        assert!(now.len() > before.len());
        before = now;
    }
    assert_eq!(before.len(), 60);
}

#[tokio::test]
async fn only_failed_rows_are_repeated() {
    let model = ScriptedModel::builder().script(Script::Text("nonsense".into())).start().await;
    for _ in 0..2 {
        model.answer_next(Script::Proper);
    }
    let (server, database, llm) = scripted(&model, 5).await;
    let run = database.start_run(&server, json!({ "llmProfileId": llm })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!((&last["status"], &last["progress"]["failed"]), (&json!("READY_FOR_REVIEW"), &json!(9)), "{last}");
    let (before, asked) = (suggestions(&server, &run).await, model.requests());
    assert_eq!(before.len(), 6);
    model.answer(Script::Proper);
    let last = resumed(&server, json!({ "id": run })).await.pop().unwrap();
    assert_eq!(last["progress"], json!({ "total": 15, "done": 15, "failed": 0, "skipped": 0 }));
    assert_eq!(last["status"], "READY_FOR_REVIEW");
    assert_eq!(model.requests() - asked, 3);
    none_again(&model, asked, &before);
    let refused = server.error(RESUME, json!({ "input": { "id": run } })).await;
    assert_eq!(refused["extensions"]["code"], "CONFLICT", "{refused}");
}

#[tokio::test]
async fn the_third_version_is_written_and_the_others_are_not() {
    let (server, database) = (Server::start().await, Database::sqlite(TABLES).await);
    let mut runs = vec![database.start_run(&server, json!({})).await];
    server.events(&runs[0], 0).await;
    review(&server, json!({ "runId": runs[0], "decision": "ACCEPT" })).await;
    for instructions in ["Be brief", "Say who may read it"] {
        let again = suggestions(&server, runs.last().unwrap()).await;
        let ids: Vec<&String> = ["users", "users.email"].map(|place| &by_place(&again, place).id).to_vec();
        let input = json!({ "suggestionIds": ids, "instructions": instructions });
        runs.push(ended(&server, RERUN, input).await);
    }
    let third = suggestions(&server, &runs[2]).await;
    assert!(third.len() == 2 && third.iter().all(|one| one.version == 3), "{third:?}");
    let email = by_place(&third, "users.email");
    review(&server, json!({ "ids": [email.id], "decision": "ACCEPT", "text": "The third text" })).await;
    for run in &runs[..2] {
        assert_eq!(by_place(&suggestions(&server, run).await, "users.email").state, "SKIPPED");
    }
    // The first run no longer writes the redone asset, but still writes all others.
    let events = write(&server, APPLY, &runs[0]).await;
    assert_eq!(count(&events, "APPLIED"), ASSETS - 1);
    assert!(!database.comments().await.contains_key("users.email"));
    let events = write(&server, APPLY, &runs[2]).await;
    assert_eq!(count(&events, "APPLIED"), 1);
    assert_eq!(database.comments().await["users.email"], "The third text");

    // A reviewer may return to an older version: it replaces Gloss's own text without a conflict.
    let first = suggestions(&server, &runs[0]).await;
    let old = by_place(&first, "users.email");
    review(&server, json!({ "ids": [old.id], "decision": "ACCEPT" })).await;
    assert_eq!(by_place(&suggestions(&server, &runs[2]).await, "users.email").state, "SKIPPED");
    write(&server, APPLY, &runs[0]).await;
    assert_eq!(database.comments().await["users.email"], old.text);

    let input = json!({ "runId": runs[0], "variations": "SEMANTIC" });
    let varied = suggestions(&server, &ended(&server, RERUN, input).await).await;
    assert_eq!(varied.len(), ASSETS);
    for one in &varied {
        assert_ne!(one.text, by_place(&first, &one.place).text);
    }
    assert_eq!((by_place(&varied, "users.email").version, by_place(&varied, "orders").version), (4, 2));
}

#[tokio::test]
async fn drafts_of_every_kind_are_written_to_postgres() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    let Database::Postgres { service, name, .. } = &database else { unreachable!("it was just made") };
    let server = Server::start().await;
    let profile = server.create_db_profile("target", &database.url()).await;
    for (input, kind) in [
        (json!({ "schema": "public", "table": "users", "column": "email" }), "COLUMN"),
        (json!({ "schema": "public", "table": "users" }), "TABLE"),
        (json!({ "schema": "public" }), "SCHEMA"),
        (json!({ "database": name }), "DATABASE"),
    ] {
        let mut input = input;
        input["dbProfileId"] = json!(profile);
        let run = ended(&server, GENERATE, input).await;
        let drafts = suggestions(&server, &run).await;
        assert_eq!((drafts.len(), drafts[0].kind.as_str()), (1, kind));
        let text = format!("{} It's \"ours\" \\ 🙂", drafts[0].text);
        review(&server, json!({ "ids": [drafts[0].id], "decision": "ACCEPT", "text": text })).await;
        let events = write(&server, APPLY, &run).await;
        assert_eq!(events.last().unwrap()["status"], "SUCCESS", "{events:#?}");
        let done = outcomes(&server, &run).await;
        assert_eq!(with_status(&done, "APPLIED"), 1);
        let query = match kind {
            "COLUMN" => "SELECT col_description('users'::regclass, 2)",
            "TABLE" => "SELECT obj_description('users'::regclass)",
            "SCHEMA" => "SELECT obj_description('public'::regnamespace)",
            _ => "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()",
        };
        let port = service.port.to_string();
        let arguments = ["-XAtq", "-h", "127.0.0.1", "-U", "postgres", "-p", &port, "-d", name, "-c", query];
        assert_eq!(super::client("psql", &arguments).await.trim_end_matches('\n'), text);
        let events = write(&server, super::ROLLBACK, &run).await;
        assert_eq!(count(&events, "APPLIED"), 1);
        assert_ne!(super::client("psql", &arguments).await.trim_end_matches('\n'), text);
    }
}
