//! What is documented elsewhere in a database: of columns with the same name, and of tables.
//!
//! The rule: a text is lent to a column whose name, type and key agree, unless the name says too little, or the text
//! speaks of the table that it was written for. Where less agrees, the text is only an alternative.

use std::collections::{BTreeSet, HashMap};

use super::{
    asset::AssetPath,
    catalog::{Column, ForeignKey, TableDetail},
    search::KnownAsset,
    substance::restates_name,
    vocabulary::{self, Context},
    words,
};

/// The words that a name needs at least for its column to be the same thing in another table.
const TELLING: usize = 2;
/// Names of several words that are another thing in each table.
const PER_TABLE: &[&str] = &["created", "updated", "modified", "deleted", "changed", "inserted", "valid", "is", "has"];

/// A documented column.
#[derive(Debug, Clone, PartialEq)]
pub struct Elsewhere {
    /// Its path.
    pub path: AssetPath,
    /// Its comment or accepted description.
    pub text: String,
    data_type: String,
    primary_key: bool,
    references: Option<String>,
}

/// What is documented of a database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Documented {
    /// The columns, by their names in lower case.
    columns: HashMap<String, Vec<Elsewhere>>,
    /// The texts of tables.
    tables: HashMap<TableKey, String>,
}

/// A table's database, schema and name.
type TableKey = (Option<String>, String, String);

/// The texts that others lend to a column.
#[derive(Debug, Default)]
pub struct Lent<'a> {
    /// The text of columns that agree in name, type and key; `None` if there is none, or if they say different things.
    pub agreed: Option<&'a Elsewhere>,
    /// Further texts, at most [`Lent::OTHERS`].
    pub others: Vec<&'a Elsewhere>,
}

impl Lent<'_> {
    /// Maximum number of further texts.
    pub const OTHERS: usize = 2;
}

impl Documented {
    /// Collects the tables and columns that have a comment or an accepted description, the comment first.
    pub fn of(assets: impl IntoIterator<Item = KnownAsset>) -> Self {
        let mut documented = Self::default();
        for asset in assets {
            let text = [asset.comment, asset.description].into_iter().flatten().find(|text| !text.trim().is_empty());
            let Some(text) = text else { continue };
            let Some(name) = asset.path.column.as_deref().map(str::to_lowercase) else {
                if !restates_name(&text, &asset.path, None) {
                    let AssetPath { database, schema, table, .. } = asset.path;
                    documented.tables.insert((database, schema.unwrap_or_default(), table.unwrap_or_default()), text);
                }
                continue;
            };
            let data_type = asset.data_type.unwrap_or_default();
            if restates_name(&text, &asset.path, Some(&data_type)) {
                continue;
            }
            documented.columns.entry(name).or_default().push(Elsewhere {
                path: asset.path,
                text,
                data_type,
                primary_key: asset.primary_key,
                references: asset.references,
            });
        }
        documented
    }

    /// The text of a table.
    #[must_use]
    pub fn table(&self, database: Option<&str>, schema: &str, table: &str) -> Option<&str> {
        let key = (database.map(str::to_owned), schema.to_owned(), table.to_owned());
        self.tables.get(&key).map(String::as_str)
    }

    /// The texts that other columns lend to this one.
    #[must_use]
    pub fn lent(&self, table: &TableDetail, column: &Column) -> Lent<'_> {
        let Some(known) = self.columns.get(&column.name.to_lowercase()) else { return Lent::default() };
        let name = words_of(&column.name);
        let says_enough = name.len() >= TELLING && !name.iter().any(|word| PER_TABLE.contains(&word.as_str()));
        if !says_enough {
            return Lent::default();
        }
        let own = table.column_path(&column.name);
        let references =
            table.foreign_keys.iter().find(|key| key.has(&column.name)).map(|key| target(table, key, column));
        let (mut agreeing, mut others): (Vec<&Elsewhere>, Vec<&Elsewhere>) = (Vec::new(), Vec::new());
        for other in known.iter().filter(|other| other.path.schema != own.schema || other.path.table != own.table) {
            let agrees = other.data_type.eq_ignore_ascii_case(&column.data_type)
                && other.references == references
                && other.primary_key == column.primary_key
                && !speaks_of_its_table(other, &name);
            let texts = if agrees { &mut agreeing } else { &mut others };
            if texts.iter().all(|known| known.text != other.text) {
                texts.push(other);
            }
        }
        let agreed = if agreeing.len() == 1 { agreeing.pop() } else { None };
        let mut others: Vec<&Elsewhere> = agreeing.into_iter().chain(others).collect();
        others.retain(|other| agreed.is_none_or(|agreed| agreed.text != other.text));
        others.truncate(Lent::OTHERS);
        Lent { agreed, others }
    }
}

/// The column that a foreign key references, as displayed.
fn target(table: &TableDetail, key: &ForeignKey, column: &Column) -> String {
    let other = key.columns.iter().find(|(own, _)| *own == column.name).map(|(_, other)| other.clone());
    let schema = key.schema.clone().unwrap_or_else(|| table.schema.clone());
    let mut path = table.column_path(&other.unwrap_or_default());
    (path.schema, path.table) = (Some(schema), Some(key.table.clone()));
    path.display()
}

/// Returns whether a text names the thing that its table holds, which is another one elsewhere.
fn speaks_of_its_table(other: &Elsewhere, name: &BTreeSet<String>) -> bool {
    let table = words_of(other.path.table.as_deref().unwrap_or_default());
    let text = words_of(&other.text);
    table.iter().any(|word| word.len() > 2 && text.contains(word) && !name.contains(word))
}

fn words_of(text: &str) -> BTreeSet<String> {
    let tokens = vocabulary::read(text, &Context::default());
    tokens.iter().flat_map(|token| token.text.split(' ')).map(words::singular).collect()
}
