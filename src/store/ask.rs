//! Questions: sessions, turns and their tool calls.
//!
//! The rules: a turn is created and deleted with its run, and changes of both are recorded in the same transaction. A
//! session is deleted with its last turn.

use std::collections::HashMap;

use async_trait::async_trait;
use entity::{JsonText, Millis, ask_session, ask_tool_call, ask_turn, run};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{
    SqlStore, grouped,
    keyset::{self, KeyType, Keyset},
    number, record,
    runs::{self, MAX_KEYS},
    transaction::Transaction,
    trouble::DbResult as _,
    write,
};
use crate::{
    domain::{
        Error, Result,
        ask::{AskSession, AskTurn, NewTurn, SESSIONS_LIST, ToolUse, TurnChange, title, turns_list},
        clock::Moment,
        filter::OrderDirection,
        id::{AskSessionId, AskTurnId, DbProfileId, RunId},
        page::{Cursor, CursorPart, Page, PageRequest},
        status::RunStatus,
    },
    port::store::AskStore,
};

/// The statuses in which a question is still being answered.
const ANSWERING: [RunStatus; 3] = [RunStatus::Queued, RunStatus::Running, RunStatus::Cancelling];

fn session(row: ask_session::Model) -> AskSession {
    AskSession {
        id: AskSessionId(row.id),
        title: row.title,
        created_at: row.created_at.0,
        last_active_at: row.last_active_at.0,
    }
}

fn turn(row: ask_turn::Model) -> AskTurn {
    AskTurn {
        id: AskTurnId(row.id),
        session_id: AskSessionId(row.session_id),
        run_id: RunId(row.run_id),
        question: row.question,
        db_profile_ids: row.db_profile_ids.0,
        everywhere: row.everywhere,
        answer: row.answer,
        citations: row.citations.0,
    }
}

fn tool_use(row: ask_tool_call::Model) -> (AskTurnId, ToolUse) {
    let used = ToolUse {
        position: row.position,
        round: row.round,
        call_id: row.call_id,
        name: row.name,
        arguments: row.arguments,
        result: row.result,
        milliseconds: row.milliseconds,
    };
    (AskTurnId(row.turn_id), used)
}

/// Records the changes of the turn that a run answers.
pub(super) async fn write(transaction: &Transaction, run: RunId, changes: &[TurnChange]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let found = ask_turn::Entity::find().filter(ask_turn::Column::RunId.eq(run.0)).one(transaction).await.db()?;
    let turn = found.ok_or_else(|| Error::internal(format!("run #{run} answers no question")))?.id;
    for change in changes {
        match change {
            TurnChange::Used(used) => {
                let row = ask_tool_call::Model {
                    turn_id: turn,
                    position: used.position,
                    round: used.round,
                    call_id: used.call_id.clone(),
                    name: used.name.clone(),
                    arguments: used.arguments.clone(),
                    result: used.result.clone(),
                    milliseconds: used.milliseconds,
                };
                write::insert(transaction, [row.into_active_model()]).await?;
            }
            TurnChange::Answered { answer, citations } => {
                ask_turn::Entity::update_many()
                    .col_expr(ask_turn::Column::Answer, Expr::value(answer.as_str()))
                    .col_expr(ask_turn::Column::Citations, Expr::value(JsonText(citations.clone())))
                    .filter(ask_turn::Column::Id.eq(turn))
                    .exec(transaction)
                    .await
                    .db()?;
            }
        }
    }
    Ok(())
}

/// Deletes sessions without turns, after runs were deleted.
pub(super) async fn remove_empty_sessions(transaction: &Transaction) -> Result<(), DbErr> {
    let in_use = Query::select().column(ask_turn::Column::SessionId).from(ask_turn::Entity).take();
    let empty = ask_session::Column::Id.not_in_subquery(in_use);
    ask_session::Entity::delete_many().filter(empty).exec(transaction).await?;
    Ok(())
}

