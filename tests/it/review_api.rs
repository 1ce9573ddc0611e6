//! Review, apply, plan, audit, re-runs, drafts and resume through the API of a real server: their results, the
//! refusals with their arguments, and the pages of their lists.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

const REVIEW: &str = "mutation ($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) {
    changed run { number status reviewCounts { unreviewed accepted edited skipped applied } }
    suggestions { id finalText review { state reviewer at text } } } }";
const APPLY: &str =
    "mutation ($input: ApplyRunInput!) { applyRun(input: $input) { total run { id status lastSequence } } }";
const ROLLBACK: &str =
    "mutation ($input: RollbackRunInput!) { rollbackRun(input: $input) { total run { id status lastSequence } } }";
const PLAN: &str = "query ($run: ID!, $ids: [ID!], $rollback: Boolean, $first: Int, $after: String, $last: Int) {
    applyPlan(runId: $run, suggestionIds: $ids, rollback: $rollback, first: $first, after: $after, last: $last) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { status statement before after error { code message } suggestion { id asset { display } } } } }";
const RERUN: &str = "mutation ($input: RerunInput!) { rerun(input: $input) {
    runs { id kind command status scopeSummary parent { id } progress { total }
        options { instructions missingOnly alternatives } llmProfile { name } } } }";
const GENERATE: &str = "mutation ($input: GenerateInput!) { generate(input: $input) {
    runs { id kind command status scopeSummary progress { total } } } }";
const RESUME: &str = "mutation ($input: ResumeRunInput!) { resumeRun(input: $input) { run { id status } } }";

/// A server, a database of two tables, and a run that described both.
struct Reviewed {
    server: Server,
    target: SqliteTarget,
    db: String,
    run: String,
    /// The run's suggestions, by position.
    ids: Vec<String>,
}

impl Reviewed {
    async fn new() -> Self {
        let server = Server::start().await;
        let target = SqliteTarget::new(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE orders (id INTEGER PRIMARY KEY, \
                total REAL);",
        );
        let db = server.create_db_profile("target", &target.url()).await;
        let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
        server.events(&run, 0).await;
        let ids = ids_of(&server, &run).await;
        assert_eq!(ids.len(), 6);
        Self { server, target, db, run, ids }
    }

    async fn refused(&self, query: &str, cases: &[(Value, &str, &str)]) {
        for (input, code, argument) in cases {
            let error = self.server.error(query, json!({ "input": input })).await;
            let extensions = &error["extensions"];
            assert_eq!(extensions["code"], *code, "{input}: {error}");
            assert_eq!(extensions["argument"].as_str().unwrap_or_default(), *argument, "{input}: {error}");
        }
    }

    async fn review(&self, input: Value) -> Value {
        self.server.data(REVIEW, json!({ "input": input })).await["reviewSuggestions"].take()
    }

    /// Starts an apply or a roll-back, waits for its end and returns the number of comments.
    async fn write(&self, mutation: &str, input: Value) -> i64 {
        let data = self.server.data(mutation, json!({ "input": input })).await;
        let payload = data.as_object().unwrap().values().next().unwrap();
        assert_eq!(payload["run"]["status"], "APPLYING");
        let sequence = payload["run"]["lastSequence"].as_i64().unwrap();
        self.server.events(&self.run, sequence).await;
        payload["total"].as_i64().unwrap()
    }

    async fn plan(&self, variables: Value) -> Value {
        let mut variables = variables;
        variables["run"] = json!(self.run);
        self.server.data(PLAN, variables).await["applyPlan"].take()
    }
}

