//! Bad input through the API: each error has a documented code, the path of the argument at fault and a text that
//! says what to do. The server keeps running.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

const START: &str = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";

fn is(error: &Value, code: &str, argument: &str) {
    assert_eq!(error["extensions"]["code"], code, "{error:#}");
    assert_eq!(error["extensions"]["argument"], argument, "{error:#}");
    assert!(error["message"].as_str().unwrap().len() > 15, "{error:#}");
}

fn has_code(error: &Value, code: &str) {
    assert_eq!(error["extensions"]["code"], code, "{error:#}");
}

#[tokio::test]
async fn invalid_page_arguments_are_refused() {
    let server = Server::start().await;
    let runs = |arguments: &str| format!("{{ runs({arguments}) {{ totalCount nodes {{ id }} }} }}");
    is(&server.error(&runs("first: -1"), json!({})).await, "BAD_USER_INPUT", "first");
    is(&server.error(&runs("first: 201"), json!({})).await, "BAD_USER_INPUT", "first");
    is(&server.error(&runs("last: 100000"), json!({})).await, "BAD_USER_INPUT", "last");
    is(&server.error(&runs("first: 1, last: 1"), json!({})).await, "BAD_USER_INPUT", "last");
    is(&server.error(&runs("after: \"nonsense\""), json!({})).await, "BAD_USER_INPUT", "after");
    is(
        &server.error(&runs("last: 2, before: \"eyJsIjoieCIsImsiOltdfQ\""), json!({})).await,
        "BAD_USER_INPUT",
        "before",
    );

    // A cursor of a list with another order is rejected.
    let demo = server.db_profile("demo").await;
    server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    let data = server.data("{ runs(orderBy: { field: NUMBER }) { edges { cursor } } }", json!({})).await;
    let cursor = data["runs"]["edges"][0]["cursor"].as_str().unwrap();
    is(&server.error(&runs(&format!("after: \"{cursor}\"")), json!({})).await, "BAD_USER_INPUT", "after");
    has_code(&server.error(&runs("filter: { statuses: [WEIRD] }"), json!({})).await, "GRAPHQL_VALIDATION_FAILED");
    has_code(&server.error("{ runs { nope } }", json!({})).await, "GRAPHQL_VALIDATION_FAILED");
    let soon = server.error(&runs("filter: { startedAfter: \"2030-01-31T09:00:00\" }"), json!({})).await;
    has_code(&soon, "GRAPHQL_VALIDATION_FAILED");
    assert!(soon["message"].as_str().unwrap().contains("a UTC offset, as in 2030-01-31T09:00:00Z"), "{soon}");
    has_code(&server.error("{ runs {", json!({})).await, "GRAPHQL_PARSE_FAILED");
    assert_eq!(server.data(&runs("first: 0"), json!({})).await["runs"]["totalCount"], 1);
}

#[tokio::test]
async fn invalid_start_inputs_are_refused() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let builtin = server.llm_profile("builtin").await;
    let start = async |input: Value| server.error(START, json!({ "input": input })).await;
    let target = json!({ "dbProfileId": demo });
    is(&start(json!({ "targets": [] })).await, "BAD_USER_INPUT", "input.targets");
    is(
        &start(json!({ "targets": [{ "dbProfileId": "nope" }] })).await,
        "BAD_USER_INPUT",
        "input.targets.0.dbProfileId",
    );
    is(
        &start(json!({ "targets": [{ "dbProfileId": builtin }] })).await,
        "BAD_USER_INPUT",
        "input.targets.0.dbProfileId",
    );
    let unknown = gloss::domain::id::encode(gloss::domain::id::NodeType::DbProfile, 999);
    has_code(&start(json!({ "targets": [target, { "dbProfileId": unknown }] })).await, "NOT_FOUND");
    is(&start(json!({ "targets": [target], "llmProfileId": demo })).await, "BAD_USER_INPUT", "input.llmProfileId");
    let twice = json!([{ "name": "main", "tables": [{ "name": "a" }, { "name": "a" }] }]);
    is(
        &start(json!({ "targets": [{ "dbProfileId": demo, "schemas": twice }] })).await,
        "BAD_USER_INPUT",
        "input.targets.0.schemas.0.tables.1.name",
    );
    let options = |options: Value| json!({ "targets": [target], "options": options });
    is(&start(options(json!({ "alternatives": 6 }))).await, "BAD_USER_INPUT", "input.options.alternatives");
    is(&start(options(json!({ "temperature": 2.5 }))).await, "BAD_USER_INPUT", "input.options.temperature");
    is(&start(options(json!({ "maxOutputTokens": 1 }))).await, "BAD_USER_INPUT", "input.options.maxOutputTokens");
    is(
        &start(options(json!({ "instructions": "x".repeat(4001) }))).await,
        "BAD_USER_INPUT",
        "input.options.instructions",
    );
    let budget = |budget: Value| json!({ "targets": [target], "budget": budget });
    is(&start(budget(json!({ "maxTokens": 0 }))).await, "BAD_USER_INPUT", "input.budget.maxTokens");
    is(&start(budget(json!({ "maxSeconds": -1 }))).await, "BAD_USER_INPUT", "input.budget.maxSeconds");
    // None of these created a run: a request creates all of its runs or none.
    assert_eq!(server.data("{ runs { totalCount } }", json!({})).await["runs"]["totalCount"], 0);
}

