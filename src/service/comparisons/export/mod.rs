//! Exports a comparison as CSV, JSON or Markdown, all with the same content.
//!
//! The rules: an export is read page by page. A number has its shortest exact form, and a missing value is empty. To
//! add a format, implement `Writer` and add it to [`ExportFormat`].

mod csv;
mod json;
mod markdown;

use std::{collections::HashMap, sync::Arc};

use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;

use super::{Comparison, Comparisons};
use crate::{
    domain::{
        Result,
        clock::Moment,
        compare::{ComparedAsset, ComparedAssetFilter, ComparedMetric, RunDifference},
        id::SuggestionId,
        judge::{Preference, Verdict},
        page::PageRequest,
        run::Run,
        spelling::spelled,
        suggestion::Suggestion,
    },
    service::export::{collected, spelled_moment},
};

/// Number of assets read at a time.
const ASSETS_AT_ONCE: usize = 500;

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// A table as in RFC 4180.
    Csv,
    /// A JSON object.
    Json,
    /// Tables for people.
    Markdown,
}

spelled!(ExportFormat { Csv => "CSV", Json => "JSON", Markdown => "MARKDOWN" });

/// Everything before the assets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    as_of: Moment,
    complete: bool,
    baseline: Option<i64>,
    runs: Vec<RunFacts>,
    differences: Vec<Difference>,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunFacts {
    number: i64,
    kind: &'static str,
    command: &'static str,
    status: &'static str,
    scope: String,
    db_profile: Option<String>,
    llm_profile: Option<String>,
    model: Option<String>,
    created_at: Moment,
    started_at: Option<Moment>,
    finished_at: Option<Moment>,
}

#[derive(Serialize)]
struct Difference {
    setting: &'static str,
    values: Vec<Option<String>>,
}

#[derive(Serialize)]
struct Metric {
    name: &'static str,
    direction: &'static str,
    unit: Option<&'static str>,
    values: Vec<Option<f64>>,
    /// The numbers of the winning runs.
    winners: Vec<i64>,
}

/// One compared asset.
#[derive(Serialize)]
struct Line {
    asset: String,
    kind: &'static str,
    agreement: &'static str,
    similarity: Option<f64>,
    reference: Option<String>,
    cells: Vec<Option<Cell>>,
    verdicts: Vec<LineVerdict>,
}

#[derive(Serialize)]
struct Cell {
    description: String,
    confidence: f64,
    review: &'static str,
}

