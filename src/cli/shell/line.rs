//! A line of the shell: its words, and the argument of the command line that each of them belongs to.
//!
//! The rule: quotes work as in a Unix shell, with two differences. A single quote is a quote only at the beginning of a
//! word, so that questions may have apostrophes. The words of a scope keep their double quotes, which are part of it.

use clap::{Arg, Command};

use crate::cli::{
    CliError,
    scope::{self, Current},
};

/// The arguments whose values are scopes.
const SCOPE: &str = "scope";
/// The arguments whose values are spelled like a scope: their double quotes are part of them.
const SPELLED: [&str; 3] = [SCOPE, "asset", "used"];

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it begins in the line, in bytes.
    pub start: usize,
    /// The word without quotes.
    plain: String,
    /// The word with its double quotes.
    spelled: String,
}

/// What a word is.
#[derive(Debug, Clone, Copy)]
pub enum Role<'c> {
    /// The name of a command.
    Command,
    /// An option without its value.
    Option,
    /// A value of this argument; in the word, it begins at this byte.
    Value(&'c Arg, usize),
    /// Something that the command does not take.
    Unknown,
}

/// A word's place on the command line.
#[derive(Debug, Clone)]
pub struct Place<'c> {
    /// The names of the commands before it.
    pub path: Vec<&'c str>,
    /// The last of these commands.
    pub command: &'c Command,
    /// What the word is.
    pub role: Role<'c>,
}

/// A line.
#[derive(Debug)]
pub struct Line<'c> {
    words: Vec<Word>,
    places: Vec<Place<'c>>,
    is_open: bool,
}

impl<'c> Line<'c> {
    /// Reads a line of these commands, which were built.
    pub fn read(text: &str, commands: &'c Command) -> Self {
        let (mut words, is_open) = split(text);
        if words.len() > 1 && words[0].plain == "gloss" {
            words.remove(0);
        }
        let places = places(commands, &words);
        Self { words, places, is_open }
    }

    /// Returns whether there is nothing to execute.
    pub fn is_empty(&self) -> bool {
        self.words.first().is_none_or(|word| word.plain.starts_with('#'))
    }

    /// Returns whether a value is a scope, which may need the current profile.
    pub fn has_scope(&self) -> bool {
        self.places.iter().any(|place| matches!(place.role, Role::Value(of, _) if of.get_id() == SCOPE))
    }

    /// The arguments for clap. Scopes that name no profile are in the current one.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for a quote that is never closed, and for a wrong scope.
    pub fn arguments(&self, current: Option<&Current>) -> Result<Vec<String>, CliError> {
        if self.is_open {
            return Err(CliError::Usage("the line has a quote that is never closed".to_owned()));
        }
        let all = self.words.iter().zip(&self.places).enumerate();
        let argument = |(at, (word, place)): (usize, (&Word, &Place<'_>))| match place.role {
            Role::Value(of, _) if of.get_id() == SCOPE && current.is_some() => {
                let scopes = scope::parse_in(&word.spelled, current)?;
                Ok(scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            Role::Value(of, _) if SPELLED.contains(&of.get_id().as_str()) => Ok(word.spelled.clone()),
            _ if at == 0 => Ok(without_slash(&word.plain).to_owned()),
            _ => Ok(word.plain.clone()),
        };
        all.map(argument).collect()
    }

    /// The word that ends with the line, and its place: what a completion replaces. The word is empty after a space.
    pub fn last(mut self, text: &str, commands: &'c Command) -> (Word, Place<'c>) {
        if self.words.is_empty() || !self.is_open && text.ends_with(char::is_whitespace) {
            self.words.push(Word { start: text.len(), plain: String::new(), spelled: String::new() });
        }
        let place = places(commands, &self.words).pop();
        let place = place.unwrap_or(Place { path: Vec::new(), command: commands, role: Role::Unknown });
        (self.words.swap_remove(self.words.len() - 1), place)
    }
}

impl Word {
    /// The word without quotes.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// The word with its double quotes, from this byte.
    pub fn spelled(&self, from: usize) -> &str {
        self.spelled.get(from..).unwrap_or_default()
    }
}

/// The first word of a line without its slash.
pub fn without_slash(word: &str) -> &str {
    word.strip_prefix('/').unwrap_or(word)
}

/// Splits a line into words. Returns whether a quote is open at its end, too.
fn split(text: &str) -> (Vec<Word>, bool) {
    let mut words: Vec<Word> = Vec::new();
    let mut quote = None;
    let mut is_between = true;
    for (at, c) in text.char_indices() {
        if quote.is_none() && c.is_whitespace() {
            is_between = true;
            continue;
        }
        let begins = is_between;
        if begins {
            words.push(Word { start: at, plain: String::new(), spelled: String::new() });
            is_between = false;
        }
        let Some(word) = words.last_mut() else { continue };
        match (c, quote) {
            ('"', None) => {
                quote = Some('"');
                // Within quotes, two of them are one.
                if word.spelled.ends_with('"') {
                    word.plain.push(c);
                }
                word.spelled.push(c);
            }
            ('"', Some('"')) => {
                quote = None;
                word.spelled.push(c);
            }
            ('\'', None) if begins => quote = Some(c),
            ('\'', Some('\'')) => quote = None,
            _ => {
                word.plain.push(c);
                word.spelled.push(c);
            }
        }
    }
    (words, quote.is_some())
}

/// Finds the places of words on the command line.
fn places<'c>(commands: &'c Command, words: &[Word]) -> Vec<Place<'c>> {
    let mut command = commands;
    let mut path = Vec::new();
    // The option whose value follows.
    let mut open: Option<&'c Arg> = None;
    let mut values = 0;
    let mut only_values = false;
    let mut all = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let text = if at == 0 { without_slash(&word.plain) } else { &word.plain };
        let place = |role| Place { path: path.clone(), command, role };
        if let Some(of) = open.take() {
            all.push(place(Role::Value(of, 0)));
        } else if text == "--" && !only_values {
            only_values = true;
            all.push(place(Role::Option));
        } else if text.starts_with('-') && !only_values && text.parse::<f64>().is_err() {
            let (of, from) = option(command, text);
            match of {
                Some(of) if from > 0 => all.push(place(Role::Value(of, from))),
                of => {
                    all.push(place(Role::Option));
                    open = of;
                }
            }
        } else if command.has_subcommands() {
            all.push(place(Role::Command));
            if let Some(below) = command.find_subcommand(text) {
                command = below;
                path.push(below.get_name());
            }
        } else {
            let mut positionals: Vec<&Arg> = command.get_positionals().collect();
            positionals.sort_by_key(|of| of.get_index());
            let of = positionals.get(values).copied().or_else(|| positionals.last().copied().filter(|of| is_many(of)));
            all.push(place(of.map_or(Role::Unknown, |of| Role::Value(of, 0))));
            values += 1;
        }
    }
    all
}

