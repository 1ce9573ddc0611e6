//! What the API says in its own terms, in those of the command line.
//!
//! The rule: a message of the API names its arguments, operations and values. A reader at a terminal knows the flags,
//! the commands and the words that the tables show, so these stand in their place. Names of databases stay.

use crate::domain::{schedule::ScheduleStatus, status::RunStatus, suggestion::ReviewState};

/// Parts of messages that read differently as a whole.
const PHRASES: [(&str, &str); 5] = [
    ("set `apiKey` to the key or to `env:NAME`", "give the key with --key-file or --key-env"),
    ("set `apiKey` instead", "give the key with --key-file or --key-env instead"),
    ("with `updateSchedule`", "with `gloss schedule change`"),
    ("with `schedules`", "with `gloss schedule list`"),
    ("set a default with `updateLlmProfile`", "choose one with `gloss profile llm set NAME --default`"),
];

/// Names of the API, as they stand between backticks.
const NAMES: [(&str, &str); 36] = [
    ("alternatives", "--alternatives"),
    ("apiKey", "--key-file"),
    ("applyRun", "gloss history apply"),
    ("baseUrl", "--base-url"),
    ("budget", "--budget-usd"),
    ("cancelRun", "gloss history cancel"),
    ("concurrency", "--concurrency"),
    ("createDbProfile", "gloss profile db add"),
    ("createLlmProfile", "gloss profile llm add"),
    ("cron", "--cron"),
    ("dbProfileIds", "--profile"),
    ("dbProfiles", "gloss profile db list"),
    ("expiresAt", "--expires"),
    ("fireAt", "--at"),
    ("instructions", "--instructions"),
    ("llmProfileId", "--model"),
    ("llmProfiles", "gloss profile llm list"),
    ("maxCostUsd", "--budget-usd"),
    ("maxOutputTokens", "--max-output-tokens"),
    ("missingOnly", "--missing-only"),
    ("onChange", "--on-change"),
    ("overwrite", "--overwrite"),
    ("profileData", "--profile-data"),
    ("removeBudget", "--no-budget"),
    ("replaceComments", "--replace-comments"),
    ("requestsPerMinute", "--rate-limit"),
    ("resumeRun", "gloss history resume"),
    ("resumeSchedule", "gloss schedule resume"),
    ("reviewSuggestions", "gloss history review"),
    ("runScheduleNow", "gloss schedule run"),
    ("sameDatabase", "--same-database"),
    ("sameDatabase: true", "--same-database"),
    ("startRun", "gloss run"),
    ("temperature", "--temperature"),
    ("timeZone", "--time-zone"),
    ("updateDbProfile", "gloss profile db set"),
];

/// Returns a message of the API in the terms of the command line.
#[must_use]
pub fn in_terminal(message: &str) -> String {
    let message = PHRASES.iter().fold(message.to_owned(), |message, (theirs, ours)| message.replace(theirs, ours));
    let mut parts: Vec<&str> = message.split('`').collect();
    // Every second part stands between backticks. One without a second backtick is none.
    let last = parts.len() - 1;
    for part in parts.iter_mut().take(last).skip(1).step_by(2) {
        if let Some((_, ours)) = NAMES.iter().find(|(theirs, _)| *theirs == *part) {
            *part = ours;
        }
    }
    states().fold(parts.join("`"), |message, state| {
        let words = state.to_lowercase().replace('_', " ");
        message.replace(&format!(" is {state}"), &format!(" is {words}"))
    })
}

/// The states that a message may say something is in. A name that begins with another one precedes it.
fn states() -> impl Iterator<Item = &'static str> {
    let runs = RunStatus::ALL.iter().map(|it| it.as_str());
    let schedules = ScheduleStatus::ALL.iter().map(|it| it.as_str());
    let reviews = ReviewState::ALL.iter().map(|it| it.as_str());
    runs.chain(schedules).chain(reviews)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_api_become_flags_commands_and_words() {
        for (message, expected) in [
            (
                "resume with a larger `budget`, or remove it with `removeBudget`",
                "resume with a larger `--budget-usd`, or remove it with `--no-budget`",
            ),
            (
                "with `updateDbProfile`; confirm it with `sameDatabase: true`",
                "with `gloss profile db set`; confirm it with `--same-database`",
            ),
            ("run #3 is READY_FOR_REVIEW; wait", "run #3 is ready for review; wait"),
            ("no key; set `apiKey` to the key or to `env:NAME`", "no key; give the key with --key-file or --key-env"),
            ("there is no table `orderItems` in `removeBudget", "there is no table `orderItems` in `removeBudget"),
            ("", ""),
        ] {
            assert_eq!(in_terminal(message), expected);
        }
    }
}
