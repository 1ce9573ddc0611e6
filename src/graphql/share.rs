//! Which subscriptions can share one execution, and the position of each subscriber.
//!
//! Subscribers with the same document and variables see the same events, except that they may start at different ones.
//! The rule: a transport shares only what [`Ready::sharing`] allows. It puts a [`Position`] into the request's data;
//! the field reads from it where to begin, and reports its progress there.
//!
//! To let a field be shared, add a line to [`FIELDS`] and let its resolver keep its position.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI32, Ordering},
};

use async_graphql::{
    Context, Name, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection},
};

use super::document::{Ready, operation};

/// The fields of [`super::Subscription`] that can be shared, with the argument that says where to begin if their events
/// are numbered and can be read again.
const FIELDS: &[(&str, Option<&str>)] =
    &[("runProgress", Some("after")), ("runsChanged", None), ("suggestionsChanged", None)];

/// How an operation can be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sharing {
    /// Its events are numbered consecutively. A subscriber that missed some can read them again.
    Numbered {
        /// The number after which it begins.
        after: i32,
        /// The variable that gives the number and is used nowhere else, if there is one. Operations that differ only in
        /// it can share an execution.
        variable: Option<String>,
    },
    /// Its events cannot be read again.
    Live,
}

/// The position of a shared subscription. A transport puts an `Arc` of it into the request's data. The default begins
/// where the operation's argument says.
#[derive(Debug, Default)]
pub struct Position {
    resume_after: Option<i32>,
    at: AtomicI32,
    caught_up: AtomicBool,
}

impl Position {
    /// Begins after this number, whatever the argument says.
    pub const fn after(number: i32) -> Self {
        Self { resume_after: Some(number), at: AtomicI32::new(number), caught_up: AtomicBool::new(false) }
    }

    /// Returns the number of the newest event.
    pub fn number(&self) -> i32 {
        self.at.load(Ordering::Relaxed)
    }

    /// Whether the field has sent all existing events; reading it resets it. If it is true while the field has nothing
    /// to send, [`Self::number`] is the number of the last result.
    pub fn take_caught_up(&self) -> bool {
        self.caught_up.swap(false, Ordering::Relaxed)
    }

    /// The field calls this before it sends an event.
    pub fn reach(&self, number: i32) {
        // Until the event's result is sent, the number is ahead of what was sent.
        self.caught_up.store(false, Ordering::Relaxed);
        self.at.store(number, Ordering::Relaxed);
    }

    /// The field calls this when it has sent all existing events.
    pub fn catch_up(&self) {
        self.caught_up.store(true, Ordering::Relaxed);
    }
}

/// Returns the position of a shared field, and the number to begin after.
pub fn position(context: &Context<'_>, argument: i32) -> (Option<Arc<Position>>, i32) {
    let position = context.data_opt::<Arc<Position>>().cloned();
    let after = position.as_ref().and_then(|position| position.resume_after).unwrap_or(argument);
    if let Some(position) = &position {
        position.reach(after);
    }
    (position, after)
}

impl Ready {
    /// Returns how the operation can be shared; `None` if it cannot.
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
    // A field in a fragment or with a directive is rare; it is not shared.
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
    // The variable occurs twice, in its declaration and in this argument, and there is only one operation.
    let alone = |name: &Name| document.operations.iter().count() == 1 && times_named(text, name) == 2;
    let variable = named.filter(alone).map(|name| name.to_string());
    let after = match value {
        None | Some(Value::Null) => 0,
        Some(Value::Number(number)) => number.as_i64().and_then(|number| i32::try_from(number).ok())?,
        Some(_) => return None,
    };
    Some(Sharing::Numbered { after, variable })
}

/// Counts the occurrences of a variable in a document.
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
