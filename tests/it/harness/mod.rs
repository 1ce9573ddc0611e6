//! What the tests share: the real server as a process of its own, spoken to as clients do, and servers that
//! stand in for the world.

pub mod live;
pub mod scripted_model;
pub mod server;

pub use live::Live;
pub use server::Server;
