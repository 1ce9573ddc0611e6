//! What all requests that create runs have in common: options, budget, model, idempotency key, and how they are placed.
//!
//! The rule: the arguments have the same names in every such request, so each check is made here once and reports the
//! same path.

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

/// A catalog that was read within this time counts as known.
const MAX_AGE: TimeDelta = TimeDelta::minutes(1);
/// Maximum length of an idempotency key, in characters.
const MAX_KEY: usize = 200;

/// Returns the LLM profile of `input.llmProfileId`, or the default profile.
///
/// # Errors
/// Returns `NotFound` for an unknown id, and `BadInput` if no id is given and there is no default profile.
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

/// Reads everything in scope from the live catalog. `argument` is the path of the target's argument.
///
/// # Errors
/// Returns `BadInput` with the path of a name that does not exist, and `Unavailable` if the target cannot be reached.
pub async fn walk_target(ports: &Ports, profile: &DbProfile, scope: &RunScope, argument: &str) -> Result<Vec<Visit>> {
    let database = ports.targets.open(profile).map_err(|error| unusable_target(argument, &error))?;
    let walked = walk(database.as_ref(), scope).await.map_err(|error| cannot_walk(argument, error))?;
    Ok(walked.visits)
}

/// Refuses a scope that names something that does not exist.
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

/// Refuses a scope that names something missing in the indexed catalog, if that was read within the last minute. The
/// live database decides: what was created meanwhile is accepted, and if the database does not answer, the run checks
/// the scope.
///
/// # Errors
/// Returns `BadInput` with the path of a name that does not exist.
pub async fn refuse_unknown(ports: &Ports, profile: &DbProfile, scope: &RunScope, argument: &str) -> Result<()> {
    let named: Vec<AssetPath> = scope.schemas.iter().flat_map(|schema| named_tables(scope, schema)).collect();
    let fresh = async || {
        let read_at = ports.store.catalog_read_at(profile.id).await?;
        Ok::<_, Error>(read_at.is_some_and(|read_at| ports.clock.now() - read_at <= MAX_AGE))
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

/// Returns the tables and columns that a scope names in a schema.
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

/// Refuses limits that no run can keep: they must be above 0.
///
/// # Errors
/// Returns `BadInput` with the path of the limit at fault.
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

/// Refuses a cost limit if the model's price is unknown.
///
/// # Errors
/// Returns `BadInput` at `input.budget.maxCostUsd`.
pub fn check_price(budget: &Budget, profile: &LlmProfile) -> Result<()> {
    profile.settings.check_price(budget, "input.budget")
}

/// Records the runs of a request as queued, all or none. `runs` creates them. If the caller has used the idempotency
/// key before, the earlier runs are returned and `runs` is dropped, so a retry succeeds even if a profile was deleted
/// meanwhile. Therefore `runs` must do all look-ups of what the input names. A key belongs to its caller: different
/// callers may use the same one. Inputs of different kinds differ in the names of their fields.
///
/// # Errors
/// Returns `BadInput` at `input.idempotencyKey` for an invalid key, `Conflict` for a key that was used with other
/// input, and the errors of `runs`.
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
            RunKind::Judge => "judging",
            _ => "run",
        };
        let parent = run.spec.parent_id.map(|id| id.0);
        info!(run = run.id.0, scope = run.scope_summary, model = run.spec.model, parent, "{what} queued");
    }
    Ok(runs)
}

/// As [`place`], for one run.
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
    // No caller's name contains a line break.
    Ok(Idempotency { key: format!("{caller}\n{key}"), fingerprint })
}
