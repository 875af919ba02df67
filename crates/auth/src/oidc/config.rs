//! Which issuers are believed, and for how long.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::fetch::is_loopback;
use super::key_cache::KeyTiming;
use crate::json::{self, ConfigError};

const REFRESH_SECONDS: u64 = 3600;
const CACHE_ENTRIES: u64 = 1000;
const CACHE_SECONDS: u64 = 300;

const ISSUERS_MAX: usize = 64;

/// The settings of token validation.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    pub(crate) issuers: Vec<IssuerConfig>,
    /// Validated tokens that are remembered.
    pub(crate) token_cache_entries: u64,
    pub(crate) token_cache_ttl: Duration,
    pub(crate) timing: KeyTiming,
}

/// One issuer with all audiences that are accepted from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerConfig {
    /// As in the `iss` of its tokens, byte for byte.
    pub(crate) name: String,
    pub(crate) url: Url,
    pub(crate) audiences: Vec<String>,
}

impl OidcConfig {
    /// A JSON object: `issuers` (array of `{issuer, audience}`), and optionally
    /// `jwks_refresh_interval_secs` (3600), `token_cache_size` (1000),
    /// `token_cache_ttl_secs` (300). An issuer may be there several times with different
    /// audiences. Other fields are ignored.
    ///
    /// # Errors
    /// It is something else, without any issuer, or with one that is no HTTPS URL (HTTP is
    /// accepted on the loopback address).
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let value = json::parse(text)?;
        let object = json::object(&value, "the value")?;
        let number = |name, default, range| json::number(object, name, default, range);
        let refresh = number("jwks_refresh_interval_secs", REFRESH_SECONDS, 1..=86_400)?;
        let entries = number("token_cache_size", CACHE_ENTRIES, 0..=1_000_000)?;
        let ttl = number("token_cache_ttl_secs", CACHE_SECONDS, 0..=86_400)?;
        Ok(Self {
            issuers: issuers(object.get("issuers"))?,
            token_cache_entries: entries,
            token_cache_ttl: Duration::from_secs(ttl),
            timing: KeyTiming {
                refresh: Duration::from_secs(refresh),
                ..KeyTiming::default()
            },
        })
    }

    /// With other pauses between fetches of an issuer's keys.
    #[must_use]
    pub fn with_timing(mut self, timing: KeyTiming) -> Self {
        self.timing = timing;
        self
    }

    /// What is accepted, for the operator who reads the log.
    pub(crate) fn log(&self) {
        tracing::info!(
            issuers = self.issuers.len(),
            "OpenID Connect tokens are accepted"
        );
        for issuer in &self.issuers {
            for audience in &issuer.audiences {
                tracing::info!(issuer = issuer.name, audience, "accepted issuer");
            }
        }
    }
}

fn issuers(value: Option<&Value>) -> Result<Vec<IssuerConfig>, ConfigError> {
    let none = || ConfigError::new("at least one issuer is needed in the field \"issuers\"");
    let entries = json::array(value.ok_or_else(none)?, "field \"issuers\"")?;
    if entries.is_empty() {
        return Err(none());
    }
    if entries.len() > ISSUERS_MAX {
        return Err(ConfigError::new(format!(
            "field \"issuers\" has more than {ISSUERS_MAX} entries"
        )));
    }
    let mut issuers: Vec<IssuerConfig> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let place = format!("issuers[{index}]");
        let object = json::object(entry, &place)?;
        let name = json::field(object, "issuer", &place)?;
        let audience = json::field(object, "audience", &place)?;
        if audience.is_empty() {
            return Err(ConfigError::new(format!(
                "{place}, field \"audience\", is empty"
            )));
        }
        let url = issuer_url(name)
            .map_err(|reason| ConfigError::new(format!("{place}, field \"issuer\", {reason}")))?;
        let position = issuers.iter().position(|known| known.name == name);
        let known = match position {
            Some(position) => &mut issuers[position],
            None => {
                let audiences = Vec::new();
                issuers.push(IssuerConfig {
                    name: name.to_owned(),
                    url,
                    audiences,
                });
                issuers.last_mut().expect("one was pushed")
            }
        };
        if !known.audiences.iter().any(|other| other == audience) {
            known.audiences.push(audience.to_owned());
        }
    }
    Ok(issuers)
}

