//! Completes the last word of a line: commands, options, their values, and names.

use std::sync::{Arc, Mutex, PoisonError};

use clap::{Arg, Command};
use reedline::{Completer, CompletionResult, CompletionStatus, Span, Suggestion};

use super::{
    line::{Line, Place, Role, Word},
    names::{Kind, Name, Names},
};
use crate::{cli::scope::Scope, domain::asset::quote_part};

/// The scope of the current DB profile, which commands choose.
pub type Chosen = Arc<Mutex<Option<Scope>>>;

/// Completes lines of these commands.
pub struct Completion {
    /// The commands, built.
    pub commands: Arc<Command>,
    /// The names.
    pub names: Arc<Names>,
    /// The current DB profile.
    pub chosen: Chosen,
}

/// A completion of a word, without what stands before the value in the word.
struct Choice {
    value: String,
    about: Option<String>,
    /// Whether the word ends with it.
    is_whole: bool,
}

impl Completer for Completion {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let text = line.get(..pos).unwrap_or(line);
        let (word, place) = Line::read(text, &self.commands).last(text, &self.commands);
        let from = match place.role {
            Role::Value(_, from) => from,
            _ => 0,
        };
        let Some(choices) = self.choices(&word, &place) else { return CompletionResult::Pending };
        let span = Span::new((word.start + from).min(pos), pos);
        let suggestion = |choice: Choice| Suggestion {
            value: choice.value,
            description: choice.about,
            span,
            append_whitespace: choice.is_whole,
            ..Suggestion::default()
        };
        CompletionResult::fresh(choices.into_iter().map(suggestion).collect::<Vec<_>>())
    }

    fn poll_completion(&mut self) -> CompletionStatus {
        if self.names.take_news() {
            CompletionStatus::Ready
        } else if self.names.is_fetching() {
            CompletionStatus::Pending
        } else {
            CompletionStatus::Idle
        }
    }
}

impl Completion {
    /// What the word can become; `None` while names are being fetched.
    fn choices(&self, word: &Word, place: &Place<'_>) -> Option<Vec<Choice>> {
        match place.role {
            Role::Command => Some(commands(word, place)),
            Role::Option => Some(options(word, place)),
            Role::Value(of, from) if of.get_id() == "scope" => self.scopes(word.spelled(from)),
            Role::Value(of, from) => self.values(of, word.plain().get(from..).unwrap_or_default(), place),
            Role::Unknown if word.plain().is_empty() => Some(options(word, place)),
            Role::Unknown => Some(Vec::new()),
        }
    }

    fn values(&self, of: &Arg, typed: &str, place: &Place<'_>) -> Option<Vec<Choice>> {
        let possible = of.get_possible_values();
        if !possible.is_empty() {
            let shown = possible.iter().filter(|value| !value.is_hide_set());
            let choice = |value: &clap::builder::PossibleValue| Choice {
                value: value.get_name().to_owned(),
                about: value.get_help().map(ToString::to_string),
                is_whole: true,
            };
            return Some(shown.map(choice).filter(|choice| begins(&choice.value, typed)).collect());
        }
        let Some(kind) = kind(&place.path, of.get_id().as_str()) else { return Some(Vec::new()) };
        let names = self.names.get(&kind)?;
        let typed = typed.strip_prefix('#').unwrap_or(typed);
        let fitting = names.iter().filter(|name| begins(&name.name, typed));
        let spelled = if place.path == ["use"] { quote_part } else { quoted };
        let choice = |name: &Name| Choice { value: spelled(&name.name), about: name.about.clone(), is_whole: true };
        Some(fitting.map(choice).collect())
    }

    fn scopes(&self, typed: &str) -> Option<Vec<Choice>> {
        let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let parts = parts(typed);
        let begun = parts.last().map_or("", |part| part.name.as_str());
        let before = typed.get(..parts.last().map_or(0, |part| part.start)).unwrap_or_default();
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        let signs: Vec<char> = parts.iter().filter_map(|part| part.sign).collect();
        let choices = |names: &[Name], sign: &str, is_whole: bool| -> Vec<Choice> {
            let fitting = names.iter().filter(|name| begins(&name.name, begun));
            let value = |name: &Name| format!("{before}{}{sign}", quote_part(&name.name));
            fitting.map(|name| Choice { value: value(name), about: name.about.clone(), is_whole }).collect()
        };
        // The database, and the parts of the path before the last.
        let (place, path) = match (signs.as_slice(), names.as_slice()) {
            (['/'], [profile, _]) => {
                return Some(choices(&self.names.get(&Kind::Databases((*profile).to_owned()))?, ":", false));
            }
            (['/', ':', ..], [profile, database, path @ ..]) => {
                (((*profile).to_owned(), Some((*database).to_owned())), path)
            }
            ([':', ..], [profile, path @ ..]) => {
                if path.len() == 1 {
                    let databases = self.names.get(&Kind::Databases((*profile).to_owned()))?;
                    if databases.len() > 1 {
                        // Each of them can be named only before the colon.
                        let named = |name: &Name| format!("{}/{}:", quote_part(profile), quote_part(&name.name));
                        let fitting = databases.iter().filter(|name| begins(&name.name, begun));
                        let choice =
                            |name: &Name| Choice { value: named(name), about: name.about.clone(), is_whole: false };
                        return Some(fitting.map(choice).collect());
                    }
                }
                (((*profile).to_owned(), None), path)
            }
            (_, path) => match chosen {
                Some(scope) => ((scope.profile, scope.database), path),
                None if path.len() <= 1 => {
                    return Some(choices(&self.names.get(&Kind::DbProfiles)?, ":", false));
                }
                None => return Some(Vec::new()),
            },
        };
        Some(match path {
            [] | [_] => {
                let schemas = self.names.get(&Kind::Schemas(place));
                let mut all = Vec::new();
                if signs.is_empty() {
                    all = choices(&self.names.get(&Kind::DbProfiles)?, ":", false);
                }
                all.extend(choices(&schemas?, "", false));
                all
            }
            [schema, _] => choices(&self.names.get(&Kind::Tables(place, (*schema).to_owned()))?, "", false),
            [schema, table, _] => {
                let kind = Kind::Columns(place, (*schema).to_owned(), (*table).to_owned());
                choices(&self.names.get(&kind)?, "", true)
            }
            _ => Vec::new(),
        })
    }
}

