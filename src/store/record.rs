//! Conversion between rows and domain values.
//!
//! The rule: reading checks. A value that Gloss never wrote is an internal error, not a guess.

use std::str::FromStr;

use chrono::DateTime;
use entity::{applied_comment, apply_item, run, run_event, run_row, schedule, suggestion};
use serde::{Serialize, de::DeserializeOwned};

use super::ratings;
use crate::domain::{
    Error, Result,
    apply::{AppliedComment, ApplyItem},
    asset::AssetPath,
    clock::Moment,
    event::RunEvent,
    id::{AppliedCommentId, DbProfileId, LlmProfileId, RunId, ScheduleId, SuggestionId},
    index_key::index_key,
    run::{Naming, Row, Run, RunSpec},
    schedule::{Schedule, ScheduleSettings, Timing},
    suggestion::{Review, Suggestion},
    usage::{Budget, Progress, Usage},
};

/// Converts a moment to its stored form, in milliseconds since the Unix epoch, rounded down.
pub(super) const fn millis(moment: Moment) -> i64 {
    moment.timestamp_millis()
}

/// The first whole millisecond at or after a moment.
pub(super) fn millis_from(moment: Moment) -> i64 {
    moment.timestamp_millis() + i64::from(!moment.timestamp_subsec_nanos().is_multiple_of(1_000_000))
}

/// Converts stored milliseconds to a moment.
pub(super) fn moment(millis: i64) -> Result<Moment> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| Error::internal(format!("{millis} ms is not a valid time")))
}

fn moment_or_none(millis: Option<i64>) -> Result<Option<Moment>> {
    millis.map(moment).transpose()
}

/// Parses the stored spelling of an enumeration.
pub(super) fn spelled<T>(text: &str) -> Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(Error::internal)
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// Converts an asset's path to a key of bounded length.
pub(super) fn asset_key(asset: &AssetPath) -> Result<String> {
    to_json(asset).map(index_key)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Error::internal)
}

pub(super) fn to_json_or_none<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(to_json).transpose()
}

pub(super) fn from_json_or_none<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>> {
    text.map(from_json).transpose()
}

pub(super) fn run_model(run: &Run) -> Result<run::Model> {
    // Only an ended run has a duration to order by.
    let duration_ms = run.finished_at.and_then(|finished_at| run.duration_ms(finished_at));
    Ok(run::Model {
        id: run.id.0,
        kind: run.spec.kind.as_str().to_owned(),
        command: run.spec.command.as_str().to_owned(),
        status: run.status.as_str().to_owned(),
        db_profile_id: run.spec.db_profile_id.map(|id| id.0),
        llm_profile_id: run.spec.llm_profile_id.map(|id| id.0),
        schedule_id: run.spec.schedule_id.map(|id| id.0),
        parent_id: run.spec.parent_id.map(|id| id.0),
        listed_at: millis(run.listed_at()),
        duration_ms,
        search_text: run.facts().search_text,
        identity: to_json_or_none(run.identity.as_ref())?,
        db_profile_name: run.spec.db_profile_name.clone(),
        llm_profile_name: run.spec.llm_profile_name.clone(),
        provider: run.spec.provider.map(|provider| provider.as_str().to_owned()),
        model: run.spec.model.clone(),
        scope_summary: run.scope_summary.clone(),
        scope: to_json(&run.spec.scope)?,
        options: to_json(&run.spec.options)?,
        max_cost_usd: run.spec.budget.max_cost_usd,
        max_tokens: run.spec.budget.max_tokens,
        max_seconds: run.spec.budget.max_seconds,
        created_at: millis(run.created_at),
        started_at: run.started_at.map(millis),
        finished_at: run.finished_at.map(millis),
        active_ms: run.active_ms,
        active_since: run.active_since.map(millis),
        rows_total: run.progress.total,
        rows_done: run.progress.done,
        rows_failed: run.progress.failed,
        rows_skipped: run.progress.skipped,
        current_asset: to_json_or_none(run.progress.current_asset.as_ref())?,
        input_tokens: run.usage.input_tokens,
        output_tokens: run.usage.output_tokens,
        cost_usd: run.usage.cost_usd,
        model_ms: run.usage.model_ms,
        requests: run.usage.requests,
        retries: run.usage.retries,
        error: to_json_or_none(run.error.as_ref())?,
        last_sequence: run.last_sequence,
        attempt: run.attempt,
        worker_id: run.worker_id.clone(),
        lease_until: run.lease_until.map(millis),
        started_by: run.spec.started_by.clone(),
        auto_apply: run.spec.auto_apply,
        variations: run.spec.variations.map(|mode| mode.as_str().to_owned()),
        apply: to_json_or_none(run.apply.as_ref())?,
        cancelled_by: run.cancelled_by.clone(),
        title: run.naming.title.clone(),
        labels: to_json(&run.naming.labels)?,
        has_failures: run.progress.failed > 0,
        apply_ms: run.apply_ms,
        apply_since: run.apply_since.map(millis),
        waiting: to_json_or_none(run.waiting.as_ref())?,
    })
}

