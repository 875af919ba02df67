//! Who may call.

use arrow_flight::flight_service_server::FlightServiceServer;
use axum::body::Body;
use http::Request;
use tonic::Code;
use tonic::service::Routes;
use tower::ServiceExt;

use crate::callers::guarded;
use crate::harness::{TestServer, service_over_nothing};

/// Every method of the service, as its definition names them.
const METHODS: [&str; 10] = [
    "Handshake",
    "ListFlights",
    "GetFlightInfo",
    "PollFlightInfo",
    "GetSchema",
    "DoGet",
    "DoPut",
    "DoExchange",
    "DoAction",
    "ListActions",
];

fn path(method: &str) -> String {
    format!("/arrow.flight.protocol.FlightService/{method}")
}

/// The gRPC status of a call with one empty message.
async fn status(router: axum::Router, path: &str, credential: Option<&str>) -> Option<Code> {
    let mut request = Request::post(path).header("content-type", "application/grpc");
    if let Some(credential) = credential {
        request = request.header("authorization", credential);
    }
    let empty_message = Body::from(vec![0; 5]);
    let answer = router.oneshot(request.body(empty_message).unwrap()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let code = answer.headers().get("grpc-status")?;
    Some(Code::from_bytes(code.as_bytes()))
}

#[tokio::test]
async fn every_method_but_health_wants_a_credential() {
    let server = guarded().await;
    let known = [
        "/arrow.flight.protocol.FlightService/{*rest}",
        "/grpc.health.v1.Health/{method}",
    ];
    assert_eq!(
        server.paths, known,
        "a new route needs a place in this test"
    );
    let beside = [
        "/",
        "/other.Service/Method",
        "/x/health",
        "/grpc.health.v1.Other/Check",
    ];
    let paths = METHODS
        .map(path)
        .into_iter()
        .chain(beside.map(str::to_owned));
    for path in paths {
        for (credential, expected) in [
            (None, Code::Unauthenticated),
            (Some("Bearer wrong"), Code::Unauthenticated),
            (Some("Basic user"), Code::Unauthenticated),
            (Some("Bearer down"), Code::Unavailable),
        ] {
            let found = status(server.router.clone(), &path, credential).await;
            assert_eq!(found, Some(expected), "{path} {credential:?}");
        }
    }
    for open in ["/health", "/arrow.flight.protocol.FlightService/health"] {
        assert_eq!(
            status(server.router.clone(), open, None).await,
            Some(Code::Ok)
        );
    }
    // A health answer has a message, and its status behind it.
    let health = status(server.router.clone(), "/grpc.health.v1.Health/Check", None).await;
    assert_eq!(health, None);
}

#[tokio::test]
async fn a_service_that_somebody_forgot_to_guard_refuses() {
    let (service, _folder) = service_over_nothing().await;
    let service = FlightServiceServer::new(service);
    let bare = Routes::new(service).into_axum_router();
    for method in METHODS {
        let found = status(bare.clone(), &path(method), Some("Bearer user")).await;
        assert_eq!(found, Some(Code::Unauthenticated), "{method}");
    }
}

#[tokio::test]
async fn identity_headers_of_clients_change_nothing() {
    let forged = [
        ("x-auth-subject", "root"),
        ("x-auth-email", "root@example.com"),
        ("x-auth-is-admin", "true"),
        ("x-allow-delegation", "true"),
    ];
    let server = guarded().await;
    let anonymous = server.refusal("SELECT 1", &forged).await;
    assert_eq!(anonymous.code(), Code::Unauthenticated);
    let as_user = [forged.as_slice(), &[("authorization", "Bearer user")]].concat();
    let sql = "SELECT * FROM list_query_denials()";
    assert_eq!(
        server.refusal(sql, &as_user).await.code(),
        Code::InvalidArgument
    );
    let claiming = [as_user.as_slice(), &[("x-user-id", "root")]].concat();
    assert_eq!(
        server.refusal("SELECT 1", &claiming).await.code(),
        Code::PermissionDenied
    );
}

#[tokio::test]
async fn administrative_functions_exist_for_administrators_only() {
    let guarded = guarded().await;
    let open = TestServer::start().await;
    let sql = "SELECT * FROM list_query_denials()";
    for (server, credential, is_admin) in [
        (&guarded, "Bearer admin", true),
        (&guarded, "Bearer user", false),
        (&guarded, "Bearer key", false),
        (&open, "Bearer whatever", true),
    ] {
        let headers = [("authorization", credential)];
        let asked = server.query(sql, &headers).await.map(drop);
        match asked {
            Ok(()) => assert!(is_admin, "{credential}"),
            Err(status) => {
                assert!(!is_admin, "{credential}: {status}");
                assert_eq!(status.code(), Code::InvalidArgument, "{status}");
                assert!(status.message().contains("list_query_denials"), "{status}");
            }
        }
    }
}
