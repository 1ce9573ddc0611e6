//! The integration tests: one binary, so that it links once. A module per part of the front door.

mod architecture;
mod bad_input;
mod builtin;
mod crash;
mod harness;
mod http;
mod models;
mod provider;
mod runs;
mod status_machine;
mod watching;