/// Returns an unfinished question that reads a profile, if there is one.
pub(super) async fn user_of(connection: &impl ConnectionTrait, profile: DbProfileId) -> Result<Option<RunId>, DbErr> {
    let unfinished = [ANSWERING.as_slice(), &[RunStatus::Paused]].concat();
    let runs = Query::select()
        .column(run::Column::Id)
        .from(run::Entity)
        .and_where(Expr::col(run::Column::Status).is_in(runs::spellings(&unfinished)))
        .take();
    let open = ask_turn::Entity::find().filter(ask_turn::Column::RunId.in_subquery(runs)).all(connection).await?;
    for row in open {
        let turn = turn(row);
        if turn.db_profile_ids.contains(&profile) {
            return Ok(Some(turn.run_id));
        }
    }
    Ok(None)
}

/// Refuses a question while the previous one in its session is being answered.
async fn nothing_is_asked(connection: &impl ConnectionTrait, session: AskSessionId) -> Result<()> {
    let turns = Query::select()
        .column(ask_turn::Column::RunId)
        .from(ask_turn::Entity)
        .and_where(Expr::col(ask_turn::Column::SessionId).eq(session.0))
        .take();
    let open = Condition::all()
        .add(run::Column::Id.in_subquery(turns))
        .add(run::Column::Status.is_in(runs::spellings(&ANSWERING)));
    match run::Entity::find().filter(open).one(connection).await.db()? {
        Some(run) => Err(Error::conflict(format!(
            "run #{} is still answering the previous question; wait for its end or cancel it, then ask again",
            run.id
        ))),
        None => Ok(()),
    }
}

async fn session_of(connection: &impl ConnectionTrait, id: AskSessionId) -> Result<AskSession> {
    let found = ask_session::Entity::find_by_id(id.0).one(connection).await.db()?;
    let unknown =
        || Error::not_found_at("input.sessionId", "no session has this id; list the sessions with `askSessions`");
    found.map(session).ok_or_else(unknown)
}

/// Refuses a question if its session is unknown or still answers the previous question.
pub(super) async fn may_be_asked(connection: &impl ConnectionTrait, new: &NewTurn) -> Result<()> {
    let Some(id) = new.session_id else { return Ok(()) };
    session_of(connection, id).await?;
    nothing_is_asked(connection, id).await
}

/// Records the question that a run answers, in its session or in a new one.
pub(super) async fn record(transaction: &Transaction, run: RunId, new: NewTurn, at: Moment) -> Result<()> {
    let session_id = if let Some(id) = new.session_id {
        ask_session::Entity::update_many()
            .col_expr(ask_session::Column::LastActiveAt, Expr::value(Millis(at)))
            .filter(ask_session::Column::Id.eq(id.0))
            .exec(transaction)
            .await
            .db()?;
        id.0
    } else {
        let row = ask_session::ActiveModel {
            id: ActiveValue::NotSet,
            title: ActiveValue::Set(title(&new.question)),
            created_at: ActiveValue::Set(Millis(at)),
            last_active_at: ActiveValue::Set(Millis(at)),
        };
        ask_session::Entity::insert(row).exec(transaction).await.db()?.last_insert_id
    };
    let row = ask_turn::ActiveModel {
        id: ActiveValue::NotSet,
        session_id: ActiveValue::Set(session_id),
        run_id: ActiveValue::Set(run.0),
        question: ActiveValue::Set(new.question),
        db_profile_ids: ActiveValue::Set(JsonText(new.db_profile_ids)),
        everywhere: ActiveValue::Set(new.everywhere),
        answer: ActiveValue::Set(None),
        citations: ActiveValue::Set(JsonText(Vec::new())),
    };
    ask_turn::Entity::insert(row).exec_without_returning(transaction).await.db()?;
    Ok(())
}

#[async_trait]
impl AskStore for SqlStore {
    async fn sessions_page(&self, page: &PageRequest) -> Result<Page<AskSession>> {
        use ask_session::Column;
        let keyset = Keyset {
            columns: vec![(Expr::col(Column::LastActiveAt), KeyType::Int), (Expr::col(Column::Id), KeyType::Int)],
            nullable: false,
            direction: OrderDirection::Desc,
        };
        let query = Query::select().columns(Column::iter()).from(ask_session::Entity).take();
        let cursor = |row: &ask_session::Model| Cursor {
            list: SESSIONS_LIST.to_owned(),
            key: vec![CursorPart::Int(record::millis(row.last_active_at.0)), CursorPart::Int(row.id)],
        };
        Ok(keyset::page(self.read(), &keyset, page, &query, cursor).await?.map(session))
    }

