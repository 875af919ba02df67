//! Processes and streams that have something to show in a time range.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::{Snapshot, StoredProcess, StoredStream};
use futures::TryStreamExt;
use model::{InsertRange, InsertTime, ProcessId, TimeRange};

use crate::blocks_scan::{self, BlockScan};
use crate::insert_ranges::InsertRanges;
use crate::predicate::Constraints;
use crate::{Lakehouse, Result, ScanContext};

impl Lakehouse {
    /// The process, if a block of it can hold an event of the range.
    pub async fn find_process(
        &self,
        context: &ScanContext,
        process: ProcessId,
        range: Option<TimeRange>,
    ) -> Result<Option<Arc<StoredProcess>>> {
        let scan = self.blocks_of(context, process, None, range).await?;
        let page = blocks_scan::pages(self, &scan).try_next().await?;
        let first = page.and_then(|page| page.into_iter().next());
        Ok(first.map(|block| block.process))
    }

    /// The streams of the process with that tag of which a block can hold an event of the
    /// range, ordered by the text of their ids.
    pub async fn active_streams(
        &self,
        context: &ScanContext,
        process: ProcessId,
        tag: &str,
        range: Option<TimeRange>,
    ) -> Result<Vec<Arc<StoredStream>>> {
        let scan = self.blocks_of(context, process, Some(tag), range).await?;
        let mut pages = blocks_scan::pages(self, &scan);
        let mut streams = BTreeMap::new();
        while let Some(page) = pages.try_next().await? {
            for block in page {
                let id = block.info.stream_id;
                streams
                    .entry(id.to_string())
                    .or_insert_with(|| block.stream);
            }
        }
        Ok(streams.into_values().collect())
    }

    async fn blocks_of(
        &self,
        context: &ScanContext,
        process: ProcessId,
        tag: Option<&str>,
        range: Option<TimeRange>,
    ) -> Result<BlockScan> {
        let snapshot = context.snapshot(self.catalog()).await?;
        let mut constraints = Constraints::default();
        constraints.require_process(process);
        constraints.require_event_range(range);
        Ok(constraints.into_block_scan(snapshot, tag, &visible(snapshot)))
    }
}

/// The insert times that a snapshot sees.
pub(crate) fn visible(snapshot: Snapshot) -> InsertRanges {
    let end = InsertTime(snapshot.time.0.saturating_add(1));
    InsertRanges::of(InsertRange::new(snapshot.expired_before, end))
}
