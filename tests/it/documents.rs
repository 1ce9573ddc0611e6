//! Validation of documents: the server runs exactly those that the specification allows. graphql-core, the reference
//! implementation in Python, gives the verdicts: recorded ones in `documents.json`, and live ones for generated
//! documents if it is installed.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use reqwest::{Client, header};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{harness::Server, services::absent};

/// Number of documents that the reference generates in one test run.
const GENERATED: &str = "400";
/// Maximum time for a refusal, with a large margin for a debug build on a busy machine.
const QUICKLY: Duration = Duration::from_secs(5);

async fn ask(server: &Server, document: &Value) -> Value {
    let mut body = json!({ "query": document["query"] });
    if !document["variables"].is_null() {
        body["variables"] = document["variables"].clone();
    }
    if !document["operation"].is_null() {
        body["operationName"] = document["operation"].clone();
    }
    let request =
        Client::new().post(format!("{}/graphql", server.base)).header(header::CONTENT_TYPE, "application/json");
    serde_json::from_str(&request.body(body.to_string()).send().await.unwrap().text().await.unwrap()).unwrap()
}

/// Checks that the server executes a valid document and refuses an invalid one with a location and a code.
fn agrees(document: &Value, answer: &Value) {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let codes: Vec<&str> = errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap()).collect();
    assert!(!codes.contains(&"INTERNAL"), "{document}: {answer}");
    let valid = answer.get("data").is_some();
    assert_eq!(valid, document["valid"], "{document}: {answer}");
    if !valid {
        let known = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"];
        assert!(codes.iter().all(|code| known.contains(code)), "{document}: {answer}");
        assert!(errors.iter().all(|error| error["message"].as_str().unwrap().len() < 400), "{answer}");
    }
}

#[tokio::test]
async fn recorded_documents_are_judged_as_the_reference_does() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let documents: Vec<Value> = serde_json::from_str(include_str!("documents.json")).unwrap();
    assert!(documents.len() > 100);
    for document in documents {
        // A cached document must get the same verdict.
        for _ in 0..2 {
            agrees(&document, &ask(&server, &document).await);
        }
    }
}

/// Returns a Python interpreter that has graphql-core.
async fn python() -> Option<&'static str> {
    for python in ["target/clients-venv/bin/python", "python3"] {
        let mut command = Command::new(python);
        command.args(["-c", "import graphql"]).stdout(Stdio::null()).stderr(Stdio::null());
        if command.status().await.is_ok_and(|status| status.success()) {
            return Some(python);
        }
    }
    None
}

