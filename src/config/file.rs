//! The settings file: its values become clap's defaults, so that the environment and flags override them.

use std::{collections::BTreeMap, ffi::OsString, ops::Range, path::Path};

use clap::{Arg, ArgMatches, Args as _, Command, error::Error};
use toml::{Spanned, Value};

use super::{ConfigError, Settings};

/// Parses a command line whose commands have [`Settings`], with the file that `--config` or `GLOSS_CONFIG` names.
///
/// Ends the process with clap's text if the command line or the environment is wrong, or asks for help.
///
/// # Errors
/// [`ConfigError::Unreadable`], [`ConfigError::Wrong`].
pub fn matches(command: Command, line: Vec<OsString>) -> Result<ArgMatches, ConfigError> {
    let matches = command.clone().get_matches_from(&line);
    let Some(path) = path_in(&matches) else { return Ok(matches) };
    let values = read(&path)?;
    Ok(with_defaults(command, &values).get_matches_from(line))
}

/// The file that the command, or the command below it, names.
fn path_in(matches: &ArgMatches) -> Option<std::path::PathBuf> {
    match matches.subcommand() {
        Some((_, below)) => path_in(below),
        None => matches.try_get_one::<std::path::PathBuf>("config").ok().flatten().cloned(),
    }
}

/// The values of a file by the names of their flags.
fn read(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    let wrong = |span: Option<Range<usize>>, message: &str| {
        let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        ConfigError::Wrong { path: path.to_owned(), line, message: message.to_owned() }
    };
    let table: BTreeMap<Spanned<String>, Value> =
        toml::from_str(&text).map_err(|error| wrong(error.span(), error.message()))?;
    let known = Settings::augment_args(Command::new("gloss").no_binary_name(true));
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let flag = key.get_ref().replace('_', "-");
        if flag.contains("config") || known.get_arguments().all(|arg| arg.get_long() != Some(&flag)) {
            let message = format!("there is no setting {}; `gloss config` prints them all", key.get_ref());
            return Err(wrong(Some(key.span()), &message));
        }
        let value = text_of(&value).ok_or_else(|| {
            wrong(Some(key.span()), "write a text, a number, true, false or a list of texts as the value")
        })?;
        if let Err(error) = known.clone().try_get_matches_from([format!("--{flag}={value}")]) {
            return Err(wrong(Some(key.span()), &reason(&error)));
        }
        values.insert(flag, value);
    }
    Ok(values)
}

/// A value as it stands on a command line.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(is) => Some(is.to_string()),
        Value::Array(entries) => {
            let entries: Option<Vec<&str>> = entries.iter().map(Value::as_str).collect();
            entries.map(|entries| entries.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// The first line of clap's text, which names the flag and says how to write its value.
fn reason(error: &Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The command and those below it, with the values as defaults.
fn with_defaults(command: Command, values: &BTreeMap<String, String>) -> Command {
    let with_default = |arg: Arg| match arg.get_long().and_then(|flag| values.get(flag)) {
        Some(value) => arg.default_value(value.clone()),
        None => arg,
    };
    command.mut_args(with_default).mut_subcommands(|below| with_defaults(below, values))
}
