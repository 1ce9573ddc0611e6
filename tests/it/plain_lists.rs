//! Plain lists are answered without resolvers by POST only, so the answer to a GET tells what the resolvers say.

use gloss::graphql::Plain;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_oneof},
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::harness::{ScriptedModel, Server, SqliteTarget, llm_input};

/// Fields of runs that a plain list knows.
const FIELDS: &[&str] = &[
    "__typename",
    "id",
    "number",
    "kind",
    "command",
    "status",
    "scopeSummary",
    "dbProfileName",
    "llmProfileName",
    "model",
    "createdAt",
    "startedAt",
    "finishedAt",
    "startedBy",
    "cancelledBy",
    "title",
    "labels",
    "canCancel",
    "lastSequence",
    "again: status",
    "... on Run { number title }",
    "... on Node { id }",
    "... Named",
    "applySeconds",
    "durationSeconds",
    "waiting { reason since __typename }",
    "progress { total done } progress { failed skipped done }",
    "p: progress { __typename done }",
    "usage { inputTokens outputTokens totalTokens costUsd modelSeconds requests retries }",
    "budget { maxCostUsd maxTokens maxSeconds }",
    // What only the resolvers know.
    "options { alternatives }",
    "dbProfile { name }",
    "progress { currentAsset { display } }",
    "skipped: number @skip(if: $yes)",
];

const PARTS: &[&str] = &[
    "__typename",
    "totalCount",
    "kindCounts { kind count }",
    "statusCounts { count status __typename }",
    "pageInfo { hasNextPage }",
    "pageInfo { startCursor hasPreviousPage endCursor __typename }",
    "edges { cursor }",
];

fn some(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(proptest::sample::select(of), 1..6).prop_map(|chosen| chosen.join(" "))
}

fn selection() -> impl Strategy<Value = String> {
    let node = prop_oneof![
        some(FIELDS).prop_map(|fields| format!("nodes {{ {fields} }}")),
        some(FIELDS).prop_map(|fields| format!("edges {{ node {{ {fields} }} cursor }}")),
        some(FIELDS).prop_map(|fields| format!("edges {{ c: cursor __typename node {{ {fields} }} }}")),
    ];
    (vec(node, 0..3), some(PARTS)).prop_map(|(nodes, parts)| format!("{} {parts}", nodes.join(" ")))
}

fn filter() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({ "kinds": ["ANALYZE"] })),
        Just(json!({ "kinds": ["ANALYZE", "RERUN"], "statuses": ["SUCCESS", "READY_FOR_REVIEW", "FAILED"] })),
        Just(json!({ "kinds": [] })),
        Just(json!({ "labels": ["nightly", "no such"] })),
        Just(json!({ "search": "target" })),
        Just(json!({ "search": "#2" })),
        Just(json!({ "hasFailures": false })),
        Just(json!({ "startedAfter": "2020-01-01T00:00:00Z" })),
    ]
}

fn order() -> impl Strategy<Value = Value> {
    let field =
        proptest::sample::select(&["STARTED_AT", "NUMBER", "DURATION", "STATUS", "COMMAND", "MODEL", "DB_PROFILE"][..]);
    let direction = proptest::sample::select(&["ASC", "DESC"][..]);
    prop_oneof![
        Just(Value::Null),
        (field, direction).prop_map(|(field, direction)| json!({ "field": field, "direction": direction })),
    ]
}

/// A server with runs of several kinds, states, titles and labels.
async fn server() -> Server {
    let target = SqliteTarget::with_tables(2, 2);
    let model = ScriptedModel::builder().start().await;
    let server = Server::start().await;
    let profile = server.create_db_profile("target", &target.url()).await;
    let scripted = server.create_llm_profile(llm_input(&model.profile())).await;
    let builtin = server.llm_profile("builtin").await;
    for at in 0..6 {
        let mut input = json!({ "targets": [{ "dbProfileId": profile }], "llmProfileId": builtin });
        if at % 2 == 0 {
            input["llmProfileId"] = json!(scripted);
        }
        if at % 3 == 0 {
            input["budget"] = json!({ "maxTokens": 1_000_000, "maxSeconds": 900 });
        }
        let id = server.start_run(input).await;
        server.events(&id, 0).await;
        let name = "mutation($input: UpdateRunInput!) { updateRun(input: $input) { run { id } } }";
        if at < 3 {
            // The marks of JSON and of PostgreSQL's records and arrays, and characters of several bytes.
            let title = ["A \"title\" \\ with ü\u{202E}", "(1,\"\"\\\\,{😀})", ",)"][at];
            server.data(name, json!({ "input": { "id": id, "title": title, "labels": ["nightly", "a\"b"] } })).await;
        }
        if at == 1 {
            let again = "mutation($id: ID!) { rerun(input: { runId: $id }) { runs { id } } }";
            let again = server.data(again, json!({ "id": id })).await["rerun"]["runs"][0]["id"].clone();
            server.events(again.as_str().unwrap(), 0).await;
        }
    }
    server
}

/// Fields that only the resolvers know.
fn is_left_to_resolvers(selection: &str) -> bool {
    ["options", "dbProfile {", "currentAsset", "@skip"].iter().any(|field| selection.contains(field))
}