pub(super) fn run(row: run::Model) -> Result<Run> {
    Ok(Run {
        id: RunId(row.id),
        spec: RunSpec {
            kind: spelled(&row.kind)?,
            command: spelled(&row.command)?,
            scope: from_json(&row.scope)?,
            db_profile_id: row.db_profile_id.map(DbProfileId),
            llm_profile_id: row.llm_profile_id.map(LlmProfileId),
            schedule_id: row.schedule_id.map(ScheduleId),
            parent_id: row.parent_id.map(RunId),
            db_profile_name: row.db_profile_name,
            llm_profile_name: row.llm_profile_name,
            provider: row.provider.as_deref().map(spelled).transpose()?,
            model: row.model,
            options: from_json(&row.options)?,
            budget: Budget { max_cost_usd: row.max_cost_usd, max_tokens: row.max_tokens, max_seconds: row.max_seconds },
            variations: row.variations.as_deref().map(spelled).transpose()?,
            started_by: row.started_by,
            auto_apply: row.auto_apply,
        },
        status: spelled(&row.status)?,
        scope_summary: row.scope_summary,
        identity: from_json_or_none(row.identity.as_deref())?,
        cancelled_by: row.cancelled_by,
        naming: Naming { title: row.title, labels: from_json(&row.labels)? },
        waiting: from_json_or_none(row.waiting.as_deref())?,
        apply: from_json_or_none(row.apply.as_deref())?,
        created_at: moment(row.created_at)?,
        started_at: moment_or_none(row.started_at)?,
        finished_at: moment_or_none(row.finished_at)?,
        active_ms: row.active_ms,
        active_since: moment_or_none(row.active_since)?,
        apply_ms: row.apply_ms,
        apply_since: moment_or_none(row.apply_since)?,
        progress: Progress {
            total: row.rows_total,
            done: row.rows_done,
            failed: row.rows_failed,
            skipped: row.rows_skipped,
            current_asset: from_json_or_none(row.current_asset.as_deref())?,
        },
        usage: Usage {
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost_usd: row.cost_usd,
            model_ms: row.model_ms,
            requests: row.requests,
            retries: row.retries,
        },
        error: from_json_or_none(row.error.as_deref())?,
        last_sequence: row.last_sequence,
        attempt: row.attempt,
        worker_id: row.worker_id,
        lease_until: moment_or_none(row.lease_until)?,
    })
}

pub(super) fn row(row: run_row::Model) -> Result<Row> {
    Ok(Row {
        position: row.position,
        asset: AssetPath {
            kind: spelled(&row.asset_kind)?,
            database: row.database_name,
            schema: row.schema_name,
            table: row.table_name,
            column: row.column_name,
        },
        again: row.again.map(SuggestionId),
        fingerprint: row.fingerprint,
    })
}

