//! The `gloss` binary.

fn main() {}
