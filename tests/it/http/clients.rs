//! Third-party clients against the real server, if they are installed: GraphiQL in a real browser, the audits of
//! GraphQL over HTTP, and client libraries. Also the contents of GraphiQL's tabs, without a browser.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    harness::{
        Server,
        browser::{NOT_INSTALLED, browser_for, installed, succeeds},
    },
    services::absent,
};

/// Runs a script in GraphiQL. Reports what is missing and returns `false` if no browser can be driven.
async fn in_graphiql(server: &Server, folder: &str, arguments: &[&str]) -> bool {
    let Some(browser) = browser_for(server, "GraphiQL").await else {
        return false;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let mut script = Command::new("node");
    script.arg("tests/browser/graphiql.mjs").arg(&server.base).arg(&folder).args(arguments);
    script.args(["--chromium", &browser]);
    succeeds(script).await;
    true
}

#[tokio::test]
async fn a_first_run_in_graphiql() {
    let server = Server::start().await;
    let query = ["--query", "query Try { server { version } }", "--answer", env!("CARGO_PKG_VERSION"), "--demo"];
    if in_graphiql(&server, "graphiql", &query).await {
        let data = server.data("{ runs { nodes { number status dbProfile { name } } } }", json!({})).await;
        let run = json!({ "number": 1, "status": "READY_FOR_REVIEW", "dbProfile": { "name": "demo" } });
        assert_eq!(data["runs"]["nodes"], json!([run]));
    }
}

/// A token in the headers editor authenticates queries, and subscriptions over the WebSocket.
#[tokio::test]
async fn graphiql_with_a_token() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    server.events(&run, 0).await;
    let (token, _) = server.create_token(None, "reader", "VIEWER").await;
    let subscription = format!("subscription Watch {{ runProgress(runId: {run:?}) {{ type }} }}");
    let arguments = [
        ["--query", "query Who { viewer { name role } }"],
        ["--answer", "\"reader\""],
        ["--subscription", &subscription],
        ["--event", "\"FINISHED\""],
        ["--token", &token],
    ];
    in_graphiql(&server, "graphiql-token", &arguments.concat()).await;
}

#[tokio::test]
async fn the_audits_of_graphql_over_http() {
    if !installed("graphql-http") {
        return absent(&format!("the audits of GraphQL over HTTP, because {NOT_INSTALLED}"));
    }
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    let events = server.events(&run, 0).await.len();
    let subscription = format!("subscription {{ runProgress(runId: {run:?}) {{ sequence }} }}");
    let mut audit = Command::new("node");
    audit.arg("tests/browser/audit.mjs").args([&server.base, &subscription, &events.to_string()]);
    succeeds(audit).await;
}

/// Runs a script of `tests/clients` against a new server.
async fn client(script: &str, packages: &[&str], environment: &[(&str, &str)]) {
    let folder = Path::new("tests/clients");
    if let Some(package) = packages.iter().find(|package| !folder.join("node_modules").join(package).exists()) {
        return absent(&format!("npm {package} is not installed in tests/clients (`make test` installs it)"));
    }
    let server = Server::start_with(environment).await;
    let mut command = Command::new("node");
    command.arg(folder.join(script)).arg(&server.base);
    succeeds(command).await;
}

#[tokio::test]
async fn the_client_graphql_ws() {
    client("graphql-ws.mjs", &["graphql-ws", "ws"], &[]).await;
}

#[tokio::test]
async fn the_client_graphql_sse() {
    client("graphql-sse.mjs", &["graphql-sse"], &[]).await;
}

#[tokio::test]
async fn the_client_apollo() {
    client("apollo.mjs", &["@apollo/client", "graphql-ws", "ws"], &[("GLOSS_MAX_BATCH", "10")]).await;
}

#[tokio::test]
async fn the_client_urql() {
    client("urql.mjs", &["@urql/core", "graphql-ws", "ws"], &[]).await;
}

/// Relay compiles an application against the schema, and the server runs exactly the compiled documents.
#[tokio::test]
async fn the_relay_compiler_and_what_it_persists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let compiler = folder.join("node_modules/relay-compiler/cli.js");
    if !compiler.exists() {
        return absent("npm relay-compiler is not installed in tests/clients (`make test` installs it)");
    }
    // The compiler requires the sources, the schema and its output in one folder.
    let work = tempfile::tempdir().unwrap();
    fs::create_dir_all(work.path().join("src/__generated__")).unwrap();
    fs::copy(folder.join("relay/src/Runs.js"), work.path().join("src/Runs.js")).unwrap();
    fs::copy("schema.graphql", work.path().join("schema.graphql")).unwrap();
    let persisted = work.path().join("persisted.json");
    fs::write(&persisted, "{}").unwrap();
    let config = json!({
        "src": "./src", "schema": "./schema.graphql", "language": "javascript",
            "artifactDirectory": "./src/__generated__",
        "eagerEsModules": true, "persistConfig": { "file": "./persisted.json", "algorithm": "SHA256" },
    });
    fs::write(work.path().join("relay.config.json"), config.to_string()).unwrap();
    let mut compile = Command::new("node");
    compile.arg(&compiler).args(["--noWatchman", "relay.config.json"]).current_dir(work.path());
    succeeds(compile).await;
    let written = fs::read_dir(work.path().join("src/__generated__")).unwrap().count();
    assert!(written >= 7, "{written} artifacts");

    let persisted = persisted.to_str().unwrap();
    let server = Server::start_with(&[("GLOSS_TRUSTED_DOCUMENTS", persisted)]).await;
    let mut script = Command::new("node");
    script.arg(folder.join("relay.mjs")).args([&server.base, persisted]);
    succeeds(script).await;
}

