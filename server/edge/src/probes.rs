//! For those who run the server: is it alive, is it ready, how is it doing.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde_json::json;
use tokio::time::timeout;

use crate::{endpoint::Endpoint, graphql::Edge};

/// The process answers. Touches nothing, so that a broken database does not get it restarted.
pub(crate) async fn live() -> &'static str {
    "ok"
}

/// The process should be sent requests.
pub(crate) async fn ready<E: Endpoint>(State(edge): State<Arc<Edge<E>>>) -> impl IntoResponse {
    let failing = if edge.lifecycle.is_draining() {
        vec!["draining".to_owned()]
    } else {
        match timeout(edge.options.ready_timeout, edge.endpoint.ready()).await {
            Ok(Ok(())) => Vec::new(),
            Ok(Err(failing)) => failing,
            Err(_) => vec!["timeout".to_owned()],
        }
    };
    let (status, word) = if failing.is_empty() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unready")
    };
    (status, Json(json!({ "status": word, "failing": failing })))
}

/// For Prometheus.
pub(crate) async fn metrics<E: Endpoint>(State(edge): State<Arc<Edge<E>>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], edge.endpoint.metrics())
}
