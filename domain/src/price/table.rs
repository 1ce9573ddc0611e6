//! What providers charge for their current models, as their price pages state it.
//!
//! The rule: every entry is a fact with the page it stands on and the day on which it was read. Prices are those of a
//! standard request with a prompt of fewer than 100,000 tokens, in US dollars per million tokens. The cached price is
//! that of input read from the provider's prompt cache; `None` if there is no discount, or none is known. If a price
//! depends on the hour, the table has the higher one. A change of a price changes its line and its date.

use super::Listed;
use crate::profile::LlmProvider::{self, Anthropic, DeepSeek, Gemini, Groq, OpenAi};

const OPENAI: &str = "https://developers.openai.com/api/docs/pricing";
const ANTHROPIC: &str = "https://platform.claude.com/docs/en/about-claude/pricing";
const GEMINI: &str = "https://ai.google.dev/gemini-api/docs/pricing";
const DEEPSEEK: &str = "https://api-docs.deepseek.com/quick_start/pricing";
const GROQ: &str = "https://groq.com/pricing";

const fn listed(
    provider: LlmProvider,
    source: &'static str,
    read: &'static str,
    model: &'static str,
    (input, cached_input, output): (f64, Option<f64>, f64),
) -> Listed {
    Listed { provider, model, input, cached_input, output, source, read }
}

/// The models and their prices.
#[rustfmt::skip]
pub(super) const TABLE: &[Listed] = &[
    listed(OpenAi, OPENAI, "2026-10-26", "gpt-6.1-terra", (1.0, Some(0.05), 5.0)),
    listed(OpenAi, OPENAI, "2026-09-30", "gpt-6.1-sol", (2.0, Some(0.1), 10.0)),
    listed(OpenAi, OPENAI, "2026-09-22", "gpt-6-sol", (2.0, Some(0.2), 10.0)),
    listed(OpenAi, OPENAI, "2026-09-22", "gpt-6-luna", (0.1, Some(0.01), 0.5)),
    listed(OpenAi, OPENAI, "2026-09-03", "gpt-6-astra", (10.0, Some(1.0), 50.0)),
    listed(OpenAi, OPENAI, "2026-08-02", "gpt-5.6-sol", (5.0, Some(0.5), 30.0)),
    listed(OpenAi, OPENAI, "2026-08-02", "gpt-5.6-terra", (2.0, Some(0.2), 12.0)),
    listed(OpenAi, OPENAI, "2026-08-02", "gpt-5.6-luna", (0.2, Some(0.02), 1.2)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5.5", (5.0, Some(0.5), 30.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5.4", (2.5, Some(0.25), 15.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5.4-mini", (0.75, Some(0.075), 4.5)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5.4-nano", (0.2, Some(0.02), 1.25)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5.2", (1.75, Some(0.175), 14.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5.1", (1.25, Some(0.125), 10.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5", (1.25, Some(0.125), 10.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5-mini", (0.25, Some(0.025), 2.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-5-nano", (0.05, Some(0.005), 0.4)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-4.1", (2.0, Some(0.5), 8.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-4.1-mini", (0.4, Some(0.1), 1.6)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-4.1-nano", (0.1, Some(0.025), 0.4)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-4o", (2.5, Some(1.25), 10.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "gpt-4o-mini", (0.15, Some(0.075), 0.6)),
    listed(OpenAi, OPENAI, "2026-07-24", "o3", (2.0, Some(0.5), 8.0)),
    listed(OpenAi, OPENAI, "2026-07-24", "o4-mini", (1.1, Some(0.275), 4.4)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-fable-5-1", (10.0, Some(0.25), 50.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-fable-5", (10.0, Some(1.0), 50.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-opus-5-5", (4.0, Some(0.2), 20.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-opus-5", (5.0, Some(0.5), 25.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-opus-4-8", (5.0, Some(0.5), 25.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-opus-4-7", (5.0, Some(0.5), 25.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-opus-4-6", (5.0, Some(0.5), 25.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-opus-4-5", (5.0, Some(0.5), 25.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-sonnet-5-5", (2.0, Some(0.1), 10.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-sonnet-5", (2.0, Some(0.2), 10.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-sonnet-4-6", (3.0, Some(0.3), 15.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-sonnet-4-5", (3.0, Some(0.3), 15.0)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-haiku-5-5", (0.1, Some(0.01), 0.5)),
    listed(Anthropic, ANTHROPIC, "2026-10-24", "claude-haiku-4-5", (1.0, Some(0.1), 5.0)),
    // Until the end of 2026; 1.5 and 7.5 from then on.
    listed(Gemini, GEMINI, "2026-10-07", "gemini-3.8-flash", (0.75, None, 3.75)),
    listed(Gemini, GEMINI, "2026-10-07", "gemini-3.5-flash", (1.5, Some(0.15), 9.0)),
    listed(Gemini, GEMINI, "2026-10-07", "gemini-3.5-flash-lite", (0.3, Some(0.03), 2.5)),
    listed(Gemini, GEMINI, "2026-10-07", "gemini-3.1-pro-preview", (2.0, Some(0.2), 12.0)),
    listed(Gemini, GEMINI, "2026-05-12", "gemini-3.1-flash-lite", (0.25, Some(0.025), 1.5)),
    listed(Gemini, GEMINI, "2025-12-19", "gemini-3-flash-preview", (0.5, Some(0.05), 3.0)),
    listed(Gemini, GEMINI, "2026-10-07", "gemini-2.5-pro", (1.25, Some(0.125), 10.0)),
    listed(Gemini, GEMINI, "2026-10-07", "gemini-2.5-flash", (0.3, Some(0.03), 2.5)),
    listed(Gemini, GEMINI, "2026-10-07", "gemini-2.5-flash-lite", (0.1, Some(0.01), 0.4)),
    listed(DeepSeek, DEEPSEEK, "2026-11-15", "deepseek-flash", (0.3, Some(0.006), 1.2)),
    listed(DeepSeek, DEEPSEEK, "2026-11-15", "deepseek-v4-flash", (0.3, Some(0.006), 1.2)),
    listed(DeepSeek, DEEPSEEK, "2026-11-15", "deepseek-v4-pro", (1.32, Some(0.044), 3.96)),
    listed(Groq, GROQ, "2026-06-09", "openai/gpt-oss-120b", (0.15, Some(0.075), 0.6)),
    listed(Groq, GROQ, "2026-06-09", "openai/gpt-oss-20b", (0.075, Some(0.0375), 0.3)),
    listed(Groq, GROQ, "2025-08-12", "llama-3.3-70b-versatile", (0.59, None, 0.79)),
    listed(Groq, GROQ, "2025-08-12", "llama-3.1-8b-instant", (0.05, None, 0.08)),
    listed(Groq, GROQ, "2025-08-12", "qwen/qwen3-32b", (0.29, None, 0.59)),
];
