//! Which asset of a catalog a description belongs to, and whether it conflicts with what is there.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::project::Description;

/// An asset of the catalog.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its path, as the API returned it.
    pub asset: Value,
    /// Its comment.
    pub comment: Option<String>,
    /// The text that was accepted last.
    pub accepted: Option<String>,
}

/// A table of the catalog with its columns.
#[derive(Debug)]
struct KnownTable {
    itself: Known,
    columns: HashMap<String, Known>,
}

/// The tables of a catalog.
#[derive(Debug, Default)]
pub struct Catalog {
    tables: Vec<KnownTable>,
    /// The tables by their names in lowercase.
    by_name: HashMap<String, Vec<usize>>,
}

/// Why a description belongs to no asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmatched {
    /// The database has no such table.
    NoTable,
    /// The table has no such column.
    NoColumn,
    /// Several tables have the name.
    Several,
}

/// The descriptions of one asset.
#[derive(Debug)]
pub struct Match {
    /// The asset.
    pub known: Known,
    /// The distinct texts, in the order of the files, each with its place.
    pub texts: Vec<(String, String)>,
}

/// What stands against the text of an asset.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: the text is new.
    New,
    /// The database or a review has this text already.
    Same,
    /// There are other texts.
    Conflict,
}

impl Match {
    /// Compares the texts with what is there.
    pub fn standing(&self) -> Standing {
        let is_same = |other: &Option<String>, text: &str| other.as_deref().is_some_and(|other| other.trim() == text);
        let [(text, _)] = self.texts.as_slice() else { return Standing::Conflict };
        if is_same(&self.known.accepted, text) || (self.known.accepted.is_none() && is_same(&self.known.comment, text))
        {
            return Standing::Same;
        }
        let others = [&self.known.comment, &self.known.accepted];
        if others.iter().all(|other| other.is_none() || is_same(other, text)) {
            Standing::New
        } else {
            Standing::Conflict
        }
    }
}

impl Catalog {
    /// Adds a page of the catalog: nodes with `itself` and `columns`.
    pub fn add(&mut self, nodes: &[Value]) {
        for node in nodes {
            let itself = &node["itself"];
            let Some(name) = itself["asset"]["table"].as_str() else { continue };
            let known = |asset: &Value| Known {
                asset: asset["asset"].clone(),
                comment: asset["comment"].as_str().map(str::to_owned),
                accepted: asset["acceptedText"].as_str().map(str::to_owned),
            };
            let columns = node["columns"].as_array().into_iter().flatten();
            let columns = columns
                .map(|column| (column["asset"]["column"].as_str().unwrap_or_default().to_owned(), known(column)));
            self.by_name.entry(name.to_lowercase()).or_default().push(self.tables.len());
            self.tables.push(KnownTable { itself: known(itself), columns: columns.collect() });
        }
    }