fn commands(word: &Word, place: &Place<'_>) -> Vec<Choice> {
    let is_first = place.path.is_empty();
    let slash = if is_first && word.plain().starts_with('/') { "/" } else { "" };
    let typed = word.plain().get(slash.len()..).unwrap_or_default();
    let shown = place.command.get_subcommands().filter(|below| !below.is_hide_set());
    let fitting = shown.filter(|below| begins(below.get_name(), typed));
    let choice = |below: &Command| Choice {
        value: format!("{slash}{}", below.get_name()),
        about: below.get_about().map(ToString::to_string),
        is_whole: true,
    };
    fitting.map(choice).collect()
}

fn options(word: &Word, place: &Place<'_>) -> Vec<Choice> {
    let shown = place.command.get_arguments().filter(|of| !of.is_hide_set());
    let named = shown.filter_map(|of| Some((of, format!("--{}", of.get_long()?))));
    let fitting = named.filter(|(_, name)| begins(name, word.plain()));
    let choice =
        |(of, value): (&Arg, String)| Choice { value, about: of.get_help().map(ToString::to_string), is_whole: true };
    fitting.map(choice).collect()
}

/// Which names the values of an argument are.
fn kind(path: &[&str], id: &str) -> Option<Kind> {
    match (path, id) {
        (["profile", "db", ..], "name") => Some(Kind::DbProfiles),
        (["profile", "llm", "set" | "test" | "remove"], "name") => Some(Kind::LlmProfiles),
        (["profile", ..], _) => None,
        (["use"], _) | (_, "profile") => Some(Kind::DbProfiles),
        (_, "model") => Some(Kind::LlmProfiles),
        (_, "number" | "numbers" | "follow" | "baseline") => Some(Kind::Runs),
        (["schedule", ..], "schedule") => Some(Kind::Schedules),
        _ => None,
    }
}

fn begins(name: &str, typed: &str) -> bool {
    name.to_lowercase().starts_with(&typed.to_lowercase())
}

/// A name as one word of the line.
fn quoted(name: &str) -> String {
    let is_plain = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A part of a scope that is being typed.
struct Part {
    /// Where it begins in the scope, in bytes.
    start: usize,
    name: String,
    /// The sign after it; `None` for the last.
    sign: Option<char>,
}

/// Takes a scope apart that may be incomplete.
fn parts(typed: &str) -> Vec<Part> {
    let mut parts = vec![Part { start: 0, name: String::new(), sign: None }];
    let mut quoted = false;
    for (at, c) in typed.char_indices() {
        let Some(part) = parts.last_mut() else { break };
        match c {
            '"' => {
                quoted = !quoted;
                if quoted && typed[..at].ends_with('"') {
                    part.name.push(c);
                }
            }
            '/' | ':' | '.' if !quoted => {
                part.sign = Some(c);
                parts.push(Part { start: at + 1, name: String::new(), sign: None });
            }
            c => part.name.push(c),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_scope_is_taken_apart() {
        let taken = |typed: &str| -> Vec<(usize, String, Option<char>)> {
            parts(typed).into_iter().map(|part| (part.start, part.name, part.sign)).collect()
        };
        assert_eq!(taken(""), [(0, String::new(), None)]);
        assert_eq!(
            taken("pg/shop:\"my schema\".\"say \"\"h"),
            [
                (0, "pg".to_owned(), Some('/')),
                (3, "shop".to_owned(), Some(':')),
                (8, "my schema".to_owned(), Some('.')),
                (20, "say \"h".to_owned(), None),
            ]
        );
    }

    #[test]
    fn a_name_with_a_space_is_quoted() {
        assert_eq!((quoted("gpt"), quoted("my \"gpt\"")), ("gpt".to_owned(), "\"my \"\"gpt\"\"\"".to_owned()));
    }
}
