//! What a provider may look at, whatever protocol the request came by.

use std::fmt;

use http::{HeaderMap, HeaderValue, Method, Request};

use crate::{Bearer, BearerError};

/// A request as providers see it: HTTP, gRPC (whose metadata are headers) and a token from
/// elsewhere, such as a cookie, all look the same.
#[derive(Clone, Copy)]
pub struct RequestView<'a> {
    bearer: Result<Bearer<'a>, BearerError>,
    headers: Option<&'a HeaderMap>,
    method: Option<&'a Method>,
    path: Option<&'a str>,
}

impl<'a> RequestView<'a> {
    pub fn of_request<B>(request: &'a Request<B>) -> Self {
        Self {
            method: Some(request.method()),
            path: Some(request.uri().path()),
            ..Self::of_headers(request.headers())
        }
    }

    pub fn of_headers(headers: &'a HeaderMap) -> Self {
        Self {
            bearer: Bearer::of_headers(headers),
            headers: Some(headers),
            method: None,
            path: None,
        }
    }

    /// Only a token, without a request.
    pub fn of_token(token: &'a str) -> Self {
        Self {
            bearer: Bearer::of_token(token),
            headers: None,
            method: None,
            path: None,
        }
    }

    /// # Errors
    /// Why there is no usable bearer token.
    pub fn bearer(&self) -> Result<&Bearer<'a>, BearerError> {
        self.bearer.as_ref().map_err(|error| *error)
    }

    pub fn header(&self, name: &str) -> Option<&'a HeaderValue> {
        self.headers?.get(name)
    }

    pub fn method(&self) -> Option<&'a Method> {
        self.method
    }

    pub fn path(&self) -> Option<&'a str> {
        self.path
    }
}

/// Headers may hold credentials, so they are left out.
impl fmt::Debug for RequestView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestView")
            .field("bearer", &self.bearer)
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
