//! Conversations with a provider: one streamed request per step, with tools if the endpoint supports them.
//!
//! Gloss first sends an endpoint the tools and requires it to use one. If the endpoint refuses, or answers without
//! using a tool, it does not support tools. From then on, it is asked to choose in JSON, and to answer in plain text
//! once it has chosen to answer. The result is remembered per endpoint, as is everything else that the endpoint
//! refuses.

use std::time::Instant;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    conversation::{ANSWER, choice_schema, message, messages, system, tool_definitions},
    endpoint::Endpoint,
    lenient,
    manner::{Manners, REASONING, STRUCTURED, is_about_content},
    prompts::ASK,
    provider::{Attempt, ProviderDescriber, TOKENS_BETWEEN},
    refusal::refused,
    schema::{Strength, response_format},
    thoughts::{Said, Stream},
    tokens::estimate,
    wire::{Finish, Reply},
};
use crate::{
    domain::usage::Usage,
    port::{
        converse::{Call, Completeness, Conversation, Converser, Listener, Step},
        model::{ModelError, Unusable, UsageBound},
    },
};

/// Number of consecutive broken streams after which an endpoint is no longer asked to stream.
const MAX_BROKEN: u8 = 2;

/// What is known about an endpoint's support for tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tools {
    /// Unknown; the request requires a tool.
    Unknown,
    /// Unknown; the endpoint refuses to be required to use a tool.
    UnknownAndFree,
    /// The endpoint has used a tool.
    Known,
    /// The endpoint does not support tools.
    None,
}

/// The optional features of a conversation that an endpoint supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskManner {
    tools: Tools,
    schema: Option<Strength>,
    temperature: bool,
    terse: bool,
    stream: bool,
    /// Number of consecutive streams that ended before the answer was complete.
    broken: u8,
}

impl AskManner {
    const fn first(strength: Strength, terse: bool) -> Self {
        Self { tools: Tools::Unknown, schema: Some(strength), temperature: true, terse, stream: true, broken: 0 }
    }

    const fn of(endpoint: &Endpoint) -> Self {
        Self::first(endpoint.strength, endpoint.effort.is_some())
    }

    /// The manner to try after a refusal; `None` if nothing more can be left out, or if the refusal is about the
    /// content.
    fn after(self, refusal: &str) -> Option<Self> {
        let refusal = refusal.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| refusal.contains(word));
        if is_about_content(&refusal) {
            return None;
        }
        if self.temperature && names(&["temperature"]) {
            return Some(Self { temperature: false, ..self });
        }
        if self.stream && names(&["stream"]) {
            return Some(Self { stream: false, ..self });
        }
        let is_about_tools = names(&["tool_choice", "tool choice"]);
        if self.terse && !is_about_tools && names(REASONING) {
            return Some(Self { terse: false, ..self });
        }
        match (self.tools, self.schema) {
            (Tools::Unknown, _) if is_about_tools => Some(Self { tools: Tools::UnknownAndFree, ..self }),
            (Tools::Unknown | Tools::UnknownAndFree, _) => Some(Self { tools: Tools::None, ..self }),
            (Tools::Known, _) if names(&["tool"]) => Some(Self { tools: Tools::None, ..self }),
            (_, Some(_)) if names(STRUCTURED) => Some(Self { schema: None, ..self }),
            (_, Some(Strength::Bounded)) => Some(Self { schema: Some(Strength::Strict), ..self }),
            (_, Some(Strength::Strict | Strength::Object)) => Some(Self { schema: None, ..self }),
            (_, None) if self.terse => Some(Self { terse: false, ..self }),
            (_, None) if self.temperature => Some(Self { temperature: false, ..self }),
            (_, None) => None,
        }
    }
}

/// A converser that uses a provider's model.
pub struct ProviderConverser {
    provider: ProviderDescriber,
    manners: Manners<AskManner>,
}

/// The text of a model without its thoughts, passed on to the listener if there is one.
struct Voice<'a> {
    stream: Stream,
    said: String,
    listener: Option<&'a mut dyn Listener>,
}

