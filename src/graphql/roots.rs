//! The root selection of a subscription.
//!
//! The engine opens one stream for each field that stands directly in a subscription's selection set, and none for a
//! field inside a fragment. The rule: before a subscription is executed, [`expand`] replaces its root selection by the
//! one field that the specification's `CollectSubscriptionFields` finds: fragments are expanded, `@skip` and `@include`
//! are applied, and selections with the same response key are merged. [`check`] refuses a subscription that could
//! select several fields, whatever its variables.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};

use super::error::coded;
use crate::domain::Code;

/// Refuses a subscription that may select several root fields, or a field of introspection. A selection that a literal
/// condition excludes does not count.
///
/// # Errors
/// Returns `GRAPHQL_VALIDATION_FAILED`.
pub fn check(document: &ExecutableDocument, operation: &OperationDefinition) -> Result<(), ServerError> {
    if operation.ty != OperationType::Subscription {
        return Ok(());
    }
    let mut roots = Roots { document, literal: true, values: &|_| None, seen: HashSet::new(), fields: Vec::new() };
    roots.collect(&operation.selection_set.node)?;
    if let Some(field) = roots.fields.iter().find(|field| field.node.name.node.starts_with("__")) {
        let message = format!("a subscription cannot select `{}` at its root; select one event", field.node.name.node);
        return Err(at(field, message));
    }
    match roots.fields.as_slice() {
        [] | [_] => Ok(()),
        [_, second, ..] => {
            let number = roots.fields.len();
            Err(at(
                second,
                format!(
                    "a subscription must have exactly one root field, but this one has {number}; send one subscription \
                     per field"
                ),
            ))
        }
    }
}

/// Replaces the root selection of the chosen operation by its one field, if the operation is a subscription.
///
/// # Errors
/// Returns `GRAPHQL_VALIDATION_FAILED` if `@skip` and `@include` leave no field.
pub fn expand(
    document: &mut ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Result<(), ServerError> {
    let operation = super::document::operation(document, operation_name)?;
    if operation.ty != OperationType::Subscription {
        return Ok(());
    }
    let default = |name: &Name| {
        let mut definitions = operation.variable_definitions.iter();
        definitions.find(|it| it.node.name.node == *name)?.node.default_value.as_ref().map(|value| &value.node)
    };
    let values = |name: &Name| variables.get(name).or_else(|| default(name)).cloned();
    let mut roots = Roots { document, literal: false, values: &values, seen: HashSet::new(), fields: Vec::new() };
    roots.collect(&operation.selection_set.node)?;
    let fields = roots.fields;
    if fields.is_empty() {
        let message =
            "the subscription selects no field, because `@skip` and `@include` exclude all of them; select one event";
        return Err(coded(Code::GraphqlValidationFailed, message));
    }
    let items = fields.into_iter().map(|field| Positioned::new(Selection::Field(field.clone()), field.pos)).collect();
    if let Some(operation) = chosen_mut(&mut document.operations, operation_name) {
        operation.selection_set.node.items = items;
    }
    Ok(())
}

fn chosen_mut<'a>(operations: &'a mut DocumentOperations, name: Option<&str>) -> Option<&'a mut OperationDefinition> {
    let chosen = match (operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    chosen.map(|operation| &mut operation.node)
}

fn at(field: &Positioned<Field>, message: String) -> ServerError {
    ServerError { locations: vec![field.pos], ..coded(Code::GraphqlValidationFailed, message) }
}

/// A collector of root fields.
struct Roots<'a> {
    document: &'a ExecutableDocument,
    /// Whether every condition on a variable counts as met.
    literal: bool,
    values: &'a dyn Fn(&Name) -> Option<Value>,
    /// The fragments that have been visited.
    seen: HashSet<&'a Name>,
    /// One for each response key.
    fields: Vec<Positioned<Field>>,
}

