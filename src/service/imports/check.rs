//! Checks everything of an import that needs no look-up.

use std::collections::HashSet;

use super::input::{ImportRuns, RunToImport, SuggestionToImport};
use crate::domain::{
    Error, Result,
    asset::{AssetKind, AssetPath},
    clock::Moment,
    review::{MAX_TEXT, check_text},
    run::NamingChange,
    scope::RunScope,
    status::{RunCommand, RunStatus},
    suggestion::ReviewState,
    usage::Usage,
};

/// Maximum number of runs in one import.
const MAX_RUNS: usize = 100;
/// Maximum number of suggestions in one import, over all its runs.
const MAX_ROWS: usize = 1_000;
/// Maximum number of alternatives of a suggestion.
const MAX_ALTERNATIVES: usize = 20;
/// Maximum number of pieces of evidence of a suggestion, and of its writes.
const MAX_PARTS: usize = 100;
/// Maximum length of a key, a name or another text in one line, in characters.
const MAX_LINE: usize = 200;
/// Maximum length of the name of a schema, table or column, in characters.
const MAX_NAME: usize = 1_000;

/// Checks an import.
///
/// # Errors
/// Returns `BadInput` with the path of the argument at fault.
pub fn check(input: &ImportRuns) -> Result<()> {
    check_line(&input.source, "input.source")?;
    let count = input.runs.len();
    if !(1..=MAX_RUNS).contains(&count) {
        return Err(Error::bad_input("input.runs", format!("{count} runs were given; pass 1 to {MAX_RUNS} at a time")));
    }
    let rows: usize = input.runs.iter().map(|run| run.suggestions.len()).sum();
    if rows > MAX_ROWS {
        let message = format!("the runs have {rows} suggestions; pass at most {MAX_ROWS} at a time");
        return Err(Error::bad_input("input.runs", message));
    }
    let mut keys = HashSet::new();
    for (at, run) in input.runs.iter().enumerate() {
        let argument = format!("input.runs.{at}");
        check_run(run, &argument)?;
        if !keys.insert(&run.key) {
            let message = "another run of this import has the same key; pass all suggestions of a run together";
            return Err(Error::bad_input(format!("{argument}.key"), message));
        }
    }
    Ok(())
}

fn check_run(run: &RunToImport, argument: &str) -> Result<()> {
    let bad = |field: &str, message: String| Err(Error::bad_input(format!("{argument}.{field}"), message));
    check_line(&run.key, &format!("{argument}.key"))?;
    let lines = [
        ("dbProfileName", &run.db_profile_name),
        ("llmProfileName", &run.llm_profile_name),
        ("model", &run.model),
        ("repeats", &run.repeats),
    ];
    for (field, line) in lines {
        line.iter().try_for_each(|line| check_line(line, &format!("{argument}.{field}")))?;
    }
    if matches!(run.command, RunCommand::Ask | RunCommand::Judge) {
        return bad("command", "only runs that describe assets can be imported; leave this run out".to_owned());
    }
    if !matches!(run.status, RunStatus::ReadyForReview | RunStatus::Success | RunStatus::Failed | RunStatus::Cancelled)
    {
        let message = format!("{} is no status of an ended run; import the run when it has ended", run.status.as_str());
        return bad("status", message);
    }
    check_long(run.error.as_deref(), &format!("{argument}.error"))?;
    let naming = NamingChange { title: Some(run.title.clone()), labels: Some(Some(run.labels.clone())) };
    naming.checked().map_err(|error| match error {
        Error::BadInput { argument: path, message } => Error::bad_input(path.replacen("input", argument, 1), message),
        other => other,
    })?;
    RunScope { schemas: run.schemas.clone(), ..RunScope::default() }.validate(argument)?;
    check_moment(run.started_at, &format!("{argument}.startedAt"))?;
    run.finished_at.iter().try_for_each(|at| check_moment(*at, &format!("{argument}.finishedAt")))?;
    if run.finished_at.is_some_and(|end| end < run.started_at) {
        return bad("finishedAt", "the run ended before it started; correct one of the times".to_owned());
    }
    if run.duration_seconds.is_some_and(|seconds| !(0.0..=1e9).contains(&seconds)) {
        return bad("durationSeconds", "pass a number of seconds from 0 to 1,000,000,000, or omit it".to_owned());
    }
    let Usage { input_tokens, output_tokens, cost_usd, model_ms, requests, retries, .. } = run.usage;
    let numbers = [input_tokens, output_tokens, model_ms, requests.into(), retries.into()];
    if numbers.iter().any(|number| *number < 0) || cost_usd.is_some_and(|cost| !(cost.is_finite() && cost >= 0.0)) {
        return bad("usage", "a number of the usage is negative or no number; pass 0 or more".to_owned());
    }
    let mut positions = HashSet::new();
    for (at, suggestion) in run.suggestions.iter().enumerate() {
        let argument = format!("{argument}.suggestions.{at}");
        check_suggestion(suggestion, &argument)?;
        if !positions.insert(suggestion.position) {
            let message = format!("another suggestion of this run has the position {}", suggestion.position);
            return Err(Error::bad_input(format!("{argument}.position"), message));
        }
    }
    Ok(())
}

