//! The texts of prompts: one file for each purpose in `prompts/`, built into the program.
//!
//! The rules: a file's version is derived from its content, so a changed text never keeps an old version; runs record
//! it. Values are inserted in one pass, so that nothing in them is read as a placeholder. What Gloss inserts (facts,
//! keys, schemas) is no part of the version.
//!
//! To change a prompt, edit its file. To add a text, add a `##` heading with its name.

use std::{fmt::Write as _, sync::LazyLock};

use sha2::{Digest as _, Sha256};

/// Descriptions.
pub static DESCRIBE: LazyLock<Prompts> =
    LazyLock::new(|| Prompts::new("describe", include_str!("prompts/describe.md")));
/// Answers to questions.
pub static ASK: LazyLock<Prompts> = LazyLock::new(|| Prompts::new("ask", include_str!("prompts/ask.md")));

/// Verdicts on two texts.
pub static JUDGE: LazyLock<Prompts> = LazyLock::new(|| Prompts::new("judge", include_str!("prompts/judge.md")));

/// Number of bytes of the hash in a version.
const VERSION_BYTES: usize = 6;

/// The texts of one purpose.
pub struct Prompts {
    /// The purpose and a hash of the file, as in `describe-1f0c9e3a77b2`.
    pub version: String,
    /// The texts by name.
    texts: Vec<(&'static str, &'static str)>,
}

impl Prompts {
    fn new(purpose: &str, file: &'static str) -> Self {
        let mut version = format!("{purpose}-");
        for byte in Sha256::digest(file).iter().take(VERSION_BYTES) {
            let _ = write!(version, "{byte:02x}");
        }
        let sections = file.split("\n## ").skip(1);
        let texts = sections.filter_map(|section| section.split_once('\n')).map(|(name, text)| (name, text.trim()));
        Self { version, texts: texts.collect() }
    }

    /// Returns a text without placeholders.
    pub fn text(&self, name: &str) -> &'static str {
        let found = self.texts.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        debug_assert!(found.is_some(), "no prompt is named {name}");
        found.unwrap_or_default()
    }

    /// Returns a text with values in place of its placeholders, and a line break at its end. A line of which nothing is
    /// left is left out, and so are line breaks at the end of a value.
    pub fn fill(&self, name: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        for line in self.text(name).lines() {
            let (begun, mut rest) = (filled.len(), line);
            while let Some((before, inside)) = rest.split_once("{{")
                && let Some((placeholder, after)) = inside.split_once("}}")
            {
                let value = values.iter().find(|(known, _)| *known == placeholder).map(|(_, value)| *value);
                debug_assert!(value.is_some(), "{name} needs a value for {placeholder}");
                filled.push_str(before);
                filled.push_str(value.unwrap_or_default().trim_end_matches('\n'));
                rest = after;
            }
            filled.push_str(rest);
            if filled[begun..].trim().is_empty() && !line.is_empty() {
                filled.truncate(begun);
            } else {
                filled.push('\n');
            }
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Greetings\n\nNotes.\n\n## greeting\n\nHello {{name}},\n{{more}}\n\nbye {{name}}\n";

    #[test]
    fn a_changed_text_has_another_version() {
        let version = |file| Prompts::new("greet", file).version;
        assert_eq!(version(FILE), version(FILE));
        assert_ne!(version(FILE), version("# Greetings\n\nNotes.\n\n## greeting\n\nHello {{name}}!\n"));
        for prompts in [&DESCRIBE, &ASK, &JUDGE] {
            let (purpose, hash) = prompts.version.split_once('-').unwrap();
            assert!(["describe", "ask", "judge"].contains(&purpose) && hash.len() == 12, "{}", prompts.version);
        }
    }

    #[test]
    fn values_are_no_templates() {
        let filled = Prompts::new("greet", FILE).fill("greeting", &[("name", "{{more}}"), ("more", "")]);
        assert_eq!(filled, "Hello {{more}},\n\nbye {{more}}\n");
        let filled = Prompts::new("greet", FILE).fill("greeting", &[("name", "Ann"), ("more", "{{name}}\n")]);
        assert_eq!(filled, "Hello Ann,\n{{name}}\n\nbye Ann\n");
    }
}
