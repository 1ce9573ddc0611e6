//! What all orders of a run have in common: options, budget, model, idempotency key.
//!
//! The rule: the arguments have the same names wherever a run is ordered, so each check is made here once and
//! tells the same path.

use serde::Serialize;

use crate::{
    domain::{
        Error, Result,
        id::LlmProfileId,
        profile::{LlmProfile, LlmProvider},
        run::{RunOptions, Verbosity},
        usage::Budget,
    },
    port::{Ports, store::Idempotency},
};

/// Characters of an idempotency key.
const MAX_KEY: usize = 200;

/// The options that a person chose; see [`RunOptions`].
#[derive(Debug, Clone, Default, Serialize)]
pub struct OptionChoices {
    /// See [`RunOptions::missing_only`].
    pub missing_only: Option<bool>,
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
    /// See [`RunOptions::instructions`].
    pub instructions: Option<String>,
}

impl OptionChoices {
    /// The choices over a provider's defaults, checked. `argument` is their path.
    ///
    /// # Errors
    /// `BadInput` with the path of the option at fault.
    pub fn resolve(&self, provider: LlmProvider, argument: &str) -> Result<RunOptions> {
        self.over(RunOptions::defaults(provider), argument)
    }

    /// The choices over what holds without them, checked. `argument` is their path. Blank instructions are none.
    ///
    /// # Errors
    /// `BadInput` with the path of the option at fault.
    pub fn over(&self, default: RunOptions, argument: &str) -> Result<RunOptions> {
        let instructions = self.instructions.clone().or(default.instructions);
        let options = RunOptions {
            missing_only: self.missing_only.unwrap_or(default.missing_only),
            alternatives: self.alternatives.unwrap_or(default.alternatives),
            temperature: self.temperature.unwrap_or(default.temperature),
            max_output_tokens: self.max_output_tokens.unwrap_or(default.max_output_tokens),
            verbosity: self.verbosity.unwrap_or(default.verbosity),
            profile_data: self.profile_data.unwrap_or(default.profile_data),
            instructions: instructions.filter(|text| !text.trim().is_empty()),
        };
        options.validate(argument)?;
        Ok(options)
    }
}

/// The LLM profile of `input.llmProfileId`, or the default one.
///
/// # Errors
/// `NotFound` for an unknown id; `BadInput` where none is named and none is the default.
pub async fn llm_profile(ports: &Ports, id: Option<LlmProfileId>) -> Result<LlmProfile> {
    const ARGUMENT: &str = "input.llmProfileId";
    let Some(id) = id else {
        let profiles = ports.store.llm_profiles().await?;
        let message = "no LLM profile is the default; name one, or make one the default by `updateLlmProfile`";
        return profiles
            .into_iter()
            .find(|profile| profile.settings.is_default)
            .ok_or_else(|| Error::bad_input(ARGUMENT, message));
    };
    let found = ports.store.llm_profiles_by_id(&[id]).await?.remove(&id);
    found.ok_or_else(|| Error::not_found_at(ARGUMENT, "no LLM profile has this id; `llmProfiles` lists them"))
}

/// Refuses limits that nothing could keep.
///
/// # Errors
/// `BadInput` with the path of the limit at fault.
pub fn check_budget(budget: &Budget, argument: &str) -> Result<()> {
    let bad = |limit: &str, value: String| {
        Err(Error::bad_input(
            format!("{argument}.{limit}"),
            format!("`{limit}` is {value}; give a number above 0, or leave it out for no limit"),
        ))
    };
    match budget {
        Budget { max_cost_usd: Some(cost), .. } if !(cost.is_finite() && *cost > 0.0) => {
            bad("maxCostUsd", cost.to_string())
        }
        Budget { max_tokens: Some(tokens), .. } if *tokens <= 0 => bad("maxTokens", tokens.to_string()),
        Budget { max_seconds: Some(seconds), .. } if *seconds <= 0 => bad("maxSeconds", seconds.to_string()),
        _ => Ok(()),
    }
}

/// Refuses a limit of cost where the model's price is not known: BUILTIN costs nothing, others need both prices.
///
/// # Errors
/// `BadInput` at `input.budget.maxCostUsd`.
pub fn check_price(budget: &Budget, profile: &LlmProfile) -> Result<()> {
    let settings = &profile.settings;
    let known = settings.provider == LlmProvider::Builtin
        || (settings.input_cost_per_million_tokens.is_some() && settings.output_cost_per_million_tokens.is_some());
    if budget.max_cost_usd.is_none() || known {
        return Ok(());
    }
    let message = format!(
        "no price is known for {:?}, so its cost cannot be limited; set both prices on the LLM profile, or limit \
         `maxTokens` or `maxSeconds`",
        settings.name
    );
    Err(Error::bad_input("input.budget.maxCostUsd", message))
}

/// Refuses an idempotency key that cannot be kept.
///
/// # Errors
/// `BadInput` at `input.idempotencyKey`.
pub fn check_key(key: Option<&str>) -> Result<()> {
    let Some(length) = key.map(|key| key.chars().count()) else { return Ok(()) };
    if !(1..=MAX_KEY).contains(&length) {
        let message = format!("the key has {length} characters; it takes 1 to {MAX_KEY}");
        return Err(Error::bad_input("input.idempotencyKey", message));
    }
    Ok(())
}

/// The promise that a key stands for this input. Inputs of different kinds differ by the names of their fields.
///
/// # Errors
/// None in practice: inputs can be written as JSON.
pub fn idempotency(input: &impl Serialize, key: Option<String>) -> Result<Option<Idempotency>> {
    let Some(key) = key else { return Ok(None) };
    let fingerprint = serde_json::to_string(input).map_err(Error::internal)?;
    Ok(Some(Idempotency { key, fingerprint }))
}
