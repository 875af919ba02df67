//! Payloads of blocks, fetched ahead and shared among decoders.
//!
//! One queue feeds all partitions of a scan: whoever is free takes the next group, so a
//! few large blocks keep every core busy. The queue reads ahead by a fixed number of
//! groups of bounded size; that, and one block per decoder, is all the memory it holds.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use catalog::{BlockFilter, Snapshot, StoredBlock};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use lake::{Lake, SegmentKey};
use model::{InsertRange, InsertTime, TimeNs, TimeRange};
use tokio::sync::Mutex;

use crate::insert_ranges::InsertRanges;
use crate::{Lakehouse, Result, ScanCounters, archived_blocks};

/// Payload bytes that are fetched with one read (a larger block is a group of its own).
const GROUP_BYTES_MAX: u64 = 1024 * 1024;
/// Blocks in one group.
const GROUP_BLOCKS_MAX: usize = 64;
/// Groups fetched ahead of the decoders.
pub(crate) const READ_AHEAD: usize = 4;

/// Blocks of one segment with their payloads, `None` where the bytes are gone.
pub(crate) type FetchedGroup = Vec<(StoredBlock, Option<Bytes>)>;

/// The blocks that pass a filter, with their payloads.
pub(crate) struct BlockQueue {
    groups: Mutex<BoxStream<'static, Result<FetchedGroup>>>,
}

impl fmt::Debug for BlockQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockQueue").finish_non_exhaustive()
    }
}

impl BlockQueue {
    pub(crate) fn new(house: &Lakehouse, scan: &BlockScan, counters: Arc<ScanCounters>) -> Self {
        let house = house.clone();
        let groups = groups(&house, scan)
            .map_ok(move |group| fetch(house.clone(), group, Arc::clone(&counters)))
            .try_buffered(READ_AHEAD);
        Self {
            groups: Mutex::new(groups.boxed()),
        }
    }

    /// The next group, or `None` when the scan is over.
    pub(crate) async fn next(&self) -> Result<Option<FetchedGroup>> {
        self.groups.lock().await.try_next().await
    }
}

/// Which blocks are read.
#[derive(Debug, Clone)]
pub(crate) struct BlockScan {
    pub(crate) snapshot: Snapshot,
    /// Without a range of insert times.
    pub(crate) filter: BlockFilter,
    pub(crate) ranges: InsertRanges,
}

impl BlockScan {
    /// One filter for each range between two insert times.
    fn filters(&self, begin: InsertTime, end: InsertTime) -> Vec<BlockFilter> {
        let inclusive = |range: InsertRange| TimeRange {
            begin: range.begin.0,
            end: range.end.0 - 1,
        };
        let ranges = self.ranges.within(InsertRange::new(begin, end));
        let filters = ranges.iter().map(|range| BlockFilter {
            insert_range: Some(inclusive(range)),
            ..self.filter.clone()
        });
        filters.collect()
    }
}

/// Pages of blocks, read as they are asked for: first those whose rows have left the
/// catalog, then the others, range after range.
pub(crate) fn pages(
    house: &Lakehouse,
    scan: &BlockScan,
) -> BoxStream<'static, Result<Vec<StoredBlock>>> {
    archived_pages(house, scan)
        .chain(catalog_pages(house, scan))
        .boxed()
}

/// Those whose rows have left the catalog.
pub(crate) fn archived_pages(
    house: &Lakehouse,
    scan: &BlockScan,
) -> BoxStream<'static, Result<Vec<StoredBlock>>> {
    let archived_before = scan.snapshot.archived_before;
    let filters = scan.filters(InsertTime(TimeNs::MIN), archived_before);
    archived_blocks::pages(house, scan.snapshot, filters)
}

/// The others.
pub(crate) fn catalog_pages(
    house: &Lakehouse,
    scan: &BlockScan,
) -> BoxStream<'static, Result<Vec<StoredBlock>>> {
    let filters = scan.filters(scan.snapshot.archived_before, InsertTime(TimeNs::MAX));
    let catalog = house.catalog().clone();
    let scans = filters
        .into_iter()
        .map(move |filter| catalog.blocks(filter));
    let scans = futures::stream::iter(scans.collect::<Vec<_>>());
    scans
        .flat_map(|pages| {
            futures::stream::try_unfold(pages, |mut pages| async move {
                let page = pages.next_page().await?;
                Ok((!page.is_empty()).then_some((page, pages)))
            })
        })
        .boxed()
}

fn groups(house: &Lakehouse, scan: &BlockScan) -> BoxStream<'static, Result<Vec<StoredBlock>>> {
    pages(house, scan)
        .map_ok(|page| futures::stream::iter(group(page).into_iter().map(Ok)))
        .try_flatten()
        .boxed()
}

/// Blocks in their order, cut where the segment changes or a group is full.
pub(crate) fn group(blocks: Vec<StoredBlock>) -> VecDeque<Vec<StoredBlock>> {
    let mut groups: VecDeque<Vec<StoredBlock>> = VecDeque::new();
    let mut bytes = 0;
    for block in blocks {
        let size = length(&block.range);
        match groups.back_mut() {
            Some(group)
                if group.len() < GROUP_BLOCKS_MAX
                    && bytes + size <= GROUP_BYTES_MAX
                    && group
                        .last()
                        .is_some_and(|last| last.segment == block.segment) =>
            {
                bytes += size;
                group.push(block);
            }
            _ => {
                bytes = size;
                groups.push_back(vec![block]);
            }
        }
    }
    groups
}

const fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

pub(crate) async fn fetch(
    house: Lakehouse,
    group: Vec<StoredBlock>,
    counters: Arc<ScanCounters>,
) -> Result<FetchedGroup> {
    let Some(first) = group.first() else {
        return Ok(Vec::new());
    };
    let key = SegmentKey::parse(&first.segment)?;
    let ranges: Vec<_> = group.iter().map(|block| block.range.clone()).collect();
    for range in &ranges {
        counters.add_block(length(range));
    }
    let payloads = match house.lake().read_segment(&key, &ranges).await {
        Ok(payloads) => payloads.into_iter().map(Some).collect(),
        Err(error) if is_damage(&error) => read_singly(house.lake(), &key, &ranges).await?,
        Err(error) => return Err(error.into()),
    };
    Ok(group.into_iter().zip(payloads).collect())
}

/// Bytes that are not there cost their own block only.
async fn read_singly(
    lake: &Lake,
    key: &SegmentKey,
    ranges: &[Range<u64>],
) -> Result<Vec<Option<Bytes>>> {
    let mut payloads = Vec::with_capacity(ranges.len());
    for range in ranges {
        match lake.read_segment(key, std::slice::from_ref(range)).await {
            Ok(mut payload) => payloads.push(payload.pop()),
            Err(error) if is_damage(&error) => {
                tracing::error!(%error, "a referenced payload is missing");
                payloads.push(None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(payloads)
}

/// Whether the bytes are gone, as opposed to out of reach.
const fn is_damage(error: &lake::Error) -> bool {
    matches!(
        error,
        lake::Error::NotFound { .. }
            | lake::Error::Truncated { .. }
            | lake::Error::InvalidRange { .. }
    )
}
