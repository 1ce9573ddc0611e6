//! What all orders of a run have in common: options, budget, model, idempotency key, and how they are placed.
//!
//! The rule: the arguments have the same names wherever a run is ordered, so each check is made here once and
//! tells the same path.

use chrono::TimeDelta;
use serde::Serialize;
use tracing::info;

pub use crate::domain::run::OptionChoices;
use crate::{
    domain::{
        Error, Result,
        asset::{AssetKind, AssetPath},
        id::LlmProfileId,
        profile::{DbProfile, LlmProfile},
        run::{NewRun, Run},
        scope::{RunScope, SchemaScope, TableScope},
        status::RunKind,
        usage::Budget,
    },
    engine::walk::{self, Visit, WalkError, walk},
    port::{Ports, store::Idempotency, target::TargetError},
};

/// So long a catalog that was read counts as known.
const FRESH: TimeDelta = TimeDelta::minutes(1);
/// Characters of an idempotency key.
const MAX_KEY: usize = 200;

/// The LLM profile of `input.llmProfileId`, or the default one.
///
/// # Errors
/// `NotFound` for an unknown id; `BadInput` where none is named and none is the default.
pub async fn llm_profile(ports: &Ports, id: Option<LlmProfileId>) -> Result<LlmProfile> {
    const ARGUMENT: &str = "input.llmProfileId";
    let Some(id) = id else {
        let profiles = ports.store.llm_profiles().await?;
        let message = "there is no default LLM profile; pass `llmProfileId`, or set a default with `updateLlmProfile`";
        return profiles
            .into_iter()
            .find(|profile| profile.settings.is_default)
            .ok_or_else(|| Error::bad_input(ARGUMENT, message));
    };
    let found = ports.store.llm_profiles_by_id(&[id]).await?.remove(&id);
    found.ok_or_else(|| {
        Error::not_found_at(ARGUMENT, "no LLM profile has this id; list the profiles with `llmProfiles`")
    })
}

/// Everything that a scope holds now, looked up live. `argument` is the path of the target's argument.
///
/// # Errors
/// `BadInput` with the path of a name that does not exist; `Unavailable` for a target that cannot be reached.
pub async fn walk_target(ports: &Ports, profile: &DbProfile, scope: &RunScope, argument: &str) -> Result<Vec<Visit>> {
    let database = ports.targets.open(profile).map_err(|error| unusable_target(argument, &error))?;
    let walked = walk(database.as_ref(), scope).await.map_err(|error| cannot_walk(argument, error))?;
    Ok(walked.visits)
}

/// Refuses a scope that names what is not there.
///
/// # Errors
/// As [`walk_target`].
pub async fn check_scope(ports: &Ports, profile: &DbProfile, scope: &RunScope, argument: &str) -> Result<()> {
    let database = ports.targets.open(profile).map_err(|error| unusable_target(argument, &error))?;
    walk::check(database.as_ref(), scope).await.map_err(|error| cannot_walk(argument, error))
}

fn cannot_walk(argument: &str, error: WalkError) -> Error {
    match error {
        WalkError::Unknown { path, message } => Error::bad_input(format!("{argument}.{path}"), message),
        WalkError::Target(error) => unusable_target(argument, &error),
    }
}

fn unusable_target(argument: &str, error: &TargetError) -> Error {
    match error {
        TargetError::Unreachable(_) | TargetError::TimedOut(_) | TargetError::Locked(_) => {
            Error::unavailable(error.to_string())
        }
        TargetError::Moved(_) => Error::conflict(error.to_string()),
        TargetError::Misconfigured(_) | TargetError::Own(_) => {
            Error::bad_input(format!("{argument}.dbProfileId"), error.to_string())
        }
        TargetError::Refused(_) => Error::bad_input(format!("{argument}.database"), error.to_string()),
    }
}

/// Refuses a scope of which the catalog lacks something, where that was read within the last minute. The database
/// itself has the last word: what came meanwhile is not refused, and one that does not answer is left to the run.
///
/// # Errors
/// `BadInput` with the path of a name that does not exist.
pub async fn refuse_unknown(ports: &Ports, profile: &DbProfile, scope: &RunScope, argument: &str) -> Result<()> {
    let named: Vec<AssetPath> = scope.schemas.iter().flat_map(|schema| named_tables(scope, schema)).collect();
    let fresh = async || {
        let read_at = ports.store.catalog_read_at(profile.id).await?;
        Ok::<_, Error>(read_at.is_some_and(|read_at| ports.clock.now() - read_at <= FRESH))
    };
    if named.is_empty() || !fresh().await? {
        return Ok(());
    }
    let names: Vec<String> = named.iter().map(AssetPath::display).collect();
    let known = ports.store.assets_named(&[profile.id], &names).await?;
    let is_known = |path: &AssetPath| {
        let same = |it: &AssetPath| (&it.schema, &it.table, &it.column) == (&path.schema, &path.table, &path.column);
        known.iter().any(|asset| same(&asset.path))
    };
    if named.iter().all(is_known) {
        return Ok(());
    }
    match check_scope(ports, profile, scope, argument).await {
        Err(error @ Error::BadInput { .. }) => Err(error),
        _ => Ok(()),
    }
}

