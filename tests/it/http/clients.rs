//! Clients of other people's making against the real server, where they are at hand: GraphiQL in a real
//! browser, the audits of GraphQL over HTTP, the clients that applications use. And what GraphiQL's tabs hold,
//! without a browser.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{harness::Server, services::absent};

const NOT_INSTALLED: &str = "the packages of tests/browser are not installed (`make test` installs them)";

/// Whether a package of `tests/browser` is there.
fn installed(package: &str) -> bool {
    Path::new("tests/browser/node_modules").join(package).exists()
}

/// A browser that the script can drive.
fn browser() -> Option<String> {
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(str::to_owned);
    std::env::var("CHROMIUM").into_iter().chain(usual).find(|path| Path::new(path).exists())
}

/// Works in GraphiQL as a person would; says what is missing where that cannot be.
async fn in_graphiql(server: &Server, folder: &str, arguments: &[&str]) -> bool {
    let page = server.get("/graphiql").await.text().await.unwrap();
    let browser = browser();
    let missing = if page.contains("make pages") {
        Some("the pages are not built (`make pages`)")
    } else if !installed("playwright-core") {
        Some(NOT_INSTALLED)
    } else if browser.is_none() {
        Some("Chromium is not installed (`make test` installs it; CHROMIUM names another browser)")
    } else {
        None
    };
    if let Some(what) = missing {
        absent(&format!("GraphiQL in a browser, because {what}"));
        return false;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let mut script = Command::new("node");
    script.arg("tests/browser/graphiql.mjs").arg(&server.base).arg(&folder).args(arguments);
    script.args(["--chromium", &browser.unwrap()]);
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

/// A token in the headers editor opens the door to queries, and over the WebSocket to subscriptions.
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

async fn succeeds(mut command: Command) {
    let output = command.kill_on_drop(true).output().await.unwrap();
    let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{said}");
}

/// Runs a script of `tests/clients` against a fresh server.
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

/// Relay compiles an application against the schema, and the server runs what it compiled and nothing else.
#[tokio::test]
async fn the_relay_compiler_and_what_it_persists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let compiler = folder.join("node_modules/relay-compiler/cli.js");
    if !compiler.exists() {
        return absent("npm relay-compiler is not installed in tests/clients (`make test` installs it)");
    }
    // The compiler wants the sources, the schema and what it writes below one folder.
    let work = tempfile::tempdir().unwrap();
    fs::create_dir_all(work.path().join("src/__generated__")).unwrap();
    fs::copy(folder.join("relay/src/Runs.js"), work.path().join("src/Runs.js")).unwrap();
    fs::copy("schema.graphql", work.path().join("schema.graphql")).unwrap();
    let persisted = work.path().join("persisted.json");
    fs::write(&persisted, "{}").unwrap();
    let config = json!({
        "src": "./src", "schema": "./schema.graphql", "language": "javascript", "artifactDirectory": "./src/__generated__",
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

/// The document of an example tab of GraphiQL, and its variables.
fn example(name: &str) -> (String, Value) {
    let folder = Path::new("playground/src/graphiql/examples");
    let query = fs::read_to_string(folder.join(format!("{name}.graphql"))).unwrap();
    let variables = fs::read_to_string(folder.join(format!("{name}.json")));
    (query, variables.map_or(json!({}), |text| serde_json::from_str(&text).unwrap()))
}

/// A newcomer presses one button after the other and copies nothing.
#[tokio::test]
async fn the_example_tabs_work_as_they_stand() {
    let server = Server::start().await;
    let (query, variables) = example("5-follow-the-list");
    let mut changes = server.subscribe(&query, variables).await.field("runsChanged");

    let (query, variables) = example("1-start-here");
    assert_eq!(server.data(&query, variables).await["dbProfiles"][0]["name"], "demo");
    let (query, variables) = example("2-start-a-run");
    let data = server.data(&query, variables).await;
    assert_eq!(data["startRun"]["runs"][0]["number"], 1);
    let (query, variables) = example("3-watch-a-run");
    let mut run = server.subscribe(&query, variables).await.field("runProgress");
    let mut last = Value::Null;
    while let Some(event) = run.next().await {
        last = event;
    }
    assert_eq!((&last["type"], &last["status"]), (&json!("FINISHED"), &json!("READY_FOR_REVIEW")));
    let (query, variables) = example("4-read-suggestions");
    let data = server.data(&query, variables).await;
    assert!(data["runByNumber"]["suggestions"]["nodes"].as_array().unwrap().len() > 10, "{data}");

    while changes.next().await.unwrap()["run"]["status"] != "READY_FOR_REVIEW" {}

    // A second run, as the tab asks for.
    let demo = server.db_profile("demo").await;
    let second = server.start_run(json!({ "targets": [{ "dbProfileId": demo }] })).await;
    server.events(&second, 0).await;
    let (query, variables) = example("6-compare-runs");
    let data = server.data(&query, variables).await;
    assert!(data["compareRuns"]["assets"]["totalCount"].as_u64().unwrap() > 10, "{data}");
    let tabs = fs::read_dir("playground/src/graphiql/examples").unwrap();
    let tabs = tabs.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|it| it == "graphql")).count();
    assert_eq!(tabs, 6, "each tab has its lines in this test");
}
