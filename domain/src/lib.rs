//! Gloss's domain: runs and their status machine, scopes, assets, events, suggestions and pages, without a database, a
//! network or a clock.
//!
//! The rule: this crate depends on no other crate of Gloss, and nothing here waits. Callers pass the time as an
//! argument. This crate alone decides how a run may change; the store only records it.

pub mod apply;
pub mod ask;
pub mod asset;
pub mod base_url;
pub mod catalog;
pub mod clock;
pub mod codes;
pub mod compare;
pub mod coverage;
pub mod dbt;
pub mod description;
pub mod documented;
pub mod error;
pub mod event;
pub mod filter;
pub mod id;
pub mod identity;
pub mod import;
pub mod index_key;
pub mod judge;
pub mod lineage;
pub mod neighbour;
pub mod number;
pub mod page;
pub mod pattern;
pub mod price;
pub mod profile;
pub mod retention;
pub mod review;
pub mod run;
pub mod schedule;
pub mod scope;
pub mod search;
pub mod spelling;
pub mod status;
pub mod substance;
pub mod suggestion;
pub mod text;
pub mod token;
pub mod usage;
pub mod vocabulary;
pub mod ways;
pub mod words;

pub use error::{Code, Error, Result};
