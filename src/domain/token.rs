//! API tokens, and what whoever holds one may do.
//!
//! The rule: the secret is known to its holder alone. Gloss keeps its hash, by which it knows the secret again; since
//! a secret is 256 random bits, a plain hash gives nothing away.

use std::fmt;

use super::{clock::Moment, id::ApiTokenId, spelling::spelled};

/// What somebody may do; each role may all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads all but the tokens.
    Viewer,
    /// Also asks, starts, schedules, resumes and cancels runs, reviews and applies.
    Operator,
    /// Also deletes, and keeps profiles and tokens.
    Admin,
}

spelled!(Role { Viewer => "VIEWER", Operator => "OPERATOR", Admin => "ADMIN" });

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its key.
    pub id: ApiTokenId,
    /// Its name, unique among tokens that were not revoked: what its holder does is recorded under it.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Moment,
    /// From when on it is worth nothing.
    pub expires_at: Option<Moment>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<Moment>,
}

/// A token as it is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownToken {
    /// The token.
    pub token: ApiToken,
    /// The hash of its secret.
    pub hash: TokenHash,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
}

impl KnownToken {
    /// Whether it opens the door at a moment.
    #[must_use]
    pub fn opens(&self, at: Moment) -> bool {
        self.revoked_at.is_none() && self.token.expires_at.is_none_or(|expires_at| at < expires_at)
    }
}

/// A token to be recorded.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// See [`ApiToken::name`].
    pub name: String,
    /// See [`ApiToken::role`].
    pub role: Role,
    /// See [`ApiToken::expires_at`].
    pub expires_at: Option<Moment>,
    /// The hash of its secret.
    pub hash: TokenHash,
}

/// The SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}
