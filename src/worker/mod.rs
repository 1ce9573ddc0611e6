//! Runs at work: the registry, the pool and what a run sees of the world.
