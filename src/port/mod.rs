//! What the domain needs from the world, as traits: the store, the bus, the model, the target.
//!
//! The rule: a port speaks the domain's words and no library's. An adapter lives in the folder of its
//! name (`store/`, `bus/`, `model/`, `target/`), and only `app.rs` knows which one is at work.

pub mod bus;
pub mod model;
pub mod store;
pub mod target;
