//! Verdicts on the texts of runs: estimating and starting the JUDGE runs that give them.
//!
//! The rules: every pair of runs is judged, for each asset that both describe in different words. A pair that the model
//! has judged with the same prompts, or that a run in progress is to judge with it, is left out. The pairs are known
//! before the run starts, so an estimate counts exactly what the run does.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde::Serialize;

use super::{
    estimates::{repeated_share, with_repeats},
    orders::{check_budget, check_price, llm_profile, place_one},
    runs::unknown_run,
};
use crate::{
    domain::{
        Error, Result,
        asset::{AssetKind, AssetPath},
        compare::{ComparedText, check_comparable, check_selection, match_key, text::folded},
        id::{DbProfileId, LlmProfileId, RunId, SuggestionId},
        judge::{NewJudging, Pair},
        price::Price,
        profile::{DbProfile, LlmProfile},
        run::{NewRun, Row, Run, RunOptions, RunSpec},
        status::{RunCommand, RunKind},
        usage::{Budget, Usage},
    },
    port::{
        Ports,
        judge::{Judge, JudgeRequest},
        model::ModelError,
    },
};

/// Maximum number of pairs of one run.
const MAX_PAIRS: usize = 100_000;
/// Number of texts read at a time.
const TEXTS_AT_ONCE: u64 = 2_000;
/// Number of pairs whose texts are read for an estimate.
const SAMPLED: usize = 200;
/// Maximum number of output tokens of a request: enough for a model that reasons a little before its answer.
const MAX_OUTPUT_TOKENS: i32 = 512;
/// The usual number of output tokens of a request.
const USUAL_TOKENS: i64 = 60;

/// The texts to judge. Its JSON is the fingerprint that an idempotency key is checked against.
#[derive(Debug, Clone, Serialize)]
pub struct JudgeRuns {
    /// The runs, two to four.
    pub judged_run_ids: Vec<RunId>,
    /// The LLM profile that judges; `None` selects the default profile.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The budget.
    pub budget: Budget,
    /// The caller. Not part of the fingerprint.
    #[serde(skip)]
    pub started_by: String,
    /// The idempotency key. Not part of the fingerprint.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// The estimated size and cost of a JUDGE run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct JudgeEstimate {
    /// Number of pairs to judge.
    pub pairs: i32,
    /// Number of requests.
    pub requests: i32,
    /// Input tokens.
    pub input_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Cost in US dollars; `None` if a price is unknown.
    pub cost_usd: Option<f64>,
}

/// What a request to judge leads to, before it is recorded.
struct Prepared {
    runs: Vec<Run>,
    llm_profile: LlmProfile,
    judge: Arc<dyn Judge>,
    pairs: Vec<(AssetPath, Pair)>,
}

/// The use cases of verdicts. Cheap to clone.
#[derive(Clone)]
pub struct Judgements {
    ports: Ports,
}

impl Judgements {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Estimates a JUDGE run without starting it.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub async fn estimate(&self, input: &JudgeRuns) -> Result<JudgeEstimate> {
        let Prepared { llm_profile, judge, pairs, .. } = self.prepare(input).await?;
        let requests = i64::try_from(2 * pairs.len()).unwrap_or(i64::MAX);
        let input_tokens = self.input_tokens(judge.as_ref(), &options(&llm_profile), &pairs).await? * requests;
        let share = repeated_share(&self.ports, &llm_profile.settings).await?;
        let usage = Usage {
            input_tokens: with_repeats(input_tokens, share),
            output_tokens: with_repeats(USUAL_TOKENS * requests, share),
            ..Usage::default()
        };
        Ok(JudgeEstimate {
            pairs: i32::try_from(pairs.len()).unwrap_or(i32::MAX),
            requests: i32::try_from(with_repeats(requests, share)).unwrap_or(i32::MAX),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost_usd: Price::of(&llm_profile.settings).map(|price| price.cost(&usage)),
        })
    }

    /// Starts a JUDGE run.
    ///
    /// # Errors
    /// Returns `BadInput` and `NotFound` with the path of the argument at fault, `LimitExceeded` for too many pairs,
    /// and `Conflict` if the idempotency key was used with other input.
    pub async fn judge(&self, input: JudgeRuns) -> Result<Run> {
        let by = (input.started_by.as_str(), input.idempotency_key.as_deref());
        place_one(&self.ports, by, &input, self.new_run(&input)).await
    }

    /// Returns the JUDGE runs of these runs' texts, by number.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn runs(&self, judged: &[RunId]) -> Result<Vec<Run>> {
        let ids = self.ports.store.judging_runs(judged).await?;
        let mut found = self.ports.store.runs_by_id(&ids).await?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    async fn new_run(&self, input: &JudgeRuns) -> Result<NewRun> {
        let Prepared { runs, llm_profile, pairs, .. } = self.prepare(input).await?;
        let db_profile = self.common_profile(&runs).await?;
        let spec = RunSpec {
            options: options(&llm_profile),
            budget: input.budget.clone(),
            started_by: input.started_by.clone(),
            ..RunSpec::new(RunKind::Judge, RunCommand::Judge, db_profile.as_ref(), &llm_profile)
        };
        let (assets, pairs): (Vec<AssetPath>, Vec<Pair>) = pairs.into_iter().unzip();
        let row = |(position, asset)| Row { position, asset, again: None, fingerprint: None };
        let rows = (1..).zip(assets).map(row).collect();
        let judging = NewJudging { runs: runs.iter().map(|run| run.id).collect(), pairs };
        Ok(NewRun { rows, judging: Some(judging), ..spec.into() })
    }

