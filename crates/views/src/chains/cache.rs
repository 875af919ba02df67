//! Trees that were built before. A chain of the hour that is not over has no partition, and
//! is asked for again and again.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use decode::ChainTable;
use moka::future::Cache;
use sha2::{Digest, Sha256};

use super::build::Trees;
use super::listing::Chain;
use crate::Result;

/// What a chain is made of: blocks never change, so it names its trees.
type Key = [u8; 32];

/// Bounded by the bytes of the trees in it; those not asked for lately go first.
pub(crate) struct ChainCache(Cache<Key, Arc<Trees>>);

impl ChainCache {
    pub(crate) fn new(bytes: usize) -> Self {
        let weight =
            |_: &Key, trees: &Arc<Trees>| u32::try_from(trees.memory_bytes()).unwrap_or(u32::MAX);
        let cache = Cache::builder().max_capacity(bytes as u64).weigher(weight);
        Self(cache.build())
    }

    pub(crate) async fn get_or_build(
        &self,
        table: ChainTable,
        chain: &Chain,
        build: impl Future<Output = Result<Trees>>,
    ) -> Result<Arc<Trees>> {
        let key = key(table, chain);
        if let Some(trees) = self.0.get(&key).await {
            return Ok(trees);
        }
        let trees = Arc::new(build.await?);
        self.0.insert(key, Arc::clone(&trees)).await;
        Ok(trees)
    }
}

fn key(table: ChainTable, chain: &Chain) -> Key {
    let mut hash = Sha256::new();
    hash.update(table.name());
    hash.update(chain.latest.block_id.as_bytes());
    for block in &chain.blocks {
        hash.update(block.info.block_id.as_bytes());
    }
    hash.finalize().into()
}

impl fmt::Debug for ChainCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainCache")
            .field("bytes", &self.0.weighted_size())
            .finish_non_exhaustive()
    }
}
