//! Verdicts: which of two texts for an asset a model prefers.
//!
//! The rules: a judge sees each pair in both orders and does not learn who wrote a text. If the order decides, no text
//! is better. The first text of a pair is that of the run with the lower number. A suggestion's text never changes, so
//! a verdict holds as long as both suggestions exist; of several verdicts on a pair, the newest counts.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    id::{RunId, SuggestionId},
    spelling::spelled,
    suggestion::Evidence,
};

/// What a judge prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Preference {
    /// The first text.
    First,
    /// The second text.
    Second,
    /// Neither text.
    Tie,
}

spelled!(Preference { First => "FIRST", Second => "SECOND", Tie => "TIE" });

impl Preference {
    /// The preference if the texts are exchanged.
    #[must_use]
    pub const fn exchanged(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
            Self::Tie => Self::Tie,
        }
    }
}

/// What a judge says of two texts in one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// The preferred text.
    pub prefers: Preference,
    /// The reason, in the judge's words. It calls the texts A and B, as it saw them.
    pub reason: String,
}

/// The opinions on a pair: on the first text before the second, and in the other order. Both name a preference in terms
/// of the pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinions(pub [Opinion; 2]);

impl Opinions {
    /// The preference that both opinions share; otherwise a tie.
    #[must_use]
    pub const fn outcome(&self) -> Preference {
        match (self.0[0].prefers, self.0[1].prefers) {
            (Preference::First, Preference::First) => Preference::First,
            (Preference::Second, Preference::Second) => Preference::Second,
            _ => Preference::Tie,
        }
    }
}

/// Two texts for one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The suggestion of the run with the lower number.
    pub first: SuggestionId,
    /// The suggestion of the other run.
    pub second: SuggestionId,
    /// The runs of the suggestions.
    pub runs: (RunId, RunId),
}

impl Pair {
    /// What both suggestions know of their asset, each fact once.
    #[must_use]
    pub fn facts(&self, evidence: &HashMap<SuggestionId, Vec<Evidence>>) -> Vec<Evidence> {
        let mut facts: Vec<Evidence> = Vec::new();
        for fact in [self.first, self.second].iter().filter_map(|id| evidence.get(id)).flatten() {
            if !facts.contains(fact) {
                facts.push(fact.clone());
            }
        }
        facts
    }
}

/// A verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The run that gave it.
    pub run_id: RunId,
    /// The texts.
    pub pair: Pair,
    /// The opinions.
    pub opinions: Opinions,
}

/// The texts that a new run judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJudging {
    /// The runs whose texts are compared, by number.
    pub runs: Vec<RunId>,
    /// One pair for each row, in the order of the rows.
    pub pairs: Vec<Pair>,
}

impl NewJudging {
    /// The judged runs in one line: `#3, #7`.
    #[must_use]
    pub fn summary(&self) -> String {
        self.runs.iter().map(|run| format!("#{run}")).collect::<Vec<_>>().join(", ")
    }
}

/// The number of verdicts with the same outcome on the texts of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictTally {
    /// The runs of the first and of the second texts.
    pub runs: (RunId, RunId),
    /// The outcome.
    pub outcome: Preference,
    /// Number of verdicts.
    pub count: u64,
}

/// Each run's share of the verdicts on its texts that it won, where a tie counts half. A run without verdicts is
/// missing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "no store holds 2^52 verdicts")]
pub fn win_rates(tallies: &[VerdictTally]) -> HashMap<RunId, f64> {
    let mut sums: HashMap<RunId, (f64, f64)> = HashMap::new();
    for VerdictTally { runs: (first, second), outcome, count } in tallies {
        let won = match outcome {
            Preference::First => 1.0,
            Preference::Second => 0.0,
            Preference::Tie => 0.5,
        };
        for (run, won) in [(first, won), (second, 1.0 - won)] {
            let (wins, verdicts) = sums.entry(*run).or_default();
            *wins += won * *count as f64;
            *verdicts += *count as f64;
        }
    }
    sums.into_iter().map(|(run, (wins, verdicts))| (run, wins / verdicts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_decides_makes_a_tie() {
        use Preference::{First, Second, Tie};
        let outcome = |one, two| {
            let opinion = |prefers| Opinion { prefers, reason: String::new() };
            Opinions([opinion(one), opinion(two)]).outcome()
        };
        for (one, two, expected) in [
            (First, First, First),
            (Second, Second, Second),
            (First, Second, Tie),
            (First, Tie, Tie),
            (Tie, Second, Tie),
            (Tie, Tie, Tie),
        ] {
            assert_eq!(outcome(one, two), expected);
        }
    }

    #[test]
    fn ties_count_half() {
        let tally =
            |one: i64, two: i64, outcome, count| VerdictTally { runs: (RunId(one), RunId(two)), outcome, count };
        let rates = win_rates(&[
            tally(1, 2, Preference::First, 2),
            tally(1, 2, Preference::Tie, 1),
            tally(1, 3, Preference::Second, 1),
        ]);
        assert_eq!(rates[&RunId(1)].to_bits(), (2.5_f64 / 4.0).to_bits());
        assert_eq!(rates[&RunId(2)].to_bits(), (0.5_f64 / 3.0).to_bits());
        assert_eq!(rates[&RunId(3)].to_bits(), 1.0_f64.to_bits());
        assert_eq!(rates.get(&RunId(4)), None);
    }
}
