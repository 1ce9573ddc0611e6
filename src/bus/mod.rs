//! Nudges between the parts of Gloss. Each file is one way to carry them.

pub mod local;
