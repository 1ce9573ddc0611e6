//! The command `gloss doctor`: examines an installation, and says how to mend what is wrong.
//!
//! The rules: it changes nothing. It examines everything, also after a problem. A message is one line that says what to
//! do. `app/doctor.rs` examines what is on this machine; this file asks the server, or the store in this process.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use clap::Args;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ApiCommand, CliError, Client, Exit, Needs, Output, operation::Operation, output};
use crate::{
    cli::output::Tone,
    domain::{
        clock::{Clock, Moment, SystemClock},
        text::visible,
    },
};

const SERVER: Operation = Operation("{ server { version store } workers { lastSeenAt capacity } }");
const PROFILES: Operation = Operation("{ dbProfiles { id name } llmProfiles { id name } }");
const TEST_DB: Operation =
    Operation("mutation($id: ID!) { test: testDbProfile(input: { id: $id }) { ok latencyMs message } }");
const TEST_LLM: Operation =
    Operation("mutation($id: ID!) { test: testLlmProfile(input: { id: $id }) { ok latencyMs message } }");

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[SERVER, PROFILES, TEST_DB, TEST_LLM];

/// Maximum time for the test of a profile.
const TEST_WITHIN: Duration = Duration::from_secs(15);
/// The largest difference between two clocks that is no warning.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(1);

/// Check the store, its key, the profiles, the clock, the versions and the disk
///
/// Changes nothing. Each finding is ok, a warning or a problem; with a problem, the exit code is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss doctor
  gloss doctor --json
  gloss doctor --server https://gloss.example")]
pub struct Doctor {}

impl ApiCommand for Doctor {
    fn needs(&self) -> Needs {
        Needs::Secrets
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        Ok(print(&examine(client).await, output))
    }
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing to do.
    Ok,
    /// Something to look at.
    Warning,
    /// Something that does not work.
    Problem,
}

/// What was found about one part of the installation.
#[derive(Debug)]
pub struct Finding {
    /// The part: `store`, `DB profile demo`.
    pub subject: String,
    /// How serious it is.
    pub severity: Severity,
    /// What was found and, unless it is ok, what to do.
    pub message: String,
}

impl Finding {
    /// Something that is as it should be.
    pub fn ok(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { subject: subject.into(), severity: Severity::Ok, message: message.into() }
    }

    /// Something to look at.
    pub fn warning(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::ok(subject, message) }
    }

    /// Something that does not work.
    pub fn problem(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Problem, ..Self::ok(subject, message) }
    }

    /// A clock that another moment was compared with; `of` names that moment.
    pub fn clock(other: Moment, of: &str, is_past: bool) -> Self {
        let ahead = other - SystemClock.now();
        let (minutes, is_off) = (ahead.num_minutes().abs(), ahead > CLOCK_TOLERANCE || -ahead > CLOCK_TOLERANCE);
        match (is_off, ahead > TimeDelta::zero()) {
            (true, true) => Self::warning(
                "clock",
                format!("this machine's clock is {minutes} min behind {of}; set both by a time server (NTP)"),
            ),
            (true, false) if !is_past => Self::warning(
                "clock",
                format!("this machine's clock is {minutes} min ahead of {of}; set both by a time server (NTP)"),
            ),
            _ => Self::ok("clock", format!("agrees with {of}")),
        }
    }
}

/// Asks a server, or the store in this process, about itself and its profiles.
pub async fn examine(client: &Client) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(server) = client.server() {
        match client.data(SERVER, json!({})).await {
            Ok(data) => findings.extend(of_server(&server, &data)),
            Err(error) => return vec![Finding::problem("server", error.to_string())],
        }
    }
    let profiles = match client.data(PROFILES, json!({})).await {
        Ok(profiles) => profiles,
        Err(error) => {
            findings.push(Finding::problem("profiles", error.to_string()));
            return findings;
        }
    };
    let list = |field: &str| profiles[field].as_array().cloned().unwrap_or_default();
    let dbs = list("dbProfiles").into_iter().map(|profile| test(client, TEST_DB, "DB profile", profile));
    let llms = list("llmProfiles").into_iter().map(|profile| test(client, TEST_LLM, "LLM profile", profile));
    findings.extend(join_all(dbs).await);
    findings.extend(join_all(llms).await);
    findings
}

fn of_server(server: &str, data: &Value) -> Vec<Finding> {
    let (theirs, ours) = (data["server"]["version"].as_str().unwrap_or_default(), env!("CARGO_PKG_VERSION"));
    let mut findings = vec![if theirs == ours {
        Finding::ok("version", format!("the server at {server} and the command line are Gloss {ours}"))
    } else {
        let message = format!(
            "the server at {server} is Gloss {theirs}, the command line is Gloss {ours}; use the same version for both"
        );
        Finding::warning("version", message)
    }];
    let workers = || data["workers"].as_array().into_iter().flatten();
    let seen = workers().filter_map(|worker| worker["lastSeenAt"].as_str());
    let last = seen.filter_map(|at| DateTime::parse_from_rfc3339(at).ok()).max();
    findings.extend(last.map(|last| Finding::clock(last.to_utc(), "the server's clock", false)));
    if workers().all(|worker| worker["capacity"] == 0) {
        let message = "the server has no workers, so runs stay queued; start it with --workers";
        findings.push(Finding::warning("workers", message));
    }
    findings
}

/// Tests a profile.
async fn test(client: &Client, operation: Operation, kind: &str, profile: Value) -> Finding {
    let subject = format!("{kind} {}", output::text(&profile["name"]));
    let answer = tokio::time::timeout(TEST_WITHIN, client.data(operation, json!({ "id": profile["id"] })));
    match answer.await.map(|answer| answer.map(|mut data| data["test"].take())) {
        Ok(Ok(test)) if test["ok"] == true => Finding::ok(subject, output::message(&test["message"])),
        Ok(Ok(test)) => Finding::problem(subject, output::message(&test["message"])),
        Ok(Err(error)) => Finding::problem(subject, error.to_string()),
        Err(_elapsed) => {
            let seconds = TEST_WITHIN.as_secs();
            let message = format!("no answer within {seconds} s; check its address and the network");
            Finding::problem(subject, message)
        }
    }
}

/// Prints findings. Returns [`Exit::Failure`] if one of them is a problem.
pub fn print(findings: &[Finding], output: Output) -> Exit {
    if output.is_json() {
        let all = findings.iter().map(|finding| {
            let severity = format!("{:?}", finding.severity).to_uppercase();
            json!({ "subject": finding.subject, "severity": severity, "message": finding.message })
        });
        output::document(&all.collect());
    } else {
        for Finding { subject, severity, message } in findings {
            let (word, tone) = match severity {
                Severity::Ok => ("ok     ", Tone::Good),
                Severity::Warning => ("warning", Tone::Busy),
                Severity::Problem => ("problem", Tone::Bad),
            };
            output::line(&format!("{}  {subject}: {}", tone.paint(word), visible(message)));
        }
    }
    let has_problem = findings.iter().any(|finding| finding.severity == Severity::Problem);
    if has_problem { Exit::Failure } else { Exit::Success }
}
