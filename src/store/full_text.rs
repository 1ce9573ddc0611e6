//! Full-text queries on catalogs and their ranking: FTS5 on SQLite, `tsvector` on PostgreSQL.
//!
//! The rule: the database ranks. An asset whose name is exactly the search term comes before all ranks.

use sea_orm::{
    Condition, DbBackend,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::{catalog, dialect::plain};
use crate::domain::{
    id::DbProfileId,
    search::{Need, SearchQuery, Wanted},
};

/// Weights of a word found in the name, in the surrounding names, in the description and in the comment. Higher weights
/// would saturate the rank, so that several hits count no more than one, and would drown the other fields.
const WEIGHTS: [&str; 4] = ["4.0", "0.5", "1.0", "1.0"];

/// Which parts of an asset are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breadth {
    /// All indexed parts.
    Everything,
    /// The asset's own name.
    Names,
}

/// Greater than any rank.
const EXACT: f64 = 1_000.0;

/// Maximum number of assets that are ranked for a search.
pub(super) const RANKED: u64 = 1_000;

/// The full-text query. Its words consist of letters and digits only, and are quoted nevertheless.
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
        // A prefix also finds the words that it covers. Every phrase left out saves a walk through the index.
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

/// Selects the matching assets: `id` and, if `ranked` is set, `rank`; a smaller rank is better.
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
            // The index drives the query; the names are looked up for its hits only.
            found.cross_join("catalog_asset");
            found.and_where(Expr::col(("catalog_asset", "id")).equals(("catalog_search", "rowid")));
        }
    } else {
        found.expr_as(Expr::col(("catalog_asset", "id")), "id").from("catalog_asset");
        found.and_where(Expr::cust_with_expr("search @@ to_tsquery('catalog_words', $1)", asked.clone()));
        if ranked {
            // The last argument, 1, divides the rank by the logarithm of the text's length: long texts rank lower.
            let weights = "'{0.1, 0.3, 0.3, 1.0}'";
            let rank = format!("-ts_rank({weights}, search, to_tsquery('catalog_words', $1), 1)::float8");
            found.expr_as(Expr::cust_with_expr(rank, asked).sub(exactness(query)), "rank");
        }
    }
    if let Some(profiles) = profiles {
        // On SQLite the key skips other profiles inside the index. On PostgreSQL it must not replace the full-text
        // index.
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

/// What is subtracted from the rank: [`EXACT`] if the asset's name is exactly the search term, otherwise 0.
fn exactness(query: &SearchQuery) -> Expr {
    let part = |column| Expr::col(("catalog_asset", column));
    let name = part("column_name").if_null(part("table_name")).if_null(part("schema_name"));
    let exact = Expr::expr(Func::lower(name)).is_in(query.exact_names());
    CaseStatement::new().case(exact, EXACT).finally(0.0).into()
}
