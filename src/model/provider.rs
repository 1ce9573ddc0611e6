//! The describer that uses a provider: it builds the request, sends it and reads the answer.
//!
//! The rule: one call pays for one answer. Only a request that the provider refused (status 400, which costs nothing)
//! is sent again here, without the refused features. The caller waits and retries in all other cases.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    answer,
    brief::Brief,
    endpoint::Endpoint,
    entry::Reading,
    lenient,
    logprobs::TokenLogprobs,
    manner::{Manner, Manners},
    prompt::{self, Prompt},
    prompts::DESCRIBE,
    refusal::{Refusal, refusal, refused},
    schema::{Strength, answer_schema, response_format},
    subjects::asked,
    text::clean_reasoning,
    thoughts,
    tokens::estimate,
    wire::{Finish, Reply, Reported, Request, Wire},
};
use crate::{
    domain::{
        price::Price,
        profile::LlmProfile,
        suggestion::{Alternative, Draft, Evidence},
        usage::Usage,
    },
    port::model::{
        ContainerRequest, DescribeAnswer, DescribeRequest, Describer, ModelError, Subject, Unusable, UsageBound,
    },
};

/// Maximum number of subjects per request. With it, each subject can get a sentence or two with alternatives out of
/// 1,024 tokens, and the facts fit into a context of 4,096 tokens.
const BATCH_SIZE: usize = 6;
/// Maximum number of tokens of the facts about the subjects of a request, unless a single subject needs more.
const FACTS_TOKENS: i64 = 1_200;
/// Output tokens per subject in a full request with the default of 1,024 tokens.
const TOKENS_PER_SUBJECT: usize = 170;
/// Maximum number of output tokens of a probe: enough for a model that reasons a little before its answer.
const PROBE_TOKENS: i32 = 256;
/// The text of a probe.
const PROBE: &str = "Answer with this JSON object and nothing else: {\"answer\": \"OK\"}";
/// Maximum number of tokens that a provider adds around and between the messages.
pub(super) const TOKENS_BETWEEN: i64 = 64;
/// The confidence of a description if the model states none: low enough that a person should check it.
const UNSTATED_CONFIDENCE: f64 = 0.4;
/// The confidence of each further wording relative to the one before.
const ALTERNATIVE_FACTOR: f64 = 0.9;

/// A describer that uses a provider's model.
pub struct ProviderDescriber {
    wire: Wire,
    pub(super) endpoint: Endpoint,
    price: Option<Price>,
    /// Maximum number of concurrent requests.
    concurrency: usize,
    manners: Manners<Manner>,
}

/// A provider's answer and its costs.
struct Asking {
    reply: Reply,
    /// The manner of the request that was answered.
    manner: Manner,
    /// The estimated number of tokens that were sent.
    sent: i64,
    duration: Duration,
    requests: i32,
}

/// An answer that was read as text.
struct Answered {
    text: String,
    usage: Usage,
    /// Why the model or its provider refused to answer.
    refused: Option<Unusable>,
    logprobs: Option<Value>,
    reasoning: String,
}

/// A request before it is written for a manner.
pub(super) struct Question<'a> {
    /// Maximum number of output tokens.
    pub tokens: i32,
    pub temperature: f64,
    /// The prompt, whose system text may be empty. The argument tells whether it includes the schema.
    pub prompt: &'a (dyn Fn(bool) -> Prompt + Sync),
    /// The name of the answer and its schema.
    pub schema: (&'a str, &'a (dyn Fn(Strength) -> Value + Sync)),
    /// Whether enough requests have the same system text and shared part to write them to the prompt cache.
    pub caches: bool,
}

/// A chat completion to send.
pub(super) struct Attempt {
    /// The request in OpenAI's format.
    pub completion: Value,
    /// Whether to ask for little reasoning.
    pub terse: bool,
    /// Maximum number of output tokens.
    pub tokens: i32,
    /// The estimated number of input tokens.
    pub sent: i64,
}

/// The result of a probe.
pub struct Probed {
    /// The time until the answer.
    pub duration: Duration,
    /// What was less than it should be, as a clause.
    pub note: Option<String>,
}

impl ProviderDescriber {
    /// Creates the describer of a profile.
    #[must_use]
    pub fn new(wire: Wire, endpoint: Endpoint, profile: &LlmProfile, manners: Manners<Manner>) -> Self {
        let concurrency = usize::try_from(profile.settings.concurrency).unwrap_or(1);
        Self { wire, endpoint, price: Price::of(&profile.settings), concurrency, manners }
    }

