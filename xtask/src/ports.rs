//! The three addresses of the monolith, and whether something answers there.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Listening addresses, as the flags of the monolith give them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    pub ingestion: String,
    pub flight: String,
    pub web: String,
}

const INGESTION: &str = "--listen-endpoint-http";
const FLIGHT: &str = "--listen-endpoint-flight";
const WEB: &str = "--listen-endpoint-web";

impl Addresses {
    /// The defaults, overridden by flags.
    pub fn from_flags(flags: &[String]) -> Self {
        let value = |name: &str, default: &str| -> String {
            flag_value(flags, name).unwrap_or(default).to_owned()
        };
        Self {
            ingestion: value(INGESTION, "127.0.0.1:9000"),
            flight: value(FLIGHT, "127.0.0.1:50051"),
            web: value(WEB, "127.0.0.1:3000"),
        }
    }

    /// Fails when another program holds one of them.
    pub fn check_free(&self) -> Result<()> {
        for (flag, address) in [
            (INGESTION, &self.ingestion),
            (FLIGHT, &self.flight),
            (WEB, &self.web),
        ] {
            let Ok(address) = address.parse::<SocketAddr>() else {
                continue; // the monolith explains malformed addresses
            };
            if let Err(error) = TcpListener::bind(address) {
                bail!(
                    "cannot listen on {address}: {error}; choose another with `-- {flag} HOST:PORT`"
                );
            }
        }
        Ok(())
    }

    /// True when all three answer.
    pub fn are_ready(&self) -> bool {
        answers_ok(&self.ingestion, "/ready")
            && answers_ok(&self.web, "/gateway/health")
            && TcpStream::connect(&self.flight).is_ok()
    }
}

/// `--name value` or `--name=value`; the last one counts.
fn flag_value<'a>(flags: &'a [String], name: &str) -> Option<&'a str> {
    let mut found = None;
    for (index, flag) in flags.iter().enumerate() {
        if flag == name {
            found = flags.get(index + 1).map(String::as_str);
        } else if let Some(value) = flag
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='))
        {
            found = Some(value);
        }
    }
    found
}

fn answers_ok(address: &str, path: &str) -> bool {
    get_status(address, path).is_ok_and(|status| status == 200)
}

/// Status code of a plain HTTP GET.
fn get_status(address: &str, path: &str) -> Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(3)))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let digits = std::str::from_utf8(&head[9..])?;
    digits.parse().context("malformed status line")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_override_the_defaults() {
        let flags = [
            "--data-dir",
            "x",
            "--listen-endpoint-http",
            "0.0.0.0:1",
            "--listen-endpoint-web=[::1]:2",
        ];
        let flags: Vec<String> = flags.map(str::to_owned).to_vec();
        let expected = Addresses {
            ingestion: "0.0.0.0:1".into(),
            flight: "127.0.0.1:50051".into(),
            web: "[::1]:2".into(),
        };
        assert_eq!(Addresses::from_flags(&flags), expected);
    }

    #[test]
    fn readiness_follows_the_status() -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let server = std::thread::spawn(move || -> Result<()> {
            for status in ["503 Service Unavailable", "200 OK"] {
                let (mut stream, _) = listener.accept()?;
                let mut request = [0; 1024];
                let _ = stream.read(&mut request)?;
                write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
            }
            Ok(())
        });
        assert!(!answers_ok(&address, "/ready"));
        assert!(answers_ok(&address, "/ready"));
        server.join().expect("the server does not panic")?;
        assert!(!answers_ok(&address, "/ready"));
        Ok(())
    }
}
