//! Validation rules that apollo-compiler enforces only in part.
//!
//! - A variable's type must fit where it is used, in lists and input objects too. A default of null does not make it
//!   fit a non-null position.
//! - An input object sets each field once. One of a `@oneOf` type sets exactly one field, to a value that is not null.
//! - A literal of a custom scalar must be valid.
//! - Selections with the same response key must have equal lists as arguments; apollo-compiler does not compare the
//!   lengths.
//!
//! The rule: [`check`] runs on a document that apollo-compiler found valid, and its work is bounded by the number of
//! fields that `limits` counts.

use std::collections::HashSet;

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    ast::{Argument, InputValueDefinition, Type, Value, VariableDefinition},
    collections::IndexMap,
    executable::{DirectiveList, Field, Operation, Selection, SelectionSet},
    parser::SourceSpan,
    schema::ExtendedType,
};

use super::{Scalars, convert};

/// The reason why a document is refused, and its position.
pub type Fault = (String, Option<SourceSpan>);

/// Checks a document.
///
/// # Errors
/// Returns the first fault.
pub fn check(schema: &Schema, scalars: Scalars, document: &ExecutableDocument) -> Result<(), Fault> {
    for operation in document.operations.iter() {
        let mut checker = OperationChecker { schema, scalars, document, operation, seen: HashSet::new() };
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                checker.value(default, &variable.ty, false)?;
            }
        }
        checker.directives(&operation.directives)?;
        checker.selections(&operation.selection_set)?;
        same_lists(schema, document, &[&operation.selection_set])?;
    }
    Ok(())
}

/// Checks the variables and literals of one operation.
struct OperationChecker<'a> {
    schema: &'a Schema,
    scalars: Scalars,
    document: &'a ExecutableDocument,
    operation: &'a Operation,
    /// The fragments that have been visited.
    seen: HashSet<&'a Name>,
}

impl<'a> OperationChecker<'a> {
    fn selections(&mut self, set: &'a SelectionSet) -> Result<(), Fault> {
        for selection in &set.selections {
            self.directives(selection.directives())?;
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.arguments, &field.definition.arguments)?;
                    self.selections(&field.selection_set)?;
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.selection_set)?,
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) = fragment.filter(|_| self.seen.insert(&spread.fragment_name)) {
                        self.directives(&fragment.directives)?;
                        self.selections(&fragment.selection_set)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn directives(&self, directives: &DirectiveList) -> Result<(), Fault> {
        directives.iter().try_for_each(|directive| match self.schema.directive_definitions.get(&directive.name) {
            Some(definition) => self.arguments(&directive.arguments, &definition.arguments),
            None => Ok(()),
        })
    }

    fn arguments(&self, given: &[Node<Argument>], defined: &[Node<InputValueDefinition>]) -> Result<(), Fault> {
        given.iter().try_for_each(|argument| match defined.iter().find(|it| it.name == argument.name) {
            Some(definition) => self.value(&argument.value, &definition.ty, definition.default_value.is_some()),
            None => Ok(()),
        })
    }

    /// Checks a value where type `ty` is expected. `defaulted` says whether that argument or field has a default.
    fn value(&self, value: &Node<Value>, ty: &Type, defaulted: bool) -> Result<(), Fault> {
        match &**value {
            Value::Variable(name) => {
                let Some(variable) = self.operation.variables.iter().find(|it| it.name == *name) else {
                    return Err((format!("the variable `${name}` is not defined"), value.location()));
                };
                if fits(variable, ty, defaulted) {
                    return Ok(());
                }
                let message = format!("the variable `${name}` of type `{}` does not fit `{ty}` here", variable.ty);
                Err((message, value.location()))
            }
            Value::List(items) if ty.is_list() => {
                items.iter().try_for_each(|item| self.value(item, ty.item_type(), false))
            }
            Value::Null => Ok(()),
            literal => match (self.schema.types.get(ty.inner_named_type()), literal) {
                (Some(ExtendedType::InputObject(definition)), Value::Object(fields)) => {
                    let mut known = HashSet::new();
                    for (name, field) in fields {
                        if !known.insert(name) {
                            let message = format!("the input field `{name}` is set twice; set it once");
                            return Err((message, field.location()));
                        }
                        if let Some(place) = definition.fields.get(name) {
                            self.value(field, &place.ty, place.default_value.is_some())?;
                        }
                    }
                    if definition.directives.has("oneOf") {
                        self.exactly_one(value, &definition.name, fields)?;
                    }
                    Ok(())
                }
                (Some(ExtendedType::Scalar(scalar)), literal) if !scalar.is_built_in() => {
                    let Some(constant) = convert::constant(literal) else { return Ok(()) };
                    (self.scalars)(&scalar.name, &constant).map_err(|message| (message, value.location()))
                }
                _ => Ok(()),
            },
        }
    }

    fn exactly_one(&self, value: &Node<Value>, ty: &Name, fields: &[(Name, Node<Value>)]) -> Result<(), Fault> {
        let nullable = |value: &Value| match value {
            Value::Null => true,
            Value::Variable(name) => {
                self.operation.variables.iter().any(|variable| variable.name == *name && !variable.ty.is_non_null())
            }
            _ => false,
        };
        match fields {
            [(_, only)] if !nullable(only) => Ok(()),
            _ => Err((format!("`{ty}` requires exactly one field, with a value that is not null"), value.location())),
        }
    }
}

