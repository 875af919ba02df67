//! The causes of a refused call, and the one place that turns them into gRPC status.

use query::{ErrorClass, QueryError};
use server_kit::ErrorChain;
use tonic::{Code, Status};
use uuid::Uuid;

/// Bytes that the percent-encoded message may take in the response headers. gRPC clients built on
/// the C core start to refuse headers above 8 KiB.
const MESSAGE_BYTES_MAX: usize = 6 * 1024;

/// Stands for causes that are the server's own business.
pub(crate) const HIDDEN_CAUSE: &str = "the server met an internal error; its log has the details";

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("undecodable {what}")]
    Undecodable {
        what: &'static str,
        #[source]
        source: prost::DecodeError,
    },
    #[error("undecodable command")]
    UndecodableCommand(#[source] arrow::error::ArrowError),
    #[error("the SQL text is not UTF-8")]
    SqlNotUtf8,
    #[error("the SQL text has {bytes} bytes, more than {max}")]
    SqlTooLong { bytes: usize, max: usize },
    #[error("bad value of header {name}: {reason}")]
    BadHeader { name: &'static str, reason: String },
    #[error("bad argument: {0}")]
    BadArgument(&'static str),
    #[error("{0}")]
    Unsupported(String),
    #[error(transparent)]
    Impersonation(auth::Impersonation),
    #[error("{0} requires admin privileges")]
    AdminOnly(&'static str),
    #[error("bad upload: {0}")]
    BadUpload(&'static str),
    #[error("undecodable upload")]
    UndecodableUpload(#[source] arrow_flight::error::FlightError),
    #[error("the upload paused for too long")]
    UploadTooSlow,
    #[error("{0} uploads are running, no more are accepted")]
    TooManyUploads(usize),
    #[error(transparent)]
    Bulk(ingestion::BulkError),
    #[error("building a metadata answer")]
    Metadata(#[source] arrow_flight::error::FlightError),
    #[error("encoding a schema")]
    EncodeSchema(#[source] arrow::error::ArrowError),
    #[error("{error} (query_id={query_id})")]
    Query { error: QueryError, query_id: Uuid },
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn code(&self) -> Code {
        match self {
            Self::Undecodable { .. }
            | Self::UndecodableCommand(_)
            | Self::SqlNotUtf8
            | Self::Metadata(_)
            | Self::EncodeSchema(_) => Code::Internal,
            Self::SqlTooLong { .. }
            | Self::BadHeader { .. }
            | Self::BadArgument(_)
            | Self::BadUpload(_)
            | Self::UndecodableUpload(_) => Code::InvalidArgument,
            Self::Bulk(error) if error.is_invalid() => Code::InvalidArgument,
            Self::Bulk(_) => Code::Internal,
            Self::UploadTooSlow => Code::DeadlineExceeded,
            Self::TooManyUploads(_) => Code::ResourceExhausted,
            Self::Unsupported(_) => Code::Unimplemented,
            Self::Impersonation(_) | Self::AdminOnly(_) => Code::PermissionDenied,
            Self::Query { error, .. } => match error.class {
                ErrorClass::Invalid => Code::InvalidArgument,
                ErrorClass::Forbidden => Code::PermissionDenied,
                ErrorClass::Resources | ErrorClass::Denied => Code::ResourceExhausted,
                ErrorClass::Unsupported => Code::Unimplemented,
                ErrorClass::Internal => Code::Internal,
            },
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let message = match &error {
            // The end of the message, where the query id is, survives shortening.
            Error::Query { error, query_id } => {
                let suffix = match error.class {
                    ErrorClass::Denied => format!("; query_id={query_id}"),
                    _ => format!(" (query_id={query_id})"),
                };
                let mut message =
                    shortened(&error.message, MESSAGE_BYTES_MAX - suffix.len()).into_owned();
                message.push_str(&suffix);
                message
            }
            Error::Bulk(error) if !error.is_invalid() => format!("{error}: {HIDDEN_CAUSE}"),
            other => shortened(&ErrorChain(other).to_string(), MESSAGE_BYTES_MAX).into_owned(),
        };
        Status::new(error.code(), message)
    }
}

/// The longest prefix of `message` that takes at most `bytes_max` when percent-encoded.
fn shortened(message: &str, bytes_max: usize) -> std::borrow::Cow<'_, str> {
    const MARK: &str = " [...]";
    // Counting every byte but letters and digits as three is more than the encoding needs.
    let cost = |c: char| {
        if c.is_ascii_alphanumeric() {
            1
        } else {
            3 * c.len_utf8()
        }
    };
    if message.chars().map(cost).sum::<usize>() <= bytes_max {
        return message.into();
    }
    let mut budget = bytes_max.saturating_sub(MARK.chars().map(cost).sum());
    let kept = message
        .chars()
        .take_while(|c| match budget.checked_sub(cost(*c)) {
            Some(rest) => {
                budget = rest;
                true
            }
            None => false,
        })
        .chain(MARK.chars())
        .collect::<String>();
    kept.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_codes_and_the_query_id() {
        let query_id = Uuid::from_u128(7);
        for (class, code) in [
            (ErrorClass::Invalid, Code::InvalidArgument),
            (ErrorClass::Forbidden, Code::PermissionDenied),
            (ErrorClass::Resources, Code::ResourceExhausted),
            (ErrorClass::Unsupported, Code::Unimplemented),
            (ErrorClass::Internal, Code::Internal),
        ] {
            let error = QueryError {
                class,
                message: "error executing plan: it broke".into(),
            };
            let status = Status::from(Error::Query { error, query_id });
            assert_eq!(status.code(), code);
            assert_eq!(
                status.message(),
                "error executing plan: it broke (query_id=00000000-0000-0000-0000-000000000007)"
            );
        }
    }

    #[test]
    fn a_denial_ends_with_the_query_id() {
        let error = QueryError {
            class: ErrorClass::Denied,
            message: "query denied by rule 1".into(),
        };
        let query_id = Uuid::from_u128(7);
        let status = Status::from(Error::Query { error, query_id });
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(
            status.message(),
            "query denied by rule 1; query_id=00000000-0000-0000-0000-000000000007"
        );
    }

    #[test]
    fn sources_are_part_of_the_message() {
        let source = arrow::error::ArrowError::ParseError("bytes".into());
        let status = Status::from(Error::UndecodableCommand(source));
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), "undecodable command: Parser error: bytes");
    }

    #[test]
    fn long_messages_fit_response_headers_and_keep_the_query_id() {
        let query_id = Uuid::from_u128(7);
        for text in ["word ", "é", "{}", "x"] {
            let error = QueryError {
                class: ErrorClass::Invalid,
                message: text.repeat(20_000),
            };
            let status = Status::from(Error::Query { error, query_id });
            assert!(
                status
                    .message()
                    .ends_with(" [...] (query_id=00000000-0000-0000-0000-000000000007)")
            );
            let response = status.into_http::<()>();
            let encoded = response.headers()["grpc-message"].len();
            assert!(encoded <= MESSAGE_BYTES_MAX, "{encoded}");
            assert!(encoded > MESSAGE_BYTES_MAX / 3, "{encoded}");
        }
    }
}
