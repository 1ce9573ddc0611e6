//! Checks the variables of a request against their types.
//!
//! The rule: the engine accepts every value that [`coerce`] returns. Values have their types, numbers and ids have one
//! form, and defaults are filled in. A variable without a value is absent, which is different from null:
//! [`drop_absent`] removes it from the document, so that the default of the argument or input field applies.

use apollo_compiler::{Schema, ast::InputValueDefinition, schema::ExtendedType};
use async_graphql::{
    Name, Number, Positioned, ServerError, Value, Variables,
    indexmap::IndexMap,
    parser::types::{
        BaseType, Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
        Type, VariableDefinition,
    },
};
use async_graphql_value::Value as Literal;

use super::{Scalars, short};
use crate::{domain::Code, graphql::error::coded};

/// How many enum values an error message lists.
const LISTED: usize = 30;

/// Returns the values of an operation's variables.
///
/// # Errors
/// Returns `GRAPHQL_VALIDATION_FAILED` with the path to the first invalid value.
pub fn coerce(
    schema: &Schema,
    scalars: Scalars,
    operation: &OperationDefinition,
    given: &Variables,
) -> Result<Variables, ServerError> {
    let types = Types { schema, scalars };
    let mut coerced = Variables::default();
    for definition in &operation.variable_definitions {
        let VariableDefinition { name, var_type, default_value, .. } = &definition.node;
        let value = match (given.get(&name.node), default_value) {
            (Some(value), _) => types.read(value, &var_type.node),
            (None, Some(default)) => Ok(default.node.clone()),
            (None, None) if var_type.node.nullable => continue,
            (None, None) => Err(Fault::new("a value is required")),
        };
        let value = value.map_err(|fault| {
            let Fault { path, message } = fault;
            let place = if path.is_empty() { String::new() } else { format!(" at `{}`", path.trim_start_matches('.')) };
            let message = format!("variable `${}` of type `{}`{place}: {message}", name.node, var_type.node);
            ServerError { locations: vec![definition.pos], ..coded(Code::GraphqlValidationFailed, message) }
        })?;
        coerced.insert(name.node.clone(), value);
    }
    Ok(coerced)
}

/// The reason why a value does not have its type.
struct Fault {
    /// The path from the variable to the value.
    path: String,
    message: String,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    fn below(self, step: &str) -> Self {
        Self { path: format!("{step}{}", self.path), ..self }
    }
}

struct Types<'a> {
    schema: &'a Schema,
    scalars: Scalars,
}

impl Types<'_> {
    fn read(&self, value: &Value, ty: &Type) -> Result<Value, Fault> {
        match (&ty.base, value) {
            (_, Value::Null) if ty.nullable => Ok(Value::Null),
            (_, Value::Null) => Err(Fault::new("the value must not be null")),
            (BaseType::List(item), Value::List(items)) => {
                let read = |(at, value)| self.read(value, item).map_err(|fault| fault.below(&format!("[{at}]")));
                items.iter().enumerate().map(read).collect::<Result<_, _>>().map(Value::List)
            }
            (BaseType::List(item), single) => Ok(Value::List(vec![self.read(single, item)?])),
            (BaseType::Named(name), value) => self.read_named(value, name),
        }
    }

    fn read_named(&self, value: &Value, ty: &Name) -> Result<Value, Fault> {
        let Some(definition) = self.schema.types.get(ty.as_str()) else { return Ok(value.clone()) };
        match (definition, value) {
            (ExtendedType::InputObject(definition), Value::Object(fields)) => {
                if let Some(unknown) = fields.keys().find(|name| !definition.fields.contains_key(name.as_str())) {
                    return Err(Fault::new(format!("`{ty}` has no field {:?}", short(unknown))));
                }
                let mut read = IndexMap::new();
                for (name, field) in &definition.fields {
                    let below = |fault: Fault| fault.below(&format!(".{name}"));
                    match fields.get(name.as_str()) {
                        Some(value) => {
                            read.insert(Name::new(name.as_str()), self.read(value, &of(field)).map_err(below)?);
                        }
                        None if field.is_required() => return Err(below(Fault::new("a value is required"))),
                        None => {}
                    }
                }
                if definition.directives.has("oneOf") && (read.len() != 1 || read.values().any(|it| *it == Value::Null))
                {
                    return Err(Fault::new("set exactly one of its fields, to a value that is not null"));
                }
                Ok(Value::Object(read))
            }
            (ExtendedType::InputObject(_), other) => Err(expected("an object", other)),
            (ExtendedType::Enum(definition), value) => {
                let known = |name: &str| definition.values.contains_key(name);
                match value {
                    Value::String(text) if known(text) => Ok(Value::Enum(Name::new(text))),
                    Value::Enum(name) if known(name) => Ok(value.clone()),
                    _ => {
                        let values: Vec<&str> =
                            definition.values.keys().take(LISTED).map(apollo_compiler::Name::as_str).collect();
                        Err(Fault::new(format!("expected one of {}", values.join(", "))))
                    }
                }
            }
            (_, value) => self.read_scalar(value, ty),
        }
    }

    fn read_scalar(&self, value: &Value, ty: &Name) -> Result<Value, Fault> {
        let whole = |number: &Number| {
            let float = || number.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 9e15);
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
            number.as_i64().or_else(|| float().map(|it| it as i64))
        };
        match (ty.as_str(), value) {
            ("Int", Value::Number(number)) => match whole(number).map(i32::try_from) {
                Some(Ok(number)) => Ok(Value::from(number)),
                _ => Err(Fault::new("expected a 32-bit integer")),
            },
            ("Float", Value::Number(_)) | ("String" | "ID", Value::String(_)) | ("Boolean", Value::Boolean(_)) => {
                Ok(value.clone())
            }
            ("ID", Value::Number(number)) => {
                whole(number).map(|it| it.to_string().into()).ok_or_else(|| expected("a string or an integer", value))
            }
            ("Int", other) => Err(expected("an integer", other)),
            ("Float", other) => Err(expected("a number", other)),
            ("String" | "ID", other) => Err(expected("a string", other)),
            ("Boolean", other) => Err(expected("true or false", other)),
            (own, value) => (self.scalars)(own, value).map(|()| value.clone()).map_err(Fault::new),
        }
    }
}

