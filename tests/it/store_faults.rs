//! Faults of the store: a full disk, a file that cannot be written to, a file that is lost or damaged, an answer that
//! never came. Whatever was acknowledged is there at the next start, and whatever was not is said to be missing.

mod full;
mod lost;
mod start;
