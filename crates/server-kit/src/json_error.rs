//! The error body of the JSON routes.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// `{"error": "<message>"}` with `application/json`. The message goes to the client: no
/// internals in it.
pub fn json_error(status: StatusCode, message: &str) -> Response {
    (status, Json(serde_json::json!({ "error": message }))).into_response()
}
