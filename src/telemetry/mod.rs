//! What operators see of this process: `metrics` for Prometheus, and `traces` for OpenTelemetry.
//!
//! The rules: every other module may use this one, and it uses none. It belongs to the process, as the log does, so
//! nothing passes it around. Labels and attributes come from closed sets, or from names that administrators give: no
//! query text, no variables, no text of a described database and no secret.
//!
//! To add a metric: a field of [`metrics`]'s list, a function that records it, and its line in `docs/operations.md`. A
//! test compares that page, the dashboard and the alerts with what `/metrics` shows.

pub mod metrics;
pub mod traces;