    /// Checks a request and finds its pairs.
    async fn prepare(&self, input: &JudgeRuns) -> Result<Prepared> {
        const IDS: &str = "input.runIds";
        check_selection(&input.judged_run_ids, IDS)?;
        check_budget(&input.budget, "input.budget")?;
        let mut found = self.ports.store.runs_by_id(&input.judged_run_ids).await?;
        let mut runs = Vec::with_capacity(input.judged_run_ids.len());
        for (at, id) in input.judged_run_ids.iter().enumerate() {
            let argument = format!("{IDS}.{at}");
            let run = found.remove(id).ok_or_else(|| unknown_run(&argument))?;
            check_comparable(&run, &argument)?;
            runs.push(run);
        }
        runs.sort_unstable_by_key(|run| run.id);
        let llm_profile = llm_profile(&self.ports, input.llm_profile_id).await?;
        check_price(&input.budget, &llm_profile)?;
        let judge = self.ports.models.open_judge(&llm_profile).map_err(|error| unusable_judge(&error))?;
        let pairs = self.pairs(&runs, &llm_profile, judge.as_ref()).await?;
        Ok(Prepared { runs, llm_profile, judge, pairs })
    }

    /// Returns the pairs of texts that are left to judge, by the names of their assets.
    async fn pairs(&self, runs: &[Run], llm_profile: &LlmProfile, judge: &dyn Judge) -> Result<Vec<(AssetPath, Pair)>> {
        let store = &self.ports.store;
        let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
        let judged = store.judged(&ids, &llm_profile.settings.model, judge.prompt_version()).await?;
        let (mut pairs, mut databases, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let mut texts = store.compared_texts(&ids, after.as_deref(), TEXTS_AT_ONCE).await?;
            let Some(last) = texts.last() else { break };
            after = Some(last.asset.key());
            // Databases match regardless of their names, so they are paired last.
            databases.extend(texts.extract_if(.., |text| text.asset.kind == AssetKind::Database));
            pair_up(texts, &judged, &mut pairs)?;
        }
        pair_up(databases, &judged, &mut pairs)?;
        Ok(pairs)
    }

    /// Returns the likely number of input tokens of a request, the mean over evenly spread pairs.
    async fn input_tokens(&self, judge: &dyn Judge, options: &RunOptions, pairs: &[(AssetPath, Pair)]) -> Result<i64> {
        let step = pairs.len().div_ceil(SAMPLED).max(1);
        let sample: Vec<&(AssetPath, Pair)> = pairs.iter().step_by(step).collect();
        let ids: Vec<SuggestionId> = sample.iter().flat_map(|(_, pair)| [pair.first, pair.second]).collect();
        let suggestions = self.ports.store.suggestions_by_id(&ids).await?;
        let evidence = self.ports.store.evidence(&ids).await?;
        let (mut sum, mut count) = (0, 0);
        for (asset, pair) in sample {
            let (Some(first), Some(second)) = (suggestions.get(&pair.first), suggestions.get(&pair.second)) else {
                continue;
            };
            let request = JudgeRequest {
                asset: asset.clone(),
                facts: pair.facts(&evidence),
                texts: [first.description.clone(), second.description.clone()],
                options: options.clone(),
                is_retry: false,
            };
            sum += judge.bound(&request).likely_input_tokens;
            count += 1;
        }
        Ok(if count == 0 { 0 } else { sum / count })
    }

    /// Returns the DB profile of these runs if they all have the same.
    async fn common_profile(&self, runs: &[Run]) -> Result<Option<DbProfile>> {
        let ids: HashSet<Option<DbProfileId>> = runs.iter().map(|run| run.spec.db_profile_id).collect();
        let mut ids = ids.into_iter();
        match (ids.next().flatten(), ids.next()) {
            (Some(id), None) => Ok(self.ports.store.db_profiles_by_id(&[id]).await?.remove(&id)),
            _ => Ok(None),
        }
    }
}

/// Returns the options of a JUDGE run.
fn options(llm_profile: &LlmProfile) -> RunOptions {
    RunOptions {
        alternatives: 1,
        temperature: 0.0,
        max_output_tokens: MAX_OUTPUT_TOKENS,
        profile_data: false,
        ..RunOptions::defaults(llm_profile.settings.provider)
    }
}

/// Adds the pairs of different texts for the same asset that are not judged yet.
fn pair_up(
    texts: Vec<ComparedText>,
    judged: &HashSet<(SuggestionId, SuggestionId)>,
    pairs: &mut Vec<(AssetPath, Pair)>,
) -> Result<()> {
    let mut by_asset: BTreeMap<(String, AssetKind), Vec<ComparedText>> = BTreeMap::new();
    for text in texts {
        by_asset.entry(match_key(&text.asset)).or_default().push(text);
    }
    for mut texts in by_asset.into_values() {
        texts.sort_unstable_by_key(|text| text.run_id);
        for (at, first) in texts.iter().enumerate() {
            for second in texts[at + 1..].iter().filter(|second| second.run_id != first.run_id) {
                let is_same = folded(&first.description) == folded(&second.description);
                if !is_same && !judged.contains(&(first.suggestion_id, second.suggestion_id)) {
                    let runs = (first.run_id, second.run_id);
                    let pair = Pair { first: first.suggestion_id, second: second.suggestion_id, runs };
                    pairs.push((first.asset.clone(), pair));
                }
            }
        }
    }
    if pairs.len() > MAX_PAIRS {
        return Err(Error::limit(format!(
            "the runs have more than {MAX_PAIRS} pairs of different texts; choose runs with smaller scopes"
        )));
    }
    Ok(())
}

fn unusable_judge(error: &ModelError) -> Error {
    Error::bad_input("input.llmProfileId", error.to_string())
}
