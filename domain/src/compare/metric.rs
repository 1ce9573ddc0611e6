//! The metrics of a comparison, each with its winners.
//!
//! The rule: an unmeasured value is `None` and never wins; equal best values share the win; a NEUTRAL metric has no
//! winner. To add a metric, add a variant and a line to each `match`, and describe it in the schema.

use super::figures::TextFigures;
use crate::{clock::Moment, profile::LlmProvider, run::Run, spelling::spelled, suggestion::ReviewCounts};

/// Which values of a metric are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricDirection {
    /// The lowest value wins.
    LowerIsBetter,
    /// The highest value wins.
    HigherIsBetter,
    /// No value wins: which is better depends on the purpose.
    Neutral,
}

spelled!(MetricDirection {
    LowerIsBetter => "LOWER_IS_BETTER", HigherIsBetter => "HIGHER_IS_BETTER", Neutral => "NEUTRAL",
});

/// A metric. The schema describes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the schema holds the definition of each, in one place")]
pub enum MetricName {
    WallSeconds,
    ModelSeconds,
    InputTokens,
    OutputTokens,
    TotalTokens,
    CostUsd,
    AverageLogprob,
    AverageConfidence,
    HighConfidenceShare,
    MediumConfidenceShare,
    LowConfidenceShare,
    ApprovalRate,
    Suggestions,
    FailedAssets,
    TypeTokenRatio,
    SchemaGrounding,
    InformativeShare,
    Agreement,
    Chrf,
    RougeL,
    EditSimilarity,
    WinRate,
}

spelled!(MetricName {
    WallSeconds => "WALL_SECONDS", ModelSeconds => "MODEL_SECONDS", InputTokens => "INPUT_TOKENS",
    OutputTokens => "OUTPUT_TOKENS", TotalTokens => "TOTAL_TOKENS", CostUsd => "COST_USD",
    AverageLogprob => "AVERAGE_LOGPROB", AverageConfidence => "AVERAGE_CONFIDENCE",
    HighConfidenceShare => "HIGH_CONFIDENCE_SHARE", MediumConfidenceShare => "MEDIUM_CONFIDENCE_SHARE",
    LowConfidenceShare => "LOW_CONFIDENCE_SHARE", ApprovalRate => "APPROVAL_RATE", Suggestions => "SUGGESTIONS",
    FailedAssets => "FAILED_ASSETS", TypeTokenRatio => "TYPE_TOKEN_RATIO", SchemaGrounding => "SCHEMA_GROUNDING",
    InformativeShare => "INFORMATIVE_SHARE", Agreement => "AGREEMENT", Chrf => "CHRF",
        RougeL => "ROUGE_L", EditSimilarity => "EDIT_SIMILARITY", WinRate => "WIN_RATE",
});

impl MetricName {
    /// Which values are better.
    #[must_use]
    pub const fn direction(self) -> MetricDirection {
        use MetricDirection::{HigherIsBetter, LowerIsBetter, Neutral};
        match self {
            Self::WallSeconds
            | Self::ModelSeconds
            | Self::InputTokens
            | Self::OutputTokens
            | Self::TotalTokens
            | Self::CostUsd
            | Self::LowConfidenceShare
            | Self::FailedAssets => LowerIsBetter,
            Self::AverageLogprob
            | Self::AverageConfidence
            | Self::HighConfidenceShare
            | Self::ApprovalRate
            | Self::SchemaGrounding
            | Self::InformativeShare
            | Self::Chrf
            | Self::RougeL
            | Self::EditSimilarity
            | Self::WinRate => HigherIsBetter,
            Self::MediumConfidenceShare | Self::Suggestions | Self::TypeTokenRatio | Self::Agreement => Neutral,
        }
    }