    /// Finds the asset that a description is for. With `narrowed`, the catalog holds only the schemas that the caller
    /// named, so a schema in the files does not count.
    fn find(&self, description: &Description, narrowed: bool) -> Result<&Known, Unmatched> {
        let named = self.by_name.get(&description.table.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        let named: Vec<&KnownTable> = named.iter().filter_map(|at| self.tables.get(*at)).collect();
        let part = |table: &KnownTable, part: &str| table.itself.asset[part].as_str().unwrap_or_default().to_owned();
        let exact: Vec<&KnownTable> =
            named.iter().copied().filter(|table| part(table, "table") == description.table).collect();
        let mut tables = if exact.is_empty() { named } else { exact };
        if let Some(schema) = description.schema.as_ref().filter(|_| !narrowed) {
            let of = |fits: &dyn Fn(String) -> bool| -> Vec<&KnownTable> {
                tables.iter().copied().filter(|table| fits(part(table, "schema"))).collect()
            };
            let lower = schema.to_lowercase();
            let same = of(&|it| it == *schema);
            let same = if same.is_empty() { of(&|it| it.to_lowercase() == lower) } else { same };
            let suffix = format!("_{lower}");
            tables = match (same.is_empty(), description.is_suffix) {
                (true, true) => {
                    let ending = of(&|it| it.to_lowercase().ends_with(&suffix));
                    if ending.is_empty() { tables } else { ending }
                }
                _ => same,
            };
        }
        let [table] = tables.as_slice() else {
            return Err(if tables.is_empty() { Unmatched::NoTable } else { Unmatched::Several });
        };
        let Some(column) = &description.column else { return Ok(&table.itself) };
        let fits = |name: &&String| name.to_lowercase() == column.to_lowercase();
        let of_any_case = || {
            let mut found = table.columns.keys().filter(fits);
            found.next().filter(|_| found.next().is_none()).and_then(|name| table.columns.get(name))
        };
        table.columns.get(column).or_else(of_any_case).ok_or(Unmatched::NoColumn)
    }

    /// Matches descriptions with assets. Returns the matches by path, and what matches nothing.
    pub fn matched<'a>(
        &self,
        descriptions: &'a [Description],
        narrowed: bool,
    ) -> (Vec<Match>, Vec<(&'a Description, Unmatched)>) {
        let mut matches: HashMap<String, Match> = HashMap::new();
        let mut unmatched = Vec::new();
        // A table that matches nothing is told once, without its columns.
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for description in descriptions {
            match self.find(description, narrowed) {
                Ok(known) => {
                    let key = known.asset.to_string();
                    let found = matches.entry(key).or_insert_with(|| Match { known: known.clone(), texts: Vec::new() });
                    if found.texts.iter().all(|(text, _)| *text != description.text) {
                        found.texts.push((description.text.clone(), description.place.clone()));
                    }
                }
                Err(Unmatched::NoColumn) => unmatched.push((description, Unmatched::NoColumn)),
                Err(why) => {
                    if told.insert(&description.table) {
                        unmatched.push((description, why));
                    }
                }
            }
        }
        let mut matches: Vec<(String, Match)> = matches.into_iter().collect();
        matches.sort_by(|one, other| one.0.cmp(&other.0));
        let display = |it: &Match| it.known.asset["display"].as_str().unwrap_or_default().to_owned();
        let mut matches: Vec<Match> = matches.into_iter().map(|(_, it)| it).collect();
        matches.sort_by_key(display);
        (matches, unmatched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn catalog() -> Catalog {
        let table = |schema: &str, name: &str| {
            json!({
                "itself": { "asset": { "schema": schema, "table": name, "display": format!("{schema}.{name}") } },
                "columns": [{ "asset": { "schema": schema, "table": name, "column": "Id" }, "comment": "its key" }],
            })
        };
        let mut catalog = Catalog::default();
        catalog.add(&[
            table("raw", "orders"),
            table("dev_marts", "orders"),
            table("raw", "Users"),
            table("raw", "users"),
            table("other", "one"),
        ]);
        catalog
    }

    fn description(schema: Option<&str>, is_suffix: bool, table: &str, column: Option<&str>) -> Description {
        Description {
            schema: schema.map(str::to_owned),
            is_suffix,
            table: table.to_owned(),
            column: column.map(str::to_owned),
            text: "text".to_owned(),
            place: "f:1".to_owned(),
        }
    }

    #[test]
    fn tables_are_found_by_schema_and_case() {
        let catalog = catalog();
        let cases = [
            (description(Some("raw"), false, "orders", None), false, Ok("raw")),
            (description(Some("RAW"), false, "ORDERS", None), false, Ok("raw")),
            (description(Some("marts"), true, "orders", None), false, Ok("dev_marts")),
            (description(None, true, "orders", None), false, Err(Unmatched::Several)),
            (description(Some("nope"), false, "orders", None), false, Err(Unmatched::NoTable)),
            (description(Some("nope"), true, "one", None), false, Ok("other")),
            (description(Some("nope"), false, "one", None), true, Ok("other")),
            (description(Some("raw"), false, "users", None), false, Ok("raw")),
            (description(Some("raw"), false, "USERS", None), false, Err(Unmatched::Several)),
            (description(None, true, "one", Some("ID")), false, Ok("other")),
            (description(None, true, "one", Some("nope")), false, Err(Unmatched::NoColumn)),
            (description(None, true, "nope", Some("id")), false, Err(Unmatched::NoTable)),
        ];
        for (description, narrowed, expected) in cases {
            let found = catalog.find(&description, narrowed).map(|known| known.asset["schema"].as_str().unwrap());
            assert_eq!(found, expected, "{description:?}");
        }
    }

    #[test]
    fn texts_conflict_with_other_texts() {
        let of = |texts: &[&str], comment: Option<&str>, accepted: Option<&str>| {
            let known =
                Known { asset: json!({}), comment: comment.map(str::to_owned), accepted: accepted.map(str::to_owned) };
            let texts = texts.iter().map(|text| ((*text).to_owned(), String::new())).collect();
            Match { known, texts }.standing()
        };
        assert_eq!(of(&["a"], None, None), Standing::New);
        assert_eq!(of(&["a"], Some("a\n"), None), Standing::Same);
        assert_eq!(of(&["a"], None, Some("a")), Standing::Same);
        assert_eq!(of(&["a"], Some("b"), Some("a")), Standing::Same);
        assert_eq!(of(&["a"], Some("a"), Some("b")), Standing::Conflict);
        assert_eq!(of(&["a"], Some("b"), None), Standing::Conflict);
        assert_eq!(of(&["a"], None, Some("b")), Standing::Conflict);
        assert_eq!(of(&["a", "b"], None, None), Standing::Conflict);
    }
}
