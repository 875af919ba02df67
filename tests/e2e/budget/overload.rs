//! Writers that post faster than anything can be stored, and do not wait when told to.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::blocks::BlockBody;
use super::upload::{Answer, upload};

/// How many write at once, and how many blocks must be accepted until they end.
#[derive(Debug, Clone, Copy)]
pub struct Overload {
    pub writers: usize,
    pub blocks: usize,
}

/// What became of the blocks.
#[derive(Debug, Default)]
pub struct Outcome {
    pub accepted: HashSet<Uuid>,
    /// Answered with 503.
    pub refused: usize,
}

impl Overload {
    pub async fn run(self, address: SocketAddr, body: Arc<BlockBody>) -> Result<Outcome> {
        let accepted = Arc::new(AtomicUsize::new(0));
        let mut writers = JoinSet::new();
        for _ in 0..self.writers {
            writers.spawn(self.write(address, Arc::clone(&body), Arc::clone(&accepted)));
        }
        let mut outcome = Outcome::default();
        while let Some(one) = writers.join_next().await {
            let one = one??;
            outcome.accepted.extend(one.accepted);
            outcome.refused += one.refused;
        }
        Ok(outcome)
    }

    async fn write(
        self,
        address: SocketAddr,
        body: Arc<BlockBody>,
        accepted: Arc<AtomicUsize>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        while accepted.load(Ordering::Relaxed) < self.blocks {
            let id = Uuid::new_v4();
            match upload(address, "/ingestion/insert_block", &body.pieces(id)).await? {
                Answer::Accepted => {
                    accepted.fetch_add(1, Ordering::Relaxed);
                    outcome.accepted.insert(id);
                }
                Answer::Busy => outcome.refused += 1,
            }
        }
        Ok(outcome)
    }
}
