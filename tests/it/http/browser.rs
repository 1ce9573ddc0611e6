//! GraphiQL in a real browser, where Node, Chromium and the built pages are at hand.

use std::path::Path;

use super::toy::Toy;

/// What is missing for the browser, if anything.
async fn missing(toy: &Toy) -> Option<&'static str> {
    let page = toy.get("/graphiql").send().await.unwrap().text().await.unwrap();
    if page.contains("make pages") {
        Some("the pages are not built (`make pages`)")
    } else if !Path::new("tests/browser/node_modules/playwright-core").exists() {
        Some("playwright-core is not installed (`npm ci` in tests/browser)")
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
    let output = tokio::process::Command::new("node")
        .arg("tests/browser/graphiql.mjs")
        .arg(format!("http://{}", toy.address))
        .arg(&folder)
        .args(["--query", "query Greet { hello(name: \"browser\") }", "--answer", "hello browser"])
        .args(["--subscription", "subscription Count { count(to: 7) }", "--event", "\"count\": 7"])
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{said}; screenshots are in {}", folder.display());
}
