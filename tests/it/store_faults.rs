//! Faults of the store: a full disk, a file that cannot be written, a lost or damaged file, a lost answer. Every
//! acknowledged write is present after the next start, and every other one has been reported as failed.

mod full;
mod lost;
mod start;
