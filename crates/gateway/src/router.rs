//! The routes of the gateway and what they share.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{SecondsFormat, Utc};
use flightsql_client::Client;
use serde_json::{Value, json};
use server_kit::json_error;
use tokio::sync::Semaphore;

use crate::{Config, answer};

/// What all requests share: the connection to the query service, the limits and the permits.
#[derive(Debug, Clone)]
pub struct Gateway {
    pub(crate) client: Client,
    pub(crate) config: Arc<Config>,
    pub(crate) permits: Arc<Semaphore>,
}

impl Gateway {
    pub fn new(client: Client, config: Config) -> Self {
        let permits = config.max_concurrent.min(Semaphore::MAX_PERMITS);
        Self {
            client,
            config: Arc::new(config),
            permits: Arc::new(Semaphore::new(permits)),
        }
    }
}

/// The whole service: its own routes, `/health`, and JSON errors for everything else.
pub fn router(gateway: Gateway) -> Router {
    routes(gateway)
        .route("/health", get(health))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
}

/// Only the routes under `/gateway`, to be merged into the router of another service.
pub fn routes(gateway: Gateway) -> Router {
    Router::new()
        .route("/gateway/query", post(query))
        .route("/gateway/health", get(health))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(gateway)
}

async fn query(State(gateway): State<Gateway>, request: Request) -> Response {
    answer::answer(&gateway, request).await
}

/// Tells that this process runs; it does not ask the query service.
async fn health() -> Json<Value> {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    Json(json!({ "status": "healthy", "timestamp": now }))
}

async fn not_found(uri: Uri) -> Response {
    let text = format!("there is no {}", uri.path());
    json_error(StatusCode::NOT_FOUND, &text)
}

async fn method_not_allowed() -> Response {
    let text = "this path does not support the method";
    json_error(StatusCode::METHOD_NOT_ALLOWED, text)
}