fn query(selection: &str, (count, cursor): (&str, &str)) -> String {
    let condition = if selection.contains("$yes") { ", $yes: Boolean = true" } else { "" };
    let fragment = if selection.contains("... Named") { "fragment Named on Run { title labels }" } else { "" };
    format!(
        "query($filter: RunFilter, $order: RunOrder, $size: Int, $cursor: String{condition}) {{ runs(filter: $filter, \
         orderBy: $order, {count}: $size, {cursor}: $cursor) {{ {selection} }} }} {fragment}"
    )
}

fn is_plain(query: &str) -> bool {
    let document = async_graphql::parser::parse_query(query).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    Plain::of(&document, &operation.node).is_some()
}

async fn by_get(server: &Server, query: &str, variables: &Value) -> String {
    let mut url = reqwest::Url::parse("http://gloss/graphql").unwrap();
    url.query_pairs_mut().append_pair("query", query).append_pair("variables", &variables.to_string());
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    server.get(&path).await.text().await.unwrap()
}

async fn by_post(server: &Server, query: &str, variables: &Value) -> String {
    server.answer_text(query, variables).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resolvers_say_the_same() {
    let server = server().await;
    let page = (0..5_i32, proptest::bool::ANY, proptest::option::of(0..8_usize));
    let mut runner = TestRunner::new(Config::default());
    let inputs = (selection(), filter(), order(), page);
    for _ in 0..300 {
        let (selection, filter, order, (size, is_forward, from)) = inputs.new_tree(&mut runner).unwrap().current();
        let query = query(&selection, if is_forward { ("first", "after") } else { ("last", "before") });
        assert_eq!(is_plain(&query), !is_left_to_resolvers(&selection), "{query}");
        let mut variables = json!({ "filter": filter, "order": order, "size": size });
        if let Some(from) = from {
            let cursors = "query($filter: RunFilter, $order: RunOrder) { \
                runs(filter: $filter, orderBy: $order) { edges { cursor } } }";
            let cursor = json!({ "filter": filter, "order": order });
            let all = server.data(cursors, cursor).await;
            variables["cursor"] = all["runs"]["edges"].get(from).map_or(Value::Null, |edge| edge["cursor"].clone());
        }
        let (got, posted) = (by_get(&server, &query, &variables).await, by_post(&server, &query, &variables).await);
        assert!(got.starts_with("{\"data\":{\"runs\":{"), "{query}\n{variables}\n{got}");
        assert_eq!(posted, got, "{query}\n{variables}");
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_in_the_words_of_the_resolvers() {
    let server = Server::start().await;
    let plain = "query($filter: RunFilter, $first: Int, $after: String, $last: Int) { \
        runs(filter: $filter, first: $first, after: $after, last: $last) { nodes { id number title } } }";
    assert!(is_plain(plain));
    for variables in [
        json!({ "first": 201 }),
        json!({ "first": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "after": "nonsense" }),
        json!({ "filter": { "parentRunId": "nonsense" } }),
        json!({ "filter": { "search": "x".repeat(501) } }),
        json!({ "filter": { "kinds": ["NONE"] } }),
        json!({ "first": "many" }),
    ] {
        let (got, posted) = (by_get(&server, plain, &variables).await, by_post(&server, plain, &variables).await);
        assert!(got.contains("\"errors\""), "{variables}\n{got}");
        assert_eq!(posted, got, "{variables}");
    }
    let many: Vec<String> = (0..45).map(|at| format!("a{at}: progress {{ done failed skipped total }}")).collect();
    let many = many.join(" ");
    let costly = format!("{{ runs(first: 200) {{ nodes {{ {many} }} }} }}");
    assert!(is_plain(&costly));
    let (got, posted) = (by_get(&server, &costly, &json!({})).await, by_post(&server, &costly, &json!({})).await);
    assert!(got.contains("LIMIT_EXCEEDED"), "{got}");
    assert_eq!(posted, got);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_of_a_search_follow_the_runs() {
    let server = Server::start().await;
    let target = SqliteTarget::with_tables(1, 1);
    let profile = server.create_db_profile("target", &target.url()).await;
    let counts = async || {
        let counts = "totalCount kindCounts { kind count } statusCounts { status count }";
        let query = format!(
            "query($labels: [String!]) {{ all: runs {{ {counts} }} found: runs(filter: {{ search: \"target\" }}) {{ \
             {counts} }} labelled: runs(filter: {{ labels: $labels }}) {{ {counts} }} }}"
        );
        let counted = server.data(&query, json!({ "labels": ["nightly", "daily"] })).await;
        // All runs have the text and a label.
        assert_eq!(counted["found"], counted["all"]);
        assert_eq!(counted["labelled"], counted["all"]);
        counted["all"]["totalCount"].clone()
    };
    assert_eq!(counts().await, 0);
    let mut runs = Vec::new();
    for at in 1..4 {
        let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
        server.events(&run, 0).await;
        let label = "mutation($id: ID!, $labels: [String!]) { updateRun(input: { id: $id, labels: $labels }) { run { \
                     id } } }";
        server.data(label, json!({ "id": run, "labels": ["nightly", "daily"] })).await;
        assert_eq!(counts().await, at);
        runs.push(run);
    }
    let skip = "mutation($id: ID!) { reviewSuggestions(input: { runId: $id, decision: SKIP }) { __typename } }";
    server.data(skip, json!({ "id": runs[0] })).await;
    assert_eq!(counts().await, 3);
    let delete = "mutation($id: ID!) { deleteRuns(input: { ids: [$id] }) { deletedIds } }";
    server.data(delete, json!({ "id": runs[1] })).await;
    assert_eq!(counts().await, 2);
}
