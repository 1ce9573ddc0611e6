//! Limits on the size of an operation.
//!
//! The rule: cheap checks come first, and work that grows faster than the text is done only after the checks that bound
//! it. Tokens and nesting are counted on the text, before the parser runs. Fields, aliases and root fields are counted
//! on the parsed document, over all its operations. Each fragment is measured once, and its size counts wherever it is
//! used. Depth and complexity come from validation. An error names the limit and the number.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

use super::error::coded;
use crate::domain::Code;

/// The maximum number of tokens in a document.
pub const MAX_TOKENS: usize = 10_000;
/// The maximum length of a name or a number, in characters.
pub const MAX_WORD: usize = 1_000;
/// The maximum nesting of brackets of any kind.
pub const MAX_NESTING: usize = 50;
/// The maximum number of aliases in all operations of a document. A fragment counts wherever it is used, and a repeated
/// root field counts as an alias.
pub const MAX_ALIASES: usize = 50;
/// The maximum number of root fields in an operation.
pub const MAX_ROOT_FIELDS: usize = 30;
/// The maximum number of fields and fragment spreads in all operations of a document. A fragment counts wherever it is
/// used.
pub const MAX_FIELDS: usize = 5_000;
/// The maximum depth of fields.
pub const MAX_DEPTH: usize = 20;
/// The maximum cost of an operation: about the number of values in its response.
pub const MAX_COMPLEXITY: usize = 40_000;
/// The maximum nesting of lists in introspection.
const MAX_INTROSPECTION_LISTS: usize = 3;

fn exceeded(what: &str, number: usize, limit: usize) -> ServerError {
    coded(Code::LimitExceeded, format!("the document has {number} {what}; the limit is {limit}"))
}

/// Checks a number against its limit.
///
/// # Errors
/// Returns `LIMIT_EXCEEDED` with both numbers.
pub fn check(what: &str, number: usize, limit: usize) -> Result<(), ServerError> {
    if number > limit { Err(exceeded(what, number, limit)) } else { Ok(()) }
}

/// Checks the tokens and the nesting of a text without parsing it.
///
/// # Errors
/// Returns `LIMIT_EXCEEDED`.
pub fn check_text(text: &str) -> Result<(), ServerError> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0, 0_usize);
    while at < bytes.len() {
        let length = match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len() - at);
                continue;
            }
            b'"' => string_length(&bytes[at..]),
            b'{' | b'[' | b'(' => {
                nesting += 1;
                check("levels of brackets", nesting, MAX_NESTING)?;
                1
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                1
            }
            byte if is_word(byte) => {
                let length = bytes[at..].iter().position(|byte| !is_word(*byte)).unwrap_or(bytes.len() - at);
                check("characters in one name", length, MAX_WORD)?;
                length
            }
            // `...` counts as three tokens, and each byte of a character outside ASCII as one. That is accurate enough
            // for a limit.
            _ => 1,
        };
        at += length;
        tokens += 1;
        if tokens > MAX_TOKENS {
            return Err(coded(
                Code::LimitExceeded,
                format!("the document has more than {MAX_TOKENS} tokens; split it into several operations"),
            ));
        }
    }
    Ok(())
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the length of the string literal at the start of the text, with its quotes. It must end where the parser
/// ends it: in a block string a backslash escapes three quotes and nothing else, and a plain string ends with its line.
fn string_length(bytes: &[u8]) -> usize {
    const BLOCK: &[u8] = b"\"\"\"";
    let block = bytes.starts_with(BLOCK);
    let mut at = if block { BLOCK.len() } else { 1 };
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        at += match rest[0] {
            b'"' if !block => return at + 1,
            b'\n' | b'\r' if !block => return at,
            b'\\' if !block => 2,
            b'\\' if rest[1..].starts_with(BLOCK) => 1 + BLOCK.len(),
            _ if block && rest.starts_with(BLOCK) => return at + BLOCK.len(),
            _ => 1,
        };
    }
    bytes.len()
}

/// Checks the operations of a parsed document.
///
/// # Errors
/// Returns `LIMIT_EXCEEDED`, or `GRAPHQL_VALIDATION_FAILED` for a fragment that contains itself.
pub fn check_document(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut counter = Counter { document, known: HashMap::new() };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let size = counter.check(operation)?;
        total.fields = total.fields.saturating_add(size.fields);
        total.aliases = total.aliases.saturating_add(size.aliases);
        check("fields and fragment spreads", total.fields, MAX_FIELDS)?;
        check("aliases", total.aliases, MAX_ALIASES)?;
    }
    Ok(())
}

/// Returns the names of an operation's root fields, including those in fragments. The document must have been checked.
///
/// # Errors
/// None for a checked document.
pub fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Result<Vec<&'a str>, ServerError> {
    let mut names = Vec::new();
    Counter { document, known: HashMap::new() }.roots(&operation.selection_set.node, &mut names)?;
    Ok(names)
}

