//! Estimates: the size and the approximate cost of a run, before it is started.
//!
//! The rules: an estimate walks the same scope and builds the same requests as the run would, but sends none and reads
//! no data. Input tokens are the likely size of the requests, with statistics and samples of the usual length if the
//! run sends any. Output tokens are the usual size of a description of that verbosity, but never more than the
//! request's maximum. Requests that ask again after an unreadable answer are expected as often as lately.

use std::{collections::HashMap, sync::Arc};

use chrono::TimeDelta;

use crate::{
    domain::{
        Error, Result,
        asset::AssetKind,
        catalog::{Column, ColumnStatistics, TableDetail, TableStatistics},
        documented::Documented,
        lineage::Lineage,
        price::Price,
        profile::{DbProfile, NewLlmProfile},
        run::{RunOptions, Verbosity},
        usage::Usage,
    },
    engine::{
        lineage::lineages,
        tables::DOCUMENTED,
        walk::{Visit, comment_of},
    },
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
/// How far back a model's requests are looked at.
const LATELY: TimeDelta = TimeDelta::days(30);
/// The share of repeats is taken of at least so many requests, so that a few requests say little.
const FEW: f64 = 10.0;

/// The estimated size and cost of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimate {
    /// Number of tables, views and columns to describe.
    pub assets: i32,
    /// Number of tables and views that they belong to.
    pub tables: i32,
    /// Number of these assets whose texts are certain by inheritance. They need no request.
    pub inherited: i32,
    /// Number of requests to the model, with those that ask again.
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
            let visits = walk_target(&self.ports, profile, &scope, &path).await?;
            let known = if describer.is_local() || !order.options.takes_over() {
                Known::default()
            } else {
                self.known(profile, &visits).await?
            };
            for visit in visits {
                estimate.add(visit, describer.as_ref(), &order.options, about.as_ref(), &known);
            }
        }
        if !describer.is_local() {
            estimate.repeat(repeated_share(&self.ports, &order.llm_profile.settings).await?);
        }
        let price = Price::of(&order.llm_profile.settings);
        let usage =
            Usage { input_tokens: estimate.input_tokens, output_tokens: estimate.output_tokens, ..Usage::default() };
        estimate.cost_usd = price.map(|price| price.cost(&usage));
        Ok(estimate)
    }

    /// Reads what the texts of columns may be taken over from.
    async fn known(&self, profile: &DbProfile, visits: &[Visit]) -> Result<Known> {
        let documented = self.ports.store.documented_assets(profile.id, DOCUMENTED).await?;
        let mut known = Known { documented: Arc::new(Documented::of(documented)), lineages: HashMap::new() };
        let Ok(target) = self.ports.targets.open(profile) else { return Ok(known) };
        for visits in visits.chunk_by(|a, b| a.table.schema == b.table.schema) {
            let tables: Vec<Arc<TableDetail>> = visits.iter().map(|visit| Arc::clone(&visit.table)).collect();
            let found = lineages(target.as_ref(), profile.backend, &tables).await;
            let schema = &visits[0].table.schema;
            known.lineages.extend(found.into_iter().map(|(table, of)| ((schema.clone(), table), of.into())));
        }
        Ok(known)
    }
}

/// What the texts of columns may be taken over from.
#[derive(Default)]
struct Known {
    documented: Arc<Documented>,
    /// By schema and table.
    lineages: HashMap<(String, String), Arc<[Option<Lineage>]>>,
}

impl Estimate {
    /// Adds the share of requests that is repeated.
    fn repeat(&mut self, share: f64) {
        self.requests = i32::try_from(with_repeats(self.requests.into(), share)).unwrap_or(i32::MAX);
        self.input_tokens = with_repeats(self.input_tokens, share);
        self.output_tokens = with_repeats(self.output_tokens, share);
    }

