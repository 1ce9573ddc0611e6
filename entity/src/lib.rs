//! The tables of the store, one file each: rows only, no behaviour.
