//! The integration tests: one binary, so that it links once. A module per part of the front door.
mod api;
mod schema;

mod store;
