//! Documents of an issuer, over HTTP with bounds.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use super::config::IssuerConfig;
use super::jwks::KeySet;
use super::key_cache::KeyTiming;
use super::tls;
use super::token::Quoted;

/// Real documents have some ten kilobytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("asking {url}")]
    Request {
        url: Url,
        #[source]
        source: reqwest::Error,
    },
    #[error("{url} answers {status}")]
    Status { url: Url, status: StatusCode },
    #[error("the answer of {url} is larger than {BODY_BYTES_MAX} bytes")]
    TooLarge { url: Url },
    #[error("the discovery document is not one: {0}")]
    Discovery(String),
    #[error("the discovery document is that of another issuer, {found}")]
    OtherIssuer { found: Quoted },
    #[error("the discovery document names a key set that is not on https")]
    InsecureKeySet,
    #[error("the key set is not one")]
    KeySet,
    #[error("the key set has no key that can check a token")]
    NoKeys,
    #[error("the fetch ended without an outcome")]
    Lost,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// A client that goes where it is told and nowhere else.
#[derive(Debug, Clone)]
pub(crate) struct Fetcher {
    client: Client,
    timeout: Duration,
}

impl Fetcher {
    pub(crate) fn new(timing: &KeyTiming) -> Self {
        let client = Client::builder()
            // A redirect would let an issuer send this server anywhere.
            .redirect(Policy::none())
            // The time of a whole fetch is bounded where it is made.
            .connect_timeout(timing.connect_timeout)
            .use_preconfigured_tls(tls::client_config())
            .user_agent("micromegas")
            .build()
            .expect("the options are constants");
        Self {
            client,
            timeout: timing.fetch_timeout,
        }
    }

    /// The keys of an issuer by way of its discovery document, both within one time limit.
    pub(crate) async fn key_set(&self, issuer: &IssuerConfig) -> Result<KeySet, FetchError> {
        let fetch = async {
            let key_set_url = self.key_set_url(issuer).await?;
            let keys = KeySet::parse(&self.get(&key_set_url).await?).ok_or(FetchError::KeySet)?;
            if keys.is_empty() {
                return Err(FetchError::NoKeys);
            }
            Ok(keys)
        };
        let fetched = tokio::time::timeout(self.timeout, fetch).await;
        fetched.unwrap_or(Err(FetchError::Timeout(self.timeout)))
    }

    async fn key_set_url(&self, issuer: &IssuerConfig) -> Result<Url, FetchError> {
        let body = self.get(&discovery_url(issuer)).await?;
        // The parser's message may quote the document, which is public.
        let discovery: Discovery = serde_json::from_slice(&body)
            .map_err(|error| FetchError::Discovery(error.to_string()))?;
        if discovery.issuer != issuer.name {
            let found = Quoted::new(&discovery.issuer);
            return Err(FetchError::OtherIssuer { found });
        }
        let url = Url::parse(&discovery.jwks_uri)
            .map_err(|_| FetchError::Discovery("jwks_uri is not a URL".to_owned()))?;
        let is_secure = url.scheme() == "https"
            || (is_loopback(&issuer.url) && is_loopback(&url) && url.scheme() == "http");
        if is_secure {
            Ok(url)
        } else {
            Err(FetchError::InsecureKeySet)
        }
    }

    async fn get(&self, url: &Url) -> Result<Vec<u8>, FetchError> {
        let failed = |source: reqwest::Error| {
            let url = url.clone();
            FetchError::Request {
                url,
                source: source.without_url(),
            }
        };
        let answer = self.client.get(url.clone()).send().await;
        let mut answer = answer.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            let (url, status) = (url.clone(), answer.status());
            return Err(FetchError::Status { url, status });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(FetchError::TooLarge { url: url.clone() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Below the issuer, whether or not its name ends with a slash.
fn discovery_url(issuer: &IssuerConfig) -> Url {
    let mut url = issuer.url.clone();
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{path}/.well-known/openid-configuration"));
    url
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let address = host.trim_start_matches('[').trim_end_matches(']').parse();
            address.is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_lies_below_the_issuer() {
        for (name, expected) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example/t/v2.0",
                "https://a.example/t/v2.0/.well-known/openid-configuration",
            ),
            (
                "https://a.example/t/",
                "https://a.example/t/.well-known/openid-configuration",
            ),
        ] {
            let issuer = IssuerConfig {
                name: name.to_owned(),
                url: Url::parse(name).unwrap(),
                audiences: Vec::new(),
            };
            assert_eq!(discovery_url(&issuer).as_str(), expected);
        }
    }
}