/// Returns the option of a word if it takes a value, and where the value begins in the word; 0 if the next word is the
/// value.
fn option<'c>(command: &'c Command, text: &str) -> (Option<&'c Arg>, usize) {
    let takes = |of: &&Arg| of.get_action().takes_values();
    if let Some(long) = text.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or_default();
        let of = command.get_opts().filter(takes).find(|of| of.get_long() == Some(name));
        return match text.find('=') {
            Some(at) => (of, at + 1),
            None => (of.filter(|of| !of.is_require_equals_set()), 0),
        };
    }
    let mut signs = text.chars().skip(1);
    let short = signs.next();
    let of = command.get_opts().filter(takes).find(|of| of.get_short() == short && short.is_some());
    (of, if signs.next().is_some() { 1 + short.map_or(0, char::len_utf8) } else { 0 })
}

fn is_many(of: &Arg) -> bool {
    of.get_num_args().is_some_and(|range| range.max_values() > 1) || matches!(of.get_action(), clap::ArgAction::Append)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> Command {
        let scope = Arg::new("scope").action(clap::ArgAction::Append);
        let run = Command::new("run").arg(scope).arg(Arg::new("model").long("model"));
        let list = Command::new("list").arg(Arg::new("limit").short('n').long("limit"));
        let mut all = Command::new("gloss")
            .no_binary_name(true)
            .subcommand(run)
            .subcommand(Command::new("history").subcommand(list))
            .subcommand(Command::new("ask").arg(Arg::new("question").num_args(1..)));
        all.build();
        all
    }

    fn arguments(text: &str) -> Vec<String> {
        Line::read(text, &commands()).arguments(None).unwrap()
    }

    #[test]
    fn words_are_split_like_in_a_shell() {
        assert_eq!(arguments("/history list -n 5"), ["history", "list", "-n", "5"]);
        assert_eq!(arguments("gloss history  list --limit=5 "), ["history", "list", "--limit=5"]);
        assert_eq!(arguments("ask What's in \"main orders\"?"), ["ask", "What's", "in", "main orders?"]);
        assert_eq!(arguments("ask 'What is \"x\"?'"), ["ask", "What is \"x\"?"]);
        assert_eq!(arguments("ask \"say \"\"hi\"\"\""), ["ask", "say \"hi\""]);
        assert!(Line::read("ask 'x", &commands()).arguments(None).is_err());
        assert!(Line::read("  # a note", &commands()).is_empty() && Line::read("", &commands()).is_empty());
    }

    #[test]
    fn scopes_keep_their_double_quotes() {
        assert_eq!(arguments("run demo:\"my schema\".t b"), ["run", "demo:\"my schema\".t", "b"]);
        assert_eq!(
            arguments("run --model \"my gpt\" \"my profile\":x"),
            ["run", "--model", "my gpt", "\"my profile\":x"]
        );
        assert_eq!(arguments("run '\"my profile\":main.\"odd.name\"'"), ["run", "\"my profile\":main.\"odd.name\""]);
        let current = Current { profile: "pg".to_owned(), database: None, profiles: vec!["pg".to_owned()] };
        let commands = commands();
        let line = Line::read("/run public.\"odd name\" pg", &commands);
        assert!(line.has_scope());
        assert_eq!(line.arguments(Some(&current)).unwrap(), ["run", "pg:public.\"odd name\"", "pg"]);
    }

    #[test]
    fn the_last_word_has_a_place() {
        let commands = commands();
        let last = |text: &str| {
            let (word, place) = Line::read(text, &commands).last(text, &commands);
            let role = match place.role {
                Role::Command => "command".to_owned(),
                Role::Option => "option".to_owned(),
                Role::Value(of, from) => format!("{} from {from}", of.get_id()),
                Role::Unknown => "unknown".to_owned(),
            };
            (word.start, place.path.join(" "), role)
        };
        let cases = [
            ("", 0, "", "command"),
            ("/hi", 0, "", "command"),
            ("history ", 8, "history", "command"),
            ("history list --li", 13, "history list", "option"),
            ("history list -n ", 16, "history list", "limit from 0"),
            ("history list -n5", 13, "history list", "limit from 2"),
            ("run --model=g", 4, "run", "model from 8"),
            ("run demo:\"my s", 4, "run", "scope from 0"),
            ("run a b", 6, "run", "scope from 0"),
            ("history list x", 13, "history list", "unknown"),
        ];
        for (text, start, path, role) in cases {
            assert_eq!(last(text), (start, path.to_owned(), role.to_owned()), "{text}");
        }
    }
}
