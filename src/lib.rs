//! Gloss documents databases with language models, as a GraphQL server.
//!
//! `ARCHITECTURE.md` is the map. Who may import whom, kept by a test:
//! `domain` nothing of ours; `port` domain; `engine` domain and port; `kind` these and `engine`; `service` and `worker`
//! these and `kind`; `store`, `bus`, `model`, `target` domain and port; `graphql` service, domain and port; `http`
//! graphql; `cli` graphql and domain; `config` port; `app` all. `sea_orm` appears in `store/` alone, `async_graphql` in
//! `graphql/` and `http/` alone.

pub mod app;
pub mod bus;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod engine;
pub mod graphql;
pub mod http;
pub mod key;
pub mod kind;
pub mod lifecycle;
pub mod log;
pub mod model;
pub mod port;
pub mod service;
pub mod store;
pub mod target;
pub mod worker;
