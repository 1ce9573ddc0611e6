//! Multiplies the rows of a stopped server's store.
//!
//! Indexes and triggers are removed before the rows are inserted and created again afterwards, which is several times
//! as fast. What triggers maintain is computed from the rows: `run_tally`, `run_search`; and what the server records
//! beside a run: its labels, its usage, the turn of a question.

use std::path::Path;

use rusqlite::{Connection, params, types::Value};
use serde_json::json;

use crate::Result;

/// The run with the most suggestions. Run 1 is the one that Gloss made.
pub const BIG_RUN: i64 = 2;
/// The part of all suggestions that belongs to the big run.
const BIG_PART: i64 = 20;
/// Two years, in milliseconds.
const SPAN_MS: i64 = 2 * 365 * 24 * 3_600_000;
/// Number of runs with the title that the rare search finds.
const RARE: i64 = 20;
/// The text of these titles.
pub const RARE_TEXT: &str = "zanzibar";
/// A text in a tenth of all titles.
pub const FREQUENT_TEXT: &str = "quarterly";
/// The label of about one run in 3,000, and the one of about one in 5.
pub const RARE_LABEL: &str = "incident";
pub const FREQUENT_LABEL: &str = "weekly";
/// A caller that started about one run in 5.
pub const CALLER: &str = "ana";

const CALLERS: [(&str, u32); 5] = [("local", 50), (CALLER, 20), ("ci", 15), ("ben", 14), ("auditor", 1)];
const STATUSES: [(&str, u32); 5] =
    [("SUCCESS", 50), ("READY_FOR_REVIEW", 28), ("FAILED", 10), ("CANCELLED", 10), ("PAUSED", 2)];
/// Kinds with their commands.
const KINDS: [((&str, &str), u32); 7] = [
    (("ANALYZE", "RUN"), 45),
    (("ANALYZE", "RUN_APPLY"), 10),
    (("SCHEDULE", "SCHEDULE"), 20),
    (("RERUN", "RERUN"), 7),
    (("RERUN", "VARIATIONS"), 3),
    (("GENERATE", "GENERATE"), 10),
    (("ASK", "ASK"), 5),
];
const SCHEMAS: [&str; 6] = ["public", "sales", "finance", "stock", "hr", "reporting"];
const TABLES: [&str; 16] = [
    "orders",
    "customers",
    "invoices",
    "shipments",
    "payments",
    "products",
    "accounts",
    "tickets",
    "policies",
    "claims",
    "addresses",
    "returns",
    "suppliers",
    "contracts",
    "employees",
    "price_lists",
];
const TITLES: [&str; 8] = [
    "Before the release",
    "After the migration",
    "Second pass with examples",
    "Names from the old wiki",
    "Trial of a smaller model",
    "New columns only",
    "For the data team",
    "Texts for the auditors",
];
const LABELS: [(&str, u32); 5] =
    [(FREQUENT_LABEL, 2_000), ("release", 3_000), ("trial", 2_500), ("audit", 2_497), (RARE_LABEL, 3)];

/// A sequence of pseudorandom numbers that is the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    fn weighted<'a, T>(&mut self, items: &'a [(T, u32)]) -> &'a T {
        let mut left = self.below(items.iter().map(|(_, weight)| u64::from(*weight)).sum());
        for (item, weight) in items {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return item,
            }
        }
        &items[0].0
    }
}

/// Fills a store that holds one run until it holds `runs` runs and about `suggestions` suggestions.
pub fn fill(file: &Path, runs: i64, suggestions: i64) -> Result<()> {
    let mut store = Connection::open(file)?;
    // A store whose making is interrupted is made again from the start, so the disk need not be safe.
    store.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -262144;
         PRAGMA temp_store = MEMORY",
    )?;
    let derived = drop_derived(&store)?;
    let per_run: i64 = store.query_row("SELECT count(*) FROM suggestion", [], |row| row.get(0))?;
    let big_rows = suggestions / BIG_PART;
    let described = ((suggestions - big_rows) / per_run).clamp(1, (runs / 2).max(1));
    insert_runs(&mut store, runs, runs / described, per_run, big_rows)?;
    eprintln!("  runs inserted");
    insert_suggestions(&store, per_run, big_rows)?;
    eprintln!("  suggestions inserted");
    for sql in derived {
        store.execute_batch(&sql)?;
    }
    derive(&store)?;
    Ok(store.pragma_update(None, "journal_mode", "WAL")?)
}