    /// Sends a minimal request in the manner of a description.
    ///
    /// # Errors
    /// Returns [`ModelError`] if the provider cannot be used.
    pub async fn probe(&self) -> Result<Probed, ModelError> {
        let question = Question {
            tokens: PROBE_TOKENS,
            temperature: 0.0,
            prompt: &|_| Prompt { task: PROBE.to_owned(), ..Prompt::default() },
            schema: ("probe", &|_| {
                json!({
                    "type": "object", "required": ["answer"], "additionalProperties": false,
                    "properties": { "answer": { "type": "string" } },
                })
            }),
            caches: false,
        };
        let Asking { reply, manner, duration, .. } = match self.ask(&question).await {
            Err(ModelError::Unusable { why, .. }) => return Err(ModelError::Rejected(why.to_string())),
            asking => asking?,
        };
        let text = thoughts::after_leading(&reply.text);
        let is_json = !reply.calls.is_empty()
            || text.find('{').and_then(|at| lenient::read(&text[at..])).is_some_and(|read| read.value.is_object());
        let Endpoint { profile, model, .. } = &self.endpoint;
        let note = match (manner.schema, reply.finish) {
            (Some(_), _) if is_json => None,
            (None, _) if is_json => {
                Some("it does not support structured output, so Gloss describes the JSON in the prompt".to_owned())
            }
            (_, Finish::Length) => {
                Some(format!("it used up {PROBE_TOKENS} tokens before its answer; use a large `maxOutputTokens`"))
            }
            _ => {
                return Err(ModelError::Unstructured(format!(
                    "the model `{model}` of LLM profile `{profile}` answered, but not with the JSON that was asked \
                     for; choose a model that supports structured output"
                )));
            }
        };
        Ok(Probed { duration, note })
    }

