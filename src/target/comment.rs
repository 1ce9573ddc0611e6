//! What the comments of all kinds of database share: the words for an asset, and which texts can be kept.
//!
//! The rule: a text is checked before anything is written, and an empty one is none.

use super::text::Text;
use crate::{domain::asset::AssetPath, port::target::TargetError};

/// `table public.users`.
pub(super) fn named(asset: &AssetPath) -> String {
    format!("{} {}", asset.kind.noun(), asset.display())
}

/// The text for an asset that is not there.
pub(super) fn gone(asset: &AssetPath) -> TargetError {
    TargetError::Refused(format!(
        "the {} no longer exists: it was dropped, renamed or replaced by something else; reload the catalog",
        named(asset)
    ))
}

/// The comment that stands there.
///
/// # Errors
/// `Refused` for one that is not valid UTF-8: a text in its place could not be rolled back to it.
pub(super) fn readable(found: Option<Text>, asset: &AssetPath) -> Result<Option<String>, TargetError> {
    match found {
        Some(Text::Invalid(_)) => Err(TargetError::Refused(format!(
            "the comment on {} is not valid UTF-8, so Gloss could not restore it; to replace it, first remove it by \
             hand",
            named(asset)
        ))),
        found => Ok(found.and_then(Text::valid).filter(|comment| !comment.is_empty())),
    }
}

/// The text to write; an empty one is none.
///
/// # Errors
/// `Refused` for a NUL, which ends a text where SQL is read.
pub(super) fn keeps(text: Option<&str>) -> Result<Option<&str>, TargetError> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.contains('\0') => Err(TargetError::Refused(
            "the text contains a NUL character, which comments cannot store; remove it".to_owned(),
        )),
        text => Ok(text),
    }
}

/// The text for a comment that came back from the database as another one, and was taken back.
pub(super) fn not_kept(asset: &AssetPath) -> TargetError {
    TargetError::Refused(format!(
        "the database stored a different text for {} than the one that was written, so the previous comment was \
         restored; its character set may lack a character of the text: remove that character, or write this comment by \
         hand",
        named(asset)
    ))
}
