//! The outcome of a schedule's firing: the run that it starts, or why it starts none.
//!
//! The rule: nothing is recorded here. Profiles are looked up, and if the schedule covers only changes, its scope is
//! walked live. The caller records the outcome if the schedule has not changed meanwhile.

use crate::{
    domain::{
        Code, Result,
        profile::{DbProfile, LlmProfile},
        run::{NewRun, Row, RunError, RunSpec},
        schedule::{Outcome, ReviewStrategy, Schedule},
        scope::RunScope,
        status::{RunCommand, RunKind},
    },
    engine::{
        bound,
        context::target_error,
        indexing::take_walk,
        walk::{WalkError, rows_of, walk},
    },
    port::Ports,
};

/// The next step after a firing that starts no run.
const CHANGE_IT: &str = "change the schedule with `updateSchedule`, or correct the cause and run the schedule again";

/// Returns the outcome of firing the schedule now. A reason that prevents a run is an outcome too.
///
/// # Errors
/// Returns the errors of the store.
pub async fn outcome(ports: &Ports, schedule: &Schedule) -> Result<Outcome> {
    let settings = &schedule.settings;
    let Some(db_profile) =
        ports.store.db_profiles_by_id(&[settings.db_profile_id]).await?.remove(&settings.db_profile_id)
    else {
        return Ok(Outcome::Failed(RunError::new(
            Code::NotFound,
            "the schedule's DB profile has been deleted",
            CHANGE_IT,
        )));
    };
    let llm_profile = match settings.llm_profile_id {
        Some(id) => ports.store.llm_profiles_by_id(&[id]).await?.remove(&id),
        None => ports.store.llm_profiles().await?.into_iter().find(|profile| profile.settings.is_default),
    };
    let Some(llm_profile) = llm_profile else {
        let message = match settings.llm_profile_id {
            Some(_) => "the schedule's LLM profile has been deleted",
            None => "the schedule has no LLM profile, and there is no default",
        };
        let hint = "set a default with `updateLlmProfile`, or set the schedule's LLM profile with `updateSchedule`";
        return Ok(Outcome::Failed(RunError::new(Code::NotFound, message, hint)));
    };
    let mut run = match new_run(schedule, &db_profile, &llm_profile) {
        Ok(run) => Box::new(run),
        Err(error) => return Ok(Outcome::Failed(RunError::new(error.code(), error.to_string(), CHANGE_IT))),
    };
    if !settings.on_change {
        return Ok(Outcome::Run(run));
    }
    Ok(match read_scope(ports, schedule, &run.spec.scope, &db_profile).await? {
        Ok((rows, warnings)) => {
            (run.rows, run.warnings) = (rows, warnings);
            Outcome::Changes(run)
        }
        Err(error) => Outcome::Failed(error),
    })
}

/// Creates the run that a firing starts.
fn new_run(schedule: &Schedule, db_profile: &DbProfile, llm_profile: &LlmProfile) -> Result<NewRun> {
    let (settings, llm) = (&schedule.settings, &llm_profile.settings);
    llm.check_price(&settings.budget, "budget")?;
    let spec = RunSpec {
        scope: settings.scope.clone().also_without(&db_profile.exclude),
        schedule_id: Some(schedule.id),
        options: settings.options.resolve(llm.provider, "options")?,
        budget: settings.budget.clone(),
        started_by: settings.name.clone(),
        auto_apply: settings.review_strategy == ReviewStrategy::Auto,
        ..RunSpec::new(RunKind::Schedule, RunCommand::Schedule, Some(db_profile), llm_profile)
    };
    Ok(spec.into())
}

/// Reads everything in scope in the schedule's database, and the problems of reading it.
async fn read_scope(
    ports: &Ports,
    schedule: &Schedule,
    scope: &RunScope,
    profile: &DbProfile,
) -> Result<Result<(Vec<Row>, Vec<String>), RunError>> {
    let (target, identity) = match bound::open_identified(ports, profile, scope.database.as_deref()).await {
        Ok(found) => found,
        Err(error) => return Ok(Err(target_error(&error))),
    };
    let wanted: Vec<_> = schedule.identity.iter().cloned().map(Some).collect();
    let what = format!("the schedule {:?}", schedule.settings.name);
    if let Err(moved) = bound::compare(ports, profile, &identity, &wanted, &what).await? {
        return Ok(Err(moved));
    }
    let target = target.bound_to(&identity);
    Ok(match walk(target.as_ref(), scope).await {
        Ok(walked) => {
            let read = (rows_of(&walked.visits), walked.problems.sentences());
            take_walk(ports, profile, scope, walked).await;
            Ok(read)
        }
        Err(WalkError::Target(error)) => Err(target_error(&error)),
        Err(WalkError::Unknown { message, .. }) => Err(RunError::new(Code::BadUserInput, message, CHANGE_IT)),
    })
}
