//! Authorization: the role that each field needs.
//!
//! The rule: [`stated`] lists the role of each field. A root field without a line there needs ADMIN, so that a
//! forgotten field is not public; a test requires a line for each root field. If a caller lacks the role for any root
//! field of a mutation or subscription, the operation is refused as a whole before it begins. In a query, only the
//! refused field is an error. `frontier` enforces this for every operation on every transport.

use async_graphql::{Context, ServerError, parser::types::OperationType};

use super::{
    context::{Role, Viewer},
    error::coded,
};
use crate::{
    domain::{Code, Error},
    service::tokens::Tokens,
};

/// The message for an unauthenticated caller.
const UNKNOWN: &str = "authentication required: send a bearer token";

/// Returns the role that a field of a type needs; `None` for a root field without a line here.
#[must_use]
#[expect(clippy::match_same_arms, reason = "the table is read type by type")]
pub fn stated(parent: &str, field: &str) -> Option<Role> {
    use Role::{Admin, Operator, Viewer};
    Some(match (parent, field) {
        ("Query" | "Mutation" | "Subscription", "__typename" | "__schema" | "__type") => Viewer,
        (
            "Query",
            "node" | "nodes" | "runs" | "run" | "runByNumber" | "compareRuns" | "estimateRun" | "estimateJudge"
            | "dbProfiles" | "dbProfile" | "llmProfiles" | "llmProfile" | "schedules" | "askSessions"
            | "appliedComments" | "applyPlan" | "searchAssets" | "usage" | "workers" | "server" | "viewer",
        ) => Viewer,
        ("Query", "apiTokens") => Admin,
        (
            "Mutation",
            "startRun" | "updateRun" | "cancelRun" | "cancelRuns" | "resumeRun" | "rerun" | "generate" | "ask"
            | "judgeRuns" | "reviewSuggestions" | "applyRun" | "rollbackRun" | "createSchedule" | "updateSchedule"
            | "pauseSchedule" | "resumeSchedule" | "runScheduleNow" | "importRuns" | "testDbProfile" | "testLlmProfile",
        ) => Operator,
        (
            "Mutation",
            "deleteRuns" | "pruneRuns" | "deleteSchedule" | "createDbProfile" | "updateDbProfile" | "deleteDbProfile"
            | "createLlmProfile" | "updateLlmProfile" | "deleteLlmProfile" | "createApiToken" | "revokeApiToken",
        ) => Admin,
        ("Subscription", "runProgress" | "runsChanged" | "suggestionsChanged") => Viewer,
        ("Query" | "Mutation" | "Subscription", _) => return None,
        // Whichever field leads to it.
        ("ApiToken", _) => Admin,
        _ => Viewer,
    })
}

/// Whether any field of a type needs more than VIEWER.
pub(super) fn is_guarded(parent: &str) -> bool {
    matches!(parent, "Query" | "Mutation" | "Subscription" | "ApiToken")
}

/// Returns the role that a field needs.
fn needed(parent: &str, field: &str) -> Role {
    stated(parent, field).unwrap_or(Role::Admin)
}

/// Checks the caller's role for a field.
///
/// # Errors
/// Returns `UNAUTHENTICATED` for an unauthenticated caller, and `FORBIDDEN` with the needed role for one whose role is
/// too low.
pub(super) fn check(viewer: Option<&Viewer>, parent: &str, field: &str) -> Result<(), ServerError> {
    let needed = needed(parent, field);
    match viewer.filter(|viewer| viewer.is_known()) {
        Some(viewer) if viewer.role >= needed => Ok(()),
        Some(viewer) => Err(coded(Code::Forbidden, refusal(viewer, needed, &format!("`{field}`")))),
        None => Err(coded(Code::Unauthenticated, UNKNOWN)),
    }
}

/// Checks the caller's role for all root fields of a mutation or subscription.
///
/// # Errors
/// Returns the error of [`check`] for the first field that is refused.
pub(super) fn check_roots(viewer: Option<&Viewer>, kind: OperationType, fields: &[&str]) -> Result<(), ServerError> {
    let parent = match kind {
        OperationType::Query => return Ok(()),
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    // Unknown fields are skipped; validation reports them.
    let mut known = fields.iter().filter(|field| stated(parent, field).is_some());
    known.try_for_each(|field| check(viewer, parent, field))
}

/// Checks the caller's role in a resolver, where the needed role depends on an argument.
///
/// # Errors
/// Returns `Unauthenticated` or `Forbidden`, as [`check`] does.
pub(super) fn require(context: &Context<'_>, needed: Role, what: &str) -> Result<(), Error> {
    match context.data_opt::<Viewer>().filter(|viewer| viewer.is_known()) {
        Some(viewer) if viewer.role >= needed => Ok(()),
        Some(viewer) => Err(Error::forbidden(refusal(viewer, needed, what))),
        None => Err(Error::unauthenticated(UNKNOWN)),
    }
}

/// Returns the message for a caller whose role is too low.
#[must_use]
pub fn refusal(viewer: &Viewer, needed: Role, what: &str) -> String {
    let Viewer { name, role, .. } = viewer;
    format!(
        "{what} requires the role {}, but {name:?} has {}; use a token with that role",
        needed.as_str(),
        role.as_str()
    )
}

/// Authenticates callers for the HTTP layer. Cheap to clone.
#[derive(Clone)]
pub struct Access(Tokens);

impl Access {
    /// Creates it over the API tokens.
    #[must_use]
    pub const fn new(tokens: Tokens) -> Self {
        Self(tokens)
    }

    /// Returns the caller that this token identifies. `local` says that a request without a token comes from this
    /// machine.
    ///
    /// # Errors
    /// Returns `UNAUTHENTICATED`, or `INTERNAL` if the token cannot be checked.
    pub async fn viewer(&self, token: Option<&str>, local: bool) -> Result<Viewer, ServerError> {
        match self.0.holder(token, local).await {
            Ok(holder) => Ok(Viewer::holding(holder)),
            Err(error) => Err(super::error::of_domain(&error)),
        }
    }
}
