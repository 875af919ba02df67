//! Keeping the partitions of global views complete and few.

use std::sync::Arc;

use catalog::{PartitionFilter, StoredPartition};
use model::{InsertRange, InsertTime};

use crate::insert_ranges::InsertRanges;
use crate::lakehouse::GlobalView;
use crate::materialize::Outcome;
use crate::view::View;
use crate::{Lakehouse, Result};

/// Payload bytes that go into one partition from blocks. Rows take two to four times as
/// much in Parquet.
pub(crate) const SOURCE_BYTES_MAX: u64 = 16 << 20;
/// Bytes of a partition that was merged, at most.
const MERGED_BYTES_MAX: u64 = 96 << 20;
/// A partition of this size is not merged any more: it would be written again and again.
const FULL_BYTES: u64 = 48 << 20;

/// How much work a range is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Gaps with fewer payload bytes stay for a later pass.
    pub payload_bytes_min: u64,
    /// What becomes of gaps without blocks.
    pub gaps: Gaps,
    /// Whether small neighbours become one partition.
    pub merge: bool,
}

/// Gaps without blocks can be recorded as partitions without rows, so that scans need not
/// look into them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    Stay,
    /// They are recorded, but not what comes after the last block: scans look there in any
    /// case, and an idle lake would get partitions for ever.
    BeforeBlocks,
    /// All of them are recorded.
    All,
}

impl Gaps {
    /// Whether a gap may become a partition. `next`: the first block from its begin on.
    fn take(self, gap: InsertRange, next: Option<InsertTime>) -> bool {
        match self {
            Self::Stay => next.is_some_and(|next| next < gap.end),
            Self::BeforeBlocks => next.is_some(),
            Self::All => true,
        }
    }
}

/// What an upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Partitions made from blocks, and merged from others.
    pub built: u64,
    pub merged: u64,
    pub rows: u64,
    pub bytes: u64,
    /// Partitions that another writer had made meanwhile.
    pub superseded: u64,
}

impl Upkeep {
    pub fn add(&mut self, other: Self) {
        self.built += other.built;
        self.merged += other.merged;
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.superseded += other.superseded;
    }

    fn count(&mut self, outcome: Outcome, counter: fn(&mut Self) -> &mut u64) {
        match outcome {
            Outcome::Superseded => self.superseded += 1,
            Outcome::Written { rows, bytes } => {
                *counter(self) += 1;
                self.rows += rows;
                self.bytes += bytes;
            }
        }
    }
}

impl Lakehouse {
    /// Those of the slots, in their order, where [`Lakehouse::maintain`] may find work.
    /// Three calls of the catalog, however many slots there are.
    pub async fn unfinished(
        &self,
        view: &GlobalView,
        slots: &[InsertRange],
        effort: Effort,
    ) -> Result<Vec<InsertRange>> {
        let Some(hull) = hull(slots) else {
            return Ok(Vec::new());
        };
        let parts = self.parts(&view.0, hull).await?;
        let gaps_of = |slot: &InsertRange| {
            let covered = parts.iter().map(|part| part.partition.insert_range);
            InsertRanges::of(*slot).without(covered)
        };
        let gaps = slots.iter().flat_map(|slot| gaps_of(slot).begin());
        let next = match gaps.min() {
            Some(first_gap) => self.next_block_time(first_gap).await?,
            None => None,
        };
        let is_worth = |gap: InsertRange| effort.gaps.take(gap, next);
        let is_unfinished = |slot: &&InsertRange| {
            gaps_of(slot).iter().any(is_worth)
                || (effort.merge && !runs(inside(slot, &parts)).is_empty())
        };
        Ok(slots.iter().filter(is_unfinished).copied().collect())
    }

    /// Make partitions for what none covers in `range`, and merge small neighbours there.
    /// The range must lie in the past.
    pub async fn maintain(
        &self,
        view: &GlobalView,
        range: InsertRange,
        effort: Effort,
    ) -> Result<Upkeep> {
        self.maintain_until(view, range, effort, &|| false).await
    }

