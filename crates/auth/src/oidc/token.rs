//! The parts of a token.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::claims::Claims;
use super::fetch::FetchError;

/// Why a token is not accepted. The text is for the log; what it quotes of the token is short
/// and escaped.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("not a token: it has {0} parts separated by dots, not three")]
    Parts(usize),
    #[error("the {0} is not base64url")]
    NotBase64(&'static str),
    #[error("the {0} is not a JSON object")]
    NotJson(&'static str),
    #[error("the header has critical extensions, and none is known here")]
    CriticalExtensions,
    #[error("claim {claim} {problem}")]
    Claim {
        claim: &'static str,
        problem: &'static str,
    },
    #[error("unknown issuer {0}")]
    UnknownIssuer(Quoted),
    #[error("algorithm {0} is not accepted")]
    Algorithm(Quoted),
    #[error("the issuer has no key with the id {0}")]
    UnknownKey(Quoted),
    #[error("no key of the issuer fits algorithm {0:?}")]
    NoFittingKey(Algorithm),
    #[error("the signature is wrong")]
    Signature,
    #[error("it expired {seconds} s ago")]
    Expired { seconds: u64 },
    #[error("it is valid in {seconds} s only")]
    NotYetValid { seconds: u64 },
    #[error("audience {0} is not accepted")]
    Audience(Quoted),
    #[error("the keys of issuer {issuer} could not be fetched")]
    Keys {
        issuer: String,
        #[source]
        source: Arc<FetchError>,
    },
}

impl TokenError {
    /// Whether the issuer's silence is the cause, not the token.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Keys { .. })
    }

    /// The error and its causes, in one line.
    pub(crate) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// Text of an unproven token in a log line: cut and escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quoted(String);

impl Quoted {
    const CHARS_MAX: usize = 200;

    pub(crate) fn new(text: &str) -> Self {
        let kept: String = text.chars().take(Self::CHARS_MAX).collect();
        let rest = if kept.len() < text.len() { "..." } else { "" };
        Self(format!("{kept:?}{rest}"))
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The algorithms that a signature may have. The list is ours; which of them a given signature
/// may have is decided by the key.
pub(crate) const ALGORITHMS: [(&str, Algorithm); 6] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// A token taken apart; nothing of it is proven.
pub(crate) struct Token<'t> {
    /// What the signature is over.
    pub(crate) message: &'t str,
    /// In base64url.
    pub(crate) signature: &'t str,
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    pub(crate) claims: Claims,
}

impl<'t> Token<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self, TokenError> {
        let parts = token.split('.').count();
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Parts(parts))?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Parts(parts))?;
        if parts != 3 {
            return Err(TokenError::Parts(parts));
        }
        let header = decode(header, "header")?;
        let header: Map<String, Value> =
            serde_json::from_slice(&header).map_err(|_| TokenError::NotJson("header"))?;
        if header.contains_key("crit") {
            return Err(TokenError::CriticalExtensions);
        }
        Ok(Self {
            algorithm: algorithm(&header)?,
            key_id: key_id(&header)?,
            claims: Claims::parse(&decode(payload, "payload")?)?,
            message,
            signature,
        })
    }
}

fn decode(part: &str, name: &'static str) -> Result<Vec<u8>, TokenError> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    decoded.map_err(|_| TokenError::NotBase64(name))
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, TokenError> {
    let name = header.get("alg").and_then(Value::as_str).unwrap_or("");
    let known = ALGORITHMS.iter().find(|(known, _)| *known == name);
    known
        .map(|(_, algorithm)| *algorithm)
        .ok_or_else(|| TokenError::Algorithm(Quoted::new(name)))
}

fn key_id(header: &Map<String, Value>) -> Result<Option<String>, TokenError> {
    match header.get("kid") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => Ok(Some(id.clone())),
        Some(other) => Err(TokenError::UnknownKey(Quoted::new(&other.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str, payload: &str) -> Result<(), String> {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.c2ln", part(header), part(payload));
        Token::parse(&token)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    const PAYLOAD: &str = r#"{"iss":"i","sub":"s","aud":"a","exp":1}"#;

    #[test]
    fn the_algorithms_are_ours() {
        for (name, _) in ALGORITHMS {
            assert_eq!(parse(&format!(r#"{{"alg":"{name}"}}"#), PAYLOAD), Ok(()));
        }
        for name in [
            "none", "None", "NONE", "HS256", "HS512", "PS256", "ES512", "rs256", "",
        ] {
            let refused = parse(&format!(r#"{{"alg":"{name}"}}"#), PAYLOAD).unwrap_err();
            assert_eq!(refused, format!("algorithm {name:?} is not accepted"));
        }
        assert!(parse("{}", PAYLOAD).is_err());
        assert!(parse(r#"{"alg":["RS256"]}"#, PAYLOAD).is_err());
    }

    #[test]
    fn what_is_no_token_says_why() {
        for (token, expected) in [
            ("", "not a token: it has 1 parts"),
            ("abc", "it has 1 parts"),
            ("a.b", "it has 2 parts"),
            ("a.b.c.d", "it has 4 parts"),
            ("a.b.c.d.e", "it has 5 parts"),
            ("..", "the header is not a JSON object"),
            ("é.b.c", "the header is not base64url"),
            ("eyJhbGciOiJSUzI1NiJ9.*.c", "the payload is not base64url"),
            (
                "eyJhbGciOiJSUzI1NiJ9..c",
                "the payload is not a JSON object",
            ),
        ] {
            let error = Token::parse(token).err().unwrap().to_string();
            assert!(error.contains(expected), "{token}: {error}");
        }
        let critical = parse(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, PAYLOAD);
        assert!(critical.unwrap_err().contains("critical"));
        let key_id = parse(r#"{"alg":"RS256","kid":{"x":1}}"#, PAYLOAD);
        assert!(key_id.unwrap_err().contains("no key with the id"));
    }

    #[test]
    fn quoted_text_is_short_and_on_one_line() {
        assert_eq!(Quoted::new("a\n\"b\"").to_string(), r#""a\n\"b\"""#);
        let long = Quoted::new(&"é".repeat(1000)).to_string();
        assert_eq!(long.chars().count(), Quoted::CHARS_MAX + 5);
    }
}
