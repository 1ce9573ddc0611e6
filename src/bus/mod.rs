//! Nudges between the parts of Gloss. `local` delivers them within this process. `relay` adds the other processes that
//! share the store, and each further file is a wire between them.

pub mod local;
pub mod nats;
pub mod postgres;
pub mod relay;
