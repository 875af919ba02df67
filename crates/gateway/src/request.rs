//! The body of a query: read within its limits and checked before anything is contacted.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use serde::Deserialize;

use crate::Config;

#[cfg(test)]
mod tests;

/// How much of a body that is too large is read and thrown away, so that a client which
/// sends first and reads later gets to see the answer.
const DISCARDED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the request body is larger than {bytes_max} bytes")]
    BodyTooLarge { bytes_max: usize },
    #[error("the request body did not arrive in time")]
    BodyTimeout,
    #[error("the request body could not be read")]
    BodyUnreadable(#[source] axum::Error),
    #[error("the request body must be a JSON object")]
    NotAnObject,
    #[error("invalid request body: {0}")]
    Json(serde_json::Error),
    #[error("sql is empty")]
    EmptySql,
    #[error("sql is longer than {bytes_max} bytes")]
    SqlTooLong { bytes_max: usize },
    #[error("{missing} is missing: time_range_begin and time_range_end go together")]
    LoneTime { missing: &'static str },
    #[error("{field} is not a valid RFC 3339 time: {reason}")]
    Time {
        field: &'static str,
        reason: chrono::ParseError,
    },
    #[error("time_range_begin must be before time_range_end")]
    EmptyRange,
    #[error("the authorization header is repeated")]
    RepeatedAuthorization,
}

/// A valid query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueryRequest {
    pub(crate) sql: String,
    pub(crate) range: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

#[derive(Deserialize)]
struct Fields {
    sql: String,
    time_range_begin: Option<String>,
    time_range_end: Option<String>,
}

impl QueryRequest {
    /// Reads and checks a request body. The content type is not looked at: clients that
    /// forget it still send JSON.
    pub(crate) async fn read(body: Body, config: &Config) -> Result<Self, RequestError> {
        let bytes = read_within(body, config.body_bytes_max);
        let bytes = tokio::time::timeout(config.body_timeout, bytes)
            .await
            .map_err(|_| RequestError::BodyTimeout)??;
        Self::parse(&bytes, config.sql_bytes_max)
    }

    pub(crate) fn parse(body: &[u8], sql_bytes_max: usize) -> Result<Self, RequestError> {
        // The deserializer would take an array for the fields in order.
        if matches!(body.trim_ascii_start().first(), Some(first) if *first != b'{') {
            return Err(RequestError::NotAnObject);
        }
        let fields: Fields = serde_json::from_slice(body).map_err(RequestError::Json)?;
        let sql = fields.sql.trim();
        if sql.is_empty() {
            return Err(RequestError::EmptySql);
        }
        if sql.len() > sql_bytes_max {
            return Err(RequestError::SqlTooLong {
                bytes_max: sql_bytes_max,
            });
        }
        let begin = fields.time_range_begin.as_deref();
        let end = fields.time_range_end.as_deref();
        Ok(Self {
            sql: sql.to_owned(),
            range: parse_range(begin, end)?,
        })
    }
}

type Range = (DateTime<Utc>, DateTime<Utc>);

fn parse_range(begin: Option<&str>, end: Option<&str>) -> Result<Option<Range>, RequestError> {
    let (begin, end) = match (begin, end) {
        (None, None) => return Ok(None),
        (Some(begin), Some(end)) => (begin, end),
        (None, Some(_)) => {
            return Err(RequestError::LoneTime {
                missing: "time_range_begin",
            });
        }
        (Some(_), None) => {
            return Err(RequestError::LoneTime {
                missing: "time_range_end",
            });
        }
    };
    let begin = parse_time("time_range_begin", begin)?;
    let end = parse_time("time_range_end", end)?;
    if begin >= end {
        return Err(RequestError::EmptyRange);
    }
    Ok(Some((begin, end)))
}

fn parse_time(field: &'static str, text: &str) -> Result<DateTime<Utc>, RequestError> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|reason| RequestError::Time { field, reason })
}

async fn read_within(body: Body, bytes_max: usize) -> Result<Bytes, RequestError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut received = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(RequestError::BodyUnreadable)?;
        received = received.saturating_add(chunk.len());
        if received <= bytes_max {
            bytes.extend_from_slice(&chunk);
        } else if received > bytes_max.saturating_add(DISCARDED_BYTES_MAX) {
            break;
        }
    }
    if received > bytes_max {
        return Err(RequestError::BodyTooLarge { bytes_max });
    }
    Ok(bytes.freeze())
}