    async fn sessions_count(&self) -> Result<i64> {
        let mut query = Query::select();
        number(self.read(), query.expr(Expr::cust("count(*)")).from(ask_session::Entity)).await
    }

    async fn sessions_by_id(&self, ids: &[AskSessionId]) -> Result<HashMap<AskSessionId, AskSession>> {
        let these = ask_session::Column::Id.is_in(ids.iter().map(|id| id.0));
        let rows = ask_session::Entity::find().filter(these).all(self.read()).await.db()?;
        Ok(rows.into_iter().map(|row| (AskSessionId(row.id), session(row))).collect())
    }

    async fn turns_page(&self, session: AskSessionId, page: &PageRequest) -> Result<Page<AskTurn>> {
        use ask_turn::Column;
        let keyset = Keyset {
            columns: vec![(Expr::col(Column::Id), KeyType::Int)],
            nullable: false,
            direction: OrderDirection::Asc,
        };
        let mut query = Query::select();
        query.columns(Column::iter()).from(ask_turn::Entity).and_where(Expr::col(Column::SessionId).eq(session.0));
        let list = turns_list(session);
        let cursor = |row: &ask_turn::Model| Cursor { list: list.clone(), key: vec![CursorPart::Int(row.id)] };
        Ok(keyset::page(self.read(), &keyset, page, &query, cursor).await?.map(turn))
    }

    async fn turns_count(&self, session: AskSessionId) -> Result<i64> {
        let mut query = Query::select();
        query.expr(Expr::cust("count(*)")).from(ask_turn::Entity);
        number(self.read(), query.and_where(Expr::col(ask_turn::Column::SessionId).eq(session.0))).await
    }

    async fn last_turns(&self, session: AskSessionId, before: Option<AskTurnId>, limit: u64) -> Result<Vec<AskTurn>> {
        let mut query = ask_turn::Entity::find().filter(ask_turn::Column::SessionId.eq(session.0));
        if let Some(before) = before {
            query = query.filter(ask_turn::Column::Id.lt(before.0));
        }
        let rows = query.order_by_desc(ask_turn::Column::Id).limit(limit).all(self.read()).await.db()?;
        Ok(rows.into_iter().rev().map(turn).collect())
    }

    async fn turns_by_id(&self, ids: &[AskTurnId]) -> Result<HashMap<AskTurnId, AskTurn>> {
        let these = ask_turn::Column::Id.is_in(ids.iter().map(|id| id.0));
        let rows = ask_turn::Entity::find().filter(these).all(self.read()).await.db()?;
        Ok(rows.into_iter().map(|row| (AskTurnId(row.id), turn(row))).collect())
    }

    async fn turns_of_runs(&self, runs: &[RunId]) -> Result<HashMap<RunId, AskTurn>> {
        let mut found = HashMap::with_capacity(runs.len());
        for runs in runs.chunks(MAX_KEYS) {
            let these = ask_turn::Column::RunId.is_in(runs.iter().map(|id| id.0));
            for row in ask_turn::Entity::find().filter(these).all(self.read()).await.db()? {
                found.insert(RunId(row.run_id), turn(row));
            }
        }
        Ok(found)
    }

    async fn tool_uses(&self, turns: &[AskTurnId]) -> Result<HashMap<AskTurnId, Vec<ToolUse>>> {
        let rows = ask_tool_call::Entity::find()
            .filter(ask_tool_call::Column::TurnId.is_in(turns.iter().map(|id| id.0)))
            .order_by_asc(ask_tool_call::Column::TurnId)
            .order_by_asc(ask_tool_call::Column::Position)
            .all(self.read())
            .await
            .db()?;
        Ok(grouped(rows.into_iter().map(tool_use)))
    }
}
