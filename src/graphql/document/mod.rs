//! Parses a document once, validates it once against the schema, and caches it.
//!
//! ```text
//! text ──► limits on the text ──► parser ──► limits on the tree ──► validation ──► cache ──► variables ──► engine
//! ```
//!
//! apollo-compiler parses and validates, [`rules`] adds checks that it lacks, and [`variables`] checks the values of a
//! request.
//!
//! The rules:
//!
//! - Work that grows faster than the text is done only within the limits of `limits`.
//! - A valid document is not checked again while it is cached.
//! - The engine executes the tree that was validated, and validates nothing itself.
//! - An error names the position and the expected type, never a value.

mod convert;
mod rules;
mod variables;

use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::{
    Schema, ast,
    diagnostic::Diagnostic,
    parser::Parser,
    validation::{DiagnosticData, Valid},
};
use async_graphql::{
    Name, Pos, Positioned, Request, ServerError, Value, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
};
use lru::LruCache;
use sha2::{Digest, Sha256};

use super::{
    error::{coded, without_values},
    limits,
    plain::Plain,
    roots,
};
use crate::domain::Code;

/// The maximum number of cached documents, and of bytes of their texts. A syntax tree takes about thirty times the
/// bytes of its text.
const CAPACITY: usize = 1_000;
const CAPACITY_BYTES: usize = 1024 * 1024;
/// The maximum number of errors reported for one document.
const MAX_ERRORS: usize = 10;
/// The maximum length of a message, in bytes. Without it, a quoted name could be as long as the document.
const LONGEST_MESSAGE: usize = 300;

/// A field of introspection that the engine has and apollo-compiler does not.
const INTROSPECTION: &str = "extend type __Type { isOneOf: Boolean }";

/// Checks a constant of a custom scalar; the error describes a valid value.
pub type Scalars = fn(&str, &Value) -> Result<(), String>;

/// Checks documents against a schema. Clones share the cache.
#[derive(Clone)]
pub struct Checker(Arc<Inner>);

struct Inner {
    schema: Valid<Schema>,
    scalars: Scalars,
    kept: Mutex<Kept>,
}

/// The documents that passed, by the hash of their text.
struct Kept {
    documents: LruCache<[u8; 32], Arc<Checked>>,
    bytes: usize,
}

/// A valid document.
pub struct Checked {
    text: Arc<str>,
    document: ExecutableDocument,
    /// Its operations that are plain lists, by name.
    plain: Vec<(Option<Name>, Arc<Plain>)>,
}

impl Checker {
    /// Creates a checker for the schema with this text.
    ///
    /// # Panics
    /// Panics if the text is not a valid schema. It is printed from one.
    #[must_use]
    pub fn new(sdl: &str, scalars: Scalars) -> Self {
        let schema = Schema::parse_and_validate(format!("{sdl}\n{INTROSPECTION}"), "schema.graphql");
        let schema = schema.unwrap_or_else(|invalid| panic!("the schema is not valid: {}", invalid.errors));
        let kept = Mutex::new(Kept { documents: LruCache::unbounded(), bytes: 0 });
        Self(Arc::new(Inner { schema, scalars, kept }))
    }

    /// Returns the document with this text, from the cache or newly checked.
    ///
    /// # Errors
    /// Returns `LIMIT_EXCEEDED`, `GRAPHQL_PARSE_FAILED` or `GRAPHQL_VALIDATION_FAILED`.
    pub fn read(&self, text: &str) -> Result<Arc<Checked>, Vec<ServerError>> {
        let hash: [u8; 32] = Sha256::digest(text).into();
        let kept = || self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().documents.get(&hash) {
            return Ok(Arc::clone(known));
        }
        let (source, document) = parse(text).map_err(|error| vec![error])?;
        self.validate(&source)?;
        for (_, operation) in document.operations.iter() {
            roots::check(&document, &operation.node).map_err(|error| vec![error])?;
        }
        let checked = Arc::new(Checked { text: text.into(), plain: plain_lists(&document), document });
        kept().put(hash, &checked);
        Ok(checked)
    }

