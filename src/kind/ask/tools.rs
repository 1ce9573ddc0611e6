//! The tools that a model answers with: looks into the index of catalogs and into Gloss's own records.
//!
//! The rule: a tool reads the store and nothing else; none reaches a database, runs SQL or changes anything. What it
//! gives is JSON of a bounded length whose texts are on one line, and every path in it is spelled as it is cited. A
//! tool that does not exist, an asset that does not, and arguments that cannot be read are answered with an error
//! that says what to do. To add a tool, add it to [`TOOLS`] and to [`Tools::run`].

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value, json};

use crate::{
    domain::{
        Result,
        asset::{AssetKind, AssetPath, quote_part},
        filter::{RunFilter, RunOrder},
        id::DbProfileId,
        page::PageRequest,
        profile::DbProfile,
        search::{AssetHit, KnownAsset, Need, SearchQuery},
        text::{cut, one_line},
    },
    port::{
        converse::{Call, Tool},
        store::Store,
    },
};

/// The tools that there are.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "search_assets",
        description: "Finds tables and columns by words in their names, comments and descriptions, best first.",
        argument: "text",
        argument_description: "The words to look for.",
    },
    Tool {
        name: "describe",
        description: "Tells of one table or column: types, keys, comments, descriptions; of a table all its columns.",
        argument: "path",
        argument_description: "The path, as another tool gave it.",
    },
    Tool {
        name: "relations",
        description: "Tells which foreign keys lead from and to a table, or the way of foreign keys between two tables.",
        argument: "tables",
        argument_description: "The path of a table, or of two with a comma between them.",
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

/// Characters of one result.
const RESULT_LENGTH: usize = 4_000;
/// Characters of a comment or description.
const TEXT_LENGTH: usize = 280;
const ARGUMENT_LENGTH: usize = 500;
const HITS: usize = 12;
const SUGGESTIONS: u64 = 10;
const RUNS: usize = 10;
const REFERENCES: u64 = 40;
/// Tables that are looked at on the way from one to another.
const TABLES_ON_THE_WAY: usize = 200;

/// The tools over some profiles.
pub struct Tools<'a> {
    store: &'a dyn Store,
    profiles: Vec<DbProfile>,
}

/// What arguments say, for a person: `customer mail`.
pub fn what(arguments: &Value) -> String {
    cut(&one_line(&argument(arguments)), 120)
}

/// The one text that arguments hold, however a model wrote them.
fn argument(arguments: &Value) -> String {
    let text = match arguments {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let texts = fields.values().filter_map(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
                _ => None,
            });
            texts.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    cut(text.trim(), ARGUMENT_LENGTH)
}

fn error(message: impl Into<String>) -> Value {
    json!({ "error": message.into() })
}

fn shown(text: &str) -> String {
    cut(&one_line(text), TEXT_LENGTH)
}

/// As many items as fit beside what else is said, and how many were left out.
fn within(mut result: Map<String, Value>, key: &str, items: Vec<Value>) -> Value {
    let mut left = RESULT_LENGTH.saturating_sub(Value::Object(result.clone()).to_string().len());
    let mut kept = Vec::with_capacity(items.len());
    let count = items.len();
    for item in items {
        let length = item.to_string().len() + 1;
        let Some(rest) = left.checked_sub(length) else { break };
        left = rest;
        kept.push(item);
    }
    if kept.len() < count {
        result.insert("more".to_owned(), json!(count - kept.len()));
    }
    result.insert(key.to_owned(), Value::Array(kept));
    Value::Object(result)
}

impl<'a> Tools<'a> {
    /// The tools over these profiles; at least one.
    pub const fn new(store: &'a dyn Store, profiles: Vec<DbProfile>) -> Self {
        Self { store, profiles }
    }

    /// Where they look.
    pub fn profile_ids(&self) -> Vec<DbProfileId> {
        self.profiles.iter().map(|profile| profile.id).collect()
    }

    /// Uses a tool: JSON as text.
    ///
    /// # Errors
    /// The store's.
    pub async fn run(&self, call: &Call) -> Result<String> {
        let text = argument(&call.arguments);
        let result = match call.name.as_str() {
            "list_runs" => self.runs(&text).await?,
            name if !TOOLS.iter().any(|tool| tool.name == name) => {
                let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
                error(format!("there is no such tool; there are {}", names.join(", ")))
            }
            _ if text.is_empty() => error("the argument is missing; give one text"),
            "search_assets" => self.search(&text).await?,
            "describe" => self.describe(&text).await?,
            "relations" => self.relations(&text).await?,
            _ => self.suggestions(&text).await?,
        };
        Ok(result.to_string())
    }

    /// The assets that a spelling means: with the profile's name before it where there are several.
    ///
    /// # Errors
    /// The store's.
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