/// The size of a selection, with its fragments.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Fields and fragment spreads: the steps of a walk through the selection.
    fields: usize,
    aliases: usize,
    /// The nesting of introspection's lists.
    lists: usize,
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    /// The sizes of fragments. `None` while a fragment is being measured; meeting it again then means that it contains
    /// itself.
    known: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Counter<'a> {
    /// Checks one operation and returns its size.
    fn check(&mut self, operation: &'a Positioned<OperationDefinition>) -> Result<Size, ServerError> {
        let selection = &operation.node.selection_set.node;
        let size = self.size(selection)?;
        check("fields and fragment spreads", size.fields, MAX_FIELDS)?;
        let mut roots = Vec::new();
        self.roots(selection, &mut roots)?;
        check("root fields", roots.len(), MAX_ROOT_FIELDS)?;
        let mut distinct = roots.clone();
        distinct.sort_unstable();
        distinct.dedup();
        check("levels of nested introspection lists", size.lists, MAX_INTROSPECTION_LISTS)?;
        Ok(Size { aliases: size.aliases.saturating_add(roots.len() - distinct.len()), ..size })
    }

    fn size(&mut self, selection: &'a SelectionSet) -> Result<Size, ServerError> {
        let mut total = Size::default();
        for item in &selection.items {
            let size = match &item.node {
                Selection::Field(field) => {
                    let inner = self.size(&field.node.selection_set.node)?;
                    Size {
                        fields: inner.fields.saturating_add(1),
                        aliases: inner.aliases.saturating_add(usize::from(field.node.alias.is_some())),
                        lists: inner.lists + usize::from(is_schema_list(&field.node.name.node)),
                    }
                }
                Selection::InlineFragment(fragment) => self.size(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => {
                    let inner = self.fragment(&spread.node.fragment_name.node)?;
                    // The spread counts too, because fragments that contain only other fragments are as much work.
                    Size { fields: inner.fields.saturating_add(1), ..inner }
                }
            };
            total.fields = total.fields.saturating_add(size.fields);
            total.aliases = total.aliases.saturating_add(size.aliases);
            total.lists = total.lists.max(size.lists);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Size, ServerError> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(coded(
                    Code::GraphqlValidationFailed,
                    format!("the fragment {name} contains itself; remove that spread"),
                ));
            }
            None => {}
        }
        // Validation reports an unknown fragment.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert(name, None);
        let size = self.size(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }

    /// Collects the names of the root fields. It is called after the fields were counted, which bounds its work.
    fn roots(&self, selection: &'a SelectionSet, names: &mut Vec<&'a str>) -> Result<(), ServerError> {
        check("root fields", names.len(), MAX_ROOT_FIELDS)?;
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => names.push(&field.node.name.node),
                Selection::InlineFragment(fragment) => self.roots(&fragment.node.selection_set.node, names)?,
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.roots(&fragment.node.selection_set.node, names)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a field of introspection is a list that leads to further lists, which grow exponentially when nested. No
/// field of Gloss's own types has one of these names.
fn is_schema_list(name: &str) -> bool {
    matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_and_comments_hide_brackets() {
        let hidden = "[".repeat(MAX_NESTING + 1);
        for text in [
            format!(r#"{{ a(b: "{hidden} \" {hidden}") }}"#),
            format!(r#"{{ a(b: """{hidden} " \""" {hidden}""") }}"#),
            format!("{{ a # {hidden}\n }}"),
        ] {
            assert!(check_text(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_string_or_comment_that_has_ended_hides_nothing() {
        let deep = "[".repeat(MAX_NESTING + 1);
        for text in [
            format!("# x\n{deep}"),
            format!("# x\r{deep}"),
            format!(r#""x" {deep}"#),
            format!(r#""x\\" {deep}"#),
            format!(r#""" {deep}"#),
            format!("\"x\n{deep}"),
            format!(r#""""x""" {deep}"#),
            format!(r#""""x\\""" """ {deep}"#),
        ] {
            assert!(check_text(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_are_counted() {
        assert!(check_text(&"a ".repeat(MAX_TOKENS)).is_ok());
        for token in ["a ", "a\u{feff}", "a.", "!", "\"\" ", "1-"] {
            assert!(check_text(&token.repeat(MAX_TOKENS + 1)).is_err(), "{token}");
        }
    }

    #[test]
    fn the_parser_survives_what_passes() {
        for (open, close) in
            [("{a", "}"), ("{a(b:[", "])}"), ("query($a:[", "])"), ("{...on A{a", "}}"), ("{a(b:{c:", "})}")]
        {
            let times = MAX_NESTING / open.bytes().filter(|byte| b"{[(".contains(byte)).count();
            for text in [open.repeat(times), format!("{}{}", open.repeat(times), close.repeat(times))] {
                assert!(check_text(&text).is_ok(), "{text}");
                let _ = crate::graphql::document::parse(&text);
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_counted(text in r#"([\["\\#\n a{}]|\PC){0,60}"#) {
            let _ = check_text(&text);
        }
    }
}
