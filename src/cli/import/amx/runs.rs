//! The runs of a history, without their results.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Row, types::Value as Cell};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    cell::{key, line, number, text, value},
    file::HistoryFile,
    time,
};
use crate::{
    cli::{CliError, import::Problems},
    domain::text::{cut, one_line},
};

/// After this time, a run without an end has died.
const DEAD_AFTER: TimeDelta = TimeDelta::days(1);
/// The longest error that is kept, in characters.
const ERROR: usize = 4_000;

/// A run as the API takes it, without suggestions.
#[derive(Debug)]
pub struct Head {
    /// Its number in AMX.
    pub id: i64,
    /// The run.
    pub run: Value,
    /// Its DB profile in AMX.
    pub db_profile: Option<String>,
}

/// The runs of a history.
#[derive(Debug, Default)]
pub struct Runs {
    /// The runs to import, by number.
    pub heads: Vec<Head>,
    /// The numbers of all other runs.
    pub others: HashSet<i64>,
    /// How many runs are left out, by reason.
    pub left_out: BTreeMap<String, usize>,
    /// The DB profiles of the runs to import, with their backends.
    pub db_profiles: BTreeMap<String, Option<String>>,
    /// The number of runs to import of which AMX kept only the sum of the tokens.
    pub sums_only: usize,
    /// The LLM profiles of the runs to import: name, provider and model.
    pub llm_profiles: BTreeSet<(String, String, String)>,
}

impl Runs {
    /// Reads the runs of a history.
    ///
    /// # Errors
    /// Returns the errors of reading the file.
    pub fn read(file: &HistoryFile, now: DateTime<Utc>, problems: &mut Problems) -> Result<Self, CliError> {
        let failure = |error: rusqlite::Error| file.failure(&error);
        let repeated = repeated(file)?;
        let columns = file.selected("analysis_runs")?;
        let query = format!("SELECT {columns} FROM analysis_runs ORDER BY analysis_runs.id");
        let mut statement = file.connection.prepare(&query).map_err(failure)?;
        let mut rows = statement.query([]).map_err(failure)?;
        let mut runs = Self::default();
        while let Some(row) = rows.next().map_err(failure)? {
            runs.add(row, now, problems).map_err(failure)?;
        }
        let keys: HashMap<i64, Value> = runs.heads.iter().map(|head| (head.id, head.run["key"].clone())).collect();
        for head in &mut runs.heads {
            if let Some(key) = repeated.get(&head.id).and_then(|parent| keys.get(parent)) {
                head.run["repeatsKey"] = key.clone();
            }
        }
        Ok(runs)
    }

    fn leave_out(&mut self, id: Option<i64>, reason: String) {
        self.others.extend(id);
        *self.left_out.entry(reason).or_default() += 1;
    }