    fn validate(&self, source: &ast::Document) -> Result<(), Vec<ServerError>> {
        let valid = match source.to_executable_validate(&self.0.schema) {
            Ok(valid) => valid,
            Err(invalid) => {
                let faults = invalid.errors.iter().filter(|fault| !is_ours(fault.error.unstable_error_name()));
                let (follow, causes): (Vec<_>, Vec<_>) =
                    faults.partition(|fault| may_follow(fault.error.unstable_error_name()));
                let told = if causes.is_empty() { follow } else { causes };
                let errors: Vec<ServerError> = told.iter().take(MAX_ERRORS).map(told_of).collect();
                if !errors.is_empty() {
                    return Err(errors);
                }
                Valid::assume_valid(invalid.partial)
            }
        };
        rules::check(&self.0.schema, self.0.scalars, &valid).map_err(|(message, span)| {
            let place = span.and_then(|span| span.line_column(&valid.sources));
            vec![invalid_at(message, place)]
        })
    }

    /// Returns the operation that a request selects if it is a plain list, with its variables. `None` also if anything
    /// in it is wrong.
    #[must_use]
    pub fn plain(
        &self,
        checked: &Checked,
        operation_name: Option<&str>,
        given: &Variables,
    ) -> Option<(Arc<Plain>, Variables)> {
        let (_, plain) = match (checked.plain.as_slice(), operation_name) {
            ([only], None) if checked.document.operations.iter().count() == 1 => only,
            (plain, Some(name)) => plain.iter().find(|(known, _)| known.as_deref() == Some(name))?,
            _ => return None,
        };
        let operation = operation(&checked.document, operation_name).ok()?;
        let variables = variables::coerce(&self.0.schema, self.0.scalars, operation, given).ok()?;
        Some((Arc::clone(plain), variables))
    }

    /// Returns the operation that a request selects, with its variables checked.
    ///
    /// # Errors
    /// Returns `BAD_USER_INPUT` with the argument `operationName` if the operation does not exist, and
    /// `GRAPHQL_VALIDATION_FAILED` for invalid variables or for a subscription whose conditions leave no field.
    pub fn operation(
        &self,
        checked: &Checked,
        operation_name: Option<&str>,
        given: &Variables,
    ) -> Result<Ready, ServerError> {
        let operation = operation(&checked.document, operation_name)?;
        let variables = variables::coerce(&self.0.schema, self.0.scalars, operation, given)?;
        let mut document = checked.only(operation_name);
        variables::drop_absent(&mut document, &variables);
        roots::expand(&mut document, operation_name, &variables)?;
        Ok(Ready {
            text: Arc::clone(&checked.text),
            operation_name: operation_name.map(str::to_owned),
            kind: operation.ty,
            variables,
            document: Arc::new(document),
        })
    }
}

fn plain_lists(document: &ExecutableDocument) -> Vec<(Option<Name>, Arc<Plain>)> {
    let plain = |(name, operation): (Option<&Name>, &Positioned<OperationDefinition>)| {
        Some((name.cloned(), Arc::new(Plain::of(document, &operation.node)?)))
    };
    document.operations.iter().filter_map(plain).collect()
}

impl Kept {
    fn put(&mut self, hash: [u8; 32], checked: &Arc<Checked>) {
        self.bytes += checked.text.len();
        if let Some(known) = self.documents.put(hash, Arc::clone(checked)) {
            self.bytes -= known.text.len();
        }
        while self.bytes > CAPACITY_BYTES || self.documents.len() > CAPACITY {
            let Some((_, oldest)) = self.documents.pop_lru() else { break };
            self.bytes -= oldest.text.len();
        }
    }
}

impl Checked {
    /// Returns the document with only the chosen operation.
    fn only(&self, name: Option<&str>) -> ExecutableDocument {
        let operations = match (&self.document.operations, name) {
            (DocumentOperations::Multiple(operations), Some(name)) => {
                let chosen = operations.get_key_value(name);
                DocumentOperations::Multiple(chosen.map(|(name, it)| (name.clone(), it.clone())).into_iter().collect())
            }
            (operations, _) => operations.clone(),
        };
        ExecutableDocument { operations, fragments: self.document.fragments.clone() }
    }
}

/// A checked operation, which can be executed any number of times.
#[derive(Debug)]
pub struct Ready {
    /// The text of its document.
    pub text: Arc<str>,
    /// Its name, if the request gives one.
    pub operation_name: Option<String>,
    /// What kind of operation it is.
    pub kind: OperationType,
    /// The variables that it declares, with their defaults.
    pub variables: Variables,
    /// The document to execute.
    pub document: Arc<ExecutableDocument>,
}

