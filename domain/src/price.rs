//! Prices of language models.
//!
//! The rules: an LLM profile's own price counts, then the price in [`table`], and a model without either has no known
//! price. BUILTIN and Ollama bill no tokens. Input that Anthropic writes to its prompt cache costs
//! [`CACHE_WRITE_FACTOR`] times the price of input, also where a profile sets that price. To add or change a price,
//! edit its line in `price/table.rs`.

mod table;

use crate::{
    profile::{LlmProvider, NewLlmProfile},
    usage::Usage,
};

/// The price of input that Anthropic writes to its prompt cache for five minutes, relative to other input, as its price
/// page states it (see `price/table.rs`).
const CACHE_WRITE_FACTOR: f64 = 1.25;

/// The price of a model in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Of input.
    pub input: f64,
    /// Of input that the provider reads from its prompt cache.
    pub cached_input: f64,
    /// Of input that the provider writes to its prompt cache.
    pub cache_write: f64,
    /// Of output.
    pub output: f64,
    /// The entry of the table, if it is the source of any part.
    pub listed: Option<&'static Listed>,
}

/// An entry of the table.
#[derive(Debug, PartialEq)]
pub struct Listed {
    /// The provider that charges it.
    pub provider: LlmProvider,
    /// The model, as the provider spells it, without a date.
    pub model: &'static str,
    /// US dollars per million tokens of input.
    pub input: f64,
    /// US dollars per million tokens of cached input; `None` if it costs as much as other input.
    pub cached_input: Option<f64>,
    /// US dollars per million tokens of output.
    pub output: f64,
    /// The page with the price.
    pub source: &'static str,
    /// The day on which it was read, `YYYY-MM-DD`.
    pub read: &'static str,
}

impl Price {
    const FREE: Self = Self { input: 0.0, cached_input: 0.0, cache_write: 0.0, output: 0.0, listed: None };

    /// Returns the price of a profile's model; `None` if it is unknown.
    #[must_use]
    pub fn of(profile: &NewLlmProfile) -> Option<Self> {
        let own_input = profile.input_cost_per_million_tokens;
        let (own_cached, own_output) =
            (profile.cached_input_cost_per_million_tokens, profile.output_cost_per_million_tokens);
        if profile.provider == LlmProvider::Builtin {
            return Some(Self::FREE);
        }
        let needs_table = own_input.is_none() || own_output.is_none();
        let listed = listed(profile.provider, &profile.model).filter(|_| needs_table);
        let free = (profile.provider == LlmProvider::Ollama).then_some(0.0);
        let input = own_input.or(listed.map(|listed| listed.input)).or(free)?;
        let output = own_output.or(listed.map(|listed| listed.output)).or(free)?;
        // The table's discount belongs to the table's price.
        let discounted = listed.filter(|_| own_input.is_none()).and_then(|listed| listed.cached_input);
        let cached_input = own_cached.or(discounted).unwrap_or(input);
        let factor = if marks_cache(profile.provider, &profile.model) { CACHE_WRITE_FACTOR } else { 1.0 };
        Some(Self { input, cached_input, cache_write: input * factor, output, listed })
    }

    /// Returns the cost of the tokens of a usage in US dollars.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no request has 2^52 tokens")]
    pub fn cost(&self, usage: &Usage) -> f64 {
        let input = usage.input_tokens.max(0);
        let cached = usage.cached_input_tokens.clamp(0, input);
        let written = usage.cache_write_tokens.clamp(0, input - cached);
        let fresh = input - cached - written;
        let parts = [
            (fresh, self.input),
            (cached, self.cached_input),
            (written, self.cache_write),
            (usage.output_tokens, self.output),
        ];
        parts.into_iter().map(|(tokens, price)| tokens as f64 * price).sum::<f64>() / 1_000_000.0
    }

    /// Returns the highest cost of a request of this size, however the provider's prompt cache is used.
    #[must_use]
    pub fn highest_cost(&self, input_tokens: i64, output_tokens: i64) -> f64 {
        let usage = Usage { input_tokens, output_tokens, ..Usage::default() };
        // A cache is cheaper at every provider, but a profile's own prices may say otherwise.
        let cached = Usage { cached_input_tokens: input_tokens, ..usage.clone() };
        let written = Usage { cache_write_tokens: input_tokens, ..usage.clone() };
        [usage, cached, written].iter().map(|usage| self.cost(usage)).fold(0.0, f64::max)
    }
}