impl Voice<'_> {
    fn receive(&mut self, piece: &str) {
        let said = self.stream.receive(piece);
        self.say(said);
    }

    fn end(&mut self) {
        let said = self.stream.end();
        self.say(said);
    }

    fn say(&mut self, said: Vec<Said>) {
        for one in said {
            match one {
                Said::Text(text) => {
                    self.said.push_str(&text);
                    if let Some(listener) = self.listener.as_deref_mut() {
                        listener.receive(&text);
                    }
                }
                Said::TakenBack => {
                    self.said.clear();
                    if let Some(listener) = self.listener.as_deref_mut() {
                        listener.take_back();
                    }
                }
            }
        }
    }
}

impl ProviderConverser {
    /// Creates a converser for a provider.
    #[must_use]
    pub const fn new(provider: ProviderDescriber, manners: Manners<AskManner>) -> Self {
        Self { provider, manners }
    }

    fn request(&self, conversation: &Conversation<'_>, manner: AskManner) -> Value {
        let mut body = self.provider.body(conversation.options.max_output_tokens);
        if manner.temperature {
            body["temperature"] = json!(conversation.options.temperature);
        }
        let system = json!({ "role": "system", "content": system() });
        if manner.tools == Tools::None {
            let mut inside = false;
            if !conversation.due {
                inside = matches!(manner.schema, None | Some(Strength::Object));
                if let Some(strength) = manner.schema {
                    let schema = || choice_schema(conversation.tools, strength);
                    body["response_format"] = response_format("choice", schema, strength);
                }
            }
            body["messages"] = json!([system, { "role": "user", "content": message(conversation, inside) }]);
            return body;
        }
        let choice = match manner.tools {
            _ if conversation.due => Some("none"),
            Tools::Unknown => Some("required"),
            _ => None,
        };
        body["tools"] = tool_definitions(conversation.tools);
        if let Some(choice) = choice {
            body["tool_choice"] = json!(choice);
        }
        body["messages"] = std::iter::once(system).chain(messages(conversation)).collect();
        body
    }

    /// Sends one request. The text without thoughts goes to the listener, if there is one, and is part of the reply.
    async fn send(
        &self,
        conversation: &Conversation<'_>,
        manner: AskManner,
        key: Option<&SecretString>,
        stream: bool,
        listener: Option<&mut dyn Listener>,
    ) -> Result<Reply, ModelError> {
        let mut completion = self.request(conversation, manner);
        if stream {
            completion["stream"] = json!(true);
            completion["stream_options"] = json!({ "include_usage": true });
        }
        let mut voice = Voice { stream: Stream::default(), said: String::new(), listener };
        let sent = self.bound(conversation).likely_input_tokens;
        let tokens = conversation.options.max_output_tokens;
        let attempt = Attempt { completion, terse: manner.terse, tokens, sent };
        let mut reply = self.provider.send(attempt, key, &mut |piece| voice.receive(piece)).await?;
        voice.receive(&std::mem::take(&mut reply.text));
        voice.end();
        reply.text = voice.said;
        Ok(reply)
    }

    /// Sends one request in the given manner. Returns the step, the usage and the manner for the next request.
    async fn step(
        &self,
        conversation: &Conversation<'_>,
        manner: AskManner,
        key: Option<&SecretString>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage, AskManner), ModelError> {
        let chooses = !conversation.due && manner.tools == Tools::None;
        let unsure = !conversation.due && matches!(manner.tools, Tools::Unknown | Tools::UnknownAndFree);
        let begun = Instant::now();
        // A choice is short and not an answer. For an unknown endpoint, the text may come from an endpoint that ignores
        // its tools.
        let stream = manner.stream && !chooses;
        let listener = if chooses || unsure { None } else { Some(listener) };
        let reply = self.send(conversation, manner, key, stream, listener).await?;
        let sent = self.bound(conversation).likely_input_tokens;
        let usage = self.provider.used(reply.usage, sent, &reply.text, begun.elapsed());
        if !reply.any {
            return Ok((Step::Again, usage, AskManner { stream: false, ..manner }));
        }
        let answered = Step::Answered(match reply.finish {
            Finish::Length => Completeness::CutByLength,
            Finish::Filtered => Completeness::CutByFilter,
            Finish::Unknown | Finish::Whole => Completeness::Whole,
        });
        if reply.text.trim().is_empty() && reply.calls.is_empty() {
            let why = match (&reply.refusal, reply.finish) {
                (Some(said), _) => Some(refused(said, key)),
                (None, Finish::Filtered) => Some(Unusable::Filtered),
                _ => None,
            };
            if let Some(why) = why {
                return Err(ModelError::Unusable { why, usage });
            }
        }
        Ok(match () {
            () if conversation.due => (answered, usage, manner),
            () if chooses => (chosen(&reply.text, conversation), usage, manner),
            () if !reply.calls.is_empty() => {
                (Step::Use(reply.calls), usage, AskManner { tools: Tools::Known, ..manner })
            }
            () if unsure => (Step::Again, usage, AskManner { tools: Tools::None, ..manner }),
            () => (answered, usage, manner),
        })
    }
}

