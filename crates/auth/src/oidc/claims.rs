//! What a token says. Nothing here is believed before the signature is checked.

use serde_json::{Map, Value};

use super::token::TokenError;

/// Longer identities are refused: they are copied into logs and records.
const TEXT_BYTES_MAX: usize = 1024;

const AUDIENCES_MAX: usize = 100;

/// Where an email may be, best first. Only the first two can make an administrator: in some
/// directories the others hold what users write there themselves.
const EMAIL_CLAIMS: [&str; 6] = [
    "verified_primary_email",
    "email",
    "https://micromegas.io/email",
    "preferred_username",
    "upn",
    "unique_name",
];

/// The claims that matter, of the right types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
    /// Seconds since 1970.
    pub(crate) expires_at: f64,
    pub(crate) not_before: Option<f64>,
    /// The claim that it is from, and the email.
    pub(crate) email: Option<(&'static str, String)>,
    /// Emails that the issuer vouches for: fit to decide what somebody may do.
    pub(crate) trusted_emails: Vec<String>,
}

impl Claims {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, TokenError> {
        let claims: Map<String, Value> =
            serde_json::from_slice(json).map_err(|_| TokenError::NotJson("payload"))?;
        let email = EMAIL_CLAIMS
            .into_iter()
            .find_map(|name| Some((name, texts(&claims, name).next()?.to_owned())));
        Ok(Self {
            issuer: required_text(&claims, "iss")?,
            subject: required_text(&claims, "sub")?,
            audiences: audiences(&claims)?,
            expires_at: seconds(&claims, "exp")?.ok_or(missing("exp"))?,
            not_before: seconds(&claims, "nbf")?,
            email,
            trusted_emails: trusted_emails(&claims),
        })
    }
}

fn missing(claim: &'static str) -> TokenError {
    TokenError::Claim {
        claim,
        problem: "is missing",
    }
}

fn required_text(claims: &Map<String, Value>, claim: &'static str) -> Result<String, TokenError> {
    let wrong = |problem| Err(TokenError::Claim { claim, problem });
    match claims.get(claim) {
        None | Some(Value::Null) => Err(missing(claim)),
        Some(Value::String(text)) if text.is_empty() => wrong("is empty"),
        Some(Value::String(text)) if text.len() > TEXT_BYTES_MAX => wrong("is too long"),
        Some(Value::String(text)) if text.chars().any(char::is_control) => {
            wrong("has control characters")
        }
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => wrong("is not a string"),
    }
}

/// One string or an array of strings.
fn audiences(claims: &Map<String, Value>) -> Result<Vec<String>, TokenError> {
    const CLAIM: &str = "aud";
    let wrong = |problem| TokenError::Claim {
        claim: CLAIM,
        problem,
    };
    match claims.get(CLAIM) {
        None | Some(Value::Null) => Err(missing(CLAIM)),
        Some(Value::String(audience)) => Ok(vec![audience.clone()]),
        Some(Value::Array(values)) if values.len() <= AUDIENCES_MAX => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            let texts: Option<Vec<String>> = texts.collect();
            texts.ok_or(wrong("is not an array of strings"))
        }
        Some(Value::Array(_)) => Err(wrong("has too many entries")),
        Some(_) => Err(wrong("is neither a string nor an array")),
    }
}

/// A number; some issuers write it with a fraction.
fn seconds(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<f64>, TokenError> {
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| seconds.is_finite());
            let problem = "is not a number";
            seconds
                .map(Some)
                .ok_or(TokenError::Claim { claim, problem })
        }
    }
}

/// The usable texts of a claim that is a string in most directories and an array in some.
fn texts<'c>(claims: &'c Map<String, Value>, claim: &str) -> impl Iterator<Item = &'c str> {
    let values = match claims.get(claim) {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    let texts = values.iter().take(AUDIENCES_MAX).filter_map(Value::as_str);
    texts.filter(|text| {
        !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control)
    })
}

