//! The web pages, built by `playground/` and embedded in the binary.
//!
//! The rule: browsers revalidate a page on each load, and its content security policy allows nothing from other
//! origins. An asset has the hash of its content in its name and is cached for a year. If the pages were not built
//! (Node was not installed), the server still works, and each page says what to run.
//!
//! To add a page of the Studio: add its first path segment to [`STUDIO`] and its route to
//! `playground/src/studio/routes.tsx`.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{refusal::Refusal, value};
use crate::domain::Code;

/// The output of `npm run build`.
#[derive(RustEmbed)]
#[folder = "playground/dist"]
struct Dist;

/// The Studio's content security policy. Its components set inline styles, and its tab icon is a data URL.
const STUDIO_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' \
     data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// GraphiQL's content security policy. Monaco starts workers from the assets, adds styles at run time, and has its
/// icons as data URLs.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' \
     'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action \
     'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = include_str!("not_built.html");

/// The first path segments of the Studio's pages. The Studio's router handles the rest of a path.
pub const STUDIO: [&str; 11] =
    ["runs", "compare", "ask", "schedules", "databases", "models", "usage", "audit", "workers", "settings", "sign-in"];

/// Whether a path belongs to the Studio.
pub fn is_studio(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|path| {
        let segment = path.split('/').next().unwrap_or_default();
        path.is_empty() || STUDIO.contains(&segment)
    })
}

/// Answers with the Studio.
pub async fn studio() -> Response {
    page("index.html", STUDIO_POLICY)
}

/// Answers with GraphiQL.
pub async fn graphiql() -> Response {
    page("graphiql.html", GRAPHIQL_POLICY)
}

/// Returns the page in this file, with its content security policy.
fn page(name: &str, policy: &'static str) -> Response {
    let mut response = match Dist::get(name) {
        Some(file) => file.data.into_response(),
        None => NOT_BUILT.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, value("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, value("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, value(policy));
    response
}

/// Answers with a script, style, font or worker.
pub async fn asset(Path(path): Path<String>, request: HeaderMap) -> Response {
    let file = if path.contains("..") { None } else { Dist::get(&format!("assets/{path}")) };
    let Some(EmbeddedFile { data, metadata }) = file else {
        return Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, "this file does not exist; reload the page")
            .into_response();
    };
    let etag = format!("\"{}\"", metadata.sha256_hash().iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}")));
    let cache =
        [(header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()), (header::ETAG, etag.clone())];
    if request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, metadata.mimetype().to_owned())], data).into_response()
}
