//! One JSON object whose last field is a list, so that a reader can process the list as it arrives.

use serde::Serialize;

use crate::domain::{Error, Result};

/// Writes the objects of the list.
#[derive(Default)]
pub struct Objects {
    /// Whether one was written.
    begun: bool,
}

impl Objects {
    /// What ends the list and the object.
    pub const END: &str = "\n]}\n";

    /// Returns the other fields, and what begins the list. `head` has at least one field.
    ///
    /// # Errors
    /// Returns `Internal` if the value cannot be written as JSON.
    pub fn head(head: &impl Serialize, list: &str) -> Result<String> {
        let mut text = serde_json::to_string(head).map_err(Error::internal)?;
        text.pop();
        Ok(format!("{text},\"{list}\":["))
    }

    /// Returns some objects of the list, one a line.
    ///
    /// # Errors
    /// Returns `Internal` if a value cannot be written as JSON.
    pub fn add(&mut self, values: impl IntoIterator<Item = impl Serialize>) -> Result<String> {
        let mut text = String::new();
        for value in values {
            text.push_str(if self.begun { ",\n" } else { "\n" });
            self.begun = true;
            text.push_str(&serde_json::to_string(&value).map_err(Error::internal)?);
        }
        Ok(text)
    }
}