#[tokio::test]
async fn unknown_ids_are_not_found() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let unknown = gloss::domain::id::encode(gloss::domain::id::NodeType::Run, 4711);
    let one = json!({ "id": unknown });
    assert_eq!(server.data("query($id: ID!) { run(id: $id) { id } }", one.clone()).await["run"], Value::Null);
    assert_eq!(server.data("query($id: ID!) { node(id: $id) { id } }", one.clone()).await["node"], Value::Null);
    assert_eq!(server.data("{ runByNumber(number: 4711) { id } }", json!({})).await["runByNumber"], Value::Null);
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    has_code(&server.error(cancel, one.clone()).await, "NOT_FOUND");
    is(&server.error(cancel, json!({ "id": demo })).await, "BAD_USER_INPUT", "input.id");
    let nodes = server
        .data("query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", json!({ "ids": [demo, unknown] }))
        .await;
    assert_eq!(nodes["nodes"], json!([{ "id": demo, "__typename": "DbProfile" }, null]));
    let mut live = server.subscribe("subscription($id: ID!) { runProgress(runId: $id) { sequence } }", one).await;
    let answer = live.message().await.unwrap();
    let error = if answer["type"] == "error" { &answer["payload"][0] } else { &answer["payload"]["errors"][0] };
    has_code(error, "NOT_FOUND");
}

/// Starts a run that must fail and returns its last event.
async fn failed(server: &Server, target: Value) -> Value {
    let run = server.start_run(json!({ "targets": [target] })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!(last["status"], "FAILED", "{last:#}");
    assert_eq!(last["type"], "FINISHED");
    assert!(!last["error"]["hint"].as_str().unwrap().is_empty());
    last
}

#[tokio::test]
async fn unknown_assets_fail_the_run_and_are_named() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let last = failed(&server, json!({ "dbProfileId": demo, "schemas": [{ "name": "nowhere" }] })).await;
    assert_eq!(last["error"]["code"], "BAD_USER_INPUT");
    assert!(last["error"]["message"].as_str().unwrap().contains("nowhere"));
    let tables = json!([{ "name": "main", "tables": [{ "name": "no_such_table" }] }]);
    let last = failed(&server, json!({ "dbProfileId": demo, "schemas": tables })).await;
    assert!(last["error"]["message"].as_str().unwrap().contains("no_such_table"));
    let last = failed(&server, json!({ "dbProfileId": demo, "database": "elsewhere" })).await;
    assert_eq!(last["error"]["code"], "BAD_USER_INPUT");
    assert!(last["error"]["message"].as_str().unwrap().contains("elsewhere"));

    let estimate = "query($input: StartRunInput!) { estimateRun(input: $input) { assets } }";
    let error =
        server.error(estimate, json!({ "input": { "targets": [{ "dbProfileId": demo, "schemas": tables }] } })).await;
    is(&error, "BAD_USER_INPUT", "input.targets.0.schemas.0.tables.0.name");
}

