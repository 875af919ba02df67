//! The door of HTTP services.

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};

use crate::door::admit;
use crate::{Authenticator, Caller, Rejection};

/// When to ask again while an issuer is down, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Lets only known callers reach `router`: the others get 401, or 503 while the credential can
/// not be checked. Paths that are not there are behind the door, too. Put health routes and the
/// request log around the result.
pub fn require(router: Router, authenticator: Authenticator) -> Router {
    router.layer(middleware::from_fn_with_state(authenticator, enter))
}

async fn enter(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&authenticator, request).await {
        Ok((request, caller)) => {
            tracing::trace!(
                subject = caller.subject,
                email = caller.email,
                issuer = caller.issuer,
                admin = caller.is_admin,
                "[auth_success]"
            );
            next.run(request).await
        }
        Err(rejection) => {
            tracing::warn!(reason = %rejection, "[auth_failure]");
            refusal(&rejection)
        }
    }
}

fn refusal(rejection: &Rejection) -> Response {
    if rejection.is_outage() {
        let retry_after = [(header::RETRY_AFTER, RETRY_AFTER)];
        let text = "Authentication is not available, try again later";
        (StatusCode::SERVICE_UNAVAILABLE, retry_after, text).into_response()
    } else {
        let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
        (StatusCode::UNAUTHORIZED, challenge, "Invalid token").into_response()
    }
}

/// For handlers: taking a [`Caller`] makes a route refuse when no layer is around it.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!(
                path = parts.uri.path(),
                "a route has no authentication layer"
            );
            refusal(&Rejection::refused("no authentication layer"))
        })
    }
}
