//! Looking into a token.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What a signed token says. Its signature is not checked: that is the work of what
/// is tested.
#[derive(Debug, Clone, PartialEq)]
pub struct Jwt {
    pub header: Value,
    pub claims: Value,
}

impl Jwt {
    /// Take a compact token apart. The token is not part of the error.
    pub fn decode(token: &str) -> Result<Self> {
        let mut parts = token.split('.').map(decode_part);
        let mut next = |what: &'static str| parts.next().context(what)?.context(what);
        Ok(Self {
            header: next("a token without a readable header")?,
            claims: next("a token without readable claims")?,
        })
    }

    /// The key that has signed it, if the header names one.
    pub fn kid(&self) -> Option<&str> {
        self.header["kid"].as_str()
    }
}

fn decode_part(part: &str) -> Result<Value> {
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_apart_and_other_texts_do_not() {
        let jwt = Jwt::decode("eyJraWQiOiJhIn0.eyJzdWIiOiJib2IifQ.c2ln").unwrap();
        assert_eq!(jwt.kid(), Some("a"));
        assert_eq!(jwt.claims["sub"], "bob");
        for text in ["", "opaque", "e30", "e30.", "e30.%%.", "e30.c2ln.c2ln"] {
            let error = Jwt::decode(text).unwrap_err();
            assert!(error.to_string().starts_with("a token without"), "{text}");
        }
    }
}
