//! From an address to a tuned connection: schemes, TLS and HTTP/2 settings.

use std::time::Duration;

use tonic::transport::{ClientTlsConfig, Endpoint};

#[cfg(test)]
mod tests;

/// What one query may send ahead of its reader, in bytes: this bounds the memory that a
/// stalled reader costs.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// What all queries of the connection may send ahead together, in bytes.
///
/// All queries share one connection, and what stalled readers leave unread counts against
/// it. It is therefore as large as a thousand stream windows: a smaller one would let a few
/// stalled readers stop every other query.
const CONNECTION_WINDOW_BYTES: u32 = 1024 * STREAM_WINDOW_BYTES;

/// Results arrive in messages of about 2 MiB; larger frames than the default 16 KiB cost
/// less per byte.
const FRAME_BYTES_MAX: u32 = 256 * 1024;

/// Error messages travel as headers and quote the SQL; the default of 16 KiB would lose some.
const HEADER_BYTES_MAX: u32 = 64 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why an address of the query service is refused. Never repeats the address, which may
/// have been written with a password in it.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// The scheme is not one of the four.
    #[error("the query service url must start with grpc://, grpc+tls://, http:// or https://")]
    Scheme,
    /// User name and password cannot be used; credentials travel with each query.
    #[error("the query service url must not contain a user name or password")]
    UserInfo,
    /// A path or query string would be ignored.
    #[error("the query service url must end after host and port")]
    Path,
    /// Not an address at all.
    #[error("the query service url has no valid host and port")]
    Invalid,
    /// TLS cannot be set up on this machine.
    #[error("tls towards the query service cannot be set up")]
    Tls(#[source] tonic::transport::Error),
}

/// Reads an address of the query service.
pub(crate) fn parse(url: &str) -> Result<Endpoint, UrlError> {
    let (scheme, rest) = url.trim().split_once("://").ok_or(UrlError::Scheme)?;
    // Only http and https mean something to the gRPC library: any other scheme, even
    // `grpc+tls`, would connect without TLS.
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "grpc" | "http" => "http",
        "grpc+tls" | "https" => "https",
        _ => return Err(UrlError::Scheme),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    if authority.contains(['/', '?', '#']) {
        return Err(UrlError::Path);
    }
    let endpoint =
        Endpoint::from_shared(format!("{scheme}://{authority}")).map_err(|_| UrlError::Invalid)?;
    // What follows a colon is taken as it is by the library, number or not.
    let uri = endpoint.uri();
    if uri.port_u16().is_none() && uri.host() != Some(authority) {
        return Err(UrlError::Invalid);
    }
    let endpoint = tuned(endpoint);
    if scheme == "http" {
        return Ok(endpoint);
    }
    endpoint
        .tls_config(ClientTlsConfig::new().with_native_roots())
        .map_err(UrlError::Tls)
}

/// Applies this client's connection settings to an endpoint made elsewhere, before
/// [`Client::from_channel`](crate::Client::from_channel).
pub fn tuned(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(KEEP_ALIVE_INTERVAL))
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
}
