//! The typed contents of a resolver's context: the caller, the use cases and the loaders.

use std::{fmt, sync::Arc};

use async_graphql::{Context, Enum};
use tokio_util::sync::CancellationToken;

use super::loader::Loaders;
use crate::{
    domain::token,
    service::{
        Services,
        tokens::{Holder, LOCAL, Validity},
    },
};

/// A role. Each one includes the rights of the one before.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[graphql(remote = "token::Role")]
pub enum Role {
    /// Reads everything except tokens, and changes nothing.
    Viewer,
    /// Also manages runs and schedules, asks questions, and reviews and applies.
    Operator,
    /// Also deletes, and manages profiles and tokens.
    Admin,
}

impl Role {
    /// Returns the name that the schema gives it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        token::Role::from(self).as_str()
    }
}

/// The caller. The HTTP layer puts it into the data of every request; without one, every field is refused.
#[derive(Clone)]
pub struct Viewer {
    /// The name under which reviews and applies are recorded.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Whether the caller is authenticated.
    known: bool,
    /// Whether a token authenticated the caller.
    has_token: bool,
    /// Keeps the credentials watched for expiry and revocation.
    validity: Option<Arc<Validity>>,
}

impl PartialEq for Viewer {
    /// Equal viewers are the same caller with the same rights.
    fn eq(&self, other: &Self) -> bool {
        let of = |viewer: &Self| (viewer.known, viewer.has_token, viewer.role);
        of(self) == of(other) && self.name == other.name
    }
}

impl Eq for Viewer {}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Viewer {
    /// The local administrator.
    #[must_use]
    pub fn local() -> Self {
        Self { name: LOCAL.to_owned(), role: Role::Admin, known: true, has_token: false, validity: None }
    }

    /// An unauthenticated caller, to whom every field is refused.
    #[must_use]
    pub fn nobody() -> Self {
        Self { name: "nobody".to_owned(), role: Role::Viewer, known: false, has_token: false, validity: None }
    }

    /// The holder of a token, or the local administrator.
    #[must_use]
    pub fn holding(holder: Holder) -> Self {
        let Holder { name, role, has_token, validity } = holder;
        Self { name, role: role.into(), known: true, has_token, validity: Some(validity) }
    }

    /// Whether the caller is authenticated.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// Whether a token authenticated the caller.
    #[must_use]
    pub const fn has_token(&self) -> bool {
        self.has_token
    }

    /// Returns a signal that is cancelled when the credentials expire or are revoked. Whatever is open for the caller
    /// must end then.
    #[must_use]
    pub fn dismissed(&self) -> CancellationToken {
        self.validity.as_ref().map(|validity| validity.ended()).unwrap_or_default()
    }
}

/// Returns the use cases.
///
/// # Panics
/// Never: `graphql::schema` puts them into every schema.
pub fn services<'a>(context: &Context<'a>) -> &'a Services {
    context.data_unchecked::<Arc<Services>>()
}

/// Returns the loaders of this operation.
///
/// # Panics
/// Never: `graphql::frontier` adds them to every operation and event.
pub fn loaders<'a>(context: &Context<'a>) -> &'a Loaders {
    context.data_unchecked::<Loaders>()
}

/// Returns the caller.
///
/// # Panics
/// Never: `graphql::frontier` refuses every field if there is no caller.
pub fn viewer<'a>(context: &Context<'a>) -> &'a Viewer {
    context.data_unchecked::<Viewer>()
}
