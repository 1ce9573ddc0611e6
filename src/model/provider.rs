//! The describer behind a provider: builds the request, asks once, reads the answer.
//!
//! The rule: one answer is paid for. Only what a provider refused (status 400, which costs nothing) is asked
//! again here, without what it refused; waiting and trying again are the caller's.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatResponse, JsonSpec, ReasoningEffort, Usage as ReportedUsage,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    answer::{self, Reading},
    endpoint::Endpoint,
    logprobs::TokenLogprobs,
    manner::{Manner, Manners},
    prompt::{self, Prompt},
    question::Question,
    refusal::{hidden_error, model_error},
    schema::{Strength, answer_schema},
};
use crate::{
    domain::{
        profile::LlmProfile,
        run::RunOptions,
        suggestion::{Alternative, Draft, Evidence},
        usage::Usage,
    },
    port::model::{ContainerRequest, DescribeAnswer, DescribeRequest, Describer, ModelError, Subject, UsageBound},
};

/// Subjects of one request: as many as get a sentence or two each, with alternatives, out of 1,024 tokens, with
/// room for the facts in a context of 4,096.
const BATCH_SIZE: usize = 6;
/// What one subject of a full request gets out of the default 1,024 tokens.
const TOKENS_PER_SUBJECT: usize = 170;
/// Tokens that a provider puts around and between the messages, at the most.
pub(super) const TOKENS_BETWEEN: i64 = 64;
/// What a description is worth of which the model says nothing: a person should look at it.
const UNSTATED_CONFIDENCE: f64 = 0.4;
/// Each further wording is a bit less the model's choice than the one before it.
const ALTERNATIVE_FACTOR: f64 = 0.9;

/// Dollars for a million tokens in each direction.
#[derive(Debug, Clone, Copy)]
struct Prices {
    input: f64,
    output: f64,
}

/// A model at a provider.
pub struct ProviderDescriber {
    pub(super) client: genai::Client,
    pub(super) endpoint: Endpoint,
    prices: Option<Prices>,
    manners: Manners<Manner>,
}

/// An answer of the provider and what it took.
struct Asking {
    response: ChatResponse,
    duration: Duration,
    requests: i32,
}

impl ProviderDescriber {
    /// The describer of a profile at its endpoint.
    #[must_use]
    pub fn new(client: genai::Client, endpoint: Endpoint, profile: &LlmProfile, manners: Manners<Manner>) -> Self {
        let settings = &profile.settings;
        let prices = settings.input_cost_per_million_tokens.zip(settings.output_cost_per_million_tokens);
        Self { client, endpoint, prices: prices.map(|(input, output)| Prices { input, output }), manners }
    }

    /// Asks for next to nothing: how long that took.
    ///
    /// # Errors
    /// [`ModelError`] saying what is wrong.
    pub async fn probe(&self) -> Result<Duration, ModelError> {
        let request = ChatRequest::from_user("Answer with the word OK.");
        let options = self.options(json!({})).with_max_tokens(16);
        let begun = Instant::now();
        let key = self.endpoint.key()?;
        self.send(request, &options, key.as_ref()).await?;
        Ok(begun.elapsed())
    }

