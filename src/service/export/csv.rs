//! CSV records (RFC 4180). A text that a spreadsheet would run as a formula is prefixed with `'`; numbers are not.

use std::borrow::Cow;

use crate::domain::{Error, Result};

/// Collects records as text.
pub struct Records(csv::Writer<Vec<u8>>);

impl Records {
    pub fn new() -> Self {
        Self(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new()))
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Returns `Internal` if it has another number of fields than the first one.
    pub fn add<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.0.write_record(fields.into_iter().map(no_formula).map(Cow::into_owned)).map_err(Error::internal)
    }

    /// Returns the records as text.
    ///
    /// # Errors
    /// Returns `Internal` if the text is not UTF-8.
    pub fn text(self) -> Result<String> {
        let bytes = self.0.into_inner().map_err(Error::internal)?;
        String::from_utf8(bytes).map_err(Error::internal)
    }
}

/// Prefixes a cell that a spreadsheet would run as a formula.
fn no_formula(cell: &str) -> Cow<'_, str> {
    // A text that already starts with such a prefix gets another one, so that the original can be restored.
    let bare = cell.trim_start_matches('\'');
    let runs = bare.starts_with(['=', '+', '-', '@', '\t', '\r']) && bare.parse::<f64>().is_err();
    if runs { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}
