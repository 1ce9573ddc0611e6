//! Which subscriptions may share one execution, and where each subscriber stands.
//!
//! Subscribers to the same document with the same variables see the same events, save that they may have begun at
//! different ones. The rule: a transport shares only what [`Ready::sharing`] allows; it leaves a
//! [`Position`] in the request's data, by which the field tells where it stands and may be told where to begin. To
//! let a new field be shared, give it a line in [`FIELDS`], and let its resolver keep its position.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI32, Ordering},
};

use async_graphql::{
    Context, Name, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection},
};

use super::document::{Ready, operation};

/// The fields of [`super::Subscription`] that may be shared: by name, with the argument that says where to
/// begin, if their events are numbered and can be read again.
const FIELDS: &[(&str, Option<&str>)] =
    &[("runProgress", Some("after")), ("runsChanged", None), ("suggestionsChanged", None)];

/// How an operation may be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sharing {
    /// Its events are numbered one by one; who missed some can read them again.
    Numbered {
        /// The number after which it begins.
        after: i32,
        /// The variable that gave the number and nothing else, if one did: operations that differ in it alone are
        /// the same.
        variable: Option<String>,
    },
    /// Its events are news; what is missed is gone.
    Live,
}

/// Where a shared subscription stands. Put an `Arc` of it into the request's data; the default begins where the
/// operation's argument says.
#[derive(Debug, Default)]
pub struct Position {
    resume_after: Option<i32>,
    at: AtomicI32,
    caught_up: AtomicBool,
}

impl Position {
    /// After this number, whatever the argument says.
    pub const fn after(number: i32) -> Self {
        Self { resume_after: Some(number), at: AtomicI32::new(number), caught_up: AtomicBool::new(false) }
    }

    /// The number of the event that came last.
    pub fn number(&self) -> i32 {
        self.at.load(Ordering::Relaxed)
    }

    /// Whether it has sent all that there was: asked when it has nothing to send just now, it tells once that the
    /// number is that of the last result.
    pub fn take_caught_up(&self) -> bool {
        self.caught_up.swap(false, Ordering::Relaxed)
    }

    /// For the field: the event that comes now.
    pub fn reach(&self, number: i32) {
        // From here until its result is out, the number is ahead of what was sent.
        self.caught_up.store(false, Ordering::Relaxed);
        self.at.store(number, Ordering::Relaxed);
    }

    /// For the field: all that there was is sent.
    pub fn catch_up(&self) {
        self.caught_up.store(true, Ordering::Relaxed);
    }
}

/// For a shared field: its position, and the number to begin after.
pub fn position(context: &Context<'_>, argument: i32) -> (Option<Arc<Position>>, i32) {
    let position = context.data_opt::<Arc<Position>>().cloned();
    let after = position.as_ref().and_then(|position| position.resume_after).unwrap_or(argument);
    if let Some(position) = &position {
        position.reach(after);
    }
    (position, after)
}

impl Ready {
    /// How it may be shared, if it may.
    #[must_use]
    pub fn sharing(&self) -> Option<Sharing> {
        let operation = operation(&self.document, self.operation_name.as_deref()).ok()?;
        sharing(&self.document, &self.text, operation, &self.variables)
    }
}

fn sharing(
    document: &ExecutableDocument,
    text: &str,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<Sharing> {
    let [only] = operation.selection_set.node.items.as_slice() else { return None };
    // What stands in a fragment, or only under a condition, is rare enough to be executed for itself.
    let Selection::Field(field) = &only.node else { return None };
    if operation.ty != OperationType::Subscription || !field.node.directives.is_empty() {
        return None;
    }
    let (_, beginning) = FIELDS.iter().find(|(name, _)| *name == field.node.name.node)?;
    let Some(argument) = beginning else { return Some(Sharing::Live) };
    let mut named = None;
    let given = field.node.get_argument(argument).map(|value| value.node.clone());
    let value = given.map(|value| {
        value.into_const_with(|name| {
            let definition = operation.variable_definitions.iter().find(|it| it.node.name.node == name).ok_or(());
            let default = definition?.node.default_value.as_ref().map(|value| value.node.clone());
            let value = variables.get(&name).cloned().or(default).unwrap_or(Value::Null);
            named = Some(name);
            Ok::<_, ()>(value)
        })
    });
    let value = value.transpose().ok()?;
    // Named once where it is declared and once where it is used, in a document of one operation.
    let alone = |name: &Name| document.operations.iter().count() == 1 && times_named(text, name) == 2;
    let variable = named.filter(alone).map(|name| name.to_string());
    let after = match value {
        None | Some(Value::Null) => 0,
        Some(Value::Number(number)) => number.as_i64().and_then(|number| i32::try_from(number).ok())?,
        Some(_) => return None,
    };
    Some(Sharing::Numbered { after, variable })
}

/// How often a variable stands in a document.
fn times_named(text: &str, name: &str) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices('$').filter(|(at, _)| text[at + 1..].split(|c| !word(c)).next() == Some(name)).count()
}

#[cfg(test)]
mod tests {
    use async_graphql::Request;
    use serde_json::json;

    use super::*;

    fn of(query: &str, variables: serde_json::Value) -> Option<Sharing> {
        let mut request = Request::new(query).variables(Variables::from_json(variables));
        let variables = request.variables.clone();
        let document = request.parsed_query().unwrap();
        sharing(document, query, operation(document, None).unwrap(), &variables)
    }

    fn numbered(after: i32, variable: Option<&str>) -> Sharing {
        Sharing::Numbered { after, variable: variable.map(str::to_owned) }
    }

    #[test]
    fn numbered_events_share_whatever_their_beginning() {
        let query = "subscription($r: ID!, $n: Int = 3) { runProgress(runId: $r, after: $n) { sequence } }";
        assert_eq!(of(query, json!({ "r": "x", "n": 7 })), Some(numbered(7, Some("n"))));
        assert_eq!(of(query, json!({ "r": "x" })), Some(numbered(3, Some("n"))));
        assert_eq!(of(query, json!({ "r": "x", "n": null })), Some(numbered(0, Some("n"))));
        assert_eq!(of(query, json!({ "r": "x", "n": "7" })), None);
        assert_eq!(
            of("subscription { runProgress(runId: 1, after: 5) { sequence } }", json!({})),
            Some(numbered(5, None))
        );
        assert_eq!(of("subscription { runProgress(runId: 1) { sequence } }", json!({})), Some(numbered(0, None)));
    }

    #[test]
    fn a_variable_that_says_more_than_the_beginning_tells_operations_apart() {
        let query =
            "subscription($n: Int) { runProgress(runId: 1, after: $n) { run { events(first: $n) { nodes { at } } } } }";
        assert_eq!(of(query, json!({ "n": 7 })), Some(numbered(7, None)));
    }

    #[test]
    fn what_else_may_be_shared() {
        assert_eq!(of("subscription { runsChanged { kind } }", json!({})), Some(Sharing::Live));
        assert_eq!(of("subscription { runsChanged @include(if: true) { kind } }", json!({})), None);
        assert_eq!(of("subscription { other }", json!({})), None);
        assert_eq!(of("{ runsChanged }", json!({})), None);
    }
}
