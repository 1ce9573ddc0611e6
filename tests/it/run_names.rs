//! Titles, labels and actors: what users call runs, who started, cancelled and reviewed them, and filters by these.

use serde_json::{Value, json};

use crate::harness::{Live, ScriptedModel, Server, SqliteTarget, llm_input, scripted_model::Script, server_with};

const UPDATE: &str =
    "mutation($input: UpdateRunInput!) { updateRun(input: $input) { run { title labels lastSequence } } }";
const LIST: &str = "query($filter: RunFilter) { runs(filter: $filter) { totalCount nodes { number }
    kindCounts { kind count } statusCounts { status count } } }";

async fn update(server: &Server, input: Value) -> Value {
    server.data(UPDATE, json!({ "input": input })).await["updateRun"]["run"].take()
}

/// Returns the numbers of the matching runs, newest first, after checking the totals.
async fn found(server: &Server, filter: Value) -> Vec<i64> {
    let list = server.data(LIST, json!({ "filter": filter })).await["runs"].take();
    let numbers: Vec<i64> =
        list["nodes"].as_array().unwrap().iter().map(|node| node["number"].as_i64().unwrap()).collect();
    assert_eq!(list["totalCount"], numbers.len(), "{filter}");
    for counts in ["kindCounts", "statusCounts"].into_iter().filter(|_| filter["statuses"].is_null()) {
        let counts: i64 = list[counts].as_array().unwrap().iter().map(|count| count["count"].as_i64().unwrap()).sum();
        assert_eq!(usize::try_from(counts).unwrap(), numbers.len(), "{filter}");
    }
    numbers
}

#[tokio::test]
async fn runs_get_titles_and_labels_and_are_found_by_them() {
    let target = SqliteTarget::with_tables(1, 1);
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let mut ids = Vec::new();
    for _ in 0..11 {
        let id = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
        server.events(&id, 0).await;
        ids.push(id);
    }
    let news =
        "subscription($filter: RunFilter) { runsChanged(filter: $filter) { kind matches run { title labels } } }";
    let filter = json!({ "filter": { "labels": ["prod"] } });
    let mut live: Live = server.subscribe(news, filter).await.field("runsChanged");
    // A subscription is active from its first result on, so the label is changed until one arrives.
    let named = loop {
        update(&server, json!({ "id": ids[0], "labels": [] })).await;
        let named =
            update(&server, json!({ "id": ids[0], "title": "Before the MOVE", "labels": ["prod", "50%", "prod"] }))
                .await;
        if let Ok(Some(change)) = tokio::time::timeout(std::time::Duration::from_millis(200), live.next()).await {
            assert_eq!(change["run"]["title"], "Before the MOVE", "{change}");
            break named;
        }
    };
    assert_eq!((&named["title"], &named["labels"]), (&json!("Before the MOVE"), &json!(["prod", "50%"])));
    // Absent fields stay unchanged; null clears them.
    assert_eq!(update(&server, json!({ "id": ids[0], "title": "After" })).await["labels"], json!(["prod", "50%"]));
    let cleared = update(&server, json!({ "id": ids[0], "labels": null })).await;
    assert_eq!((&cleared["title"], &cleared["labels"]), (&json!("After"), &json!([])));
    let cleared = update(&server, json!({ "id": ids[0], "title": null })).await;
    assert_eq!((&cleared["title"], &cleared["lastSequence"]), (&Value::Null, &named["lastSequence"]));

    update(&server, json!({ "id": ids[0], "title": "Größe: before #11", "labels": ["prod", "eu"] })).await;
    update(&server, json!({ "id": ids[9], "labels": ["eu"] })).await;
    for (filter, numbers) in [
        (json!({ "labels": ["prod"] }), vec![1]),
        (json!({ "labels": ["eu", "prod"] }), vec![10, 1]),
        (json!({ "labels": ["EU"] }), vec![]),
        (json!({ "labels": [] }), vec![]),
        (json!({ "labels": ["eu"], "search": "#10" }), vec![10]),
        (json!({ "search": "GRÖSSE" }), vec![]),
        (json!({ "search": "größe: b" }), vec![1]),
        (json!({ "search": "Prod" }), vec![1]),
        (json!({ "search": "after" }), vec![]),
        (json!({ "search": "#1" }), vec![1]),
        (json!({ "search": " #01 " }), vec![1]),
        (json!({ "search": "#11" }), vec![11]),
        (json!({ "search": "#12" }), vec![]),
        (json!({ "startedBy": ["local"], "labels": ["eu"] }), vec![10, 1]),
        (json!({ "startedBy": ["nobody"] }), vec![]),
        (json!({ "startedBy": [] }), vec![]),
        (json!({ "hasFailures": true }), vec![]),
        (json!({ "hasFailures": false, "labels": ["eu"] }), vec![10, 1]),
    ] {
        assert_eq!(found(&server, filter.clone()).await, numbers, "{filter}");
    }
    // A comparison shows the titles, even if its metrics were stored before.
    let compare = "query($ids: [ID!]!) { compareRuns(ids: $ids) { differences { setting values } } }";
    let differences = server.data(compare, json!({ "ids": [ids[0], ids[9]] })).await;
    let difference = |setting: &str, values: Value| json!({ "setting": setting, "values": values });
    let told = &differences["compareRuns"]["differences"];
    assert!(told.as_array().unwrap().contains(&difference("title", json!(["Größe: before #11", null]))), "{told}");
    assert!(told.as_array().unwrap().contains(&difference("labels", json!(["prod, eu", "eu"]))), "{told}");
    update(&server, json!({ "id": ids[9], "title": "Größe: before #11", "labels": ["prod", "eu"] })).await;
    let differences = server.data(compare, json!({ "ids": [ids[0], ids[9]] })).await;
    assert!(!differences.to_string().contains("title"), "{differences}");

    for (input, argument) in [
        (json!({ "title": "" }), "input.title"),
        (json!({ "title": "x".repeat(201) }), "input.title"),
        (json!({ "title": " x" }), "input.title"),
        (json!({ "title": "a\nb" }), "input.title"),
        (json!({ "title": "a\u{0}b" }), "input.title"),
        (json!({ "labels": ["ok", ""] }), "input.labels.1"),
        (json!({ "labels": ["x".repeat(51)] }), "input.labels.0"),
        (json!({ "labels": (0..21).map(|n| format!("l{n}")).collect::<Vec<_>>() }), "input.labels"),
        (json!({ "id": "nope" }), "input.id"),
    ] {
        let mut given = json!({ "id": ids[0] });
        given.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        let error = server.error(UPDATE, json!({ "input": given })).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": argument }), "{input}: {error}");
    }
    let kept = update(&server, json!({ "id": ids[0], "title": "é".repeat(200), "labels": ["é".repeat(50)] })).await;
    assert_eq!(kept["labels"][0].as_str().unwrap().chars().count(), 50);
    let delete = "mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    server.data(delete, json!({ "ids": [ids[0]] })).await;
    let gone = server.error(UPDATE, json!({ "input": { "id": ids[0], "title": "x" } })).await;
    assert_eq!(gone["extensions"], json!({ "code": "NOT_FOUND", "argument": "input.id" }));
    assert_eq!(found(&server, json!({ "labels": ["prod"] })).await, [10]);
}

