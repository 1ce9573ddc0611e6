//! Persisted documents: clients send a short name instead of the document.
//!
//! Without a list, the server supports automatic persisted queries: a client that has sent a document with its SHA-256
//! can send the hash alone from then on, until newer documents evict it. With a list of trusted documents, the server
//! executes no other documents; a client sends the id, the hash or the text.
//!
//! The rule: a document is stored only under its real hash, only if it parses, and within the bounds below.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use lru::LruCache;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::refusal::Refusal;
use crate::{domain::Code, graphql};

/// The maximum number of automatically persisted documents.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1_000).expect("a thousand is not zero");
/// The maximum size of one of them.
const LONGEST_BYTES: usize = 16 * 1024;

/// The persisted documents. Clones share them.
#[derive(Clone)]
pub struct Documents(Arc<Mode>);

enum Mode {
    Automatic(Mutex<LruCache<String, Arc<str>>>),
    Trusted {
        /// The documents by id and by hash.
        named: HashMap<String, Arc<str>>,
    },
}

/// The document of a request.
pub enum Document {
    /// The request contained it; the second field is the hash that came with it, if any.
    Sent(String, Option<String>),
    /// It was persisted.
    Known(Arc<str>),
}

impl Document {
    /// Returns its text.
    pub fn text(&self) -> &str {
        match self {
            Self::Sent(text, _) => text,
            Self::Known(text) => text,
        }
    }
}

/// An error in the list of trusted documents.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// A file or folder cannot be read.
    #[error("cannot read the trusted documents in {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The content is invalid.
    #[error("cannot use the trusted documents in {}: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The cause.
        message: String,
    },
}

/// The formats of a list: a map of ids to texts, as Relay and GraphQL Code Generator write it, or Apollo's manifest.
#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Manifest { operations: Vec<Listed> },
    Plain(HashMap<String, String>),
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    body: String,
}

impl Default for Documents {
    fn default() -> Self {
        Self::automatic()
    }
}

impl Documents {
    /// Supports automatic persisted queries.
    pub fn automatic() -> Self {
        Self(Arc::new(Mode::Automatic(Mutex::new(LruCache::new(CAPACITY)))))
    }

    /// Creates a list of trusted documents from a `.json` file of ids and texts, a `.graphql` file with one document,
    /// or a folder of such files. `always` are texts that may always run.
    ///
    /// # Errors
    /// Returns [`DocumentsError`] if a file cannot be read or parsed, if two documents have the same id, or if there is
    /// no document.
    pub fn trusted(path: &Path, always: &[&str]) -> Result<Self, DocumentsError> {
        let unreadable = |source| DocumentsError::Unreadable { path: path.to_owned(), source };
        let mut files = Vec::new();
        if path.is_dir() {
            for entry in path.read_dir().map_err(unreadable)? {
                let file = entry.map_err(unreadable)?.path();
                if file.extension().is_some_and(|kind| ["graphql", "gql", "json"].iter().any(|it| kind == *it)) {
                    files.push(file);
                }
            }
        } else {
            files.push(path.to_owned());
        }
        let mut named = HashMap::new();
        for file in files {
            let wrong = |message: String| DocumentsError::Wrong { path: file.clone(), message };
            for (id, text) in read(&file)? {
                graphql::document::parse(&text).map_err(|error| {
                    wrong(match &id {
                        Some(id) => format!("the document {id}: {}", error.message),
                        None => error.message,
                    })
                })?;
                let text: Arc<str> = text.into();
                // Clients may omit the final newline that an editor has left in the file.
                named.insert(hash(text.trim()), Arc::clone(&text));
                named.insert(hash(&text), Arc::clone(&text));
                if let Some(id) = id
                    && named.insert(id.clone(), Arc::clone(&text)).is_some_and(|other| other != text)
                {
                    return Err(wrong(format!("two documents have the id {id}; give each its own")));
                }
            }
        }
        if named.is_empty() {
            let message =
                "there are none; choose a folder with .graphql files, or a .json file that maps ids to documents";
            return Err(DocumentsError::Wrong { path: path.to_owned(), message: message.to_owned() });
        }
        tracing::info!(documents = named.values().collect::<HashSet<_>>().len(), "only trusted documents are executed");
        named.extend(always.iter().map(|text| (hash(text), Arc::from(*text))));
        Ok(Self(Arc::new(Mode::Trusted { named })))
    }

