//! The keys of one issuer, kept.
//!
//! ```text
//!  age    0 ........ refresh ........ refresh + lead ........ stale_max
//!  keys      used        used, while          used if others      not used:
//!                        others are fetched   can not be fetched  an outage
//! ```
//!
//! Only the first request after the lead waits for a fetch: once that has failed, the keys are
//! used while others are fetched, until they are too old.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::config::IssuerConfig;
use super::fetch::{FetchError, Fetcher};
use super::jwks::KeySet;

/// How often, and for how long, an issuer is asked for its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTiming {
    /// Keys of this age are fetched anew.
    pub refresh: Duration,
    /// For this long after that, requests go on with the old keys while the new ones are fetched.
    pub lead: Duration,
    /// Keys up to this age are used while the issuer does not answer.
    pub stale_max: Duration,
    /// After a failure the issuer is left alone for this long.
    pub failure_pause: Duration,
    /// A key id that nobody knows makes the issuer be asked at most this often: clients choose
    /// key ids.
    pub unknown_key_pause: Duration,
    pub connect_timeout: Duration,
    /// For both documents together.
    pub fetch_timeout: Duration,
}

impl Default for KeyTiming {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(3600),
            lead: Duration::from_secs(300),
            stale_max: Duration::from_secs(24 * 3600),
            failure_pause: Duration::from_secs(5),
            unknown_key_pause: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(5),
            fetch_timeout: Duration::from_secs(10),
        }
    }
}

type Outcome = Result<Arc<KeySet>, Arc<FetchError>>;

/// Nothing is fetched before the first token of the issuer; concurrent requests share a fetch.
#[derive(Debug)]
pub(crate) struct KeyCache {
    issuer: IssuerConfig,
    fetcher: Fetcher,
    timing: KeyTiming,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Option<(Arc<KeySet>, Instant)>,
    failure: Option<(Arc<FetchError>, Instant)>,
    running: Option<Shared<BoxFuture<'static, Outcome>>>,
    unknown_key: Option<Instant>,
}

impl KeyCache {
    pub(crate) fn new(issuer: IssuerConfig, fetcher: Fetcher, timing: KeyTiming) -> Self {
        Self {
            issuer,
            fetcher,
            timing,
            state: Mutex::default(),
        }
    }

    pub(crate) fn issuer(&self) -> &IssuerConfig {
        &self.issuer
    }

    /// The keys to check a token with.
    ///
    /// # Errors
    /// There are none that are young enough, and the issuer does not answer.
    pub(crate) async fn keys(self: &Arc<Self>) -> Outcome {
        let (old, fetch) = {
            let mut state = self.lock();
            let kept = state.keys.clone();
            let age = kept.as_ref().map(|(_, since)| since.elapsed());
            let old = kept.map(|(keys, _)| keys);
            let old = old.filter(|_| age.is_some_and(|age| age < self.timing.stale_max));
            let is_young = |limit| age.is_some_and(|age| age < limit);
            if let Some(keys) = old.as_ref().filter(|_| is_young(self.timing.refresh)) {
                return Ok(Arc::clone(keys));
            }
            if let Some(failure) = state.recent_failure(&self.timing) {
                return old.ok_or(failure);
            }
            let fetch = self.fetch(&mut state);
            // An issuer that failed the last time may hang this time: nobody waits for it while
            // there are keys to go on with.
            let is_early = is_young(self.timing.refresh + self.timing.lead);
            if let Some(keys) = old.as_ref()
                && (is_early || state.failure.is_some())
            {
                return Ok(Arc::clone(keys));
            }
            (old, fetch)
        };
        fetch.await.or_else(|failure| old.ok_or(failure))
    }

    /// The keys after `seen`, which did not have a token's key id: the issuer may have changed
    /// them. Asks the issuer at most once per pause.
    ///
    /// # Errors
    /// The issuer does not answer, so nobody knows.
    pub(crate) async fn keys_after(self: &Arc<Self>, seen: &Arc<KeySet>) -> Outcome {
        let fetch = {
            let mut state = self.lock();
            match &state.keys {
                Some((keys, _)) if !Arc::ptr_eq(keys, seen) => return Ok(Arc::clone(keys)),
                _ => {}
            }
            if let Some(failure) = state.recent_failure(&self.timing) {
                return Err(failure);
            }
            let is_running = state.running().is_some();
            let pause = self.timing.unknown_key_pause;
            let asked = state.unknown_key;
            if !is_running && asked.is_some_and(|asked| asked.elapsed() < pause) {
                return Ok(Arc::clone(seen));
            }
            if !is_running {
                state.unknown_key = Some(Instant::now());
            }
            self.fetch(&mut state)
        };
        fetch.await
    }

    /// The fetch in progress, or a new one. It is a task of its own: a caller that goes away
    /// must not stop the fetch of the others.
    fn fetch(self: &Arc<Self>, state: &mut State) -> Shared<BoxFuture<'static, Outcome>> {
        if let Some(running) = state.running() {
            return running.clone();
        }
        let task = tokio::spawn(Arc::clone(self).fetch_and_keep());
        let outcome = task.map(|ended| ended.unwrap_or_else(|_| Err(Arc::new(FetchError::Lost))));
        let shared = outcome.boxed().shared();
        state.running = Some(shared.clone());
        shared
    }

    async fn fetch_and_keep(self: Arc<Self>) -> Outcome {
        let fetched = self.fetcher.key_set(&self.issuer).await;
        let mut state = self.lock();
        state.running = None;
        match fetched {
            Ok(keys) => {
                let keys = Arc::new(keys);
                tracing::debug!(
                    issuer = self.issuer.name,
                    ?keys,
                    "fetched the issuer's keys"
                );
                state.keys = Some((Arc::clone(&keys), Instant::now()));
                state.failure = None;
                Ok(keys)
            }
            Err(error) => {
                let error = Arc::new(error);
                // At most once per pause, however many requests wait.
                tracing::warn!(
                    issuer = self.issuer.name,
                    error = &*error as &dyn std::error::Error,
                    "the issuer's keys could not be fetched"
                );
                state.failure = Some((Arc::clone(&error), Instant::now()));
                // Nobody knows whether the key exists: until the issuer answers, the pause after
                // failures is the limit, and a token with it is no refusal.
                state.unknown_key = None;
                Err(error)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid between any two statements that hold the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn recent_failure(&self, timing: &KeyTiming) -> Option<Arc<FetchError>> {
        let (error, since) = self.failure.as_ref()?;
        (since.elapsed() < timing.failure_pause).then(|| Arc::clone(error))
    }

    /// The fetch that has not ended. One that was lost with its task has ended.
    fn running(&self) -> Option<&Shared<BoxFuture<'static, Outcome>>> {
        self.running.as_ref().filter(|fetch| fetch.peek().is_none())
    }
}
