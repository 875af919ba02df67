//! The routes of ingestion.

use auth::Authenticator;
use axum::Router;
use axum::routing::post;
use http::StatusCode;
use server_kit::{health_router, with_request_log};
use tracing::Level;

use crate::Ingestion;
use crate::handlers::{insert_block, insert_process, insert_stream};

/// Answers on the native routes: 200 with an empty body for what is stored, now or before; 400 for
/// what can never be stored; 413 above the size limit; 500 when storage failed; 503 with
/// `Retry-After` when too much is in flight. Neither `Content-Type` nor `Content-Encoding` is
/// looked at. Callers that `authenticator` does not know get 401, or 503 while it can not tell;
/// health checks are open to everybody.
pub fn router(ingestion: Ingestion, authenticator: Authenticator) -> Router {
    let health = health_router(ingestion.readiness());
    let guarded = auth::http::require(routes(ingestion), authenticator);
    with_request_log(guarded, Level::DEBUG).merge(health)
}

/// Every handler takes an [`auth::Caller`], so without a layer of `auth` all of them refuse.
fn routes(ingestion: Ingestion) -> Router {
    Router::new()
        .route("/ingestion/insert_process", post(insert_process))
        .route("/ingestion/insert_stream", post(insert_stream))
        .route("/ingestion/insert_block", post(insert_block))
        .with_state(ingestion)
        // Its own, so that what is not there is behind the door as well.
        .fallback(async || StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use catalog::{Catalog, CatalogConfig};
    use http::Request;
    use lake::Lake;
    use tower::ServiceExt;

    use super::*;
    use crate::Config;

    #[tokio::test]
    async fn routes_that_somebody_forgot_to_guard_refuse() {
        let folder = tempfile::tempdir().unwrap();
        let config = CatalogConfig {
            url: format!("sqlite://{}/catalog.db", folder.path().display()),
            max_connections: 1,
            cache_bytes: 8 << 20,
        };
        let catalog = Catalog::connect(&config).await.unwrap();
        let lake = Lake::open("memory:///", []).unwrap();
        let ingestion = Ingestion::start(catalog, lake, Config::default()).unwrap();
        let bare = routes(ingestion);
        let paths = test_kit::route_paths(&bare);
        assert_eq!(paths.len(), 3, "{paths:?}");
        for path in paths {
            let request = Request::post(&path).body(Body::empty()).unwrap();
            let answer = bare.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}
