//! Conversion between rows and domain values.
//!
//! The rule: a column of a value of the domain has its type, so reading a row has checked it.

use entity::{JsonText, Millis, Word, applied_comment, apply_item, run, run_event, run_row, schedule, suggestion};

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

/// Converts an asset's path to a key of bounded length.
pub(super) fn asset_key(asset: &AssetPath) -> Result<String> {
    serde_json::to_string(asset).map(index_key).map_err(Error::internal)
}

/// Moves the path of an asset out of a row whose columns hold its parts.
macro_rules! path_of {
    ($row:ident) => {
        $crate::domain::asset::AssetPath {
            kind: $row.asset_kind.0,
            database: $row.database_name,
            schema: $row.schema_name,
            table: $row.table_name,
            column: $row.column_name,
        }
    };
}
pub(super) use path_of;

pub(super) fn run_model(run: &Run) -> run::Model {
    // Only an ended run has a duration to order by.
    let duration_ms = run.finished_at.and_then(|finished_at| run.duration_ms(finished_at));
    run::Model {
        id: run.id.0,
        kind: Word(run.spec.kind),
        command: Word(run.spec.command),
        status: Word(run.status),
        db_profile_id: run.spec.db_profile_id.map(|id| id.0),
        llm_profile_id: run.spec.llm_profile_id.map(|id| id.0),
        schedule_id: run.spec.schedule_id.map(|id| id.0),
        parent_id: run.spec.parent_id.map(|id| id.0),
        listed_at: millis(run.listed_at()),
        duration_ms,
        search_text: run.facts().search_text,
        identity: run.identity.clone().map(JsonText),
        db_profile_name: run.spec.db_profile_name.clone(),
        llm_profile_name: run.spec.llm_profile_name.clone(),
        provider: run.spec.provider.map(Word),
        model: run.spec.model.clone(),
        scope_summary: run.scope_summary.clone(),
        scope: JsonText(run.spec.scope.clone()),
        options: JsonText(run.spec.options.clone()),
        max_cost_usd: run.spec.budget.max_cost_usd,
        max_tokens: run.spec.budget.max_tokens,
        max_seconds: run.spec.budget.max_seconds,
        created_at: Millis(run.created_at),
        started_at: run.started_at.map(Millis),
        finished_at: run.finished_at.map(Millis),
        active_ms: run.active_ms,
        active_since: run.active_since.map(Millis),
        rows_total: run.progress.total,
        rows_done: run.progress.done,
        rows_failed: run.progress.failed,
        rows_skipped: run.progress.skipped,
        current_asset: run.progress.current_asset.clone().map(JsonText),
        input_tokens: run.usage.input_tokens,
        cached_input_tokens: run.usage.cached_input_tokens,
        cache_write_tokens: run.usage.cache_write_tokens,
        output_tokens: run.usage.output_tokens,
        cost_usd: run.usage.cost_usd,
        model_ms: run.usage.model_ms,
        requests: run.usage.requests,
        retries: run.usage.retries,
        repeats: run.usage.repeats,
        error: run.error.clone().map(JsonText),
        last_sequence: run.last_sequence,
        attempt: run.attempt,
        worker_id: run.worker_id.clone(),
        lease_until: run.lease_until.map(Millis),
        started_by: run.spec.started_by.clone(),
        auto_apply: run.spec.auto_apply,
        variations: run.spec.variations.map(Word),
        apply: run.apply.clone().map(JsonText),
        cancelled_by: run.cancelled_by.clone(),
        title: run.naming.title.clone(),
        labels: JsonText(run.naming.labels.clone()),
        has_failures: run.progress.failed > 0,
        apply_ms: run.apply_ms,
        apply_since: run.apply_since.map(Millis),
        waiting: run.waiting.clone().map(JsonText),
        prompt_version: run.prompt_version.clone(),
    }
}

