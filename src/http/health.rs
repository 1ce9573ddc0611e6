//! `/healthz` (the process is alive), `/readyz` (it can serve requests) and `/metrics` (its metrics).
//!
//! The rule: the liveness check depends on nothing else, so that a slow store does not get the process killed. The
//! readiness check asks the other parts and fails after [`READY_WITHIN`].

use std::{fmt, future::Future, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::BoxFuture;
use serde_json::json;

use super::Door;
use crate::telemetry;

/// The readiness check fails if it takes longer than this.
const READY_WITHIN: Duration = Duration::from_secs(5);

/// The text of the metrics.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn() -> BoxFuture<'static, Result<String, fmt::Error>> + Send + Sync>);

impl Metrics {
    /// Creates the metrics from an asynchronous function that reads and writes them.
    pub fn new<F, Text>(read: F) -> Self
    where
        F: Fn() -> Text + Send + Sync + 'static,
        Text: Future<Output = Result<String, fmt::Error>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(read())))
    }
}

/// The readiness check. Its error is the reason why the process is not ready, and contains no secrets.
#[derive(Clone)]
pub struct Ready(Arc<Probe>);

type Probe = dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync;

impl Ready {
    /// Creates the check from an asynchronous function.
    pub fn new<F, Answer>(ask: F) -> Self
    where
        F: Fn() -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(ask())))
    }
}

/// Answers that the process is alive.
pub async fn healthz() -> impl IntoResponse {
    Json(json!({ "status": "alive" }))
}

/// Answers whether the process is ready; status 503 with the reason if it is not.
pub async fn readyz(State(door): State<Door>) -> Response {
    let verdict = if door.stop.token.is_cancelled() {
        Err("the server is stopping".to_owned())
    } else {
        tokio::time::timeout(READY_WITHIN, (door.ready.0)())
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", READY_WITHIN.as_secs())))
    };
    match verdict {
        Ok(()) => Json(json!({ "status": "ready" })).into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "reason": reason })))
            .into_response(),
    }
}

/// Answers with the metrics in the text format of Prometheus.
pub async fn metrics(State(door): State<Door>) -> Response {
    telemetry::metrics::show_open(door.open.subscriptions.held(), door.open.sockets.held());
    match (door.metrics.0)().await {
        Ok(text) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