async fn ids_of(server: &Server, run: &str) -> Vec<String> {
    let query = "query ($run: ID!) { run(id: $run) { suggestions(first: 200) { nodes { id } } } }";
    let data = server.data(query, json!({ "run": run })).await;
    let nodes = data["run"]["suggestions"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

fn statuses(outcomes: &Value) -> Vec<&str> {
    outcomes["nodes"].as_array().unwrap().iter().map(|node| node["status"].as_str().unwrap()).collect()
}

/// The global id of a run that does not exist.
const NO_RUN: &str = "UnVuOjk5";
const NO_SUGGESTION: &str = "U3VnZ2VzdGlvbjo5OTk5";

#[tokio::test]
async fn every_argument_at_fault_is_named() {
    let it = Reviewed::new().await;
    let (run, first, second, db) = (&it.run, &it.ids[0], &it.ids[1], &it.db);
    let bad = "BAD_USER_INPUT";
    it.refused(
        REVIEW,
        &[
            (json!({ "decision": "SKIP" }), bad, "input.ids"),
            (json!({ "ids": [], "decision": "SKIP" }), bad, "input.ids"),
            (json!({ "ids": [first], "runId": run, "decision": "SKIP" }), bad, "input.runId"),
            (json!({ "ids": [first], "filter": {}, "decision": "SKIP" }), bad, "input.filter"),
            (json!({ "ids": ["x"], "decision": "SKIP" }), bad, "input.ids.0"),
            (json!({ "ids": [first, run], "decision": "SKIP" }), bad, "input.ids.1"),
            (json!({ "ids": [first, NO_SUGGESTION], "decision": "SKIP" }), "NOT_FOUND", "input.ids.1"),
            (json!({ "runId": NO_RUN, "decision": "SKIP" }), "NOT_FOUND", "input.runId"),
            (json!({ "ids": [first], "decision": "SKIP", "text": "x" }), bad, "input.text"),
            (json!({ "ids": [first], "decision": "RESTORE", "alternative": 0 }), bad, "input.alternative"),
            (json!({ "ids": [first], "decision": "ACCEPT", "alternative": 0, "text": "x" }), bad, "input.text"),
            (json!({ "ids": [first], "decision": "ACCEPT", "alternative": -1 }), bad, "input.alternative"),
            (json!({ "ids": [first], "decision": "ACCEPT", "alternative": 99 }), bad, "input.alternative"),
            (json!({ "ids": [first], "decision": "ACCEPT", "text": " \n " }), bad, "input.text"),
            (json!({ "ids": [first], "decision": "ACCEPT", "text": "a\u{0}b" }), bad, "input.text"),
            (json!({ "ids": [first], "decision": "ACCEPT", "text": "x".repeat(100_000) }), bad, "input.text"),
            (json!({ "ids": [first, second], "decision": "ACCEPT", "text": "x" }), bad, "input.text"),
            (json!({ "runId": run, "decision": "ACCEPT", "text": "x" }), bad, "input.text"),
            (json!({ "ids": [first], "decision": "MAYBE" }), "GRAPHQL_VALIDATION_FAILED", ""),
        ],
    )
    .await;
    for query in [APPLY, ROLLBACK] {
        it.refused(
            query,
            &[
                (json!({ "runId": "x" }), bad, "input.runId"),
                (json!({ "runId": NO_RUN }), "NOT_FOUND", "input.runId"),
                (json!({ "runId": run, "suggestionIds": [] }), bad, "input.suggestionIds"),
                (json!({ "runId": run, "suggestionIds": [NO_SUGGESTION] }), "NOT_FOUND", "input.suggestionIds.0"),
            ],
        )
        .await;
    }
    it.refused(
        APPLY,
        &[(json!({ "runId": run, "suggestionIds": [first, first, second] }), bad, "input.suggestionIds.0")],
    )
    .await;
    it.refused(
        RERUN,
        &[
            (json!({}), bad, "input.suggestionIds"),
            (json!({ "suggestionIds": [] }), bad, "input.suggestionIds"),
            (json!({ "suggestionIds": [first], "runId": run }), bad, "input.runId"),
            (json!({ "suggestionIds": [first, NO_SUGGESTION] }), "NOT_FOUND", "input.suggestionIds.1"),
            (json!({ "runId": NO_RUN }), "NOT_FOUND", "input.runId"),
            (json!({ "runId": run, "llmProfileId": db }), bad, "input.llmProfileId"),
            (json!({ "runId": run, "llmProfileId": "TGxtUHJvZmlsZTo5OQ" }), "NOT_FOUND", "input.llmProfileId"),
            (json!({ "runId": run, "instructions": "x".repeat(4_001) }), bad, "input.instructions"),
            (
                json!({ "runId": run, "instructions": "a", "options": { "instructions": "b" } }),
                bad,
                "input.instructions",
            ),
            (json!({ "runId": run, "options": { "temperature": 3.0 } }), bad, "input.options.temperature"),
            (json!({ "runId": run, "budget": { "maxTokens": 0 } }), bad, "input.budget.maxTokens"),
            (json!({ "runId": run, "idempotencyKey": "" }), bad, "input.idempotencyKey"),
        ],
    )
    .await;
    it.refused(
        GENERATE,
        &[
            (json!({ "dbProfileId": run }), bad, "input.dbProfileId"),
            (json!({ "dbProfileId": "RGJQcm9maWxlOjk5" }), "NOT_FOUND", "input.dbProfileId"),
            (json!({ "dbProfileId": db, "table": "users" }), bad, "input.table"),
            (json!({ "dbProfileId": db, "schema": "main", "column": "id" }), bad, "input.column"),
            (json!({ "dbProfileId": db, "schema": "" }), bad, "input.schema"),
            (json!({ "dbProfileId": db, "budget": { "maxSeconds": -1 } }), bad, "input.budget.maxSeconds"),
        ],
    )
    .await;
    it.refused(
        RESUME,
        &[
            (json!({ "id": "x" }), bad, "input.id"),
            (json!({ "id": NO_RUN }), "NOT_FOUND", "input.id"),
            (json!({ "id": run, "budget": { "maxTokens": 5 }, "removeBudget": true }), bad, "input.removeBudget"),
            (json!({ "id": run, "budget": { "maxTokens": 0 } }), bad, "input.budget.maxTokens"),
            (json!({ "id": run }), "CONFLICT", ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn texts_go_to_the_database_and_back() {
    let it = Reviewed::new().await;
    let accepted = it.review(json!({ "runId": it.run, "decision": "ACCEPT" })).await;
    assert_eq!(accepted["changed"], 6);
    assert_eq!(accepted["suggestions"][0]["review"]["reviewer"], "local");
    let edited =
        it.review(json!({ "ids": [it.ids[0]], "decision": "ACCEPT", "text": "It's \"mine\" 🙂\nreally" })).await;
    assert_eq!(edited["suggestions"][0]["finalText"], "It's \"mine\" 🙂\nreally");
    let counts = it.review(json!({ "ids": [it.ids[5]], "decision": "SKIP" })).await;
    let wanted = json!({ "unreviewed": 0, "accepted": 4, "edited": 1, "skipped": 1, "applied": 0 });
    assert_eq!(counts["run"]["reviewCounts"], wanted);

    let first = it.plan(json!({ "first": 2 })).await;
    assert_eq!(first["totalCount"], 5);
    assert_eq!(statuses(&first), ["PLANNED", "PLANNED"]);
    assert_eq!(first["nodes"][0]["after"], "It's \"mine\" 🙂\nreally");
    assert!(first["nodes"][0]["statement"].as_str().unwrap().contains("It''s"), "{first}");
    let second = it.plan(json!({ "first": 200, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(statuses(&second).len(), 3);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    let last = it.plan(json!({ "last": 1 })).await;
    assert_eq!(last["nodes"][0], second["nodes"][2]);
    let one = it.plan(json!({ "ids": [it.ids[1]] })).await;
    assert_eq!(one["nodes"][0]["suggestion"]["id"], it.ids[1].as_str());

    assert_eq!(it.write(APPLY, json!({ "runId": it.run })).await, 5);
    let query = "query ($run: ID!, $first: Int, $after: String, $statuses: [ApplyStatus!]) {
        run(id: $run) { status reviewCounts { applied }
            applyOutcomes(first: $first, after: $after, filter: { statuses: $statuses }) {
                totalCount pageInfo { hasNextPage endCursor } nodes { status statement before after suggestion {
                    id applied { after rolledBackAt } versions { version } } } } }
        appliedComments(filter: { runId: $run }, first: $first) {
            totalCount pageInfo { hasNextPage endCursor }
            nodes { __typename id at actor before after dbProfileName asset { display } run { id } suggestion { id } } \
            } }";
    let done = it.server.data(query, json!({ "run": it.run, "first": 3 })).await;
    assert_eq!(done["run"]["status"], "SUCCESS");
    assert_eq!(done["run"]["reviewCounts"]["applied"], 5);
    assert_eq!(done["run"]["applyOutcomes"]["totalCount"], 5);
    assert_eq!(statuses(&done["run"]["applyOutcomes"]), ["APPLIED"; 3]);
    let after = &done["run"]["applyOutcomes"]["pageInfo"]["endCursor"];
    let rest = it.server.data(query, json!({ "run": it.run, "after": after, "statuses": ["APPLIED"] })).await;
    assert_eq!(statuses(&rest["run"]["applyOutcomes"]).len(), 2);
    let none = it.server.data(query, json!({ "run": it.run, "statuses": ["CONFLICT"] })).await;
    assert_eq!(none["run"]["applyOutcomes"]["totalCount"], 0);
    let written = &done["appliedComments"];
    assert_eq!((&written["totalCount"], &written["pageInfo"]["hasNextPage"]), (&json!(5), &json!(true)));
    assert_eq!(written["nodes"][0]["actor"], "local");
    assert_eq!(written["nodes"][0]["run"]["id"], it.run.as_str());
    let query_node =
        "query ($id: ID!) { node(id: $id) { __typename id ... on AppliedComment { after dbProfileName } } }";
    let applied = it.server.data(query_node, json!({ "id": written["nodes"][0]["id"] })).await;
    assert_eq!(applied["node"]["__typename"], "AppliedComment");
    assert_eq!(applied["node"]["after"], written["nodes"][0]["after"]);
    let search = "{ appliedComments(filter: { search: \"\\\"MINE\\\"\" }) { totalCount nodes { suggestion { id } } } }";
    let found = it.server.data(search, json!({})).await;
    assert_eq!(found["appliedComments"]["totalCount"], 1);
    assert_eq!(found["appliedComments"]["nodes"][0]["suggestion"]["id"], it.ids[0].as_str());

    // Everything is written: a second apply has nothing to do and does not start.
    let again = it.server.data(APPLY, json!({ "input": { "runId": it.run } })).await;
    assert_eq!(again["applyRun"]["total"], 0);
    assert_eq!(again["applyRun"]["run"]["status"], "SUCCESS");

    it.target.execute("UPDATE gloss_comments SET comment = 'by hand' WHERE comment LIKE '%mine%'");
    let back = it.plan(json!({ "rollback": true })).await;
    assert_eq!(back["totalCount"], 5);
    let conflicts: Vec<&Value> =
        back["nodes"].as_array().unwrap().iter().filter(|node| node["status"] == "CONFLICT").collect();
    assert_eq!(conflicts.len(), 1);
    assert_eq!((&conflicts[0]["before"], &conflicts[0]["after"]), (&json!("by hand"), &Value::Null));
    assert_eq!(conflicts[0]["error"]["code"], "CONFLICT");
    assert_eq!(it.write(ROLLBACK, json!({ "runId": it.run })).await, 5);
    let undone = it.server.data(query, json!({ "run": it.run })).await;
    assert_eq!(undone["run"]["status"], "READY_FOR_REVIEW");
    assert_eq!(undone["run"]["reviewCounts"]["applied"], 1);
    let twice = it.plan(json!({ "rollback": true })).await;
    assert_eq!(statuses(&twice), ["CONFLICT"]);
}

#[tokio::test]
async fn a_plan_of_a_database_out_of_reach_is_null_with_an_error() {
    let it = Reviewed::new().await;
    it.review(json!({ "runId": it.run, "decision": "ACCEPT" })).await;
    std::fs::rename(&it.target.file, it.target.file.with_extension("away")).unwrap();
    let answer = it.server.answer(PLAN, json!({ "run": it.run })).await;
    assert_eq!(answer["data"]["applyPlan"], Value::Null);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    // The parts of the plan that need no access to the database are still available.
    let count = "query ($run: ID!) { applyPlan(runId: $run) { totalCount pageInfo { hasNextPage } } }";
    let count = it.server.data(count, json!({ "run": it.run })).await;
    assert_eq!(count["applyPlan"]["totalCount"], 6);
    let error = it.server.error(PLAN, json!({ "run": NO_RUN })).await;
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["argument"]),
        (&json!("NOT_FOUND"), &json!("runId"))
    );
    let error = it.server.error(PLAN, json!({ "run": it.run, "ids": [NO_SUGGESTION] })).await;
    assert_eq!(error["extensions"]["argument"], "suggestionIds.0");
}

#[tokio::test]
async fn suggestions_are_repeated_and_single_assets_drafted() {
    let it = Reviewed::new().await;
    let other =
        it.server.start_run(json!({ "targets": [{ "dbProfileId": it.server.db_profile("demo").await }] })).await;
    it.server.events(&other, 0).await;
    let of_other = ids_of(&it.server, &other).await;
    let input = json!({
        "suggestionIds": [it.ids[2], of_other[0], it.ids[1]], "instructions": "be brief", "idempotencyKey": "once"
    });
    let data = it.server.data(RERUN, json!({ "input": input })).await;
    let runs = data["rerun"]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!((&runs[0]["kind"], &runs[0]["command"]), (&json!("RERUN"), &json!("RERUN")));
    assert_eq!(runs[0]["parent"]["id"], it.run.as_str());
    assert_eq!(runs[1]["parent"]["id"], other.as_str());
    assert_eq!(runs[0]["progress"]["total"], 2);
    assert_eq!(runs[0]["options"]["instructions"], "be brief");
    assert_eq!(runs[0]["scopeSummary"], "main.orders (2 columns)");
    let repeated = it.server.data(RERUN, json!({ "input": input })).await;
    assert_eq!(repeated["rerun"]["runs"][0]["id"], runs[0]["id"]);
    let mut changed = input.clone();
    changed["instructions"] = json!("be long");
    it.refused(RERUN, &[(changed, "CONFLICT", "")]).await;
    let first = runs[0]["id"].as_str().unwrap();
    it.server.events(first, 0).await;
    let versions = "query ($id: ID!) { node(id: $id) { ... on Suggestion { versions { version run { kind } } } } }";
    let versions = it.server.data(versions, json!({ "id": it.ids[1] })).await;
    let wanted = json!([{ "version": 1, "run": { "kind": "ANALYZE" } }, { "version": 2, "run": { "kind": "RERUN" } }]);
    assert_eq!(versions["node"]["versions"], wanted);

    let whole = json!({ "input": { "runId": it.run, "variations": "LEXICAL" } });
    let whole = it.server.data(RERUN, whole).await["rerun"]["runs"][0].take();
    assert_eq!((&whole["command"], &whole["progress"]["total"]), (&json!("VARIATIONS"), &json!(6)));
    it.server.events(whole["id"].as_str().unwrap(), 0).await;

    for (input, scope) in [
        (json!({ "schema": "main", "table": "users", "column": "email" }), "main.users.email"),
        (json!({ "schema": "main", "table": "users" }), "main.users"),
        (json!({ "schema": "main" }), "main"),
        (json!({}), "everything"),
    ] {
        let mut input = input;
        input["dbProfileId"] = json!(it.db);
        let run = it.server.data(GENERATE, json!({ "input": input })).await["generate"]["runs"][0].take();
        assert_eq!((&run["kind"], &run["progress"]["total"]), (&json!("GENERATE"), &json!(1)));
        assert_eq!(run["scopeSummary"], scope);
        let last = it.server.events(run["id"].as_str().unwrap(), 0).await.pop().unwrap();
        assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    }

    let delete = "mutation ($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    it.server.data(delete, json!({ "ids": [other] })).await;
    it.refused(RERUN, &[(json!({ "suggestionIds": [it.ids[0], of_other[0]] }), "NOT_FOUND", "input.suggestionIds.1")])
        .await;
    it.refused(REVIEW, &[(json!({ "ids": [of_other[0]], "decision": "SKIP" }), "NOT_FOUND", "input.ids.0")]).await;

    // Without its DB profile, a run can be read but neither applied nor redone.
    let gone = "mutation ($id: ID!) { deleteDbProfile(input: { id: $id }) { deletedId } }";
    it.server.data(gone, json!({ "id": it.db })).await;
    it.refused(APPLY, &[(json!({ "runId": it.run }), "CONFLICT", "")]).await;
    it.refused(ROLLBACK, &[(json!({ "runId": it.run }), "CONFLICT", "")]).await;
    it.refused(RERUN, &[(json!({ "runId": it.run }), "CONFLICT", "")]).await;
    it.refused(RESUME, &[(json!({ "id": it.run, "removeBudget": true }), "CONFLICT", "")]).await;
}
