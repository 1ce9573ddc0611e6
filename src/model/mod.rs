//! Language models: the describer that comes with Gloss, and the providers.

pub mod builtin;