impl<'a> Roots<'a> {
    fn collect(&mut self, selection: &'a SelectionSet) -> Result<(), ServerError> {
        for item in &selection.items {
            if !self.is_selected(item.node.directives())? {
                continue;
            }
            match &item.node {
                Selection::Field(field) => self.add(field),
                // The root type is an object, so every fragment that passed validation applies to it.
                Selection::InlineFragment(fragment) => self.collect(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name).filter(|_| self.seen.insert(name)) {
                        self.collect(&fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, field: &Positioned<Field>) {
        let key = &field.node.response_key().node;
        let known = self.fields.iter_mut().find(|known| known.node.response_key().node == *key);
        match known {
            // Validation has ensured that both select the same field.
            Some(known) => {
                let more = field.node.selection_set.node.items.iter().cloned();
                known.node.selection_set.node.items.extend(more);
            }
            None => {
                let mut field = field.clone();
                field.node.directives.retain(|directive| condition(directive).is_none());
                self.fields.push(field);
            }
        }
    }

    /// Whether `@skip` and `@include` keep a selection.
    fn is_selected(&self, directives: &[Positioned<Directive>]) -> Result<bool, ServerError> {
        for directive in directives {
            let Some(wanted) = condition(directive) else { continue };
            let given = directive.node.get_argument("if").map(|value| value.node.clone());
            let value = given.and_then(|value| value.into_const_with(|name| (self.values)(&name).ok_or(())).ok());
            match value {
                Some(Value::Boolean(value)) if value == wanted => {}
                Some(Value::Boolean(_)) => return Ok(false),
                _ if self.literal => {}
                _ => {
                    let message = format!("`@{}` requires a Boolean for `if`", directive.node.name.node);
                    let locations = vec![directive.pos];
                    return Err(ServerError { locations, ..coded(Code::GraphqlValidationFailed, message) });
                }
            }
        }
        Ok(true)
    }
}

/// Returns the value of `if` for which a directive keeps its selection; `None` for other directives.
fn condition(directive: &Positioned<Directive>) -> Option<bool> {
    match directive.node.name.node.as_str() {
        "include" => Some(true),
        "skip" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Request, parser::parse_query};
    use serde_json::json;

    use super::*;

    /// The response keys of the root fields, and of what the first selects.
    fn expanded(query: &str, variables: serde_json::Value) -> Result<(Vec<String>, Vec<String>), String> {
        let mut document = parse_query(query).unwrap();
        let message = |error: ServerError| error.message;
        check(&document, super::super::document::operation(&document, None).unwrap()).map_err(message)?;
        let variables = Request::new("").variables(Variables::from_json(variables)).variables;
        expand(&mut document, None, &variables).map_err(message)?;
        let keys = |set: &SelectionSet| {
            let keys = set.items.iter().map(|item| match &item.node {
                Selection::Field(field) => field.node.response_key().node.to_string(),
                other => format!("{other:?}"),
            });
            keys.collect::<Vec<_>>()
        };
        let root = &super::super::document::operation(&document, None).unwrap().selection_set.node;
        let Selection::Field(first) = &root.items[0].node else { panic!("{root:?}") };
        Ok((keys(root), keys(&first.node.selection_set.node)))
    }

    #[test]
    fn the_root_field_is_found_in_any_fragment() {
        for query in [
            "subscription { a { x } }",
            "subscription { ...F } fragment F on S { a { x } }",
            "subscription { ...F } fragment F on S { ...G ... { ...G } } fragment G on S { a { x } }",
            "subscription { ... on S { ... @include(if: true) { a { x } } } }",
            "subscription { ... @skip(if: true) { b } a @skip(if: false) { x } }",
            "subscription($y: Boolean = true) { ... @include(if: $y) { a { x } } }",
        ] {
            assert_eq!(expanded(query, json!({})), Ok((vec!["a".into()], vec!["x".into()])), "{query}");
        }
    }

    #[test]
    fn selections_with_one_response_key_are_merged() {
        let query = "subscription($y: Boolean!) { a { x } ... @include(if: $y) { ...F } } fragment F on S { a { z } }";
        assert_eq!(expanded(query, json!({ "y": true })), Ok((vec!["a".into()], vec!["x".into(), "z".into()])));
        assert_eq!(expanded(query, json!({ "y": false })), Ok((vec!["a".into()], vec!["x".into()])));
    }

    #[test]
    fn several_fields_and_none_are_refused() {
        for query in [
            "subscription { a b }",
            "subscription { a x: a }",
            "subscription { ...F a } fragment F on S { b }",
            "subscription($y: Boolean!) { a @include(if: $y) b @skip(if: $y) }",
            "subscription { __typename }",
        ] {
            assert!(expanded(query, json!({ "y": true })).is_err(), "{query}");
        }
        let none = "subscription($y: Boolean!) { ... @include(if: $y) { a } }";
        assert!(expanded(none, json!({ "y": false })).unwrap_err().contains("no field"));
    }
}
