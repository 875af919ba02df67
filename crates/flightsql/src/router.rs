//! What a request meets on its way to the service.

use crate::error::HIDDEN_CAUSE;
use crate::grpc_health::GrpcHealth;
use crate::statement::panic_text;
use crate::{Config, FlightSql};
use arrow_flight::flight_service_server::FlightServiceServer;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{HeaderMap, HeaderName};
use query::QueryEngine;
use std::any::Any;
use tonic::Status;
use tonic::service::Routes;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

/// The service behind its front: what a process without authentication serves. The server must
/// speak HTTP/2 without TLS.
pub fn router(engine: QueryEngine, config: Config) -> Router {
    with_front(routes(engine, config))
}

/// The bare service. Put authentication around it, then [`with_front`].
pub fn routes(engine: QueryEngine, config: Config) -> Router {
    let max_request_bytes = config.max_request_bytes;
    let service = FlightServiceServer::new(FlightSql::new(engine, config))
        .max_decoding_message_size(max_request_bytes);
    Routes::new(service)
        .into_axum_router()
        .layer(CatchPanicLayer::custom(answer_panic))
}

/// What comes before authentication: health probes are answered, names that only the server may
/// use are removed, the request is logged.
pub fn with_front(router: Router) -> Router {
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

async fn enter(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.ends_with("/health") {
        return Status::ok("").into_http::<Body>();
    }
    tracing::debug!(path, "request");
    strip_reserved(request.headers_mut());
    next.run(request).await
}

/// Identity travels beside the headers, so nothing may look like it came from the server.
fn strip_reserved(headers: &mut HeaderMap) {
    let is_reserved =
        |name: &&HeaderName| name.as_str().starts_with("x-auth-") || *name == "x-allow-delegation";
    while let Some(name) = headers.keys().find(is_reserved).cloned() {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::any;

    /// What a service behind the front sees.
    fn front() -> Router {
        let shows_headers = any(|headers: HeaderMap| async move {
            let mut names = headers
                .keys()
                .map(HeaderName::to_string)
                .collect::<Vec<_>>();
            names.sort();
            names.join(" ")
        });
        with_front(Router::new().fallback(shows_headers))
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
        let (parts, _) = call(http::Request::post("/healthy")).await;
        assert!(!parts.headers.contains_key("grpc-status"));
    }

    #[tokio::test]
    async fn reserved_names_never_arrive() {
        let request = http::Request::post("/x")
            .header("x-auth-subject", "root")
            .header("x-auth-email", "a")
            .header("x-auth-email", "b")
            .header("x-auth-issuer", "i")
            .header("x-auth-is-admin", "true")
            .header("x-auth-anything", "")
            .header("x-allow-delegation", "true")
            .header("x-user-id", "claimed")
            .header("authorization", "Bearer t");
        let (_, names) = call(request).await;
        assert_eq!(names, "authorization x-user-id");
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