fn check_suggestion(suggestion: &SuggestionToImport, argument: &str) -> Result<()> {
    let bad = |field: &str, message: String| Err(Error::bad_input(format!("{argument}.{field}"), message));
    if suggestion.position < 1 {
        return bad("position", format!("the position is {}; count from 1", suggestion.position));
    }
    check_asset(&suggestion.asset, &format!("{argument}.asset"))?;
    let count = suggestion.alternatives.len();
    if !(1..=MAX_ALTERNATIVES).contains(&count) {
        return bad("alternatives", format!("{count} alternatives were given; pass 1 to {MAX_ALTERNATIVES}"));
    }
    for (at, alternative) in suggestion.alternatives.iter().enumerate() {
        check_text(&alternative.text, &format!("{argument}.alternatives.{at}.text"))?;
        if !(0.0..=1.0).contains(&alternative.confidence) {
            return bad(&format!("alternatives.{at}.confidence"), "pass a number from 0 to 1".to_owned());
        }
    }
    if suggestion.logprob.is_some_and(|logprob| !logprob.is_finite()) {
        return bad("logprob", "pass a number, or omit it".to_owned());
    }
    check_long(suggestion.reasoning.as_deref(), &format!("{argument}.reasoning"))?;
    check_long(suggestion.existing_comment.as_deref(), &format!("{argument}.existingComment"))?;
    if suggestion.evidence.len() > MAX_PARTS || suggestion.writes.len() > MAX_PARTS {
        return bad("evidence", format!("pass at most {MAX_PARTS} pieces of evidence and {MAX_PARTS} writes"));
    }
    for (at, evidence) in suggestion.evidence.iter().enumerate() {
        check_line(&evidence.source, &format!("{argument}.evidence.{at}.source"))?;
        check_long(Some(&evidence.detail), &format!("{argument}.evidence.{at}.detail"))?;
    }
    let review = format!("{argument}.review");
    suggestion.reviewer.iter().try_for_each(|name| check_line(name, &format!("{review}.reviewer")))?;
    suggestion.reviewed_at.iter().try_for_each(|at| check_moment(*at, &format!("{review}.at")))?;
    match (suggestion.state, &suggestion.text) {
        (ReviewState::Edited, None) => return bad("review.text", "EDITED needs the reviewer's text".to_owned()),
        (ReviewState::Accepted, Some(text)) if suggestion.alternatives.iter().all(|it| it.text != *text) => {
            return bad("review.text", "no alternative has this text; pass EDITED for the reviewer's own".to_owned());
        }
        (ReviewState::Accepted | ReviewState::Edited, Some(text)) => check_text(text, &format!("{review}.text"))?,
        (_, Some(_)) => return bad("review.text", "`text` requires ACCEPTED or EDITED; omit it".to_owned()),
        _ => {}
    }
    if let Some(place) = &suggestion.repeats {
        check_line(&place.run, &format!("{argument}.repeats.runKey"))?;
    }
    for (at, write) in suggestion.writes.iter().enumerate() {
        let argument = format!("{argument}.writes.{at}");
        check_moment(write.at, &format!("{argument}.at"))?;
        check_text(&write.after, &format!("{argument}.after"))?;
        check_long(write.before.as_deref(), &format!("{argument}.before"))?;
        write.actor.iter().try_for_each(|name| check_line(name, &format!("{argument}.actor")))?;
    }
    Ok(())
}

/// Checks that a path has the parts of its kind, and no others.
fn check_asset(path: &AssetPath, argument: &str) -> Result<()> {
    let depth = match path.kind {
        AssetKind::Database => 0,
        AssetKind::Schema => 1,
        AssetKind::Table | AssetKind::View | AssetKind::MaterializedView => 2,
        AssetKind::Column => 3,
    };
    let parts = [("schema", &path.schema), ("table", &path.table), ("column", &path.column)];
    for (at, (field, part)) in parts.into_iter().enumerate() {
        if part.is_some() != (at < depth) {
            let needed = if at < depth { "needs" } else { "has no" };
            let message = format!("a {} {needed} {field}", path.kind.noun());
            return Err(Error::bad_input(format!("{argument}.{field}"), message));
        }
    }
    if path.kind == AssetKind::Database && path.database.is_none() {
        return Err(Error::bad_input(format!("{argument}.database"), "a database needs its name"));
    }
    for (field, part) in parts.into_iter().chain([("database", &path.database)]) {
        let Some(part) = part else { continue };
        let length = part.chars().count();
        if !(1..=MAX_NAME).contains(&length) || part.contains('\0') {
            let message = format!("the name has {length} characters; it needs 1 to {MAX_NAME}, without NUL");
            return Err(Error::bad_input(format!("{argument}.{field}"), message));
        }
    }
    Ok(())
}

/// Checks that a text is one line of 1 to [`MAX_LINE`] characters.
fn check_line(text: &str, argument: &str) -> Result<()> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > MAX_LINE || text.contains(char::is_control) {
        let message = format!("the text has {length} characters; it needs one line of 1 to {MAX_LINE}");
        return Err(Error::bad_input(argument, message));
    }
    Ok(())
}

/// Checks that a text can be stored.
fn check_long(text: Option<&str>, argument: &str) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    let length = text.chars().count();
    if length > MAX_TEXT || text.contains('\0') {
        let message = format!("the text has {length} characters; it needs at most {MAX_TEXT}, without NUL");
        return Err(Error::bad_input(argument, message));
    }
    Ok(())
}

/// Checks that a moment can be written with four digits of a year.
fn check_moment(at: Moment, argument: &str) -> Result<()> {
    let range = 0..253_402_300_800_000_i64;
    if range.contains(&at.timestamp_millis()) {
        return Ok(());
    }
    Err(Error::bad_input(argument, "the time is out of range; pass one from 1970 to 9999"))
}
