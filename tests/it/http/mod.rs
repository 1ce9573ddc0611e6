//! The front door, on a real port, in front of a small schema of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod clients;
mod doors;
mod pages;
mod post_get;
mod sse;
mod toy;
mod ws;
