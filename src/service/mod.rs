//! Use cases: what a person can ask Gloss to do, one file each family.
