//! The front door, on a real port, in front of a small schema of its own.

mod browser;
mod doors;
mod pages;
mod post_get;
mod sse;
mod toy;
mod ws;