#[tokio::test]
async fn the_client_gql_of_python() {
    let python = Path::new("target/clients-venv/bin/python");
    let at_hand = std::process::Command::new(python).args(["-c", "import gql, aiohttp, websockets"]).status();
    if !at_hand.is_ok_and(|status| status.success()) {
        return absent("Python's gql is not installed in target/clients-venv (`make test` installs it)");
    }
    let server = Server::start().await;
    let mut command = Command::new(python);
    command.arg("tests/clients/python_gql.py").arg(&server.base);
    succeeds(command).await;
}

/// Returns the document and variables of an example tab of GraphiQL. As on the page, `ids` replace the placeholders.
fn example(name: &str, ids: &[(&str, &Value)]) -> (String, Value) {
    let folder = Path::new("playground/src/graphiql/examples");
    let query = fs::read_to_string(folder.join(format!("{name}.graphql"))).unwrap();
    let mut variables = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap_or_else(|_| "{}".to_owned());
    for (word, id) in ids {
        variables = variables.replace(&json!(word).to_string(), &id.to_string());
    }
    (query, serde_json::from_str(&variables).unwrap())
}

/// A new user runs the tabs one after the other without copying anything.
#[tokio::test]
async fn the_example_tabs_work_as_they_stand() {
    let server = Server::start().await;
    let (query, variables) = example("11-follow-the-list", &[]);
    let mut changes = server.subscribe(&query, variables).await.field("runsChanged");
    let told = async |name: &str, ids: &[(&str, &Value)]| {
        let (query, variables) = example(name, ids);
        server.data(&query, variables).await
    };
    assert_eq!(told("1-start-here", &[]).await["dbProfiles"][0]["name"], "demo");
    // Tabs that need no run work before there is one.
    assert_eq!(told("4-read-suggestions", &[]).await["runs"]["nodes"], json!([]));
    assert_eq!(told("10-read-answers", &[]).await["askSessions"]["nodes"], json!([]));
    assert!(!told("8-search", &[]).await["searchAssets"]["nodes"].as_array().unwrap().is_empty());

    let started = told("2-start-a-run", &[]).await["startRun"]["runs"][0].take();
    assert_eq!(started["number"], 1);
    let newest = [("newest run", &started["id"]), ("newest analysis", &started["id"])];
    let (query, variables) = example("3-watch-a-run", &newest);
    let mut run = server.subscribe(&query, variables).await.field("runProgress");
    let mut last = Value::Null;
    while let Some(event) = run.next().await {
        last = event;
    }
    assert_eq!((&last["type"], &last["status"]), (&json!("FINISHED"), &json!("READY_FOR_REVIEW")));
    let found = told("4-read-suggestions", &[]).await["runs"]["nodes"][0].take();
    assert!(found["suggestions"]["nodes"].as_array().unwrap().len() > 10, "{found}");
    while changes.next().await.unwrap()["run"]["status"] != "READY_FOR_REVIEW" {}

    let reviewed = told("5-review", &newest).await["reviewSuggestions"].take();
    assert!(reviewed["changed"].as_u64().unwrap() > 0, "{reviewed}");
    let applied = told("6-apply", &newest).await["applyRun"].take();
    assert_eq!(applied["total"], reviewed["changed"], "{applied}");
    assert!(told("7-cancel", &newest).await["cancelRun"]["outcome"].is_string());
    let asked = told("9-ask", &[]).await["ask"].take();
    server.events(asked["run"]["id"].as_str().unwrap(), 0).await;
    let answered = told("10-read-answers", &[]).await["askSessions"]["nodes"][0]["turns"]["nodes"][0].take();
    assert_eq!(answered["question"], asked["turn"]["question"]);
    assert!(answered["answer"].is_string(), "{answered}");

    // The comparison tab needs a second run.
    let demo = server.db_profile("demo").await;
    let second = json!(server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await);
    server.events(second.as_str().unwrap(), 0).await;
    let both = [("newest analysis", &second), ("analysis before", &started["id"])];
    let data = told("12-compare-runs", &both).await;
    assert!(data["compareRuns"]["assets"]["totalCount"].as_u64().unwrap() > 10, "{data}");
    let tabs = fs::read_dir("playground/src/graphiql/examples").unwrap();
    let tabs = tabs.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|it| it == "graphql")).count();
    assert_eq!(tabs, 12, "each tab has its lines in this test");
}

/// The tabs work in any order, even on an empty store, and the editor underlines nothing in them.
#[tokio::test]
async fn graphiql_s_tabs_work_in_any_order() {
    let server = Server::start().await;
    let tabs = "CompareRuns,WatchRun,Review,Apply,Cancel,ReadSuggestions,Search,ReadAnswers,Ask,StartHere,StartRun,\
                WatchRun,ReadSuggestions,Review,Apply,Cancel,StartRun,WatchRun,CompareRuns,FollowTheList";
    in_graphiql(&server, "graphiql-tabs", &["--tabs", tabs]).await;
}

/// A user who needs a token signs in on the page, which does not store the token; the tabs then work with the session
/// alone.
#[tokio::test]
async fn graphiql_signs_in_and_out() {
    let server = Server::start().await;
    let (token, _) = server.create_token(None, "root", "ADMIN").await;
    let tabs = "WatchRun,StartRun,WatchRun,Review,FollowTheList";
    let query = "query Who { viewer { name role } }";
    let arguments = ["--sign-in", &token, "--query", query, "--answer", "\"root\"", "--tabs", tabs];
    in_graphiql(&server, "graphiql-session", &arguments).await;
}
