//! Values of command-line flags.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result, ensure};

/// The address of an `http://host:port` URL.
pub fn parse_address(url: &str) -> Result<SocketAddr> {
    let authority = url
        .strip_prefix("http://")
        .context("the URL must start with http://")?
        .trim_end_matches('/');
    ensure!(
        !authority.contains('/'),
        "the URL must end after host and port"
    );
    let addresses = authority.to_socket_addrs();
    addresses
        .with_context(|| format!("{authority} is not host:port"))?
        .next()
        .with_context(|| format!("{authority} has no address"))
}

#[cfg(test)]
mod tests {
    use super::parse_address;

    #[test]
    fn urls() {
        let parsed = parse_address("http://127.0.0.1:9000/").map(|address| address.to_string());
        assert_eq!(parsed.ok().as_deref(), Some("127.0.0.1:9000"));
        for url in [
            "127.0.0.1:9000",
            "https://127.0.0.1:1",
            "http://127.0.0.1",
            "http://127.0.0.1:1/x",
        ] {
            assert!(parse_address(url).is_err(), "{url}");
        }
    }
}