/// Converts a field's type to the engine's.
fn of(field: &InputValueDefinition) -> Type {
    super::convert::type_of(&field.ty)
}

fn expected(what: &str, found: &Value) -> Fault {
    let found = match found {
        Value::Null => "null",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Boolean(_) => "a Boolean",
        Value::Enum(_) => "an enum value",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
        Value::Binary(_) => "bytes",
    };
    Fault::new(format!("expected {what}, not {found}"))
}

/// Removes variables without a value from a document: an argument or an input field is removed, an item of a list
/// becomes null.
pub fn drop_absent(document: &mut ExecutableDocument, variables: &Variables) {
    let declared = match &document.operations {
        DocumentOperations::Single(operation) => operation.node.variable_definitions.len(),
        DocumentOperations::Multiple(all) => all.values().map(|it| it.node.variable_definitions.len()).sum(),
    };
    if declared == variables.len() {
        return;
    }
    let absent = |name: &Name| !variables.contains_key(name);
    match &mut document.operations {
        DocumentOperations::Single(operation) => prune(&mut operation.node.selection_set.node, &absent),
        DocumentOperations::Multiple(all) => {
            all.values_mut().for_each(|operation| prune(&mut operation.node.selection_set.node, &absent));
        }
    }
    document.fragments.values_mut().for_each(|fragment| prune(&mut fragment.node.selection_set.node, &absent));
}

fn prune(selection: &mut SelectionSet, absent: &impl Fn(&Name) -> bool) {
    for item in &mut selection.items {
        prune_directives(item.node.directives_mut(), absent);
        match &mut item.node {
            Selection::Field(field) => {
                field.node.arguments.retain_mut(|(_, value)| keeps(&mut value.node, absent));
                prune(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(fragment) => prune(&mut fragment.node.selection_set.node, absent),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn prune_directives(directives: &mut [Positioned<Directive>], absent: &impl Fn(&Name) -> bool) {
    for directive in directives {
        directive.node.arguments.retain_mut(|(_, value)| keeps(&mut value.node, absent));
    }
}

/// Removes absent variables from a value; returns whether the value itself stays.
fn keeps(value: &mut Literal, absent: &impl Fn(&Name) -> bool) -> bool {
    match value {
        Literal::Variable(name) => return !absent(name),
        Literal::List(items) => {
            for item in items {
                if !keeps(item, absent) {
                    *item = Literal::Null;
                }
            }
        }
        Literal::Object(fields) => fields.retain(|_, value| keeps(value, absent)),
        _ => {}
    }
    true
}
