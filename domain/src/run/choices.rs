//! The run options that a caller chose, before defaults are applied.

use serde::{Deserialize, Serialize};

use super::{RunOptions, Verbosity};
use crate::{Result, profile::LlmProvider};

/// The options that a caller chose; `None` takes the default. See [`RunOptions`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OptionChoices {
    /// See [`RunOptions::missing_only`].
    pub missing_only: Option<bool>,
    /// See [`RunOptions::replace_comments`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace_comments: Option<bool>,
    /// See [`RunOptions::alternatives`].
    pub alternatives: Option<i32>,
    /// See [`RunOptions::temperature`].
    pub temperature: Option<f64>,
    /// See [`RunOptions::max_output_tokens`].
    pub max_output_tokens: Option<i32>,
    /// See [`RunOptions::verbosity`].
    pub verbosity: Option<Verbosity>,
    /// See [`RunOptions::profile_data`].
    pub profile_data: Option<bool>,
    /// See [`RunOptions::inherit`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    /// See [`RunOptions::instructions`].
    pub instructions: Option<String>,
}

impl OptionChoices {
    /// Applies the choices to a provider's defaults. `argument` is the path of the choices.
    ///
    /// # Errors
    /// Returns `BadInput` with the path of the option that is out of range.
    pub fn resolve(&self, provider: LlmProvider, argument: &str) -> Result<RunOptions> {
        self.over(RunOptions::defaults(provider), argument)
    }

    /// Applies the choices to the defaults and validates the result. `argument` is the path of the choices. Blank
    /// instructions become `None`.
    ///
    /// # Errors
    /// Returns `BadInput` with the path of the option that is out of range.
    pub fn over(&self, default: RunOptions, argument: &str) -> Result<RunOptions> {
        let instructions = self.instructions.clone().or(default.instructions);
        let options = RunOptions {
            missing_only: self.missing_only.unwrap_or(default.missing_only),
            replace_comments: self.replace_comments.unwrap_or(default.replace_comments),
            alternatives: self.alternatives.unwrap_or(default.alternatives),
            temperature: self.temperature.unwrap_or(default.temperature),
            max_output_tokens: self.max_output_tokens.unwrap_or(default.max_output_tokens),
            verbosity: self.verbosity.unwrap_or(default.verbosity),
            profile_data: self.profile_data.unwrap_or(default.profile_data),
            inherit: self.inherit.unwrap_or(default.inherit),
            instructions: instructions.filter(|text| !text.trim().is_empty()),
        };
        options.validate(argument)?;
        Ok(options)
    }
}