#[tokio::test]
async fn unreachable_targets_fail_with_a_reason() {
    let server = Server::start().await;
    let missing = server.create_db_profile("missing", "sqlite:///nowhere/at/all.db").await;
    let secret = "p4ss-marker";
    let refused = server.create_db_profile("refused", &format!("postgres://u:{secret}@127.0.0.1:9/db")).await;
    for profile in [&missing, &refused] {
        let last = failed(&server, json!({ "dbProfileId": profile })).await;
        assert_eq!(last["error"]["code"], "UNAVAILABLE", "{last:#}");
        let test = server
            .data("mutation($id: ID!) { testDbProfile(input: { id: $id }) { ok message } }", json!({ "id": profile }))
            .await;
        assert_eq!(test["testDbProfile"]["ok"], false);
        assert!(!format!("{last}{test}").contains(secret));
    }
    // An unreachable database is an error of its own field only.
    let answer =
        server.answer("{ dbProfiles { name displayUrl canWriteComments databases { name } } }", json!({})).await;
    let profiles = answer["data"]["dbProfiles"].as_array().unwrap();
    for profile in profiles {
        assert_eq!(profile["databases"].is_null(), profile["name"] != "demo", "{profile}");
    }
    for error in answer["errors"].as_array().unwrap() {
        has_code(error, "UNAVAILABLE");
    }
    assert!(!answer.to_string().contains(secret), "a password is in an answer");
    assert!(!server.log().contains(secret), "a password is in the log");
    // The server still works.
    let demo = server.db_profile("demo").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    assert_eq!(server.events(&run, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
}

#[tokio::test]
async fn profiles_that_could_never_work_are_refused() {
    let server = Server::start().await;
    let create = "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }";
    for url in [
        "postgres://u:p@h:99999/db",
        "postgres://u:hun/ter2@h/db",
        "postgres://[::1",
        "sqlite://relative.db",
        "oracle://h/x",
        "",
    ] {
        let error = server.error(create, json!({ "input": { "name": "x", "url": url } })).await;
        is(&error, "BAD_USER_INPUT", "input.url");
        assert!(!error.to_string().contains("ter2"), "{error}");
    }
    let create = "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }";
    let input = json!({ "name": "x", "provider": "ANTHROPIC", "model": "m", "apiKey": "env:HOME" });
    is(&server.error(create, json!({ "input": input })).await, "BAD_USER_INPUT", "input.apiKey");
}

#[tokio::test]
async fn a_key_whose_runs_were_deleted_is_a_conflict() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let input = json!({ "targets": [{ "dbProfileId": demo }], "idempotencyKey": "once" });
    let run = server.start_run(input.clone()).await;
    server.events(&run, 0).await;
    server
        .data("mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }", json!({ "ids": [run] }))
        .await;
    has_code(&server.error(START, json!({ "input": input })).await, "CONFLICT");
}

/// A retry returns the original run even if the profile was deleted meanwhile.
#[tokio::test]
async fn a_retry_finds_its_run_when_the_profile_is_gone() {
    let target = SqliteTarget::with_tables(1, 2);
    let server = Server::start().await;
    let db = server.create_db_profile("short", &target.url()).await;
    let described = server.start_run(json!({ "targets": [{ "dbProfileId": db }], "idempotencyKey": "start" })).await;
    assert_eq!(server.events(&described, 0).await.last().unwrap()["status"], "READY_FOR_REVIEW");
    let requests = [
        ("startRun", "runs", json!({ "targets": [{ "dbProfileId": db }], "idempotencyKey": "start" })),
        ("rerun", "runs", json!({ "runId": described, "idempotencyKey": "rerun" })),
        ("generate", "runs", json!({ "dbProfileId": db, "schema": "main", "idempotencyKey": "generate" })),
        ("ask", "run", json!({ "question": "What is t0?", "dbProfileIds": [db], "idempotencyKey": "ask" })),
    ];
    let mut first = Vec::new();
    for (verb, field, input) in &requests {
        let given = server.data(&keyed(verb, field), json!({ "input": input })).await["it"][field].take();
        let id = if *field == "runs" { given[0]["id"].clone() } else { given["id"].clone() };
        server.events(id.as_str().unwrap(), 0).await;
        first.push(given);
    }
    let delete = "mutation($id: ID!) { deleteDbProfile(input: { id: $id }) { deletedId } }";
    server.data(delete, json!({ "id": db })).await;
    for ((verb, field, input), given) in requests.iter().zip(first) {
        let again = server.data(&keyed(verb, field), json!({ "input": input })).await["it"][field].take();
        assert_eq!(again, given, "{verb}");
    }
}

fn keyed(verb: &str, field: &str) -> String {
    let input = format!("{}{}Input", verb[..1].to_uppercase(), &verb[1..]);
    format!("mutation($input: {input}!) {{ it: {verb}(input: $input) {{ {field} {{ id }} }} }}")
}

#[tokio::test]
async fn a_profile_that_reaches_several_databases_needs_one_named() {
    let Some(postgres) = crate::services::postgres().await else { return };
    let (_, name) = postgres.fresh_database().await;
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let profile = server.create_db_profile("cluster", &postgres.url_for("postgres", "")).await;
    let query = "query($input: StartRunInput!) { estimateRun(input: $input) { assets } }";
    let error = server.error(query, json!({ "input": { "targets": [{ "dbProfileId": profile }] } })).await;
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
    assert_eq!(error["extensions"]["argument"], "input.targets.0.database", "{error}");
    assert!(error["message"].as_str().unwrap().contains("several databases"), "{error}");
    let input = json!({ "targets": [{ "dbProfileId": profile, "database": name }] });
    assert_eq!(server.data(query, json!({ "input": input })).await["estimateRun"]["assets"], 0);
}