    /// The same, which ends before the next partition once `is_over` says so.
    pub async fn maintain_until(
        &self,
        view: &GlobalView,
        range: InsertRange,
        effort: Effort,
        is_over: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Upkeep> {
        let mut done = Upkeep::default();
        let parts = self.parts(&view.0, range).await?;
        let covered = parts.iter().map(|part| part.partition.insert_range);
        let gaps = InsertRanges::of(range).without(covered);
        for gap in gaps.iter() {
            done.add(self.fill(&view.0, gap, effort, is_over).await?);
        }
        if effort.merge && !is_over() {
            let parts = match done.built {
                0 => parts,
                _ => self.parts(&view.0, range).await?,
            };
            let parts = inside(&range, &parts);
            done.add(self.merge_neighbours(&view.0, parts, is_over).await?);
        }
        Ok(done)
    }

    /// Active partitions that overlap the range, in order.
    pub(crate) async fn parts(
        &self,
        view: &Arc<dyn View>,
        range: InsertRange,
    ) -> Result<Vec<StoredPartition>> {
        let filter = PartitionFilter {
            snapshot: self.catalog().snapshot().await?,
            view_set: Some(view.set().name.to_owned()),
            view_instance: Some(view.instance().to_owned()),
            schema_hash: Some(self.schema_hash(view.set())),
            insert_range: Some(range),
            event_range: None,
        };
        Ok(self.catalog().partitions(filter).await?)
    }

    async fn fill(
        &self,
        view: &Arc<dyn View>,
        gap: InsertRange,
        effort: Effort,
        is_over: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Upkeep> {
        let mut done = Upkeep::default();
        let next = self.next_block_time(gap.begin).await?;
        if !effort.gaps.take(gap, next) {
            return Ok(done);
        }
        // Looked at before a time is taken: many small gaps must not cost a write each.
        if effort.payload_bytes_min > 0 {
            let totals = self.catalog().block_totals(gap, view.tag()).await?;
            if totals.payload_bytes < effort.payload_bytes_min {
                return Ok(done);
            }
        }
        // The latest commit before the end must be readable.
        if self.catalog().snapshot().await? < gap.end {
            self.catalog().advance().await?;
        }
        let mut pieces = vec![gap];
        while let Some(piece) = pieces.pop() {
            if is_over() {
                break;
            }
            let totals = self.block_totals(piece, view.tag()).await?;
            let (Some(first), Some(last)) = (totals.first, totals.last) else {
                if effort.gaps != Gaps::Stay {
                    let outcome = self.build(view, piece, &[], 0).await?;
                    done.count(outcome, |done| &mut done.built);
                }
                continue;
            };
            if totals.payload_bytes > SOURCE_BYTES_MAX && first < last {
                let middle = InsertTime(first.0 + (last.0 - first.0) / 2 + 1);
                pieces.push(InsertRange::new(middle, piece.end));
                pieces.push(InsertRange::new(piece.begin, middle));
                continue;
            }
            let outcome = self.build(view, piece, &[], totals.events).await?;
            done.count(outcome, |done| &mut done.built);
        }
        Ok(done)
    }

    async fn merge_neighbours(
        &self,
        view: &Arc<dyn View>,
        parts: Vec<StoredPartition>,
        is_over: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Upkeep> {
        let mut done = Upkeep::default();
        for run in runs(parts) {
            if is_over() {
                break;
            }
            let (first, last) = (&run[0], &run[run.len() - 1]);
            let merged = InsertRange::new(
                first.partition.insert_range.begin,
                last.partition.insert_range.end,
            );
            let covered = run.iter().map(|part| part.partition.insert_range);
            let gaps = InsertRanges::of(merged).without(covered);
            let mut is_complete = true;
            for gap in gaps.iter() {
                let totals = self.block_totals(gap, view.tag()).await?;
                is_complete &= totals.blocks == 0;
            }
            if is_complete {
                let outcome = self.merge(view, merged, &run).await?;
                done.count(outcome, |done| &mut done.merged);
            }
        }
        Ok(done)
    }
}

/// The smallest range that holds all slots.
fn hull(slots: &[InsertRange]) -> Option<InsertRange> {
    let begin = slots.iter().map(|slot| slot.begin).min()?;
    let end = slots.iter().map(|slot| slot.end).max()?;
    Some(InsertRange::new(begin, end))
}

/// Those that lie in the range as a whole.
pub(crate) fn inside(range: &InsertRange, parts: &[StoredPartition]) -> Vec<StoredPartition> {
    let parts = parts.iter();
    let inside = parts.filter(|part| range.covers(&part.partition.insert_range));
    inside.cloned().collect()
}

/// Neighbours that are worth one partition, two at least.
fn runs(parts: Vec<StoredPartition>) -> Vec<Vec<StoredPartition>> {
    let mut runs: Vec<Vec<StoredPartition>> = vec![Vec::new()];
    let mut bytes = 0;
    for part in parts {
        let size = part.partition.file.as_ref().map_or(0, |file| file.bytes);
        if size >= FULL_BYTES || bytes + size > MERGED_BYTES_MAX {
            runs.push(Vec::new());
            bytes = 0;
        }
        if size < FULL_BYTES {
            bytes += size;
            if let Some(run) = runs.last_mut() {
                run.push(part);
            }
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

#[cfg(test)]
mod tests;