    /// A path as it is cited.
    fn spell(&self, profile: DbProfileId, path: &str) -> String {
        match self.profiles.iter().find(|known| known.id == profile) {
            Some(profile) if self.profiles.len() > 1 => format!("{}:{path}", quote_part(&profile.name)),
            _ => path.to_owned(),
        }
    }

    fn spelled(&self, asset: &KnownAsset) -> String {
        self.spell(asset.db_profile_id, &asset.path.display())
    }

    /// What is known of an asset.
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
        put("references", asset.references.as_ref().map(|path| self.spell(asset.db_profile_id, path)));
        put("description", asset.description.as_deref().map(shown));
        put(
            "comment",
            asset.comment.as_deref().filter(|comment| asset.description.as_deref() != Some(comment)).map(shown),
        );
        brief
    }

    /// All words first; where that leaves room, assets with some of them.
    async fn hits(&self, text: &str) -> Result<Vec<AssetHit>> {
        let query = SearchQuery::of(text, false);
        let ids = self.profile_ids();
        let mut hits: Vec<AssetHit> = Vec::new();
        for need in [Need::All, Need::Any] {
            let page = self.store.search_assets(&query, need, Some(&ids), &PageRequest::first(HITS)).await?;
            let known: HashSet<i64> = hits.iter().map(|hit| hit.asset.id).collect();
            hits.extend(page.rows.into_iter().map(|(_, hit)| hit).filter(|hit| !known.contains(&hit.asset.id)));
            if query.wanted.len() < 2 {
                break;
            }
        }
        hits.truncate(HITS);
        Ok(hits)
    }

    async fn search(&self, text: &str) -> Result<Value> {
        let hits = self.hits(text).await?;
        let item = |hit: &AssetHit| {
            let mut item = self.brief(&hit.asset);
            if hit.asset.path.kind == AssetKind::Column {
                item.insert("table".to_owned(), Value::String(self.spelled_table(&hit.asset)));
            }
            item.insert("why".to_owned(), Value::String(hit.why()));
            Value::Object(item)
        };
        Ok(within(Map::new(), "assets", hits.iter().map(item).collect()))
    }

    fn spelled_table(&self, asset: &KnownAsset) -> String {
        let table = AssetPath { column: None, ..asset.path.clone() };
        self.spell(asset.db_profile_id, &table.display())
    }

    /// What to say where a path means nothing: what comes close.
    async fn unknown(&self, spelled: &str) -> Result<Value> {
        let hits = self.hits(spelled).await?;
        let close: Vec<Value> = hits.iter().take(5).map(|hit| json!({ "path": self.spelled(&hit.asset) })).collect();
        let message = format!("nothing has the path {}; use one that a tool gave", shown(spelled));
        Ok(json!({ "error": message, "similar": close }))
    }

    async fn describe(&self, spelled: &str) -> Result<Value> {
        let Some(asset) = self.find(spelled).await?.into_iter().next() else { return self.unknown(spelled).await };
        let mut result = Map::new();
        result.insert("asset".to_owned(), Value::Object(self.brief(&asset)));
        match asset.path.kind {
            AssetKind::Column => {
                result.insert("table".to_owned(), Value::String(self.spelled_table(&asset)));
                Ok(Value::Object(result))
            }
            AssetKind::Table | AssetKind::View | AssetKind::MaterializedView => {
                let columns = self.store.columns_of(asset.db_profile_id, &asset.path).await?;
                let columns = columns.iter().map(|column| Value::Object(self.brief(column))).collect();
                Ok(within(result, "columns", columns))
            }
            _ => Ok(Value::Object(result)),
        }
    }

    async fn relations(&self, text: &str) -> Result<Value> {
        let mut tables = Vec::new();
        for spelled in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).take(2) {
            let Some(asset) = self.find(spelled).await?.into_iter().next() else { return self.unknown(spelled).await };
            tables.push(self.table_of(asset).await?);
        }
        let mut result = Map::new();
        let mut items = Vec::new();
        if let [from, to] = tables.as_slice() {
            let way = self.way(from, to).await?;
            if !way.is_empty() {
                result.insert("way".to_owned(), Value::Array(way.iter().map(|step| self.step(step)).collect()));
            }
        }
        for table in &tables {
            let [to, from] = self.keys_of(table).await?;
            let steps = |keys: &[KnownAsset]| keys.iter().map(|key| self.step(key)).collect::<Vec<_>>();
            items.push(json!({
                "path": self.spelled(table), "refers_to": steps(&to), "referred_to_by": steps(&from),
            }));
        }
        Ok(within(result, "tables", items))
    }

    /// A foreign key: the column, and what it refers to.
    fn step(&self, key: &KnownAsset) -> Value {
        let to = key.references.as_deref().unwrap_or_default();
        json!({ "column": self.spelled(key), "to": self.spell(key.db_profile_id, to) })
    }

    /// The table of a column; the asset itself otherwise.
    async fn table_of(&self, asset: KnownAsset) -> Result<KnownAsset> {
        if asset.path.kind != AssetKind::Column {
            return Ok(asset);
        }
        let display = AssetPath { column: None, ..asset.path.clone() }.display();
        let found = self.store.assets_named(&[asset.db_profile_id], &[display]).await?;
        Ok(found.into_iter().find(|table| table.path.table == asset.path.table).unwrap_or(asset))
    }

    /// The foreign keys of a table, and those that point to it.
    async fn keys_of(&self, table: &KnownAsset) -> Result<[Vec<KnownAsset>; 2]> {
        let columns = self.store.columns_of(table.db_profile_id, &table.path).await?;
        let to = columns.into_iter().filter(|column| column.references.is_some()).collect();
        let from = self.store.referring_to(table.db_profile_id, &table.path, REFERENCES).await?;
        Ok([to, from])
    }

    /// The shortest way of foreign keys from one table to another; none where there is none.
    async fn way(&self, from: &KnownAsset, to: &KnownAsset) -> Result<Vec<KnownAsset>> {
        let name = |asset: &KnownAsset| AssetPath { column: None, kind: AssetKind::Table, ..asset.path.clone() };
        if from.db_profile_id != to.db_profile_id || name(from) == name(to) {
            return Ok(Vec::new());
        }
        let mut came: HashMap<AssetPath, (AssetPath, KnownAsset)> = HashMap::new();
        let mut queue = VecDeque::from([from.clone()]);
        let mut looked = HashSet::from([name(from)]);
        while let Some(table) = queue.pop_front() {
            if looked.len() > TABLES_ON_THE_WAY {
                break;
            }
            let [leaving, coming] = self.keys_of(&table).await?;
            let mut next: Vec<(KnownAsset, KnownAsset)> = Vec::new();
            for key in leaving {
                let other = key.references.clone().unwrap_or_default();
                let found = self.store.assets_named(&[key.db_profile_id], &[other]).await?;
                if let Some(other) = found.into_iter().next() {
                    next.push((key, other));
                }
            }
            next.extend(coming.into_iter().map(|key| (key.clone(), key)));
            for (key, other) in next {
                let other = self.table_of(other).await?;
                if !looked.insert(name(&other)) {
                    continue;
                }
                came.insert(name(&other), (name(&table), key));
                if name(&other) == name(to) {
                    let mut way = Vec::new();
                    let mut at = name(to);
                    while let Some((before, key)) = came.remove(&at) {
                        way.push(key);
                        at = before;
                    }
                    way.reverse();
                    return Ok(way);
                }
                queue.push_back(other);
            }
        }
        Ok(Vec::new())
    }

    async fn suggestions(&self, text: &str) -> Result<Value> {
        let wanted = SearchQuery::of(text, false).wanted;
        let words: Vec<String> = wanted
            .into_iter()
            .filter_map(|one| one.spellings.into_iter().next())
            .map(|words| words.join(" "))
            .collect();
        if words.is_empty() {
            return Ok(error("the text holds no word to look for"));
        }
        let found = self.store.suggestions_holding(&self.profile_ids(), &words, SUGGESTIONS).await?;
        let runs: Vec<_> = found.iter().map(|suggestion| suggestion.run_id).collect();
        let runs = self.store.runs_by_id(&runs).await?;
        let item = |suggestion: &crate::domain::suggestion::Suggestion| {
            let display = suggestion.asset.display();
            let profile = runs.get(&suggestion.run_id).and_then(|run| run.db_profile_id);
            json!({
                "path": profile.map_or_else(|| display.clone(), |profile| self.spell(profile, &display)),
                "text": shown(suggestion.final_text()),
                "review": suggestion.review.state.as_str(),
                "run": suggestion.run_id.0,
            })
        };
        Ok(within(Map::new(), "suggestions", found.iter().map(item).collect()))
    }

    async fn runs(&self, text: &str) -> Result<Value> {
        let search = (!text.is_empty()).then(|| text.to_owned());
        let filter = RunFilter { db_profile_ids: Some(self.profile_ids()), search, ..RunFilter::default() };
        let page = self.store.runs_page(&filter, RunOrder::default(), &PageRequest::first(RUNS)).await?;
        let item = |run: &crate::domain::run::Run| {
            json!({
                "number": run.id.0,
                "command": run.command.as_str(),
                "status": run.status.as_str(),
                "scope": shown(&run.scope_summary),
                "database": run.db_profile_name,
                "model": run.model,
                "started": run.listed_at().to_rfc3339(),
                "described": run.progress.done,
            })
        };
        Ok(within(Map::new(), "runs", page.rows.iter().map(|(_, run)| item(run)).collect()))
    }
}
