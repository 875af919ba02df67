//! Free loopback ports.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

/// A port of the loopback address that nobody listened on a moment ago.
///
/// Something else can take it before the caller does, so a component that can bind
/// port 0 itself should do that instead.
pub fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("binding a free loopback port")?;
    Ok(listener.local_addr()?.port())
}

/// `count` free ports whose companions at port + `offset` are free as well.
///
/// They lie below the range that the system hands to outgoing connections, which
/// could otherwise take one of them before the component binds it.
pub(crate) fn free_port_pairs(count: usize, offset: u16) -> Result<Vec<u16>> {
    const LOWEST: u16 = 11_000;
    const SYSTEM_RANGE: u16 = 32_768;
    let span = u128::from(SYSTEM_RANGE - LOWEST - offset);
    let mut held = Vec::new();
    let mut ports: Vec<u16> = Vec::new();
    for _ in 0..1000 {
        if ports.len() == count {
            return Ok(ports);
        }
        let random = uuid::Uuid::new_v4().as_u128() % span;
        let port = LOWEST + u16::try_from(random).expect("the span fits 16 bits");
        if let (Ok(first), Ok(second)) = (listen(port), listen(port + offset)) {
            held.push((first, second));
            ports.push(port);
        }
    }
    bail!("no {count} free ports with a free companion {offset} above")
}

fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_distinct_and_have_room_for_the_companion() {
        let mut ports = free_port_pairs(4, 10_000).unwrap();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 4);
        assert!(ports.iter().all(|port| port + 10_000 < 32_768));
        assert!(free_port().unwrap() > 0);
    }
}
