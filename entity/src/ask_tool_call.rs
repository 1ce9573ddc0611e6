//! The tool calls made for answers.

use sea_orm::entity::prelude::*;

/// One tool call.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ask_tool_call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub turn_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The round that calls of one model reply share; 0 is the search that Gloss makes itself.
    pub round: i32,
    /// The model's identifier of the call.
    pub call_id: String,
    pub name: String,
    pub arguments: String,
    pub result: String,
    pub milliseconds: f64,
}

impl ActiveModelBehavior for ActiveModel {}
