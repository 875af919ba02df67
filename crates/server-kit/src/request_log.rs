//! One log line per HTTP request, and the id that ties the lines of a request together.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::{Instrument, Level};
use uuid::Uuid;

#[cfg(test)]
mod tests;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Ids go straight into log lines, so a longer one from a client is replaced.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// Longer paths are cut in the log.
const PATH_BYTES_MAX: usize = 256;

/// The id of a request: what the client sent in `x-request-id` if it is at most 128 printable
/// ASCII characters, else a fresh UUID. An extension of every request below
/// [`with_request_log`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|text| is_acceptable(text))
            .map_or_else(
                || Self(Uuid::new_v4().to_string().into()),
                |text| Self(text.into()),
            )
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_acceptable(text: &str) -> bool {
    (1..=REQUEST_ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Logs method, path (never the query), status, request id and time to the head of the answer,
/// at `level`; use debug for hot routes. The id is returned as `x-request-id` and is on every
/// line that the handlers log.
pub fn with_request_log(router: Router, level: Level) -> Router {
    router.layer(middleware::from_fn(move |request, next| {
        log_request(level, request, next)
    }))
}

async fn log_request(level: Level, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let span = tracing::error_span!("request", request_id = %id);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    let path = &uri.path()[..uri.path().floor_char_boundary(PATH_BYTES_MAX)];
    let (status, duration_us) = (response.status().as_u16(), start.elapsed().as_micros());
    span.in_scope(|| match level {
        Level::ERROR | Level::WARN | Level::INFO => {
            tracing::info!(%method, path, status, duration_us, "request");
        }
        Level::DEBUG => tracing::debug!(%method, path, status, duration_us, "request"),
        Level::TRACE => tracing::trace!(%method, path, status, duration_us, "request"),
    });
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
