//! The metrics. Their descriptions here are their only definitions.

use async_graphql::{Enum, ID, SimpleObject};

use crate::domain::compare;

/// Which values of a metric are better.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::MetricDirection")]
pub enum MetricDirection {
    /// The lowest value wins.
    LowerIsBetter,
    /// The highest value wins.
    HigherIsBetter,
    /// There is no winner: which value is better depends on the purpose.
    Neutral,
}

/// A metric of a run. "Texts" are the descriptions as the model wrote them, regardless of reviews.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::MetricName")]
pub enum MetricName {
    /// `durationSeconds`: the time that the run was RUNNING; null before its start.
    WallSeconds,
    /// Seconds spent waiting for the model, summed over parallel requests; null if not measured, as with BUILTIN.
    ModelSeconds,
    /// Tokens sent to the model, estimated if the provider does not report them; null for BUILTIN.
    InputTokens,
    /// Tokens received from the model, estimated if the provider does not report them; null for BUILTIN.
    OutputTokens,
    /// Input and output tokens together; null for BUILTIN.
    TotalTokens,
    /// Cost in United States dollars: 0 for BUILTIN; null if the price is unknown or no request was sent.
    CostUsd,
    /// The suggestions' mean log-probability per token, averaged; null if the provider gives none.
    AverageLogprob,
    /// Mean confidence of the suggestions, 0 to 1.
    AverageConfidence,
    /// The share of suggestions with a confidence of 0.75 or more.
    HighConfidenceShare,
    /// The share of suggestions with a confidence of 0.50 or more, but below 0.75.
    MediumConfidenceShare,
    /// The share of suggestions with a confidence below 0.50.
    LowConfidenceShare,
    /// The share of accepted and edited suggestions among those that were decided; null if none was.
    ApprovalRate,
    /// The number of suggestions.
    Suggestions,
    /// The number of assets that failed; null before the scope is resolved.
    FailedAssets,
    /// The number of distinct words divided by the number of words, over all texts in lower case: the variety of the
    /// vocabulary. It falls as texts get longer, so compare runs of similar size.
    TypeTokenRatio,
    /// The mean share of the words of an asset's name and column type that its text mentions. Names are split as the
    /// builtin describer splits them. A word counts if the text contains it, or the word that it abbreviates, in the
    /// singular or plural. Numbers do not count.
    SchemaGrounding,
    /// The share of suggestions with the substance INFORMATIVE.
    InformativeShare,
    /// Mean chrF to the texts of the other runs, over all assets that both have, in both directions.
    Agreement,
    /// Mean chrF against the reference, over the assets that have one (character order 6, word order 0, beta 2, the
    /// defaults of sacrebleu); null for the baseline itself.
    Chrf,
    /// Mean ROUGE-L against the reference, over the assets that have one: the F1 score of the longest common
    /// subsequence of lower-cased words; null for the baseline itself.
    RougeL,
    /// Mean edit similarity to the reference, over the assets that have one: 1 minus the Levenshtein distance divided
    /// by the length of the longer text, in characters; null for the baseline itself.
    EditSimilarity,
    /// The share of a judge's verdicts that the run's texts won against the texts of the other compared runs; a tie
    /// counts half. Null if no judge has compared them: see `judgeRuns`.
    WinRate,
}

/// A metric of the runs. A value that was not measured is null and never wins; equal best values share the win.
#[derive(SimpleObject, Debug, Clone)]
pub struct ComparedMetric {
    /// The metric.
    name: MetricName,
    /// Which values are better.
    direction: MetricDirection,
    /// The unit of the values; null for shares and similarities, which are 0 to 1.
    unit: Option<String>,
    /// One value per run, in the order of `runs`; null if it was not measured.
    values: Vec<Option<f64>>,
    /// The runs with the best value. Empty if the metric is NEUTRAL or was not measured.
    winners: Vec<ID>,
}

impl ComparedMetric {
    /// Converts a metric. `runs` are the ids of the compared runs, in the metric's order.
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
