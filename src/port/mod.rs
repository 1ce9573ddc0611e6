//! What the domain needs from the world, as traits: the store, the bus, the model, the target.
//!
//! The rule: a port speaks the domain's words and no library's. An adapter lives in the folder of its
//! name (`store/`, `bus/`, `model/`, `target/`), and only `app.rs` knows which one is at work.

pub mod bus;
pub mod converse;
pub mod environment;
pub mod model;
pub mod store;
pub mod target;

use std::sync::Arc;

use crate::domain::clock::Clock;

/// The world as use cases and workers see it. Cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// Gloss's own records.
    pub store: Arc<dyn store::Store>,
    /// Nudges.
    pub bus: Arc<dyn bus::Bus>,
    /// The databases that profiles name.
    pub targets: Arc<dyn target::Targets>,
    /// The models that profiles name.
    pub models: Arc<dyn model::Models>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}