/// The newest verdict on two of an asset's texts. Runs are given by number.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineVerdict {
    /// The run that judged.
    judge: i64,
    /// The run with the better text; `None` for a tie.
    winner: Option<i64>,
    /// One for each order of the texts.
    opinions: [LineOpinion; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineOpinion {
    /// The run whose text the judge saw first.
    shown_first: i64,
    reason: String,
}

impl From<Verdict> for LineVerdict {
    fn from(verdict: Verdict) -> Self {
        let (first, second) = (verdict.pair.runs.0.0, verdict.pair.runs.1.0);
        let winner = match verdict.opinions.outcome() {
            Preference::First => Some(first),
            Preference::Second => Some(second),
            Preference::Tie => None,
        };
        let [one, two] = verdict.opinions.0;
        let opinions = [
            LineOpinion { shown_first: first, reason: one.reason },
            LineOpinion { shown_first: second, reason: two.reason },
        ];
        Self { judge: verdict.run_id.0, winner, opinions }
    }
}

impl Head {
    /// Returns the facts about the comparison as a whole.
    fn facts(&self) -> [(&'static str, Option<String>); 3] {
        let baseline = self.baseline.map(|number| format!("#{number}"));
        [
            ("asOf", Some(spelled_moment(self.as_of))),
            ("complete", Some(self.complete.to_string())),
            ("baseline", baseline),
        ]
    }

    /// Returns the facts about the runs, with one value per run.
    fn run_facts(&self) -> Vec<(&'static str, Vec<Option<String>>)> {
        type Read = fn(&RunFacts) -> Option<String>;
        const FACTS: [(&str, Read); 10] = [
            ("kind", |run| Some(run.kind.to_owned())),
            ("command", |run| Some(run.command.to_owned())),
            ("status", |run| Some(run.status.to_owned())),
            ("scope", |run| Some(run.scope.clone())),
            ("dbProfile", |run| run.db_profile.clone()),
            ("llmProfile", |run| run.llm_profile.clone()),
            ("model", |run| run.model.clone()),
            ("createdAt", |run| Some(spelled_moment(run.created_at))),
            ("startedAt", |run| run.started_at.map(spelled_moment)),
            ("finishedAt", |run| run.finished_at.map(spelled_moment)),
        ];
        FACTS.iter().map(|(name, read)| (*name, self.runs.iter().map(read).collect())).collect()
    }
}

fn head(comparison: &Comparison, metrics: Vec<ComparedMetric>) -> Head {
    let facts = |run: &Arc<Run>| RunFacts {
        number: run.id.0,
        kind: run.spec.kind.as_str(),
        command: run.spec.command.as_str(),
        status: run.status.as_str(),
        scope: run.scope_summary.clone(),
        db_profile: run.spec.db_profile_name.clone(),
        llm_profile: run.spec.llm_profile_name.clone(),
        model: run.spec.model.clone(),
        created_at: run.created_at,
        started_at: run.started_at,
        finished_at: run.finished_at,
    };
    let difference = |RunDifference { setting, values }| Difference { setting, values };
    let metric = |metric: ComparedMetric| Metric {
        name: metric.name.as_str(),
        direction: metric.name.direction().as_str(),
        unit: metric.name.unit(),
        values: metric.values,
        winners: metric.winners.iter().map(|at| comparison.runs[*at].id.0).collect(),
    };
    Head {
        as_of: comparison.as_of,
        complete: comparison.is_complete(),
        baseline: comparison.baseline.as_ref().map(|run| run.id.0),
        runs: comparison.runs.iter().map(facts).collect(),
        differences: comparison.differences().into_iter().map(difference).collect(),
        metrics: metrics.into_iter().map(metric).collect(),
    }
}

/// Writes a format in pieces.
trait Writer: Send {
    fn head(&mut self, head: &Head) -> Result<String>;
    fn lines(&mut self, lines: &[Line]) -> Result<String>;
    fn end(&mut self) -> String;
}

impl Comparisons {
    /// Exports a comparison as a stream of pieces.
    ///
    /// # Errors
    /// As [`Comparisons::metrics`].
    pub async fn export(
        &self,
        comparison: Arc<Comparison>,
        format: ExportFormat,
    ) -> Result<impl Stream<Item = Result<String>> + Send + 'static> {
        let head = head(&comparison, self.metrics(&comparison).await?);
        let mut writer: Box<dyn Writer> = match format {
            ExportFormat::Csv => Box::new(csv::Csv::default()),
            ExportFormat::Json => Box::new(json::Json::default()),
            ExportFormat::Markdown => Box::new(markdown::Markdown),
        };
        let first = writer.head(&head)?;
        let this = self.clone();
        let begin = Some((PageRequest::first(ASSETS_AT_ONCE), writer));
        let rest = stream::try_unfold(begin, move |state| {
            let (this, comparison) = (this.clone(), Arc::clone(&comparison));
            async move {
                let Some((mut request, mut writer)) = state else { return Ok(None) };
                let page = this.read_page(&comparison, &ComparedAssetFilter::default(), &request).await?;
                request.from = page.rows.last().map(|(cursor, _)| cursor.clone());
                let has_next = page.has_next;
                let assets = page.rows.into_iter().map(|(_, asset)| asset).collect();
                let mut piece = writer.lines(&this.lines(assets).await?)?;
                if !has_next {
                    piece.push_str(&writer.end());
                }
                Ok(Some((piece, has_next.then_some((request, writer)))))
            }
        });
        Ok(stream::iter([Ok(first)]).chain(rest))
    }

    /// Exports a comparison as one text.
    ///
    /// # Errors
    /// As [`Comparisons::metrics`]; also `LimitExceeded` above
    /// [`EXPORT_LIMIT_BYTES`](crate::service::export::EXPORT_LIMIT_BYTES).
    pub async fn export_text(&self, comparison: Arc<Comparison>, format: ExportFormat) -> Result<String> {
        let pieces = self.export(comparison, format).await?;
        collected(pieces, "/export/comparison").await
    }

    async fn lines(&self, assets: Vec<ComparedAsset>) -> Result<Vec<Line>> {
        let ids: Vec<SuggestionId> =
            assets.iter().flat_map(|asset| asset.suggestions.iter().flatten().copied()).collect();
        let mut found: HashMap<SuggestionId, Suggestion> = self.ports.store.suggestions_by_id(&ids).await?;
        let mut cell = |id: Option<SuggestionId>| {
            let suggestion = found.remove(&id?)?;
            Some(Cell {
                description: suggestion.description,
                confidence: suggestion.confidence,
                review: suggestion.review.state.as_str(),
            })
        };
        let mut verdicts = self.ports.store.verdicts(&ids).await?;
        let mut judged = |texts: &[Option<SuggestionId>]| -> Vec<LineVerdict> {
            let found = texts.iter().flatten().filter_map(|id| verdicts.remove(id)).flatten();
            found.filter(|verdict| texts.contains(&Some(verdict.pair.second))).map(LineVerdict::from).collect()
        };
        let line = |asset: ComparedAsset| Line {
            asset: asset.asset.display(),
            kind: asset.asset.kind.as_str(),
            agreement: asset.agreement.as_str(),
            similarity: asset.similarity,
            reference: asset.reference,
            verdicts: judged(&asset.suggestions),
            cells: asset.suggestions.into_iter().map(&mut cell).collect(),
        };
        Ok(assets.into_iter().map(line).collect())
    }
}