    fn add(&mut self, row: &Row<'_>, now: DateTime<Utc>, problems: &mut Problems) -> rusqlite::Result<()> {
        let Some(id) = key(row, "id")? else {
            self.leave_out(None, "without a number".to_owned());
            return Ok(());
        };
        let amx_command = line(row, "command")?.unwrap_or_default();
        let Some(command) = command(&amx_command) else {
            self.leave_out(Some(id), format!("{amx_command} describes nothing"));
            return Ok(());
        };
        let ended = time::read(&value(row, "ended_at")?);
        let Some(started) = time::read(&value(row, "started_at")?).or(ended) else {
            problems.add(|| format!("run {id} of AMX, because its started_at is no time"));
            self.leave_out(Some(id), "no readable start".to_owned());
            return Ok(());
        };
        let word = line(row, "status")?.unwrap_or_default().to_lowercase();
        let is_open = ended.is_none() && matches!(word.as_str(), "running" | "queued" | "pending");
        if is_open && now - started < DEAD_AFTER {
            self.leave_out(Some(id), "still running; import again after the end".to_owned());
            return Ok(());
        }
        let error = text(row, "error_text")?.map(|text| cut(&text.replace('\0', ""), ERROR));
        let (status, error) = match word.as_str() {
            _ if is_open => ("FAILED", error.or_else(|| Some("AMX recorded no end of this run".to_owned()))),
            "failed" | "error" => ("FAILED", error),
            "cancelled" | "canceled" | "interrupted" => ("CANCELLED", None),
            _ => ("READY_FOR_REVIEW", None),
        };
        let (db_profile, model) = (line(row, "db_profile")?, line(row, "llm_model")?);
        let (llm_profile, provider) = (line(row, "llm_profile")?, line(row, "llm_provider")?);
        let known_provider = provider.as_deref().and_then(self::provider);
        let tokens = text(row, "tokens_json")?;
        let usage = tokens.as_deref().map_or_else(|| Ok((json!({}), false)), usage);
        let (usage, is_sum) = usage.unwrap_or_else(|()| {
            problems.add(|| format!("the tokens of run {id} of AMX, because its tokens_json is no JSON object"));
            (json!({}), false)
        });
        self.sums_only += usize::from(is_sum);
        let scope = text(row, "scope_json")?;
        let schemas = scope.as_deref().map_or_else(|| Ok(json!([])), schemas);
        let schemas = schemas.unwrap_or_else(|()| {
            problems.add(|| format!("the scope of run {id} of AMX, because its scope_json is no JSON object"));
            json!([])
        });
        let duration = number(row, "duration_sec")?.filter(|seconds| (0.0..=1e9).contains(seconds));
        let run = json!({
            "key": key_of(row, id)?,
            "command": command,
            "status": status,
            "error": error,
            "dbProfileName": db_profile,
            "llmProfileName": llm_profile,
            "provider": known_provider,
            "model": model,
            "schemas": schemas,
            "title": format!("AMX run {id}"),
            "labels": ["amx"],
            "startedAt": started.to_rfc3339(),
            "finishedAt": ended.filter(|ended| *ended >= started).map(|ended| ended.to_rfc3339()),
            "durationSeconds": duration,
            "usage": usage,
        });
        if let Some(name) = &db_profile {
            let backend = line(row, "db_backend")?;
            let known = self.db_profiles.entry(name.clone()).or_default();
            *known = backend.or(known.take());
        }
        if let (Some(name), Some(provider), Some(model)) = (llm_profile, known_provider, model) {
            self.llm_profiles.insert((name, provider.to_owned(), model));
        }
        self.heads.push(Head { id, run, db_profile });
        Ok(())
    }
}

/// Identifies a run of AMX, wherever its file is: by its number, its start and what it was for.
fn key_of(row: &Row<'_>, id: i64) -> rusqlite::Result<String> {
    let mut hash = Sha256::new();
    for column in ["started_at", "command", "db_backend", "db_profile", "llm_provider", "llm_model", "scope_json"] {
        let cell = match value(row, column)? {
            Cell::Real(number) => number.to_string(),
            Cell::Integer(number) => number.to_string(),
            Cell::Text(text) => text,
            Cell::Null | Cell::Blob(_) => String::new(),
        };
        hash.update(cell.as_bytes());
        hash.update([0]);
    }
    let bytes = hash.finalize();
    let mark = bytes.iter().take(16).fold(String::new(), |mark, byte| mark + &format!("{byte:02x}"));
    Ok(format!("amx:{id}:{mark}"))
}

/// Returns the runs that the runs of a history repeat.
fn repeated(file: &HistoryFile) -> Result<HashMap<i64, i64>, CliError> {
    if !file.has("run_results", "parent_result_id")? {
        return Ok(HashMap::new());
    }
    let query = "SELECT result.run_id, min(parent.run_id) FROM run_results AS result
        JOIN run_results AS parent ON parent.id = result.parent_result_id
        WHERE result.parent_result_id IS NOT NULL AND parent.run_id <> result.run_id GROUP BY result.run_id";
    let mut statement = file.connection.prepare(query).map_err(|error| file.failure(&error))?;
    let pairs = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let pairs = pairs.map_err(|error| file.failure(&error))?;
    pairs.collect::<Result<_, _>>().map_err(|error| file.failure(&error))
}

/// The command of the API for a command of AMX; `None` if it describes nothing.
fn command(amx: &str) -> Option<&'static str> {
    Some(match amx.to_lowercase().as_str() {
        "analyze.apply" => "RUN_APPLY",
        "rerun" => "RERUN",
        "variations" => "VARIATIONS",
        "schedule" => "SCHEDULE",
        "run" => "RUN",
        other if other.starts_with("generate") => "GENERATE",
        other if other.starts_with("analyze") => "RUN",
        other if other.starts_with("rerun") => "RERUN",
        _ => return None,
    })
}

/// The provider of the API for a provider of AMX; `None` if Gloss does not know it.
fn provider(amx: &str) -> Option<&'static str> {
    Some(match amx.to_lowercase().as_str() {
        "openai" => "OPENAI",
        "anthropic" | "claude" => "ANTHROPIC",
        "gemini" | "google" => "GEMINI",
        "deepseek" => "DEEPSEEK",
        "openrouter" => "OPENROUTER",
        "groq" => "GROQ",
        "ollama" => "OLLAMA",
        _ => return None,
    })
}

