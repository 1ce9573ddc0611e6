//! Pages by cursor, as in Relay connections.
//!
//! The rule: a cursor is the sort key of its row, never an offset. Page 10,000 therefore costs the same as page 1, and
//! inserted or deleted rows shift nothing. A cursor names its list and order; any other list rejects it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{Error, Result, text::base64_to};

/// Default of `first` and `last`.
pub const DEFAULT_SIZE: usize = 50;
/// Maximum of `first` and `last`.
pub const MAX_SIZE: usize = 200;

/// The direction in which a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageDirection {
    /// `first` rows after the cursor.
    Forward,
    /// `last` rows before the cursor.
    Backward,
}

/// A validated request for one page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRequest {
    /// The direction.
    pub direction: PageDirection,
    /// Maximum number of rows, 0 to [`MAX_SIZE`].
    pub size: usize,
    /// The row after which the page starts, in reading direction: `after` when forward, `before` when backward.
    pub from: Option<Cursor>,
    /// The row before which the page ends, in reading direction: `before` when forward, `after` when backward.
    pub until: Option<Cursor>,
}

/// The arguments of a connection, not yet validated.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// Maximum number of rows from the start.
    pub first: Option<i32>,
    /// The cursor after which the page starts.
    pub after: Option<String>,
    /// Maximum number of rows from the end.
    pub last: Option<i32>,
    /// The cursor before which the page ends.
    pub before: Option<String>,
}

/// Which ends of a page are asked for: whether rows precede it, whether rows follow it. Looking beyond a cursor costs a
/// statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageEnds {
    /// Whether `has_previous` is asked for.
    pub previous: bool,
    /// Whether `has_next` is asked for.
    pub next: bool,
}

/// One part of a sort key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CursorPart {
    /// No value; sorts after all values.
    Null,
    /// An integer; a moment is in milliseconds since 1970.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(String),
}

/// The position of a row in one list and order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The list and its order: `runs:STARTED_AT:DESC`.
    #[serde(rename = "l")]
    pub list: String,
    /// The sort key. Its last part is the row's unique key.
    #[serde(rename = "k")]
    pub key: Vec<CursorPart>,
}

impl Cursor {
    /// The opaque text that clients see.
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(plain(&self.list, &self.key))
    }

    /// Reads an encoded cursor; returns `None` if the text is none.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }

    fn of_argument(text: &str, argument: &str, list: &str) -> Result<Self> {
        match Self::decode(text) {
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

/// Writes the encoded cursor of a row from the list's name and the parts of the row's sort key.
pub fn encode_to<P: Serialize>(out: &mut Vec<u8>, list: &str, key: &[P]) {
    base64_to(out, &plain(list, key));
}

/// Returns the JSON that a cursor encodes.
fn plain<P: Serialize>(list: &str, key: &[P]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Encoded<'a, P> {
        #[serde(rename = "l")]
        list: &'a str,
        #[serde(rename = "k")]
        key: &'a [P],
    }
    serde_json::to_vec(&Encoded { list, key }).unwrap_or_default()
}

impl PageRequest {
    /// Validates the arguments of a connection. `list` names the list and its order.
    ///
    /// # Errors
    /// Returns `BadInput` naming the argument if both `first` and `last` are given, if one of them is below 0 or above
    /// [`MAX_SIZE`], or if a cursor is malformed or belongs to another list.
    pub fn new(arguments: &PageArguments, list: &str) -> Result<Self> {
        if arguments.first.is_some() && arguments.last.is_some() {
            return Err(Error::bad_input("last", "pass `first` or `last`, not both"));
        }
        let after = arguments.after.as_deref().map(|text| Cursor::of_argument(text, "after", list)).transpose()?;
        let before = arguments.before.as_deref().map(|text| Cursor::of_argument(text, "before", list)).transpose()?;
        if let Some(last) = arguments.last {
            let size = checked_size("last", last)?;
            return Ok(Self { direction: PageDirection::Backward, size, from: before, until: after });
        }
        let size = arguments.first.map_or(Ok(DEFAULT_SIZE), |first| checked_size("first", first))?;
        Ok(Self { direction: PageDirection::Forward, size, from: after, until: before })
    }

    /// Creates a request for the first `size` rows, for internal callers.
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

/// One page of a list. The rows are always in the list's order, in whichever direction the page was read.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows with their cursors.
    pub rows: Vec<(Cursor, T)>,
    /// Whether more rows follow the last one.
    pub has_next: bool,
    /// Whether more rows precede the first one.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// Converts each row with a fallible function.
    ///
    /// # Errors
    /// Returns the error of the first row for which `f` fails.
    pub fn try_map<U>(self, mut f: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        let rows = self.rows.into_iter().map(|(cursor, row)| Ok((cursor, f(row)?))).collect::<Result<_>>()?;
        Ok(Page { rows, has_next: self.has_next, has_previous: self.has_previous })
    }

    /// Converts each row.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Page<U> {
        let rows = self.rows.into_iter().map(|(cursor, row)| (cursor, f(row))).collect();
        Page { rows, has_next: self.has_next, has_previous: self.has_previous }
    }
}