pub(super) fn run(row: run::Model) -> Run {
    Run {
        id: RunId(row.id),
        spec: RunSpec {
            kind: row.kind.0,
            command: row.command.0,
            scope: row.scope.0,
            db_profile_id: row.db_profile_id.map(DbProfileId),
            llm_profile_id: row.llm_profile_id.map(LlmProfileId),
            schedule_id: row.schedule_id.map(ScheduleId),
            parent_id: row.parent_id.map(RunId),
            db_profile_name: row.db_profile_name,
            llm_profile_name: row.llm_profile_name,
            provider: row.provider.map(|it| it.0),
            model: row.model,
            options: row.options.0,
            budget: Budget { max_cost_usd: row.max_cost_usd, max_tokens: row.max_tokens, max_seconds: row.max_seconds },
            variations: row.variations.map(|it| it.0),
            started_by: row.started_by,
            auto_apply: row.auto_apply,
        },
        status: row.status.0,
        scope_summary: row.scope_summary,
        identity: row.identity.map(|it| it.0),
        prompt_version: row.prompt_version,
        cancelled_by: row.cancelled_by,
        naming: Naming { title: row.title, labels: row.labels.0 },
        waiting: row.waiting.map(|it| it.0),
        apply: row.apply.map(|it| it.0),
        created_at: row.created_at.0,
        started_at: row.started_at.map(|at| at.0),
        finished_at: row.finished_at.map(|at| at.0),
        active_ms: row.active_ms,
        active_since: row.active_since.map(|at| at.0),
        apply_ms: row.apply_ms,
        apply_since: row.apply_since.map(|at| at.0),
        progress: Progress {
            total: row.rows_total,
            done: row.rows_done,
            failed: row.rows_failed,
            skipped: row.rows_skipped,
            current_asset: row.current_asset.map(|it| it.0),
        },
        usage: Usage {
            input_tokens: row.input_tokens,
            cached_input_tokens: row.cached_input_tokens,
            cache_write_tokens: row.cache_write_tokens,
            output_tokens: row.output_tokens,
            cost_usd: row.cost_usd,
            model_ms: row.model_ms,
            requests: row.requests,
            retries: row.retries,
            repeats: row.repeats,
        },
        error: row.error.map(|it| it.0),
        last_sequence: row.last_sequence,
        attempt: row.attempt,
        worker_id: row.worker_id,
        lease_until: row.lease_until.map(|at| at.0),
    }
}

pub(super) fn row(row: run_row::Model) -> Row {
    Row {
        position: row.position,
        asset: path_of!(row),
        again: row.again.map(SuggestionId),
        fingerprint: row.fingerprint,
    }
}

pub(super) fn event_model(event: &RunEvent) -> run_event::Model {
    run_event::Model {
        run_id: event.run_id.0,
        sequence: event.sequence,
        at: Millis(event.at),
        event_type: Word(event.event_type),
        message: event.message.clone(),
        status: Word(event.status),
        progress: JsonText(event.progress.clone()),
        usage: JsonText(event.usage.clone()),
        asset: event.asset.clone().map(JsonText),
        position: event.position,
        suggestion_id: event.suggestion_id.map(|id| id.0),
        text: event.text.clone(),
        error: event.error.clone().map(JsonText),
        actor: event.actor.clone(),
    }
}

pub(super) fn event(row: run_event::Model) -> RunEvent {
    RunEvent {
        run_id: RunId(row.run_id),
        sequence: row.sequence,
        at: row.at.0,
        event_type: row.event_type.0,
        message: row.message,
        status: row.status.0,
        progress: row.progress.0,
        usage: row.usage.0,
        asset: row.asset.map(|it| it.0),
        position: row.position,
        suggestion_id: row.suggestion_id.map(SuggestionId),
        text: row.text,
        error: row.error.map(|it| it.0),
        actor: row.actor,
    }
}

pub(super) fn suggestion(row: suggestion::Model) -> Suggestion {
    Suggestion {
        substance: ratings::rating(&row),
        id: SuggestionId(row.id),
        run_id: RunId(row.run_id),
        position: row.position,
        asset: asset_of(&row),
        description: row.description,
        confidence: row.confidence,
        logprob: row.logprob,
        reasoning: row.reasoning,
        existing_comment: row.existing_comment,
        review: Review {
            state: row.review_state.0,
            reviewer: row.reviewer,
            at: row.reviewed_at.map(|at| at.0),
            text: row.review_text,
        },
        version: row.version,
        chain_id: SuggestionId(row.chain_id.unwrap_or(row.id)),
        applied_id: row.applied_id.map(AppliedCommentId),
    }
}

pub(super) fn asset_of(row: &suggestion::Model) -> AssetPath {
    AssetPath {
        kind: row.asset_kind.0,
        database: row.database_name.clone(),
        schema: row.schema_name.clone(),
        table: row.table_name.clone(),
        column: row.column_name.clone(),
    }
}

