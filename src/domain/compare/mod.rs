//! Comparing runs: which assets they share, how alike their texts are, which run is better by which measure.
//!
//! The rule: two to four runs, each once; the order in which they are named changes nothing but the order of what is
//! shown. Assets match by kind, schema, table and column, whatever the profile. `text` says how alike two texts are,
//! `figures` adds that up, `metric` names winners, `difference` and `diff` show what is unlike. To add a metric, see
//! `metric.rs`.

pub mod diff;
mod difference;
mod figures;
mod grounding;
mod metric;
pub mod text;

pub use difference::{RunDifference, differences};
pub use figures::{Group, Mean, Part, SIMILAR_FROM, Sum, TextFigures, Verdict};
pub use grounding::grounding;
pub use metric::{ComparedMetric, MetricDirection, MetricName, RunFigures, metrics};

use super::{
    Error, Result,
    asset::{AssetKind, AssetPath},
    id::{RunId, SuggestionId},
    run::Run,
    spelling::spelled,
    status::RunKind,
};

/// How the texts for one asset relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Equal after trimming and folding white space.
    Same,
    /// Mean mutual chrF of at least [`SIMILAR_FROM`].
    Similar,
    /// Less alike.
    Different,
    /// Some run has nothing for it.
    Missing,
}

spelled!(Agreement { Same => "SAME", Similar => "SIMILAR", Different => "DIFFERENT", Missing => "MISSING" });

/// A text of one of the runs, as the pass over all of them reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedText {
    /// The run.
    pub run_id: RunId,
    /// The suggestion.
    pub suggestion_id: SuggestionId,
    /// What it describes.
    pub asset: AssetPath,
    /// The column's type as the database spells it.
    pub data_type: Option<String>,
    /// The first wording.
    pub description: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Mean log-probability per token.
    pub logprob: Option<f64>,
    /// The comment that stood in the database when the run looked.
    pub existing_comment: Option<String>,
}

/// An asset that some of the runs touched.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedAsset {
    /// Where it stands; without a database where the runs saw it in several.
    pub asset: AssetPath,
    /// One per run; `None` where the run has nothing for it.
    pub suggestions: Vec<Option<SuggestionId>>,
    /// In one word.
    pub agreement: Agreement,
    /// Mean mutual chrF of the texts; `None` with fewer than two.
    pub similarity: Option<f64>,
    /// The text that the metrics take for the truth.
    pub reference: Option<String>,
}

/// Which assets; an absent part does not restrict, an empty list lets nothing through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparedAssetFilter {
    /// With one of these agreements.
    pub agreement: Option<Vec<Agreement>>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<AssetKind>>,
    /// Whose name or one of whose texts holds this; letter case does not count, `%` and `_` are plain.
    pub search: Option<String>,
}

/// What one comparison is kept under: the runs and where the references come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ComparedSet {
    /// The runs, by number.
    pub runs: Vec<RunId>,
    /// The baseline, which may be one of them.
    pub baseline: Option<RunId>,
}

impl ComparedSet {
    /// Checks which runs a person wants compared.
    ///
    /// # Errors
    /// `BadInput` on `ids` for fewer than two or more than four, on the place of one that stands twice.
    pub fn new(ids: &[RunId], baseline: Option<RunId>) -> Result<Self> {
        if !(2..=4).contains(&ids.len()) {
            let given = match ids.len() {
                0 => "no run was given".to_owned(),
                1 => "one run was given".to_owned(),
                many => format!("{many} runs were given"),
            };
            return Err(Error::bad_input("ids", format!("{given}; pass two to four")));
        }
        for (at, id) in ids.iter().enumerate() {
            if ids[..at].contains(id) {
                return Err(Error::bad_input(format!("ids.{at}"), format!("run #{id} was given twice; pass it once")));
            }
        }
        let mut runs = ids.to_vec();
        runs.sort_unstable();
        Ok(Self { runs, baseline })
    }

    /// How it is spelled: `3,12` or `3,12|5` with a baseline.
    #[must_use]
    pub fn key(&self) -> String {
        let runs: Vec<String> = self.runs.iter().map(ToString::to_string).collect();
        let baseline = self.baseline.map(|id| format!("|{id}")).unwrap_or_default();
        runs.join(",") + &baseline
    }

    /// All runs whose texts are read: those compared, and the baseline where it is another.
    #[must_use]
    pub fn read(&self) -> Vec<RunId> {
        let other = self.baseline.filter(|id| !self.runs.contains(id));
        self.runs.iter().copied().chain(other).collect()
    }
}

/// Refuses a run that describes no assets.
///
/// # Errors
/// `BadInput` on the argument.
pub fn check_comparable(run: &Run, argument: &str) -> Result<()> {
    if run.spec.kind == RunKind::Ask {
        let message =
            format!("run #{} answers a question and describes no assets; choose a run that describes assets", run.id);
        return Err(Error::bad_input(argument, message));
    }
    Ok(())
}

/// What tells whether a run's texts are the ones that a kept comparison saw: suggestions are only ever added. The `i`
/// is for figures with the informative share, which earlier versions did not keep.
#[must_use]
pub fn stamp(run: &Run) -> String {
    let progress = &run.progress;
    format!("{}:{}/{}/{}i", run.id, progress.done, progress.failed, progress.skipped)
}

/// By what assets of several runs match: the kind, and the path below the database.
#[must_use]
pub fn match_key(asset: &AssetPath) -> (String, AssetKind) {
    let below = AssetPath { database: None, ..asset.clone() };
    (below.key(), asset.kind)
}
