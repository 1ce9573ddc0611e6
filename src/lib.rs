//! Gloss is a GraphQL server that documents databases with language models.
//!
//! `ARCHITECTURE.md` describes the whole. The crate `domain`, re-exported here, is its core and knows nothing of the
//! rest. A test enforces which modules each module may import:
//!
//! - `demo`, `lifecycle`: none
//! - `port`: `domain`
//! - `engine`, `store`, `bus`, `model`, `target`: `domain` and `port`
//! - `kind`: `domain`, `port` and `engine`
//! - `service`, `worker`: `domain`, `port`, `engine` and `kind`
//! - `graphql`: `service`, `domain` and `port`
//! - `http`, `cli`: `graphql` and `domain`
//! - `config`: `port`
//! - `log`: `config` and `domain`
//! - `app`, `command`: all
//!
//! Only `store` uses `sea_orm`; only `graphql` and `http` use `async_graphql`.

pub mod app;
pub mod bus;
pub mod cli;
pub mod command;
pub mod config;
pub mod demo;
pub mod engine;
pub mod graphql;
pub mod http;
pub mod kind;
pub mod lifecycle;
pub mod log;
pub mod model;
pub mod port;
pub mod service;
pub mod store;
pub mod target;
pub mod telemetry;
pub mod worker;

pub use domain;
