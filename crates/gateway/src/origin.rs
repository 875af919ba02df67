//! Who asks, and what of it accompanies the query.
//!
//! The gateway sets `x-request-id` and `x-client-type` itself; `authorization` and the user that
//! the client claims to act for pass unmodified. Nothing else of the client's headers reaches the
//! query service.

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use flightsql_client::RequestMetadata;
use server_kit::RequestId;

use crate::request::{QueryRequest, RequestError};

pub(crate) const REQUEST_ID: &str = "x-request-id";
const CLIENT_TYPE: &str = "x-client-type";

/// Claims that the query service checks: who may make them is not known here.
const CLAIMS: [&str; 3] = ["x-user-id", "x-user-email", "x-user-name"];

/// Longest client type that is taken over from the client: it goes into log lines.
const CLIENT_TYPE_LEN_MAX: usize = 128;

/// The identity of a request in logs, here and in the query service.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) request_id: RequestId,
    pub(crate) client_type: String,
}

impl Origin {
    /// Takes the client's values where they are short and printable. Each gateway on the way
    /// adds itself to the client type.
    pub(crate) fn of(request: &Parts) -> Self {
        // The request log, if there is one around the router, has chosen an id already.
        let chosen = request.extensions.get::<RequestId>().cloned();
        let client_type = client_type(&request.headers).unwrap_or("unknown");
        Self {
            request_id: chosen.unwrap_or_else(|| RequestId::of(&request.headers)),
            client_type: format!("{client_type}+gateway"),
        }
    }

    /// The request id as a response header.
    pub(crate) fn response_id(&self) -> HeaderValue {
        HeaderValue::from_str(self.request_id.as_str()).expect("the request id is printable ASCII")
    }

    /// What accompanies the query.
    pub(crate) fn metadata(
        &self,
        headers: &HeaderMap,
        request: &QueryRequest,
    ) -> Result<RequestMetadata, RequestError> {
        // A repeated string then crosses the wire, and is escaped, once per batch.
        let mut metadata = RequestMetadata::new().with_preserved_dictionaries();
        if let Some((begin, end)) = request.range {
            metadata = metadata.with_range(begin, end);
        }
        for (name, value) in [
            (REQUEST_ID, self.request_id.as_str()),
            (CLIENT_TYPE, self.client_type.as_str()),
        ] {
            metadata
                .insert(name, value)
                .expect("the name is fixed and the value printable ASCII");
        }
        for name in CLAIMS {
            if let Some(value) = claim(headers, name) {
                metadata
                    .insert(name, value)
                    .expect("the name is fixed and the value printable ASCII");
            }
        }
        if let Some(value) = authorization(headers)? {
            metadata
                .insert(AUTHORIZATION.as_str(), value)
                .expect("the name is fixed and the value printable ASCII");
        }
        Ok(metadata)
    }
}

/// The credential; one that is not visible ASCII cannot be forwarded and counts as none.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, RequestError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(RequestError::RepeatedAuthorization);
    }
    let text = first.and_then(|value| value.to_str().ok());
    Ok(text.filter(|value| is_printable(value)))
}

/// Clients percent-encode what is not visible ASCII; a value that is not encoded is left out. The
/// last of several counts.
fn claim<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    is_printable(value).then_some(value)
}

fn client_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CLIENT_TYPE)?.to_str().ok()?.trim();
    let lengths = 1..=CLIENT_TYPE_LEN_MAX;
    (lengths.contains(&value.len()) && is_printable(value)).then_some(value)
}

fn is_printable(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn origin(name: &'static str, value: &[u8]) -> Origin {
        let value = HeaderValue::from_bytes(value).expect("legal header value");
        let request = Request::builder().header(name, value).body(());
        Origin::of(&request.expect("a request").into_parts().0)
    }

    #[test]
    fn the_client_type_grows_into_a_chain() {
        let check = |value: &[u8], expected: &str| {
            assert_eq!(origin(CLIENT_TYPE, value).client_type, expected);
        };
        check(b"web", "web+gateway");
        check(b"web+gateway", "web+gateway+gateway");
        check(b"", "unknown+gateway");
        check(b"we\xc3\xa9", "unknown+gateway");
        check(b"a\tb", "unknown+gateway");
        check(&[b'x'; 129], "unknown+gateway");
        assert_eq!(origin("x-other", b"").client_type, "unknown+gateway");
    }

    #[test]
    fn an_id_chosen_around_the_router_is_kept() {
        let mut request = Request::new(());
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("chosen"));
        request.extensions_mut().insert(RequestId::of(&headers));
        let origin = Origin::of(&request.into_parts().0);
        assert_eq!(origin.request_id.as_str(), "chosen");
        assert_eq!(
            self::origin(REQUEST_ID, b"sent").request_id.as_str(),
            "sent"
        );
    }
}