/// The tables and columns that a scope names in a schema.
fn named_tables<'a>(scope: &'a RunScope, schema: &'a SchemaScope) -> impl Iterator<Item = AssetPath> + 'a {
    let path = |table: &TableScope, column: Option<&String>| AssetPath {
        kind: if column.is_some() { AssetKind::Column } else { AssetKind::Table },
        database: scope.database.clone(),
        schema: Some(schema.name.clone()),
        table: Some(table.name.clone()),
        column: column.cloned(),
    };
    schema.tables.iter().flat_map(move |table| {
        std::iter::once(path(table, None)).chain(table.columns.iter().map(move |column| path(table, Some(column))))
    })
}

/// Refuses limits that nothing could keep.
///
/// # Errors
/// `BadInput` with the path of the limit at fault.
pub fn check_budget(budget: &Budget, argument: &str) -> Result<()> {
    let bad = |limit: &str, value: String| {
        Err(Error::bad_input(
            format!("{argument}.{limit}"),
            format!("`{limit}` is {value}; pass a number above 0, or omit it for no limit"),
        ))
    };
    match budget {
        Budget { max_cost_usd: Some(cost), .. } if !(cost.is_finite() && *cost > 0.0) => {
            bad("maxCostUsd", cost.to_string())
        }
        Budget { max_tokens: Some(tokens), .. } if *tokens <= 0 => bad("maxTokens", tokens.to_string()),
        Budget { max_seconds: Some(seconds), .. } if *seconds <= 0 => bad("maxSeconds", seconds.to_string()),
        _ => Ok(()),
    }
}

/// Refuses a limit of cost where the model's price is not known.
///
/// # Errors
/// `BadInput` at `input.budget.maxCostUsd`.
pub fn check_price(budget: &Budget, profile: &LlmProfile) -> Result<()> {
    profile.settings.check_price(budget, "input.budget")
}

/// Places an order: records the runs that `runs` gives as queued, all or none. If the caller has used the key before,
/// the runs of then are returned and `runs` is dropped: a retry gets its runs back even where a profile was deleted
/// meanwhile. So everything that the input names is looked up in `runs`. A key belongs to its caller: others may use
/// the same one. Inputs of different kinds differ by the names of their fields.
///
/// # Errors
/// `BadInput` at `input.idempotencyKey` for a key that cannot be kept; `Conflict` for a known key with other input;
/// what `runs` returns.
pub async fn place(
    ports: &Ports,
    (caller, key): (&str, Option<&str>),
    input: &impl Serialize,
    runs: impl Future<Output = Result<Vec<NewRun>>> + Send,
) -> Result<Vec<Run>> {
    let idempotency = key.map(|key| idempotency(caller, key, input)).transpose()?;
    if let Some(idempotency) = &idempotency
        && let Some(runs) = ports.store.runs_of_key(idempotency).await?
    {
        return Ok(runs);
    }
    let runs = ports.store.create_runs(runs.await?, idempotency, ports.clock.now()).await?;
    for run in &runs {
        let what = match run.spec.kind {
            RunKind::Rerun => "re-run",
            RunKind::Generate => "draft",
            RunKind::Ask => "question",
            _ => "run",
        };
        let parent = run.spec.parent_id.map(|id| id.0);
        info!(run = run.id.0, scope = run.scope_summary, model = run.spec.model, parent, "{what} queued");
    }
    Ok(runs)
}

/// As [`place`], for an order of one run.
///
/// # Errors
/// As [`place`].
pub async fn place_one(
    ports: &Ports,
    by: (&str, Option<&str>),
    input: &impl Serialize,
    run: impl Future<Output = Result<NewRun>> + Send,
) -> Result<Run> {
    let runs = place(ports, by, input, async { Ok(vec![run.await?]) }).await?;
    runs.into_iter().next().ok_or_else(|| Error::internal("no run was recorded"))
}

fn idempotency(caller: &str, key: &str, input: &impl Serialize) -> Result<Idempotency> {
    let length = key.chars().count();
    if !(1..=MAX_KEY).contains(&length) {
        let message = format!("the key has {length} characters; it needs 1 to {MAX_KEY}");
        return Err(Error::bad_input("input.idempotencyKey", message));
    }
    let fingerprint = serde_json::to_string(input).map_err(Error::internal)?;
    // No name has a line break.
    Ok(Idempotency { key: format!("{caller}\n{key}"), fingerprint })
}
