//! Persisted documents: asked for by a name that is shorter than they are.
//!
//! Without a list, documents persist by themselves (automatic persisted queries): who sends a document with its
//! SHA-256 may send the hash alone next time, until newer ones have taken its place. With a list of trusted
//! documents nothing else runs, whether it is asked for by id, by hash or by its text. The rule: a document is
//! what its hash says; what cannot be read is not kept; what is kept has a bound.

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

use super::answer::Refusal;
use crate::graphql;

/// Documents that persist by themselves.
const KEPT: NonZeroUsize = NonZeroUsize::new(1_000).expect("a thousand is not zero");
/// The longest document that does.
const LONGEST_BYTES: usize = 16 * 1024;

/// The documents that have a name.
#[derive(Clone)]
pub struct Documents(Arc<Mode>);

enum Mode {
    Automatic(Mutex<LruCache<String, Arc<str>>>),
    Trusted {
        /// By id and by hash.
        named: HashMap<String, Arc<str>>,
    },
}

/// A document that was found.
pub enum Document {
    /// It came with the request; the hash it came with, if any.
    Sent(String, Option<String>),
    /// It was known.
    Known(Arc<str>),
}

impl Document {
    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Self::Sent(text, _) => text,
            Self::Known(text) => text,
        }
    }
}

/// Why a list of trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// The file system says so.
    #[error("cannot read the trusted documents in {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("cannot use the trusted documents in {}: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

/// The forms that a list has: id to text, as Relay and GraphQL Code Generator write it, or Apollo's manifest.
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
    /// Documents persist by themselves.
    pub fn automatic() -> Self {
        Self(Arc::new(Mode::Automatic(Mutex::new(LruCache::new(KEPT)))))
    }

    /// Only the documents of a list run: a `.json` file of ids and texts, a `.graphql` file of one document, or a
    /// folder of such files. What runs in any case comes as texts.
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
                // A client need not send the line's end that an editor left in the file.
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

    /// The document that a request sends or names.
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
                            Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
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
                // The message is the one that clients of automatic persisted queries look for.
                let unknown = || Refusal::document("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
                known.map(Document::Known).ok_or_else(unknown)
            }
            (None, None) => Err(Refusal::bad_input("query", "`query` is missing; set it to the GraphQL document")),
        }
    }

    /// Keeps a document that could be read under the hash that it came with.
    pub fn remember(&self, document: Document) {
        if let (Mode::Automatic(kept), Document::Sent(text, Some(hash))) = (&*self.0, document)
            && text.len() <= LONGEST_BYTES
        {
            kept.lock().unwrap_or_else(PoisonError::into_inner).put(hash, text.into());
        }
    }
}

/// The hash in the extension `persistedQuery`.
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

/// The SHA-256 of a text, in lower case.
fn hash(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The documents of a file, with their ids where they have some.
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
