//! The limits of the gateway.

use std::time::Duration;

/// The limits of the gateway.
#[derive(Debug, Clone)]
pub struct Config {
    /// Requests served at the same time; above it the answer is 503 with `Retry-After`.
    ///
    /// All queries share one HTTP/2 connection, on which servers commonly allow 200 calls at
    /// once: keep it below.
    pub max_concurrent: usize,
    /// Largest request body, in bytes; above it the answer is 413.
    pub body_bytes_max: usize,
    /// Longest time a request body may take to arrive; after it the answer is 408.
    pub body_timeout: Duration,
    /// Longest SQL text after trimming, in bytes; above it the answer is 400.
    pub sql_bytes_max: usize,
    /// Largest answer, in bytes of JSON; a larger one is broken off. None by default: memory
    /// does not grow with the answer.
    pub result_bytes_max: Option<u64>,
    /// Longest life of a query, from the request to the last byte read by the client. It
    /// also ends the queries of readers that stopped reading without leaving.
    pub query_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_concurrent: 128,
            // One MiB of SQL in which every character is written as an escape is 6 MiB.
            body_bytes_max: 8 * 1024 * 1024,
            body_timeout: Duration::from_secs(30),
            sql_bytes_max: 1024 * 1024,
            result_bytes_max: None,
            query_timeout: Duration::from_secs(3600),
        }
    }
}
