//! The bearer token of a request.

use std::fmt;

use http::{HeaderMap, header::AUTHORIZATION};

use crate::digest::Digest;

/// Longer credentials are refused before anything looks at them: real keys and tokens have
/// hundreds of bytes, a few have thousands.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// A credential that came with a request. Printing it shows nothing of it.
#[derive(Clone, Copy)]
pub struct Bearer<'a> {
    token: &'a str,
    digest: Digest,
}

/// Why a request has no usable bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    #[error("no authorization header")]
    Missing,
    #[error("more than one authorization header")]
    Repeated,
    #[error("the authorization header is not visible ASCII")]
    NotAscii,
    #[error("the authorization header is not of the scheme Bearer")]
    OtherScheme,
    #[error("the bearer token is empty")]
    Empty,
    #[error("the bearer token has more than {TOKEN_BYTES_MAX} bytes")]
    TooLong,
}

impl<'a> Bearer<'a> {
    /// A token that was not in an authorization header: a cookie's, for example.
    ///
    /// # Errors
    /// It is empty, too long, or not visible ASCII.
    pub fn of_token(token: &'a str) -> Result<Self, BearerError> {
        let token = token.trim_matches(' ');
        if token.is_empty() {
            return Err(BearerError::Empty);
        }
        if token.len() > TOKEN_BYTES_MAX {
            return Err(BearerError::TooLong);
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BearerError::NotAscii);
        }
        Ok(Self {
            token,
            digest: Digest::of(token),
        })
    }

    /// The scheme in any case, then spaces, then the token (RFC 9110).
    pub(crate) fn of_headers(headers: &'a HeaderMap) -> Result<Self, BearerError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(BearerError::Missing)?;
        if values.next().is_some() {
            return Err(BearerError::Repeated);
        }
        let text = value.to_str().map_err(|_| BearerError::NotAscii)?;
        let text = text.trim_matches([' ', '\t']);
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(BearerError::OtherScheme);
        }
        Self::of_token(token)
    }

    pub(crate) fn token(&self) -> &'a str {
        self.token
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }
}

impl fmt::Debug for Bearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn token(values: &[&[u8]]) -> Result<String, BearerError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        Bearer::of_headers(&headers).map(|bearer| bearer.token().to_owned())
    }

    #[test]
    fn the_scheme_is_read_in_any_case_and_spaces_are_trimmed() {
        for value in ["Bearer abc", "bearer abc", "BEARER   abc  ", "  Bearer abc"] {
            assert_eq!(token(&[value.as_bytes()]).unwrap(), "abc", "{value:?}");
        }
    }

    #[test]
    fn what_is_no_token_says_why() {
        let long = format!("Bearer {}", "x".repeat(TOKEN_BYTES_MAX + 1));
        let cases: &[(&[&[u8]], BearerError)] = &[
            (&[], BearerError::Missing),
            (&[b"Bearer a", b"Bearer a"], BearerError::Repeated),
            (&[b"Bearer a", b""], BearerError::Repeated),
            (&["Bearer \u{e9}".as_bytes()], BearerError::NotAscii),
            (&[b"Bearer a b"], BearerError::NotAscii),
            (&[b"Bearer a\tb"], BearerError::NotAscii),
            (&[b"Basic YTpi"], BearerError::OtherScheme),
            (&[b"Bearerabc"], BearerError::OtherScheme),
            (&[b""], BearerError::OtherScheme),
            (&[b"Bearer"], BearerError::Empty),
            (&[b"Bearer   "], BearerError::Empty),
            (&[long.as_bytes()], BearerError::TooLong),
        ];
        for (values, expected) in cases {
            assert_eq!(token(values).unwrap_err(), *expected);
        }
    }

    #[test]
    fn printing_shows_nothing() {
        let bearer = Bearer::of_token("hunter2").unwrap();
        assert_eq!(format!("{bearer:?}"), "Bearer(..)");
    }
}