impl Ready {
    /// Returns a request that executes it.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = Request::new("").variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(ExecutableDocument::clone(&self.document));
        request.data(Arc::clone(&self.document))
    }
}

/// Parses a document within the limits.
///
/// # Errors
/// Returns `LIMIT_EXCEEDED` or `GRAPHQL_PARSE_FAILED`, and `GRAPHQL_VALIDATION_FAILED` if a fragment contains itself or
/// there is no operation.
pub fn parse(text: &str) -> Result<(ast::Document, ExecutableDocument), ServerError> {
    limits::check_text(text)?;
    let mut parser = Parser::new().recursion_limit(2 * limits::MAX_NESTING + 10);
    let source = parser.parse_ast(text, "document").map_err(|invalid| {
        let fault = invalid.errors.iter().next();
        let place = fault
            .as_ref()
            .and_then(apollo_compiler::diagnostic::Diagnostic::line_column_range)
            .map(|range| range.start);
        let message = fault.map(|fault| fault.error.to_string()).unwrap_or_default();
        let mut message = without_values(message.strip_prefix("syntax error: ").unwrap_or(&message).to_owned());
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        if let Some(place) = place {
            message = format!("line {}, column {}: {message}", place.line, place.column);
        }
        ServerError { locations: place.map(position).into_iter().collect(), ..coded(Code::GraphqlParseFailed, message) }
    })?;
    let document = convert::document(&source, text);
    if document.operations.iter().next().is_none() {
        return Err(coded(
            Code::GraphqlValidationFailed,
            "the document has no operation; add a query, a mutation or a subscription",
        ));
    }
    limits::check_document(&document)?;
    Ok((source, document))
}

/// Returns the operation that a name selects; without a name, the only operation.
///
/// # Errors
/// Returns `BAD_USER_INPUT` with the argument `operationName`.
pub fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    use DocumentOperations::{Multiple, Single};
    let chosen: Option<&Positioned<OperationDefinition>> = match (&document.operations, name) {
        (Single(operation), None) => Some(operation),
        (Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (Multiple(operations), Some(name)) => operations.get(name),
        (Single(_), Some(_)) | (Multiple(_), None) => None,
    };
    chosen.map(|operation| &operation.node).ok_or_else(|| {
        let message = match name {
            Some(name) => format!("the document has no operation named {:?}; check `operationName`", short(name)),
            None => "the document has several operations; select one with `operationName`".to_owned(),
        };
        let mut error = coded(Code::BadUserInput, message);
        error.extensions.get_or_insert_default().set("argument", "operationName");
        error
    })
}

/// Shortens a name from a request for a message.
fn short(name: &str) -> &str {
    &name[..name.floor_char_boundary(60)]
}

/// Whether `roots` checks this rule instead of apollo-compiler, which counts selections instead of response keys and
/// refuses `@skip` and `@include`.
fn is_ours(name: Option<&str>) -> bool {
    name.is_some_and(|name| name.starts_with("SubscriptionUses"))
}

/// Whether an error may only be a consequence of another one, because the parser's partial tree lacks the invalid
/// parts.
fn may_follow(name: Option<&str>) -> bool {
    matches!(name, Some("MissingSubselection" | "UnusedVariable" | "UnusedFragment"))
}

fn told_of(fault: &Diagnostic<'_, DiagnosticData>) -> ServerError {
    let message = match fault.error.unstable_error_name() {
        // The error's standard text does not name the field.
        Some("MissingSubselection") => fault.error.unstable_compat_message(),
        _ => None,
    };
    let mut message = message.unwrap_or_else(|| fault.error.to_string());
    message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
    invalid_at(message, fault.line_column_range().map(|range| range.start))
}

fn position(place: apollo_compiler::parser::LineColumn) -> Pos {
    Pos { line: place.line, column: place.column }
}

fn invalid_at(message: String, place: Option<apollo_compiler::parser::LineColumn>) -> ServerError {
    let error = coded(Code::GraphqlValidationFailed, without_values(message));
    ServerError { locations: place.map(position).into_iter().collect(), ..error }
}
