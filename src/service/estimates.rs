//! Estimates: the size and the approximate cost of a run, before it is started.
//!
//! The rules: an estimate walks the same scope and builds the same requests as the run would, but sends none and reads
//! no data. Input tokens are the likely size of the requests, without samples. Output tokens are the usual size of a
//! description of that verbosity, but never more than the request's maximum.

use std::sync::Arc;

use crate::{
    domain::{
        Error, Result,
        profile::{LlmProfile, LlmProvider},
        run::{RunOptions, Verbosity},
    },
    engine::walk::{Visit, comment_of},
    port::{
        Ports,
        model::{DescribeRequest, Describer, ModelError, Subject},
    },
};

use super::{
    orders::walk_target,
    runs::{Runs, StartRun},
};

/// Tokens of an answer for one asset besides its wordings: keys, confidence, reasoning.
const TOKENS_AROUND: i64 = 45;

/// The estimated size and cost of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimate {
    /// Number of tables, views and columns to describe.
    pub assets: i32,
    /// Number of tables and views that they belong to.
    pub tables: i32,
    /// Number of requests to the model.
    pub requests: i32,
    /// Input tokens.
    pub input_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Cost in US dollars; `None` if a price is unknown.
    pub cost_usd: Option<f64>,
}

/// The use case of estimates. Cheap to clone.
#[derive(Clone)]
pub struct Estimates {
    ports: Ports,
    runs: Runs,
}

impl Estimates {
    /// Creates the use case over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { runs: Runs::new(ports.clone()), ports }
    }

    /// Estimates a run without starting it.
    ///
    /// # Errors
    /// As starting the run; also `BadInput` with the path of a name that does not exist, and `Unavailable` if a target
    /// cannot be reached.
    pub async fn estimate(&self, input: &StartRun) -> Result<Estimate> {
        super::runs::check_start(input)?;
        let order = self.runs.resolve_start(input).await?;
        let describer = self.ports.models.open(&order.llm_profile).map_err(|error| unusable_model(&error))?;
        let mut estimate = Estimate::default();
        for (at, (target, profile)) in input.targets.iter().zip(&order.db_profiles).enumerate() {
            let path = format!("input.targets.{at}");
            let scope = target.scope.clone().also_without(&profile.exclude);
            let about: Option<Arc<str>> = profile.about.as_deref().map(Arc::from);
            for visit in walk_target(&self.ports, profile, &scope, &path).await? {
                estimate.add(visit, describer.as_ref(), &order.options, about.as_ref());
            }
        }
        estimate.cost_usd = cost(&estimate, &order.llm_profile);
        Ok(estimate)
    }
}

impl Estimate {
    fn add(&mut self, visit: Visit, describer: &dyn Describer, options: &RunOptions, about: Option<&Arc<str>>) {
        let Visit { table, subjects } = visit;
        let needed = |subject: &Subject| !options.missing_only || comment_of(&table, *subject).is_none();
        let subjects: Vec<Subject> = subjects.into_iter().filter(needed).collect();
        if subjects.is_empty() {
            return;
        }
        self.tables += 1;
        for batch in subjects.chunks(describer.batch_size(options).max(1)) {
            let request = DescribeRequest {
                table: table.clone(),
                statistics: None,
                lineage: Arc::default(),
                names: Arc::default(),
                neighbours: Arc::default(),
                documented: Arc::default(),
                subjects: batch.to_vec(),
                revisions: Vec::new(),
                options: options.clone(),
                about: about.cloned(),
                is_retry: false,
            };
            let bound = describer.bound(&request);
            let usual = i64::try_from(batch.len()).unwrap_or(i64::MAX) * usual_tokens(options);
            self.assets += i32::try_from(batch.len()).unwrap_or(i32::MAX);
            self.requests += 1;
            self.input_tokens += bound.likely_input_tokens;
            self.output_tokens += usual.min(bound.output_tokens);
        }
    }
}

/// Returns the number of tokens that an answer for one asset usually takes.
fn usual_tokens(options: &RunOptions) -> i64 {
    let wording = match options.verbosity {
        Verbosity::Brief => 15,
        Verbosity::Detailed => 35,
        Verbosity::Comprehensive => 80,
    };
    wording * i64::from(options.alternatives) + TOKENS_AROUND
}

#[expect(clippy::cast_precision_loss, reason = "tokens are far below 2^52")]
fn cost(estimate: &Estimate, profile: &LlmProfile) -> Option<f64> {
    let settings = &profile.settings;
    if settings.provider == LlmProvider::Builtin {
        return Some(0.0);
    }
    let (input, output) = settings.input_cost_per_million_tokens.zip(settings.output_cost_per_million_tokens)?;
    Some((estimate.input_tokens as f64 * input + estimate.output_tokens as f64 * output) / 1e6)
}

fn unusable_model(error: &ModelError) -> Error {
    if error.is_transient() {
        Error::unavailable(error.to_string())
    } else {
        Error::bad_input("input.llmProfileId", error.to_string())
    }
}
