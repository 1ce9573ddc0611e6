//! The reviews that suggestions had before another version of their chain was accepted.

use domain::suggestion::ReviewState;
use sea_orm::entity::prelude::*;

use crate::{Millis, Word};

/// The earlier review of a suggestion that is skipped because another version was accepted.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "displaced_review")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub suggestion_id: i64,
    /// The version that was accepted.
    pub accepted_id: i64,
    pub review_state: Word<ReviewState>,
    pub review_text: Option<String>,
    pub reviewer: Option<String>,
    pub reviewed_at: Option<Millis>,
}

impl ActiveModelBehavior for ActiveModel {}
