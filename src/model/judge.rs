//! The judge that uses a provider: which of two texts is better documentation. `prompts/judge.md` has the texts.
//!
//! The rule: both texts and all facts are data, each a JSON string between `<facts>` and `</facts>`.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    facts::{cut, one_line, quoted},
    lenient,
    prompt::{Prompt, unfenced},
    prompts::JUDGE,
    provider::{ProviderDescriber, Question},
    schema::Strength,
    text::clean_reasoning,
    thoughts,
};
use crate::{
    domain::{
        judge::{Opinion, Preference},
        usage::Usage,
    },
    port::{
        judge::{Judge, JudgeRequest},
        model::{ModelError, UsageBound},
    },
};

/// Maximum number of facts that are shown.
const FACTS: usize = 16;
const FACT_LENGTH: usize = 300;
/// Maximum length of each text, in characters.
const TEXT_LENGTH: usize = 1_500;
/// Maximum length of the reason, in characters, for endpoints that accept the limit.
const REASON_LENGTH: usize = 300;

/// A judge that uses a provider's model.
pub struct ProviderJudge(ProviderDescriber);

impl ProviderJudge {
    /// Creates the judge of a profile from its describer.
    #[must_use]
    pub const fn new(provider: ProviderDescriber) -> Self {
        Self(provider)
    }
}

/// Builds the prompt. If `schema_inside`, the prompt includes the schema.
fn prompt(request: &JudgeRequest, schema_inside: bool) -> Prompt {
    let data = |text: &str, length: usize| unfenced(&quoted(&cut(&one_line(text), length)));
    let fact = |(at, fact): (usize, &crate::domain::suggestion::Evidence)| {
        (at < FACTS).then(|| format!("- {}: {}\n", unfenced(&one_line(&fact.source)), data(&fact.detail, FACT_LENGTH)))
    };
    let facts: String = request.facts.iter().enumerate().filter_map(fact).collect();
    let schema = || JUDGE.fill("schema", &[("schema", &schema(Strength::Strict).to_string())]);
    Prompt {
        system: JUDGE.text("system").to_owned(),
        task: JUDGE.fill(
            "task",
            &[
                ("asset", &format!("{} {}", request.asset.kind.noun(), data(&request.asset.display(), FACT_LENGTH))),
                ("facts", &facts),
                ("first", &data(&request.texts[0], TEXT_LENGTH)),
                ("second", &data(&request.texts[1], TEXT_LENGTH)),
                ("schema", &if schema_inside { schema() } else { String::new() }),
                ("retry", if request.is_retry { JUDGE.text("retry") } else { "" }),
            ],
        ),
        ..Prompt::default()
    }
}

/// The schema of an answer. The reason comes first, so that the model thinks before it decides.
fn schema(strength: Strength) -> Value {
    let mut reason = json!({ "type": "string" });
    if strength == Strength::Bounded {
        reason["maxLength"] = json!(REASON_LENGTH);
    }
    json!({
        "type": "object", "required": ["reason", "better"], "additionalProperties": false,
        "properties": { "reason": reason, "better": { "type": "string", "enum": ["A", "B", "tie"] } },
    })
}

/// Reads an answer. The last object that names a preference counts.
fn read(answer: &str) -> Option<Opinion> {
    let text = thoughts::after_leading(answer);
    let (mut from, mut found) = (0, None);
    while let Some(start) = text[from..].find('{').map(|at| from + at) {
        let Some(lenient::Read { value, length, .. }) = lenient::read(&text[start..]) else { break };
        if let Some(prefers) = value["better"].as_str().and_then(preference) {
            let reason = value["reason"].as_str().and_then(clean_reasoning).unwrap_or_default();
            found = Some(Opinion { prefers, reason });
        }
        from = start + length.max(1);
    }
    found
}

fn preference(text: &str) -> Option<Preference> {
    let text = text.trim().to_ascii_lowercase();
    match text.strip_prefix("text ").unwrap_or(&text) {
        "a" => Some(Preference::First),
        "b" => Some(Preference::Second),
        "tie" | "neither" | "both" | "equal" => Some(Preference::Tie),
        _ => None,
    }
}

#[async_trait]
impl Judge for ProviderJudge {
    async fn compare(&self, request: &JudgeRequest) -> Result<(Option<Opinion>, Usage), ModelError> {
        let question = Question {
            tokens: request.options.max_output_tokens,
            temperature: request.options.temperature,
            prompt: &|schema_inside| prompt(request, schema_inside),
            schema: ("verdict", &schema),
            caches: false,
        };
        let (answer, usage) = self.0.asked(&question).await?;
        Ok((read(&answer), usage))
    }

    fn prompt_version(&self) -> &str {
        &JUDGE.version
    }

    fn bound(&self, request: &JudgeRequest) -> UsageBound {
        self.0.bound_of(&|inside| prompt(request, inside), &schema, request.options.max_output_tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opinions_as_models_write_them() {
        for (answer, prefers) in [
            (r#"{"reason": "A says more.", "better": "A"}"#, Some(Preference::First)),
            ("```json\n{\"better\": \"text b\"}\n```", Some(Preference::Second)),
            (r#"<think>{"better": "A"}</think>{"reason": "Same.", "better": "Tie"}"#, Some(Preference::Tie)),
            (r#"{"better": "C"}"#, None),
            ("A is better.", None),
            ("", None),
        ] {
            assert_eq!(read(answer).map(|opinion| opinion.prefers), prefers, "{answer}");
        }
    }
}
