//! async-graphql with its own axum service and Relay connection, over sea-orm's partial models: the server that the
//! documentation of these libraries leads to.

use std::path::Path;

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, ID, InputObject, Object, Schema, SimpleObject,
    connection::{Connection, CursorType, Edge, EmptyFields},
};
use async_graphql_axum::GraphQL;
use axum::{Router, routing::post_service};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, QueryOrder, QuerySelect, entity::prelude::*};

use super::{CACHE, READERS, page};
use crate::Result;

mod entity {
    use sea_orm::entity::prelude::*;

    /// The columns of `run` that the page needs.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "run")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub kind: String,
        pub command: String,
        pub status: String,
        pub listed_at: i64,
        pub scope_summary: String,
        pub model: Option<String>,
        pub db_profile_name: Option<String>,
        pub started_at: Option<i64>,
        pub active_ms: i64,
        pub rows_total: Option<i32>,
        pub rows_done: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "entity::Entity")]
struct Row {
    id: i64,
    kind: String,
    command: String,
    status: String,
    listed_at: i64,
    scope_summary: String,
    model: Option<String>,
    db_profile_name: Option<String>,
    started_at: Option<i64>,
    active_ms: i64,
    rows_total: Option<i32>,
    rows_done: i32,
}

/// Declares an enumeration of the schema whose stored values are its GraphQL names.
macro_rules! stored_enum {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        #[derive(Enum, Clone, Copy, PartialEq, Eq)]
        enum $name { $($variant),+ }

        impl $name {
            fn parse(text: &str) -> async_graphql::Result<Self> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!("unknown value {text}").into()),
                }
            }
        }
    };
}

stored_enum!(RunKind { Analyze => "ANALYZE", Rerun => "RERUN", Generate => "GENERATE", Ask => "ASK",
    Schedule => "SCHEDULE" });
stored_enum!(RunCommand {
    Run => "RUN", RunApply => "RUN_APPLY", Rerun => "RERUN", Variations => "VARIATIONS", Generate => "GENERATE",
    Ask => "ASK", Schedule => "SCHEDULE",
});
stored_enum!(RunStatus {
    Queued => "QUEUED", Running => "RUNNING", Paused => "PAUSED", Cancelling => "CANCELLING", Applying => "APPLYING",
    ReadyForReview => "READY_FOR_REVIEW", Success => "SUCCESS", Failed => "FAILED", Cancelled => "CANCELLED",
});

impl RunKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Analyze => "ANALYZE",
            Self::Rerun => "RERUN",
            Self::Generate => "GENERATE",
            Self::Ask => "ASK",
            Self::Schedule => "SCHEDULE",
        }
    }
}

#[derive(SimpleObject)]
struct RunProgress {
    total: Option<i32>,
    done: i32,
}

#[derive(SimpleObject)]
struct Run {
    id: ID,
    number: i32,
    kind: RunKind,
    command: RunCommand,
    status: RunStatus,
    scope_summary: String,
    model: Option<String>,
    db_profile_name: Option<String>,
    started_at: Option<DateTime<Utc>>,
    duration_seconds: Option<f64>,
    progress: RunProgress,
}

impl TryFrom<Row> for Run {
    type Error = async_graphql::Error;

    fn try_from(row: Row) -> async_graphql::Result<Self> {
        Ok(Self {
            id: page::global_id(row.id).into(),
            number: i32::try_from(row.id)?,
            kind: RunKind::parse(&row.kind)?,
            command: RunCommand::parse(&row.command)?,
            status: RunStatus::parse(&row.status)?,
            scope_summary: row.scope_summary,
            model: row.model,
            db_profile_name: row.db_profile_name,
            started_at: row.started_at.and_then(DateTime::from_timestamp_millis),
            duration_seconds: page::seconds(row.started_at, row.active_ms),
            progress: RunProgress { total: row.rows_total, done: row.rows_done },
        })
    }
}

/// The cursor of a run. The page is the first one, so no cursor is read.
struct RunCursor(String);

impl CursorType for RunCursor {
    type Error = &'static str;

    fn decode_cursor(_: &str) -> Result<Self, Self::Error> {
        Err("only the first page is served")
    }

    fn encode_cursor(&self) -> String {
        self.0.clone()
    }
}

#[derive(InputObject, Default)]
struct RunFilter {
    kinds: Option<Vec<RunKind>>,
}

struct Query;

#[Object]
impl Query {
    async fn runs(
        &self,
        context: &Context<'_>,
        #[graphql(default = 50)] first: u64,
        filter: Option<RunFilter>,
    ) -> async_graphql::Result<Connection<RunCursor, Run, EmptyFields, EmptyFields>> {
        use entity::{Column, Entity};
        let mut query = Entity::find();
        if let Some(kinds) = filter.and_then(|filter| filter.kinds) {
            query = query.filter(Column::Kind.is_in(kinds.into_iter().map(RunKind::as_str)));
        }
        let query = query.order_by_desc(Column::ListedAt).order_by_desc(Column::Id).limit(first + 1);
        let rows = query.into_partial_model::<Row>().all(context.data::<DatabaseConnection>()?).await?;
        let mut connection = Connection::new(false, rows.len() as u64 > first);
        for row in rows.into_iter().take(usize::try_from(first)?) {
            let cursor = RunCursor(page::cursor(row.listed_at, row.id));
            connection.edges.push(Edge::new(cursor, Run::try_from(row)?));
        }
        Ok(connection)
    }
}

pub async fn router(store: &Path) -> Result<Router> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=ro", store.display()));
    options.max_connections(READERS).sqlx_logging(false).test_before_acquire(false);
    options.map_sqlx_sqlite_opts(|options| options.pragma("cache_size", CACHE));
    let store = Database::connect(options).await?;
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).data(store).finish();
    Ok(Router::new().route("/graphql", post_service(GraphQL::new(schema))))
}
