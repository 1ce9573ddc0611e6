//! The limit on the length of search texts.
//!
//! The rule: every argument and input field named `search` takes at most [`LONGEST`] characters, at any depth, as a
//! literal or as a variable. A new one needs no code here. `searchAssets(text:)` checks the same limit itself.

use async_graphql::{
    ServerError, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value as Literal;

use super::error::coded;
use crate::domain::Code;

/// The maximum number of characters.
pub(super) const LONGEST: usize = 500;
/// The name of the arguments and input fields to check.
const NAME: &str = "search";

/// Checks the search texts of an operation.
///
/// # Errors
/// Returns `BAD_USER_INPUT` with the argument's path.
pub fn check(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), ServerError> {
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    std::iter::once(&operation.selection_set.node).chain(fragments).try_for_each(|it| selection(it, variables))
}

fn selection(set: &SelectionSet, variables: &Variables) -> Result<(), ServerError> {
    set.items.iter().try_for_each(|item| match &item.node {
        Selection::Field(field) => {
            for (name, value) in &field.node.arguments {
                literal(&value.node, &name.node, variables)
                    .map_err(|error| ServerError { locations: vec![value.pos], ..error })?;
            }
            selection(&field.node.selection_set.node, variables)
        }
        Selection::InlineFragment(fragment) => selection(&fragment.node.selection_set.node, variables),
        Selection::FragmentSpread(_) => Ok(()),
    })
}

fn literal(value: &Literal, path: &str, variables: &Variables) -> Result<(), ServerError> {
    match value {
        Literal::Variable(name) => variables.get(name).map_or(Ok(()), |value| constant(value, path)),
        Literal::String(text) => text_at(text, path),
        Literal::Object(fields) => {
            fields.iter().try_for_each(|(name, value)| literal(value, &format!("{path}.{name}"), variables))
        }
        Literal::List(items) => {
            items.iter().enumerate().try_for_each(|(at, item)| literal(item, &format!("{path}.{at}"), variables))
        }
        _ => Ok(()),
    }
}

fn constant(value: &Value, path: &str) -> Result<(), ServerError> {
    match value {
        Value::String(text) => text_at(text, path),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| constant(value, &format!("{path}.{name}"))),
        Value::List(items) => {
            items.iter().enumerate().try_for_each(|(at, item)| constant(item, &format!("{path}.{at}")))
        }
        _ => Ok(()),
    }
}

fn text_at(text: &str, path: &str) -> Result<(), ServerError> {
    let is_search = path.rsplit('.').next() == Some(NAME);
    let length = if is_search && text.len() > LONGEST { text.chars().count() } else { 0 };
    if length <= LONGEST {
        return Ok(());
    }
    let message = format!("the text has {length} characters; search for at most {LONGEST}");
    let mut error = coded(Code::BadUserInput, message);
    error.extensions.get_or_insert_default().set("argument", path);
    Err(error)
}
