//! API tokens, and the roles that they grant.
//!
//! The rule: only the holder knows the secret. Gloss stores its hash and authenticates the secret by it. Since a secret
//! is 256 random bits, a plain hash reveals nothing.

use std::fmt;

use super::{clock::Moment, id::ApiTokenId, spelling::spelled};

/// A role. Each role includes the permissions of the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads everything except the tokens.
    Viewer,
    /// Also asks questions; starts, schedules, resumes and cancels runs; reviews and applies.
    Operator,
    /// Also deletes records, and manages profiles and tokens.
    Admin,
}

spelled!(Role { Viewer => "VIEWER", Operator => "OPERATOR", Admin => "ADMIN" });

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its key.
    pub id: ApiTokenId,
    /// Its name, unique among the tokens that are not revoked. The caller's actions are recorded under this name.
    pub name: String,
    /// The role that it grants.
    pub role: Role,
    /// The time of creation.
    pub created_at: Moment,
    /// The time of expiry; `None` if it never expires.
    pub expires_at: Option<Moment>,
    /// The time of its last use, accurate to a minute.
    pub last_used_at: Option<Moment>,
}

/// A stored token and what is needed to authenticate it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownToken {
    /// The token.
    pub token: ApiToken,
    /// The hash of its secret.
    pub hash: TokenHash,
    /// The time of revocation; `None` if it is not revoked.
    pub revoked_at: Option<Moment>,
}

impl KnownToken {
    /// Returns whether the token is valid at `at`: neither revoked nor expired.
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
