//! The results of a history, as suggestions, with their reviews and writes.
//!
//! The rule: results and writes are read as two streams in the order of the runs, so memory does not grow with them.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row, Rows, types::Value as Cell};
use serde_json::{Value, json};

use super::{
    cell::{key, line, number, text, value},
    file::HistoryFile,
    runs::Runs,
    time,
};
use crate::{
    cli::{
        CliError,
        import::{Problems, parts::Cutter, parts::Part, storable},
    },
    domain::text::cut,
};

/// Maximum number of alternatives of a suggestion.
const ALTERNATIVES: usize = 10;
/// The longest reasoning or earlier comment that is kept, in characters.
const LONG: usize = 9_000;
/// Maximum number of writes of a suggestion.
const WRITES: usize = 50;

/// The places of all results, for re-runs: SQLite keeps them in a temporary file.
const PLACES: &str = "CREATE TEMP TABLE place AS SELECT id, run_id, \
    row_number() OVER (PARTITION BY run_id ORDER BY id) AS position FROM main.run_results; \
    CREATE INDEX temp.place_by_id ON place (id)";
const PLACE: &str = "SELECT run_id, position FROM temp.place WHERE id = ?1";

/// What became of the results.
#[derive(Debug, Default)]
pub struct Tally {
    /// Results that are left out.
    pub left_out: usize,
    /// Writes that are left out.
    pub writes_left_out: usize,
}

/// Reads all results and passes them on in parts. `pass` returns false to stop.
///
/// # Errors
/// Returns the errors of reading the file.
pub fn read(
    file: &HistoryFile,
    runs: &Runs,
    problems: &mut Problems,
    mut pass: impl FnMut(Part) -> bool,
) -> Result<Tally, CliError> {
    let failure = |error: rusqlite::Error| file.failure(&error);
    let repeats = file.has("run_results", "parent_result_id")?;
    if repeats {
        file.connection.execute_batch(PLACES).map_err(failure)?;
    }
    let keys: HashMap<i64, &Value> = runs.heads.iter().map(|head| (head.id, &head.run["key"])).collect();
    let columns = file.selected("run_results")?;
    let query = format!("SELECT {columns} FROM run_results ORDER BY run_results.run_id, run_results.id");
    let mut statement = file.connection.prepare(&query).map_err(failure)?;
    let mut rows = statement.query([]).map_err(failure)?;
    let columns = if file.has_writes { file.selected("apply_events")? } else { String::new() };
    let query = if file.has_writes {
        format!(
            "SELECT {columns}, run_results.run_id AS run_id FROM apply_events
             JOIN run_results ON run_results.id = apply_events.result_id
             ORDER BY run_results.run_id, run_results.id, apply_events.rowid"
        )
    } else {
        "SELECT NULL AS run_id, NULL AS result_id WHERE false".to_owned()
    };
    let mut events = file.connection.prepare(&query).map_err(failure)?;
    let mut writes = Writes { rows: events.query([]).map_err(failure)?, next: None, begun: false };
    let mut place = repeats.then(|| file.connection.prepare(PLACE)).transpose().map_err(failure)?;
    let (mut tally, mut cutter) = (Tally::default(), Cutter::default());
    let mut heads = runs.heads.iter().peekable();
    let mut counted = (0, 0);
    while let Some(row) = rows.next().map_err(failure)? {
        let (Some(run), Some(id)) = (key(row, "run_id").map_err(failure)?, key(row, "id").map_err(failure)?) else {
            tally.left_out += 1;
            problems.add(|| "a result of AMX without a number".to_owned());
            continue;
        };
        counted = if counted.0 == run { (run, counted.1 + 1) } else { (run, 1) };
        let made = writes.of((run, id)).map_err(failure)?;
        // Runs before this one have no results.
        while let Some(head) = heads.next_if(|head| head.id < run) {
            if let Some(part) = cutter.add(&head.run, None)
                && !pass(part)
            {
                return Ok(tally);
            }
        }
        let Some(head) = heads.peek().filter(|head| head.id == run) else {
            if !runs.others.contains(&run) {
                tally.left_out += 1;
                problems.add(|| format!("result {id} of AMX, because there is no run {run}"));
            }
            continue;
        };
        let again = match (&mut place, key(row, "parent_result_id").map_err(failure)?) {
            (Some(place), Some(parent)) => {
                let found: Option<(i64, i64)> =
                    place.query_row([parent], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(failure)?;
                found.and_then(|(run, position)| {
                    keys.get(&run).map(|key| json!({ "runKey": key, "position": position }))
                })
            }
            _ => None,
        };
        match suggestion(row, (id, counted.1), &made, again.as_ref(), problems).map_err(failure)? {
            Some(suggestion) => {
                if let Some(part) = cutter.add(&head.run, Some(suggestion))
                    && !pass(part)
                {
                    return Ok(tally);
                }
            }
            None => tally.left_out += 1,
        }
    }
    for head in heads {
        if let Some(part) = cutter.add(&head.run, None)
            && !pass(part)
        {
            return Ok(tally);
        }
    }
    if let Some(part) = cutter.rest() {
        pass(part);
    }
    if file.has_writes {
        let orphans = "SELECT count(*) FROM apply_events WHERE result_id IS NULL
            OR NOT EXISTS (SELECT 1 FROM run_results WHERE run_results.id = apply_events.result_id)";
        let orphans: i64 = file.connection.query_row(orphans, [], |row| row.get(0)).map_err(failure)?;
        tally.writes_left_out = usize::try_from(orphans).unwrap_or_default();
    }
    Ok(tally)
}

/// A write of a result.
struct Write {
    at: Cell,
    before: Option<String>,
    after: Option<String>,
    actor: Option<String>,
}

/// The stream of writes.
struct Writes<'a> {
    rows: Rows<'a>,
    next: Option<((i64, i64), Write)>,
    begun: bool,
}

