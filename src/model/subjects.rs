//! The subjects of one request, each under the key by which prompt, schema and answer speak of it.
//!
//! The rule: keys are stable, distinct whatever the letter case, and made of ASCII letters, digits and `_`
//! alone, so that every provider takes them as property names and none of them can carry an instruction.

use std::collections::HashSet;

use crate::{
    domain::{asset::AssetPath, catalog::TableDetail},
    port::model::Subject,
};

/// Letters of a key at the most.
const KEY_LENGTH: usize = 64;

/// One thing to be described.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Which part of the table it is.
    pub subject: Subject,
    /// Its key: `table`, or the column's name made safe, or `c3` where that cannot be.
    pub key: String,
    /// Its bare name as the database spells it.
    pub name: String,
    /// Where it stands.
    pub path: AssetPath,
}

/// Names the subjects of a request. A subject that the table does not have is left out, and with it its key.
#[must_use]
pub fn asked(table: &TableDetail, subjects: &[Subject]) -> Vec<Asked> {
    let mut taken = HashSet::from(["table".to_owned()]);
    let mut name_one = |subject: &Subject| match *subject {
        Subject::Table => {
            Some(Asked { subject: *subject, key: "table".into(), name: table.table.name.clone(), path: table.path() })
        }
        Subject::Column(index) => {
            let name = &table.columns.get(index)?.name;
            let mut key = safe_key(name).unwrap_or_else(|| format!("c{}", index + 1));
            while !taken.insert(key.to_ascii_lowercase()) {
                key = format!("{key}_c{}", index + 1);
            }
            Some(Asked { subject: *subject, key, name: name.clone(), path: table.column_path(name) })
        }
    };
    subjects.iter().filter_map(&mut name_one).collect()
}

/// Names a schema or a database: the one subject of its request.
#[must_use]
pub fn whole(path: &AssetPath) -> Asked {
    let name = path.schema.as_ref().or(path.database.as_ref()).cloned().unwrap_or_default();
    Asked { subject: Subject::Table, key: path.kind.noun().to_owned(), name, path: path.clone() }
}

/// A name as a key; `None` where nothing readable is left of it.
fn safe_key(name: &str) -> Option<String> {
    let safe: String = name.chars().take(KEY_LENGTH).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    safe.contains(|c: char| c.is_ascii_alphanumeric()).then_some(safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{column, table};

    #[test]
    fn keys_are_safe_and_distinct() {
        let detail =
            table("users", vec![column("id"), column("ID"), column("e-mail"), column("名前"), column("table")]);
        let subjects: Vec<Subject> = std::iter::once(Subject::Table).chain((0..5).map(Subject::Column)).collect();
        let keys: Vec<String> = asked(&detail, &subjects).into_iter().map(|one| one.key).collect();
        assert_eq!(keys, ["table", "id", "ID_c2", "e_mail", "c4", "table_c5"]);
    }

    #[test]
    fn a_column_that_is_gone_is_left_out() {
        assert_eq!(asked(&table("users", vec![]), &[Subject::Column(3)]), []);
    }
}