/// Parses a choice in JSON. An unreadable choice counts as the wish to answer.
fn chosen(text: &str, conversation: &Conversation<'_>) -> Step {
    let value = text.find('{').and_then(|at| lenient::read(&text[at..])).map(|read| read.value).unwrap_or_default();
    let part = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let (next, about) = (part("next"), part("about"));
    if next.is_empty() || next == ANSWER {
        return Step::Ready;
    }
    let argument = conversation.tools.iter().find(|tool| tool.name == next).map_or("about", |tool| tool.argument);
    let id = format!("choice-{}", conversation.rounds.len() + 1);
    Step::Use(vec![Call { id, name: next, arguments: json!({ argument: about }) }])
}

#[async_trait]
impl Converser for ProviderConverser {
    async fn converse(
        &self,
        conversation: &Conversation<'_>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage), ModelError> {
        let endpoint = &self.provider.endpoint;
        let key = endpoint.key()?;
        let known = self.manners.of(&endpoint.identity());
        let mut manner = known.unwrap_or(AskManner::of(endpoint));
        let mut requests = 0;
        loop {
            requests += 1;
            match self.step(conversation, manner, key.as_ref(), listener).await {
                Ok((step, usage, learnt)) => {
                    let learnt = AskManner { broken: 0, ..learnt };
                    if known != Some(learnt) {
                        self.manners.remember(endpoint.identity(), learnt);
                    }
                    return Ok((step, Usage { requests, ..usage }));
                }
                Err(ModelError::Rejected(refusal)) => match manner.after(&refusal) {
                    Some(less) => {
                        tracing::debug!(
                            profile = endpoint.profile,
                            ?less,
                            refusal,
                            "retrying with fewer optional request fields"
                        );
                        manner = less;
                    }
                    None => return Err(ModelError::Rejected(refusal)),
                },
                // If streams keep breaking off, the next attempt does not stream.
                Err(error @ ModelError::NoAnswer(_)) if manner.stream => {
                    let broken = manner.broken + 1;
                    let learnt = AskManner { broken, stream: broken < MAX_BROKEN, ..manner };
                    self.manners.remember(endpoint.identity(), learnt);
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn prompt_version(&self) -> Option<&str> {
        Some(&ASK.version)
    }

    fn bound(&self, conversation: &Conversation<'_>) -> UsageBound {
        let tools: String = conversation.tools.iter().map(|tool| tool.description).collect();
        let schema = choice_schema(conversation.tools, Strength::Bounded).to_string();
        let text = message(conversation, true);
        let bytes = system().len() + text.len() + 4 * (tools.len() + schema.len());
        let calls = i64::try_from(conversation.rounds.iter().flatten().count()).unwrap_or(i64::MAX);
        let input_tokens = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_add(TOKENS_BETWEEN * (1 + calls));
        let output_tokens = i64::from(conversation.options.max_output_tokens);
        UsageBound {
            input_tokens,
            likely_input_tokens: estimate(system()) + estimate(&text),
            output_tokens,
            cost_usd: self.provider.cost(input_tokens, output_tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_takes_away_what_it_names() {
        let first = AskManner::first(Strength::Bounded, false);
        assert_eq!(first.after("unsupported parameter: tool_choice").unwrap().tools, Tools::UnknownAndFree);
        assert_eq!(first.after("unsupported parameter: tools").unwrap().tools, Tools::None);
        assert!(!first.after("`stream` is not supported").unwrap().stream);
        assert_eq!(first.after("maximum context length is 4096 tokens"), None);
    }
}
