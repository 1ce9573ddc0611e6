//! What all exports share: the limit of an export in an API response, and the parts of the formats.
//!
//! The rule: an export is a stream of pieces, never held in memory as a whole. Values can be read back exactly.

pub(super) mod csv;
pub(super) mod json;
pub(super) mod markdown;

use chrono::SecondsFormat;
use futures_util::{Stream, TryStreamExt};

use crate::domain::{Error, Result, clock::Moment};

/// Maximum size in bytes of an export in an API response.
pub const EXPORT_LIMIT_BYTES: usize = 20_000_000;

/// Collects an export as one text. `path` is the address that streams it.
///
/// # Errors
/// Returns the errors of the stream, and `LimitExceeded` above [`EXPORT_LIMIT_BYTES`].
pub(super) async fn collected(pieces: impl Stream<Item = Result<String>>, path: &str) -> Result<String> {
    let mut text = String::new();
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.try_next().await? {
        text.push_str(&piece);
        if text.len() > EXPORT_LIMIT_BYTES {
            let message = format!("the export is larger than 20 MB; download it from `{path}`, which streams it");
            return Err(Error::limit(message));
        }
    }
    Ok(text)
}

/// Formats a moment as in a JSON export.
pub(super) fn spelled_moment(moment: Moment) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