    /// Returns the document that a request contains or names.
    ///
    /// # Errors
    /// Returns `PERSISTED_QUERY_NOT_FOUND` if the name is unknown, `FORBIDDEN` if the text is not trusted, and
    /// `BAD_USER_INPUT` if a parameter is missing or the hash does not match.
    pub fn find(
        &self,
        query: Option<String>,
        id: Option<&str>,
        persisted: Option<&Value>,
    ) -> Result<Document, Refusal> {
        let sha256 = persisted.map(sha256_of).transpose()?;
        let by_id = id.map(|id| id.strip_prefix("sha256:").unwrap_or(id).to_owned());
        match (query, sha256.or(by_id)) {
            (Some(text), name) => {
                if let Some(name) = name.as_ref().filter(|_| id.is_none())
                    && *name != hash(&text)
                {
                    let message = "`extensions.persistedQuery.sha256Hash` does not match `query`; send the SHA-256 of \
                                   `query` in lower-case hex";
                    return Err(Refusal::bad_input("extensions", message));
                }
                match &*self.0 {
                    Mode::Automatic(_) => Ok(Document::Sent(text, name.filter(|_| id.is_none()))),
                    Mode::Trusted { named } => {
                        let known = named.get(&hash(text.trim())).or_else(|| named.get(&hash(&text)));
                        known.cloned().map(Document::Known).ok_or_else(|| {
                            let message = "this server executes only trusted documents, and this is not one of them; \
                                           send a trusted document unchanged, or its id";
                            Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message)
                        })
                    }
                }
            }
            (None, Some(name)) => {
                let known = match &*self.0 {
                    Mode::Automatic(kept) => {
                        kept.lock().unwrap_or_else(PoisonError::into_inner).get(&name.to_ascii_lowercase()).cloned()
                    }
                    Mode::Trusted { named } => named.get(&name).cloned(),
                };
                // Clients of automatic persisted queries look for this message.
                let unknown = || Refusal::document(Code::PersistedQueryNotFound, "PersistedQueryNotFound");
                known.map(Document::Known).ok_or_else(unknown)
            }
            (None, None) => Err(Refusal::bad_input("query", "`query` is missing; set it to the GraphQL document")),
        }
    }

    /// Persists a document that parses, under the hash that came with it.
    pub fn remember(&self, document: Document) {
        if let (Mode::Automatic(kept), Document::Sent(text, Some(hash))) = (&*self.0, document)
            && text.len() <= LONGEST_BYTES
        {
            kept.lock().unwrap_or_else(PoisonError::into_inner).put(hash, text.into());
        }
    }
}

/// Returns the hash in the extension `persistedQuery`.
fn sha256_of(extension: &Value) -> Result<String, Refusal> {
    let version = extension.get("version").and_then(Value::as_i64);
    match extension.get("sha256Hash").and_then(Value::as_str) {
        Some(hash) if version == Some(1) => Ok(hash.to_owned()),
        _ => {
            let message = "`extensions.persistedQuery` must contain `version: 1` and the string `sha256Hash`";
            Err(Refusal::bad_input("extensions", message))
        }
    }
}

/// Returns the SHA-256 of a text in lower-case hex.
fn hash(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Returns the documents of a file, with their ids if it has ids.
fn read(file: &Path) -> Result<Vec<(Option<String>, String)>, DocumentsError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| DocumentsError::Unreadable { path: file.to_owned(), source })?;
    if file.extension().is_none_or(|kind| kind != "json") {
        return Ok(vec![(None, text)]);
    }
    match serde_json::from_str(&text) {
        Ok(List::Manifest { operations }) => Ok(operations.into_iter().map(|it| (Some(it.id), it.body)).collect()),
        Ok(List::Plain(named)) => Ok(named.into_iter().map(|(id, text)| (Some(id), text)).collect()),
        Err(_) => {
            let message = "the file has an unknown format; write a JSON object that maps ids to documents, or an \
                           Apollo operation manifest"
                .to_owned();
            Err(DocumentsError::Wrong { path: file.to_owned(), message })
        }
    }
}
