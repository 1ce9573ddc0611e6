//! The files of a dbt project, as the export writes them and the import reads them.
//!
//! The rule: both find the same files, and read and refuse them in the same way.

pub mod project;
pub mod yaml;

/// Returns whether a value is not empty and not computed by Jinja.
pub fn is_literal(value: &str) -> bool {
    !value.trim().is_empty() && !value.contains("{{") && !value.contains("{%")
}
