//! Runs the scripts of `tests/browser`, which drive a real browser against a server.

use std::path::Path;

use tokio::process::Command;

use super::Server;
use crate::services::absent;

/// The reason for skipping tests if the packages of `tests/browser` are missing.
pub const NOT_INSTALLED: &str = "the packages of tests/browser are not installed (`make test` installs them)";

/// Returns whether a package of `tests/browser` is installed.
pub fn installed(package: &str) -> bool {
    Path::new("tests/browser/node_modules").join(package).exists()
}

/// Returns the path of a browser that the scripts can drive.
fn browser() -> Option<String> {
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(str::to_owned);
    std::env::var("CHROMIUM").into_iter().chain(usual).find(|path| Path::new(path).exists())
}

/// Returns a browser that can open the pages of this server. If there is none, reports what is missing.
pub async fn browser_for(server: &Server, what: &str) -> Option<String> {
    let page = server.get("/graphiql").await.text().await.unwrap();
    let browser = browser();
    let missing = if page.contains("make pages") {
        "the pages are not built (`make pages`)"
    } else if !installed("playwright-core") || !installed("axe-core") {
        NOT_INSTALLED
    } else if browser.is_none() {
        "Chromium is not installed (`make test` installs it; CHROMIUM names another browser)"
    } else {
        return browser;
    };
    absent(&format!("{what} in a browser, because {missing}"));
    None
}

/// Runs a script, which must succeed.
pub async fn succeeds(mut command: Command) {
    let output = command.kill_on_drop(true).output().await.unwrap();
    let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{said}");
}
