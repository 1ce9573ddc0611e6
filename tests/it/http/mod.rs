//! The HTTP server on a real port, in front of a small toy schema.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod clients;
mod documents;
mod doors;
mod fuzz;
mod pages;
mod post_get;
mod shared;
mod slow;
mod sse;
mod stock;
mod toy;
mod ws;
