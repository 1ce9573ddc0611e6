//! What callers may do: the role that each field needs.
//!
//! The rule: a field states its role in [`stated`], and one that does not needs ADMIN, so that none can be forgotten
//! in the open; a test walks the schema and wants a line for each root field. A mutation or a subscription is refused
//! as a whole before anything of it begins; in a query the field alone is refused. `frontier` keeps this for every
//! operation, whatever the transport.

use async_graphql::{Context, ServerError, parser::types::OperationType};
use async_trait::async_trait;

use super::{
    context::{Role, Viewer},
    error::coded,
};
use crate::{domain::Error, service::tokens::Tokens};

/// What is said to somebody of whom nothing is known.
const UNKNOWN: &str = "authentication required: send a bearer token";

/// The role that a field of a type needs; `None` for a root field without a line here.
#[must_use]
#[expect(clippy::match_same_arms, reason = "the table is read type by type")]
pub fn stated(parent: &str, field: &str) -> Option<Role> {
    use Role::{Admin, Operator, Viewer};
    Some(match (parent, field) {
        ("Query" | "Mutation" | "Subscription", "__typename" | "__schema" | "__type") => Viewer,
        (
            "Query",
            "node" | "nodes" | "runs" | "run" | "runByNumber" | "compareRuns" | "estimateRun" | "dbProfiles"
            | "dbProfile" | "llmProfiles" | "llmProfile" | "schedules" | "askSessions" | "appliedComments"
            | "applyPlan" | "searchAssets" | "usage" | "workers" | "server" | "viewer",
        ) => Viewer,
        ("Query", "apiTokens") => Admin,
        (
            "Mutation",
            "startRun" | "updateRun" | "cancelRun" | "cancelRuns" | "resumeRun" | "rerun" | "generate" | "ask"
            | "reviewSuggestions" | "applyRun" | "rollbackRun" | "createSchedule" | "updateSchedule" | "pauseSchedule"
            | "resumeSchedule" | "runScheduleNow" | "testDbProfile" | "testLlmProfile",
        ) => Operator,
        (
            "Mutation",
            "deleteRuns" | "deleteSchedule" | "createDbProfile" | "updateDbProfile" | "deleteDbProfile"
            | "createLlmProfile" | "updateLlmProfile" | "deleteLlmProfile" | "createApiToken" | "revokeApiToken",
        ) => Admin,
        ("Subscription", "runProgress" | "runsChanged" | "suggestionsChanged") => Viewer,
        ("Query" | "Mutation" | "Subscription", _) => return None,
        // Whatever leads to it.
        ("ApiToken", _) => Admin,
        _ => Viewer,
    })
}

/// Whether any field of a type needs more than VIEWER.
pub(super) fn is_guarded(parent: &str) -> bool {
    matches!(parent, "Query" | "Mutation" | "Subscription" | "ApiToken")
}

/// The role that a field needs.
fn needed(parent: &str, field: &str) -> Role {
    stated(parent, field).unwrap_or(Role::Admin)
}

/// Refuses a field to whoever may not have it.
///
/// # Errors
/// `FORBIDDEN`, saying which role may.
pub(super) fn check(viewer: Option<&Viewer>, parent: &str, field: &str) -> Result<(), ServerError> {
    let needed = needed(parent, field);
    match viewer.filter(|viewer| viewer.is_known()) {
        Some(viewer) if viewer.role >= needed => Ok(()),
        Some(viewer) => Err(coded("FORBIDDEN", refusal(viewer, needed, &format!("`{field}`")))),
        None => Err(coded("UNAUTHENTICATED", UNKNOWN)),
    }
}

/// Refuses the root fields of an operation that may only be done as a whole.
///
/// # Errors
/// As [`check`], for the first field that is refused.
pub(super) fn check_roots(viewer: Option<&Viewer>, kind: OperationType, fields: &[&str]) -> Result<(), ServerError> {
    let parent = match kind {
        OperationType::Query => return Ok(()),
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    // What the schema does not have needs no role: validation says so.
    let mut known = fields.iter().filter(|field| stated(parent, field).is_some());
    known.try_for_each(|field| check(viewer, parent, field))
}

/// Refuses what only a role may see, in a resolver that learns by its argument what is asked for.
///
/// # Errors
/// `Forbidden`, saying which role may.
pub(super) fn require(context: &Context<'_>, needed: Role, what: &str) -> Result<(), Error> {
    match context.data_opt::<Viewer>().filter(|viewer| viewer.is_known()) {
        Some(viewer) if viewer.role >= needed => Ok(()),
        Some(viewer) => Err(Error::forbidden(refusal(viewer, needed, what))),
        None => Err(Error::unauthenticated(UNKNOWN)),
    }
}

/// What is said to somebody whose role is not enough.
#[must_use]
pub fn refusal(viewer: &Viewer, needed: Role, what: &str) -> String {
    let Viewer { name, role, .. } = viewer;
    format!(
        "{what} requires the role {}, but {name:?} has {}; use a token with that role",
        needed.as_str(),
        role.as_str()
    )
}

/// Tells who shows a token: what the HTTP layer asks at each request.
#[async_trait]
pub trait Access: Send + Sync + 'static {
    /// The caller that shows this token, or none. `local` says that a request without one comes from this machine.
    ///
    /// # Errors
    /// With a code of the contract: `UNAUTHENTICATED`, or `INTERNAL` where that cannot be found out.
    async fn viewer(&self, token: Option<&str>, local: bool) -> Result<Viewer, ServerError>;
}

#[async_trait]
impl Access for Tokens {
    async fn viewer(&self, token: Option<&str>, local: bool) -> Result<Viewer, ServerError> {
        match self.holder(token, local).await {
            Ok(holder) => Ok(Viewer::holding(holder)),
            Err(error) => Err(super::error::of_domain(&error)),
        }
    }
}
