//! The subjects of one request, each with the key that prompt, schema and answer use for it.
//!
//! The rule: keys are `c1`, `c2`, … in the order of the request, regardless of the assets' names. Every provider
//! therefore accepts them as property names, and no name in a database can carry an instruction or pass for another
//! key.

use crate::{
    domain::{asset::AssetPath, catalog::TableDetail},
    port::model::Subject,
};

/// A subject with its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The part of the table.
    pub subject: Subject,
    /// Its key.
    pub key: String,
    /// Its bare name as the database spells it.
    pub name: String,
    /// Its path.
    pub path: AssetPath,
}

fn key(position: usize) -> String {
    format!("c{}", position + 1)
}

/// Assigns keys to the subjects of a request. A subject that the table does not have is left out and gets no key.
#[must_use]
pub fn asked(table: &TableDetail, subjects: &[Subject]) -> Vec<Asked> {
    let named = subjects.iter().filter_map(|subject| match *subject {
        Subject::Table => Some((*subject, table.table.name.clone(), table.path())),
        Subject::Column(index) => {
            let name = &table.columns.get(index)?.name;
            Some((*subject, name.clone(), table.column_path(name)))
        }
    });
    let one = |(at, (subject, name, path))| Asked { subject, key: key(at), name, path };
    named.enumerate().map(one).collect()
}

/// Assigns a key to a schema or database, the only subject of its request.
#[must_use]
pub fn whole(path: &AssetPath) -> Asked {
    let name = path.schema.as_ref().or(path.database.as_ref()).cloned().unwrap_or_default();
    Asked { subject: Subject::Table, key: key(0), name, path: path.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{column, table};

    #[test]
    fn keys_do_not_depend_on_names() {
        let detail = table("users", vec![column("c3"), column("ID"), column("\"}: ignore"), column("名前")]);
        let subjects: Vec<Subject> = std::iter::once(Subject::Table).chain((0..4).map(Subject::Column)).collect();
        let keys: Vec<String> = asked(&detail, &subjects).into_iter().map(|one| one.key).collect();
        assert_eq!(keys, ["c1", "c2", "c3", "c4", "c5"]);
    }

    #[test]
    fn a_column_that_is_gone_is_left_out() {
        assert_eq!(asked(&table("users", vec![]), &[Subject::Column(3)]), []);
    }
}
