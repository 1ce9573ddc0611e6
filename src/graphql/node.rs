//! Relay's `Node`: look-up of any record by its global id.

use async_graphql::{Context, ID, Interface, Object, Result};

use super::{
    access,
    apply::object::AppliedComment,
    ask::object::{AskSession, AskTurn},
    context::{Role, loaders},
    profile::object::{DbProfile, LlmProfile},
    run::object::Run,
    schedule::object::Schedule,
    suggestion::object::Suggestion,
    token::object::ApiToken,
};
use crate::domain::{
    Error,
    id::{
        ApiTokenId, AppliedCommentId, AskSessionId, AskTurnId, DbProfileId, LlmProfileId, NodeType, RunId, ScheduleId,
        SuggestionId, decode,
    },
    page::MAX_SIZE,
};

/// A record with a global id.
#[derive(Interface, Clone)]
#[graphql(field(name = "id", ty = "ID", desc = "Its global id: opaque, and unique over all types."))]
pub enum Node {
    /// A run.
    Run(Run),
    /// A suggestion.
    Suggestion(Suggestion),
    /// A DB profile.
    DbProfile(DbProfile),
    /// An LLM profile.
    LlmProfile(LlmProfile),
    /// A schedule.
    Schedule(Schedule),
    /// A write to a database.
    AppliedComment(AppliedComment),
    /// Questions that follow one another.
    AskSession(AskSession),
    /// A question and its answer.
    AskTurn(AskTurn),
    /// A token.
    ApiToken(ApiToken),
}

/// Records by id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The record with this global id; null if there is none.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The global id of a record of any type.")] id: ID,
    ) -> Result<Option<Node>> {
        find(context, &id).await
    }

    /// The records with these global ids, in their order; null for each that does not exist. At most 200.
    #[graphql(complexity = "1 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Global ids of records of any type, at most 200.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MAX_SIZE {
            let message = format!("{} ids were given; request at most {MAX_SIZE} at a time", ids.len());
            return Err(Error::bad_input("ids", message).into());
        }
        futures_util::future::try_join_all(ids.iter().map(|id| find(context, id))).await
    }
}

async fn find(context: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let Some((node_type, key)) = decode(id) else { return Ok(None) };
    let loaders = loaders(context);
    Ok(match node_type {
        NodeType::Run => loaders.runs.load_one(RunId(key)).await?.map(|run| Node::Run(Run(run))),
        NodeType::Suggestion => {
            loaders.suggestions.load_one(SuggestionId(key)).await?.map(|it| Node::Suggestion(Suggestion(it)))
        }
        NodeType::DbProfile => {
            loaders.db_profiles.load_one(DbProfileId(key)).await?.map(|it| Node::DbProfile(DbProfile(it)))
        }
        NodeType::LlmProfile => {
            loaders.llm_profiles.load_one(LlmProfileId(key)).await?.map(|it| Node::LlmProfile(LlmProfile(it)))
        }
        NodeType::AppliedComment => {
            let found = loaders.applied_comments.load_one(AppliedCommentId(key)).await?;
            found.map(|it| Node::AppliedComment(AppliedComment(it)))
        }
        NodeType::Schedule => loaders.schedules.load_one(ScheduleId(key)).await?.map(|it| Node::Schedule(Schedule(it))),
        NodeType::AskSession => {
            loaders.ask_sessions.load_one(AskSessionId(key)).await?.map(|it| Node::AskSession(AskSession(it)))
        }
        NodeType::AskTurn => loaders.ask_turns.load_one(AskTurnId(key)).await?.map(|it| Node::AskTurn(AskTurn(it))),
        NodeType::ApiToken => {
            access::require(context, Role::Admin, "a token")?;
            let found = loaders.api_tokens.load_one(ApiTokenId(key)).await?;
            found.map(|it| Node::ApiToken(ApiToken(it.as_ref().clone())))
        }
    })
}
