//! `GET /health` and `GET /ready`, for load balancers and orchestrators.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::{BoxError, ErrorChain};

#[cfg(test)]
mod tests;

/// A probe that takes longer counts as failed.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a success is believed. Failures are not remembered: recovery shows at once.
const SUCCESS_TTL: Duration = Duration::from_secs(1);

/// `/health` is 200 while the process lives: it must not look at dependencies, or a blip of the
/// database would restart the fleet. `/ready` is 200 or 503. Bodies are empty.
pub fn health_router(readiness: Readiness) -> Router {
    Router::new()
        .route("/health", get(|| async { StatusCode::OK }))
        .route("/ready", get(ready).with_state(readiness))
}

async fn ready(State(readiness): State<Readiness>) -> StatusCode {
    if readiness.check().await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Whether the dependencies of a service answer. Callers that ask at the same time share one
/// probe, so polling does not add load. Cheap to clone.
#[derive(Clone)]
pub struct Readiness(Arc<Inner>);

type Probe = Box<dyn Fn() -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

/// `None` until the probe has ended. The sender disappears if the probe panics.
type Outcome = watch::Receiver<Option<bool>>;

struct Inner {
    probe: Probe,
    timeout: Duration,
    success_ttl: Duration,
    state: Mutex<ProbeState>,
}

#[derive(Default)]
struct ProbeState {
    ready_until: Option<Instant>,
    running: Option<Outcome>,
}

impl Readiness {
    /// `probe` is dropped, and counts as failed, after 2 s.
    pub fn new<F, Fut>(probe: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self::with_limits(probe, PROBE_TIMEOUT, SUCCESS_TTL)
    }

    /// For services without dependencies.
    pub fn always() -> Self {
        Self::new(|| async { Ok(()) })
    }

    fn with_limits<F, Fut>(probe: F, timeout: Duration, success_ttl: Duration) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self(Arc::new(Inner {
            probe: Box::new(move || probe().boxed()),
            timeout,
            success_ttl,
            state: Mutex::default(),
        }))
    }

    pub async fn check(&self) -> bool {
        let Some(mut outcome) = self.running_probe() else {
            return true;
        };
        let ended = outcome.wait_for(Option::is_some).await;
        ended.is_ok_and(|ready| *ready == Some(true))
    }

    /// The probe in progress, or a new one; `None` while a recent success is believed.
    fn running_probe(&self) -> Option<Outcome> {
        let mut state = self.lock();
        if state
            .ready_until
            .is_some_and(|until| Instant::now() < until)
        {
            return None;
        }
        if let Some(running) = &state.running
            && running.borrow().is_none()
            && running.has_changed().is_ok()
        {
            return Some(running.clone());
        }
        let (sender, outcome) = watch::channel(None);
        state.running = Some(outcome.clone());
        // A task of its own: a caller that goes away must not stop the probe of the others.
        tokio::spawn(self.clone().probe(sender));
        Some(outcome)
    }

    async fn probe(self, outcome: watch::Sender<Option<bool>>) {
        let ready = match tokio::time::timeout(self.0.timeout, (self.0.probe)()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(error = %ErrorChain(&*error), "not ready");
                false
            }
            Err(_) => {
                tracing::warn!(timeout = ?self.0.timeout, "not ready: the probe timed out");
                false
            }
        };
        if ready {
            self.lock().ready_until = Some(Instant::now() + self.0.success_ttl);
        }
        outcome.send_replace(Some(ready));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ProbeState> {
        // The state is valid between any two statements that hold the lock.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").finish_non_exhaustive()
    }
}
