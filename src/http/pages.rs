//! The web pages, built by `playground/` and embedded in the binary.
//!
//! The rule: browsers revalidate a page on each load, and its content security policy allows nothing from other
//! origins. An asset has the hash of its content in its name and is cached for a year. Assets are embedded as gzip and
//! sent so to clients that accept it. If the pages were not built (Node was not installed), the server still works, and
//! each page says what to run.
//!
//! To add a page of the Studio: add its first path segment to [`STUDIO`] and its route to
//! `playground/src/studio/routes.tsx`.

use std::io::Read;

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::read::GzDecoder;
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
    let file = if path.contains("..") { None } else { Dist::get(&format!("assets/{path}.gz")) };
    let Some(EmbeddedFile { data, metadata }) = file else {
        return Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, "this file does not exist; reload the page")
            .into_response();
    };
    // Weak, because both forms have it.
    let etag =
        format!("W/\"{}\"", metadata.sha256_hash().iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}")));
    let cache =
        [(header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()), (header::ETAG, etag.clone())];
    if request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let content_type = [(header::CONTENT_TYPE, mime_guess::from_path(&path).first_or_octet_stream().to_string())];
    let cache = (cache, [(header::VARY, "accept-encoding")], content_type);
    if accepts_gzip(&request) {
        return (cache, [(header::CONTENT_ENCODING, "gzip")], data).into_response();
    }
    match unpacked(&data) {
        Ok(text) => (cache, text).into_response(),
        Err(error) => {
            tracing::error!(%error, path, "an embedded file cannot be unpacked");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, "internal error").into_response()
        }
    }
}

/// Whether a client accepts gzip: it names the coding with a weight other than 0.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let codings = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        name.eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn unpacked(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    GzDecoder::new(data).read_to_end(&mut text)?;
    Ok(text)
}
