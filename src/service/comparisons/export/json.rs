//! JSON: one object. `assets` comes last, so that a reader can process the assets as they arrive.

use super::{Head, Line, Writer};
use crate::domain::{Error, Result};

/// Writes JSON.
#[derive(Default)]
pub struct Json {
    /// Whether an asset was written.
    begun: bool,
}

impl Writer for Json {
    fn head(&mut self, head: &Head) -> Result<String> {
        let mut text = serde_json::to_string(head).map_err(Error::internal)?;
        text.pop();
        text.push_str(",\"assets\":[");
        Ok(text)
    }

    fn lines(&mut self, lines: &[Line]) -> Result<String> {
        let mut text = String::new();
        for line in lines {
            text.push_str(if self.begun { ",\n" } else { "\n" });
            self.begun = true;
            text.push_str(&serde_json::to_string(line).map_err(Error::internal)?);
        }
        Ok(text)
    }

    fn end(&mut self) -> String {
        "\n]}\n".to_owned()
    }
}
