//! The tools that a model can call: queries on the indexed catalogs and on Gloss's own records.
//!
//! The rules: a tool reads only the store; none reaches a database, runs SQL or changes anything. A result is JSON of
//! bounded length, with texts on one line and paths in the form in which they are cited. An unknown tool, an unknown
//! asset and invalid arguments return an error that says what to do. To add a tool, add it to [`TOOLS`] and to
//! [`Tools::run`].

use std::collections::{HashMap, HashSet, hash_map::Entry};

use serde_json::{Map, Value, json};

use crate::{
    domain::{
        Result,
        asset::{AssetKind, AssetPath, quote_part, split_last},
        filter::{RunFilter, RunOrder},
        id::DbProfileId,
        page::PageRequest,
        profile::DbProfile,
        search::{AssetHit, KnownAsset, Need, SearchQuery, UndescribedOf, Wanted},
        text::{cut, one_line},
        ways::{self, Step, Way},
        words,
    },
    port::{
        converse::{Call, Tool},
        store::Store,
    },
};

/// All tools.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "search_assets",
        description: "Finds tables and columns by words in their names, comments and descriptions, best first; with an \
                      empty text it lists the tables.",
        argument: "text",
        argument_description: "The words to look for.",
    },
    Tool {
        name: "describe",
        description: "Tells of one table, column or schema: types, keys, comments, descriptions; of a table all its \
                      columns, of a schema its tables.",
        argument: "path",
        argument_description: "The path, as another tool gave it.",
    },
    Tool {
        name: "relations",
        description: "Tells which foreign keys lead from and to a table, or the way of foreign keys between two \
            tables.",
        argument: "tables",
        argument_description: "The path of a table, or of two with a comma between them.",
    },
    Tool {
        name: "undescribed",
        description: "Lists what has neither a comment nor an accepted description: tables, columns, or the columns of \
                      one table.",
        argument: "of",
        argument_description: "`tables`, `columns`, or the path of a table.",
    },
    Tool {
        name: "find_suggestions",
        description: "Finds descriptions that earlier runs suggested, accepted or not, by words in them.",
        argument: "text",
        argument_description: "The words to look for.",
    },
    Tool {
        name: "list_runs",
        description: "Lists the newest runs on these databases: what they did, how they ended.",
        argument: "text",
        argument_description: "Words in the run's scope, model or profile; empty for all.",
    },
];

/// Maximum length of a result, in bytes.
const RESULT_LENGTH: usize = 4_000;
/// Maximum length of a comment or description in a result, in characters.
const TEXT_LENGTH: usize = 280;
const ARGUMENT_LENGTH: usize = 500;
const HITS: usize = 12;
const SUGGESTIONS: u64 = 10;
const RUNS: usize = 10;
const TABLES: u64 = 100;
/// Maximum number of foreign keys of a profile that are read.
const FOREIGN_KEYS: u64 = 20_000;

/// The tools for some profiles.
pub struct Tools<'a> {
    store: &'a dyn Store,
    profiles: Vec<DbProfile>,
}

/// Returns a short text for display about a call: `customer mail`.
pub fn what(call: &Call) -> String {
    cut(&one_line(&argument(call)), 120)
}

/// Returns the text that a call passes, in whatever form the model wrote it: the declared argument, or else all texts.
fn argument(call: &Call) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
        _ => None,
    };
    let declared = TOOLS.iter().find(|tool| tool.name == call.name).and_then(|tool| call.arguments.get(tool.argument));
    let said = match (declared.and_then(text), &call.arguments) {
        (Some(said), _) => said,
        (None, Value::Object(fields)) => fields.values().filter_map(text).collect::<Vec<_>>().join(" "),
        (None, other) => text(other).unwrap_or_default(),
    };
    cut(said.trim(), ARGUMENT_LENGTH)
}

fn error(message: impl Into<String>) -> Value {
    json!({ "error": message.into() })
}

fn shown(text: &str) -> String {
    cut(&one_line(text), TEXT_LENGTH)
}

/// Returns the items that fit into `room` bytes, in their order.
fn fitting(items: Vec<Value>, mut room: usize) -> Vec<Value> {
    let fits = |item: &Value| match room.checked_sub(item.to_string().len() + 1) {
        Some(rest) => {
            room = rest;
            true
        }
        None => false,
    };
    items.into_iter().filter(fits).collect()
}

