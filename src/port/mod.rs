//! Ports: the traits through which the domain uses the store, the bus, the models and the targets.
//!
//! The rules: a port uses types of the domain, never those of a library. Its implementations are in the folder of the
//! same name (`store/`, `bus/`, `model/`, `target/`), and only `app.rs` knows which ones are used. To add a port, add a
//! trait here and a field to [`Ports`].

pub mod bus;
pub mod converse;
pub mod environment;
pub mod judge;
pub mod model;
pub mod store;
pub mod target;

use std::sync::Arc;

use crate::domain::clock::Clock;

/// Everything that use cases and workers depend on. Cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// The store, for Gloss's own records.
    pub store: Arc<dyn store::Store>,
    /// The bus, for nudges.
    pub bus: Arc<dyn bus::Bus>,
    /// The databases that profiles name.
    pub targets: Arc<dyn target::Targets>,
    /// The models that profiles name.
    pub models: Arc<dyn model::Models>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}
