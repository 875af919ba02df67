//! What a request meets on its way to the service.

use crate::error::HIDDEN_CAUSE;
use crate::grpc_health::GrpcHealth;
use crate::request_headers::client_ip;
use crate::statement::panic_text;
use crate::{Config, FlightSql};
use arrow_flight::flight_service_server::FlightServiceServer;
use auth::Authenticator;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use ingestion::BulkIngest;
use query::QueryEngine;
use server_kit::RequestId;
use std::any::Any;
use std::net::SocketAddr;
use tonic::Status;
use tonic::service::Routes;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

/// Probes of load balancers that do not speak `grpc.health.v1`. Exact: whatever else ends with
/// the word is a call like any other.
const HEALTH_PATHS: [&str; 2] = ["/health", "/arrow.flight.protocol.FlightService/health"];

/// The service behind its doors: health probes are answered to everybody, everything else is for
/// callers that `authenticator` knows. The server must speak HTTP/2 without TLS.
pub fn router(
    engine: QueryEngine,
    bulk: BulkIngest,
    config: Config,
    authenticator: Authenticator,
) -> Router {
    let routes = routes(engine, bulk, config);
    with_front(auth::grpc::require(routes, authenticator))
}

/// The bare service. Every call needs an [`auth::Caller`], so without a layer of `auth` around it
/// all are refused.
fn routes(engine: QueryEngine, bulk: BulkIngest, config: Config) -> Router {
    let max_request_bytes = config.max_request_bytes;
    let service = FlightServiceServer::new(FlightSql::new(engine, bulk, config))
        .max_decoding_message_size(max_request_bytes);
    Routes::new(service)
        .into_axum_router()
        .layer(CatchPanicLayer::custom(answer_panic))
}

/// What comes before authentication: health probes are answered, the request is logged.
fn with_front(router: Router) -> Router {
    let health = GrpcHealth.map_request(|request: Request| request.map(tonic::body::Body::new));
    router
        .route_service("/grpc.health.v1.Health/{method}", health)
        .layer(middleware::from_fn(enter))
}

/// A defect costs one call; its client reads a gRPC status like any other.
fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    tracing::error!(panic = panic_text(&*panic), "a call panicked");
    Status::internal(HIDDEN_CAUSE).into_http()
}

async fn enter(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if HEALTH_PATHS.contains(&path) {
        return Status::ok("").into_http::<Body>();
    }
    tracing::debug!(path, "request");
    let span = call_span(&request);
    next.run(request).instrument(span).await
}

/// Ties what is logged about a call, its authentication first of all, to its origin.
fn call_span(request: &Request) -> tracing::Span {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client_ip = client_ip(request.headers(), peer.map(|connection| connection.0.ip()));
    tracing::error_span!(
        "call",
        request_id = %RequestId::of(request.headers()),
        client_ip = client_ip.map(tracing::field::display),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::any;

    fn front() -> Router {
        with_front(Router::new().fallback(any(|| async { "behind the front" })))
    }

    async fn call(request: http::request::Builder) -> (http::response::Parts, String) {
        let request = request.body(Body::empty()).unwrap();
        let response = front().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1000).await.unwrap();
        (parts, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn health_is_a_matter_of_the_path() {
        for path in ["/health", "/arrow.flight.protocol.FlightService/health"] {
            let (parts, body) = call(http::Request::post(path)).await;
            assert_eq!(parts.status, 200);
            assert_eq!(parts.headers["grpc-status"], "0");
            assert_eq!(body, "");
        }
        for path in ["/healthy", "/x/health", "/health/", "/Health"] {
            let (_, body) = call(http::Request::post(path)).await;
            assert_eq!(body, "behind the front", "{path}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_grpc_status() {
        async fn broken() -> &'static str {
            panic!("secret")
        }
        let router = Router::new()
            .fallback(any(broken))
            .layer(CatchPanicLayer::custom(answer_panic));
        let request = http::Request::post("/x").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["grpc-status"], "13");
        assert!(!format!("{:?}", response.headers()).contains("secret"));
    }

    #[tokio::test]
    async fn grpc_health_of_unknown_methods() {
        let (parts, _) = call(http::Request::post("/grpc.health.v1.Health/Watch")).await;
        assert_eq!(parts.headers["grpc-status"], "12");
    }
}
