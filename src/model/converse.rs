//! The conversation with a provider: one request, streamed, with tools where the endpoint knows them.
//!
//! An endpoint is first asked with tools and told to use one. One that refuses, or answers without, knows none: it is
//! asked for a choice in JSON from then on, and for its answer in plain text once it chose to give one. That is
//! remembered for the endpoint, as are the other things that it refuses.

use std::time::Instant;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, JsonSpec, StreamEnd, ToolChoice, Usage as ReportedUsage,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    conversation::{ANSWER, SYSTEM, choice_schema, library_tools, message, messages},
    lenient,
    manner::{Manners, is_about_content},
    provider::{ProviderDescriber, TOKENS_BETWEEN, estimate},
    refusal::stream_error,
    schema::Strength,
};
use crate::{
    domain::usage::Usage,
    port::{
        converse::{Call, Conversation, Converser, Listener, Step},
        model::{ModelError, UsageBound},
    },
};

/// Bytes of an answer that are listened to; more than any request asks for.
const ANSWER_BYTES: usize = 1 << 20;
/// Uses of tools that one reply may ask for and that are read at all.
const MAX_CALLS: usize = 16;

/// Broken streams one after another that an endpoint is borne with.
const MAX_BROKEN: u8 = 2;

/// What is known of an endpoint's tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tools {
    /// Nothing yet: it is told to use one.
    Unknown,
    /// Nothing yet, and it refuses to be told.
    UnknownAndFree,
    /// It has used one.
    Known,
    /// It has none.
    None,
}

/// In what manner an endpoint converses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskManner {
    tools: Tools,
    schema: Option<Strength>,
    temperature: bool,
    stream: bool,
    /// Streams one after another that ended before the answer was whole.
    broken: u8,
}

impl AskManner {
    const fn first(strict: bool) -> Self {
        let schema = if strict { Strength::Strict } else { Strength::Bounded };
        Self { tools: Tools::Unknown, schema: Some(schema), temperature: true, stream: true, broken: 0 }
    }

    /// What to try after a refusal; `None` where nothing is left to leave out, or the refusal is not about that.
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
        match (self.tools, self.schema) {
            (Tools::Unknown, _) if names(&["tool_choice", "tool choice"]) => {
                Some(Self { tools: Tools::UnknownAndFree, ..self })
            }
            (Tools::Unknown | Tools::UnknownAndFree, _) => Some(Self { tools: Tools::None, ..self }),
            (Tools::Known, _) if names(&["tool"]) => Some(Self { tools: Tools::None, ..self }),
            (_, Some(Strength::Bounded)) => Some(Self { schema: Some(Strength::Strict), ..self }),
            (_, Some(Strength::Strict)) => Some(Self { schema: None, ..self }),
            (_, None) if self.temperature => Some(Self { temperature: false, ..self }),
            (_, None) => None,
        }
    }
}

/// A model at a provider that answers questions.
pub struct ProviderConverser {
    provider: ProviderDescriber,
    manners: Manners<AskManner>,
}

/// What came of one request.
#[derive(Default)]
struct Reply {
    text: String,
    calls: Vec<Call>,
    usage: ReportedUsage,
    /// Whether anything came at all.
    any: bool,
}

/// Leaves out what a thinking model thinks before it answers.
#[derive(Default)]
struct Thoughts {
    held: String,
    open: bool,
    passed: bool,
}

impl Thoughts {
    /// What of a piece is said.
    fn said(&mut self, piece: &str) -> String {
        if self.passed {
            return piece.to_owned();
        }
        if self.held.len() + piece.len() <= ANSWER_BYTES {
            self.held.push_str(piece);
        }
        let begun = self.held.trim_start();
        if !self.open && "<think>".starts_with(begun.get(..begun.len().min(7)).unwrap_or(begun)) && begun.len() < 7 {
            return String::new();
        }
        self.open |= begun.starts_with("<think>");
        if !self.open {
            self.passed = true;
            return std::mem::take(&mut self.held);
        }
        match self.held.split_once("</think>") {
            Some((_, rest)) => {
                self.passed = true;
                rest.trim_start().to_owned()
            }
            None => String::new(),
        }
    }
}