/// Reads `tokens_json`. Returns whether it has only the sum of the tokens, which then counts as input.
fn usage(text: &str) -> Result<(Value, bool), ()> {
    let tokens: Map<String, Value> = serde_json::from_str(text).map_err(drop)?;
    let whole = |value: &Value| {
        value.as_f64().filter(|number| (0.0..9e15).contains(number)).map(|number| {
            #[expect(clippy::cast_possible_truncation, reason = "a checked number of tokens")]
            let number = number as i64;
            number
        })
    };
    let field = |name: &str| tokens.get(name).and_then(whole);
    let records = tokens.get("records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let added = |name: &str| records.iter().filter_map(|record| whole(&record[name])).sum::<i64>();
    let total = field("total_tokens");
    let input = field("input_tokens").or(field("prompt_tokens")).unwrap_or_else(|| added("prompt_tokens"));
    let output = field("output_tokens").or(field("completion_tokens")).unwrap_or_else(|| added("completion_tokens"));
    // Only the sum counts if the parts do not add up to it. Gloss has no tokens but those of input and output.
    let sum = total.filter(|total| input + output != *total);
    let (input, output) = sum.map_or((input, output), |sum| (sum, 0));
    let cost = tokens.get("total_cost_usd").and_then(Value::as_f64).filter(|cost| cost.is_finite() && *cost >= 0.0);
    let seconds: f64 = records.iter().filter_map(|record| record["model_processing_sec"].as_f64()).sum();
    let requests = records.len().min(1_000_000);
    let usage = json!({
        "inputTokens": input,
        "outputTokens": output,
        "costUsd": cost,
        "modelSeconds": if (0.0..1e9).contains(&seconds) { seconds } else { 0.0 },
        "requests": requests,
    });
    Ok((usage, sum.is_some()))
}

/// Reads `scope_json`: the tables of each schema.
fn schemas(text: &str) -> Result<Value, ()> {
    let scope: Map<String, Value> = serde_json::from_str(text).map_err(drop)?;
    let tables = |tables: &Value| {
        let names = tables.as_array().into_iter().flatten().filter_map(Value::as_str).map(one_line);
        let names: BTreeSet<String> = names.filter(|name| !name.is_empty()).collect();
        names.into_iter().map(|name| json!({ "name": name })).collect::<Vec<_>>()
    };
    let schemas = scope.iter().filter(|(name, _)| !name.trim().is_empty());
    Ok(schemas.map(|(name, below)| json!({ "name": name, "tables": tables(below) })).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_count_as_they_are() {
        let cases = [
            (r#"{"total_tokens": 12, "total_cost_usd": 0.5}"#, (12, 0, json!(0.5), true)),
            (
                r#"{"total_tokens": 12, "records": [{"prompt_tokens": 8, "completion_tokens": 4}]}"#,
                (8, 4, Value::Null, false),
            ),
            (r#"{"total_tokens": 12, "records": [{"prompt_tokens": 8}]}"#, (12, 0, Value::Null, true)),
            (r#"{"total_cost_usd": -1}"#, (0, 0, Value::Null, false)),
            (r#"{"total_tokens": "many"}"#, (0, 0, Value::Null, false)),
        ];
        for (text, (input, output, cost, expected)) in cases {
            let (usage, is_sum) = usage(text).unwrap();
            assert_eq!(is_sum, expected, "{text}");
            assert_eq!((&usage["inputTokens"], &usage["outputTokens"]), (&json!(input), &json!(output)), "{text}");
            assert_eq!(usage["costUsd"], cost, "{text}");
        }
        assert!(usage("[]").is_err() && usage("{").is_err());
    }

    #[test]
    fn scopes_are_read() {
        let read = schemas(r#"{"public": ["b", "a", "a", 1, ""], "all": [], "": ["x"]}"#).unwrap();
        let expected = json!([
            { "name": "public", "tables": [{ "name": "a" }, { "name": "b" }] },
            { "name": "all", "tables": [] },
        ]);
        let sorted = |value: Value| {
            let mut all = value.as_array().unwrap().clone();
            all.sort_by_key(|schema| schema["name"].to_string());
            all
        };
        assert_eq!(sorted(read), sorted(expected));
        assert!(schemas("null").is_err());
    }
}
