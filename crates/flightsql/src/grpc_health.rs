//! The standard health check of gRPC (`grpc.health.v1.Health/Check`), for probes that speak it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// Says that the process serves; it looks at no dependency.
#[derive(Debug, Clone)]
pub(crate) struct GrpcHealth;

#[derive(Clone, PartialEq, prost::Message)]
struct CheckRequest {
    /// Empty for the whole server.
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

const SERVING: i32 = 1;
const FLIGHT_SERVICE: &str = "arrow.flight.protocol.FlightService";

impl NamedService for GrpcHealth {
    const NAME: &'static str = "grpc.health.v1.Health";
}

impl UnaryService<CheckRequest> for GrpcHealth {
    type Response = CheckResponse;
    type Future = Ready<Result<Response<CheckResponse>, Status>>;

    fn call(&mut self, request: Request<CheckRequest>) -> Self::Future {
        ready(match request.get_ref().service.as_str() {
            "" | FLIGHT_SERVICE => Ok(Response::new(CheckResponse { status: SERVING })),
            _ => Err(Status::not_found("unknown service")),
        })
    }
}

/// `Watch` is left out, as the protocol allows: its endless answer would hold up every shutdown.
impl tower::Service<http::Request<Body>> for GrpcHealth {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != "/grpc.health.v1.Health/Check" {
            return ready(Ok(Status::unimplemented("").into_http())).boxed();
        }
        async {
            let mut grpc = Grpc::new(ProstCodec::default());
            Ok(grpc.unary(GrpcHealth, request).await)
        }
        .boxed()
    }
}