/// Removes the triggers and indexes of the tables that are filled. Returns the statements that create them again.
fn drop_derived(store: &Connection) -> Result<Vec<String>> {
    let mut statement = store.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
         AND tbl_name IN ('run', 'run_row', 'run_label', 'suggestion', 'alternative', 'evidence', 'ask_turn')
         ORDER BY type, name",
    )?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found: Vec<(String, String, String)> = found.collect::<Result<_, _>>()?;
    for (kind, name, _) in &found {
        store.execute_batch(&format!(r#"DROP {kind} "{name}""#))?;
    }
    Ok(found.into_iter().map(|(_, _, sql)| sql).collect())
}

/// A row of a table that serves as a pattern: each new row differs in some columns.
struct Pattern {
    columns: Vec<String>,
    values: Vec<Value>,
}

impl Pattern {
    fn of_run(store: &Connection) -> Result<Self> {
        let mut statement = store.prepare("SELECT * FROM run WHERE id = 1")?;
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let count = columns.len();
        let values = statement.query_row([], |row| (0..count).map(|at| row.get(at)).collect())?;
        Ok(Self { columns, values })
    }

    fn at(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column == name).unwrap_or_else(|| panic!("run has no column {name}"))
    }

    fn number(&self, name: &str) -> Result<i64> {
        match self.values[self.at(name)] {
            Value::Integer(number) => Ok(number),
            _ => Err(format!("{name} is no number").into()),
        }
    }

    fn insert(&self) -> String {
        let marks = vec!["?"; self.columns.len()].join(", ");
        format!("INSERT INTO run (\"{}\") VALUES ({marks})", self.columns.join("\", \""))
    }
}