impl Writes<'_> {
    /// Returns the writes of a result. Results must be asked for in order.
    fn of(&mut self, result: (i64, i64)) -> rusqlite::Result<Vec<Write>> {
        if !self.begun {
            self.begun = true;
            self.advance()?;
        }
        let mut found = Vec::new();
        while let Some((place, write)) = self.next.take_if(|(place, _)| *place <= result) {
            if place == result && found.len() < WRITES {
                found.push(write);
            }
            self.advance()?;
        }
        Ok(found)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.next = None;
        let Some(row) = self.rows.next()? else { return Ok(()) };
        if let (Some(run), Some(result)) = (key(row, "run_id")?, key(row, "result_id")?) {
            let write = Write {
                at: value(row, "applied_at")?,
                before: text(row, "old_comment")?.map(|text| cut(&text.replace('\0', "\u{FFFD}"), LONG)),
                after: text(row, "new_comment")?.as_deref().and_then(storable),
                actor: line(row, "applied_by")?,
            };
            self.next = Some(((run, result), write));
        }
        Ok(())
    }
}

/// Converts a result; `None`, with a problem, if it is no suggestion.
fn suggestion(
    row: &Row<'_>,
    (id, position): (i64, i64),
    made: &[Write],
    again: Option<&Value>,
    problems: &mut Problems,
) -> rusqlite::Result<Option<Value>> {
    let Some(asset) = asset(row)? else {
        problems.add(|| format!("result {id} of AMX, because it names no schema or table"));
        return Ok(None);
    };
    let stated = confidence(row)?;
    let chosen = text(row, "chosen_description")?.as_deref().and_then(storable);
    let listed = text(row, "alternatives_json")?;
    let mut alternatives = match listed.as_deref().map(alternatives) {
        None => Vec::new(),
        Some(Ok(alternatives)) => alternatives,
        Some(Err(())) => {
            if chosen.is_some() {
                problems.add(|| {
                    format!("the alternatives of result {id} of AMX, because alternatives_json is no JSON list")
                });
            }
            Vec::new()
        }
    };
    if alternatives.is_empty() {
        alternatives.extend(chosen.clone().map(|text| (text, None)));
    }
    if alternatives.is_empty() {
        problems.add(|| format!("result {id} of AMX, because it has no text that can be read"));
        return Ok(None);
    }
    let evaluation = line(row, "evaluation")?.unwrap_or_default().to_lowercase();
    let applied_at = time::read(&value(row, "applied_at")?);
    let is_listed = |text: &String| alternatives.iter().any(|(listed, _)| listed == text);
    let state = match evaluation.as_str() {
        "skipped" | "rejected" => "SKIPPED",
        "custom" | "edited" if chosen.is_some() => "EDITED",
        "accepted" | "approved" => "ACCEPTED",
        _ if applied_at.is_some() || !made.is_empty() => "ACCEPTED",
        _ => "UNREVIEWED",
    };
    // AMX also calls a text accepted that a person wrote.
    let state =
        if state == "ACCEPTED" && chosen.as_ref().is_some_and(|text| !is_listed(text)) { "EDITED" } else { state };
    let is_accepted = matches!(state, "ACCEPTED" | "EDITED");
    let decided_at = [time::read(&value(row, "evaluated_at")?), applied_at, time::read(&value(row, "saved_at")?)];
    let decided_at = decided_at.into_iter().flatten().next();
    let before = made.first().and_then(|first| first.before.clone());
    let text_of = || chosen.clone().or_else(|| alternatives.first().map(|(text, _)| text.clone()));
    let mut writes: Vec<Value> = Vec::new();
    for write in made {
        let at = time::read(&write.at).or(applied_at);
        let (Some(at), Some(after)) = (at, &write.after) else {
            problems.add(|| format!("a write of result {id} of AMX, because its time or text cannot be read"));
            continue;
        };
        writes.push(json!({ "at": at.to_rfc3339(), "before": write.before, "after": after, "actor": write.actor }));
    }
    // Early versions of AMX recorded only the time.
    if let (true, true, Some(at), Some(after)) = (made.is_empty(), is_accepted, applied_at, text_of()) {
        writes.push(json!({ "at": at.to_rfc3339(), "after": after }));
    }
    let logprob = [number(row, "raw_logprob")?, number(row, "logprob_score")?];
    let logprob = logprob.into_iter().flatten().find(|logprob| *logprob < 0.0);
    let source = line(row, "source")?;
    let review = (state != "UNREVIEWED").then(|| {
        let text = chosen.clone().filter(|_| is_accepted);
        json!({ "state": state, "text": text, "at": decided_at.map(|at| at.to_rfc3339()) })
    });
    let alternatives: Vec<Value> = alternatives
        .iter()
        .enumerate()
        .map(|(at, (text, own))| json!({ "text": text, "confidence": own_or_stated(at, *own, stated) }))
        .collect();
    Ok(Some(json!({
        "position": position,
        "asset": asset,
        "alternatives": alternatives,
        "logprob": logprob,
        "reasoning": text(row, "reasoning")?.map(|text| cut(&text.replace('\0', ""), LONG)),
        "evidence": source.map(|source| json!([{ "source": "import", "detail": format!("AMX, from {source}") }])),
        "existingComment": before,
        "review": review,
        "repeats": again,
        "writes": writes,
    })))
}

