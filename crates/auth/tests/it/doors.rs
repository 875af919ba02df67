//! The layers around HTTP and gRPC services.

use std::sync::{Arc, Mutex};

use auth::{Admins, ApiKeys, Authenticator, Caller, Config};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};
use server_kit::{Readiness, health_router, with_request_log};
use tonic::{Code, Status};
use tower::ServiceExt;
use tracing::Level;

use crate::asking::{guarded, oidc_config};
use crate::issuer::Issuer;
use crate::keys::patient;
use crate::signing::{SigningKey, claims, token};

type Door = fn(Router, Authenticator) -> Router;

/// Both kinds of layers.
const DOORS: [Door; 2] = [auth::http::require, auth::grpc::require];

const RESERVED: [&str; 6] = [
    "x-auth-subject",
    "x-auth-email",
    "x-auth-issuer",
    "x-auth-is-admin",
    "x-auth-roles",
    "x-allow-delegation",
];

/// Accepts the key `k1` and tokens of `issuer`.
fn authenticator(issuer: &Issuer) -> Authenticator {
    let admins = Admins::parse(r#"["root"]"#).unwrap();
    let keys = r#"[{"name": "ci", "key": "k1"}, {"name": "José", "key": "k2"},
                   {"name": "root", "key": "k3"}]"#;
    let config = Config {
        api_keys: Some(ApiKeys::parse(keys, &admins).unwrap()),
        oidc: Some(oidc_config(&[(&issuer.url, "app")], json!({}), patient())),
        admins,
    };
    config.authenticator()
}

/// Answers with who asks and which headers came through.
async fn whoami(caller: Caller, headers: HeaderMap) -> String {
    let names: Vec<&str> = headers.keys().map(header::HeaderName::as_str).collect();
    let (subject, is_admin) = (&caller.subject, caller.is_admin);
    json!({"subject": subject, "admin": is_admin, "headers": names}).to_string()
}

