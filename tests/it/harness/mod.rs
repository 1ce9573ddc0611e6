//! What the tests share: servers and builders that stand in for the world.

pub mod scripted_model;
