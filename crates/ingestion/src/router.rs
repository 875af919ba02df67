//! The routes of ingestion.

use axum::Router;
use axum::routing::post;
use server_kit::{health_router, with_request_log};
use tracing::Level;

use crate::Ingestion;
use crate::handlers::{insert_block, insert_process, insert_stream};

/// Answers on the native routes: 200 with an empty body for what is stored, now or before; 400 for
/// what can never be stored; 413 above the size limit; 500 when storage failed; 503 with
/// `Retry-After` when too much is in flight. Neither `Content-Type` nor `Content-Encoding` is
/// looked at.
pub fn router(ingestion: Ingestion) -> Router {
    let health = health_router(ingestion.readiness());
    let native = Router::new()
        .route("/ingestion/insert_process", post(insert_process))
        .route("/ingestion/insert_stream", post(insert_stream))
        .route("/ingestion/insert_block", post(insert_block))
        .with_state(ingestion);
    with_request_log(native, Level::DEBUG).merge(health)
}