fn trusted_emails(claims: &Map<String, Value>) -> Vec<String> {
    let verified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(text)) => !text.eq_ignore_ascii_case("false"),
        _ => true,
    };
    let primary = texts(claims, EMAIL_CLAIMS[0]);
    let email = texts(claims, EMAIL_CLAIMS[1]).filter(|_| verified);
    primary.chain(email).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(extra: Value) -> Result<Claims, String> {
        let mut claims = json!({"iss": "i", "sub": "s", "aud": "a", "exp": 5});
        for (name, value) in extra.as_object().unwrap() {
            claims[name] = value.clone();
        }
        Claims::parse(claims.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn types_are_read_with_tolerance_where_issuers_differ() {
        let claims = with(json!({})).unwrap();
        assert_eq!(claims.audiences, ["a"]);
        assert_eq!((claims.expires_at, claims.not_before), (5.0, None));
        assert_eq!(claims.email, None);
        let claims = with(json!({"aud": ["a", "b"], "exp": 1.5e9, "nbf": 7.25})).unwrap();
        assert_eq!(claims.audiences, ["a", "b"]);
        assert_eq!((claims.expires_at, claims.not_before), (1.5e9, Some(7.25)));
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_named() {
        for (extra, expected) in [
            (json!({"iss": null}), "claim iss is missing"),
            (json!({"sub": ""}), "claim sub is empty"),
            (json!({"sub": 5}), "claim sub is not a string"),
            (json!({"sub": "a\nb"}), "claim sub has control characters"),
            (json!({"sub": "x".repeat(1025)}), "claim sub is too long"),
            (json!({"aud": null}), "claim aud is missing"),
            (
                json!({"aud": 5}),
                "claim aud is neither a string nor an array",
            ),
            (
                json!({"aud": ["a", 5]}),
                "claim aud is not an array of strings",
            ),
            (
                json!({"aud": vec!["a"; 101]}),
                "claim aud has too many entries",
            ),
            (json!({"exp": null}), "claim exp is missing"),
            (json!({"exp": "2000000000"}), "claim exp is not a number"),
            (json!({"exp": true}), "claim exp is not a number"),
            (json!({"nbf": "0"}), "claim nbf is not a number"),
        ] {
            assert_eq!(with(extra).unwrap_err(), expected);
        }
        for wrong in ["", "5", "[]", "null", "{", "{\"iss\": \"\\ud800\"}"] {
            assert!(Claims::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_email_claim_counts() {
        let order = EMAIL_CLAIMS;
        for (position, name) in order.into_iter().enumerate() {
            let mut extra = json!({});
            for later in &order[position..] {
                extra[*later] = json!(format!("{later}!"));
            }
            let email = with(extra).unwrap().email.unwrap();
            assert_eq!(email, (name, format!("{name}!")));
        }
        for (extra, expected) in [
            (json!({"verified_primary_email": ["a@x", "b@x"]}), "a@x"),
            (json!({"verified_primary_email": [], "email": "b@x"}), "b@x"),
            (json!({"email": 5, "upn": "c@x"}), "c@x"),
            (json!({"email": "", "upn": "c@x"}), "c@x"),
            (json!({"email": "José@x"}), "José@x"),
        ] {
            assert_eq!(with(extra).unwrap().email.unwrap().1, expected);
        }
    }

    #[test]
    fn only_emails_that_the_issuer_vouches_for_are_trusted() {
        for (extra, expected) in [
            (json!({"email": "a@x"}), vec!["a@x"]),
            (json!({"email": "a@x", "email_verified": true}), vec!["a@x"]),
            (
                json!({"email": "a@x", "email_verified": "true"}),
                vec!["a@x"],
            ),
            (json!({"email": "a@x", "email_verified": false}), vec![]),
            (json!({"email": "a@x", "email_verified": "false"}), vec![]),
            (
                json!({"email": "a@x", "email_verified": false, "verified_primary_email": ["b@x", "c@x"]}),
                vec!["b@x", "c@x"],
            ),
            (
                json!({"preferred_username": "a@x", "upn": "a@x", "unique_name": "a@x"}),
                vec![],
            ),
            (json!({"https://micromegas.io/email": "a@x"}), vec![]),
        ] {
            assert_eq!(with(extra).unwrap().trusted_emails, expected);
        }
    }
}
