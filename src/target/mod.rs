//! The databases that are described: one file per kind of database.
