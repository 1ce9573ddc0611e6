//! The title and the labels of a run.
//!
//! The rule: titles and labels are single lines of limited length and are stored unchanged. Labels are a set:
//! duplicates are removed.

use crate::{Error, Result};

/// Maximum length of a title, in characters.
const MAX_TITLE: usize = 200;
/// Maximum length of a label, in characters.
const MAX_LABEL: usize = 50;
/// Maximum number of labels of a run.
const MAX_LABELS: usize = 20;

/// A run's title and labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// The title.
    pub title: Option<String>,
    /// The distinct labels, in the order in which they were given.
    pub labels: Vec<String>,
}

/// A change of a run's title and labels. `None` keeps a value; `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamingChange {
    /// The title.
    pub title: Option<Option<String>>,
    /// The labels.
    pub labels: Option<Option<Vec<String>>>,
}

impl NamingChange {
    /// Validates the change and removes duplicate labels.
    ///
    /// # Errors
    /// Returns `BadInput` with a path below `input` if a text is not one line of permitted length, or if there are too
    /// many labels.
    pub fn checked(mut self) -> Result<Self> {
        if let Some(Some(title)) = &self.title {
            check_line("title", title, MAX_TITLE, "input.title")?;
        }
        if let Some(Some(labels)) = &mut self.labels {
            for (at, label) in labels.iter().enumerate() {
                check_line("label", label, MAX_LABEL, &format!("input.labels.{at}"))?;
            }
            let mut distinct: Vec<String> = Vec::with_capacity(labels.len());
            for label in labels.drain(..) {
                if !distinct.contains(&label) {
                    distinct.push(label);
                }
            }
            if distinct.len() > MAX_LABELS {
                let message = format!("{} labels were given; a run has at most {MAX_LABELS}", distinct.len());
                return Err(Error::bad_input("input.labels", message));
            }
            *labels = distinct;
        }
        Ok(self)
    }

    /// Applies the change.
    pub fn apply_to(self, naming: &mut Naming) {
        if let Some(title) = self.title {
            naming.title = title;
        }
        if let Some(labels) = self.labels {
            naming.labels = labels.unwrap_or_default();
        }
    }
}

/// Checks that a text is one line of 1 to `max` characters, without space at its ends.
fn check_line(what: &str, text: &str, max: usize, argument: &str) -> Result<()> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > max {
        let message = format!("the {what} has {length} characters; it needs 1 to {max}, and not only spaces");
        return Err(Error::bad_input(argument, message));
    }
    if text.trim() != text || text.contains(char::is_control) {
        let message =
            format!("the {what} begins or ends with a space, or contains a control character; remove that character");
        return Err(Error::bad_input(argument, message));
    }
    Ok(())
}
