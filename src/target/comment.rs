//! Helpers for comments that all kinds of database share: how an asset is named, and which texts can be stored.
//!
//! The rule: a text is validated before anything is written, and an empty text means no comment.

use super::text::Text;
use crate::{domain::asset::AssetPath, port::target::TargetError};

/// Returns the asset's kind and path: `table public.users`.
pub(super) fn named(asset: &AssetPath) -> String {
    format!("{} {}", asset.kind.noun(), asset.display())
}

/// Returns the error for an asset that no longer exists.
pub(super) fn gone(asset: &AssetPath) -> TargetError {
    TargetError::Refused(format!(
        "the {} no longer exists: it was dropped, renamed or replaced by something else; reload the catalog",
        named(asset)
    ))
}

/// Returns the current comment.
///
/// # Errors
/// Returns [`TargetError::Refused`] if the comment is not valid UTF-8: once replaced, it could not be restored.
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

/// Returns the text to write; an empty text becomes `None`.
///
/// # Errors
/// Returns [`TargetError::Refused`] if the text contains a NUL, which ends a text where SQL is parsed.
pub(super) fn keeps(text: Option<&str>) -> Result<Option<&str>, TargetError> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.contains('\0') => Err(TargetError::Refused(
            "the text contains a NUL character, which comments cannot store; remove it".to_owned(),
        )),
        text => Ok(text),
    }
}

/// Returns the error for a comment that the database stored as a different text. The write has been undone.
pub(super) fn not_kept(asset: &AssetPath) -> TargetError {
    TargetError::Refused(format!(
        "the database stored a different text for {} than the one that was written, so the previous comment was \
         restored; its character set may lack a character of the text: remove that character, or write this comment by \
         hand",
        named(asset)
    ))
}
