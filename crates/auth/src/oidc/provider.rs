//! Tokens, from the cache or checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::cache::TokenCache;
use super::config::OidcConfig;
use super::fetch::Fetcher;
use super::jwks::KeySet;
use super::key_cache::KeyCache;
use super::token::{Quoted, Token, TokenError};
use super::validate::{check_times, identity, matched_audience, now_seconds};
use crate::{Admins, Caller, Provider, Rejection, RequestView};

/// Accepts the tokens of the configured issuers.
#[derive(Debug)]
pub struct Oidc {
    issuers: IssuerKeys,
    cache: TokenCache,
    admins: Admins,
    validations: AtomicU64,
}

/// The keys of all issuers, by their names.
#[derive(Debug)]
pub(crate) struct IssuerKeys(HashMap<String, Arc<KeyCache>>);

impl IssuerKeys {
    /// Fetches nothing.
    pub(crate) fn new(config: &OidcConfig) -> Self {
        let fetcher = Fetcher::new(&config.timing);
        let issuers = config.issuers.iter().map(|issuer| {
            let keys = KeyCache::new(issuer.clone(), fetcher.clone(), config.timing.clone());
            (issuer.name.clone(), Arc::new(keys))
        });
        Self(issuers.collect())
    }

    /// By the `iss` of a token, byte for byte: a token can not make this server ask a host that
    /// nobody configured.
    pub(crate) fn find(&self, name: &str) -> Result<&Arc<KeyCache>, TokenError> {
        let found = self.0.get(name);
        found.ok_or_else(|| TokenError::UnknownIssuer(Quoted::new(name)))
    }

    /// Checks the signature, with fresh keys if the issuer has changed them. Answers with the
    /// keys that were used.
    pub(crate) async fn verify(
        &self,
        token: &Token<'_>,
        issuer: &Arc<KeyCache>,
    ) -> Result<Arc<KeySet>, TokenError> {
        let outage = |source| TokenError::Keys {
            issuer: issuer.issuer().name.clone(),
            source,
        };
        let mut keys = issuer.keys().await.map_err(outage)?;
        if !keys.knows(token.key_id.as_deref()) {
            keys = issuer.keys_after(&keys).await.map_err(outage)?;
        }
        keys.verify(token)?;
        Ok(keys)
    }
}

impl Oidc {
    pub fn new(config: OidcConfig, admins: Admins) -> Self {
        Self {
            issuers: IssuerKeys::new(&config),
            cache: TokenCache::new(&config),
            admins,
            validations: AtomicU64::new(0),
        }
    }

    /// Tokens that were checked so far, for better or worse; cache hits are not counted.
    pub fn validations(&self) -> u64 {
        self.validations.load(Ordering::Relaxed)
    }

    /// Tokens in the cache, about: evictions lag a little behind.
    pub fn cached_tokens(&self) -> u64 {
        self.cache.len()
    }

    /// Does the evictions that are due, so that [`Self::cached_tokens`] is exact.
    pub async fn settle_cache(&self) {
        self.cache.settle().await;
    }

    async fn validate(&self, text: &str) -> Result<Caller, TokenError> {
        self.validations.fetch_add(1, Ordering::Relaxed);
        let token = Token::parse(text)?;
        let issuer = self.issuers.find(&token.claims.issuer)?;
        // What costs nothing comes first; no answer tells how far a token got.
        check_times(&token.claims, now_seconds())?;
        let audience = matched_audience(&token.claims, issuer.issuer())?;
        self.issuers.verify(&token, issuer).await?;
        Ok(identity(token.claims, audience, &self.admins))
    }
}

#[async_trait]
impl Provider for Oidc {
    fn name(&self) -> &'static str {
        "oidc"
    }

    async fn authenticate(&self, request: &RequestView<'_>) -> Result<Caller, Rejection> {
        let bearer = request.bearer()?;
        let validate = self.validate(bearer.token());
        let found = self.cache.get_or_validate(bearer.digest(), validate).await;
        found.map_err(|error| {
            let reason = error.with_causes();
            if error.is_outage() {
                Rejection::unavailable(reason)
            } else {
                Rejection::refused(reason)
            }
        })
    }
}
