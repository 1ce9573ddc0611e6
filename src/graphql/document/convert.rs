//! Converts the syntax tree of apollo-compiler to the one that async-graphql executes.
//!
//! The rule: a document is parsed only once, so what was validated is what is executed. A position is a line and a
//! column in characters, counted from 1.

use std::collections::HashMap;

use apollo_compiler::{Node, ast, parser::SourceSpan};
use async_graphql::{
    Name, Number, Pos, Positioned, Value as Constant,
    indexmap::IndexMap,
    parser::types::{
        BaseType, Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
        InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet, Type, TypeCondition,
        VariableDefinition,
    },
};
use async_graphql_value::Value;

/// Converts the executable definitions of a document. Of two definitions with the same name the later one stays;
/// validation refuses such a document.
pub fn document(source: &ast::Document, text: &str) -> ExecutableDocument {
    let places = Places::of(text);
    let (mut anonymous, mut named, mut fragments) = (None, HashMap::new(), HashMap::new());
    for definition in &source.definitions {
        match definition {
            ast::Definition::OperationDefinition(operation) => {
                let converted = places.at(operation.location(), places.operation(operation));
                match &operation.name {
                    Some(name) => drop(named.insert(Name::new(name.as_str()), converted)),
                    None => anonymous = Some(converted),
                }
            }
            ast::Definition::FragmentDefinition(fragment) => {
                let converted = places.at(fragment.location(), places.fragment(fragment));
                fragments.insert(Name::new(fragment.name.as_str()), converted);
            }
            _ => {}
        }
    }
    let operations = match anonymous {
        Some(operation) if named.is_empty() => DocumentOperations::Single(operation),
        _ => DocumentOperations::Multiple(named),
    };
    ExecutableDocument { operations, fragments }
}

/// Converts a literal; `None` if it contains variables.
pub fn constant(value: &ast::Value) -> Option<Constant> {
    plain(value).into_const()
}

