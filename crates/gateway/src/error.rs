//! The one place where causes become status codes and texts for the client.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use flightsql_client::Code;
use server_kit::json_error;

use crate::json::ConversionError;
use crate::request::RequestError;

/// When a refused request may try again, in seconds.
const RETRY_AFTER_SECONDS: &str = "1";

/// Why a query is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("too many queries are running; try again")]
    Busy,
    #[error("the query failed")]
    Query(#[from] flightsql_client::Error),
    #[error("the result cannot be written as JSON")]
    Conversion(#[from] ConversionError),
    #[error("the result is larger than {bytes_max} bytes")]
    ResultTooLarge { bytes_max: u64 },
    #[error("the query took too long")]
    TimedOut,
}

impl Error {
    /// Clients know five codes for queries: an invalid *request* is 400, and a query that is
    /// wrong by itself (a syntax error, say) is 500, whatever the query service calls it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Request(RequestError::BodyTooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Request(RequestError::BodyTimeout) => StatusCode::REQUEST_TIMEOUT,
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Query(error) => match error.code() {
                Code::Unauthenticated => StatusCode::UNAUTHORIZED,
                Code::PermissionDenied => StatusCode::FORBIDDEN,
                Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Conversion(_) | Self::ResultTooLarge { .. } | Self::TimedOut => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// What the client is told: the query service's own words, or ours; never an address or
    /// the inside of a connection error, which only the log gets.
    fn client_text(&self) -> String {
        match self {
            Self::Query(flightsql_client::Error::Status { message, .. }) => {
                format!("Failed to execute query: {message}")
            }
            Self::Query(error) if error.code() == Code::Unavailable => {
                "Failed to execute query: the query service is unavailable".to_owned()
            }
            Self::Query(error) => format!("Failed to execute query: {error}"),
            Self::Conversion(error) => format!("Failed to convert the result to JSON: {error}"),
            Self::ResultTooLarge { .. } | Self::TimedOut => {
                format!("Failed to execute query: {self}")
            }
            Self::Request(_) | Self::Busy => self.to_string(),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = json_error(self.status(), &self.client_text());
        if matches!(self, Self::Busy) {
            let seconds = HeaderValue::from_static(RETRY_AFTER_SECONDS);
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}
