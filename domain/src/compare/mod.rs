//! Comparisons of runs: which assets they share, how similar their texts are, and which run is better by which metric.
//!
//! The rule: a comparison has two to four distinct runs. Their order changes only the order of the display. Assets
//! match by kind, schema, table and column, regardless of the profile. `text` measures the similarity of two texts,
//! `figures` sums it up, `metric` determines the winners, and `difference` and `diff` show what differs. To add a
//! metric, see `metric.rs`.

pub mod diff;
mod difference;
mod figures;
mod grounding;
mod metric;
pub mod text;

pub use difference::{RunDifference, differences};
pub use figures::{Group, Likeness, Mean, Part, SIMILAR_FROM, Sum, TextFigures};
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

/// The agreement of the texts for one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Equal after trimming and folding white space.
    Same,
    /// Not equal, but with a mean mutual chrF of at least [`SIMILAR_FROM`].
    Similar,
    /// Less similar than that.
    Different,
    /// At least one run has no text for the asset.
    Missing,
}

spelled!(Agreement { Same => "SAME", Similar => "SIMILAR", Different => "DIFFERENT", Missing => "MISSING" });

/// A text of one of the runs, as read for the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedText {
    /// The run.
    pub run_id: RunId,
    /// The suggestion.
    pub suggestion_id: SuggestionId,
    /// The asset that the text describes.
    pub asset: AssetPath,
    /// The column's type as the database spells it.
    pub data_type: Option<String>,
    /// The first wording.
    pub description: String,
    /// The confidence, 0 to 1.
    pub confidence: f64,
    /// Mean log-probability per token; `None` if the provider does not report it.
    pub logprob: Option<f64>,
    /// The comment in the database when the run read it.
    pub existing_comment: Option<String>,
}

/// An asset that at least one of the runs described.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedAsset {
    /// Its path, without a database if the runs found it in different ones.
    pub asset: AssetPath,
    /// One suggestion per run; `None` if the run has none for the asset.
    pub suggestions: Vec<Option<SuggestionId>>,
    /// The agreement as a category.
    pub agreement: Agreement,
    /// Mean mutual chrF of the texts; `None` for fewer than two texts.
    pub similarity: Option<f64>,
    /// The text that the metrics use as the reference.
    pub reference: Option<String>,
}

/// A filter of assets. A field that is `None` does not restrict; an empty list matches nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparedAssetFilter {
    /// Assets with one of these agreements.
    pub agreement: Option<Vec<Agreement>>,
    /// Assets of one of these kinds.
    pub kinds: Option<Vec<AssetKind>>,
    /// Assets whose name or one of whose texts contains this text. Letter case is ignored; `%` and `_` match literally.
    pub search: Option<String>,
}

/// The key of a stored comparison: the runs and the source of the references.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ComparedSet {
    /// The runs, sorted by number.
    pub runs: Vec<RunId>,
    /// The baseline; it may be one of the runs.
    pub baseline: Option<RunId>,
}

impl ComparedSet {
    /// Validates a selection of runs.
    ///
    /// # Errors
    /// As [`check_selection`], on `ids`.
    pub fn new(ids: &[RunId], baseline: Option<RunId>) -> Result<Self> {
        check_selection(ids, "ids")?;
        let mut runs = ids.to_vec();
        runs.sort_unstable();
        Ok(Self { runs, baseline })
    }

    /// The key as text: `3,12`, or `3,12|5` with a baseline.
    #[must_use]
    pub fn key(&self) -> String {
        let runs: Vec<String> = self.runs.iter().map(ToString::to_string).collect();
        let baseline = self.baseline.map(|id| format!("|{id}")).unwrap_or_default();
        runs.join(",") + &baseline
    }

    /// All runs whose texts are read: the compared ones, and the baseline if it is another run.
    #[must_use]
    pub fn read(&self) -> Vec<RunId> {
        let other = self.baseline.filter(|id| !self.runs.contains(id));
        self.runs.iter().copied().chain(other).collect()
    }
}

/// Checks a selection of runs to compare.
///
/// # Errors
/// Returns `BadInput` on `argument` if there are fewer than two or more than four, and on the position of an id that is
/// repeated.
pub fn check_selection(ids: &[RunId], argument: &str) -> Result<()> {
    if !(2..=4).contains(&ids.len()) {
        let given = match ids.len() {
            0 => "no run was given".to_owned(),
            1 => "one run was given".to_owned(),
            many => format!("{many} runs were given"),
        };
        return Err(Error::bad_input(argument, format!("{given}; pass two to four")));
    }
    for (at, id) in ids.iter().enumerate() {
        if ids[..at].contains(id) {
            let message = format!("run #{id} was given twice; pass it once");
            return Err(Error::bad_input(format!("{argument}.{at}"), message));
        }
    }
    Ok(())
}

/// Checks that a run describes assets.
///
/// # Errors
/// Returns `BadInput` on `argument` for a run that answers a question or judges texts.
pub fn check_comparable(run: &Run, argument: &str) -> Result<()> {
    let what = match run.spec.kind {
        RunKind::Ask => "answers a question",
        RunKind::Judge => "judges texts of other runs",
        RunKind::Analyze | RunKind::Rerun | RunKind::Generate | RunKind::Schedule => return Ok(()),
    };
    let message = format!("run #{} {what} and describes no assets; choose a run that describes assets", run.id);
    Err(Error::bad_input(argument, message))
}

/// A stamp of a run's texts. A stored comparison is valid while the stamps are unchanged, since suggestions are only
/// ever added. The `i` marks figures with the informative share, which earlier versions did not store.
#[must_use]
pub fn stamp(run: &Run) -> String {
    let progress = &run.progress;
    format!("{}:{}/{}/{}i", run.id, progress.done, progress.failed, progress.skipped)
}

/// The key by which assets of several runs match: the path below the database, and the kind.
#[must_use]
pub fn match_key(asset: &AssetPath) -> (String, AssetKind) {
    let below = AssetPath { database: None, ..asset.clone() };
    (below.key(), asset.kind)
}
