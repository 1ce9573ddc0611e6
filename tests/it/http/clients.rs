//! Clients of other people's making, where they are at hand: GraphiQL in a real browser, the audits of
//! GraphQL over HTTP.

use std::path::Path;

use tokio::process::Command;

use super::toy::Toy;

const NOT_INSTALLED: &str = "the packages of tests/browser are not installed (`npm ci` there)";

/// What is missing for the browser, if anything.
async fn missing(toy: &Toy) -> Option<&'static str> {
    let page = toy.get("/graphiql").send().await.unwrap().text().await.unwrap();
    if page.contains("make pages") {
        Some("the pages are not built (`make pages`)")
    } else if !Path::new("tests/browser/node_modules/playwright-core").exists() {
        Some(NOT_INSTALLED)
    } else if !Path::new("/usr/bin/chromium").exists() {
        Some("Chromium is not installed (`apt-get install chromium`)")
    } else {
        None
    }
}

#[tokio::test]
async fn a_query_and_a_subscription_in_graphiql() {
    let toy = Toy::start().await;
    if let Some(what) = missing(&toy).await {
        eprintln!("SKIPPED: GraphiQL in a browser, because {what}");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graphiql");
    let mut browser = Command::new("node");
    browser.arg("tests/browser/graphiql.mjs").arg(toy.url("/")).arg(&folder);
    browser.args(["--query", "query Greet { hello(name: \"browser\") }", "--answer", "hello browser"]);
    browser.args(["--subscription", "subscription Count { count(to: 7) }", "--event", "\"count\": 7"]);
    succeeds(browser).await;
}

#[tokio::test]
async fn the_audits_of_graphql_over_http() {
    let toy = Toy::start().await;
    if !Path::new("tests/browser/node_modules/graphql-http").exists() {
        eprintln!("SKIPPED: the audits of GraphQL over HTTP, because {NOT_INSTALLED}");
        return;
    }
    let mut audit = Command::new("node");
    audit.arg("tests/browser/audit.mjs").arg(toy.url("/")).args(["subscription { count(to: 3) }", "3"]);
    succeeds(audit).await;
}

async fn succeeds(mut command: Command) {
    let output = command.kill_on_drop(true).output().await.unwrap();
    let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{said}");
}
