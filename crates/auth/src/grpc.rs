//! The door of gRPC services.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::Extensions;
use tonic::Status;

use crate::door::admit;
use crate::{AuthMethod, Authenticator, Caller, Rejection};

/// Lets only known callers reach `router`: the others get `UNAUTHENTICATED`, or `UNAVAILABLE`
/// while the credential can not be checked. Put health checks around the result.
pub fn require(router: Router, authenticator: Authenticator) -> Router {
    router.layer(middleware::from_fn_with_state(authenticator, enter))
}

/// The caller of a request.
///
/// # Errors
/// `UNAUTHENTICATED`: no layer is around the service.
pub fn caller(extensions: &Extensions) -> Result<Caller, Status> {
    extensions.get::<Caller>().cloned().ok_or_else(|| {
        tracing::error!("a gRPC service has no authentication layer");
        status(&Rejection::refused("no authentication layer"))
    })
}

async fn enter(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&authenticator, request).await {
        Ok((request, caller)) => {
            // Where authentication is off, nothing was proven.
            if caller.method != AuthMethod::Disabled {
                tracing::info!(
                    subject = caller.subject,
                    email = caller.email,
                    issuer = caller.issuer,
                    audience = caller.audience,
                    admin = caller.is_admin,
                    "authenticated:"
                );
            }
            next.run(request).await
        }
        Err(rejection) => {
            tracing::warn!("authentication failed: {rejection}");
            status(&rejection).into_http::<Body>()
        }
    }
}

fn status(rejection: &Rejection) -> Status {
    if rejection.is_outage() {
        Status::unavailable("authentication is not available, try again later")
    } else {
        Status::unauthenticated("invalid token")
    }
}
