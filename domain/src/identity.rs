//! The identity of the database behind a URL.
//!
//! The rule: a URL names a place, and another database may later be reachable at that place. A run records the identity
//! of the database that it described. Gloss writes the run's comments only to a database with the same identity, or
//! after a person confirms that both are the same database ([`Identity::is`], `updateDbProfile` with `sameDatabase`).

use serde::{Deserialize, Serialize};

use super::{clock::Moment, id::DbProfileId};

/// The properties that distinguish a database from others, as far as the server reports them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// A mark of the server or file: `system 7301…`, `inode 12…`, or an address if the server reports nothing better.
    pub server: String,
    /// The name of the database; `None` if the profile covers all databases of the server.
    pub database: Option<String>,
    /// A mark that distinguishes the database from a later one with the same name, if there is one: PostgreSQL's OID.
    pub mark: Option<String>,
    /// Whether the database was selected by name, rather than being the URL's default.
    pub named: bool,
    /// The location for people: `shop on PostgreSQL at 127.0.0.1:5432`.
    pub place: String,
}

impl Identity {
    /// The identity of a PostgreSQL database, from the system identifier of its cluster and its OID.
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

    /// Returns whether both identify the same database.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => Some(one == other),
            _ => None,
        };
        let same = same(&self.mark, &other.mark).or_else(|| same(&self.database, &other.database)).unwrap_or(true);
        self.server == other.server && same
    }

    /// The place, followed by the marks in parentheses.
    #[must_use]
    pub fn told(&self) -> String {
        let marks =
            [Some(&self.server), self.mark.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        format!("{} ({marks})", self.place)
    }
}

/// A person's confirmation that a database has moved: that two identities are the same database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The profile that connected to the old place and now connects to the new one.
    pub db_profile_id: DbProfileId,
    /// The old identity; `None` for runs that recorded none.
    pub from: Option<Identity>,
    /// The new identity.
    pub to: Identity,
    /// The caller that confirmed it.
    pub actor: String,
    /// The time of the confirmation.
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
