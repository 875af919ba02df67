//! Partitions made again from blocks, whatever those that are there hold.

use std::sync::Arc;

use catalog::{PartitionId, Snapshot, StoredPartition};
use model::{InsertRange, InsertTime, TimeNs};

use crate::blocks_view::BLOCKS;
use crate::lakehouse::GlobalView;
use crate::materialize::Outcome;
use crate::upkeep::SOURCE_BYTES_MAX;
use crate::view::View;
use crate::{Error, Lakehouse, Result};

/// Partitions that one bucket becomes, at most.
pub(crate) const PIECES_MAX: usize = 1024;

/// What became of a bucket of insert times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regeneration {
    /// There was no partition that could be made again.
    Nothing,
    Replaced {
        before: usize,
        after: usize,
        rows: u64,
        bytes: u64,
    },
    /// Somebody else changed the bucket meanwhile; nothing changed here.
    Superseded,
}

/// Whether the rows of the partition are nowhere else: those of archived blocks are in the
/// partitions of `blocks` only.
pub fn is_irreplaceable(partition: &StoredPartition, snapshot: &Snapshot) -> bool {
    let partition = &partition.partition;
    partition.view_set == BLOCKS && partition.insert_range.begin < snapshot.archived_before
}

impl Lakehouse {
    /// From when on partitions can be made from blocks.
    pub async fn source_begin(&self) -> Result<InsertTime> {
        Ok(self.catalog().current_snapshot().await?.expired_before)
    }

    /// Whether each partition that shares a time with `range` lies within one of the buckets
    /// of that `width` which `range` is made of.
    ///
    /// # Errors
    /// [`Error::Straddling`] with the first one that does not.
    pub async fn check_buckets(
        &self,
        view: &GlobalView,
        range: InsertRange,
        width: TimeNs,
    ) -> Result<()> {
        let parts = self.parts(&view.0, range).await?;
        let mut parts = parts.iter().map(|part| part.partition.insert_range);
        match parts.find(|part| !lies_in_one_bucket(part, range.begin, width)) {
            Some(partition) => Err(Error::Straddling { partition }),
            None => Ok(()),
        }
    }

    /// Replace the partitions in `bucket`, which must lie in the past, by what its blocks
    /// make: at one time, so that every query sees either.
    pub async fn regenerate(&self, view: &GlobalView, bucket: InsertRange) -> Result<Regeneration> {
        let view = &view.0;
        self.closing(bucket.end).await?;
        let parts = self.parts(view, bucket).await?;
        if parts.is_empty() {
            return Ok(Regeneration::Nothing);
        }
        let mut ranges = parts.iter().map(|part| part.partition.insert_range);
        if let Some(partition) = ranges.find(|range| !bucket.covers(range)) {
            return Err(Error::Straddling { partition });
        }
        let begin = self.source_begin().await?;
        if bucket.begin < begin {
            return Err(Error::SourceGone { begin });
        }
        let pieces = self.pieces(view, bucket).await?;
        let mut prepared = Vec::with_capacity(pieces.len());
        for (range, events) in pieces {
            prepared.push(self.prepare(view, range, events).await?);
        }
        let after = prepared.len();
        let replaced: Vec<PartitionId> = parts.iter().map(|part| part.id).collect();
        Ok(match self.record(prepared, &replaced).await? {
            Outcome::Superseded => Regeneration::Superseded,
            Outcome::Written { rows, bytes } => Regeneration::Replaced {
                before: parts.len(),
                after,
                rows,
                bytes,
            },
        })
    }

    /// The bucket, cut until no piece holds more than goes into one partition, and how many
    /// events each holds. Blocks of one insert time stay together.
    async fn pieces(
        &self,
        view: &Arc<dyn View>,
        bucket: InsertRange,
    ) -> Result<Vec<(InsertRange, u64)>> {
        let (mut whole, mut pieces) = (vec![bucket], Vec::new());
        while let Some(piece) = whole.pop() {
            let totals = self.block_totals(piece, view.tag()).await?;
            match (totals.first, totals.last) {
                (Some(first), Some(last))
                    if totals.payload_bytes > SOURCE_BYTES_MAX && first < last =>
                {
                    let middle = InsertTime(first.0 + (last.0 - first.0) / 2 + 1);
                    whole.push(InsertRange::new(middle, piece.end));
                    whole.push(InsertRange::new(piece.begin, middle));
                }
                _ => pieces.push((piece, totals.events)),
            }
            if pieces.len() + whole.len() > PIECES_MAX {
                return Err(Error::BucketTooLarge { bucket });
            }
        }
        Ok(pieces)
    }
}

/// `width` is positive, and buckets begin at `begin`.
fn lies_in_one_bucket(part: &InsertRange, begin: InsertTime, width: TimeNs) -> bool {
    let bucket = |time: TimeNs| (i128::from(time) - i128::from(begin.0)).div_euclid(width.into());
    part.begin >= begin && bucket(part.begin.0) == bucket(part.end.0 - 1)
}

#[cfg(test)]
mod tests;
