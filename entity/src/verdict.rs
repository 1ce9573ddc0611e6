//! The verdicts of JUDGE runs on pairs of suggestions.

use domain::judge::{Opinions, Preference};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Word};

/// A pair of suggestions that a row of a run judges, and the verdict once there is one.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "verdict")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    /// The position of the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The suggestion of the run with the lower number.
    pub first_id: i64,
    pub second_id: i64,
    pub first_run_id: i64,
    pub second_run_id: i64,
    /// Null until the pair has been judged.
    pub outcome: Option<Word<Preference>>,
    /// Null until the pair has been judged.
    pub opinions: Option<JsonText<Opinions>>,
}

impl ActiveModelBehavior for ActiveModel {}