/// Converts byte offsets in a text to positions.
struct Places<'a> {
    text: &'a str,
    /// The byte offsets at which lines begin.
    lines: Vec<usize>,
    /// The number of characters before each byte; empty for a text in ASCII.
    characters: Vec<u32>,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        let mut characters = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            characters.reserve(text.len() + 1);
            for at in 0..=text.len() {
                characters.push(count);
                count += u32::from(text.is_char_boundary(at));
            }
        }
        Self { text, lines, characters }
    }

    fn place(&self, span: Option<SourceSpan>) -> Pos {
        let Some(span) = span else { return Pos::default() };
        let offset = span.offset().min(self.text.len());
        let line = self.lines.partition_point(|begins| *begins <= offset);
        let begins = self.lines[line - 1];
        let column = match (self.characters.get(offset), self.characters.get(begins)) {
            (Some(here), Some(begins)) => (here - begins) as usize,
            _ => offset - begins,
        };
        Pos { line, column: column + 1 }
    }

    fn at<T>(&self, span: Option<SourceSpan>, node: T) -> Positioned<T> {
        Positioned::new(node, self.place(span))
    }

    fn name(&self, name: &apollo_compiler::Name) -> Positioned<Name> {
        self.at(name.location(), Name::new(name.as_str()))
    }

    fn operation(&self, source: &ast::OperationDefinition) -> OperationDefinition {
        OperationDefinition {
            ty: match source.operation_type {
                ast::OperationType::Query => OperationType::Query,
                ast::OperationType::Mutation => OperationType::Mutation,
                ast::OperationType::Subscription => OperationType::Subscription,
            },
            variable_definitions: source.variables.iter().map(|it| self.at(it.location(), self.variable(it))).collect(),
            directives: self.directives(&source.directives),
            selection_set: self.selections(None, &source.selection_set),
        }
    }

    fn variable(&self, source: &ast::VariableDefinition) -> VariableDefinition {
        let default = source.default_value.as_ref();
        VariableDefinition {
            name: self.name(&source.name),
            var_type: self.at(source.ty.location(), type_of(&source.ty)),
            directives: self.directives(&source.directives),
            default_value: default.and_then(|value| Some(self.at(value.location(), constant(value)?))),
        }
    }

    fn fragment(&self, source: &ast::FragmentDefinition) -> FragmentDefinition {
        FragmentDefinition {
            type_condition: self.condition(&source.type_condition),
            directives: self.directives(&source.directives),
            selection_set: self.selections(None, &source.selection_set),
        }
    }

    fn condition(&self, name: &apollo_compiler::Name) -> Positioned<TypeCondition> {
        self.at(name.location(), TypeCondition { on: self.name(name) })
    }

    fn selections(&self, span: Option<SourceSpan>, source: &[ast::Selection]) -> Positioned<SelectionSet> {
        let items = source.iter().map(|selection| match selection {
            ast::Selection::Field(field) => {
                let converted = Field {
                    alias: field.alias.as_ref().map(|alias| self.name(alias)),
                    name: self.name(&field.name),
                    arguments: self.arguments(&field.arguments),
                    directives: self.directives(&field.directives),
                    selection_set: self.selections(field.location(), &field.selection_set),
                };
                self.at(field.location(), Selection::Field(self.at(field.location(), converted)))
            }
            ast::Selection::FragmentSpread(spread) => {
                let converted = FragmentSpread {
                    fragment_name: self.name(&spread.fragment_name),
                    directives: self.directives(&spread.directives),
                };
                self.at(spread.location(), Selection::FragmentSpread(self.at(spread.location(), converted)))
            }
            ast::Selection::InlineFragment(fragment) => {
                let converted = InlineFragment {
                    type_condition: fragment.type_condition.as_ref().map(|name| self.condition(name)),
                    directives: self.directives(&fragment.directives),
                    selection_set: self.selections(fragment.location(), &fragment.selection_set),
                };
                self.at(fragment.location(), Selection::InlineFragment(self.at(fragment.location(), converted)))
            }
        });
        self.at(span, SelectionSet { items: items.collect() })
    }

    fn directives(&self, source: &ast::DirectiveList) -> Vec<Positioned<Directive>> {
        let convert = |directive: &ast::Directive| Directive {
            name: self.name(&directive.name),
            arguments: self.arguments(&directive.arguments),
        };
        source.iter().map(|directive| self.at(directive.location(), convert(directive))).collect()
    }

    fn arguments(&self, source: &[Node<ast::Argument>]) -> Vec<(Positioned<Name>, Positioned<Value>)> {
        let convert = |argument: &ast::Argument| {
            (self.name(&argument.name), self.at(argument.value.location(), plain(&argument.value)))
        };
        source.iter().map(|argument| convert(argument)).collect()
    }
}

pub fn type_of(source: &ast::Type) -> Type {
    let named = |name: &str| BaseType::Named(Name::new(name));
    let (base, nullable) = match source {
        ast::Type::Named(name) => (named(name), true),
        ast::Type::NonNullNamed(name) => (named(name), false),
        ast::Type::List(item) => (BaseType::List(Box::new(type_of(item))), true),
        ast::Type::NonNullList(item) => (BaseType::List(Box::new(type_of(item))), false),
    };
    Type { base, nullable }
}

/// Converts a literal.
fn plain(value: &ast::Value) -> Value {
    match value {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::Enum(Name::new(name.as_str())),
        ast::Value::Variable(name) => Value::Variable(Name::new(name.as_str())),
        ast::Value::String(text) => Value::String(text.clone()),
        ast::Value::Boolean(value) => Value::Boolean(*value),
        ast::Value::Int(number) => Value::Number(self::number(number.as_str())),
        ast::Value::Float(number) => Value::Number(self::number(number.as_str())),
        ast::Value::List(items) => Value::List(items.iter().map(|item| plain(item)).collect()),
        ast::Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (Name::new(name.as_str()), plain(value)));
            Value::Object(fields.collect::<IndexMap<_, _>>())
        }
    }
}

/// Parses a number as JSON does; integers stay integers. Numbers outside every type were refused before.
fn number(text: &str) -> Number {
    let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    whole.ok().or_else(|| Number::from_f64(text.parse().ok()?)).unwrap_or_else(|| Number::from(i64::MAX))
}
