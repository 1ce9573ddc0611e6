//! Passwords and keys for profiles: from a file, the environment or a prompt, never from the command line.

use std::path::Path;

use secrecy::SecretString;

use super::{CliError, client, output};

/// Reads a secret from `file`, else from the environment variable, else, if `prompt` is given, at the terminal.
/// `None` if there is none.
///
/// # Errors
/// Returns [`CliError::File`] if the file cannot be read, and [`CliError::Terminal`] if the terminal cannot.
pub fn read(file: Option<&Path>, variable: &str, prompt: Option<&str>) -> Result<Option<SecretString>, CliError> {
    if let Some(file) = file {
        let read = std::fs::read_to_string(file);
        let text = read.map_err(|source| CliError::File { path: file.display().to_string(), source })?;
        // Editors end a file with a newline, which is no part of the secret.
        return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned().into()));
    }
    if let Some(text) = std::env::var(variable).ok().filter(|text| !text.is_empty()) {
        return Ok(Some(text.into()));
    }
    match prompt {
        Some(prompt) if output::can_ask() => client::secret(prompt),
        _ => Ok(None),
    }
}