    /// Asks, leaving out what the endpoint refuses.
    async fn ask(&self, question: &Question<'_>) -> Result<Asking, ModelError> {
        let key = self.endpoint.key()?;
        let known = self.manners.of(&self.endpoint.identity());
        let mut manner = known.unwrap_or(Manner::first(self.endpoint.strict));
        let mut requests = 0;
        let begun = Instant::now();
        loop {
            requests += 1;
            let (chat, options) = self.chat(question, manner);
            match self.send(chat, &options, key.as_ref()).await {
                Ok(response) => {
                    if known != Some(manner) {
                        self.manners.remember(self.endpoint.identity(), manner);
                    }
                    return Ok(Asking { response, duration: begun.elapsed(), requests });
                }
                Err(ModelError::Rejected(refusal)) => match manner.after(&refusal) {
                    Some(less) => {
                        tracing::debug!(profile = self.endpoint.profile, ?less, refusal, "asking for less");
                        manner = less;
                    }
                    None => return Err(ModelError::Rejected(refusal)),
                },
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) async fn send(
        &self,
        request: ChatRequest,
        options: &ChatOptions,
        key: Option<&SecretString>,
    ) -> Result<ChatResponse, ModelError> {
        let target = self.endpoint.target(key);
        let sent = self.client.exec_chat(target, request, Some(options)).await;
        let response = sent.map_err(|error| model_error(&error, &self.endpoint, key))?;
        let body = response.captured_raw_body.as_ref();
        match body.and_then(|body| hidden_error(body, &self.endpoint, key)) {
            Some(error) => Err(error),
            None => Ok(response),
        }
    }

    fn chat(&self, question: &Question<'_>, manner: Manner) -> (ChatRequest, ChatOptions) {
        let Prompt { system, user } = prompt::build(question, manner.schema.is_none());
        let chat = ChatRequest::from_system(system).append_message(ChatMessage::user(user));
        let extra = if manner.logprobs { json!({ "logprobs": true }) } else { json!({}) };
        let tokens = u32::try_from(question.options.max_output_tokens).unwrap_or(1);
        let mut options = self.options(extra).with_max_tokens(tokens);
        if manner.temperature {
            options = options.with_temperature(question.options.temperature);
        }
        if let Some(strength) = manner.schema {
            options = options.with_response_format(JsonSpec::new("descriptions", schema(question, strength)));
        }
        (chat, options)
    }

    /// What every request has. The library would read an ending such as `-high` out of the model's name and
    /// send the rest of it: the name goes out as it is, and no effort is asked for.
    pub(super) fn options(&self, mut extra_body: Value) -> ChatOptions {
        extra_body["model"] = json!(self.endpoint.model);
        ChatOptions::default()
            .with_reasoning_effort(ReasoningEffort::Budget(0))
            .with_normalize_reasoning_content(true)
            .with_capture_raw_body(true)
            .with_extra_body(extra_body)
    }

    fn usage(&self, asking: &Asking, prompt: &Prompt, answer: &str) -> Usage {
        let sent = estimate(&prompt.system) + estimate(&prompt.user);
        let usage = self.used(&asking.response.usage, sent, answer, asking.duration);
        Usage { requests: asking.requests, ..usage }
    }

    /// What a request used: as reported, else as estimated from what was `sent` and answered.
    pub(super) fn used(&self, reported: &ReportedUsage, sent: i64, answer: &str, duration: Duration) -> Usage {
        let tokens = |reported: Option<i32>, estimated: i64| reported.filter(|n| *n > 0).map_or(estimated, i64::from);
        let input_tokens = tokens(reported.prompt_tokens, sent);
        let output_tokens = tokens(reported.completion_tokens, estimate(answer));
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

    /// Asks, and reads the answer: one draft for each of the question's subjects, in their order.
    async fn answer(&self, question: &Question<'_>) -> Result<DescribeAnswer, ModelError> {
        let asking = self.ask(question).await?;
        let answer = asking.response.first_text().unwrap_or_default();
        let schema_inside = self.manners.of(&self.endpoint.identity()).is_some_and(|manner| manner.schema.is_none());
        let usage = self.usage(&asking, &prompt::build(question, schema_inside), answer);
        let logprobs = asking.response.captured_raw_body.as_ref().and_then(TokenLogprobs::read);
        let readings = answer::read(answer, &question.asked, prompt::wordings(question.options));
        let drafts = readings
            .into_iter()
            .zip(&question.evidence)
            .map(|(reading, evidence)| reading.map(|reading| draft(reading, evidence, logprobs.as_ref())))
            .collect();
        Ok(DescribeAnswer { drafts, usage })
    }

    /// No token has less than a byte: digits and rare scripts come close to one. The schema counts twice, since it
    /// goes beside the prompt or into it.
    fn bound_of(&self, question: &Question<'_>) -> UsageBound {
        let Prompt { system, user } = prompt::build(question, true);
        let schema = schema(question, Strength::Bounded).to_string();
        let bytes = system.len() + user.len() + schema.len();
        let input_tokens = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_add(TOKENS_BETWEEN);
        let usual = prompt::build(question, false);
        let likely_input_tokens = estimate(&usual.system) + estimate(&usual.user) + estimate(&schema);
        let output_tokens = i64::from(question.options.max_output_tokens);
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
        let question = Question::of_table(request);
        let DescribeAnswer { drafts, usage } = self.answer(&question).await?;
        let mut drafts: Vec<(Subject, Option<Draft>)> =
            question.asked.iter().map(|one| one.subject).zip(drafts).collect();
        let mut take = |subject: &Subject| drafts.iter_mut().find(|(of, _)| of == subject)?.1.take();
        Ok(DescribeAnswer { drafts: request.subjects.iter().map(&mut take).collect(), usage })
    }

    async fn describe_container(&self, request: &ContainerRequest) -> Result<DescribeAnswer, ModelError> {
        self.answer(&Question::of_container(request)).await
    }

    fn container_bound(&self, request: &ContainerRequest) -> UsageBound {
        self.bound_of(&Question::of_container(request))
    }

    fn batch_size(&self, options: &RunOptions) -> usize {
        let fits = usize::try_from(options.max_output_tokens).unwrap_or_default() / TOKENS_PER_SUBJECT;
        fits.clamp(1, BATCH_SIZE)
    }

    fn bound(&self, request: &DescribeRequest) -> UsageBound {
        self.bound_of(&Question::of_table(request))
    }
}

fn schema(question: &Question<'_>, strength: Strength) -> Value {
    let words = prompt::words_per_text(question.options, question.asked.len());
    answer_schema(&question.asked, prompt::wordings(question.options), words, strength)
}

/// Four characters a token, rounded up.
pub(super) fn estimate(text: &str) -> i64 {
    i64::try_from(text.chars().count().div_ceil(4)).unwrap_or(i64::MAX)
}

/// The confidence is the mean probability of the description's tokens where the provider tells them
/// (`exp(mean log-probability)`), else what the model states.
fn draft(reading: Reading, evidence: &[Evidence], logprobs: Option<&TokenLogprobs>) -> Draft {
    let logprob = logprobs.and_then(|tokens| tokens.mean_of(&reading.raw));
    let confidence = logprob.map(f64::exp).or(reading.confidence).unwrap_or(UNSTATED_CONFIDENCE).clamp(0.0, 1.0);
    let wordings = std::iter::once(reading.description).chain(reading.alternatives);
    let confidences = std::iter::successors(Some(confidence), |confidence| Some(confidence * ALTERNATIVE_FACTOR));
    let alternatives = wordings.zip(confidences).map(|(text, confidence)| Alternative { text, confidence }).collect();
    Draft { alternatives, logprob, reasoning: reading.reasoning, evidence: evidence.to_vec() }
}
