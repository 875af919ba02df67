//! What the owner of the process decides about this service.

/// Limits of one Flight SQL service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Queries planned or streaming at the same time. One more is refused with `RESOURCE_EXHAUSTED`.
    pub max_concurrent_queries: usize,
    /// Bytes of one received gRPC message. A larger one is refused with `OUT_OF_RANGE`.
    pub max_request_bytes: usize,
    /// Bytes of one SQL text. A longer one is refused with `INVALID_ARGUMENT`.
    pub max_sql_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_concurrent_queries: 256,
            max_request_bytes: 100 * 1024 * 1024,
            max_sql_bytes: 4 * 1024 * 1024,
        }
    }
}
