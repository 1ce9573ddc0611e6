//! Sets null where a field failed, as the specification requires: the field itself if it is nullable, otherwise the
//! nearest nullable value above it.
//!
//! async-graphql (since 7.1) leaves a failed field out of the response instead. The rule: only responses with errors
//! are touched, so other responses cost nothing.

use async_graphql::{
    Name, PathSegment, Response, Value,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet},
    registry::{MetaTypeName, Registry},
};

/// Sets null at the paths of a response's errors.
pub fn complete(
    response: &mut Response,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    registry: &Registry,
) {
    let root = match operation.ty {
        OperationType::Query => Some(&registry.query_type),
        OperationType::Mutation => registry.mutation_type.as_ref(),
        OperationType::Subscription => registry.subscription_type.as_ref(),
    };
    let Some(root) = root else { return };
    let shape = Shape { document, registry };
    for error in &response.errors {
        let Some(types) = shape.types_along(&error.path, root, &operation.selection_set.node) else { continue };
        match types.iter().rposition(|it| !it.ends_with('!')) {
            Some(place) => put_null(&mut response.data, &error.path[..=place]),
            None => response.data = Value::Null,
        }
    }
}

struct Shape<'a> {
    document: &'a ExecutableDocument,
    registry: &'a Registry,
}

impl<'a> Shape<'a> {
    /// Returns the type at each step of a path; `None` if the path is empty or does not exist.
    fn types_along(&self, path: &[PathSegment], root: &'a str, selection: &'a SelectionSet) -> Option<Vec<&'a str>> {
        let mut types: Vec<&'a str> = Vec::with_capacity(path.len());
        // A field that is selected several times has several selections below it.
        let mut places = vec![(root, selection)];
        for segment in path {
            match segment {
                PathSegment::Field(key) => {
                    let mut found = Vec::new();
                    for (parent, selection) in places {
                        self.fields(parent, selection, key, &mut found);
                    }
                    types.push(found.first()?.0);
                    places = found
                        .into_iter()
                        .map(|(ty, selection)| (MetaTypeName::concrete_typename(ty), selection))
                        .collect();
                }
                PathSegment::Index(_) => {
                    let list = types.last()?.trim_end_matches('!');
                    types.push(list.strip_prefix('[')?.strip_suffix(']')?);
                }
            }
        }
        (!types.is_empty()).then_some(types)
    }

    /// Collects the fields with a response key, including those in fragments: their types and the selections below
    /// them.
    fn fields(
        &self,
        parent: &'a str,
        selection: &'a SelectionSet,
        key: &str,
        found: &mut Vec<(&'a str, &'a SelectionSet)>,
    ) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) if field.node.response_key().node == key => {
                    let meta = self.registry.types.get(parent).and_then(|it| it.field_by_name(&field.node.name.node));
                    if let Some(meta) = meta {
                        found.push((&meta.ty, &field.node.selection_set.node));
                    }
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let parent = condition.map_or(parent, |condition| &condition.node.on.node);
                    self.fields(parent, &fragment.node.selection_set.node, key, found);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let parent = &fragment.node.type_condition.node.on.node;
                        self.fields(parent, &fragment.node.selection_set.node, key, found);
                    }
                }
            }
        }
    }
}

/// Sets the value at a path to null, unless a value above it is null already.
fn put_null(mut value: &mut Value, path: &[PathSegment]) {
    let Some((last, above)) = path.split_last() else { return };
    for segment in above {
        let below = match (segment, value) {
            (PathSegment::Field(key), Value::Object(fields)) => fields.get_mut(key.as_str()),
            (PathSegment::Index(at), Value::List(items)) => items.get_mut(*at),
            _ => None,
        };
        let Some(below) = below else { return };
        value = below;
    }
    match (last, value) {
        (PathSegment::Field(key), Value::Object(fields)) => {
            fields.insert(Name::new(key), Value::Null);
        }
        // The root, if no other field has a value.
        (PathSegment::Field(key), value @ Value::Null) if above.is_empty() => {
            *value = Value::Object(std::iter::once((Name::new(key), Value::Null)).collect());
        }
        (PathSegment::Index(at), Value::List(items)) => {
            if let Some(item) = items.get_mut(*at) {
                *item = Value::Null;
            }
        }
        _ => {}
    }
}
