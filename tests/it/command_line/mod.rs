//! The commands of the command line, as people and scripts use them.

mod again;
mod coverage;
mod dbt;
mod demo;
mod doctor;
mod every;
mod export;
mod help;
mod history;
mod import;
mod profiles;
mod pty;
mod refusals;
mod review;
mod runs;
mod schedules;
mod shell;
mod terminal;
mod usage;

use std::path::Path;

use gloss::cli::Exit;
use serde_json::Value;

use crate::cli::gloss;

/// What a command printed, and its exit code.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Returns the JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("not JSON: {}\n{}", self.stdout, self.stderr))
    }

    /// Returns the JSON documents on standard output, one a line.
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }
}

/// Runs a command that must end with this exit code.
pub async fn ends(data: &Path, arguments: &[&str], exit: Exit) -> Ended {
    ends_with(data, arguments, &[], exit).await
}

/// Runs a command with these environment variables that must end with this exit code.
pub async fn ends_with(data: &Path, arguments: &[&str], environment: &[(&str, &str)], exit: Exit) -> Ended {
    let output = gloss(data, arguments, environment).await;
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let ended = Ended { code: output.status.code(), stdout, stderr };
    assert_eq!(ended.code, Some(exit.number().into()), "{arguments:?}: {}\n{}", ended.stdout, ended.stderr);
    ended
}

/// Checks that events have consecutive sequence numbers from `first`, and end with FINISHED.
pub fn is_gapless(events: &[Value], first: usize) {
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + first, "{event:#}");
    }
    assert_eq!(events.last().unwrap()["type"], "FINISHED");
}
