//! The metrics: their definitions stand in the descriptions here, and nowhere else.

use async_graphql::{Enum, ID, SimpleObject};

use crate::domain::compare;

/// Which values of a metric are good.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::MetricDirection")]
pub enum MetricDirection {
    /// The lowest value wins.
    LowerIsBetter,
    /// The highest value wins.
    HigherIsBetter,
    /// There is no winner: what is good depends on what is wanted.
    Neutral,
}

/// What is measured of each run. "Texts" are descriptions, the first wordings, whatever a review made of them.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::MetricName")]
pub enum MetricName {
    /// `durationSeconds`: the spans in which the run was RUNNING or APPLYING; null before its start.
    WallSeconds,
    /// Seconds spent waiting for the model, added up over parallel requests; null where none were measured, as with
    /// BUILTIN.
    ModelSeconds,
    /// Tokens sent to the model, estimated where the provider does not report them; null for BUILTIN, which has none.
    InputTokens,
    /// Tokens received from the model, estimated where the provider does not report them; null for BUILTIN.
    OutputTokens,
    /// Both together; null for BUILTIN.
    TotalTokens,
    /// Cost in United States dollars: 0 for BUILTIN; null where no price is known or nothing was asked.
    CostUsd,
    /// Mean over the suggestions of their mean log-probability per token; null where the provider gives none.
    AverageLogprob,
    /// Mean confidence of the suggestions, 0 to 1.
    AverageConfidence,
    /// The share of suggestions with a confidence from 0.75.
    HighConfidenceShare,
    /// The share of suggestions with a confidence from 0.50 to below 0.75.
    MediumConfidenceShare,
    /// The share of suggestions with a confidence below 0.50.
    LowConfidenceShare,
    /// The accepted and edited among the suggestions that were decided on; null while none was.
    ApprovalRate,
    /// How many suggestions the run has.
    Suggestions,
    /// How many assets the run gave up; null before its scope is resolved.
    FailedAssets,
    /// Different words of all texts by words of all texts, in lower case, words as Unicode cuts them: the variety of
    /// the vocabulary. It falls as texts become more, so compare runs of like size.
    TypeTokenRatio,
    /// Mean over the suggestions of the share of the words of the asset's own name and of its column type that the text
    /// mentions. Names are cut as the builtin describer cuts them; a word counts as mentioned where the text has it or
    /// what it abbreviates, in the singular or plural; numbers are left out.
    SchemaGrounding,
    /// Share of the suggestions whose substance is INFORMATIVE.
    InformativeShare,
    /// Mean chrF to the texts of the other runs, over all assets that both have. Neither is the reference, so each pair
    /// counts as the mean of both ways.
    Agreement,
    /// Mean chrF against the reference, over the assets that have one (characters up to 6, no words, beta 2, as
    /// sacrebleu's default); null for the baseline itself.
    Chrf,
    /// Mean ROUGE-L against the reference, over the assets that have one: F1 of the longest common subsequence of
    /// lower-cased words; null for the baseline itself.
    RougeL,
    /// Mean edit similarity to the reference, over the assets that have one: 1 minus the Levenshtein distance divided
    /// by the length of the longer text, in characters; null for the baseline itself.
    EditSimilarity,
}

/// A metric over the runs. A value that was not measured is null and never wins; equal best values share the win.
#[derive(SimpleObject, Debug, Clone)]
pub struct ComparedMetric {
    /// What is measured.
    name: MetricName,
    /// Which values are good.
    direction: MetricDirection,
    /// What the values count; null for shares and similarities, which go from 0 to 1.
    unit: Option<String>,
    /// One per run, in the order of `runs`; null where it was not measured.
    values: Vec<Option<f64>>,
    /// The runs with the best value; none where the metric is NEUTRAL or nothing was measured.
    winners: Vec<ID>,
}

impl ComparedMetric {
    /// A metric, with the ids of the runs in their order.
    pub fn new(metric: compare::ComparedMetric, runs: &[ID]) -> Self {
        Self {
            name: metric.name.into(),
            direction: metric.name.direction().into(),
            unit: metric.name.unit().map(str::to_owned),
            values: metric.values,
            winners: metric.winners.iter().map(|at| runs[*at].clone()).collect(),
        }
    }
}