/// Returns whether a model reads from its prompt cache only what a request marks. Such a provider bills the writes.
#[must_use]
pub fn marks_cache(provider: LlmProvider, model: &str) -> bool {
    match provider {
        LlmProvider::Anthropic => true,
        LlmProvider::OpenRouter => model.starts_with("anthropic/"),
        _ => false,
    }
}

/// Returns the table's entry of a model. OpenRouter charges what the makers of these models charge.
fn listed(provider: LlmProvider, model: &str) -> Option<&'static Listed> {
    let (provider, model) = match provider {
        LlmProvider::OpenRouter => {
            let (maker, model) = model.split_once('/')?;
            let maker = match maker {
                "openai" => LlmProvider::OpenAi,
                "anthropic" => LlmProvider::Anthropic,
                "google" => LlmProvider::Gemini,
                _ => return None,
            };
            (maker, model)
        }
        provider => (provider, model.strip_prefix("models/").unwrap_or(model)),
    };
    // OpenRouter spells versions with dots.
    let spelled = |name: &str| name.to_ascii_lowercase().replace('.', "-");
    let model = spelled(model);
    table::TABLE.iter().filter(|listed| listed.provider == provider).find(|listed| {
        model.strip_prefix(&spelled(listed.model)).is_some_and(|rest| rest.is_empty() || is_release(rest))
    })
}

/// Returns whether the end of a model's name tells only its release, as in `-2026-03-05` or `-latest`.
fn is_release(end: &str) -> bool {
    let Some(end) = end.strip_prefix('-') else { return false };
    let digits = end.chars().filter(char::is_ascii_digit).count();
    end == "latest" || (digits == 8 && end.chars().all(|c| c.is_ascii_digit() || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_as_providers_spell_them() {
        for (provider, model, found) in [
            (LlmProvider::OpenAi, "gpt-5.4", Some("gpt-5.4")),
            (LlmProvider::OpenAi, "gpt-5.4-2026-03-05", Some("gpt-5.4")),
            (LlmProvider::OpenAi, "gpt-5.4-mini-2026-03-17", Some("gpt-5.4-mini")),
            (LlmProvider::OpenAi, "gpt-5.4-pro", None),
            (LlmProvider::OpenAi, "gpt-5.41", None),
            (LlmProvider::Anthropic, "claude-haiku-4-5-20251001", Some("claude-haiku-4-5")),
            (LlmProvider::Anthropic, "claude-haiku-4-5-latest", Some("claude-haiku-4-5")),
            (LlmProvider::Gemini, "models/gemini-2.5-flash", Some("gemini-2.5-flash")),
            (LlmProvider::OpenRouter, "anthropic/claude-sonnet-4.5", Some("claude-sonnet-4-5")),
            (LlmProvider::OpenRouter, "google/gemini-2.5-pro", Some("gemini-2.5-pro")),
            (LlmProvider::OpenRouter, "meta-llama/llama-3.3-70b-instruct", None),
            (LlmProvider::Groq, "openai/gpt-oss-20b", Some("openai/gpt-oss-20b")),
            (LlmProvider::OpenAiCompatible, "gpt-5.4", None),
        ] {
            assert_eq!(listed(provider, model).map(|listed| listed.model), found, "{provider:?} {model}");
        }
    }

    #[test]
    fn every_entry_has_plausible_numbers_and_its_source() {
        for (at, entry) in table::TABLE.iter().enumerate() {
            let cached = entry.cached_input.unwrap_or(entry.input);
            assert!(cached > 0.0 && cached <= entry.input && entry.input < entry.output, "{entry:?}");
            assert!(entry.source.starts_with("https://") && entry.read.len() == 10, "{entry:?}");
            let is_same = |other: &&Listed| other.provider == entry.provider && other.model == entry.model;
            assert_eq!(table::TABLE[..at].iter().filter(is_same).count(), 0, "{entry:?} stands twice");
        }
    }
}
