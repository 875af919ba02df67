//! Moving old block rows out of the catalog, into the partitions of the `blocks` view.

use catalog::{BlockTotals, PartitionFilter, StoredPartition};
use futures::TryStreamExt;
use model::{InsertRange, InsertTime, TimeNs};

use crate::blocks_view::BlocksView;
use crate::insert_ranges::InsertRanges;
use crate::predicate::Constraints;
use crate::view::{GLOBAL_INSTANCE, View};
use crate::{Lakehouse, Result, blocks_scan};

impl Lakehouse {
    /// From now on, read blocks with insert times before `before` from partitions, so that
    /// their rows can be purged from the catalog. Only as far as partitions without gaps
    /// have them all; returns up to where that is.
    pub async fn archive_blocks(&self, before: InsertTime) -> Result<InsertTime> {
        let snapshot = self.catalog().current_snapshot().await?;
        let begin = snapshot.archived_before.max(snapshot.expired_before);
        let view = BlocksView::new(self.clone());
        let filter = PartitionFilter {
            view_set: Some(view.set().name.to_owned()),
            view_instance: Some(GLOBAL_INSTANCE.to_owned()),
            schema_hash: Some(self.schema_hash(view.set())),
            insert_range: Some(InsertRange::new(begin, before)),
            ..PartitionFilter::at(snapshot.time)
        };
        let mut end = begin;
        let mut holders = Vec::new();
        for part in self.catalog().partitions(filter).await? {
            let range = part.partition.insert_range;
            if range.end > before || !self.holds_all(&part, end).await? {
                break;
            }
            end = range.end;
            holders.push(part.id);
        }
        if end == begin {
            return Ok(begin);
        }
        let archived = self.catalog().archive_blocks(end, &holders).await?;
        Ok(archived.map_or(begin, |_| end))
    }

    /// Whether no block of the catalog lies between `end` and the partition, and the
    /// partition has as many as the catalog has in its range. The one that `end` cuts was
    /// looked at before.
    async fn holds_all(&self, part: &StoredPartition, end: InsertTime) -> Result<bool> {
        let range = part.partition.insert_range;
        if range.begin < end {
            return Ok(true);
        }
        let gap = InsertRange::new(end, range.begin);
        let between = self.catalog().block_totals(gap, None).await?;
        let inside = self.catalog().block_totals(range, None).await?;
        Ok(between.blocks == 0 && inside.blocks == part.partition.rows)
    }

    /// The first visible block at or after `from`, wherever its row is. For an archived one,
    /// a time that is not later than that.
    pub async fn next_block_time(&self, from: InsertTime) -> Result<Option<InsertTime>> {
        let snapshot = self.catalog().current_snapshot().await?;
        let archived_before = snapshot.archived_before;
        if from >= archived_before {
            return Ok(self.catalog().next_block_time(from).await?);
        }
        let archived = PartitionFilter {
            view_set: Some(BlocksView::new(self.clone()).set().name.to_owned()),
            view_instance: Some(GLOBAL_INSTANCE.to_owned()),
            insert_range: Some(InsertRange::new(from, archived_before)),
            ..PartitionFilter::at(snapshot.time)
        };
        let archived = self.catalog().partitions(archived).await?;
        let first = archived.iter().find(|part| part.partition.rows > 0);
        match first {
            Some(part) => Ok(Some(part.partition.insert_range.begin.max(from))),
            None => Ok(self.catalog().next_block_time(archived_before).await?),
        }
    }

    /// What the visible blocks of these insert times amount to, wherever their rows are.
    pub(crate) async fn block_totals(
        &self,
        range: InsertRange,
        tag: Option<&str>,
    ) -> Result<BlockTotals> {
        let snapshot = self.catalog().current_snapshot().await?;
        let archived_before = snapshot.archived_before;
        let present = InsertRange::new(archived_before, InsertTime(TimeNs::MAX));
        let mut totals = match range.intersect(&present) {
            Some(range) => self.catalog().block_totals(range, tag).await?,
            None => BlockTotals::default(),
        };
        let archived = InsertRanges::of(range);
        let archived = archived.within(InsertRange::new(InsertTime(TimeNs::MIN), archived_before));
        if archived.is_empty() {
            return Ok(totals);
        }
        let scan = Constraints::default().into_block_scan(snapshot, tag, &archived);
        let mut pages = blocks_scan::pages(self, &scan);
        while let Some(page) = pages.try_next().await? {
            for block in page {
                totals.blocks += 1;
                totals.events += u64::try_from(block.info.nb_objects).unwrap_or(0);
                totals.payload_bytes += block.range.end - block.range.start;
                let time = Some(block.insert_time);
                totals.first = totals.first.min(time).or(time);
                totals.last = totals.last.max(time);
            }
        }
        Ok(totals)
    }
}
