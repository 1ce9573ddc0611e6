//! The migrations of the store, one file each: a verb and a noun.
