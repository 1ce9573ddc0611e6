//! The list of settings as text: the commented file that `gloss config` prints and `docs/settings.md` shows.

use std::fmt::Write as _;

use clap::{Arg, Args as _, Command};

use super::Settings;

/// Characters in a line of the file.
const WIDTH: usize = 100;

/// A settings file that holds each setting as a comment, with its meaning, its names and its default.
pub fn reference() -> String {
    let mut file = String::from(
        "# Settings of Gloss. A flag overrides an environment variable, which overrides this file.\n\
         # To change a setting, remove the # before its name. A list is a comma-separated string or an array \
         of strings.\n",
    );
    let settings = Settings::augment_args(Command::new("gloss"));
    for setting in settings.get_arguments().filter(|setting| setting.get_id() != "config") {
        file.push('\n');
        describe(setting, &mut file);
    }
    file
}

fn describe(setting: &Arg, file: &mut String) {
    let flag = setting.get_long().unwrap_or_default();
    let meaning = setting.get_help().map(ToString::to_string).unwrap_or_default();
    for line in wrapped(&meaning) {
        let _ = writeln!(file, "# {line}");
    }
    for value in setting.get_possible_values() {
        if let Some(help) = value.get_help() {
            let _ = writeln!(file, "#   {}: {help}", value.get_name());
        }
    }
    let environment = setting.get_env().map(|name| name.to_string_lossy()).unwrap_or_default();
    let _ = writeln!(file, "# --{flag}, {environment}");
    let shown = match setting.get_default_values() {
        [default] if !setting.is_hide_default_value_set() => default.to_string_lossy().into_owned(),
        _ => String::new(),
    };
    let is_bare = !shown.is_empty() && (shown.parse::<u64>().is_ok() || shown.parse::<bool>().is_ok());
    let quote = if is_bare { "" } else { "\"" };
    let _ = writeln!(file, "# {} = {quote}{shown}{quote}", flag.replace('-', "_"));
}

/// Lines of words, none longer than [`WIDTH`] unless a word is.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
