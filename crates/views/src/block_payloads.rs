//! Single blocks and what is stored of them, for those who know their ids.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use catalog::{BlockFilter, Snapshot, StoredBlock};
use decode::BlockObjects;
use futures::stream::{self, StreamExt, TryStreamExt};
use model::BlockId;

use crate::blocks_scan::{
    BlockScan, FetchedGroup, READ_AHEAD, archived_pages, catalog_pages, fetch, group,
};
use crate::owners::visible;
use crate::{Error, Lakehouse, Result, ScanContext};

impl Lakehouse {
    /// The block with this id, if the query's snapshot sees it.
    pub async fn find_block(
        &self,
        context: &ScanContext,
        block: BlockId,
    ) -> Result<Option<StoredBlock>> {
        let found = self.find_blocks(context, vec![block]).await?;
        Ok(found.into_values().next())
    }

    /// Those of the blocks that the query's snapshot sees.
    pub async fn find_blocks(
        &self,
        context: &ScanContext,
        blocks: Vec<BlockId>,
    ) -> Result<HashMap<BlockId, StoredBlock>> {
        let snapshot = context.snapshot(self.catalog()).await?;
        let scan = scan(snapshot, blocks.clone());
        let mut found = collect(catalog_pages(self, &scan)).await?;
        let missing: HashSet<_> = blocks.into_iter().collect();
        let missing: Vec<_> = missing
            .into_iter()
            .filter(|block| !found.contains_key(block))
            .collect();
        // They are spread over many partitions, so nobody looks there without need.
        if !missing.is_empty() {
            let scan = self::scan(snapshot, missing);
            found.extend(collect(archived_pages(self, &scan)).await?);
        }
        Ok(found)
    }

    /// What is stored of a block, byte for byte.
    pub async fn payload(&self, context: &ScanContext, block: &StoredBlock) -> Result<Bytes> {
        let id = block.info.block_id;
        let mut payloads = self.payloads(context, vec![block.clone()]).await?;
        payloads.remove(&id).ok_or(Error::MissingPayload(id))
    }

    /// What is stored of each block; neighbours are read together. All of it is in memory at
    /// the same time: the caller knows the sizes, and bounds their sum.
    pub async fn payloads(
        &self,
        context: &ScanContext,
        mut blocks: Vec<StoredBlock>,
    ) -> Result<HashMap<BlockId, Bytes>> {
        let place = |block: &StoredBlock| (block.segment.clone(), block.range.start);
        blocks.sort_by_cached_key(place);
        let groups = stream::iter(group(blocks));
        let fetched: Vec<FetchedGroup> = groups
            .map(|group| fetch(self.clone(), group, context.counters().clone()))
            .buffered(READ_AHEAD)
            .try_collect()
            .await?;
        let payloads = fetched.into_iter().flatten().map(|(block, payload)| {
            let id = block.info.block_id;
            Ok((id, payload.ok_or(Error::MissingPayload(id))?))
        });
        payloads.collect()
    }

    /// What is in a block of the native format, event by event.
    pub async fn block_objects(
        &self,
        block: &StoredBlock,
        payload: &Bytes,
    ) -> Result<BlockObjects> {
        let objects = match self.plan(&block.stream).await {
            Ok(plan) => BlockObjects::open(plan, &block.info, payload),
            Err(error) => Err(error),
        };
        objects.map_err(|error| Error::undecodable(block.info.block_id, error))
    }
}

fn scan(snapshot: Snapshot, blocks: Vec<BlockId>) -> BlockScan {
    BlockScan {
        snapshot,
        filter: BlockFilter {
            block_ids: Some(blocks),
            ..BlockFilter::at(snapshot.time)
        },
        ranges: visible(snapshot),
    }
}

async fn collect(
    pages: stream::BoxStream<'static, Result<Vec<StoredBlock>>>,
) -> Result<HashMap<BlockId, StoredBlock>> {
    let blocks: Vec<StoredBlock> = pages.try_concat().await?;
    let blocks = blocks.into_iter();
    Ok(blocks.map(|block| (block.info.block_id, block)).collect())
}
