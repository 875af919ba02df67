//! From the blocks that a query meets to the chains that make its rows.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{BlockFilter, EventBounds, StoredBlock};
use datafusion::execution::memory_pool::MemoryReservation;
use futures::TryStreamExt;
use model::{BlockInfo, InsertRange, InsertTime, StreamId, TimeNs};

use crate::blocks_scan::{self, BlockScan};
use crate::insert_ranges::InsertRanges;
use crate::{Lakehouse, Result};

/// Events of a chain. A thread that records more within an hour has several trees.
const EVENTS_MAX: u64 = 4 << 20;
/// Blocks of a chain.
const BLOCKS_MAX: usize = 64 << 10;

/// Blocks of one stream that make one tree, in the order of their ticks.
#[derive(Debug)]
pub(crate) struct Chain {
    /// At least one.
    pub(crate) blocks: Vec<StoredBlock>,
    /// The last block of those that the chain was cut from.
    pub(crate) latest: BlockInfo,
}

/// One stream in one multiple of the grain.
type Slot = (TimeNs, StreamId);

/// The chains that blocks of `wanted` belong to: by the multiple of the grain in which they
/// were inserted, then by stream, then by ticks. The list of blocks is reserved from `memory`.
pub(crate) async fn chains(
    house: &Lakehouse,
    wanted: BlockScan,
    grain: TimeNs,
    memory: &mut MemoryReservation,
) -> Result<Vec<Chain>> {
    let bounds = wanted.filter.event_bounds();
    let slots = slots(house, wanted, grain, memory).await?;
    let chains = slots.into_values().flat_map(cut);
    let meets = |chain: &Chain| bounds.is_none_or(|bounds| chain.meets(bounds));
    Ok(chains.filter(meets).collect())
}

impl Chain {
    fn meets(&self, range: EventBounds) -> bool {
        let bounds = || self.blocks.iter().map(|block| block.event_bounds);
        bounds().any(|block| block.begin <= range.end)
            && bounds().any(|block| block.end >= range.begin)
    }
}

/// All blocks of each slot that has a wanted one.
async fn slots(
    house: &Lakehouse,
    wanted: BlockScan,
    grain: TimeNs,
    memory: &mut MemoryReservation,
) -> Result<BTreeMap<Slot, Vec<StoredBlock>>> {
    if wanted.filter.event_range.is_none() && wanted.filter.block_ids.is_none() {
        return collect(house, &wanted, grain, None, memory).await;
    }
    let mut slots = BTreeSet::new();
    let mut pages = blocks_scan::pages(house, &wanted);
    while let Some(page) = pages.try_next().await? {
        slots.extend(page.iter().map(|block| slot(block, grain)));
    }
    let hours: BTreeSet<TimeNs> = slots.iter().map(|(begin, _)| *begin).collect();
    let hours = hours.into_iter().map(|begin| {
        let end = InsertTime(begin.saturating_add(grain));
        wanted
            .ranges
            .within(InsertRange::new(InsertTime(begin), end))
    });
    let streams: BTreeSet<StreamId> = slots.iter().map(|(_, stream)| *stream).collect();
    let all = BlockScan {
        snapshot: wanted.snapshot,
        filter: BlockFilter {
            stream_ids: Some(streams.into_iter().collect()),
            block_ids: None,
            event_range: None,
            ..wanted.filter
        },
        ranges: InsertRanges::joined(hours),
    };
    collect(house, &all, grain, Some(&slots), memory).await
}

async fn collect(
    house: &Lakehouse,
    scan: &BlockScan,
    grain: TimeNs,
    wanted: Option<&BTreeSet<Slot>>,
    memory: &mut MemoryReservation,
) -> Result<BTreeMap<Slot, Vec<StoredBlock>>> {
    let mut slots: BTreeMap<Slot, Vec<StoredBlock>> = BTreeMap::new();
    let mut pages = blocks_scan::pages(house, scan);
    while let Some(page) = pages.try_next().await? {
        memory.try_grow(page.len() * size_of::<StoredBlock>())?;
        for block in page {
            let slot = slot(&block, grain);
            if wanted.is_none_or(|wanted| wanted.contains(&slot)) {
                slots.entry(slot).or_default().push(block);
            }
        }
    }
    Ok(slots)
}

const fn slot(block: &StoredBlock, grain: TimeNs) -> Slot {
    let time = block.insert_time.0;
    (time - time.rem_euclid(grain), block.info.stream_id)
}

/// A chain ends where the next block begins after all of its blocks have ended, or where it
/// is full.
fn cut(mut blocks: Vec<StoredBlock>) -> Vec<Chain> {
    blocks.sort_unstable_by_key(|block| {
        let BlockInfo {
            begin_ticks,
            end_ticks,
            block_id,
            ..
        } = block.info;
        (begin_ticks, end_ticks, block_id)
    });
    let by_end = |block: &&StoredBlock| (block.info.end_ticks, block.info.block_id);
    let Some(latest) = blocks.iter().max_by_key(by_end).map(|block| block.info) else {
        return Vec::new();
    };
    let mut chains: Vec<Chain> = Vec::new();
    let (mut end, mut events) = (i64::MIN, 0);
    for block in blocks {
        let BlockInfo {
            begin_ticks,
            end_ticks,
            nb_objects,
            ..
        } = block.info;
        let more = u64::try_from(nb_objects).unwrap_or(0);
        match chains.last_mut() {
            Some(chain)
                if begin_ticks <= end
                    && events + more <= EVENTS_MAX
                    && chain.blocks.len() < BLOCKS_MAX =>
            {
                chain.blocks.push(block);
                end = end.max(end_ticks);
                events += more;
            }
            _ => {
                let blocks = vec![block];
                chains.push(Chain { blocks, latest });
                (end, events) = (end_ticks, more);
            }
        }
    }
    chains
}