pub(super) fn event_model(event: &RunEvent) -> Result<run_event::Model> {
    Ok(run_event::Model {
        run_id: event.run_id.0,
        sequence: event.sequence,
        at: millis(event.at),
        event_type: event.event_type.as_str().to_owned(),
        message: event.message.clone(),
        status: event.status.as_str().to_owned(),
        progress: to_json(&event.progress)?,
        usage: to_json(&event.usage)?,
        asset: to_json_or_none(event.asset.as_ref())?,
        position: event.position,
        suggestion_id: event.suggestion_id.map(|id| id.0),
        text: event.text.clone(),
        error: to_json_or_none(event.error.as_ref())?,
        actor: event.actor.clone(),
    })
}

pub(super) fn event(row: run_event::Model) -> Result<RunEvent> {
    Ok(RunEvent {
        run_id: RunId(row.run_id),
        sequence: row.sequence,
        at: moment(row.at)?,
        event_type: spelled(&row.event_type)?,
        message: row.message,
        status: spelled(&row.status)?,
        progress: from_json(&row.progress)?,
        usage: from_json(&row.usage)?,
        asset: from_json_or_none(row.asset.as_deref())?,
        position: row.position,
        suggestion_id: row.suggestion_id.map(SuggestionId),
        text: row.text,
        error: from_json_or_none(row.error.as_deref())?,
        actor: row.actor,
    })
}

pub(super) fn suggestion(row: suggestion::Model) -> Result<Suggestion> {
    Ok(Suggestion {
        substance: ratings::rating(&row)?,
        id: SuggestionId(row.id),
        run_id: RunId(row.run_id),
        position: row.position,
        asset: asset_of(&row)?,
        description: row.description,
        confidence: row.confidence,
        logprob: row.logprob,
        reasoning: row.reasoning,
        existing_comment: row.existing_comment,
        review: Review {
            state: spelled(&row.review_state)?,
            reviewer: row.reviewer,
            at: moment_or_none(row.reviewed_at)?,
            text: row.review_text,
        },
        version: row.version,
        chain_id: SuggestionId(row.chain_id.unwrap_or(row.id)),
        applied_id: row.applied_id.map(AppliedCommentId),
    })
}

pub(super) fn asset_of(row: &suggestion::Model) -> Result<AssetPath> {
    Ok(AssetPath {
        kind: spelled(&row.asset_kind)?,
        database: row.database_name.clone(),
        schema: row.schema_name.clone(),
        table: row.table_name.clone(),
        column: row.column_name.clone(),
    })
}

pub(super) fn item_model(run: RunId, item: &ApplyItem) -> Result<apply_item::Model> {
    Ok(apply_item::Model {
        run_id: run.0,
        position: item.position,
        status: item.status.as_str().to_owned(),
        begun: item.begun,
        suggestion_id: item.suggestion_id.0,
        undoes: item.undoes.map(|id| id.0),
        asset_kind: item.asset.kind.as_str().to_owned(),
        database_name: item.asset.database.clone(),
        schema_name: item.asset.schema.clone(),
        table_name: item.asset.table.clone(),
        column_name: item.asset.column.clone(),
        text: item.text.clone(),
        expected: item.expected.clone(),
        statement: item.statement.clone(),
        before_text: item.before.clone(),
        error: to_json_or_none(item.error.as_ref())?,
        identity: to_json_or_none(item.identity.as_ref())?,
        // An item with a final outcome is no longer in doubt.
        doubt: item.doubt.clone().filter(|_| item.begun),
    })
}

pub(super) fn item(row: apply_item::Model) -> Result<ApplyItem> {
    Ok(ApplyItem {
        position: row.position,
        suggestion_id: SuggestionId(row.suggestion_id),
        asset: AssetPath {
            kind: spelled(&row.asset_kind)?,
            database: row.database_name,
            schema: row.schema_name,
            table: row.table_name,
            column: row.column_name,
        },
        text: row.text,
        expected: row.expected,
        undoes: row.undoes.map(AppliedCommentId),
        status: spelled(&row.status)?,
        begun: row.begun,
        statement: row.statement,
        before: row.before_text,
        error: from_json_or_none(row.error.as_deref())?,
        identity: from_json_or_none(row.identity.as_deref())?,
        doubt: row.doubt,
    })
}