pub(super) fn item_model(run: RunId, item: &ApplyItem) -> apply_item::Model {
    apply_item::Model {
        run_id: run.0,
        position: item.position,
        status: Word(item.status),
        begun: item.begun,
        suggestion_id: item.suggestion_id.0,
        undoes: item.undoes.map(|id| id.0),
        asset_kind: Word(item.asset.kind),
        database_name: item.asset.database.clone(),
        schema_name: item.asset.schema.clone(),
        table_name: item.asset.table.clone(),
        column_name: item.asset.column.clone(),
        text: item.text.clone(),
        expected: item.expected.clone(),
        statement: item.statement.clone(),
        before_text: item.before.clone(),
        error: item.error.clone().map(JsonText),
        identity: item.identity.clone().map(JsonText),
        // An item with a final outcome is no longer in doubt.
        doubt: item.doubt.clone().filter(|_| item.begun),
    }
}

pub(super) fn item(row: apply_item::Model) -> ApplyItem {
    ApplyItem {
        position: row.position,
        suggestion_id: SuggestionId(row.suggestion_id),
        asset: path_of!(row),
        text: row.text,
        expected: row.expected,
        undoes: row.undoes.map(AppliedCommentId),
        status: row.status.0,
        begun: row.begun,
        statement: row.statement,
        before: row.before_text,
        error: row.error.map(|it| it.0),
        identity: row.identity.map(|it| it.0),
        doubt: row.doubt,
    }
}

pub(super) fn applied_comment(row: applied_comment::Model) -> AppliedComment {
    AppliedComment {
        id: AppliedCommentId(row.id),
        asset: row.asset.0,
        run_id: RunId(row.run_id),
        suggestion_id: SuggestionId(row.suggestion_id),
        db_profile_id: row.db_profile_id.map(DbProfileId),
        db_profile_name: row.db_profile_name,
        before: row.before_text,
        after: row.after_text,
        actor: row.actor,
        at: row.at.0,
        identity: row.identity.map(|it| it.0),
        rolled_back_at: row.rolled_back_at.map(|at| at.0),
    }
}

pub(super) fn schedule_model(schedule: &Schedule) -> schedule::Model {
    let settings = &schedule.settings;
    let (cron, fire_at) = match &settings.timing {
        Timing::Cron(expression) => (Some(expression.clone()), None),
        Timing::Once(moment) => (None, Some(Millis(*moment))),
    };
    schedule::Model {
        id: schedule.id.0,
        name: settings.name.clone(),
        status: Word(schedule.status),
        time_zone: settings.time_zone.clone(),
        scope: JsonText(settings.scope.clone()),
        options: JsonText(settings.options.clone()),
        review_strategy: Word(settings.review_strategy),
        created_by: schedule.created_by.clone(),
        cron,
        last_error: schedule.last_error.clone().map(JsonText),
        on_change: settings.on_change,
        fire_at,
        next_fire_at: schedule.next_fire_at.map(Millis),
        last_fire_at: schedule.last_fire_at.map(Millis),
        planned_at: Millis(schedule.planned_at),
        created_at: Millis(schedule.created_at),
        db_profile_id: settings.db_profile_id.0,
        llm_profile_id: settings.llm_profile_id.map(|id| id.0),
        last_run_id: schedule.last_run_id.map(|id| id.0),
        max_cost_usd: settings.budget.max_cost_usd,
        max_tokens: settings.budget.max_tokens,
        max_seconds: settings.budget.max_seconds,
        revision: schedule.revision,
        identity: schedule.identity.clone().map(JsonText),
    }
}

pub(super) fn schedule(row: schedule::Model) -> Result<Schedule> {
    let timing = match (row.cron, row.fire_at.map(|at| at.0)) {
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
        scope: row.scope.0,
        options: row.options.0,
        budget: Budget { max_cost_usd: row.max_cost_usd, max_tokens: row.max_tokens, max_seconds: row.max_seconds },
        review_strategy: row.review_strategy.0,
    };
    Ok(Schedule {
        id: ScheduleId(row.id),
        settings,
        status: row.status.0,
        next_fire_at: row.next_fire_at.map(|at| at.0),
        planned_at: row.planned_at.0,
        last_fire_at: row.last_fire_at.map(|at| at.0),
        last_run_id: row.last_run_id.map(RunId),
        last_error: row.last_error.map(|it| it.0),
        revision: row.revision,
        identity: row.identity.map(|it| it.0),
        created_by: row.created_by,
        created_at: row.created_at.0,
    })
}
