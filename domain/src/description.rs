//! The description of an asset: which of its texts stands, the accepted one or the comment.
//!
//! The rule: an accepted text that is not in the database yet is newer than the comment. One that was applied is not:
//! if the comment differs, somebody has changed it since.

use crate::{search::KnownAsset, spelling::spelled};

/// Which texts are descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Texts {
    /// The texts that a review last accepted.
    Accepted,
    /// The comments in the database.
    Comments,
    /// Accepted texts that are not applied yet, and comments.
    #[default]
    Both,
}

spelled!(Texts { Accepted => "ACCEPTED", Comments => "COMMENTS", Both => "BOTH" });

/// Where a description is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A review accepted it.
    Accepted,
    /// It is the comment in the database.
    Comment,
}

spelled!(Origin { Accepted => "ACCEPTED", Comment => "COMMENT" });

/// A description and where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description<'a> {
    /// The text.
    pub text: &'a str,
    /// Where it is from.
    pub origin: Origin,
}

/// An asset of a catalog, with what tells its accepted text from its comment.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogAsset {
    /// The asset, with both texts.
    pub asset: KnownAsset,
    /// Whether its accepted text was applied and not rolled back.
    pub applied: bool,
}

impl CatalogAsset {
    /// Returns the asset's description among these texts.
    #[must_use]
    pub fn description(&self, texts: Texts) -> Option<Description<'_>> {
        let accepted = || described(self.asset.description.as_deref(), Origin::Accepted);
        let comment = || described(self.asset.comment.as_deref(), Origin::Comment);
        match texts {
            Texts::Accepted => accepted(),
            Texts::Comments => comment(),
            Texts::Both if self.applied || self.asset.description == self.asset.comment => comment(),
            Texts::Both => accepted().or_else(comment),
        }
    }
}

fn described(text: Option<&str>, origin: Origin) -> Option<Description<'_>> {
    text.filter(|text| !text.trim().is_empty()).map(|text| Description { text, origin })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        asset::{AssetKind, AssetPath},
        id::DbProfileId,
    };

    fn asset(comment: Option<&str>, accepted: Option<&str>, applied: bool) -> CatalogAsset {
        let path = AssetPath { kind: AssetKind::Table, database: None, schema: None, table: None, column: None };
        let asset = KnownAsset {
            id: 1,
            db_profile_id: DbProfileId(1),
            path,
            data_type: None,
            nullable: false,
            primary_key: false,
            unique: false,
            table_key: String::new(),
            references: None,
            references_key: None,
            together: None,
            comment: comment.map(str::to_owned),
            description: accepted.map(str::to_owned),
        };
        CatalogAsset { asset, applied }
    }

    #[test]
    fn an_accepted_text_wins_until_it_is_applied() {
        use Origin::{Accepted, Comment};
        let cases = [
            (asset(None, None, false), None),
            (asset(Some("c"), None, false), Some(("c", Comment))),
            (asset(None, Some("a"), false), Some(("a", Accepted))),
            (asset(Some("c"), Some("a"), false), Some(("a", Accepted))),
            (asset(Some("a"), Some("a"), false), Some(("a", Comment))),
            (asset(Some("a"), Some("a"), true), Some(("a", Comment))),
            // Somebody changed or removed the comment after the apply.
            (asset(Some("by hand"), Some("a"), true), Some(("by hand", Comment))),
            (asset(None, Some("a"), true), None),
            (asset(Some("c"), Some(" "), false), Some(("c", Comment))),
        ];
        for (asset, expected) in cases {
            let found = asset.description(Texts::Both).map(|found| (found.text, found.origin));
            assert_eq!(found, expected, "{asset:?}");
        }
        let both = asset(Some("c"), Some("a"), true);
        assert_eq!(both.description(Texts::Accepted).map(|found| found.text), Some("a"));
        assert_eq!(both.description(Texts::Comments).map(|found| found.text), Some("c"));
    }
}