    /// Sends the request, leaving out features that the endpoint refuses.
    async fn ask(&self, question: &Question<'_>) -> Result<Asking, ModelError> {
        let key = self.endpoint.key()?;
        let known = self.manners.of(&self.endpoint.identity());
        let mut manner = known.unwrap_or(Manner::first(&self.endpoint));
        let mut requests = 0;
        let begun = Instant::now();
        loop {
            requests += 1;
            let prompt = (question.prompt)(manner.schema_inside());
            let sent = prompt.parts().map(estimate).into_iter().sum();
            let completion = self.completion(question, manner, prompt);
            let attempt = Attempt { completion, terse: manner.terse, tokens: question.tokens, sent };
            match self.send(attempt, key.as_ref(), &mut |_| ()).await {
                Ok(reply) => {
                    if known != Some(manner) {
                        self.manners.remember(self.endpoint.identity(), manner);
                    }
                    return Ok(Asking { reply, manner, sent, duration: begun.elapsed(), requests });
                }
                Err(ModelError::Rejected(refusal)) => match manner.after(&refusal) {
                    Some(less) => {
                        tracing::debug!(
                            profile = self.endpoint.profile,
                            ?less,
                            refusal,
                            "retrying with fewer optional request fields"
                        );
                        manner = less;
                    }
                    None => return Err(ModelError::Rejected(refusal)),
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a request once.
    pub(super) async fn send(
        &self,
        attempt: Attempt,
        key: Option<&SecretString>,
        receive: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Reply, ModelError> {
        let Attempt { completion, terse, tokens, sent } = attempt;
        let begun = Instant::now();
        let streams = completion["stream"] == true;
        let endpoint = &self.endpoint;
        let body = endpoint.request(completion, terse);
        let request = Request { url: endpoint.url(streams), dialect: endpoint.dialect, key, body, streams, tokens };
        let failure = match self.wire.send(request, receive).await {
            Ok(reply) => return Ok(reply),
            Err(failure) => failure,
        };
        Err(match refusal(&failure, endpoint, key, tokens) {
            Refusal::Error(error) => error,
            Refusal::Unusable(why, reported) => {
                let received = if matches!(why, Unusable::TooLarge { .. }) { i64::from(tokens) } else { 0 };
                let reported = Reported { output: reported.output.or(Some(received)), ..reported };
                ModelError::Unusable { why, usage: self.used(reported, sent, "", begun.elapsed()) }
            }
        })
    }

    fn completion(&self, question: &Question<'_>, manner: Manner, prompt: Prompt) -> Value {
        let mut body = self.body(question.tokens);
        let Prompt { system, shared, task } = prompt;
        let content = if question.caches && self.endpoint.marks_cache {
            // The mark covers everything before it.
            json!([
                { "type": "text", "text": shared, "cache_control": { "type": "ephemeral" } },
                { "type": "text", "text": task },
            ])
        } else {
            json!(shared + &task)
        };
        let system = (!system.is_empty()).then(|| json!({ "role": "system", "content": system }));
        body["messages"] = system.into_iter().chain([json!({ "role": "user", "content": content })]).collect();
        if manner.logprobs {
            body["logprobs"] = json!(true);
        }
        if manner.temperature {
            body["temperature"] = json!(question.temperature);
        }
        if let Some(strength) = manner.schema {
            let (name, schema) = question.schema;
            body["response_format"] = response_format(name, || schema(strength), strength);
        }
        body
    }

    /// The fields that every request has.
    pub(super) fn body(&self, tokens: i32) -> Value {
        json!({ "model": self.endpoint.model, "stream": false, "max_tokens": tokens })
    }

    /// The usage of a request: as reported, or else estimated from `sent` and the answer.
    pub(super) fn used(&self, reported: Reported, sent: i64, answer: &str, duration: Duration) -> Usage {
        let usage = Usage {
            input_tokens: reported.input.unwrap_or(sent),
            cached_input_tokens: reported.cached.unwrap_or_default(),
            cache_write_tokens: reported.written.unwrap_or_default(),
            output_tokens: reported.output.unwrap_or_else(|| estimate(answer)),
            model_ms: i64::try_from(duration.as_millis()).unwrap_or(i64::MAX),
            requests: 1,
            ..Usage::default()
        };
        Usage { cost_usd: self.price.map(|price| price.cost(&usage)), ..usage }
    }

    /// The maximum cost of a request of this size.
    pub(super) fn cost(&self, input_tokens: i64, output_tokens: i64) -> Option<f64> {
        Some(self.price?.highest_cost(input_tokens, output_tokens))
    }

    /// Returns whether the shared part of a prompt that this number of requests has in common is worth its price in the
    /// prompt cache. Requests that are sent at the same time cannot read it, and each of them pays a quarter more.
    fn is_worth_caching(&self, requests: usize) -> bool {
        4 * requests > 5 * self.concurrency
    }

    /// Sends the request. Returns the text of the answer, and the usage.
    pub(super) async fn asked(&self, question: &Question<'_>) -> Result<(String, Usage), ModelError> {
        let Answered { text, usage, refused, .. } = self.answered(question).await?;
        match refused {
            Some(why) if text.trim().is_empty() => Err(ModelError::Unusable { why, usage }),
            _ => Ok((text, usage)),
        }
    }

    async fn answered(&self, question: &Question<'_>) -> Result<Answered, ModelError> {
        let Asking { reply, sent, duration, requests, .. } = self.ask(question).await?;
        // Some endpoints return a structured answer as a tool call.
        let text = match reply.calls.first() {
            Some(call) if reply.text.trim().is_empty() => call.arguments.to_string(),
            _ => reply.text,
        };
        let usage = Usage { requests, ..self.used(reply.usage, sent, &text, duration) };
        let refused = match (reply.refusal, reply.finish) {
            (Some(said), _) => Some(refused(&said, self.endpoint.key()?.as_ref())),
            (None, Finish::Filtered) => Some(Unusable::Filtered),
            _ => None,
        };
        Ok(Answered { text, usage, refused, logprobs: reply.logprobs, reasoning: reply.reasoning })
    }

    /// Sends the request and reads the answer. Returns one draft per subject, in the order of the brief.
    async fn describe_brief(&self, brief: &Brief<'_>) -> Result<DescribeAnswer, ModelError> {
        let options = brief.options;
        let question = Question {
            tokens: options.max_output_tokens,
            temperature: options.temperature,
            prompt: &|schema_inside| prompt::build(brief, schema_inside),
            schema: ("descriptions", &|strength| schema(brief, strength)),
            caches: self.is_worth_caching(brief.requests),
        };
        let Answered { text, usage, refused, logprobs, reasoning } = self.answered(&question).await?;
        let logprobs = logprobs.as_ref().and_then(TokenLogprobs::read);
        // Reasoning beside the answer is about all of its subjects.
        let reasoning = clean_reasoning(&reasoning);
        let readings = answer::read(&text, &brief.asked, prompt::wordings(brief.options));
        if readings.iter().all(Option::is_none) {
            return match refused {
                Some(why) => Err(ModelError::Unusable { why, usage }),
                None => Ok(DescribeAnswer { drafts: vec![None; brief.asked.len()], usage }),
            };
        }
        let drafts = readings
            .into_iter()
            .zip(&brief.evidence)
            .map(|(reading, evidence)| reading.map(|reading| draft(reading, evidence, logprobs.as_ref())))
            .map(|draft| draft.map(|draft| Draft { reasoning: draft.reasoning.or_else(|| reasoning.clone()), ..draft }))
            .collect();
        Ok(DescribeAnswer { drafts, usage })
    }

    /// An upper bound of the usage. Every token has at least one byte, and digits and rare scripts have little more.
    /// The schema counts twice, since it is sent beside the prompt or in it.
    pub(super) fn bound_of(
        &self,
        prompt: &dyn Fn(bool) -> Prompt,
        schema: &dyn Fn(Strength) -> Value,
        max_output_tokens: i32,
    ) -> UsageBound {
        let shown = schema(Strength::Bounded).to_string();
        let bytes = prompt(true).parts().map(str::len).into_iter().sum::<usize>() + shown.len();
        let input_tokens = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_add(TOKENS_BETWEEN);
        let manner = self.manners.of(&self.endpoint.identity()).unwrap_or(Manner::first(&self.endpoint));
        let likely = prompt(manner.schema_inside()).parts().map(estimate).into_iter().sum::<i64>();
        let read = manner.schema.filter(|strength| strength.is_read());
        let likely_input_tokens = likely + read.map_or(0, |strength| estimate(&schema(strength).to_string()));
        let output_tokens = i64::from(max_output_tokens);
        UsageBound {
            input_tokens,
            likely_input_tokens,
            output_tokens,
            cost_usd: self.cost(input_tokens, output_tokens),
        }
    }

    fn bound_of_brief(&self, brief: &Brief<'_>) -> UsageBound {
        let prompt = |schema_inside| prompt::build(brief, schema_inside);
        self.bound_of(&prompt, &|strength| schema(brief, strength), brief.options.max_output_tokens)
    }
}

#[async_trait]
impl Describer for ProviderDescriber {
    async fn describe(&self, request: &DescribeRequest) -> Result<DescribeAnswer, ModelError> {
        let brief = Brief::of_table(request);
        let DescribeAnswer { drafts, usage } = self.describe_brief(&brief).await?;
        let mut drafts: Vec<(Subject, Option<Draft>)> = brief.asked.iter().map(|one| one.subject).zip(drafts).collect();
        let mut take = |subject: &Subject| drafts.iter_mut().find(|(of, _)| of == subject)?.1.take();
        Ok(DescribeAnswer { drafts: request.subjects.iter().map(&mut take).collect(), usage })
    }

    fn certain(&self, request: &DescribeRequest) -> Vec<Option<Draft>> {
        super::builtin::certain(request)
    }

    async fn describe_container(&self, request: &ContainerRequest) -> Result<DescribeAnswer, ModelError> {
        self.describe_brief(&Brief::of_container(request)).await
    }

    fn container_bound(&self, request: &ContainerRequest) -> UsageBound {
        self.bound_of_brief(&Brief::of_container(request))
    }

    fn batches(&self, request: &DescribeRequest) -> Vec<usize> {
        let fits = usize::try_from(request.options.max_output_tokens).unwrap_or_default() / TOKENS_PER_SUBJECT;
        let most = fits.clamp(1, BATCH_SIZE);
        let (mut batches, mut left): (Vec<usize>, i64) = (Vec::new(), 0);
        for subject in &request.subjects {
            let facts = estimate(&prompt::facts_of_columns(request, &asked(&request.table, &[*subject])));
            match batches.last_mut().filter(|size| **size < most && facts <= left) {
                Some(size) => {
                    *size += 1;
                    left -= facts;
                }
                None => {
                    batches.push(1);
                    left = FACTS_TOKENS - facts;
                }
            }
        }
        batches
    }

    fn prompt_version(&self) -> Option<&str> {
        Some(&DESCRIBE.version)
    }

    fn bound(&self, request: &DescribeRequest) -> UsageBound {
        self.bound_of_brief(&Brief::of_table(request))
    }
}

fn schema(brief: &Brief<'_>, strength: Strength) -> Value {
    let words = prompt::words_per_text(brief.options, brief.asked.len());
    answer_schema(&brief.asked, prompt::wordings(brief.options), words, strength)
}

/// Creates a draft. Its confidence is the mean probability of the description's tokens if the provider reports it
/// (`exp(mean log-probability)`), otherwise the confidence that the model states.
fn draft(reading: Reading, evidence: &[Evidence], logprobs: Option<&TokenLogprobs>) -> Draft {
    let logprob = logprobs.and_then(|tokens| tokens.mean_of(&reading.raw));
    let confidence = logprob.map(f64::exp).or(reading.confidence).unwrap_or(UNSTATED_CONFIDENCE).clamp(0.0, 1.0);
    let wordings = std::iter::once(reading.description).chain(reading.alternatives);
    let confidences = std::iter::successors(Some(confidence), |confidence| Some(confidence * ALTERNATIVE_FACTOR));
    let alternatives = wordings.zip(confidences).map(|(text, confidence)| Alternative { text, confidence }).collect();
    Draft { alternatives, logprob, reasoning: reading.reasoning, evidence: evidence.to_vec() }
}