#[tokio::test]
async fn generated_documents_are_judged_as_the_reference_does() {
    let Some(python) = python().await else {
        absent("graphql-core, the reference for documents (`make test` installs it in target/clients-venv)");
        return;
    };
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let seed = std::env::var("GLOSS_TEST_SEED").unwrap_or_else(|_| "20261128".to_owned());
    let made = Command::new(python).args(["tests/clients/reference.py", "schema.graphql", &seed, GENERATED]).output();
    let made = made.await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (mut valid, mut refused) = (0, 0);
    for line in String::from_utf8(made.stdout).unwrap().lines() {
        let document: Value = serde_json::from_str(line).unwrap();
        let answer = ask(&server, &document).await;
        // The reference has no limits.
        if answer["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED" {
            continue;
        }
        agrees(&document, &answer);
        if document["valid"] == true { valid += 1 } else { refused += 1 }
    }
    assert!(valid > 50 && refused > 50, "{valid} valid, {refused} refused");
}

#[tokio::test]
async fn no_document_makes_validation_slow() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let many = |n: usize, part: &dyn Fn(usize) -> String| (0..n).map(part).collect::<Vec<_>>().join(" ");
    let doubling = "fragment a on Query { ...b ...b } fragment b on Query { ...c ...c } \
                    fragment c on Query { ...d ...d } fragment d on Query { server { version } }";
    let documents = [
        ("one field thousands of times", format!("{{ runs {{ nodes {{ {} }} }} }}", "id ".repeat(4_900))),
        (
            "a selection many times",
            format!("{{ runs {{ nodes {{ {} }} }} }}", "progress { done total } ".repeat(1_200)),
        ),
        ("unknown fields", format!("{{ runs {{ nodes {{ {} }} }} }}", many(4_500, &|n| format!("x{n}")))),
        ("unused variables", format!("query({}) {{ __typename }}", many(2_400, &|n| format!("$v{n}: Int")))),
        ("a directive many times", format!("{{ __typename {} }}", "@include(if: true) ".repeat(1_400))),
        (
            "an input field many times",
            format!("{{ runs(filter: {{ {} }}) {{ totalCount }} }}", "search: \"a\" ".repeat(3_000)),
        ),
        (
            "long lists to compare",
            format!(
                "{{ {} }}",
                many(2, &|_| format!("runs(filter: {{ statuses: [{}] }}) {{ totalCount }}", "FAILED ".repeat(4_900)))
            ),
        ),
        ("operations over a doubling fragment", many(1_100, &|n| format!("query q{n} {{ ...a }}")) + doubling),
        ("operations", many(1_600, &|n| format!("query q{n} {{ __typename }}"))),
        ("a name as long as the body", format!("{{ {} }}", "x".repeat(900_000))),
        ("pairs in pairs", format!("{}id{}", "{ a: node(id: 1) ".repeat(22), " }".repeat(22))),
    ];
    for (what, document) in documents {
        let began = Instant::now();
        let answer = ask(&server, &json!({ "query": document })).await;
        assert!(began.elapsed() < QUICKLY, "{what} took {:?}", began.elapsed());
        assert!(answer.to_string().len() < 5_000, "{what}: {} bytes", answer.to_string().len());
    }
    // The limits apply to the sum of all operations.
    let all = many(1_100, &|n| format!("query q{n} {{ ...a }}")) + doubling;
    let answer = ask(&server, &json!({ "query": all, "operation": "q1" })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{answer}");
}

#[tokio::test]
async fn a_variable_that_is_absent_is_not_null() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let create = "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }";
    let input = json!({ "name": "m", "provider": "OPENAI_COMPATIBLE", "model": "m", "baseUrl": "http://127.0.0.1:9/v1",
        "requestsPerMinute": 7 });
    let made = server.data(create, json!({ "input": input })).await;
    let id = &made["createLlmProfile"]["llmProfile"]["id"];
    let update = "mutation($id: ID!, $name: String, $rate: Int) {
        updateLlmProfile(input: { id: $id, name: $name, requestsPerMinute: $rate }) {
            llmProfile { name requestsPerMinute } } }";
    let told = async |variables: Value| server.data(update, variables).await["updateLlmProfile"]["llmProfile"].take();
    assert_eq!(told(json!({ "id": id })).await, json!({ "name": "m", "requestsPerMinute": 7 }));
    assert_eq!(told(json!({ "id": id, "rate": null })).await, json!({ "name": "m", "requestsPerMinute": null }));
    // Defaults of variables count in conditions, and defaults of arguments count if a variable is absent.
    let query = "query($yes: Boolean = true, $no: Boolean = false, $deprecated: Boolean) {
        server @include(if: $yes) { version @skip(if: $no) }
        __type(name: \"Run\") { fields(includeDeprecated: $deprecated) { name } } }";
    let data = server.data(query, json!({})).await;
    assert!(data["server"]["version"].is_string() && data["__type"]["fields"].is_array(), "{data}");
}

#[tokio::test]
async fn escapes_stand_for_their_characters() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let create = r#"mutation { createLlmProfile(input: { name: "\ud83d\ude00\u{1F600}\u00e9.", provider: BUILTIN,
        model: "m" }) { llmProfile { name } } }"#;
    let made = server.data(create, json!({})).await;
    assert_eq!(made["createLlmProfile"]["llmProfile"]["name"], "😀😀é.");
}

