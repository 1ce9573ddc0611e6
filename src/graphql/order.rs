//! Restores the order of the fields in a response.
//!
//! async-graphql adds a field to the response when it is done, so a field that waits for a look-up comes last. The
//! specification requires the order of the query. The rule: a response that is already in order costs one comparison
//! per value.

use async_graphql::{
    Name, Value,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

/// Response keys in the order of the query, each with the order of the fields below it.
#[derive(Default)]
pub struct Order {
    keys: Vec<(Name, Self)>,
}

impl Order {
    /// Returns the order of an operation's fields.
    pub fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let mut order = Self::default();
        order.add(document, &operation.selection_set.node);
        order
    }

    fn add(&mut self, document: &ExecutableDocument, selection: &SelectionSet) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let place = self.keys.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                        self.keys.push((key.clone(), Self::default()));
                        self.keys.len() - 1
                    });
                    self.keys[place].1.add(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.add(document, &fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// Sorts a response into this order.
    pub fn apply(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(fields) => {
                let mut expected = self.keys.iter();
                // The fields are in order if each key comes after the one before.
                if !fields.keys().all(|key| expected.any(|(known, _)| known == key)) {
                    let place = |key: &Name| self.keys.iter().position(|(known, _)| known == key);
                    fields.sort_by_cached_key(|key, _| place(key));
                }
                let mut expected = self.keys.iter();
                for (key, value) in fields {
                    if let Some((_, below)) = expected.find(|(known, _)| known == key)
                        && !below.keys.is_empty()
                    {
                        below.apply(value);
                    }
                }
            }
            _ => {}
        }
    }
}
