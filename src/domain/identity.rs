//! Which database stands behind a URL.
//!
//! The rule: a URL names a place, and another database can come to stand there. A run records the identity of the
//! database that it described, and nothing is written for it to a database with another one until a person confirms
//! that both are the same ([`Identity::is`], `updateDbProfile` with `sameDatabase`).

use serde::{Deserialize, Serialize};

use super::{clock::Moment, id::DbProfileId};

/// What tells a database from every other, as far as the database itself says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What tells its server or file from every other: `system 7301…`, `inode 12…`, or an address where the server
    /// says nothing better.
    pub server: String,
    /// The name of the database; `None` where the profile reaches all of the server's.
    pub database: Option<String>,
    /// What tells the database from a later one of the same name, where there is something: PostgreSQL's OID.
    pub mark: Option<String>,
    /// Whether the database was asked for by name, and not as the one that the URL means.
    pub named: bool,
    /// Where it is, for people: `shop on PostgreSQL at 127.0.0.1:5432`.
    pub place: String,
}

impl Identity {
    /// A database of PostgreSQL, by the system identifier of its cluster and its OID.
    #[must_use]
    pub fn of_postgres(system: &str, oid: &str, name: String, place: &str) -> Self {
        Self {
            server: format!("system {system}"),
            place: format!("{name} on PostgreSQL at {place}"),
            database: Some(name),
            mark: Some(format!("database {oid}")),
            named: false,
        }
    }

    /// Whether both are the same database.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => Some(one == other),
            _ => None,
        };
        let same = same(&self.mark, &other.mark).or_else(|| same(&self.database, &other.database)).unwrap_or(true);
        self.server == other.server && same
    }

    /// The place and what tells the database from another one there.
    #[must_use]
    pub fn told(&self) -> String {
        let marks =
            [Some(&self.server), self.mark.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        format!("{} ({marks})", self.place)
    }
}

/// A person's word that two databases are the same one: it moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The profile that led to the one and leads to the other.
    pub db_profile_id: DbProfileId,
    /// The database before; `None` for runs that recorded none.
    pub from: Option<Identity>,
    /// The database now.
    pub to: Identity,
    /// The caller that confirmed it.
    pub actor: String,
    /// When.
    pub at: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(server: &str, database: Option<&str>, mark: Option<&str>) -> Identity {
        Identity {
            server: server.to_owned(),
            database: database.map(str::to_owned),
            mark: mark.map(str::to_owned),
            named: false,
            place: "somewhere".to_owned(),
        }
    }

    #[test]
    fn a_database_is_told_by_its_server_its_mark_and_its_name() {
        let shop = identity("system 1", Some("shop"), Some("oid 5"));
        let cases = [
            (identity("system 1", Some("shop"), Some("oid 5")), true),
            (identity("system 1", Some("renamed"), Some("oid 5")), true),
            (identity("system 1", Some("shop"), Some("oid 6")), false),
            (identity("system 2", Some("shop"), Some("oid 5")), false),
            (identity("system 1", Some("shop"), None), true),
            (identity("system 1", Some("other"), None), false),
            (identity("system 1", None, None), true),
        ];
        for (other, same) in cases {
            assert_eq!(shop.is(&other), same, "{other:?}");
            assert_eq!(other.is(&shop), same, "{other:?}");
        }
        let elsewhere = Identity { named: true, place: "another name of it".to_owned(), ..shop.clone() };
        assert!(shop.is(&elsewhere));
    }
}