    fn add(
        &mut self,
        visit: Visit,
        describer: &dyn Describer,
        options: &RunOptions,
        about: Option<&Arc<str>>,
        known: &Known,
    ) {
        let Visit { table, subjects } = visit;
        let needed = |subject: &Subject| !options.missing_only || comment_of(&table, *subject).is_none();
        let subjects: Vec<Subject> = subjects.into_iter().filter(needed).collect();
        if subjects.is_empty() {
            return;
        }
        self.tables += 1;
        self.assets += i32::try_from(subjects.len()).unwrap_or(i32::MAX);
        let lineage = known.lineages.get(&(table.schema.clone(), table.table.name.clone())).cloned();
        let whole = DescribeRequest {
            statistics: (options.profile_data && !describer.is_local()).then(|| Arc::new(usual_statistics(&table))),
            table,
            lineage: lineage.unwrap_or_default(),
            names: Arc::default(),
            neighbours: Arc::default(),
            documented: Arc::clone(&known.documented),
            subjects,
            revisions: Vec::new(),
            options: options.clone(),
            about: about.cloned(),
            requests: 1,
            is_retry: false,
        };
        let mut subjects = whole.subjects.clone();
        if options.takes_over() {
            let mut certain = describer.certain(&whole).into_iter().map(|draft| draft.is_some());
            subjects.retain(|_| !certain.next().unwrap_or_default());
        }
        self.inherited += i32::try_from(whole.subjects.len() - subjects.len()).unwrap_or(i32::MAX);
        for request in (DescribeRequest { subjects, ..whole }).split(describer) {
            let bound = describer.bound(&request);
            let usual = i64::try_from(request.subjects.len()).unwrap_or(i64::MAX) * usual_tokens(options);
            self.requests += 1;
            self.input_tokens += bound.likely_input_tokens;
            self.output_tokens += usual.min(bound.output_tokens);
        }
    }
}

/// Returns the share of this model's requests that had to be repeated lately.
pub(super) async fn repeated_share(ports: &Ports, model: &NewLlmProfile) -> Result<f64> {
    let used = ports.store.usage_by_model(Some(ports.clock.now() - LATELY)).await?;
    let used = used.iter().filter(|used| used.provider == Some(model.provider) && used.model == model.model);
    let (repeats, requests) = used.fold((0, 0), |(repeats, requests), used| {
        (repeats + used.sum.usage.repeats, requests + used.sum.usage.requests)
    });
    Ok(f64::from(repeats) / f64::from(requests - repeats).max(FEW))
}

/// Adds to a count the share that is repeated.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "an estimate")]
pub(super) fn with_repeats(count: i64, share: f64) -> i64 {
    count + (count as f64 * share).round() as i64
}

/// Returns statistics with values of the usual length for the types of a table's columns. Views and empty tables have
/// none.
fn usual_statistics(table: &TableDetail) -> TableStatistics {
    if table.table.kind != AssetKind::Table || table.table.row_estimate == Some(0) {
        return TableStatistics::default();
    }
    let usual = |column: &Column| {
        let data_type = column.data_type.to_ascii_uppercase();
        let is = |words: &[&str]| words.iter().any(|word| data_type.contains(word));
        let value = match () {
            () if is(&["DATE", "TIME"]) => "2026-01-31 12:00:00",
            () if is(&["INT", "NUM", "DEC", "REAL", "FLOAT", "DOUBLE", "BOOL"]) => "1234",
            () => "a usual text",
        };
        ColumnStatistics {
            name: column.name.clone(),
            distinct: Some(100),
            minimum: Some(value.to_owned()),
            maximum: Some(value.to_owned()),
            samples: vec![value.to_owned(); 5],
            null_share: None,
            copy_of: None,
            not_before: None,
        }
    };
    TableStatistics { columns: table.columns.iter().map(usual).collect(), ..TableStatistics::default() }
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

fn unusable_model(error: &ModelError) -> Error {
    if error.is_transient() {
        Error::unavailable(error.to_string())
    } else {
        Error::bad_input("input.llmProfileId", error.to_string())
    }
}
