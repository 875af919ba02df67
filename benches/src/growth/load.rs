//! Sends copies of the recording, earlier ones first.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::minutes::Minutes;
use super::recording::Recording;
use crate::http::Connection;

const CONNECTIONS: usize = 32;
/// Refusals of one request that are waited out; a server that is full says when to come back.
const ATTEMPTS_MAX: u32 = 1_000;
const WAIT: Duration = Duration::from_millis(20);

pub(super) async fn send(
    address: SocketAddr,
    recording: &Arc<Recording>,
    minutes: Minutes,
    copies: Range<u32>,
) -> Result<()> {
    let next = Arc::new(AtomicU32::new(copies.start));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (recording, next) = (Arc::clone(recording), Arc::clone(&next));
        connections.spawn(async move {
            let mut connection = Connection::open(address).await?;
            loop {
                let copy = next.fetch_add(1, Ordering::Relaxed);
                if copy >= copies.end {
                    return anyhow::Ok(());
                }
                for request in recording.copy(copy, minutes.start_of(copy)) {
                    post(&mut connection, &request).await?;
                }
            }
        });
    }
    while let Some(connection) = connections.join_next().await {
        connection??;
    }
    Ok(())
}

async fn post(connection: &mut Connection, request: &[u8]) -> Result<()> {
    for _ in 0..ATTEMPTS_MAX {
        let answer = connection.send(request).await?;
        if answer.status == 200 {
            return Ok(());
        }
        ensure!(answer.status == 503, "answered {}", answer.status);
        tokio::time::sleep(WAIT).await;
    }
    anyhow::bail!("the server stays full")
}
