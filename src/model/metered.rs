//! Models whose requests are measured and traced.
//!
//! The rule: a wrapper changes nothing of a request or its answer. Names of providers and models become labels; texts
//! do not.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use tracing::{Instrument as _, field::Empty};

use crate::{
    domain::{
        judge::Opinion,
        profile::{LlmProfile, LlmProvider},
        run::RunOptions,
        suggestion::Draft,
        usage::Usage,
    },
    port::{
        converse::{Conversation, Converser, Listener, Step},
        judge::{Judge, JudgeRequest},
        model::{ContainerRequest, DescribeAnswer, DescribeRequest, Describer, ModelError, Models, UsageBound},
    },
    telemetry::metrics::{ModelRequest, model_request},
};

/// Models that measure their requests.
pub struct MeteredModels<M>(pub M);

#[async_trait]
impl<M: Models> Models for MeteredModels<M> {
    fn open(&self, profile: &LlmProfile) -> Result<Arc<dyn Describer>, ModelError> {
        Ok(Arc::new(Metered { model: Named::of(profile), inner: self.0.open(profile)? }))
    }

    fn open_converser(&self, profile: &LlmProfile) -> Result<Arc<dyn Converser>, ModelError> {
        Ok(Arc::new(Metered { model: Named::of(profile), inner: self.0.open_converser(profile)? }))
    }

    fn open_judge(&self, profile: &LlmProfile) -> Result<Arc<dyn Judge>, ModelError> {
        Ok(Arc::new(Metered { model: Named::of(profile), inner: self.0.open_judge(profile)? }))
    }

    async fn test(&self, profile: &LlmProfile) -> Result<String, ModelError> {
        Named::of(profile).measured(self.0.test(profile), |_| None).await
    }
}

/// The names of a model.
struct Named {
    provider: LlmProvider,
    model: String,
}

impl Named {
    fn of(profile: &LlmProfile) -> Self {
        Self { provider: profile.settings.provider, model: profile.settings.model.clone() }
    }

    /// Waits for a request and records it. `usage_of` returns the usage of an answer.
    async fn measured<T>(
        &self,
        request: impl Future<Output = Result<T, ModelError>>,
        usage_of: impl Fn(&T) -> Option<&Usage>,
    ) -> Result<T, ModelError> {
        let (provider, model) = (self.provider.as_str(), self.model.as_str());
        let span = tracing::debug_span!(
            "model.request",
            "otel.kind" = "client",
            "gen_ai.provider.name" = provider,
            "gen_ai.request.model" = model,
            "gen_ai.usage.input_tokens" = Empty,
            "gen_ai.usage.output_tokens" = Empty,
            outcome = Empty,
        );
        let begun = Instant::now();
        let answer = request.instrument(span.clone()).await;
        let usage = match &answer {
            Ok(answer) => usage_of(answer),
            Err(ModelError::Unusable { usage, .. }) => Some(usage),
            Err(_) => None,
        };
        let tokens =
            |count: fn(&Usage) -> i64| usage.map_or(0, |usage| u64::try_from(count(usage)).unwrap_or_default());
        let request = ModelRequest {
            provider,
            model,
            outcome: answer.as_ref().map_or_else(outcome, |_| "ok"),
            took: begun.elapsed(),
            input_tokens: tokens(|usage| usage.input_tokens),
            output_tokens: tokens(|usage| usage.output_tokens),
            cost_usd: usage.and_then(|usage| usage.cost_usd).unwrap_or_default(),
        };
        span.record("outcome", request.outcome);
        span.record("gen_ai.usage.input_tokens", request.input_tokens);
        span.record("gen_ai.usage.output_tokens", request.output_tokens);
        model_request(&request);
        answer
    }
}

/// What went wrong, as a label.
const fn outcome(error: &ModelError) -> &'static str {
    match error {
        ModelError::Busy { .. } => "busy",
        ModelError::Unavailable(_) => "unavailable",
        ModelError::NoAnswer(_) => "no_answer",
        ModelError::NotAModel(_) => "not_a_model",
        ModelError::NoKey(_) => "no_key",
        ModelError::KeyRefused(_) => "key_refused",
        ModelError::UnknownModel(_) => "unknown_model",
        ModelError::Unstructured(_) => "unstructured",
        ModelError::Rejected(_) => "rejected",
        ModelError::Unusable { .. } => "unusable",
        ModelError::Misconfigured(_) => "misconfigured",
    }
}

/// A describer, a converser or a judge that measures its requests.
struct Metered<T> {
    model: Named,
    inner: T,
}

#[async_trait]
impl Describer for Metered<Arc<dyn Describer>> {
    async fn describe(&self, request: &DescribeRequest) -> Result<DescribeAnswer, ModelError> {
        self.model.measured(self.inner.describe(request), |answer| Some(&answer.usage)).await
    }

    fn certain(&self, request: &DescribeRequest) -> Vec<Option<Draft>> {
        self.inner.certain(request)
    }

    async fn describe_container(&self, request: &ContainerRequest) -> Result<DescribeAnswer, ModelError> {
        self.model.measured(self.inner.describe_container(request), |answer| Some(&answer.usage)).await
    }

    fn container_bound(&self, request: &ContainerRequest) -> UsageBound {
        self.inner.container_bound(request)
    }

    fn batches(&self, request: &DescribeRequest) -> Vec<usize> {
        self.inner.batches(request)
    }

    fn prompt_version(&self) -> Option<&str> {
        self.inner.prompt_version()
    }

    fn ignores(&self, options: &RunOptions) -> Vec<&'static str> {
        self.inner.ignores(options)
    }

    fn is_local(&self) -> bool {
        self.inner.is_local()
    }

    fn bound(&self, request: &DescribeRequest) -> UsageBound {
        self.inner.bound(request)
    }
}

#[async_trait]
impl Converser for Metered<Arc<dyn Converser>> {
    async fn converse(
        &self,
        conversation: &Conversation<'_>,
        listener: &mut dyn Listener,
    ) -> Result<(Step, Usage), ModelError> {
        self.model.measured(self.inner.converse(conversation, listener), |(_, usage)| Some(usage)).await
    }

    fn prompt_version(&self) -> Option<&str> {
        self.inner.prompt_version()
    }

    fn bound(&self, conversation: &Conversation<'_>) -> UsageBound {
        self.inner.bound(conversation)
    }
}

#[async_trait]
impl Judge for Metered<Arc<dyn Judge>> {
    async fn compare(&self, request: &JudgeRequest) -> Result<(Option<Opinion>, Usage), ModelError> {
        self.model.measured(self.inner.compare(request), |(_, usage)| Some(usage)).await
    }

    fn prompt_version(&self) -> &str {
        self.inner.prompt_version()
    }

    fn bound(&self, request: &JudgeRequest) -> UsageBound {
        self.inner.bound(request)
    }
}
