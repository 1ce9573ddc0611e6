//! The tables of the store, one file each: rows without behaviour.
//!
//! The rule: times are whole milliseconds since the Unix epoch (UTC). Enumerations are stored as the API spells them.
//! Values that are never searched or sorted by are stored as JSON text. The types in `value.rs` convert all three, so
//! that a row that was read holds values of the domain.
//!
//! To add a table: add a file here and a migration.
#![expect(missing_docs, reason = "sea-orm's derives make public items that carry no text")]

pub mod alternative;
pub mod api_token;
pub mod applied_comment;
pub mod apply_item;
pub mod ask_session;
pub mod ask_tool_call;
pub mod ask_turn;
pub mod catalog_asset;
pub mod catalog_reading;
pub mod compared_asset;
pub mod compared_run;
pub mod comparison;
pub mod confirmation;
pub mod db_profile;
pub mod displaced_review;
pub mod duty;
pub mod evidence;
pub mod idempotency_key;
pub mod llm_profile;
pub mod model_pace;
pub mod run;
pub mod run_event;
pub mod run_import;
pub mod run_label;
pub mod run_row;
pub mod run_tally;
pub mod schedule;
pub mod schedule_asset;
pub mod schedule_firing;
pub mod seal;
pub mod suggestion;
pub mod usage_tally;
mod value;
pub mod verdict;
pub mod worker;

pub use value::{JsonText, Millis, Word};
