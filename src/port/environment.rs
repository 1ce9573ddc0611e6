//! The environment variables that hold secrets: those of Gloss itself, and those that profiles may read.
//!
//! The rule: a profile reads a variable only if a pattern in the operator's list allows its name, and never one of
//! Gloss's own settings. Otherwise, a caller that manages profiles could send any variable of the process to a server.

use std::sync::Arc;

use secrecy::SecretString;

/// The variable that holds the key of the store's secrets.
pub const SECRET_KEY: &str = "GLOSS_SECRET_KEY";
/// The variable that holds the new key for a rotation.
pub const NEW_SECRET_KEY: &str = "GLOSS_NEW_SECRET_KEY";
/// Prefix of the variables that hold Gloss's own settings.
const OWN: &str = "GLOSS_";
/// Prefix of the variables that belong to Gloss but are meant for profiles.
const FOR_PROFILES: &str = "GLOSS_PROFILE_";

/// Patterns for the names of variables; `*` matches any number of characters.
#[derive(Debug, Clone)]
pub struct EnvNames(Arc<[String]>);

/// Why a variable yields no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// No pattern allows the name.
    #[error(
        "the environment variable `{name}`, which profiles may not read; rename it to match {allowed}, or allow its \
         name with --env-names"
    )]
    NotAllowed {
        /// The name of the variable.
        name: String,
        /// The patterns, separated by commas.
        allowed: String,
    },
    /// The variable is one of Gloss's own settings.
    #[error(
        "an environment variable that is reserved for Gloss (GLOSS_…); use another name, or one that begins with \
         GLOSS_PROFILE_"
    )]
    Own,
    /// The variable is unset, blank or not valid Unicode.
    #[error("the environment variable `{0}`, which is not set for Gloss; set it and restart Gloss")]
    NotSet(String),
}

impl Default for EnvNames {
    fn default() -> Self {
        Self(["*_API_KEY", "*_DB_PASSWORD", "GLOSS_PROFILE_*"].map(str::to_owned).into())
    }
}

impl EnvNames {
    /// Parses patterns.
    ///
    /// # Errors
    /// Returns the first invalid pattern: one that contains anything but ASCII letters, digits, `_` and `*`.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let valid = |pattern: &str| pattern.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '*'));
        let patterns = patterns.into_iter().map(str::trim).filter(|pattern| !pattern.is_empty());
        patterns.map(|pattern| if valid(pattern) { Ok(pattern.to_owned()) } else { Err(pattern.to_owned()) }).collect()
    }

    /// Checks that a pattern allows the name, whether or not the variable is set.
    ///
    /// # Errors
    /// Returns [`EnvError::Own`] if the name is reserved for Gloss, and [`EnvError::NotAllowed`] if no pattern matches
    /// it.
    pub fn check(&self, name: &str) -> Result<(), EnvError> {
        let begins = |start: &str| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
        if begins(OWN) && !begins(FOR_PROFILES) {
            return Err(EnvError::Own);
        }
        if self.0.iter().any(|pattern| matches(pattern, name)) {
            return Ok(());
        }
        let allowed = if self.0.is_empty() { "an allowed name".to_owned() } else { self.0.join(", ") };
        Err(EnvError::NotAllowed { name: name.to_owned(), allowed })
    }

    /// Reads the current value of a variable.
    ///
    /// # Errors
    /// Returns the errors of [`check`](Self::check), and [`EnvError::NotSet`] if the variable is unset, blank or not
    /// valid Unicode.
    pub fn read(&self, name: &str) -> Result<SecretString, EnvError> {
        self.check(name)?;
        let value = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        value.map(SecretString::from).ok_or_else(|| EnvError::NotSet(name.to_owned()))
    }
}

impl FromIterator<String> for EnvNames {
    fn from_iter<I: IntoIterator<Item = String>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

/// Returns whether a name matches a pattern. Letter case matters, as it does for variables.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| name.strip_prefix(start)) else { return false };
    let Some(end) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_by_patterns() {
        let names = EnvNames::default();
        for allowed in ["OPENAI_API_KEY", "_API_KEY", "SHOP_DB_PASSWORD", "GLOSS_PROFILE_X", "GLOSS_PROFILE_"] {
            assert_eq!(names.check(allowed), Ok(()), "{allowed}");
        }
        for refused in ["PATH", "AWS_SECRET_ACCESS_KEY", "openai_api_key", "OPENAI_API_KEY2", "", "API_KEY", "*"] {
            assert!(matches!(names.check(refused), Err(EnvError::NotAllowed { .. })), "{refused}");
        }
        for own in ["GLOSS_SECRET_KEY", "gloss_token", "GLOSS_TOKEN_API_KEY", "GLOSS_"] {
            assert_eq!(names.check(own), Err(EnvError::Own), "{own}");
        }
        let all = EnvNames::new(["*"]).unwrap();
        assert_eq!((all.check("PATH"), all.check("GLOSS_SECRET_KEY")), (Ok(()), Err(EnvError::Own)));
        let none = EnvNames::new([" "]).unwrap();
        assert!(none.check("OPENAI_API_KEY").is_err());
        assert_eq!(EnvNames::new(["A_*", "B-C"]).unwrap_err(), "B-C");
        let middle = EnvNames::new(["A*B*C", "X**Y"]).unwrap();
        for (name, allowed) in
            [("ABC", true), ("AxByC", true), ("ABxB", false), ("AC", false), ("ABBC", true), ("XY", true), ("X", false)]
        {
            assert_eq!(middle.check(name).is_ok(), allowed, "{name}");
        }
    }
}
