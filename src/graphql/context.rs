//! What resolvers find in their context, typed.

use std::sync::Arc;

use async_graphql::{Context, Enum};

use super::loader::Loaders;
use crate::service::Services;

/// VIEWER reads; OPERATOR also starts, cancels, reviews and applies; ADMIN also keeps profiles and tokens.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads everything but changes nothing.
    Viewer,
    /// Also starts, cancels, reviews and applies runs.
    Operator,
    /// Also keeps profiles and tokens.
    Admin,
}

/// Who is asking. The HTTP layer puts one into the request's data; without one it is the person at this
/// machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The name that reviews and applies are recorded under.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl Viewer {
    /// The person at this machine.
    #[must_use]
    pub fn local() -> Self {
        Self { name: "local".to_owned(), role: Role::Admin }
    }
}

/// The use cases.
///
/// # Panics
/// Never: `graphql::schema` puts them into every schema that executes.
pub fn services<'a>(context: &Context<'a>) -> &'a Services {
    context.data_unchecked::<Arc<Services>>()
}

/// This operation's loaders.
///
/// # Panics
/// Never: `graphql::frontier` puts them into every operation and event.
pub fn loaders<'a>(context: &Context<'a>) -> &'a Loaders {
    context.data_unchecked::<Loaders>()
}

/// Who is asking.
pub fn viewer(context: &Context<'_>) -> Viewer {
    context.data_opt::<Viewer>().cloned().unwrap_or_else(Viewer::local)
}
