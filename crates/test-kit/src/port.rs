//! Loopback ports for components that can not bind port 0 themselves.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// Below the range that the system hands to outgoing connections (32768 and up on
/// Linux), which could otherwise take a port while its component restarts.
const PORTS: Range<u16> = 11_000..32_768;

const ATTEMPTS: usize = 1000;

/// The reservations of this process, each an exclusive lock on a file.
static RESERVED: Mutex<BTreeMap<u16, File>> = Mutex::new(BTreeMap::new());

/// A loopback port that nobody listens on, reserved until this process ends: no
/// other test of this machine gets it, even while its component is down.
pub fn free_port() -> Result<u16> {
    free_port_with(&[0])
}

/// `count` free ports whose companions at port + `offset` are free as well, all
/// reserved as by [`free_port`].
pub(crate) fn free_port_pairs(count: usize, offset: u16) -> Result<Vec<u16>> {
    (0..count).map(|_| free_port_with(&[0, offset])).collect()
}

fn free_port_with(offsets: &[u16]) -> Result<u16> {
    let reach = offsets.iter().copied().max().unwrap_or(0);
    let span = u128::from(PORTS.end - PORTS.start - reach);
    for _ in 0..ATTEMPTS {
        let random = uuid::Uuid::new_v4().as_u128() % span;
        let port = PORTS.start + u16::try_from(random).expect("the span fits 16 bits");
        let ports = offsets.iter().map(|offset| port + offset);
        if reserve_all(ports)? {
            return Ok(port);
        }
    }
    bail!("no free port between {} and {}", PORTS.start, PORTS.end)
}

/// Reserve all of `ports`, or none when one of them is taken.
fn reserve_all(ports: impl Iterator<Item = u16>) -> Result<bool> {
    let mut reserved = RESERVED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut locks = Vec::new();
    for port in ports {
        if reserved.contains_key(&port) {
            return Ok(false);
        }
        let Some(lock) = lock(port)? else {
            return Ok(false);
        };
        // Something outside the tests may listen there.
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
            return Ok(false);
        }
        locks.push((port, lock));
    }
    reserved.extend(locks);
    Ok(true)
}

/// The lock of a port, or `None` while another process holds it.
fn lock(port: u16) -> Result<Option<File>> {
    let folder = lock_folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let path = folder.join(port.to_string());
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}

fn lock_folder() -> PathBuf {
    std::env::temp_dir().join("micromegas-test-ports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_distinct_and_have_room_for_the_companion() {
        let mut ports = free_port_pairs(4, 10_000).unwrap();
        assert!(ports.iter().all(|port| PORTS.contains(&(port + 10_000))));
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 4);
    }

    #[test]
    fn a_reserved_port_is_handed_out_once() {
        let port = free_port().unwrap();
        assert!(PORTS.contains(&port));
        assert!(!reserve_all([port].into_iter()).unwrap());
        // Another process sees the lock, not the map.
        assert!(lock(port).unwrap().is_none());
    }

    #[test]
    fn a_port_that_is_listened_on_is_not_handed_out() {
        let port = free_port().unwrap();
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        RESERVED.lock().unwrap().remove(&port);
        assert!(!reserve_all([port].into_iter()).unwrap());
        drop(held);
    }
}
