//! The options of a run.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::values::{one_of, temperature, whole, yes_or_no},
    domain::{run::Verbosity, scope::PartitionMode},
};

/// How a run describes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Descriptions")]
pub struct Options {
    /// Describe only assets without a comment
    #[arg(long, conflicts_with = "follow")]
    pub missing_only: bool,
    /// With --apply, and in a review of all that match: write also in place of comments that people wrote
    #[arg(long, conflicts_with = "follow")]
    replace_comments: bool,
    /// Number of alternatives for each description, from 1 to 5, itself included [default: 3]
    #[arg(long, value_name = "N", conflicts_with = "follow", value_parser = whole(1_u8, 5))]
    alternatives: Option<u8>,
    /// Length of the descriptions [default: detailed]
    #[arg(long, value_name = "LENGTH", conflicts_with = "follow", ignore_case = true,
        value_parser = one_of(Verbosity::ALL.iter().map(|it| it.as_str())))]
    verbosity: Option<String>,
    /// Instructions for the model
    #[arg(long, value_name = "TEXT", conflicts_with = "follow")]
    instructions: Option<String>,
    /// Show the model statistics and sample values of the tables, or only structure, keys and comments [default: yes
    /// for the builtin describer, no for others]
    #[arg(long, value_name = "yes|no", conflicts_with = "follow", value_parser = yes_or_no)]
    profile_data: Option<bool>,
    /// Ask the model also for texts that are certain by inheritance
    #[arg(long, conflicts_with = "follow")]
    no_inherit: bool,
    /// Describe a partitioned table once, as its parent, or each partition [default: parent]
    #[arg(long, value_name = "MODE", conflicts_with = "follow", ignore_case = true,
        value_parser = one_of(PartitionMode::ALL.iter().map(|it| it.as_str())))]
    partitions: Option<String>,
    /// Sampling temperature of the model, from 0 to 2 [default: 0.2]
    #[arg(long, value_name = "T", conflicts_with = "follow", value_parser = temperature)]
    temperature: Option<f64>,
    /// Maximum number of tokens in one answer of the model, from 64 to 32768 [default: 1024]
    #[arg(long, value_name = "N", conflicts_with = "follow", value_parser = whole(64_u32, 32_768))]
    max_output_tokens: Option<u32>,
}

impl Options {
    /// The options as the API takes them. What is absent has the API's default.
    #[must_use]
    pub fn json(&self) -> Value {
        let options = json!({
            "missingOnly": self.missing_only,
            "replaceComments": self.replace_comments,
            "alternatives": self.alternatives,
            "verbosity": self.verbosity,
            "instructions": self.instructions,
            "profileData": self.profile_data,
            "inherit": self.no_inherit.then_some(false),
            "temperature": self.temperature,
            "maxOutputTokens": self.max_output_tokens,
        });
        let given = options.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        given.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// How partitions are described; `None` for the API's default.
    #[must_use]
    pub fn partitions(&self) -> Option<&str> {
        self.partitions.as_deref()
    }
}
