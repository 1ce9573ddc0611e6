//! Pages by cursor, as Relay's connections ask for them.
//!
//! The rule: a cursor is the sort key of the row it stands for, never an offset, so that page 10,000 costs
//! what page 1 costs and a row that comes or goes moves nothing. A cursor names the list and the order it
//! was made for, and is refused by any other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// What `first` and `last` default to.
pub const DEFAULT_SIZE: usize = 50;
/// What `first` and `last` are at most.
pub const MAX_SIZE: usize = 200;

/// Which way a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageDirection {
    /// `first` rows after the cursor.
    Forward,
    /// `last` rows before the cursor.
    Backward,
}

/// A checked request for one page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRequest {
    /// Which way.
    pub direction: PageDirection,
    /// How many rows at most, 0 to [`MAX_SIZE`].
    pub size: usize,
    /// The row to start beyond: `after` when forward, `before` when backward.
    pub from: Option<Cursor>,
    /// The row to stop at: `before` when forward, `after` when backward.
    pub until: Option<Cursor>,
}

/// The arguments of a connection as they come in.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// At most so many from the start.
    pub first: Option<i32>,
    /// Beyond this cursor.
    pub after: Option<String>,
    /// At most so many from the end.
    pub last: Option<i32>,
    /// Up to this cursor.
    pub before: Option<String>,
}

/// One part of a sort key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CursorPart {
    /// No value: after all values.
    Null,
    /// A whole number; a moment counts as milliseconds since 1970.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

/// The place of a row in one list in one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The list and its order, `runs:STARTED_AT:DESC`.
    #[serde(rename = "l")]
    pub list: String,
    /// The sort key, the unique key of the row last.
    #[serde(rename = "k")]
    pub key: Vec<CursorPart>,
}

impl Cursor {
    /// The text that clients see.
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str, argument: &str, list: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match cursor {
            Some(cursor) if cursor.list == list => Ok(cursor),
            Some(_) => Err(Error::bad_input(
                argument,
                format!(
                    "`{argument}` is a cursor of another list or order; pass a cursor that this list returned in the \
                     same order"
                ),
            )),
            None => Err(Error::bad_input(
                argument,
                format!("`{argument}` is not a cursor; pass one from `edges` or `pageInfo`"),
            )),
        }
    }
}

impl PageRequest {
    /// Checks the arguments of a connection. `list` names the list and its order.
    ///
    /// # Errors
    /// `BadInput` naming the argument: both `first` and `last`, one below 0 or above [`MAX_SIZE`], a text
    /// that is no cursor, a cursor of another list.
    pub fn new(arguments: &PageArguments, list: &str) -> Result<Self> {
        if arguments.first.is_some() && arguments.last.is_some() {
            return Err(Error::bad_input("last", "pass `first` or `last`, not both"));
        }
        let after = arguments.after.as_deref().map(|text| Cursor::decode(text, "after", list)).transpose()?;
        let before = arguments.before.as_deref().map(|text| Cursor::decode(text, "before", list)).transpose()?;
        if let Some(last) = arguments.last {
            let size = checked_size("last", last)?;
            return Ok(Self { direction: PageDirection::Backward, size, from: before, until: after });
        }
        let size = arguments.first.map_or(Ok(DEFAULT_SIZE), |first| checked_size("first", first))?;
        Ok(Self { direction: PageDirection::Forward, size, from: after, until: before })
    }

    /// A forward page from the start, for callers inside.
    #[must_use]
    pub const fn first(size: usize) -> Self {
        Self { direction: PageDirection::Forward, size, from: None, until: None }
    }
}

fn checked_size(argument: &str, size: i32) -> Result<usize> {
    match usize::try_from(size) {
        Ok(size) if size <= MAX_SIZE => Ok(size),
        _ => Err(Error::bad_input(argument, format!("`{argument}` is {size}; it must be from 0 to {MAX_SIZE}"))),
    }
}

/// One page of a list, always in the list's own order, whichever way it was read.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows with their cursors.
    pub rows: Vec<(Cursor, T)>,
    /// Whether rows follow after the last.
    pub has_next: bool,
    /// Whether rows stand before the first.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The same page of something else, where all of it can be had.
    ///
    /// # Errors
    /// What `f` returns for the first row that it refuses.
    pub fn try_map<U>(self, mut f: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        let rows = self.rows.into_iter().map(|(cursor, row)| Ok((cursor, f(row)?))).collect::<Result<_>>()?;
        Ok(Page { rows, has_next: self.has_next, has_previous: self.has_previous })
    }

    /// The same page of something else.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Page<U> {
        let rows = self.rows.into_iter().map(|(cursor, row)| (cursor, f(row))).collect();
        Page { rows, has_next: self.has_next, has_previous: self.has_previous }
    }
}
