//! The integration tests: one binary, so that it links once. A module per part of the front door.
#![allow(clippy::unwrap_used, reason = "in a test a failure of what it builds upon is a failure too")]

mod api;
mod applied;
mod apply;
mod architecture;
mod ask;
mod ask_chinook;
mod ask_models;
mod attacks;
mod bad_input;
mod builtin;
mod chinook;
mod cli;
mod compare;
mod crash;
mod demo;
mod harness;
mod http;
mod kinds;
mod limits;
mod models;
mod provider;
mod reruns;
mod review_api;
mod roles;
mod runs;
mod schedules;
mod schema;
mod search;
mod secrets;
mod services;
mod status_machine;
mod store;
mod targets;
mod tokens;
mod watching;
