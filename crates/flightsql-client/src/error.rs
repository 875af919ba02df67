//! Why a query failed, with the gRPC code and message where the service gave one.

use std::error::Error as StdError;

use arrow_flight::error::FlightError;
use tonic::{Code, Status};

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service answered with an error. The message is the service's own and is meant
    /// for the caller of the query.
    #[error("{message}")]
    Status { code: Code, message: String },
    /// The service could not be reached, or the connection broke. The source may name
    /// addresses: it is for logs, not for callers.
    #[error("the connection to the query service failed")]
    Transport {
        code: Code,
        #[source]
        source: Box<Status>,
    },
    /// The service's answer is not a valid Arrow stream.
    #[error("the answer of the query service cannot be decoded")]
    Decode(#[source] Box<FlightError>),
    /// The service ended the answer without saying what its columns are.
    #[error("the answer of the query service ended before its schema")]
    MissingSchema,
}

impl Error {
    /// The gRPC code that describes this error.
    ///
    /// A connection that cannot be made, or that is lost without a word from the service, is
    /// [`Code::Unavailable`].
    pub fn code(&self) -> Code {
        match self {
            Self::Status { code, .. } | Self::Transport { code, .. } => *code,
            Self::Decode(_) | Self::MissingSchema => Code::Internal,
        }
    }

    /// A status without a cause came from the service. One with a cause was made on this
    /// side of the wire, by the connection.
    pub(crate) fn from_status(status: Status) -> Self {
        let Some(cause) = status.source() else {
            return Self::Status {
                code: status.code(),
                message: status.message().to_owned(),
            };
        };
        // The library calls a lost connection "cancelled" or "unknown", depending on when
        // it was lost.
        let lost = cause.is::<tonic::transport::Error>() || status.code() == Code::Unknown;
        Self::Transport {
            code: if lost {
                Code::Unavailable
            } else {
                status.code()
            },
            source: Box::new(status),
        }
    }

    /// Finds the gRPC status that the Flight library wraps: a plain type test on the outer
    /// error would find nothing.
    pub(crate) fn from_flight(error: FlightError) -> Self {
        match error {
            FlightError::Tonic(status) => Self::from_status(*status),
            FlightError::ExternalError(inner) => match inner.downcast::<FlightError>() {
                Ok(flight) => Self::from_flight(*flight),
                Err(inner) => match inner.downcast::<Status>() {
                    Ok(status) => Self::from_status(*status),
                    Err(inner) => Self::Decode(Box::new(FlightError::ExternalError(inner))),
                },
            },
            other => Self::Decode(Box::new(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_found_however_deep_it_is_wrapped() {
        let status = || Status::new(Code::PermissionDenied, "not yours");
        let external = |inner: Box<dyn StdError + Send + Sync>| FlightError::ExternalError(inner);
        let cases = [
            FlightError::Tonic(Box::new(status())),
            external(Box::new(status())),
            external(Box::new(FlightError::Tonic(Box::new(status())))),
            external(Box::new(external(Box::new(status())))),
        ];
        for case in cases {
            let error = Error::from_flight(case);
            assert_eq!(error.code(), Code::PermissionDenied);
            assert_eq!(error.to_string(), "not yours");
        }
    }

    #[test]
    fn an_undecodable_answer_is_internal() {
        let error = Error::from_flight(FlightError::DecodeError("bad".to_owned()));
        assert!(matches!(error, Error::Decode(_)));
        assert_eq!(error.code(), Code::Internal);
    }
}
