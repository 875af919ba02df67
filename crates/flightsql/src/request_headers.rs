//! What a client says beside its query, in gRPC metadata.

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::TimeRange;
use std::net::IpAddr;
use tonic::metadata::MetadataMap;

/// Headers that change the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueryOptions {
    /// Event time, inclusive at both ends.
    pub range: Option<TimeRange>,
    /// Rows, applied outside of the statement.
    pub limit: Option<usize>,
}

/// Who asks, as far as the client tells. None of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientInfo {
    pub client_ip: String,
    pub client: String,
    pub agent: String,
    pub entrypoint: String,
    pub session: Option<String>,
    pub notebook: Option<String>,
    pub cell: Option<String>,
    pub user: String,
    pub email: String,
    pub name: Option<String>,
    pub request_id: Option<String>,
}

const UNKNOWN: &str = "unknown";

impl QueryOptions {
    pub fn parse(metadata: &MetadataMap) -> Result<Self> {
        Ok(Self {
            range: range(metadata)?,
            limit: limit(metadata)?,
        })
    }
}

/// Whether dictionary arrays stay dictionaries on the wire.
pub(crate) fn preserves_dictionaries(metadata: &MetadataMap) -> bool {
    text(metadata, "preserve_dictionary").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

impl ClientInfo {
    /// `peer` is the other end of the connection.
    pub fn parse(metadata: &MetadataMap, peer: Option<IpAddr>) -> Self {
        let or_unknown = |value: Option<String>| value.unwrap_or_else(|| UNKNOWN.to_owned());
        Self {
            client_ip: client_ip(metadata, peer)
                .map_or_else(|| UNKNOWN.to_owned(), |ip| ip.to_string()),
            client: or_unknown(owned(metadata, "x-client-type")),
            agent: or_unknown(owned(metadata, "x-client-agent")),
            entrypoint: or_unknown(owned(metadata, "x-client-entrypoint")),
            session: owned(metadata, "x-client-session"),
            notebook: owned(metadata, "x-client-notebook"),
            cell: owned(metadata, "x-client-cell"),
            user: or_unknown(claim(metadata, "x-user-id")),
            email: or_unknown(claim(metadata, "x-user-email")),
            name: claim(metadata, "x-user-name"),
            request_id: owned(metadata, "x-request-id"),
        }
    }
}

/// A value that is not ASCII reads as absent.
fn text<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    metadata.get(name)?.to_str().ok()
}

fn non_empty<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    text(metadata, name).filter(|value| !value.is_empty())
}

fn owned(metadata: &MetadataMap, name: &str) -> Option<String> {
    non_empty(metadata, name).map(str::to_owned)
}

/// One bound alone is ignored, and so is its text.
fn range(metadata: &MetadataMap) -> Result<Option<TimeRange>> {
    const BEGIN: &str = "query_range_begin";
    const END: &str = "query_range_end";
    match (non_empty(metadata, BEGIN), non_empty(metadata, END)) {
        (Some(begin), Some(end)) => Ok(Some(TimeRange {
            begin: time_ns(BEGIN, begin)?,
            end: time_ns(END, end)?,
        })),
        _ => Ok(None),
    }
}

/// Times that nanoseconds can not hold become the closest one that they can.
fn time_ns(name: &'static str, value: &str) -> Result<i64> {
    let time = DateTime::parse_from_rfc3339(value).map_err(|error| Error::BadHeader {
        name,
        reason: error.to_string(),
    })?;
    Ok(time.timestamp_nanos_opt().unwrap_or({
        if time < DateTime::<Utc>::UNIX_EPOCH {
            i64::MIN
        } else {
            i64::MAX
        }
    }))
}

/// Unlike a time bound, a limit that is present and empty is an error.
fn limit(metadata: &MetadataMap) -> Result<Option<usize>> {
    const LIMIT: &str = "limit";
    text(metadata, LIMIT)
        .map(|value| {
            value.parse().map_err(|error| Error::BadHeader {
                name: LIMIT,
                reason: format!("{error}"),
            })
        })
        .transpose()
}

/// A claimed identity: percent-encoded UTF-8. What can not be decoded is kept as it came, without
/// its bytes outside of printable ASCII.
fn claim(metadata: &MetadataMap, name: &str) -> Option<String> {
    let bytes = metadata.get(name)?.as_encoded_bytes();
    let printable = |bytes: &[u8]| {
        bytes
            .iter()
            .filter(|byte| matches!(byte, b' '..=b'~'))
            .map(|byte| char::from(*byte))
            .collect::<String>()
    };
    let value = if bytes.is_ascii() {
        String::from_utf8(percent_decoded(bytes)).unwrap_or_else(|_| printable(bytes))
    } else {
        printable(bytes)
    };
    Some(value).filter(|value| !value.is_empty())
}

/// A `%` without two hexadecimal digits stands for itself.
fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (
            bytes[at],
            digit(bytes.get(at + 1)),
            digit(bytes.get(at + 2)),
        ) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// The nearest proxy appends to the last `x-forwarded-for` line, so its last entry is the one that
/// the client could not write.
fn client_ip(metadata: &MetadataMap, peer: Option<IpAddr>) -> Option<IpAddr> {
    let forwarded = metadata
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|line| line.to_str().ok())
        .and_then(|line| {
            line.rsplit(',')
                .map(str::trim)
                .find(|entry| !entry.is_empty())
        })
        .and_then(|entry| entry.parse().ok());
    let real = || text(metadata, "x-real-ip").and_then(|value| value.trim().parse().ok());
    forwarded.or_else(real).or(peer)
}

#[cfg(test)]
mod tests;