/// The asset of a result.
fn asset(row: &Row<'_>) -> rusqlite::Result<Option<Value>> {
    let named = |column: &str| -> rusqlite::Result<Option<String>> {
        let name = text(row, column)?.map(|name| name.replace('\0', ""));
        Ok(name.filter(|name| !name.is_empty() && name.chars().count() <= 1_000))
    };
    let (schema, table, column) = (named("schema_name")?, named("table_name")?, named("column_name")?);
    let kind = line(row, "asset_kind")?.unwrap_or_default().to_lowercase();
    let kind = match (&schema, &table, &column) {
        (None, ..) | (_, None, Some(_)) => return Ok(None),
        (_, _, Some(_)) => "COLUMN",
        (_, None, None) => "SCHEMA",
        _ if kind.contains("materialized") => "MATERIALIZED_VIEW",
        _ if kind.contains("view") => "VIEW",
        _ => "TABLE",
    };
    Ok(Some(json!({ "kind": kind, "schema": schema, "table": table, "column": column })))
}

/// Reads `alternatives_json`: texts, or objects with a text, a score and a band.
fn alternatives(json: &str) -> Result<Vec<(String, Option<f64>)>, ()> {
    let listed: Vec<Value> = serde_json::from_str(json).map_err(drop)?;
    let mut found: Vec<(String, Option<f64>)> = Vec::new();
    for alternative in &listed {
        let text = alternative.as_str().or_else(|| alternative["text"].as_str()).and_then(storable);
        let score = alternative["score"].as_f64().filter(|score| (0.0..=1.0).contains(score));
        let band = alternative["band"].as_str().and_then(of_band);
        if let Some(text) = text.filter(|text| found.iter().all(|(known, _)| known != text)) {
            found.push((text, score.or(band)));
        }
        if found.len() == ALTERNATIVES {
            break;
        }
    }
    Ok(found)
}

/// The confidence of a result, as AMX states it.
fn confidence(row: &Row<'_>) -> rusqlite::Result<f64> {
    let stated = text(row, "confidence")?.unwrap_or_default();
    let number = stated.trim().parse().ok().filter(|number| (0.0..=1.0).contains(number));
    Ok(of_band(&stated).or(number).unwrap_or(0.5))
}

/// A confidence in the middle of a band.
fn of_band(band: &str) -> Option<f64> {
    match band.trim().to_lowercase().as_str() {
        "high" => Some(0.85),
        "medium" => Some(0.6),
        "low" => Some(0.25),
        _ => None,
    }
}

/// The confidence of the alternative at this index: its own or, for the first one, that of the result, because its band
/// is the one that AMX shows.
fn own_or_stated(at: usize, own: Option<f64>, stated: f64) -> f64 {
    use crate::domain::suggestion::ConfidenceBand;
    match own {
        Some(own) if at > 0 || ConfidenceBand::of(own) == ConfidenceBand::of(stated) => own,
        _ => stated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_read_in_all_forms() {
        let read = |json: &str| alternatives(json).unwrap();
        assert_eq!(read(r#"["a", " b ", "", "a"]"#), [("a".to_owned(), None), ("b".to_owned(), None)]);
        let scored =
            r#"[{"text": "a", "score": 0.9, "band": "high"}, {"text": "b", "score": 7, "band": "low"}, {"x": 1}]"#;
        assert_eq!(read(scored), [("a".to_owned(), Some(0.9)), ("b".to_owned(), Some(0.25))]);
        assert_eq!(read("[]"), []);
        for broken in ["{", "{}", "null", "\"a\""] {
            assert_eq!(alternatives(broken), Err(()), "{broken}");
        }
        let many: Vec<String> = (0..30).map(|at| at.to_string()).collect();
        assert_eq!(read(&json!(many).to_string()).len(), ALTERNATIVES);
    }

    #[test]
    fn the_band_that_was_stated_stays() {
        assert!((own_or_stated(0, Some(0.3), 0.85) - 0.85).abs() < 1e-9);
        assert!((own_or_stated(0, Some(0.9), 0.85) - 0.9).abs() < 1e-9);
        assert!((own_or_stated(1, Some(0.3), 0.85) - 0.3).abs() < 1e-9);
    }
}
