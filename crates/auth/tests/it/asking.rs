//! Asking a door, and what it answers.

use std::time::Duration;

use auth::{Caller, KeyTiming, OidcConfig, Provider, Rejection, RequestView};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};

/// Far longer than any decision takes: a test that hangs fails instead.
pub const GUARD: Duration = Duration::from_secs(60);

/// For pauses that must not end during a test.
pub const NEVER: Duration = Duration::from_secs(3600);

/// What a door decides, for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As this subject.
    Accepted(String),
    Refused,
    Outage,
}

pub fn accepted(subject: &str) -> Verdict {
    Verdict::Accepted(subject.to_owned())
}

pub fn verdict(outcome: &Result<Caller, Rejection>) -> Verdict {
    match outcome {
        Ok(caller) => accepted(&caller.subject),
        Err(rejection) if rejection.is_outage() => Verdict::Outage,
        Err(_) => Verdict::Refused,
    }
}

/// The outcome of `future`, which must come in time.
pub async fn guarded<T>(future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(GUARD, future).await;
    outcome.expect("nothing may hang")
}

/// Authorization headers of these very values, if HTTP carries them at all.
pub fn headers(values: &[Vec<u8>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

/// What `provider` says to a bare token.
pub async fn ask(provider: &impl Provider, token: &str) -> Verdict {
    let view = RequestView::of_token(token);
    verdict(&guarded(provider.authenticate(&view)).await)
}

/// Why `provider` does not know the token.
pub async fn reason(provider: &impl Provider, token: &str) -> String {
    let view = RequestView::of_token(token);
    let outcome = guarded(provider.authenticate(&view)).await;
    outcome.unwrap_err().to_string()
}

/// Issuers with their audiences, and other settings.
pub fn oidc_config(issuers: &[(&str, &str)], settings: Value, timing: KeyTiming) -> OidcConfig {
    let issuers: Vec<Value> = issuers
        .iter()
        .map(|(issuer, audience)| json!({"issuer": issuer, "audience": audience}))
        .collect();
    let mut config = settings;
    config["issuers"] = json!(issuers);
    OidcConfig::parse(&config.to_string())
        .unwrap()
        .with_timing(timing)
}
