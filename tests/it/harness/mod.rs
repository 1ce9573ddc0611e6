//! Starts the real server as a process of its own and speaks to it as clients do.

pub mod live;
pub mod server;

pub use live::Live;
pub use server::Server;