fn service() -> Router {
    Router::new()
        .route("/who", post(whoami))
        .route("/open", get(|| async { "nobody asked who I am" }))
}

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn send(router: &Router, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = request(Method::POST, path, headers);
    guarded(router.clone().oneshot(request)).await.unwrap()
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn who(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_str(&text(response).await).unwrap()
}

/// Every name that a client may not use, and one that it may.
fn spoofed(authorization: Option<&'static str>) -> Vec<(&'static str, &'static str)> {
    let reserved = RESERVED
        .iter()
        .flat_map(|name| [(*name, "root"), (*name, "true")]);
    let authorization = authorization.map(|value| ("authorization", value));
    reserved
        .chain([("x-user-id", "ann")])
        .chain(authorization)
        .collect()
}

#[tokio::test]
async fn identity_comes_from_the_credential_alone() {
    let issuer = Issuer::stopped(&[]);
    for door in DOORS {
        let router = door(service(), authenticator(&issuer));
        for (key, subject, is_admin) in [
            ("Bearer k1", "ci", false),
            ("bearer k2", "José", false),
            ("Bearer k3", "root", true),
        ] {
            let found = who(send(&router, "/who", &spoofed(Some(key))).await).await;
            let expected = json!({"subject": subject, "admin": is_admin, "headers": ["x-user-id"]});
            assert_eq!(found, expected);
        }
    }
}

#[tokio::test]
async fn nothing_reserved_passes_where_authentication_is_off() {
    for door in DOORS {
        let router = door(service(), Authenticator::disabled());
        for authorization in [None, Some("Bearer k1"), Some("Basic YTpi")] {
            let found = who(send(&router, "/who", &spoofed(authorization)).await).await;
            let expected =
                json!({"subject": "unauthenticated", "admin": true, "headers": ["x-user-id"]});
            assert_eq!(found, expected, "{authorization:?}");
        }
    }
}

#[tokio::test]
async fn a_layer_outside_can_not_bring_a_caller_past_the_door() {
    // Whatever was in the extensions, the door replaces it or refuses.
    let root = Authenticator::disabled();
    let issuer = Issuer::stopped(&[]);
    for door in DOORS {
        let router = door(door(service(), authenticator(&issuer)), root.clone());
        let response = send(&router, "/who", &[]).await;
        assert!(is_refused(&response), "{response:?}");
    }
}

fn is_refused(response: &Response) -> bool {
    match Status::from_header_map(response.headers()) {
        Some(status) => status.code() == Code::Unauthenticated,
        None => response.status() == StatusCode::UNAUTHORIZED,
    }
}

#[tokio::test]
async fn http_refusals_tell_the_kind_and_nothing_else() {
    let issuer = Issuer::stopped(&[]);
    let router = auth::http::require(service(), authenticator(&issuer));
    for headers in [
        vec![],
        vec![("authorization", "Bearer k4")],
        vec![("authorization", "Basic YTpi")],
        vec![
            ("authorization", "Bearer k1"),
            ("authorization", "Bearer k1"),
        ],
        spoofed(None),
    ] {
        for path in [
            "/who",
            "/open",
            "/not-there",
            "/",
            "/who/",
            "//who",
            "/health",
        ] {
            let response = send(&router, path, &headers).await;
            assert_eq!(
                response.status(),
                StatusCode::UNAUTHORIZED,
                "{path} {headers:?}"
            );
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
            assert_eq!(text(response).await, "Invalid token");
        }
    }
    for method in [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::DELETE,
        Method::CONNECT,
    ] {
        let request = request(method.clone(), "/who", &[]);
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method}");
    }
    let unknown = send(&router, "/not-there", &[("authorization", "Bearer k1")]).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn grpc_refusals_are_codes() {
    let issuer = Issuer::stopped(&[]);
    let router = auth::grpc::require(service(), authenticator(&issuer));
    for authorization in ["Bearer k4", "Basic YTpi", "Bearer"] {
        for path in ["/who", "/not-there", "/grpc.health.v1.Health/Check"] {
            let response = send(&router, path, &[("authorization", authorization)]).await;
            // gRPC has its codes in trailers; the HTTP status is always 200.
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/grpc");
            assert_eq!(response.headers()["grpc-status"], "16");
            let status = Status::from_header_map(response.headers()).unwrap();
            assert_eq!(
                (status.code(), status.message()),
                (Code::Unauthenticated, "invalid token")
            );
        }
    }
}

#[tokio::test]
async fn an_issuer_that_is_down_is_an_outage_and_keys_still_work() {
    let issuer = Issuer::stopped(&[]);
    let bearer = format!(
        "Bearer {}",
        token(&SigningKey::p256("k"), &claims(&issuer.url))
    );
    let router = auth::http::require(service(), authenticator(&issuer));
    let response = send(&router, "/who", &[("authorization", &bearer)]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "5");
    assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    let body = text(response).await;
    assert_eq!(body, "Authentication is not available, try again later");
    let response = send(&router, "/who", &[("authorization", "Bearer k1")]).await;
    assert_eq!(who(response).await["subject"], "ci");

    let router = auth::grpc::require(service(), authenticator(&issuer));
    let response = send(&router, "/who", &[("authorization", &bearer)]).await;
    assert_eq!(response.headers()["grpc-status"], "14");
    let status = Status::from_header_map(response.headers()).unwrap();
    assert!(!status.message().contains("127.0.0.1"), "{status:?}");
}

#[tokio::test]
async fn tokens_open_both_doors() {
    let key = SigningKey::ed25519("k");
    let issuer = Issuer::start(&[&key]).await;
    let bearer = format!("Bearer {}", token(&key, &claims(&issuer.url)));
    for door in DOORS {
        let router = door(service(), authenticator(&issuer));
        let response = send(&router, "/who", &[("authorization", &bearer)]).await;
        assert_eq!(who(response).await["subject"], "ann");
    }
}

#[tokio::test]
async fn a_handler_without_a_door_refuses() {
    for headers in [
        vec![],
        vec![("authorization", "Bearer k1")],
        spoofed(Some("Bearer k1")),
    ] {
        let response = send(&service(), "/who", &headers).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
    let grpc = Router::new().route(
        "/who",
        post(
            async |request: Request| match auth::grpc::caller(request.extensions()) {
                Ok(caller) => caller.subject.clone().into_response(),
                Err(status) => status.into_http::<Body>(),
            },
        ),
    );
    let response = send(&grpc, "/who", &spoofed(Some("Bearer k1"))).await;
    assert_eq!(response.headers()["grpc-status"], "16");
    let issuer = Issuer::stopped(&[]);
    let grpc = auth::grpc::require(grpc, authenticator(&issuer));
    let response = send(&grpc, "/who", &[("authorization", "Bearer k1")]).await;
    assert_eq!(text(response).await, "ci");
}

#[tokio::test]
async fn health_lies_outside_and_the_rest_inside() {
    let issuer = Issuer::stopped(&[]);
    let health = health_router(Readiness::always());
    let api = auth::http::require(service(), authenticator(&issuer));
    let router = with_request_log(health.merge(api), Level::DEBUG);
    let get = |path: &'static str| {
        let router = router.clone();
        async move {
            let request = request(Method::GET, path, &[]);
            router.oneshot(request).await.unwrap().status()
        }
    };
    assert_eq!(get("/health").await, StatusCode::OK);
    assert_eq!(get("/ready").await, StatusCode::OK);
    for path in [
        "/open",
        "/who",
        "/health/",
        "/health/x",
        "/x/health",
        "/not-there",
    ] {
        assert_eq!(get(path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
}

/// The body of a request that is refused is not read.
#[tokio::test]
async fn refusals_come_before_the_body() {
    let issuer = Issuer::stopped(&[]);
    let polled = Arc::new(Mutex::new(false));
    for door in DOORS {
        let router = door(service(), authenticator(&issuer));
        let flag = Arc::clone(&polled);
        let body = Body::from_stream(futures::stream::poll_fn(move |_| {
            *flag.lock().unwrap() = true;
            std::task::Poll::Ready(None::<Result<Vec<u8>, std::io::Error>>)
        }));
        let request = Request::post("/who").body(body).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert!(is_refused(&response));
    }
    assert!(!*polled.lock().unwrap());
}
