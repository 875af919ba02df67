//! The log lines of a query: one when it begins, one when it ends, however it ends.

use std::fmt::{self, Write as _};
use std::time::Instant;

use axum::http::StatusCode;
use chrono::{DateTime, SecondsFormat, Utc};
use server_kit::{ErrorChain, RequestId};
use tracing::{info, warn};

use crate::error::Error;
use crate::origin::Origin;
use crate::request::QueryRequest;

/// How much of the SQL is logged, in bytes.
const SQL_BYTES_MAX: usize = 10_000;

/// Follows one request. If it is dropped before an end was reported, the client left.
#[derive(Debug)]
pub(crate) struct QueryLog {
    request_id: RequestId,
    begin: Instant,
    ended: bool,
}

impl QueryLog {
    pub(crate) fn new(origin: &Origin) -> Self {
        Self {
            request_id: origin.request_id.clone(),
            begin: Instant::now(),
            ended: false,
        }
    }

    pub(crate) fn accepted(&self, origin: &Origin, request: &QueryRequest) {
        info!(
            "Gateway request: request_id={}, client_type={}, {}sql={}",
            origin.request_id,
            origin.client_type,
            RangeText(request.range),
            OneLine(&request.sql),
        );
    }

    pub(crate) fn completed(&mut self, rows: u64, bytes: u64) {
        self.ended = true;
        info!(
            "Gateway request completed: request_id={}, duration={:?}, rows={rows}, bytes={bytes}",
            self.request_id,
            self.begin.elapsed(),
        );
    }

    /// The client was told so with a status.
    pub(crate) fn failed(&mut self, error: &Error) {
        self.warn(error.status(), "", error);
    }

    /// The answer had begun: its transfer is broken off.
    pub(crate) fn broken_off(&mut self, error: &Error) {
        self.warn(StatusCode::OK, "answer broken off, ", error);
    }

    fn warn(&mut self, status: StatusCode, what: &str, error: &Error) {
        self.ended = true;
        warn!(
            "Gateway request failed: request_id={}, status={}, duration={:?}, {what}error={}",
            self.request_id,
            status.as_u16(),
            self.begin.elapsed(),
            OneLine(&ErrorChain(error).to_string()),
        );
    }
}

impl Drop for QueryLog {
    fn drop(&mut self) {
        if !self.ended {
            info!(
                "Gateway request cancelled by the client: request_id={}, duration={:?}",
                self.request_id,
                self.begin.elapsed(),
            );
        }
    }
}

struct RangeText(Option<(DateTime<Utc>, DateTime<Utc>)>);

impl fmt::Display for RangeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((begin, end)) = self.0 else {
            return Ok(());
        };
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        write!(f, "time_range={}..{}, ", text(begin), text(end))
    }
}

/// Text of a client on one log line: cut to a length, its control characters escaped, so
/// that it cannot pretend to be another line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.floor_char_boundary(SQL_BYTES_MAX);
        let (shown, rest) = self.0.split_at(end);
        for character in shown.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        if !rest.is_empty() {
            write!(f, "… ({} bytes more)", rest.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logged_text_stays_on_one_line_and_is_cut() {
        let check = |text: &str, expected: &str| assert_eq!(OneLine(text).to_string(), expected);
        check("select 'é'", "select 'é'");
        check("a\nb\x1b[0m\r", "a\\nb\\u{1b}[0m\\r");
        let long = "é".repeat(SQL_BYTES_MAX);
        let expected = "é".repeat(SQL_BYTES_MAX / 2) + "… (10000 bytes more)";
        check(&long, &expected);
    }
}