/// Whether a variable fits where type `ty` is expected.
fn fits(variable: &VariableDefinition, ty: &Type, defaulted: bool) -> bool {
    if !ty.is_non_null() || variable.ty.is_non_null() {
        return variable.ty.is_assignable_to(ty);
    }
    let has_default = variable.default_value.as_ref().is_some_and(|value| !value.is_null());
    (has_default || defaulted) && variable.ty.is_assignable_to(&ty.clone().nullable())
}

/// Refuses selections with the same response key whose arguments are lists of different lengths. Selections on
/// different object types are allowed, because they never occur in the same object.
fn same_lists(schema: &Schema, document: &ExecutableDocument, sets: &[&SelectionSet]) -> Result<(), Fault> {
    let (mut seen, mut keys) = (HashSet::new(), Keys::default());
    for set in sets {
        collect(document, set, &mut seen, &mut keys);
    }
    let is_object = |ty: &Name| matches!(schema.types.get(ty), Some(ExtendedType::Object(_)));
    for fields in keys.values() {
        // One field of each parent type.
        let mut known: Vec<(&Name, &Node<Field>)> = Vec::new();
        for (parent, field) in fields {
            let mut meets =
                known.iter().filter(|(other, _)| other == parent || !is_object(other) || !is_object(parent));
            if !meets.all(|(_, other)| same_arguments(other, field)) {
                let key = field.response_key();
                let message =
                    format!("`{key}` is selected twice with different arguments; use an alias for one of them");
                return Err((message, field.location()));
            }
            if !known.iter().any(|(other, _)| other == parent) {
                known.push((parent, field));
            }
        }
        let below: Vec<&SelectionSet> = fields.iter().map(|(_, field)| &field.selection_set).collect();
        if below.iter().any(|set| !set.selections.is_empty()) {
            same_lists(schema, document, &below)?;
        }
    }
    Ok(())
}

/// The fields of a selection by response key, each with its parent type.
type Keys<'a> = IndexMap<&'a Name, Vec<(&'a Name, &'a Node<Field>)>>;

fn collect<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    seen: &mut HashSet<&'a Name>,
    keys: &mut Keys<'a>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => keys.entry(field.response_key()).or_default().push((&set.ty, field)),
            Selection::InlineFragment(fragment) => collect(document, &fragment.selection_set, seen, keys),
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.fragment_name);
                if let Some(fragment) = fragment.filter(|_| seen.insert(&spread.fragment_name)) {
                    collect(document, &fragment.selection_set, seen, keys);
                }
            }
        }
    }
}

fn same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.iter().all(|argument| {
        let other = other.arguments.iter().find(|it| it.name == argument.name);
        other.is_none_or(|other| same_lengths(&argument.value, &other.value))
    })
}

fn same_lengths(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_lengths(one, other))
        }
        (Value::Object(one), Value::Object(other)) => one.iter().all(|(name, value)| {
            other.iter().find(|(it, _)| it == name).is_none_or(|(_, other)| same_lengths(value, other))
        }),
        _ => true,
    }
}