impl ProviderConverser {
    /// The converser of a provider.
    #[must_use]
    pub const fn new(provider: ProviderDescriber, manners: Manners<AskManner>) -> Self {
        Self { provider, manners }
    }

    fn request(&self, conversation: &Conversation<'_>, manner: AskManner) -> (ChatRequest, ChatOptions) {
        let tokens = u32::try_from(conversation.options.max_output_tokens).unwrap_or(1);
        let mut options = self
            .provider
            .options(json!({}))
            .with_max_tokens(tokens)
            .with_capture_usage(true)
            .with_capture_content(true)
            .with_capture_tool_calls(true);
        if manner.temperature {
            options = options.with_temperature(conversation.options.temperature);
        }
        let request = ChatRequest::from_system(SYSTEM);
        if manner.tools == Tools::None {
            let mut inside = false;
            if !conversation.due {
                match manner.schema {
                    Some(strength) => {
                        let schema = choice_schema(conversation.tools, strength);
                        options = options.with_response_format(JsonSpec::new("choice", schema));
                    }
                    None => inside = true,
                }
            }
            return (request.append_message(ChatMessage::user(message(conversation, inside))), options);
        }
        let choice = match manner.tools {
            _ if conversation.due => Some(ToolChoice::None),
            Tools::Unknown => Some(ToolChoice::Required),
            _ => None,
        };
        if let Some(choice) = choice {
            options = options.with_tool_choice(choice);
        }
        let request = request.append_messages(messages(conversation)).with_tools(library_tools(conversation.tools));
        (request, options)
    }

    /// Sends one request. What is said goes to the listener where there is one.
    async fn send(
        &self,
        request: ChatRequest,
        options: &ChatOptions,
        key: Option<&SecretString>,
        stream: bool,
        mut listener: Option<&mut dyn Listener>,
    ) -> Result<Reply, ModelError> {
        let mut thoughts = Thoughts::default();
        let mut hear = |reply: &mut Reply, piece: &str| {
            let said = thoughts.said(piece);
            if !said.is_empty() && reply.text.len() + said.len() <= ANSWER_BYTES {
                reply.text.push_str(&said);
                if let Some(listener) = listener.as_deref_mut() {
                    listener.hear(&said);
                }
            }
        };
        let mut reply = Reply::default();
        if !stream {
            let response = self.provider.send(request, options, key).await?;
            reply.any = true;
            reply.calls = response.tool_calls().into_iter().take(MAX_CALLS).map(call).collect();
            reply.usage = response.usage.clone();
            hear(&mut reply, response.first_text().unwrap_or_default());
            return Ok(reply);
        }
        let endpoint = &self.provider.endpoint;
        let sent = self.provider.client.exec_chat_stream(endpoint.target(key), request, Some(options)).await;
        let mut events = sent.map_err(|error| stream_error(&error, endpoint, key))?.stream;
        while let Some(event) = events.next().await {
            match event.map_err(|error| stream_error(&error, endpoint, key))? {
                ChatStreamEvent::Chunk(chunk) => {
                    reply.any = true;
                    hear(&mut reply, &chunk.content);
                }
                ChatStreamEvent::ToolCallChunk(_) => reply.any = true,
                ChatStreamEvent::End(end) => {
                    let StreamEnd { captured_usage, captured_content, .. } = end;
                    reply.any = true;
                    reply.usage = captured_usage.unwrap_or_default();
                    let content = captured_content.unwrap_or_default();
                    reply.calls = content.tool_calls().into_iter().take(MAX_CALLS).map(call).collect();
                    return Ok(reply);
                }
                _ => {}
            }
        }
        if reply.any {
            let address = endpoint.address();
            return Err(ModelError::NoAnswer(format!("{address} broke off before the answer was whole")));
        }
        Ok(reply)
    }

