//! JSON: one object. `assets` comes last, so that a reader can process the assets as they arrive.

use super::{Head, Line, Writer};
use crate::{domain::Result, service::export::json::Objects};

/// Writes JSON.
#[derive(Default)]
pub struct Json(Objects);

impl Writer for Json {
    fn head(&mut self, head: &Head) -> Result<String> {
        Objects::head(head, "assets")
    }

    fn lines(&mut self, lines: &[Line]) -> Result<String> {
        self.0.add(lines)
    }

    fn end(&mut self) -> String {
        Objects::END.to_owned()
    }
}
