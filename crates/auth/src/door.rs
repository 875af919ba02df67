//! What every door does to a request, whatever its protocol.

use axum::extract::Request;
use http::header::AUTHORIZATION;

use crate::reserved_headers::strip_reserved;
use crate::{Authenticator, Caller, Rejection, RequestView};

/// The request with its caller, and without what must not come further: headers that pretend an
/// identity, and the credential, which nothing behind the door needs and nothing can log then.
pub(crate) async fn admit(
    authenticator: &Authenticator,
    mut request: Request,
) -> Result<(Request, Caller), Rejection> {
    strip_reserved(request.headers_mut());
    let view = RequestView::of_request(&request);
    let caller = authenticator.authenticate(&view).await?;
    request.headers_mut().remove(AUTHORIZATION);
    request.extensions_mut().insert(caller.clone());
    Ok((request, caller))
}