    /// The unit of the values; `None` for shares and similarities from 0 to 1.
    #[must_use]
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::WallSeconds | Self::ModelSeconds => Some("s"),
            Self::InputTokens | Self::OutputTokens | Self::TotalTokens => Some("tokens"),
            Self::CostUsd => Some("USD"),
            Self::AverageLogprob => Some("nats per token"),
            Self::Suggestions => Some("suggestions"),
            Self::FailedAssets => Some("assets"),
            _ => None,
        }
    }

    fn of(self, run: &RunFigures<'_>, now: Moment) -> Option<f64> {
        let RunFigures { run, reviews, texts, win_rate } = run;
        let usage = &run.usage;
        // Zero tokens are not a measurement: the run used the builtin describer or sent no request.
        let tokens = |tokens: i64| (usage.total_tokens() > 0).then(|| number(tokens));
        let share = |part: u64| (texts.suggestions > 0).then(|| ratio(part, texts.suggestions));
        match self {
            Self::WallSeconds => run.duration_ms(now).map(|ms| number(ms) / 1_000.0),
            Self::ModelSeconds => (usage.model_ms > 0).then(|| number(usage.model_ms) / 1_000.0),
            Self::InputTokens => tokens(usage.input_tokens),
            Self::OutputTokens => tokens(usage.output_tokens),
            Self::TotalTokens => tokens(usage.total_tokens()),
            Self::CostUsd => {
                let measured = usage.total_tokens() > 0 || run.spec.provider == Some(LlmProvider::Builtin);
                usage.cost_usd.filter(|_| measured && usage.requests > 0)
            }
            Self::AverageLogprob => texts.logprob.value(),
            Self::AverageConfidence => texts.confidence.value(),
            Self::HighConfidenceShare => share(texts.high),
            Self::MediumConfidenceShare => share(texts.medium),
            Self::LowConfidenceShare => share(texts.low),
            Self::ApprovalRate => {
                let approved = i64::from(reviews.accepted) + i64::from(reviews.edited);
                let decided = approved + i64::from(reviews.skipped);
                (decided > 0).then(|| number(approved) / number(decided))
            }
            Self::Suggestions => Some(ratio(texts.suggestions, 1)),
            Self::FailedAssets => run.progress.total.map(|_| f64::from(run.progress.failed)),
            Self::TypeTokenRatio => (texts.words > 0).then(|| ratio(texts.distinct_words, texts.words)),
            Self::SchemaGrounding => texts.grounding.value(),
            Self::InformativeShare => share(texts.informative),
            Self::Agreement => texts.agreement.value(),
            Self::Chrf => texts.chrf.value(),
            Self::RougeL => texts.rouge_l.value(),
            Self::EditSimilarity => texts.edit_similarity.value(),
            Self::WinRate => *win_rate,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 of anything")]
const fn number(count: i64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 of anything")]
const fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The inputs for the metrics of one run.
#[derive(Debug, Clone, Copy)]
pub struct RunFigures<'a> {
    /// The run in its current state.
    pub run: &'a Run,
    /// The counts of its reviews.
    pub reviews: &'a ReviewCounts,
    /// The figures of its texts.
    pub texts: &'a TextFigures,
    /// The share of the verdicts that its texts won; `None` if there is none.
    pub win_rate: Option<f64>,
}

/// A metric over several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedMetric {
    /// The metric.
    pub name: MetricName,
    /// One value per run; `None` if unmeasured.
    pub values: Vec<Option<f64>>,
    /// The indices of the winning runs.
    pub winners: Vec<usize>,
}

impl ComparedMetric {
    fn new(name: MetricName, values: Vec<Option<f64>>) -> Self {
        let measured = values.iter().flatten().copied();
        let best = match name.direction() {
            MetricDirection::LowerIsBetter => measured.reduce(f64::min),
            MetricDirection::HigherIsBetter => measured.reduce(f64::max),
            MetricDirection::Neutral => None,
        };
        let wins = |value: &Option<f64>| best.is_some() && *value == best;
        let winners = values.iter().enumerate().filter(|(_, value)| wins(value)).map(|(at, _)| at).collect();
        Self { name, values, winners }
    }
}

/// All metrics of some runs, in the order of the contract. A run in progress is measured as of `now`.
#[must_use]
pub fn metrics(runs: &[RunFigures<'_>], now: Moment) -> Vec<ComparedMetric> {
    let of = |name: &MetricName| ComparedMetric::new(*name, runs.iter().map(|run| name.of(run, now)).collect());
    MetricName::ALL.iter().map(of).collect()
}
