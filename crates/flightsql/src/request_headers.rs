//! What a client says beside its query, in gRPC metadata.

use crate::error::{Error, Result};
use auth::Attribution;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use model::TimeRange;
use query::Origin;
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

/// What the client says of itself. None of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientInfo {
    pub client_ip: String,
    pub client: String,
    pub agent: String,
    pub entrypoint: String,
    pub session: Option<String>,
    pub notebook: Option<String>,
    pub cell: Option<String>,
    pub request_id: Option<String>,
}

const UNKNOWN: &str = "unknown";

impl QueryOptions {
    pub fn parse(metadata: &MetadataMap) -> Result<Self> {
        let headers = metadata.as_ref();
        Ok(Self {
            range: range(headers)?,
            limit: limit(headers)?,
        })
    }
}

/// Whether dictionary arrays stay dictionaries on the wire.
pub(crate) fn preserves_dictionaries(metadata: &MetadataMap) -> bool {
    text(metadata.as_ref(), "preserve_dictionary")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

impl ClientInfo {
    /// `peer` is the other end of the connection.
    pub fn parse(metadata: &MetadataMap, peer: Option<IpAddr>) -> Self {
        let headers = metadata.as_ref();
        let or_unknown = |value: Option<String>| value.unwrap_or_else(|| UNKNOWN.to_owned());
        Self {
            client_ip: or_unknown(client_ip(headers, peer).map(|ip| ip.to_string())),
            client: or_unknown(owned(headers, "x-client-type")),
            agent: or_unknown(owned(headers, "x-client-agent")),
            entrypoint: or_unknown(owned(headers, "x-client-entrypoint")),
            session: owned(headers, "x-client-session"),
            notebook: owned(headers, "x-client-notebook"),
            cell: owned(headers, "x-client-cell"),
            request_id: owned(headers, "x-request-id"),
        }
    }

    /// What the deny list judges by.
    pub fn origin(&self, user: &Attribution) -> Origin {
        Origin {
            user_id: Some(user.user.clone()),
            email: Some(user.email.clone()),
            service_account: user.service_account.clone(),
            client: Some(self.client.clone()),
            agent: Some(self.agent.clone()),
            entrypoint: Some(self.entrypoint.clone()),
            session: self.session.clone(),
            notebook: self.notebook.clone(),
            cell: self.cell.clone(),
            client_ip: Some(self.client_ip.clone()),
        }
    }
}

/// A value that is not ASCII reads as absent.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn non_empty<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    text(headers, name).filter(|value| !value.is_empty())
}

fn owned(headers: &HeaderMap, name: &str) -> Option<String> {
    non_empty(headers, name).map(str::to_owned)
}

/// One bound alone is ignored, and so is its text.
fn range(headers: &HeaderMap) -> Result<Option<TimeRange>> {
    const BEGIN: &str = "query_range_begin";
    const END: &str = "query_range_end";
    match (non_empty(headers, BEGIN), non_empty(headers, END)) {
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
fn limit(headers: &HeaderMap) -> Result<Option<usize>> {
    const LIMIT: &str = "limit";
    text(headers, LIMIT)
        .map(|value| {
            value.parse().map_err(|error| Error::BadHeader {
                name: LIMIT,
                reason: format!("{error}"),
            })
        })
        .transpose()
}

/// The nearest proxy appends to the last `x-forwarded-for` line, so its last entry is the one that
/// the client could not write.
pub(crate) fn client_ip(headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
    let forwarded = headers
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
    let real = || text(headers, "x-real-ip").and_then(|value| value.trim().parse().ok());
    forwarded.or_else(real).or(peer)
}

#[cfg(test)]
mod tests;