#[tokio::test]
async fn an_error_tells_the_place_and_the_type_but_never_the_value() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let secret = "hunter2-secret";
    let create = "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }";
    for (variables, place) in [
        (json!({ "input": { "name": "x", "url": { "password": secret } } }), "`url`"),
        (json!({ "input": { "name": "x", "url": [secret] } }), "`url`"),
        (json!({ "input": secret }), "`$input`"),
        (json!({ "input": [{ "name": secret }] }), "`$input`"),
        (json!({ "input": { "name": "x", "url": "sqlite:///x", "exclude": [[secret]] } }), "`exclude[0]`"),
    ] {
        let error = server.error(create, variables).await;
        assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{error}");
        assert!(error["message"].as_str().unwrap().contains(place), "{error}");
        assert!(!error.to_string().contains(secret), "{error}");
    }
    for query in [
        "{ runs(first: \"hunter2-secret\") { totalCount } }",
        "{ runs(filter: { startedAfter: \"hunter2-secret\" }) { totalCount } }",
        "{ runs(filter: { kinds: \"hunter2-secret\" }) { totalCount } }",
    ] {
        let error = server.error(query, json!({})).await;
        assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{error}");
        assert!(!error.to_string().contains(secret) && error["locations"][0]["line"] == 1, "{error}");
    }
    // The error names the cause, not only its consequence.
    let error = server.error("{ runs { nodes { nosuch } } }", json!({})).await;
    assert!(error["message"].as_str().unwrap().contains("nosuch"), "{error}");
    let error = server.error("{ runs }", json!({})).await;
    assert!(error["message"].as_str().unwrap().contains("runs"), "{error}");
}

#[tokio::test]
async fn a_text_that_is_searched_for_has_at_most_500_characters() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let demo = server.db_profile("demo").await;
    let (long, enough) = ("é".repeat(501), "é".repeat(500));
    for (query, argument) in [
        ("query($s: String!) { runs(filter: { search: $s }) { totalCount } }", "filter.search"),
        ("query($s: String!) { searchAssets(text: $s) { nodes { why } } }", "text"),
        ("query($s: String!) { appliedComments(filter: { search: $s }) { totalCount } }", "filter.search"),
        (
            "query($s: String!) { runs { nodes { suggestions(filter: { search: $s }) { totalCount } } } }",
            "filter.search",
        ),
        (
            "query($s: String!) { compareRuns(ids: []) { assets(filter: { search: $s }) { totalCount } } }",
            "filter.search",
        ),
        ("query($s: String!) { dbProfiles { databases { schemas { tables(search: $s) { totalCount } } } } }", "search"),
        (
            "query($s: String!) { ...F } fragment F on Query { runs(filter: { search: $s }) { totalCount } }",
            "filter.search",
        ),
    ] {
        let error = server.error(query, json!({ "s": long })).await;
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{query}: {error}");
        assert_eq!(error["extensions"]["argument"], argument, "{query}: {error}");
        assert!(error["message"].as_str().unwrap().contains("500"), "{query}: {error}");
        if !query.contains("compareRuns") {
            server.data(query, json!({ "s": enough })).await;
        }
    }
    let literal = format!("{{ runs(filter: {{ search: \"{long}\" }}) {{ totalCount }} }}");
    assert_eq!(server.error(&literal, json!({})).await["extensions"]["argument"], "filter.search");
    let whole = "query($f: RunFilter) { runs(filter: $f) { totalCount } }";
    let error = server.error(whole, json!({ "f": { "search": long } })).await;
    assert_eq!(error["extensions"]["argument"], "filter.search");
    let review = "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";
    let input = json!({ "runId": demo, "decision": "SKIP", "filter": { "search": long } });
    let error = server.error(review, json!({ "input": input })).await;
    assert_eq!(error["extensions"]["argument"], "input.filter.search", "{error}");
}
