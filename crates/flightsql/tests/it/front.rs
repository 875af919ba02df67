//! Probes through a real connection.

use crate::harness::TestServer;
use tonic::client::Grpc;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

/// `HealthCheckRequest` and `HealthCheckResponse` of `grpc.health.v1`.
#[derive(Clone, PartialEq, prost::Message)]
struct CheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

async fn call(server: &TestServer, path: &'static str, service: &str) -> Result<i32, Status> {
    let mut client = Grpc::new(server.channel.clone());
    client.ready().await.unwrap();
    let request = Request::new(CheckRequest {
        service: service.to_owned(),
    });
    let path = http::uri::PathAndQuery::from_static(path);
    let codec = ProstCodec::<CheckRequest, CheckResponse>::default();
    let response = client.unary(request, path, codec).await?;
    Ok(response.into_inner().status)
}

#[tokio::test]
async fn the_standard_health_check() {
    const CHECK: &str = "/grpc.health.v1.Health/Check";
    let server = TestServer::start().await;
    assert_eq!(call(&server, CHECK, "").await.unwrap(), 1);
    let service = "arrow.flight.protocol.FlightService";
    assert_eq!(call(&server, CHECK, service).await.unwrap(), 1);
    let unknown = call(&server, CHECK, "other").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let watch = call(&server, "/grpc.health.v1.Health/Watch", "").await;
    assert_eq!(watch.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn older_probes_are_answered_on_exact_paths() {
    let server = TestServer::start().await;
    for path in ["/health", "/arrow.flight.protocol.FlightService/health"] {
        // The status is OK; a unary client misses the message that goes with it.
        let status = call(&server, path, "").await.unwrap_err();
        assert!(
            status.message().contains("Missing response message"),
            "{status}"
        );
    }
    for path in ["/any.Service/Method", "/any.Service/health"] {
        let other = call(&server, path, "").await.unwrap_err();
        assert_eq!(other.code(), Code::Unimplemented, "{path}");
    }
}
