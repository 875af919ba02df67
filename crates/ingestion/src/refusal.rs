//! Why a request is not acknowledged, and the one place that turns a cause into a status.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use server_kit::{BoxError, ErrorChain};

use crate::budget::BudgetFull;
use crate::committer::CommitError;

/// Producers retry 5xx and drop what got 4xx, so 4xx is only for what no retry can cure. That is
/// also why a slow upload is 503 and not 408.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the declared length of the body is above the limit")]
    DeclaredTooLarge,
    #[error("the body crossed the limit while it was read")]
    TooLarge,
    #[error("reading the body")]
    Upload(#[source] axum::Error),
    #[error("the body took too long to arrive")]
    UploadTooSlow,
    #[error("too much is in flight")]
    Busy,
    #[error("the body is not a valid envelope")]
    Malformed(#[source] wire::envelope::Error),
    #[error("recording in the catalog")]
    Catalog(#[source] catalog::Error),
    #[error("storing the block's group")]
    Group,
    #[error("the work on this request ended without an outcome")]
    Lost(#[source] BoxError),
}

const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl Refusal {
    fn log(&self) {
        let error = ErrorChain(self);
        match self {
            // The group was logged once for all its requests.
            Self::Group => tracing::debug!(%error, "request not acknowledged"),
            Self::Busy => log_overload(),
            _ => tracing::warn!(%error, "request not acknowledged"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.log();
        let (status, text) = match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "Bad request".to_owned()),
            Self::Upload(error) => (
                StatusCode::BAD_REQUEST,
                format!("Failed to buffer the request body: {error}"),
            ),
            Self::DeclaredTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "length limit exceeded".to_owned(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Failed to buffer the request body: length limit exceeded".to_owned(),
            ),
            Self::UploadTooSlow => return try_later("Timed out reading the request body"),
            Self::Busy => return try_later("Too busy, try again later"),
            Self::Catalog(_) | Self::Group | Self::Lost(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal server error".to_owned(),
            ),
        };
        (status, text).into_response()
    }
}

/// Overload is said once a second, with the number of requests it hit: it must not be amplified.
fn log_overload() {
    static SILENT: Mutex<(u64, Option<Instant>)> = Mutex::new((0, None));
    let mut silent = SILENT.lock().unwrap_or_else(PoisonError::into_inner);
    let (refused, logged) = &mut *silent;
    *refused += 1;
    if logged.is_none_or(|logged| logged.elapsed() >= Duration::from_secs(1)) {
        tracing::warn!(requests = *refused, "too much is in flight; answering 503");
        *silent = (0, Some(Instant::now()));
    }
}

fn try_later(text: &'static str) -> Response {
    let retry_after = [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)];
    (StatusCode::SERVICE_UNAVAILABLE, retry_after, text).into_response()
}

impl From<BudgetFull> for Refusal {
    fn from(_: BudgetFull) -> Self {
        Self::Busy
    }
}

impl From<CommitError> for Refusal {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::QueueFull | CommitError::Stopping => Self::Busy,
            CommitError::GroupFailed => Self::Group,
            CommitError::Lost => Self::Lost("the group's task panicked".into()),
        }
    }
}