fn profiles(store: &Connection, sql: &str) -> Result<Vec<(i64, String, String, String)>> {
    let mut statement = store.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Inserts the runs, the oldest first. Every `every`th has suggestions, as has the big run.
fn insert_runs(store: &mut Connection, runs: i64, every: i64, per_run: i64, big_rows: i64) -> Result<()> {
    let pattern = Pattern::of_run(store)?;
    let dbs = profiles(store, "SELECT id, name, '', '' FROM db_profile ORDER BY id")?;
    let llms = profiles(store, "SELECT id, name, provider, model FROM llm_profile ORDER BY id")?;
    let last_ms = pattern.number("listed_at")?;
    let step_ms = SPAN_MS / runs;
    let mut chance = Chance(1);

    store.execute_batch("CREATE TEMP TABLE described (run_id INTEGER PRIMARY KEY)")?;
    let transaction = store.transaction()?;
    let mut insert = transaction.prepare(&pattern.insert())?;
    let mut insert_label = transaction.prepare("INSERT INTO run_label (run_id, label) VALUES (?, ?)")?;
    let mut insert_described = transaction.prepare("INSERT INTO described VALUES (?)")?;
    let mut values = pattern.values.clone();
    let rare_every = (runs / RARE).max(1);
    for id in 2..=runs {
        let described = id % every == 0 && id != BIG_RUN;
        let (kind, command) = if id == BIG_RUN || described { ("ANALYZE", "RUN") } else { *chance.weighted(&KINDS) };
        let status = if id == BIG_RUN || described { "READY_FOR_REVIEW" } else { *chance.weighted(&STATUSES) };
        let db = &dbs[chance.below(dbs.len() as u64).min(chance.below(dbs.len() as u64)) as usize];
        let llm = &llms[chance.below(llms.len() as u64).min(chance.below(llms.len() as u64)) as usize];

        let started_ms = last_ms - SPAN_MS + id * step_ms - chance.below(step_ms as u64 / 2) as i64 - 1;
        let duration_ms = 500 + (chance.below(2_000) * chance.below(2_000)) as i64;
        let total = match id {
            BIG_RUN => big_rows,
            _ if described => per_run,
            _ if matches!(kind, "GENERATE" | "ASK") => 1,
            _ => 1 + chance.below(400) as i64,
        };
        let failed = match status {
            "FAILED" => total,
            _ if !described && id != BIG_RUN && chance.below(20) == 0 => 1.min(total),
            _ => 0,
        };
        let done = match status {
            "CANCELLED" | "PAUSED" => (total - failed).max(0) / 2,
            _ => total - failed,
        };
        let scope = scope(&mut chance);
        let title = match id {
            _ if id % rare_every == 0 => Some(format!("Check of the branch in {RARE_TEXT}")),
            _ if id % 10 == 0 => Some(format!("The {FREQUENT_TEXT} documentation of {}", db.1)),
            _ if chance.below(4) == 0 => Some((*chance.of(&TITLES)).to_owned()),
            _ => None,
        };
        let mut labels: Vec<&str> = (0..chance.below(3)).map(|_| *chance.weighted(&LABELS)).collect();
        labels.dedup();
        let searched: Vec<&str> = [scope.0.as_str(), llm.3.as_str(), db.1.as_str(), llm.1.as_str()]
            .into_iter()
            .chain(title.as_deref())
            .chain(labels.iter().copied())
            .collect();
        let search_text = format!("#{id}\n{}", searched.join("\n").to_lowercase());
        let paused = status == "PAUSED";
        let error = match status {
            "FAILED" => Some(("UNAVAILABLE", "the database does not answer", "check the DB profile's URL")),
            "PAUSED" => Some(("LIMIT_EXCEEDED", "the run reached its limit of cost", "raise the limit and resume")),
            _ => None,
        };
        let error = error.map(|(code, message, hint)| json!({ "code": code, "message": message, "hint": hint }));
        let tokens = if llm.2 == "BUILTIN" { 0 } else { total * (200 + chance.below(400) as i64) };

        let mut set = |name: &str, value: Value| values[pattern.at(name)] = value;
        set("id", id.into());
        set("kind", text(kind));
        set("command", text(command));
        set("status", text(status));
        set("db_profile_id", db.0.into());
        set("db_profile_name", text(&db.1));
        set("llm_profile_id", llm.0.into());
        set("llm_profile_name", text(&llm.1));
        set("provider", text(&llm.2));
        set("model", text(&llm.3));
        set(
            "parent_id",
            if kind == "RERUN" { (1 + chance.below(id as u64 / 2 + 1) as i64).into() } else { Value::Null },
        );
        set("created_at", (started_ms - 20).into());
        set("started_at", started_ms.into());
        set("listed_at", started_ms.into());
        set("finished_at", if paused { Value::Null } else { (started_ms + duration_ms).into() });
        set("active_ms", duration_ms.into());
        set("duration_ms", if paused { Value::Null } else { duration_ms.into() });
        set("search_text", text(&search_text));
        set("scope_summary", text(&scope.0));
        set("scope", text(&scope.1));
        set("rows_total", total.into());
        set("rows_done", done.into());
        set("rows_failed", failed.into());
        set("has_failures", i64::from(failed > 0).into());
        set("requests", (total / 8 + 1).into());
        set("input_tokens", tokens.into());
        set("output_tokens", (tokens / 4).into());
        set("cost_usd", (tokens as f64 / 1e6).into());
        set("model_ms", (duration_ms / 2).into());
        set("error", error.map_or(Value::Null, |error| text(&error.to_string())));
        set("title", title.map_or(Value::Null, Value::Text));
        set("labels", text(&json!(labels).to_string()));
        set("started_by", text(*chance.weighted(&CALLERS)));
        set("cancelled_by", if status == "CANCELLED" { text("local") } else { Value::Null });
        insert.execute(rusqlite::params_from_iter(&values))?;
        for label in labels {
            insert_label.execute(params![id, label])?;
        }
        if described {
            insert_described.execute([id])?;
        }
    }
    drop((insert, insert_label, insert_described));
    Ok(transaction.commit()?)
}

/// Returns the summary and the JSON of a scope of one or several tables.
fn scope(chance: &mut Chance) -> (String, String) {
    let schema = *chance.of(&SCHEMAS);
    let count = 1 + chance.below(6) as usize;
    let first = chance.below(TABLES.len() as u64) as usize;
    let names: Vec<&str> = (0..count).map(|at| TABLES[(first + at) % TABLES.len()]).collect();
    let tables: Vec<_> = names.iter().map(|name| json!({ "name": name, "columns": [] })).collect();
    let shown: Vec<String> = names.iter().take(2).map(|name| format!("{schema}.{name}")).collect();
    let more = if count > 2 { format!(", +{} more", count - 2) } else { String::new() };
    let json = json!({ "database": null, "schemas": [{ "name": schema, "tables": tables }] });
    (shown.join(", ") + &more, json.to_string())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Copies the rows and suggestions of run 1: once to each described run, and many times, over tables of other names,
/// to the big run, with alternatives and evidence.
fn insert_suggestions(store: &Connection, per_run: i64, big_rows: i64) -> Result<()> {
    let columns = |table: &str| -> Result<Vec<String>> {
        let mut statement = store.prepare("SELECT name FROM pragma_table_info(?) WHERE name <> 'id'")?;
        Ok(statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?)
    };
    let named = "t.table_name || '_' || copy.n";
    let path = format!("coalesce(t.schema_name || '.', '') || {named} || coalesce('.' || t.column_name, '')");
    let review = "(t.position * 7 + copy.n * 3) % 10";
    let states = format!(
        "CASE WHEN {review} < 5 THEN 'UNREVIEWED' WHEN {review} < 8 THEN 'ACCEPTED' WHEN {review} < 9 THEN 'EDITED' \
         ELSE 'SKIPPED' END"
    );
    let in_big_run = |column: &str| match column {
        "run_id" => BIG_RUN.to_string(),
        "position" => format!("(copy.n - 1) * {per_run} + t.position"),
        "table_name" => named.to_owned(),
        "display" => path.clone(),
        "search_text" => format!("lower({path}) || char(10) || lower(t.description)"),
        "confidence" => "round(0.3 + (t.position * 37 + copy.n * 11) % 70 / 100.0, 2)".to_owned(),
        "existing_comment" => format!("CASE WHEN {review} IN (2, 6) THEN 'See the wiki.' END"),
        "review_state" => states.clone(),
        "reviewer" => format!("CASE WHEN {review} >= 5 THEN 'local' END"),
        "reviewed_at" => format!("CASE WHEN {review} >= 5 THEN (SELECT finished_at FROM run WHERE id = 1) END"),
        "review_text" => format!("CASE WHEN {review} BETWEEN 5 AND 8 THEN t.description END"),
        column => format!("t.{column}"),
    };
    let copies = (big_rows / per_run).max(1);
    let copy = format!("WITH RECURSIVE copy(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM copy WHERE n < {copies})");
    for table in ["run_row", "suggestion", "alternative", "evidence"] {
        // A statement that reads the table that it fills would hold all its rows in memory first.
        store.execute_batch(&format!("CREATE TEMP TABLE first_{table} AS SELECT * FROM {table}"))?;
    }
    for table in ["run_row", "suggestion"] {
        let columns = columns(table)?;
        let (names, sources) = (columns.join(", "), columns.iter().map(|it| in_big_run(it)).collect::<Vec<_>>());
        store.execute_batch(&format!(
            "INSERT INTO {table} ({names}) {copy} SELECT {} FROM copy CROSS JOIN first_{table} t \
             ORDER BY copy.n, t.position",
            sources.join(", ")
        ))?;
        let sources = columns.iter().map(|it| if it == "run_id" { "d.run_id".to_owned() } else { format!("t.{it}") });
        store.execute_batch(&format!(
            "INSERT INTO {table} ({names}) SELECT {} FROM described d CROSS JOIN first_{table} t",
            sources.collect::<Vec<_>>().join(", ")
        ))?;
    }
    // The suggestions of run 1 have the keys 1 to `per_run`, and the big run's follow them in the same order.
    for table in ["alternative", "evidence"] {
        let columns: Vec<String> = columns(table)?.into_iter().filter(|column| column != "suggestion_id").collect();
        let names = columns.join(", ");
        store.execute_batch(&format!(
            "INSERT INTO {table} (suggestion_id, {names}) {copy} SELECT copy.n * {per_run} + t.suggestion_id, {names} \
             FROM copy CROSS JOIN first_{table} t"
        ))?;
    }
    // The last copy may not fit, so the total is set to what was inserted.
    let total = copies * per_run;
    store.execute("UPDATE run SET rows_total = ?1, rows_done = ?1 WHERE id = ?2", params![total, BIG_RUN])?;
    Ok(())
}

/// Computes what the server and its triggers derive from runs.
fn derive(store: &Connection) -> Result<()> {
    let mut statement = store.prepare("SELECT name FROM pragma_table_info('run_tally') WHERE name <> 'n'")?;
    let parts: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let values: Vec<String> = parts.iter().map(|part| format!("coalesce({part}, 0)")).collect();
    let (parts, values) = (parts.join(", "), values.join(", "));
    store.execute_batch(&format!(
        "DELETE FROM run_tally;
         INSERT INTO run_tally ({parts}, n) SELECT {values}, count(*) FROM run GROUP BY {values};
         INSERT INTO run_search (run_search) VALUES ('rebuild');
         DELETE FROM usage_tally;
         INSERT INTO usage_tally
             (quarter, provider, model, runs, input_tokens, output_tokens, cost_usd, unpriced, model_ms, requests,
              retries)
         SELECT started_at / 900000 * 900000, coalesce(provider, ''), coalesce(model, ''), count(*), sum(input_tokens),
             sum(output_tokens), sum(coalesce(cost_usd, 0)), sum(cost_usd IS NULL), sum(model_ms), sum(requests),
             sum(retries)
         FROM run WHERE started_at IS NOT NULL GROUP BY 1, 2, 3;
         INSERT INTO ask_session (title, created_at, last_active_at)
         SELECT 'Which table holds orders?', min(created_at), max(created_at) FROM run WHERE kind = 'ASK';
         INSERT INTO ask_turn (session_id, run_id, question, db_profile_ids, answer, citations, everywhere)
         SELECT (SELECT max(id) FROM ask_session), id, 'Which table holds orders?', '[' || db_profile_id || ']',
             'The table orders.', '[]', 0
         FROM run WHERE kind = 'ASK'"
    ))?;
    Ok(())
}
