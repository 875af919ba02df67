//! Tokens that were found valid.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;

use super::config::OidcConfig;
use super::token::TokenError;
use super::validate::now_seconds;
use crate::Caller;
use crate::digest::Digest;

/// A token with less than this left is checked at every use, so that the cache never makes it
/// live longer.
const MARGIN_SECONDS: i64 = 30;

/// By the digest of the token. Reading takes no lock that a validation holds; of concurrent
/// validations of one token only one runs. Refusals are not kept.
#[derive(Debug, Clone)]
pub(crate) struct TokenCache {
    callers: Cache<Digest, Caller>,
    now: Clock,
}

/// Seconds since 1970.
type Clock = fn() -> f64;

struct UntilExpiry {
    ttl: Duration,
    now: Clock,
}

impl Expiry<Digest, Caller> for UntilExpiry {
    fn expire_after_create(&self, _: &Digest, caller: &Caller, _: Instant) -> Option<Duration> {
        let left = seconds_left(caller, self.now) - MARGIN_SECONDS;
        Some(
            self.ttl
                .min(Duration::from_secs(left.try_into().unwrap_or(0))),
        )
    }
}

impl TokenCache {
    pub(crate) fn new(config: &OidcConfig) -> Self {
        Self::with_clock(config, now_seconds)
    }

    fn with_clock(config: &OidcConfig, now: Clock) -> Self {
        let ttl = config.token_cache_ttl;
        let callers = Cache::builder()
            .max_capacity(config.token_cache_entries)
            .expire_after(UntilExpiry { ttl, now })
            .build();
        Self { callers, now }
    }

    pub(crate) fn len(&self) -> u64 {
        self.callers.entry_count()
    }

    /// Does the evictions and expiries that are due.
    pub(crate) async fn settle(&self) {
        self.callers.run_pending_tasks().await;
    }

    /// What is kept, or what `validate` finds: by this task, or by one that validates the same
    /// token now.
    pub(crate) async fn get_or_validate(
        &self,
        digest: Digest,
        validate: impl Future<Output = Result<Caller, TokenError>>,
    ) -> Result<Caller, Arc<TokenError>> {
        match self.callers.get(&digest).await {
            Some(caller) if seconds_left(&caller, self.now) > MARGIN_SECONDS => return Ok(caller),
            // The clock of the day has moved since the entry was made.
            Some(_) => self.callers.invalidate(&digest).await,
            None => {}
        }
        self.callers.try_get_with(digest, validate).await
    }
}

fn seconds_left(caller: &Caller, now: Clock) -> i64 {
    let now = now() as i64;
    caller.expires_at.unwrap_or(i64::MAX).saturating_sub(now)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::{AuthMethod, Identity};

    /// The time of day of this test alone.
    static NOW: AtomicI64 = AtomicI64::new(0);

    fn now() -> f64 {
        NOW.load(Ordering::SeqCst) as f64
    }

    async fn is_kept(cache: &TokenCache, caller: &Caller) -> bool {
        let mut is_kept = true;
        let validate = async {
            is_kept = false;
            Ok(caller.clone())
        };
        let digest = Digest::of("token");
        cache.get_or_validate(digest, validate).await.unwrap();
        is_kept
    }

    #[tokio::test]
    async fn a_kept_token_is_checked_again_in_its_last_seconds() {
        let issuers = r#"{"issuers": [{"issuer": "https://a", "audience": "a"}]}"#;
        let config = OidcConfig::parse(issuers).unwrap();
        let cache = TokenCache::with_clock(&config, now);
        let caller = Caller::new(Identity {
            subject: "s".into(),
            email: None,
            issuer: "https://a".into(),
            audience: None,
            expires_at: Some(1000),
            method: AuthMethod::Oidc,
            is_admin: false,
            allow_delegation: false,
        });
        for (at, expected) in [
            (800, false),
            (800, true),
            (969, true),
            (970, false),
            (970, false),
            (999, false),
            (1000, false),
            // A clock that was set back makes nothing of what is gone.
            (800, false),
            (800, true),
        ] {
            NOW.store(at, Ordering::SeqCst);
            assert_eq!(is_kept(&cache, &caller).await, expected, "at {at} s");
        }
    }
}
