//! Passwords and keys for profiles: from a file, the environment or a prompt, never from the command line.

use std::{
    io::{self, Write as _},
    path::Path,
};

use ratatui::crossterm::{
    event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use secrecy::SecretString;

use super::{CliError, Exit, output};

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
        Some(prompt) if output::can_ask() => self::prompt(prompt),
        _ => Ok(None),
    }
}

/// Asks for a secret at the terminal, without showing it. What was typed before the prompt counts, too. `None` if
/// nothing is typed. Ctrl-C ends the command.
///
/// # Errors
/// Returns [`CliError::Terminal`] if the terminal cannot be read.
pub fn prompt(text: &str) -> Result<Option<SecretString>, CliError> {
    enable_raw_mode()?;
    let typed = typed(text);
    disable_raw_mode()?;
    output::complain("");
    let Some(typed) = typed? else { std::process::exit(Exit::Left.number().into()) };
    Ok(Some(typed.trim().to_owned()).filter(|typed| !typed.is_empty()).map(SecretString::from))
}

/// The line that is typed; `None` after Ctrl-C.
fn typed(text: &str) -> io::Result<Option<String>> {
    let mut stderr = io::stderr();
    write!(stderr, "{text}")?;
    stderr.flush()?;
    let mut typed = String::new();
    loop {
        let Event::Key(key) = event::read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Char('c'), true) => return Ok(None),
            // A line that was typed before the prompt ends with a line feed, which is Ctrl-J.
            (KeyCode::Enter, _) | (KeyCode::Char('d' | 'j'), true) => return Ok(Some(typed)),
            (KeyCode::Char('u'), true) => typed.clear(),
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => drop(typed.pop()),
            (KeyCode::Char(c), false) => typed.push(c),
            _ => {}
        }
    }
}
