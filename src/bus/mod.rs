//! Nudges between the parts of Gloss. Each file is one transport.

pub mod local;