/// Adds as many items as fit to a result, and the number of those left out of `count`.
fn within(mut result: Map<String, Value>, key: &str, items: Vec<Value>, count: usize) -> Value {
    let kept = fitting(items, RESULT_LENGTH.saturating_sub(Value::Object(result.clone()).to_string().len()));
    if kept.len() < count {
        result.insert("more".to_owned(), json!(count - kept.len()));
    }
    result.insert(key.to_owned(), Value::Array(kept));
    Value::Object(result)
}

/// Keeps one column per foreign key: the first of those that refer together.
fn one_each(mut columns: Vec<KnownAsset>) -> Vec<KnownAsset> {
    let mut seen = HashSet::new();
    columns.retain(|column| {
        column.together.as_ref().is_none_or(|key| seen.insert((column.table_key.clone(), key.clone())))
    });
    columns
}

impl<'a> Tools<'a> {
    /// Creates the tools for these profiles. At least one is required.
    pub const fn new(store: &'a dyn Store, profiles: Vec<DbProfile>) -> Self {
        Self { store, profiles }
    }

    /// Returns the profiles that the tools query.
    pub fn profile_ids(&self) -> Vec<DbProfileId> {
        self.profiles.iter().map(|profile| profile.id).collect()
    }

    /// Executes a call and returns its result as JSON text.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn run(&self, call: &Call) -> Result<String> {
        let text = argument(call);
        let result = match call.name.as_str() {
            "list_runs" => self.runs(&text).await?,
            name if !TOOLS.iter().any(|tool| tool.name == name) => {
                let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
                error(format!("there is no such tool; there are {}", names.join(", ")))
            }
            "search_assets" => self.search(&text).await?,
            _ if text.is_empty() => error("the argument is missing; give one text"),
            "describe" => self.describe(&text).await?,
            "relations" => self.relations(&text).await?,
            "undescribed" => self.undescribed(&text).await?,
            _ => self.suggestions(&text).await?,
        };
        Ok(result.to_string())
    }

    /// Returns the assets that a path means. With several profiles, it may start with the profile's name.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn find(&self, spelled: &str) -> Result<Vec<KnownAsset>> {
        let spelled = spelled.trim().trim_matches(['[', ']', '`']);
        for profile in &self.profiles {
            let prefix = format!("{}:", quote_part(&profile.name));
            if let Some(path) = spelled.strip_prefix(&prefix) {
                return self.store.assets_named(&[profile.id], &[path.to_owned()]).await;
            }
        }
        self.store.assets_named(&self.profile_ids(), &[spelled.to_owned()]).await
    }

    /// Formats a path as it is cited.
    fn spell(&self, profile: DbProfileId, path: &str) -> String {
        match self.profiles.iter().find(|known| known.id == profile) {
            Some(profile) if self.profiles.len() > 1 => format!("{}:{path}", quote_part(&profile.name)),
            _ => path.to_owned(),
        }
    }

    fn spelled(&self, asset: &KnownAsset) -> String {
        self.spell(asset.db_profile_id, &asset.path.display())
    }

    /// Returns the known facts about an asset.
    fn brief(&self, asset: &KnownAsset) -> Map<String, Value> {
        let mut brief = Map::new();
        let mut put = |key: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                brief.insert(key.to_owned(), Value::String(value));
            }
        };
        put("path", Some(self.spelled(asset)));
        put("kind", Some(asset.path.kind.noun().to_owned()));
        put("type", asset.data_type.as_deref().map(|text| cut(&one_line(text), 80)));
        put("key", asset.primary_key.then(|| "primary key".to_owned()));
        let is_column = asset.path.kind == AssetKind::Column;
        put("unique", (is_column && asset.unique).then(|| "no value twice".to_owned()));
        put("null", is_column.then(|| if asset.nullable { "allowed" } else { "not allowed" }.to_owned()));
        put("references", asset.references.as_ref().map(|path| self.spell(asset.db_profile_id, path)));
        put(
            "together_with",
            asset
                .together
                .as_ref()
                .zip(asset.path.column.as_deref())
                .map(|(key, column)| key.others(column).map(one_line).collect::<Vec<_>>().join(", ")),
        );
        put("description", asset.description.as_deref().map(shown));
        put(
            "comment",
            asset.comment.as_deref().filter(|comment| asset.description.as_deref() != Some(comment)).map(shown),
        );
        brief
    }

    /// Searches for assets with all words first, then, if there is room, for assets with some of them.
    /// Returns the hits, and how misspelled words were read.
    async fn hits(&self, text: &str) -> Result<(Vec<AssetHit>, Vec<(String, String)>)> {
        let ids = self.profile_ids();
        let (query, read_as) = self.store.corrected(text, false, Some(&ids)).await?;
        // Words like "which" find nothing useful, except as the exact name of an asset.
        let vague = SearchQuery::is_vague(text);
        let mut hits: Vec<AssetHit> = Vec::new();
        for need in [Need::All, Need::Any] {
            let page = self.store.search_assets(&query, need, Some(&ids), &PageRequest::first(HITS)).await?;
            let known: HashSet<i64> = hits.iter().map(|hit| hit.asset.id).collect();
            hits.extend(page.rows.into_iter().map(|(_, hit)| hit).filter(|hit| !known.contains(&hit.asset.id)));
            if query.wanted.len() < 2 || hits.len() >= HITS || vague {
                break;
            }
        }
        hits.truncate(HITS);
        Ok((hits, read_as))
    }

    async fn search(&self, text: &str) -> Result<Value> {
        let (hits, read_as) = self.hits(text).await?;
        if hits.is_empty() && SearchQuery::is_vague(text) {
            return self.tables(Map::new(), &self.profile_ids(), None).await;
        }
        let item = |hit: &AssetHit| {
            let mut item = self.brief(&hit.asset);
            if hit.asset.path.kind == AssetKind::Column {
                item.insert("table".to_owned(), Value::String(self.spelled_table(&hit.asset)));
            }
            item.insert("why".to_owned(), Value::String(hit.why()));
            Value::Object(item)
        };
        let mut result = Map::new();
        if !read_as.is_empty() {
            let read = read_as.into_iter().map(|(word, meant)| (word, Value::String(meant)));
            result.insert("read_as".to_owned(), Value::Object(read.collect()));
        }
        Ok(within(result, "assets", hits.iter().map(item).collect(), hits.len()))
    }

    /// Lists the tables of a schema, or all.
    async fn tables(
        &self,
        mut result: Map<String, Value>,
        profiles: &[DbProfileId],
        schema: Option<&AssetPath>,
    ) -> Result<Value> {
        let (tables, count) = self.store.tables_of(profiles, schema, TABLES).await?;
        result.insert("count".to_owned(), json!(count));
        let items = tables.iter().map(|table| Value::Object(self.brief(table))).collect();
        Ok(within(result, "tables", items, usize::try_from(count).unwrap_or(usize::MAX)))
    }

    fn spelled_table(&self, asset: &KnownAsset) -> String {
        let table = AssetPath { column: None, ..asset.path.clone() };
        self.spell(asset.db_profile_id, &table.display())
    }

    /// Returns the error for an unknown path, with similar ones.
    async fn unknown(&self, spelled: &str) -> Result<Value> {
        let (hits, _) = self.hits(spelled).await?;
        let close: Vec<Value> = hits.iter().take(5).map(|hit| json!({ "path": self.spelled(&hit.asset) })).collect();
        let message = format!("nothing has the path {}; use one that a tool gave", shown(spelled));
        Ok(json!({ "error": message, "similar": close }))
    }

    async fn describe(&self, spelled: &str) -> Result<Value> {
        let mut found = self.find(spelled).await?.into_iter();
        let Some(asset) = found.next() else { return self.unknown(spelled).await };
        let mut result = Map::new();
        result.insert("asset".to_owned(), Value::Object(self.brief(&asset)));
        let others: Vec<Value> = found.take(5).map(|other| json!({ "path": self.spelled(&other) })).collect();
        if !others.is_empty() {
            result.insert("others_of_this_name".to_owned(), Value::Array(others));
        }
        match asset.path.kind {
            AssetKind::Column => {
                result.insert("table".to_owned(), Value::String(self.spelled_table(&asset)));
                Ok(Value::Object(result))
            }
            AssetKind::Table | AssetKind::View | AssetKind::MaterializedView => {
                let columns = self.store.columns_of(asset.db_profile_id, &asset.path).await?;
                let count = columns.len();
                let columns = columns.iter().map(|column| Value::Object(self.brief(column))).collect();
                Ok(within(result, "columns", columns, count))
            }
            AssetKind::Schema | AssetKind::Database => {
                self.tables(result, &[asset.db_profile_id], Some(&asset.path)).await
            }
        }
    }

    async fn undescribed(&self, of: &str) -> Result<Value> {
        let ids = self.profile_ids();
        let (profiles, of) = match of {
            "tables" => (ids, UndescribedOf::Tables),
            "columns" => (ids, UndescribedOf::Columns),
            spelled => {
                let Some(asset) = self.find(spelled).await?.into_iter().next() else {
                    return self.unknown(spelled).await;
                };
                let table = AssetPath { column: None, ..asset.path };
                (vec![asset.db_profile_id], UndescribedOf::ColumnsOf(table))
            }
        };
        let (assets, count, all) = self.store.undescribed(&profiles, &of, TABLES).await?;
        let result = Map::from_iter([("count".to_owned(), json!(count)), ("of".to_owned(), json!(all))]);
        let items = assets.iter().map(|asset| Value::Object(self.brief(asset))).collect();
        Ok(within(result, "assets", items, usize::try_from(count).unwrap_or(usize::MAX)))
    }

    async fn relations(&self, text: &str) -> Result<Value> {
        let mut tables = Vec::new();
        for spelled in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).take(2) {
            let Some(asset) = self.find(spelled).await?.into_iter().next() else { return self.unknown(spelled).await };
            tables.push(self.table_of(asset).await?);
        }
        let mut keys: HashMap<DbProfileId, Vec<KnownAsset>> = HashMap::new();
        for table in &tables {
            if let Entry::Vacant(entry) = keys.entry(table.db_profile_id) {
                let columns = self.store.foreign_keys(table.db_profile_id, FOREIGN_KEYS).await?;
                entry.insert(one_each(columns));
            }
        }
        let mut result = Map::new();
        let steps = |keys: &[&KnownAsset], room| fitting(keys.iter().map(|key| self.step(key)).collect(), room);
        if let [from, to] = tables.as_slice()
            && from.db_profile_id == to.db_profile_id
        {
            let keys = &keys[&from.db_profile_id];
            let ways = ways::between(keys, &from.table_key, &to.table_key);
            if let Some((best, others)) = ways.split_first() {
                let columns: Vec<&KnownAsset> = best.steps.iter().map(|step| step.key).collect();
                result.insert("way".to_owned(), Value::Array(steps(&columns, RESULT_LENGTH / 2)));
                let mut told = self.way(best);
                told.remove("through");
                result.extend(told);
                let others: Vec<Value> = others.iter().map(|way| Value::Object(self.way(way))).collect();
                let left = others.len();
                let others = fitting(others, RESULT_LENGTH / 4);
                if left > others.len() {
                    result.insert("more_ways".to_owned(), json!(left - others.len()));
                }
                if !others.is_empty() {
                    result.insert("other_ways".to_owned(), Value::Array(others));
                }
            } else if u64::try_from(keys.len()).is_ok_and(|read| read >= FOREIGN_KEYS) {
                let note = format!("there are more than the {FOREIGN_KEYS} foreign keys that are looked at");
                result.insert("note".to_owned(), Value::String(note));
            }
        }
        let room = RESULT_LENGTH.saturating_sub(Value::Object(result.clone()).to_string().len()) / tables.len().max(1);
        let mut items = Vec::new();
        for table in &tables {
            let of_profile = &keys[&table.db_profile_id];
            let to: Vec<_> =
                of_profile.iter().filter(|key| key.table_key == table.table_key && key.references.is_some()).collect();
            let from: Vec<_> =
                of_profile.iter().filter(|key| key.references_key.as_ref() == Some(&table.table_key)).collect();
            let (count, path) = (to.len() + from.len(), self.spelled(table));
            // Leave room for the path and the JSON around the lists.
            let room = room.saturating_sub(path.len() + 80);
            let to = steps(&to, room / 2);
            let from = steps(&from, room.saturating_sub(Value::Array(to.clone()).to_string().len()));
            let more = count - to.len() - from.len();
            let mut item = json!({ "path": path, "refers_to": to, "referred_to_by": from });
            if more > 0 {
                item["more"] = json!(more);
            }
            items.push(item);
        }
        result.insert("tables".to_owned(), Value::Array(items));
        Ok(Value::Object(result))
    }

    /// Formats a way: the tables that it passes, its join conditions, and the table that its ends merely share.
    fn way(&self, way: &Way<'_>) -> Map<String, Value> {
        let on: Vec<String> = way.steps.iter().flat_map(|step| self.conditions(&self.step(step.key))).collect();
        let through = way.steps.iter().take(way.steps.len() - 1);
        let through: Vec<Value> = through.map(|step| json!({ "path": self.reached(step) })).collect();
        let mut told = Map::from_iter([("through".to_owned(), Value::Array(through))]);
        told.insert("on".to_owned(), Value::String(on.join(" AND ")));
        let shared = way.shares().and_then(|key| way.steps.iter().find(|step| step.to() == key));
        if let Some(step) = shared {
            told.insert("shares".to_owned(), Value::String(self.reached(step)));
        }
        told
    }

    /// The path of the table that a step leads to.
    fn reached(&self, step: &Step<'_>) -> String {
        if step.forward {
            let to = self.step(step.key);
            let to = to.get("to").or_else(|| to.pointer("/together/0/to")).and_then(Value::as_str).unwrap_or_default();
            split_last(to).map_or(to, |(table, _)| table).to_owned()
        } else {
            self.spelled_table(step.key)
        }
    }

    /// The join conditions of a formatted foreign key.
    fn conditions(&self, step: &Value) -> Vec<String> {
        let pairs = step.get("together").and_then(Value::as_array).map_or(std::slice::from_ref(step), Vec::as_slice);
        let side = |pair: &Value, key: &str| pair.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        pairs.iter().map(|pair| format!("{} = {}", side(pair, "column"), side(pair, "to"))).collect()
    }

    /// Formats a foreign key: its column and the one that it refers to, or all columns that refer together.
    fn step(&self, key: &KnownAsset) -> Value {
        let to = key.references.as_deref().unwrap_or_default();
        let Some(together) = &key.together else {
            return json!({ "column": self.spelled(key), "to": self.spell(key.db_profile_id, to) });
        };
        let column = |own: &str| AssetPath { column: Some(own.to_owned()), ..key.path.clone() }.display();
        let far = |other: &str| {
            let schema = together.schema.clone().or_else(|| key.path.schema.clone());
            let path = AssetPath {
                kind: AssetKind::Column,
                database: None,
                schema,
                table: Some(together.table.clone()),
                column: Some(other.to_owned()),
            };
            path.display()
        };
        let spell = |path: String| self.spell(key.db_profile_id, &path);
        let pairs = together.columns.iter();
        let pairs: Vec<Value> =
            pairs.map(|(own, other)| json!({ "column": spell(column(own)), "to": spell(far(other)) })).collect();
        json!({ "together": pairs })
    }

    /// Returns the table of a column, or the asset itself if it is not a column.
    async fn table_of(&self, asset: KnownAsset) -> Result<KnownAsset> {
        if asset.path.kind != AssetKind::Column {
            return Ok(asset);
        }
        let display = AssetPath { column: None, ..asset.path.clone() }.display();
        let found = self.store.assets_named(&[asset.db_profile_id], &[display]).await?;
        Ok(found.into_iter().find(|table| table.path.table == asset.path.table).unwrap_or(asset))
    }

    async fn suggestions(&self, text: &str) -> Result<Value> {
        let wanted = SearchQuery::of(text, false).wanted;
        let spelled = |one: Wanted| one.spellings.iter().map(|words| words::singular(&words.join(" "))).collect();
        let words: Vec<Vec<String>> = wanted.into_iter().map(spelled).collect();
        if words.is_empty() {
            return Ok(error("the text holds no word to look for"));
        }
        let found = self.store.suggestions_holding(&self.profile_ids(), &words, SUGGESTIONS).await?;
        let runs: Vec<_> = found.iter().map(|suggestion| suggestion.run_id).collect();
        let runs = self.store.runs_by_id(&runs).await?;
        let item = |suggestion: &crate::domain::suggestion::Suggestion| {
            let display = suggestion.asset.display();
            let profile = runs.get(&suggestion.run_id).and_then(|run| run.spec.db_profile_id);
            json!({
                "path": profile.map_or_else(|| display.clone(), |profile| self.spell(profile, &display)),
                "text": shown(suggestion.final_text()),
                "review": suggestion.review.state.as_str(),
                "run": suggestion.run_id.0,
            })
        };
        Ok(within(Map::new(), "suggestions", found.iter().map(item).collect(), found.len()))
    }

    async fn runs(&self, text: &str) -> Result<Value> {
        let search = (!text.is_empty()).then(|| text.to_owned());
        let filter = RunFilter { db_profile_ids: Some(self.profile_ids()), search, ..RunFilter::default() };
        let page = self.store.runs_page(&filter, RunOrder::default(), &PageRequest::first(RUNS)).await?;
        let item = |run: &crate::domain::run::Run| {
            json!({
                "number": run.id.0,
                "command": run.spec.command.as_str(),
                "status": run.status.as_str(),
                "scope": shown(&run.scope_summary),
                "database": run.spec.db_profile_name,
                "model": run.spec.model,
                "started": run.listed_at().to_rfc3339(),
                "described": run.progress.done,
            })
        };
        let runs: Vec<Value> = page.rows.iter().map(|(_, run)| item(run)).collect();
        let count = runs.len();
        Ok(within(Map::new(), "runs", runs, count))
    }
}
