//! What is found in catalogs, and how it is ranked: by FTS5 in SQLite, by `tsvector` in PostgreSQL.
//!
//! The rule: the database ranks, and what is called just what is looked for goes before all ranks.

use sea_orm::{
    Condition, DbBackend,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::{catalog, dialect::plain};
use crate::domain::{
    id::DbProfileId,
    search::{Need, SearchQuery, Wanted},
};

/// What a word found in the name is worth, in the names around it, in the description and in the comment. A high weight
/// would say that often is no better than once, and so drown the rest.
const WEIGHTS: [&str; 4] = ["4.0", "0.5", "1.0", "1.0"];

/// Where in an asset words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// In all that is indexed.
    Everything,
    /// In its own name.
    Names,
}

/// More than any rank comes to.
const EXACT: f64 = 1_000.0;

/// So many assets at most are ranked for a search.
pub(super) const RANKED: u64 = 1_000;

/// What the full-text index is asked. Every word is of letters and digits alone, and quoted all the same.
fn full_text(backend: DbBackend, query: &SearchQuery, need: Need, breadth: Breadth) -> String {
    let sqlite = backend == DbBackend::Sqlite;
    // PostgreSQL marks the words of names with the weight A.
    let label = if breadth == Breadth::Names { ":A" } else { "" };
    let one = |wanted: &Wanted| {
        let phrase = |words: &Vec<String>| {
            if sqlite {
                format!("\"{}\"", words.join(" "))
            } else {
                words.iter().map(|word| format!("'{word}'{label}")).collect::<Vec<_>>().join(" <-> ")
            }
        };
        // A beginning finds the words that begin so, too; each phrase less is a walk through the index less.
        let own = wanted.spellings.iter().filter(|words| !wanted.covers(words));
        let mut spellings: Vec<String> = own.map(phrase).collect();
        if let Some(begins) = wanted.begins() {
            let label = label.trim_start_matches(':');
            spellings.push(if sqlite { format!("\"{begins}\" *") } else { format!("'{begins}':*{label}") });
        }
        format!("({})", spellings.join(if sqlite { " OR " } else { " | " }))
    };
    let words: Vec<String> = query.wanted.iter().map(one).collect();
    let asked = words.join(match (sqlite, need) {
        (true, Need::All) => " AND ",
        (true, Need::Any) => " OR ",
        (false, Need::All) => " & ",
        (false, Need::Any) => " | ",
    });
    if sqlite && breadth == Breadth::Names { format!("{{names}} : ({asked})") } else { asked }
}

/// What is found in catalogs: `id` and, where it is `ranked`, `rank`, smaller the better.
pub(super) fn search_catalog(
    backend: DbBackend,
    query: &SearchQuery,
    need: Need,
    profiles: Option<&[DbProfileId]>,
    breadth: Breadth,
    ranked: bool,
) -> SelectStatement {
    let asked = full_text(backend, query, need, breadth);
    let mut found = Query::select();
    if backend == DbBackend::Sqlite {
        let rank = Expr::cust(format!("bm25(catalog_search, {})", WEIGHTS.join(", ")));
        found.expr_as(Expr::col(("catalog_search", "rowid")), "id").from("catalog_search");
        found.and_where(Expr::cust_with_expr("catalog_search MATCH ?", asked));
        if ranked {
            found.expr_as(rank.sub(exactness(query)), "rank");
        }
        if ranked {
            // The index leads; what an asset is called is looked up for what it found.
            found.cross_join("catalog_asset");
            found.and_where(Expr::col(("catalog_asset", "id")).equals(("catalog_search", "rowid")));
        }
    } else {
        found.expr_as(Expr::col(("catalog_asset", "id")), "id").from("catalog_asset");
        found.and_where(Expr::cust_with_expr("search @@ to_tsquery('catalog_words', $1)", asked.clone()));
        if ranked {
            // The last number: what says much beside what is looked for is less about it.
            let weights = "'{0.1, 0.3, 0.3, 1.0}'";
            let rank = format!("-ts_rank({weights}, search, to_tsquery('catalog_words', $1), 1)::float8");
            found.expr_as(Expr::cust_with_expr(rank, asked).sub(exactness(query)), "rank");
        }
    }
    if let Some(profiles) = profiles {
        // SQLite's index skips what is of other profiles by the key alone; PostgreSQL's is not to be left for the key.
        let key = || {
            if backend == DbBackend::Sqlite {
                Expr::col(("catalog_search", "rowid"))
            } else {
                plain(backend, Expr::col(("catalog_asset", "id")))
            }
        };
        let of = |any: Condition, profile: &DbProfileId| {
            let keys = catalog::keys_of(*profile);
            any.add(key().between(*keys.start(), *keys.end()))
        };
        found.cond_where(profiles.iter().fold(Condition::any(), of));
    }
    found
}

/// What goes before all ranks: that something is called just what is looked for.
fn exactness(query: &SearchQuery) -> Expr {
    let part = |column| Expr::col(("catalog_asset", column));
    let name = part("column_name").if_null(part("table_name")).if_null(part("schema_name"));
    let exact = Expr::expr(Func::lower(name)).is_in(query.exact_names());
    CaseStatement::new().case(exact, EXACT).finally(0.0).into()
}