    /// One request in one manner, and what follows for the next.
    async fn step(
        &self,
        conversation: &Conversation<'_>,
        manner: AskManner,
        key: Option<&SecretString>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage, AskManner), ModelError> {
        let (request, options) = self.request(conversation, manner);
        let chooses = !conversation.due && manner.tools == Tools::None;
        let unsure = !conversation.due && matches!(manner.tools, Tools::Unknown | Tools::UnknownAndFree);
        let begun = Instant::now();
        // A choice is short and is no answer; whether an unknown endpoint answers or ignores its tools is not known yet.
        let stream = manner.stream && !chooses;
        let heard = if chooses || unsure { None } else { Some(listener) };
        let reply = self.send(request, &options, key, stream, heard).await?;
        let sent = self.bound(conversation).likely_input_tokens;
        let usage = self.provider.used(&reply.usage, sent, &reply.text, begun.elapsed());
        if !reply.any {
            return Ok((Step::Again, usage, AskManner { stream: false, ..manner }));
        }
        Ok(match () {
            () if conversation.due => (Step::Answered, usage, manner),
            () if chooses => (chosen(&reply.text, conversation), usage, manner),
            () if !reply.calls.is_empty() => {
                (Step::Use(reply.calls), usage, AskManner { tools: Tools::Known, ..manner })
            }
            () if unsure => (Step::Again, usage, AskManner { tools: Tools::None, ..manner }),
            () => (Step::Answered, usage, manner),
        })
    }
}

fn call(call: &genai::chat::ToolCall) -> Call {
    Call { id: call.call_id.clone(), name: call.fn_name.clone(), arguments: call.fn_arguments.clone() }
}

/// What a choice in JSON says; what cannot be read is taken for the wish to answer.
fn chosen(text: &str, conversation: &Conversation<'_>) -> Step {
    let value = text.find('{').and_then(|at| lenient::read(&text[at..])).map(|(value, _)| value).unwrap_or_default();
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
        let mut manner = known.unwrap_or(AskManner::first(endpoint.strict));
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
                        tracing::debug!(profile = endpoint.profile, ?less, refusal, "conversing with less");
                        manner = less;
                    }
                    None => return Err(ModelError::Rejected(refusal)),
                },
                // Where streams never end as they should, the next try goes without one.
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

    fn bound(&self, conversation: &Conversation<'_>) -> UsageBound {
        let tools: String = conversation.tools.iter().map(|tool| tool.description).collect();
        let schema = choice_schema(conversation.tools, Strength::Bounded).to_string();
        let text = message(conversation, true);
        let bytes = SYSTEM.len() + text.len() + 4 * (tools.len() + schema.len());
        let calls = i64::try_from(conversation.rounds.iter().flatten().count()).unwrap_or(i64::MAX);
        let input_tokens = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_add(TOKENS_BETWEEN * (1 + calls));
        let output_tokens = i64::from(conversation.options.max_output_tokens);
        UsageBound {
            input_tokens,
            likely_input_tokens: estimate(SYSTEM) + estimate(&text),
            output_tokens,
            cost_usd: self.provider.cost(input_tokens, output_tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_no_part_of_an_answer() {
        for (pieces, said) in [
            (&["Two ", "tables."][..], "Two tables."),
            (&["<thi", "nk>hm</th", "ink>\n\nTwo", " tables."], "Two tables."),
            (&["<", "b>bold"], "<b>bold"),
            (&["  ", "<think>never ends"], ""),
        ] {
            let mut thoughts = Thoughts::default();
            let heard: String = pieces.iter().map(|piece| thoughts.said(piece)).collect();
            assert_eq!(heard, said, "{pieces:?}");
        }
    }

    #[test]
    fn a_refusal_takes_away_what_it_names() {
        let first = AskManner::first(false);
        assert_eq!(first.after("unsupported parameter: tool_choice").unwrap().tools, Tools::UnknownAndFree);
        assert_eq!(first.after("unsupported parameter: tools").unwrap().tools, Tools::None);
        assert!(!first.after("`stream` is not supported").unwrap().stream);
        assert_eq!(first.after("maximum context length is 4096 tokens"), None);
    }
}
