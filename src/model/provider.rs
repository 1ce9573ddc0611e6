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
    logprobs::TokenLogprobs,
    manner::{Manner, Manners},
    prompt::{self, Prompt},
    refusal::{Refusal, refusal, refused},
    schema::{Strength, answer_schema},
    wire::{Finish, Reply, Reported, Request, Wire},
};
use crate::{
    domain::{
        profile::LlmProfile,
        run::RunOptions,
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
/// Output tokens per subject in a full request with the default of 1,024 tokens.
const TOKENS_PER_SUBJECT: usize = 170;
/// Maximum number of output tokens of a probe.
const PROBE_TOKENS: i32 = 16;
/// Maximum number of tokens that a provider adds around and between the messages.
pub(super) const TOKENS_BETWEEN: i64 = 64;
/// The confidence of a description if the model states none: low enough that a person should check it.
const UNSTATED_CONFIDENCE: f64 = 0.4;
/// The confidence of each further wording relative to the one before.
const ALTERNATIVE_FACTOR: f64 = 0.9;

/// Prices in US dollars per million tokens.
#[derive(Debug, Clone, Copy)]
struct Prices {
    input: f64,
    output: f64,
}

/// A describer that uses a provider's model.
pub struct ProviderDescriber {
    wire: Wire,
    pub(super) endpoint: Endpoint,
    prices: Option<Prices>,
    manners: Manners<Manner>,
}

/// A provider's answer and its costs.
struct Asking {
    reply: Reply,
    /// The estimated number of tokens that were sent.
    sent: i64,
    duration: Duration,
    requests: i32,
}

impl ProviderDescriber {
    /// Creates the describer of a profile.
    #[must_use]
    pub fn new(wire: Wire, endpoint: Endpoint, profile: &LlmProfile, manners: Manners<Manner>) -> Self {
        let settings = &profile.settings;
        let prices = settings.input_cost_per_million_tokens.zip(settings.output_cost_per_million_tokens);
        Self { wire, endpoint, prices: prices.map(|(input, output)| Prices { input, output }), manners }
    }

    /// Sends a minimal request and returns the time it took.
    ///
    /// # Errors
    /// Returns [`ModelError`] if the provider cannot be used.
    pub async fn probe(&self) -> Result<Duration, ModelError> {
        let mut body = self.body(PROBE_TOKENS);
        body["messages"] = json!([{ "role": "user", "content": "Answer with the word OK." }]);
        let begun = Instant::now();
        let key = self.endpoint.key()?;
        match self.send(body, PROBE_TOKENS, 0, key.as_ref(), &mut |_| ()).await {
            Err(ModelError::Unusable { why, .. }) => Err(ModelError::Rejected(why.to_string())),
            sent => sent.map(|_| begun.elapsed()),
        }
    }

    /// Sends the request, leaving out features that the endpoint refuses.
    async fn ask(&self, brief: &Brief<'_>) -> Result<Asking, ModelError> {
        let key = self.endpoint.key()?;
        let known = self.manners.of(&self.endpoint.identity());
        let mut manner = known.unwrap_or(Manner::first(self.endpoint.strict));
        let mut requests = 0;
        let begun = Instant::now();
        loop {
            requests += 1;
            let Prompt { system, user } = prompt::build(brief, manner.schema.is_none());
            let sent = estimate(&system) + estimate(&user);
            let (tokens, body) = (brief.options.max_output_tokens, self.chat(brief, manner, &system, &user));
            match self.send(body, tokens, sent, key.as_ref(), &mut |_| ()).await {
                Ok(reply) => {
                    if known != Some(manner) {
                        self.manners.remember(self.endpoint.identity(), manner);
                    }
                    return Ok(Asking { reply, sent, duration: begun.elapsed(), requests });
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

    /// Sends a request for at most `tokens` output tokens. `sent` is the estimated number of input tokens.
    pub(super) async fn send(
        &self,
        body: Value,
        tokens: i32,
        sent: i64,
        key: Option<&SecretString>,
        receive: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Reply, ModelError> {
        let begun = Instant::now();
        let request = Request { url: self.endpoint.completions(), key, body, tokens };
        let failure = match self.wire.send(request, receive).await {
            Ok(reply) => return Ok(reply),
            Err(failure) => failure,
        };
        Err(match refusal(&failure, &self.endpoint, key, tokens) {
            Refusal::Error(error) => error,
            Refusal::Unusable(why, reported) => {
                let received = if matches!(why, Unusable::TooLarge { .. }) { i64::from(tokens) } else { 0 };
                let reported = Reported { output: reported.output.or(Some(received)), ..reported };
                ModelError::Unusable { why, usage: self.used(reported, sent, "", begun.elapsed()) }
            }
        })
    }

    fn chat(&self, brief: &Brief<'_>, manner: Manner, system: &str, user: &str) -> Value {
        let mut body = self.body(brief.options.max_output_tokens);
        body["messages"] = json!([{ "role": "system", "content": system }, { "role": "user", "content": user }]);
        if manner.logprobs {
            body["logprobs"] = json!(true);
        }
        if manner.temperature {
            body["temperature"] = json!(brief.options.temperature);
        }
        if let Some(strength) = manner.schema {
            body["response_format"] = response_format("descriptions", schema(brief, strength));
        }
        body
    }

    /// The fields that every request has.
    pub(super) fn body(&self, tokens: i32) -> Value {
        let model = &self.endpoint.model;
        // OpenAI's newer models accept the limit only under this name.
        let is_new = ["gpt-5", "gpt-6", "o1", "o3", "o4"].iter().any(|family| model.starts_with(family));
        let limit = if is_new { "max_completion_tokens" } else { "max_tokens" };
        json!({ "model": model, "stream": false, limit: tokens })
    }

    /// The usage of a request: as reported, or else estimated from `sent` and the answer.
    pub(super) fn used(&self, reported: Reported, sent: i64, answer: &str, duration: Duration) -> Usage {
        let input_tokens = reported.input.unwrap_or(sent);
        let output_tokens = reported.output.unwrap_or_else(|| estimate(answer));
        Usage {
            input_tokens,
            output_tokens,
            cost_usd: self.cost(input_tokens, output_tokens),
            model_ms: i64::try_from(duration.as_millis()).unwrap_or(i64::MAX),
            requests: 1,
            retries: 0,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "no request has 2^52 tokens")]
    pub(super) fn cost(&self, input_tokens: i64, output_tokens: i64) -> Option<f64> {
        let Prices { input, output } = self.prices?;
        Some((input_tokens as f64 * input + output_tokens as f64 * output) / 1_000_000.0)
    }

    /// Sends the request and reads the answer. Returns one draft per subject, in the order of the brief.
    async fn answer(&self, brief: &Brief<'_>) -> Result<DescribeAnswer, ModelError> {
        let Asking { reply, sent, duration, requests } = self.ask(brief).await?;
        // Some endpoints return a structured answer as a tool call.
        let answer = match reply.calls.first() {
            Some(call) if reply.text.trim().is_empty() => call.arguments.to_string(),
            _ => reply.text,
        };
        let usage = Usage { requests, ..self.used(reply.usage, sent, &answer, duration) };
        let logprobs = reply.logprobs.as_ref().and_then(TokenLogprobs::read);
        let readings = answer::read(&answer, &brief.asked, prompt::wordings(brief.options));
        if readings.iter().all(Option::is_none) {
            let key = self.endpoint.key()?;
            let why = match (reply.refusal, reply.finish) {
                (Some(said), _) => refused(&said, key.as_ref()),
                (None, Finish::Filtered) => Unusable::Filtered,
                _ => return Ok(DescribeAnswer { drafts: vec![None; brief.asked.len()], usage }),
            };
            return Err(ModelError::Unusable { why, usage });
        }
        let drafts = readings
            .into_iter()
            .zip(&brief.evidence)
            .map(|(reading, evidence)| reading.map(|reading| draft(reading, evidence, logprobs.as_ref())))
            .collect();
        Ok(DescribeAnswer { drafts, usage })
    }

    /// An upper bound of the usage. Every token has at least one byte, and digits and rare scripts have little more.
    /// The schema counts twice, since it is sent beside the prompt or in it.
    fn bound_of(&self, brief: &Brief<'_>) -> UsageBound {
        let Prompt { system, user } = prompt::build(brief, true);
        let schema = schema(brief, Strength::Bounded).to_string();
        let bytes = system.len() + user.len() + schema.len();
        let input_tokens = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_add(TOKENS_BETWEEN);
        let usual = prompt::build(brief, false);
        let likely_input_tokens = estimate(&usual.system) + estimate(&usual.user) + estimate(&schema);
        let output_tokens = i64::from(brief.options.max_output_tokens);
        UsageBound {
            input_tokens,
            likely_input_tokens,
            output_tokens,
            cost_usd: self.cost(input_tokens, output_tokens),
        }
    }
}

#[async_trait]
impl Describer for ProviderDescriber {
    async fn describe(&self, request: &DescribeRequest) -> Result<DescribeAnswer, ModelError> {
        let brief = Brief::of_table(request);
        let DescribeAnswer { drafts, usage } = self.answer(&brief).await?;
        let mut drafts: Vec<(Subject, Option<Draft>)> = brief.asked.iter().map(|one| one.subject).zip(drafts).collect();
        let mut take = |subject: &Subject| drafts.iter_mut().find(|(of, _)| of == subject)?.1.take();
        Ok(DescribeAnswer { drafts: request.subjects.iter().map(&mut take).collect(), usage })
    }

    fn certain(&self, request: &DescribeRequest) -> Vec<Option<Draft>> {
        super::builtin::certain(request)
    }

    async fn describe_container(&self, request: &ContainerRequest) -> Result<DescribeAnswer, ModelError> {
        self.answer(&Brief::of_container(request)).await
    }

    fn container_bound(&self, request: &ContainerRequest) -> UsageBound {
        self.bound_of(&Brief::of_container(request))
    }

    fn batch_size(&self, options: &RunOptions) -> usize {
        let fits = usize::try_from(options.max_output_tokens).unwrap_or_default() / TOKENS_PER_SUBJECT;
        fits.clamp(1, BATCH_SIZE)
    }

    fn bound(&self, request: &DescribeRequest) -> UsageBound {
        self.bound_of(&Brief::of_table(request))
    }
}

/// The `response_format` field with a schema for the answer.
pub(super) fn response_format(name: &str, schema: Value) -> Value {
    json!({ "type": "json_schema", "json_schema": { "name": name, "strict": true, "schema": schema } })
}

fn schema(brief: &Brief<'_>, strength: Strength) -> Value {
    let words = prompt::words_per_text(brief.options, brief.asked.len());
    answer_schema(&brief.asked, prompt::wordings(brief.options), words, strength)
}

/// Estimates the number of tokens: one per four characters, rounded up.
pub(super) fn estimate(text: &str) -> i64 {
    i64::try_from(text.chars().count().div_ceil(4)).unwrap_or(i64::MAX)
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