fn issuer_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a query or a fragment");
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("must be an https:// URL (http:// is accepted on the loopback address only)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_repeated_issuers() {
        let config = OidcConfig::parse(
            r#"{"issuers": [
                {"issuer": "https://a.example/", "audience": "id"},
                {"issuer": "https://b.example", "audience": "id"},
                {"issuer": "https://a.example/", "audience": "api", "note": 1},
                {"issuer": "https://a.example/", "audience": "api"},
                {"issuer": "https://a.example", "audience": "other"}], "later": true}"#,
        )
        .unwrap();
        let found: Vec<_> = config
            .issuers
            .iter()
            .map(|issuer| (issuer.name.as_str(), issuer.audiences.join(" ")))
            .collect();
        assert_eq!(
            found,
            [
                ("https://a.example/", "id api".to_owned()),
                ("https://b.example", "id".to_owned()),
                ("https://a.example", "other".to_owned()),
            ]
        );
        assert_eq!(config.timing.refresh, Duration::from_secs(3600));
        assert_eq!(config.token_cache_entries, 1000);
        assert_eq!(config.token_cache_ttl, Duration::from_secs(300));
    }

    #[test]
    fn errors_tell_the_place_and_quote_nothing() {
        let issuer =
            |url: &str| format!(r#"{{"issuers": [{{"issuer": "{url}", "audience": "hunter2"}}]}}"#);
        let good = r#""issuers": [{"issuer": "https://a.example", "audience": "a"}]"#;
        for (text, expected) in [
            (
                "{hunter2".to_owned(),
                "is not valid JSON: key must be a string at line 1 column 2",
            ),
            (
                "\"hunter2\"".into(),
                "the value must be an object and is a string",
            ),
            ("{}".into(), "at least one issuer is needed"),
            (r#"{"issuers": []}"#.into(), "at least one issuer is needed"),
            (
                r#"{"issuers": {}}"#.into(),
                "field \"issuers\" must be an array and is an object",
            ),
            (
                r#"{"issuers": ["hunter2"]}"#.into(),
                "issuers[0] must be an object",
            ),
            (
                r#"{"issuers": [{"issuer": "https://hunter2"}]}"#.into(),
                "issuers[0] has no field \"audience\"",
            ),
            (
                r#"{"issuers": [{"issuer": 5, "audience": "a"}]}"#.into(),
                "must be a string and is a number",
            ),
            (
                r#"{"issuers": [{"issuer": "https://a", "audience": ""}]}"#.into(),
                "field \"audience\", is empty",
            ),
            (
                issuer("hunter2"),
                "issuers[0], field \"issuer\", is not a URL",
            ),
            (issuer("http://hunter2.example"), "must be an https:// URL"),
            (issuer("ftp://127.0.0.1"), "must be an https:// URL"),
            (
                issuer("https://u:hunter2@a.example"),
                "must not hold a user name",
            ),
            (issuer("https://a.example?hunter2"), "must not have a query"),
            (
                format!(r#"{{{good}, "token_cache_size": -1}}"#),
                "field \"token_cache_size\" must be a whole number from 0",
            ),
            (
                format!(r#"{{{good}, "token_cache_ttl_secs": "hunter2"}}"#),
                "field \"token_cache_ttl_secs\"",
            ),
            (
                format!(r#"{{{good}, "jwks_refresh_interval_secs": 0}}"#),
                "field \"jwks_refresh_interval_secs\"",
            ),
        ] {
            let error = OidcConfig::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn plain_http_is_for_the_loopback_address() {
        for url in [
            "http://127.0.0.1:9000",
            "http://[::1]:1/x",
            "http://localhost:8",
        ] {
            assert!(issuer_url(url).is_ok(), "{url}");
        }
        for url in [
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "http://localhost.example",
        ] {
            assert!(issuer_url(url).is_err(), "{url}");
        }
    }
}
