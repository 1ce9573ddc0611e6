//! Resolves a database's user-defined types.
//!
//! The rule: the catalog defines what a type is; its name proves nothing. A domain resolves to its base type through
//! any number of domains.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, Row, postgres::types::Oid};

use super::{
    super::{
        check::{self, Dialect},
        text::Text,
    },
    catalog::{CUT, text},
};
use crate::domain::catalog::Bound;

/// A user-defined type.
#[derive(Default)]
pub(super) struct OwnType {
    /// The built-in type; see [`crate::domain::catalog::Column::underlying`].
    pub(super) underlying: Option<String>,
    /// Whether a domain in the chain forbids null.
    pub(super) required: bool,
    /// The labels of an enumeration, in their declared order.
    pub(super) values: Vec<String>,
    /// Whether a label is not valid UTF-8; `values` is then empty.
    pub(super) unreadable: bool,
    /// The value lists that the checks of the domains in the chain allow.
    pub(super) checks: Vec<Vec<String>>,
    /// The comparisons in these checks; their column is `VALUE`.
    pub(super) bounds: Vec<Bound>,
}

/// Returns the user-defined types among these. Runs two statements.
pub(super) async fn own_types(
    connection: &mut PgConnection,
    types: &[Oid],
) -> Result<HashMap<Oid, OwnType>, sqlx::Error> {
    let distinct: Vec<Oid> = types.iter().copied().collect::<HashSet<_>>().into_iter().collect();
    let rows = sqlx::query(
        "WITH RECURSIVE chain (id, oid, modifier, required) AS ( \
           SELECT t.oid, t.oid, -1, false FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1) AND t.typtype <> 'b' \
         UNION ALL \
           SELECT c.id, t.typbasetype, CASE WHEN c.modifier >= 0 THEN c.modifier ELSE t.typtypmod END, \
             c.required OR t.typnotnull \
           FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.oid WHERE t.typtype = 'd') \
         SELECT c.id, c.required, t.typtype::text AS kind, pg_catalog.format_type(t.oid, c.modifier) AS base, \
           e.enumlabel::text AS label \
         FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.oid AND t.typtype <> 'd' \
         LEFT JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid ORDER BY c.id, e.enumsortorder",
    )
    .bind(&distinct)
    .fetch_all(&mut *connection)
    .await?;
    let mut own: HashMap<Oid, OwnType> = HashMap::new();
    for row in &rows {
        let underlying = match row.try_get("kind")? {
            "e" => Some("enum".to_owned()),
            "c" => Some("record".to_owned()),
            "r" => Some("range".to_owned()),
            "m" => Some("multirange".to_owned()),
            _ => text(row, "base")?.and_then(Text::valid),
        };
        let required = row.try_get("required")?;
        let one =
            own.entry(row.try_get("id")?).or_insert_with(|| OwnType { underlying, required, ..OwnType::default() });
        match text(row, "label")? {
            Some(Text::Valid(label)) => one.values.push(label),
            Some(Text::Invalid(_)) => one.unreadable = true,
            None => {}
        }
    }
    for one in own.values_mut().filter(|one| one.unreadable) {
        one.values.clear();
    }
    if own.is_empty() {
        return Ok(own);
    }
    let rows = sqlx::query(
        "WITH RECURSIVE chain (id, oid) AS ( \
           SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1) AND t.typtype = 'd' \
         UNION ALL \
           SELECT c.id, t.typbasetype FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.oid WHERE t.typtype = 'd') \
         SELECT c.id, pg_catalog.left(pg_catalog.pg_get_expr(k.conbin, 0), $2) AS expression \
         FROM chain c JOIN pg_catalog.pg_constraint k ON k.contypid = c.oid AND k.contype = 'c' AND k.convalidated \
         ORDER BY c.id, k.conname",
    )
    .bind(&distinct)
    .bind(CUT)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        if let Some(one) = own.get_mut(&row.try_get::<Oid, _>("id")?) {
            let expression = text(row, "expression")?.and_then(Text::valid).unwrap_or_default();
            one.checks.extend(check::parse(&expression, Dialect::Postgres).map(|check| check.values));
            one.bounds.extend(check::bounds(&expression, Dialect::Postgres));
        }
    }
    Ok(own)
}