/// Runs and events name the caller that acted.
#[tokio::test]
async fn runs_and_events_name_who_acted() {
    let target = SqliteTarget::with_tables(1, 2);
    let model = ScriptedModel::builder().gated().start().await;
    let (server, input) = server_with(&model, &target, &[("GLOSS_WORKERS", "1")]).await;
    let builtin = server.llm_profile("builtin").await;
    let (admin, _) = server.create_token(None, "ann", "ADMIN").await;
    let (operator, _) = server.create_token(Some(&admin), "bob", "OPERATOR").await;
    let (viewer, _) = server.create_token(Some(&admin), "eve", "VIEWER").await;
    let start = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
    let started = async |token: &str, input: &Value| {
        let mut data = server.data_for(token, start, json!({ "input": input })).await;
        data["startRun"]["runs"][0]["id"].take()
    };
    let running = started(&admin, &input).await;
    model.waiting(1).await;
    let queued = started(&operator, &input).await;
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { run { cancelledBy } } }";
    let cancelled = server.data_for(&operator, cancel, json!({ "id": queued })).await;
    assert_eq!(cancelled["cancelRun"]["run"]["cancelledBy"], "bob");
    let cancelled = server.data_for(&operator, cancel, json!({ "id": running })).await;
    assert_eq!(cancelled["cancelRun"]["run"]["cancelledBy"], "bob");
    model.open_gate();
    let query = "query($id: ID!) { run(id: $id) { status startedBy cancelledBy
        events(types: [CREATED, STARTED, CANCEL_REQUESTED, STATUS_CHANGED, APPLIED, FINISHED]) {
            nodes { type actor } } } }";
    let until = async |id: &Value, status: &str| loop {
        let mut run = server.data_for(&admin, query, json!({ "id": id })).await["run"].take();
        if run["status"] == status {
            break run["events"]["nodes"].take().as_array().unwrap().clone().into_iter().fold(
                (run["startedBy"].take(), run["cancelledBy"].take(), Vec::new()),
                |(by, off, mut told), event| {
                    told.push(format!("{} {}", event["type"].as_str().unwrap(), event["actor"]));
                    (by, off, told)
                },
            );
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let (by, off, told) = until(&running, "CANCELLED").await;
    assert_eq!((by, off), (json!("ann"), json!("bob")));
    assert_eq!(told, ["CREATED \"ann\"", "STARTED null", "CANCEL_REQUESTED \"bob\"", "FINISHED null"]);
    let (by, off, told) = until(&queued, "CANCELLED").await;
    assert_eq!((by, off), (json!("bob"), json!("bob")));
    assert_eq!(told, ["CREATED \"bob\"", "CANCEL_REQUESTED \"bob\"", "FINISHED \"bob\""]);

    // Resuming a run clears `cancelledBy`; reviews and applies name their callers.
    let resume = "mutation($id: ID!) { resumeRun(input: { id: $id }) { run { cancelledBy } } }";
    let resumed = server.data_for(&admin, resume, json!({ "id": running })).await;
    assert_eq!(resumed["resumeRun"]["run"]["cancelledBy"], Value::Null);
    until(&running, "READY_FOR_REVIEW").await;
    let review = "mutation($id: ID!) { reviewSuggestions(input: { runId: $id, decision: SKIP }) { changed } }";
    server.data_for(&operator, review, json!({ "id": running })).await;
    let (_, off, told) = until(&running, "SUCCESS").await;
    assert_eq!(off, Value::Null);
    assert_eq!(told[4..], ["STATUS_CHANGED \"ann\"", "FINISHED null", "FINISHED \"bob\""]);
    let mut input = input.clone();
    input["llmProfileId"] = json!(builtin);
    let done = started(&admin, &input).await;
    until(&done, "READY_FOR_REVIEW").await;
    let review = "mutation($id: ID!) { reviewSuggestions(input: { runId: $id, decision: ACCEPT }) { changed } }";
    server.data_for(&admin, review, json!({ "id": done })).await;
    let apply = "mutation($id: ID!) { applyRun(input: { runId: $id }) { total } }";
    server.data_for(&operator, apply, json!({ "id": done })).await;
    let (_, _, told) = until(&done, "SUCCESS").await;
    assert_eq!(told[3..5], ["STATUS_CHANGED \"bob\"", "APPLIED \"bob\""], "{told:?}");

    let filter = "query($by: [String!]) { runs(filter: { startedBy: $by }) { totalCount nodes { startedBy } } }";
    let of_bob = server.data_for(&viewer, filter, json!({ "by": ["bob"] })).await;
    assert_eq!(of_bob["runs"], json!({ "totalCount": 1, "nodes": [{ "startedBy": "bob" }] }));
    let rename = json!({ "input": { "id": done, "title": "x" } });
    let (_, _, refused) = server.ask(Some(&viewer), UPDATE, rename.clone()).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    server.data_for(&operator, UPDATE, rename).await;
    let wanted = "mutation($f: RunFilter!) { cancelRuns(input: { filter: $f, dryRun: true }) { matched cancelled } }";
    let none = server.data_for(&operator, wanted, json!({ "f": { "startedBy": ["ann"] } })).await;
    assert_eq!(none["cancelRuns"], json!({ "matched": 0, "cancelled": 0 }));
}

/// Runs with failed rows are found by the filter, until a resume fixes the rows.
#[tokio::test]
async fn runs_with_failed_rows_are_found() {
    let target = SqliteTarget::with_tables(2, 1);
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let model = ScriptedModel::builder().start().await;
    let mut llm = llm_input(&model.profile());
    llm["concurrency"] = json!(1);
    let llm = server.create_llm_profile(llm).await;
    let input = json!({ "targets": [{ "dbProfileId": db }], "llmProfileId": llm });
    for _ in 0..2 {
        model.answer_next(Script::Text("I am a teapot.".into()));
    }
    let failing = server.start_run(input.clone()).await;
    server.events(&failing, 0).await;
    assert!(server.run(&failing).await["progress"]["failed"].as_i64().unwrap() > 0);
    assert_eq!(found(&server, json!({ "hasFailures": true })).await, [1]);
    assert_eq!(found(&server, json!({ "hasFailures": false })).await, [0_i64; 0]);
    assert_eq!(found(&server, json!({ "hasFailures": true, "statuses": ["SUCCESS"] })).await, [0_i64; 0]);
    let resume = "mutation($id: ID!) { resumeRun(input: { id: $id }) { run { lastSequence } } }";
    let resumed = server.data(resume, json!({ "id": failing })).await;
    server.events(&failing, resumed["resumeRun"]["run"]["lastSequence"].as_i64().unwrap()).await;
    assert_eq!(found(&server, json!({ "hasFailures": true })).await, [0_i64; 0]);
}
