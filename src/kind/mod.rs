//! What a run does: one file per kind of run.
