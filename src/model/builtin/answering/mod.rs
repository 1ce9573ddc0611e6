//! Answers without a model: what the catalog says about what a question names.
//!
//! The rule: an answer contains only what a tool returned, and says so where a catalog cannot answer. The builtin
//! converser uses tools as a model does. [`question`] reads what is asked and decides on the calls, [`telling`] writes
//! the answer from their results. To answer another kind of question, add a variant to [`Asked`], its words to
//! `question.rs` and its sentences to `telling.rs`.

mod question;
mod telling;

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    domain::usage::Usage,
    port::{
        converse::{Completeness, Conversation, Converser, Listener, Step},
        model::{ModelError, UsageBound},
    },
};

use question::Asked;

/// A converser that answers from the catalog.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltinConverser;

#[async_trait]
impl Converser for BuiltinConverser {
    async fn converse(
        &self,
        conversation: &Conversation<'_>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage), ModelError> {
        let usage = Usage { requests: 1, ..Usage::default() };
        let found: Value = serde_json::from_str(conversation.found).unwrap_or_default();
        // What a continued question was about is searched for first.
        let before = question::continued(conversation);
        let own_rounds = conversation.rounds.get(usize::from(before.is_some())..).unwrap_or_default();
        let asked = match (before, conversation.rounds.first().and_then(|round| round.first())) {
            (Some(before), None) if !conversation.due => {
                return Ok((Step::Use(question::search(before, conversation.tools)), usage));
            }
            (Some(before), Some(searched)) => {
                let found_before = serde_json::from_str(&searched.result).unwrap_or_default();
                question::continuation(before, &found_before, conversation.question, &found)
            }
            _ => None,
        };
        let asked = asked.unwrap_or_else(|| Asked::of(conversation, &found));
        if !conversation.due && own_rounds.is_empty() {
            let calls = asked.calls(conversation.tools);
            if !calls.is_empty() {
                return Ok((Step::Use(calls), usage));
            }
        }
        let conversation = &Conversation { rounds: own_rounds, ..conversation.clone() };
        for line in telling::answer(conversation, &asked, &found).split_inclusive('\n') {
            listener.receive(line);
        }
        Ok((Step::Answered(Completeness::Whole), usage))
    }

    fn prompt_version(&self) -> Option<&str> {
        None
    }

    fn bound(&self, _conversation: &Conversation<'_>) -> UsageBound {
        UsageBound { input_tokens: 0, likely_input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0) }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_column(asset: &Value) -> bool {
    text(asset, "kind") == "column"
}
