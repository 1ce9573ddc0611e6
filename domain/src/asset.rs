//! Assets: the databases, schemas, tables, views and columns that can carry a comment.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{index_key::index_key, spelling::spelled, text::visible};

/// The kind of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AssetKind {
    /// A database.
    Database,
    /// A schema.
    Schema,
    /// A table or a partition of one.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A column of a table, view or materialized view.
    Column,
}

spelled!(AssetKind {
    Database => "DATABASE", Schema => "SCHEMA", Table => "TABLE", View => "VIEW",
    MaterializedView => "MATERIALIZED_VIEW", Column => "COLUMN",
});

impl AssetKind {
    /// The English noun for the kind: `column`, `materialized view`.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Schema => "schema",
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Column => "column",
        }
    }
}

/// The path of an asset. Parts that its kind does not have are `None`. `database` is also `None` where the server has
/// no level above its schemas (MySQL, MariaDB).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AssetPath {
    /// The kind of the asset.
    pub kind: AssetKind,
    /// The database.
    pub database: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The table or view.
    pub table: Option<String>,
    /// The column.
    pub column: Option<String>,
}

impl AssetPath {
    /// The path as it is displayed: its [`spelling`](Self::spelling), with an escape for each invisible character.
    #[must_use]
    pub fn display(&self) -> String {
        let spelling = self.spelling();
        match visible(&spelling) {
            Cow::Borrowed(_) => spelling,
            Cow::Owned(shown) => shown,
        }
    }

    /// The path as the command line takes it: `public.users.email` (schema, table, column), or the database's name for
    /// a database. A part that contains a dot, a space, a colon, a slash or a double quote is put in double quotes.
    #[must_use]
    pub fn spelling(&self) -> String {
        let parts = [&self.schema, &self.table, &self.column];
        let named: Vec<String> = parts.into_iter().flatten().map(|part| quote_part(part)).collect();
        if named.is_empty() { self.database.as_deref().map(quote_part).unwrap_or_default() } else { named.join(".") }
    }

    /// The [`spelling`](Self::spelling) as an index key, used to find and sort assets.
    #[must_use]
    pub fn key(&self) -> String {
        index_key(self.spelling())
    }
}

/// One part of a scope as the command line takes it: in double quotes where it would otherwise be misread.
#[must_use]
pub fn quote_part(part: &str) -> String {
    let plain =
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || matches!(c, '.' | ':' | '/' | '"' | ','));
    if plain { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
}

/// Splits a spelled path before its last part: `main.Artist` and `ArtistId`. Returns `None` if it has only one.
#[must_use]
pub fn split_last(spelling: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut last = None;
    for (at, c) in spelling.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => last = Some(at),
            _ => {}
        }
    }
    last.map(|at| (&spelling[..at], &spelling[at + 1..]))
}