pub(super) fn applied_comment(row: applied_comment::Model) -> Result<AppliedComment> {
    Ok(AppliedComment {
        id: AppliedCommentId(row.id),
        asset: from_json(&row.asset)?,
        run_id: RunId(row.run_id),
        suggestion_id: SuggestionId(row.suggestion_id),
        db_profile_id: row.db_profile_id.map(DbProfileId),
        db_profile_name: row.db_profile_name,
        before: row.before_text,
        after: row.after_text,
        actor: row.actor,
        at: moment(row.at)?,
        identity: from_json_or_none(row.identity.as_deref())?,
        rolled_back_at: moment_or_none(row.rolled_back_at)?,
    })
}

pub(super) fn schedule_model(schedule: &Schedule) -> Result<schedule::Model> {
    let settings = &schedule.settings;
    let (cron, fire_at) = match &settings.timing {
        Timing::Cron(expression) => (Some(expression.clone()), None),
        Timing::Once(moment) => (None, Some(millis(*moment))),
    };
    Ok(schedule::Model {
        id: schedule.id.0,
        name: settings.name.clone(),
        status: schedule.status.as_str().to_owned(),
        time_zone: settings.time_zone.clone(),
        scope: to_json(&settings.scope)?,
        options: to_json(&settings.options)?,
        review_strategy: settings.review_strategy.as_str().to_owned(),
        created_by: schedule.created_by.clone(),
        cron,
        last_error: to_json_or_none(schedule.last_error.as_ref())?,
        on_change: settings.on_change,
        fire_at,
        next_fire_at: schedule.next_fire_at.map(millis),
        last_fire_at: schedule.last_fire_at.map(millis),
        planned_at: millis(schedule.planned_at),
        created_at: millis(schedule.created_at),
        db_profile_id: settings.db_profile_id.0,
        llm_profile_id: settings.llm_profile_id.map(|id| id.0),
        last_run_id: schedule.last_run_id.map(|id| id.0),
        max_cost_usd: settings.budget.max_cost_usd,
        max_tokens: settings.budget.max_tokens,
        max_seconds: settings.budget.max_seconds,
        revision: schedule.revision,
        identity: to_json_or_none(schedule.identity.as_ref())?,
    })
}

pub(super) fn schedule(row: schedule::Model) -> Result<Schedule> {
    let timing = match (row.cron, moment_or_none(row.fire_at)?) {
        (Some(expression), None) => Timing::Cron(expression),
        (None, Some(moment)) => Timing::Once(moment),
        _ => return Err(Error::internal(format!("schedule {} needs either `cron` or `fire_at`", row.id))),
    };
    let settings = ScheduleSettings {
        name: row.name,
        timing,
        time_zone: row.time_zone,
        on_change: row.on_change,
        db_profile_id: DbProfileId(row.db_profile_id),
        llm_profile_id: row.llm_profile_id.map(LlmProfileId),
        scope: from_json(&row.scope)?,
        options: from_json(&row.options)?,
        budget: Budget { max_cost_usd: row.max_cost_usd, max_tokens: row.max_tokens, max_seconds: row.max_seconds },
        review_strategy: spelled(&row.review_strategy)?,
    };
    Ok(Schedule {
        id: ScheduleId(row.id),
        settings,
        status: spelled(&row.status)?,
        next_fire_at: moment_or_none(row.next_fire_at)?,
        planned_at: moment(row.planned_at)?,
        last_fire_at: moment_or_none(row.last_fire_at)?,
        last_run_id: row.last_run_id.map(RunId),
        last_error: from_json_or_none(row.last_error.as_deref())?,
        revision: row.revision,
        identity: from_json_or_none(row.identity.as_deref())?,
        created_by: row.created_by,
        created_at: moment(row.created_at)?,
    })
}
